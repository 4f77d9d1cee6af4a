//! The engine for more than one machine: a pool of PostgreSQL connections.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Postgres, Transaction};

/// How long a request waits for a free connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Engine {
    pool: PgPool,
}

impl Engine {
    pub async fn open(url: &str, connections: u32) -> sqlx::Result<Self> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("laidian")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let pool =
            PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE).connect_with(options).await?;
        Ok(Self { pool })
    }

    pub async fn reader(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        self.pool.acquire().await
    }

    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        self.pool.begin().await
    }

    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), MigrateError> {
        migrator.run(&self.pool).await
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}
