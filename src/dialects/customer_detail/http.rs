//! How this system speaks over HTTP: bearer tokens, and refusals as Laravel words them.

use serde_json::{Map, Value, json};

use crate::dialects::http::{
    Call, Described, Placement, Refusal, Refused, bearer_scheme, detail_schema, explained, members_of, with,
};
use crate::error::Error;
use crate::ops::access::credential;
use crate::ops::{Backend, Caller};
use crate::protocol::frame::Settings;

/// The dialect that these credentials are for.
pub const DIALECT: &str = "customer_detail";

/// Returns whom the bearer token stands for.
pub async fn caller(backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
    let missing = || Error::NotSignedIn { detail: "Authorization: Bearer 缺少 / is missing".into() };
    credential::by_bearer(backend, DIALECT, call.bearer.ok_or_else(missing)?).await
}

/// Returns the request: what stands in the path. Parameters that nobody knows are ignored.
pub fn request(_: &Caller, call: &Call<'_>, _: &Settings) -> Result<String, Error> {
    // A plain number is an id on the socket only.
    let is_id = |(_, id): &(String, String)| id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !call.segments.iter().all(is_id) {
        return Err(Error::NotFound);
    }
    Ok(Value::Object(members_of(call.segments)).to_string())
}

/// Returns the answer that says why a call is refused.
#[must_use]
pub fn failure(refused: &Refused<'_>) -> Refusal {
    let (status, message) = match refused.error {
        Error::NotSignedIn { .. } => (401, "Unauthenticated.".to_owned()),
        Error::Forbidden { .. } => (403, "This action is unauthorized.".to_owned()),
        Error::NotFound => {
            let id = refused.segments.first().map_or("", |(_, id)| id.as_str());
            (404, format!("No query results for model [App\\Models\\Customer] {id}"))
        }
        Error::RateLimited { .. } => (429, "Too Many Attempts.".to_owned()),
        Error::FrameTooLarge { .. } => (413, "The POST data is too large.".to_owned()),
        Error::ShuttingDown { .. } | Error::Storage { .. } | Error::TimedOut | Error::SearchTooLong => {
            (503, "Service Unavailable".to_owned())
        }
        Error::Parameter { detail } => return invalid(detail),
        _ => (500, "Server Error".to_owned()),
    };
    let body = if refused.dialects.customer_detail.envelope {
        let message = if status == 404 { "客户不存在".to_owned() } else { message };
        json!({ "code": status, "message": message })
    } else {
        json!({ "message": message })
    };
    let said = body.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    Refusal { status, body: explained(body, &said, refused.error) }
}

/// An input that breaks a rule: the first error, and all of them by field.
fn invalid(detail: &str) -> Refusal {
    let (field, expected) = detail.split_once(": ").unwrap_or(("", detail));
    let body = json!({ "message": detail, "errors": { field: [expected] } });
    Refusal { status: 422, body: body.to_string().into_bytes() }
}

/// Returns the answer to a call for which there is no operation.
#[must_use]
pub fn unknown(method: &str, path: &str, is_route: bool) -> Refusal {
    let (status, message, detail) = if is_route {
        let detail = format!("{path}: 请使用 GET / use GET");
        (405, format!("The {method} method is not supported for route {path}. Supported methods: GET, HEAD."), detail)
    } else {
        let detail = format!("{path}: 没有这个接口 / there is no such call");
        (404, format!("The route {} could not be found.", path.trim_start_matches('/')), detail)
    };
    Refusal { status, body: json!({ "message": message, "detail": detail }).to_string().into_bytes() }
}

/// Returns what the documents say of this side of HTTP.
#[must_use]
pub fn described() -> Described {
    Described {
        about: "客户详情系统：状态码说明成败。[dialects.customer_detail] envelope 设置后，回复和拒绝都带 code。\n\
                The customer detail system: the status tells success or failure. With \
                [dialects.customer_detail] envelope, answers and refusals have a code.",
        schemes: json!({
            "customer_detail": bearer_scheme(
                "程序的令牌（dialect 为 customer_detail），或工号的令牌 / \
                 the token of a program (dialect customer_detail) or of an operator",
            ),
        }),
        security: &[&["customer_detail"]],
        placement: Placement::ByMethod,
        query: Vec::new(),
        members: Map::new(),
        required: |_| None,
        needs_body: |_| false,
        in_query: |_| false,
        files: &[],
        takes: &["application/json"],
        envelope: None,
        refusal: json!({
            "type": "object",
            "properties": {
                "code": { "type": "integer" },
                "message": { "type": "string" },
                "detail": detail_schema(),
                "errors": {
                    "type": "object",
                    "additionalProperties": { "type": "array", "items": { "type": "string" } },
                },
            },
            "required": ["message"],
            "additionalProperties": false,
        }),
        refuses: const {
            &[
                with(401, "未登录 / not signed in"),
                with(403, "没有权限 / no right"),
                with(404, "没有这个客户 / there is no such customer"),
                with(405, "不接受此方法 / not by this method"),
                with(413, "请求体过大 / the body is too large"),
                with(422, "参数有误 / a wrong parameter"),
                with(429, "请求频率超过限制 / over the caller's rate"),
                with(500, "服务器内部错误 / a fault of the server"),
                with(503, "正在关闭，或超时 / shutting down, or it took too long"),
            ]
        },
    }
}
