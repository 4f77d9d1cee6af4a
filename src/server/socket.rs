//! The loop of one socket.
//!
//! One task owns the socket. Whatever is ready is taken first: finished requests, then frames; only when
//! neither is, the replies gathered so far are flushed, so that many replies leave in one system call.
//! Reads run side by side up to a bound; writes one after another; a login alone.

mod arriving;
mod farewell;
mod telling;
mod timing;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{FutureExt, Sink, StreamExt};
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WireError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use super::closing::Closing;
use super::limits::{SocketRate, Verdict};
use super::requests::{self, Answer, Identity, Reading};
use super::session::Session;
use super::timers::{Stall, Timers, sign_in_due};
use super::unfinished::Unfinished;
use super::work::Work;
use super::{CloseCode, Shared, metrics};
use crate::config::LARGEST_MESSAGE;
use crate::error::Error;
use crate::live::Follower;
use crate::ops::Caller;
use crate::ops::work::viewing;
use crate::protocol::callback_id::CallbackId;

/// What a socket's buffers hold, bytes. Small, because most sockets are idle.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 64 * 1024;
/// What comes before the bytes of a control frame.
const CONTROL_HEAD: usize = 2;
/// Frames that are taken one after another before it is seen whether the socket is to end.
const IN_A_ROW: u32 = 64;
/// How a socket is set up.
#[must_use]
pub fn wire_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}

/// A socket at work.
pub struct Socket {
    shared: Arc<Shared>,
    session: Arc<Session>,
    wire: WebSocketStream<Closing>,
    caller: Option<Arc<Caller>>,
    rate: SocketRate,
    work: Work,
    /// A login is under way: no frame is read before it is known who sends it.
    signing_in: bool,
    /// Bytes handed to the wire since it was last flushed.
    unflushed: usize,
    /// Frames taken since something else was seen to.
    in_a_row: u32,
    /// Bytes received before the message that is being read.
    received_before: u64,
    /// What is held of a message that is on its way.
    unfinished: Unfinished,
    /// What is held of replies that somebody does not read who has not signed in.
    unread: Unfinished,
    timers: Timers,
    /// What it is told as it happens.
    live: Option<Box<Follower>>,
    wake_up: Pin<Box<Sleep>>,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    ending: Pin<Box<dyn Future<Output = CloseCode> + Send>>,
    draining: bool,
}

enum Event {
    Answered(Answer),
    Frame(Option<Result<Message, WireError>>),
    Flushed(Result<(), WireError>),
    Time,
    Shutdown,
    /// Somebody else has decided that it is to end.
    Ended(CloseCode),
    /// Everything accepted is answered and flushed.
    Drained,
}

/// Why the loop ended.
enum End {
    /// The client left or the connection broke: there is nobody to tell.
    Gone,
    Close(CloseCode),
}

/// Serves a socket until it ends.
pub async fn serve(mut socket: Box<Socket>) {
    let id = socket.session.id();
    tracing::debug!(socket = id, "socket opened");
    let end = socket.run().await;
    if let End::Close(code) = end {
        socket.shared.metrics.closed(code);
        tracing::info!(socket = id, code = code.code(), "socket closed by the server");
        socket.close(code).await;
    }
    viewing::gone(&socket.shared.backend, id);
    tracing::debug!(socket = id, "socket ended");
}

async fn cancelled(token: CancellationToken) {
    token.cancelled().await;
}

impl Socket {
    /// A socket that is to be served. In a box: a future would have it twice, where it is made and where it is at work.
    pub fn new(
        shared: Arc<Shared>,
        session: Session,
        wire: WebSocketStream<Closing>,
        caller: Option<Arc<Caller>>,
    ) -> Box<Self> {
        let timers = Timers::new(&shared, caller.is_some());
        let shutdown = Box::pin(cancelled(shared.shutdown.token()));
        let ending = Box::pin(session.ending().ended());
        let work = Work::new(&shared);
        let unfinished = shared.unfinished.of(session.address());
        let unread = shared.unfinished.of(session.address());
        let rate = SocketRate::new(&shared.config.limits);
        let wake_up = Box::pin(tokio::time::sleep_until(timers.next_due(&shared)));
        Box::new(Self {
            shared,
            session: Arc::new(session),
            wire,
            caller,
            rate,
            work,
            signing_in: false,
            unflushed: 0,
            in_a_row: 0,
            received_before: 0,
            unfinished,
            unread,
            timers,
            live: None,
            wake_up,
            shutdown,
            ending,
            draining: false,
        })
    }

