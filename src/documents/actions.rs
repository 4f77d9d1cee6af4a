//! `schemas/actions/`: one JSON Schema (2020-12) an action.

use serde_json::{Value, json};

use super::shapes::{Shapes, socket_refusal};
use super::{Document, Row, description};
use crate::dialects::rows;

/// Returns a document for every row.
pub fn documents() -> Vec<Document> {
    rows().map(|row| Document::json(path(row.action), &document(row))).collect()
}

/// A file name cannot hold every action: some systems name theirs by a path.
fn path(action: &str) -> String {
    format!("schemas/actions/{}.json", action.trim_matches('/').replace('/', "."))
}

/// The schema of an exchange: `{"request": …, "reply": …}`. The two parts are of use alone, too, by the
/// references `#/properties/request` and `#/properties/reply`.
fn document(row: &Row) -> Value {
    let mut shapes = Shapes::new("/$defs");
    let request = shapes.frame(row);
    let reply = shapes.socket_reply(row);
    let mut definitions = shapes.definitions([&request, &reply]);
    definitions.insert("Refusal".into(), socket_refusal());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": row.action,
        "description": description(row),
        "type": "object",
        "properties": { "request": request, "reply": { "oneOf": [reply, { "$ref": "#/$defs/Refusal" }] } },
        "required": ["request", "reply"],
        "$defs": definitions,
    })
}
