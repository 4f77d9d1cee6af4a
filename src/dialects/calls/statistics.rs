//! `reports`: what calls came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::time;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::counts::{self, By, Counts};
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Reports<'a> {
    /// calls.
    #[serde(borrow, default)]
    kind: Option<Scalar<'a>>,
    /// The first moment; its quarter of an hour counts as a whole.
    #[serde(borrow)]
    #[schemars(required)]
    from: Option<Scalar<'a>>,
    /// The end, at most 400 days later.
    #[serde(borrow)]
    #[schemars(required)]
    to: Option<Scalar<'a>>,
    /// agent (unless it is given), group, day or hour.
    #[serde(borrow, default)]
    by: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    result: Vec<ReportRow>,
}

/// What calls came to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReportRow {
    /// The login number, the group's id, or when the day or hour begins; empty: at no agent's telephone.
    name: String,
    /// How often it rang.
    offered: i64,
    answered: i64,
    missed: i64,
    /// Calls that agents made.
    outgoing: i64,
    connected: i64,
    talk_seconds: i64,
    /// Of the calls that were talked on; 0 when there are none.
    average_talk_seconds: i64,
    /// How often calls were written up.
    wrap_ups: i64,
    average_wrap_up_seconds: i64,
}

pub async fn reports(cx: &Cx<'_>, request: Reports<'_>) -> Result<Report, Error> {
    if let Some(kind) = request.kind.filter(|kind| !kind.is_empty())
        && kind.text().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("calls"))
    {
        return Err(Error::one_of("kind", &["calls"]));
    }
    let given = |name: &str, given: Option<Scalar<'_>>| {
        let given = given.filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| Error::parameter(format!("{name}: 缺少 / is missing")))?;
        time(name, cx, &given)
    };
    let (from, to) = (given("from", request.from)?, given("to", request.to)?);
    let by = match request.by.filter(|by| !by.is_empty()) {
        None => By::Agent,
        Some(by) => {
            let by = by.text().and_then(|by| By::parse(&by));
            by.ok_or_else(|| Error::one_of("by", &By::ALL.map(|(name, _)| name)))?
        }
    };
    let rows = counts::report(cx, from, to, by).await?;
    Ok(Report { result: rows.into_iter().map(|(name, counts)| row(name, counts)).collect() })
}

fn row(name: String, counts: Counts) -> ReportRow {
    let average = |sum: i64, of: i64| if of > 0 { sum / of } else { 0 };
    ReportRow {
        name,
        offered: counts.offered,
        answered: counts.answered,
        missed: counts.missed,
        outgoing: counts.outgoing,
        connected: counts.connected,
        talk_seconds: counts.talk_seconds,
        average_talk_seconds: average(counts.talk_seconds, counts.answered + counts.connected),
        wrap_ups: counts.wrap_ups,
        average_wrap_up_seconds: average(counts.wrap_seconds, counts.wrap_ups),
    }
}
