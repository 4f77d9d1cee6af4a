//! Customers merged into another: its rows are kept in the recycle bin as a whole, and the other has copies of them.
//!
//! Rows with ids of their own go over and come back as they are then; of the others, the other keeps its own where both have
//! the same.

use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::dynamic::Sql;
use super::recycle::{BRING_BACK, KEPT, Kept, Statement, TAKE_OVER};
use super::rows::{MergedRow, NamedRow, NumberRow, RelationRow, TextRow};
use super::{Scope, Tx};

queries! {
    /// A customer who was deleted, or merged into another, since then; into 0 for one that was deleted.
    read fn merged(id: i64, since: i64) -> Option<MergedRow> {
        "select d.id, coalesce(d.merged_into, 0) as merged_into, coalesce(d.given, '') as given, d.shared, (select content from deleted_row r
           where r.company_id = $1 and r.customer_id = d.id and r.source = 'customer') as customer
         from deleted_customer d
         where d.company_id = $1 and d.id = $2 and d.deleted_at >= $3 and d.is_given_up = 0"
    }
    /// What this customer was given by those who were merged into it, each with its id.
    read fn merges_of(into: i64) -> Vec<NamedRow> {
        "select id, coalesce(given, '') as name from deleted_customer where company_id = $1 and merged_into = $2 order by deleted_at, id"
    }
    /// Whether a customer is in the bin, merged or deleted, and can come back.
    read fn in_bin(id: i64, since: i64) -> Option<NumberRow> {
        "select id as value from deleted_customer where company_id = $1 and id = $2 and deleted_at >= $3 and is_given_up = 0"
    }
    write fn set_merged(id: i64, into: i64, given: &str) -> u64 {
        "update deleted_customer set merged_into = $3, given = $4 where company_id = $1 and id = $2"
    }
    /// Says of the lines of a history that went over whose they were.
    write fn mark_moved(id: i64, into: i64) -> u64 {
        "update change set moved_from = $2 where company_id = $1 and customer_id = $3 and id in
         (select content ->> 'id' from deleted_row where company_id = $1 and customer_id = $2 and source = 'change')",
        postgres: "update change set moved_from = $2 where company_id = $1 and customer_id = $3 and id = any (array
         (select (content::json ->> 'id')::bigint from deleted_row where company_id = $1 and customer_id = $2 and source = 'change'))"
    }
    /// Removes them from there: they come back out of the bin.
    write fn delete_moved(id: i64, into: i64) -> u64 {
        "delete from change where company_id = $1 and customer_id = $3 and id in
         (select content ->> 'id' from deleted_row where company_id = $1 and customer_id = $2 and source = 'change')",
        postgres: "delete from change where company_id = $1 and customer_id = $3 and id = any (array
         (select (content::json ->> 'id')::bigint from deleted_row where company_id = $1 and customer_id = $2 and source = 'change'))"
    }
    /// Keeps in the bin which calls were a customer's: they go on, as another's.
    write fn keep_calls(id: i64) -> u64 {
        "insert into deleted_row (company_id, customer_id, source, number, content)
         select company_id, customer_id, 'call', row_number() over (), json_object('call_id', call_id) from call
         where company_id = $1 and customer_id = $2",
        postgres: "insert into deleted_row (company_id, customer_id, source, number, content)
         select company_id, customer_id, 'call', row_number() over (), json_build_object('call_id', call_id)::text from call
         where company_id = $1 and customer_id = $2"
    }
    write fn move_calls(id: i64, into: i64) -> u64 {
        "update call set customer_id = $3 where company_id = $1 and customer_id = $2"
    }
    /// Gives a customer back those of its calls that are the other's now.
    write fn give_back_calls(id: i64, from: i64) -> u64 {
        "update call set customer_id = $2 where company_id = $1 and customer_id = $3 and call_id in
         (select content ->> 'call_id' from deleted_row where company_id = $1 and customer_id = $2 and source = 'call')",
        postgres: "update call set customer_id = $2 where company_id = $1 and customer_id = $3 and call_id = any (array
         (select content::json ->> 'call_id' from deleted_row where company_id = $1 and customer_id = $2 and source = 'call'))"
    }
    write fn delete_document(customer_id: i64, dialect: &str) -> u64 {
        "delete from customer_document where company_id = $1 and customer_id = $2 and dialect = $3"
    }
    write fn delete_plm_customer(customer_id: i64) -> u64 {
        "delete from plm_customer where company_id = $1 and customer_id = $2"
    }
    write fn clear_plm_id(customer_id: i64) -> u64 {
        "update plm_customer set plm_id = null where company_id = $1 and customer_id = $2"
    }
    /// The relations of these (a JSON array of ids in iBiz PLM), from either side.
    read fn plm_relations(ids: &str) -> Vec<RelationRow> {
        "select p.principal_id, p.principal_type, p.target_id, p.target_type, p.created_at, p.created_by
         from json_each($2) k cross join plm_relation p on p.company_id = $1 and p.principal_id = k.value
         union select p.principal_id, p.principal_type, p.target_id, p.target_type, p.created_at, p.created_by
         from json_each($2) k cross join plm_relation p on p.company_id = $1 and p.target_id = k.value",
        postgres: "select p.principal_id, p.principal_type, p.target_id, p.target_type, p.created_at, p.created_by
         from jsonb_array_elements_text($2::jsonb) k join plm_relation p on p.company_id = $1 and p.principal_id = k.value
         union select p.principal_id, p.principal_type, p.target_id, p.target_type, p.created_at, p.created_by
         from jsonb_array_elements_text($2::jsonb) k join plm_relation p on p.company_id = $1 and p.target_id = k.value"
    }
    /// The customers who have this number, but are found by it with another.
    read fn sharing(key: &str) -> Vec<NumberRow> {
        "select customer_id as value from shared_phone where company_id = $1 and key = $2 order by id"
    }
}

