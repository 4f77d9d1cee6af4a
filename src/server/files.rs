//! Files over HTTP: an export as it is written, or one that a socket was told the address of.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::stream;
use uuid::Uuid;

use super::Shared;
use crate::dialects::cti::export;
use crate::error::Error;
use crate::ops::Caller;
use crate::ops::export::Export;

/// Answers with the file, which is written while it is sent.
pub async fn send(shared: &Shared, caller: &Caller, file: Export) -> Result<Response<Body>, Error> {
    let format = file.format;
    let pieces = export::stream(&shared.backend, caller, file).await?;
    let body = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"customers.{}\"", format.name())) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /files/{token}`: the file of a one-time address.
pub async fn fetch(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Response<Body> {
    let Some(download) = take(&shared, &token).await else {
        return plain(StatusCode::NOT_FOUND, "地址无效、已使用或已过期 / the address is unknown, used or expired\n");
    };
    match send(&shared, &download.caller, download.export).await {
        Ok(response) => response,
        // The rights are those of now, not of when the address was given.
        Err(error @ (Error::Forbidden { .. } | Error::NotSignedIn { .. })) => {
            plain(StatusCode::FORBIDDEN, error.to_string())
        }
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn take(shared: &Shared, token: &str) -> Option<crate::ops::downloads::Download> {
    shared.backend.downloads.take(Uuid::try_parse(token).ok()?, shared.backend.clock.now()).await
}

fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
