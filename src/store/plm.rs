//! The tables of iBiz PLM: its fixed queries, and the search with its filters and orders.

mod column;
mod condition;

use std::borrow::Cow;

pub use column::PlmColumn;
pub use condition::{Part, PlmCondition, PlmTest};

use super::dynamic::Sql;
use super::rows::{AttentionRow, NumberRow, PlmGroupRow, PlmRow, ProductRow, TextRow, TicketsRow};
use super::search::push_word;
use super::{Engine, Scope, Within};
use crate::domain::customer::stars_of;
use crate::domain::search_terms::Word;

queries! {
    /// What is known of these customers (a JSON array of ids).
    read fn plm_customers(ids: &str) -> Vec<PlmRow> {
        "select p.* from json_each($2) k cross join plm_customer p on p.company_id = $1 and p.customer_id = k.value",
        postgres: "select p.* from jsonb_array_elements_text($2::jsonb) k join plm_customer p on p.company_id = $1 and p.customer_id = k.value::bigint"
    }
    /// The customer for which a client chose this id.
    read fn plm_number(plm_id: &str) -> Option<NumberRow> {
        "select customer_id as value from plm_customer where company_id = $1 and plm_id = $2"
    }
    /// The customers for which clients chose these ids (a JSON array).
    read fn plm_numbers(plm_ids: &str) -> Vec<NumberRow> {
        "select p.customer_id as value from json_each($2) k cross join plm_customer p on p.company_id = $1 and p.plm_id = k.value",
        postgres: "select p.customer_id as value from jsonb_array_elements_text($2::jsonb) k join plm_customer p on p.company_id = $1 and p.plm_id = k.value"
    }
    write fn put_plm_customer(
        customer_id: i64, plm_id: Option<&str>, scale: Option<i64>, description: Option<&str>, logo: Option<&str>,
        grade_id: Option<&str>, industry_id: Option<&str>, categories: Option<&str>, categories_name: Option<&str>,
        product_id: Option<&str>, is_archived: i64, is_deleted: i64, sorts: Option<&str>, categories_name_sort: Option<&str>,
    ) -> u64 {
        "insert into plm_customer (company_id, customer_id, plm_id, scale, description, logo, grade_id, industry_id, categories,
           categories_name, product_id, is_archived, is_deleted, sorts, categories_name_sort)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (company_id, customer_id) do update set plm_id = coalesce(excluded.plm_id, plm_customer.plm_id),
           scale = excluded.scale, description = excluded.description,
           logo = excluded.logo, grade_id = excluded.grade_id, industry_id = excluded.industry_id, categories = excluded.categories,
           categories_name = excluded.categories_name, product_id = excluded.product_id, is_archived = excluded.is_archived,
           is_deleted = excluded.is_deleted, sorts = excluded.sorts, categories_name_sort = excluded.categories_name_sort"
    }
    /// Labels are the names of categories.
    write fn put_plm_categories_name(customer_id: i64, names: Option<&str>, sorted_by: Option<&str>) -> u64 {
        "insert into plm_customer (company_id, customer_id, categories_name, is_archived, is_deleted, categories_name_sort)
         values ($1, $2, $3, 0, 0, $4)
         on conflict (company_id, customer_id)
         do update set categories_name = excluded.categories_name, categories_name_sort = excluded.categories_name_sort"
    }
    /// Who follows a customer, by user.
    read fn plm_attentions(customer_id: i64) -> Vec<AttentionRow> {
        "select user_id, name, type as kind, created_at, created_by, updated_at, updated_by from plm_attention
         where company_id = $1 and customer_id = $2 order by user_id"
    }
    write fn put_plm_attention(customer_id: i64, user_id: &str, name: Option<&str>, kind: &str, at: i64, by: &str) -> u64 {
        "insert into plm_attention (company_id, customer_id, user_id, name, type, created_at, created_by, updated_at, updated_by)
         values ($1, $2, $3, $4, $5, $6, $7, $6, $7)
         on conflict (company_id, customer_id, user_id) do update set name = excluded.name, type = excluded.type,
           updated_at = excluded.updated_at, updated_by = excluded.updated_by"
    }
    write fn delete_plm_attention(customer_id: i64, user_id: &str) -> u64 {
        "delete from plm_attention where company_id = $1 and customer_id = $2 and user_id = $3"
    }
    write fn put_plm_relation(principal_id: &str, principal_type: &str, target_id: &str, target_type: &str, at: i64, by: &str) -> u64 {
        "insert into plm_relation (company_id, principal_id, principal_type, target_id, target_type, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (company_id, principal_id, target_id) do update set principal_type = excluded.principal_type, target_type = excluded.target_type"
    }
    write fn delete_plm_relation(principal_id: &str, target_id: &str) -> u64 {
        "delete from plm_relation where company_id = $1 and principal_id = $2 and target_id = $3"
    }
    /// The ids of what a principal is related to.
    read fn plm_targets(principal_id: &str, principal_type: &str, target_type: &str) -> Vec<TextRow> {
        "select target_id as value from plm_relation where company_id = $1 and principal_id = $2 and principal_type = $3 and target_type = $4"
    }
    /// The products of these ids (a JSON array).
    read fn plm_products(ids: &str) -> Vec<ProductRow> {
        "select p.id, p.name from json_each($2) k cross join plm_product p on p.company_id = $1 and p.id = k.value",
        postgres: "select p.id, p.name from jsonb_array_elements_text($2::jsonb) k join plm_product p on p.company_id = $1 and p.id = k.value"
    }
    write fn put_plm_product(id: &str, name: &str, name_sort: &str) -> u64 {
        "insert into plm_product (company_id, id, name, name_sort) values ($1, $2, $3, $4)
         on conflict (company_id, id) do update set name = excluded.name, name_sort = excluded.name_sort"
    }
    /// What somebody is in a product: admin, user or reader.
    read fn plm_role(product_id: &str, login_key: &str) -> Option<TextRow> {
        "select role as value from plm_member where company_id = $1 and product_id = $2 and login_key = $3"
    }
    /// In how many products somebody may create customers.
    read fn plm_memberships(login_key: &str) -> Option<NumberRow> {
        "select count(*) as value from plm_member where company_id = $1 and login_key = $2 and role in ('admin', 'user')"
    }
    write fn put_plm_member(product_id: &str, login_key: &str, role: &str) -> u64 {
        "insert into plm_member (company_id, product_id, login_key, role) values ($1, $2, $3, $4)
         on conflict (company_id, product_id, login_key) do update set role = excluded.role"
    }
    write fn delete_plm_member(product_id: &str, login_key: &str) -> u64 {
        "delete from plm_member where company_id = $1 and product_id = $2 and login_key = $3"
    }
    /// How many tickets these customers (a JSON array of ids) have; who has none is not there.
    read fn ticket_counts(ids: &str) -> Vec<TicketsRow> {
        "select t.customer_id, count(*) as total, sum(case when t.status in ('已完成', '已关闭') then 1 else 0 end) as finished
         from json_each($2) k cross join ticket t on t.company_id = $1 and t.customer_id = k.value group by t.customer_id",
        postgres: "select t.customer_id, count(*) as total, count(*) filter (where t.status in ('已完成', '已关闭')) as finished
         from jsonb_array_elements_text($2::jsonb) k join ticket t on t.company_id = $1 and t.customer_id = k.value::bigint group by t.customer_id"
    }
    /// The customer whom this follow-up is about.
    read fn follow_up_customer(id: i64) -> Option<NumberRow> {
        "select customer_id as value from follow_up where company_id = $1 and id = $2"
    }
}

