//! What other processes write into the file: an import, a command of an administrator. What is answered from memory has to
//! be as they leave it, too.
//!
//! Nobody tells of it, but every change of a customer has an event. Whoever is about to answer from memory looks, every few
//! milliseconds, whether anybody has written; so does each group of our own, which no other can write beside. Then the
//! events tell whose customers are to be read again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use super::connection;
use super::indexes::Indexes;
use super::touched::Published;
use crate::store::records::Marks;
use crate::store::sqlite_error::fault;

/// How long may pass until is looked again. Another process waits for longer before it says that it is done.
const OFTEN: Duration = Duration::from_millis(10);
/// Customers whom others have changed that are read again in one go, some twenty milliseconds; where there are more, the
/// index is built anew.
const MOST: i64 = 1_000;

const LAST: &str = "select company_id, last_event from counter";
const NEXT: &str = "select id from event where company_id = $1 and id > $2 order by id limit 1";
const CHANGED: &str = "select distinct customer_id from event where company_id = $1 and id > $2 limit $3 + 0";

/// The statements: name, and the text twice.
pub const STATEMENTS: &[(&str, &str, &str)] =
    &[("last_events", LAST, LAST), ("next_event", NEXT, NEXT), ("changed_after", CHANGED, CHANGED)];

/// What others have written, as far as it was looked at.
pub struct Others {
    seen: Mutex<Seen>,
    marks: Arc<Marks>,
    indexes: Indexes,
    began: Instant,
    /// When was looked last, milliseconds since it began.
    looked: AtomicU64,
}

struct Seen {
    conn: Connection,
    version: i64,
    /// The last event of each company that is in memory.
    events: HashMap<i64, i64>,
}

/// Counts what other connections than this one have written.
pub fn version(conn: &Connection) -> sqlx::Result<i64> {
    let mut statement = conn.prepare_cached("pragma data_version").map_err(fault)?;
    statement.query_row([], |row| row.get(0)).map_err(fault)
}

impl Others {
    pub fn open(file: &Path, marks: Arc<Marks>, indexes: Indexes) -> sqlx::Result<Self> {
        let conn = connection::reading(file, Duration::ZERO)?;
        let seen = Mutex::new(Seen { conn, version: 0, events: HashMap::new() });
        Ok(Self { seen, marks, indexes, began: Instant::now(), looked: AtomicU64::new(0) })
    }

    /// Counts from now on; the tables must be there, and nothing in memory yet.
    pub fn begin(&self) -> sqlx::Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { conn, version: seen_version, events } = &mut *seen;
        *seen_version = version(conn)?;
        *events = last_events(conn)?.into_iter().collect();
        Ok(())
    }

    /// Reads again what others have written, unless that was looked for a moment ago.
    pub fn look(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let often = u64::try_from(OFTEN.as_millis()).unwrap_or(u64::MAX);
        if now < self.looked.load(Ordering::Relaxed).saturating_add(often) {
            return;
        }
        // A commit that is under way does it itself.
        let Some(_publishing) = self.indexes.try_publishing() else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match self.look_at(&mut seen) {
            Ok(()) => self.looked.store(now, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(%error, "what other processes have written could not be read; it is tried again");
            }
        }
    }

    fn look_at(&self, seen: &mut Seen) -> sqlx::Result<()> {
        let Seen { conn, version: seen_version, events } = seen;
        let now = version(conn)?;
        if now != *seen_version {
            self.catch_up(conn, events)?;
            *seen_version = now;
        }
        Ok(())
    }

    /// Takes note of a group of our own that is committed. Where others have written before it, what they wrote is read
    /// again. The caller holds [`Indexes::publishing`].
    pub fn committed(&self, conn: &mut Connection, published: Published, after_others: bool) -> sqlx::Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if after_others {
            self.catch_up(conn, &mut seen.events)?;
        }
        self.indexes.take_over(conn, published.customers);
        // Nobody else wrote meanwhile: up to here, all are known.
        seen.events.extend(published.events);
        Ok(())
    }

    fn catch_up(&self, conn: &mut Connection, events: &mut HashMap<i64, i64>) -> sqlx::Result<()> {
        for (company, last) in last_events(conn)? {
            let known = events.get(&company).copied().unwrap_or_default();
            if last <= known {
                continue;
            }
            self.marks.touch_all();
            match changed(conn, company, known)? {
                Some(customers) => self.indexes.take_over(conn, customers),
                None => self.indexes.forget(company),
            }
            events.insert(company, last);
        }
        Ok(())
    }
}

/// The last event of each company.
fn last_events(conn: &Connection) -> sqlx::Result<Vec<(i64, i64)>> {
    let mut statement = conn.prepare_cached(LAST).map_err(fault)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(fault)?;
    rows.collect::<rusqlite::Result<_>>().map_err(fault)
}

/// The customers who were changed after this event, each with his company; `None` where there are too many, or events are
/// forgotten.
fn changed(conn: &Connection, company: i64, known: i64) -> sqlx::Result<Option<Vec<(i64, i64)>>> {
    let mut next = conn.prepare_cached(NEXT).map_err(fault)?;
    let next: Option<i64> = next.query_row([company, known], |row| row.get(0)).optional().map_err(fault)?;
    if next != Some(known + 1) {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached(CHANGED).map_err(fault)?;
    let rows = statement.query_map([company, known, MOST], |row| Ok((company, row.get(0)?))).map_err(fault)?;
    let changed: Vec<(i64, i64)> = rows.collect::<rusqlite::Result<_>>().map_err(fault)?;
    Ok(i64::try_from(changed.len()).is_ok_and(|found| found < MOST).then_some(changed))
}
