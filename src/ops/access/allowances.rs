//! How many numbers somebody may have shown, and may try, who sees them masked.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, InsufficientCapacity, Quota, RateLimiter};

use crate::config::Limits;
use crate::domain::catalogue::login_key;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::audit;

/// How often somebody who may not see numbers may have one shown, and may try numbers: without a bound, a
/// program could have all of them shown, or find them by trying.
pub struct Allowances {
    clock: DefaultClock,
    reveals: Option<Allowance>,
    lookups: Option<Allowance>,
    /// Numbers that were tried, by anybody.
    tries: AtomicU64,
}

/// By company and login number.
type Allowance = DefaultKeyedRateLimiter<(i64, String)>;

impl Allowances {
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let per_hour = |rate| NonZeroU32::new(rate).map(|rate| RateLimiter::keyed(Quota::per_hour(rate)));
        Self {
            clock: DefaultClock::default(),
            reveals: per_hour(limits.reveals_per_hour),
            lookups: per_hour(limits.masked_lookups_per_hour),
            tries: AtomicU64::new(0),
        }
    }

    /// How many numbers were tried so far.
    #[must_use]
    pub fn tries(&self) -> u64 {
        self.tries.load(Ordering::Relaxed)
    }

    /// Takes so many shown numbers of the caller's.
    pub fn reveal(&self, cx: &Cx<'_>, count: usize) -> Result<(), Error> {
        self.take(self.reveals.as_ref(), cx, count, REVEALS)
    }

    fn take(&self, allowance: Option<&Allowance>, cx: &Cx<'_>, count: usize, why: &'static str) -> Result<(), Error> {
        let count = NonZeroU32::new(u32::try_from(count).unwrap_or(u32::MAX));
        let (Some(allowance), Some(count)) = (allowance, count) else { return Ok(()) };
        let key = (cx.caller.company, login_key(cx.caller.login_no()));
        let (wait, most) = match allowance.check_key_n(&key, count) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(wait)) => (wait.wait_time_from(self.clock.now()), wait.quota().burst_size().get()),
            // More at once than there is in an hour.
            Err(InsufficientCapacity(most)) => (Duration::from_hours(1), most),
        };
        Err(Error::RateLimited { retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), why, most })
    }
}

/// Counts numbers that somebody tries who may not see them, and writes down that he does.
pub(super) fn try_numbers(cx: &Cx<'_>, count: usize) -> Result<(), Error> {
    if count == 0 || !cx.rights().masks() {
        return Ok(());
    }
    let allowances = &cx.backend.allowances;
    allowances.take(allowances.lookups.as_ref(), cx, count, LOOKUPS)?;
    allowances.tries.fetch_add(count as u64, Ordering::Relaxed);
    audit::tries(cx, cx.action);
    Ok(())
}

const REVEALS: &str = "[limits] reveals_per_hour";
const LOOKUPS: &str = "[limits] masked_lookups_per_hour";

/// Whether a refusal means that somebody wanted more numbers than he is allowed, which is to be written down.
#[must_use]
pub fn is_exceeded(error: &Error) -> bool {
    matches!(error, Error::RateLimited { why, .. } if [REVEALS, LOOKUPS].contains(why))
}
