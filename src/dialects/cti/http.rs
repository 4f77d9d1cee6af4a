//! How this dialect speaks over HTTP: signed queries, JSON bodies, code and message in the reply.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dialects::decode;
use crate::dialects::http::{Body, Call, Described, Placement, Refusal, Refused, Refuses};
use crate::dialects::http::{bearer_scheme, query_scheme, with};
use crate::error::Error;
use crate::ops::access::credential;
use crate::ops::access::identity::{self, Claim};
use crate::ops::{Backend, Caller};
use crate::protocol::body;
use crate::protocol::envelope::{self, Door};
use crate::protocol::frame::Settings;
use crate::protocol::lenient::Scalar;
use crate::sheets::XLSX;

/// The dialect that these credentials are for.
pub const DIALECT: &str = "cti";

/// Query parameters that sign the call; they are no parameters of an operation.
const SIGNING: [&str; 5] = ["appid", "timestamp", "sign", "sign_version", "nonce"];

/// Returns who makes a call: by its signature, or by a bearer token.
pub async fn caller(backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
    match call.bearer {
        Some(token) => credential::by_bearer(backend, DIALECT, token).await,
        None => credential::by_signature(backend, DIALECT, &call.signed()).await,
    }
}

/// Returns the request of a call as the JSON text that the operation reads.
pub fn request(caller: &Caller, call: &Call<'_>, settings: &Settings) -> Result<String, Error> {
    let request = parameters(call.query, call.body, settings)?;
    identity::check_claim(caller, &claim(&request)?)?;
    Ok(request)
}

/// Returns the answer that says why a call is refused. The document's way is status 200 with the code in the body.
#[must_use]
pub fn failure(refused: &Refused<'_>) -> Refusal {
    let mut body = Vec::with_capacity(256);
    envelope::failure(&mut body, Door::Http, refused.error);
    Refusal { status: refused.error.row().status, body }
}

/// Returns what the documents say of this side of HTTP.
#[must_use]
pub fn described() -> Described {
    Described {
        about: "状态码是 200，错误码在回复的 code 里（429 除外）；错误码见 docs/errors.md。\
                参数可以写在查询串里，也可以写在 JSON 请求体里。\n\
                The status is 200 and the code is in the body (429 sets both); docs/errors.md lists the codes. \
                Parameters may stand in the query or in a JSON body.",
        schemes: schemes(),
        security: &[
            &["cti"],
            &["cti_appid", "cti_timestamp", "cti_sign"],
            &["cti_appid", "cti_timestamp", "cti_sign", "cti_sign_version", "cti_nonce"],
        ],
        placement: Placement::QueryThenBody,
        query: vec![json!({
            "name": "companyId",
            "in": "query",
            "description": "公司由 appid 决定；如果给出，必须一致，否则 2403 / \
                            the app says which company the call is for; another one is refused with 2403",
            "schema": { "type": "string" },
        })],
        members: Map::new(),
        required: |_| None,
        needs_body: |_| false,
        in_query: |_| false,
        files: &[XLSX, "text/csv", "application/jsonl"],
        takes: &["application/json"],
        envelope: Some(json!({
            "type": "object",
            "properties": { "code": { "const": envelope::OK }, "message": { "const": envelope::OK_MESSAGE } },
            "required": ["code", "message"],
        })),
        refusal: envelope::refusal_schema(),
        refuses: const {
            &[
                with(200, "code 说明的拒绝 / the refusal that code tells"),
                Refuses { status: 405, when: "不接受此方法 / not by this method", body: Body::Text },
                with(429, "请求频率超过限制 / over the caller's rate"),
            ]
        },
    }
}

