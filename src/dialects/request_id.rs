//! The `requestId` of a write, which every dialect's requests may have.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::ops::idempotency::RequestKey;
use crate::protocol::folded;
use crate::protocol::lenient::Scalar;

/// The longest `requestId`, characters.
const LONGEST: usize = 64;
/// The envelope of a request: who sends it is part of its key, and the rest may differ when it is sent again.
const ENVELOPE: [&str; 7] = ["action", "callbackid", "requestid", "operator", "loginno", "companyid", "groupid"];

/// Returns the key of a request that has a `requestId`.
pub fn read(action: &str, body: &str) -> Result<Option<RequestKey>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named<'a> {
        #[serde(borrow, default)]
        request_id: Option<Scalar<'a>>,
    }
    let wrong = || {
        let (zh, en) = (format!(" 1 到 {LONGEST} 个字符的文本"), format!("a text of 1 to {LONGEST} characters"));
        Error::expected("requestId", &zh, &en)
    };
    // What cannot be read at all is for the operation to refuse: it says which member is wrong.
    let Ok(Named { request_id: Some(id) }) = folded::from_str(body) else { return Ok(None) };
    let id = id.text().ok_or_else(wrong)?.trim().to_owned();
    if id.is_empty() || id.chars().count() > LONGEST {
        return Err(wrong());
    }
    Ok(Some(RequestKey { id, fingerprint: fingerprint(action, body)? }))
}

/// Returns a digest of the operation and its parameters, in whichever order they were sent.
fn fingerprint(action: &str, body: &str) -> Result<String, Error> {
    let mut parameters: serde_json::Map<String, Value> = folded::from_str(body)
        .map_err(|_| Error::parameter("请求里有不是 JSON 的内容 / the request holds something that is no JSON"))?;
    parameters.retain(|name, _| !ENVELOPE.contains(&name.trim().replace('_', "").to_ascii_lowercase().as_str()));
    // A file that is uploaded again has another id, but is the same.
    for (digest, file) in [("srffiledigest", "srfossfileid"), ("fileDigest", "file")] {
        if parameters.contains_key(digest) {
            parameters.remove(file);
        }
    }
    Ok(hex::encode(Sha256::digest(format!("{action}\n{}", Value::Object(parameters)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parameters_have_the_same_key_however_they_are_sent() {
        let key = |body: &str| read("create_customer", body).unwrap().unwrap();
        let first = key(r#"{"requestId":"a","callbackId":1,"customer":{"custname":"x","address":"y"}}"#);
        assert_eq!(first, key(r#"{"customer":{"address":"y","custname":"x"},"request_id":" a ","callbackId":2}"#));
        let numbered = |number| key(&format!(r#"{{"requestId":"a","customer":{{"followNum":{number}}}}}"#));
        assert_eq!(numbered("5"), numbered("5.0"));
        assert_ne!(first, key(r#"{"requestId":"a","customer":{"custname":"z","address":"y"}}"#));
        assert_ne!(
            first,
            read("update_customer", r#"{"requestId":"a","customer":{"custname":"x","address":"y"}}"#).unwrap().unwrap()
        );
    }

    #[test]
    fn what_is_no_request_id_is_refused() {
        assert_eq!(read("x", "{}").unwrap(), None);
        for body in [r#"{"requestId":""}"#, r#"{"requestId":[]}"#, &format!(r#"{{"requestId":"{}"}}"#, "x".repeat(65))]
        {
            assert!(matches!(read("x", body), Err(Error::Parameter { .. })), "{body}");
        }
    }
}
