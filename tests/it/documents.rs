//! The documents made from the tables: that the files in the tree are they, and that they hold together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use laidian::documents::{self, Document};
use serde_json::Value;

const UPDATE: &str = "write them with: UPDATE=1 cargo test --test it documents";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_files_are_what_the_tables_say() {
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let documents = documents::all();
    let mut stale: Vec<String> = documents.iter().filter(|document| !is_current(document, update)).map(path).collect();
    let made: BTreeSet<String> = documents.iter().map(path).collect();
    assert_eq!(made.len(), documents.len(), "two documents have the same path");
    for entry in fs::read_dir(root().join("schemas/actions")).unwrap() {
        let entry = entry.unwrap();
        let file = format!("schemas/actions/{}", entry.file_name().to_str().unwrap());
        if !made.contains(&file) {
            if update {
                fs::remove_file(entry.path()).unwrap();
            } else {
                stale.push(format!("{file} (no operation has this action)"));
            }
        }
    }
    assert!(stale.is_empty(), "not what the tables say: {}\n{UPDATE}", stale.join(", "));
}

fn path(document: &Document) -> String {
    document.path.clone()
}

/// Whether the file is the document; an update makes it so.
fn is_current(document: &Document, update: bool) -> bool {
    let file = root().join(&document.path);
    if fs::read_to_string(&file).is_ok_and(|text| text == document.text) {
        return true;
    }
    if update {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &document.text).unwrap();
    }
    update
}

#[test]
fn every_reference_leads_somewhere() {
    for document in documents::all().iter().filter(|document| document.path.ends_with(".json")) {
        let whole: Value = serde_json::from_str(&document.text).unwrap();
        check_references(&whole, &whole, &document.path);
    }
}

fn check_references(value: &Value, whole: &Value, path: &str) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{path}: {reference}"));
                assert!(whole.pointer(pointer).is_some(), "{path}: {reference} leads nowhere");
            }
            members.values().for_each(|member| check_references(member, whole, path));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(item, whole, path)),
        _ => {}
    }
}

#[test]
fn a_frame_needs_what_the_handler_refuses_to_miss() {
    let required = |action: &str| -> Vec<String> {
        let path = format!("schemas/actions/{action}.json");
        let document = documents::all().into_iter().find(|document| document.path == path).unwrap();
        let whole: Value = serde_json::from_str(&document.text).unwrap();
        serde_json::from_value(whole["properties"]["request"]["required"].clone()).unwrap()
    };
    assert_eq!(required("filter_customers"), ["action", "groupId"]);
    assert_eq!(required("list_customers"), ["action"]);
    assert_eq!(required("get_customer"), ["action", "type", "content"]);
    assert_eq!(required("create_customer"), ["action", "customer"]);
    assert_eq!(required("update_customer"), ["action", "type", "content", "customer"]);
    assert_eq!(required("destroy_customer"), ["action", "type", "content"]);
    assert_eq!(required("feeds"), ["action", "type", "content", "feed_type"]);
}
