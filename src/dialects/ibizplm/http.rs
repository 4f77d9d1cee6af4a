//! How this system speaks over HTTP: bearer tokens, JSON objects, refusals with type, code and message.

use serde_json::{Map, Value, json};

use super::input::SEVERAL;
use crate::dialects::http::{Body, Call, Described, Placement, Refusal, Refused, Refuses};
use crate::dialects::http::{bearer_scheme, detail_schema, explained, members_of, with};
use crate::domain::json;
use crate::domain::plm::Fault;
use crate::error::Error;
use crate::ops::access::credential;
use crate::ops::systems::plm;
use crate::ops::{Backend, Caller};
use crate::protocol::body;
use crate::protocol::frame::Settings;
use crate::sheets::XLSX;

/// The dialect that these credentials are for.
pub const DIALECT: &str = "ibizplm";

/// Returns whom the bearer token stands for.
pub async fn caller(backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
    let missing = || Error::NotSignedIn { detail: "Authorization: Bearer 缺少 / is missing".into() };
    credential::by_bearer(backend, DIALECT, call.bearer.ok_or_else(missing)?).await
}

/// Returns the request: the members of the body or, of what has none, of the query; and what stands in the path.
pub fn request(_: &Caller, call: &Call<'_>, settings: &Settings) -> Result<String, Error> {
    let mut members = match call.method {
        "POST" | "PUT" => {
            let mut members = body(call, settings)?;
            // What names templates and files stands in the query, beside any body.
            members.extend(members_of(call.query).into_iter().filter(|(name, _)| is_tag(name)));
            members
        }
        _ => members_of(call.query),
    };
    // Which product is meant, the path alone says.
    members.remove("key");
    members.remove("pkey");
    members.extend(members_of(call.segments));
    Ok(Value::Object(members).to_string())
}

/// Whether a parameter stands in the query, whatever the method: it names a template, a format or a file.
fn is_tag(name: &str) -> bool {
    name == "requestId"
        || ["tag", "fileid", "filedigest", "schemaid", "contenttype"]
            .iter()
            .any(|what| name.starts_with("srf") && name.ends_with(what))
}

/// Whether a list is asked for: that takes a body, `{}` at least.
fn is_list(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with("fetch")) && !path.contains("/exportdata/")
}

fn body(call: &Call<'_>, settings: &Settings) -> Result<Map<String, Value>, Error> {
    if call.body.trim_ascii().is_empty() && !is_list(call.path) {
        return Ok(Map::new());
    }
    let given = body::value(call.body, settings)?;
    // Several customers are created and changed as a list of them.
    let takes_several = call.method == "PUT" || call.path.ends_with("/customers");
    let is_list = given.is_array() || json::list(&given).is_some_and(|list| !list.is_empty());
    if takes_several && is_list {
        return Ok(Map::from_iter([(SEVERAL.to_owned(), given)]));
    }
    let members = json::object(&given).cloned();
    members.ok_or_else(|| Error::parameter("请求体应为 JSON 对象 / expected a JSON object"))
}

/// Returns the answer that says why a call is refused.
#[must_use]
pub fn failure(refused: &Refused<'_>) -> Refusal {
    let (status, code) = match refused.error {
        // Nothing is told to who is not known.
        Error::NotSignedIn { .. } => return Refusal { status: 401, body: Vec::new() },
        Error::Forbidden { .. } => (403, 2),
        Error::NotFound | Error::Value { .. } => (404, 3),
        Error::Parameter { .. }
        | Error::Invalid { .. }
        | Error::CustomFieldMissing { .. }
        | Error::CustomerEmpty
        | Error::FrameForm { .. }
        | Error::NotInDictionary { .. }
        | Error::NumberBlocked
        | Error::OwnerUnknown
        | Error::OwnerDisabled { .. }
        | Error::OwnerWithoutGroup
        | Error::OwnerNotInGroup
        | Error::GroupUnknown
        | Error::RequestIdUsed => (400, 5),
        Error::IdTaken { .. } => (409, 6),
        Error::PhoneTaken { .. } | Error::Conflict { .. } => (409, 7),
        Error::InUse { .. } | Error::NotInPool | Error::PoolLimit { .. } => (409, 8),
        Error::FrameTooLarge { .. } | Error::FileTooLarge { .. } => (413, 5),
        Error::RateLimited { .. } => (429, 1),
        Error::ShuttingDown { .. } | Error::Storage { .. } | Error::TimedOut | Error::SearchTooLong => (503, 1),
        _ => (500, 1),
    };
    let status =
        if refused.dialects.ibizplm.upstream_status && matches!(status, 400 | 404 | 409 | 413) { 500 } else { status };
    let kind = if matches!(code, 1) { "SystemException" } else { "EntityException" };
    let message = message(refused);
    let mut body = json!({ "type": kind, "code": code, "message": message });
    if let (Error::Invalid { faults }, Value::Object(body)) = (refused.error, &mut body) {
        body.insert("details".into(), faults.iter().map(detail).collect());
    }
    Refusal { status, body: explained(body, &message, refused.error) }
}

