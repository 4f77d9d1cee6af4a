//! Answering a search from the index in memory, where it can tell.

mod narrowing;
mod ordering;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use memchr::memmem::Finder;

use super::dynamic::Sql;
use super::rows::{CustomerRow, NumberRow};
use super::search::{Search, push_word};
pub use super::sqlite::Figures;
use super::sqlite::{Index, Reading};
use super::{Engine, Open, Scope, Store};
use crate::domain::search_terms::Word;
use crate::index::{Company, Ids};
use narrowing::narrowed;
pub use ordering::{Order, STATEMENTS};

/// How long others may take to see what was written: they look more often.
const SEEN: Duration = Duration::from_millis(100);
/// How often is looked where nobody asks.
const PACE: Duration = Duration::from_millis(200);
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
    fn is_cleared(&self, id: u32, text: Option<&[u8]>) -> bool {
        text.is_some_and(|text| self.texts.iter().any(|part| part.find(text).is_some())) || self.certain.contains(id)
    }
}

impl Store {
    /// Has searches answered from memory as soon as that is built. Returns before.
    pub async fn index(&self) -> sqlx::Result<()> {
        let Engine::Sqlite(engine) = &self.open.engine else { return Ok(()) };
        let companies = self.companies().await?;
        engine.indexes().want(engine, companies.iter().map(|company| company.id));
        tokio::spawn(look(Arc::downgrade(&self.open)));
        Ok(())
    }

    /// Returns once that is built, for tests and benchmarks.
    #[doc(hidden)]
    pub async fn indexed(&self) {
        if let Engine::Sqlite(engine) = &self.open.engine {
            engine.indexes().built().await;
        }
    }

    /// Returns once what is answered from memory is as all commits left the tables that could be read before. Who has read
    /// how far the events are, and reads on, waits for it between.
    pub async fn settled(&self) {
        if let Engine::Sqlite(engine) = &self.open.engine {
            engine.indexes().settled().await;
        }
    }

    /// Returns once other processes that answer from memory have seen what was written here.
    pub async fn seen_by_others(&self) {
        if let Engine::Sqlite(_) = &self.open.engine {
            tokio::time::sleep(SEEN).await;
        }
    }

    /// How the indexes are; the embedded database alone has them.
    #[must_use]
    pub fn index_figures(&self) -> Figures {
        match &self.open.engine {
            Engine::Sqlite(engine) => engine.indexes().figures(),
            Engine::Postgres(_) => Figures::default(),
        }
    }
}

impl Scope {
    /// Returns what a search finds where an index can tell; has it built where there is none.
    pub(super) async fn found(&self, search: &Search) -> sqlx::Result<Option<Found>> {
        let Engine::Sqlite(engine) = &self.store.open.engine else { return Ok(None) };
        engine.look_for_others();
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
    pub async fn all(&self) -> Ids {
        if self.doubts.is_empty() {
            return self.candidates.clone();
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
        let mut texts = company.texts();
        let mut is_cleared = |id: u32| {
            let text = texts.text(id);
            self.doubts.iter().all(|doubt| doubt.is_cleared(id, text))
        };
        slice.iter().copied().filter(|id| is_cleared(*id)).collect()
    }
}

/// Looks now and then what other processes have written, so that it is never much at a time.
async fn look(store: Weak<Open>) {
    loop {
        tokio::time::sleep(PACE).await;
        let Some(open) = store.upgrade() else { return };
        if let Engine::Sqlite(engine) = &open.engine {
            engine.look_for_others();
        }
    }
}

/// The ids on a page of the newest first.
#[must_use]
pub fn page(ids: &Ids, limit: i64, offset: i64) -> Vec<u32> {
    let last = i64::try_from(ids.len()).unwrap_or(i64::MAX).saturating_sub(offset);
    let places = (last.saturating_sub(limit).max(0)..last.max(0)).rev();
    places.filter_map(|place| ids.select(u32::try_from(place).ok()?)).collect()
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
