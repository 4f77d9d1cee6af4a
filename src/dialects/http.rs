//! What the HTTP side of a dialect works with. Every dialect has a module `http` with these functions: `caller`
//! says who makes a call, `request` puts its parameters into the JSON text that operations read, `failure` says in
//! the dialect's words why it is refused, `unknown` that there is no such operation, and `described` tells the
//! documents all of this.

use serde_json::{Map, Value, json};

use crate::config::Dialects;
use crate::error::Error;
use crate::ops::access::credential::Signed;

/// A call, as it came.
pub struct Call<'a> {
    pub method: &'a str,
    /// Still percent-encoded.
    pub path: &'a str,
    /// What stood in the path in the place of `{name}`.
    pub segments: &'a [(String, String)],
    /// The parameters of the query string.
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
    pub content_type: Option<&'a str>,
    /// The token of an `Authorization: Bearer` header.
    pub bearer: Option<&'a str>,
    /// Whether nobody on the way can read it: it came over TLS, or from this machine.
    pub is_private: bool,
}

impl<'a> Call<'a> {
    /// What a signature is over.
    #[must_use]
    pub fn signed(&self) -> Signed<'a> {
        Signed { method: self.method, path: self.path, query: self.query, body: self.body }
    }
}

/// What is refused, and why.
pub struct Refused<'a> {
    pub error: &'a Error,
    /// As in [`Call`].
    pub segments: &'a [(String, String)],
    pub dialects: &'a Dialects,
}

/// Says in the `detail` of a refusal why it is refused, in Chinese and English, where what the system says of it is one of
/// them only.
#[must_use]
pub fn explained(mut body: Value, said: &str, error: &Error) -> Vec<u8> {
    if !is_bilingual(said)
        && let Value::Object(members) = &mut body
    {
        members.insert("detail".to_owned(), error.explained().into());
    }
    body.to_string().into_bytes()
}

/// Whether a text has an English part behind a Chinese one.
fn is_bilingual(text: &str) -> bool {
    text.split_once("/ ").is_some_and(|(zh, _)| !zh.is_ascii())
}

/// What the schema of a refusal says of it.
#[must_use]
pub fn detail_schema() -> Value {
    json!({ "type": "string", "description": "原因，中文和英文 / why, in Chinese and English" })
}

/// Returns named texts as the members of an object.
#[must_use]
pub fn members_of(texts: &[(String, String)]) -> Map<String, Value> {
    texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect()
}

/// An answer that refuses.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// What the documents say of how a dialect speaks over HTTP.
pub struct Described {
    /// What is true of all its calls, Chinese and English.
    pub about: &'static str,
    /// The OpenAPI security schemes by name.
    pub schemes: Value,
    /// Which schemes prove a call together; one of these sets is enough.
    pub security: &'static [&'static [&'static str]],
    pub placement: Placement,
    /// Parameters of the query that all calls may have, as OpenAPI writes them.
    pub query: Vec<Value>,
    /// The schemas of members that all bodies may have, by name.
    pub members: Map<String, Value>,
    /// Returns the parameter that the calls of this path must have, although it may be left out on the socket.
    pub required: fn(path: &str) -> Option<&'static str>,
    /// Whether the calls of this path must have a body, even one that says nothing.
    pub needs_body: fn(path: &str) -> bool,
    /// Whether the parameter of this name stands in the query, whatever else is true.
    pub in_query: fn(name: &str) -> bool,
    /// The content types of files that are sent.
    pub files: &'static [&'static str],
    /// The content types that a body may have.
    pub takes: &'static [&'static str],
    /// The schema of what a success has around the payload of the operation; `None` when it is the payload alone.
    pub envelope: Option<Value>,
    /// The schema of what a call is refused with.
    pub refusal: Value,
    /// The statuses of refusals; where 200 is among them, success looks the same from afar.
    pub refuses: &'static [Refuses],
}

/// Where the parameters of an operation stand, beside those in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// What is a scalar may stand in the query; the rest are members of the body.
    QueryThenBody,
    /// POST and PUT: members of the body. Other methods: in the query.
    ByMethod,
    /// In the query, but for the parameter `body`, which is the body.
    BodyIsParameter,
}

/// With what status calls are refused, and when.
pub struct Refuses {
    pub status: u16,
    /// Chinese and English.
    pub when: &'static str,
    pub body: Body,
}

/// What stands in the answer that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// The dialect's own words.
    Refusal,
    /// One line for people.
    Text,
    Nothing,
}

/// Returns a status with which calls are refused in the dialect's words.
#[must_use]
pub const fn with(status: u16, when: &'static str) -> Refuses {
    Refuses { status, when, body: Body::Refusal }
}

/// Returns the OpenAPI security scheme of a token in the `Authorization` header.
#[must_use]
pub fn bearer_scheme(description: &str) -> Value {
    json!({ "type": "http", "scheme": "bearer", "description": description })
}

