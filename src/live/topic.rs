//! What can be subscribed to.

use crate::domain::event::{AGENT, CALL, COMPANY_CHANGED, Event, Place, TICKET, VIEWING};

use super::viewer::Viewer;

/// The topics, as the wire calls them.
pub const NAMES: [&str; 8] = [
    "customers/all",
    "customers/group",
    "customers/mine",
    "customers/watched",
    "customer/<id>",
    "calls",
    "presence",
    "tickets",
];
/// The most that one socket can have.
pub const MOST: usize = 100;

/// What somebody wants to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// All customers that he sees.
    All,
    /// Those of the groups he belongs to.
    Group,
    /// Those he looks after.
    Mine,
    /// Those he follows.
    Watched,
    /// One.
    Customer(i64),
    /// The calls of the agents whose customers he sees.
    Calls,
    /// What these agents do: their states, and whom they look at.
    Presence,
    /// The tickets of the customers that he sees.
    Tickets,
}

impl Topic {
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim() {
            "customers/all" => Some(Self::All),
            "customers/group" => Some(Self::Group),
            "customers/mine" => Some(Self::Mine),
            "customers/watched" => Some(Self::Watched),
            "calls" => Some(Self::Calls),
            "presence" => Some(Self::Presence),
            "tickets" => Some(Self::Tickets),
            other => other.strip_prefix("customer/")?.parse().ok().filter(|id| *id > 0).map(Self::Customer),
        }
    }

    /// Whether an event belongs to the topic: one about customers by how they were and how they are now. What the company
    /// has set up concerns everybody, and so does what only one is told of.
    #[must_use]
    pub fn holds(self, event: &Event, viewer: &Viewer) -> bool {
        if event.kind == COMPANY_CHANGED || event.body.to.is_some() {
            return true;
        }
        let is_of = |prefix: &str| event.kind.starts_with(prefix);
        let places = || event.body.was.iter().chain(&event.body.is);
        match self {
            Self::Calls => is_of(CALL),
            Self::Presence => is_of(AGENT) || event.kind == VIEWING,
            Self::Tickets => is_of(TICKET),
            _ if event.customer == 0 => false,
            Self::All => true,
            Self::Group => places().any(|place: &Place| viewer.has_group(place)),
            Self::Mine => places().any(|place: &Place| viewer.owns(place)),
            Self::Watched => viewer.watches(event.customer),
            Self::Customer(id) => event.customer == id,
        }
    }
}
