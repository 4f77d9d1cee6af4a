//! Other systems that are told of events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::setup::{Done, make};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::company::setup::{self, Change};
use crate::ops::webhooks::deliveries::{self, PAGE_SIZE, STATES, Wanted};
use crate::ops::webhooks::{Given, check_place, require};
use crate::protocol::lenient::{Flag, Whole};
use crate::store::rows::{DeliveryRow, WebhookRow};

/// A webhook; what is absent stays, or is as usual for a new one.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutWebhook {
    /// What it is called.
    id: String,
    /// Where the events are sent to, by POST: an address on the internet that begins with https://, or one that
    /// `[webhooks] allow` names.
    url: Option<String>,
    /// The events: their names, families such as `call.*`, or `*` for all.
    events: Option<Vec<String>>,
    /// Whether telephone numbers are hidden in what is sent; false for a new one.
    masked: Option<Flag>,
    /// Whether it is told anything; true for a new one. What happens meanwhile is not told later.
    active: Option<Flag>,
}

/// The secret is told once, and not again when the request is sent again.
#[derive(Serialize, JsonSchema)]
pub struct WebhookSecret {
    id: String,
    /// What the deliveries are signed with.
    secret: Option<String>,
}

pub async fn put_webhook(cx: &Cx<'_>, request: PutWebhook) -> Result<WebhookSecret, Error> {
    require(cx)?;
    let PutWebhook { id, url, events, masked, active } = request;
    url.as_deref().map_or(Ok(()), |url| check_place(cx, url))?;
    let given = Given {
        id: id.clone(),
        url,
        kinds: events,
        is_masked: masked.map(|Flag(masked)| masked),
        is_active: active.map(|Flag(active)| active),
    };
    Ok(WebhookSecret { id, secret: setup::make(cx, vec![Change::Webhook(given)]).await? })
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct OneWebhook {
    id: String,
}

pub async fn rotate_webhook(cx: &Cx<'_>, OneWebhook { id }: OneWebhook) -> Result<WebhookSecret, Error> {
    require(cx)?;
    let secret = setup::make(cx, vec![Change::RotateWebhook { id: id.clone() }]).await?;
    Ok(WebhookSecret { id, secret })
}

pub async fn delete_webhook(cx: &Cx<'_>, OneWebhook { id }: OneWebhook) -> Result<Done, Error> {
    require(cx)?;
    make(cx, vec![Change::DeleteWebhook { id }]).await
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListWebhooks {}

#[derive(Serialize, JsonSchema)]
pub struct WebhookList {
    result: Vec<Webhook>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    masked: bool,
    active: bool,
    created_at: String,
}

impl Webhook {
    fn of(cx: &Cx<'_>, row: WebhookRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            url: row.url,
            events: serde_json::from_str(&row.kinds).map_err(|cause| Error::internal(&cause))?,
            masked: row.is_masked == 1,
            active: row.is_active == 1,
            created_at: times::to_second(row.created_at, &cx.catalogue.company.time_zone),
        })
    }
}

pub async fn list_webhooks(cx: &Cx<'_>, _: ListWebhooks) -> Result<WebhookList, Error> {
    require(cx)?;
    let rows = cx.scope.webhooks().await?;
    Ok(WebhookList { result: rows.into_iter().map(|row| Webhook::of(cx, row)).collect::<Result<_, _>>()? })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListDeliveries {
    /// Of which webhook.
    id: String,
    /// queued (behind another of the same customer), waiting, delivered or failed; otherwise all.
    state: Option<String>,
    /// 1 to 100, otherwise 20.
    page_size: Option<Whole>,
    /// `meta.after` of the page before.
    after: Option<Whole>,
}

#[derive(Serialize, JsonSchema)]
pub struct DeliveryList {
    meta: Cursor,
    /// The last first.
    result: Vec<Delivery>,
}

#[derive(Serialize, JsonSchema)]
struct Cursor {
    /// What to ask for the next page with; null at the end.
    after: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    /// Of the event.
    seq: i64,
    event: String,
    state: String,
    at: String,
    /// How often it was tried.
    attempts: i64,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
    /// What the other system answered last, as HTTP numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
}

impl Delivery {
    fn of(cx: &Cx<'_>, row: DeliveryRow) -> Self {
        let time = |at| times::to_second(at, &cx.catalogue.company.time_zone);
        Self {
            seq: row.seq,
            event: row.kind,
            at: time(row.at),
            attempts: row.attempts,
            next_at: (row.state == "waiting").then(|| time(row.next_at)),
            state: row.state,
            status: row.status,
            cause: row.cause,
            done_at: row.done_at.map(time),
        }
    }
}

pub async fn list_deliveries(cx: &Cx<'_>, request: ListDeliveries) -> Result<DeliveryList, Error> {
    require(cx)?;
    let ListDeliveries { id, state, page_size, after } = request;
    if state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(Error::one_of("state", &STATES));
    }
    let wanted = Wanted { webhook: id, state, after: after.map(|Whole(after)| after) };
    let size = page_size.map_or(PAGE_SIZE, |Whole(size)| size);
    let (rows, has_more) = deliveries::list(cx, &wanted, size).await?;
    let after = rows.last().filter(|_| has_more).map(|last| last.seq);
    Ok(DeliveryList { meta: Cursor { after }, result: rows.into_iter().map(|row| Delivery::of(cx, row)).collect() })
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Redeliver {
    /// Of which webhook.
    id: String,
    /// Of the event, as `list_deliveries` has it.
    seq: Whole,
}

#[derive(Serialize, JsonSchema)]
pub struct Redelivered {
    result: Delivery,
}

pub async fn redeliver(cx: &Cx<'_>, Redeliver { id, seq }: Redeliver) -> Result<Redelivered, Error> {
    require(cx)?;
    Ok(Redelivered { result: Delivery::of(cx, deliveries::redeliver(cx, &id, seq.0).await?) })
}
