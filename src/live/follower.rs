//! Whoever follows: which event is next, and what he is told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::ReusableBoxFuture;
use tokio_util::task::AbortOnDropHandle;

use super::pops::{OpenPops, Popping};
use super::push::told;
use super::subscription::Begun;
use super::topic::{MOST, Topic};
use super::viewer::{Viewer, Wanted};
use crate::domain::event::{COMPANY_CHANGED, Event, WATCH};
use crate::error::Error;
use crate::ops::{Backend, Caller};
use crate::protocol::close::CloseCode;
use crate::store::events::{History, Lost, Page, on_page};

/// Events that are looked at one after another before others have their turn.
const IN_A_ROW: usize = 128;

/// What comes next for a socket.
pub enum Pushed {
    Frame(Utf8Bytes),
    /// Nothing more can be told here, and why.
    End(CloseCode),
}

/// There would be more than [`MOST`] topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

type Task<T> = AbortOnDropHandle<T>;

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
    /// Tasks of their own: others wait for what they read, and a socket that is not read from polls nothing.
    reading: Option<Task<Result<Page, Lost>>>,
    /// The page that he has come to of what he missed.
    page: Option<Page>,
    looking: Option<Task<Result<Viewer, Error>>>,
    /// The event whose rights `viewer` has.
    rights_of: i64,
    /// Shows who calls, once the calls are followed.
    popping: Popping,
}

impl Follower {
    /// Follows what a subscription begins with.
    #[must_use]
    pub fn new(backend: Arc<Backend>, caller: Arc<Caller>, begun: Begun, open_pops: OpenPops) -> Self {
        let mut popping = Popping::new(open_pops);
        popping.follow(&backend, &caller, &begun.topics);
        let more = ReusableBoxFuture::new(next(begun.history.watch()));
        let Begun { history, epoch, topics, next } = begun;
        let asked = topics.into_iter().map(|topic| Asked { topic, from: next }).collect();
        Self {
            backend,
            caller,
            history,
            epoch,
            streams: vec![Stream { asked, next }],
            viewer: None,
            more,
            reading: None,
            page: None,
            looking: None,
            rights_of: 0,
            popping,
        }
    }

    /// Whether it is told by the rights of this one.
    #[must_use]
    pub fn is_of(&self, caller: &Caller) -> bool {
        self.caller.is_same_as(caller)
    }

    /// Goes on with a sign-in of the same one that lasts longer.
    pub fn renew(&mut self, caller: Arc<Caller>) {
        self.caller = caller;
    }

    /// Follows these, too, some of them from another event than before.
    pub fn follow(&mut self, begun: Begun) -> Result<(), TooMany> {
        let Begun { topics, next, .. } = begun;
        let others = self.streams.iter().flat_map(|stream| &stream.asked);
        let others = others.filter(|asked| !topics.contains(&asked.topic)).count();
        if others + topics.len() > MOST {
            return Err(TooMany);
        }
        if topics.contains(&Topic::Watched) {
            self.viewer = None;
        }
        self.leave(&topics);
        self.popping.follow(&self.backend, &self.caller, &topics);
        let asked = topics.into_iter().map(|topic| Asked { topic, from: next }).collect();
        self.streams.push(Stream { asked, next });
        self.join();
        self.reading = None;
        Ok(())
    }

    /// Follows these no more; `false` when nothing is left.
    pub fn leave(&mut self, topics: &[Topic]) -> bool {
        self.popping.leave(topics);
        for stream in &mut self.streams {
            stream.asked.retain(|asked| !topics.contains(&asked.topic));
        }
        self.streams.retain(|stream| !stream.asked.is_empty());
        !self.streams.is_empty()
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
        if let Poll::Ready(frame) = self.popping.poll_next(&self.backend, &self.caller, cx) {
            return Poll::Ready(Pushed::Frame(frame));
        }
        for _ in 0..IN_A_ROW {
            let Some(seq) = self.streams.first().map(|stream| stream.next) else { return Poll::Pending };
            if seq > self.history.last() {
                let seen = ready!(self.more.poll(cx));
                self.more.set(next(seen));
                continue;
            }
            let Ok(event) = ready!(self.poll_event(seq, cx)) else {
                return Poll::Ready(Pushed::End(CloseCode::LostTrack));
            };
            if let Err(error) = ready!(self.poll_rights(&event, cx)) {
                let is_nobody = matches!(error, Error::NotSignedIn { .. });
                let why = if is_nobody { CloseCode::SignInWithdrawn } else { CloseCode::LostTrack };
                return Poll::Ready(Pushed::End(why));
            }
            let frame = self.told(&event);
            if frame.is_some() {
                self.popping.hear(&event);
            }
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
        if self.reading.is_none() {
            if let Some(event) = self.page.as_ref().and_then(|page| on_page(page, seq)) {
                return Poll::Ready(Ok(event));
            }
            self.page = None;
            if let Some(event) = self.history.recent(seq) {
                return Poll::Ready(Ok(event));
            }
        }
        let history = &self.history;
        let reading = self.reading.get_or_insert_with(|| {
            let history = history.clone();
            AbortOnDropHandle::new(tokio::spawn(async move { history.page_of(seq).await }))
        });
        let page = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        self.page = page.ok().and_then(Result::ok);
        Poll::Ready(self.page.as_ref().and_then(|page| on_page(page, seq)).ok_or(Lost))
    }

    /// Sees to it that the rights are those of this event: what it takes away is not told any more.
    fn poll_rights(&mut self, event: &Event, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_stale = self.changes_rights(event) && self.rights_of < event.seq;
        if self.looking.is_none() {
            if self.viewer.is_some() && !is_stale {
                return Poll::Ready(Ok(()));
            }
            let (backend, caller) = (self.backend.clone(), self.caller.clone());
            let mut topics = self.streams.iter().flat_map(|stream| &stream.asked).map(|asked| asked.topic);
            let wanted = if topics.any(|topic| topic == Topic::Watched) { Wanted::AlsoWatched } else { Wanted::Rights };
            let changed = (is_stale && event.kind == COMPANY_CHANGED).then(|| event.read_at.into());
            let looking = tokio::spawn(async move { Viewer::of(&backend, &caller, changed, wanted).await });
            self.looking = Some(AbortOnDropHandle::new(looking));
        }
        let Some(looking) = &mut self.looking else { return Poll::Pending };
        let viewer = ready!(Pin::new(looking).poll(cx));
        self.looking = None;
        self.viewer = Some(viewer.map_err(|cause| Error::internal(&cause))??);
        self.rights_of = event.seq;
        Poll::Ready(Ok(()))
    }

    /// Whether he may be told of others from this event on.
    fn changes_rights(&self, event: &Event) -> bool {
        let is_for_him = || match (&event.body.to, &self.viewer) {
            (Some(to), Some(viewer)) => viewer.is(to),
            _ => false,
        };
        event.kind == COMPANY_CHANGED || event.kind.starts_with(WATCH) && is_for_him()
    }

    fn told(&self, event: &Event) -> Option<Utf8Bytes> {
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
