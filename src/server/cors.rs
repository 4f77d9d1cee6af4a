//! Which other origins' pages may call over HTTP, and read what is answered.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::config::Origin;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("Content-Type, Authorization");
/// Seconds for which a browser does not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origin of the page that sent this, if it is one of these.
pub fn listed<B>(request: &Request<B>, origins: &[Origin]) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    origins.iter().any(|listed| listed.is(text)).then(|| origin.clone())
}

/// Whether a browser asks if it may send something.
pub fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Returns the answer to a listed origin's preflight.
pub fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

/// Says on an answer whose pages may read it: those of this origin. Cookies are never allowed.
pub fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    // Also to others: what a cache keeps for one origin is not for the next.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}
