//! How this system speaks over HTTP: everything but a record in the query string, always status 200 out.

use serde_json::{Map, Value, json};

use super::input;
use crate::dialects::http::{Call, Refusal, Refused};
use crate::error::Error;
use crate::ops::{Backend, Caller, credential};
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
        None if call.path.starts_with("/gw/account/") => Err(Error::parameter("op_user: 缺少 / is missing")),
        None => Ok(app),
    }
}

/// Returns the request: the parameters of the query, and as `body` the record that was posted.
pub fn request(_: &Caller, call: &Call<'_>, _: &Settings) -> Result<String, Error> {
    let mut members = Map::new();
    for (name, value) in call.query.iter().filter(|(name, _)| !SIGNING.contains(&name.as_str())) {
        // The first of several is the one that is signed.
        members.entry(name.as_str()).or_insert_with(|| value.as_str().into());
    }
    members.remove("body");
    if call.method == "POST" && !call.body.trim_ascii().is_empty() {
        let body: Value = serde_json::from_slice(call.body)
            .map_err(|_| Error::parameter("body: 应为 JSON 对象 / expected a JSON map"))?;
        members.insert("body".into(), body);
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
        | Error::IdentifierType
        | Error::PageSize
        | Error::Page
        | Error::PageBeyondCeiling => 410,
        Error::Value { .. }
        | Error::PhoneTaken { .. }
        | Error::CustomFieldMissing { .. }
        | Error::NotInDictionary { .. }
        | Error::OwnerUnknown
        | Error::OwnerWithoutGroup
        | Error::GroupUnknown
        | Error::OwnerNotInGroup => 420,
        Error::Duplicate { .. }
        | Error::IdTaken { .. }
        | Error::InUse { .. }
        | Error::NotFound
        | Error::Forbidden { .. }
        | Error::CustomerEmpty
        | Error::Conflict { .. }
        | Error::RequestIdUsed => 400,
        Error::ResultTooLarge { .. } | Error::TimedOut | Error::Internal { .. } | Error::ShuttingDown { .. } => 500,
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::NotFound => "记录不存在 / there is no such record".into(),
        Error::TimestampForm => "timestamp: 应为毫秒数 / expected milliseconds".into(),
        Error::TimestampAge => "timestamp: 与服务器相差超过 30 秒 / more than 30 seconds off".into(),
        Error::Internal { id } => format!("系统内部错误 {id}"),
        error => {
            error.detail().or_else(|| error.exception()).unwrap_or_else(|| error.row().message.into()).into_owned()
        }
    }
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
