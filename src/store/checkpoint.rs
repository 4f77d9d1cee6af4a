//! Moves the log of the embedded engine into the database file, on a connection and in a task of its own.
//!
//! SQLite does that by itself within a commit, and all writers would wait for it: the pages, and the disk twice. Beside
//! them, it keeps nobody waiting. But a log that is written to without a pause is never moved wholly and would grow for
//! ever, so once it is long, the last pages are moved in the writer's place, and it begins anew.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// So many pages are moved at a time.
const PAGES: i64 = 1000;
/// A log of so many pages is to begin anew: 16 MiB.
const MOST: i64 = 4096;
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
pub struct Checkpoints(Arc<AbortOnDropHandle<()>>);

impl Checkpoints {
    /// Begins with what an earlier process has left in the log, and goes on whenever something is `written`. The
    /// connection gives up on others after [`PATIENCE`].
    pub fn begin(conn: SqliteConnection, writer: impl Rest, written: Arc<Notify>) -> Self {
        written.notify_one();
        let mover = Mover { conn, writer, written };
        Self(Arc::new(AbortOnDropHandle::new(tokio::spawn(mover.run()))))
    }

    /// Ends the task.
    pub fn end(&self) {
        self.0.abort();
    }
}

struct Mover<W> {
    conn: SqliteConnection,
    writer: W,
    written: Arc<Notify>,
}

/// How many pages the log has since it began, and how many of these are in the database file.
#[derive(Debug, Clone, Copy, Default)]
struct Log {
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

    async fn checkpoint(&mut self, mode: &str) -> sqlx::Result<Log> {
        let sql = AssertSqlSafe(format!("pragma wal_checkpoint({mode})"));
        let (_, pages, moved): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(&mut self.conn).await?;
        Ok(Log { pages, moved })
    }
}
