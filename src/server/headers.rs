//! The headers that every answer carries, so that a browser does nothing with it that was not meant.

use axum::http::header::{self, Entry};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

/// Answers are data: nothing is loaded, nothing is run, nothing is framed. A page sets a policy of its own.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// What is tried on the server's own page may open a socket and call it.
pub const PAGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
/// Customers' data stays in no cache.
const UNCACHED: HeaderValue = HeaderValue::from_static("no-store");
/// Two years of TLS only.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// On every answer, whatever it says itself.
const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the headers to an answer, which may have a policy and a lifetime of its own already.
pub fn add<B>(response: &mut Response<B>, over_tls: bool) {
    // A socket is no document.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    for (name, value) in [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, UNCACHED)] {
        if let Entry::Vacant(unset) = headers.entry(name) {
            unset.insert(value);
        }
    }
    if over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_own_policy_and_lifetime() {
        let mut response = Response::new(());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        add(&mut response, false);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], "default-src 'self'");
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
    }
}
