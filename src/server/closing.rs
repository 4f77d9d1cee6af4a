//! A close with 1014, which tungstenite takes for no code at all.
//!
//! 1014 (bad gateway) is registered like 1012 and 1013, and proxies close with it. tungstenite 0.30 knows the two but
//! not the third: it tells its caller of a protocol violation, and queues that as its answer, where nobody can change
//! it. So a connection keeps the end of what its client has sent, and where that was a close with 1014, the queued
//! answer leaves as a close with 1014, too.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::metered::Metered;
use super::stream::Connection;

const BAD_GATEWAY: u16 = 1014;
/// What tungstenite says to a client whose code it does not know.
const VIOLATION: &str = "Protocol violation";
/// What is said instead. As many bytes, because the place is taken already.
const ANSWER: &[u8; 22] = b"\x88\x14\x03\xf6closed by the peer";
/// The head of a masked control frame, and the most that stands behind it, bytes.
const HEAD: usize = 6;
const LONGEST: usize = HEAD + 125;

/// The connection of a socket.
pub struct Closing {
    connection: Connection,
    /// The end of what the client has sent.
    received: [u8; LONGEST],
    /// How much of it is there.
    length: usize,
    /// All bytes of frames that have come.
    count: u64,
    /// Whether what is written ends with [`ANSWER`].
    is_bad_gateway: bool,
}

impl Closing {
    /// `read` is what has come behind the handshake.
    #[must_use]
    pub fn new(connection: Connection, read: &[u8]) -> Self {
        let mut closing = Self { connection, received: [0; LONGEST], length: 0, count: 0, is_bad_gateway: false };
        closing.keep(read);
        closing
    }

    /// The stream below TLS.
    #[must_use]
    pub fn metered(&self) -> &Metered {
        self.connection.metered()
    }

    /// The same, to be told how much it may read.
    pub fn metered_mut(&mut self) -> &mut Metered {
        self.connection.metered_mut()
    }

    /// Bytes of frames that the client has sent: what stands around them on the way, such as TLS, does not count.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Hears of a close as tungstenite understood it, before its answer is written.
    pub fn heard(&mut self, close: Option<&CloseFrame>) {
        let is_refused =
            close.is_some_and(|close| close.code == CloseCode::Protocol && close.reason.as_str() == VIOLATION);
        self.is_bad_gateway = is_refused && last_code(self.received.get(..self.length)) == Some(BAD_GATEWAY);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.count += bytes.len() as u64;
        let bytes = bytes.get(bytes.len().saturating_sub(LONGEST)..).unwrap_or_default();
        let kept = self.length.min(LONGEST - bytes.len());
        self.received.copy_within(self.length - kept..self.length, 0);
        if let Some(place) = self.received.get_mut(kept..kept + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        self.length = kept + bytes.len();
    }
}

/// The code of the masked close frame that these bytes end with.
fn last_code(received: Option<&[u8]>) -> Option<u16> {
    let received = received?;
    (0..received.len()).find_map(|at| match received.get(at..)? {
        [0x88, length, first, second, _, _, high, low, ..]
            if usize::from(length ^ 0x80) + HEAD + at == received.len() =>
        {
            Some(u16::from_be_bytes([high ^ first, low ^ second]))
        }
        _ => None,
    })
}

impl AsyncRead for Closing {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.connection).poll_read(cx, buffer);
        self.keep(buffer.filled().get(before..).unwrap_or_default());
        read
    }
}

impl AsyncWrite for Closing {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.is_bad_gateway {
            return Pin::new(&mut self.connection).poll_write(cx, bytes);
        }
        // All that is left to be written is handed over at once, and nothing comes behind a close.
        let answer = ANSWER.get(ANSWER.len().saturating_sub(bytes.len())..).unwrap_or_default();
        let replies = bytes.get(..bytes.len() - answer.len()).unwrap_or_default();
        Pin::new(&mut self.connection).poll_write(cx, &[replies, answer].concat())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_the_last_close_frame_is_found() {
        let close = |code: u16, reason: &str| {
            let mask = [0x11, 0x88, 0x33, 0x82];
            let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
            let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
            let length = u8::try_from(payload.len()).unwrap();
            [0x88, 0x80 | length].into_iter().chain(mask).chain(masked).collect::<Vec<u8>>()
        };
        for reason in ["", "x", &"x".repeat(123)] {
            let frame = close(BAD_GATEWAY, reason);
            assert_eq!(last_code(Some(&frame)), Some(BAD_GATEWAY));
            let behind_others = [&close(1000, "bye"), frame.as_slice()].concat();
            assert_eq!(last_code(Some(&behind_others)), Some(BAD_GATEWAY));
            assert_eq!(last_code(frame.get(..frame.len() - 1)), None);
        }
        for nothing in [&[][..], &[0x88], &[0x88, 0x80, 0, 0, 0, 0], b"text"] {
            assert_eq!(last_code(Some(nothing)), None);
        }
        assert_eq!(last_code(Some(&close(1006, ""))), Some(1006));
    }
}
