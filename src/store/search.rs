//! The list of customers: filters and search words, by index only.
//!
//! A search word becomes a sub-select over the term and phone-tail indexes; it drives the statement, and
//! `customer` is only read for the candidates. Where a word has more than one term, or more than one
//! meaning, the candidates are verified in the customer's haystack.

use std::borrow::Cow;

use super::conditions::Conditions;
use super::dynamic::Sql;
use super::filter::Condition;
use super::rows::{CustomerRow, NumberRow};
use super::{Engine, Scope, Within};
use crate::domain::name_pattern::NamePattern;
use crate::domain::search_terms::{Lookup, Word, prefix_end};

/// What a list of customers is narrowed by; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub task_id: Option<i64>,
    pub owner_key: Option<String>,
    /// In any of these groups; an empty list finds nobody.
    pub group_ids: Option<Vec<i64>>,
    pub type_value: Option<String>,
    pub flag_value: Option<String>,
    pub source_value: Option<String>,
    pub words: Vec<Word>,
    pub name: Option<NamePattern>,
    pub conditions: Conditions,
    /// What else they are to be.
    pub filter: Option<Condition>,
    /// Whom whoever asks sees.
    pub within: Within,
}

/// Where a customer stands in a list: what it is sorted by, and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub key: Key,
    pub id: i64,
}

/// What a customer is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Key {
    Number(i64),
    Text(String),
}

impl Search {
    /// Whether it finds every customer whom the caller sees.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        let narrowed = Self { within: Within::default(), ..self.clone() }.has_columns();
        self.words.is_empty() && !narrowed
    }

    fn has_columns(&self) -> bool {
        self.task_id.is_some()
            || self.owner_key.is_some()
            || self.group_ids.is_some()
            || self.type_value.is_some()
            || self.flag_value.is_some()
            || self.source_value.is_some()
            || self.name.is_some()
            || !self.conditions.tests.is_empty()
            || self.filter.is_some()
            || self.within != Within::default()
    }
}

impl Scope {
    /// The customers that the search finds, newest first.
    pub(super) async fn rows(&self, search: &Search, limit: i64, offset: i64) -> sqlx::Result<Vec<CustomerRow>> {
        let search = self.with_rarest(search).await?;
        self.page(&search, limit, offset).search(self).await
    }

    /// The customers that the search finds behind this place, in its order: one page of a list that others may grow
    /// meanwhile. Its order is one column with a [key](super::conditions::Column::is_keyed), or none.
    pub(super) async fn rows_behind(
        &self,
        search: &Search,
        place: &Place,
        limit: i64,
    ) -> sqlx::Result<Vec<CustomerRow>> {
        let search = self.with_rarest(search).await?;
        self.page_behind(&search, place, limit).search(self).await
    }

    /// The customers that the search finds beyond this id, in the order of their ids: one page of a walk.
    pub(super) async fn rows_after(&self, search: &Search, id: i64, limit: i64) -> sqlx::Result<Vec<CustomerRow>> {
        let search = self.with_rarest(search).await?;
        self.page_after(&search, id, limit).search(self).await
    }

    /// How many customers the search finds, exactly.
    pub(super) async fn row_count(&self, search: &Search) -> sqlx::Result<i64> {
        let search = self.with_rarest(search).await?;
        let Some((all, nameless)) = without_nameless(&search) else { return self.number_of(&search).await };
        Ok(self.number_of(&all).await? - self.number_of(&nameless).await?)
    }

