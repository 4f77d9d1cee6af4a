//! Changing many customers, each wholly or not at all, a few at a time: others write in between.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::batch::pace::Pace;
use super::changes::Changes;
use super::origin::Origin;
use super::{begin, merge, record, stay_within};
use crate::domain::customer::Customer;
use crate::error::Error;
use crate::ops::Cx;
use crate::store::Tx;

/// How long one request goes on with it; whoever has more asks again.
const GOES_ON: Duration = Duration::from_secs(12);

/// Whether a customer must stay among those whom the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Kept,
    MayEnd,
}

/// What has become of customers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub changed: Vec<i64>,
    /// Who was so already.
    pub unchanged: Vec<i64>,
    pub failed: Vec<Failure>,
    /// Whether there are more, for whom there was no time.
    pub has_more: bool,
}

/// Why a customer is as before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub customer: i64,
    pub code: i64,
    pub message: String,
    pub detail: Option<String>,
}

/// A walk over customers.
pub struct Many {
    pub outcome: Outcome,
    pace: Pace,
    until: Instant,
}

impl Default for Many {
    fn default() -> Self {
        Self { outcome: Outcome::default(), pace: Pace::default(), until: Instant::now() + GOES_ON }
    }
}

impl Many {
    /// Changes each of these as `wanted` says, which leaves alone whom it gives no changes. They must be such as are
    /// refused before anything is written. Returns whether there was time for all.
    pub async fn change<'w>(
        &mut self,
        cx: &Cx<'_>,
        ids: &[i64],
        sight: Sight,
        wanted: impl Fn(&Customer) -> Result<Option<Changes<'w>>, Error> + Sync,
    ) -> Result<bool, Error> {
        let mut rest = ids;
        while !rest.is_empty() {
            if Instant::now() >= self.until {
                self.outcome.has_more = true;
                return Ok(false);
            }
            let (part, others) = rest.split_at(rest.len().min(self.pace.records()));
            rest = others;
            let mut tx = begin(cx).await?;
            let began = Instant::now();
            let mut done = Vec::with_capacity(part.len());
            for id in part {
                match one(cx, &mut tx, *id, sight, &wanted).await {
                    Err(fault @ (Error::Internal { .. } | Error::Storage { .. })) => return Err(fault),
                    other => done.push((*id, other)),
                }
            }
            // Others work while this one waits for the disk.
            let held = began.elapsed();
            tx.commit().await?;
            self.pace.learn(part.len(), held);
            self.count(cx, done);
        }
        Ok(true)
    }

    fn count(&mut self, cx: &Cx<'_>, done: Vec<(i64, Result<bool, Error>)>) {
        for (customer, done) in done {
            match done {
                Ok(true) => self.outcome.changed.push(customer),
                Ok(false) => self.outcome.unchanged.push(customer),
                // What is nobody's id could be a number.
                Err(Error::NotFound) if cx.rights().masks() => {}
                Err(error) => {
                    let error = if cx.rights().masks() { error.masked() } else { error };
                    self.outcome.failed.push(Failure {
                        customer,
                        code: error.row().code,
                        message: error.row().message.to_owned(),
                        detail: error.detail().or_else(|| error.exception()).map(std::borrow::Cow::into_owned),
                    });
                }
            }
        }
    }
}

async fn one<'w>(
    cx: &Cx<'_>,
    tx: &mut Tx,
    id: i64,
    sight: Sight,
    wanted: &impl Fn(&Customer) -> Result<Option<Changes<'w>>, Error>,
) -> Result<bool, Error> {
    let row = tx.customer(id).await?.filter(|row| cx.sees(row)).ok_or(Error::NotFound)?;
    let old = Customer::try_from(row)?;
    let Some(changes) = wanted(&old)? else { return Ok(false) };
    let merged = merge::merge(&old, changes, &cx.catalogue)?;
    if sight == Sight::Kept {
        stay_within(cx, &merged.customer)?;
    }
    record::update(tx, &cx.catalogue, &old, merged, &Origin::of(cx)).await?;
    Ok(true)
}
