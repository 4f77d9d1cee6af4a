//! The CTI action document: sections with tables of a cell a line, and examples that are nearly JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Field, Operation, Seed, check, kind_of, loose, row};
use crate::support::{DESK, Engine, MAIN, server};
use crate::systems::Systems;

pub static SEED: Seed = Seed { name: "cti", file: "0-cti-action-protocol.txt", read };

/// The table of a customer's fields, which belongs to no operation.
const CUSTOMER: &str = "客户";

fn kind(name: &str) -> &'static str {
    match name {
        "字符串" | "日期时间" => "string",
        "整型" => "number",
        "布尔" => "boolean",
        "数组" => "array",
        "对象" | "json对象" => "object",
        _ => "null",
    }
}

fn read(text: &str) -> Vec<Operation> {
    let lines: Vec<&str> = text.lines().collect();
    // A title and a sentence stand before this line.
    let mut begins: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim() == "请求方法").collect();
    let of_customer = lines.iter().position(|line| line.trim() == "数据结构-客户").unwrap();
    begins.push(of_customer + 2);
    let section = |index: usize| &lines[begins[index] + 1..begins.get(index + 1).map_or(lines.len(), |next| next - 2)];
    let mut operations: Vec<Operation> = (0..begins.len() - 1).map(|index| operation(section(index))).collect();
    let mut customer = Operation { call: CUSTOMER.to_owned(), ..Operation::default() };
    let end = lines.iter().position(|line| line.starts_with("code错误码说明")).unwrap();
    tables(&lines[of_customer..end], &mut customer);
    operations.push(customer);
    operations
}

fn operation(section: &[&str]) -> Operation {
    let mut operation = Operation::default();
    let example = section.iter().position(|line| line.trim() == "示例").unwrap();
    tables(&section[1..example], &mut operation);
    let (asked, answered) = section.split_at(section.iter().position(|line| line.trim() == "返回").unwrap());
    operation.call = call(section[0].trim(), &asked[example..].join("\n"));
    let is_history = operation.call.ends_with("/feeds");
    for mut field in loose::fields(&answered.join("\n")) {
        if is_history && field.path.starts_with("feeds[].") && field.path != "feeds[].feed_type" {
            // All that the example prints are tickets.
            field.path = field.path.replace("feeds[]", "feeds[Ticket]");
        }
        // What is printed counts more than what a table says.
        match operation.answers.iter_mut().find(|known| known.path == field.path) {
            Some(known) if field.kind != "null" => *known = field,
            Some(_) => {}
            None => operation.answers.push(field),
        }
    }
    operation
}

/// `action:feeds`, `PUT /customers/update_customer`, or the name of a topic, whose action the example has. Routes
/// stand behind `/open_api` in the examples.
fn call(method: &str, example: &str) -> String {
    if let Some(action) = method.strip_prefix("action:") {
        return format!("action {}", action.trim());
    }
    if method.starts_with("Topic:") {
        let (_, action) = example.split_once("{action:").unwrap();
        return format!("action {}", action.split(';').next().unwrap());
    }
    assert!(example.contains("/open_api/customers"));
    method.replacen(" /", " /open_api/", 1)
}

/// What stands outside of examples.
enum Part<'a> {
    Text(&'a str),
    Row(Vec<&'a str>),
}

/// A row is a cell a line, indented, up to an empty line; one that breaks off behind its first cell goes on.
fn parts<'a>(lines: &[&'a str]) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for paragraph in lines.chunk_by(|a, b| a.starts_with('\t') && b.starts_with('\t')) {
        if let Some(text) = paragraph.first().filter(|line| !line.starts_with('\t')) {
            if !text.trim().is_empty() {
                parts.push(Part::Text(text.trim()));
            }
            continue;
        }
        let cells = paragraph.iter().map(|cell| cell.trim());
        match parts.last_mut() {
            Some(Part::Row(row)) if row.len() == 1 => row.extend(cells),
            _ => parts.push(Part::Row(cells.collect())),
        }
    }
    parts
}

fn tables(lines: &[&str], operation: &mut Operation) {
    let (mut caption, mut inner) = ("", "");
    for part in parts(lines) {
        match part {
            // The table that follows is still about the caption's.
            Part::Text(text) if text.starts_with("其中，author") => inner = ".author",
            Part::Text(text) => (caption, inner) = (text, ""),
            Part::Row(cells) if ["参数名", "属性名", "取值"].contains(&cells[0]) => {}
            Part::Row(cells) => entry(caption, inner, &cells, operation),
        }
    }
}

