//! The recycle bin: customers that nothing else sees, with every row that was theirs.
//!
//! Every table with rows of customers must stand here, unless customers are found by it and its rows are made anew. A
//! column that a later migration adds is absent in rows that were deleted before: bring it back with its default.

use super::dynamic::Sql;
use super::rows::{DeletedRow, HolderRow, NumberRow, TextRow};
use super::{Engine, Scope, Tx, Within};

/// A table whose rows are kept, and the statements that keep those of a customer and bring them back.
pub struct Kept {
    pub table: &'static str,
    /// The column with the customer's id.
    pub key: &'static str,
    /// Its columns beside company and customer.
    pub columns: &'static [&'static str],
}

/// Name, SQLite text, PostgreSQL text.
pub(super) type Statement = (&'static str, &'static str, &'static str);

macro_rules! kept {
    ($($table:ident by $key:ident { $first:ident: $first_type:ident $(, $column:ident: $type:ident)* $(,)? })*) => {
        /// What is kept of a customer, in the order in which it can come back.
        pub const KEPT: &[Kept] = &[$(Kept {
            table: stringify!($table),
            key: stringify!($key),
            columns: &[stringify!($first) $(, stringify!($column))*],
        }),*];

        /// Copy the rows of a customer into the bin.
        pub const KEEP: &[Statement] = &[$((
            concat!("keep_", stringify!($table)),
            kept!(@keep "json_object", "", $table, $key, $first $(, $column)*),
            kept!(@keep "json_build_object", "::text", $table, $key, $first $(, $column)*),
        )),*];

        /// Copy them back.
        pub const BRING_BACK: &[Statement] = &[$((
            concat!("bring_back_", stringify!($table)),
            kept!(@bring "customer_id", $table, $key, ($first $(, $column)*), "content ->> '", stringify!($first), "'"
                $(, ", content ->> '", stringify!($column), "'")*),
            kept!(@bring "customer_id", $table, $key, ($first $(, $column)*), "(content::json ->> '", stringify!($first), "')::", stringify!($first_type)
                $(, ", (content::json ->> '", stringify!($column), "')::", stringify!($type))*),
        )),*];

        /// Copy them to another customer, where he has none of the same.
        pub const TAKE_OVER: &[Statement] = &[$((
            concat!("take_over_", stringify!($table)),
            concat!(kept!(@bring "$3", $table, $key, ($first $(, $column)*), "content ->> '", stringify!($first), "'"
                $(, ", content ->> '", stringify!($column), "'")*), kept!(@told $first)),
            concat!(kept!(@bring "$3", $table, $key, ($first $(, $column)*), "(content::json ->> '", stringify!($first), "')::", stringify!($first_type)
                $(, ", (content::json ->> '", stringify!($column), "')::", stringify!($type))*), kept!(@told $first)),
        )),*];
    };
    (@told $first:ident) => { concat!(" on conflict do nothing returning cast(", stringify!($first), " as text) as value") };
    (@keep $object:literal, $cast:literal, $table:ident, $key:ident, $first:ident $(, $column:ident)*) => {
        concat!(
            "insert into deleted_row (company_id, customer_id, source, number, content) select company_id, ", stringify!($key),
            ", '", stringify!($table), "', row_number() over (), ", $object, "('", stringify!($key), "', ", stringify!($key), ", '", stringify!($first), "', ", stringify!($first)
            $(, ", '", stringify!($column), "', ", stringify!($column))*, ")", $cast,
            " from ", stringify!($table), " where company_id = $1 and ", stringify!($key), " = $2"
        )
    };
    (@bring $customer:literal, $table:ident, $key:ident, ($first:ident $(, $column:ident)*), $($values:expr),*) => {
        concat!(
            "insert into ", stringify!($table), " (company_id, ", stringify!($key), ", ", stringify!($first)
            $(, ", ", stringify!($column))*, ") select company_id, ", $customer, ", ", $($values),*,
            " from deleted_row where company_id = $1 and customer_id = $2 and source = '", stringify!($table), "'"
        )
    };
}

kept! {
    customer by id {
        version: bigint, name: text, company_name: text, address: text, type_value: text, flag_value: text,
        source_value: text, task_id: bigint, owner_key: text, owner_no: text, group_id: bigint, star: bigint,
        follow_count: bigint, last_accept: text, assigned_at: bigint, last_follow_at: bigint, created_at: bigint,
        created_by: text, updated_at: bigint, updated_by: text, custom: text, phones: text, labels: text,
        name_key: text, company_key: text, haystack: text, name_sort: text, sorts: text,
    }
    customer_label by customer_id { label_id: bigint }
    customer_document by customer_id { dialect: text, document: text }
    change by customer_id { id: bigint, at: bigint, author_no: text, author_name: text, lines: text, moved_from: bigint }
    ticket by customer_id {
        id: bigint, at: bigint, title: text, content: text, handler_no: text, status: text, urgency: text,
        due_at: bigint, opened_by: text, updated_at: bigint,
    }
    ticket_change by customer_id {
        id: bigint, ticket_id: bigint, at: bigint, author_no: text, author_name: text, lines: text, comment: text,
    }
    reminder by customer_id {
        id: bigint, login_key: text, due_at: bigint, content: text, state: text, is_next: bigint, created_at: bigint,
        done_at: bigint,
    }
    watch by customer_id { login_key: text, at: bigint }
    follow_up by customer_id {
        id: bigint, at: bigint, author_no: text, author_name: text, content: text, flag_value: text,
    }
    call_log by customer_id { id: bigint, at: bigint, call_type: text, outcome: text, seconds: bigint }
    text_message by customer_id {
        id: bigint, at: bigint, phone: text, content: text, direction: text, status: text,
    }
    plm_customer by customer_id {
        plm_id: text, scale: bigint, description: text, logo: text, grade_id: text, industry_id: text,
        categories: text, categories_name: text, product_id: text, is_archived: bigint, is_deleted: bigint,
        sorts: text, categories_name_sort: text,
    }
    plm_attention by customer_id {
        user_id: text, name: text, type: text, created_at: bigint, created_by: text, updated_at: bigint,
        updated_by: text,
    }
}

queries! {
    /// Puts a customer into the bin; its rows are to follow.
    write fn insert_deleted_customer(id: i64, at: i64, by: &str, digits: &str, shared: &str) -> u64 {
        "insert into deleted_customer (company_id, id, deleted_at, deleted_by, owner_key, group_id, haystack, shared)
         select company_id, id, $3, $4, owner_key, group_id, haystack || $5, $6 from customer where company_id = $1 and id = $2"
    }
    /// Who has the numbers with these keys (a JSON array).
    read fn phone_holders(keys: &str) -> Vec<HolderRow> {
        "select p.key, p.customer_id from json_each($2) k cross join phone p on p.company_id = $1 and p.key = k.value",
        postgres: "select p.key, p.customer_id from jsonb_array_elements_text($2::jsonb) k join phone p on p.company_id = $1 and p.key = k.value"
    }
    /// A customer that was deleted since then.
    read fn deleted_customer(id: i64, since: i64) -> Option<DeletedRow> {
        "select d.id, d.deleted_at, d.deleted_by, d.shared, (select content from deleted_row r
           where r.company_id = $1 and r.customer_id = d.id and r.source = 'customer') as customer
         from deleted_customer d where d.company_id = $1 and d.id = $2 and d.deleted_at >= $3 and d.is_given_up = 0 and d.merged_into is null"
    }
    /// The id that a client chose for a deleted customer.
    read fn deleted_plm_id(customer_id: i64) -> Option<TextRow> {
        "select content ->> 'plm_id' as value from deleted_row
         where company_id = $1 and customer_id = $2 and source = 'plm_customer' and content ->> 'plm_id' is not null",
        postgres: "select content::json ->> 'plm_id' as value from deleted_row
         where company_id = $1 and customer_id = $2 and source = 'plm_customer' and content::json ->> 'plm_id' is not null"
    }
    /// Lets the id that a client chose for a deleted customer be another's.
    write fn clear_deleted_plm_id(customer_id: i64) -> u64 {
        "update deleted_row set content = json_set(content, '$.plm_id', null)
         where company_id = $1 and customer_id = $2 and source = 'plm_customer'",
        postgres: "update deleted_row set content = jsonb_set(content::jsonb, '{plm_id}', 'null')::text
         where company_id = $1 and customer_id = $2 and source = 'plm_customer'"
    }
    /// Takes a customer out of the bin, with what is left of its rows.
    write fn delete_deleted_customer(id: i64) -> u64 {
        "delete from deleted_customer where company_id = $1 and id = $2"
    }

    // ---- removing for good, in portions

    /// Some of the customers that were deleted before then, the first first.
    read fn deleted_before(before: i64, limit: i64) -> Vec<NumberRow> {
        "select id as value from deleted_customer where company_id = $1 and deleted_at < $2 order by deleted_at, id limit $3 + 0"
    }
    /// Marks these (a JSON array of ids) as not to be restored any more, and returns those that could be until now.
    write fn give_up_deleted(ids: &str) -> Vec<NumberRow> {
        "update deleted_customer set is_given_up = 1 where company_id = $1 and id in (select value from json_each($2)) and is_given_up = 0
         returning id as value",
        postgres: "update deleted_customer set is_given_up = 1
         where company_id = $1 and id = any (array(select value::bigint from jsonb_array_elements_text($2::jsonb))) and is_given_up = 0
         returning id as value"
    }
    /// Removes so many rows of a deleted customer.
    write fn delete_deleted_rows(customer_id: i64, most: i64) -> u64 {
        "delete from deleted_row where company_id = $1 and customer_id = $2 and (source, number) in
         (select source, number from deleted_row where company_id = $1 and customer_id = $2 limit $3 + 0)"
    }
}

