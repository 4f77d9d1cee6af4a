//! The history of a customer.

use crate::domain::feed::FeedKind;
use crate::error::Error;
use crate::ops::Cx;
use crate::store::rows::FeedRow;

/// Items on a page, unless the request says otherwise, and at most.
pub const PAGE_SIZE: i64 = 20;
pub const MOST_PAGE_SIZE: i64 = 100;

/// A page of a history.
pub struct Page {
    pub items: Vec<FeedRow>,
    pub number: i64,
    pub size: i64,
    pub total: i64,
}

/// Returns a page of these kinds of a customer's history, newest first. `number` counts from 1.
pub async fn page(cx: &Cx<'_>, customer: i64, kinds: &[FeedKind], number: i64, size: i64) -> Result<Page, Error> {
    if !(1..=MOST_PAGE_SIZE).contains(&size) {
        return Err(Error::PageSize { most: MOST_PAGE_SIZE });
    }
    if number < 1 {
        return Err(Error::Page);
    }
    let offset = number.checked_sub(1).and_then(|before| before.checked_mul(size)).ok_or(Error::Page)?;
    let total = cx.scope.feed_count(customer, kinds).await?;
    let items = if offset < total { cx.scope.feed(customer, kinds, size, offset).await? } else { Vec::new() };
    Ok(Page { items: cx.show_items(customer, items).await?, number, size, total })
}
