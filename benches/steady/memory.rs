//! Memory: of clients that are nobody yet, of sockets that are idle, of a server that has just started.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::{KIB, Server, Socket, by, show};

/// Sockets that announce a large message and do not finish it.
pub async fn before_sign_in() {
    println!("memory: 2,500 sockets of one address announce 1 MiB and send 1,000 KiB of it");
    let folder = tempfile::tempdir().expect("a folder");
    let server =
        Server::start(folder.path(), 100, &[("LAIDIAN_AUTH_MODE", "token"), ("LAIDIAN_AUTH_SIGN_IN_SECONDS", "60")]);
    let before = server.memory();
    let mut most = before;
    let mut sockets = Vec::new();
    for number in 0..2500 {
        let Some(mut socket) = Socket::open(server.address, "127.0.0.2").await else { continue };
        let mut bytes = vec![0x81, 0x80 | 0x7f];
        bytes.extend_from_slice(&(1_u64 << 20).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.resize(1000 * KIB, b' ');
        let sending = socket.0.get_mut().write_all(&bytes);
        let _ = tokio::time::timeout(Duration::from_secs(2), sending).await;
        sockets.push(socket);
        if number % 50 == 0 {
            most = most.max(server.memory());
        }
    }
    most = most.max(server.memory());
    println!("  anonymous memory {before} MiB before, {most} MiB at the most");
    let mut other = Socket::open(server.address, "127.0.0.1").await.expect("a socket");
    let asked = Instant::now();
    assert_eq!(other.ask(&json!({"action": "ping"})).await.expect("a reply")["code"], 1000);
    println!("  a ping of another address is answered after {:.2} ms", asked.elapsed().as_secs_f64() * 1e3);
}

/// A masked frame with a mask of zeros.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short frame");
    let mut frame = vec![head, 0x80 | 0x7e];
    if let Ok(short @ ..126) = u8::try_from(length) {
        frame[1] = 0x80 | short;
    } else {
        frame.extend_from_slice(&length.to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// The same message in pieces, with a ping between each; and answers that nobody reads.
pub async fn pieces_and_unread() {
    let token = [("LAIDIAN_AUTH_MODE", "token"), ("LAIDIAN_AUTH_SIGN_IN_SECONDS", "60")];
    println!("memory: 300 sockets that are not signed in");
    let mut pieces = frame(0x01, &[b' '; 8000]);
    for _ in 0..124 {
        pieces.extend(frame(0x89, b"x"));
        pieces.extend(frame(0x00, &[b' '; 8000]));
    }
    let ping = frame(0x81, json!({"action": "ping", "callbackId": "x".repeat(60 * KIB)}).to_string().as_bytes());
    for (what, bytes) in
        [("1 MB in pieces with pings between", pieces), ("40 answers of 60 KB unread", ping.repeat(40))]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(folder.path(), 100, &token);
        let (mut most, mut sockets) = (0, Vec::new());
        for _ in 0..300 {
            let Some(mut socket) = Socket::open(server.address, "127.0.0.2").await else { continue };
            let _ = tokio::time::timeout(Duration::from_millis(200), socket.0.get_mut().write_all(&bytes)).await;
            sockets.push(socket);
            most = most.max(server.memory());
        }
        println!("  {what:<36} {most:>5} MiB at the most");
    }
}

/// A start, an empty process, and sockets that wait.
pub async fn idle() {
    const SOCKETS: usize = 2000;
    println!("idle: 20 starts of an existing database; {SOCKETS} sockets");
    let folder = tempfile::tempdir().expect("a folder");
    drop(Server::start(folder.path(), 2000, &[]));
    let mut starts = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let server = Server::start(folder.path(), 2000, &[]);
        let mut socket = Socket::open(server.address, "127.0.0.1").await.expect("a socket");
        let id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1}));
        assert_eq!(socket.ask(&id).await.expect("a reply")["code"], 1000);
        starts.push(began.elapsed());
    }
    show("from the start to the first answer", starts);
    let server = Server::start(folder.path(), 2000, &[]);
    let empty = server.kib();
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::open(server.address, "127.0.0.1").await.expect("a socket"));
    }
    let opened = server.kib();
    for _ in 0..2 {
        for socket in &mut sockets {
            let id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1})).to_string();
            socket.0.send(Message::text(id)).await.expect("sent");
            socket.0.next().await.expect("a reply").expect("a frame");
        }
    }
    let used = server.kib();
    println!(
        "  anonymous memory: empty {} MiB; a socket {} bytes, after two requests {} bytes",
        empty / KIB,
        (opened - empty) * KIB / SOCKETS,
        (used - empty) * KIB / SOCKETS
    );
}
