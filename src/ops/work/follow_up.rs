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
use crate::ops::customer::record::{self, Told};
use crate::ops::customer::{self, Changes, Moment, Origin, Patch, merge};
use crate::ops::reports::tally::FollowUp;
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

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

/// A follow-up that keeps every rule that can be told without the database.
pub struct Checked<'a> {
    field: &'static str,
    text: Cow<'a, str>,
    flag: Option<Cow<'a, str>>,
    next_at: Option<i64>,
    call: Option<Cow<'a, str>>,
}

impl<'a> New<'a> {
    /// Refuses what breaks a rule, and counts the tries in it.
    pub fn check(self, cx: &Cx<'_>) -> Result<Checked<'a>, Error> {
        let text = about::checked(self.field, self.text, about::LONGEST)?;
        let call = self.call.map(|call| about::checked("callId", call, LONGEST_TEXT)).transpose()?;
        if self.next_at.is_some() {
            reminders::for_whom(cx, "nextAt")?;
        }
        tries::texts(cx, self.flag.as_deref().into_iter().chain(call.as_deref()))?;
        Ok(Checked { field: self.field, text, flag: self.flag, next_at: self.next_at, call })
    }
}

impl Checked<'_> {
    /// Writes it down within a transaction, with what changes of its customer by it.
    pub async fn write(self, cx: &Cx<'_>, tx: &mut Tx, old: &Customer) -> Result<FollowedUp, Error> {
        let text = about::whole(cx, tx, old, self.field, self.text).await?;
        let origin = Origin::of(cx);
        let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
        let id = counter.last_feed;
        let changes = Changes {
            flag: self.flag.map_or(Patch::Keep, Patch::Set),
            follow_count: Patch::Set(old.follow_count.saturating_add(1)),
            // Shown, and sent back, without seconds.
            last_follow_at: Patch::Set(Moment::at(origin.at - origin.at.rem_euclid(60 * SECOND))),
            last_accept: Patch::Set(self.call.unwrap_or_else(|| format!("follow-up-{id}").into())),
            ..Changes::default()
        };
        let merged = merge::merge(old, changes, &cx.catalogue)?;
        let flag = merged.customer.flag_value.clone();
        let place = Place::of(&merged.customer);
        let follow_up = FollowUp::next(tx, old.id, &origin, &cx.catalogue.company.time_zone).await?;
        tx.insert_follow_up(id, old.id, origin.at, &origin.login_no, &origin.name, &text, flag.as_deref()).await?;
        let body = Body::of_feed(FeedKind::CustomerFollowUp.name(), id, &place);
        record::write_event(tx, counter.last_event, event::FEED_ADDED, old.id, &body, &origin).await?;
        let told = Told { follow_up: Some(follow_up), ..Told::default() };
        record::write(tx, &cx.catalogue, old, merged, &origin, told).await?;
        let reminder = match self.next_at {
            Some(at) => Some(reminders::next_contact(cx, tx, old.id, at, &text).await?),
            None => None,
        };
        let count = customer::stored(tx, old.id).await?.follow_count;
        Ok(FollowedUp { id, customer: old.id, count, reminder })
    }
}

impl FollowedUp {
    /// Once it is committed: has the clock look when somebody is to be reminded.
    pub fn look(&self, cx: &Cx<'_>) {
        if self.reminder.is_some() {
            cx.backend.due.look();
        }
    }
}

/// Writes a follow-up down.
pub async fn add(cx: &Cx<'_>, identifier: &Identifier<'_>, new: New<'_>) -> Result<FollowedUp, Error> {
    let checked = new.check(cx)?;
    let tried = tries::identifier(cx, identifier)?;
    let mut tx = customer::begin(cx).await?;
    if let Some(done) = idempotency::recall(cx, &mut tx).await? {
        return Ok(done);
    }
    let old = Customer::try_from(customer::target(cx, &mut tx, identifier, &tried).await?)?;
    let done = checked.write(cx, &mut tx, &old).await?;
    idempotency::remember(cx, &mut tx, &done).await?;
    tx.commit().await?;
    done.look(cx);
    Ok(done)
}
