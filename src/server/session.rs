//! Who is connected: the registry of open sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;

use crate::ops::Caller;

/// The open sockets of this server.
#[derive(Default)]
pub struct Sessions {
    next: AtomicU64,
    /// Counted apart from the map: a socket counts from before its handshake is answered.
    open: AtomicUsize,
    /// Who each signed-in socket is.
    callers: DashMap<u64, Arc<Caller>>,
}

impl Sessions {
    /// Counts a new socket in, unless there are `most` already.
    pub fn enter(self: &Arc<Self>, most: usize) -> Option<Session> {
        let entered =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < most).then_some(open + 1));
        entered.ok()?;
        Some(Session { id: self.next.fetch_add(1, Ordering::Relaxed), sessions: self.clone() })
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }
}

/// A socket's place in the registry; it leaves when this is dropped.
pub struct Session {
    id: u64,
    sessions: Arc<Sessions>,
}

impl Session {
    /// A number of its own while the server runs.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Records who signed in.
    pub fn signed_in(&self, caller: Arc<Caller>) {
        self.sessions.callers.insert(self.id, caller);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.callers.remove(&self.id);
        self.sessions.open.fetch_sub(1, Ordering::AcqRel);
    }
}
