//! A transaction, of either engine.

use sqlx::Postgres;

use super::events::Hints;
use super::health::Health;
use super::sqlite;

/// A transaction of one company: reads what it wrote; nobody else does before it is committed.
pub struct Tx {
    work: Work,
    company: i64,
    health: Health,
    hints: Hints,
    /// Whether it has events.
    tells: bool,
}

pub(super) enum Work {
    Sqlite(sqlite::SqliteTx),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(work: Work, company: i64, health: Health, hints: Hints) -> Self {
        Self { work, company, health, hints, tells: false }
    }

    #[must_use]
    pub fn company(&self) -> i64 {
        self.company
    }

    pub(super) fn work(&mut self) -> &mut Work {
        &mut self.work
    }

    #[must_use]
    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.work, Work::Sqlite(_))
    }

    /// Takes note of a statement that failed.
    pub(super) fn note<T>(&self, done: sqlx::Result<T>) -> sqlx::Result<T> {
        done.inspect_err(|error| self.health.failed(error))
    }

    /// Stores what others are told, once this is committed.
    pub async fn insert_event(
        &mut self,
        id: i64,
        at: i64,
        kind: &str,
        customer: i64,
        author_no: &str,
        body: &str,
    ) -> sqlx::Result<u64> {
        self.tells = true;
        self.store_event(id, at, kind, customer, author_no, body).await
    }

    /// Returns once what was written survives a crash.
    pub async fn commit(self) -> sqlx::Result<()> {
        let done = match self.work {
            Work::Sqlite(tx) => tx.commit().await,
            Work::Postgres(tx) => tx.commit().await,
        };
        self.health.note(done.as_ref().err());
        if self.tells && done.is_ok() {
            self.hints.tell(self.company);
        }
        done
    }
}
