//! Puts the terms of customers, which were put off, where searches find them.
//!
//! A customer has some 25 terms, all over the tree that holds them: written with the customer, they would be most of what
//! a create costs. So each customer's wait in one row, and those of thousands go in together in the order of the tree, a
//! portion at a time, beside the other writers. A search in the tables has them put in first; the
//! [indexes](super::indexes) in memory know them at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::readers::Readers;
use super::{SharedWriter, SqliteTx};
use crate::store::sqlite_error::fault;
use crate::store::{blocking, uninterrupted};

/// So many customers are waited for while there are writers.
const ENOUGH: i64 = 8192;
/// The most whose terms are put in in one go; they are in memory meanwhile, some kilobyte each.
const MOST: i64 = 2 * ENOUGH;
/// Terms in one portion, for which other writers wait: some five milliseconds.
const PORTION: usize = 2048;
/// Where nothing is written for so long, what there is is put in.
const PAUSE: Duration = Duration::from_secs(1);
/// How often is looked whether there is enough.
const OFTEN: Duration = Duration::from_millis(100);

const SPAN: &str =
    "select coalesce((select min(id) from pending_term), 0), coalesce((select max(id) from pending_term), 0)";
const NEXT: &str = "select id, company_id, customer_id, terms from pending_term where id > 0 order by id limit $1 + 0";
/// What was replaced or removed since it was read is not put in.
const PUT: &str = "insert into customer_term (company_id, term, customer_id) select $1, $2, $3
     where exists (select 1 from pending_term where id = $4) on conflict do nothing";
const DONE: &str = "delete from pending_term where id <= $1";

/// The statements: name, and the text twice.
pub const STATEMENTS: &[(&str, &str, &str)] = &[
    ("pending_span", SPAN, SPAN),
    ("next_pending", NEXT, NEXT),
    ("put_pending_term", PUT, PUT),
    ("pending_done", DONE, DONE),
];

/// The task that puts them in; it ends when this is dropped. Cheap to clone.
#[derive(Clone)]
pub struct PendingTerms {
    task: Arc<AbortOnDropHandle<()>>,
    merger: Merger,
}

/// A term of a customer whose terms wait in the row of this id; in the order of the tree.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    company: i64,
    term: String,
    customer: i64,
    id: i64,
}

/// The first and the last row that waits.
#[derive(Clone, Copy)]
struct Span {
    first: i64,
    last: i64,
}

impl PendingTerms {
    /// Begins with what an earlier process has left, and goes on whenever something is `written`.
    pub(super) fn begin(readers: Arc<Readers>, writer: SharedWriter, written: Arc<Notify>) -> Self {
        written.notify_one();
        let merger = Merger {
            readers,
            writer,
            one_at_a_time: Arc::default(),
            hurried: Arc::default(),
            is_ended: Arc::default(),
        };
        let task = tokio::spawn(merger.clone().run(written));
        Self { task: Arc::new(AbortOnDropHandle::new(task)), merger }
    }

    /// Returns once the terms are in their place that wait now.
    pub async fn settle(&self) -> sqlx::Result<()> {
        let Some(Span { last, .. }) = self.merger.span()? else { return Ok(()) };
        let _hurry = Hurry::new(&self.merger.hurried);
        while self.merger.span()?.is_some_and(|now| now.first <= last) {
            // A task of its own: who searches may not be polled for long, and a portion holds the writer.
            let merger = self.merger.clone();
            uninterrupted(async move { merger.merge().await }).await?;
        }
        Ok(())
    }

    /// Ends the task, once nothing is under way. What waits then is put in by whoever opens the file next.
    pub async fn end(&self) {
        self.merger.is_ended.store(true, Ordering::Relaxed);
        drop(self.merger.one_at_a_time.lock().await);
        self.task.abort();
    }
}

#[derive(Clone)]
struct Merger {
    readers: Arc<Readers>,
    writer: SharedWriter,
    one_at_a_time: Arc<Mutex<()>>,
    /// How many wait for it.
    hurried: Arc<AtomicUsize>,
    is_ended: Arc<AtomicBool>,
}

/// Somebody who waits, until it is dropped.
struct Hurry<'h>(&'h AtomicUsize);

