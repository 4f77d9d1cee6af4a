//! How this system speaks over HTTP: everything but a record in the query string, always status 200 out.

use serde_json::{Map, Value, json};

use super::{OK, OK_MESSAGE, input};
use crate::dialects::http::{Call, Described, Placement, Refusal, Refused, query_scheme, with};
use crate::error::Error;
use crate::ops::access::credential;
use crate::ops::{Backend, Caller};
use crate::protocol::body;
use crate::protocol::frame::Settings;

/// The dialect that these credentials are for.
pub const DIALECT: &str = "wisecrm";

/// Query parameters that prove who calls; they are no parameters of an operation.
const SIGNING: [&str; 4] = ["appid", "timestamp", "sign", "sign_type"];

/// Returns the user for whom the app makes the call: `op_user`, whose rights count. What is about no customer is
/// asked by the app itself.
pub async fn caller(backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
    let app = credential::by_wise_sign(backend, DIALECT, &call.signed(), call.is_private).await?;
    let op_user = call.query.iter().find(|(name, _)| name == "op_user").map(|(_, value)| value.trim());
    match op_user.filter(|op_user| !op_user.is_empty()) {
        Some(op_user) => credential::acting_for(backend, app, input::user(op_user)?).await,
        None if required(call.path).is_some() => Err(Error::parameter("op_user: 缺少 / is missing")),
        None => Ok(app),
    }
}

/// The parameter that calls about customers must have: nobody is signed in here.
fn required(path: &str) -> Option<&'static str> {
    path.starts_with("/gw/account/").then_some("op_user")
}

/// Returns the request: the parameters of the query, and as `body` the record that was posted.
pub fn request(_: &Caller, call: &Call<'_>, settings: &Settings) -> Result<String, Error> {
    let mut members = Map::new();
    for (name, value) in call.query.iter().filter(|(name, _)| !SIGNING.contains(&name.as_str())) {
        // The first of several is the one that is signed.
        members.entry(name.as_str()).or_insert_with(|| value.as_str().into());
    }
    members.remove("body");
    if call.method == "POST" && !call.body.trim_ascii().is_empty() {
        members.insert("body".into(), body::value(call.body, settings)?);
    }
    Ok(Value::Object(members).to_string())
}

/// Returns the answer that says why a call is refused.
#[must_use]
pub fn failure(refused: &Refused<'_>) -> Refusal {
    refusal(code(refused.error), &words(refused.error))
}

fn code(error: &Error) -> i64 {
    match error {
        Error::Signature
        | Error::TimestampForm
        | Error::TimestampAge
        | Error::NonceUsed
        | Error::NotSignedIn { .. } => 401,
        Error::UnknownAction { .. } => 402,
        Error::RateLimited { .. } => 403,
        Error::Parameter { .. }
        | Error::Invalid { .. }
        | Error::FrameForm { .. }
        | Error::FrameTooLarge { .. }
        | Error::FileTooLarge { .. }
        | Error::ContentMissing
        | Error::NoNumber
        | Error::IdentifierType
        | Error::PageSize { .. }
        | Error::Page
        | Error::PageBeyondCeiling => 410,
        Error::Value { .. }
        | Error::PhoneTaken { .. }
        | Error::CustomFieldMissing { .. }
        | Error::NotInDictionary { .. }
        | Error::NumberBlocked
        | Error::OwnerUnknown
        | Error::OwnerDisabled { .. }
        | Error::OwnerWithoutGroup
        | Error::GroupUnknown
        | Error::OwnerNotInGroup => 420,
        Error::Duplicate { .. }
        | Error::IdTaken { .. }
        | Error::NotInPool
        | Error::PoolLimit { .. }
        | Error::InUse { .. }
        | Error::NotFound
        | Error::Forbidden { .. }
        | Error::CustomerEmpty
        | Error::Conflict { .. }
        | Error::RequestIdUsed => 400,
        Error::ResultTooLarge { .. }
        | Error::TimedOut
        | Error::SearchTooLong
        | Error::Internal { .. }
        | Error::ShuttingDown { .. }
        | Error::Storage { .. } => 500,
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::NotFound => "记录不存在 / there is no such record".into(),
        Error::TimestampForm => "timestamp: 应为毫秒数 / expected milliseconds".into(),
        Error::TimestampAge => "timestamp: 与服务器相差超过 30 秒 / more than 30 seconds off".into(),
        Error::Signature => {
            "sign: 应为应用的密钥，或按 sign_type=MD5、SHA1 的签名，见 docs/dialects/wisecrm.md / expected the app's key, or a signature of \
             sign_type=MD5 or SHA1: see docs/dialects/wisecrm.md"
                .into()
        }
        Error::OwnerDisabled { login_no } => {
            format!("ownerId: 工号 {login_no} 已停用 / operator {login_no} is disabled")
        }
        Error::Internal { .. } | Error::Invalid { .. } => error.explained().into_owned(),
        error => error.said(),
    }
}

