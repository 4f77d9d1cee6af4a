//! What a socket is told as it happens.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{CloseCode, IN_A_ROW, Socket};
use crate::config::AuthMode;
use crate::dialects::calls::open_pops;
use crate::live::{Change, Follower, Pushed};
use crate::ops::Caller;

impl Socket {
    /// Tells the client what there is to tell, while it takes it; ready when nothing more can be told, with the reason.
    pub(super) fn poll_push(&mut self, cx: &mut Context<'_>) -> Poll<CloseCode> {
        for _ in 0..IN_A_ROW {
            let is_open = !self.draining && !self.signing_in && self.unflushed < self.most_queued();
            let Some(live) = self.live.as_mut().filter(|_| is_open) else { return Poll::Pending };
            match ready!(live.poll_next(cx)) {
                Pushed::Frame(frame) => {
                    self.shared.metrics.pushed();
                    self.send_text(frame);
                }
                Pushed::End(why) => return Poll::Ready(why),
            }
        }
        // They leave together, and others have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
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
                self.live = Some(Box::new(Follower::new(self.shared.backend.clone(), caller, begun, open_pops)));
            }
            (Some(mut live), Change::Leave(topics)) => self.live = live.leave(&topics).then_some(live),
            (_, Change::Leave(_) | Change::LeaveAll) => {}
        }
        true
    }
}
