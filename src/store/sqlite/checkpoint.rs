//! Moves the log of the embedded engine into the database file, on a connection and a thread of its own.
//!
//! SQLite does that by itself within a commit, and all writers would wait for it: the pages, and the disk twice. Beside
//! them, it keeps nobody waiting. But a log that is written to without a pause is never moved wholly and would grow for
//! ever, so once it is long, the last pages are moved in the writer's place, and it begins anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::store::blocking;
use crate::store::sqlite_error::fault;

/// So many pages are moved at a time: what is written again and again meanwhile is moved once.
const PAGES: i64 = 4096;
/// A log of so many pages is to begin anew: 48 MiB.
const MOST: i64 = 12_288;
/// Where nothing is written for so long, what there is is moved.
const PAUSE: Duration = Duration::from_secs(1);
/// For how long writers may be kept waiting for a reader who still reads what is in the log.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// A writer that can be kept from writing.
pub trait Rest: Send + 'static {
    type Guard: Send;

    /// Returns the writer once it has nothing open; until that is dropped, nobody writes.
    fn rest(&self) -> impl Future<Output = sqlx::Result<Self::Guard>> + Send;
}

/// The task; it ends when this is dropped. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoints {
    task: Arc<AbortOnDropHandle<()>>,
    conn: Shared,
}

/// The connection, until the task is ended.
type Shared = Arc<Mutex<Option<Connection>>>;

impl Checkpoints {
    /// Begins with what an earlier process has left in the log, and goes on whenever something is `written`. The
    /// connection gives up on others after [`PATIENCE`].
    pub fn begin(conn: Connection, writer: impl Rest, written: Arc<Notify>) -> Self {
        written.notify_one();
        let conn = Arc::new(Mutex::new(Some(conn)));
        let mover = Mover { conn: conn.clone(), writer, written };
        Self { task: Arc::new(AbortOnDropHandle::new(tokio::spawn(mover.run()))), conn }
    }

    /// Ends the task, and closes its connection.
    pub async fn end(&self) -> sqlx::Result<()> {
        self.task.abort();
        let conn = self.conn.clone();
        blocking(move || {
            drop(conn.lock().unwrap_or_else(PoisonError::into_inner).take());
            Ok(())
        })
        .await
    }
}

struct Mover<W> {
    conn: Shared,
    writer: W,
    written: Arc<Notify>,
}

/// How many pages the log has since it began, and how many of these are in the database file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log {
    pages: i64,
    moved: i64,
}

impl<W: Rest> Mover<W> {
    async fn run(mut self) {
        let (mut before, mut is_moved) = (Log::default(), false);
        loop {
            if is_moved {
                self.written.notified().await;
                is_moved = false;
            }
            let is_pause = timeout(PAUSE, self.written.notified()).await.is_err();
            let Ok(log) = self.checkpoint("noop").await else { continue };
            // It may have begun anew.
            let new = if log.pages < before.pages { log.pages } else { log.pages - before.pages };
            if is_pause || new >= PAGES {
                // A disk that is full, or a reader who is in the way, is not there for ever.
                let Ok(log) = self.advance().await else { continue };
                (before, is_moved) = (log, log.moved >= log.pages);
            }
        }
    }

    async fn advance(&mut self) -> sqlx::Result<Log> {
        let log = self.checkpoint("passive").await?;
        if log.pages < MOST {
            return Ok(log);
        }
        // What was written meanwhile is less, and takes less time.
        self.checkpoint("passive").await?;
        let _at_rest = self.writer.rest().await?;
        self.checkpoint("restart").await
    }

    async fn checkpoint(&mut self, mode: &'static str) -> sqlx::Result<Log> {
        let conn = self.conn.clone();
        blocking(move || {
            let conn = conn.lock().unwrap_or_else(PoisonError::into_inner);
            checkpoint(conn.as_ref().ok_or(sqlx::Error::PoolClosed)?, mode)
        })
        .await
    }
}

/// Moves what a checkpoint of this mode moves.
pub fn checkpoint(conn: &Connection, mode: &'static str) -> sqlx::Result<Log> {
    let read = |row: &rusqlite::Row<'_>| Ok(Log { pages: row.get(1)?, moved: row.get(2)? });
    conn.query_row(&format!("pragma wal_checkpoint({mode})"), [], read).map_err(fault)
}
