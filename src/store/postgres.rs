//! The engine for more than one machine: PostgreSQL, with a pool of connections for look-ups, one for searches and one
//! for writing. The writers of a company wait for each other; they must not keep the readers waiting, too.
//!
//! Each connection has a `statement_timeout`: what nobody waits for any more does not go on for ever.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Postgres, Transaction};
use tokio::time::Instant;

use super::migrate::OpenError;
use super::{Connections, uninterrupted};

/// How long a request waits for a free connection before it fails, and a start for one to be made after [`SILENCE`].
const ACQUIRE: Duration = Duration::from_secs(10);
/// After this long without an answer, somebody is told.
const SILENCE: Duration = Duration::from_secs(1);
/// How long until a database that could not be reached is tried again.
const AGAIN: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Engine {
    readers: PgPool,
    searchers: PgPool,
    writers: PgPool,
    /// One to listen for new events, one to tell of them.
    hinting: PgPool,
}

impl Engine {
    pub async fn open(url: &str, connections: &Connections) -> Result<Self, OpenError> {
        let options = options(url)?;
        reach(&options, connections.wait).await?;
        Self::connect(&options, connections).await.map_err(OpenError::Connect)
    }

    async fn connect(options: &PgConnectOptions, connections: &Connections) -> sqlx::Result<Self> {
        let within = |limit: Duration| options.clone().options([("statement_timeout", milliseconds(limit))]);
        let pool = |most| PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE);
        let readers = pool(connections.look_ups).connect_with(within(connections.statement)).await?;
        let searchers = pool(connections.searches).connect_lazy_with(within(connections.search));
        let writers = pool(connections.look_ups).connect_with(within(connections.statement)).await?;
        let hinting = pool(2).connect_lazy_with(options.clone());
        Ok(Self { readers, searchers, writers, hinting })
    }

    pub async fn searcher(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        self.searchers.acquire().await
    }

    /// Connections by which servers tell each other of new events.
    pub fn hinting(&self) -> PgPool {
        self.hinting.clone()
    }

    /// Connections by which one that searches is told to stop.
    pub fn others(&self) -> PgPool {
        self.readers.clone()
    }

    pub async fn reader(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        self.readers.acquire().await
    }

    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        let writers = self.writers.clone();
        // A BEGIN that is dropped half way would leave its connection inside a transaction that nobody ends.
        uninterrupted(async move { writers.begin().await }).await
    }

    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), MigrateError> {
        // It takes as long as it takes.
        let mut conn = self.writers.acquire().await?.detach();
        conn.execute("set statement_timeout = 0").await?;
        migrator.run(&mut conn).await?;
        Ok(conn.close().await?)
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.searchers.close().await;
        self.writers.close().await;
        self.hinting.close().await;
    }
}

/// Reads an address, which must be PostgreSQL's.
pub fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    match url.split_once("://") {
        Some((scheme, _)) if !["postgres", "postgresql"].contains(&scheme) => {
            Err(OpenError::Scheme { scheme: scheme.chars().take(32).collect() })
        }
        _ => {
            let options = PgConnectOptions::from_str(url).map_err(OpenError::Connect)?;
            Ok(options.application_name("laidian").statement_cache_capacity(256).disable_statement_logging())
        }
    }
}

/// Where a database is, for people: without user and password.
pub fn place(options: &PgConnectOptions) -> String {
    let server = options.get_socket().map_or_else(
        || format!("{}:{}", options.get_host(), options.get_port()),
        |socket| socket.display().to_string(),
    );
    // Without a name it is the user's.
    format!("postgres://{server}/{}", options.get_database().unwrap_or(options.get_username()))
}

/// Returns once the database answers. Until then it is tried again and again; each time the log says why.
async fn reach(options: &PgConnectOptions, wait: Duration) -> Result<(), OpenError> {
    let (place, began) = (place(options), Instant::now());
    loop {
        let cause = match attempt(options, &place).await {
            Ok(conn) => return conn.close().await.map_err(OpenError::Connect),
            Err(cause) if may_pass(&cause) => cause,
            Err(cause) => return Err(OpenError::Connect(cause)),
        };
        let left = wait.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(OpenError::Unreachable { place, cause: cause.to_string(), seconds: began.elapsed().as_secs() });
        }
        tracing::warn!(database = place, %cause, seconds_left = left.as_secs(), "the database cannot be reached and is tried again");
        tokio::time::sleep(AGAIN.min(left)).await;
    }
}

async fn attempt(options: &PgConnectOptions, place: &str) -> sqlx::Result<PgConnection> {
    let connecting = options.connect();
    tokio::pin!(connecting);
    if let Ok(done) = tokio::time::timeout(SILENCE, connecting.as_mut()).await {
        return done;
    }
    tracing::warn!(database = place, "the database does not answer");
    let silent = |_| sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer"));
    tokio::time::timeout(ACQUIRE, connecting).await.map_err(silent)?
}

/// Whether it may be well in a moment: the server is not there yet, starts, or has no connection free.
fn may_pass(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_) => true,
        // See "PostgreSQL Error Codes", appendix A: insufficient resources, operator intervention.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("53") || code.starts_with("57P"))
        }
        _ => false,
    }
}

/// A time as PostgreSQL takes it; 0 would be none.
fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}
