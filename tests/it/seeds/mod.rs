//! What the five documents print is served: every operation, every parameter, every field of an answer.
//!
//! What a document lists is read out of its own text, and stands beside these tests as `<name>.txt`. Where the
//! documents themselves are at hand, the lists are compared with them.

mod crm_info;
mod cti;
mod customer_detail;
mod ibizplm;
mod loose;
mod wisecrm;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use laidian::dialects::{self, Row};
use serde_json::Value;

/// A document: where its text is, and how an operation stands in it.
pub struct Seed {
    pub name: &'static str,
    pub file: &'static str,
    pub read: fn(&str) -> Vec<Operation>,
}

const SEEDS: [&Seed; 5] = [&cti::SEED, &ibizplm::SEED, &wisecrm::SEED, &customer_detail::SEED, &crm_info::SEED];

/// An operation as its document prints it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// `GET /customers/{key}`, or `action feeds`.
    pub call: String,
    pub asks: Vec<String>,
    pub answers: Vec<Field>,
}

/// A field of an answer: `data.contacts[].name`. What a text holds as JSON is behind `{}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub path: String,
    /// As JSON calls it; `null` where the document does not say.
    pub kind: String,
}

impl Field {
    pub fn new(path: impl Into<String>, kind: &str) -> Self {
        Self { path: path.into(), kind: kind.to_owned() }
    }
}

impl Seed {
    /// Returns what the document lists.
    pub fn operations(&self) -> Vec<Operation> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/seeds/{}.txt", self.name));
        parse(&fs::read_to_string(path).unwrap())
    }
}

fn parse(list: &str) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(part) = line.strip_prefix("  ") else {
            operations.push(Operation { call: line.to_owned(), ..Operation::default() });
            continue;
        };
        let operation = operations.last_mut().expect("an operation comes first");
        let words: Vec<&str> = part.split(' ').collect();
        match words[..] {
            ["asks", name] => operation.asks.push(name.to_owned()),
            ["answers", path, kind] => operation.answers.push(Field::new(path, kind)),
            _ => panic!("{line}"),
        }
    }
    operations
}

fn print(seed: &Seed, operations: &[Operation]) -> String {
    let mut list = format!("# {}: UPDATE=1 cargo test --test it seeds\n", seed.file);
    for Operation { call, asks, answers } in operations {
        list.push_str(&format!("\n{call}\n"));
        list.extend(asks.iter().map(|name| format!("  asks {name}\n")));
        list.extend(answers.iter().map(|Field { path, kind }| format!("  answers {path} {kind}\n")));
    }
    list
}

#[test]
fn the_lists_are_what_the_documents_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    for seed in SEEDS {
        let Ok(text) = fs::read_to_string(root.join("../shared/seeds").join(seed.file)) else {
            let _ =
                writeln!(std::io::stderr(), "没有原文，用已有的清单 / not at hand, its list is used: {}", seed.file);
            continue;
        };
        let operations = (seed.read)(&text);
        let (list, path) = (print(seed, &operations), root.join(format!("tests/it/seeds/{}.txt", seed.name)));
        if update {
            fs::write(&path, &list).unwrap();
        }
        assert_eq!(parse(&list), operations);
        assert!(fs::read_to_string(path).unwrap() == list, "{} prints another list than {}.txt", seed.file, seed.name);
    }
}

/// Returns the row of the operation that is called so, `GET /customers/{key}` or `action feeds`.
pub fn row(call: &str) -> Option<&'static Row> {
    let (method, path) = call.split_once(' ').unwrap();
    dialects::rows().find(|row| {
        let is_route = || row.routes.iter().any(|route| (route.method, route.path) == (method, path));
        if method == "action" { row.action == path } else { is_route() }
    })
}

