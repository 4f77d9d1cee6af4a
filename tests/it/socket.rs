//! The socket under clients that do what they should not.

use std::collections::HashSet;

use futures_util::{SinkExt, StreamExt};
use laidian::cli::private::Demo;
use laidian::cli::replay::{PrivateServers, Running};
use laidian::config::AuthMode;
use laidian::ops::company::setup;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::client::{Client, PATIENCE, http};
use crate::support::Engine;

/// A private demo server with these settings.
async fn serve(settings: Value) -> Running {
    let settings: Map<String, Value> = serde_json::from_value(settings).unwrap();
    Demo.start(settings).await.unwrap()
}

fn get_customer(callback_id: u64) -> Value {
    json!({"action": "get_customer", "type": "cellphone", "content": "138900010001",
           "operator": "trcs001", "companyId": 1054, "callbackId": callback_id})
}

/// The server still answers, on a new socket.
async fn still_serves(server: &Running) {
    let mut client = Client::connect(&server.target.ws).await;
    let reply = client.ask(get_customer(1)).await;
    assert_eq!(reply["code"], 1000, "{reply}");
}

const FRAMES: u64 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_pipelined_frames_all_come_back() {
    let server = serve(json!({})).await;
    let client = Client::connect(&server.target.ws).await;
    let (mut sink, mut stream) = client.wire.split();
    let sender = tokio::spawn(async move {
        for id in 0..FRAMES {
            sink.feed(Message::text(get_customer(id).to_string())).await.unwrap();
        }
        sink.flush().await.unwrap();
    });
    let mut missing: HashSet<u64> = (0..FRAMES).collect();
    while !missing.is_empty() {
        let message = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        let reply: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        assert_eq!(reply["code"], 1000, "{reply}");
        assert!(missing.remove(&reply["callbackId"].as_u64().unwrap()), "twice: {reply}");
    }
    sender.await.unwrap();
    server.stop.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writes_of_one_socket_are_carried_out_in_order() {
    let server = serve(json!({})).await;
    let mut client = Client::connect(&server.target.ws).await;
    for number in 0..50 {
        let frame = json!({"action": "update_customer", "type": "id", "content": 1, "operator": "trcs001",
            "companyId": 1054, "callbackId": number, "customer": {"address": format!("第{number}号")}});
        client.send(frame.to_string()).await;
    }
    for number in 0..50 {
        let reply = client.receive().await.unwrap();
        assert_eq!((&reply["callbackId"], &reply["code"]), (&json!(number), &json!(1000)));
        assert_eq!(reply["customer"]["address"], format!("第{number}号"));
    }
    server.stop.await;
}

#[tokio::test]
async fn a_frame_beyond_the_limit_is_refused_and_one_that_cannot_be_read_ends_the_socket() {
    let server = serve(json!({"limits.frame_bytes": 1000})).await;
    let mut client = Client::connect(&server.target.ws).await;
    client.send(format!("{{\"callbackId\":7,\"action\":\"ping\",\"x\":\"{}\"}}", "长".repeat(1000))).await;
    let reply = client.receive().await.unwrap();
    assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(2413), &json!(7)));
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000);

    // Two MiB: the server stops reading, says why and closes; the client may still be writing then.
    let _ = client.wire.send(Message::text("x".repeat(2 * 1024 * 1024))).await;
    let reply = client.receive().await;
    assert!(reply.is_none_or(|reply| reply["code"] == 2413));
    still_serves(&server).await;
    server.stop.await;
}

#[tokio::test]
async fn brackets_without_end_are_refused() {
    let server = serve(json!({"limits.frame_bytes": 1_000_000})).await;
    let mut client = Client::connect(&server.target.ws).await;
    for frame in
        ["[".repeat(100_000), "{\"a\":".repeat(100_000), format!("{{\"action\":\"ping\",\"x\":{}", "[".repeat(100_000))]
    {
        client.send(frame).await;
        assert_eq!(client.receive().await.unwrap()["code"], 2422);
    }
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000);
    server.stop.await;
}

