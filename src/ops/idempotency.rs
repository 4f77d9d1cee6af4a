//! Writes that can be sent again: the same `requestId` and the same parameters get the same answer, and
//! are carried out once.
//!
//! The outcome is stored in the transaction of the write, so there is no moment at which one is known
//! without the other, whatever crashes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Cx;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::protocol::folded;
use crate::protocol::lenient::Scalar;
use crate::store::Tx;

/// How long an outcome is known, seconds.
const KNOWN: i64 = 24 * 60 * 60;
/// The longest `requestId`, characters.
const LONGEST: usize = 64;
/// The envelope of a request: who sends it is part of its key, and the rest may differ when it is sent again.
const ENVELOPE: [&str; 7] = ["action", "callbackid", "requestid", "operator", "loginno", "companyid", "groupid"];

/// A write that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    id: String,
    fingerprint: String,
}

impl RequestKey {
    /// Returns the key of a request that has a `requestId`.
    pub fn of(action: &str, body: &str) -> Result<Option<Self>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named<'a> {
            #[serde(borrow, default)]
            request_id: Option<Scalar<'a>>,
        }
        let wrong = || Error::parameter(format!("requestId: expected a text of 1 to {LONGEST} characters"));
        let named: Named<'_> = folded::from_str(body).map_err(|_| wrong())?;
        let Some(id) = named.request_id else { return Ok(None) };
        let id = id.text().ok_or_else(wrong)?.trim().to_owned();
        if id.is_empty() || id.chars().count() > LONGEST || id.contains('\0') {
            return Err(wrong());
        }
        Ok(Some(Self { id, fingerprint: fingerprint(action, body)? }))
    }
}

/// Returns a digest of the operation and its parameters, in whichever order and spelling they were sent.
fn fingerprint(action: &str, body: &str) -> Result<String, Error> {
    let mut parameters: serde_json::Map<String, Value> =
        serde_json::from_str(body).map_err(|_| Error::parameter("the request holds something that is no JSON"))?;
    parameters.retain(|name, _| !ENVELOPE.contains(&name.trim().replace('_', "").to_ascii_lowercase().as_str()));
    Ok(hex::encode(Sha256::digest(format!("{action}\n{}", Value::Object(parameters)))))
}

/// Returns what the same request came to before, if it was carried out.
pub async fn recall<T: DeserializeOwned>(cx: &Cx<'_>, tx: &mut Tx) -> Result<Option<T>, Error> {
    let Some(key) = &cx.request else { return Ok(None) };
    let Some(known) = tx.request(cx.caller.login_no(), &key.id, cx.now - KNOWN * SECOND).await? else {
        return Ok(None);
    };
    if known.fingerprint != key.fingerprint {
        return Err(Error::RequestIdUsed);
    }
    serde_json::from_str(&known.outcome).map(Some).map_err(|cause| Error::internal(&cause))
}

/// Stores what this request came to, with everything else that it writes.
pub async fn remember<T: Serialize>(cx: &Cx<'_>, tx: &mut Tx, outcome: &T) -> Result<(), Error> {
    let Some(key) = &cx.request else { return Ok(()) };
    let outcome = serde_json::to_string(outcome).map_err(|cause| Error::internal(&cause))?;
    tx.forget_requests(cx.now - KNOWN * SECOND).await?;
    tx.insert_request(cx.caller.login_no(), &key.id, &key.fingerprint, &outcome, cx.now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parameters_have_the_same_key_however_they_are_sent() {
        let key = |body| RequestKey::of("create_customer", body).unwrap().unwrap();
        let first = key(r#"{"requestId":"a","callbackId":1,"customer":{"custname":"x","address":"y"}}"#);
        assert_eq!(first, key(r#"{"customer":{"address":"y","custname":"x"},"request_id":" a ","callbackId":2}"#));
        assert_ne!(first, key(r#"{"requestId":"a","customer":{"custname":"z","address":"y"}}"#));
        assert_ne!(
            first,
            RequestKey::of("update_customer", r#"{"requestId":"a","customer":{"custname":"x","address":"y"}}"#)
                .unwrap()
                .unwrap()
        );
    }

    #[test]
    fn what_is_no_request_id_is_refused() {
        assert_eq!(RequestKey::of("x", "{}").unwrap(), None);
        for body in [r#"{"requestId":""}"#, r#"{"requestId":[]}"#, &format!(r#"{{"requestId":"{}"}}"#, "x".repeat(65))]
        {
            assert!(matches!(RequestKey::of("x", body), Err(Error::Parameter { .. })), "{body}");
        }
    }
}
