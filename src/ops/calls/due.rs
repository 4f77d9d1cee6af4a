//! What ends by itself: writing up, agents whose sockets are gone, calls of whose end nobody tells.

use std::collections::BTreeSet;

use super::report;
use super::{begin, states};
use crate::domain::agent::AgentState;
use crate::domain::times::{QUARTER, SECOND};
use crate::error::Error;
use crate::ops::customer::Origin;
use crate::ops::{Backend, Caller, Cx};

/// What is looked at of a company at a time.
const AT_A_TIME: i64 = 200;

/// A company, and the login key of one of its agents.
pub type Agent = (i64, String);

/// Ends what is due in all companies.
pub async fn end(backend: &Backend) -> Result<(), Error> {
    for company in backend.store.companies().await? {
        let caller = Caller::system(company.id);
        let cx = backend.context(&caller).await?;
        end_in(&cx).await?;
    }
    Ok(())
}

async fn end_in(cx: &Cx<'_>) -> Result<(), Error> {
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX / SECOND).saturating_mul(SECOND);
    let calls = &cx.backend.calls;
    let lost_before = cx.now.saturating_sub(seconds(calls.offline_after_seconds));
    for row in cx.scope.agent_states_due(cx.now, lost_before, AT_A_TIME).await? {
        let Some(staff) = cx.catalogue.staff.get(&row.login_key) else { continue };
        states::end_by_itself(cx, &staff.login_no, cx.now, lost_before).await?;
    }
    let since = cx.now.saturating_sub(seconds(calls.longest_minutes.saturating_mul(60)));
    for row in cx.scope.calls_open_since(since, AT_A_TIME).await? {
        let mut tx = begin(cx).await?;
        report::lose(cx, &mut tx, &row.call_id, None, &Origin::of(cx)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// At the start: no agent has a socket yet.
pub async fn begin_anew(backend: &Backend) -> Result<(), Error> {
    for company in backend.store.companies().await? {
        let mut tx = backend.store.company(company.id).write().await?;
        tx.set_all_agents_lost(backend.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Forgets tokens that are not good any more, and what is older than is kept.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    backend.pops.tidy();
    let now = backend.clock.now();
    let days = i64::try_from(backend.calls.keep_days).unwrap_or(i64::MAX);
    let before = now.saturating_sub(days.saturating_mul(24 * 60 * 60).saturating_mul(SECOND));
    for company in backend.store.companies().await? {
        let mut tx = backend.store.company(company.id).write().await?;
        tx.forget_dial_requests(now).await?;
        tx.forget_agent_states(before).await?;
        tx.forget_call_counts(before.div_euclid(QUARTER)).await?;
        tx.forget_work_counts(before.div_euclid(QUARTER)).await?;
        tx.commit().await?;
        // A part in each transaction: others write in between.
        let mut forgotten = u64::MAX;
        while forgotten >= AT_A_TIME.unsigned_abs() {
            let mut tx = backend.store.company(company.id).write().await?;
            forgotten = tx.forget_calls(before, AT_A_TIME).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Takes note of agents whose last socket here is gone, and of those who have one here again. One who has another on
/// another server is lost until that one looks.
pub async fn notice(backend: &Backend, gone: &BTreeSet<Agent>, here: &BTreeSet<Agent>) -> Result<(), Error> {
    for (company, login_key) in gone {
        set_lost(backend, *company, login_key, Some(backend.clock.now())).await?;
    }
    for company in here.iter().map(|(company, _)| *company).collect::<BTreeSet<_>>() {
        for row in backend.store.company(company).lost_agents().await? {
            if here.contains(&(company, row.login_key.clone())) {
                set_lost(backend, company, &row.login_key, None).await?;
            }
        }
    }
    Ok(())
}

async fn set_lost(backend: &Backend, company: i64, login_key: &str, lost_at: Option<i64>) -> Result<(), Error> {
    let scope = backend.store.company(company);
    let is_known = scope.agent_state(login_key).await?.is_some_and(|row| row.state != AgentState::Offline.name());
    if is_known {
        let mut tx = scope.write().await?;
        tx.set_agent_lost(login_key, lost_at).await?;
        tx.commit().await?;
    }
    Ok(())
}