impl<'h> Hurry<'h> {
    fn new(hurried: &'h AtomicUsize) -> Self {
        hurried.fetch_add(1, Ordering::Relaxed);
        Self(hurried)
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Merger {
    async fn run(self, written: Arc<Notify>) {
        loop {
            written.notified().await;
            loop {
                let is_pause = timeout(PAUSE, written.notified()).await.is_err();
                // A file that is not to be read or written just now is that not for ever.
                let Ok(span) = self.span() else { break };
                let Some(span) = span else { break };
                if is_pause || span.last - span.first >= ENOUGH {
                    if let Err(error) = self.merge().await {
                        if !matches!(error, sqlx::Error::PoolClosed) {
                            tracing::warn!(%error, "terms that wait could not be put in; it is tried with the next write");
                        }
                        break;
                    }
                } else {
                    sleep(OFTEN).await;
                }
            }
        }
    }

    fn span(&self) -> sqlx::Result<Option<Span>> {
        self.readers.look_up(|conn| {
            let mut statement = conn.prepare_cached(SPAN).map_err(fault)?;
            let span = |row: &rusqlite::Row<'_>| Ok(Span { first: row.get(0)?, last: row.get(1)? });
            let span = statement.query_row([], span).map_err(fault)?;
            Ok((span.last > 0).then_some(span))
        })
    }

    /// Whether there is more to come.
    fn go_on(&self) -> sqlx::Result<()> {
        if self.is_ended.load(Ordering::Relaxed) { Err(sqlx::Error::PoolClosed) } else { Ok(()) }
    }

    /// Puts in the terms of those who have waited longest.
    async fn merge(&self) -> sqlx::Result<()> {
        let _alone = self.one_at_a_time.lock().await;
        self.go_on()?;
        let readers = self.readers.clone();
        let (mut terms, last) = blocking(move || readers.look_up(|conn| next(conn))).await?;
        loop {
            self.go_on()?;
            let began = Instant::now();
            let rest = terms.split_off(terms.len().min(PORTION));
            let is_last = rest.is_empty();
            let mut tx = SqliteTx::begin(&self.writer).await?;
            tx = blocking(move || {
                put(tx.conn(), &terms)?;
                if is_last { done(tx.conn(), last).map(|()| tx) } else { Ok(tx) }
            })
            .await?;
            tx.commit().await?;
            if is_last {
                return Ok(());
            }
            terms = rest;
            // Half of the time is for others: other processes get their turn only where nobody writes.
            if self.hurried.load(Ordering::Relaxed) == 0 {
                sleep(began.elapsed()).await;
            }
        }
    }
}

/// Returns the terms of those who have waited longest, in the order of the tree, and the last row that they are from.
fn next(conn: &Connection) -> sqlx::Result<(Vec<Term>, i64)> {
    let mut statement = conn.prepare_cached(NEXT).map_err(fault)?;
    let mut rows = statement.query([MOST]).map_err(fault)?;
    let (mut terms, mut last) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(fault)? {
        let (id, company, customer) =
            (row.get(0).map_err(fault)?, row.get(1).map_err(fault)?, row.get(2).map_err(fault)?);
        let text = row.get_ref(3).map_err(fault)?.as_str().map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        let of_customer: Vec<String> = serde_json::from_str(text).map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        last = id;
        terms.extend(of_customer.into_iter().map(|term| Term { company, term, customer, id }));
    }
    terms.sort_unstable();
    Ok((terms, last))
}

fn put(conn: &Connection, terms: &[Term]) -> sqlx::Result<()> {
    let mut statement = conn.prepare_cached(PUT).map_err(fault)?;
    for Term { company, term, customer, id } in terms {
        statement.execute((company, term, customer, id)).map_err(fault)?;
    }
    Ok(())
}

fn done(conn: &Connection, last: i64) -> sqlx::Result<()> {
    conn.prepare_cached(DONE).and_then(|mut statement| statement.execute([last])).map_err(fault).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with the terms of five customers waiting.
    fn file() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        let schema = "create table customer (company_id integer, id integer, primary key (company_id, id));
            create table customer_term (company_id integer, term text, customer_id integer,
              primary key (company_id, term, customer_id)) without rowid;";
        conn.execute_batch(schema).unwrap();
        conn.execute_batch(include_str!("../../../schemas/sqlite/0025_pending_terms.sql")).unwrap();
        for customer in 1..=5 {
            conn.execute("insert into customer values (1, ?1)", [customer]).unwrap();
            wait(&conn, customer, &format!(r#"["old {customer}", "all"]"#));
        }
        conn
    }

    fn wait(conn: &Connection, customer: i64, terms: &str) {
        let put_off = "insert or replace into pending_term (company_id, customer_id, terms) values (1, ?1, ?2)";
        conn.execute(put_off, (customer, terms)).unwrap();
    }

    fn texts(conn: &Connection, sql: &str) -> Vec<String> {
        let mut statement = conn.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    fn in_place(conn: &Connection) -> Vec<String> {
        texts(conn, "select term || ' of ' || customer_id from customer_term order by 1")
    }

    #[test]
    fn terms_go_in_by_their_order_and_wait_no_more() {
        let conn = file();
        let (terms, last) = next(&conn).unwrap();
        assert!(terms.is_sorted() && terms.len() == 10);
        put(&conn, &terms).unwrap();
        // As after an end in the middle: the same once more.
        put(&conn, &terms).unwrap();
        done(&conn, last).unwrap();
        assert_eq!(in_place(&conn).len(), 10);
        assert_eq!(texts(&conn, "select terms from pending_term"), [""; 0]);
    }

    #[test]
    fn what_was_changed_or_removed_meanwhile_is_not_put_in() {
        let conn = file();
        let (terms, last) = next(&conn).unwrap();
        wait(&conn, 2, r#"["new 2", "all"]"#);
        conn.execute_batch("pragma foreign_keys = on; delete from customer where id in (1, 4)").unwrap();
        put(&conn, &terms).unwrap();
        done(&conn, last).unwrap();
        assert_eq!(in_place(&conn), ["all of 3", "all of 5", "old 3 of 3", "old 5 of 5"]);
        assert_eq!(texts(&conn, "select terms from pending_term"), [r#"["new 2", "all"]"#]);
        let (terms, last) = next(&conn).unwrap();
        put(&conn, &terms).unwrap();
        done(&conn, last).unwrap();
        assert_eq!(in_place(&conn), ["all of 2", "all of 3", "all of 5", "new 2 of 2", "old 3 of 3", "old 5 of 5"]);
    }
}
