//! The iBiz PLM customer document: a panel for each operation, once for all customers and once for a product's.

use std::collections::BTreeSet;
use std::path::Path;

use laidian::dialects;
use laidian::domain::ids;
use serde_json::{Map, Value, json};

use super::{Field, Operation, Seed, check, loose, parameters, row};
use crate::support::{Engine, MAIN, server};
use crate::systems::Systems;

pub static SEED: Seed = Seed { name: "ibizplm", file: "1-ibizplm-customer.md", read };

/// What these take or answer are files.
const FILES: [&str; 8] = [
    "GET /customers/importtemplate",
    "POST /customers/exportdata/{param}",
    "POST /customers/exportdata/{param}/{key}",
    "POST /customers/importdata",
    "POST /customers/importdata2",
    "GET /customers/asyncimportdata2",
    "GET /customers/printdata/{key}",
    "POST /customers/report",
];

/// Ours: what an asynchronous import needs, and where clients ask what has become of it.
const BESIDE: [&str; 4] =
    ["POST /files", "POST /importschemas", "GET /asyncactions/{asyncactionid}", "GET /ossfiles/{srfossfileid}"];

/// What the server writes, and reads over in what clients send.
const SERVERS: [&str; 8] = [
    "product_name",
    "assignee_name",
    "ticket_total",
    "ticket_finish",
    "create_man",
    "create_time",
    "update_man",
    "update_time",
];

fn read(text: &str) -> Vec<Operation> {
    text.split("<!-- panels:start -->").skip(1).flat_map(panel).collect()
}

fn panel(panel: &str) -> Vec<Operation> {
    let head = panel.lines().find(|line| line.contains("` `/")).unwrap();
    let marked: Vec<&str> = head.split('`').skip(1).step_by(2).collect();
    let (asked, answered) = panel.split_once("#### **Response**").unwrap();
    let mut asks: Vec<String> = asked.lines().filter_map(parameter).collect();
    // Examples of lists print what turns the pages, too.
    for field in asked.split("```json").skip(1).flat_map(loose::fields) {
        if !asks.contains(&field.path) {
            asks.push(field.path);
        }
    }
    let block = answered.split("```").nth(1).unwrap_or_default();
    let answers = match block.split_once('\n') {
        Some(("file", _)) => vec![Field::new(".", "file")],
        Some(("json", json)) if json.trim() == "INT" => vec![Field::new(".", "number")],
        Some(("json", json)) => loose::fields(json),
        _ => Vec::new(),
    };
    let paths = marked[1].split(',');
    let call = |path: &str| format!("{} {path}", marked[0]);
    paths.map(|path| Operation { call: call(path), asks: asks.clone(), answers: answers.clone() }).collect()
}

/// The name in a line such as `` * `scale` - 规模 ``.
fn parameter(line: &str) -> Option<String> {
    let (name, _) = line.trim().strip_prefix('*')?.split_once(" - ")?;
    Some(name.trim().trim_matches('`').to_owned())
}

/// The call for all customers that is the same as this one for a product's.
fn for_all(call: &str) -> String {
    call.replace("/products/{pkey}", "")
}

fn is_one_of(operation: &Operation, calls: &[&str]) -> bool {
    calls.contains(&for_all(&operation.call).as_str())
}

#[test]
fn what_the_document_lists_is_served_for_all_and_by_product() {
    let operations = SEED.operations();
    let (of_products, of_all): (Vec<_>, Vec<_>) =
        operations.iter().map(|operation| operation.call.clone()).partition(|call| call.contains("{pkey}"));
    assert_eq!(of_products.iter().map(|call| for_all(call)).collect::<Vec<_>>(), of_all);
    assert_eq!(of_all.len(), 17 + FILES.len());
    for operation in &operations {
        let row = row(&operation.call).unwrap_or_else(|| panic!("{} is not served", operation.call));
        let mut known = parameters(row);
        if is_one_of(operation, &FILES) {
            // Any filter of the list, and the part of the form whose id an operation is told.
            assert!(known.contains("n_name_like") || !operation.asks.contains(&"n_xxx_eq".to_owned()));
            assert!(known.contains("srfossfileid") || !operation.asks.contains(&"file".to_owned()));
            known.extend(["n_xxx_eq", "file"].map(str::to_owned));
        }
        // The key in the path counts, whatever the body says.
        let has_key = operation.call.contains("{key}");
        let is_read_over = |name: &str| SERVERS.contains(&name) || (name == "id" && has_key);
        for name in operation.asks.iter().filter(|name| !is_read_over(name)) {
            assert!(known.contains(name), "{} has no {name}", operation.call);
        }
    }
}