#[tokio::test]
async fn a_binary_frame_is_refused_and_the_socket_goes_on() {
    let server = serve(json!({})).await;
    let mut client = Client::connect(&server.target.ws).await;
    client.wire.send(Message::binary(get_customer(1).to_string())).await.unwrap();
    assert_eq!(client.receive().await.unwrap()["code"], 2422);
    assert_eq!(client.ask(get_customer(2)).await["code"], 1000);
    server.stop.await;
}

#[tokio::test]
async fn text_that_is_no_utf8_ends_the_socket() {
    let server = serve(json!({})).await;
    let mut client = Client::connect(&server.target.ws).await;
    // FIN + text, masked with zeros, one byte 0xff: the client library would not send this.
    client.wire.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).await.unwrap();
    assert_eq!(client.closed().await.0, 1007);
    still_serves(&server).await;
    server.stop.await;
}

/// One thousand frames that were valid before something hit them: each gets exactly one reply.
#[tokio::test(flavor = "multi_thread")]
async fn mutated_frames_are_each_answered() {
    let server = serve(json!({})).await;
    let mut client = Client::connect(&server.target.ws).await;
    let frames = [
        get_customer(5).to_string(),
        "{action:list_customers,filters: \"默认任务｜我的客户｜企业客户\", query: \"1389\",operator:\"trcs001\",companyId:\"1054\",callbackId:\"9\"}".into(),
        "{'action':'create_customer',customer:{'custname':'测试',cellphones:[[null,\"13900000001\"]],companyId:1054},callbackId:3}".into(),
        "{\"topic\":\"socket.server.operation\",\"data\":{\"action\":\"feeds\",\"feed_type\":\"All\",\"type\":\"id\",\"content\":1,\"companyId\":1054}}".into(),
    ];
    let mutation = (0..frames.len(), proptest::collection::vec((0.0..1.0f64, 0u8..4, proptest::char::any()), 1..4));
    let mut runner = TestRunner::deterministic();
    for _ in 0..1000 {
        let (frame, edits) = mutation.new_tree(&mut runner).unwrap().current();
        let mut characters: Vec<char> = frames[frame].chars().collect();
        for (place, kind, character) in edits {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a short text"
            )]
            let at = (place * characters.len() as f64) as usize;
            match kind {
                0 if !characters.is_empty() => drop(characters.remove(at)),
                1 => characters.insert(at, character),
                2 => characters.truncate(at),
                _ => characters.insert(at, ['{', '}', '[', ']', '"', '\'', ',', ':', '\\', '/'][at % 10]),
            }
        }
        client.send(characters.into_iter().collect::<String>()).await;
        let reply = client.receive().await.expect("a mutated frame ended the socket");
        assert!(reply["code"].is_i64(), "{reply}");
        assert_ne!(reply["code"], 2500, "{reply}");
    }
    assert_eq!(client.ask(get_customer(77)).await["callbackId"], 77);
    server.stop.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_closed_and_others_are_answered() {
    let server = serve(json!({"socket.pong_seconds": 1})).await;
    let mut client = Client::connect(&server.target.ws).await;
    let list = json!({"action": "list_customers", "operator": "trcs001", "companyId": 1054}).to_string();
    // Sends until the server has stopped reading and closed: writing fails then.
    let flood = async { while client.wire.send(Message::text(list.clone())).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, async {
        tokio::join!(flood, still_serves(&server));
    })
    .await
    .expect("the socket was not closed");
    still_serves(&server).await;
    server.stop.await;
}

#[tokio::test]
async fn a_ping_that_is_not_answered_ends_the_socket() {
    let server = serve(json!({"socket.ping_seconds": 1, "socket.pong_seconds": 1})).await;
    let client = Client::connect(&server.target.ws).await;
    // Below the client library, so that nobody answers the ping.
    let mut stream = client.wire.into_inner();
    let mut seen = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut seen)).await.unwrap().unwrap();
    assert_eq!(seen.first(), Some(&0x89), "a ping comes first");
    let close = seen.windows(2).position(|bytes| bytes == 4010u16.to_be_bytes());
    assert!(close.is_some(), "closed without the code: {seen:x?}");
    server.stop.await;
}

