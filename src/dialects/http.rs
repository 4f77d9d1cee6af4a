//! What the HTTP side of a dialect works with. Every dialect has a module `http` with three functions: `caller`
//! says who makes a call, `request` puts its parameters into the JSON text that operations read, and `failure`
//! says in the dialect's words why it is refused.

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
}

impl<'a> Call<'a> {
    /// What a signature is over.
    #[must_use]
    pub fn signed(&self) -> Signed<'a> {
        Signed { method: self.method, path: self.path, query: self.query, body: self.body }
    }
}

/// An answer that refuses.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}
