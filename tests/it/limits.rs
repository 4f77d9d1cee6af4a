//! Each limit over the wire: what is answered beyond it, and what is counted at `/metrics`.

use laidian::config::{AuthMode, Config};
use laidian::domain::signature;
use laidian::ops::access::credential::Kind;
use laidian::ops::clock::Clock;
use laidian::ops::company::setup::{self, NewCredential};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, PATIENCE, http};
use crate::support::{self, Engine, MAIN, TestServer};

const RATE_LIMITED: i64 = 429;

async fn serve(change: impl FnOnce(&mut Config)) -> TestServer {
    support::server(Engine::Sqlite, change).await
}

/// A server whose sockets have to sign in.
async fn serve_strictly(change: impl FnOnce(&mut Config)) -> TestServer {
    serve(|config| {
        config.auth.mode = AuthMode::Token;
        change(config);
    })
    .await
}

fn ws(server: &TestServer) -> String {
    format!("ws://{}/ws", server.address())
}

async fn connect(server: &TestServer) -> Client {
    Client::connect(&ws(server)).await
}

fn login(login_no: &str) -> Value {
    json!({"action": "login", "loginno": login_no, "companyId": MAIN, "password": format!("demo-{login_no}")})
}

/// A socket on which this operator of the demo has signed in.
async fn signed_in(server: &TestServer, login_no: &str) -> Client {
    let mut client = connect(server).await;
    let reply = client.ask(login(login_no)).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    client
}

async fn ask_http(server: &TestServer, request: &str) -> String {
    http(TcpStream::connect(server.address()).await.unwrap(), request).await
}

/// How often a limit has refused something.
async fn refused_by(server: &TestServer, limit: &str) -> u64 {
    let line = format!("laidian_limited_total{{limit=\"{limit}\"}} ");
    let figures = ask_http(server, "GET /metrics").await;
    figures.lines().find_map(|known| known.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

/// The path and query of a call that this app has signed.
fn signed(path: &str, app: &str, secret: &str) -> String {
    let timestamp = (Clock::system().now() / support::SECOND).to_string();
    let sign = signature::v1(app, secret, &timestamp);
    format!("{path}?appid={app}&timestamp={timestamp}&sign={sign}")
}

fn get_customer(callback_id: u64) -> Value {
    json!({"action": "get_customer", "type": "id", "content": 1, "companyId": MAIN, "callbackId": callback_id})
}

/// Asks until a rate refuses: how many were answered before, and the refusal.
async fn ask_until_refused(client: &mut Client) -> (u64, Value) {
    for number in 0..100 {
        let reply = client.ask(get_customer(number)).await;
        if reply["code"] == RATE_LIMITED {
            assert_eq!((&reply["callbackId"], &reply["success"]), (&json!(number), &json!(false)));
            return (number, reply);
        }
        assert_eq!(reply["code"], 1000, "{reply}");
    }
    panic!("no frame was refused");
}

/// Waits as long as the refusal says.
async fn wait_as_told(refusal: &Value) {
    let wait = refusal["retryAfterMs"].as_u64().unwrap();
    assert!((1..=2000).contains(&wait), "{refusal}");
    tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
}

#[tokio::test]
async fn frames_of_a_socket() {
    let server = serve(|config| config.limits.frames_per_second = 2).await;
    let mut client = connect(&server).await;
    let (answered, refusal) = ask_until_refused(&mut client).await;
    assert!(answered >= 4, "a burst of two seconds: {answered}");
    assert!(refusal["detail"].as_str().unwrap().contains("超过 [limits] frames_per_second（"), "{refusal}");
    assert_eq!(refused_by(&server, "frames_per_second").await, 1);
    wait_as_told(&refusal).await;
    assert_eq!(client.ask(get_customer(7)).await["code"], 1000);
    assert_eq!(connect(&server).await.ask(get_customer(8)).await["code"], 1000, "another socket");
    server.stop().await;
}

#[tokio::test]
async fn frames_of_an_operator_on_all_his_sockets() {
    let server = serve_strictly(|config| config.limits.operator_frames_per_second = 2).await;
    let (mut one, mut two) = (signed_in(&server, "trcs001").await, signed_in(&server, "trcs001").await);
    let (_, refusal) = ask_until_refused(&mut one).await;
    assert!(refusal["detail"].as_str().unwrap().contains("超过 [limits] operator_frames_per_second（"), "{refusal}");
    assert_eq!(two.ask(get_customer(1)).await["code"], RATE_LIMITED, "his other socket");
    assert_eq!(refused_by(&server, "operator_frames_per_second").await, 2);
    let mut other = signed_in(&server, "trcs008").await;
    assert_eq!(other.ask(get_customer(1)).await["code"], 1000, "another operator");
    wait_as_told(&refusal).await;
    assert_eq!(two.ask(get_customer(2)).await["code"], 1000);
    server.stop().await;
}

#[tokio::test]
async fn calls_of_an_app() {
    let server = serve(|config| config.limits.calls_per_minute = 2).await;
    let mut tx = server.backend().store.company(MAIN).write().await.unwrap();
    let app = NewCredential {
        id: "counted",
        kind: Kind::App,
        dialect: "cti",
        name: "统计应用",
        secret: "a secret of its own",
        acts_as: None,
        unlimited: false,
        grants: None,
    };
    setup::credential(&mut tx, &app).await.unwrap();
    tx.commit().await.unwrap();
    let call = format!("GET {}", signed("/open_api/customers", app.id, app.secret));
    for _ in 0..2 {
        let answer = ask_http(&server, &call).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"code\":1000"), "{answer}");
    }
    let answer = ask_http(&server, &call).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 429 ") && answer.contains("\"code\":429"), "{answer}");
    assert!(answer.contains("[limits] calls_per_minute"), "{answer}");
    let wait = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).expect(&answer);
    assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert_eq!(refused_by(&server, "calls_per_minute").await, 1);
    let unlimited = format!("GET {}", signed("/open_api/customers", "2020158", "demo-token"));
    for _ in 0..4 {
        assert!(ask_http(&server, &unlimited).await.contains("\"code\":1000"));
    }
    server.stop().await;
}