/// The states of tickets that are done, as statements name them.
const DONE: &str = "'已完成', '已关闭'";

/// Products are few: those with a name come first, and their customers by the index.
const OF_PRODUCTS: &str = "select q.customer_id from plm_product n cross join plm_customer q \
    where n.company_id = $1 and q.company_id = $1 and q.product_id = n.id and n.name";

/// What customers are narrowed by, all of it at once; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct PlmSearch {
    /// Among these only; an empty list finds nobody.
    pub among: Vec<Vec<i64>>,
    pub not_among: Vec<i64>,
    /// Whether the ones that count as deleted are left out.
    pub not_deleted: bool,
    pub equal: Vec<(PlmColumn, String)>,
    /// Patterns in which % stands for anything and _ for one character.
    pub like: Vec<(PlmColumn, String)>,
    /// What stands in the name: who has it is found by the index, and `like` decides.
    pub pieces: Vec<Word>,
    pub without_categories: bool,
    pub conditions: Vec<PlmCondition>,
    /// Columns, each with whether the largest comes first.
    pub order: Vec<(PlmColumn, bool)>,
    pub within: Within,
}

impl Scope {
    /// The ids of the customers that the search finds, in its order.
    pub async fn plm_search(&self, search: &PlmSearch, limit: i64, offset: i64) -> sqlx::Result<Vec<NumberRow>> {
        let search = self.with_rarest_pieces(search).await?;
        self.plm_page(&search, limit, offset).search(self).await
    }

