//! Who calls: what an agent is shown of a call that rings at him.

use crate::domain::call::Call;
use crate::domain::feed::FeedKind;
use crate::domain::number_origin::NumberOrigin;
use crate::domain::phone::Phone;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::find::{self, Found};
use crate::store::rows::FeedRow;

/// Items of the history that are shown.
const FEEDS: i64 = 5;
/// Tickets among which the open ones are looked for.
const TICKETS: i64 = 20;
/// What is shown of the history: what was said, and not what was changed.
const CONTACTS: [FeedKind; 4] = [FeedKind::Ticket, FeedKind::CustomerFollowUp, FeedKind::CallLog, FeedKind::TextMsgLog];
/// The states of a ticket with which nothing is to be done any more.
const CLOSED: [&str; 2] = ["已完成", "已关闭"];

/// What an agent is shown.
pub struct Ringing {
    pub call: Call,
    /// The number that calls, or is called; none when it is withheld.
    pub phone: Option<Phone>,
    pub origin: NumberOrigin,
    /// The customers whose number it is, of those that he sees.
    pub found: Option<Found>,
    /// Of the first of them.
    pub feeds: Vec<FeedRow>,
    pub open_tickets: Vec<FeedRow>,
}

/// Returns the customers whose call it is, of those that the agent who asks sees; none when there is none, or no number.
/// The telephone system has told the number: it is no try of his.
pub async fn found(cx: &Cx<'_>, call: &Call) -> Result<Option<Found>, Error> {
    if super::phone_of(cx, call).is_none() {
        return Ok(None);
    }
    match find::calling(cx, call.number().unwrap_or_default()).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound | Error::NoNumber) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Returns what the agent who asks is shown of a call whose customers are found.
pub async fn ringing(cx: &Cx<'_>, call: Call, found: Option<Found>) -> Result<Ringing, Error> {
    let phone = super::phone_of(cx, &call);
    let first = found.as_ref().and_then(|found| found.customers.first()).map(|customer| customer.id);
    let (feeds, open_tickets) = match first {
        Some(customer) => history(cx, customer).await?,
        None => Default::default(),
    };
    let origin = phone.as_ref().map(NumberOrigin::of).unwrap_or_default();
    Ok(Ringing { call, phone, origin, found, feeds, open_tickets })
}

async fn history(cx: &Cx<'_>, customer: i64) -> Result<(Vec<FeedRow>, Vec<FeedRow>), Error> {
    let feeds = cx.scope.feed(customer, &CONTACTS, FEEDS, 0);
    let tickets = cx.scope.feed(customer, &[FeedKind::Ticket], TICKETS, 0);
    let (mut feeds, mut tickets) = tokio::try_join!(feeds, tickets)?;
    tickets.retain(|ticket| !ticket.t4.as_deref().is_some_and(|state| CLOSED.contains(&state)));
    let shown = feeds.len();
    feeds.append(&mut tickets);
    let mut feeds = cx.show_items(customer, feeds).await?;
    let tickets = feeds.split_off(shown);
    Ok((feeds, tickets))
}