/// What is told of rows that have gone over, by table: what told them apart from the other's.
pub type TakenOver = Vec<(String, Vec<String>)>;

/// Whether rows of a table have ids of their own.
fn has_ids(kept: &Kept) -> bool {
    kept.columns.contains(&"id")
}

/// Whether rows of a table can simply go over: the others are parts of what the customer is.
fn goes_over(kept: &Kept) -> bool {
    !["customer", "customer_label", "customer_document", "plm_customer"].contains(&kept.table)
}

impl Tx {
    /// Copies what happened to a customer, and who follows it, from the bin to another customer, whose its calls are now.
    pub async fn take_over_rows(&mut self, from: i64, into: i64) -> sqlx::Result<TakenOver> {
        let mut taken = TakenOver::new();
        for (kept, statement) in KEPT.iter().zip(TAKE_OVER) {
            if !goes_over(kept) {
                continue;
            }
            let rows = self.told(statement, from, into).await?;
            if !has_ids(kept) {
                taken.push((kept.table.to_owned(), rows.into_iter().map(|row| row.value).collect()));
            }
        }
        self.mark_moved(from, into).await?;
        self.keep_calls(from).await?;
        self.move_calls(from, into).await?;
        Ok(taken)
    }

    /// Brings a customer back with its rows that went over to another, as they are now, and with the rest as it was.
    pub async fn give_back_rows(&mut self, to: i64, from: i64, taken: &TakenOver) -> sqlx::Result<()> {
        // The customer itself comes first, and is the first of the kept.
        let (customer, rest) = BRING_BACK.split_at(1);
        self.copy_rows(customer, to).await?;
        for kept in KEPT {
            if !goes_over(kept) {
                continue;
            }
            if !has_ids(kept) {
                let keys = taken.iter().find(|(table, _)| table == kept.table).map(|(_, keys)| keys.as_slice());
                self.drop_taken(kept, from, keys.unwrap_or_default()).await?;
            } else if kept.table == "change" {
                self.delete_moved(to, from).await?;
            } else {
                self.move_back(kept, to, from).await?;
            }
        }
        self.copy_rows(rest, to).await
    }