/// Which deleted customers are listed.
#[derive(Debug, Clone, Default)]
pub struct DeletedSearch {
    /// Those that were deleted since then.
    pub since: i64,
    /// What stands in their names or numbers, folded.
    pub piece: Option<String>,
    pub within: Within,
}

impl Tx {
    /// Copies all rows of a customer into the bin.
    pub async fn keep_customer(&mut self, id: i64) -> sqlx::Result<()> {
        self.copy_rows(KEEP, id).await
    }

    /// Copies all rows of a deleted customer back.
    pub async fn bring_back_customer(&mut self, id: i64) -> sqlx::Result<()> {
        self.copy_rows(BRING_BACK, id).await
    }

    pub(super) async fn copy_rows(&mut self, statements: &[Statement], id: i64) -> sqlx::Result<()> {
        let company = self.company();
        for (_, sqlite, postgres) in statements {
            self.execute([sqlite, postgres], &[company.into(), id.into()]).await?;
        }
        Ok(())
    }
}

impl Scope {
    /// The deleted customers that are asked for, the last deleted first.
    pub async fn deleted_customers(
        &self,
        search: &DeletedSearch,
        limit: i64,
        offset: i64,
    ) -> sqlx::Result<Vec<DeletedRow>> {
        self.deleted_page(search, limit, offset).search(self).await
    }

