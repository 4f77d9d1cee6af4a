//! The public pool: the customers whom nobody looks after. Agents take them, give theirs back, and lose those whom they do
//! not care for.

use super::changes::{Changes, Moment, Patch};
use super::many::{Many, Outcome, Sight};
use super::origin::Origin;
use super::{begin, merge, record, stored};
use crate::domain::catalogue::login_key;
use crate::domain::customer::Customer;
use crate::domain::rights::Reach;
use crate::domain::role::Role;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::rights::Shown;
use crate::ops::{Backend, Caller, Cx, idempotency};
use crate::store::conditions::{Column, Operand, Test};
use crate::store::filter::Condition;
use crate::store::rows::CustomerRow;

/// The most that can be given back at a time.
pub const MOST: usize = 1000;
/// Customers that are looked through at a time for those who go back.
const PAGE: i64 = 2000;

/// Which part of the pool is the caller's: that of his groups, and those of no group. `None` for all of it.
#[must_use]
pub fn within(cx: &Cx<'_>) -> Option<Condition> {
    let groups = groups(cx)?.into_iter().map(Operand::Integer).collect();
    let of_groups = Condition::Test(Column::Group, Test::OneOf(groups));
    Some(Condition::Any(vec![Condition::Test(Column::Group, Test::Empty), of_groups]))
}

/// The groups whose pool the caller sees; `None` for all.
fn groups(cx: &Cx<'_>) -> Option<Vec<i64>> {
    let operator = cx.caller.operator.as_ref().filter(|_| cx.rights().reach != Reach::Company)?;
    Some(cx.catalogue.staff(&operator.login_no).map(|staff| staff.groups.clone()).unwrap_or_default())
}

/// Whether a customer would be in the caller's part of the pool, if nobody looked after it.
fn is_near(cx: &Cx<'_>, row: &CustomerRow) -> bool {
    groups(cx).is_none_or(|groups| row.group_id.is_none_or(|group| groups.contains(&group)))
}

/// Gives customers back: an agent his own, a supervisor all whom he sees. They stay in their group.
pub async fn release(cx: &Cx<'_>, ids: &[i64]) -> Result<Outcome, Error> {
    cx.require("release_customers", Role::Agent)?;
    if let Some(outcome) = idempotency::recall(cx, &mut begin(cx).await?).await? {
        return Ok(outcome);
    }
    let own = cx.caller.operator.as_ref().map(|operator| login_key(&operator.login_no));
    let is_supervisor = cx.rights().role >= Role::Supervisor;
    let mut many = Many::default();
    let release = |old: &Customer| {
        let Some(owner) = old.owner_no.as_deref().map(login_key) else { return Ok(None) };
        if is_supervisor || Some(owner) == own {
            return Ok(Some(released()));
        }
        Err(Error::forbidden(
            "release_customers: 只能释放归属自己的客户 / customers of others are for supervisors to release",
        ))
    };
    many.change(cx, ids, Sight::MayEnd, release).await?;
    let outcome = many.outcome;
    let mut tx = begin(cx).await?;
    idempotency::remember(cx, &mut tx, &outcome).await?;
    tx.commit().await?;
    Ok(outcome)
}

fn released() -> Changes<'static> {
    Changes { owner: Patch::Clear, assigned_at: Patch::Clear, ..Changes::default() }
}

/// Makes a customer out of the pool the caller's own. Of many who want it at once, one gets it.
pub async fn claim(cx: &Cx<'_>, id: i64) -> Result<Shown, Error> {
    cx.require("claim_customer", Role::Agent)?;
    let operator = cx.caller.operator.as_ref();
    let operator = operator.ok_or_else(|| Error::forbidden("claim_customer: 只有坐席能领取 / only operators claim"))?;
    let own = login_key(&operator.login_no);
    let mut tx = begin(cx).await?;
    if let Some(row) = idempotency::recall::<CustomerRow>(cx, &mut tx).await? {
        return if cx.sees(&row) { cx.show(row) } else { Err(Error::NotFound) };
    }
    let row = tx.customer(id).await?.filter(|row| cx.sees(row) || is_near(cx, row)).ok_or(Error::NotFound)?;
    let old = Customer::try_from(row.clone())?;
    match old.owner_no.as_deref().map(login_key) {
        Some(owner) if owner == own => return cx.show(row),
        Some(_) => return Err(Error::NotInPool),
        None => {}
    }
    let most = cx.backend.pool.customers_per_agent;
    if most > 0 && tx.owned(&own, i64::from(most)).await?.is_some_and(|owned| owned.value >= i64::from(most)) {
        return Err(Error::PoolLimit { most });
    }
    let origin = Origin::of(cx);
    let staff = cx.catalogue.staff(&operator.login_no);
    let group = staff.and_then(|staff| staff.group_for(old.group_id, &operator.groups));
    let changes = Changes {
        owner: Patch::Set(operator.login_no.as_str().into()),
        group: group.map_or(Patch::Keep, Patch::Set),
        // Shown, and sent back, without seconds.
        assigned_at: Patch::Set(Moment::at(origin.at - origin.at.rem_euclid(60 * SECOND))),
        ..Changes::default()
    };
    let merged = merge::merge(&old, changes, &cx.catalogue)?;
    record::update(&mut tx, &cx.catalogue, &old, merged, &origin).await?;
    let row = stored(&mut tx, id).await?;
    idempotency::remember(cx, &mut tx, &row).await?;
    tx.commit().await?;
    cx.show(row)
}

/// Takes the customers back, in all companies, whom their owners have not contacted for as long as the settings say, and
/// who were not given to them since then.
pub async fn take_back(backend: &Backend) -> Result<(), Error> {
    let days = i64::try_from(backend.pool.take_back_days).unwrap_or(i64::MAX);
    if days == 0 {
        return Ok(());
    }
    let before = backend.clock.now().saturating_sub(days.saturating_mul(24 * 60 * 60 * SECOND));
    for company in backend.store.companies().await? {
        let caller = Caller::system(company.id);
        let cx = backend.context(&caller).await?;
        let Some(last) = cx.scope.last_customer().await? else { continue };
        let mut after = 0;
        while after < last.value {
            let idle = cx.scope.idle_customers(after, after + PAGE, before).await?;
            let ids: Vec<i64> = idle.into_iter().map(|row| row.value).collect();
            // There is time for all: nobody waits for it.
            let mut many = Many::default();
            let release = |old: &Customer| {
                let is_idle = |at: Option<i64>| at.is_none_or(|at| at < before);
                let is_still = old.owner_no.is_some() && is_idle(old.last_follow_at) && is_idle(old.assigned_at);
                Ok(is_still.then(released))
            };
            many.change(&cx, &ids, Sight::MayEnd, release).await?;
            after += PAGE;
        }
    }
    Ok(())
}
