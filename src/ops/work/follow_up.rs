//! Writing down what was said to a customer, and when to go on.

use std::borrow::Cow;

use super::{about, reminders};
use crate::domain::customer::{Customer, LONGEST_TEXT};
use crate::domain::event::{self, Body, Place};
use crate::domain::feed::FeedKind;
use crate::domain::identifier::Identifier;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::{self, Changes, Moment, Origin, Patch, merge, record};
use crate::ops::{Cx, idempotency};

/// What is to be written down.
pub struct New<'a> {
    /// What the text is called where it is refused.
    pub field: &'static str,
    pub text: &'a str,
    /// The customer's deal flag from now on, by name or value.
    pub flag: Option<Cow<'a, str>>,
    /// When the caller wants to be reminded of the customer.
    pub next_at: Option<i64>,
    /// The call that it is about, as the telephone system calls it.
    pub call: Option<&'a str>,
}

/// A follow-up that was written down.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FollowedUp {
    pub id: i64,
    pub customer: i64,
    /// How many there are of this customer now.
    pub count: i64,
    /// Of when to go on, if that was said.
    pub reminder: Option<i64>,
}

/// Writes a follow-up down, with what changes of its customer by it.
pub async fn add(cx: &Cx<'_>, identifier: &Identifier<'_>, new: New<'_>) -> Result<FollowedUp, Error> {
    let text = about::checked(new.field, new.text, about::LONGEST)?;
    let call = new.call.map(|call| about::checked("callId", call, LONGEST_TEXT)).transpose()?;
    if new.next_at.is_some() {
        reminders::for_whom(cx, "nextAt")?;
    }
    let tried = tries::identifier(cx, identifier)?;
    tries::texts(cx, new.flag.as_deref().into_iter().chain(call.as_deref()))?;
    let mut tx = customer::begin(cx).await?;
    if let Some(done) = idempotency::recall(cx, &mut tx).await? {
        return Ok(done);
    }
    let old = Customer::try_from(customer::target(cx, &mut tx, identifier, &tried).await?)?;
    let text = about::whole(cx, &mut tx, &old, new.field, text).await?;
    let origin = Origin::of(cx);
    let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
    let id = counter.last_feed;
    let changes = Changes {
        flag: new.flag.map_or(Patch::Keep, Patch::Set),
        follow_count: Patch::Set(old.follow_count.saturating_add(1)),
        // Shown, and sent back, without seconds.
        last_follow_at: Patch::Set(Moment::at(origin.at - origin.at.rem_euclid(60 * SECOND))),
        last_accept: Patch::Set(call.unwrap_or_else(|| format!("follow-up-{id}").into())),
        ..Changes::default()
    };
    let merged = merge::merge(&old, changes, &cx.catalogue)?;
    let flag = merged.customer.flag_value.clone();
    let place = Place::of(&merged.customer);
    tx.insert_follow_up(id, old.id, origin.at, &origin.login_no, &origin.name, &text, flag.as_deref()).await?;
    let body = Body::of_feed(FeedKind::CustomerFollowUp.name(), id, &place);
    record::write_event(&mut tx, counter.last_event, event::FEED_ADDED, old.id, &body, &origin).await?;
    record::update(&mut tx, &cx.catalogue, &old, merged, &origin).await?;
    let reminder = match new.next_at {
        Some(at) => Some(reminders::next_contact(cx, &mut tx, old.id, at, &text).await?),
        None => None,
    };
    let count = customer::stored(&mut tx, old.id).await?.follow_count;
    let done = FollowedUp { id, customer: old.id, count, reminder };
    idempotency::remember(cx, &mut tx, &done).await?;
    tx.commit().await?;
    if reminder.is_some() {
        cx.backend.due.look();
    }
    Ok(done)
}
