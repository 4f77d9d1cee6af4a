//! Showing one masked number to somebody who needs it, and writing down who.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::json;

use super::find::{self, Identifier};
use super::{Cx, audit};
use crate::domain::catalogue::login_key;
use crate::domain::customer::CustomerPhone;
use crate::error::Error;

/// How often somebody may have a number shown: without a bound, a program could have them all shown.
pub struct Reveals {
    clock: DefaultClock,
    limiter: Option<DefaultKeyedRateLimiter<(i64, String)>>,
}

impl Reveals {
    /// So many an hour; 0 is no limit.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        let limiter = NonZeroU32::new(per_hour).map(|rate| RateLimiter::keyed(Quota::per_hour(rate)));
        Self { clock: DefaultClock::default(), limiter }
    }

    fn check(&self, company: i64, login_no: &str) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&(company, login_key(login_no))).map_err(|wait| {
            let wait = wait.wait_time_from(self.clock.now());
            Error::RateLimited {
                retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                why: "[limits] reveals_per_hour",
            }
        })
    }
}

/// Returns one phone of a customer, as it was typed. Without `phone`, the customer must have just one.
pub async fn phone(cx: &Cx<'_>, customer: &Identifier<'_>, phone: Option<i64>) -> Result<CustomerPhone, Error> {
    let id = find::find_one(cx, customer).await?;
    // As it is stored, not as the caller sees it.
    let row = cx.scope.customer(id).await?.filter(|row| cx.sees(row)).ok_or(Error::NotFound)?;
    let phones: Vec<CustomerPhone> = serde_json::from_str(&row.phones).map_err(|cause| Error::internal(&cause))?;
    let wanted: Vec<CustomerPhone> =
        phones.into_iter().filter(|known| phone.is_none_or(|wanted| known.id == wanted)).collect();
    let [found] = wanted.try_into().map_err(|_: Vec<_>| {
        Error::parameter("phoneId: 应为该客户的一个电话的 id / expected the id of a phone of this customer")
    })?;
    cx.backend.reveals.check(cx.caller.company, cx.caller.login_no())?;
    audit::note(cx, audit::Kind::Reveal, &json!({ "customer": id, "phone": found.id })).await?;
    Ok(found)
}
