//! 通道上发生的事，变成通话上报。 / What happens on channels, as reports of calls.
//!
//! A telephone system knows channels: one for each telephone on a call. laidian is told of agents: what each does on a call.
//! This keeps what channels there are and says what there is to report. Pure: it asks no clock, and sends nothing.

use std::collections::{BTreeMap, HashMap};

/// Beyond these the telephone system has not told of the end of most: all are forgotten.
const MOST_CHANNELS: usize = 10_000;

/// Whose extension it is: his login number.
pub type Agents = HashMap<String, String>;

/// The members of a report, as `POST /open_api/calls` takes them.
pub type Report = BTreeMap<&'static str, String>;

/// A telephone on a call.
#[derive(Debug)]
struct Channel {
    call: String,
    /// An extension, or any other number.
    number: String,
    agent: Option<String>,
    /// Those that came later have a greater one.
    nth: u64,
    has_rung: bool,
    is_answered: bool,
    /// He has given the call away, and his part is over.
    has_given: bool,
}

#[derive(Debug, Default)]
struct Call {
    caller: Option<String>,
    callee: Option<String>,
    queue: Option<String>,
    /// The channel that has called, and the agent whose it is.
    origin: Option<String>,
    from: Option<String>,
    /// Known as soon as it rings somewhere.
    direction: Option<&'static str>,
    /// Who has given it to whom is called next.
    giver: Option<String>,
    is_answered: bool,
    is_reported: bool,
}

/// The calls that there are.
#[derive(Debug, Default)]
pub struct Calls {
    agents: Agents,
    channels: HashMap<String, Channel>,
    calls: HashMap<String, Call>,
    seen: u64,
    /// When it happens, microseconds.
    at: i64,
    reports: Vec<Report>,
}

impl Calls {
    pub fn new(agents: Agents) -> Self {
        Self { agents, ..Self::default() }
    }

    /// What happens from here on happens at this time, microseconds, and later than what happened before.
    pub fn now(&mut self, at: i64) {
        self.at = at.max(self.at.saturating_add(1));
    }

    /// Returns what there is to report.
    pub fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Whether it is an agent's extension.
    pub fn knows(&self, extension: &str) -> bool {
        self.agents.contains_key(extension)
    }