    /// The search by the terms that are needed.
    async fn with_rarest<'s>(&self, search: &'s Search) -> sqlx::Result<Cow<'s, Search>> {
        Ok(match self.by_rarest(&search.words).await? {
            Cow::Borrowed(_) => Cow::Borrowed(search),
            Cow::Owned(words) => Cow::Owned(Search { words, ..search.clone() }),
        })
    }

    async fn number_of(&self, search: &Search) -> sqlx::Result<i64> {
        let Some(count) = self.count_of(search) else {
            return Ok(self.customer_count().await?.map_or(0, |row| row.value));
        };
        let rows: Vec<NumberRow> = count.search(self).await?;
        Ok(rows.first().map_or(0, |row| row.value))
    }

    /// Carries this out as a search, for the tests of what searches may take; `$1` is the company.
    #[doc(hidden)]
    pub async fn search_by(&self, text: &'static str) -> sqlx::Result<Vec<NumberRow>> {
        let mut sql = Sql::of_company(self.company());
        sql.push(text);
        sql.search(self).await
    }

    /// The texts of a search's statements, for the test of their plans: page, walk, list and, if it takes one, count.
    #[doc(hidden)]
    #[must_use]
    pub fn search_texts(&self, search: &Search) -> Vec<String> {
        let place = Place { key: Key::Number(0), id: 0 };
        let pages = [self.page(search, 0, 0), self.page_after(search, 0, 0), self.page_behind(search, &place, 0)];
        let counts = match without_nameless(search) {
            Some((all, nameless)) => [self.count_of(&all), self.count_of(&nameless)],
            None => [self.count_of(search), None],
        };
        pages.into_iter().chain(counts.into_iter().flatten()).map(Sql::into_text).collect()
    }

    fn page(&self, search: &Search, limit: i64, offset: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select c.*");
        self.push_matches(&mut sql, search, true);
        sql.push(" order by ");
        search.conditions.push_order(&mut sql, &self.store.open.engine);
        sql.push(id_column(search)).push(search.conditions.direction_of_ids());
        sql.limit(limit).push(" offset ").bind(offset);
        sql
    }

    fn page_after(&self, search: &Search, id: i64, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select c.*");
        self.push_matches(&mut sql, search, true);
        sql.push(" and ").push(id_column(search)).push(" > ").bind(id);
        sql.push(" order by ").push(id_column(search)).limit(limit);
        sql
    }

    fn page_behind(&self, search: &Search, place: &Place, limit: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select c.*");
        self.push_matches(&mut sql, search, true);
        let (id, direction) = (id_column(search), search.conditions.direction_of_ids());
        let beyond = if direction == " asc" { " > " } else { " < " };
        match search.conditions.order.first().and_then(|(column, _)| column.sorted()) {
            Some(sorted) => {
                sql.push(" and (").push(sorted).push(", ").push(id).push(")").push(beyond).push("(");
                match &place.key {
                    Key::Number(number) => sql.bind(*number),
                    Key::Text(text) => sql.bind(text.as_str()),
                };
                sql.push(", ").bind(place.id).push(")");
            }
            None => drop(sql.push(" and ").push(id).push(beyond).bind(place.id)),
        }
        sql.push(" order by ");
        search.conditions.push_order(&mut sql, &self.store.open.engine);
        sql.push(id).push(direction).limit(limit);
        sql
    }

    /// `None` for a search for everybody: that number is kept.
    fn count_of(&self, search: &Search) -> Option<Sql> {
        if search.words.is_empty() && !search.has_columns() {
            return None;
        }
        let with_customer = search.has_columns() || search.words.iter().any(needs_verifying);
        let mut sql = Sql::of_company(self.company());
        sql.push("select count(*) as value");
        self.push_matches(&mut sql, search, with_customer);
        Some(sql)
    }

    /// Appends ` from … where …`. The order of the cross joins is the order of the loops in SQLite.
    fn push_matches(&self, sql: &mut Sql, search: &Search, with_customer: bool) {
        const ALIASES: [&str; 8] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"];
        sql.push(" from ");
        for (index, (word, alias)) in search.words.iter().zip(ALIASES).enumerate() {
            if index > 0 {
                sql.push(" cross join ");
            }
            sql.push("(");
            push_word(sql, word);
            sql.push(") ").push(alias);
        }
        if with_customer {
            sql.push(if search.words.is_empty() { "customer c" } else { " cross join customer c" });
        }
        sql.push(" where 1 = 1");
        for alias in ALIASES.iter().take(search.words.len()).skip(1) {
            sql.push(" and ").push(alias).push(".customer_id = m0.customer_id");
        }
        if with_customer {
            sql.push(" and c.company_id = $1");
            if !search.words.is_empty() {
                sql.push(" and c.id = m0.customer_id");
            }
            push_columns(sql, search);
            search.conditions.push(sql, &self.store.open.engine);
            if let Some(filter) = &search.filter {
                filter.push(sql.push(" and "), &self.store.open.engine);
            }
            let find = match self.store.open.engine {
                Engine::Sqlite(_) => "instr(c.haystack, ",
                Engine::Postgres(_) => "strpos(c.haystack, ",
            };
            for word in search.words.iter().filter(|word| needs_verifying(word)) {
                push_verification(sql, word, find);
            }
        }
    }
}

/// A search for every name, as all that there are and those without a name: these are few and in the index, where
/// counting the others would read them all.
fn without_nameless(search: &Search) -> Option<(Search, Search)> {
    if search.name != Some(NamePattern::Any) {
        return None;
    }
    let nameless = Search { name: Some(NamePattern::Exactly(String::new())), ..search.clone() };
    Some((Search { name: None, ..search.clone() }, nameless))
}