#[test]
fn the_document_has_every_route_that_is_served() {
    let mut documented: BTreeSet<String> = SEED.operations().into_iter().map(|operation| operation.call).collect();
    documented.extend(BESIDE.map(str::to_owned));
    let routes = dialects::rows().filter(|row| row.dialect == "Ibizplm").flat_map(|row| row.routes);
    for route in routes {
        assert!(documented.contains(&format!("{} {}", route.method, route.path)), "{} {}", route.method, route.path);
    }
}

/// A customer with all members: what clients write is stored, the rest is the server's.
fn sample(id: &str) -> Map<String, Value> {
    let sample = json!({
        "id": id, "name": "岚舟科技", "scale": 120, "description": "重点客户", "logo": "logo.png",
        "grade_id": "L1", "industry_id": "10", "categories": "c-1,c-2", "categories_name": "重点,华东",
        "product_id": "p-demo", "assignee_id": "trcs008", "is_archived": 1, "is_deleted": 0,
        "attentions": [{"user_id": "trcs001", "type": "20"}],
        "product_name": "?", "assignee_name": "?", "ticket_total": 77, "ticket_finish": 77,
        "create_man": "?", "create_time": "1999-01-01 00:00:00", "update_man": "?", "update_time": "1999-01-01 00:00:00",
    });
    match sample {
        Value::Object(members) => members,
        _ => unreachable!(),
    }
}

/// The kind of a member, which the document prints as null throughout.
fn kind(member: &str) -> &'static str {
    match member {
        "scale" | "is_archived" | "is_deleted" | "ticket_total" | "ticket_finish" => "number",
        "attentions" => "array",
        _ => "string",
    }
}

/// Fails unless a customer has the documented members and no other. What is stored has a value in each.
fn check_customer(operation: &Operation, customer: &Value, is_stored: bool) {
    let members = customer.as_object().unwrap();
    let documented: BTreeSet<&str> =
        operation.answers.iter().map(|field| field.path.trim_start_matches("[].")).collect();
    assert_eq!(members.keys().map(String::as_str).collect::<BTreeSet<_>>(), documented, "{}", operation.call);
    for (name, value) in members {
        // Lists do not say who follows.
        if value.is_null() && (!is_stored || name == "attentions") {
            continue;
        }
        check(&operation.call, customer, &Field::new(name, kind(name)));
    }
}

