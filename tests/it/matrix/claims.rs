//! A socket is who signed in, whatever its frames say.

use std::collections::BTreeMap;

use laidian::dialects::{self, Access, Row};
use serde_json::{Value, json};

use super::Look;
use super::table::table;
use crate::client::Client;
use crate::signed::{ADMIN, AGENT, APP, NOBODY, OTHER_AGENT, call, connect, server, token};
use crate::support::{Engine, MAIN, SHOP};

/// One valid frame of each action, without a claim.
fn frames() -> BTreeMap<&'static str, Value> {
    let mut frames = BTreeMap::new();
    for row in table() {
        let mut frame = row.sample;
        frame["action"] = row.action.into();
        frame.as_object_mut().unwrap().remove("groupId");
        if row.action == "login" {
            frame["token"] = token(MAIN, "trcs008").into();
        }
        frames.entry(row.action).or_insert(frame);
    }
    frames
}

fn with(frame: &Value, name: &str, value: &Value) -> Value {
    let mut frame = frame.clone();
    frame[name] = value.clone();
    frame
}

/// Whether a reply refuses what its frame claims, rather than what it asks for.
fn refuses_the_claim(reply: &Value) -> bool {
    reply["code"] == 2403 && reply["detail"].as_str().is_some_and(|detail| detail.contains("与登录身份不符"))
}

#[tokio::test]
async fn who_claims_to_be_another_is_refused() {
    let server = server(Engine::Sqlite).await;
    let claims = [
        ("operator", json!("trcs001"), json!("TRCS008")),
        ("loginno", json!("trcs001"), json!("trcs008")),
        ("companyId", json!(SHOP), json!(MAIN)),
        ("companyId", json!("1001"), json!("1054")),
        ("companyId", json!(404), json!(MAIN)),
        ("groupId", json!(1_054_001), json!(1_054_002)),
        ("groupId", json!("1001"), json!("1054002")),
    ];
    for (action, frame) in frames() {
        let mut client = OTHER_AGENT.connect(&server).await;
        for (name, others, _) in &claims {
            let reply = client.ask(with(&frame, name, others)).await;
            assert!(refuses_the_claim(&reply), "{action} with {name} {others}: expected 2403, got {reply}");
        }
        // What is true may be said. This comes last: it is carried out.
        for (name, _, own) in &claims {
            let mut client = OTHER_AGENT.connect(&server).await;
            let reply = client.ask(with(&frame, name, own)).await;
            assert!(!refuses_the_claim(&reply), "{action} with {name} {own}: {reply}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn who_signs_in_cannot_claim_a_group_of_others() {
    let server = server(Engine::Sqlite).await;
    for login in [OTHER_AGENT.login(), json!({"action": "login", "token": token(MAIN, "trcs008")})] {
        for (group, code) in [(1_054_001, 2403), (1001, 2403), (1_054_002, 1000)] {
            let reply = connect(&server).await.ask(with(&login, "groupId", &json!(group))).await;
            assert_eq!(reply["code"], code, "{login} for group {group}: {reply}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn who_is_signed_in_does_not_become_another() {
    let server = server(Engine::Sqlite).await;
    let mut client = OTHER_AGENT.connect(&server).await;
    for other in [AGENT, ADMIN] {
        assert_eq!(client.ask(other.login()).await["code"], 2403, "{other}");
    }
    assert_eq!(client.ask(OTHER_AGENT.login()).await["loginNo"], "trcs008");
    assert_eq!(client.ask(json!({"action": "show_company"})).await["code"], 2403, "still an agent");
    server.stop().await;
}

/// All but what is for anybody.
async fn must_be_refused(client: &mut Client, row: &Row, frame: &Value, when: &str) {
    let reply = client.ask(frame.clone()).await;
    let expected = if row.action == "ping" { 1000 } else { 2401 };
    assert_eq!(reply["code"], expected, "{} {when}: expected {expected}, got {reply}", row.action);
    let is_login_refusal = reply["detail"].as_str().is_some_and(|detail| detail.starts_with("login: "));
    assert_eq!(is_login_refusal, row.action == "login", "{} {when}: {reply}", row.action);
}

#[tokio::test]
async fn before_sign_in_and_after_sign_out_everything_is_refused() {
    let server = server(Engine::Sqlite).await;
    let mut frames = frames();
    frames.insert("login", NOBODY.login());
    let for_anybody: Vec<_> =
        dialects::rows().filter(|row| row.access == Access::Anybody).map(|row| row.action).collect();
    assert_eq!(for_anybody, ["ping", "login"]);
    let mut look = Look::at(&server).await;
    let before = look.all().await;
    let mut nobody = connect(&server).await;
    let mut left = ADMIN.connect(&server).await;
    assert_eq!(left.ask(json!({"action": "logout"})).await["code"], 1000);
    for row in dialects::rows() {
        let plain = &frames[row.action];
        let claiming = with(&with(plain, "operator", &json!("admin1054")), "companyId", &json!(MAIN));
        for frame in [plain, &claiming] {
            must_be_refused(&mut nobody, row, frame, "before sign-in").await;
            must_be_refused(&mut left, row, frame, "after logout").await;
        }
    }
    assert_eq!(before, look.all().await);
    assert_eq!(left.ask(ADMIN.login()).await["code"], 1000, "and can be signed in again");
    assert_eq!(left.ask(json!({"action": "list_audit"})).await["code"], 1000);
    drop(look);
    server.stop().await;
}

#[tokio::test]
async fn a_call_cannot_claim_another_company() {
    let server = server(Engine::Sqlite).await;
    let frames = frames();
    let calls = dialects::rows().flat_map(|row| row.routes.iter().map(|route| (row.action, *route)));
    // The other systems' calls name no company.
    for (action, route) in calls.filter(|(_, route)| route.path.starts_with("/open_api/")) {
        let parameters = with(&frames[action], "companyId", &json!(SHOP));
        let token = token(MAIN, "trcs008");
        let (by_token, _) = call(&server, route, &parameters, &[], Some(&token)).await;
        let (by_app, _) = APP.call(&server, route, &parameters).await;
        assert_eq!((by_token, by_app), (2403, 2403), "{action}");
    }
    server.stop().await;
}
