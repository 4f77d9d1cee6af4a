//! A client that costs little: frames are sent as they were prepared, and of replies only the heads are read.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::server::{Server, Speech};

/// Any mask will do; what is masked is the same.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const PING: u8 = 9;
const PONG: u8 = 10;
const TEXT: u8 = 1;
/// As much as comes with one read.
const BUFFER: usize = 64 * 1024;

/// A masked frame of text.
pub fn frame(text: &str) -> Vec<u8> {
    masked(TEXT, text.as_bytes())
}

fn masked(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | u8::try_from(short).expect("short")),
        length => {
            frame.push(0xfe);
            frame.extend_from_slice(&u16::try_from(length).expect("a short frame").to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

pub struct Socket {
    stream: TcpStream,
    speech: Speech,
    buffer: Vec<u8>,
    /// Where what was not read yet begins.
    begin: usize,
}

impl Socket {
    pub async fn open(server: &Server) -> Self {
        Self::open_from(server, "127.0.0.1".parse().expect("an address")).await
    }

    /// A socket from this address of ours: one has ports for some 28,000.
    pub async fn open_from(server: &Server, from: IpAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from, 0)).expect("bound");
        let stream = socket.connect(server.address).await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        let mut socket = Self { stream, speech: server.speech, buffer: Vec::new(), begin: 0 };
        if server.speech == Speech::WebSocket {
            socket.shake_hands(server).await;
        }
        socket
    }

    async fn shake_hands(&mut self, server: &Server) {
        let token = server.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{token}\r\n",
            server.address
        );
        self.send(head.as_bytes()).await;
        let end = loop {
            self.fill().await;
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
        };
        assert!(self.buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&self.buffer));
        self.begin = end;
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Waits for something to read, and reads it once.
    pub async fn fill(&mut self) {
        self.buffer.drain(..self.begin);
        self.begin = 0;
        self.buffer.reserve(BUFFER);
        let read = self.stream.read_buf(&mut self.buffer).await.expect("read");
        assert!(read > 0, "the server has closed");
    }

    /// The next reply of those that are there.
    pub async fn reply(&mut self) -> Option<&[u8]> {
        loop {
            let (kind, payload) = match self.speech {
                Speech::WebSocket => head(&self.buffer[self.begin..])?,
                Speech::Redis => (TEXT, bulk(&self.buffer[self.begin..])?),
            };
            let payload = self.begin + payload.start..self.begin + payload.end;
            // A text of Redis ends with a line.
            self.begin = payload.end + if self.speech == Speech::Redis { 2 } else { 0 };
            match kind {
                PING => {
                    let pong = masked(PONG, &self.buffer[payload]);
                    self.send(&pong).await;
                }
                TEXT => return Some(&self.buffer[payload]),
                other => panic!("a frame of kind {other}: {}", String::from_utf8_lossy(&self.buffer[payload])),
            }
        }
    }

    /// Sends a frame and waits for its reply.
    pub async fn ask(&mut self, frame: &[u8]) -> String {
        self.send(frame).await;
        loop {
            if let Some(reply) = self.reply().await {
                return String::from_utf8(reply.to_vec()).expect("text");
            }
            self.fill().await;
        }
    }
}

/// The kind of the first frame and where its payload is, once all of it is there.
fn head(bytes: &[u8]) -> Option<(u8, Range<usize>)> {
    let (begin, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let payload = begin..begin + length;
    (payload.end <= bytes.len()).then(|| (bytes[0] & 0x0f, payload))
}

/// Where the first text of Redis is, once all of it is there: `$3\r\nabc\r\n`.
fn bulk(bytes: &[u8]) -> Option<Range<usize>> {
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    assert_eq!(bytes[0], b'$', "{}", String::from_utf8_lossy(&bytes[..end]));
    let length = std::str::from_utf8(&bytes[1..end]).ok()?.parse::<usize>().expect("a length: the key is there");
    let payload = end + 2..end + 2 + length;
    (payload.end + 2 <= bytes.len()).then_some(payload)
}
