//! What calls came to, by agent, group, day or hour. It is added up from counts of quarters of an hour, which are kept as
//! calls end: a year of calls is not walked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::sees_agent;
pub use super::tally::{Counts, QUARTER};
use crate::error::Error;
use crate::ops::Cx;
use crate::store::rows::CallCountRow;

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

impl Counts {
    fn add(&mut self, row: &CallCountRow) {
        self.offered += row.offered;
        self.answered += row.answered;
        self.missed += row.missed;
        self.outgoing += row.outgoing;
        self.connected += row.connected;
        self.talk_seconds += row.talk_seconds;
        self.wrap_ups += row.wrap_ups;
        self.wrap_seconds += row.wrap_seconds;
    }
}

/// Returns what the calls of agents whom the caller sees came to from one time to another, microseconds; each row is
/// called by the agent, the group's id, or the beginning of its day or hour.
pub async fn report(cx: &Cx<'_>, from: i64, to: i64, by: By) -> Result<Vec<(String, Counts)>, Error> {
    if to <= from || (to - from) / (24 * 4 * QUARTER) > LONGEST {
        return Err(Error::parameter(format!(
            "from, to: 结束须晚于开始，最长 {LONGEST} 天 / the end must be later than the beginning, by at most {LONGEST} days"
        )));
    }
    let zone = &cx.catalogue.company.time_zone;
    let mut rows: BTreeMap<String, Counts> = BTreeMap::new();
    let end = (to + QUARTER - 1).div_euclid(QUARTER);
    let (mut quarter, mut login_key) = (from.div_euclid(QUARTER) - 1, LAST_KEY.to_owned());
    loop {
        let read = cx.scope.call_counts(quarter, &login_key, end, AT_A_TIME).await?;
        let is_last = i64::try_from(read.len()).is_ok_and(|read| read < AT_A_TIME);
        for row in read.iter().filter(|row| sees(cx, &row.login_key)) {
            for name in names(cx, row, by, zone) {
                rows.entry(name).or_default().add(row);
            }
        }
        if rows.len() > MOST_ROWS {
            return Err(Error::ResultTooLarge { limit: MOST_ROWS });
        }
        match read.into_iter().next_back().filter(|_| !is_last) {
            Some(last) => (quarter, login_key) = (last.quarter, last.login_key),
            None => break,
        }
    }
    Ok(rows.into_iter().collect())
}

fn sees(cx: &Cx<'_>, login_key: &str) -> bool {
    if login_key.is_empty() { cx.within() == crate::store::Within::default() } else { sees_agent(cx, login_key) }
}

fn names(cx: &Cx<'_>, row: &CallCountRow, by: By, zone: &TimeZone) -> Vec<String> {
    let staff = cx.catalogue.staff.get(&row.login_key);
    let begin = |hours: bool| {
        let at = Timestamp::from_microsecond(row.quarter * QUARTER).ok().map(|at| at.to_zoned(zone.clone()));
        at.map(|at| at.strftime(if hours { "%Y-%m-%d %H:00" } else { "%Y-%m-%d" }).to_string()).unwrap_or_default()
    };
    match by {
        By::Agent => vec![staff.map_or_else(|| row.login_key.clone(), |staff| staff.login_no.clone())],
        By::Group => staff.map(|staff| staff.groups.iter().map(i64::to_string).collect()).unwrap_or_default(),
        By::Day => vec![begin(false)],
        By::Hour => vec![begin(true)],
    }
}
