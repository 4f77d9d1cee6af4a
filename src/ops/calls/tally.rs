//! What calls come to, counted as they end by quarters of an hour.

use std::collections::BTreeMap;

use crate::domain::call::{Call, Direction, Leg, LegEnd};
use crate::domain::catalogue::login_key;
use crate::domain::times::QUARTER;
use crate::error::Error;
use crate::store::Tx;

/// What calls of a quarter of an hour came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub offered: i64,
    pub answered: i64,
    pub missed: i64,
    pub outgoing: i64,
    pub connected: i64,
    pub talk_seconds: i64,
    pub wrap_ups: i64,
    pub wrap_seconds: i64,
}

/// Adds what a call came to, or takes it back.
pub async fn count(tx: &mut Tx, call: &Call, sign: i64) -> Result<(), Error> {
    for ((quarter, login_key), counts) in counts_of(call) {
        let Counts { offered, answered, missed, outgoing, connected, talk_seconds, .. } = counts;
        let [offered, answered, missed] = [offered, answered, missed].map(|count| count * sign);
        let [outgoing, connected, talked] = [outgoing, connected, talk_seconds].map(|count| count * sign);
        tx.count_calls(quarter, &login_key, offered, answered, missed, outgoing, connected, talked, 0, 0).await?;
    }
    Ok(())
}

/// Returns what a call that has ended came to, for each agent who was on it.
fn counts_of(call: &Call) -> BTreeMap<(i64, String), Counts> {
    let mut all: BTreeMap<(i64, String), Counts> = BTreeMap::new();
    let quarter = |at: i64| at.div_euclid(QUARTER);
    for leg in &call.legs {
        let at = leg.ringing_at.or(leg.answered_at).unwrap_or(call.started_at);
        let counts = all.entry((quarter(at), login_key(&leg.agent))).or_default();
        add(counts, call, leg);
    }
    if call.legs.is_empty() && call.direction() == Direction::In {
        let counts = all.entry((quarter(call.started_at), String::new())).or_default();
        *counts = Counts { offered: 1, missed: 1, ..Counts::default() };
    }
    all
}

fn add(counts: &mut Counts, call: &Call, leg: &Leg) {
    let answered = i64::from(leg.answered_at.is_some());
    match call.direction() {
        Direction::In => {
            counts.offered += 1;
            counts.answered += answered;
            counts.missed += i64::from(leg.end == Some(LegEnd::Missed));
        }
        Direction::Out => {
            counts.outgoing += 1;
            counts.connected += answered;
        }
        Direction::Internal => return,
    }
    counts.talk_seconds += leg.talked();
}
