//! The embedded engine: one writer that groups commits, a fixed set of readers.
//!
//! A write transaction is a savepoint on the one writing connection. Whoever finishes releases the
//! savepoint and queues up for the connection again to commit; the lock is fair, so the writers that were
//! waiting do their work first, and the first of the finished ones to get the connection commits for all.
//! Under load many transactions share one fsync; alone, a transaction commits at once.
//!
//! Whoever asked may lose interest at any time: a socket closes, and its future is dropped. What opens,
//! releases, undoes and commits therefore runs in tasks of its own, so that no savepoint is ever left
//! between two states; only the work inside one can be dropped, and then it is undone.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, Sqlite, SqliteConnection};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::checkpoint::{self, Checkpoints, Rest};
use super::fault::StorageFault;
use super::{Connections, foreign, uninterrupted};

/// How long another process (an `admin` command, a backup) may hold the database before a writer gives up.
const BUSY: std::time::Duration = std::time::Duration::from_secs(10);
/// Statements kept prepared a connection; more than the number of fixed statements.
const PREPARED: usize = 256;

#[derive(Clone)]
pub struct Engine {
    readers: SqlitePool,
    searchers: SqlitePool,
    writer: SharedWriter,
    checkpoints: Checkpoints,
}

type SharedWriter = Arc<Mutex<Writer>>;

struct Writer {
    conn: SqliteConnection,
    /// Told of each commit.
    written: Arc<Notify>,
    state: State,
    fate: Fate,
}

/// What became of a group of transactions: unset while it is gathered, then whether it is on the disk, or why not.
type Fate = Arc<OnceLock<Result<(), StorageFault>>>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// No transaction is open.
    Idle,
    /// A group is open and every savepoint in it is released.
    Open,
    /// Somebody is inside a savepoint, or left it without finishing.
    Inside,
}

impl Engine {
    /// Opens the database file, which is made when it is missing.
    pub async fn open(file: &Path, connections: &Connections) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(PREPARED)
            // Not within commits: see `checkpoint.rs`.
            .pragma("wal_autocheckpoint", "0")
            .disable_statement_logging();
        let conn = options.connect().await?;
        let checkpointing = options.clone().busy_timeout(checkpoint::PATIENCE).connect().await?;
        // Never pinged and never closed: a file does not go away.
        let options = options.create_if_missing(false).read_only(true);
        let pool = |most| {
            let options = SqlitePoolOptions::new().max_connections(most);
            options.test_before_acquire(false).idle_timeout(None).max_lifetime(None)
        };
        let readers = pool(connections.look_ups).min_connections(connections.look_ups);
        let readers = readers.connect_with(options.clone()).await?;
        // Opened when somebody searches.
        let searchers = pool(connections.searches).connect_lazy_with(options);
        let written = Arc::new(Notify::new());
        let writer = Writer { conn, written: written.clone(), state: State::Idle, fate: Fate::default() };
        let writer = Arc::new(Mutex::new(writer));
        let checkpoints = Checkpoints::begin(checkpointing, writer.clone(), written);
        Ok(Self { readers, searchers, writer, checkpoints })
    }

    pub async fn reader(&self) -> sqlx::Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await
    }

    pub async fn searcher(&self) -> sqlx::Result<PoolConnection<Sqlite>> {
        self.searchers.acquire().await
    }

    /// Waits for the writing connection and opens a savepoint on it.
    pub async fn begin(&self) -> sqlx::Result<SqliteTx> {
        let writer = self.writer.clone().lock_owned().await;
        uninterrupted(self.clone().open_savepoint(writer)).await
    }

    async fn open_savepoint(self, mut writer: OwnedMutexGuard<Writer>) -> sqlx::Result<SqliteTx> {
        writer.recover().await?;
        let open = writer.state == State::Open;
        // Set before the statements: if one of them fails, the next transaction cleans up.
        writer.state = State::Inside;
        if !open {
            writer.conn.execute("begin immediate").await?;
        }
        writer.conn.execute("savepoint work").await?;
        Ok(SqliteTx { engine: self, writer })
    }

    /// Commits the group with this fate unless that has been done.
    async fn commit(&self, fate: Fate) -> sqlx::Result<()> {
        let mut writer = self.writer.lock().await;
        if fate.get().is_none() {
            writer.recover().await?;
        }
        match fate.get() {
            Some(Ok(())) => Ok(()),
            Some(Err(fault)) => Err((*fault).into()),
            None => writer.commit().await,
        }
    }

    /// Commits what is open, moves the log into the database file and closes the readers.
    pub async fn close(&self) -> sqlx::Result<()> {
        self.readers.close().await;
        self.searchers.close().await;
        self.checkpoints.end();
        self.writer.rest().await?.conn.execute("pragma wal_checkpoint(truncate)").await?;
        Ok(())
    }

    /// Writes into the file that it is ours, unless it says so. On a full disk that waits for another start.
    pub async fn claim(&self) -> sqlx::Result<()> {
        let query = sqlx::query_scalar::<Sqlite, i64>("pragma application_id");
        if query.fetch_one(&mut *self.reader().await?).await? == foreign::APPLICATION {
            return Ok(());
        }
        match self.mark().await {
            Err(error) if StorageFault::of(&error).is_none() => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes into the file, once more, that it is ours; returns once that is on the disk.
    pub async fn mark(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        tx.conn().execute(foreign::MARK).await?;
        tx.commit().await
    }

    /// Brings the schema up to date, on the writing connection.
    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), MigrateError> {
        let mut writer = self.writer.lock().await;
        migrator.run_direct(None, &mut writer.conn, false).await?;
        writer.written.notify_one();
        Ok(())
    }
}

