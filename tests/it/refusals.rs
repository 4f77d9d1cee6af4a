//! What a refusal says: in Chinese and in English what is wrong, and what is allowed; and that it is counted.

use std::collections::BTreeSet;

use laidian::dialects::rows;
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, http};
use crate::matrix::table::table;
use crate::signed;
use crate::support::{self, Engine, MAIN, TestServer};

/// Refusals of which there is nothing to say beside the documented texts: nobody is found; a fault of ours.
const SAYS_NO_MORE: [i64; 2] = [2005, 2500];

fn is_in_both_languages(text: &str) -> bool {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    text.chars().any(is_han) && text.split(" / ").skip(1).any(|part| part.chars().any(|c| c.is_ascii_alphabetic()))
}

async fn connect(server: &TestServer) -> Client {
    Client::connect(&format!("ws://{}/ws", server.address())).await
}

/// What no parameter takes, and what some do.
fn wrong_values() -> Vec<Value> {
    let long = "x".repeat(3000);
    vec![
        json!({"no such member": 1}),
        json!([[1]]),
        json!("nonsense"),
        json!(""),
        json!(-1),
        json!(1.5),
        json!(true),
        json!(null),
        json!(long),
        json!(i64::MAX),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_in_both_languages() {
    let server = support::server(Engine::Sqlite, |_| {}).await;
    let mut client = connect(&server).await;
    let (mut refused, mut silent) = (BTreeSet::new(), Vec::new());
    for row in rows() {
        let mut generator = SchemaGenerator::default();
        let schema = (row.request_schema)(&mut generator).to_value();
        let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let parameters = generator.definitions()[name]["properties"].as_object().cloned().unwrap_or_default();
        let sample =
            table().into_iter().find(|known| known.action == row.action).map_or(json!({}), |known| known.sample);
        for parameter in parameters.keys().map(String::as_str).chain(["requestId", "companyId", "groupId", "operator"])
        {
            for value in wrong_values() {
                let mut frame = sample.clone();
                frame["action"] = row.action.into();
                frame["operator"] = "admin1054".into();
                frame["companyId"] = MAIN.into();
                frame[parameter] = value;
                let reply = client.ask(frame.clone()).await;
                let code = reply["code"].as_i64().unwrap();
                assert_ne!(code, 2500, "{frame}: {reply}");
                if code == 1000 || SAYS_NO_MORE.contains(&code) {
                    continue;
                }
                refused.insert((row.action, parameter.to_owned(), code));
                let detail = reply["detail"].as_str().unwrap_or_default();
                if !is_in_both_languages(detail) {
                    silent.push(format!("{} {parameter}: {reply}", row.action));
                }
            }
        }
    }
    assert!(refused.len() > 100, "only {} refusals", refused.len());
    assert!(silent.is_empty(), "{} in one language:\n{}", silent.len(), silent.join("\n"));
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_says_what_is_allowed() {
    let server = support::server(Engine::Sqlite, |_| {}).await;
    let mut client = connect(&server).await;
    let customer = |member: &str, value: &str| json!({"action": "create_customer", "customer": {"custname": "某人", "companyId": MAIN, member: value}});
    for (mut frame, code, exception, allowed) in [
        (
            json!({"action": "get_customer", "type": "phone", "content": "1"}),
            2060,
            "无效的唯一标识符类型",
            &["id", "custName", "cellphone", "companyName"][..],
        ),
        (customer("custType", "贵宾"), 2000, "'贵宾' is not a valid custtype", &["企业客户", "普通客户"]),
        (customer("dealFlag", "没有"), 2000, "'没有' is not a valid dealflag", &["未处理"]),
        (customer("serviceNo", "nobody"), 2000, "找不到归属工号", &["serviceNo"]),
        (
            json!({"action": "feeds", "feed_type": "x", "type": "id", "content": "1"}),
            2000,
            "不正确的参数格式",
            &["Ticket", "CallLog", "All"],
        ),
        (json!({"action": "get_custmer"}), 2404, "", &["get_customer"]),
        (
            json!({"action": "list_audit", "kind": "x", "operator": "admin1054"}),
            2000,
            "不正确的参数格式",
            &["sign_in", "try", "deletion"],
        ),
    ] {
        frame["companyId"] = MAIN.into();
        if frame["operator"].is_null() {
            frame["operator"] = "trcs001".into();
        }
        let reply = client.ask(frame).await;
        assert_eq!(
            (reply["code"].as_i64(), reply["exception"]["message"].as_str().unwrap_or_default()),
            (Some(code), exception),
            "{reply}"
        );
        let detail = reply["detail"].as_str().unwrap();
        assert!(allowed.iter().all(|word| detail.contains(word)) && is_in_both_languages(detail), "{reply}");
    }
    // How calls are signed.
    for (query, code, allowed) in [
        ("appid=2020158&sign=x", 20621, "seconds since 1970"),
        ("appid=2020158&sign=x&timestamp=yesterday", 20621, "1970 年以来的秒数"),
        ("appid=2020158&sign=x&timestamp=1", 20622, "300 秒"),
    ] {
        let line = format!("GET /open_api/customers/get_customer?type=id&content=1&{query}");
        let answer = http(TcpStream::connect(server.address()).await.unwrap(), &line).await;
        assert!(answer.contains(&format!("\"code\":{code}")) && answer.contains(allowed), "{answer}");
    }
    let [id, timestamp, sign] =
        signed::signature("2020158", "another token").map(|(name, value)| format!("{name}={value}"));
    let line = format!("GET /open_api/customers/get_customer?type=id&content=1&{id}&{timestamp}&{sign}");
    let answer = http(TcpStream::connect(server.address()).await.unwrap(), &line).await;
    assert!(
        answer.contains("\"code\":2059") && answer.contains("SHA-256") && answer.contains("sign_version=v2"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn frames_that_are_not_carried_out_are_counted() {
    let server = signed::server(Engine::Sqlite).await;
    let mut clients = [connect(&server).await, signed::AGENT.connect(&server).await];
    let [nobody, agent] = [0, 1];
    for (who, frame, times) in [
        (agent, "no frame", 3),
        (agent, r#"{"action":"no such action at all"}"#, 2),
        (agent, r#"{"no":"action"}"#, 1),
        (nobody, r#"{"action":"get_customer","type":"id","content":"1"}"#, 4),
        (nobody, r#"{"action":"no such action at all"}"#, 1),
    ] {
        let client = &mut clients[who];
        for _ in 0..times {
            client.send(frame).await;
            assert_ne!(client.receive().await.unwrap()["code"], 1000);
        }
    }
    let figures = http(TcpStream::connect(server.address()).await.unwrap(), "GET /metrics").await;
    for line in [
        r#"laidian_requests_total{action="?",code="2422"} 3"#,
        r#"laidian_requests_total{action="?",code="2404"} 3"#,
        r#"laidian_requests_total{action="get_customer",code="2401"} 4"#,
        r#"laidian_requests_total{action="?",code="2401"} 1"#,
    ] {
        assert!(figures.lines().any(|known| known == line), "{line}\n{figures}");
    }
    assert!(!figures.contains("no such action"), "{figures}");
    server.stop().await;
}

#[tokio::test]
async fn what_the_tables_say_of_themselves_is_served() {
    let server = signed::server(Engine::Sqlite).await;
    for (name, file) in [
        ("openapi", include_str!("../../schemas/openapi.json")),
        ("asyncapi", include_str!("../../schemas/asyncapi.json")),
    ] {
        let answer = http(TcpStream::connect(server.address()).await.unwrap(), &format!("GET /docs/{name}.json")).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-type: application/json"), "{head}");
        assert!(body == file, "{name} is another one");
        assert!(serde_json::from_str::<Value>(body).unwrap()[name].is_string());
    }
    let root = http(TcpStream::connect(server.address()).await.unwrap(), "GET /").await;
    assert!(root.contains("/docs/openapi.json") && root.contains("/docs/asyncapi.json"), "{root}");
    server.stop().await;
}
