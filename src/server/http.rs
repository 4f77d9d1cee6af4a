//! The HTTP door: a route for every row that has one, the files, and how the server is.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::routing::{MethodFilter, get, on};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::Instant;

use super::bearer::bearer;
use super::client_address::ClientAddress;
use super::{Shared, files, headers, requests, upgrade, uploads};
use crate::dialects::http::{Call, Refusal, Refused};
use crate::dialects::{self, Answered, Effect, Operation, Row, Upload};
use crate::documents;
use crate::error::Error;
use crate::ops::Caller;
use crate::ops::access::allowances;
use crate::protocol::envelope::Door;
use crate::protocol::frame;

/// What the tables say of themselves, for programs.
const OPENAPI: &str = "/docs/openapi.json";
const ASYNCAPI: &str = "/docs/asyncapi.json";

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
        .route(OPENAPI, get(|| async { json(StatusCode::OK, documents::OPENAPI) }))
        .route(ASYNCAPI, get(|| async { json(StatusCode::OK, documents::ASYNCAPI) }))
        // A request that only asks about a file must not use its address up.
        .route("/files/{token}", get(files::fetch).head(|| async { StatusCode::METHOD_NOT_ALLOWED }))
        .fallback(|request: Request| async move { unknown(&request, false) });
    for row in dialects::rows() {
        for route in row.routes {
            let method = Method::from_bytes(route.method.as_bytes()).ok().and_then(|m| MethodFilter::try_from(m).ok());
            let Some(method) = method else { continue };
            let handler = move |State(shared): State<Arc<Shared>>, segments: RawPathParams, request: Request| {
                serve(shared, row, segments, request)
            };
            let mut serving = on(method, handler);
            // A request for the head alone must not do what the route does.
            if route.method == "GET" && row.operation.effect() == Effect::Write {
                serving = serving.head(|request: Request| async move { unknown(&request, true) });
            }
            router = router.route(route.path, serving);
        }
    }
    // Only routes that are there already are given it.
    router.method_not_allowed_fallback(|request: Request| async move { unknown(&request, true) }).with_state(shared)
}

/// Where there is no route; or one, but for another method.
fn unknown(request: &Request, is_route: bool) -> Response<Body> {
    match dialects::unknown(request.method().as_str(), request.uri().path(), is_route) {
        Some(Refusal { status, body }) => json(StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND), body),
        None if is_route => status(StatusCode::METHOD_NOT_ALLOWED, "这个地址不接受此方法 / not by this method\n"),
        None => status(StatusCode::NOT_FOUND, "没有这个地址 / no such address\n"),
    }
}

/// `/` and `/ws`: a socket for who asks for one.
async fn root(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    if upgrade::is_wanted(request.headers()) {
        return upgrade::upgrade(shared, request).await;
    }
    if request.uri().path() == "/ws" {
        return status(StatusCode::UPGRADE_REQUIRED, "这里是 WebSocket / this is a WebSocket\n");
    }
    let mut page = status(
        StatusCode::OK,
        "laidian 来电\n\nWebSocket        /ws\n/open_api        call centre\n/customers       iBiz PLM, also /products/{pkey}/customers\n/gw              WiseCRM\n/api/customers   customer detail\n/crm             customer info\nhealth           /healthz /readyz\ndocuments        /docs/openapi.json /docs/asyncapi.json\n",
    );
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::PAGE_POLICY);
    page
}

/// `/readyz`: whether requests would be answered now.
async fn ready(State(shared): State<Arc<Shared>>) -> Response<Body> {
    if shared.shutdown.has_started() {
        return status(StatusCode::SERVICE_UNAVAILABLE, "服务正在关闭 / shutting down\n");
    }
    if let Some((done, total)) = shared.backend.rederived.current() {
        let text = format!("numbers and search terms are made anew: {done} of {total} customers\n");
        return status(StatusCode::SERVICE_UNAVAILABLE, text);
    }
    match shared.backend.store.ready().await {
        Ok(None) => status(StatusCode::OK, "ready\n"),
        Ok(Some(fault)) => {
            tracing::error!(%fault, "the storage takes no writes");
            status(StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n"))
        }
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            status(StatusCode::SERVICE_UNAVAILABLE, "数据库没有响应 / the database does not answer\n")
        }
    }
}

async fn serve(shared: Arc<Shared>, row: &'static Row, segments: RawPathParams, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let segments: Vec<(String, String)> =
        segments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let began = Instant::now();
    let limit = requests::limit(row.operation, &shared.config);
    let answered = tokio::time::timeout(limit, answer(&shared, row, &segments, &parts, body)).await;
    let answered = answered.unwrap_or(Err(Error::TimedOut));
    shared.metrics.answered(row.action, answered.as_ref().err(), began.elapsed());
    answered.unwrap_or_else(|error| refusal(&shared, row.operation, &segments, &error))
}

