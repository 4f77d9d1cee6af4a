//! `reports`: what calls and other work came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::time;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::reports::By;
use crate::ops::reports::calls::{self, Counts};
use crate::ops::reports::work::{self, Work};
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Reports<'a> {
    /// calls (unless it is given), follow_ups or conversion.
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

#[derive(Debug, Clone, Copy)]
enum Kind {
    Calls,
    FollowUps,
    Conversion,
}

impl Kind {
    const ALL: [(&str, Self); 3] =
        [("calls", Self::Calls), ("follow_ups", Self::FollowUps), ("conversion", Self::Conversion)];

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
    }
}

/// The rows that were asked for, each called by the login number, the group's id, or when the day or hour begins.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    result: Rows,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Rows {
    Calls(Vec<CallsRow>),
    FollowUps(Vec<FollowUpsRow>),
    Conversion(Vec<ConversionRow>),
}

/// What calls came to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CallsRow {
    /// Empty: at no agent's telephone.
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

/// What was written down.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FollowUpsRow {
    name: String,
    follow_ups: i64,
    /// Customers with whom these were, each once a day; by agent, once a day for each agent.
    customers: i64,
    /// Customers who had no follow-up before.
    first_contacts: i64,
}

/// Which deal flags customers got.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConversionRow {
    name: String,
    /// As of `follow_ups`.
    customers: i64,
    /// How often one got a deal flag that is called like a deal: 成交 or 签约.
    deals: i64,
    /// Of one customer; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    deal_rate: Option<f64>,
    deal_flags: Vec<FlagRow>,
}

/// How often a customer got a deal flag.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DealFlagGained")]
struct FlagRow {
    value: String,
    name: String,
    customers: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
}

pub async fn reports(cx: &Cx<'_>, request: Reports<'_>) -> Result<Report, Error> {
    let kind = named("kind", request.kind.as_ref(), Kind::parse, &Kind::ALL.map(|(name, _)| name))?;
    let by = named("by", request.by.as_ref(), By::parse, &By::ALL.map(|(name, _)| name))?.unwrap_or(By::Agent);
    let (from, to) = (moment(cx, "from", request.from)?, moment(cx, "to", request.to)?);
    let result = match kind.unwrap_or(Kind::Calls) {
        Kind::Calls => {
            let rows = calls::report(cx, from, to, by).await?.into_iter();
            Rows::Calls(rows.map(|(name, counts)| of_calls(name, counts)).collect())
        }
        Kind::FollowUps => {
            let rows = work::report(cx, from, to, by).await?.into_iter();
            let rows = rows.filter(|(_, work)| work.follow_ups > 0);
            Rows::FollowUps(rows.map(|(name, work)| of_follow_ups(name, &work, by)).collect())
        }
        Kind::Conversion => {
            let rows = work::report(cx, from, to, by).await?.into_iter();
            Rows::Conversion(rows.map(|(name, work)| of_conversion(cx, name, &work, by)).collect())
        }
    };
    Ok(Report { result })
}

/// Returns which of some names was given.
fn named<T>(
    field: &str,
    given: Option<&Scalar<'_>>,
    parse: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> Result<Option<T>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    let known = given.text().and_then(|text| parse(&text));
    known.map(Some).ok_or_else(|| Error::one_of(field, names))
}

fn moment(cx: &Cx<'_>, name: &str, given: Option<Scalar<'_>>) -> Result<i64, Error> {
    let given = given.filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| Error::parameter(format!("{name}: 缺少 / is missing")))?;
    time(name, cx, &given)
}

fn of_calls(name: String, counts: Counts) -> CallsRow {
    let average = |sum: i64, of: i64| if of > 0 { sum / of } else { 0 };
    CallsRow {
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

fn customers_of(work: &Work, by: By) -> i64 {
    if by == By::Agent { work.own_customers } else { work.customers }
}

fn of_follow_ups(name: String, work: &Work, by: By) -> FollowUpsRow {
    FollowUpsRow {
        name,
        follow_ups: work.follow_ups,
        customers: customers_of(work, by),
        first_contacts: work.first_contacts,
    }
}

fn of_conversion(cx: &Cx<'_>, name: String, work: &Work, by: By) -> ConversionRow {
    let customers = customers_of(work, by);
    let (flags, deals) = (&cx.catalogue.flags, work.deals(cx));
    // In the order of the list; what it has lost comes last.
    let mut gained: Vec<(&String, i64)> = work.gained.iter().map(|(value, gained)| (value, *gained)).collect();
    gained
        .sort_by_key(|(value, _)| flags.entries.iter().position(|entry| entry.value == **value).unwrap_or(usize::MAX));
    let flag = |(value, gained): (&String, i64)| FlagRow {
        value: value.clone(),
        name: flags.name_of(value).to_owned(),
        customers: gained,
        rate: rate(gained, customers),
    };
    ConversionRow {
        name,
        customers,
        deals,
        deal_rate: rate(deals, customers),
        deal_flags: gained.into_iter().map(flag).collect(),
    }
}

/// To four places.
fn rate(some: i64, of: i64) -> Option<f64> {
    let places = (some.saturating_mul(10_000) + of / 2).checked_div(of)?;
    Some(f64::from(i32::try_from(places).unwrap_or(i32::MAX)) / 10_000.0)
}
