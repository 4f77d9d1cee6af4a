//! Going on in a list where a page has ended, whatever others write meanwhile.
//!
//! A cursor says where the last customer of the page stands in the order of the list. It comes back from the client, so it
//! is sealed: what is counted in it is true.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::json::{from_json, json_of};
use crate::domain::pinyin::sort_key;
use crate::domain::signature::seal;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::store::conditions::{Column, Direction};
use crate::store::search::{Key, Place, Search};

/// The longest cursor, bytes: names are the longest that it holds.
const LONGEST: usize = 16_384;

/// Where a page of a list has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// What the list is sorted by.
    order: String,
    key: Key,
    id: i64,
    /// The page that has ended, how many customers were listed until then, and of how many.
    pub page: i64,
    pub listed: i64,
    pub total: i64,
}

impl Cursor {
    /// Returns the cursor behind this customer, the last of a page.
    #[must_use]
    pub fn behind(last: &Shown, search: &Search, page: i64, listed: i64, total: i64) -> Self {
        let key = match search.conditions.order.first() {
            Some((Column::Name, _)) => Key::Text(sort_key(last.name.as_deref().unwrap_or_default())),
            Some((Column::CreatedAt, _)) => Key::Number(last.created_at),
            Some((Column::UpdatedAt, _)) => Key::Number(last.updated_at),
            Some((Column::AssignedAt, _)) => Key::Number(last.assigned_at.unwrap_or(0)),
            Some((Column::FollowedAt, _)) => Key::Number(last.last_follow_at.unwrap_or(0)),
            Some((Column::FollowCount, _)) => Key::Number(last.follow_count),
            Some((Column::Star, _)) => Key::Number(last.star),
            _ => Key::Number(0),
        };
        Self { order: order_of(search), key, id: last.id, page, listed, total }
    }

    /// Returns where the list goes on; `None` where it is another list's order.
    #[must_use]
    pub fn place(&self, search: &Search) -> Option<Place> {
        (self.order == order_of(search)).then(|| Place { key: self.key.clone(), id: self.id })
    }

    /// Returns it as clients keep it.
    pub fn write(&self, cx: &Cx<'_>) -> Result<String, Error> {
        let text = json_of(self)?;
        let seal = seal(&cx.catalogue.company.token_secret, &text);
        Ok(format!("{seal}{}", hex::encode(text)))
    }

    /// Reads one that this server, or another of the installation, has written.
    pub fn read(cx: &Cx<'_>, text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::parameter(
                "after: 应为上一页的 meta.after，排序相同 / expected meta.after of the page before, in the same order",
            )
        };
        let (sealed, text) = text.trim().split_at_checked(32).filter(|_| text.len() <= LONGEST).ok_or_else(wrong)?;
        let text = hex::decode(text).ok().and_then(|text| String::from_utf8(text).ok()).ok_or_else(wrong)?;
        let seal = seal(&cx.catalogue.company.token_secret, &text);
        if !bool::from(seal.as_bytes().ct_eq(sealed.as_bytes())) {
            return Err(wrong());
        }
        from_json(&text)
    }
}

/// What a list is sorted by, in a word.
fn order_of(search: &Search) -> String {
    match search.conditions.order.first() {
        None => String::new(),
        Some((column, Direction::Ascending)) => format!("{column:?}"),
        Some((column, Direction::Descending)) => format!("{column:?}:desc"),
    }
}