    /// Whether a channel is no agent's.
    pub fn is_outside(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.agent.is_none())
    }

    /// The call that a channel is on.
    pub fn call_of(&self, channel: &str) -> Option<&str> {
        self.channels.get(channel).map(|channel| channel.call.as_str())
    }

    /// The channel that a channel talks to: the first of the others on its call.
    pub fn partner(&self, channel: &str) -> Option<&str> {
        let call = self.call_of(channel)?;
        let others = self.channels.iter().filter(|(id, other)| other.call == call && *id != channel);
        others.min_by_key(|(_, other)| other.nth).map(|(id, _)| id.as_str())
    }

    /// A channel is there, on this call and with this number; what is known of it already stays.
    pub fn appears(&mut self, channel: &str, call: &str, number: &str) {
        if self.channels.contains_key(channel) {
            return;
        }
        if self.channels.len() >= MOST_CHANNELS {
            self.channels.clear();
            self.calls.clear();
        }
        self.seen += 1;
        let new = Channel {
            call: call.to_owned(),
            number: number.to_owned(),
            agent: self.agents.get(number).cloned(),
            nth: self.seen,
            has_rung: false,
            is_answered: false,
            has_given: false,
        };
        self.channels.insert(channel.to_owned(), new);
        self.calls.entry(call.to_owned()).or_default();
    }

    /// A channel is the one that calls, and whom; what is known of it already stays.
    pub fn originates(&mut self, id: &str, caller: Option<&str>, dialled: Option<&str>) {
        let Some(channel) = self.channels.get(id) else { return };
        let Some(call) = self.calls.get_mut(&channel.call) else { return };
        if call.origin.is_none() {
            call.origin = Some(id.to_owned());
            call.from.clone_from(&channel.agent);
            call.caller = caller.map(str::to_owned);
        }
        if call.callee.is_none() {
            call.callee = dialled.map(str::to_owned);
        }
    }

    /// A call waits in a queue.
    pub fn queues(&mut self, channel: &str, queue: &str) {
        let Some(channel) = self.channels.get(channel) else { return };
        if let Some(call) = self.calls.get_mut(&channel.call) {
            call.queue = Some(queue.to_owned());
        }
    }

    /// A channel is called: to it the call is given, where somebody has given it away.
    pub fn called(&mut self, channel: &str) {
        let Some(channel) = self.channels.get(channel) else { return };
        let Some(giver) = self.calls.get_mut(&channel.call).and_then(|call| call.giver.take()) else { return };
        let (id, to) = (channel.call.clone(), channel.agent.as_ref().unwrap_or(&channel.number).clone());
        self.report("transferred", &id, Some(&giver), &[("to", &to), ("kind", "blind")]);
    }

    /// It rings at the agent who is called, or the agent who calls hears it ring.
    pub fn rings(&mut self, id: &str) {
        self.called(id);
        let Some(channel) = self.channels.get_mut(id) else { return };
        let Some(call) = self.calls.get_mut(&channel.call) else { return };
        // A telephone that rings for its own agent's call is picked up to make it.
        let is_origin = call.origin.as_deref() == Some(id);
        if is_origin || std::mem::replace(&mut channel.has_rung, true) {
            return;
        }
        let direction = *call.direction.get_or_insert(match (&call.from, &channel.agent) {
            (None, _) => "in",
            (Some(_), Some(_)) => "internal",
            (Some(_), None) => "out",
        });
        let calling = call.from.as_ref().filter(|_| !call.is_reported);
        let Some(agent) = channel.agent.as_ref().or(calling).cloned() else { return };
        let dialled = call.callee.as_ref().unwrap_or(&channel.number).clone();
        let (id, caller, queue) = (channel.call.clone(), call.caller.clone(), call.queue.clone());
        let known = [("caller", caller.as_deref()), ("queue", queue.as_deref())];
        let known = known.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let more: Vec<_> = known.chain([("callee", &*dialled), ("direction", direction)]).collect();
        self.report("ringing", &id, Some(&agent), &more);
    }

    /// A channel that was called is answered.
    pub fn answers(&mut self, id: &str) {
        self.rings(id);
        let Some(channel) = self.channels.get_mut(id) else { return };
        let Some(call) = self.calls.get_mut(&channel.call) else { return };
        if call.origin.as_deref() == Some(id) || std::mem::replace(&mut channel.is_answered, true) {
            return;
        }
        let is_first = !std::mem::replace(&mut call.is_answered, true);
        let calling = call.from.clone().filter(|_| is_first && call.direction != Some("in"));
        let id = channel.call.clone();
        // Whom it rings at comes first: who answers while it rings takes it from the others.
        for agent in [channel.agent.clone(), calling].into_iter().flatten() {
            self.report("answered", &id, Some(&agent), &[]);
        }
    }

    /// An agent holds his call, or takes it back.
    pub fn holds(&mut self, channel: &str, is_held: bool) {
        let Some(channel) = self.channels.get(channel) else { return };
        let (id, agent) = (channel.call.clone(), channel.agent.clone());
        if let Some(agent) = agent {
            self.report(if is_held { "held" } else { "resumed" }, &id, Some(&agent), &[]);
        }
    }

    /// An agent gives his call to a number.
    pub fn gives(&mut self, channel: &str, to: &str, kind: &str) {
        let to = self.agents.get(to).map_or(to, String::as_str).to_owned();
        let Some(channel) = self.channels.get_mut(channel) else { return };
        let (id, agent) = (channel.call.clone(), channel.agent.clone());
        if let Some(agent) = agent {
            channel.has_given = true;
            self.report("transferred", &id, Some(&agent), &[("to", &to), ("kind", kind)]);
        }
    }

    /// An agent has given his call to whom is called next, or has been called since.
    pub fn gives_to_next(&mut self, channel: &str) {
        let Some(channel) = self.channels.get_mut(channel) else { return };
        let Some(agent) = channel.agent.clone() else { return };
        channel.has_given = true;
        let (id, nth) = (channel.call.clone(), channel.nth);
        let later = self.channels.iter().filter(|(_, other)| other.call == id && other.nth > nth);
        let next = later.max_by_key(|(_, other)| other.nth).map(|(next, _)| next.clone());
        if let Some(call) = self.calls.get_mut(&id) {
            call.giver = Some(agent);
        }
        if let Some(next) = next {
            self.called(&next);
        }
    }

    /// Two channels that were on different calls talk to each other: who was on both has given the one to the other.
    pub fn joins(&mut self, one: &str, other: &str) {
        let (Some(first), Some(second)) = (self.channels.get(one), self.channels.get(other)) else { return };
        if first.call == second.call {
            return;
        }
        // The agents' call among themselves is the one that ends.
        let is_internal =
            |channel: &Channel| self.calls.get(&channel.call).is_some_and(|call| call.direction == Some("internal"));
        let first_moves = is_internal(first) && !is_internal(second);
        let (stays, moves, id) = if first_moves { (second, first, one) } else { (first, second, other) };
        let (kept, left) = (stays.call.clone(), moves.call.clone());
        let (agent, is_answered) = (moves.agent.clone(), moves.is_answered);
        let to = agent.as_ref().unwrap_or(&moves.number).clone();
        let on = |call: &str, agent: &str| {
            self.channels.values().any(|channel| channel.call == call && channel.agent.as_deref() == Some(agent))
        };
        let on_both = self.channels.iter().find(|(_, channel)| {
            channel.call == kept
                && channel.agent.as_deref().is_some_and(|giver| on(&left, giver) && Some(giver) != agent.as_deref())
        });
        if let Some(giver) = on_both.map(|(id, _)| id.clone()) {
            self.gives(&giver, &to, "consult");
        }
        if let Some(moved) = self.channels.get_mut(id) {
            moved.call.clone_from(&kept);
        }
        if self.calls.remove(&left).is_some_and(|call| call.is_reported) {
            self.report("ended", &left, None, &[("reason", "transferred")]);
        }
        if let Some(agent) = agent.filter(|_| is_answered) {
            self.report("answered", &kept, Some(&agent), &[]);
        }
    }

    /// A channel is gone. With the last one its call has ended, and before that the part of its agent.
    pub fn leaves(&mut self, channel: &str, reason: &str) {
        let Some(channel) = self.channels.remove(channel) else { return };
        let left = || self.channels.values().filter(|other| other.call == channel.call);
        let is_last = left().next().is_none();
        // He may have two telephones.
        let is_told = channel.has_given || left().any(|other| other.agent == channel.agent);
        let Some(call) = self.calls.get(&channel.call) else { return };
        let is_reported = call.is_reported;
        let was_his = channel.has_rung || call.from == channel.agent;
        if is_last {
            self.calls.remove(&channel.call);
            if is_reported {
                self.report("ended", &channel.call, None, &[("reason", reason)]);
            }
        } else if let Some(agent) = channel.agent.filter(|_| is_reported && was_his && !is_told) {
            self.report("ended", &channel.call, Some(&agent), &[("reason", reason)]);
        }
    }

    fn report(&mut self, event: &str, call: &str, agent: Option<&str>, more: &[(&'static str, &str)]) {
        if let Some(call) = self.calls.get_mut(call) {
            call.is_reported = true;
        }
        let at = format!("{}.{:06}", self.at / 1_000_000, self.at % 1_000_000);
        let all = [("event", event), ("callId", call), ("at", &at)];
        let all = all.into_iter().chain(agent.map(|agent| ("agent", agent))).chain(more.iter().copied());
        self.reports.push(all.map(|(name, value)| (name, value.to_owned())).collect());
    }
}
