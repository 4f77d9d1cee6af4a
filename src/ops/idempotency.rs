//! Writes that can be sent again: the same `requestId` and the same parameters get the same answer, and
//! are carried out once.
//!
//! The outcome is stored in the transaction of the write, so there is no moment at which one is known
//! without the other, whatever crashes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Cx;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::store::Tx;

/// How long an outcome is known, seconds.
const KNOWN: i64 = 24 * 60 * 60;

/// A write that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// What the client calls it.
    pub id: String,
    /// A digest of the operation and its parameters.
    pub fingerprint: String,
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
