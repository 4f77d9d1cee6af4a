//! One-time addresses of files: what HTTP sends at once, the socket is told an address for.

use std::time::Duration;

use moka::future::Cache;
use uuid::Uuid;

use super::Caller;
use super::export::Export;

/// The most addresses that are kept; older ones are forgotten first.
const MOST: u64 = 10_000;

/// The files that were asked for and not fetched yet.
pub struct Downloads {
    waiting: Cache<Uuid, Download>,
    seconds: u64,
}

/// A file to be made when it is fetched, with the rights of who asked for it.
#[derive(Clone)]
pub struct Download {
    pub caller: Caller,
    pub export: Export,
}

impl Downloads {
    #[must_use]
    pub fn new(seconds: u64) -> Self {
        Self {
            waiting: Cache::builder().max_capacity(MOST).time_to_live(Duration::from_secs(seconds)).build(),
            seconds,
        }
    }

    /// How long an address is good.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Returns the token under which the file can be fetched, once.
    pub async fn offer(&self, download: Download) -> Uuid {
        let token = Uuid::new_v4();
        self.waiting.insert(token, download).await;
        token
    }

    /// Returns the file of this token, which is used up by that.
    pub async fn take(&self, token: Uuid) -> Option<Download> {
        self.waiting.remove(&token).await
    }
}
