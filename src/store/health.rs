//! Whether the store takes what is written, found out before somebody needs it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::StorageFault;
use super::sqlite;

/// Below this much free space the disk counts as full: a group of writes and the database's log need some.
const RESERVE: u64 = 8 * 1024 * 1024;
/// For how long what was found out is good, so that whoever asks again and again writes nothing.
const GOOD: Duration = Duration::from_secs(1);
/// For how long a write that failed counts where no other write has been tried since.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How long a write that tries the disk waits for those before it. A writer at work is no fault.
const PATIENCE: Duration = Duration::from_secs(2);

/// When the file was written to last, to try it, and what came of it.
type Tried = (Instant, Option<StorageFault>);

/// What is known of the storage. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health {
    /// The fault of the last write and when it was, unless it was made.
    failed: Arc<std::sync::Mutex<Option<(Instant, StorageFault)>>>,
    tried: Arc<tokio::sync::Mutex<Option<Tried>>>,
}

impl Health {
    /// Takes note of a write that has failed.
    pub fn failed(&self, error: &sqlx::Error) {
        self.note(Some(error));
    }

    /// Takes note of how a write has ended.
    pub fn note(&self, error: Option<&sqlx::Error>) {
        let fault = match error.map(StorageFault::of) {
            None => None,
            Some(None | Some(StorageFault::Undone)) => return,
            Some(fault) => fault,
        };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = fault.map(|fault| (Instant::now(), fault));
    }

    /// The fault of the last write, if that was a moment ago.
    pub fn lately(&self) -> Option<StorageFault> {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, fault)| fault)
    }

    /// Tries to write to the file in this folder, unless that was tried a moment ago.
    pub async fn of_file(&self, engine: &sqlite::Engine, folder: PathBuf) -> sqlx::Result<Option<StorageFault>> {
        let mut tried = self.tried.lock().await;
        if let Some((_, known)) = tried.filter(|(at, _)| at.elapsed() < GOOD) {
            return Ok(known);
        }
        let fault = if free(folder).await? < RESERVE {
            Some(StorageFault::DiskFull)
        } else {
            self.try_to_write(engine).await?
        };
        *tried = Some((Instant::now(), fault));
        Ok(fault)
    }

    async fn try_to_write(&self, engine: &sqlite::Engine) -> sqlx::Result<Option<StorageFault>> {
        let Ok(done) = tokio::time::timeout(PATIENCE, engine.mark()).await else { return Ok(None) };
        self.note(done.as_ref().err());
        match done {
            Ok(()) => Ok(None),
            Err(error) => StorageFault::of(&error).map(Some).ok_or(error),
        }
    }
}

/// Free bytes for this user where this folder is.
async fn free(folder: PathBuf) -> sqlx::Result<u64> {
    // The disk may be one of the network.
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder)).await;
    let space = asked.map_err(|_| sqlx::Error::WorkerCrashed)?.map_err(std::io::Error::from)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}
