//! Clients that mean harm, and what ends them.

use laidian::config::{AuthMode, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, PATIENCE, http};
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

async fn connect_tcp(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
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

/// What the server says until it hangs up.
async fn rest(mut stream: TcpStream) -> String {
    let mut seen = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut seen)).await.expect("the server did not hang up");
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = serve(|_| {}).await;
    let mut stream = connect_tcp(&server).await;
    let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    // It may hang up before it has all.
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = rest(stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(http(connect_tcp(&server).await, "GET /healthz").await.starts_with("HTTP/1.1 200 "));
    server.stop().await;
}

#[tokio::test]
async fn http_clients_that_say_no_more_are_left() {
    let server = serve(|_| {}).await;
    let begun = [
        // The connection is kept for another request, which does not come.
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 "),
        ("", ""),
        ("GET /healthz HTTP/1.1\r\nHost:", ""),
        ("POST /open_api/customers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", "HTTP/1.1 "),
    ];
    let left = begun.map(|(begun, answer)| {
        let stream = connect_tcp(&server);
        async move {
            let mut stream = stream.await;
            stream.write_all(begun.as_bytes()).await.unwrap();
            let seen = rest(stream).await;
            assert!(seen.starts_with(answer), "{begun}: {seen}");
        }
    });
    futures_util::future::join_all(left).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_client_that_never_reads_is_left() {
    let server = serve(|config| config.socket.pong_seconds = 1).await;
    let mut stream = connect_tcp(&server).await;
    let requests = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
    let ask = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, ask).await.expect("the server did not hang up");
    server.stop().await;
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = serve(|config| config.limits.sockets_per_address = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(connect_tcp(&server).await);
    }
    assert_eq!(rest(connect_tcp(&server).await).await, "", "nothing is said to one too many");
    held.clear();
    // What a client has left, the server sees a moment later.
    let figures = tokio::time::timeout(PATIENCE, async {
        loop {
            let mut stream = connect_tcp(&server).await;
            let asked =
                stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
            match (asked, rest(stream).await) {
                (Ok(()), figures) if !figures.is_empty() => return figures,
                _ => {}
            }
        }
    });
    let figures = figures.await.expect("the places were not given back");
    assert!(figures.contains("laidian_limited_total{limit=\"sockets_per_address\"} "), "{figures}");
    server.stop().await;
}

#[tokio::test]
async fn signing_in_again_and_again_fills_no_table() {
    let server = serve(|config| config.auth.mode = AuthMode::Token).await;
    let mut client = connect(&server).await;
    for login_no in ["trcs001", "trcs008"] {
        let login =
            json!({"action": "login", "loginno": login_no, "companyId": MAIN, "password": format!("demo-{login_no}")});
        for _ in 0..5 {
            assert_eq!(client.ask(login.clone()).await["code"], 1000);
        }
        assert_eq!(client.ask(json!({"action": "logout"})).await["code"], 1000);
    }
    let mut raw = server.place().connect().await;
    let written = raw.texts("select login_no from audit where kind = 'sign_in' order by id").await;
    assert_eq!(written, ["trcs001", "trcs008"]);
    server.stop().await;
}
