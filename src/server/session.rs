//! Who is connected: the registry of open sockets.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;
use tokio_util::sync::CancellationToken;

use crate::domain::catalogue::login_key;
use crate::error::Error;
use crate::ops::{Backend, Caller};

/// The open sockets of this server.
#[derive(Default)]
pub struct Sessions {
    next: AtomicU64,
    /// Counted apart from the map: a socket counts from before its handshake is answered.
    open: AtomicUsize,
    signed_in: DashMap<u64, SignedIn>,
}

/// Who a socket is, and how it is told that it is nobody any more.
struct SignedIn {
    caller: Arc<Caller>,
    withdrawn: CancellationToken,
}

impl Sessions {
    /// Counts a new socket in, unless there are `most` already.
    pub fn enter(self: &Arc<Self>, most: usize) -> Option<Session> {
        let entered =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < most).then_some(open + 1));
        entered.ok()?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        Some(Session { id, sessions: self.clone(), withdrawn: CancellationToken::new() })
    }

    /// Ends the sockets of operators who may not be signed in any more.
    pub async fn withdraw(&self, backend: &Backend) -> Result<(), Error> {
        if self.signed_in.is_empty() {
            return Ok(());
        }
        let disabled: HashSet<(i64, String)> =
            backend.store.disabled_staff().await?.into_iter().map(|row| (row.company_id, row.login_key)).collect();
        if disabled.is_empty() {
            return Ok(());
        }
        for entry in &self.signed_in {
            let Some(operator) = &entry.caller.operator else { continue };
            if disabled.contains(&(entry.caller.company, login_key(&operator.login_no))) {
                entry.withdrawn.cancel();
            }
        }
        Ok(())
    }
}

/// A socket's place in the registry; it leaves when this is dropped.
pub struct Session {
    id: u64,
    sessions: Arc<Sessions>,
    withdrawn: CancellationToken,
}

impl Session {
    /// A number of its own while the server runs.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Records who signed in.
    pub fn signed_in(&self, caller: Arc<Caller>) {
        self.sessions.signed_in.insert(self.id, SignedIn { caller, withdrawn: self.withdrawn.clone() });
    }

    /// Cancelled when whoever signed in may not be any more.
    #[must_use]
    pub fn withdrawn(&self) -> CancellationToken {
        self.withdrawn.clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.signed_in.remove(&self.id);
        self.sessions.open.fetch_sub(1, Ordering::AcqRel);
    }
}
