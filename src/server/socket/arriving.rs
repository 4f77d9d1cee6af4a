//! A message on its way: how much of it has come, and whether that is too much.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio_tungstenite::tungstenite::error::CapacityError;

use super::{Event, Socket};
use crate::config::{AuthMode, LARGEST_MESSAGE};
use crate::server::CloseCode;

/// The most that a message may be on the wire, bytes: fragments without end would be no message too large, if they
/// are empty.
const LARGEST_ON_WIRE: usize = 2 * LARGEST_MESSAGE;
/// What comes before the bytes of a message that is not in many pieces.
const FRAME_HEADS: usize = 256;
/// What is read of a message before it is seen how much of it there is, bytes.
pub const PORTION: u64 = 16 * 1024;

impl Socket {
    /// The next frame; an error also when what has come of it is too much. It is read in portions, so that a client that
    /// sends fast is looked at, too.
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            let polled = Pin::new(&mut self.wire).poll_next(cx);
            let received = self.wire.get_ref().metered().received();
            if let Poll::Ready(frame) = polled {
                self.received_before = received;
                self.unfinished.hold(0);
                self.wire.get_mut().metered_mut().go_on(PORTION);
                return Poll::Ready(Event::Frame(frame));
            }
            let unfinished = usize::try_from(received - self.received_before).unwrap_or(usize::MAX);
            if unfinished > self.largest_on_wire() {
                let error = CapacityError::MessageTooLong { size: LARGEST_MESSAGE, max_size: LARGEST_MESSAGE };
                return Poll::Ready(Event::Frame(Some(Err(error.into()))));
            }
            if !self.unfinished.hold(unfinished) {
                self.shared.metrics.limited("[limits] unfinished_bytes");
                return Poll::Ready(Event::Ended(CloseCode::Crowded));
            }
            let metered = self.wire.get_mut().metered_mut();
            if !metered.is_stopped() {
                return Poll::Pending;
            }
            metered.go_on(PORTION);
        }
    }

    /// The most that a message may be on the wire. Who has not signed in has no use for a large one.
    fn largest_on_wire(&self) -> usize {
        let is_nobody = self.caller.is_none() && self.shared.config.auth.mode == AuthMode::Token;
        if is_nobody { self.shared.config.limits.frame_bytes + FRAME_HEADS } else { LARGEST_ON_WIRE }
    }
}
