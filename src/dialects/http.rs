//! What the HTTP side of a dialect works with. Every dialect has a module `http` with these functions: `caller`
//! says who makes a call, `request` puts its parameters into the JSON text that operations read, `failure` says in
//! the dialect's words why it is refused, `unknown` that there is no such operation, and `described` tells the
//! documents all of this.

use serde_json::{Map, Value, json};

use crate::config::Dialects;
use crate::error::Error;
use crate::ops::credential::Signed;

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
