//! Creating, changing and deleting customers.
//!
//! Every door writes through here: one transaction holds the row, what it is found by, the change lines
//! and the event.

pub mod assign;
mod batch;
pub mod changes;
pub mod contacts;
pub mod cursor;
pub mod doubles;
mod duplicates;
pub mod export;
pub mod find;
pub mod history;
pub mod import;
pub mod in_memory;
pub(in crate::ops) mod json;
pub mod many;
pub mod merge;
pub mod merging;
mod new;
pub mod origin;
pub mod phones;
pub mod pool;
pub mod record;
pub mod recycle;
pub mod rederive;
mod row;
mod seen;
pub mod table;
pub mod unmask;
mod versions;

pub use batch::{Carried, Done, Ended, MatchBy, Mode, Plan, Record, Results, write_all};
pub use changes::PlmPatch;
pub use changes::{Changes, Duplicates, Moment, Patch, PhoneChange, Recorded};
pub use merge::Merged;
pub(in crate::ops) use new::New;
pub use origin::Origin;
pub use record::{derive_again, insert};
pub use versions::{Conflict, Expected, Written};

use crate::ops::systems::plm::edit::PlmChanged;
use crate::ops::systems::profile::documents::Changed;

use serde_json::json;

use super::{Cx, idempotency};
use crate::domain::change;
use crate::domain::customer::Customer;
use crate::domain::document::{Document, System};
use crate::domain::identifier::Identifier;
use crate::domain::phone::Home;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::access::rights::Shown;
use crate::ops::access::tries::{self, Tried};
use crate::ops::reports::tally;
use crate::ops::systems::common;
use crate::ops::systems::plm::edit;
use crate::ops::systems::profile::{self, documents};
use crate::ops::systems::terms::Words;
use crate::store::rows::CustomerRow;
use crate::store::{Tx, Within};

/// Creates a customer and returns it as stored.
pub async fn create(cx: &Cx<'_>, changes: Changes<'_>) -> Result<Shown, Error> {
    let tried = tries::new(cx, &changes)?;
    let new = New::check(cx, changes)?;
    let mut tx = begin(cx).await?;
    if let Some(row) = idempotency::recall(cx, &mut tx).await? {
        return again(cx, row);
    }
    let row = insert_new(cx, &mut tx, new, &tried).await?;
    idempotency::remember(cx, &mut tx, &row).await?;
    tx.commit().await?;
    cx.show(row)
}

/// Stores a new customer within a transaction; whoever creates him has brought his deal flag about.
pub(in crate::ops) async fn insert_new(
    cx: &Cx<'_>,
    tx: &mut Tx,
    new: New,
    tried: &Tried,
) -> Result<CustomerRow, Error> {
    let row = new.insert(cx, tx, tried).await?;
    tally::count(tx, &Origin::of(cx), None, row.flag_value.as_deref()).await?;
    Ok(row)
}

/// Changes a customer and returns it as stored. What `changes` does not name stays.
pub async fn update(
    cx: &Cx<'_>,
    identifier: &Identifier<'_>,
    changes: Changes<'_>,
    expected: Expected,
) -> Result<Written<Shown>, Error> {
    cx.require("update_customer", Role::Agent)?;
    let tried = tries::identifier(cx, identifier)?;
    let mut tx = begin(cx).await?;
    if let Some(row) = idempotency::recall(cx, &mut tx).await? {
        return again(cx, row).map(Written::Done);
    }
    let current = target(cx, &mut tx, identifier, &tried).await?;
    let old = Customer::try_from(current.clone())?;
    let tried = seen::tried(cx, &mut tx, &current, &old, &changes).await?;
    match apply(cx, &mut tx, current, changes, expected, &tried).await? {
        Written::Conflict(conflict) => Ok(Written::Conflict(conflict)),
        Written::Done(row) => {
            idempotency::remember(cx, &mut tx, &row).await?;
            tx.commit().await?;
            cx.show(row).map(Written::Done)
        }
    }
}

