//! What agents are to be reminded of.

use super::dynamic::Sql;
use super::rows::{NumberRow, ReminderRow};
use super::{Engine, Scope, Within};

queries! {
    write fn insert_reminder(id: i64, customer_id: Option<i64>, login_key: &str, due_at: i64, content: &str, is_next: i64, created_at: i64) -> u64 {
        "insert into reminder (company_id, id, customer_id, login_key, due_at, content, state, is_next, created_at)
         values ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)"
    }
    /// Lets the next contact with a customer be at another time; what is open of it now takes its place.
    write fn move_next_reminder(customer_id: i64, login_key: &str, due_at: i64, content: &str) -> Vec<NumberRow> {
        "update reminder set due_at = $4, content = $5, state = 'waiting'
         where company_id = $1 and customer_id = $2 and login_key = $3 and is_next = 1 and state <> 'done' returning id as value"
    }
    read fn reminder(id: i64) -> Option<ReminderRow> {
        "select r.id, r.customer_id, r.login_key, r.due_at, r.content, r.state, r.done_at, c.name as customer_name, c.phones
         from reminder r left join customer c on c.company_id = $1 and c.id = r.customer_id where r.company_id = $1 and r.id = $2"
    }
    write fn complete_reminder(id: i64, at: i64) -> u64 {
        "update reminder set state = 'done', done_at = $3 where company_id = $1 and id = $2 and state <> 'done'"
    }
    /// How many of an operator's are open, as far as they were counted.
    read fn open_reminders(login_key: &str, most: i64) -> Option<NumberRow> {
        "select count(*) as value from (select 1 from reminder where company_id = $1 and login_key = $2 and state <> 'done' limit $3 + 0) few"
    }
    /// Says that these are told, and returns them: whoever does so tells them, nobody else.
    write fn claim_reminders(until: i64, most: i64) -> Vec<NumberRow> {
        "update reminder set state = 'told' where company_id = $1 and state = 'waiting' and id in
         (select id from reminder where company_id = $1 and state = 'waiting' and due_at <= $2 order by due_at, id limit $3 + 0)
         returning id as value"
    }
    /// The companies that somebody is to be reminded in until then, some of them.
    global fn companies_with_due(until: i64) -> Vec<NumberRow> {
        "select distinct company_id as value from (select company_id from reminder where state = 'waiting' and due_at <= $1
         order by due_at limit 1000) few"
    }
    /// When the next reminder after then is due, of whichever company.
    global fn next_reminder(after: i64) -> Option<NumberRow> {
        "select due_at as value from reminder where state = 'waiting' and due_at > $1 order by due_at limit 1"
    }
}

/// Which reminders are listed.
#[derive(Debug, Clone, Default)]
pub struct ReminderSearch {
    /// Those of these operators; all without them.
    pub login_keys: Option<Vec<String>>,
    pub from: Option<i64>,
    pub until: Option<i64>,
    /// Whether those that are done, or those that are not.
    pub done: Option<bool>,
    /// Behind the one that is due then and has this number.
    pub after: Option<(i64, i64)>,
    /// Of whose customers.
    pub within: Within,
}

impl Scope {
    /// The reminders that are asked for, the first due first.
    pub async fn reminders(&self, search: &ReminderSearch, limit: i64) -> sqlx::Result<Vec<ReminderRow>> {
        self.reminder_page(search, limit).search(self).await
    }

    /// The text of the statement, for the tests of it.
    #[doc(hidden)]
    #[must_use]
    pub fn reminder_text(&self, search: &ReminderSearch) -> String {
        self.reminder_page(search, 0).into_text()
    }

    fn reminder_page(&self, search: &ReminderSearch, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select r.id, r.customer_id, r.login_key, r.due_at, r.content, r.state, r.done_at, c.name as customer_name, c.phones");
        sql.push(" from reminder r left join customer c on c.company_id = $1 and c.id = r.customer_id where r.company_id = $1");
        match search.login_keys.as_deref() {
            None => {}
            Some([login_key]) => {
                sql.push(" and r.login_key = ").bind(login_key.as_str());
            }
            Some(login_keys) => self.push_texts(&mut sql, " and r.login_key in (", login_keys),
        }
        if let Some(from) = search.from {
            sql.push(" and r.due_at >= ").bind(from);
        }
        if let Some(until) = search.until {
            sql.push(" and r.due_at < ").bind(until);
        }
        if let Some(done) = search.done {
            sql.push(if done { " and r.state = 'done'" } else { " and r.state <> 'done'" });
        }
        if let Some((at, id)) = search.after {
            sql.push(" and (r.due_at > ")
                .bind(at)
                .push(" or r.due_at = ")
                .bind(at)
                .push(" and r.id > ")
                .bind(id)
                .push(")");
            sql.push(" and r.due_at >= ").bind(at);
        }
        if search.within != Within::default() {
            sql.push(" and (r.customer_id is null or (1 = 1");
            self.push_within(&mut sql, &search.within);
            sql.push("))");
        }
        sql.push(" order by r.due_at, r.id").limit(limit);
        sql
    }

    /// Appends ` … (select …)`, whose values are these.
    fn push_texts(&self, sql: &mut Sql, condition: &'static str, texts: &[String]) {
        let list = texts.iter().map(String::as_str).collect::<serde_json::Value>().to_string();
        sql.push(condition);
        match self.store.open.engine {
            Engine::Sqlite(_) => sql.push("select value from json_each(").bind(list.as_str()).push("))"),
            Engine::Postgres(_) => sql.push("select jsonb_array_elements_text(").bind(list.as_str()).push("::jsonb))"),
        };
    }

    /// Appends that the customer `c` is one of these.
    pub(super) fn push_within(&self, sql: &mut Sql, within: &Within) {
        if let Some(owner) = &within.owner_key {
            sql.push(" and c.owner_key = ").bind(owner.as_str());
        }
        if let Some(groups) = &within.groups {
            self.push_ids(sql, " and c.group_id in (", groups);
        }
    }
}
