//! Giving many customers to somebody: those of a list, those of a search, or all of who leaves.

use super::changes::{Changes, Moment, Patch};
use super::many::{Many, Outcome, Sight};
use super::{begin, merge};
use crate::domain::catalogue::{Staff, login_key};
use crate::domain::customer::Customer;
use crate::domain::role::Role;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::{Cx, idempotency};
use crate::store::search::Search;

/// The most that can be named one by one.
pub const MOST: usize = 1000;
/// Customers that are looked up at a time.
const PAGE: i64 = 500;

/// Which customers are meant.
pub enum Whom {
    These(Vec<i64>),
    Found(Box<Search>),
    /// Those of this owner, by his login number.
    Of(String),
}

/// To whom they are given: an owner, who looks after them in a group of his, or a group.
pub struct To<'a> {
    pub owner: Option<&'a str>,
    pub group: Option<i64>,
}

/// Gives customers to an owner, a group or both, and returns what has become of each.
pub async fn assign(cx: &Cx<'_>, whom: Whom, to: To<'_>) -> Result<Outcome, Error> {
    cx.require("assign_customers", Role::Supervisor)?;
    tries::texts(cx, to.owner)?;
    let changes = Assignment::check(cx, &to)?;
    if let Some(outcome) = idempotency::recall(cx, &mut begin(cx).await?).await? {
        return Ok(outcome);
    }
    let mut many = Many::default();
    match whom {
        Whom::These(ids) => drop(many.change(cx, &ids, Sight::Kept, |old| Ok(changes.of(cx, old))).await?),
        Whom::Found(search) => all(cx, &mut many, *search, &changes).await?,
        Whom::Of(login_no) => {
            let leaver = cx.catalogue.staff(&login_no).ok_or(Error::OwnerUnknown)?;
            let owner_key = Some(login_key(&leaver.login_no));
            all(cx, &mut many, Search { owner_key, within: cx.within(), ..Search::default() }, &changes).await?;
        }
    }
    let outcome = many.outcome;
    let mut tx = begin(cx).await?;
    idempotency::remember(cx, &mut tx, &outcome).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// All that a search finds, in the order of their ids: whoever is found anew by the change does not come again.
#[expect(clippy::disallowed_methods, reason = "counted first")]
async fn all(cx: &Cx<'_>, many: &mut Many, search: Search, changes: &Assignment<'_>) -> Result<(), Error> {
    tries::search(cx, &search)?;
    let mut last = 0;
    loop {
        let page = cx.scope.search_after(&search, last, PAGE).await?;
        let ids: Vec<i64> = page.iter().map(|row| row.id).collect();
        let Some(end) = ids.last() else { return Ok(()) };
        last = *end;
        if !many.change(cx, &ids, Sight::Kept, |old| Ok(changes.of(cx, old))).await? {
            return Ok(());
        }
    }
}

/// An assignment that keeps the rule of owner and group.
struct Assignment<'a> {
    owner: Option<&'a Staff>,
    group: Option<i64>,
    at: i64,
}

impl<'a> Assignment<'a> {
    fn check(cx: &'a Cx<'_>, to: &To<'_>) -> Result<Self, Error> {
        if to.owner.is_none() && to.group.is_none() {
            return Err(Error::parameter("serviceNo, servicegroupId: 至少给出一个 / expected at least one of these"));
        }
        let owner = to.owner.map(|owner| cx.catalogue.staff(owner).ok_or(Error::OwnerUnknown)).transpose()?;
        // Shown, and sent back, without seconds.
        let assignment = Self { owner, group: to.group, at: cx.now - cx.now.rem_euclid(60 * SECOND) };
        if let Some(changes) = assignment.of(cx, &Customer::default()) {
            merge::merge(&Customer::default(), changes, &cx.catalogue)?;
        }
        Ok(assignment)
    }

    /// The changes that it makes of a customer; `None` when it is so already.
    fn of(&self, cx: &Cx<'_>, old: &Customer) -> Option<Changes<'a>> {
        let own = cx.caller.operator.as_ref().map(|operator| operator.groups.as_slice()).unwrap_or_default();
        let group = self.group.or_else(|| self.owner.and_then(|owner| owner.group_for(old.group_id, own)));
        let same_owner = |owner: &Staff| old.owner_no.as_deref().map(login_key) == Some(login_key(&owner.login_no));
        let keeps_owner = self.owner.is_none_or(same_owner);
        if keeps_owner && group == old.group_id {
            return None;
        }
        Some(Changes {
            owner: self.owner.map_or(Patch::Keep, |owner| Patch::Set(owner.login_no.as_str().into())),
            group: group.map_or(Patch::Keep, Patch::Set),
            assigned_at: if keeps_owner { Patch::Keep } else { Patch::Set(Moment::at(self.at)) },
            ..Changes::default()
        })
    }
}