    async fn run(&mut self) -> End {
        self.wire.get_mut().metered_mut().go_on(arriving::PORTION);
        loop {
            let handled = match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Answered(answer) => {
                    self.finish(answer);
                    Ok(())
                }
                Event::Frame(frame) => self.accept(frame),
                Event::Flushed(Ok(())) => {
                    self.flushed();
                    Ok(())
                }
                Event::Flushed(Err(_)) => Err(End::Gone),
                Event::Time => self.on_time(),
                Event::Shutdown => {
                    self.draining = true;
                    self.refuse_what_came();
                    Ok(())
                }
                Event::Ended(why) => Err(End::Close(why)),
                Event::Drained => Err(End::Close(CloseCode::GoingAway)),
            };
            if let Err(end) = handled {
                return end;
            }
        }
    }

    /// What happens next. The order matters: see the top of this file.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            // A client that never pauses must keep away neither its own end nor what it wants to be told.
            if let Poll::Ready(event) = self.poll_rest(cx) {
                return Poll::Ready(event);
            }
            if let Poll::Ready(why) = self.poll_push(cx) {
                return Poll::Ready(Event::Ended(why));
            }
        }
        if let Poll::Ready(answer) = self.work.poll_answer(cx) {
            return Poll::Ready(Event::Answered(answer));
        }
        if self.may_read()
            && let Poll::Ready(event) = self.poll_frame(cx)
        {
            self.in_a_row += 1;
            return Poll::Ready(event);
        }
        self.in_a_row = 0;
        if let Poll::Ready(why) = self.poll_push(cx) {
            return Poll::Ready(Event::Ended(why));
        }
        if self.unflushed > 0 {
            match Pin::new(&mut self.wire).poll_flush(cx) {
                Poll::Ready(done) => return Poll::Ready(Event::Flushed(done)),
                Poll::Pending => {
                    self.note_stall(cx);
                    if self.is_nobody() && !self.unread.hold(self.unflushed) {
                        self.shared.metrics.limited("[limits] unfinished_bytes");
                        return Poll::Ready(Event::Ended(CloseCode::Crowded));
                    }
                }
            }
        } else if self.draining && self.work.in_flight() == 0 {
            return Poll::Ready(Event::Drained);
        }
        self.poll_rest(cx)
    }

    /// What happens to a socket from outside, or by itself.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(why) = self.ending.as_mut().poll(cx) {
            return Poll::Ready(Event::Ended(why));
        }
        if !self.draining && self.shutdown.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::Shutdown);
        }
        // The runtime lets a task that reads without end wait for its timers, so the time is looked at, too.
        if self.wake_up.as_mut().poll(cx).is_ready() || self.wake_up.deadline() <= Instant::now() {
            return Poll::Ready(Event::Time);
        }
        Poll::Pending
    }

    /// Further frames stay with the client while enough is in flight or waits to be taken.
    fn may_read(&self) -> bool {
        let limits = &self.shared.config.limits;
        !self.draining
            && !self.signing_in
            && self.work.in_flight() < limits.in_flight
            && self.work.held() + self.unflushed < self.most_queued()
    }

    /// What may wait to be carried out and to be read, bytes. Who has not signed in needs room for one answer.
    fn most_queued(&self) -> usize {
        let limits = &self.shared.config.limits;
        if self.is_nobody() { limits.write_queue_bytes.min(limits.frame_bytes) } else { limits.write_queue_bytes }
    }

    fn flushed(&mut self) {
        self.unflushed = 0;
        self.unread.hold(0);
        self.timers.stall = None;
        self.begin();
        if std::mem::take(&mut self.timers.ping_waits) {
            self.timers.pong_due = Some(Instant::now() + self.shared.config.socket.pong());
            self.wake_up.as_mut().reset(self.timers.next_due(&self.shared));
        }
    }

    /// Answers the frames that have come and will not be carried out any more, so that their sender knows.
    fn refuse_what_came(&mut self) {
        let error = Error::ShuttingDown { retry_after_ms: self.shared.shutdown.retry_after_ms(self.session.id()) };
        while self.unflushed < self.most_queued() {
            match self.wire.next().now_or_never() {
                Some(Some(Ok(Message::Text(text)))) => {
                    self.send(requests::refusal(&CallbackId::salvage(&text), &error).into());
                }
                Some(Some(Ok(_))) => {}
                None if self.wire.get_ref().metered().is_stopped() => {}
                _ => break,
            }
            self.wire.get_mut().metered_mut().go_on(arriving::PORTION);
        }
    }

    fn note_stall(&mut self, cx: &mut Context<'_>) {
        if self.timers.stall.is_none() {
            self.timers.stall = Some(Stall { since: Instant::now(), written: self.wire.get_ref().metered().written() });
            self.wake_up.as_mut().reset(self.timers.next_due(&self.shared));
            // Registers the new time; it cannot be due yet.
            let _ = self.wake_up.as_mut().poll(cx);
        }
    }

    fn accept(&mut self, frame: Option<Result<Message, WireError>>) -> Result<(), End> {
        self.timers.pong_due = None;
        let message = match frame {
            None => return Err(End::Gone),
            Some(Err(error)) => return Err(self.end_of(&error)),
            Some(Ok(message)) => message,
        };
        let refused = if message.is_close() { None } else { self.count()? };
        match (message, refused) {
            (Message::Text(text), refused) => {
                self.timers.last_frame = Instant::now();
                match refused {
                    None => self.accept_text(text),
                    Some(error) => self.turn_away(&CallbackId::salvage(&text), &error),
                }
            }
            (Message::Binary(_), refused) => {
                self.timers.last_frame = Instant::now();
                let detail = "line 1, column 1: binary frames are not read, send text";
                let error = refused.unwrap_or_else(|| Error::FrameForm { detail: detail.into() });
                self.turn_away(&CallbackId::Absent, &error);
            }
            // tungstenite has queued the answer itself; flushing sends it.
            (Message::Ping(echoed), _) => self.unflushed += CONTROL_HEAD + echoed.len(),
            (Message::Close(close), _) => {
                self.wire.get_mut().heard(close.as_ref());
                self.unflushed += CONTROL_HEAD;
            }
            (Message::Pong(_) | Message::Frame(_), _) => {}
        }
        Ok(())
    }

    fn end_of(&mut self, error: &WireError) -> End {
        match error {
            WireError::Capacity(CapacityError::MessageTooLong { .. }) => {
                let error = Error::FrameTooLarge { limit: self.shared.config.limits.frame_bytes };
                self.turn_away(&CallbackId::Absent, &error);
                End::Close(CloseCode::TooBig)
            }
            WireError::Utf8(_) => End::Close(CloseCode::InvalidText),
            WireError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
            WireError::Protocol(_) => End::Close(CloseCode::ProtocolError),
            _ => End::Gone,
        }
    }

    /// Counts a message, whatever it is: pings and empty ones take their time, too. Returns why it is refused;
    /// at some point there is no answer any more.
    fn count(&mut self) -> Result<Option<Error>, End> {
        let mut verdict = self.rate.frame();
        if let (Verdict::Accepted, Some(caller)) = (&verdict, &self.caller)
            && let Err(error) = self.shared.rates.frame(caller)
        {
            verdict = self.rate.refused(error);
        }
        match verdict {
            Verdict::Accepted => Ok(None),
            Verdict::Refused(error) => Ok(Some(error)),
            Verdict::Flood => Err(End::Close(CloseCode::Flooding)),
        }
    }

    fn accept_text(&mut self, text: Utf8Bytes) {
        match requests::read(&self.shared, self.caller.as_ref(), &self.session, text) {
            Reading::Reply(reply) => self.send(reply.into()),
            Reading::Request(request) => {
                if request.decides_identity() {
                    self.signing_in = true;
                    self.timers.sign_in_begins();
                }
                self.work.accept(request);
                self.begin();
            }
        }
    }

    /// Begins what is next, unless enough answers wait for the client already.
    fn begin(&mut self) {
        if self.unflushed < self.most_queued() {
            self.work.begin(&self.shared);
        }
    }

    fn finish(&mut self, answer: Answer) {
        match answer.identity {
            Identity::Same => {}
            Identity::SignedIn(caller) => {
                if let Some(live) = &mut self.live {
                    live.renew(caller.clone());
                }
                self.caller = Some(caller);
            }
            Identity::Nobody => {
                self.session.signed_out();
                viewing::gone(&self.shared.backend, self.session.id());
                self.caller = None;
                self.live = None;
                self.timers.sign_in_due = sign_in_due(&self.shared, Instant::now());
            }
        }
        // Before anything is pushed, whoever asks has the answer.
        let refused = answer.live.and_then(|live| (!self.follow(live.caller, live.change)).then_some(live.refusal));
        self.send(refused.unwrap_or(answer.reply).into());
        self.begin();
        if self.signing_in && self.work.is_written() {
            self.signing_in = false;
            self.timers.sign_in_ends(self.caller.is_some());
            self.wake_up.as_mut().reset(self.timers.next_due(&self.shared));
        }
    }

    /// Refuses a frame that is not even read.
    fn turn_away(&mut self, callback_id: &CallbackId, error: &Error) {
        self.shared.metrics.turned_away(metrics::UNKNOWN, error);
        self.send(requests::refusal(callback_id, error).into());
    }

    fn send(&mut self, frame: Bytes) {
        // It is JSON that serde_json wrote, so this is text.
        if let Ok(text) = Utf8Bytes::try_from(frame) {
            self.send_text(text);
        }
    }

    fn send_text(&mut self, text: Utf8Bytes) {
        self.unflushed += text.len();
        self.write_message(Message::Text(text));
    }

    fn write_message(&mut self, message: Message) {
        // An error shows again at the flush, which ends the loop.
        let _ = Pin::new(&mut self.wire).start_send(message);
    }
}
