//! Answering a search from the index in memory, where it can tell.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::conditions::{Column, Join, Operand, Test};
use super::dynamic::Sql;
use super::filter::Condition;
use super::rows::{CustomerRow, NumberRow};
use super::search::{Search, push_word};
use super::sqlite::{Index, Reading};
use super::{Engine, Scope};
use crate::domain::search_terms::Word;
use crate::index::{Company, Field, Ids};

/// Candidates that are confirmed before others have their turn, some tenths of a millisecond.
const SLICE: usize = 4096;
/// Customers that are found by digits; where there may be more, the database is asked as a whole.
const MOST_BY_DIGITS: i64 = 20_000;

/// What a search has found.
pub struct Found {
    index: Arc<Index>,
    /// Those among whom are all whom it finds, and what is to be confirmed of them.
    candidates: Ids,
    doubts: Vec<Doubt>,
}

/// A word that the candidates have in part.
struct Doubt {
    certain: Ids,
    texts: Vec<Finder<'static>>,
}

impl Doubt {
    fn is_cleared(&self, company: &Company, id: u32) -> bool {
        self.certain.contains(id)
            || company.text(id).is_some_and(|text| self.texts.iter().any(|part| part.find(text).is_some()))
    }
}

impl Scope {
    /// Returns what a search finds where an index can tell; has it built where there is none.
    pub(super) async fn found(&self, search: &Search) -> sqlx::Result<Option<Found>> {
        let Engine::Sqlite(engine) = &self.store.open.engine else { return Ok(None) };
        let Some(index) = engine.indexes().ready(self.company()) else {
            engine.indexes().build(engine, self.company());
            return Ok(None);
        };
        if search.name.is_some() {
            return Ok(None);
        }
        let Some(by_digits) = self.by_digits(&search.words).await? else { return Ok(None) };
        let (candidates, doubts) = {
            let state = index.read();
            let Some(company) = state.ready() else { return Ok(None) };
            let Some(narrowed) = narrowed(company, search) else { return Ok(None) };
            worded(company, narrowed, &search.words, by_digits)
        };
        Ok(Some(Found { index, candidates, doubts }))
    }

    /// For each word, the customers whom its digits find; `None` where these are too many.
    async fn by_digits(&self, words: &[Word]) -> sqlx::Result<Option<Vec<Ids>>> {
        let mut found = Vec::with_capacity(words.len());
        for word in words {
            let digits = Word { forms: Vec::new(), tails: word.tails.clone(), keys: word.keys.clone() };
            let mut ids = Ids::new();
            if !digits.tails.is_empty() || !digits.keys.is_empty() {
                let mut sql = Sql::of_company(self.company());
                sql.push("select customer_id as value from (");
                push_word(&mut sql, &digits);
                sql.push(") found").limit(MOST_BY_DIGITS);
                let rows: Vec<NumberRow> = sql.fetch(self).await?;
                if i64::try_from(rows.len()).is_ok_and(|rows| rows >= MOST_BY_DIGITS) {
                    return Ok(None);
                }
                ids.extend(rows.iter().filter_map(|row| u32::try_from(row.value).ok()));
            }
            found.push(ids);
        }
        Ok(Some(found))
    }

    /// The rows of these customers, in this order; without those who are gone meanwhile.
    pub(super) async fn rows_of(&self, ids: &[u32]) -> sqlx::Result<Vec<CustomerRow>> {
        let text = serde_json::to_string(ids).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        let rows = self.customers_by_id(&text).await?;
        let mut rows: HashMap<i64, CustomerRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(ids.iter().filter_map(|id| rows.remove(&i64::from(*id))).collect())
    }
}

impl Found {
    /// All of them.
    pub async fn all(self) -> Ids {
        if self.doubts.is_empty() {
            return self.candidates;
        }
        let mut confirmed = Ids::new();
        let mut candidates = self.candidates.iter();
        loop {
            let slice: Vec<u32> = candidates.by_ref().take(SLICE).collect();
            if slice.is_empty() {
                return confirmed;
            }
            confirmed.extend(self.cleared(&slice));
            tokio::task::yield_now().await;
        }
    }

    /// The first of those beyond this id.
    pub async fn after(&self, id: i64, most: usize) -> Vec<u32> {
        match u32::try_from(id.saturating_add(1).max(0)) {
            Ok(from) => self.first(self.candidates.range(from..), most).await,
            Err(_) => Vec::new(),
        }
    }

    /// The last of those before this id, from the end.
    pub async fn before(&self, id: i64, most: usize) -> Vec<u32> {
        let end = u32::try_from(id.max(0)).unwrap_or(u32::MAX);
        self.first(self.candidates.range(..end).rev(), most).await
    }

    async fn first(&self, mut candidates: impl Iterator<Item = u32> + Send, most: usize) -> Vec<u32> {
        let mut found = Vec::new();
        loop {
            let wanted = if self.doubts.is_empty() { most } else { SLICE };
            let slice: Vec<u32> = candidates.by_ref().take(wanted).collect();
            found.extend(self.cleared(&slice));
            if slice.len() < wanted || found.len() >= most {
                found.truncate(most);
                return found;
            }
            tokio::task::yield_now().await;
        }
    }

    fn cleared(&self, slice: &[u32]) -> Vec<u32> {
        if self.doubts.is_empty() {
            return slice.to_vec();
        }
        let state: Reading<'_> = self.index.read();
        let Some(company) = state.ready() else { return Vec::new() };
        let is_cleared = |id: &u32| self.doubts.iter().all(|doubt| doubt.is_cleared(company, *id));
        slice.iter().copied().filter(is_cleared).collect()
    }
}

