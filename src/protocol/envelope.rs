//! The reply: `success`, `message`, `code`, the echoed `callbackId`, then the members of the payload.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::callback_id::CallbackId;
use crate::error::{Error, TABLE};

pub const OK: i64 = 1000;
pub const OK_MESSAGE: &str = "操作成功！";

/// Which door a reply leaves by. HTTP has neither `success` nor `callbackId`.
#[derive(Debug, Clone, Copy)]
pub enum Door<'a> {
    Socket(&'a CallbackId),
    Http,
}

/// Appends a successful reply and returns where its payload begins. The payload must be an object; its members
/// follow the envelope's.
pub fn success<P: Serialize>(out: &mut Vec<u8>, door: Door<'_>, payload: &P) -> Result<usize, Error> {
    let start = out.len();
    push_head(out, door);
    let joint = out.len();
    if let Err(cause) = serde_json::to_writer(&mut *out, payload) {
        out.truncate(start);
        return Err(Error::internal(&cause));
    }
    // The payload's own braces: `{…}` becomes `,…}`, and `{}` becomes `}`.
    if out.get(joint..) == Some(b"{}") {
        out.remove(joint);
    } else if let Some(brace) = out.get_mut(joint) {
        *brace = b',';
    }
    Ok(joint)
}

fn push_head(out: &mut Vec<u8>, door: Door<'_>) {
    match door {
        Door::Socket(callback_id) => {
            out.extend_from_slice(r#"{"success":true,"message":"操作成功！","code":1000"#.as_bytes());
            push_callback_id(out, callback_id);
        }
        Door::Http => out.extend_from_slice(r#"{"code":1000,"message":"操作成功！""#.as_bytes()),
    }
}

/// Appends a refusal.
pub fn failure(out: &mut Vec<u8>, door: Door<'_>, error: &Error) {
    match door {
        Door::Socket(callback_id) => {
            out.extend_from_slice(br#"{"success":false,"message":"#);
            out.extend_from_slice(quoted(error.row().message).as_bytes());
            out.extend_from_slice(format!(",\"code\":{}", error.row().code).as_bytes());
            push_callback_id(out, callback_id);
        }
        Door::Http => {
            out.extend_from_slice(format!("{{\"code\":{},\"message\":", error.row().code).as_bytes());
            out.extend_from_slice(quoted(error.row().message).as_bytes());
        }
    }
    for (name, value) in extras(error) {
        out.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
    }
    out.push(b'}');
}

/// Returns the schema of what [`failure`] writes for HTTP.
#[must_use]
pub fn refusal_schema() -> Value {
    let codes: BTreeSet<i64> = TABLE.iter().map(|row| row.code).collect();
    json!({
        "type": "object",
        "title": "refusal",
        "description": "请求被拒绝；错误码见 docs/errors.md\nWhy a request was refused; docs/errors.md lists the codes.",
        "properties": {
            "code": { "type": "integer", "enum": codes },
            "message": { "type": "string" },
            "exception": {
                "type": "object",
                "properties": { "message": { "type": "string" } },
                "required": ["message"],
            },
            "detail": {
                "type": "string",
                "description": "给开发者的说明，例如哪个参数有误 / what helps a developer, such as the name of a wrong parameter",
            },
            "customer": {
                "type": "object",
                "description": "2409：现在的客户 / with 2409: the customer as it is now",
            },
            "fields": {
                "type": "array",
                "items": { "type": "string" },
                "description": "2409：他人改过的字段 / with 2409: what somebody else changed",
            },
            "retryAfterMs": {
                "type": "integer",
                "minimum": 0,
                "description": "多少毫秒后重试 / how long to wait before trying again, milliseconds",
            },
        },
        "required": ["code", "message"],
    })
}

/// The members of a refusal behind `code` and `message`.
fn extras(error: &Error) -> Map<String, Value> {
    let mut extras = Map::new();
    if let Some(exception) = error.exception() {
        extras.insert("exception".into(), json!({ "message": exception }));
    }
    if let Some(detail) = error.detail() {
        extras.insert("detail".into(), Value::from(detail));
    }
    if let Error::Conflict { customer, fields } = error {
        extras.insert("customer".into(), (**customer).clone());
        extras.insert("fields".into(), fields.as_slice().into());
    }
    if let Some(wait) = error.retry_after_ms() {
        extras.insert("retryAfterMs".into(), wait.into());
    }
    extras
}

fn push_callback_id(out: &mut Vec<u8>, callback_id: &CallbackId) {
    if let Some(id) = callback_id.as_json() {
        out.extend_from_slice(b",\"callbackId\":");
        out.extend_from_slice(id.as_bytes());
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_payload_follows_the_envelope() {
        let id = CallbackId::Integer(222_000);
        let reply = text(|out| assert!(success(out, Door::Socket(&id), &json!({"a": 1})).is_ok()));
        assert_eq!(reply, r#"{"success":true,"message":"操作成功！","code":1000,"callbackId":222000,"a":1}"#);
        let reply = text(|out| assert!(success(out, Door::Http, &json!({})).is_ok()));
        assert_eq!(reply, r#"{"code":1000,"message":"操作成功！"}"#);
    }

    #[test]
    fn a_refusal_has_code_message_exception_and_detail() {
        let reply = text(|out| failure(out, Door::Socket(&CallbackId::Absent), &Error::parameter("page: x")));
        assert_eq!(
            reply,
            r#"{"success":false,"message":"未知错误","code":2000,"detail":"page: x","exception":{"message":"不正确的参数格式"}}"#
        );
        let reply = text(|out| failure(out, Door::Http, &Error::PageSize { most: 100 }));
        assert_eq!(
            reply,
            r#"{"code":206211,"message":"参数page_size不合法","detail":"page_size: 应为 1 到 100 / expected 1 to 100"}"#
        );
    }
}