fn message(refused: &Refused<'_>) -> String {
    match refused.error {
        Error::NotFound => {
            let key = refused.segments.iter().find(|(name, _)| name == "key").or(refused.segments.last());
            let key = key.map_or("", |(_, key)| key.as_str());
            format!("无法获取指定数据[{key}]")
        }
        // Its own words come first, and ours behind them.
        Error::Forbidden { detail } if detail.contains(plm::NOT_ABLE) || detail.contains(plm::NOT_THERE) => {
            detail.split(" / ").next().unwrap_or_default().to_owned()
        }
        other => text_of(other),
    }
}

/// Returns what a refusal says, without knowing of what.
#[must_use]
pub fn text_of(error: &Error) -> String {
    match error {
        Error::Internal { id } => format!("{} [{id}]", error.row().message),
        Error::RateLimited { .. } => error.row().message.to_owned(),
        other => other.said(),
    }
}

fn detail(fault: &Fault) -> Value {
    json!({
        "fieldname": fault.field.to_ascii_uppercase(),
        "fieldlogicname": fault.label,
        "fielderrortype": fault.wrong.code(),
        "fielderrorinfo": fault.wrong.info(),
    })
}

/// Returns the answer to a call for which there is no operation.
#[must_use]
pub fn unknown(method: &str, path: &str, is_route: bool) -> Refusal {
    let status = if is_route { 405 } else { 404 };
    let message = format!("不存在指定服务方法[{method} {path}]");
    let detail = format!("没有这个接口：{method} {path} / there is no such call");
    let body = json!({ "type": "SystemException", "code": 20, "message": message, "detail": detail });
    Refusal { status, body: body.to_string().into_bytes() }
}

/// Returns what the documents say of this side of HTTP.
#[must_use]
pub fn described() -> Described {
    Described {
        about: "iBiz PLM 的客户接口：状态码说明成败；没有内容的回复是空的。[dialects.ibizplm] upstream_status \
                设置后，400、404、409、413 变为 500。\n\
                The customers of iBiz PLM: the status tells success or failure, and where there is nothing to answer the \
                body is empty. With [dialects.ibizplm] upstream_status, 400, 404, 409 and 413 become 500.",
        schemes: json!({
            "ibizplm": bearer_scheme(
                "程序的令牌（dialect 为 ibizplm），或工号的令牌 / \
                 the token of a program (dialect ibizplm) or of an operator",
            ),
        }),
        security: &[&["ibizplm"]],
        placement: Placement::ByMethod,
        query: Vec::new(),
        members: Map::new(),
        required: |_| None,
        needs_body: is_list,
        in_query: is_tag,
        files: &[XLSX, "application/pdf", "text/html"],
        takes: &["application/json"],
        envelope: None,
        refusal: refusal_schema(),
        refuses: const {
            &[
                with(400, "参数或字段有误 / a wrong parameter or field"),
                Refuses { status: 401, when: "未登录 / not signed in", body: Body::Nothing },
                with(403, "没有权限，或客户不属于此产品 / no right, or the customer is not of this product"),
                with(404, "没有这个客户 / there is no such customer"),
                with(405, "没有这个方法 / there is no such method"),
                with(409, "标识或数据重复，或还有工单 / the id or the data is taken, or there are tickets of it"),
                with(413, "请求体过大 / the body is too large"),
                with(429, "请求频率超过限制 / over the caller's rate"),
                with(500, "服务器内部错误 / a fault of the server"),
                with(503, "正在关闭，或超时 / shutting down, or it took too long"),
            ]
        },
    }
}

fn refusal_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "enum": ["SystemException", "EntityException"] },
            "code": { "type": "integer", "enum": [1, 2, 3, 5, 6, 7, 8, 20] },
            "message": { "type": "string" },
            "detail": detail_schema(),
            "details": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "fieldname": { "type": "string" },
                        "fieldlogicname": { "type": "string" },
                        "fielderrortype": {
                            "type": "integer",
                            "enum": [1, 2, 3, 4],
                            "description": "1 空、2 类型、3 值规则、4 重复 / 1 empty, 2 type, 3 value rule, 4 taken",
                        },
                        "fielderrorinfo": { "type": ["string", "null"] },
                    },
                    "required": ["fieldname", "fieldlogicname", "fielderrortype", "fielderrorinfo"],
                },
            },
        },
        "required": ["type", "code", "message"],
        "additionalProperties": false,
    })
}
