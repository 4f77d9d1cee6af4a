//! The last events of a company in memory, and pages of earlier ones.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use quick_cache::sync::Cache;
use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use tokio_util::task::AbortOnDropHandle;

use super::hints::Hints;
use crate::domain::event::{Body, Event, Forms};
use crate::store::Store;
use crate::store::rows::EventRow;

/// Events of a page. Pages begin after multiples of this.
const PAGE: i64 = 256;
/// The last events of a company that stay in memory, and up to a page more.
const MOST: usize = 1024;
/// Pages of earlier events that are kept for those who catch up, of all companies.
const KEPT: usize = 64;
/// How often is looked for events that nobody has told of.
const LOOK: Duration = Duration::from_secs(1);

/// The event is not kept any more, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// Events that follow each other.
pub type Page = Arc<[Arc<Event>]>;

/// The histories that somebody follows. Cheap to clone.
#[derive(Clone)]
pub struct Histories {
    open: Arc<DashMap<i64, Arc<Mutex<Weak<History>>>>>,
    pages: Arc<Cache<(i64, i64), Page>>,
    pub hints: Hints,
}

impl Default for Histories {
    fn default() -> Self {
        Self { open: Arc::default(), pages: Arc::new(Cache::new(KEPT)), hints: Hints::default() }
    }
}

/// What happens in a company, followed as long as somebody holds it.
pub struct History {
    company: i64,
    store: Store,
    pages: Arc<Cache<(i64, i64), Page>>,
    tail: RwLock<VecDeque<Arc<Event>>>,
    last: watch::Sender<i64>,
    /// Reads what is new.
    reader: std::sync::OnceLock<AbortOnDropHandle<()>>,
}

impl Histories {
    /// The same for a database that other processes write to, too.
    #[must_use]
    pub fn over(pool: PgPool) -> Self {
        Self { hints: Hints::over(pool), ..Self::default() }
    }

    /// Returns the history of a company, up to what is committed now.
    pub async fn of(&self, store: &Store, company: i64) -> sqlx::Result<Arc<History>> {
        // Who comes back with a thousand others waits for the first of them to read.
        let known = self.open.entry(company).or_default().clone();
        let mut known = known.lock().await;
        if let Some(history) = known.upgrade() {
            return Ok(history);
        }
        let span = store.company(company).event_span().await?;
        // From the beginning of its page, which many may ask for who come back.
        let before = span.map_or(0, |span| page_before(span.last));
        let history = Arc::new(History {
            company,
            store: store.clone(),
            pages: self.pages.clone(),
            tail: RwLock::default(),
            last: watch::Sender::new(before),
            reader: std::sync::OnceLock::new(),
        });
        history.read_on().await?;
        *known = Arc::downgrade(&history);
        let told = self.hints.of(company);
        let reading = tokio::spawn(follow(Arc::downgrade(&history), told));
        history.reader.get_or_init(|| AbortOnDropHandle::new(reading));
        Ok(history)
    }

    /// Lets go of what nobody follows any more.
    pub fn tidy(&self) {
        let is_followed = |known: &Mutex<Weak<History>>| known.try_lock().is_ok_and(|known| known.strong_count() > 0);
        self.open.retain(|_, known| Arc::strong_count(known) > 1 || is_followed(known));
        self.hints.tidy(|company| self.open.contains_key(&company));
    }
}

/// Reads what is new until nobody wants it any more.
async fn follow(history: Weak<History>, mut told: watch::Receiver<()>) {
    loop {
        let _ = tokio::time::timeout(LOOK, told.changed()).await;
        let Some(history) = history.upgrade() else { return };
        // One that cannot be read now is read with the next.
        if let Err(error) = history.read_on().await {
            tracing::warn!(%error, "new events could not be read; they are looked for again");
        }
    }
}

impl History {
    /// The number of the last event that can be read.
    #[must_use]
    pub fn last(&self) -> i64 {
        *self.last.borrow()
    }

    /// Tells when there is more.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.last.subscribe()
    }

    async fn read_on(&self) -> sqlx::Result<()> {
        loop {
            let rows = self.store.company(self.company).events_after(self.last(), PAGE).await?;
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
            self.store.settled().await;
            self.keep(rows);
            self.last.send_replace(last);
        }
    }

    /// Keeps the last pages, whole ones but for the last: what comes before is whole pages, too. What was forgotten before it
    /// was read leaves a gap, which nobody is led across.
    fn keep(&self, rows: Vec<EventRow>) {
        let mut tail = self.tail.write().unwrap_or_else(PoisonError::into_inner);
        let is_next = |row: &EventRow| tail.back().is_none_or(|last| last.seq + 1 == row.id);
        if !rows.first().is_none_or(is_next) {
            tail.clear();
        }
        tail.extend(rows.into_iter().map(event));
        while tail.len() > MOST
            && let Some(first) = tail.front().map(|first| page_before(first.seq))
        {
            while tail.front().is_some_and(|event| page_before(event.seq) == first) {
                tail.pop_front();
            }
        }
    }

    /// Returns an event that is in memory.
    #[must_use]
    pub fn recent(&self, seq: i64) -> Option<Arc<Event>> {
        let tail = self.tail.read().unwrap_or_else(PoisonError::into_inner);
        let first = tail.front()?.seq;
        tail.get(usize::try_from(seq.checked_sub(first)?).ok()?).cloned()
    }

    /// Returns an event, with its page in memory for those who come after.
    pub async fn read(&self, seq: i64) -> Result<Arc<Event>, Lost> {
        match self.recent(seq) {
            Some(event) => Ok(event),
            None => on_page(&self.page_of(seq).await?, seq).ok_or(Lost),
        }
    }

    /// Returns the page that an event is on.
    pub async fn page_of(&self, seq: i64) -> Result<Page, Lost> {
        let before = page_before(seq);
        if before + PAGE <= self.last() {
            return self.pages.get_or_insert_async(&(self.company, before), self.page(before)).await;
        }
        // Not whole yet: the next who asks finds more.
        self.page(before).await
    }

    async fn page(&self, before: i64) -> Result<Page, Lost> {
        let rows = self.store.company(self.company).events_after(before, PAGE).await.map_err(|error| {
            tracing::warn!(%error, "events could not be read");
            Lost
        })?;
        Ok(rows.into_iter().map(event).collect())
    }
}

/// Returns an event of a page.
#[must_use]
pub fn on_page(page: &Page, seq: i64) -> Option<Arc<Event>> {
    let place = usize::try_from(seq.checked_sub(page.first()?.seq)?).ok()?;
    page.get(place).cloned()
}

/// The number before the page that an event is on.
fn page_before(seq: i64) -> i64 {
    (seq - 1).div_euclid(PAGE) * PAGE
}

fn event(row: EventRow) -> Arc<Event> {
    // Only the server writes events; one that it cannot read tells that there was one.
    let body: Body = serde_json::from_str(&row.body).unwrap_or_default();
    let EventRow { id, at, kind, customer_id, author_no, .. } = row;
    let (read_at, forms) = (Instant::now(), Forms::default());
    Arc::new(Event { seq: id, at, kind, customer: customer_id, actor: author_no, body, read_at, forms })
}
