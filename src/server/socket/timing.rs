//! What is due at its time.

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{CONTROL_HEAD, CloseCode, End, Socket, Stall};

impl Socket {
    /// Something is due: closes, pings, and sets the next time.
    pub(super) fn on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let config = &self.shared.config.socket;
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.timers.sign_in_due) {
            return Err(End::Close(CloseCode::NotSignedIn));
        }
        if due(self.timers.pong_due) {
            // While frames are left unread, the answer may be among them.
            if self.may_read() {
                return Err(End::Close(CloseCode::NoPong));
            }
            self.timers.pong_due = Some(now + config.pong());
        }
        if let Some(stall) = self.timers.stall.filter(|stall| due(Some(stall.since + config.pong()))) {
            let written = self.wire.get_ref().metered().written();
            if written == stall.written {
                return Err(End::Close(CloseCode::NotReading));
            }
            // Slow, but it reads.
            self.timers.stall = Some(Stall { since: now, written });
        }
        if due(config.idle().map(|idle| self.timers.last_frame + idle)) {
            return Err(End::Close(CloseCode::Idle));
        }
        if self.timers.next_ping <= now {
            self.timers.next_ping = now + config.ping();
            self.timers.ping_waits = true;
            self.unflushed += CONTROL_HEAD;
            self.write_message(Message::Ping(Bytes::new()));
        }
        self.wake_up.as_mut().reset(self.timers.next_due(&self.shared));
        Ok(())
    }
}
