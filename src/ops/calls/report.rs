//! Taking in what a telephone system reports of a call.

use super::agents::{self, Moved};
use super::stored::{Stored, body_of};
use super::{MOST_OPEN, begin, log, phone_of, read, tally, tell};
use crate::domain::call::{Call, Direction, Happened, Kind, Leg, Report};
use crate::domain::catalogue::login_key;
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::{Origin, find};
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

/// What a report has come to.
pub struct Reported {
    pub call: Call,
    pub happened: Happened,
}

/// Counts the numbers of a report as tries of who sees numbers masked: whose they are, he is shown. Before anything is.
pub fn count_numbers(cx: &Cx<'_>, report: &Report) -> Result<(), Error> {
    for number in report.caller.iter().chain(&report.callee) {
        tries::identifier(cx, &Identifier::Phone(number.as_str().into()))?;
    }
    Ok(())
}

/// Returns what a call would be with this report, as far as is known; none when nothing would change.
pub async fn foresee(cx: &Cx<'_>, id: &str, kind: Kind, report: &Report) -> Result<Option<Call>, Error> {
    let mut call = match cx.scope.call(id).await? {
        Some(row) => read(&row)?,
        None => Call::new(id),
    };
    Ok((call.take(kind, report) == Happened::Changed).then_some(call))
}

/// Returns a call of which nothing was reported before.
#[must_use]
pub fn of_new(id: &str, kind: Kind, report: &Report) -> Call {
    let mut call = Call::new(id);
    call.take(kind, report);
    call
}

/// Takes a report in, and writes down what follows from it.
pub async fn report(cx: &Cx<'_>, id: &str, kind: Kind, report: &Report) -> Result<Reported, Error> {
    let linked = customer_of(cx, id, kind, report).await?;
    let mut tx = begin(cx).await?;
    if let Some(call) = idempotency::recall(cx, &mut tx).await? {
        return Ok(Reported { call, happened: Happened::Nothing });
    }
    let mut stored = Stored::read(&mut tx, id).await?.unwrap_or_else(|| Stored::new(id));
    let before = stored.call.clone();
    let happened = stored.call.take(kind, report);
    if stored.call.customer.is_none() {
        stored.call.customer = linked;
    }
    if stored.call != before {
        carry_out(cx, &mut tx, &mut stored, &before, kind, happened, report).await?;
    }
    idempotency::remember(cx, &mut tx, &stored.call).await?;
    tx.commit().await?;
    Ok(Reported { call: stored.call, happened })
}

async fn carry_out(
    cx: &Cx<'_>,
    tx: &mut Tx,
    stored: &mut Stored,
    before: &Call,
    kind: Kind,
    happened: Happened,
    report: &Report,
) -> Result<(), Error> {
    let origin = Origin::of(cx);
    settle(cx, tx, stored, before, &origin).await?;
    if happened == Happened::Changed {
        let body = body_of(&stored.call, report.agent.as_deref(), report);
        tell(tx, kind.event(), 0, &body, &origin).await?;
    }
    stored.write(tx).await?;
    for moved in moved(before, &stored.call) {
        agents::follow(cx, tx, &moved, &stored.call.id, &origin).await?;
    }
    if kind == Kind::Answered
        && let Some(agent) = &report.agent
    {
        lose_others(cx, tx, agent, &stored.call.id, &origin).await?;
    }
    Ok(())
}

/// Writes down what the end of a call comes to, or takes it back where the call goes on after all.
pub(super) async fn settle(
    cx: &Cx<'_>,
    tx: &mut Tx,
    stored: &mut Stored,
    before: &Call,
    origin: &Origin,
) -> Result<(), Error> {
    if before.ended_at.is_some() {
        tally::count(tx, before, -1).await?;
    }
    if stored.call.ended_at.is_some() {
        tally::count(tx, &stored.call, 1).await?;
        log::write(cx, tx, stored, origin).await?;
    } else {
        stored.missed = 0;
        stored.handler = None;
    }
    Ok(())
}

/// Ends the calls that an agent cannot be on any more: he talks on another, and has not held them.
async fn lose_others(cx: &Cx<'_>, tx: &mut Tx, agent: &str, id: &str, origin: &Origin) -> Result<(), Error> {
    use crate::domain::call::CallState;
    for row in tx.open_calls_of(&login_key(agent), MOST_OPEN).await? {
        let call = read(&row)?;
        let is_stuck = call.leg(agent).is_some_and(|leg| leg.state() == CallState::Talking);
        if row.call_id != id && is_stuck {
            lose(cx, tx, &row.call_id, Some(agent), origin).await?;
        }
    }
    Ok(())
}

/// Ends a call, or an agent's part of it, of whose end nobody has told.
pub(super) async fn lose(
    cx: &Cx<'_>,
    tx: &mut Tx,
    id: &str,
    agent: Option<&str>,
    origin: &Origin,
) -> Result<(), Error> {
    let Some(mut stored) = Stored::read(tx, id).await? else { return Ok(()) };
    let before = stored.call.clone();
    match agent {
        Some(agent) => stored.call.lose(agent, origin.at),
        None => stored.call.end(origin.at, crate::domain::call::LegEnd::Lost),
    }
    if stored.call == before {
        return Ok(());
    }
    settle(cx, tx, &mut stored, &before, origin).await?;
    let report = Report { reason: Some("lost".to_owned()), ..Report::default() };
    tell(tx, Kind::Ended.event(), 0, &body_of(&stored.call, agent, &report), origin).await?;
    stored.write(tx).await?;
    for moved in moved(&before, &stored.call) {
        agents::follow(cx, tx, &moved, id, origin).await?;
    }
    Ok(())
}

/// Returns the agents whose part in a call has changed.
fn moved(before: &Call, after: &Call) -> Vec<Moved> {
    let mut all: Vec<Moved> = Vec::new();
    for leg in &after.legs {
        let last = after.leg(&leg.agent);
        let state = |leg: Option<&Leg>| leg.map(Leg::state);
        let was = state(before.leg(&leg.agent));
        if state(last) != was
            && let Some(last) = last
            && all.iter().all(|moved| !last.is_of(&moved.agent))
        {
            all.push(Moved {
                agent: last.agent.clone(),
                state: last.state(),
                was_answered: last.answered_at.is_some(),
            });
        }
    }
    all
}

/// Returns the customer whose number it is: his own or, failing that, that of his contact; the most recently contacted of
/// several.
async fn customer_of(cx: &Cx<'_>, id: &str, kind: Kind, report: &Report) -> Result<Option<i64>, Error> {
    if report.caller.is_none() && report.callee.is_none() {
        return Ok(None);
    }
    let call = of_new(id, kind, report);
    if call.direction() == Direction::Internal {
        return Ok(None);
    }
    let Some(phone) = phone_of(cx, &call) else { return Ok(None) };
    let mut called = find::callers(cx, &phone).await?;
    called.sort_by_key(|one| (one.contact.is_some(), std::cmp::Reverse(one.customer.last_follow_at)));
    Ok(called.first().map(|one| one.customer.id))
}