#[tokio::test]
async fn an_idle_socket_is_closed_when_there_is_a_limit() {
    let server = serve(json!({"socket.idle_seconds": 1})).await;
    let mut client = Client::connect(&server.target.ws).await;
    assert_eq!(client.closed().await.0, 4009);
    server.stop.await;
}

#[tokio::test]
async fn a_socket_that_does_not_sign_in_is_closed() {
    let server = serve(json!({"auth.mode": "token", "auth.sign_in_seconds": 1})).await;
    let mut client = Client::connect(&server.target.ws).await;
    assert_eq!(client.ask(json!({"action": "ping"})).await["code"], 1000);
    assert_eq!(client.ask(get_customer(1)).await["code"], 2401);
    assert_eq!(client.closed().await.0, 4001);
    server.stop.await;
}

/// An app vouches for an operator of its own company, and of no other.
#[tokio::test]
async fn an_app_signs_operators_in() {
    let server = serve(json!({"auth.mode": "token"})).await;
    let login = |loginno: &str, company: i64, token: &str| {
        let timestamp = laidian::ops::clock::Clock::system().now() / 1_000_000;
        let sign = laidian::domain::signature::v1("2020158", token, &timestamp.to_string());
        json!({"action": "login", "loginno": loginno, "companyId": company, "appid": 2020158, "timestamp": timestamp, "sign": sign})
    };
    let mut client = Client::connect(&server.target.ws).await;
    assert_eq!(client.ask(login("trcs008", 1054, "wrong")).await["code"], 2059);
    assert_eq!(client.ask(login("008", 8008, "demo-token")).await["code"], 2403);
    assert_eq!(client.ask(login("nobody", 1054, "demo-token")).await["code"], 2401);
    assert_eq!(client.ask(get_customer(1)).await["code"], 2401, "nobody is signed in yet");
    let reply = client.ask(login("TRCS008", 1054, "demo-token")).await;
    assert_eq!(
        (&reply["code"], &reply["loginNo"], &reply["groups"]),
        (&json!(1000), &json!("trcs008"), &json!([1054002]))
    );
    assert_eq!(client.ask(json!({"action": "get_customer", "type": "id", "content": 1})).await["code"], 1000);
    assert_eq!(client.ask(get_customer(1)).await["code"], 2403, "trcs001 is somebody else");
    assert_eq!(client.ask(login("trcs008", 1054, "demo-token")).await["code"], 1000, "renewed");
    assert_eq!(client.ask(login("trcs001", 1054, "demo-token")).await["code"], 2403, "another");
    server.stop.await;
}

