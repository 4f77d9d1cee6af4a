//! Whoever follows: which event is next, and what he is told.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::ReusableBoxFuture;

use super::push::told;
use super::subscription::{Begun, Change};
use super::topic::{MOST, Topic};
use super::viewer::Viewer;
use crate::domain::event::{COMPANY_CHANGED, Event};
use crate::error::Error;
use crate::ops::{Backend, Caller};
use crate::store::events::{History, Lost};

/// Events that are looked at one after another before others have their turn.
const IN_A_ROW: usize = 128;

/// What comes next for a socket.
pub enum Pushed {
    Frame(Bytes),
    /// It cannot be told what comes next: the client is to come back, and to read anew if need be.
    Lost,
}

/// A topic, and from which event on it was asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    topic: Topic,
    from: i64,
}

/// Topics that have come to the same event.
struct Stream {
    asked: Vec<Asked>,
    next: i64,
}

/// What a socket follows.
pub struct Follower {
    backend: Arc<Backend>,
    caller: Arc<Caller>,
    history: Arc<History>,
    epoch: Arc<str>,
    streams: Vec<Stream>,
    viewer: Option<Viewer>,
    more: ReusableBoxFuture<'static, watch::Receiver<i64>>,
    reading: Option<BoxFuture<'static, Result<Arc<Event>, Lost>>>,
    looking: Option<BoxFuture<'static, Result<Viewer, Error>>>,
    /// The event whose rights `viewer` has.
    rights_of: i64,
}

impl Follower {
    /// Follows what a subscription begins with.
    #[must_use]
    pub fn new(backend: Arc<Backend>, caller: Arc<Caller>, begun: Begun) -> Self {
        let more = ReusableBoxFuture::new(next(begun.history.watch()));
        let mut follower = Self {
            backend,
            caller,
            history: begun.history.clone(),
            epoch: begun.epoch.clone(),
            streams: Vec::new(),
            viewer: None,
            more,
            reading: None,
            looking: None,
            rights_of: 0,
        };
        follower.follow(begun);
        follower
    }

    /// Follows more, or less; `false` when nothing is left.
    pub fn change(&mut self, change: Change) -> bool {
        match change {
            Change::Follow(begun) => self.follow(begun),
            Change::Leave(topics) => {
                let is_left = |asked: &Asked| topics.is_empty() || topics.contains(&asked.topic);
                for stream in &mut self.streams {
                    stream.asked.retain(|asked| !is_left(asked));
                }
                self.streams.retain(|stream| !stream.asked.is_empty());
            }
        }
        !self.streams.is_empty()
    }

    /// How many topics there are.
    #[must_use]
    pub fn topics(&self) -> usize {
        self.streams.iter().map(|stream| stream.asked.len()).sum()
    }

    fn follow(&mut self, begun: Begun) {
        let Begun { topics, next, .. } = begun;
        // Asked for anew, from an earlier event or a later one.
        for stream in &mut self.streams {
            stream.asked.retain(|asked| !topics.contains(&asked.topic));
        }
        self.streams.retain(|stream| !stream.asked.is_empty());
        let room = MOST.saturating_sub(self.topics());
        let asked = topics.into_iter().take(room).map(|topic| Asked { topic, from: next }).collect();
        self.streams.push(Stream { asked, next });
        self.join();
        self.reading = None;
    }

    /// Makes one of streams that have come to the same event.
    fn join(&mut self) {
        self.streams.sort_by_key(|stream| stream.next);
        let mut joined: Vec<Stream> = Vec::with_capacity(self.streams.len());
        for stream in self.streams.drain(..) {
            match joined.last_mut() {
                Some(last) if last.next == stream.next => last.asked.extend(stream.asked),
                _ => joined.push(stream),
            }
        }
        self.streams = joined;
    }

    /// What is next, when there is something.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Pushed> {
        for _ in 0..IN_A_ROW {
            let Some(seq) = self.streams.first().map(|stream| stream.next) else { return Poll::Pending };
            if seq > self.history.last() {
                let seen = ready!(self.more.poll(cx));
                self.more.set(next(seen));
                continue;
            }
            let Ok(event) = ready!(self.poll_event(seq, cx)) else { return Poll::Ready(Pushed::Lost) };
            let Ok(()) = ready!(self.poll_rights(&event, cx)) else { return Poll::Ready(Pushed::Lost) };
            let frame = self.told(&event);
            self.pass(seq);
            if let Some(frame) = frame {
                return Poll::Ready(Pushed::Frame(frame));
            }
        }
        // The others have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_event(&mut self, seq: i64, cx: &mut Context<'_>) -> Poll<Result<Arc<Event>, Lost>> {
        if self.reading.is_none()
            && let Some(event) = self.history.recent(seq)
        {
            return Poll::Ready(Ok(event));
        }
        let history = &self.history;
        let reading = self.reading.get_or_insert_with(|| {
            let history = history.clone();
            Box::pin(async move { history.read(seq).await })
        });
        let event = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        Poll::Ready(event)
    }

    /// Sees to it that the rights are those of this event: what it takes away is not told any more.
    fn poll_rights(&mut self, event: &Event, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_stale = event.kind == COMPANY_CHANGED && self.rights_of < event.seq;
        if self.looking.is_none() {
            if self.viewer.is_some() && !is_stale {
                return Poll::Ready(Ok(()));
            }
            let (backend, caller) = (self.backend.clone(), self.caller.clone());
            let changed = is_stale.then(|| event.read_at.into());
            self.looking = Some(Box::pin(async move { Viewer::of(&backend, &caller, changed).await }));
        }
        let Some(looking) = &mut self.looking else { return Poll::Pending };
        let viewer = ready!(looking.as_mut().poll(cx));
        self.looking = None;
        self.viewer = Some(viewer?);
        self.rights_of = event.seq;
        Poll::Ready(Ok(()))
    }

    fn told(&self, event: &Event) -> Option<Bytes> {
        let viewer = self.viewer.as_ref()?;
        let wanted = |stream: &Stream, seq: i64| {
            stream.asked.iter().any(|asked| asked.from <= seq && asked.topic.holds(event, viewer))
        };
        let (now, later) = self.streams.split_first()?;
        // A topic that is further on has told it already.
        if !wanted(now, event.seq) || later.iter().any(|stream| wanted(stream, event.seq)) {
            return None;
        }
        told(event, viewer, &self.epoch)
    }

    fn pass(&mut self, seq: i64) {
        if let Some(first) = self.streams.first_mut() {
            first.next = seq + 1;
        }
        if self.streams.len() > 1 {
            self.join();
        }
    }
}

async fn next(mut last: watch::Receiver<i64>) -> watch::Receiver<i64> {
    // Whoever waits holds the history, so there will be more.
    let _ = last.changed().await;
    last
}
