//! What calls and other work came to, by agent, group, day or hour. It is added up from counts of quarters of an hour, which
//! are kept in the transactions of what they count: a year of it is not walked.

pub mod calls;
pub mod tally;
pub mod work;

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::times::QUARTER;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::sees_agent;
use crate::store::{Scope, Within};

/// The longest time that is added up, days.
const LONGEST: i64 = 400;
/// Counts that are read at a time.
const AT_A_TIME: i64 = 5000;
/// Behind all login keys.
const LAST_KEY: &str = "\u{10ffff}";
/// The most rows of a report.
const MOST_ROWS: usize = 10_000;

/// What the rows of a report are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Agent,
    Group,
    Day,
    Hour,
}

impl By {
    pub const ALL: [(&str, Self); 4] =
        [("agent", Self::Agent), ("group", Self::Group), ("day", Self::Day), ("hour", Self::Hour)];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, by)| *by)
    }
}

/// Where a count stands among the others.
#[derive(Debug, Clone)]
struct Place {
    quarter: i64,
    login_key: String,
    /// What else tells counts of one agent apart.
    what: String,
}

/// A stored count.
trait Counted: Sized + Send {
    type Sum: Default + Send;

    /// Returns counts behind this place and before that quarter, in their order.
    fn read(scope: &Scope, after: &Place, end: i64, limit: i64)
    -> impl Future<Output = sqlx::Result<Vec<Self>>> + Send;

    fn place(&self) -> Place;

    fn add_to(&self, sum: &mut Self::Sum);
}

/// Returns what counts of agents whom the caller sees come to from one time to another, microseconds; each row is called
/// by the agent, the group's id, or the beginning of its day or hour.
async fn add_up<C: Counted>(cx: &Cx<'_>, from: i64, to: i64, by: By) -> Result<Vec<(String, C::Sum)>, Error> {
    if to <= from || (to - from) / (24 * 4 * QUARTER) > LONGEST {
        return Err(Error::parameter(format!(
            "from, to: 结束须晚于开始，最长 {LONGEST} 天 / the end must be later than the beginning, by at most {LONGEST} days"
        )));
    }
    let mut rows: BTreeMap<String, C::Sum> = BTreeMap::new();
    let end = (to + QUARTER - 1).div_euclid(QUARTER);
    let mut place =
        Place { quarter: from.div_euclid(QUARTER) - 1, login_key: LAST_KEY.to_owned(), what: String::new() };
    loop {
        let read = C::read(&cx.scope, &place, end, AT_A_TIME).await?;
        let is_last = i64::try_from(read.len()).is_ok_and(|read| read < AT_A_TIME);
        for count in read {
            place = count.place();
            if sees(cx, &place.login_key) {
                for name in names(cx, &place, by) {
                    count.add_to(rows.entry(name).or_default());
                }
            }
        }
        if rows.len() > MOST_ROWS {
            return Err(Error::ResultTooLarge { limit: MOST_ROWS });
        }
        if is_last {
            return Ok(rows.into_iter().collect());
        }
    }
}

fn sees(cx: &Cx<'_>, login_key: &str) -> bool {
    if login_key.is_empty() { cx.within() == Within::default() } else { sees_agent(cx, login_key) }
}

fn names(cx: &Cx<'_>, place: &Place, by: By) -> Vec<String> {
    let staff = cx.catalogue.staff.get(&place.login_key);
    match by {
        By::Agent => vec![staff.map_or_else(|| place.login_key.clone(), |staff| staff.login_no.clone())],
        By::Group => staff.map(|staff| staff.groups.iter().map(i64::to_string).collect()).unwrap_or_default(),
        By::Day => vec![begin(cx, place.quarter, "%Y-%m-%d")],
        By::Hour => vec![begin(cx, place.quarter, "%Y-%m-%d %H:00")],
    }
}

fn begin(cx: &Cx<'_>, quarter: i64, format: &str) -> String {
    let zone: TimeZone = cx.catalogue.company.time_zone.clone();
    let at = Timestamp::from_microsecond(quarter.saturating_mul(QUARTER)).map(|at| at.to_zoned(zone));
    at.map(|at| at.strftime(format).to_string()).unwrap_or_default()
}
