//! What happens at a telephone, as it is reported.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{text, time};
use super::list::CallBody;
use super::pop;
use crate::domain::call::{Direction, Happened, Kind, Report};
use crate::error::Error;
use crate::ops::calls::{self, LONGEST_ID, number_as_told};
use crate::ops::{Cx, calls::report};
use crate::protocol::lenient::Scalar;

/// The most that a telephone system may add to a call, bytes of JSON.
const LARGEST_DATA: usize = 4096;
const LONGEST_TEXT: usize = 255;
const LONGEST_ADDRESS: usize = 1000;
/// The longest call, seconds.
const LONGEST_CALL: i64 = 7 * 24 * 60 * 60;

parameters! {
    /// That it rings at an agent.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CallRinging<'a>: call, ringing, again {}
}

parameters! {
    /// That something has become of a call at an agent.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CallMoved<'a>: call, again {}
}

parameters! {
    /// That the agent has given the call to another.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CallTransferred<'a>: call, again {
        /// A login number, or any other number.
        #[serde(borrow)]
        #[schemars(required)]
        to: Option<Scalar<'a>>,
        /// blind (unless it is given) or consult.
        #[serde(borrow, default)]
        kind: Option<Scalar<'a>>,
    }
}

parameters! {
    /// That the agent's part in a call has ended, or, from an app that names none, the whole call.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CallEnded<'a>: call, ended, again {}
}

parameters! {
    /// Any report; which members count depends on `event`.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct ReportCall<'a>: call, ringing, ended, again {
        /// ringing, answered, held, resumed, transferred or ended.
        #[serde(borrow)]
        #[schemars(required)]
        event: Option<Scalar<'a>>,
        /// To whom the agent has given it: a login number, or any other number.
        #[serde(borrow, default)]
        to: Option<Scalar<'a>>,
        /// blind (unless it is given) or consult.
        #[serde(borrow, default)]
        kind: Option<Scalar<'a>>,
    }
}

/// The call as it is now.
#[derive(Serialize, JsonSchema)]
pub struct CallTaken {
    /// Whether the report was new.
    changed: bool,
    result: CallBody,
}

/// What all reports have.
struct Head {
    id: String,
    report: Report,
}

fn head(
    cx: &Cx<'_>,
    id: Option<Scalar<'_>>,
    agent: Option<&Scalar<'_>>,
    at: Option<&Scalar<'_>>,
) -> Result<Head, Error> {
    let id = text("callId", id, LONGEST_ID)?.ok_or_else(|| Error::parameter("callId: 缺少 / is missing"))?;
    let agent = calls::agent_of(cx, agent.and_then(Scalar::text).as_deref())?;
    let given = at.filter(|at| !at.is_empty());
    let at = given.map(|at| time("at", cx, at)).transpose()?;
    let report = Report { agent, at: at.unwrap_or(cx.now), is_dated: at.is_some(), ..Report::default() };
    Ok(Head { id: id.into_owned(), report })
}

/// Fills in what a telephone system tells of who rings, of a request with those members.
macro_rules! rings {
    ($cx:ident, $report:expr, $request:ident) => {
        $report.caller = number($cx, "caller", $request.caller)?;
        $report.callee = number($cx, "callee", $request.callee)?;
        $report.direction = direction($request.direction.as_ref())?;
        $report.queue = text("queue", $request.queue, LONGEST_TEXT)?.map(Cow::into_owned);
        $report.data = data($request.data)?;
    };
}

/// Fills in what it tells of an end.
macro_rules! ends {
    ($report:expr, $request:ident) => {
        $report.duration = duration($request.duration.as_ref())?;
        $report.recording = text("recording", $request.recording, LONGEST_ADDRESS)?.map(Cow::into_owned);
        $report.reason = text("reason", $request.reason, LONGEST_TEXT)?.map(Cow::into_owned);
    };
}

fn number(cx: &Cx<'_>, name: &str, given: Option<Scalar<'_>>) -> Result<Option<String>, Error> {
    Ok(text(name, given, LONGEST_TEXT)?.and_then(|told| number_as_told(cx, &told)))
}

fn direction(given: Option<&Scalar<'_>>) -> Result<Option<Direction>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    let direction = given.text().and_then(|text| Direction::parse(&text));
    direction.map(Some).ok_or_else(|| Error::one_of("direction", &Direction::ALL.map(Direction::name)))
}

