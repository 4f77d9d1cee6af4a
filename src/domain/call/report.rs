//! What a telephone system reports of a call, and what the call becomes by it.

use serde_json::Value;

use super::{Call, Direction, Leg, LegEnd};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ringing,
    Answered,
    Held,
    Resumed,
    Transferred,
    Ended,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Ringing, Self::Answered, Self::Held, Self::Resumed, Self::Transferred, Self::Ended];

    /// The wire's own word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Transferred => "transferred",
            Self::Ended => "ended",
        }
    }

    /// The event that tells of it.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Ringing => "call.ringing",
            Self::Answered => "call.answered",
            Self::Held => "call.held",
            Self::Resumed => "call.resumed",
            Self::Transferred => "call.transferred",
            Self::Ended => "call.ended",
        }
    }

    /// The kind of this name, with `call_` before it or without.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase();
        let name = name.strip_prefix("call_").or_else(|| name.strip_prefix("call.")).unwrap_or(&name);
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A report. What it does not know is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Whose telephone it is about: a login number.
    pub agent: Option<String>,
    /// When it happened, microseconds.
    pub at: i64,
    /// Whether the report said so; otherwise it is when the report came.
    pub is_dated: bool,
    pub direction: Option<Direction>,
    pub caller: Option<String>,
    pub callee: Option<String>,
    pub queue: Option<String>,
    pub data: Option<Value>,
    /// To whom a call is transferred: a login number or a number.
    pub to: Option<String>,
    /// The login number, where that is one.
    pub to_agent: Option<String>,
    pub duration: Option<i64>,
    pub recording: Option<String>,
    pub reason: Option<String>,
}

/// What a report has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was known.
    Nothing,
    /// Something was added that nobody needs to be told of.
    Known,
    Changed,
}

impl Call {
    /// Takes a report in.
    pub fn take(&mut self, kind: Kind, report: &Report) -> Happened {
        let before = self.clone();
        self.learn(report);
        match kind {
            Kind::Ringing => self.ringing(report),
            Kind::Answered => self.answered(report),
            Kind::Held => self.held(report, true),
            Kind::Resumed => self.held(report, false),
            Kind::Transferred => self.transferred(report),
            Kind::Ended => self.ended(report),
        }
        if self.legs != before.legs || self.ended_at != before.ended_at {
            Happened::Changed
        } else if *self == before {
            Happened::Nothing
        } else {
            Happened::Known
        }
    }

    /// Adds what was not known.
    fn learn(&mut self, report: &Report) {
        fn add<T: Clone>(known: &mut Option<T>, told: Option<&T>) {
            if known.is_none() {
                *known = told.cloned();
            }
        }
        add(&mut self.direction, report.direction.as_ref());
        add(&mut self.caller, report.caller.as_ref());
        add(&mut self.callee, report.callee.as_ref());
        add(&mut self.queue, report.queue.as_ref());
        add(&mut self.data, report.data.as_ref());
        add(&mut self.recording, report.recording.as_ref());
        if self.started_at == 0 || (report.is_dated && report.at < self.started_at) {
            self.started_at = report.at;
        }
    }

    fn ringing(&mut self, report: &Report) {
        let Some(agent) = &report.agent else { return };
        if let Some(leg) = self.leg_mut(agent) {
            leg.ringing_at.get_or_insert(report.at);
            // It rings once more where it has rung before; an undated report may be the same one again.
            let is_again = report.is_dated && leg.ended_at.is_some_and(|ended| ended < report.at);
            if !is_again {
                return;
            }
        }
        let mut leg = Leg::ringing(agent, report.at);
        match self.ended_at {
            // It had ended for this moment only: the queue, or a transfer, has found another.
            Some(ended) if report.at > ended && (report.is_dated || !self.was_answered()) => self.reopen(),
            Some(ended) => leg.finish(ended, LegEnd::Hangup),
            None => {}
        }
        // That it rang here, too, is told after another has answered.
        let answered = self.legs.iter().filter(|other| !other.is_of(agent)).filter_map(|other| other.answered_at);
        if let Some(answered) = answered.filter(|at| report.is_dated && *at >= report.at).min()
            && leg.is_open()
        {
            leg.finish(answered, LegEnd::Elsewhere);
        }
        self.add_leg(leg);
    }

