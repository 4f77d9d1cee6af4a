//! Connections that read. A look-up runs at once, on the thread that asks, and takes no trip to another; a search, of
//! which nobody knows how long it takes, runs on a thread of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection;
use crate::store::blocking;
use crate::store::searching::Share;
use crate::store::sqlite_error::fault;

/// How long a reader waits for a file that is not to be read just now: another process recovers it, say.
const BUSY: Duration = Duration::from_secs(10);
/// Steps of SQLite's machine between two looks at whether it is to end; some 0.1 ms.
const STEPS: i32 = 10_000;

/// The connections that nobody uses now. There are never more than threads that read at the same time.
pub struct Readers {
    file: PathBuf,
    /// None once reading has ended.
    idle: Mutex<Option<Vec<Connection>>>,
    /// Places for searches.
    searches: Arc<Semaphore>,
}

impl Readers {
    /// Opens the first connection; so many may search at a time.
    pub fn open(file: PathBuf, searches: u32) -> sqlx::Result<Self> {
        let first = connection::reading(&file, BUSY)?;
        let searches = Arc::new(Semaphore::new(usize::try_from(searches).unwrap_or(1).max(1)));
        Ok(Self { file, idle: Mutex::new(Some(vec![first])), searches })
    }

    /// Looks up on one of them.
    pub fn look_up<T>(&self, work: impl FnOnce(&mut Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        let mut conn = self.take()?;
        let found = work(&mut conn);
        self.give_back(conn);
        found
    }

    /// Searches on one of them, once there is a place. When nobody waits for the answer any more, it ends; the `share` of
    /// who asks is taken up until then.
    pub async fn search<T: Send + 'static>(
        self: &Arc<Self>,
        share: Share,
        work: impl FnOnce(&mut Connection) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<T> {
        let place = self.searches.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let interrupt = Interrupt::default();
        let (is_ended, readers) = (interrupt.0.clone(), self.clone());
        let searched = blocking(move || {
            let _held = (share, place);
            readers.look_up(|conn| {
                conn.progress_handler(STEPS, Some(move || is_ended.load(Ordering::Relaxed))).map_err(fault)?;
                let found = work(conn);
                conn.progress_handler(0, None::<fn() -> bool>).map_err(fault)?;
                found
            })
        });
        searched.await
    }

    /// Ends all reading.
    pub fn close(&self) {
        self.searches.close();
        *self.idle() = None;
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> sqlx::Result<Connection> {
        let idle = self.idle().as_mut().ok_or(sqlx::Error::PoolClosed)?.pop();
        idle.map_or_else(|| connection::reading(&self.file, BUSY), Ok)
    }

    fn give_back(&self, conn: Connection) {
        if let Some(idle) = self.idle().as_mut() {
            idle.push(conn);
        }
    }
}

/// Ends a search when it is dropped.
#[derive(Default)]
struct Interrupt(Arc<AtomicBool>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