fn schemes() -> Value {
    json!({
        "cti": bearer_scheme(
            "工号的令牌（laidian token、身份提供方），或程序的令牌 / the token of an operator, or of a program",
        ),
        "cti_appid": query_scheme("appid", "应用编号 / the id of the company's app"),
        "cti_timestamp": query_scheme(
            "timestamp",
            "Unix 时间（秒），与服务器相差不超过 300 / Unix time in seconds, at most 300 off the server's",
        ),
        "cti_sign": query_scheme(
            "sign",
            "签名，小写十六进制。v1：SHA-256(appid&token&timestamp)；v2：以 token 为密钥的 HMAC-SHA256，\
             内容每行一项：方法、路径、不含 sign 的有序查询串、请求体 SHA-256 的十六进制、timestamp、nonce / \
             lower-case hex. v1: SHA-256 of appid&token&timestamp; v2: HMAC-SHA256 with the token, one per line: method, \
             path, sorted query without sign, hex SHA-256 of the body, timestamp, nonce",
        ),
        "cti_sign_version": query_scheme(
            "sign_version",
            "签名版本：v1（默认）或 v2（推荐） / v1 (default) or v2 (recommended)",
        ),
        "cti_nonce": query_scheme(
            "nonce",
            "v2 的随机数，最多 64 个字符，15 分钟内只能用一次 / for v2: at most 64 characters, used once in 15 minutes",
        ),
    })
}

/// Whom the call claims to be from, if it does.
fn claim(request: &str) -> Result<Claim, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named<'a> {
        #[serde(borrow, default)]
        company_id: Option<Scalar<'a>>,
    }
    match decode::<Named<'_>>(request)?.company_id {
        Some(company) if !company.is_empty() => {
            let company = company.integer().ok_or_else(|| Error::expected("companyId", "整数", "an integer"))?;
            Ok(Claim { company: Some(company), ..Claim::default() })
        }
        _ => Ok(Claim::default()),
    }
}

/// Returns one JSON object of the parameters in the query and the members of the body. The body may be
/// written as loosely as a frame: the document's own is.
fn parameters(query: &[(String, String)], body: &[u8], settings: &Settings) -> Result<String, Error> {
    let mut request = String::from("{");
    for (name, value) in query.iter().filter(|(name, _)| !SIGNING.contains(&name.as_str())) {
        if request.len() > 1 {
            request.push(',');
        }
        request.push_str(&Value::from(member(name)).to_string());
        request.push(':');
        request.push_str(&Value::from(value.as_str()).to_string());
    }
    if !body.trim_ascii().is_empty() {
        let members = strict_object(body, settings)?;
        if request.len() > 1 && !members.is_empty() {
            request.push(',');
        }
        request.push_str(&members);
    }
    request.push('}');
    Ok(request)
}

/// What a form's file is called in a request.
fn member(name: &str) -> &str {
    match name {
        "srfossfileid" => "file",
        "srffiledigest" => "fileDigest",
        other => other,
    }
}

/// Returns the members of a JSON object, without its braces.
fn strict_object(body: &[u8], settings: &Settings) -> Result<String, Error> {
    let strict = body::strict(body, settings)?;
    let open = |brackets: [char; 2]| strict.trim().strip_prefix(brackets[0])?.strip_suffix(brackets[1]).map(str::trim);
    // An empty list is an object without members.
    let members = open(['{', '}']).or_else(|| open(['[', ']']).filter(|elements| elements.is_empty()));
    let members =
        members.ok_or_else(|| Error::FrameForm { detail: "line 1, column 1: the body is no object".into() })?;
    Ok(members.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { relaxed: true, max_depth: 64 };

    #[test]
    fn query_and_body_become_one_object() {
        let query = [("type", "cellphone"), ("content", "138\"8"), ("sign", "x"), ("appid", "1")];
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = parameters(&query, b"{'customer': {\"serviceNo\":008}}", &SETTINGS).unwrap();
        assert_eq!(request, r#"{"type":"cellphone","content":"138\"8","customer":{"serviceNo":"008"}}"#);
        assert_eq!(parameters(&[], b" ", &SETTINGS).unwrap(), "{}");
        assert_eq!(parameters(&[], b"{}", &SETTINGS).unwrap(), "{}");
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in ["[1]", "{", "1", "{} {}", "\u{0}"] {
            let refused = parameters(&[], body.as_bytes(), &SETTINGS);
            assert!(matches!(refused, Err(Error::FrameForm { .. })), "{body}: {refused:?}");
        }
        assert!(parameters(&[], b"\xff", &SETTINGS).is_err());
    }
}
