//! What a subscriber may see.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::event::Place;
use crate::domain::rights::Reach;
use crate::error::Error;
use crate::ops::{Backend, Caller};
use crate::store::Within;

/// Whoever is told, with the rights that he has now.
pub struct Viewer {
    /// Those that he sees.
    within: Within,
    /// His login number, as such are compared; none for a program.
    login_key: Option<String>,
    groups: Vec<i64>,
    reach: Reach,
    /// The customers that he follows.
    watched: HashSet<i64>,
    pub masks: bool,
    pub catalogue: Arc<Catalogue>,
}

/// What is to be known of whoever is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Rights,
    /// Also which customers he follows.
    AlsoWatched,
}

impl Viewer {
    /// Returns what this caller may see now, with what has changed until this moment.
    pub async fn of(
        backend: &Backend,
        caller: &Caller,
        changed: Option<Instant>,
        wanted: Wanted,
    ) -> Result<Self, Error> {
        if let Some(changed) = changed {
            backend.catalogues.get_after(&backend.store.company(caller.company), changed).await?;
        }
        let cx = backend.context(caller).await?;
        let staff = caller.operator.as_ref().and_then(|operator| cx.catalogue.staff(&operator.login_no));
        let login_key = staff.map(|staff| login_key(&staff.login_no));
        let watched = match &login_key {
            Some(login_key) if wanted == Wanted::AlsoWatched => cx.scope.watched(login_key).await?,
            _ => Vec::new(),
        };
        Ok(Self {
            within: cx.within(),
            login_key,
            groups: staff.map(|staff| staff.groups.clone()).unwrap_or_default(),
            reach: if caller.operator.is_some() { cx.rights().reach } else { Reach::Company },
            watched: watched.into_iter().map(|row| row.customer_id).collect(),
            masks: cx.rights().masks(),
            catalogue: cx.catalogue,
        })
    }

    /// Whether he sees a customer whom these look after.
    #[must_use]
    pub fn sees(&self, place: &Place) -> bool {
        self.within.holds(place.owner.as_deref(), place.group)
    }

    /// Whether this is his [login key](login_key).
    #[must_use]
    pub fn is(&self, login_key: &str) -> bool {
        self.login_key.as_deref() == Some(login_key)
    }

    /// Whether he sees what one of these agents does, by their login keys.
    #[must_use]
    pub fn sees_one_of(&self, agents: &[String]) -> bool {
        let shares = |agent: &String| {
            let staff = self.catalogue.staff.get(agent);
            staff.is_some_and(|staff| staff.groups.iter().any(|group| self.groups.contains(group)))
        };
        self.reach == Reach::Company
            || agents.iter().any(|agent| self.is(agent) || (self.reach == Reach::Group && shares(agent)))
    }

    /// Whether he looks after the customer.
    #[must_use]
    pub fn owns(&self, place: &Place) -> bool {
        let owner = place.owner.as_deref().map(login_key);
        owner.is_some() && owner == self.login_key
    }

    /// Whether he follows this customer.
    #[must_use]
    pub fn watches(&self, customer: i64) -> bool {
        self.watched.contains(&customer)
    }

    /// Whether one of his groups does.
    #[must_use]
    pub fn has_group(&self, place: &Place) -> bool {
        place.group.is_some_and(|group| self.groups.contains(&group))
    }
}
