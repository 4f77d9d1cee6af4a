//! How this system speaks over HTTP: forms or JSON in, always status 200 out.

use futures_util::{FutureExt, stream};
use serde_json::{Map, Value, json};

use crate::dialects::http::{
    Call, Described, Placement, Refusal, Refused, bearer_scheme, detail_schema, explained, members_of, with,
};
use crate::domain::json;
use crate::error::Error;
use crate::ops::access::credential;
use crate::ops::{Backend, Caller, Via};
use crate::protocol::body;
use crate::protocol::frame::Settings;

/// The dialect that these credentials are for.
pub const DIALECT: &str = "crm_info";

/// The parts that a multipart body may have.
const MOST_PARTS: usize = 32;

/// Returns whom the token stands for: that of the header, or the parameter `token` of the body. Where neither is asked
/// for, everybody reads one company's customers.
pub async fn caller(backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
    let settings = &backend.dialects.crm_info;
    if let Some(company) = settings.open_company() {
        // All who call without a token have one rate together.
        let via = Via { credential: DIALECT.to_owned(), unlimited: false, grants: None };
        return Ok(Caller { company, operator: None, via: Some(via), until: None });
    }
    let in_header = call.bearer.filter(|_| settings.token_in_header).map(str::to_owned);
    // The token alone is looked for: what is wrong with the body is told to who has one.
    let any = Settings { relaxed: true, max_depth: usize::MAX };
    let in_body = || members(call, &any).ok()?.get("token")?.as_str().map(str::to_owned);
    let token = in_header.or_else(|| if settings.token_in_body { in_body() } else { None });
    let missing = || Error::NotSignedIn { detail: "token: 缺少 / is missing".into() };
    credential::by_bearer(backend, DIALECT, &token.ok_or_else(missing)?).await
}

/// Returns the request: the members of a form, a multipart form or a JSON object.
pub fn request(_: &Caller, call: &Call<'_>, settings: &Settings) -> Result<String, Error> {
    Ok(Value::Object(members(call, settings)?).to_string())
}

fn members(call: &Call<'_>, settings: &Settings) -> Result<Map<String, Value>, Error> {
    let kind = call.content_type.unwrap_or_default().trim().to_ascii_lowercase();
    if kind.starts_with("multipart/form-data") {
        return multipart(call);
    }
    let is_json = kind.starts_with("application/json") || call.body.trim_ascii_start().starts_with(b"{");
    if is_json {
        let given = body::value(call.body, settings)?;
        return json::object(&given).cloned().ok_or_else(|| Error::expected("body", " JSON 对象", "a JSON object"));
    }
    Ok(members_of(&form_urlencoded::parse(call.body).into_owned().collect::<Vec<_>>()))
}

fn multipart(call: &Call<'_>) -> Result<Map<String, Value>, Error> {
    let wrong = || Error::expected("body", " multipart 表单", "a multipart form");
    let boundary = multer::parse_boundary(call.content_type.unwrap_or_default()).map_err(|_| wrong())?;
    let body = bytes::Bytes::copy_from_slice(call.body);
    let mut form = multer::Multipart::new(stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
    let mut members = Map::new();
    for _ in 0..MOST_PARTS {
        // All of the body is there already, so that nothing is waited for.
        let Some(field) = form.next_field().now_or_never().and_then(Result::ok).ok_or_else(wrong)? else { break };
        let Some(name) = field.name().map(str::to_owned) else { continue };
        let text = field.text().now_or_never().and_then(Result::ok).ok_or_else(wrong)?;
        members.insert(name, text.into());
    }
    Ok(members)
}

/// Returns the answer that says why a call is refused.
#[must_use]
pub fn failure(refused: &Refused<'_>) -> Refusal {
    let (code, message) = match refused.error {
        Error::Parameter { .. } | Error::FrameTooLarge { .. } | Error::FrameForm { .. } => (1001, "参数错误"),
        Error::NotSignedIn { .. } => (1002, "未登录或登录已失效"),
        Error::Forbidden { .. } => (1003, "没有权限"),
        Error::NotFound => (1004, "客户不存在"),
        Error::RateLimited { .. } => (1006, "请求过于频繁"),
        _ => (1005, "系统错误"),
    };
    let message = match code {
        1001 => format!("{message}：{}", refused.error.said()),
        _ => message.to_owned(),
    };
    let body = json!({ "errCode": code, "errMsg": message, "data": {} });
    Refusal { status: 200, body: explained(body, &message, refused.error) }
}

/// Returns the answer to a call for which there is no operation.
#[must_use]
pub fn unknown(_: &str, _: &str, is_route: bool) -> Refusal {
    let (status, message) =
        if is_route { (405, "请使用 POST / use POST") } else { (404, "没有这个接口 / there is no such call") };
    let body = json!({ "errCode": 1001, "errMsg": message, "data": {} });
    Refusal { status, body: body.to_string().into_bytes() }
}

/// Returns what the documents say of this side of HTTP.
#[must_use]
pub fn described() -> Described {
    Described {
        about: "CRM 客户信息：状态码总是 200，成败看 errCode（1000 为成功）；方法不对时为 405。\n\
                The CRM's customer info: the status is always 200 and errCode tells (1000 is success); 405 when the \
                method is another.",
        schemes: json!({
            "crm_info": bearer_scheme(
                "程序的令牌（dialect 为 crm_info），或工号的令牌；也可以写在请求体的 token 里 / \
                 the token of a program (dialect crm_info) or of an operator; it may also stand in the body, as token",
            ),
        }),
        // Without the header, `token` of the body counts.
        security: &[&["crm_info"], &[]],
        placement: Placement::ByMethod,
        query: Vec::new(),
        members: Map::from_iter([(
            "token".to_owned(),
            json!({ "type": "string", "description": "令牌，如果不在请求头里 / the token, unless the header has it" }),
        )]),
        required: |_| None,
        needs_body: |_| false,
        in_query: |_| false,
        files: &[],
        takes: &["application/x-www-form-urlencoded", "multipart/form-data", "application/json"],
        envelope: None,
        refusal: json!({
            "type": "object",
            "properties": {
                "errCode": {
                    "type": "integer",
                    "enum": [1001, 1002, 1003, 1004, 1005, 1006],
                    "description": "1001 参数、1002 未登录、1003 没有权限、1004 客户不存在、1005 系统、1006 频率 / \
                                    1001 parameter, 1002 not signed in, 1003 no right, 1004 no such customer, 1005 fault, 1006 rate",
                },
                "errMsg": { "type": "string" },
                "data": { "type": "object", "maxProperties": 0 },
                "detail": detail_schema(),
            },
            "required": ["errCode", "errMsg", "data"],
            "additionalProperties": false,
        }),
        refuses: const {
            &[with(200, "errCode 说明的拒绝 / the refusal that errCode tells"), with(405, "请使用 POST / use POST")]
        },
    }
}