#[tokio::test]
async fn disabling_an_operator_ends_his_sockets_and_nobody_elses() {
    let server = crate::support::server(Engine::Sqlite, |config| config.auth.mode = AuthMode::Token).await;
    let url = format!("ws://{}/ws", server.address());
    let sign_in = async |login_no: &str| {
        let mut client = Client::connect(&url).await;
        let password = format!("demo-{login_no}");
        let login = json!({"action": "login", "loginno": login_no, "companyId": 1054, "password": password});
        assert_eq!(client.ask(login).await["code"], 1000);
        client
    };
    let (mut stays, mut leaves) = (sign_in("trcs001").await, sign_in("trcs008").await);
    let mut tx = server.backend().store.company(1054).write().await.unwrap();
    setup::disabled(&mut tx, "trcs008", true, server.backend().clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(leaves.closed().await, (4003, "sign-in withdrawn".into()));
    assert_eq!(stays.ask(json!({"action": "get_customer", "type": "id", "content": 1})).await["code"], 1000);
    server.stop().await;
}

#[tokio::test]
async fn sockets_beyond_the_limit_are_refused_until_one_leaves() {
    let server = serve(json!({"limits.sockets": 2})).await;
    let first = Client::connect(&server.target.ws).await;
    let _second = Client::connect(&server.target.ws).await;
    assert_eq!(Client::connect_with(&server.target.ws, &[]).await.err(), Some(503));
    drop(first);
    tokio::time::timeout(PATIENCE, async {
        while Client::connect_with(&server.target.ws, &[]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the place was not given back");
    server.stop.await;
}

#[tokio::test]
async fn pages_of_other_origins_get_no_socket_unless_allowed() {
    let server = serve(json!({"server.origins": ["https://crm.example.com/"]})).await;
    let own = server.target.http.trim_end_matches('/').to_owned();
    for (origin, refused) in [
        (own.as_str(), None),
        ("https://crm.example.com", None),
        ("https://elsewhere.example.com", Some(403)),
        ("null", Some(403)),
    ] {
        let handshake = Client::connect_with(&server.target.ws, &[("origin", origin)]).await;
        assert_eq!(handshake.err(), refused, "{origin}");
    }
    let counted = "laidian_origins_refused_total 2";
    let address = own.trim_start_matches("http://");
    let text = http(TcpStream::connect(address).await.unwrap(), "GET /metrics").await;
    assert!(text.lines().any(|line| line == counted), "{text}");
    server.stop.await;
}

/// Desktops load their pages from files, and sign in like all.
#[tokio::test]
async fn pages_without_an_address_get_a_socket_where_they_are_listed() {
    let settings = json!({"server.origins": ["null", "file://"], "auth.mode": "token"});
    let server = serve(settings).await;
    for origin in ["null", "file://"] {
        let mut page = Client::connect_with(&server.target.ws, &[("origin", origin)]).await.unwrap();
        assert_eq!(page.ask(get_customer(1)).await["code"], 2401, "{origin}");
        let login = json!({"action": "login", "loginno": "trcs001", "companyId": 1054, "password": "demo-trcs001"});
        assert_eq!(page.ask(login).await["code"], 1000, "{origin}");
    }
    let elsewhere = Client::connect_with(&server.target.ws, &[("origin", "https://elsewhere.example.com")]).await;
    assert_eq!(elsewhere.err(), Some(403));
    server.stop.await;
}

/// Every frame that had come when the server began to stop is answered: carried out, or told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_wait_when_the_server_stops_are_told_so() {
    const CREATIONS: usize = 200;
    let server = serve(json!({"limits.in_flight": 2, "shutdown.retry_after_ms": 77})).await;
    let mut client = Client::connect(&server.target.ws).await;
    for number in 0..CREATIONS {
        let frame = json!({"action": "create_customer", "callbackId": number,
            "customer": {"custname": format!("停机{number}"), "companyId": 1054}});
        client.wire.feed(Message::text(frame.to_string())).await.unwrap();
    }
    client.wire.flush().await.unwrap();
    assert_eq!(client.receive().await.unwrap()["code"], 1000);
    let stopping = tokio::spawn(server.stop);
    let (mut done, mut told) = (1, 0);
    while let Some(reply) = client.receive().await {
        match reply["code"].as_i64() {
            Some(1000) => done += 1,
            Some(2503) => {
                let callback_id = &reply["callbackId"];
                let expected = json!({"success": false, "message": "服务正在关闭", "code": 2503,
                    "detail": "请在 retryAfterMs 毫秒后重新连接 / connect again after retryAfterMs",
                    "callbackId": callback_id, "retryAfterMs": 77});
                assert_eq!(reply, expected);
                assert!(callback_id.is_u64());
                told += 1;
            }
            _ => panic!("{reply}"),
        }
    }
    assert_eq!(done + told, CREATIONS);
    assert!(told > 0, "all were carried out: this showed nothing");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_what_was_accepted_and_says_when_to_come_back() {
    let server = serve(json!({"shutdown.retry_after_ms": 1234})).await;
    let (ws, mut client) = (server.target.ws.clone(), Client::connect(&server.target.ws).await);
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000);
    let stopping = tokio::spawn(server.stop);
    let (code, reason) = client.closed().await;
    assert_eq!((code, reason.as_str()), (1001, "{\"retryAfterMs\":1234}"));
    stopping.await.unwrap();
    let address = ws.trim_start_matches("ws://").trim_end_matches("/ws");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "still accepting");
}
