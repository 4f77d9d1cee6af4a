//! How a socket is closed: by its client, and by a server that ends.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, PATIENCE};
use crate::support::{self, Engine, TestServer};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x88];

/// A masked frame of at most 125 bytes.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    let length = u8::try_from(payload.len()).unwrap();
    [head, 0x80 | length].into_iter().chain(MASK).chain(masked).collect()
}

fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// Sends these pieces one after the other, and returns all that is answered until the server hangs up.
async fn answered(server: &TestServer, pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = Client::connect(&format!("ws://{}/ws", server.address())).await.wire.into_inner();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
    }
    let mut seen = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut seen)).await.expect("the server did not close").unwrap();
    seen
}

/// The code of the close frame that an answer ends with, and what comes before it.
fn code(seen: &[u8]) -> (u16, &[u8]) {
    let at = (0..seen.len()).rev().find(|at| {
        let [0x88, length, _, _, ..] = seen[*at..] else { return false };
        at + 2 + usize::from(length) == seen.len()
    });
    let at = at.unwrap_or_else(|| panic!("closed without a code: {:?}", String::from_utf8_lossy(seen)));
    (u16::from_be_bytes([seen[at + 2], seen[at + 3]]), &seen[..at])
}

#[tokio::test]
async fn a_close_is_answered_with_its_own_code() {
    let server = support::server(Engine::Sqlite, |_| {}).await;
    for valid in [1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4000, 4999] {
        for reason in ["", "bad gateway", &"再见".repeat(20)] {
            let seen = answered(&server, &[&close(valid, reason)]).await;
            assert_eq!(code(&seen), (valid, &b""[..]), "{reason}");
        }
    }
    for invalid in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        assert_eq!(code(&answered(&server, &[&close(invalid, "")]).await), (1002, &b""[..]), "{invalid}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_close_with_1014_is_known_however_it_comes() {
    let server = support::server(Engine::Sqlite, |_| {}).await;
    let close = close(1014, "bad gateway");
    let bytes: Vec<&[u8]> = close.chunks(1).collect();
    assert_eq!(code(&answered(&server, &bytes).await).0, 1014);
    // Behind frames, of which one looks like a close. What was answered before is not lost.
    let text = frame(0x81, b"no frame");
    let (binary, ping) = (frame(0x82, &frame(0x88, &1014_u16.to_be_bytes())), frame(0x89, b"x"));
    let seen = answered(&server, &[&[text, binary.clone(), ping, close.clone()].concat()]).await;
    let (code_of, before) = code(&seen);
    assert_eq!(code_of, 1014);
    assert_eq!(String::from_utf8_lossy(before).matches("\"code\":2422").count(), 2, "{seen:?}");
    // What only looks like one is none: the code that counts is that of the close itself.
    let seen = answered(&server, &[&[binary, frame(0x88, &1006_u16.to_be_bytes())].concat()]).await;
    assert_eq!(code(&seen).0, 1002);
    server.stop().await;
}

/// When a server that ends tells so many sockets to come again.
async fn told_to_come_again(sockets: usize, spread: u64) -> Vec<u64> {
    let server = support::server(Engine::Sqlite, |config| config.shutdown.retry_spread_ms = spread).await;
    let mut clients = Vec::new();
    for _ in 0..sockets {
        clients.push(Client::connect(&format!("ws://{}/ws", server.address())).await);
    }
    let told = join_all(clients.iter_mut().map(async |client| {
        let (code, reason) = client.closed().await;
        let reason: Value = serde_json::from_str(&reason).unwrap();
        assert_eq!(code, 1001);
        reason["retryAfterMs"].as_u64().unwrap()
    }));
    let (told, _) = tokio::join!(told, server.stop());
    told
}

#[tokio::test]
async fn not_all_come_again_at_the_same_time() {
    let told = told_to_come_again(60, 4000).await;
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 60, "{told:?}");
    assert!(told.iter().all(|time| (1000..=5000).contains(time)), "{told:?}");
    // As many in each second.
    for second in 1..5_u64 {
        let share = told.iter().filter(|time| (second * 1000..second * 1000 + 1000).contains(*time)).count();
        assert!((10..=20).contains(&share), "{second}: {share} of {told:?}");
    }
    assert!(told_to_come_again(3, 0).await.iter().all(|time| *time == 1000));
}
