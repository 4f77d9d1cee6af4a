//! Calls as they are shown, and what agents write of them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{text, time};
use crate::domain::call::{Call, CallState, Direction, Leg, LegEnd};
use crate::domain::masking::{Known, mask};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::complete::{self, Completion};
use crate::ops::calls::list::{self, Listed, MOST, Place, Wanted};
use crate::ops::calls::{LONGEST_ID, agent_of};
use crate::protocol::lenient::Scalar;

const LONGEST_NOTE: usize = 1500;
const LONGEST_RESULT: usize = 100;
const PAGE: i64 = 20;

/// A call. Times are in the company's time zone; what is not known is absent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Call")]
pub struct CallBody {
    call_id: String,
    state: CallState,
    direction: Direction,
    /// Of the other side, as the telephone system wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// How long was talked, seconds.
    duration: i64,
    /// Whether somebody called, and nobody answered.
    missed: bool,
    /// Who is to call back, as long as nobody has; empty: anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_back_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Of its item among the customer's feeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_id: Option<i64>,
    agents: Vec<LegBody>,
}

/// An agent's part of a call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallPart")]
struct LegBody {
    agent: String,
    state: CallState,
    #[serde(skip_serializing_if = "Option::is_none")]
    ringing_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// hangup, missed, elsewhere (another answered), transferred, lost (nobody told of its end).
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<LegEnd>,
    /// To whom he gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

impl CallBody {
    /// Returns one call as the caller may see it.
    pub async fn of(cx: &Cx<'_>, call: &Call) -> Result<Self, Error> {
        let seen = list::seen_customers(cx, [call]).await?;
        Ok(Self::new(cx, call, None, &seen))
    }

