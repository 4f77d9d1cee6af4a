//! What agents do: what they set themselves, and what their calls make of it.

use serde_json::Map;

use super::{MOST_OPEN, tell};
use crate::domain::agent::AgentState;
use crate::domain::call::CallState;
use crate::domain::catalogue::login_key;
use crate::domain::event::{AGENT_STATE, Body};
use crate::domain::times::{self, QUARTER, SECOND};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::Origin;
use crate::store::Tx;
use crate::store::rows::AgentStateRow;

/// That an agent's part in a call has changed.
pub struct Moved {
    pub agent: String,
    pub state: CallState,
    pub was_answered: bool,
}

/// What an agent does, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub state: AgentState,
    pub reason: Option<String>,
    /// Microseconds.
    pub since: i64,
    pub call: Option<String>,
    /// What he did before the call, and will do again.
    pub before: AgentState,
    /// When it ends by itself.
    pub until: Option<i64>,
    /// Since when none of his sockets is open, though he is signed in for calls.
    pub lost_at: Option<i64>,
}

impl Default for Agent {
    /// One who has never signed in for calls.
    fn default() -> Self {
        let state = AgentState::Offline;
        Self { state, reason: None, since: 0, call: None, before: state, until: None, lost_at: None }
    }
}

impl Agent {
    #[must_use]
    pub fn of(row: AgentStateRow) -> Self {
        let state = |text: &str| AgentState::parse(text).unwrap_or(AgentState::Offline);
        Self {
            state: state(&row.state),
            before: state(&row.previous),
            reason: row.reason,
            since: row.since,
            call: row.call_id,
            until: row.ends_at,
            lost_at: row.lost_at,
        }
    }

    /// Returns what this agent does now.
    pub async fn read(cx: &Cx<'_>, login_no: &str) -> Result<Self, Error> {
        Ok(cx.scope.agent_state(&login_key(login_no)).await?.map(Self::of).unwrap_or_default())
    }
}

/// Returns what an agent does, as the transaction sees it.
pub(super) async fn read(tx: &mut Tx, login_no: &str) -> Result<Agent, Error> {
    Ok(tx.agent_state(&login_key(login_no)).await?.map(Agent::of).unwrap_or_default())
}

/// Stores what an agent does from now on, tells of it, and counts the writing-up that has ended.
pub(super) async fn write(
    cx: &Cx<'_>,
    tx: &mut Tx,
    login_no: &str,
    old: &Agent,
    new: &Agent,
    origin: &Origin,
) -> Result<(), Error> {
    let key = login_key(login_no);
    let (state, reason, call) = (new.state.name(), new.reason.as_deref(), new.call.as_deref());
    tx.put_agent_state(&key, state, reason, new.since, call, new.before.name(), new.until).await?;
    if (old.state, &old.reason, &old.call) == (new.state, &new.reason, &new.call) {
        return Ok(());
    }
    tx.log_agent_state(&key, new.since, state, reason).await?;
    if old.state == AgentState::WrapUp {
        let seconds = (new.since - old.since).max(0) / SECOND;
        tx.count_calls(old.since.div_euclid(QUARTER), &key, 0, 0, 0, 0, 0, 0, 1, seconds).await?;
    }
    let mut more = Map::new();
    more.insert("agent".into(), login_no.into());
    more.insert("state".into(), state.into());
    more.insert("since".into(), times::to_second(new.since, &cx.catalogue.company.time_zone).into());
    if let Some(reason) = reason {
        more.insert("reason".into(), reason.into());
    }
    if let Some(call) = call {
        more.insert("callId".into(), call.into());
    }
    tell(tx, AGENT_STATE, 0, &Body { agents: vec![key], more, ..Body::default() }, origin).await
}

/// Follows what has become of an agent's part in a call.
pub async fn follow(cx: &Cx<'_>, tx: &mut Tx, moved: &Moved, call: &str, origin: &Origin) -> Result<(), Error> {
    let old = read(tx, &moved.agent).await?;
    let before = match old.state {
        AgentState::Ringing | AgentState::Talking | AgentState::WrapUp => old.before,
        state => state,
    };
    let on = |state| Agent {
        state,
        before,
        reason: None,
        since: origin.at,
        call: Some(call.to_owned()),
        until: None,
        lost_at: old.lost_at,
    };
    let new = match moved.state {
        // Another call may wait while he talks.
        CallState::Ringing if old.state == AgentState::Talking => return Ok(()),
        CallState::Ringing => on(AgentState::Ringing),
        CallState::Talking | CallState::Held => on(AgentState::Talking),
        CallState::Ended => match other_call(tx, &moved.agent, call).await? {
            Some((other, state)) => Agent { call: Some(other), ..on(state) },
            None => after_call(cx, moved, on(before)),
        },
    };
    if (old.state, &old.call) == (new.state, &new.call) {
        return Ok(());
    }
    write(cx, tx, &moved.agent, &old, &new, origin).await
}

/// Returns what an agent does once his call has ended: he writes it up for a while, if he talked.
fn after_call(cx: &Cx<'_>, moved: &Moved, back: Agent) -> Agent {
    let seconds = i64::try_from(cx.backend.calls.wrap_up_seconds).unwrap_or(i64::MAX / SECOND);
    if !moved.was_answered || seconds == 0 || back.before == AgentState::Offline {
        return Agent { call: None, ..back };
    }
    let until = Some(back.since.saturating_add(seconds.saturating_mul(SECOND)));
    Agent { state: AgentState::WrapUp, until, ..back }
}

/// Returns another call that this agent is on, and what he does by it.
async fn other_call(tx: &mut Tx, agent: &str, ended: &str) -> Result<Option<(String, AgentState)>, Error> {
    let mut best = None;
    for row in tx.open_calls_of(&login_key(agent), MOST_OPEN).await?.into_iter().filter(|row| row.call_id != ended) {
        let call = super::read(&row)?;
        match call.leg(agent).map(crate::domain::call::Leg::state) {
            Some(CallState::Talking | CallState::Held) => return Ok(Some((row.call_id, AgentState::Talking))),
            Some(CallState::Ringing) => best = Some((row.call_id, AgentState::Ringing)),
            _ => {}
        }
    }
    Ok(best)
}
