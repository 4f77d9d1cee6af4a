//! The embedded engine: one writer that groups commits, and readers.
//!
//! Statements run at once, on the thread that asks: a trip to another thread would cost more than most of them. Only what
//! waits for the disk runs elsewhere: commits, searches, and moving the log into the file.
//!
//! A write transaction is a savepoint on the one writing connection. Whoever finishes releases the
//! savepoint and queues up for the connection again to commit; the lock is fair, so the writers that were
//! waiting do their work first, and the first of the finished ones to get the connection commits for all.
//! Under load many transactions share one fsync; alone, a transaction commits at once.
//!
//! Whoever asked may lose interest at any time: a socket closes, and its future is dropped. What is released is committed
//! by a task of its own, and what is dropped before is undone.

mod checkpoint;
mod connection;
mod indexes;
mod migrating;
mod others;
mod pending_terms;
mod readers;
mod touched;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use sqlx::migrate::{MigrateError, Migrator};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::fault::StorageFault;
use super::records::Marks;
use super::searching::Share;
use super::sqlite_error::fault;
use super::{Connections, blocking, foreign, uninterrupted};
use checkpoint::{Checkpoints, Rest};
pub use connection::{execute, fetch};
use indexes::Indexes;
pub use indexes::{Figures, Index, Reading};
use others::Others;
pub use pending_terms::PendingTerms;
use readers::Readers;
use touched::Touched;

/// The statements of the engine's own: name, and the text twice.
pub fn statements() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    indexes::STATEMENTS.iter().chain(others::STATEMENTS).chain(pending_terms::STATEMENTS)
}

/// How long another process (an `admin` command, a backup) may hold the database before a writer gives up.
const BUSY: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Engine {
    readers: Arc<Readers>,
    writer: SharedWriter,
    checkpoints: Checkpoints,
    pending_terms: PendingTerms,
    indexes: Indexes,
    others: Arc<Others>,
}

type SharedWriter = Arc<Mutex<Writer>>;

struct Writer {
    conn: Connection,
    /// Those who are told of each commit.
    written: Written,
    touched: Touched,
    indexes: Indexes,
    others: Arc<Others>,
    /// How far others had written when a group was begun last, and whether they have since the one before.
    version: i64,
    after_others: bool,
    state: State,
    fate: Fate,
}

/// Those who have something to do now and then when something was written.
#[derive(Clone, Default)]
struct Written {
    checkpoints: Arc<Notify>,
    pending_terms: Arc<Notify>,
}

impl Written {
    fn tell(&self) {
        self.checkpoints.notify_one();
        self.pending_terms.notify_one();
    }
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
    /// Opens the database file, which is made when it is missing. The marks tell what was written.
    pub async fn open(file: &Path, connections: &Connections, marks: Arc<Marks>) -> sqlx::Result<Self> {
        let (file, searches, indexes) = (file.to_owned(), connections.searches, Indexes::new(connections.index));
        blocking(move || {
            let conn = connection::writing(&file, Duration::ZERO)?;
            let checkpointing = connection::writing(&file, checkpoint::PATIENCE)?;
            let others = Others::open(&file, marks.clone(), indexes.clone())?;
            Ok((Writer::new(conn, marks, indexes, others)?, checkpointing, Readers::open(file, searches)?))
        })
        .await
        .map(|(writer, checkpointing, readers)| {
            let (indexes, others, readers) = (writer.indexes.clone(), writer.others.clone(), Arc::new(readers));
            let Written { checkpoints, pending_terms } = writer.written.clone();
            let writer = Arc::new(Mutex::new(writer));
            let checkpoints = Checkpoints::begin(checkpointing, writer.clone(), checkpoints);
            let pending_terms = PendingTerms::begin(readers.clone(), writer.clone(), pending_terms);
            Self { readers, writer, checkpoints, pending_terms, indexes, others }
        })
    }

    /// What answers searches from memory.
    pub fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// Has what is in memory be as other processes have left the tables. Who answers from memory asks for it before.
    pub fn look_for_others(&self) {
        self.others.look();
    }