#[tokio::test]
async fn sockets_of_an_operator() {
    let server = serve_strictly(|config| config.limits.sockets_per_operator = 1).await;
    let mut first = signed_in(&server, "trcs001").await;
    let mut second = connect(&server).await;
    let refusal = second.ask(login("trcs001")).await;
    assert_eq!(refusal["code"], 429);
    assert!(refusal["detail"].as_str().unwrap().contains("over [limits] sockets_per_operator ("), "{refusal}");
    assert!(refusal["retryAfterMs"].is_u64(), "{refusal}");
    assert_eq!(refused_by(&server, "sockets_per_operator").await, 1);
    assert_eq!(first.ask(login("trcs001")).await["code"], 1000, "the same socket again");
    assert_eq!(second.ask(login("trcs008")).await["code"], 1000, "another operator");
    assert_eq!(first.ask(json!({"action": "logout"})).await["code"], 1000);
    assert_eq!(connect(&server).await.ask(login("trcs001")).await["code"], 1000, "the place is free again");
    server.stop().await;
}

#[tokio::test]
async fn sockets_of_an_address_and_in_all() {
    for (limit, status) in [("sockets_per_address", 429), ("sockets", 503)] {
        let server = serve(|config| match limit {
            "sockets" => config.limits.sockets = 1,
            _ => config.limits.sockets_per_address = 1,
        })
        .await;
        let mut first = connect(&server).await;
        assert_eq!(Client::connect_with(&ws(&server), &[]).await.err(), Some(status), "{limit}");
        assert_eq!(refused_by(&server, limit).await, 1, "{limit}");
        assert_eq!(first.ask(get_customer(1)).await["code"], 1000, "{limit}");
        server.stop().await;
    }
}

#[tokio::test]
async fn bytes_of_a_frame_and_of_a_body() {
    let server = serve(|config| config.limits.frame_bytes = 500).await;
    let mut client = connect(&server).await;
    let refusal = client.ask(json!({"action": "ping", "callbackId": 7, "x": "x".repeat(500)})).await;
    assert_eq!((&refusal["code"], &refusal["callbackId"]), (&json!(2413), &json!(7)));
    assert_eq!(refusal["detail"], "最多 500 字节（[limits] frame_bytes）/ at most 500 bytes ([limits] frame_bytes)");
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000);
    assert_eq!(refused_by(&server, "frame_bytes").await, 1);
    let path = signed("/open_api/customers/update_customer", "2020158", "demo-token");
    let answer = ask_http(&server, &format!("PUT {path}\nContent-Length: 501\n\n{}", "x".repeat(501))).await;
    assert!(answer.contains("\"code\":2413"), "{answer}");
    assert_eq!(refused_by(&server, "frame_bytes").await, 2);
    server.stop().await;
}

#[tokio::test]
async fn bytes_of_an_answer() {
    let server = serve(|config| config.limits.result_bytes = 2000).await;
    let mut client = connect(&server).await;
    let list = json!({"action": "list_customers", "page_size": 50, "companyId": MAIN, "callbackId": 7});
    let refusal = client.ask(list).await;
    assert_eq!((&refusal["code"], &refusal["callbackId"]), (&json!(2414), &json!(7)));
    assert!(refusal["detail"].as_str().unwrap().contains("[limits] result_bytes"), "{refusal}");
    let path = signed("/open_api/customers", "2020158", "demo-token");
    let answer = ask_http(&server, &format!("GET {path}&page_size=50")).await;
    assert!(answer.contains("\"code\":2414"), "{answer}");
    assert_eq!(refused_by(&server, "result_bytes").await, 2);
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000);
    server.stop().await;
}

