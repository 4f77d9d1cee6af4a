//! Clients that mean harm, and what ends them.

use laidian::config::{AuthMode, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, PATIENCE};
use crate::support::{self, Engine, MAIN, TestServer};

/// Frames as they are on the wire, masked with zeros.
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
const EMPTY_BINARY: [u8; 6] = [0x82, 0x80, 0, 0, 0, 0];
const BEGINNING: [u8; 6] = [0x01, 0x80, 0, 0, 0, 0];
const CONTINUATION: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];

async fn serve(change: impl FnOnce(&mut Config)) -> TestServer {
    support::server(Engine::Sqlite, change).await
}

async fn connect(server: &TestServer) -> Client {
    Client::connect(&format!("ws://{}/ws", server.address())).await
}

fn get_customer() -> Value {
    json!({"action": "get_customer", "type": "id", "content": 1, "companyId": MAIN})
}

/// Sends `first` and then `then` without end, below the client library, until the server closes: with which code.
async fn flood(client: Client, first: &[u8], then: &[u8]) -> u16 {
    let (mut reader, mut writer) = client.wire.into_inner().into_split();
    let (first, then) = (first.to_vec(), then.repeat(4096));
    let sender = tokio::spawn(async move {
        let mut sent = writer.write_all(&first).await;
        while sent.is_ok() {
            sent = writer.write_all(&then).await;
        }
    });
    let mut seen = Vec::new();
    // Whoever still sends when the server hangs up is reset.
    let _ = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut seen)).await.expect("the server did not close");
    sender.await.unwrap();
    // A close frame is the last: its head, the code, the reason.
    let close = (0..seen.len()).rev().find(|at| {
        let [0x88, length, ..] = seen[*at..] else { return false };
        at + 2 + usize::from(length) == seen.len()
    });
    let close = close.unwrap_or_else(|| panic!("closed without a code: {:?}", String::from_utf8_lossy(&seen)));
    u16::from_be_bytes([seen[close + 2], seen[close + 3]])
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_any_kind_are_a_flood() {
    let server = serve(|config| config.limits.frames_per_second = 100).await;
    for message in [PING, PONG, EMPTY_BINARY] {
        assert_eq!(flood(connect(&server).await, &[], &message).await, 4029, "{message:x?}");
    }
    assert_eq!(connect(&server).await.ask(get_customer()).await["code"], 1000);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_without_end_are_a_message_too_large() {
    let server = serve(|_| {}).await;
    assert_eq!(flood(connect(&server).await, &BEGINNING, &CONTINUATION).await, 1009);
    assert_eq!(connect(&server).await.ask(get_customer()).await["code"], 1000);
    server.stop().await;
}

/// Where no rate is set, the deadline still holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_pauses_does_not_keep_its_end_away() {
    let server = serve(|config| {
        config.auth.mode = AuthMode::Token;
        config.auth.sign_in_seconds = 1;
    })
    .await;
    for message in [PING, PONG, EMPTY_BINARY] {
        assert_eq!(flood(connect(&server).await, &[], &message).await, 4001, "{message:x?}");
    }
    server.stop().await;
}