impl Rest for SharedWriter {
    type Guard = OwnedMutexGuard<Writer>;

    /// Undoes an abandoned transaction, and commits the others of its group.
    async fn rest(&self) -> sqlx::Result<Self::Guard> {
        let mut writer = self.clone().lock_owned().await;
        writer.recover().await?;
        if writer.state == State::Open {
            writer.commit().await?;
        }
        Ok(writer)
    }
}

impl Writer {
    /// Undoes what a dropped transaction left behind.
    async fn recover(&mut self) -> sqlx::Result<()> {
        if self.state == State::Inside {
            if self.conn.execute("rollback to work; release work").await.is_err() {
                // The savepoint is not there: it was never set, or an error ended the whole transaction.
                // Closing the group is then the only state that is known.
                self.abandon(StorageFault::Undone).await;
            } else {
                self.state = State::Open;
            }
        }
        Ok(())
    }

    async fn commit(&mut self) -> sqlx::Result<()> {
        if let Err(error) = self.conn.execute("commit").await {
            self.abandon(StorageFault::of(&error).unwrap_or(StorageFault::Undone)).await;
            return Err(error);
        }
        self.close_group(Ok(()));
        self.written.notify_one();
        Ok(())
    }

    async fn abandon(&mut self, why: StorageFault) {
        // An error here means that there is no transaction any more, which is what is wanted.
        let _ = self.conn.execute("rollback").await;
        self.close_group(Err(why));
    }

    fn close_group(&mut self, fate: Result<(), StorageFault>) {
        let _ = std::mem::take(&mut self.fate).set(fate);
        self.state = State::Idle;
    }
}

/// A savepoint on the writing connection; dropped without [`commit`](Self::commit), it is undone.
pub struct SqliteTx {
    engine: Engine,
    writer: OwnedMutexGuard<Writer>,
}

impl SqliteTx {
    pub fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.writer.conn
    }

    /// Returns once the work is on the disk. It is committed even if nobody waits for the answer any more.
    pub async fn commit(self) -> sqlx::Result<()> {
        uninterrupted(self.release_and_commit()).await
    }

    async fn release_and_commit(mut self) -> sqlx::Result<()> {
        self.writer.conn.execute("release work").await?;
        self.writer.state = State::Open;
        let (engine, fate) = (self.engine.clone(), self.writer.fate.clone());
        drop(self);
        engine.commit(fate).await
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        // An open transaction keeps other processes from writing, so it is not left until the next write.
        if self.writer.state == State::Inside
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let writer = self.engine.writer.clone();
            runtime.spawn(async move {
                if let Err(error) = writer.rest().await {
                    tracing::error!(%error, "an abandoned transaction could not be undone");
                }
            });
        }
    }
}