/// Changes a customer within a transaction and returns it as stored.
async fn apply(
    cx: &Cx<'_>,
    tx: &mut Tx,
    current: CustomerRow,
    mut changes: Changes<'_>,
    expected: Expected,
    tried: &Tried,
) -> Result<Written<CustomerRow>, Error> {
    let old = Customer::try_from(current.clone())?;
    let home = &cx.catalogue.company.home;
    let as_shown = |system: System, document: &Document| {
        let shown = profile::masked(system, document.clone(), &old.phones, home);
        (shown, unmask::hidden_with(&old, system, document, home))
    };
    let as_shown: Option<documents::AsShown<'_>> = if cx.rights().masks() { Some(&as_shown) } else { None };
    let patches = std::mem::take(&mut changes.documents);
    let mut documents = Vec::new();
    if !patches.is_empty() {
        let words = Words::within(cx, tx, old.id, &old.phones).await?;
        let shown = words.shown(&cx.show(current.clone())?, &cx.catalogue)?;
        let take_shown = |system, stored: &Document, patch: &mut Document| shown.take(system, stored, patch);
        documents = documents::read(tx, old.id, patches, as_shown, take_shown, home).await?;
    }
    common::share(&mut changes, &mut documents, &old, &cx.catalogue)?;
    let hidden = cx.rights().masks().then(|| unmask::hidden(&old, home));
    if let Some(hidden) = &hidden {
        unmask::unmask(&mut changes, &old, hidden, &cx.catalogue)?;
        common::respell(&mut changes);
    }
    let duplicates = changes.duplicates;
    let profile = changes.plm.take();
    let mut merged = merge::merge(&old, changes, &cx.catalogue)?;
    merged.documents = documents::merge(tx, documents, cx.now).await?;
    merged.plm = edit::merge(tx, &cx.catalogue, Some(old.id), profile, hidden).await?;
    stay_within(cx, &merged.customer)?;
    duplicates::check(cx, tx, duplicates, &old, &merged.customer, tried).await?;
    let overtaken = expected.overtaken_by(tx, &current).await?;
    if let Some(overtaken) = overtaken {
        let mut lines = change::lines(&old, &merged.customer, &cx.catalogue);
        lines.extend(merged.documents.iter().flat_map(Changed::lines));
        lines.extend(merged.plm.iter().flat_map(PlmChanged::lines));
        let mut wanted = fields_of(&lines);
        // Labels are only names until they are stored; a request that sends them means to change them.
        wanted.extend(merged.labels.is_some().then_some("customerLabel"));
        if !expected.merge || wanted.iter().any(|field| overtaken.iter().any(|other| other == field)) {
            return Ok(Written::Conflict(Conflict { current: Box::new(cx.show(current)?), fields: overtaken }));
        }
    }
    record::update(tx, &cx.catalogue, &old, merged, &Origin::of(cx)).await?;
    stored(tx, old.id).await.map(Written::Done)
}

/// Deletes a customer with all that is known of it, and returns its id: it is in the [recycle bin](recycle).
pub async fn destroy(cx: &Cx<'_>, identifier: &Identifier<'_>, expected: Expected) -> Result<Written<i64>, Error> {
    cx.require("destroy_customer", Role::Agent)?;
    let tried = tries::identifier(cx, identifier)?;
    let mut tx = begin(cx).await?;
    if let Some(id) = idempotency::recall(cx, &mut tx).await? {
        return Ok(Written::Done(id));
    }
    let current = target(cx, &mut tx, identifier, &tried).await?;
    let overtaken = expected.overtaken_by(&mut tx, &current).await?;
    if let Some(overtaken) = overtaken {
        return Ok(Written::Conflict(Conflict { current: Box::new(cx.show(current)?), fields: overtaken }));
    }
    let id = remove(cx, &mut tx, current, expected).await?;
    idempotency::remember(cx, &mut tx, &id).await?;
    tx.commit().await?;
    Ok(Written::Done(id))
}