    /// How many customers the search finds.
    pub async fn plm_search_count(&self, search: &PlmSearch) -> sqlx::Result<i64> {
        let search = self.with_rarest_pieces(search).await?;
        let rows: Vec<NumberRow> = self.plm_count(&search).search(self).await?;
        Ok(rows.first().map_or(0, |row| row.value))
    }

    /// How many customers the search finds, and how many tickets they have, by which of these values a column of
    /// them has. What clients wrote can be any text, so other values are counted together.
    pub async fn plm_groups<'v>(
        &self,
        search: &PlmSearch,
        column: PlmColumn,
        values: impl IntoIterator<Item = &'v str>,
    ) -> sqlx::Result<Vec<PlmGroupRow>> {
        let search = self.with_rarest_pieces(search).await?;
        self.plm_grouped(&search, column, values).search(self).await
    }

    /// The search by the terms that are needed.
    async fn with_rarest_pieces<'s>(&self, search: &'s PlmSearch) -> sqlx::Result<Cow<'s, PlmSearch>> {
        Ok(match self.by_rarest(&search.pieces).await? {
            Cow::Borrowed(_) => Cow::Borrowed(search),
            Cow::Owned(pieces) => Cow::Owned(PlmSearch { pieces, ..search.clone() }),
        })
    }

    /// The texts of a search's statements, for the test that prepares them: page, count and groups.
    #[doc(hidden)]
    #[must_use]
    pub fn plm_texts(&self, search: &PlmSearch) -> [String; 3] {
        let groups = self.plm_grouped(search, PlmColumn::Grade, ["L0", "L1"]);
        [self.plm_page(search, 0, 0), self.plm_count(search), groups].map(Sql::into_text)
    }

    fn plm_page(&self, search: &PlmSearch, limit: i64, offset: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select c.id as value");
        self.push_plm(&mut sql, search);
        sql.push(" order by ");
        for (column, largest_first) in &search.order {
            // By what both engines sort alike: texts by pinyin.
            let is_postgres = matches!(self.store.open.engine, Engine::Postgres(_));
            column.push_sorted(&mut sql, is_postgres);
            // Where there are no nulls, an index of the column has this order already.
            sql.push(match (column.may_be_null(), largest_first) {
                (true, true) => " desc nulls last, ",
                (true, false) => " asc nulls first, ",
                (false, true) => " desc, ",
                (false, false) => " asc, ",
            });
        }
        let last = search.order.first().is_some_and(|(_, largest_first)| *largest_first);
        sql.push(if last { "c.id desc" } else { "c.id" }).limit(limit).push(" offset ").bind(offset);
        sql
    }

    fn plm_count(&self, search: &PlmSearch) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select count(*) as value");
        self.push_plm(&mut sql, search);
        sql
    }

    fn plm_grouped<'v>(&self, search: &PlmSearch, column: PlmColumn, values: impl IntoIterator<Item = &'v str>) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select f.value, count(*) as customers, cast(coalesce(sum(t.total), 0) as bigint) as tickets,");
        sql.push(" cast(coalesce(sum(t.finished), 0) as bigint) as finished from (select c.id, case");
        for value in values {
            sql.push(" when ").push(column.text()).push(" = ").bind(value).push(" then ").push(column.text());
        }
        sql.push(" when ").push(column.text()).push(" <> '' then '' end as value");
        self.push_plm(&mut sql, search);
        sql.push(") f left join (select customer_id, count(*) as total, sum(case when status in (");
        sql.push(DONE)
            .push(") then 1 else 0 end) as finished from ticket where company_id = $1 group by customer_id) t");
        sql.push(" on t.customer_id = f.id group by f.value");
        sql
    }

    /// Appends ` from … where …`.
    fn push_plm(&self, sql: &mut Sql, search: &PlmSearch) {
        sql.push(" from customer c left join plm_customer p on p.company_id = $1 and p.customer_id = c.id");
        sql.push(" left join plm_product d on d.company_id = $1 and d.id = p.product_id where c.company_id = $1");
        for among in &search.among {
            self.push_ids(sql, " and c.id in (", among);
        }
        if !search.not_among.is_empty() {
            self.push_ids(sql, " and c.id not in (", &search.not_among);
        }
        if search.not_deleted {
            sql.push(" and coalesce(p.is_deleted, 0) = 0");
        }
        self.push_values(sql, search);
        for piece in &search.pieces {
            sql.push(" and c.id in (");
            push_word(sql, piece);
            sql.push(")");
        }
        if search.without_categories {
            sql.push(" and p.categories is null");
        }
        for condition in &search.conditions {
            condition.push(sql.push(" and "), &self.store.open.engine);
        }
        if let Some(owner) = &search.within.owner_key {
            sql.push(" and c.owner_key = ").bind(owner.as_str());
        }
        if let Some(groups) = &search.within.groups {
            self.push_ids(sql, " and c.group_id in (", groups);
        }
    }

    /// Appends what columns are to be equal to, and like.
    fn push_values(&self, sql: &mut Sql, search: &PlmSearch) {
        // A list that is there before anything else is read.
        let (begin, end) = match self.store.open.engine {
            Engine::Sqlite(_) => (" and c.id in (", ")"),
            Engine::Postgres(_) => (" and c.id = any (array(", "))"),
        };
        for (column, value) in &search.equal {
            match (column, stars_of(value)) {
                (PlmColumn::Grade, Some(star)) => {
                    sql.push(" and p.grade_id is null and c.star > 0 and c.star = ").bind(star)
                }
                // By the index of the grades.
                (PlmColumn::Grade, None) => sql.push(" and p.grade_id = ").bind(value.as_str()),
                (PlmColumn::ProductName, _) => {
                    sql.push(begin).push(OF_PRODUCTS).push(" = ").bind(value.as_str()).push(end)
                }
                _ => sql.push(" and ").push(column.text()).push(" = ").bind(value.as_str()),
            };
        }
        // Both engines without regard to case, and without a character that escapes.
        let (like, no_escape) = match self.store.open.engine {
            Engine::Sqlite(_) => (" like ", ""),
            Engine::Postgres(_) => (" ilike ", " escape ''"),
        };
        for (column, pattern) in &search.like {
            let by_product = *column == PlmColumn::ProductName;
            let left =
                if by_product { sql.push(begin).push(OF_PRODUCTS) } else { sql.push(" and ").push(column.text()) };
            left.push(like).bind(pattern.as_str()).push(no_escape).push(if by_product { end } else { "" });
        }
    }

    pub(super) fn push_ids(&self, sql: &mut Sql, condition: &'static str, ids: &[i64]) {
        let list = ids.iter().copied().collect::<serde_json::Value>().to_string();
        sql.push(condition);
        match self.store.open.engine {
            Engine::Sqlite(_) => sql.push("select value from json_each(").bind(list.as_str()).push("))"),
            Engine::Postgres(_) => {
                sql.push("select value::bigint from jsonb_array_elements_text(").bind(list.as_str()).push("::jsonb))")
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_done_in_the_same_states_everywhere() {
        let counts = STATEMENTS.iter().find(|(name, ..)| *name == "ticket_counts").unwrap();
        let condition = format!("t.status in ({DONE})");
        assert!(counts.1.contains(&condition) && counts.2.contains(&condition));
    }
}
