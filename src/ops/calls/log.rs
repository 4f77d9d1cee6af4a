//! What a call comes to once it has ended: an item of the customer's history, somebody who is to call back, and the counts.

use std::collections::BTreeMap;

use super::report::{Stored, body_of};
use super::tell;
use crate::domain::call::{Call, Direction, Leg, LegEnd, Report};
use crate::domain::catalogue::login_key;
use crate::domain::customer::Customer;
use crate::domain::event::{self, Body, CALL_MISSED, Place};
use crate::domain::feed::FeedKind;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::{Origin, record};
use crate::store::Tx;

/// Microseconds of a quarter of an hour: no time zone is off by less.
pub const QUARTER: i64 = 15 * 60 * SECOND;

/// Somebody is to call back, and somebody has.
pub const TO_CALL_BACK: i64 = 1;
pub const CALLED_BACK: i64 = 2;

/// Writes the call into its customer's history, and says who is to call back where nobody answered.
pub async fn write(cx: &Cx<'_>, tx: &mut Tx, stored: &mut Stored, origin: &Origin) -> Result<(), Error> {
    let customer = match stored.call.customer {
        Some(id) => tx.customer(id).await?.map(Customer::try_from).transpose()?,
        None => None,
    };
    if let Some(customer) = &customer {
        write_feed(tx, &mut stored.call, customer, origin).await?;
        let has_called_back = stored.call.was_answered() && stored.call.direction() != Direction::Internal;
        if has_called_back {
            tx.set_called_back(customer.id).await?;
        }
    }
    if stored.call.is_missed() && stored.missed == 0 {
        let handler = handler(cx, &stored.call, customer.as_ref());
        stored.missed = TO_CALL_BACK;
        stored.handler = handler.as_deref().map(login_key);
        let mut body = body_of(&stored.call, handler.as_deref(), &Report::default());
        body.agents.extend(stored.handler.clone());
        tell(tx, CALL_MISSED, 0, &body, origin).await?;
    } else if !stored.call.is_missed() {
        stored.missed = 0;
        stored.handler = None;
    }
    Ok(())
}

async fn write_feed(tx: &mut Tx, call: &mut Call, customer: &Customer, origin: &Origin) -> Result<(), Error> {
    if let Some(id) = call.feed {
        tx.put_call_log(id, &call.outcome(), call.talked()).await?;
        return Ok(());
    }
    let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
    let id = counter.last_feed;
    let kind = call.direction().call_type();
    tx.insert_call(id, customer.id, call.started_at, kind, &call.outcome(), call.talked()).await?;
    call.feed = Some(id);
    let body = Body::of_feed(FeedKind::CallLog.name(), id, &Place::of(customer));
    record::write_event(tx, counter.last_event, event::FEED_ADDED, customer.id, &body, origin).await
}

/// Returns who is to call back: who looks after the customer, else at whom it rang last. Nobody in particular, where there
/// is no such one.
fn handler(cx: &Cx<'_>, call: &Call, customer: Option<&Customer>) -> Option<String> {
    let owner = customer.and_then(|customer| customer.owner_no.as_deref());
    let rung = call.legs.last().map(|leg| leg.agent.as_str());
    let active = |login_no: &&str| cx.catalogue.staff(login_no).is_some_and(|staff| !staff.disabled);
    owner.filter(active).or_else(|| rung.filter(active)).map(str::to_owned)
}

/// What calls of a quarter of an hour came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub offered: i64,
    pub answered: i64,
    pub missed: i64,
    pub outgoing: i64,
    pub connected: i64,
    pub talk_seconds: i64,
    pub wrap_ups: i64,
    pub wrap_seconds: i64,
}

/// Adds what a call came to, or takes it back.
pub async fn count(_: &Cx<'_>, tx: &mut Tx, call: &Call, sign: i64) -> Result<(), Error> {
    for ((quarter, login_key), counts) in counts_of(call) {
        let Counts { offered, answered, missed, outgoing, connected, talk_seconds, .. } = counts;
        let [offered, answered, missed] = [offered, answered, missed].map(|count| count * sign);
        let [outgoing, connected, talked] = [outgoing, connected, talk_seconds].map(|count| count * sign);
        tx.count_calls(quarter, &login_key, offered, answered, missed, outgoing, connected, talked, 0, 0).await?;
    }
    Ok(())
}

/// Returns what a call that has ended came to, for each agent who was on it.
fn counts_of(call: &Call) -> BTreeMap<(i64, String), Counts> {
    let mut all: BTreeMap<(i64, String), Counts> = BTreeMap::new();
    let quarter = |at: i64| at.div_euclid(QUARTER);
    for leg in &call.legs {
        let at = leg.ringing_at.or(leg.answered_at).unwrap_or(call.started_at);
        let counts = all.entry((quarter(at), login_key(&leg.agent))).or_default();
        add(counts, call, leg);
    }
    if call.legs.is_empty() && call.direction() == Direction::In {
        let counts = all.entry((quarter(call.started_at), String::new())).or_default();
        *counts = Counts { offered: 1, missed: 1, ..Counts::default() };
    }
    all
}

fn add(counts: &mut Counts, call: &Call, leg: &Leg) {
    let answered = i64::from(leg.answered_at.is_some());
    match call.direction() {
        Direction::In => {
            counts.offered += 1;
            counts.answered += answered;
            counts.missed += i64::from(leg.end == Some(LegEnd::Missed));
        }
        Direction::Out => {
            counts.outgoing += 1;
            counts.connected += answered;
        }
        Direction::Internal => return,
    }
    counts.talk_seconds += leg.talked();
}