fn entry(caption: &str, inner: &str, cells: &[&str], operation: &mut Operation) {
    let name = cells[0].trim_start_matches('*');
    let kind = kind(cells[1]);
    match caption {
        "customer" => operation.asks.push(format!("customer.{name}")),
        "条件类型" => operation.asks.push(format!("type={name}")),
        "其取值范围如下：" => operation.asks.push(format!("feed_type={name}")),
        "返回数据" | CUSTOMER => operation.answers.push(Field::new(name, kind)),
        "Ticket" | "CallLog" | "CustomerFollowUp" | "Alternation" => {
            operation.answers.push(Field::new(format!("feeds[{caption}]{inner}.{name}"), kind));
        }
        caption if caption.starts_with("请求参数") => operation.asks.push(name.to_owned()),
        caption if caption.starts_with("feeds的元素") => {
            operation.answers.push(Field::new(format!("feeds[].{name}"), kind));
        }
        caption => panic!("{caption}: {cells:?}"),
    }
}

/// Where a field is served, and as what. The document contradicts itself here; see `docs/dialects/cti.md`.
fn decided(call: &str, field: &Field) -> Field {
    match (call, field.path.as_str()) {
        // Customers are where the examples print them.
        ("action list_customers", "customers") | ("action get_customer", "customer") => Field::new("result", "array"),
        // Login numbers are texts: 008 is not 8.
        (_, path) if path.ends_with("serviceNo") || path.ends_with("oginNo") => Field::new(path, "string"),
        _ => field.clone(),
    }
}

fn find(call: &str) -> Operation {
    SEED.operations().into_iter().find(|operation| operation.call == call).unwrap()
}

fn check_all(call: &str, answer: &Value) {
    let operation = find(call);
    assert!(!operation.answers.is_empty());
    operation.answers.iter().for_each(|field| check(call, answer, &decided(call, field)));
}

/// The values that a documented list of choices names: `type=id`.
fn choices(operation: &Operation, name: &str) -> Vec<String> {
    let prefix = format!("{name}=");
    operation.asks.iter().filter_map(|ask| ask.strip_prefix(&prefix).map(str::to_owned)).collect()
}

#[test]
fn every_documented_operation_is_served_with_its_parameters() {
    let operations = SEED.operations();
    assert_eq!(operations.len(), 8);
    for operation in operations.iter().filter(|operation| operation.call != CUSTOMER) {
        let row = row(&operation.call).unwrap_or_else(|| panic!("{} is not served", operation.call));
        assert_eq!(row.dialect, "Cti");
        // Who asks is in the envelope.
        let known = super::parameters(row);
        for name in operation.asks.iter().filter(|name| !name.contains(['.', '=']) && *name != "companyId") {
            assert!(known.contains(name), "{} has no {name}", operation.call);
        }
    }
}

#[tokio::test]
async fn every_documented_field_is_in_its_answer() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    let members = json!({"groupId": "1054001", "callbackId": "222000"});
    check_all("action filter_customers", &systems.act("trcs001", "filter_customers", members).await);
    let members = json!({"filters": "默认任务｜全部客户｜企业客户｜未处理｜展览", "query": "13000000001", "page": 1, "callbackId": "123456"});
    let listed = systems.act("trcs001", "list_customers", members).await;
    check_all("action list_customers", &listed);
    let contents =
        json!({"id": 1, "custName": "测试用户", "cellphone": "13000000001", "companyName": "北京天润科技有限公司"});
    for choice in choices(&find("action get_customer"), "type") {
        let members = json!({"type": choice, "content": contents[&choice], "callbackId": 123456});
        let found = systems.act("trcs001", "get_customer", members).await;
        check_all("action get_customer", &found);
        assert_eq!(found["result"], listed["result"], "{choice}");
    }
    check_customer(&listed["result"][0]);
    server.stop().await;
}

/// The table of a customer's fields spells them otherwise than the examples, whose names and kinds are served.
fn check_customer(customer: &Value) {
    let example: BTreeSet<String> = find("action get_customer").answers.into_iter().map(|field| field.path).collect();
    for Field { path, kind } in find(CUSTOMER).answers {
        let members = customer.as_object().unwrap();
        let (name, value) =
            members.iter().find(|(name, _)| name.eq_ignore_ascii_case(&path)).unwrap_or_else(|| panic!("no {path}"));
        if !example.contains(&format!("result[].{name}")) {
            assert_eq!(kind_of(value), kind, "{name}");
        }
    }
}

