//! `screen_pop`: who calls, shown to the agent at whom it rings.
//!
//! It is no event of the history and has no `seq`: it is sent before anything is written down, and once more to who comes
//! back while the call goes on.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::dialects::cti::{CustomerReplies, FeedItem, item};
use crate::dialects::desk::Whence;
use crate::domain::call::{Call, CallState, Kind, Report};
use crate::domain::catalogue::login_key;
use crate::domain::masking::{Known, mask, mask_from};
use crate::domain::phone::NumberKind;
use crate::domain::times;
use crate::error::Error;
use crate::ops::calls::pops::Pop;
use crate::ops::calls::ringing::{self, Ringing};
use crate::ops::calls::{self, caller_of, report, stranger};
use crate::ops::customer::find::{Found, PhoneMatch};
use crate::ops::{Backend, Caller, Cx};
use crate::store::rows::FeedRow;

/// Calls of one agent that are shown to who comes back.
const MOST: i64 = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScreenPop<'a> {
    event: &'static str,
    at: String,
    company_id: i64,
    call_id: &'a str,
    /// ringing, or talking and held for who comes back.
    state: CallState,
    direction: &'static str,
    /// As the telephone system wrote it; absent when it is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    withheld: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<NumberKind>,
    #[serde(flatten)]
    whence: Whence,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_by: Option<String>,
    /// For each customer who was found by a contact, whose number it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matched_contacts: Vec<MatchedContact>,
    matches: CustomerReplies,
    /// Of the first customer.
    last_feeds: Vec<FeedItem>,
    open_tickets: Vec<FeedItem>,
    /// Where nobody is known: what a new customer would begin with. `create_customer` with `callId` knows what is masked of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_customer: Option<NewCustomer>,
}

#[derive(Serialize)]
struct MatchedContact {
    id: i64,
    name: String,
}

#[derive(Serialize)]
struct NewCustomer {
    cellphones: Vec<Cellphone>,
}

#[derive(Serialize)]
struct Cellphone {
    content: String,
}

/// Shows an agent who calls, before anything is written down. That it cannot be shown does not hold the report up: he is
/// shown it when it is written down.
pub async fn show(cx: &Cx<'_>, id: &str, kind: Kind, report: &Report) {
    let agent = report.to_agent.as_ref().or(report.agent.as_ref());
    let Some(agent) = agent.filter(|agent| cx.backend.pops.wanted(cx.caller.company, agent)) else { return };
    match foreseen(cx, id, kind, report, agent).await {
        Ok(Some(pop)) => {
            cx.backend.pops.show(cx.caller.company, agent, &pop);
            // Whom it has woken is next on this thread, and waits for no write.
            tokio::task::yield_now().await;
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "who calls is shown once it is written down"),
    }
}

async fn foreseen(cx: &Cx<'_>, id: &str, kind: Kind, report: &Report, agent: &str) -> Result<Option<Pop>, Error> {
    let Some(caller) = caller_of(&cx.catalogue, agent) else { return Ok(None) };
    let of_agent = cx.backend.context(&caller).await?;
    // Most calls are new, with the number in the report: who calls is looked up while the call is.
    let new = report::of_new(id, kind, report);
    let (call, found) = tokio::join!(report::foresee(cx, id, kind, report), ringing::found(&of_agent, &new));
    let Some(call) = call? else { return Ok(None) };
    if call.leg(agent).is_none_or(|leg| leg.state() != CallState::Ringing) {
        return Ok(None);
    }
    let found = if call.number() == new.number() { found? } else { ringing::found(&of_agent, &call).await? };
    pop(&of_agent, call, found, agent).await.map(Some)
}

/// Returns what this agent is shown of the calls that he is on.
pub fn open_pops(backend: Arc<Backend>, caller: Arc<Caller>) -> BoxFuture<'static, Vec<Pop>> {
    Box::pin(async move {
        all_open(&backend, &caller).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "the calls of an agent could not be shown");
            Vec::new()
        })
    })
}

async fn all_open(backend: &Backend, caller: &Caller) -> Result<Vec<Pop>, Error> {
    let Some(operator) = &caller.operator else { return Ok(Vec::new()) };
    let cx = backend.context(caller).await?;
    let mut pops = Vec::new();
    for row in cx.scope.open_calls_of(&login_key(&operator.login_no), MOST).await? {
        let call = calls::read(&row)?;
        let found = ringing::found(&cx, &call).await?;
        pops.push(pop(&cx, call, found, &operator.login_no).await?);
    }
    Ok(pops)
}

/// Returns what the agent who asks is shown of a call whose customers are found.
async fn pop(cx: &Cx<'_>, call: Call, found: Option<Found>, agent: &str) -> Result<Pop, Error> {
    let ringing = ringing::ringing(cx, call, found).await?;
    let ringing_at = ringing.call.leg(agent).and_then(|leg| leg.ringing_at).unwrap_or_default();
    let id = ringing.call.id.as_str().into();
    Ok(Pop { call: id, ringing_at, frame: frame(cx, ringing, agent)? })
}

fn frame(cx: &Cx<'_>, ringing: Ringing, agent: &str) -> Result<Utf8Bytes, Error> {
    let Ringing { call, phone, origin, found, feeds, open_tickets } = ringing;
    let masks = cx.rights().masks();
    let number = call.number().map(|number| if masks { mask(number) } else { number.to_owned() });
    let known = || Known::of(call.number().into_iter(), &cx.catalogue.company.home);
    let data = call.data.as_ref().map(|data| if masks { known().mask_within(data) } else { data.clone() });
    let withheld = number.is_none();
    let is_stranger = found.is_none();
    let found = found.unwrap_or_else(|| Found { customers: Vec::new(), own: 0, matched: None, contacts: Vec::new() });
    let first = found.customers.first().map(|customer| customer.id).unwrap_or_default();
    let items = |rows: Vec<FeedRow>| rows.into_iter().map(|row| item(cx, first, row)).collect::<Result<Vec<_>, _>>();
    let new_customer = number.clone().filter(|_| is_stranger && stranger::number_of(cx, &call).is_some());
    let pop = ScreenPop {
        event: "screen_pop",
        at: times::to_second(cx.now, &cx.catalogue.company.time_zone),
        company_id: cx.caller.company,
        call_id: &call.id,
        state: call.leg(agent).map_or_else(|| call.state(), crate::domain::call::Leg::state),
        direction: call.direction().name(),
        number,
        withheld,
        kind: phone.as_ref().map(|phone| phone.kind),
        whence: Whence::from(&origin),
        queue: call.queue.as_deref(),
        data,
        matched_by: found.matched.as_ref().map(PhoneMatch::name),
        matched_contacts: found.contacts.into_iter().map(|(id, name)| MatchedContact { id, name }).collect(),
        matches: CustomerReplies { catalogue: cx.catalogue.clone(), rows: found.customers },
        last_feeds: items(feeds)?,
        open_tickets: items(open_tickets)?,
        new_customer: new_customer.map(|content| NewCustomer { cellphones: vec![Cellphone { content }] }),
    };
    let mut frame = serde_json::to_vec(&pop).map_err(|cause| Error::internal(&cause))?;
    if masks {
        mask_from(&mut frame, 0);
    }
    frame.try_into().map_err(|cause| Error::internal(&cause))
}