/// Deletes all of these customers that there are, or none.
pub async fn destroy_all(cx: &Cx<'_>, ids: &[i64], expected: Expected) -> Result<(), Error> {
    cx.require("destroy_customer", Role::Agent)?;
    let mut tx = begin(cx).await?;
    if let Some(()) = idempotency::recall(cx, &mut tx).await? {
        return Ok(());
    }
    for id in ids {
        let identifier = Identifier::Id(*id);
        let tried = tries::identifier(cx, &identifier)?;
        match target(cx, &mut tx, &identifier, &tried).await {
            Ok(current) => {
                remove(cx, &mut tx, current, expected).await?;
            }
            Err(Error::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    idempotency::remember(cx, &mut tx, &()).await?;
    Ok(tx.commit().await?)
}

async fn remove(cx: &Cx<'_>, tx: &mut Tx, current: CustomerRow, expected: Expected) -> Result<i64, Error> {
    cx.require_deletion(&current)?;
    let old = Customer::try_from(current)?;
    if expected.without_tickets && !tx.ticket_counts(&format!("[{}]", old.id)).await?.is_empty() {
        return Err(Error::InUse {
            detail: "客户存在工单，不能删除 / there are tickets of this customer".into()
        });
    }
    recycle::put(tx, &cx.catalogue, &old, &Origin::of(cx)).await?;
    audit::write_for(cx, tx, audit::Kind::Deletion, &json!({ "customer": old.id })).await?;
    Ok(old.id)
}

/// Stores documents with which a customer begins, without a history.
pub async fn put_documents(
    tx: &mut Tx,
    customer: i64,
    documents: Vec<(System, Document)>,
    home: &Home,
    now: i64,
) -> Result<(), Error> {
    let documents = documents::read(tx, customer, documents, None, |_, _, _| (), home).await?;
    let merged = documents::merge(tx, documents, now).await?;
    documents::store(tx, customer, &merged, home).await
}

/// Returns what an earlier request came to, if its sender still sees that customer.
pub(in crate::ops) fn again(cx: &Cx<'_>, row: CustomerRow) -> Result<Shown, Error> {
    if cx.sees(&row) { cx.show(row) } else { Err(Error::NotFound) }
}

/// Opens a transaction that is this company's next change: what it reads stays true until it is committed.
pub(in crate::ops) async fn begin(cx: &Cx<'_>) -> Result<Tx, Error> {
    let mut tx = cx.scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    Ok(tx)
}

/// Returns the one customer that a change is meant for. A phone counts only as a whole number here, and a
/// name that several customers have is refused: a change must not hit the wrong one.
#[expect(clippy::disallowed_methods, reason = "counted")]
pub(in crate::ops) async fn target(
    cx: &Cx<'_>,
    tx: &mut Tx,
    identifier: &Identifier<'_>,
    _: &Tried,
) -> Result<CustomerRow, Error> {
    let within = cx.within();
    let (owner, groups) = (within.owner_key.as_deref(), within.groups_json());
    let mut found: Vec<CustomerRow> = match identifier {
        Identifier::Id(id) => tx.customer(*id).await?.into_iter().collect(),
        Identifier::Phone(typed) => {
            let mut found: Vec<CustomerRow> = Vec::new();
            for phone in find::numbers(cx, typed)? {
                let of_number = tx.customer_by_phone(&phone.key()).await?;
                found.extend(of_number.filter(|one| found.iter().all(|other| other.id != one.id)));
            }
            found
        }
        Identifier::Name(name) => {
            tx.customers_by_name(&find::name_key(name)?, owner, groups.as_deref(), find::MOST).await?
        }
        Identifier::Company(name) => {
            tx.customers_by_company(&find::name_key(name)?, owner, groups.as_deref(), find::MOST).await?
        }
    };
    found.retain(|customer| cx.sees(customer));
    find::only(found.into_iter())
}

/// Gives a new customer that is nobody's to whoever creates it, if he would not see it otherwise.
fn adopt(cx: &Cx<'_>, customer: &mut Customer) {
    let within = cx.within();
    let Some(operator) = cx.caller.operator.as_ref().filter(|_| within != Within::default()) else { return };
    if customer.owner_no.is_none() && customer.group_id.is_none() {
        customer.group_id = operator.groups.first().copied();
        customer.owner_no = within.owner_key.map(|_| operator.login_no.clone());
    }
}

/// Refuses a customer whom the caller would not see any more: who gives customers away sees both sides.
fn stay_within(cx: &Cx<'_>, customer: &Customer) -> Result<(), Error> {
    if cx.within().holds(customer.owner_no.as_deref(), customer.group_id) {
        return Ok(());
    }
    Err(Error::forbidden(
        "serviceNo, servicegroupId: 只能归属到自己可见的范围 / a customer must stay among those that you see",
    ))
}

pub(in crate::ops) async fn stored(tx: &mut Tx, id: i64) -> Result<CustomerRow, Error> {
    tx.customer(id).await?.ok_or(Error::NotFound)
}

/// Returns the names of the fields that the lines are about, each once.
fn fields_of(lines: &[change::Line]) -> Vec<&str> {
    let mut fields: Vec<&str> = lines.iter().map(|line| line.field.as_str()).collect();
    fields.dedup();
    fields
}