/// The ids on a page of the newest first.
pub fn page(ids: &Ids, limit: i64, offset: i64) -> Vec<u32> {
    let last = i64::try_from(ids.len()).unwrap_or(i64::MAX).saturating_sub(offset);
    let places = (last.saturating_sub(limit).max(0)..last.max(0)).rev();
    places.filter_map(|place| ids.select(u32::try_from(place).ok()?)).collect()
}

/// The customers whom all but the words of a search find; `None` where the index cannot tell.
fn narrowed(company: &Company, search: &Search) -> Option<Ids> {
    let mut sets: Vec<Ids> = Vec::new();
    let mut with = |field, value: &str| sets.push(company.with(field, value).cloned().unwrap_or_default());
    let texts = [
        (Field::Owner, &search.owner_key),
        (Field::Owner, &search.within.owner_key),
        (Field::Type, &search.type_value),
        (Field::Flag, &search.flag_value),
        (Field::Source, &search.source_value),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            with(field, value);
        }
    }
    if let Some(task) = search.task_id {
        with(Field::Task, &task.to_string());
    }
    for groups in [&search.group_ids, &search.within.groups].into_iter().flatten() {
        sets.push(any(company, Field::Group, groups.iter().map(i64::to_string)));
    }
    if let Some(condition) = &search.filter {
        sets.push(meeting(company, condition)?);
    }
    if !search.conditions.tests.is_empty() {
        let passing = search.conditions.tests.iter().map(|(column, test)| passing(company, *column, test));
        let passing: Vec<Ids> = passing.collect::<Option<_>>()?;
        match search.conditions.join {
            Join::All => sets.extend(passing),
            Join::Any => sets.push(passing.into_iter().fold(Ids::new(), |all, ids| all | ids)),
        }
    }
    // The smallest first: what is left is never more.
    sets.sort_by_key(Ids::len);
    let mut sets = sets.into_iter();
    Some(match sets.next() {
        Some(first) => sets.fold(first, |left, ids| left & ids),
        None => company.all().clone(),
    })
}

/// Those of these customers who may have all words, and what is to be confirmed of them.
fn worded(company: &Company, among: Ids, words: &[Word], by_digits: Vec<Ids>) -> (Ids, Vec<Doubt>) {
    let mut candidates = among;
    let mut doubts = Vec::new();
    for (word, mut certain) in words.iter().zip(by_digits) {
        let mut uncertain = Ids::new();
        for form in &word.forms {
            let found = company.candidates(&form.lookup);
            if form.is_certain {
                certain |= found;
            } else {
                uncertain |= found;
            }
        }
        candidates &= &certain | &uncertain;
        let mut texts: Vec<&str> =
            word.forms.iter().filter(|form| !form.is_certain).map(|form| form.text.as_str()).collect();
        texts.dedup();
        if !(uncertain - &certain).is_disjoint(&candidates) {
            let texts = texts.into_iter().map(|text| Finder::new(text).into_owned()).collect();
            doubts.push(Doubt { certain, texts });
        }
    }
    (candidates, doubts)
}

/// The customers who meet a condition; `None` where the index cannot tell.
fn meeting(company: &Company, condition: &Condition) -> Option<Ids> {
    match condition {
        Condition::All(conditions) => {
            let met: Vec<Ids> = conditions.iter().map(|each| meeting(company, each)).collect::<Option<_>>()?;
            Some(met.into_iter().reduce(|all, ids| all & ids).unwrap_or_else(|| company.all().clone()))
        }
        Condition::Any(conditions) => {
            let met: Vec<Ids> = conditions.iter().map(|each| meeting(company, each)).collect::<Option<_>>()?;
            Some(met.into_iter().fold(Ids::new(), |any, ids| any | ids))
        }
        Condition::Not(condition) => Some(company.all() - meeting(company, condition)?),
        Condition::Test(column, test) => passing(company, *column, test),
        Condition::Since(..)
        | Condition::Until(..)
        | Condition::Labelled(_)
        | Condition::HasLabels
        | Condition::Phone(_)
        | Condition::HasPhones => None,
    }
}

/// The customers who pass a test; `None` where the index cannot tell.
fn passing(company: &Company, column: Column, test: &Test) -> Option<Ids> {
    let (field, is_number) = match column {
        Column::Task => (Field::Task, true),
        Column::Group => (Field::Group, true),
        Column::Owner => (Field::Owner, false),
        Column::Type => (Field::Type, false),
        Column::Flag => (Field::Flag, false),
        Column::Source => (Field::Source, false),
        _ => return None,
    };
    let value = |operand: &Operand| match operand {
        Operand::Integer(number) if is_number => Some(number.to_string()),
        Operand::Text(written) if !is_number => Some(written.clone()),
        _ => None,
    };
    Some(match test {
        Test::Is(operand) => company.with(field, &value(operand)?).cloned().unwrap_or_default(),
        Test::OneOf(operands) => any(company, field, operands.iter().map(value).collect::<Option<Vec<_>>>()?),
        Test::IsNot(operand) => match company.with(field, &value(operand)?) {
            Some(ids) => company.all() - ids,
            None => company.all().clone(),
        },
        Test::Empty => company.all() - company.with_any(field),
        Test::Filled => company.with_any(field),
        Test::Above(_) | Test::Below(_) | Test::Holds(_) | Test::Lacks(_) => return None,
    })
}

/// The customers with any of these values.
fn any(company: &Company, field: Field, values: impl IntoIterator<Item = String>) -> Ids {
    let found = values.into_iter().filter_map(|value| company.with(field, &value));
    found.fold(Ids::new(), |any, ids| any | ids)
}
