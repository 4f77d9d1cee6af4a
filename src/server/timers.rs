//! When a socket has to be looked after though nothing comes.

use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use crate::config::AuthMode;

/// What a socket waits for.
pub struct Timers {
    pub next_ping: Instant,
    /// A ping waits to be flushed: only then can it be answered.
    pub ping_waits: bool,
    /// When the answer to the last ping is due.
    pub pong_due: Option<Instant>,
    pub sign_in_due: Option<Instant>,
    /// What was left of that when a sign-in was begun: the time stands still while the server works on it.
    sign_in_left: Option<Duration>,
    pub last_frame: Instant,
    /// Since when the client has not taken what waits for it, and how much it had taken before.
    pub stall: Option<Stall>,
}

#[derive(Clone, Copy)]
pub struct Stall {
    pub since: Instant,
    pub written: u64,
}

/// When a socket that is nobody has to have signed in.
pub fn sign_in_due(shared: &Shared, now: Instant) -> Option<Instant> {
    let auth = &shared.config.auth;
    (auth.mode == AuthMode::Token).then(|| now + Duration::from_secs(auth.sign_in_seconds))
}

impl Timers {
    /// The timers of a socket that opens, on which somebody has signed in already or not.
    #[must_use]
    pub fn new(shared: &Shared, is_signed_in: bool) -> Self {
        let now = Instant::now();
        Self {
            next_ping: now + shared.config.socket.ping(),
            ping_waits: false,
            pong_due: None,
            sign_in_due: if is_signed_in { None } else { sign_in_due(shared, now) },
            sign_in_left: None,
            last_frame: now,
            stall: None,
        }
    }

    /// A sign-in has begun.
    pub fn sign_in_begins(&mut self) {
        if let Some(due) = self.sign_in_due.take() {
            self.sign_in_left = Some(due.saturating_duration_since(Instant::now()));
        }
    }

    /// A sign-in has ended; the socket may still be nobody's.
    pub fn sign_in_ends(&mut self, is_signed_in: bool) {
        let left = self.sign_in_left.take();
        if is_signed_in {
            self.sign_in_due = None;
        } else if let Some(left) = left {
            self.sign_in_due = Some(Instant::now() + left);
        }
    }

    /// The first time at which something may be due.
    #[must_use]
    pub fn next_due(&self, shared: &Shared) -> Instant {
        let config = &shared.config.socket;
        let others = [
            self.pong_due,
            self.sign_in_due,
            self.stall.map(|stall| stall.since + config.pong()),
            config.idle().map(|idle| self.last_frame + idle),
        ];
        others.into_iter().flatten().fold(self.next_ping, Instant::min)
    }
}
