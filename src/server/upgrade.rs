//! From an HTTP request to a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::bearer::bearer;
use super::client_address::ClientAddress;
use super::closing::Closing;
use super::session::{Full, Session};
use super::socket::Socket;
use super::stream::Connection;
use super::{Shared, socket};
use crate::config::Origin;
use crate::dialects::cti;
use crate::error::Error;
use crate::ops::Caller;
use crate::ops::access::{audit, credential};

/// The subprotocol of clients that offer one beside their token.
const PROTOCOL: &str = "laidian";
/// The subprotocol that carries a token, for browsers, which cannot set a header.
const BEARER_PROTOCOL: &str = "bearer.";
/// The most that is logged of an origin, bytes.
const LONGEST_LOGGED: usize = 128;

/// Whether a request asks to become a socket.
#[must_use]
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let has = |name: header::HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    has(header::UPGRADE, "websocket") && has(header::CONNECTION, "upgrade")
}

/// Answers the handshake; the socket is served once the client has the answer.
pub async fn upgrade(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let headers = request.headers();
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return refuse(StatusCode::BAD_REQUEST, "缺少 Sec-WebSocket-Key / Sec-WebSocket-Key is missing");
    };
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut response =
            refuse(StatusCode::UPGRADE_REQUIRED, "只支持 WebSocket 版本 13 / WebSocket version 13 is served");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return response;
    }
    if let Some(origin) = refused_origin(headers, &shared.config.server.origins) {
        shared.metrics.refused_origin();
        let origin = String::from_utf8_lossy(origin.as_bytes().get(..LONGEST_LOGGED).unwrap_or(origin.as_bytes()));
        tracing::info!(?origin, "a page of an origin that is not in [server] origins asked for a socket");
        return refuse(
            StatusCode::FORBIDDEN,
            "这个来源的页面不能打开连接，见 [server] origins / pages of this origin may not open a socket: see [server] origins",
        );
    }
    if shared.shutdown.has_started() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "服务正在关闭 / shutting down");
    }
    let Some(&ClientAddress(address)) = request.extensions().get() else {
        tracing::error!("a request came in by no door");
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "不知道客户端的地址 / the client's address is not known");
    };
    let session = match shared.sessions.enter(address, &shared.config.limits) {
        Ok(session) => session,
        Err(Full::Server) => {
            shared.metrics.limited("[limits] sockets");
            return refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "连接数已达上限 [limits] sockets / [limits] sockets is reached",
            );
        }
        Err(Full::Address) => {
            shared.metrics.limited("[limits] sockets_per_address");
            return refuse(
                StatusCode::TOO_MANY_REQUESTS,
                "同一地址的连接数已达上限 [limits] sockets_per_address / [limits] sockets_per_address is reached",
            );
        }
    };
    let protocols = offered(headers);
    let caller = match token(headers, &protocols) {
        None => None,
        Some(token) => match sign_in(&shared, &session, token).await {
            Ok(caller) => Some(caller),
            Err(Error::RateLimited { why, .. }) => {
                shared.metrics.limited(why);
                return refuse(StatusCode::TOO_MANY_REQUESTS, why);
            }
            Err(_) => return refuse(StatusCode::UNAUTHORIZED, "令牌无效或已过期 / the token is invalid or expired"),
        },
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    // A browser that offered protocols ends the connection unless one of them is chosen.
    if let Some(chosen) = choose(&protocols).and_then(|chosen| HeaderValue::from_str(chosen).ok()) {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    let serving = serve(shared.clone(), session, request, caller);
    shared.shutdown.spawn(serving);
    response
}

/// Signs the socket in with the token that its handshake brings.
async fn sign_in(shared: &Shared, session: &Session, token: &str) -> Result<Arc<Caller>, Error> {
    // Before the token is looked at: if what it is for ends meanwhile, this sign-in ends with it.
    let since = shared.backend.clock.now();
    let caller = Arc::new(credential::by_bearer(&shared.backend, cti::http::DIALECT, token).await?);
    session.signed_in(caller.clone(), since, shared.config.auth.sessions, &shared.config.limits)?;
    audit::sign_in(&shared.backend, &caller, session.address(), "token").await;
    Ok(caller)
}

/// Returns the origin of the page that asks for a socket, unless it may have one. A browser says truly where a page
/// is from; without this, any page that an agent visits could speak to the server in his name.
fn refused_origin<'a>(headers: &'a HeaderMap, allowed: &[Origin]) -> Option<&'a HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let may_come = |origin: &str| {
        let host = origin.split_once("://").map(|(_, host)| host);
        let is_own = host.is_some_and(|host| own.is_some_and(|own| own.eq_ignore_ascii_case(host)));
        is_own || allowed.iter().any(|allowed| allowed.is(origin))
    };
    let is_allowed = origin.to_str().is_ok_and(may_come);
    (!is_allowed).then_some(origin)
}

fn offered(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|protocol| protocol.trim().to_owned()).collect()
}

fn token<'a>(headers: &'a HeaderMap, protocols: &'a [String]) -> Option<&'a str> {
    bearer(headers).or_else(|| protocols.iter().find_map(|protocol| protocol.strip_prefix(BEARER_PROTOCOL)))
}

fn choose(protocols: &[String]) -> Option<&str> {
    let named = protocols.iter().find(|protocol| *protocol == PROTOCOL);
    named.or_else(|| protocols.iter().find(|protocol| protocol.starts_with(BEARER_PROTOCOL))).map(String::as_str)
}

async fn serve(shared: Arc<Shared>, session: Session, request: Request, caller: Option<Arc<Caller>>) {
    let upgraded: Upgraded = match hyper::upgrade::on(request).await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a client left before its handshake was answered");
            return;
        }
    };
    // The plain stream again: reading through hyper's wrapper would cost a call through a table each time.
    let Ok(parts) = upgraded.downcast::<TokioIo<Connection>>() else {
        tracing::error!("a connection of an unknown kind was upgraded");
        return;
    };
    let (mut stream, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    // From here on the client is told why before it is left.
    stream.wait();
    let stream = Closing::new(stream, &read);
    let wire = WebSocketStream::from_partially_read(stream, read, Role::Server, Some(socket::wire_config())).await;
    socket::serve(Socket::new(shared, session, wire, caller)).await;
}

fn refuse(status: StatusCode, reason: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(reason));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
