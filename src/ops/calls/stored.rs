//! A call as it is stored, and what others are told of it.

use serde_json::{Map, Value};

use super::read;
use crate::domain::call::{Call, Report};
use crate::domain::catalogue::login_key;
use crate::domain::event::Body;
use crate::error::Error;
use crate::store::Tx;

/// A call with what is stored beside it.
pub(super) struct Stored {
    pub call: Call,
    /// 0 no, 1 somebody is to call back, 2 somebody has.
    pub missed: i64,
    pub handler: Option<String>,
}

impl Stored {
    pub(super) fn new(id: &str) -> Self {
        Self { call: Call::new(id), missed: 0, handler: None }
    }

    pub(super) async fn read(tx: &mut Tx, id: &str) -> Result<Option<Self>, Error> {
        let Some(row) = tx.call(id).await? else { return Ok(None) };
        Ok(Some(Self { call: read(&row)?, missed: row.missed, handler: row.handler_key }))
    }

    /// Stores it, and whose it is.
    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), Error> {
        let call = &self.call;
        let body = serde_json::to_string(call).map_err(|cause| Error::internal(&cause))?;
        let handler = self.handler.as_deref();
        tx.put_call(&call.id, call.started_at, call.ended_at, call.customer, self.missed, handler, &body).await?;
        for (nth, leg) in call.legs.iter().enumerate() {
            // Of several parts of one agent, the last says whether he is on it.
            let is_last = call.legs.iter().skip(nth + 1).all(|other| !other.is_of(&leg.agent));
            if is_last {
                let is_open = i64::from(leg.is_open());
                tx.put_call_agent(&login_key(&leg.agent), &call.id, call.started_at, is_open).await?;
            }
        }
        Ok(())
    }
}

/// Returns what others are told of a call.
pub(super) fn body_of(call: &Call, agent: Option<&str>, report: &Report) -> Body {
    let mut more = Map::new();
    more.insert("callId".into(), call.id.as_str().into());
    more.insert("state".into(), serde_json::to_value(call.state()).unwrap_or_default());
    more.insert("direction".into(), call.direction().name().into());
    let texts = [
        ("agent", agent),
        ("number", call.number()),
        ("queue", call.queue.as_deref()),
        ("to", report.to.as_deref()),
        ("reason", report.reason.as_deref()),
    ];
    let known = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
    more.extend(known);
    if call.ended_at.is_some() {
        more.insert("duration".into(), call.talked().into());
        more.insert("missed".into(), call.is_missed().into());
    }
    let mut agents: Vec<String> = call.legs.iter().map(|leg| login_key(&leg.agent)).collect();
    agents.sort();
    agents.dedup();
    let mut phones: Vec<String> = [&call.caller, &call.callee].into_iter().flatten().cloned().collect();
    phones.extend(report.to.iter().filter(|_| report.to_agent.is_none()).cloned());
    // To whom it is given it rings at.
    let whose = report.to_agent.as_deref().or(agent);
    let ring = whose.and_then(|agent| call.leg(agent)).and_then(|leg| leg.ringing_at);
    Body { agents, ring, phones, more, ..Body::default() }
}
