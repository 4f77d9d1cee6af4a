//! The door: what stands between the network and the routes.

mod answers;
mod host;
mod tls;

use laidian::config::AuthMode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::{self, Engine, TestServer};

/// Wrong passwords from this forwarded address until the address has to wait.
async fn guess_until_it_waits(server: &TestServer, forwarded_for: &str) {
    let url = format!("ws://{}/ws", server.address());
    let mut client = Client::connect_with(&url, &[("x-forwarded-for", forwarded_for)]).await.unwrap();
    for number in 0..60 {
        // Each time another account, so that it is the address that waits.
        let reply = client.ask(login(&format!("guess{number}"), "wrong password")).await;
        if reply["code"] == RATE_LIMITED {
            return;
        }
        assert_eq!(reply["code"], 2401, "{reply}");
    }
    panic!("no guess was slowed down");
}

const RATE_LIMITED: i64 = 429;

fn login(login_no: &str, password: &str) -> Value {
    json!({"action": "login", "loginno": login_no, "companyId": 1054, "password": password})
}

/// What signing in with the right password is answered to a client of this forwarded address.
async fn sign_in(server: &TestServer, forwarded_for: &str) -> Value {
    let url = format!("ws://{}/ws", server.address());
    let mut client = Client::connect_with(&url, &[("x-forwarded-for", forwarded_for)]).await.unwrap();
    client.ask(login("trcs008", "demo-trcs008")).await["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_only_the_address_that_guesses_waits() {
    let server = support::server(Engine::Sqlite, |config| {
        config.auth.mode = AuthMode::Token;
        // As many guesses as it takes: on a busy machine they take their time.
        config.auth.sign_in_seconds = 600;
        config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().unwrap()];
    })
    .await;
    guess_until_it_waits(&server, "198.51.100.1, 203.0.113.7").await;
    assert_eq!(sign_in(&server, "203.0.113.7").await, RATE_LIMITED);
    assert_eq!(sign_in(&server, "203.0.113.8").await, 1000);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_choose_its_address() {
    let server = support::server(Engine::Sqlite, |config| {
        config.auth.mode = AuthMode::Token;
        config.auth.sign_in_seconds = 600;
    })
    .await;
    guess_until_it_waits(&server, "203.0.113.7").await;
    assert_eq!(sign_in(&server, "203.0.113.8").await, RATE_LIMITED);
    server.stop().await;
}