/// The customer of the document's example, but for what the server keeps itself.
fn sample() -> Value {
    json!({
        "custname": "测试用户", "custtype": "普通客户", "cellphones": [[null, "13888888888"], [null, "13888889999"]],
        "address": "上海市黄埔区皇后大道东29号", "companyName": "示例公司", "taskId": 99, "serviceNo": "008",
        "servicegroupId": 1_001_002, "companyId": 8008, "jsonStr": {"392_消费情况": "高消费", "373_客户等级": "E"},
        "dealFlag": "未处理", "assignTime": "2017-05-03 14:44", "customerLabel": "标签1,标签2", "custFrom": "展览",
        "followNum": 3, "lastAccept": "call-1", "lastFlowTime": "2017-05-04 10:00",
    })
}

#[tokio::test]
async fn what_is_documented_can_be_written() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    let create = "action create_customer";
    // The server's own: they may be sent, and are ignored.
    let mut sent = sample();
    for name in ["id", "opTime", "loginNo", "upLoginNo", "upTime"] {
        sent[name] = "1999-01-01 00:00".into();
    }
    for name in find(create).asks.iter().filter_map(|ask| ask.strip_prefix("customer.")) {
        assert!(sent.get(name).is_some(), "the sample has no {name}");
    }
    let created = systems.frame(&json!({"action": "create_customer", "customer": sent})).await;
    check_all(create, &created);
    check_written(&created["customer"]);

    let update = "PUT /open_api/customers/update_customer";
    let key = [("type", "cellphone"), ("content", "13888888888")];
    let mut changed = sample();
    changed["address"] = "测试路1号".into();
    let updated = systems.open_api(DESK, update, &key, &json!({ "customer": changed })).await;
    check_all(update, &updated);
    assert_eq!(updated["customer"]["address"], "测试路1号");

    let destroy = "DELETE /open_api/customers/destroy_customer";
    let destroyed = systems.open_api(DESK, destroy, &key, &Value::Null).await;
    check_all(destroy, &destroyed);
    assert_eq!(destroyed["customer_id"], created["customer"]["id"]);
    server.stop().await;
}

fn check_written(customer: &Value) {
    let written = sample();
    for (name, given) in written.as_object().unwrap() {
        let stored = if name == "custtype" { &customer["custType"] } else { &customer[name] };
        match name.as_str() {
            "cellphones" => assert_eq!(stored[1]["content"], "13888889999"),
            "customerLabel" => assert_eq!(stored[1]["name"], "标签2"),
            _ => assert_eq!(stored, given, "{name}"),
        }
    }
    assert!(!customer.to_string().contains("1999"), "{customer}");
}

#[tokio::test]
async fn every_kind_of_history_has_its_documented_fields() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let call = "GET /open_api/customers/feeds";
    let operation = find(call);
    let kinds = choices(&operation, "feed_type");
    assert_eq!(kinds.len(), 5);
    for kind in kinds {
        let query = [("type", "id"), ("content", "1"), ("feed_type", &kind), ("page", "1"), ("page_size", "100")];
        let answer = systems.open_api(MAIN, call, &query, &Value::Null).await;
        let mut fields: Vec<Field> = operation.answers.iter().map(|field| decided(call, field)).collect();
        if kind == "TextMsgLog" {
            // The document leaves this one open.
            for (name, kind) in [
                ("id", "number"),
                ("phone", "string"),
                ("content", "string"),
                ("direction", "string"),
                ("status", "string"),
                ("createdTime", "string"),
            ] {
                fields.push(Field::new(format!("feeds[TextMsgLog].{name}"), kind));
            }
        }
        let own = format!("feeds[{kind}]");
        for field in fields.iter().filter(|field| !field.path.starts_with("feeds[") || field.path.starts_with(&own)) {
            check(call, &answer, &Field::new(field.path.replace(&own, "feeds[]"), &field.kind));
        }
        check(call, &answer, &Field::new("feeds[].feed_type", "string"));
        assert!(answer["feeds"].as_array().unwrap().iter().all(|item| item["feed_type"] == *kind));
        assert!(fields.iter().any(|field| field.path.starts_with(&own)), "{kind} has no fields");
    }
    server.stop().await;
}
