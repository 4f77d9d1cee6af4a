//! Creating and changing many customers, each wholly or not at all.

pub(super) mod pace;
mod plan;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use super::changes::{Changes, Patch, PhoneChange};
use super::new::New;
use super::versions::{Expected, Written};
use super::{apply, begin, merge, phones};
use crate::domain::customer::{Customer, CustomerPhone};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries::{self, Tried};
use crate::ops::files::jobs;
use crate::store::Tx;
use crate::store::rows::CustomerRow;
use pace::Pace;
pub use plan::{Done, MatchBy, Mode, Plan};

/// A customer as somebody wants it to be.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The id of a customer who may be there already.
    pub id: Option<i64>,
    pub changes: Changes<'static>,
}

impl From<Changes<'static>> for Record {
    fn from(changes: Changes<'static>) -> Self {
        Self { id: None, changes }
    }
}

/// The numbers that records of a trial would have been given, as digests: a trial writes nothing by which later
/// records could be matched.
#[derive(Debug, Default)]
struct Given(HashSet<u64>);

/// What goes from one batch of records to the next.
#[derive(Debug, Default)]
pub struct Carried {
    given: Given,
    pace: Pace,
}

/// What has become of records, in their order; of the first ones only, where there is a reason.
pub struct Results {
    pub of_records: Vec<Result<Done, Error>>,
    pub ended: Option<Ended>,
}

