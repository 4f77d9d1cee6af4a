//! What is told of a number is the same whoever's it is: by `get_number`, nobody finds out whether a number is a customer's,
//! and it shows no more than what it was asked with.

use laidian::config::AuthMode;
use laidian::dialects::rows;
use serde_json::{Value, json};

use super::door::{http, log_in};
use super::numbers::{Dice, FORMS, Secrets, number};
use crate::support::{Engine, server};

both_engines! { a_number_is_answered_alike_whoevers_it_is }

async fn a_number_is_answered_alike_whoevers_it_is(engine: Engine) {
    let server = server(engine, |config| {
        config.auth.mode = AuthMode::Token;
        config.limits.masked_lookups_per_hour = 1;
    })
    .await;
    let url = format!("ws://{}/ws", server.address());
    let (mut admin, mut agent) = (log_in(&url, "admin1001").await, log_in(&url, "TRCS004").await);
    let token = laidian::ops::access::token::issue_token(server.backend(), 1001, "TRCS004", 600).await.unwrap();
    let route = rows().find(|row| row.action == "get_number").unwrap().routes[0];
    let (dice, mut secrets) = (Dice::new(), Secrets::default());
    for form in 0..FORMS {
        let number = number(form, &dice);
        let ask = json!({"action": "get_number", "number": number.typed});
        let before = agent.ask(ask.clone()).await;
        assert_eq!(before["code"], 1000, "{ask}: {before}");
        // The group is the agent's, or one whose customers he does not see.
        let group = if form % 2 == 0 { 1001 } else { 1_001_002 };
        let customer = json!({"custname": "张三", "cellphones": [number.typed], "servicegroupId": group});
        let created = admin.ask(json!({"action": "create_customer", "customer": customer})).await;
        assert_eq!(created["code"], 1000, "{created}");
        let after = agent.ask(ask.clone()).await;
        assert_eq!(before, after, "{ask}");
        let by_http = http(server.address(), &token, route, &ask).await;
        assert_eq!(by_http["result"], before["result"], "{ask}");
        if number.reads {
            secrets.add(&number);
            secrets.check(&after, &ask.to_string());
        }
        // To whom numbers are shown, it is told in whole.
        assert_eq!(admin.ask(ask).await["result"]["number"], number.typed);
    }
    assert_eq!(server.backend().allowances.tries(), 0);
    let lines = admin.ask(json!({"action": "list_audit", "kind": "try"})).await;
    assert_eq!(lines["result"], json!([]));
    server.stop().await;
}

/// It can be taken from a role like any other action.
#[tokio::test]
async fn who_may_not_ask_is_refused() {
    let server = server(Engine::Sqlite, |config| config.auth.mode = AuthMode::Token).await;
    let url = format!("ws://{}/ws", server.address());
    let (mut admin, mut agent) = (log_in(&url, "admin1001").await, log_in(&url, "TRCS004").await);
    let mut rights: Value = json!({"action": "put_rights", "role": "agent", "phones": "masked", "reach": "group"});
    let ask = json!({"action": "get_number", "number": "010-88880000"});
    assert_eq!(agent.ask(ask.clone()).await["code"], 1000);
    rights["actions"] = json!({"get_number": false});
    assert_eq!(admin.ask(rights).await["code"], 1000);
    assert_eq!(agent.ask(ask.clone()).await["code"], 2403);
    assert_eq!(admin.ask(ask).await["code"], 1000);
    server.stop().await;
}