async fn answer(
    shared: &Arc<Shared>,
    row: &Row,
    segments: &[(String, String)],
    parts: &Parts,
    body: Body,
) -> Result<Response<Body>, Error> {
    if shared.shutdown.has_started() {
        return Err(Error::ShuttingDown { retry_after_ms: shared.shutdown.next_retry_after_ms() });
    }
    let address = parts.extensions.get().map(|ClientAddress(address)| *address);
    let is_form = row.upload != Upload::No && uploads::is_form(parts);
    // Who sends a file is known before it is read.
    let (form, body) = if is_form { (Some(body), Vec::new()) } else { (None, read_body(shared, body).await?) };
    let mut query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let caller = row.operation.caller(&shared.backend, &call(shared, parts, segments, &query, &body)).await?;
    shared.rates.call(&caller)?;
    shared.rates.frame(&caller)?;
    let note = |error: &Error| {
        if let Some(address) = address
            && (matches!(error, Error::Forbidden { .. }) || allowances::is_exceeded(error))
        {
            requests::note_refusal(shared, &caller, address, row.action, error);
        }
    };
    let mut file = None;
    if let Some(form) = form {
        if let Some(role) = row.access.from_role() {
            shared.backend.context(&caller).await?.require(row.action, role).inspect_err(note)?;
        }
        let form = uploads::receive(shared, &caller, parts, form).await?;
        file = form.file;
        query.extend(form.parameters);
    }
    let mut reply = Vec::with_capacity(1024);
    let call = call(shared, parts, segments, &query, &body);
    let done = carry_out(shared, row, &call, &caller, address, &mut reply).await.inspect_err(note);
    if let Some(file) = file.filter(|_| row.upload == Upload::Kept && done.is_ok()) {
        file.keep();
    }
    match done? {
        Answered::File(file, ignored) => {
            let mut response = files::send(shared, caller, file).await?;
            add_headers(&mut response, ignored.header())?;
            Ok(response)
        }
        // Nothing can be followed here: such operations have no route.
        Answered::Live(_) => Err(Error::internal(&"a subscription over HTTP")),
        Answered::Written(_) if reply.len() > shared.config.limits.result_bytes => {
            Err(Error::ResultTooLarge { limit: shared.config.limits.result_bytes })
        }
        Answered::Written(headers) => {
            let mut response = json(StatusCode::OK, reply);
            add_headers(&mut response, headers)?;
            Ok(response)
        }
    }
}

fn add_headers(
    response: &mut Response<Body>,
    headers: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), Error> {
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).map_err(|cause| Error::internal(&cause))?;
        response.headers_mut().insert(name, value);
    }
    Ok(())
}

fn call<'a>(
    shared: &Shared,
    parts: &'a Parts,
    segments: &'a [(String, String)],
    query: &'a [(String, String)],
    body: &'a [u8],
) -> Call<'a> {
    let address = parts.extensions.get().map(|ClientAddress(address)| *address);
    Call {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        segments,
        query,
        body,
        content_type: parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()),
        bearer: bearer(&parts.headers),
        is_private: shared.config.tls.is_on() || address.is_some_and(|address| address.is_loopback()),
    }
}

async fn carry_out(
    shared: &Shared,
    row: &Row,
    call: &Call<'_>,
    caller: &Caller,
    address: Option<IpAddr>,
    reply: &mut Vec<u8>,
) -> Result<Answered, Error> {
    let protocol = &shared.config.protocol;
    let settings = frame::Settings { relaxed: protocol.relaxed_frames, max_depth: protocol.max_depth };
    let request = row.operation.request(caller, call, &settings)?;
    let mut cx = shared.backend.context(caller).await?;
    cx.address = address;
    row.operation.run(cx, &request, Door::Http, reply).await
}

/// `/metrics`, for the addresses that may read it.
async fn metrics(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let address = request.extensions().get().map(|ClientAddress(address)| address.to_canonical());
    if !address.is_some_and(|address| shared.config.metrics.allow.contains(&address)) {
        return status(StatusCode::FORBIDDEN, "不在 [metrics] allow 之内 / not in [metrics] allow\n");
    }
    let mut response =
        Response::new(Body::from(shared.metrics.text(shared.sessions.open(), shared.backend.store.index_figures())));
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

fn refusal(shared: &Shared, operation: Operation, segments: &[(String, String)], error: &Error) -> Response<Body> {
    let refusal = operation.failure(&Refused { error, segments, dialects: &shared.config.dialects });
    let mut response = json(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::OK), refusal.body);
    if let (429, Some(wait), Some(most)) = (refusal.status, error.retry_after_ms(), error.most()) {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.div_ceil(1000)));
        headers.insert("x-ratelimit-limit", HeaderValue::from(most));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(0));
    }
    response
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let body = body.into();
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    // Nothing is of no kind: a client that reads JSON by the header would fail over an empty body.
    if !is_empty {
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn status(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