/// Returns what the documents say of this side of HTTP.
#[must_use]
pub fn described() -> Described {
    Described {
        about: "WiseCRM365：状态码总是 200，成败看 error_code（0 为成功）；参数都在查询串里，记录在请求体里。\n\
                WiseCRM365: the status is always 200 and error_code tells (0 is success); all parameters stand in the \
                query, a record is the body.",
        schemes: schemes(),
        security: &[
            &["wisecrm_appid", "wisecrm_sign", "wisecrm_sign_type", "wisecrm_timestamp"],
            &["wisecrm_appid", "wisecrm_sign"],
        ],
        placement: Placement::BodyIsParameter,
        query: Vec::new(),
        members: Map::new(),
        required,
        needs_body: |_| false,
        in_query: |_| false,
        files: &[],
        takes: &["application/json"],
        envelope: Some(json!({
            "type": "object",
            "properties": { "error_code": { "const": OK }, "error_msg": { "const": OK_MESSAGE } },
            "required": ["error_code", "error_msg"],
        })),
        refusal: json!({
            "type": "object",
            "properties": {
                "error_code": {
                    "type": "integer",
                    "enum": [400, 401, 402, 403, 405, 410, 420, 500],
                    "description": "400 业务、401 认证、402 没有接口、403 频率、405 方法、410 参数、420 数据、500 系统 / \
                                    400 business, 401 credentials, 402 no such call, 403 rate, 405 method, 410 parameter, 420 data, 500 fault",
                },
                "error_msg": { "type": "string" },
            },
            "required": ["error_code", "error_msg"],
            "additionalProperties": false,
        }),
        refuses: const { &[with(200, "error_code 说明的拒绝 / the refusal that error_code tells")] },
    }
}

fn schemes() -> Value {
    json!({
        "wisecrm_appid": query_scheme("appid", "应用编号 / the id of the company's app"),
        "wisecrm_sign": query_scheme(
            "sign",
            "签名；没有 sign_type 时为 appkey 本身，仅限 TLS 或本机 / \
             the signature; without sign_type the appkey itself, over TLS or from this machine only",
        ),
        "wisecrm_sign_type": query_scheme(
            "sign_type",
            "MD5 或 SHA1：对按名排序的 k=v（不含 sign 和空值）以 & 连接、再加 &appkey=… 的摘要 / \
             MD5 or SHA1: of k=v, sorted by name, without sign and what is blank, joined by &, and &appkey=… behind them",
        ),
        "wisecrm_timestamp": query_scheme(
            "timestamp",
            "Unix 时间（毫秒），与服务器相差不超过 30 秒 / Unix time in milliseconds, at most 30 seconds off the server's",
        ),
    })
}

fn refusal(code: i64, message: &str) -> Refusal {
    Refusal { status: 200, body: json!({ "error_code": code, "error_msg": message }).to_string().into_bytes() }
}

/// Returns the answer to a call for which there is no operation.
#[must_use]
pub fn unknown(method: &str, path: &str, is_route: bool) -> Refusal {
    if is_route {
        refusal(405, &format!("{path}: 不支持 {method} / not by {method}"))
    } else {
        refusal(402, &format!("{path}: 没有这个接口 / there is no such call"))
    }
}