    /// Carries out a statement that tells rows.
    async fn told(
        &mut self,
        (_, sqlite, postgres): &'static Statement,
        from: i64,
        into: i64,
    ) -> sqlx::Result<Vec<TextRow>> {
        let company = self.company();
        self.all([sqlite, postgres], &[company.into(), from.into(), into.into()]).await
    }

    /// Removes rows that another customer was given.
    async fn drop_taken(&mut self, kept: &Kept, from: i64, keys: &[String]) -> sqlx::Result<()> {
        let Some(key) = kept.columns.first() else { return Ok(()) };
        for taken in keys {
            let text = format!(
                "delete from {} where company_id = $1 and {} = $2 and cast({key} as text) = $3",
                kept.table, kept.key
            );
            let binds = [self.company().into(), from.into(), taken.as_str().into()];
            self.execute_of(AssertSqlSafe(text).into_sql_str(), &binds).await?;
        }
        Ok(())
    }

    /// Moves rows with ids back that went over, and forgets how they were then.
    async fn move_back(&mut self, kept: &Kept, to: i64, from: i64) -> sqlx::Result<()> {
        let Kept { table, key, .. } = kept;
        let company = self.company();
        let kept_rows = format!("from deleted_row where company_id = $1 and customer_id = $2 and source = '{table}'");
        let (ids, id) = if self.is_sqlite() {
            (format!("in (select content ->> 'id' {kept_rows})"), "content ->> 'id'")
        } else {
            (
                format!("= any (array(select (content::json ->> 'id')::bigint {kept_rows}))"),
                "(content::json ->> 'id')::bigint",
            )
        };
        let moved = format!("update {table} set {key} = $2 where company_id = $1 and {key} = $3 and id {ids}");
        // $3 says nothing here, but both have the same places.
        let forgotten = format!(
            "delete {kept_rows} and {id} in (select id from {table} where company_id = $1 and {key} = $2) and $3 <> $2"
        );
        for text in [moved, forgotten] {
            let binds = [company.into(), to.into(), from.into()];
            self.execute_of(AssertSqlSafe(text).into_sql_str(), &binds).await?;
        }
        Ok(())
    }
}

impl Scope {
    /// Keys of numbers, behind this one and in their order, that several customers have, those of contacts among them.
    pub async fn duplicate_numbers(&self, after: &str, limit: i64) -> sqlx::Result<Vec<TextRow>> {
        self.numbers_of_several(after, limit).search(self).await
    }

    /// Keys of names, behind this one and in their order, that several customers of one company have.
    pub async fn duplicate_names(&self, after: &str, limit: i64) -> sqlx::Result<Vec<TextRow>> {
        self.names_of_several(after, limit).search(self).await
    }

    /// The texts of the statements, for the tests of them.
    #[doc(hidden)]
    #[must_use]
    pub fn duplicate_texts(&self) -> [String; 2] {
        [self.numbers_of_several("", 0), self.names_of_several("", 0)].map(Sql::into_text)
    }

    fn numbers_of_several(&self, after: &str, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select value from (select value from (select distinct q.key as value from contact_phone q");
        sql.push(" where q.company_id = $1 and q.key > ").bind(after);
        sql.push(" and (exists (select 1 from phone p where p.company_id = $1 and p.key = q.key and p.customer_id <> q.customer_id)");
        sql.push(" or exists (select 1 from contact_phone p where p.company_id = $1 and p.key = q.key and p.customer_id <> q.customer_id))");
        sql.push(" order by q.key").limit(limit).push(") of_contacts union select value from (");
        sql.push("select distinct q.key as value from shared_phone q where q.company_id = $1 and q.key > ").bind(after);
        sql.push(" order by q.key").limit(limit).push(") shared) found order by value").limit(limit);
        sql
    }

    fn names_of_several(&self, after: &str, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select c.name_key as value from customer c where c.company_id = $1 and c.name_key > ").bind(after);
        sql.push(" and c.company_key <> '' and exists (select 1 from customer u where u.company_id = $1");
        sql.push(" and u.name_key = c.name_key and u.company_key = c.company_key and u.id <> c.id)");
        sql.push(" group by c.name_key order by c.name_key").limit(limit);
        sql
    }
}
