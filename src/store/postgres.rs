//! The engine for more than one machine: PostgreSQL, with a pool of connections for look-ups, one for searches and one
//! for writing. The writers of a company wait for each other; they must not keep the readers waiting, too.
//!
//! Each connection has a `statement_timeout`: what nobody waits for any more does not go on for ever.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, Postgres, Transaction};

use super::{Connections, uninterrupted};

/// How long a request waits for a free connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Engine {
    readers: PgPool,
    searchers: PgPool,
    writers: PgPool,
}

impl Engine {
    pub async fn open(url: &str, connections: &Connections) -> sqlx::Result<Self> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("laidian")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let within = |limit: Duration| options.clone().options([("statement_timeout", milliseconds(limit))]);
        let pool = |most| PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE);
        let readers = pool(connections.look_ups).connect_with(within(connections.statement)).await?;
        let searchers = pool(connections.searches).connect_lazy_with(within(connections.search));
        let writers = pool(connections.look_ups).connect_with(within(connections.statement)).await?;
        Ok(Self { readers, searchers, writers })
    }

    pub async fn searcher(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        self.searchers.acquire().await
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
    }
}

/// A time as PostgreSQL takes it; 0 would be none.
fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}
