//! The HTTP door: a route for every row that has one, the files, and how the server is.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::routing::{MethodFilter, get, on};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::Instant;

use super::address::ClientAddress;
use super::{Shared, files, requests, upgrade};
use crate::dialects::{self, Row, cti};
use crate::error::Error;
use crate::ops::credential::Signed;
use crate::protocol::envelope::{self, Door};
use crate::protocol::frame;

/// How long a client may take to send a body.
const BODY: std::time::Duration = std::time::Duration::from_secs(10);

/// Returns the router of all doors.
pub fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route("/", get(root))
        .route("/ws", get(root))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        // Asking about a file must not use its address up.
        .route("/files/{token}", get(files::fetch).head(|| async { StatusCode::METHOD_NOT_ALLOWED }))
        .fallback(|| async { status(StatusCode::NOT_FOUND, "没有这个地址 / no such address\n") });
    for row in dialects::rows() {
        let Some(route) = row.route else { continue };
        let Some(method) =
            Method::from_bytes(route.method.as_bytes()).ok().and_then(|m| MethodFilter::try_from(m).ok())
        else {
            continue;
        };
        router = router.route(
            route.path,
            on(method, move |State(shared): State<Arc<Shared>>, request: Request| serve(shared, row, request)),
        );
    }
    router.with_state(shared)
}

/// `/` and `/ws`: a socket for who asks for one.
async fn root(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    if upgrade::is_wanted(request.headers()) {
        return upgrade::upgrade(shared, request).await;
    }
    if request.uri().path() == "/ws" {
        return status(StatusCode::UPGRADE_REQUIRED, "这里是 WebSocket / this is a WebSocket\n");
    }
    status(
        StatusCode::OK,
        "laidian 来电\n\nWebSocket  /ws\nHTTP       /open_api/customers\nhealth     /healthz /readyz\n",
    )
}

/// `/readyz`: whether requests would be answered now.
async fn ready(State(shared): State<Arc<Shared>>) -> Response<Body> {
    if shared.shutdown.has_started() {
        return status(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    match shared.backend.store.ping().await {
        Ok(()) => status(StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            status(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn serve(shared: Arc<Shared>, row: &'static Row, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let began = Instant::now();
    let limit = shared.config.limits.request();
    let answered = tokio::time::timeout(limit, answer(&shared, row, &parts, body)).await;
    let answered = answered.unwrap_or(Err(Error::TimedOut));
    shared.metrics.answered(row.action, answered.as_ref().err(), began.elapsed());
    answered.unwrap_or_else(|error| refusal(&error))
}

async fn answer(shared: &Arc<Shared>, row: &Row, parts: &Parts, body: Body) -> Result<Response<Body>, Error> {
    if shared.shutdown.has_started() {
        return Err(Error::ShuttingDown { retry_after_ms: shared.config.shutdown.retry_after_ms });
    }
    let address = parts.extensions.get().map(|ClientAddress(address)| *address);
    let body = read_body(shared, body).await?;
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let call = Signed { method: parts.method.as_str(), path: parts.uri.path(), query: &query, body: &body };
    let settings =
        frame::Settings { relaxed: shared.config.protocol.relaxed_frames, max_depth: shared.config.protocol.max_depth };
    let caller = cti::http::caller(&shared.backend, &call, bearer(&parts.headers)).await?;
    shared.rates.call(&caller)?;
    shared.rates.frame(&caller)?;
    let mut reply = Vec::with_capacity(1024);
    let done = async {
        let request = cti::http::request(&caller, &call, &settings)?;
        let mut cx = shared.backend.context(&caller).await?;
        cx.address = address;
        row.operation.run(cx, &request, Door::Http, &mut reply).await
    };
    let done = done.await.inspect_err(|error| {
        if let (Error::Forbidden { .. }, Some(address)) = (error, address) {
            requests::note_refusal(shared, &caller, address, row.action, error);
        }
    });
    match done? {
        Some(file) => files::send(shared, &caller, file).await,
        None if reply.len() > shared.config.limits.result_bytes => {
            Err(Error::ResultTooLarge { limit: shared.config.limits.result_bytes })
        }
        None => Ok(json(StatusCode::OK, reply)),
    }
}

/// The token of an `Authorization: Bearer` header. In a query string none is looked for: it would end up in logs.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// `/metrics`, for the addresses that may read it.
async fn metrics(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let address = request.extensions().get().map(|ClientAddress(address)| address.to_canonical());
    if !address.is_some_and(|address| shared.config.metrics.allow.contains(&address)) {
        return status(StatusCode::FORBIDDEN, "不在 [metrics] allow 之内 / not in [metrics] allow\n");
    }
    let mut response = Response::new(Body::from(shared.metrics.text(shared.sessions.open())));
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn read_body(shared: &Shared, body: Body) -> Result<Vec<u8>, Error> {
    let limit = shared.config.limits.frame_bytes;
    match tokio::time::timeout(BODY, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::FrameTooLarge { limit }),
        Ok(Err(_)) | Err(_) => {
            Err(Error::FrameForm { detail: "line 1, column 1: the body did not come to its end".into() })
        }
    }
}

fn refusal(error: &Error) -> Response<Body> {
    let mut reply = Vec::with_capacity(256);
    envelope::failure(&mut reply, Door::Http, error);
    let mut response = json(StatusCode::from_u16(error.row().status).unwrap_or(StatusCode::OK), reply);
    if let (429, Some(wait)) = (error.row().status, error.retry_after_ms()) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.div_ceil(1000)));
    }
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

fn status(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
