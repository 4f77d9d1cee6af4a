//! What agents do.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{text, time};
use crate::domain::agent::AgentState;
use crate::domain::catalogue::Staff;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::agents::Agent;
use crate::ops::calls::{agent_of, sees_agent, states};
use crate::protocol::lenient::Scalar;

const LONGEST_REASON: usize = 100;
const MOST: i64 = 200;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct SetAgentState<'a>: again {
        /// offline (签出), free (签入, 示闲), busy (示忙), rest (小休); without it, nothing is changed.
        #[serde(borrow, default)]
        state: Option<Scalar<'a>>,
        /// At most 100 characters.
        #[serde(borrow, default)]
        reason: Option<Scalar<'a>>,
        /// Whose; your own unless it is given.
        #[serde(borrow, default)]
        agent: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct AgentShown {
    result: AgentBody,
}

/// An agent, and what he does.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Agent")]
struct AgentBody {
    agent: String,
    name: String,
    groups: Vec<i64>,
    state: AgentState,
    /// 签出、示闲、示忙、小休、振铃、通话、整理.
    title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Absent for who has never signed in for calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    /// When the state ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Whether he is signed in for calls, and none of his sockets is open.
    lost: bool,
}

fn body(cx: &Cx<'_>, staff: &Staff, agent: Agent) -> AgentBody {
    let zone = &cx.catalogue.company.time_zone;
    AgentBody {
        agent: staff.login_no.clone(),
        name: staff.name.clone(),
        groups: staff.groups.clone(),
        state: agent.state,
        title: agent.state.title(),
        reason: agent.reason,
        since: (agent.since > 0).then(|| times::to_second(agent.since, zone)),
        call_id: agent.call,
        until: agent.until.map(|until| times::to_second(until, zone)),
        lost: agent.lost_at.is_some(),
    }
}

pub async fn agent_state(cx: &Cx<'_>, request: SetAgentState<'_>) -> Result<AgentShown, Error> {
    let agent = agent_of(cx, request.agent.as_ref().and_then(Scalar::text).as_deref())?;
    let agent = agent.ok_or_else(|| Error::parameter("agent: 缺少 / is missing"))?;
    let staff = cx.catalogue.staff(&agent).ok_or(Error::NotFound)?;
    let now = match request.state.filter(|state| !state.is_empty()) {
        None => Agent::read(cx, &agent).await?,
        Some(state) => {
            let state = state.text().and_then(|state| AgentState::parse(&state));
            let state = state.filter(|state| AgentState::SET.contains(state));
            let state = state.ok_or_else(|| Error::one_of("state", &AgentState::SET.map(AgentState::name)))?;
            let reason = text("reason", request.reason, LONGEST_REASON)?.map(Cow::into_owned);
            states::set(cx, &agent, state, reason).await?
        }
    };
    Ok(AgentShown { result: body(cx, staff, now) })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAgents<'a> {
    /// Those of this group.
    #[serde(borrow, default)]
    group_id: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct AgentList {
    result: Vec<AgentBody>,
}

pub async fn list_agents(cx: &Cx<'_>, request: ListAgents<'_>) -> Result<AgentList, Error> {
    let group = match request.group_id.as_ref().filter(|group| !group.is_empty()) {
        None => None,
        Some(group) => {
            let group = group.integer().filter(|group| cx.catalogue.groups.contains_key(group));
            Some(group.ok_or(Error::GroupUnknown)?)
        }
    };
    let mut states = cx.scope.agent_states().await?;
    let mut state_of = |key: &str| {
        let place = states.iter().position(|row| row.login_key == key);
        place.map(|place| Agent::of(states.swap_remove(place)))
    };
    let wanted = cx.catalogue.staff.iter().filter(|(_, staff)| {
        !staff.disabled && group.is_none_or(|group| staff.groups.contains(&group)) && sees_agent(cx, &staff.login_no)
    });
    let result = wanted.map(|(key, staff)| body(cx, staff, state_of(key).unwrap_or_default())).collect();
    Ok(AgentList { result })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentHistory<'a> {
    /// Whose.
    #[serde(borrow)]
    #[schemars(required)]
    agent: Option<Scalar<'a>>,
    /// States that began before this time; now unless it is given.
    #[serde(borrow, default)]
    before: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct AgentStates {
    /// At most 200.
    result: Vec<StateBody>,
}

#[derive(Serialize, JsonSchema)]
struct StateBody {
    at: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub async fn agent_history(cx: &Cx<'_>, request: AgentHistory<'_>) -> Result<AgentStates, Error> {
    let agent = text("agent", request.agent, LONGEST_REASON)?;
    let agent = agent_of(cx, agent.as_deref())?.ok_or_else(|| Error::parameter("agent: 缺少 / is missing"))?;
    let before = request.before.as_ref().filter(|before| !before.is_empty());
    let before = before.map_or(Ok(i64::MAX), |before| time("before", cx, before))?;
    let zone = &cx.catalogue.company.time_zone;
    let rows = cx.scope.agent_state_log(&crate::domain::catalogue::login_key(&agent), before, MOST).await?;
    let result = rows.into_iter().map(|row| StateBody {
        at: times::to_second(row.at, zone),
        state: row.state,
        reason: row.reason,
    });
    Ok(AgentStates { result: result.collect() })
}
