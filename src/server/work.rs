//! The requests of one socket: reads run side by side up to a bound, writes one after another.
//!
//! A write may hold the one writer, for which everybody else waits. It is therefore a task of its own, which goes on
//! whatever the socket is doing; a read is polled by the socket, and costs no task. Most reads are done when they are
//! polled first, and wait for nothing.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use futures_util::stream::FuturesUnordered;
use tokio_util::task::AbortOnDropHandle;

use super::Shared;
use super::requests::{Answer, Request, Unanswered};

type Working = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a socket has accepted and not answered yet.
pub struct Work {
    /// Answers of reads that waited for nothing.
    answered: VecDeque<Answer>,
    /// Requests that are carried out side by side, and those that wait for them.
    reads: FuturesUnordered<Working>,
    waiting: VecDeque<Request>,
    /// The write (or login) that is being carried out, and those that wait for it.
    write: Option<(AbortOnDropHandle<Answer>, Unanswered)>,
    writes: VecDeque<Request>,
    /// The most reads that are carried out at a time: every answer is held until it is sent.
    side_by_side: usize,
    /// Bytes of all their frames.
    held: usize,
}

impl Work {
    #[must_use]
    pub fn new(shared: &Shared) -> Self {
        Self {
            answered: VecDeque::new(),
            reads: FuturesUnordered::new(),
            waiting: VecDeque::new(),
            write: None,
            writes: VecDeque::new(),
            // Two for each connection to the database: one is carried out, the next is ready.
            side_by_side: 2 * usize::try_from(shared.config.database.connections).unwrap_or(1),
            held: 0,
        }
    }

    /// How many requests are not answered yet.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.answered.len()
            + self.reads.len()
            + self.waiting.len()
            + self.writes.len()
            + usize::from(self.write.is_some())
    }

    /// What their frames take, bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Whether no write (or login) is left.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.write.is_none() && self.writes.is_empty()
    }

    /// Lets go of everything that is not answered: nobody is there for the answers.
    pub fn abandon(&mut self) {
        self.answered.clear();
        self.reads.clear();
        self.waiting.clear();
        self.write = None;
        self.writes.clear();
    }

    pub fn accept(&mut self, request: Request) {
        self.held += request.size();
        let queue = if request.is_write() { &mut self.writes } else { &mut self.waiting };
        queue.push_back(request);
    }

    /// Begins what is next.
    pub fn begin(&mut self, shared: &Arc<Shared>) {
        while self.answered.len() + self.reads.len() < self.side_by_side
            && let Some(request) = self.waiting.pop_front()
        {
            let mut read: Working = Box::pin(request.answer(shared.clone()));
            // Who waits after all is asked again by the task of the socket.
            match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => self.answered.push_back(answer),
                Poll::Pending => self.reads.push(read),
            }
        }
        if self.write.is_none()
            && let Some(request) = self.writes.pop_front()
        {
            let unanswered = request.unanswered();
            self.write = Some((AbortOnDropHandle::new(tokio::spawn(request.answer(shared.clone()))), unanswered));
        }
    }

    /// The next answer.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        if let Some((write, unanswered)) = &mut self.write
            && let Poll::Ready(answer) = Pin::new(write).poll(cx)
        {
            let answer = answer.unwrap_or_else(|cause| unanswered.failed(&cause));
            self.write = None;
            self.held -= answer.size;
            return Poll::Ready(answer);
        }
        if let Some(answer) = self.answered.pop_front() {
            self.held -= answer.size;
            return Poll::Ready(answer);
        }
        if let Poll::Ready(Some(answer)) = Pin::new(&mut self.reads).poll_next(cx) {
            self.held -= answer.size;
            return Poll::Ready(answer);
        }
        Poll::Pending
    }
}
