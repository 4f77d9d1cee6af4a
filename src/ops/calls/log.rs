//! What a call comes to once it has ended: an item of the customer's history, somebody who is to call back, and the counts.

use super::stored::{Stored, body_of};
use super::tell;
use crate::domain::call::{Call, Direction, Report};
use crate::domain::catalogue::login_key;
use crate::domain::customer::Customer;
use crate::domain::event::{self, Body, CALL_MISSED, Place};
use crate::domain::feed::FeedKind;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::{Origin, record};
use crate::store::Tx;

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
