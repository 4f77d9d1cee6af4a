//! The token that a request brings.

use axum::http::{HeaderMap, header};

/// The token of an `Authorization: Bearer` header. In a query string none is looked for: it would end up in logs.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
