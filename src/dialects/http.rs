//! What the HTTP side of a dialect works with. Every dialect has a module `http` with these functions: `caller`
//! says who makes a call, `request` puts its parameters into the JSON text that operations read, `failure` says in
//! the dialect's words why it is refused, and `unknown` that there is no such operation.

use serde_json::{Map, Value};

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
