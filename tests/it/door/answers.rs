//! What every answer says to browsers: the headers that protect it, and who else may read it.

use laidian::config::AuthMode;
use laidian::domain::signature;
use laidian::ops::access::token::issue_token;
use laidian::ops::clock::Clock;
use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{Client, http};
use crate::support::{self, Engine, MAIN, TestServer};

const PAGE: &str = "https://crm.example.com";

async fn serve() -> TestServer {
    support::server(Engine::Sqlite, |_| {}).await
}

/// Asks over a connection of its own; the answer's head, in small letters, and its body.
async fn ask(server: &TestServer, request: &str) -> (String, String) {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let answer = http(stream, request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

async fn head(server: &TestServer, request: &str) -> String {
    ask(server, request).await.0
}

/// The path and query of a call that an app has signed.
fn signed(path: &str) -> String {
    let timestamp = (Clock::system().now() / 1_000_000).to_string();
    let sign = signature::v1("2020158", "demo-token", &timestamp);
    format!("{path}?appid=2020158&timestamp={timestamp}&sign={sign}")
}

fn is_protected(head: &str) -> bool {
    [
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "x-frame-options: deny",
        "cross-origin-resource-policy: same-origin",
        "cache-control: no-store",
    ]
    .iter()
    .all(|header| head.lines().filter(|line| line == header).count() == 1)
        && policy(head).starts_with("default-src 'none'; ")
        && policy(head).ends_with("frame-ancestors 'none'")
}

/// The one policy of an answer.
fn policy(head: &str) -> &str {
    let mut policies = head.lines().filter_map(|line| line.strip_prefix("content-security-policy: "));
    let (first, second) = (policies.next(), policies.next());
    assert_eq!(second, None, "{head}");
    first.unwrap_or_default()
}

/// The page on which the README's frame is tried opens a socket of its own server, and nothing else is done there.
#[tokio::test]
async fn the_servers_own_page_may_open_its_socket() {
    let server = serve().await;
    let own = head(&server, "GET /").await;
    assert_eq!(policy(&own), "default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
    assert_eq!(policy(&head(&server, "GET /healthz").await), "default-src 'none'; frame-ancestors 'none'");
    server.stop().await;
}

#[tokio::test]
async fn every_answer_is_protected() {
    let server = serve().await;
    let mut client = Client::connect(&format!("ws://{}/ws", server.address())).await;
    let export =
        json!({"action": "export_customers", "query": "", "format": "jsonl", "operator": "trcs001", "companyId": 1054});
    let file = client.ask(export).await["url"].as_str().unwrap().to_owned();
    for (request, status) in [
        ("GET /".to_owned(), 200),
        ("GET /ws".to_owned(), 426),
        ("GET /healthz".to_owned(), 200),
        ("GET /readyz".to_owned(), 200),
        ("GET /nowhere".to_owned(), 404),
        ("POST /healthz".to_owned(), 405),
        ("OPTIONS /healthz".to_owned(), 405),
        (format!("GET {file}"), 200),
        (format!("GET {file}"), 404),
        (format!("GET {}", signed("/open_api/customers")), 200),
        ("GET /open_api/customers".to_owned(), 200),
        ("GET /ws\nConnection: Upgrade\nUpgrade: websocket".to_owned(), 400),
    ] {
        let head = head(&server, &request).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request}: {head}");
        assert!(is_protected(&head), "{request}: {head}");
        assert!(!head.contains("strict-transport-security"), "TLS is off, {request}: {head}");
        assert!(!head.contains("access-control") && !head.contains("vary"), "{request}: {head}");
    }
    server.stop().await;
}

#[tokio::test]
async fn only_listed_origins_may_read_answers() {
    let server = support::server(Engine::Sqlite, |config| {
        config.server.cors_origins =
            ["https://other.example.com", PAGE].map(|origin| origin.to_owned().try_into().unwrap()).to_vec();
    })
    .await;
    for request in [format!("GET {}", signed("/open_api/customers")), "GET /nowhere".into()] {
        let head = head(&server, &format!("{request}\nOrigin: {PAGE}")).await;
        assert_eq!(head.matches("access-control-").count(), 1, "{head}");
        assert!(head.contains(&format!("access-control-allow-origin: {PAGE}\r\n")), "{head}");
        assert!(head.contains("vary: origin") && is_protected(&head), "{head}");
    }
    for origin in
        ["https://elsewhere.example.com", "http://crm.example.com", "https://crm.example.com.evil.example", "null"]
    {
        for request in ["GET /healthz", "OPTIONS /healthz\nAccess-Control-Request-Method: GET"] {
            let head = head(&server, &format!("{request}\nOrigin: {origin}")).await;
            assert!(!head.contains("access-control-"), "{origin}: {head}");
            assert!(head.contains("vary: origin"), "{origin}: {head}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_listed_origins_preflight_is_answered() {
    let server = support::server(Engine::Sqlite, |config| {
        config.server.cors_origins = vec![PAGE.to_owned().try_into().unwrap()]
    })
    .await;
    let preflight = format!(
        "OPTIONS /open_api/customers/update_customer\nOrigin: {PAGE}\nAccess-Control-Request-Method: PUT\n\
         Access-Control-Request-Headers: content-type"
    );
    let answer = head(&server, &preflight).await;
    assert!(answer.starts_with("http/1.1 204 "), "{answer}");
    for header in [
        "access-control-allow-origin: https://crm.example.com",
        "access-control-allow-methods: get, post, put, delete",
        "access-control-allow-headers: content-type, authorization",
        "access-control-max-age: 600",
        "vary: origin",
    ] {
        assert!(answer.lines().any(|line| line == header), "{header}: {answer}");
    }
    assert!(!answer.contains("allow-credentials") && is_protected(&answer), "{answer}");
    // What is no preflight goes to the routes.
    let answer = head(&server, &format!("OPTIONS /healthz\nOrigin: {PAGE}")).await;
    assert!(answer.starts_with("http/1.1 405 "), "{answer}");
    server.stop().await;
}

/// Addresses are logged and kept by proxies and browsers.
#[tokio::test]
async fn a_token_in_an_address_signs_nobody_in() {
    let server = support::server(Engine::Sqlite, |config| config.auth.mode = AuthMode::Token).await;
    let token = issue_token(server.backend(), MAIN, "trcs001", 600).await.unwrap();
    let get = json!({"action": "get_customer", "type": "id", "content": 1});
    let url = format!("ws://{}/ws", server.address());
    let (_, unsigned) = ask(&server, "GET /open_api/customers").await;
    assert!(unsigned.contains("\"code\":20621"), "{unsigned}");
    for name in ["token", "access_token", "bearer", "authorization"] {
        let mut client = Client::connect(&format!("{url}?{name}={token}")).await;
        assert_eq!(client.ask(get.clone()).await["code"], 2401, "{name}");
        let (_, body) = ask(&server, &format!("GET /open_api/customers?{name}={token}")).await;
        assert_eq!(body, unsigned, "{name}");
    }
    let bearer = format!("Bearer {token}");
    let mut client = Client::connect_with(&url, &[("authorization", &bearer)]).await.unwrap();
    assert_eq!(client.ask(get).await["code"], 1000, "the token itself is good");
    server.stop().await;
}
