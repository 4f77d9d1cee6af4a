//! The customer detail document: tables of what is called and what is answered.

use std::collections::BTreeSet;

use laidian::domain::ids;
use serde_json::{Value, json};

use super::{Field, Operation, Seed, check, check_order, paths, row};
use crate::support::{Engine, MAIN, server};
use crate::systems::Systems;

pub static SEED: Seed = Seed { name: "customer_detail", file: "3-customer-detail.md", read };

/// The cells of the rows of the table whose header begins with this name.
fn table<'a>(text: &'a str, first: &str) -> impl Iterator<Item = Vec<&'a str>> {
    let header = format!("| {first} |");
    let rows = text.lines().skip_while(move |line| !line.starts_with(&header)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
}

fn kind(name: &str) -> &'static str {
    match name {
        "string" | "enum" => "string",
        "int" | "float" => "number",
        "array" | "object_array" => "array",
        other => panic!("{other}"),
    }
}

fn read(text: &str) -> Vec<Operation> {
    let calls = table(text, "Path").map(|cells| format!("{} {}", cells[1], cells[0]));
    // The first table of this header lists parameters, and is empty.
    let (_, response) = text.split_once("\nResponse\n").unwrap();
    let (mut list, mut answers) = (String::new(), Vec::new());
    for cells in table(response, "Key") {
        match cells[0].strip_prefix("-> ") {
            Some(inner) => answers.push(Field::new(format!("{list}[].{inner}"), kind(cells[1]))),
            None => {
                cells[0].clone_into(&mut list);
                answers.push(Field::new(cells[0], kind(cells[1])));
            }
        }
    }
    // What `type` may be, by the name that its example gives.
    let (_, choices) = text.split_once("\nCustomerType\n").unwrap();
    let choices = table(choices, "Const").map(|cells| format!("type={}", cells[0]));
    calls
        .map(|call| Operation { call, asks: Vec::new(), answers: answers.clone() })
        .chain([Operation { call: "CustomerType".to_owned(), asks: choices.collect(), answers: Vec::new() }])
        .collect()
}

/// The field as it is served. `areaCode` is a text in the table and a list in its example, which is right.
fn decided(field: &Field) -> Field {
    if field.path == "areaCode" { Field::new("areaCode", "array") } else { field.clone() }
}

#[tokio::test]
async fn the_answer_has_every_key_of_the_table_and_no_other() {
    let [operation, choices] = &SEED.operations()[..] else { panic!() };
    assert!(row(&operation.call).is_some(), "{} is not served", operation.call);
    assert_eq!(operation.answers.iter().filter(|field| !field.path.contains('[')).count(), 25);
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    let shown = systems.detail(1).await;
    check_order(&shown.text, &operation.answers);
    let answer = shown.body;
    for field in &operation.answers {
        check(&operation.call, &answer, &decided(field));
    }
    let mut documented: BTreeSet<String> = operation.answers.iter().map(|field| field.path.clone()).collect();
    // What the lists hold: the table prints it in examples only.
    for (list, kind) in [
        ("departmentPath", "string"),
        ("industryPath", "string"),
        ("area", "string"),
        ("areaCode", "string"),
        ("followers", "number"),
    ] {
        check(&operation.call, &answer, &Field::new(format!("{list}[]"), kind));
        documented.insert(format!("{list}[]"));
    }
    assert_eq!(paths(&answer), documented);

    for choice in &choices.asks {
        let kind = choice.strip_prefix("type=").unwrap();
        let members = json!({"type": "id", "content": 1, "system": "customer_detail", "fields": {"type": kind}});
        systems.act("trcs001", "put_details", members).await;
        assert_eq!(systems.detail(1).await.body["type"], kind);
    }
    server.stop().await;
}

/// The same over the socket, where the number that other actions know the customer by will do.
#[tokio::test]
async fn the_socket_shows_the_same() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    let over_http = systems.detail(1).await.body;
    for id in [Value::from(1), ids::to_hex24(MAIN, 1).into()] {
        let reply = systems.act("trcs001", "customers/detail", json!({ "id": id })).await;
        assert_eq!(reply["result"], over_http);
    }
    server.stop().await;
}