/// Why records were not looked at.
pub enum Ended {
    /// The job is not to go on.
    Cancelled,
    /// It could not.
    Fault(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// A record whose numbers are counted; `None` for one that is refused.
type Counted = Option<(Record, Tried)>;

/// Writes records and returns what has become of them. What the job has done is counted in the same transactions,
/// record by record in their order, so that its figures are true whatever ends it, and are those of the results.
pub async fn write_all(
    cx: &Cx<'_>,
    records: Vec<Result<Record, Error>>,
    plan: Plan,
    carried: &mut Carried,
    job: &str,
) -> Results {
    let mut results = Vec::with_capacity(records.len());
    // Each is counted once: how often one is tried would tell whether it was refused.
    let mut counted: Vec<Counted> = Vec::with_capacity(records.len());
    for record in records {
        let record = record.and_then(|record| Ok((tries::new(cx, &record.changes)?, record)));
        match record {
            Ok((tried, record)) => {
                counted.push(Some((record, tried)));
                results.push(Ok(Done::Skipped));
            }
            Err(refusal) => {
                counted.push(None);
                results.push(Err(refusal));
            }
        }
    }
    let (looked_at, ended) = if plan.is_trial {
        let done = try_all(cx, &counted, plan, &mut carried.given, &mut results).await;
        let succeeded = results.iter().filter(|result| result.is_ok()).count();
        let done = match done {
            Ok(()) => count(cx, job, results.len(), succeeded).await,
            Err(fault) => Err(fault.into()),
        };
        (if done.is_ok() { results.len() } else { 0 }, done.err())
    } else {
        write_parts(cx, &counted, plan, job, &mut carried.pace, &mut results).await
    };
    results.truncate(looked_at);
    Results { of_records: results, ended }
}

/// Counts records of which nothing is written.
async fn count(cx: &Cx<'_>, job: &str, records: usize, succeeded: usize) -> Result<(), Ended> {
    let mut tx = cx.scope.write().await.map_err(Error::from)?;
    if !jobs::advance(cx, &mut tx, job, records, succeeded).await? {
        return Err(Ended::Cancelled);
    }
    Ok(tx.commit().await.map_err(Error::from)?)
}

/// As many in one transaction as there is time for, which costs the least. Where one of them is refused, all are undone,
/// and each half is tried alone. Returns how many of the first ones are counted, and why not all are.
async fn write_parts(
    cx: &Cx<'_>,
    counted: &[Counted],
    plan: Plan,
    job: &str,
    pace: &mut Pace,
    results: &mut [Result<Done, Error>],
) -> (usize, Option<Ended>) {
    let (mut parts, mut next, mut refused) = (Vec::new(), 0, 0);
    let next_part = |next: &mut usize, pace: &Pace| {
        let start = *next;
        *next = counted.len().min(start + pace.records());
        (start < *next).then_some((start, *next))
    };
    while let Some((start, end)) = parts.pop().or_else(|| next_part(&mut next, pace)) {
        match together(cx, counted.get(start..end).unwrap_or_default(), plan, job, refused).await {
            Ok((done, held)) => {
                refused = 0;
                pace.learn(end - start, held);
                for (result, done) in results.iter_mut().skip(start).zip(done) {
                    if let Some(done) = done {
                        *result = Ok(done);
                    }
                }
            }
            Err(Ended::Fault(refusal)) if !is_ours(&refusal) && end - start == 1 => {
                refused += 1;
                if let Some(result) = results.get_mut(start) {
                    *result = Err(refusal);
                }
            }
            Err(Ended::Fault(refusal)) if !is_ours(&refusal) => {
                let middle = usize::midpoint(start, end);
                // The first half comes first: of two rows with one phone, the first has it.
                parts.extend([(middle, end), (start, middle)]);
            }
            // Those that were refused last are not counted.
            Err(ended) => return (start - refused, Some(ended)),
        }
    }
    match refused {
        0 => (counted.len(), None),
        refused => match count(cx, job, refused, 0).await {
            Ok(()) => (counted.len(), None),
            Err(ended) => (counted.len() - refused, Some(ended)),
        },
    }
}

fn is_ours(error: &Error) -> bool {
    matches!(error, Error::Internal { .. } | Error::Storage { .. })
}

/// Returns what has become of these, and for how long others could not write. `refused` are records before these that are
/// not counted yet.
async fn together(
    cx: &Cx<'_>,
    all: &[Counted],
    plan: Plan,
    job: &str,
    refused: usize,
) -> Result<(Vec<Option<Done>>, Duration), Ended> {
    let mut tx = begin(cx).await?;
    let began = Instant::now();
    let mut done = Vec::with_capacity(all.len());
    for counted in all {
        done.push(match counted {
            Some((record, tried)) => Some(one(cx, &mut tx, record.clone(), plan, tried).await?),
            None => None,
        });
    }
    if !jobs::advance(cx, &mut tx, job, refused + all.len(), done.iter().flatten().count()).await? {
        return Err(Ended::Cancelled);
    }
    // Others work while this one waits for the disk.
    let held = began.elapsed();
    tx.commit().await.map_err(Error::from)?;
    Ok((done, held))
}

/// Writes a record, unless a rule forbids it.
async fn one(cx: &Cx<'_>, tx: &mut Tx, record: Record, plan: Plan, tried: &Tried) -> Result<Done, Error> {
    let found = if plan.mode == Mode::Create { None } else { matching(cx, tx, &record, plan.by, tried).await? };
    let Some((current, is_by_id)) = found else {
        if plan.mode == Mode::Update {
            return Err(Error::NotFound);
        }
        let mut changes = record.changes;
        settle_group(cx, &mut changes, None);
        New::check(cx, changes)?.insert(cx, tx, tried).await?;
        return Ok(Done::Created);
    };
    if plan.mode == Mode::Skip {
        return Ok(Done::Skipped);
    }
    let mut changes = record.changes;
    changes.recorded = None;
    settle_group(cx, &mut changes, current.group_id);
    if !is_by_id {
        let phones: Vec<CustomerPhone> =
            serde_json::from_str(&current.phones).map_err(|cause| Error::internal(&cause))?;
        add_to(phones, &mut changes, cx);
    }
    let version = current.version;
    match apply(cx, tx, current, changes, Expected::default(), tried).await? {
        Written::Done(row) if row.version == version => Ok(Done::Unchanged),
        Written::Done(_) => Ok(Done::Updated),
        Written::Conflict(_) => Err(Error::internal(&"a version that nobody expected")),
    }
}

/// An owner without a group looks after the customer in the one where he does already or, of his own, in the first.
fn settle_group(cx: &Cx<'_>, changes: &mut Changes<'_>, before: Option<i64>) {
    if let (Patch::Set(owner), Patch::Keep) = (&changes.owner, &changes.group)
        && let Some(staff) = cx.catalogue.staff(owner)
    {
        let own = cx.caller.operator.as_ref().map(|operator| operator.groups.as_slice()).unwrap_or_default();
        if let Some(group) = staff.group_for(before, own) {
            changes.group = Patch::Set(group);
        }
    }
}

/// A record that is matched by one of the customer's numbers keeps his others: a list may know just one.
fn add_to(known: Vec<CustomerPhone>, changes: &mut Changes<'_>, cx: &Cx<'_>) {
    let Some(given) = changes.phones.take() else { return };
    let home = &cx.catalogue.company.home;
    let keys: Vec<String> = known.iter().flat_map(|phone| phones::keys(&phone.content, home)).collect();
    let mut all: Vec<PhoneChange<'_>> =
        known.into_iter().map(|phone| PhoneChange { id: Some(phone.id), typed: phone.content.into() }).collect();
    all.extend(given.into_iter().filter(|phone| {
        let own = phones::keys(&phone.typed, home);
        own.is_empty() || own.iter().any(|key| !keys.contains(key))
    }));
    changes.phones = Some(all);
}

/// Returns the customer whom a record matches, and whether it is by the id.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn matching(
    cx: &Cx<'_>,
    tx: &mut Tx,
    record: &Record,
    by: MatchBy,
    _: &Tried,
) -> Result<Option<(CustomerRow, bool)>, Error> {
    if by != MatchBy::Phone
        && let Some(id) = record.id
        && let Some(row) = tx.customer(id).await?.filter(|row| cx.sees(row))
    {
        return Ok(Some((row, true)));
    }
    if by == MatchBy::Id {
        return Ok(None);
    }
    let mut found: Vec<CustomerRow> = Vec::new();
    for key in keys_of(cx, record) {
        let of_number = tx.customer_by_phone(&key).await?.filter(|row| cx.sees(row));
        found.extend(of_number.filter(|one| found.iter().all(|other| other.id != one.id)));
    }
    match found.len() {
        0 | 1 => Ok(found.pop().map(|row| (row, false))),
        several => Err(Error::parameter(format!(
            "cellphones: 这些号码属于 {several} 个客户 / these numbers are those of {several} customers"
        ))),
    }
}

fn keys_of(cx: &Cx<'_>, record: &Record) -> Vec<String> {
    let home = &cx.catalogue.company.home;
    record.changes.phones.iter().flatten().flat_map(|phone| phones::keys(&phone.typed, home)).collect()
}

/// Finds out what would become of each record. What is written for that is undone at once, so that others wait for no
/// more than one record; the numbers by which later records would be matched are remembered.
async fn try_all(
    cx: &Cx<'_>,
    counted: &[Counted],
    plan: Plan,
    given: &mut Given,
    results: &mut [Result<Done, Error>],
) -> Result<(), Error> {
    for (counted, result) in counted.iter().zip(results) {
        let Some((record, tried)) = counted else { continue };
        *result = match try_one(cx, record, plan, tried, given).await {
            Err(fault) if is_ours(&fault) => return Err(fault),
            done => done,
        };
    }
    Ok(())
}

async fn try_one(cx: &Cx<'_>, record: &Record, plan: Plan, tried: &Tried, given: &mut Given) -> Result<Done, Error> {
    let digest = |key: &String| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    };
    let digests: Vec<u64> = keys_of(cx, record).iter().map(digest).collect();
    let taken = digests.iter().any(|digest| given.0.contains(digest));
    let mut tx = begin(cx).await?;
    if taken {
        let is_there = plan.mode != Mode::Create && matching(cx, &mut tx, record, plan.by, tried).await?.is_some();
        if !is_there {
            return of_earlier(cx, record, plan);
        }
    }
    let done = one(cx, &mut tx, record.clone(), plan, tried).await?;
    if done != Done::Skipped {
        given.0.extend(digests);
    }
    Ok(done)
}

/// Returns what would become of a record with a number that an earlier one would have been given.
fn of_earlier(cx: &Cx<'_>, record: &Record, plan: Plan) -> Result<Done, Error> {
    if plan.mode == Mode::Create || plan.by == MatchBy::Id {
        let typed = record.changes.phones.iter().flatten().next().map_or("", |phone| phone.typed.trim());
        return Err(Error::PhoneTaken { typed: typed.to_owned() });
    }
    if plan.mode == Mode::Skip {
        return Ok(Done::Skipped);
    }
    let mut changes = record.changes.clone();
    settle_group(cx, &mut changes, None);
    merge::merge(&Customer::default(), changes, &cx.catalogue)?;
    Ok(Done::Updated)
}