#[tokio::test]
async fn every_operation_takes_and_answers_what_the_document_prints() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    // What the first customer lacks.
    let missing = json!({"logo": "logo.png", "categories_name": "重点"});
    systems.plm(&format!("PUT /customers/{}", ids::to_hex32(MAIN, 1)), &missing).await;
    let feeds = json!({"feed_type": "CustomerFollowUp", "type": "id", "content": 1});
    let comment = systems.act("trcs001", "feeds", feeds).await["feeds"][0]["id"].clone();
    for (index, operation) in SEED.operations().iter().filter(|operation| !is_one_of(operation, &FILES)).enumerate() {
        let key = format!("c-{index}");
        let call = operation.call.replace("{pkey}", "p-demo").replace("{key}", &key);
        if operation.call.contains("/fetch") {
            check_list(&systems, operation, &call, &comment).await;
            continue;
        }
        let is_new = matches!(for_all(&operation.call).as_str(), "POST /customers" | "POST /customers/checkkey");
        if !is_new {
            systems.plm("POST /customers", &json!(sample(&key))).await;
        }
        let mut body: Map<String, Value> =
            sample(&key).into_iter().filter(|(name, _)| operation.asks.contains(name)).collect();
        // What the page leaves out, and the logic of these needs.
        for (name, value) in [("principal_id", json!("idea-1")), ("srfactionparam", json!([{"categories": "c-3"}]))] {
            body.insert(name.to_owned(), value);
        }
        let answer = if operation.call.starts_with("GET") {
            // The document prints a body, which a GET has not: it stands in the query.
            let query = body.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            systems.plm(&format!("{call}?{query}"), &Value::Null).await
        } else {
            systems.plm(&call, &body.into()).await
        };
        match operation.answers.as_slice() {
            // The document says void where the logic returns the counter, which clients poll.
            [] if call.ends_with("re_counters") => assert_eq!(answer, json!({"customer_re_ticket": 0})),
            [] => assert_eq!(answer, Value::Null, "{call}"),
            [whole] if whole.path == "." => check(&call, &answer, whole),
            _ => {
                let is_stored = !call.contains("getdraft") && !call.contains("others_relation");
                check_customer(operation, &answer, is_stored);
                let writable = sample(&key).into_iter().filter(|(name, _)| !SERVERS.contains(&name.as_str()));
                for (name, given) in writable.filter(|(name, _)| is_stored && name != "attentions") {
                    assert_eq!(answer[&name], given, "{call}: {name}");
                }
                for name in SERVERS {
                    assert!(
                        ![json!("?"), json!(77), json!("1999-01-01 00:00:00")].contains(&answer[name]),
                        "{call}: {name}"
                    );
                }
                if is_stored {
                    assert_eq!(answer["attentions"][0]["user_id"], "trcs001", "{call}");
                }
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn operations_with_files_answer_what_the_document_prints() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let bearer = "\nAuthorization: Bearer demo-ibizplm-token";
    let form = "\nContent-Type: multipart/form-data; boundary=x";
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n<html>\r\n--x--\r\n";
    for operation in SEED.operations().iter().filter(|operation| is_one_of(operation, &FILES)) {
        let call = operation.call.replace("{pkey}", "p-demo").replace("{param}", "fetchdefault");
        let call = call.replace("{key}", &ids::to_hex32(MAIN, 1));
        if call.contains("/importdata") {
            // What is sent is no table; tests/workbooks.py sends others.
            let answer = systems.call(&call, &format!("{bearer}{form}"), body).await;
            assert!(answer.text.contains("xlsx"), "{call}: {}", answer.text);
        } else if call.contains("/asyncimportdata2") {
            let file = systems.call("POST /files", &format!("{bearer}{form}"), body).await;
            let id = file.body["id"].as_str().unwrap().to_owned();
            let job = systems.plm(&format!("{call}?srfossfileid={id}"), &Value::Null).await;
            assert!(!operation.answers.is_empty());
            for field in &operation.answers {
                check(&call, &job, field);
            }
        } else {
            let body = if call.starts_with("POST") { "{}" } else { "" };
            let answer = systems.raw(&format!("{call}?srfcontenttype=EXCEL"), bearer, body).await;
            assert!(answer.contains("attachment; filename="), "{call}: {answer}");
        }
    }
    server.stop().await;
}

/// The body of a request as the document prints it: no value but for the page, and a comma behind the last member.
fn printed(operation: &Operation) -> Option<String> {
    let names: Vec<&String> =
        operation.asks.iter().filter(|name| !operation.call.contains(&format!("{{{name}}}"))).collect();
    let is_printed = names.contains(&&"scale".to_owned()) || names.contains(&&"page".to_owned());
    if !is_printed || is_one_of(operation, &FILES) {
        return None;
    }
    // What turns the pages comes first in the example, and last among the parameters.
    let pages = ["page", "size", "sort"].into_iter().filter(|page| names.iter().any(|name| name == page));
    let others = names.iter().map(|name| name.as_str()).filter(|name| !["page", "size", "sort"].contains(name));
    let member = |name: &str| {
        let value = match name {
            "page" => "0",
            "size" => "20",
            _ => "null",
        };
        format!("  \"{name}\" : {value},\n")
    };
    Some(format!("{{\n{}}}", pages.chain(others).map(member).collect::<String>()))
}

/// The bodies are no JSON, but what is meant is clear. Where the document is at hand, it prints just these.
#[tokio::test]
async fn requests_are_taken_as_the_document_prints_them() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds").join(SEED.file);
    let document = std::fs::read_to_string(document).ok();
    let bearer = "\nAuthorization: Bearer demo-ibizplm-token";
    let mut answered = 0;
    for (index, operation) in SEED.operations().iter().enumerate() {
        let Some(body) = printed(operation) else { continue };
        assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
        assert!(document.as_ref().is_none_or(|document| document.contains(&body)), "{}: {body}", operation.call);
        let key = format!("c-{index}");
        let call = operation.call.replace("{pkey}", "p-demo").replace("{key}", &key);
        if operation.call.contains("{key}") {
            systems.plm("POST /customers", &json!({"id": key, "name": "岚舟科技", "product_id": "p-demo"})).await;
        }
        let answer = systems.call(&call, bearer, &body).await;
        // A customer must have a name, and a relation two ends: that alone can be missed in what is printed.
        let is_missed = answer.status == 400 && answer.body["details"][0]["fielderrortype"] == 1;
        assert!(answer.status == 200 || is_missed, "{call}: {}", answer.text);
        if is_missed {
            let field = answer.body["details"][0]["fieldname"].as_str().unwrap().to_lowercase();
            let filled =
                format!("{{\"{field}\" : \"岚舟\",{}", &body[1..].replace(&format!("  \"{field}\" : null,\n"), ""));
            let answer = systems.call(&call, bearer, &filled).await;
            assert_eq!(answer.status, 200, "{call}: {}", answer.text);
        }
        answered += 1;
    }
    assert_eq!(answered, 28);
    server.stop().await;
}

/// Where the document leaves something out (`...`), nobody can know what: it is said where.
#[tokio::test]
async fn what_the_document_leaves_out_is_refused_with_its_place() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let bearer = "\nAuthorization: Bearer demo-ibizplm-token";
    let printed = "{\n  \"\":\"\",\n  \"\":\"\",\n  ...\n}";
    for call in
        ["POST /customers/report", "POST /products/p-demo/customers/report", "POST /customers/exportdata/fetchdefault"]
    {
        let answer = systems.call(call, bearer, printed).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(5)), "{call}: {}", answer.text);
        assert!(
            answer.body["message"].as_str().unwrap().contains("line 5, column 1: expected `:`"),
            "{call}: {}",
            answer.text
        );
    }
    server.stop().await;
}

