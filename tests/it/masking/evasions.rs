//! A try is counted however the number is written: whatever finds a customer by it has counted.

use laidian::config::AuthMode;
use serde_json::{Value, json};

use super::door::log_in;
use crate::client::Client;
use crate::support::{Engine, server};

const NUMBER: &str = "13743215670";

/// Ways to write the number that a look-up by phone takes for it.
fn spelt() -> Vec<String> {
    let cut = |sign: &str| [&NUMBER[..3], &NUMBER[3..7], &NUMBER[7..]].join(sign);
    let mut all: Vec<String> = ["·", "\u{a0}", "\n", "，", "\u{200b}", "*", "_", "a", "号"].map(cut).to_vec();
    all.push(format!("*{NUMBER}"));
    all.push(format!("{NUMBER}abcdefabcdefabcdefabc"));
    all.push(NUMBER.chars().flat_map(|c| [c, '·']).collect());
    all
}

/// The frames that ask for it, as texts: some are no JSON that every reader takes.
fn asked() -> Vec<String> {
    let mut asked: Vec<String> = spelt()
        .iter()
        .map(|typed| json!({"action": "get_customer", "type": "cellphone", "content": typed}).to_string())
        .collect();
    let get = |more: &str| format!(r#"{{"action":"get_customer","type":"cellphone","content":"{NUMBER}"{more}}}"#);
    asked.extend([r#","x":1e999"#, r#","x":"\ud800""#, r#","type":"id""#, r#","Type":"id""#].map(get));
    for text in ["王137\u{200b}4321\u{200b}5670", "王137\u{ad}4321\u{2060}5670"] {
        asked.push(json!({"action": "get_customer", "type": "custName", "content": text}).to_string());
        let filters = json!([{"fieldName": "accountName", "operator": "=", "value": text}]);
        asked.push(json!({"action": "entity/adv-query", "entity": "Account", "fields": "accountName", "body": {"filters": filters}}).to_string());
    }
    asked.push(json!({"action": "list_customers", "query": "137·4321·5670"}).to_string());
    // The last digits of a short number, of which fewer are shown.
    asked.push(json!({"action": "list_customers", "query": "5588"}).to_string());
    asked.push(json!({"action": "get_customer", "type": "cellphone", "content": "9558"}).to_string());
    let escaped: String = NUMBER.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let custom = format!(r#"{{"500":"{escaped}"}}"#);
    asked.push(
        json!({"action": "update_customer", "type": "id", "content": 0, "customer": {"jsonStr": custom}}).to_string(),
    );
    asked
}

async fn create(admin: &mut Client, name: &str, phone: &str) -> Value {
    let customer = json!({"custname": name, "cellphones": [phone], "jsonStr": {"500": NUMBER}, "servicegroupId": 1001});
    let reply = admin.ask(json!({"action": "create_customer", "customer": customer})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    reply["customer"]["id"].clone()
}

#[tokio::test]
async fn whatever_finds_a_number_has_counted() {
    let server = server(Engine::Sqlite, |config| {
        config.auth.mode = AuthMode::Token;
        config.limits.masked_lookups_per_hour = 0;
    })
    .await;
    let url = format!("ws://{}/ws", server.address());
    let mut admin = log_in(&url, "admin1001").await;
    let field = json!({"action": "put_custom_field", "id": 500, "name": "备注500", "kind": "text"});
    assert_eq!(admin.ask(field).await["code"], 1000);
    let id = create(&mut admin, &format!("王{NUMBER}"), NUMBER).await;
    create(&mut admin, "短号", "95588").await;
    create(&mut admin, "更短", "9558").await;
    let mut agent = log_in(&url, "TRCS004").await;
    let mut uncounted = Vec::new();
    for text in asked() {
        let text = text.replace(r#""content":0"#, &format!(r#""content":{id}"#));
        let before = server.backend().allowances.tries();
        agent.send(text.clone()).await;
        let reply = agent.receive().await.unwrap();
        let finds = reply["code"] == 1000 && reply["meta"]["total_count"] != 0 && reply["total_size"] != 0;
        if finds && server.backend().allowances.tries() == before {
            uncounted.push(text);
        }
    }
    assert!(uncounted.is_empty(), "found, and not counted:\n{}", uncounted.join("\n"));
    server.stop().await;
}