    fn new(cx: &Cx<'_>, call: &Call, call_back_by: Option<String>, seen: &BTreeSet<i64>) -> Self {
        let customer = call.customer.filter(|customer| seen.contains(customer));
        let zone = &cx.catalogue.company.time_zone;
        let time = |at: Option<i64>| at.map(|at| times::to_second(at, zone));
        let masks = cx.rights().masks();
        let known = Known::of(call.number().into_iter(), &cx.catalogue.company.home);
        let shown = |text: &Option<String>| {
            text.as_ref().map(|text| if masks { known.mask(text).into_owned() } else { text.clone() })
        };
        let number = |text: &str| if masks { mask(text) } else { text.to_owned() };
        let leg = |leg: &Leg| LegBody {
            agent: leg.agent.clone(),
            state: leg.state(),
            ringing_at: time(leg.ringing_at),
            answered_at: time(leg.answered_at),
            ended_at: time(leg.ended_at),
            end: leg.end,
            to: leg.to.as_deref().map(|to| match cx.catalogue.staff(to) {
                Some(staff) => staff.login_no.clone(),
                None => number(to),
            }),
        };
        Self {
            call_id: call.id.clone(),
            state: call.state(),
            direction: call.direction(),
            number: call.number().map(number),
            customer_id: customer,
            queue: call.queue.clone(),
            data: call.data.as_ref().map(|data| if masks { known.mask_within(data) } else { data.clone() }),
            started_at: times::to_second(call.started_at, zone),
            ended_at: time(call.ended_at),
            duration: call.talked(),
            missed: call.is_missed(),
            call_back_by,
            reason: call.reason.clone(),
            recording: call.recording.clone(),
            result: shown(&call.result),
            note: shown(&call.note),
            feed_id: call.feed.filter(|_| customer.is_some()),
            agents: call.legs.iter().map(leg).collect(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct CallShown {
    result: CallBody,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCall<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    call_id: Option<Scalar<'a>>,
}

fn call_id(given: Option<Scalar<'_>>) -> Result<Cow<'_, str>, Error> {
    text("callId", given, LONGEST_ID)?.ok_or_else(|| Error::parameter("callId: 缺少 / is missing"))
}

pub async fn get_call(cx: &Cx<'_>, request: GetCall<'_>) -> Result<CallShown, Error> {
    let listed = list::get(cx, &call_id(request.call_id)?).await?;
    let seen = list::seen_customers(cx, [&listed.call]).await?;
    Ok(CallShown { result: shown(cx, &listed, &seen) })
}

fn shown(cx: &Cx<'_>, listed: &Listed, seen: &BTreeSet<i64>) -> CallBody {
    let by = || {
        let staff = listed.handler.as_ref().and_then(|key| cx.catalogue.staff.get(key));
        staff.map(|staff| staff.login_no.clone()).unwrap_or_default()
    };
    CallBody::new(cx, &listed.call, listed.is_missed_task.then(by), seen)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListCalls<'a> {
    /// Those of this login number.
    #[serde(borrow, default)]
    agent: Option<Scalar<'a>>,
    /// Those of this customer.
    #[serde(borrow, default)]
    customer_id: Option<Scalar<'a>>,
    /// Those that nobody has answered, nor called back.
    #[serde(borrow, default)]
    missed: Option<Scalar<'a>>,
    /// 1 to 100, otherwise 20.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// Calls behind this place: `meta.after` of the page before.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct CallList {
    meta: After,
    result: Vec<CallBody>,
}

#[derive(Serialize, JsonSchema)]
struct After {
    /// What to ask for the next page with; null at the end.
    after: Option<String>,
}

pub async fn list_calls(cx: &Cx<'_>, request: ListCalls<'_>) -> Result<CallList, Error> {
    let size = match request.page_size.as_ref().filter(|size| !size.is_empty()) {
        None => PAGE,
        Some(size) => size.integer().filter(|size| (1..=MOST).contains(size)).ok_or(Error::PageSize { most: MOST })?,
    };
    let wrong = || Error::parameter("after: 应为上一页 meta.after / expected meta.after of the page before");
    let after = text("after", request.after, LONGEST_ID + 24)?;
    let after = after.map(|after| place(&after).ok_or_else(wrong)).transpose()?;
    let (calls, next) = list::list(
        cx,
        &wanted(cx, request.agent.as_ref(), request.customer_id.as_ref(), request.missed.as_ref())?,
        after,
        size,
    )
    .await?;
    let seen = list::seen_customers(cx, calls.iter().map(|listed| &listed.call)).await?;
    Ok(CallList {
        meta: After { after: next.map(|place| format!("{}.{}", place.at, place.id)) },
        result: calls.iter().map(|listed| shown(cx, listed, &seen)).collect(),
    })
}

fn wanted(
    cx: &Cx<'_>,
    agent: Option<&Scalar<'_>>,
    customer: Option<&Scalar<'_>>,
    missed: Option<&Scalar<'_>>,
) -> Result<Wanted, Error> {
    let [agent, customer, missed] = [agent, customer, missed].map(|given| given.filter(|given| !given.is_empty()));
    if [agent, customer, missed].into_iter().flatten().count() > 1 {
        return Err(Error::parameter("agent, customerId, missed: 只能给出一个 / only one of them can be given"));
    }
    if let Some(agent) = agent.and_then(Scalar::text) {
        let staff = cx
            .catalogue
            .staff(&agent)
            .ok_or_else(|| Error::parameter("agent: 没有这个工号 / there is no such agent"))?;
        return Ok(Wanted::Of(staff.login_no.clone()));
    }
    if let Some(customer) = customer {
        let customer = customer.integer().ok_or_else(|| Error::expected("customerId", "整数", "an integer"))?;
        return Ok(Wanted::OfCustomer(customer));
    }
    match missed.map(Scalar::flag) {
        Some(Some(true)) => Ok(Wanted::Missed),
        Some(None) => Err(Error::one_of("missed", &["true", "false"])),
        _ => Ok(Wanted::All),
    }
}

fn place(text: &str) -> Option<Place> {
    let (at, id) = text.split_once('.')?;
    Some(Place { at: at.parse().ok()?, id: id.to_owned() })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CompleteCall<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        call_id: Option<Scalar<'a>>,
        /// What came of it, at most 100 characters: it stands first in the call log.
        #[serde(borrow, default)]
        result: Option<Scalar<'a>>,
        /// What was said, at most 1500 characters.
        #[serde(borrow, default)]
        note: Option<Scalar<'a>>,
        /// The customer's deal flag from now on, by name or value.
        #[serde(borrow, default)]
        deal_flag: Option<Scalar<'a>>,
        /// When you want to be reminded of the customer.
        #[serde(borrow, default)]
        next_at: Option<Scalar<'a>>,
        /// Whose call it was, where nobody knew.
        #[serde(borrow, default)]
        customer_id: Option<Scalar<'a>>,
    }
}

pub async fn complete_call(cx: &Cx<'_>, request: CompleteCall<'_>) -> Result<CallShown, Error> {
    let id = call_id(request.call_id)?;
    let customer = match request.customer_id.as_ref().filter(|customer| !customer.is_empty()) {
        Some(customer) => Some(customer.integer().ok_or_else(|| Error::expected("customerId", "整数", "an integer"))?),
        None => None,
    };
    let next_at = request.next_at.as_ref().filter(|next_at| !next_at.is_empty());
    let next_at = next_at.map(|next_at| time("nextAt", cx, next_at)).transpose()?;
    let completion = Completion {
        next_at,
        result: text("result", request.result, LONGEST_RESULT)?.unwrap_or_default().into_owned(),
        note: text("note", request.note, LONGEST_NOTE)?.unwrap_or_default().into_owned(),
        flag: text("dealFlag", request.deal_flag, LONGEST_RESULT)?,
        customer,
    };
    if completion.result.is_empty() && completion.note.is_empty() {
        return Err(Error::parameter("result, note: 至少填写一项 / at least one of them is needed"));
    }
    agent_of(cx, None)?;
    let call = complete::complete(cx, &id, completion).await?;
    Ok(CallShown { result: CallBody::of(cx, &call).await? })
}
