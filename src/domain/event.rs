//! What others are told of a change.

use std::sync::OnceLock;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::change::Line;
use super::customer::Customer;

/// The kinds of events, as the wire calls them.
pub const CREATED: &str = "customer.created";
pub const UPDATED: &str = "customer.updated";
/// Somebody else looks after the customer now.
pub const ASSIGNED: &str = "customer.assigned";
pub const DELETED: &str = "customer.deleted";
pub const RESTORED: &str = "customer.restored";
/// Customers became one: told of the one that they are now, and of those that are in it.
pub const MERGED: &str = "customer.merged";
/// They are several again.
pub const UNMERGED: &str = "customer.unmerged";
/// There is something new in a customer's history.
pub const FEED_ADDED: &str = "feed.added";
/// The company's lists, people or rights have changed.
pub const COMPANY_CHANGED: &str = "dictionary.changed";
/// What begins the kinds of events about calls, agents, and tickets.
pub const CALL: &str = "call.";
pub const AGENT: &str = "agent.";
pub const TICKET: &str = "ticket.";
pub const CALL_MISSED: &str = "call.missed";
/// An agent wants to call, for his telephone.
pub const CALL_DIAL: &str = "call.dial";
pub const AGENT_STATE: &str = "agent.state";
pub const TICKET_CREATED: &str = "ticket.created";
pub const TICKET_UPDATED: &str = "ticket.updated";
/// Somebody else is to do it now.
pub const TICKET_ASSIGNED: &str = "ticket.assigned";
/// The time has come that an agent wanted to be reminded at.
pub const REMINDER_DUE: &str = "reminder.due";
/// What begins the kinds of events about the customers that an agent follows, for him alone.
pub const WATCH: &str = "watch.";
pub const WATCH_ADDED: &str = "watch.added";
pub const WATCH_REMOVED: &str = "watch.removed";
/// Somebody has opened a customer, or closed it.
pub const VIEWING: &str = "viewing";
/// The customer is not one any more whom the subscriber sees. It stands in no table: it is what he is told instead.
pub const LEFT: &str = "customer.left";

/// An event as it is stored.
#[derive(Debug)]
pub struct Event {
    /// Its number in the company, without gaps.
    pub seq: i64,
    /// Microseconds.
    pub at: i64,
    pub kind: String,
    /// 0 where it is about no customer.
    pub customer: i64,
    /// The login number of who did it.
    pub actor: String,
    pub body: Body,
    /// When this process read it.
    pub read_at: Instant,
    /// What is sent of it, made when it is first wanted.
    pub forms: Forms,
}

/// One event as it is told to those who see it alike: each is written once, whoever is told.
#[derive(Debug, Default)]
pub struct Forms {
    pub shown: OnceLock<Utf8Bytes>,
    pub masked: OnceLock<Utf8Bytes>,
    pub left: OnceLock<Utf8Bytes>,
}

/// What an event tells of its customer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Body {
    /// Of the customer, after the change.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: i64,
    /// Each field before and after, `{field: [old, new]}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub changes: Map<String, Value>,
    /// Who looked after the customer before; none when there was no such customer. Of an event about no customer: whom it
    /// is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Place>,
    /// Who does now; none when there is no such customer any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Place>,
    /// The [login key](super::catalogue::login_key) of the only one who is told of it; everybody may be when there is none.
    #[serde(default, rename = "onlyTo", skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The login keys of the agents whom it is about: told to who sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// When the call began to ring at its agent, or at whom he gives it to, microseconds. It is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<i64>,
    /// The customer's numbers before and after, for those from whom they are hidden. They are not sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// Who is to be told of it in iBiz PLM.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub notify: Value,
    /// What else there is to tell of this kind, under other names than the members above.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Who looks after a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
}

impl Place {
    #[must_use]
    pub fn of(customer: &Customer) -> Self {
        Self { owner: customer.owner_no.clone(), group: customer.group_id }
    }
}

impl Body {
    /// Of a change of a customer: `old` is none for one that is new, `new` for one that is gone.
    #[must_use]
    pub fn of_change(old: Option<&Customer>, new: Option<&Customer>, lines: &[Line]) -> Self {
        let customers = || old.into_iter().chain(new);
        let mut phones: Vec<String> = Vec::new();
        for phone in customers().flat_map(|customer| &customer.phones) {
            if !phones.contains(&phone.content) {
                phones.push(phone.content.clone());
            }
        }
        Self {
            version: customers().map(|customer| customer.version).max().unwrap_or_default(),
            changes: lines
                .iter()
                .map(|line| (line.key(), Value::from(vec![line.old.clone(), line.new.clone()])))
                .collect(),
            was: old.map(Place::of),
            is: new.map(Place::of),
            phones,
            ..Self::default()
        }
    }

    /// Of an item that was added to the history of a customer.
    #[must_use]
    pub fn of_feed(kind: &str, id: i64, place: &Place) -> Self {
        let more = [("feedType".to_owned(), kind.into()), ("feedId".to_owned(), id.into())].into_iter().collect();
        Self { is: Some(place.clone()), was: Some(place.clone()), more, ..Self::default() }
    }

    /// What it is called when a customer was changed so.
    #[must_use]
    pub fn kind_of_update(&self) -> &'static str {
        if self.was == self.is { UPDATED } else { ASSIGNED }
    }
}
