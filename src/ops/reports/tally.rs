//! What is written down about customers, counted with it by quarters of an hour.

use jiff::tz::TimeZone;

use crate::domain::catalogue::login_key;
use crate::domain::times::{self, QUARTER};
use crate::error::Error;
use crate::ops::customer::origin::Origin;
use crate::store::Tx;

/// Follow-ups of one day that are looked at: after so many, somebody has spoken to the customer.
const OF_A_DAY: i64 = 20;

/// What a follow-up counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// Nobody has spoken to him before, on this day, or at all.
    is_first_of_day: bool,
    is_first: bool,
    /// Who writes has not, on this day.
    is_own_first_of_day: bool,
}

impl FollowUp {
    /// Returns what the next follow-up of a customer counts as.
    pub async fn next(tx: &mut Tx, customer: i64, origin: &Origin, zone: &TimeZone) -> Result<Self, Error> {
        let before = tx.last_follow_ups(customer, OF_A_DAY).await?;
        let day = |at: i64| times::day(at, zone);
        let today: Vec<_> = before.iter().take_while(|followed| day(followed.at) == day(origin.at)).collect();
        let own = login_key(&origin.login_no);
        let is_full = i64::try_from(today.len()).is_ok_and(|today| today >= OF_A_DAY);
        Ok(Self {
            is_first_of_day: today.is_empty(),
            is_first: before.is_empty(),
            is_own_first_of_day: !is_full && today.iter().all(|followed| login_key(&followed.author_no) != own),
        })
    }
}

/// Counts a change that comes with a follow-up or without, and with which a customer gets this deal flag, or none that he had
/// not.
pub async fn count(
    tx: &mut Tx,
    origin: &Origin,
    follow_up: Option<FollowUp>,
    gained: Option<&str>,
) -> Result<(), Error> {
    if follow_up.is_none() && gained.is_none() {
        return Ok(());
    }
    let is = |what: fn(&FollowUp) -> bool| follow_up.as_ref().is_some_and(what);
    let (quarter, login_key) = (origin.at.div_euclid(QUARTER), login_key(&origin.login_no));
    let [customers, own_customers, first_contacts] =
        [is(|new| new.is_first_of_day), is(|new| new.is_own_first_of_day), is(|new| new.is_first)].map(i64::from);
    let [follow_ups, gains] = [follow_up.is_some(), gained.is_some()].map(i64::from);
    let flag = gained.unwrap_or_default();
    tx.count_work(quarter, &login_key, flag, follow_ups, customers, own_customers, first_contacts, gains).await?;
    Ok(())
}