fn data(given: Option<Value>) -> Result<Option<Value>, Error> {
    let given = given.filter(|given| !given.is_null());
    if given.as_ref().is_some_and(|given| given.to_string().len() > LARGEST_DATA) {
        return Err(Error::parameter(format!("data: 最多 {LARGEST_DATA} 字节 / at most {LARGEST_DATA} bytes")));
    }
    Ok(given)
}

fn duration(given: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    let seconds = given.integer().filter(|seconds| (0..=LONGEST_CALL).contains(seconds));
    seconds.map(Some).ok_or_else(|| Error::expected("duration", "秒数", "a number of seconds"))
}

/// Fills in to whom a call is given.
fn transfer(cx: &Cx<'_>, report: &mut Report, to: Option<Scalar<'_>>, kind: Option<&Scalar<'_>>) -> Result<(), Error> {
    let to = text("to", to, LONGEST_TEXT)?.ok_or_else(|| Error::parameter("to: 缺少 / is missing"))?;
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        let kind = kind.text().unwrap_or_default().trim().to_ascii_lowercase();
        if !["blind", "consult"].contains(&kind.as_str()) {
            return Err(Error::one_of("kind", &["blind", "consult"]));
        }
    }
    if report.agent.is_none() {
        return Err(Error::parameter(
            "agent: 缺少，应为转出的工号 / is missing: whose telephone has given the call away",
        ));
    }
    report.to_agent = cx.catalogue.staff(&to).filter(|staff| !staff.disabled).map(|staff| staff.login_no.clone());
    report.to = Some(report.to_agent.clone().unwrap_or_else(|| to.into_owned()));
    Ok(())
}

async fn take(cx: &Cx<'_>, kind: Kind, Head { id, mut report }: Head) -> Result<CallTaken, Error> {
    if kind == Kind::Ringing {
        report.direction.get_or_insert(Direction::In);
    }
    report::count_numbers(cx, &report)?;
    if matches!(kind, Kind::Ringing | Kind::Transferred) {
        pop::show(cx, &id, kind, &report).await;
    }
    let done = report::report(cx, &id, kind, &report).await?;
    Ok(CallTaken { changed: done.happened == Happened::Changed, result: CallBody::of(cx, &done.call).await? })
}

pub async fn call_ringing(cx: &Cx<'_>, request: CallRinging<'_>) -> Result<CallTaken, Error> {
    let mut head = head(cx, request.call_id, request.agent.as_ref(), request.at.as_ref())?;
    rings!(cx, head.report, request);
    take(cx, Kind::Ringing, head).await
}

async fn moved(cx: &Cx<'_>, kind: Kind, request: CallMoved<'_>) -> Result<CallTaken, Error> {
    take(cx, kind, head(cx, request.call_id, request.agent.as_ref(), request.at.as_ref())?).await
}

pub async fn call_answered(cx: &Cx<'_>, request: CallMoved<'_>) -> Result<CallTaken, Error> {
    moved(cx, Kind::Answered, request).await
}

pub async fn call_held(cx: &Cx<'_>, request: CallMoved<'_>) -> Result<CallTaken, Error> {
    moved(cx, Kind::Held, request).await
}

pub async fn call_resumed(cx: &Cx<'_>, request: CallMoved<'_>) -> Result<CallTaken, Error> {
    moved(cx, Kind::Resumed, request).await
}

pub async fn call_transferred(cx: &Cx<'_>, request: CallTransferred<'_>) -> Result<CallTaken, Error> {
    let mut head = head(cx, request.call_id, request.agent.as_ref(), request.at.as_ref())?;
    transfer(cx, &mut head.report, request.to, request.kind.as_ref())?;
    take(cx, Kind::Transferred, head).await
}

pub async fn call_ended(cx: &Cx<'_>, request: CallEnded<'_>) -> Result<CallTaken, Error> {
    let mut head = head(cx, request.call_id, request.agent.as_ref(), request.at.as_ref())?;
    ends!(head.report, request);
    take(cx, Kind::Ended, head).await
}

pub async fn report_call(cx: &Cx<'_>, request: ReportCall<'_>) -> Result<CallTaken, Error> {
    let kind = request.event.as_ref().and_then(Scalar::text).and_then(|text| Kind::parse(&text));
    let kind = kind.ok_or_else(|| Error::one_of("event", &Kind::ALL.map(Kind::name)))?;
    let mut head = head(cx, request.call_id, request.agent.as_ref(), request.at.as_ref())?;
    rings!(cx, head.report, request);
    ends!(head.report, request);
    if kind == Kind::Transferred {
        transfer(cx, &mut head.report, request.to, request.kind.as_ref())?;
    }
    take(cx, kind, head).await
}
