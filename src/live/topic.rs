//! What can be subscribed to.

use crate::domain::event::{Event, Place};

use super::viewer::Viewer;

/// The topics, as the wire calls them.
pub const NAMES: [&str; 4] = ["customers/all", "customers/group", "customers/mine", "customer/<id>"];
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
    /// One.
    Customer(i64),
}

impl Topic {
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim() {
            "customers/all" => Some(Self::All),
            "customers/group" => Some(Self::Group),
            "customers/mine" => Some(Self::Mine),
            other => other.strip_prefix("customer/")?.parse().ok().filter(|id| *id > 0).map(Self::Customer),
        }
    }

    /// Whether an event is about one of these customers, as they were or as they are now. What the company has set up
    /// concerns everybody.
    #[must_use]
    pub fn holds(self, event: &Event, viewer: &Viewer) -> bool {
        let places = || event.body.was.iter().chain(&event.body.is);
        match self {
            _ if event.customer == 0 => true,
            Self::All => true,
            Self::Group => places().any(|place: &Place| viewer.has_group(place)),
            Self::Mine => places().any(|place: &Place| viewer.owns(place)),
            Self::Customer(id) => event.customer == id,
        }
    }
}