    /// How many there are.
    pub async fn deleted_count(&self, search: &DeletedSearch) -> sqlx::Result<i64> {
        let rows: Vec<NumberRow> = self.deleted_sum(search).search(self).await?;
        Ok(rows.first().map_or(0, |row| row.value))
    }

    /// The texts of the statements, for the tests of them: page, count.
    #[doc(hidden)]
    #[must_use]
    pub fn deleted_texts(&self, search: &DeletedSearch) -> [String; 2] {
        [self.deleted_page(search, 0, 0), self.deleted_sum(search)].map(Sql::into_text)
    }

    fn deleted_page(&self, search: &DeletedSearch, limit: i64, offset: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select d.id, d.deleted_at, d.deleted_by, d.shared, (select content from deleted_row r");
        sql.push(" where r.company_id = $1 and r.customer_id = d.id and r.source = 'customer') as customer");
        self.push_deleted(&mut sql, search);
        sql.push(" order by d.deleted_at desc, d.id desc").limit(limit).push(" offset ").bind(offset);
        sql
    }

    fn deleted_sum(&self, search: &DeletedSearch) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select count(*) as value");
        self.push_deleted(&mut sql, search);
        sql
    }

    /// Appends ` from … where …`.
    fn push_deleted(&self, sql: &mut Sql, search: &DeletedSearch) {
        let is_sqlite = matches!(self.store.open.engine, Engine::Sqlite(_));
        sql.push(" from deleted_customer d where d.company_id = $1 and d.is_given_up = 0 and d.merged_into is null and d.deleted_at >= ");
        sql.bind(search.since);
        if let Some(piece) = &search.piece {
            sql.push(if is_sqlite { " and instr(d.haystack, " } else { " and strpos(d.haystack, " });
            sql.bind(piece.as_str()).push(") > 0");
        }
        if let Some(owner) = &search.within.owner_key {
            sql.push(" and d.owner_key = ").bind(owner.as_str());
        }
        if let Some(groups) = &search.within.groups {
            self.push_ids(sql, " and d.group_id in (", groups);
        }
    }
}
