//! The sockets of agents who want to be shown who calls, in this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::domain::catalogue::login_key;

/// What waits for a socket that does not keep up. One that has more reads them again when the events come.
const WAITING: usize = 8;

/// A call that rings at an agent, as he is shown it.
#[derive(Debug, Clone)]
pub struct Pop {
    pub call: Arc<str>,
    /// When it began to ring, microseconds: it may ring at him once more.
    pub ringing_at: i64,
    pub frame: Utf8Bytes,
}

/// A company, and the login key of one of its agents.
type Agent = (i64, String);

/// Who wants to be shown who calls.
#[derive(Debug, Default)]
pub struct Pops {
    sockets: Mutex<HashMap<Agent, Vec<Sender<Pop>>>>,
}

impl Pops {
    /// Returns what is shown to this agent from now on.
    #[must_use]
    pub fn of(&self, company: i64, login_no: &str) -> Receiver<Pop> {
        let (sender, receiver) = channel(WAITING);
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let of_agent = sockets.entry((company, login_key(login_no))).or_default();
        of_agent.retain(|other| !other.is_closed());
        of_agent.push(sender);
        receiver
    }

    /// Whether somebody is there to be shown it.
    #[must_use]
    pub fn wanted(&self, company: i64, login_no: &str) -> bool {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let of_agent = sockets.get(&(company, login_key(login_no)));
        of_agent.is_some_and(|of_agent| of_agent.iter().any(|socket| !socket.is_closed()))
    }

    /// Shows it to all sockets of this agent.
    pub fn show(&self, company: i64, login_no: &str, pop: &Pop) {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in sockets.get(&(company, login_key(login_no))).into_iter().flatten() {
            let _ = socket.try_send(pop.clone());
        }
    }

    /// Forgets agents who have no socket any more.
    pub fn tidy(&self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.retain(|_, of_agent| {
            of_agent.retain(|socket| !socket.is_closed());
            !of_agent.is_empty()
        });
    }
}
