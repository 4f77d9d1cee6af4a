//! What a socket is told as it happens.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::Socket;
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

    /// Is told something else from now on; whoever asks has the answer by then.
    pub(super) fn follow(&mut self, caller: Arc<Caller>, change: Change) {
        match (&mut self.live, change) {
            (Some(live), change) => {
                if !live.change(change) {
                    self.live = None;
                }
            }
            (None, Change::Follow(begun)) => {
                self.live = Some(Box::new(Follower::new(self.shared.backend.clone(), caller, begun)));
            }
            (None, Change::Leave(_)) => {}
        }
    }
}
