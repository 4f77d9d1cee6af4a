//! What an agent writes of a call.

use std::borrow::Cow;

use super::log::CALLED_BACK;
use super::stored::{Stored, body_of};
use super::{begin, sees_agent, tell};
use crate::domain::call::{Call, Report};
use crate::domain::customer::Customer;
use crate::error::Error;
use crate::ops::customer::Origin;
use crate::ops::work::follow_up;
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

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

impl Completion<'_> {
    /// Whether there is more to write down than how the call ended.
    fn is_more(&self) -> bool {
        !self.note.is_empty() || self.flag.is_some() || self.next_at.is_some()
    }

    fn text(&self) -> String {
        let texts = [self.result.as_str(), self.note.as_str()].into_iter().filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join("：")
    }
}

/// Writes down what came of a call: in its item of the customer's history, and as a follow-up where there is a note or the
/// customer's deal flag is another now; both or neither. A missed call that somebody completes is nobody's task any more.
pub async fn complete(cx: &Cx<'_>, id: &str, completion: Completion<'_>) -> Result<Call, Error> {
    let (text, is_more) = (completion.text(), completion.is_more());
    let Completion { result, note, flag, next_at, customer } = completion;
    let new = follow_up::New { field: "note", text: &text, flag, next_at, call: Some(id) };
    let follow_up = if is_more { Some(new.check(cx)?) } else { None };
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    let mut stored = Stored::read(&mut tx, id).await?.filter(|stored| sees(cx, &stored.call)).ok_or(Error::NotFound)?;
    let before = stored.call.clone();
    if let Some(customer) = customer {
        lead_to(cx, &mut tx, &mut stored, customer).await?;
    }
    if let Some(call) = idempotency::recall::<Call>(cx, &mut tx).await? {
        return Ok(call);
    }
    stored.call.result = Some(result).filter(|text| !text.is_empty());
    stored.call.note = Some(note).filter(|text| !text.is_empty());
    if stored.call.ended_at.is_some() {
        super::report::settle(cx, &mut tx, &mut stored, &before, &origin).await?;
    }
    if stored.missed > 0 {
        stored.missed = CALLED_BACK;
    }
    stored.write(&mut tx).await?;
    let mut body = body_of(&stored.call, Some(cx.caller.login_no()), &Report::default());
    body.more.insert("result".into(), stored.call.result.as_deref().unwrap_or_default().into());
    tell(&mut tx, CALL_COMPLETED, 0, &body, &origin).await?;
    let followed_up = match (follow_up, stored.call.customer) {
        (Some(follow_up), Some(customer)) => write_down(cx, &mut tx, follow_up, customer).await?,
        _ => None,
    };
    idempotency::remember(cx, &mut tx, &stored.call).await?;
    tx.commit().await?;
    if let Some(followed_up) = followed_up {
        followed_up.look(cx);
    }
    Ok(stored.call)
}

/// Says whose call it was.
async fn lead_to(cx: &Cx<'_>, tx: &mut Tx, stored: &mut Stored, customer: i64) -> Result<(), Error> {
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
    Ok(())
}

/// Writes a follow-up down, unless it is a colleague's customer who has called, whom the caller does not see.
async fn write_down(
    cx: &Cx<'_>,
    tx: &mut Tx,
    follow_up: follow_up::Checked<'_>,
    customer: i64,
) -> Result<Option<follow_up::FollowedUp>, Error> {
    let row = tx.customer(customer).await?.filter(|row| cx.sees(row));
    Ok(match row {
        Some(row) => Some(follow_up.write(cx, tx, &Customer::try_from(row)?).await?),
        None => None,
    })
}

/// Whether the caller sees a call: one of his own, or of agents whom he sees.
#[must_use]
pub fn sees(cx: &Cx<'_>, call: &Call) -> bool {
    let own_reach = || call.legs.iter().any(|leg| sees_agent(cx, &leg.agent));
    cx.within() == crate::store::Within::default() || own_reach()
}
