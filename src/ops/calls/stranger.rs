//! Who has called and is no customer yet.

use super::stored::Stored;
use super::{list, phone_of, report};
use crate::domain::call::{Call, Direction};
use crate::domain::masking::mask;
use crate::domain::phone::Phone;
use crate::error::Error;
use crate::ops::access::rights::Shown;
use crate::ops::access::tries;
use crate::ops::customer::{self, Changes, New, Origin, PhoneChange};
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

/// Creates the customer who is on the other side of a call, and returns it as stored: the number of the call is its first
/// one, which the caller need not have seen. The call is its own from then on, unless it is somebody's.
pub async fn create(cx: &Cx<'_>, id: &str, mut changes: Changes<'_>) -> Result<Shown, Error> {
    // The telephone system has told the number: it is no try.
    let tried = tries::new(cx, &changes)?;
    let call = list::get(cx, id).await?.call;
    let number = number_of(cx, &call).ok_or_else(|| {
        Error::parameter("callId: 通话没有可用的外部号码 / there is no number of somebody outside in this call")
    })?;
    add(&mut changes, number.typed);
    let new = New::check(cx, changes)?;
    let mut tx = customer::begin(cx).await?;
    if let Some(row) = idempotency::recall(cx, &mut tx).await? {
        return customer::again(cx, row);
    }
    let row = customer::insert_new(cx, &mut tx, new, &tried).await?;
    lead(cx, &mut tx, id, row.id).await?;
    idempotency::remember(cx, &mut tx, &row).await?;
    tx.commit().await?;
    cx.show(row)
}

/// Returns the number of somebody outside, who would be a customer.
#[must_use]
pub fn number_of(cx: &Cx<'_>, call: &Call) -> Option<Phone> {
    phone_of(cx, call).filter(|_| call.direction() != Direction::Internal)
}

/// Puts a number before those that were given; what was shown of it stands for it.
fn add(changes: &mut Changes<'_>, number: String) {
    let phones = changes.phones.get_or_insert_default();
    phones.retain(|phone| phone.typed.trim() != mask(&number));
    phones.insert(0, PhoneChange { id: None, typed: number.into() });
}

/// Says of a call of nobody whose it is, in the history, too, where it has ended.
async fn lead(cx: &Cx<'_>, tx: &mut Tx, id: &str, customer: i64) -> Result<(), Error> {
    let Some(mut stored) = Stored::read(tx, id).await?.filter(|stored| stored.call.customer.is_none()) else {
        return Ok(());
    };
    let before = stored.call.clone();
    stored.call.customer = Some(customer);
    if before.ended_at.is_some() {
        report::settle(cx, tx, &mut stored, &before, &Origin::of(cx)).await?;
    }
    stored.write(tx).await
}
