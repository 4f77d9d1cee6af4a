//! The least that a reply can cost: the ceiling C without its library.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::fixed_reply::ready;

const CLOSE: u8 = 8;
const TEXT: u8 = 1;

/// Answers every frame with the text of a file. What is left between this and C is the library's.
pub async fn codec(file: &Path) {
    let reply = std::fs::read(file).expect("the reply");
    let mut frame = vec![0x80 | TEXT, 126];
    frame.extend_from_slice(&u16::try_from(reply.len()).expect("a short reply").to_be_bytes());
    frame.extend_from_slice(&reply);
    let listener = ready().await;
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        tokio::spawn(answer_frames(stream, frame.clone()));
    }
}

async fn answer_frames(mut stream: TcpStream, reply: Vec<u8>) -> Option<()> {
    let (mut read, mut replies) = (Vec::with_capacity(4 * 1024), Vec::with_capacity(64 * 1024));
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&read).into_owned();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    let accept = derive_accept_key(key.trim().as_bytes());
    let head =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ";
    stream.write_all(format!("{head}{accept}\r\n\r\n").as_bytes()).await.ok()?;
    read.clear();
    loop {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let mut done = 0;
        while let Some(length) = unmask(&mut read[done..]) {
            if read[done] & 0x0f == CLOSE {
                return None;
            }
            done += length;
            replies.extend_from_slice(&reply);
        }
        read.drain(..done);
        stream.write_all(&replies).await.ok()?;
        replies.clear();
    }
}

/// Unmasks the first frame and returns its length, once all of it is there.
fn unmask(bytes: &mut [u8]) -> Option<usize> {
    let (begin, payload) = match bytes.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        short => (2, usize::from(short)),
    };
    let mask: [u8; 4] = bytes.get(begin..begin + 4)?.try_into().ok()?;
    let end = begin + 4 + payload;
    for (byte, mask) in bytes.get_mut(begin + 4..end)?.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some(end)
}
