//! `schemas/asyncapi.json`: the socket, as AsyncAPI 3.0.

use serde_json::{Value, json};

use super::shapes::{Members, Shapes, socket_refusal};
use super::{Row, description, host, lines};
use crate::dialects::{Effect, rows};
use crate::domain::role::Role;
use crate::protocol::frame::TOPIC;

/// Returns the document. It speaks for the server: an operation is a frame that the server receives.
pub fn document() -> Value {
    let mut shapes = Shapes::new("/components/schemas");
    let mut schemas = Members::new();
    let mut messages = Members::new();
    let mut operations = Members::new();
    for row in rows() {
        let (request, reply) = (format!("{}.request", id(row)), format!("{}.reply", id(row)));
        schemas.insert(request.clone(), shapes.frame(row));
        schemas.insert(reply.clone(), shapes.socket_reply(row));
        messages.insert(request.clone(), message(&request, lines(row).last().unwrap_or_default()));
        messages.insert(reply.clone(), message(&reply, "成功的回复 / the reply of a success"));
        operations.insert(id(row), operation(row, &request, &reply));
    }
    schemas.extend(shapes.definitions(schemas.values()));
    schemas.insert("refusal".into(), socket_refusal());
    messages.insert("refusal".into(), message("refusal", "请求被拒绝 / a request was refused"));
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": { "local": server() },
        "channels": { "ws": channel(&messages) },
        "operations": operations,
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

/// The action as a key: keys have no slashes.
fn id(row: &Row) -> String {
    row.action.trim_matches('/').replace('/', ".")
}

fn info() -> Value {
    let description = format!(
        "一个文本帧是一个 JSON 对象：action、callbackId 和参数；回复带同样的 callbackId。\
         多个请求可以同时进行，读请求的回复可能乱序，同一连接上的写请求按顺序执行。\
         字段名不区分大小写和下划线。也接受 {{topic: \"{TOPIC}\", data: {{action: …}}}}。\n\
         A text frame holds one JSON object: action, callbackId and the parameters; its reply has the same callbackId. \
         Several requests may be in flight; replies to reads may overtake each other, the writes of one socket are \
         carried out in order. Names of members match without regard to case and underscores. The wrapper \
         {{topic: \"{TOPIC}\", data: {{action: …}}}} is opened."
    );
    json!({
        "title": "laidian 来电: socket",
        "version": env!("CARGO_PKG_VERSION"),
        "description": description,
        "license": { "name": env!("CARGO_PKG_LICENSE") },
    })
}

fn server() -> Value {
    let scheme = |name: &str| json!({ "$ref": format!("#/components/securitySchemes/{name}") });
    json!({
        "host": host(),
        "protocol": "ws",
        "description": "默认地址 / the default address",
        "security": [scheme("bearer"), scheme("subprotocol"), scheme("login")],
    })
}

fn channel(messages: &Members) -> Value {
    json!({
        "address": "/ws",
        "description": "也可以连接 / ；关闭码见 docs/close-codes.md\n\
                        Served at / as well; docs/close-codes.md says why a socket is closed.",
        "servers": [{ "$ref": "#/servers/local" }],
        "messages": messages,
        "bindings": { "ws": { "method": "GET" } },
    })
}

fn message(name: &str, summary: &str) -> Value {
    json!({
        "name": name,
        "title": name,
        "summary": summary,
        "correlationId": {
            "description": "回复带有请求的 callbackId / a reply carries the callbackId of its request",
            "location": "$message.payload#/callbackId",
        },
        "payload": { "$ref": format!("#/components/schemas/{name}") },
    })
}

fn operation(row: &Row, request: &str, reply: &str) -> Value {
    let message = |name: &str| json!({ "$ref": format!("#/channels/ws/messages/{name}") });
    json!({
        "action": "receive",
        "title": row.action,
        "description": description(row),
        "channel": { "$ref": "#/channels/ws" },
        "messages": [message(request)],
        "reply": {
            "channel": { "$ref": "#/channels/ws" },
            "messages": [message(reply), message("refusal")],
        },
        "x-effect": match row.effect { Effect::Read => "read", Effect::Write => "write" },
        "x-access": row.access.from_role().map_or("anybody", Role::name),
    })
}

/// The three ways to sign in. In open mode, which is for loopback addresses only, none is needed.
fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "握手请求的 Authorization: Bearer <token> / the header of the handshake",
        },
        "subprotocol": {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": "浏览器不能设置请求头，用子协议 laidian 和 bearer.<token> / \
                            for browsers, which cannot set headers: the subprotocols laidian and bearer.<token>",
        },
        "login": {
            "type": "apiKey",
            "in": "password",
            "description": "第一个帧 login：token，或 appid、timestamp、sign；须在 [auth] sign_in_seconds 内 / \
                            a first frame with the action login: a token, or appid, timestamp and sign, \
                            within [auth] sign_in_seconds",
        },
    })
}