/// The id of a found customer in the index that drives the statement, so that order and range come from there.
fn id_column(search: &Search) -> &'static str {
    if search.words.is_empty() { "c.id" } else { "m0.customer_id" }
}

/// Whether the index alone does not decide that a customer has this word.
fn needs_verifying(word: &Word) -> bool {
    word.forms.iter().any(|form| !form.is_certain)
}

/// Where a customer's own numbers are, and those of his contacts.
const PHONES: [&str; 2] = ["phone", "contact_phone"];

/// Appends the statement that finds who may have this word: who does is among them.
pub(super) fn push_word(sql: &mut Sql, word: &Word) {
    let mut union = "";
    for form in &word.forms {
        sql.push(union);
        union = " union ";
        match &form.lookup {
            Lookup::All(terms) => push_all_terms(sql, terms),
            Lookup::Prefix { from, to } => {
                sql.push("select distinct customer_id from customer_term where company_id = $1 and term >= ");
                sql.bind(from.as_str()).push(" and term < ").bind(to.as_str());
            }
        }
    }
    for tail in &word.tails {
        for table in PHONES {
            sql.push(union);
            union = " union ";
            sql.push("select customer_id from ").push(table).push(" where company_id = $1");
            push_tail_range(sql, tail);
        }
    }
    for key in &word.keys {
        for table in PHONES {
            sql.push(union);
            union = " union ";
            // The number, and the same with an extension; in one range, of which PostgreSQL expects less than of two.
            sql.push("select customer_id from ").push(table).push(" where company_id = $1 and key >= ");
            sql.bind(key.as_str()).push(" and key < ").bind(format!("{key}<").as_str());
            sql.push(" and (key = ").bind(key.as_str()).push(" or key >= ").bind(format!("{key};").as_str()).push(")");
        }
    }
}

fn push_all_terms(sql: &mut Sql, terms: &[String]) {
    sql.push("select t.customer_id from customer_term t where t.company_id = $1");
    for (index, term) in terms.iter().enumerate() {
        if index == 0 {
            sql.push(" and t.term = ").bind(term.as_str());
        } else {
            sql.push(" and exists (select 1 from customer_term u where u.company_id = $1 and u.customer_id = t.customer_id and u.term = ");
            sql.bind(term.as_str()).push(")");
        }
    }
}

fn push_tail_range(sql: &mut Sql, tail: &str) {
    sql.push(" and tail >= ").bind(tail).push(" and tail < ").bind(prefix_end(tail).as_str());
}

fn push_verification(sql: &mut Sql, word: &Word, find: &'static str) {
    sql.push(" and (1 = 0");
    let mut texts: Vec<&str> = word.forms.iter().map(|form| form.text.as_str()).collect();
    texts.dedup();
    for text in texts {
        sql.push(" or ").push(find).bind(text).push(") > 0");
    }
    for tail in &word.tails {
        for table in PHONES {
            sql.push(" or exists (select 1 from ")
                .push(table)
                .push(" p where p.company_id = $1 and p.customer_id = c.id");
            push_tail_range(sql, tail);
            sql.push(")");
        }
    }
    sql.push(")");
}

fn push_columns(sql: &mut Sql, search: &Search) {
    if let Some(task) = search.task_id {
        sql.push(" and c.task_id = ").bind(task);
    }
    for groups in [&search.group_ids, &search.within.groups].into_iter().flatten() {
        sql.push(" and c.group_id in (null");
        for group in groups {
            sql.push(", ").bind(*group);
        }
        sql.push(")");
    }
    match &search.name {
        None => {}
        Some(NamePattern::Any) => {
            sql.push(" and c.name_key <> ''");
        }
        Some(NamePattern::Exactly(key)) => {
            sql.push(" and c.name_key = ").bind(key.as_str());
        }
        Some(NamePattern::Like(pattern)) => {
            sql.push(" and c.name_key like ").bind(pattern.as_str()).push(" escape '\\'");
        }
    }
    let texts = [
        (" and c.owner_key = ", &search.owner_key),
        (" and c.owner_key = ", &search.within.owner_key),
        (" and c.type_value = ", &search.type_value),
        (" and c.flag_value = ", &search.flag_value),
        (" and c.source_value = ", &search.source_value),
    ];
    for (column, value) in texts {
        if let Some(value) = value {
            sql.push(column).bind(value.as_str());
        }
    }
}
