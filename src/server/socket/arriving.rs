//! A message on its way: how much of it has come, and whether that is too much.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{Event, Socket};
use crate::config::{AuthMode, LARGEST_MESSAGE};
use crate::server::CloseCode;

/// The most that a message may be on the wire, bytes: fragments without end would be no message too large, if they
/// are empty.
const LARGEST_ON_WIRE: usize = 2 * LARGEST_MESSAGE;
/// What comes before the bytes of a message that is not in many pieces.
const FRAME_HEADS: usize = 256;
/// What stands before the bytes of a ping or pong.
const CONTROL_HEAD: u64 = 6;
/// What is read of a message before it is seen how much of it there is, bytes.
pub const PORTION: u64 = 16 * 1024;

impl Socket {
    /// The next frame; an error also when what has come of it is too much. It is read in portions, so that a client that
    /// sends fast is looked at, too.
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            let polled = Pin::new(&mut self.wire).poll_next(cx);
            let received = self.wire.get_ref().count();
            if let Poll::Ready(frame) = polled {
                self.wire.get_mut().metered_mut().go_on(PORTION);
                if let Some(Ok(Message::Ping(said) | Message::Pong(said))) = &frame {
                    // It may stand between the pieces of a message: what has come of that goes on to be held.
                    let behind = self.received_before + CONTROL_HEAD + said.len() as u64;
                    self.received_before = behind.min(received);
                } else {
                    self.received_before = received;
                }
                return Poll::Ready(self.hold(received).unwrap_or(Event::Frame(frame)));
            }
            if let Some(end) = self.hold(received) {
                return Poll::Ready(end);
            }
            let metered = self.wire.get_mut().metered_mut();
            if !metered.is_stopped() {
                return Poll::Pending;
            }
            metered.go_on(PORTION);
        }
    }

    /// Holds what has come of a message so far, or ends the socket when that is too much.
    fn hold(&mut self, received: u64) -> Option<Event> {
        let unfinished = usize::try_from(received - self.received_before).unwrap_or(usize::MAX);
        if unfinished > self.largest_on_wire() {
            let error = CapacityError::MessageTooLong { size: LARGEST_MESSAGE, max_size: LARGEST_MESSAGE };
            return Some(Event::Frame(Some(Err(error.into()))));
        }
        if !self.unfinished.hold(unfinished) {
            self.shared.metrics.limited("[limits] unfinished_bytes");
            return Some(Event::Ended(CloseCode::Crowded));
        }
        None
    }

    /// The most that a message may be on the wire. Who has not signed in has no use for a large one.
    fn largest_on_wire(&self) -> usize {
        if self.is_nobody() { self.shared.config.limits.frame_bytes + FRAME_HEADS } else { LARGEST_ON_WIRE }
    }

    /// Whether it is to sign in first.
    pub(super) fn is_nobody(&self) -> bool {
        self.caller.is_none() && self.shared.config.auth.mode == AuthMode::Token
    }
}
