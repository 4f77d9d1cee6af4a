//! Our own actions: what a desktop needs beside the documented ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

operations! { Desk:
    /// 检查连接是否可用，登录前也可以调用。
    /// Answers at once, also before sign-in: shows that the socket is alive.
    Ping = "ping", read by Anybody => ping(Ping) -> json Pong;

    /// 登录：工号和密码、令牌，或应用签名。之后该连接上的请求都以此身份执行。
    /// Signs the socket in with login number and password, a token or an app's signature; what follows on it is done in that name.
    Login = "login", write by Anybody => login(Login<'_>) -> json SignedIn;
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ping {}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Pong {
    /// The server's time, ISO 8601.
    pub time: String,
}

async fn ping(cx: &Cx<'_>, _: Ping) -> Result<Pong, Error> {
    Ok(pong(cx.now))
}

/// The answer to a ping at this time.
#[must_use]
pub fn pong(now: i64) -> Pong {
    Pong { time: times::to_iso(now, &jiff::tz::TimeZone::UTC) }
}

/// Either `token`, or `loginno`, `companyId` and `password`, or `appid`, `timestamp` and `sign`. The login number and the company, where they are
/// given, must be those that the credential is for.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["token"] }, { "required": ["password"] }, { "required": ["appid", "timestamp", "sign"] }]))]
pub struct Login<'a> {
    #[serde(borrow, default)]
    pub token: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub password: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub appid: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub timestamp: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub sign: Option<Scalar<'a>>,
}

impl Login<'_> {
    /// The members of an app's signature, as they stand in a signed query.
    #[must_use]
    pub fn signature(&self) -> Vec<(String, String)> {
        [("appid", &self.appid), ("timestamp", &self.timestamp), ("sign", &self.sign)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.text()?.into_owned())))
            .collect()
    }
}

/// Who the socket is now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    pub company_id: i64,
    pub company_name: String,
    pub login_no: String,
    pub login_name: String,
    pub role: Option<String>,
    pub groups: Vec<i64>,
}

/// Says who signed in; the session has checked the credential before.
async fn login(cx: &Cx<'_>, _: Login<'_>) -> Result<SignedIn, Error> {
    let operator = cx.caller.operator.as_ref();
    Ok(SignedIn {
        company_id: cx.caller.company,
        company_name: cx.catalogue.company.name.clone(),
        login_no: cx.caller.login_no().to_owned(),
        login_name: cx.caller.name().to_owned(),
        role: operator.map(|operator| operator.role.name().to_owned()),
        groups: operator.map(|operator| operator.groups.clone()).unwrap_or_default(),
    })
}
