//! Tickets as they are worked on; in the history of a customer, `feeds.rs` reads them.

use super::dynamic::Sql;
use super::rows::{NumberRow, TicketChangeRow, TicketRow};
use super::{Scope, Within};

queries! {
    read fn ticket(id: i64) -> Option<TicketRow> {
        "select t.id, t.customer_id, t.at, t.title, t.content, t.handler_no, t.status, t.urgency, t.due_at, t.opened_by, t.updated_at,
           c.name as customer_name, c.phones
         from ticket t join customer c on c.company_id = $1 and c.id = t.customer_id where t.company_id = $1 and t.id = $2"
    }
    write fn open_ticket(
        id: i64, customer_id: i64, at: i64, title: &str, content: &str, handler_no: &str, status: &str, urgency: &str,
        due_at: Option<i64>, opened_by: &str,
    ) -> u64 {
        "insert into ticket (company_id, id, customer_id, at, title, content, handler_no, status, urgency, due_at, opened_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    }
    write fn update_ticket(
        id: i64, content: &str, handler_no: &str, status: &str, urgency: &str, due_at: Option<i64>, updated_at: i64,
    ) -> u64 {
        "update ticket set content = $3, handler_no = $4, status = $5, urgency = $6, due_at = $7, updated_at = $8
         where company_id = $1 and id = $2"
    }
    write fn insert_ticket_change(
        id: i64, customer_id: i64, ticket_id: i64, at: i64, author_no: &str, author_name: &str, lines: &str, comment: Option<&str>,
    ) -> u64 {
        "insert into ticket_change (company_id, id, customer_id, ticket_id, at, author_no, author_name, lines, comment)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    }
    /// What became of a ticket, the last first.
    read fn ticket_changes(ticket_id: i64, limit: i64) -> Vec<TicketChangeRow> {
        "select id, at, author_no, author_name, lines, comment from ticket_change
         where company_id = $1 and ticket_id = $2 order by id desc limit $3 + 0"
    }
}

/// The customer of the ticket `t`.
const OF_CUSTOMER: &str = " join customer c on c.company_id = $1 and c.id = t.customer_id";

/// Which tickets are listed.
#[derive(Debug, Clone, Default)]
pub struct TicketSearch {
    pub customer: Option<i64>,
    /// Those in one of these states; in any without them.
    pub states: Vec<&'static str>,
    /// The login number of who is to do it, as it is stored.
    pub handler: Option<String>,
    /// Behind this one.
    pub after: Option<i64>,
    /// Of whose customers.
    pub within: Within,
}

impl Scope {
    /// The tickets that are asked for, the last first.
    pub async fn tickets(&self, search: &TicketSearch, limit: i64) -> sqlx::Result<Vec<TicketRow>> {
        self.ticket_page(search, limit).search(self).await
    }

    /// How many there are, wherever the page begins.
    pub async fn ticket_count(&self, search: &TicketSearch) -> sqlx::Result<i64> {
        let rows: Vec<NumberRow> = self.ticket_sum(search).search(self).await?;
        Ok(rows.first().map_or(0, |row| row.value))
    }

    /// The texts of the statements, for the tests of them: page, count.
    #[doc(hidden)]
    #[must_use]
    pub fn ticket_texts(&self, search: &TicketSearch) -> [String; 2] {
        [self.ticket_page(search, 0), self.ticket_sum(search)].map(Sql::into_text)
    }

    fn ticket_page(&self, search: &TicketSearch, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select t.id, t.customer_id, t.at, t.title, t.content, t.handler_no, t.status, t.urgency, t.due_at, t.opened_by,");
        sql.push(" t.updated_at, c.name as customer_name, c.phones from ticket t").push(OF_CUSTOMER);
        self.push_tickets(&mut sql, search);
        if let Some(after) = search.after {
            sql.push(" and t.id < ").bind(after);
        }
        sql.push(" order by t.id desc").limit(limit);
        sql
    }

    fn ticket_sum(&self, search: &TicketSearch) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select count(*) as value from ticket t");
        // None is without its customer.
        if search.within != Within::default() {
            sql.push(OF_CUSTOMER);
        }
        self.push_tickets(&mut sql, search);
        sql
    }

    /// Appends ` where …`.
    fn push_tickets(&self, sql: &mut Sql, search: &TicketSearch) {
        sql.push(" where t.company_id = $1");
        if let Some(customer) = search.customer {
            sql.push(" and t.customer_id = ").bind(customer);
        }
        if let Some(handler) = &search.handler {
            sql.push(" and t.handler_no = ").bind(handler.as_str());
        }
        for (index, state) in search.states.iter().enumerate() {
            sql.push(if index == 0 { " and t.status in (" } else { ", " }).bind(*state);
        }
        if !search.states.is_empty() {
            sql.push(")");
        }
        self.push_within(sql, &search.within);
    }
}