/// All filters together find the first customer of the demo.
async fn check_list(systems: &Systems, operation: &Operation, call: &str, comment: &Value) {
    let first = ids::to_hex32(MAIN, 1);
    let value = |name: &str| match name {
        "page" => json!(0),
        "size" => json!(20),
        "n_assignee_id_eq" => json!("trcs008"),
        "n_categorys_like" => json!("key"),
        "n_grade_id_eq" => json!("L1"),
        "n_id_eq" => json!(first),
        "n_industry_id_eq" => json!("10"),
        "n_name_like" => json!("测试"),
        "n_product_id_eq" => json!("p-demo"),
        "n_product_name_eq" => json!("演示产品"),
        "n_product_name_like" => json!("演示"),
        // It would contradict `n_categorys_like`.
        "n_categorys_isnull" | "sort" => Value::Null,
        "pkey" => json!("p-demo"),
        other => panic!("{call} asks for {other}"),
    };
    let mut body: Map<String, Value> = operation.asks.iter().map(|name| (name.clone(), value(name))).collect();
    // What the page leaves out, and the condition of the list needs.
    if call.ends_with("comment_notify_assignee") {
        body.insert("id".to_owned(), comment.clone());
    } else if call.contains("idea_") {
        let idea = if call.contains("notre") { "idea-none" } else { "idea-demo" };
        body.insert("principal_id".to_owned(), idea.into());
    }
    let answer = systems.plm(call, &json!(body)).await;
    assert_eq!(answer[0]["id"], first, "{call}: {answer}");
    assert_eq!(answer.as_array().map(Vec::len), Some(1), "{call}: {answer}");
    check_customer(operation, &answer[0], true);
    // Any filter alone that does not fit leaves nothing.
    for name in body.keys().filter(|name| name.starts_with("n_")) {
        let mut other = body.clone();
        other.insert(name.clone(), "?".into());
        assert_eq!(systems.plm(call, &json!(other)).await, json!([]), "{call}: {name}");
    }
}
