//! What an agent writes of a call.

use std::borrow::Cow;

use super::log::CALLED_BACK;
use super::stored::{Stored, body_of};
use super::{begin, sees_agent, tell};
use crate::domain::call::{Call, Report};
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::customer::Origin;
use crate::ops::work::follow_up;
use crate::ops::{Cx, idempotency};

/// The event that tells of it.
const CALL_COMPLETED: &str = "call.completed";

/// What an agent writes.
pub struct Completion<'a> {
    pub result: String,
    pub note: String,
    pub flag: Option<Cow<'a, str>>,
    /// When the caller wants to be reminded of the customer.
    pub next_at: Option<i64>,
    /// Whose call it was, where nobody knew when it rang.
    pub customer: Option<i64>,
}

/// Writes down what came of a call: in its item of the customer's history, and as a follow-up where there is a note or the
/// customer's deal flag is another now. A missed call that somebody completes is nobody's task any more.
pub async fn complete(cx: &Cx<'_>, id: &str, completion: Completion<'_>) -> Result<Call, Error> {
    let follows_up = !completion.note.is_empty() || completion.flag.is_some() || completion.next_at.is_some();
    let (call, customer) = write(cx, id, &completion).await?;
    if let (true, Some(customer)) = (follows_up, customer) {
        let texts: Vec<&str> = [completion.result.as_str(), completion.note.as_str()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let text = texts.join("：");
        let text = if text.is_empty() { call.direction().call_type().to_owned() } else { text };
        // What comes of it is remembered already.
        let cx = Cx { request: None, ..cx.clone() };
        let Completion { flag, next_at, .. } = completion;
        let new = follow_up::New { field: "note", text: &text, flag, next_at, call: Some(id) };
        follow_up::add(&cx, &Identifier::Id(customer), new).await?;
    }
    Ok(call)
}

async fn write(cx: &Cx<'_>, id: &str, completion: &Completion<'_>) -> Result<(Call, Option<i64>), Error> {
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    let mut stored = Stored::read(&mut tx, id).await?.filter(|stored| sees(cx, &stored.call)).ok_or(Error::NotFound)?;
    if let Some(customer) = completion.customer {
        let is_seen = tx.customer(customer).await?.is_some_and(|customer| cx.sees(&customer));
        if !is_seen {
            return Err(Error::NotFound);
        }
        let is_anothers = stored.call.customer.is_some_and(|known| known != customer) && stored.call.feed.is_some();
        if is_anothers {
            return Err(Error::parameter(
                "customerId: 通话已记入另一客户 / the call is in the history of another customer already",
            ));
        }
        stored.call.customer = Some(customer);
    }
    let is_known = idempotency::recall::<Call>(cx, &mut tx).await?;
    if let Some(call) = is_known {
        return Ok((call, None));
    }
    let before = stored.call.clone();
    stored.call.result = Some(completion.result.clone()).filter(|text| !text.is_empty());
    stored.call.note = Some(completion.note.clone()).filter(|text| !text.is_empty());
    if stored.call.ended_at.is_some() {
        super::report::settle(cx, &mut tx, &mut stored, &before, &origin).await?;
    }
    if stored.missed > 0 {
        stored.missed = CALLED_BACK;
    }
    stored.write(&mut tx).await?;
    let mut body = body_of(&stored.call, Some(cx.caller.login_no()), &Report::default());
    body.more.insert("result".into(), completion.result.as_str().into());
    tell(&mut tx, CALL_COMPLETED, 0, &body, &origin).await?;
    idempotency::remember(cx, &mut tx, &stored.call).await?;
    let customer = match stored.call.customer {
        // A colleague's customer may have called, whom he does not see.
        Some(id) => tx.customer(id).await?.filter(|customer| cx.sees(customer)).map(|customer| customer.id),
        None => None,
    };
    tx.commit().await?;
    Ok((stored.call, customer))
}

/// Whether the caller sees a call: one of his own, or of agents whom he sees.
#[must_use]
pub fn sees(cx: &Cx<'_>, call: &Call) -> bool {
    let own_reach = || call.legs.iter().any(|leg| sees_agent(cx, &leg.agent));
    cx.within() == crate::store::Within::default() || own_reach()
}
