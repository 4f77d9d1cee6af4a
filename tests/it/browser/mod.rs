//! What a real browser may do: on the server's own page, and on a page that has no address.

mod devtools;

use std::process::Command;

use laidian::cli::private::Demo;
use laidian::cli::replay::{PrivateServers, Running};
use serde_json::{Map, Value, json};

use self::devtools::Browser;
use crate::readme::{ADDRESS, CUSTOMER, READMES, block};
use crate::support::is_installed;

/// A private demo server with these settings.
async fn serve(settings: Value) -> Running {
    let settings: Map<String, Value> = serde_json::from_value(settings).unwrap();
    Demo.start(settings).await.unwrap()
}

/// The browser, if there is one.
async fn browser(test: &str) -> Option<Browser> {
    let is_there = Command::new("chromium").arg("--version").output().is_ok_and(|done| done.status.success());
    if is_installed(is_there, "chromium", test) { Some(Browser::start().await) } else { None }
}

/// The promise of what a page is told that asks for a socket.
fn ask_for_a_socket(ws: &str) -> String {
    format!(
        "new Promise((told) => {{
            const socket = new WebSocket({});
            socket.onopen = () => told('open');
            socket.onerror = () => told('refused');
        }})",
        Value::from(ws)
    )
}

async fn told(browser: &mut Browser, ws: &str) -> Value {
    browser.evaluate(&format!("await {}", ask_for_a_socket(ws))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_prints_runs_in_the_console_of_the_servers_own_page() {
    let Some(mut browser) = browser("what_the_readme_prints_runs_in_the_console").await else { return };
    let server = serve(json!({})).await;
    let address = server.target.http.trim_start_matches("http://").trim_end_matches('/').to_owned();
    for readme in READMES {
        assert!(readme.contains(&format!("<http://{ADDRESS}/>")));
        browser.open(&format!("http://{address}/")).await;
        // Without its first and its last line.
        let lines: Vec<&str> = block(readme, "node --experimental-websocket").lines().collect();
        let script = lines[1..lines.len() - 1].join("\n").replace(ADDRESS, &address);
        browser.evaluate(&script).await;
        let printed = browser.printed().await;
        assert_eq!((&printed["code"], &printed["callbackId"]), (&json!(1000), &json!(1)), "{printed}");
        assert_eq!(printed["result"][0]["custname"], CUSTOMER, "{printed}");
    }
    // Its own socket, and no other: of another server, or from another page.
    let other = serve(json!({})).await;
    browser.open(&format!("http://{address}/")).await;
    assert_eq!(told(&mut browser, &server.target.ws).await, "open");
    assert_eq!(told(&mut browser, &other.target.ws).await, "refused");
    browser.open(&format!("http://{address}/healthz")).await;
    assert_eq!(told(&mut browser, &server.target.ws).await, "refused");
    other.stop.await;
    server.stop.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_file_gets_a_socket_where_null_is_listed() {
    let Some(mut browser) = browser("a_page_of_a_file_gets_a_socket").await else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("desktop.html");
    std::fs::write(&page, "<!doctype html><title>desktop</title>").unwrap();
    let page = format!("file://{}", page.display());
    for (origins, expected) in [(json!(["null"]), "open"), (json!([]), "refused"), (json!(["file://"]), "refused")] {
        let server = serve(json!({"server.origins": origins, "auth.mode": "token"})).await;
        browser.open(&page).await;
        assert_eq!(browser.evaluate("self.origin").await, "null");
        assert_eq!(told(&mut browser, &server.target.ws).await, expected, "{origins}");
        // The page of a sandboxed frame is no other.
        assert_eq!(browser.evaluate(&sandboxed(&server.target.ws)).await, expected, "{origins}");
        server.stop.await;
    }
}

/// The same in a frame that is kept apart.
fn sandboxed(ws: &str) -> String {
    let script = format!("{}.then((told) => parent.postMessage(told, '*'))", ask_for_a_socket(ws));
    format!(
        "await new Promise((told) => {{
            self.onmessage = (message) => told(message.data);
            const frame = document.createElement('iframe');
            frame.sandbox = 'allow-scripts';
            frame.srcdoc = '<script>' + {} + '</' + 'script>';
            document.body.append(frame);
        }})",
        Value::from(script)
    )
}
