//! Numbers that are not to be called.

use super::begin;
use crate::domain::phone::Phone;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::Origin;
use crate::ops::{Cx, number};
use crate::store::rows::BlockedRow;

/// Numbers on a page.
pub const PAGE: i64 = 100;

/// Puts a number on the list, or gives it another reason.
pub async fn put(cx: &Cx<'_>, typed: &str, reason: Option<&str>) -> Result<Phone, Error> {
    let phone = number::look_up(cx, typed)?.phone;
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    tx.put_blocked_number(phone.line_key(), &phone.typed, reason, origin.at, &origin.login_no).await?;
    tx.commit().await?;
    Ok(phone)
}

/// Takes a number off the list.
pub async fn remove(cx: &Cx<'_>, typed: &str) -> Result<Phone, Error> {
    let phone = number::look_up(cx, typed)?.phone;
    let mut tx = begin(cx).await?;
    if tx.delete_blocked_number(phone.line_key()).await? == 0 {
        return Err(Error::parameter("number: 不在禁呼名单 / is not on the list"));
    }
    tx.commit().await?;
    Ok(phone)
}

/// Returns the numbers behind this one, as the caller may see them, and whether there are more.
pub async fn list(cx: &Cx<'_>, after: Option<&str>) -> Result<(Vec<BlockedRow>, bool), Error> {
    let mut rows = cx.scope.blocked_numbers(after.unwrap_or_default(), PAGE + 1).await?;
    let is_more = i64::try_from(rows.len()).is_ok_and(|rows| rows > PAGE);
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    Ok((rows, is_more))
}

/// Refuses a number that is not to be called.
pub async fn check(cx: &Cx<'_>, phone: &Phone) -> Result<(), Error> {
    let _ = tries::told();
    match cx.scope.blocked_number(phone.line_key()).await? {
        Some(_) => Err(Error::NumberBlocked),
        None => Ok(()),
    }
}
