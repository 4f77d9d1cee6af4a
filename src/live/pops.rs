//! Showing an agent who calls: at once, and once more where he was not there.
//!
//! What rings is shown before it is written down ([`Pops`](crate::ops::calls::pops::Pops)). Whoever begins to follow the
//! calls, or hears of a ringing that nobody has shown him — it was reported to another server — reads the calls that he is
//! on.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc::Receiver;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::task::AbortOnDropHandle;

use super::topic::Topic;
use crate::domain::catalogue::login_key;
use crate::domain::event::Event;
use crate::ops::calls::pops::Pop;
use crate::ops::{Backend, Caller};

/// Returns what an agent is shown of the calls that he is on.
pub type OpenPops = fn(Arc<Backend>, Arc<Caller>) -> BoxFuture<'static, Vec<Pop>>;

/// Calls that are remembered as shown.
const REMEMBERED: usize = 32;

/// What shows a socket who calls.
pub struct Popping {
    open_pops: OpenPops,
    /// The login key of whose socket it is.
    agent: String,
    told: Option<Receiver<Pop>>,
    shown: VecDeque<(Arc<str>, i64)>,
    waiting: VecDeque<Pop>,
    reading: Option<AbortOnDropHandle<Vec<Pop>>>,
    /// Whether there may be something that has not been read.
    is_behind: bool,
}

impl Popping {
    #[must_use]
    pub fn new(open_pops: OpenPops) -> Self {
        let (shown, waiting) = (VecDeque::new(), VecDeque::new());
        Self { open_pops, agent: String::new(), told: None, shown, waiting, reading: None, is_behind: false }
    }

    /// Shows who calls from now on, where the calls are among the topics, and what is open already.
    pub fn follow(&mut self, backend: &Backend, caller: &Caller, topics: &[Topic]) {
        let Some(operator) = caller.operator.as_ref().filter(|_| topics.contains(&Topic::Calls)) else { return };
        self.agent = login_key(&operator.login_no);
        self.told = Some(backend.pops.of(caller.company, &operator.login_no));
        self.shown.clear();
        self.is_behind = true;
    }

    /// Shows nothing more, where the calls are among the topics.
    pub fn leave(&mut self, topics: &[Topic]) {
        if topics.contains(&Topic::Calls) {
            self.told = None;
            self.waiting.clear();
            self.reading = None;
            self.is_behind = false;
        }
    }

    /// Takes note of an event that its socket is told.
    pub fn hear(&mut self, event: &Event) {
        if self.told.is_none() {
            return;
        }
        let Some(ring) = event.body.ring else { return };
        let text = |name: &str| event.body.more.get(name).and_then(Value::as_str);
        let whose = text("to").or(text("agent")).unwrap_or_default();
        // What rings at others is none of his, and nothing to be read for.
        if login_key(whose) == self.agent {
            self.is_behind |= !self.is_shown(text("callId").unwrap_or_default(), ring);
        }
    }

    fn is_shown(&self, call: &str, ring: i64) -> bool {
        self.shown.iter().any(|(shown, at)| **shown == *call && *at == ring)
    }

    /// What is to be shown next.
    pub fn poll_next(&mut self, backend: &Arc<Backend>, caller: &Arc<Caller>, cx: &mut Context<'_>) -> Poll<Utf8Bytes> {
        while let Some(Poll::Ready(Some(pop))) = self.told.as_mut().map(|told| told.poll_recv(cx)) {
            self.waiting.push_back(pop);
        }
        if self.is_behind && self.reading.is_none() {
            self.is_behind = false;
            let reading = tokio::spawn((self.open_pops)(backend.clone(), caller.clone()));
            self.reading = Some(AbortOnDropHandle::new(reading));
        }
        if let Some(reading) = &mut self.reading
            && let Poll::Ready(read) = Pin::new(reading).poll(cx)
        {
            self.reading = None;
            self.waiting.extend(read.unwrap_or_default());
            if self.is_behind {
                cx.waker().wake_by_ref();
            }
        }
        while let Some(pop) = self.waiting.pop_front() {
            if self.is_shown(&pop.call, pop.ringing_at) {
                continue;
            }
            self.shown.push_back((pop.call, pop.ringing_at));
            if self.shown.len() > REMEMBERED {
                self.shown.pop_front();
            }
            return Poll::Ready(pop.frame);
        }
        Poll::Pending
    }
}