/// Returns the names of the parameters that an operation takes.
pub fn parameters(row: &Row) -> BTreeSet<String> {
    let mut generator = schemars::SchemaGenerator::default();
    let schema = (row.request_schema)(&mut generator).to_value();
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    generator.definitions()[&name]["properties"].as_object().unwrap().keys().cloned().collect()
}

/// Fails unless the field is everywhere in the answer where it ought to be, and is of its kind there.
pub fn check(call: &str, answer: &Value, field: &Field) {
    let found = at(answer, &field.path).unwrap_or_else(|problem| panic!("{call}: {}: {problem}: {answer}", field.path));
    for value in found {
        let kind = kind_of(&value);
        let fits = field.kind.split('|').any(|wanted| wanted == kind || wanted == "null");
        assert!(fits, "{call}: {} is {kind}, not {}: {answer}", field.path, field.kind);
    }
}

/// Fails unless the fields stand in an answer in their document's order.
pub fn check_order(answer: &str, fields: &[Field]) {
    // Also in a text that holds JSON, where quotes are escaped.
    let (mut rest, mut last) = (answer.replace("\\\"", "\""), "");
    for Field { path, .. } in fields {
        let name = path.rsplit('.').next().unwrap();
        let member = format!("\"{name}\":");
        let place = rest.find(&member).unwrap_or_else(|| panic!("{path} does not stand behind {last}: {answer}"));
        rest.drain(..place + member.len());
        last = path;
    }
}

pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns the values at a path; a list on the way must hold something, and the path is in each of its entries.
fn at(value: &Value, path: &str) -> Result<Vec<Value>, String> {
    let mut found = vec![value.clone()];
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let (name, inside) = match segment.find(['[', '{']) {
            Some(end) => segment.split_at(end),
            None => (segment, ""),
        };
        let mut next = Vec::new();
        for value in found {
            let member = match name {
                "" => value,
                name => value.get(name).cloned().ok_or_else(|| format!("no {name}"))?,
            };
            match (inside, member) {
                ("", member) => next.push(member),
                ("[]", Value::Array(list)) if !list.is_empty() => next.extend(list),
                ("{}", Value::String(text)) => {
                    next.push(serde_json::from_str(&text).map_err(|error| error.to_string())?)
                }
                _ => return Err(format!("{segment} holds nothing")),
            }
        }
        found = next;
    }
    Ok(found)
}

/// Returns the paths of all that an answer holds, as [`Field`]s name them.
pub fn paths(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, &path, found);
                if let Some(Ok(inner @ Value::Object(_))) = member.as_str().map(serde_json::from_str) {
                    collect(&inner, &format!("{path}{{}}"), found);
                }
                found.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|entry| match entry {
            Value::Object(_) | Value::Array(_) => collect(entry, &format!("{path}[]"), found),
            _ => {
                found.insert(format!("{path}[]"));
            }
        }),
        _ => {}
    }
}

#[test]
fn what_is_missing_or_of_another_kind_fails() {
    let answer = serde_json::json!({"data": [{"id": 1, "name": "甲", "info": "{\"a\":true}"}, {"id": 2}], "none": []});
    check("", &answer, &Field::new("data[].id", "number"));
    for (path, kind) in
        [("data[].id", "string"), ("data[].name", "string"), ("none[].id", "number"), ("data.id", "number")]
    {
        let checked = std::panic::catch_unwind(|| check("", &answer, &Field::new(path, kind)));
        assert!(checked.is_err(), "{path} {kind}");
    }
    let order = |paths: [&str; 2]| {
        std::panic::catch_unwind(|| check_order(r#"{"a":{"b":"{\"c\":1}"}}"#, &paths.map(|path| Field::new(path, ""))))
    };
    assert!(order(["a", "a.b{}.c"]).is_ok() && order(["a.b", "a"]).is_err());
    let expected = ["data", "data[].id", "data[].info", "data[].info{}.a", "data[].name", "none"];
    assert!(paths(&answer).iter().eq(expected), "{:?}", paths(&answer));
}
