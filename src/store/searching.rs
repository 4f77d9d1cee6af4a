//! The connections that search, apart from those that look up: however long searches take, and however many there are,
//! a look-up finds a connection.
//!
//! A search has a bound of time, its wait for a connection included. When the bound is reached, or nobody waits for the
//! answer any more, the database stops working on it. Whoever searches much leaves half of the connections to others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use sqlx::error::ErrorKind;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who shares connections with whom: an operator, a program, or nobody in particular. Two who happen to have the same
/// number share a little too much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Asker(pub u64);

/// Why a search was given up.
#[derive(Debug)]
pub struct SearchTooLong;

impl fmt::Display for SearchTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the search took too long")
    }
}

impl std::error::Error for SearchTooLong {}

/// Who is searching, and for how long a search may go on.
#[derive(Clone)]
pub struct Searching {
    shares: Arc<DashMap<Asker, Arc<Semaphore>>>,
    /// The most searches of one asker at a time.
    share: usize,
    limit: Duration,
}

impl Searching {
    /// Shares so many connections, for so long each.
    #[must_use]
    pub fn new(connections: u32, limit: Duration) -> Self {
        let share = usize::try_from(connections / 2).unwrap_or(1).max(1);
        Self { shares: Arc::default(), share, limit }
    }

    /// Waits for what a search answers, but no longer than a search may take.
    pub async fn bounded<T>(&self, search: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        match tokio::time::timeout(self.limit, search).await {
            Ok(Err(error)) if is_interrupted(&error) || matches!(error, sqlx::Error::PoolTimedOut) => Err(too_long()),
            Ok(answered) => answered,
            Err(_) => Err(too_long()),
        }
    }

    /// Waits until this asker has fewer searches at work than his share.
    pub async fn share(&self, asker: Asker) -> sqlx::Result<Share> {
        let of_asker = self.shares.entry(asker).or_insert_with(|| Arc::new(Semaphore::new(self.share))).clone();
        let mut share = Share { shares: self.shares.clone(), asker, place: None };
        share.place = Some(of_asker.acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?);
        Ok(share)
    }
}

/// A search's place among those of its asker; it is free again when this is dropped.
pub struct Share {
    shares: Arc<DashMap<Asker, Arc<Semaphore>>>,
    asker: Asker,
    place: Option<OwnedSemaphorePermit>,
}

impl Drop for Share {
    fn drop(&mut self) {
        drop(self.place.take());
        // The entry is locked meanwhile, so nobody can take it up; one more has it while he waits.
        self.shares.remove_if(&self.asker, |_, of_asker| Arc::strong_count(of_asker) == 1);
    }
}

/// A connection of PostgreSQL that searches. Dropped before its statement has [ended](Self::ended), it makes the database
/// stop.
pub struct Searcher {
    /// Until it is dropped.
    conn: Option<PoolConnection<Postgres>>,
    /// The process to cancel, and who can tell it.
    process: i32,
    others: PgPool,
    _share: Share,
    has_ended: bool,
}

impl Searcher {
    /// Makes a connection one that searches; `others` are connections by which the database can be told to stop.
    pub async fn new(mut conn: PoolConnection<Postgres>, others: PgPool, share: Share) -> sqlx::Result<Self> {
        let process = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *conn).await?;
        Ok(Self { conn: Some(conn), process, others, _share: share, has_ended: false })
    }

    /// The connection, for its statement.
    pub(super) fn conn(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.conn.as_deref_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// Says that the database has answered.
    pub fn ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Searcher {
    fn drop(&mut self) {
        if !self.has_ended
            && let Some(conn) = self.conn.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (process, others) = (self.process, self.others.clone());
            runtime.spawn(async move {
                let cancelled = sqlx::query("select pg_cancel_backend($1)").bind(process).execute(&others).await;
                if let Err(error) = cancelled {
                    tracing::warn!(%error, "a search could not be cancelled; it ends by its statement_timeout");
                }
                // Not used again: nothing that comes later is cancelled in place of it.
                let _ = conn.close().await;
            });
        }
    }
}

fn too_long() -> sqlx::Error {
    sqlx::Error::AnyDriverError(Box::new(SearchTooLong))
}

/// Whether an error says that the database stopped a statement because of its time.
#[must_use]
pub fn is_interrupted(error: &sqlx::Error) -> bool {
    const SQLITE_INTERRUPT: &str = "9";
    const QUERY_CANCELED: &str = "57014";
    let Some(error) = error.as_database_error().filter(|error| error.kind() == ErrorKind::Other) else { return false };
    error.code().is_some_and(|code| code == SQLITE_INTERRUPT || code == QUERY_CANCELED)
}
