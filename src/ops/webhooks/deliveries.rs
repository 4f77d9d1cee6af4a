//! What is on its way to webhooks, and what has arrived.

use super::{AT_A_TIME, SWITCHED_OFF};
use crate::domain::times::SECOND;
use crate::domain::webhook::{PATIENCE, wait};
use crate::error::Error;
use crate::ops::customer::{self, record};
use crate::ops::{Backend, Cx};
use crate::store::Scope;
use crate::store::rows::{ClaimedRow, DeliveryRow};

/// Deliveries on a page, unless the request says otherwise, and at most.
pub const PAGE_SIZE: i64 = 20;
pub const MOST_PAGE_SIZE: i64 = 100;
/// How long one that was taken to be tried is left alone, microseconds: longer than a try takes.
const TAKEN: i64 = 60 * SECOND;

/// The states of a delivery.
pub const STATES: [&str; 4] = ["queued", "waiting", "delivered", "failed"];
const DELIVERED: &str = "delivered";
const FAILED: &str = "failed";

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, with this status.
    Taken(u16),
    /// It was not; with the status, if there was an answer.
    NotTaken { status: Option<u16>, cause: String, retry_after_seconds: Option<i64> },
    /// There is nobody any more who wants to be told.
    Gone,
}

/// Takes some of a company's that are due, so that no other server tries them meanwhile.
pub async fn claim(backend: &Backend, company: i64, most: i64) -> Result<Vec<ClaimedRow>, Error> {
    let now = backend.clock.now();
    let mut tx = backend.store.company(company).write().await?;
    record::wait_for_turn(&mut tx).await?;
    let claimed = tx.claim_deliveries(now, now.saturating_add(TAKEN), most).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Writes down what came of a try: done, again later, or given up.
pub async fn note(backend: &Backend, company: i64, tried: &ClaimedRow, outcome: &Outcome) -> Result<(), Error> {
    let now = backend.clock.now();
    let ClaimedRow { webhook_id, seq, subject, attempts, give_up_at, .. } = tried;
    let mut tx = backend.store.company(company).write().await?;
    record::wait_for_turn(&mut tx).await?;
    match outcome {
        Outcome::Taken(status) => {
            tx.end_delivery(webhook_id, *seq, DELIVERED, Some((*status).into()), None, now).await?;
            tx.next_of_subject(webhook_id, subject, now).await?;
        }
        Outcome::NotTaken { status, cause, retry_after_seconds } => {
            let asked = retry_after_seconds.unwrap_or_default().saturating_mul(SECOND);
            let next_at = now.saturating_add(wait(*attempts, *seq).max(asked));
            let status = status.map(i64::from);
            if next_at <= *give_up_at {
                tx.retry_delivery(webhook_id, *seq, next_at, status, Some(cause)).await?;
            } else {
                tx.end_delivery(webhook_id, *seq, FAILED, status, Some(cause), now).await?;
                tx.next_of_subject(webhook_id, subject, now).await?;
            }
        }
        Outcome::Gone => {
            tx.switch_webhook_off(webhook_id).await?;
            tx.end_deliveries(webhook_id, &format!("HTTP 410，{SWITCHED_OFF}"), now).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// What is listed of a webhook's deliveries.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub webhook: String,
    /// One of [`STATES`].
    pub state: Option<String>,
    /// Behind this one.
    pub after: Option<i64>,
}

/// Returns a page of deliveries, the last first, and whether there are more.
pub async fn list(cx: &Cx<'_>, wanted: &Wanted, size: i64) -> Result<(Vec<DeliveryRow>, bool), Error> {
    if !(1..=MOST_PAGE_SIZE).contains(&size) {
        return Err(Error::PageSize { most: MOST_PAGE_SIZE });
    }
    if cx.scope.webhook(&wanted.webhook).await?.is_none() {
        return Err(super::unknown(&wanted.webhook));
    }
    let before = wanted.after.unwrap_or(i64::MAX);
    let mut rows = match &wanted.state {
        None => cx.scope.deliveries(&wanted.webhook, before, size + 1).await?,
        Some(state) => cx.scope.deliveries_in_state(&wanted.webhook, state, before, size + 1).await?,
    };
    let has_more = i64::try_from(rows.len()).is_ok_and(|count| count > size);
    if has_more {
        rows.pop();
    }
    Ok((rows, has_more))
}

/// Has a delivery tried again at once, and for another day.
pub async fn redeliver(cx: &Cx<'_>, webhook: &str, seq: i64) -> Result<DeliveryRow, Error> {
    let now = cx.backend.clock.now();
    let mut tx = customer::begin(cx).await?;
    record::wait_for_turn(&mut tx).await?;
    let is_active = tx.webhook(webhook).await?.ok_or_else(|| super::unknown(webhook))?.is_active == 1;
    if !is_active {
        return Err(Error::parameter("id: 已停用，请先启用 / is switched off; switch it on first"));
    }
    if let Some(subject) = tx.redeliver(webhook, seq, now, now.saturating_add(PATIENCE)).await? {
        tx.next_of_subject(webhook, &subject.value, now).await?;
    }
    let row = tx.delivery(webhook, seq).await?.ok_or(Error::NotFound)?;
    if row.state == "waiting" && row.attempts > 0 {
        tx.retry_delivery(webhook, seq, now, row.status, row.cause.as_deref()).await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// Forgets what has ended and is older than is kept.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    let hours = i64::try_from(backend.webhooks.keep_hours).unwrap_or(i64::MAX);
    let before = backend.clock.now().saturating_sub(hours.saturating_mul(60 * 60 * SECOND));
    for company in backend.store.companies().await? {
        let scope: Scope = backend.store.company(company.id);
        loop {
            let mut tx = scope.write().await?;
            let forgotten = tx.forget_deliveries(before, AT_A_TIME).await?;
            tx.commit().await?;
            if forgotten < AT_A_TIME.unsigned_abs() {
                break;
            }
        }
    }
    Ok(())
}