fn create(callback_id: u64) -> Value {
    json!({"action": "create_customer", "companyId": MAIN, "callbackId": callback_id,
        "customer": {"custname": format!("限额{callback_id}")}})
}

/// Somebody else holds the database, so that writes take as long as he likes.
#[tokio::test(flavor = "multi_thread")]
async fn seconds_of_a_request() {
    let server = serve(|config| config.limits.request_seconds = 1).await;
    let mut holder = server.place().connect().await;
    holder.execute("begin immediate").await;
    let mut client = connect(&server).await;
    let refusal = client.ask(create(7)).await;
    assert_eq!((&refusal["code"], &refusal["callbackId"]), (&json!(2504), &json!(7)), "{refusal}");
    assert_eq!(refused_by(&server, "request_seconds").await, 1);
    assert_eq!(client.ask(get_customer(1)).await["code"], 1000, "who only reads waits for nobody");
    holder.execute("rollback").await;
    assert_eq!(client.ask(create(8)).await["code"], 1000);
    server.stop().await;
}

/// What is beyond the number waits, unread, and is answered all the same.
#[tokio::test(flavor = "multi_thread")]
async fn requests_in_flight() {
    let server = serve(|config| config.limits.in_flight = 2).await;
    let mut holder = server.place().connect().await;
    holder.execute("begin immediate").await;
    let mut client = connect(&server).await;
    client.send(create(0).to_string()).await;
    for number in 1..4 {
        client.send(get_customer(number).to_string()).await;
    }
    client.send(create(4).to_string()).await;
    client.send(get_customer(5).to_string()).await;
    // One place is taken by the first write: the reads pass through the other, the second write takes it.
    for number in 1..4 {
        assert_eq!(client.receive().await.unwrap()["callbackId"], number);
    }
    holder.execute("rollback").await;
    let mut answered = Vec::new();
    for _ in 0..3 {
        let reply = client.receive().await.unwrap();
        assert_eq!(reply["code"], 1000, "{reply}");
        answered.push(reply["callbackId"].as_u64().unwrap());
    }
    assert_eq!(answered[0], 0, "{answered:?}: the read behind two writes was read while both places were taken");
    answered.sort_unstable();
    assert_eq!(answered, [0, 4, 5]);
    server.stop().await;
}

#[tokio::test]
async fn seconds_for_signing_in_begin_again_with_each_logout() {
    let server = serve_strictly(|config| config.auth.sign_in_seconds = 1).await;
    let mut client = signed_in(&server, "trcs001").await;
    assert_eq!(client.ask(json!({"action": "logout"})).await["code"], 1000);
    assert_eq!(client.ask(get_customer(1)).await["code"], 2401);
    let closed = tokio::time::timeout(PATIENCE, client.closed()).await.expect("it was left open");
    assert_eq!(closed, (4001, "sign-in deadline passed".into()));
    let figures = ask_http(&server, "GET /metrics").await;
    assert!(figures.contains("laidian_sockets_closed_total{code=\"4001\"} 1\n"), "{figures}");
    server.stop().await;
}

#[tokio::test]
async fn numbers_revealed_to_an_operator() {
    let server = serve(|config| config.limits.reveals_per_hour = 1).await;
    let mut client = connect(&server).await;
    let customer = client.ask(get_customer(1)).await["result"][0].clone();
    let reveal = |operator: &str| {
        json!({"action": "reveal_phone", "type": "id", "content": customer["id"], "companyId": MAIN,
            "operator": operator, "phoneId": customer["cellphones"][0]["id"]})
    };
    assert_eq!(client.ask(reveal("trcs001")).await["code"], 1000);
    let refusal = client.ask(reveal("trcs001")).await;
    assert_eq!(refusal["code"], 429);
    assert!(refusal["detail"].as_str().unwrap().contains("over [limits] reveals_per_hour ("), "{refusal}");
    assert!(refusal["retryAfterMs"].as_u64().unwrap() <= 3_600_000, "{refusal}");
    assert_eq!(refused_by(&server, "reveals_per_hour").await, 1);
    assert_eq!(client.ask(reveal("trcs008")).await["code"], 1000, "another operator");
    server.stop().await;
}

#[tokio::test]
async fn figures_are_for_listed_addresses() {
    let server = serve(|config| config.server.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()]).await;
    for (forwarded_for, status) in [("127.0.0.1", 200), ("::1", 200), ("203.0.113.7", 403), ("10.0.0.1", 403)] {
        let answer = ask_http(&server, &format!("GET /metrics\nX-Forwarded-For: {forwarded_for}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{forwarded_for}: {answer}");
        assert_eq!(answer.contains("laidian_sockets "), status == 200, "{forwarded_for}");
    }
    server.stop().await;
}
