//! What agents set themselves, and what ends by itself.

use super::agents::{self, Agent};
use super::{MOST_OPEN, begin, leads, report};
use crate::domain::agent::AgentState;
use crate::domain::catalogue::login_key;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::Origin;

/// Sets what an agent does. What he sets while a call is open that he is not on any more ends it; on a call, it is what
/// he does afterwards.
pub async fn set(cx: &Cx<'_>, agent: &str, state: AgentState, reason: Option<String>) -> Result<Agent, Error> {
    let own = cx.caller.operator.as_ref().is_some_and(|operator| login_key(&operator.login_no) == login_key(agent));
    if !own && !leads(cx, agent) {
        return Err(Error::forbidden("agent: 只能设置自己的状态 / only your own state can be set"));
    }
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    let mut old = agents::read(&mut tx, agent).await?;
    if old.state.is_of_call() {
        // He has hung up, whether or not somebody has told of it.
        for row in tx.open_calls_of(&login_key(agent), MOST_OPEN).await? {
            report::lose(cx, &mut tx, &row.call_id, Some(agent), &origin).await?;
        }
        old = agents::read(&mut tx, agent).await?;
    }
    let new = Agent { state, before: state, reason, since: origin.at, call: None, until: None, lost_at: None };
    if (old.state, &old.reason) == (new.state, &new.reason) {
        tx.commit().await?;
        return Ok(old);
    }
    agents::write(cx, &mut tx, agent, &old, &new, &origin).await?;
    tx.set_agent_lost(&login_key(agent), None).await?;
    tx.commit().await?;
    Ok(new)
}

/// Goes on with what an agent did before the call that he has written up, or signs out who has been lost for too long.
pub(super) async fn end_by_itself(cx: &Cx<'_>, login_no: &str, now: i64, lost_before: i64) -> Result<(), Error> {
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    let old = agents::read(&mut tx, login_no).await?;
    let is_lost = old.lost_at.is_some_and(|lost| lost <= lost_before) && !old.state.is_of_call();
    let is_over = old.until.is_some_and(|until| until <= now);
    if !is_lost && !is_over {
        return Ok(());
    }
    let state = if is_lost { AgentState::Offline } else { old.before };
    let reason = is_lost.then(|| "lost".to_owned());
    let new = Agent { state, before: state, reason, since: origin.at, call: None, until: None, lost_at: None };
    agents::write(cx, &mut tx, login_no, &old, &new, &origin).await?;
    tx.commit().await?;
    Ok(())
}
