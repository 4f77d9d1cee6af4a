//! By which names requests may come: a page whose own name was made to lead here gets nothing.

use laidian::config::AuthMode;
use laidian::dialects::rows;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::PATIENCE;
use crate::support::{self, Engine, TestServer};

const ATTACKER: &str = "attacker.example";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn serve(mode: AuthMode) -> TestServer {
    support::server(Engine::Sqlite, |config| config.auth.mode = mode).await
}

/// The status of the answer to a request of this first line and these headers, and what begins its body.
async fn ask(server: &TestServer, line: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(format!("{line}\r\n{headers}\r\n").as_bytes()).await.unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.expect("nothing came").unwrap();
        answer.extend_from_slice(&piece[..read]);
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n");
        // All of a body that matters here comes with its head.
        if let Some(end) = head {
            let head = String::from_utf8_lossy(&answer[..end]).into_owned();
            return (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), String::from_utf8_lossy(&answer).into_owned());
        }
        assert!(read > 0, "{line}: hung up before an answer");
    }
}

/// Every address that is served, with its method; what stands in braces stays as it is.
fn addresses() -> Vec<(&'static str, &'static str)> {
    let routes = rows().flat_map(|row| row.routes).map(|route| (route.method, route.path));
    let others = [("GET", "/"), ("GET", "/ws"), ("GET", "/metrics"), ("GET", "/files/x"), ("GET", "/nowhere")];
    routes.chain(others).collect()
}

#[tokio::test]
async fn in_open_mode_a_page_of_another_name_gets_nothing() {
    let server = serve(AuthMode::Open).await;
    let socket = |host: &str| format!("Host: {host}\r\nOrigin: http://{host}\r\n{UPGRADE}");
    for host in [ATTACKER, "attacker.example:7070", "localhost.attacker.example", "192.0.2.1"] {
        let (status, answer) = ask(&server, "GET /ws HTTP/1.1", &socket(host)).await;
        assert_eq!(status, 421, "{host}: {answer}");
        assert!(answer.contains("token 模式") && answer.contains("token mode"), "{answer}");
    }
    for host in ["localhost", "LOCALHOST:7070", "127.0.0.1:7070", "[::1]:7070", "desk.localhost"] {
        assert_eq!(ask(&server, "GET /ws HTTP/1.1", &socket(host)).await.0, 101, "{host}");
    }
    for (method, path) in addresses() {
        let line = format!("{method} {path} HTTP/1.1");
        let foreign = ask(&server, &line, &format!("Host: {ATTACKER}\r\nContent-Length: 0\r\n")).await;
        assert_eq!(foreign.0, 421, "{line}: {}", foreign.1);
        let own = ask(&server, &line, "Host: localhost\r\nContent-Length: 0\r\n").await;
        assert_ne!(own.0, 421, "{line}: {}", own.1);
    }
    // How the server is, also those may ask that know it by another name.
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(&server, &format!("GET {path} HTTP/1.1"), "Host: 10.0.0.7:7070\r\n").await.0, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn in_token_mode_any_name_may_lead_here() {
    let server = serve(AuthMode::Token).await;
    let headers = format!("Host: crm.example.com\r\nOrigin: https://crm.example.com\r\n{UPGRADE}");
    assert_eq!(ask(&server, "GET /ws HTTP/1.1", &headers).await.0, 101);
    server.stop().await;
}

#[tokio::test]
async fn a_request_says_once_by_which_name_it_comes() {
    for mode in [AuthMode::Open, AuthMode::Token] {
        let server = serve(mode).await;
        for line in ["GET /healthz HTTP/1.1", "GET /ws HTTP/1.1", "GET / HTTP/1.1"] {
            for headers in ["", "Host: localhost\r\nHost: localhost\r\n", "Host: a b\r\n", "Host: me@localhost\r\n"] {
                let (status, answer) = ask(&server, line, headers).await;
                assert_eq!(status, 400, "{line} {headers}: {answer}");
            }
        }
        assert_eq!(ask(&server, "GET / HTTP/1.0", "").await.0, 200, "before HTTP/1.1 there was no Host");
        server.stop().await;
    }
}

/// RFC 9112, 3.2.2: what a target says of the host counts, not the header.
#[tokio::test]
async fn the_name_in_a_target_counts() {
    let server = serve(AuthMode::Open).await;
    let (status, answer) = ask(&server, "GET http://attacker.example/ HTTP/1.1", "Host: localhost\r\n").await;
    assert_eq!(status, 421, "{answer}");
    assert_eq!(ask(&server, "GET http://localhost/ HTTP/1.1", "Host: attacker.example\r\n").await.0, 200);
    // A page is the server's own by that name, too.
    let socket = |target: &str, origin: &str| {
        (format!("GET {target} HTTP/1.1"), format!("Host: localhost:1\r\nOrigin: {origin}\r\n{UPGRADE}"))
    };
    let (line, headers) = socket("http://localhost:2/ws", "http://localhost:1");
    assert_eq!(ask(&server, &line, &headers).await.0, 403);
    let (line, headers) = socket("http://localhost:2/ws", "http://localhost:2");
    assert_eq!(ask(&server, &line, &headers).await.0, 101);
    server.stop().await;
}
