//! Writing down what was said to a customer.

use std::borrow::Cow;

use super::changes::{Changes, Moment, Patch};
use super::origin::Origin;
use super::record;
use super::{begin, merge, stored, target, unmask};
use crate::domain::customer::Customer;
use crate::domain::document::System;
use crate::domain::event::{self, Body, Place};
use crate::domain::feed::FeedKind;
use crate::domain::identifier::Identifier;
use crate::domain::masking::Unclear;
use crate::domain::text::visible;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::systems::profile;
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

/// The longest text of a follow-up, characters.
const LONGEST: usize = 2000;

/// A follow-up that was written down.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FollowedUp {
    pub id: i64,
    pub customer: i64,
    /// How many there are of this customer now.
    pub count: i64,
}

/// Returns a text about a customer with the digits of the numbers in it that are hidden from who writes it.
async fn whole<'t>(cx: &Cx<'_>, tx: &mut Tx, customer: &Customer, text: &'t str) -> Result<Cow<'t, str>, Error> {
    let home = &cx.catalogue.company.home;
    let mut meant = unmask::hidden(customer, home).restore(None, text);
    for system in System::ALL {
        if meant == Err(Unclear::Incomplete) {
            let document = profile::stored(tx.document(customer.id, system.name()).await?)?;
            meant = unmask::hidden_with(customer, system, &document, home).restore(None, text);
        }
    }
    let meant = meant.map_err(|unclear| unmask::refusal("text", &unclear))?;
    Ok(meant.map_or(Cow::Borrowed(text), Cow::Owned))
}

/// Writes a follow-up down, with the customer's new deal flag if it is to have one.
pub async fn follow_up(
    cx: &Cx<'_>,
    identifier: &Identifier<'_>,
    text: &str,
    flag: Option<Cow<'_, str>>,
) -> Result<FollowedUp, Error> {
    let text = &*visible(text);
    if text.is_empty() || text.chars().count() > LONGEST || text.contains('\0') {
        return Err(Error::parameter(format!(
            "text: 1 到 {LONGEST} 个字符，不含 U+0000 / expected 1 to {LONGEST} characters without U+0000"
        )));
    }
    let tried = tries::identifier(cx, identifier)?;
    tries::texts(cx, flag.as_deref())?;
    let mut tx = begin(cx).await?;
    if let Some(done) = idempotency::recall(cx, &mut tx).await? {
        return Ok(done);
    }
    let old = Customer::try_from(target(cx, &mut tx, identifier, &tried).await?)?;
    let text = &*if cx.rights().masks() { whole(cx, &mut tx, &old, text).await? } else { Cow::Borrowed(text) };
    let origin = Origin::of(cx);
    let changes = Changes {
        flag: flag.map_or(Patch::Keep, Patch::Set),
        follow_count: Patch::Set(old.follow_count.saturating_add(1)),
        // Shown, and sent back, without seconds.
        last_follow_at: Patch::Set(Moment::at(origin.at - origin.at.rem_euclid(60 * SECOND))),
        ..Changes::default()
    };
    let merged = merge::merge(&old, changes, &cx.catalogue)?;
    let flag = merged.customer.flag_value.clone();
    let place = Place::of(&merged.customer);
    let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
    let id = counter.last_feed;
    tx.insert_follow_up(id, old.id, origin.at, &origin.login_no, &origin.name, text, flag.as_deref()).await?;
    let body = Body::of_feed(FeedKind::CustomerFollowUp.name(), id, &place);
    record::write_event(&mut tx, counter.last_event, event::FEED_ADDED, old.id, &body, &origin).await?;
    record::update(&mut tx, &cx.catalogue, &old, merged, &origin).await?;
    let count = stored(&mut tx, old.id).await?.follow_count;
    let done = FollowedUp { id, customer: old.id, count };
    idempotency::remember(cx, &mut tx, &done).await?;
    tx.commit().await?;
    Ok(done)
}