/// Returns the OpenAPI security scheme of a parameter in the query.
#[must_use]
pub fn query_scheme(name: &str, description: &str) -> Value {
    json!({ "type": "apiKey", "in": "query", "name": name, "description": description })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::config::Config;
    use crate::dialects::{Row, rows};
    use crate::domain::plm::{Fault, Wrong};
    use crate::error::TABLE;
    use crate::store::fault::StorageFault;

    /// One of each kind.
    fn refusals() -> Vec<Error> {
        let text = || "x: 应为整数 / expected an integer".to_owned();
        let fault = Fault { field: "name", label: "名称", wrong: Wrong::Empty };
        vec![
            Error::RateLimited { retry_after_ms: 1, why: "[limits] frames_per_second", most: 1 },
            Error::CustomFieldMissing { label: "消费情况".into() },
            Error::CustomerEmpty,
            Error::parameter(text()),
            Error::RequestIdUsed,
            Error::Conflict { customer: Box::new(Value::Null), fields: Vec::new() },
            Error::Value { detail: text().into() },
            Error::Duplicate { field: "accountName" },
            Error::PhoneTaken { typed: "1".into() },
            Error::OwnerUnknown,
            Error::OwnerDisabled { login_no: "1001".into() },
            Error::OwnerWithoutGroup,
            Error::NotInPool,
            Error::PoolLimit { most: 1 },
            Error::GroupUnknown,
            Error::OwnerNotInGroup,
            Error::NotInDictionary { given: "贵宾".into(), field: "custtype", names: vec!["普通".into()] },
            Error::ContentMissing,
            Error::NotFound,
            Error::NoNumber,
            Error::IdentifierType,
            Error::PageSize { most: 100 },
            Error::Page,
            Error::PageBeyondCeiling,
            Error::NumberBlocked,
            Error::Signature,
            Error::TimestampForm,
            Error::TimestampAge,
            Error::NonceUsed,
            Error::NotSignedIn { detail: "token: 缺少 / is missing".into() },
            Error::Invalid { faults: vec![fault] },
            Error::IdTaken { id: "a".into() },
            Error::InUse { detail: text().into() },
            Error::forbidden("客户不具备操作能力[READ] / you have no right to READ it"),
            Error::forbidden(text()),
            Error::UnknownAction { near: Vec::new() },
            Error::FrameForm { detail: "line 1, column 1: expected a value".into() },
            Error::FrameTooLarge { limit: 1 },
            Error::FileTooLarge { limit: 1 },
            Error::ResultTooLarge { limit: 1 },
            Error::TimedOut,
            Error::SearchTooLong,
            Error::Internal { id: uuid::Uuid::nil() },
            Error::ShuttingDown { retry_after_ms: 1 },
            Error::Storage { fault: StorageFault::DiskFull },
        ]
    }

    /// What is in the words of a document and has nothing to add: nobody is found by the call centre's action, whose
    /// texts are compared; a fault of ours has an id; iBiz PLM tells nothing to who is not known.
    fn is_as_documented(row: &Row, code: i64) -> bool {
        let is_of_the_call_centre = row.is_ours() || row.dialect == "Cti";
        (is_of_the_call_centre && matches!(code, 2005 | 2500)) || (row.dialect == "Ibizplm" && code == 2401)
    }

    #[test]
    fn every_refusal_of_every_system_is_chinese_and_english() {
        let all = refusals();
        let codes: BTreeSet<i64> = all.iter().map(|error| error.row().code).collect();
        assert!(TABLE.iter().all(|row| codes.contains(&row.code)), "one is not looked at");
        let tables: BTreeMap<&str, &Row> = rows().map(|row| (row.dialect, row)).collect();
        assert!(tables.len() > 6);
        let dialects = Config::default().dialects;
        let mut silent = Vec::new();
        for (dialect, row) in tables {
            for error in &all {
                let refused = Refused { error, segments: &[], dialects: &dialects };
                let body = String::from_utf8(row.operation.failure(&refused).body).unwrap();
                let told = serde_json::from_str::<Map<String, Value>>(&body).unwrap_or_default();
                let exception = told.get("exception").and_then(|exception| exception.get("message"));
                let is_told = told.values().chain(exception).filter_map(Value::as_str).any(is_bilingual);
                if !is_told && !is_as_documented(row, error.row().code) {
                    silent.push(format!("{dialect}: {error:?}: {body}"));
                }
            }
        }
        assert!(silent.is_empty(), "{}", silent.join("\n"));
    }

    #[test]
    fn calls_for_which_there_is_no_operation_are_refused_in_both() {
        for path in ["/api/x", "/gw/x", "/customers/x", "/products/x", "/crm/x"] {
            for is_route in [false, true] {
                let refusal = crate::dialects::unknown("PATCH", path, is_route).unwrap();
                let body: Map<String, Value> = serde_json::from_slice(&refusal.body).unwrap();
                assert!(body.values().filter_map(Value::as_str).any(is_bilingual), "{body:?}");
            }
        }
    }
}
