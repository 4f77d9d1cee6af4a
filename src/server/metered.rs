//! A stream that counts what the peer has sent and taken: a slow reader can then be told from one that does not
//! read, and a message that comes from one that never comes to its end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

pub struct Metered {
    stream: TcpStream,
    received: u64,
    /// When so much has been received, nothing more is read until the owner says so.
    stop_at: u64,
    is_stopped: bool,
    written: u64,
    /// How long the peer may take nothing before the stream ends; a socket sees to that itself.
    patience: Option<Duration>,
    /// When that is over, while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Its file handle among those that there are.
    _handle: OwnedSemaphorePermit,
}

impl Metered {
    #[must_use]
    pub fn new(stream: TcpStream, patience: Duration, handle: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            received: 0,
            stop_at: u64::MAX,
            is_stopped: false,
            written: 0,
            patience: Some(patience),
            stalled: None,
            _handle: handle,
        }
    }

    /// Leaves it to the owner to end a stream whose peer takes nothing.
    pub fn wait(&mut self) {
        self.patience = None;
        self.stalled = None;
    }

    /// Lets the peer send so much more.
    pub fn go_on(&mut self, bytes: u64) {
        self.stop_at = self.received.saturating_add(bytes);
        self.is_stopped = false;
    }

    /// Whether there may be more to read, and the owner has to say so.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Bytes that the machine has taken to be sent.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    fn count(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match (&written, self.patience) {
            (Poll::Ready(done), _) => {
                self.written += *done.as_ref().unwrap_or(&0) as u64;
                self.stalled = None;
            }
            (Poll::Pending, Some(patience)) => {
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                if stalled.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            (Poll::Pending, None) => {}
        }
        written
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.received >= self.stop_at {
            self.is_stopped = true;
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.received += (buffer.filled().len() - before) as u64;
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.count(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.count(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
