//! A telephone call, as the reports of a telephone system tell of it.
//!
//! Reports come late, twice, and in any order: each adds what it knows, and what is known already stays. A call goes on as
//! long as one agent is on it; an agent's part of it is a [`Leg`].

mod report;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use report::{Happened, Kind, Report};

use super::catalogue::login_key;

/// The most legs that one call has; what rings on and on is one call all the same.
const MOST_LEGS: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
    /// Between two of the company's own telephones.
    Internal,
}

impl Direction {
    pub const ALL: [Self; 3] = [Self::In, Self::Out, Self::Internal];

    /// The wire's own word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
        }
    }

    /// Reads the wire's word, and those that telephone systems use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "in" | "inbound" | "incoming" | "呼入" => Some(Self::In),
            "out" | "outbound" | "outgoing" | "呼出" => Some(Self::Out),
            "internal" | "local" | "内部" => Some(Self::Internal),
            _ => None,
        }
    }

    /// What the call log calls it.
    #[must_use]
    pub fn call_type(self) -> &'static str {
        match self {
            Self::In => "呼入",
            Self::Out => "呼出",
            Self::Internal => "内部",
        }
    }
}

/// How far a call, or an agent's part of it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    Ringing,
    Talking,
    Held,
    Ended,
}

/// How an agent's part of a call came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LegEnd {
    /// Somebody hung up.
    Hangup,
    /// It rang, and he did not answer.
    Missed,
    /// It rang at several, and another answered.
    Elsewhere,
    Transferred,
    /// No report told of its end.
    Lost,
}

/// An agent's part of a call. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// His login number.
    pub agent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<i64>,
    /// When it was last held or resumed: what happened before changes nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<LegEnd>,
    /// To whom it was transferred: a login number, or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Leg {
    #[must_use]
    pub fn is_of(&self, agent: &str) -> bool {
        login_key(&self.agent) == login_key(agent)
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    #[must_use]
    pub fn state(&self) -> CallState {
        match self {
            Self { ended_at: Some(_), .. } => CallState::Ended,
            Self { held_at: Some(_), .. } => CallState::Held,
            Self { answered_at: Some(_), .. } => CallState::Talking,
            _ => CallState::Ringing,
        }
    }

    /// How long he talked, seconds.
    #[must_use]
    pub fn talked(&self) -> i64 {
        let both = self.answered_at.zip(self.ended_at);
        both.map_or(0, |(answered, ended)| ended.saturating_sub(answered).max(0) / super::times::SECOND)
    }
}

/// What is known of a call. Times are microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// What the telephone system calls it.
    pub id: String,
    /// When it was first heard of, or earlier where a report says so.
    pub started_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// What the telephone system adds: choices in its menu, an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    pub legs: Vec<Leg>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// How long was talked, seconds, where a report said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<i64>,
    /// Its item in the customer's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<i64>,
    /// What its agent wrote of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Call {
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction.unwrap_or(Direction::In)
    }

    /// The number of the other side, as the telephone system wrote it; none when it is withheld, or not known yet.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self.direction() {
            Direction::In => self.caller.as_deref(),
            Direction::Out | Direction::Internal => self.callee.as_deref(),
        }
    }

    #[must_use]
    pub fn state(&self) -> CallState {
        let open = || self.legs.iter().filter(|leg| leg.is_open());
        if self.ended_at.is_some() {
            CallState::Ended
        } else if open().any(|leg| leg.state() == CallState::Talking) {
            CallState::Talking
        } else if open().any(|leg| leg.state() == CallState::Held) {
            CallState::Held
        } else if self.was_answered() && open().next().is_none() {
            // Somebody outside has it.
            CallState::Talking
        } else {
            CallState::Ringing
        }
    }

    #[must_use]
    pub fn was_answered(&self) -> bool {
        self.legs.iter().any(|leg| leg.answered_at.is_some()) || self.duration.is_some_and(|seconds| seconds > 0)
    }

    /// Whether somebody called, and nobody answered.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.ended_at.is_some() && self.direction() == Direction::In && !self.was_answered()
    }

    /// How long was talked, seconds.
    #[must_use]
    pub fn talked(&self) -> i64 {
        self.duration.unwrap_or_else(|| self.legs.iter().map(Leg::talked).sum())
    }

    /// What the call log says of it: what its agent wrote, or how it ended.
    #[must_use]
    pub fn outcome(&self) -> String {
        let said = [self.result.as_deref(), self.note.as_deref()];
        let said: Vec<&str> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        match (said.is_empty(), self.was_answered(), self.direction()) {
            (false, _, _) => said.join("："),
            (true, true, _) => "已接通".to_owned(),
            (true, false, Direction::In) => "未接".to_owned(),
            (true, false, _) => "无人接听".to_owned(),
        }
    }

    /// The agent's part of it: the last one.
    #[must_use]
    pub fn leg(&self, agent: &str) -> Option<&Leg> {
        self.legs.iter().rfind(|leg| leg.is_of(agent))
    }

    fn leg_mut(&mut self, agent: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().rfind(|leg| leg.is_of(agent))
    }

    fn add_leg(&mut self, leg: Leg) {
        if self.legs.len() < MOST_LEGS {
            self.legs.push(leg);
        }
    }

    /// Ends the call, and what is open of it.
    pub fn end(&mut self, at: i64, end: LegEnd) {
        for leg in self.legs.iter_mut().filter(|leg| leg.is_open()) {
            leg.finish(at, end);
        }
        self.ended_at.get_or_insert(at);
    }

    /// Ends an agent's part, whom nobody has told of its end; the call with it, when nobody else is on it.
    pub fn lose(&mut self, agent: &str, at: i64) {
        if let Some(leg) = self.leg_mut(agent).filter(|leg| leg.is_open()) {
            leg.finish(at, LegEnd::Lost);
        }
        if self.legs.iter().all(|leg| !leg.is_open()) {
            self.ended_at.get_or_insert(at);
        }
    }
}

impl Leg {
    fn ringing(agent: &str, at: i64) -> Self {
        Self {
            agent: agent.to_owned(),
            ringing_at: Some(at),
            answered_at: None,
            held_at: None,
            resumed_at: None,
            ended_at: None,
            end: None,
            to: None,
        }
    }

    /// Ends it; who hung up before he answered missed it.
    fn finish(&mut self, at: i64, end: LegEnd) {
        let end = if end == LegEnd::Hangup && self.answered_at.is_none() { LegEnd::Missed } else { end };
        self.ended_at = Some(at.max(self.answered_at.or(self.ringing_at).unwrap_or(at)));
        self.held_at = None;
        self.end = Some(end);
    }
}

#[cfg(test)]
mod tests;
