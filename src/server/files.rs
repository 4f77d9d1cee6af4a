//! Files over HTTP: an export as it is written, or one that a socket was told the address of.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::Shared;
use crate::error::Error;
use crate::ops::Caller;
use crate::ops::files::generated::Outgoing;

/// What is not written as it is in the name of a file (RFC 8187).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Answers with the file, which is written while it is sent.
pub async fn send(shared: &Shared, caller: Caller, file: Arc<dyn Outgoing>) -> Result<Response<Body>, Error> {
    let (name, content_type, told) = (file.name(), file.content_type(), file.headers());
    let pieces = file.begin(shared.backend.clone(), caller).await?;
    let body = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    for (name, value) in told {
        headers.insert(name, HeaderValue::try_from(value).map_err(|cause| Error::internal(&cause))?);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Returns what tells a client to store the file under its name: with letters that headers cannot have, twice.
fn disposition(name: &str) -> String {
    if name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._- ".contains(letter)) {
        return format!("attachment; filename=\"{name}\"");
    }
    let ending = name.rsplit('.').next().filter(|ending| ending.chars().all(|letter| letter.is_ascii_alphanumeric()));
    let encoded = utf8_percent_encode(name, ENCODED);
    format!("attachment; filename=\"file.{}\"; filename*=UTF-8''{encoded}", ending.unwrap_or("bin"))
}

/// `GET /files/{token}`: the file of a one-time address.
pub async fn fetch(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Response<Body> {
    let Some(download) = take(&shared, &token).await else {
        return plain(StatusCode::NOT_FOUND, "地址无效、已使用或已过期 / the address is unknown, used or expired\n");
    };
    match send(&shared, download.caller, download.file).await {
        Ok(response) => response,
        // The rights are those of now, not of when the address was given.
        Err(error @ (Error::Forbidden { .. } | Error::NotSignedIn { .. })) => {
            plain(StatusCode::FORBIDDEN, error.to_string())
        }
        Err(error @ (Error::Parameter { .. } | Error::NotFound)) => plain(StatusCode::BAD_REQUEST, error.to_string()),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn take(shared: &Shared, token: &str) -> Option<crate::ops::files::downloads::Download> {
    shared.backend.downloads.take(Uuid::try_parse(token).ok()?, shared.backend.clock.now())
}

fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
