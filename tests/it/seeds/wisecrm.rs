//! The WiseCRM account document: five calls by their titles, each with its parameters and an example in JSON.

use std::collections::BTreeSet;

use laidian::dialects::Effect;
use laidian::domain::ids::{self, Entity};
use serde_json::{Value, json};

use super::{Operation, Seed, check, kind_of, loose, parameters, paths, row};
use crate::support::{Engine, MAIN, server};
use crate::systems::Systems;

pub static SEED: Seed = Seed { name: "wisecrm", file: "2-wisecrm-account.txt", read };

/// The page prints titles only; model and function are the system's rule for addresses, `/gw/[model]/[function]`.
const TITLES: [(&str, &str); 5] = [
    ("新增客戶", "POST /gw/account/add"),
    ("獲取單條客戶", "GET /gw/account/get"),
    ("查詢客戶列表", "GET /gw/account/list"),
    ("修改客戶", "POST /gw/account/update"),
    ("刪除客戶", "POST /gw/account/delete"),
];

fn kind(name: &str) -> Option<&'static str> {
    match name {
        "string" | "string(40)" => Some("string"),
        "int" => Some("number"),
        "boolean" => Some("boolean"),
        "json(map)" => Some("object"),
        "json(array)" => Some("array"),
        _ => None,
    }
}

/// The rows of a table: a name, a kind, and words about it.
fn table(text: &str) -> impl Iterator<Item = (&str, &'static str)> {
    text.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, kind(words.next()?)?))
    })
}

fn read(text: &str) -> Vec<Operation> {
    let begin = |title: &str| text.find(&format!("\n{title}\n")).unwrap_or_else(|| panic!("{title} is not there"));
    let mut operations = Vec::new();
    for (index, (title, call)) in TITLES.iter().enumerate() {
        let end = TITLES.get(index + 1).map_or(text.len(), |(next, _)| begin(next));
        let (asked, answered) = text[begin(title)..end].split_once("返回數據示例").unwrap();
        let (example, described) = answered.split_once("返回數據說明").unwrap();
        let mut answers = loose::fields(example);
        for (name, kind) in table(described) {
            let named = answers.iter().filter(|field| field.path.rsplit('.').next() == Some(name));
            assert!(named.clone().count() == 1 && named.clone().all(|field| field.kind == kind), "{title}: {name}");
        }
        answers.dedup();
        operations.push(Operation {
            call: (*call).to_owned(),
            asks: table(asked).map(|(name, _)| name.to_owned()).collect(),
            answers,
        });
    }
    operations
}

#[test]
fn every_documented_call_is_served_with_its_parameters() {
    for operation in SEED.operations() {
        let row = row(&operation.call).unwrap_or_else(|| panic!("{} is not served", operation.call));
        assert_eq!(format!("/gw/{}", row.action), operation.call.split(' ').next_back().unwrap());
        let writes = ["add", "update", "delete"].iter().any(|function| row.action.ends_with(function));
        assert_eq!(row.effect == Effect::Write, writes, "{}", row.action);
        let parameters = parameters(row);
        for parameter in &operation.asks {
            // What is posted is the member `body` where nothing can be posted.
            let name = if parameter == "POST流" { "body" } else { parameter };
            assert!(parameters.contains(name), "{} has no {name}", row.action);
        }
    }
}

/// All calls with all their parameters, on one customer.
#[tokio::test]
async fn every_documented_field_is_in_its_answer() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let mut account = String::new();
    for operation in SEED.operations() {
        let function = operation.call.rsplit('/').next().unwrap();
        let value = |name: &str| match name {
            "account_id" => account.as_str(),
            "fields" if function == "list" => "accountId,accountName,phone",
            "fields" => "accountName,phone",
            "qname" => "*志永",
            "page_no" => "1",
            "page_size" => "20",
            "force_add" | "force_update" => "false",
            "cascade_delete" => "{}",
            other => panic!("{function} asks for {other}"),
        };
        let own = |name: &&String| !["op_user", "POST流"].contains(&name.as_str());
        let query: Vec<(&str, &str)> =
            operation.asks.iter().filter(own).map(|name| (name.as_str(), value(name))).collect();
        let body = match function {
            "add" => json!({"accountName": "林志永", "phone": "021-55512701"}),
            "update" => json!({"phone": "021-55512702"}),
            _ => Value::Null,
        };
        let answer = systems.wise(&operation.call, 1, &query, &body).await;
        for field in &operation.answers {
            check(&operation.call, &answer, field);
        }
        let documented: BTreeSet<String> = operation.answers.iter().map(|field| field.path.clone()).collect();
        assert_eq!(paths(&answer), documented, "{}", operation.call);
        assert_eq!(answer["error_msg"], "调用成功");
        if function == "add" {
            answer["data"]["account_id"].as_str().unwrap().clone_into(&mut account);
            assert_eq!(account.len(), 40);
        } else if let Some(id) = answer["data"]["account_id"].as_str() {
            assert_eq!(id, account);
        }
    }
    server.stop().await;
}

/// The fields that the study of the system knows beside those of the page, with their kinds.
const FIELDS: [(&str, &str); 12] = [
    ("accountId", "string"),
    ("accountName", "string"),
    ("phone", "string"),
    ("address", "string"),
    ("typeCode", "number"),
    ("owningUser", "string"),
    ("owningBusinessUnit", "string"),
    ("createdOn", "string"),
    ("createdBy", "string"),
    ("modifiedOn", "string"),
    ("modifiedBy", "string"),
    ("isDeleted", "boolean"),
];

#[tokio::test]
async fn every_known_field_can_be_asked_for() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let (account, fields) = (ids::to_wise(Entity::Account, MAIN, 1), FIELDS.map(|(name, _)| name).join(","));
    let asked = [("account_id", account.as_str()), ("fields", &fields)];
    let answer = systems.wise("GET /gw/account/get", 1, &asked, &Value::Null).await;
    for (name, kind) in FIELDS {
        assert_eq!(kind_of(&answer["data"][name]), kind, "{name}: {answer}");
    }
    let listed = systems.wise("GET /gw/metadata/field", 1, &[("entity", "Account")], &Value::Null).await;
    let listed: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(listed, FIELDS.map(|(name, _)| name));
    server.stop().await;
}