    fn answered(&mut self, report: &Report) {
        let Some(agent) = &report.agent else { return };
        let ended = self.ended_at;
        if self.leg(agent).is_none() {
            let mut leg = Leg::ringing(agent, report.at);
            leg.ringing_at = None;
            self.add_leg(leg);
        }
        let Some(leg) = self.leg_mut(agent) else { return };
        let is_new = leg.answered_at.is_none();
        if leg.answered_at.is_none_or(|answered| report.is_dated && report.at < answered) {
            leg.answered_at = Some(report.at);
        }
        if let Some(ended) = ended
            && leg.end.is_none_or(|end| end == LegEnd::Missed)
        {
            leg.finish(ended, LegEnd::Hangup);
        }
        // Where it rings at several, the first who answers has it.
        let others = self.legs.iter_mut().filter(|leg| is_new && !leg.is_of(agent) && leg.is_open());
        for leg in others.filter(|leg| leg.answered_at.is_none()) {
            leg.finish(report.at, LegEnd::Elsewhere);
        }
    }

    fn held(&mut self, report: &Report, is_held: bool) {
        let Some(agent) = &report.agent else { return };
        let Some(leg) = self.leg_mut(agent).filter(|leg| leg.is_open() && leg.answered_at.is_some()) else { return };
        let last = leg.held_at.max(leg.resumed_at);
        if last.is_some_and(|last| report.at <= last) || leg.held_at.is_some() == is_held {
            return;
        }
        (leg.held_at, leg.resumed_at) = if is_held { (Some(report.at), None) } else { (None, Some(report.at)) };
    }

    fn transferred(&mut self, report: &Report) {
        let Some(agent) = &report.agent else { return };
        if self.leg(agent).is_none() {
            let mut leg = Leg::ringing(agent, report.at);
            leg.answered_at = Some(report.at);
            self.add_leg(leg);
        }
        let Some(leg) = self.leg_mut(agent) else { return };
        if leg.end == Some(LegEnd::Transferred) {
            return;
        }
        // Its end may have been told first.
        let at = leg.ended_at.unwrap_or(report.at);
        leg.finish(at, LegEnd::Transferred);
        leg.to.clone_from(&report.to);
        let Some(to) = &report.to_agent else { return };
        if self.leg(to).is_none() {
            self.ringing(&Report { agent: Some(to.clone()), ..report.clone() });
        }
    }

    fn ended(&mut self, report: &Report) {
        let is_over = self.ended_at.is_some();
        if self.duration.is_none() {
            self.duration = report.duration;
        }
        if let Some(agent) = &report.agent {
            match self.leg_mut(agent) {
                Some(leg) if leg.is_open() => {
                    // What rings again has begun after an end that comes late.
                    if report.is_dated && leg.ringing_at.is_some_and(|ringing| report.at < ringing) {
                        return;
                    }
                    leg.finish(report.at, LegEnd::Hangup);
                }
                Some(_) => {}
                None => {
                    let mut leg = Leg::ringing(agent, report.at);
                    leg.ringing_at = None;
                    leg.finish(report.at, LegEnd::Hangup);
                    self.add_leg(leg);
                }
            }
            let was_given_away = self.leg(agent).is_some_and(|leg| leg.end == Some(LegEnd::Transferred));
            let is_given_outside = was_given_away && self.legs.last().is_some_and(|leg| leg.is_of(agent));
            if is_given_outside || self.legs.iter().any(Leg::is_open) {
                return;
            }
        }
        if !is_over {
            self.reason.clone_from(&report.reason);
            self.end(report.at, LegEnd::Hangup);
        }
    }

    /// It goes on after all.
    fn reopen(&mut self) {
        self.ended_at = None;
        self.reason = None;
        self.duration = None;
    }
}
