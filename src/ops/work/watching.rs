//! The customers that an agent follows, wherever they go in his sight.

use super::reminders::for_whom;
use crate::domain::event::{self, Body};
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::{CEILING, Shown};
use crate::ops::access::tries;
use crate::ops::customer::json::json_of;
use crate::ops::customer::{self, Origin, record};
use crate::store::Tx;

/// The most that one follows.
const MOST: usize = 500;
/// Customers on a page.
pub const PAGE: i64 = 20;

/// A customer that is followed, and since when.
pub struct Watched {
    pub customer: Shown,
    pub since: i64,
}

pub struct Page {
    pub watched: Vec<Watched>,
    pub total: i64,
}

/// Follows a customer from now on; whom one follows already stays so.
pub async fn watch(cx: &Cx<'_>, customer: i64) -> Result<(), Error> {
    let whose = for_whom(cx, "watch")?;
    let identifier = Identifier::Id(customer);
    let tried = tries::identifier(cx, &identifier)?;
    let mut tx = customer::begin(cx).await?;
    customer::target(cx, &mut tx, &identifier, &tried).await?;
    let known = tx.watched(&whose).await?;
    if known.iter().any(|row| row.customer_id == customer) {
        return Ok(());
    }
    if known.len() >= MOST {
        return Err(Error::parameter(format!("customerId: 最多关注 {MOST} 个客户 / at most {MOST} can be followed")));
    }
    tx.insert_watch(&whose, customer, Origin::of(cx).at).await?;
    tell(cx, &mut tx, whose, event::WATCH_ADDED, customer).await?;
    Ok(tx.commit().await?)
}

/// Follows a customer no more, whether or not one still sees it.
pub async fn unwatch(cx: &Cx<'_>, customer: i64) -> Result<(), Error> {
    let whose = for_whom(cx, "unwatch")?;
    let mut tx = customer::begin(cx).await?;
    if tx.delete_watch(&whose, customer).await? == 0 {
        return Ok(());
    }
    tell(cx, &mut tx, whose, event::WATCH_REMOVED, customer).await?;
    Ok(tx.commit().await?)
}

/// Tells his other sockets, on whatever server, that he follows other customers from here on.
async fn tell(cx: &Cx<'_>, tx: &mut Tx, whose: String, kind: &str, customer: i64) -> Result<(), Error> {
    let counter = tx.count(0, 0, 0, 0, 0, 0, 1).await?.ok_or(Error::NotFound)?;
    let body = Body { to: Some(whose), ..Body::default() };
    record::write_event(tx, counter.last_event, kind, customer, &body, &Origin::of(cx)).await
}

/// Returns a page of those whom he follows and sees, the last first. `number` counts from 1.
pub async fn list(cx: &Cx<'_>, number: i64) -> Result<Page, Error> {
    let whose = for_whom(cx, "list_watched")?;
    let mut rows = cx.scope.watched(&whose).await?;
    rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.at, row.customer_id)));
    let ids: Vec<i64> = rows.iter().map(|row| row.customer_id).collect();
    let mut customers = cx.scope.customers_by_id(&json_of(&ids)?).await?;
    customers.retain(|customer| cx.sees(customer));
    rows.retain(|row| customers.iter().any(|customer| customer.id == row.customer_id));
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if number.checked_mul(PAGE).is_none_or(|reach| reach > CEILING) {
        return Err(Error::PageBeyondCeiling);
    }
    let before = number.checked_sub(1).and_then(|before| before.checked_mul(PAGE)).ok_or(Error::Page)?;
    let before = usize::try_from(before).map_err(|_| Error::Page)?;
    let page = rows.into_iter().skip(before).take(usize::try_from(PAGE).unwrap_or_default());
    let mut watched = Vec::new();
    for row in page {
        if let Some(place) = customers.iter().position(|customer| customer.id == row.customer_id) {
            watched.push(Watched { customer: cx.show(customers.swap_remove(place))?, since: row.at });
        }
    }
    Ok(Page { watched, total })
}
