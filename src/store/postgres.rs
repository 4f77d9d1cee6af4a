//! The engine for more than one machine: PostgreSQL, with a pool of connections for reading and one for
//! writing. The writers of a company wait for each other; they must not keep the readers waiting, too.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Postgres, Transaction};

use super::uninterrupted;

/// How long a request waits for a free connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Engine {
    readers: PgPool,
    writers: PgPool,
}

impl Engine {
    pub async fn open(url: &str, connections: u32) -> sqlx::Result<Self> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("laidian")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let pool = || PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
        let readers = pool().connect_with(options.clone()).await?;
        let writers = pool().connect_with(options).await?;
        Ok(Self { readers, writers })
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
        migrator.run(&self.writers).await
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}
