//! One-time addresses of files: what HTTP sends at once, the socket is told an address for.

use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::unsync::Cache;
use uuid::Uuid;

use crate::ops::Caller;
use crate::ops::files::generated::Outgoing;

/// The most addresses that are kept; older ones are forgotten first.
const MOST: usize = 10_000;

/// The files that were asked for and not fetched yet.
pub struct Downloads {
    waiting: Mutex<Cache<Uuid, Download>>,
    seconds: u64,
}

/// A file to be made when it is fetched, with the rights of who asked for it.
#[derive(Clone)]
pub struct Download {
    pub caller: Caller,
    pub file: Arc<dyn Outgoing>,
    /// When the address ends to be good, microseconds.
    pub expires_at: i64,
}

impl Downloads {
    #[must_use]
    pub fn new(seconds: u64) -> Self {
        Self { waiting: Mutex::new(Cache::new(MOST)), seconds }
    }

    /// How long an address is good.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Returns the token under which the file can be fetched, once.
    pub fn offer(&self, download: Download) -> Uuid {
        let token = Uuid::new_v4();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(token, download);
        token
    }

    /// Returns the file of this token, which is used up by that; `None` also when it is too late.
    pub fn take(&self, token: Uuid, now: i64) -> Option<Download> {
        let (_, download) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&token)?;
        (now < download.expires_at).then_some(download)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::files::uploads::Kept;

    #[test]
    fn an_address_is_good_once_and_not_too_late() {
        let downloads = Downloads::new(60);
        let file = Arc::new(Kept { id: "0".to_owned(), name: "x.xlsx".to_owned(), headers: Vec::new() });
        let download = Download { caller: Caller::system(1054), file, expires_at: 100 };
        let token = downloads.offer(download.clone());
        assert!(downloads.take(token, 99).is_some());
        assert!(downloads.take(token, 99).is_none(), "twice");
        let token = downloads.offer(download);
        assert!(downloads.take(token, 100).is_none(), "too late");
    }
}
