//! What the tables say of themselves: the schemas under `schemas/` and the tables under `docs/`.
//!
//! Nothing here is written by hand twice: every document is made from the rows of all dialects, the table
//! of refusals and the close codes. `tests/it/documents.rs` compares them with the files in the tree.

mod actions;
mod asyncapi;
mod openapi;
mod shapes;
mod tables;

use serde_json::Value;

use crate::config::Config;
use crate::dialects::Row;

/// A file made from the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it lies, seen from the root of the project.
    pub path: String,
    pub text: String,
}

impl Document {
    fn json(path: impl Into<String>, value: &Value) -> Self {
        Self { path: path.into(), text: format!("{value:#}\n") }
    }
}

/// The two that a server gives to programs, as they lie in the tree.
pub const OPENAPI: &str = include_str!("../../schemas/openapi.json");
pub const ASYNCAPI: &str = include_str!("../../schemas/asyncapi.json");

/// Returns all documents, the same on every call.
#[must_use]
pub fn all() -> Vec<Document> {
    let mut all = actions::documents();
    all.push(Document::json("schemas/asyncapi.json", &asyncapi::document()));
    all.push(Document::json("schemas/openapi.json", &openapi::document()));
    all.push(Document { path: "docs/errors.md".into(), text: tables::errors() });
    all.push(Document { path: "docs/close-codes.md".into(), text: tables::close_codes() });
    all
}

/// The documentation of an operation, Chinese and then English, without the blank that a comment begins with.
fn lines(row: &Row) -> impl Iterator<Item = &'static str> {
    row.doc.iter().map(|line| line.trim())
}

fn description(row: &Row) -> String {
    lines(row).collect::<Vec<_>>().join("\n")
}

/// Where a server with the default settings is found, `host:port`.
fn host() -> String {
    Config::default().server.listen.to_string()
}
