//! What has happened becomes what is to be delivered.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::webhook::{self, PATIENCE};
use crate::error::Error;
use crate::live::push::told;
use crate::live::viewer::{Viewer, Wanted};
use crate::ops::customer::record;
use crate::ops::{Backend, Caller};
use crate::store::Scope;
use crate::store::events::History;
use crate::store::rows::WebhookRow;

/// Events that are looked at in one transaction: writers wait no longer than for these.
const AT_A_TIME: i64 = 100;
/// Deliveries that are on their way to a webhook. What happens meanwhile waits among the events.
const MOST_OPEN: i64 = 10_000;

/// Puts the next events of a company on their way to its webhooks; returns whether there are more.
pub async fn plan(backend: &Backend, company: i64) -> Result<bool, Error> {
    let scope = backend.store.company(company);
    let history = scope.history().await?;
    let epoch = backend.store.epoch().await?.ok_or(Error::NotFound)?.value;
    let mut viewer = Viewer::of(backend, &Caller::system(company), None, Wanted::Rights).await?;
    let mut has_more = false;
    for webhook in scope.webhooks().await?.into_iter().filter(|webhook| webhook.is_active == 1) {
        viewer.masks = webhook.is_masked == 1;
        has_more |= plan_for(backend, &scope, &history, &webhook, &viewer, &epoch).await?;
    }
    Ok(has_more)
}

async fn plan_for(
    backend: &Backend,
    scope: &Scope,
    history: &History,
    webhook: &WebhookRow,
    viewer: &Viewer,
    epoch: &str,
) -> Result<bool, Error> {
    let open = scope.open_deliveries(&webhook.id, MOST_OPEN).await?.map_or(0, |open| open.value);
    if open >= MOST_OPEN {
        return Ok(false);
    }
    let span = scope.event_span().await?.ok_or(Error::NotFound)?;
    let first = (webhook.position + 1).max(span.oldest);
    let last = history.last().min(first + AT_A_TIME - 1);
    let missed = first - webhook.position - 1;
    if missed > 0 {
        tracing::warn!(
            company = scope.company(),
            webhook = webhook.id,
            missed,
            "a webhook was not told of events, and they are not kept any more"
        );
    }
    if last <= webhook.position {
        return Ok(false);
    }
    let kinds: Vec<String> = serde_json::from_str(&webhook.kinds).map_err(|cause| Error::internal(&cause))?;
    let mut told_of = Vec::new();
    for seq in first..=last {
        // It is read with the next look.
        let Ok(event) = history.read(seq).await else { return Ok(false) };
        let is_wanted = kinds.iter().any(|word| webhook::holds(word, &event.kind)) && webhook::is_known(&event.kind);
        if is_wanted && let Some(frame) = told(&event, viewer, epoch) {
            told_of.push((event, frame));
        }
    }
    let mut tx = scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    // Another server may have done it meanwhile.
    let is_as_read = |row: &WebhookRow| row == webhook;
    if !tx.webhook(&webhook.id).await?.as_ref().is_some_and(is_as_read) {
        return Ok(true);
    }
    let now = backend.clock.now();
    for (event, frame) in told_of {
        tx.insert_delivery(&webhook.id, event.seq, &event.kind, &subject(&event), &frame, now, now + PATIENCE).await?;
    }
    tx.move_webhook(&webhook.id, last).await?;
    tx.commit().await?;
    Ok(last < history.last())
}

/// What an event is about: of the same, one is delivered after the other.
fn subject(event: &Arc<Event>) -> String {
    let call = event.body.more.get("callId").and_then(serde_json::Value::as_str);
    match (event.customer, call) {
        (1.., _) => format!("customer {}", event.customer),
        (_, Some(call)) => format!("call {call}"),
        _ => event.kind.clone(),
    }
}