    /// Looks up, on this thread.
    pub fn look_up<T>(&self, work: impl FnOnce(&mut Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        self.readers.look_up(work)
    }

    /// Searches, on another; dropped, it ends.
    pub async fn search<T: Send + 'static>(
        &self,
        share: Share,
        work: impl FnOnce(&mut Connection) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<T> {
        self.readers.search(share, work).await
    }

    /// Waits for the writing connection and opens a savepoint on it.
    pub async fn begin(&self) -> sqlx::Result<SqliteTx> {
        SqliteTx::begin(&self.writer).await
    }

    /// Returns once what waits to be put into the terms is there: nothing that could be found by them is missing.
    pub async fn settle_terms(&self) -> sqlx::Result<()> {
        self.pending_terms.settle().await
    }

    /// Commits what is open, moves the log into the database file and closes the readers.
    pub async fn close(&self) -> sqlx::Result<()> {
        self.pending_terms.end().await;
        self.readers.close();
        self.checkpoints.end().await?;
        let writer = self.writer.rest().await?;
        blocking(move || checkpoint::checkpoint(&writer.conn, "truncate").map(drop)).await
    }

    /// Writes into the file that it is ours, unless it says so. On a full disk that waits for another start.
    pub async fn claim(&self) -> sqlx::Result<()> {
        let query = "pragma application_id";
        let application = self.look_up(|conn| conn.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(fault))?;
        if application == foreign::APPLICATION {
            return Ok(());
        }
        match self.mark().await {
            Err(error) if StorageFault::of(&error).is_none() => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes into the file, once more, that it is ours; returns once that is on the disk.
    pub async fn mark(&self) -> sqlx::Result<()> {
        let tx = self.begin().await?;
        tx.writer.batch(foreign::MARK)?;
        tx.commit().await
    }

    /// Brings the schema up to date, on the writing connection.
    pub async fn migrate(&self, migrator: Migrator) -> Result<(), MigrateError> {
        let mut writer = self.writer.clone().lock_owned().await;
        blocking(move || {
            let done = writer.waiting(|conn| migrating::migrate(conn, &migrator))?;
            writer.written.tell();
            if done.is_ok() {
                writer.touched.watch(&writer.conn)?;
                writer.others.begin()?;
            }
            Ok(done)
        })
        .await?
    }
}

impl Rest for SharedWriter {
    type Guard = OwnedMutexGuard<Writer>;

    /// Undoes an abandoned transaction, and commits the others of its group.
    async fn rest(&self) -> sqlx::Result<Self::Guard> {
        let mut writer = self.clone().lock_owned().await;
        writer.recover();
        if writer.state == State::Open {
            return blocking(move || writer.commit().map(|()| writer)).await;
        }
        Ok(writer)
    }
}

impl Writer {
    fn new(conn: Connection, marks: Arc<Marks>, indexes: Indexes, others: Others) -> sqlx::Result<Self> {
        let (touched, written, others) = (Touched::new(marks), Written::default(), Arc::new(others));
        let (version, state, fate) = (others::version(&conn)?, State::Idle, Fate::default());
        Ok(Self { conn, written, touched, indexes, others, version, after_others: false, state, fate })
    }

    fn batch(&self, sql: &str) -> sqlx::Result<()> {
        self.conn.execute_batch(sql).map_err(fault)
    }

    /// Begins a group; not while another process writes.
    fn begin(&mut self) -> sqlx::Result<bool> {
        match self.conn.execute_batch("begin immediate") {
            Ok(()) => self.note_others().map(|()| true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }

    /// The same once another process has written.
    fn wait_and_begin(&mut self) -> sqlx::Result<()> {
        self.waiting(|conn| conn.execute_batch("begin immediate"))?.map_err(fault)?;
        self.note_others()
    }

    /// Takes note of whether others have written; from here to the commit, nobody else does.
    fn note_others(&mut self) -> sqlx::Result<()> {
        let version = others::version(&self.conn)?;
        self.after_others |= version != self.version;
        self.version = version;
        Ok(())
    }

    /// Does something for which other processes are waited for.
    fn waiting<T>(&mut self, work: impl FnOnce(&mut Connection) -> T) -> sqlx::Result<T> {
        self.conn.busy_timeout(BUSY).map_err(fault)?;
        let done = work(&mut self.conn);
        self.conn.busy_timeout(Duration::ZERO).map_err(fault)?;
        Ok(done)
    }

    /// Undoes what a dropped transaction left behind.
    fn recover(&mut self) {
        if self.state == State::Inside {
            if self.batch("rollback to work; release work").is_err() {
                // The savepoint is not there: it was never set, or an error ended the whole transaction.
                // Closing the group is then the only state that is known.
                self.abandon(StorageFault::Undone);
            } else {
                self.state = State::Open;
            }
        }
    }

    fn commit(&mut self) -> sqlx::Result<()> {
        let indexes = self.indexes.clone();
        let publishing = indexes.publishing();
        if let Err(error) = self.batch("commit") {
            self.abandon(StorageFault::of(&error).unwrap_or(StorageFault::Undone));
            return Err(error);
        }
        // Before anybody is told that it is done.
        let published = self.touched.publish();
        let after_others = std::mem::take(&mut self.after_others);
        if let Err(error) = self.others.committed(&mut self.conn, published, after_others) {
            tracing::error!(%error, "what was committed could not be read again; the indexes are built anew");
            indexes.forget_all();
        }
        drop(publishing);
        self.close_group(Ok(()));
        self.written.tell();
        Ok(())
    }

    fn abandon(&mut self, why: StorageFault) {
        // An error here means that there is no transaction any more, which is what is wanted.
        let _ = self.batch("rollback");
        self.close_group(Err(why));
    }

    fn close_group(&mut self, fate: Result<(), StorageFault>) {
        let _ = std::mem::take(&mut self.fate).set(fate);
        self.state = State::Idle;
    }
}

/// A savepoint on the writing connection; dropped without [`commit`](Self::commit), it is undone.
pub struct SqliteTx {
    shared: SharedWriter,
    writer: OwnedMutexGuard<Writer>,
}

impl SqliteTx {
    async fn begin(shared: &SharedWriter) -> sqlx::Result<Self> {
        let mut writer = shared.clone().lock_owned().await;
        writer.recover();
        let is_open = writer.state == State::Open;
        writer.state = State::Inside;
        // From here on, what is dropped is undone: by an error, or because nobody waits any more.
        let mut tx = Self { shared: shared.clone(), writer };
        if !is_open && !tx.writer.begin()? {
            tx = blocking(move || tx.writer.wait_and_begin().map(|()| tx)).await?;
        }
        tx.writer.batch("savepoint work")?;
        Ok(tx)
    }

    pub fn conn(&mut self) -> &mut Connection {
        &mut self.writer.conn
    }

    /// Returns once the work is on the disk. It is committed even if nobody waits for the answer any more.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.writer.batch("release work")?;
        self.writer.state = State::Open;
        let (shared, fate) = (self.shared.clone(), self.writer.fate.clone());
        drop(self);
        uninterrupted(commit(shared, fate)).await
    }
}

/// Commits the group with this fate unless that has been done.
async fn commit(shared: SharedWriter, fate: Fate) -> sqlx::Result<()> {
    let mut writer = shared.lock_owned().await;
    if fate.get().is_none() {
        writer.recover();
    }
    match fate.get() {
        Some(Ok(())) => Ok(()),
        Some(Err(fault)) => Err((*fault).into()),
        None => blocking(move || writer.commit()).await,
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        // An open transaction keeps other processes from writing, so it is not left until the next write.
        if self.writer.state == State::Inside
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let writer = self.shared.clone();
            runtime.spawn(async move {
                if let Err(error) = writer.rest().await {
                    tracing::error!(%error, "an abandoned transaction could not be undone");
                }
            });
        }
    }
}
