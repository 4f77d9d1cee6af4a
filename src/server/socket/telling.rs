//! What a socket is told as it happens.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::Socket;
use crate::config::AuthMode;
use crate::live::{Change, Follower, Pushed};
use crate::ops::Caller;

impl Socket {
    /// What the client is told next, while it takes what it is told.
    pub(super) fn poll_push(&mut self, cx: &mut Context<'_>) -> Poll<Pushed> {
        let is_open = !self.draining && !self.signing_in && self.unflushed < self.most_queued();
        match &mut self.live {
            Some(live) if is_open => live.poll_next(cx),
            _ => Poll::Pending,
        }
    }

    /// Is told something else from now on; `false` when that would be too much. Who has signed out meanwhile is told
    /// nothing.
    pub(super) fn follow(&mut self, caller: Arc<Caller>, change: Change) -> bool {
        let is_he = match &self.caller {
            Some(now) => now.is_same_as(&caller),
            None => self.shared.config.auth.mode == AuthMode::Open,
        };
        let live = self.live.take().filter(|live| live.is_of(&caller));
        match (live, change) {
            _ if !is_he => {}
            (Some(mut live), Change::Follow(begun)) => {
                let done = live.follow(begun);
                self.live = Some(live);
                return done.is_ok();
            }
            (None, Change::Follow(begun)) => {
                self.live = Some(Box::new(Follower::new(self.shared.backend.clone(), caller, begun)));
            }
            (Some(mut live), Change::Leave(topics)) => self.live = live.leave(&topics).then_some(live),
            (_, Change::Leave(_) | Change::LeaveAll) => {}
        }
        true
    }
}
