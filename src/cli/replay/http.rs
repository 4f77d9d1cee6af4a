//! The HTTP side of a script: one request, its whole reply.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};

/// What a script may write in a path although a request line may not hold it. `%` is left alone:
/// a path that is encoded already goes out as written.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A client whose connections are kept for the whole script.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A reply, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers by lower-case name; of several with one name the last.
    pub headers: Map<String, Value>,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// Returns the body as JSON, or as a text value when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| Value::String(self.text.clone()))
    }
}

impl HttpClient {
    /// Returns a client without connections.
    pub fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Makes one request. The error is a text for the report.
    pub async fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let request = request(method, url, headers, body)?;
        let response = self.client.request(request).await.map_err(|error| format!("{url}: {}", causes(&error)))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{url}: {error}"))?.to_bytes();
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        Ok(Reply {
            status: head.status.as_u16(),
            headers: headers.collect(),
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

/// Returns `path` fit for a request line: blanks, Chinese and the like percent-encoded.
pub fn encoded(path: &str) -> String {
    utf8_percent_encode(path, UNSAFE).to_string()
}

fn request(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Vec<u8>,
) -> Result<Request<Full<Bytes>>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{method} {url}: {error}");
    let method_name = Method::from_bytes(method.as_bytes()).map_err(|error| failed(&error))?;
    let has_body = !body.is_empty();
    let mut request = Request::builder()
        .method(method_name)
        .uri(url)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(&error))?;
    if has_body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| failed(&error))?;
        let value = HeaderValue::from_str(value).map_err(|error| failed(&error))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// hyper's own message is only "client error"; what happened is in its sources.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_once() {
        assert_eq!(encoded("/a?content=测 试&x=%E6"), "/a?content=%E6%B5%8B%20%E8%AF%95&x=%E6");
    }

    #[test]
    fn a_body_is_json_unless_the_step_says_otherwise() {
        let text = [("Content-Type".to_owned(), "text/plain".to_owned())];
        let kind = |headers: &[(String, String)], body: &[u8]| {
            let request = request("PUT", "http://127.0.0.1/x", headers, body.to_vec()).unwrap();
            request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(kind(&[], b"{}").as_deref(), Some("application/json"));
        assert_eq!(kind(&text, b"{}").as_deref(), Some("text/plain"));
        assert_eq!(kind(&[], b""), None);
        assert!(request("G ET", "http://127.0.0.1/x", &[], Vec::new()).is_err());
    }
}
