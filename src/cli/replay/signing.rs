//! How an HTTP step is signed. The signatures themselves are [`crate::domain::signature`]'s.

use std::str::FromStr;

use serde_json::Value;

use super::members::Members;
use crate::domain::signature::{self, WiseDigest};

/// An app of a company: what signs HTTP calls. Written `APPID:TOKEN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The public id.
    pub id: String,
    /// The secret.
    pub token: String,
}

impl Default for App {
    /// Returns the app of the demo data.
    fn default() -> Self {
        Self { id: "2020158".to_owned(), token: "demo-token".to_owned() }
    }
}

impl FromStr for App {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((id, token)) if !id.is_empty() && !token.is_empty() => {
                Ok(Self { id: id.to_owned(), token: token.to_owned() })
            }
            _ => Err("写作 / is written APPID:TOKEN".to_owned()),
        }
    }
}

/// The `sign` member of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sign {
    app: Option<String>,
    token: Option<String>,
    version: Version,
    offset: i64,
    timestamp: Option<String>,
    nonce: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Version {
    #[default]
    V1,
    V2,
    /// As WiseCRM's clients sign; its name is their `sign_type`.
    Wise(WiseDigest),
}

/// The values of one call that no script knows beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now, in Unix seconds.
    pub now: i64,
    /// A nonce never used before.
    pub nonce: &'a str,
}

impl Sign {
    /// Reads `"app"`, `"APPID:TOKEN"` or `{"app":…,"token":…,"version":…,"offset":…,"timestamp":…,"nonce":…}`.
    pub fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text == "app" => Ok(Self::default()),
            Value::String(text) => {
                let app = text.parse::<App>().map_err(|error| format!("sign {error}"))?;
                Ok(Self { app: Some(app.id), token: Some(app.token), ..Self::default() })
            }
            Value::Object(members) => {
                let mut members = Members::of(members);
                let sign = Self {
                    app: members.text("app")?,
                    token: members.text("token")?,
                    version: version(members.text("version")?.as_deref())?,
                    offset: members.integer("offset")?,
                    timestamp: members.text("timestamp")?,
                    nonce: members.text("nonce")?,
                };
                members.finish(&["app", "token", "version", "offset", "timestamp", "nonce"])?;
                Ok(sign)
            }
            other => Err(format!("sign 须为文本或对象 / must be text or an object: {other}")),
        }
    }

    /// Returns `path` (with its query) with the parameters of the signature appended.
    pub fn apply(&self, default: &App, moment: Moment<'_>, method: &str, path: &str, body: &[u8]) -> String {
        let app = self.app.as_deref().unwrap_or(&default.id);
        let token = self.token.as_deref().unwrap_or(&default.token);
        let timestamp = self.timestamp.clone().unwrap_or_else(|| self.version.timestamp(moment.now, self.offset));
        let nonce = self.nonce.as_deref().unwrap_or(moment.nonce);
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));

        let mut added = vec![("appid", app), ("timestamp", timestamp.as_str())];
        let sign = match self.version {
            Version::V1 => signature::v1(app, token, &timestamp),
            Version::V2 => {
                added.extend([("nonce", nonce), ("sign_version", "v2")]);
                let query = signature::sorted_query(&pairs(query, &added));
                signature::v2(token, method, bare, &query, body, &timestamp, nonce)
            }
            Version::Wise(digest) => {
                added.push(("sign_type", digest.sign_type()));
                signature::wise(digest, token, &pairs(query, &added))
            }
        };
        added.push(("sign", &sign));

        // The script's own query goes out as it was written; only what is added is encoded here.
        let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(added).finish();
        let joint = if query.is_empty() { "" } else { "&" };
        format!("{bare}?{query}{joint}{added}")
    }
}

impl Version {
    /// The time of a call as this version writes it.
    fn timestamp(self, now: i64, offset: i64) -> String {
        let seconds = now.saturating_add(offset);
        match self {
            Self::V1 | Self::V2 => seconds,
            Self::Wise(_) => seconds.saturating_mul(1000),
        }
        .to_string()
    }
}

/// The parameters of a query, and those added to it.
fn pairs(query: &str, added: &[(&str, &str)]) -> Vec<(String, String)> {
    let written = form_urlencoded::parse(query.as_bytes()).into_owned();
    written.chain(added.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))).collect()
}

fn version(text: Option<&str>) -> Result<Version, String> {
    match text {
        None | Some("v1") => Ok(Version::V1),
        Some("v2") => Ok(Version::V2),
        Some(other) => {
            let wrong = || format!("version 须为 / must be \"v1\" | \"v2\" | \"MD5\" | \"SHA1\": {other}");
            WiseDigest::parse(other).map(Version::Wise).ok_or_else(wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MOMENT: Moment<'_> = Moment { now: 1_494_474_404, nonce: "n-1" };

    fn apply(sign: Value, method: &str, path: &str, body: &[u8]) -> String {
        Sign::read(&sign).unwrap().apply(&App::default(), MOMENT, method, path, body)
    }

    #[test]
    fn v1_signs_app_and_time() {
        let sign = signature::v1("2020158", "demo-token", "1494474404");
        assert_eq!(
            apply(json!("app"), "GET", "/x?a=1", b""),
            format!("/x?a=1&appid=2020158&timestamp=1494474404&sign={sign}")
        );
        let sign = signature::v1("7", "t", "1494473804");
        assert_eq!(
            apply(json!({"app": "7", "token": "t", "offset": -600}), "GET", "/x", b""),
            format!("/x?appid=7&timestamp=1494473804&sign={sign}")
        );
    }

    #[test]
    fn v2_signs_the_decoded_query_sorted() {
        let query = "a=%E6%B5%8B&appid=2020158&nonce=n-1&sign_version=v2&timestamp=1494474404&z=1";
        let sign = signature::v2("demo-token", "PUT", "/x", query, b"{}", "1494474404", "n-1");
        assert_eq!(
            apply(json!({"version": "v2"}), "PUT", "/x?z=1&a=%e6%b5%8b", b"{}"),
            format!("/x?z=1&a=%e6%b5%8b&appid=2020158&timestamp=1494474404&nonce=n-1&sign_version=v2&sign={sign}")
        );
    }

    #[test]
    fn wise_signs_in_milliseconds_what_is_not_blank() {
        let path = "/gw/account/list?fields=accountId,accountName&page_size=&qname=*%E8%BD%AF%E4%BB%B6&page_no=1\
                    &op_user=027-00000000-0000-4000-8000-000000000001";
        let app = "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE";
        for (sign_type, sign) in
            [("MD5", "3908f3f3d2618d656e68e6eb59815ab8"), ("SHA1", "24f142ce2ea9b49bc1c1029b01939e5cddd8c845")]
        {
            let written = json!({"app": app, "token": "demo-key", "version": sign_type});
            let moment = Moment { now: 1_700_000_000, nonce: "n-1" };
            assert_eq!(
                Sign::read(&written).unwrap().apply(&App::default(), moment, "GET", path, b""),
                format!("{path}&appid={app}&timestamp=1700000000000&sign_type={sign_type}&sign={sign}")
            );
        }
    }

    #[test]
    fn wrong_forms_are_refused() {
        for wrong in [json!("2020158"), json!(1), json!({"version": "v3"}), json!({"offset": "1"}), json!({"ap": "1"})]
        {
            assert!(Sign::read(&wrong).is_err(), "{wrong}");
        }
    }
}
