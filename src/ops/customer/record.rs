//! Writing a customer: the row, what it is found by, the change lines and the event, in one transaction.

use serde_json::{Map, Value, json};

use super::json::{from_json, json_of};
use super::merge::Merged;
use super::origin::Origin;
use super::phones;
use super::row::{self, Keys};
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{self, Line};
use crate::domain::customer::{Customer, CustomerPhone, Label};
use crate::domain::event::{self, Body};
use crate::domain::folding::text_key;
use crate::domain::pinyin::sort_key;
use crate::domain::search_terms::terms;
use crate::error::Error;
use crate::ops::reports::tally::{self, FollowUp};
use crate::ops::systems::plm::edit::{self, PlmChanged};
use crate::ops::systems::plm::notices::{self, Notice};
use crate::ops::systems::profile::documents::{self, Changed};
use crate::store::Tx;
use crate::store::rows::{CustomerRow, NamedRow};

/// Takes the company's place in the queue of writers, so that what is read next stays true until commit.
pub async fn wait_for_turn(tx: &mut Tx) -> Result<(), Error> {
    tx.count(0, 0, 0, 0, 0, 0, 0).await?;
    Ok(())
}

/// Stores a new customer and returns its id.
pub async fn insert(tx: &mut Tx, catalogue: &Catalogue, mut merged: Merged, origin: &Origin) -> Result<i64, Error> {
    let numbers = count(merged.customer.phones.len());
    let counter = tx.count(1, 1, numbers, 0, 1, 0, 1).await?.ok_or(Error::NotFound)?;
    let mut new = merged.customer;
    new.id = counter.last_customer;
    new.version = 1;
    let recorded = merged.recorded.map(|recorded| *recorded).unwrap_or_default();
    new.created_at = recorded.created_at.unwrap_or(origin.at);
    new.created_by = recorded.created_by.unwrap_or_else(|| origin.login_no.clone());
    new.updated_at = recorded.updated_at.unwrap_or(origin.at);
    new.updated_by = recorded.updated_by.unwrap_or_else(|| origin.login_no.clone());
    number_phones(&mut new.phones, counter.last_phone - numbers);
    if let Some(names) = merged.labels {
        new.labels = labels(tx, names).await?;
        merged.plm.iter_mut().for_each(|plm| plm.spell_as(&new.labels));
    }
    row::insert(tx, &new).await?;
    phones::insert(tx, new.id, &phones::rows(&new.phones, &catalogue.company.home)).await?;
    if !new.labels.is_empty() {
        link_labels(tx, &new).await?;
    }
    insert_terms(tx, &new).await?;
    let mut lines = change::lines(&Customer::default(), &new, catalogue);
    lines.extend(merged.documents.iter().flat_map(Changed::lines));
    lines.extend(merged.plm.iter().flat_map(PlmChanged::lines));
    documents::store(tx, new.id, &merged.documents, &catalogue.company.home).await?;
    edit::store(tx, new.id, merged.plm.as_ref(), origin).await?;
    write_change(tx, counter.last_change, new.id, &lines, origin).await?;
    let mut body = Body::of_change(None, Some(&new), &lines);
    body.notify = notify(notices::of_new(merged.plm.as_ref()));
    write_event(tx, counter.last_event, event::CREATED, new.id, &body, origin).await?;
    Ok(new.id)
}

/// Stores what a customer became; nothing when nothing changed.
pub async fn update(
    tx: &mut Tx,
    catalogue: &Catalogue,
    old: &Customer,
    merged: Merged,
    origin: &Origin,
) -> Result<(), Error> {
    write(tx, catalogue, old, merged, origin, Told::default()).await
}

/// What there is to a change beside what the customer becomes.
#[derive(Default)]
pub struct Told<'t> {
    /// What it is called; by what it changes, without.
    pub kind: Option<&'static str>,
    pub lines: Vec<Line>,
    /// Numbers that the customer may have though another has them, too.
    pub kept: &'t [CustomerPhone],
    /// What the event tells besides.
    pub more: Map<String, Value>,
    /// What the follow-up counts as with which it comes.
    pub follow_up: Option<FollowUp>,
}

/// Stores what a customer became, and tells it so.
pub(in crate::ops) async fn write(
    tx: &mut Tx,
    catalogue: &Catalogue,
    old: &Customer,
    mut merged: Merged,
    origin: &Origin,
    told: Told<'_>,
) -> Result<(), Error> {
    let mut new = merged.customer;
    if let Some(names) = merged.labels {
        new.labels = labels(tx, names).await?;
        merged.plm.iter_mut().for_each(|plm| plm.spell_as(&new.labels));
    }
    let mut lines = told.lines;
    lines.extend(change::lines(old, &new, catalogue));
    lines.extend(merged.documents.iter().flat_map(Changed::lines));
    lines.extend(merged.plm.iter().flat_map(PlmChanged::lines));
    if lines.is_empty() {
        return Ok(());
    }
    let added = count(new.phones.iter().filter(|phone| phone.id == 0).count());
    let counter = tx.count(0, 0, added, 0, 1, 0, 1).await?.ok_or(Error::NotFound)?;
    number_phones(&mut new.phones, counter.last_phone - added);
    next_version(&mut new, origin);
    row::update(tx, Some(old), &new).await?;
    // Before iBiz PLM's own spelling of them.
    if new.labels != old.labels {
        tx.delete_customer_labels(new.id).await?;
        link_labels(tx, &new).await?;
    }
    documents::store(tx, new.id, &merged.documents, &catalogue.company.home).await?;
    edit::store(tx, new.id, merged.plm.as_ref(), origin).await?;
    if new.phones != old.phones {
        let rows = phones::rows(&new.phones, &catalogue.company.home);
        let kept: Vec<CustomerPhone> = old.phones.iter().chain(told.kept).cloned().collect();
        phones::replace(tx, new.id, &rows, &kept).await?;
    }
    if (&old.name, &old.company_name) != (&new.name, &new.company_name) {
        let (before, after) = (terms_of(old), terms_of(&new));
        if before != after {
            tx.delete_terms(new.id, &json_of(&before)?).await?;
            tx.insert_terms(new.id, &json_of(&after)?).await?;
        }
    }
    write_change(tx, counter.last_change, new.id, &lines, origin).await?;
    // What one customer gives another when they are made one, nobody has brought about.
    let gained = new.flag_value.as_deref().filter(|_| told.kind.is_none() && new.flag_value != old.flag_value);
    tally::count(tx, origin, told.follow_up, gained).await?;
    let mut body = Body::of_change(Some(old), Some(&new), &lines);
    body.notify = notify(notices::of_change(old, &new, merged.plm.as_ref()));
    body.more.extend(told.more);
    let kind = told.kind.unwrap_or_else(|| body.kind_of_update());
    write_event(tx, counter.last_event, kind, new.id, &body, origin).await
}

/// Stores once more what a customer is found and sorted by, by the rules of [today](crate::domain::folding::VERSION).
/// The customer stays as it is: no version, no line of its history. Terms of earlier rules are not removed.
pub async fn derive_again(tx: &mut Tx, customer: &Customer) -> Result<(), Error> {
    let (Keys { name_key, company_key, name_sort, haystack }, sorts) = (Keys::of(customer), row::sorts_of(customer)?);
    tx.update_derived(customer.id, &name_key, &company_key, &name_sort, &haystack, sorts.as_deref()).await?;
    insert_terms(tx, customer).await
}

/// Removes what a customer is found by, beside its numbers.
pub(super) async fn delete_terms(tx: &mut Tx, customer: &Customer) -> Result<(), Error> {
    tx.delete_terms(customer.id, &json_of(&terms_of(customer))?).await?;
    Ok(())
}

/// Stores what a customer is found by, beside its numbers.
pub(super) async fn insert_terms(tx: &mut Tx, customer: &Customer) -> Result<(), Error> {
    tx.insert_terms(customer.id, &json_of(&terms_of(customer))?).await?;
    Ok(())
}

/// Makes it the next version, of this change.
pub(super) fn next_version(customer: &mut Customer, origin: &Origin) {
    customer.version += 1;
    customer.updated_at = origin.at;
    customer.updated_by.clone_from(&origin.login_no);
}

/// Stores the lines of a change.
pub(super) async fn write_change(
    tx: &mut Tx,
    id: i64,
    customer: i64,
    lines: &[Line],
    origin: &Origin,
) -> Result<(), Error> {
    tx.insert_change(id, customer, origin.at, &origin.login_no, &origin.name, &json_of(&lines)?).await?;
    Ok(())
}

pub(super) fn notify(notices: Vec<Notice>) -> Value {
    if notices.is_empty() { Value::Null } else { json!(notices) }
}

/// Stores what others are told; the customer is 0 where it is about none.
pub(in crate::ops) async fn write_event(
    tx: &mut Tx,
    id: i64,
    kind: &str,
    customer: i64,
    body: &Body,
    origin: &Origin,
) -> Result<(), Error> {
    tx.insert_event(id, origin.at, kind, customer, &origin.login_no, &json_of(body)?).await?;
    Ok(())
}

/// The labels of these names, in this order and each once; unknown ones are created. A label is known by its name as
/// it is written or, failing that, by one that is the same in a comparison.
#[expect(clippy::disallowed_methods, reason = "a change is counted before it is stored")]
async fn labels(tx: &mut Tx, names: Vec<String>) -> Result<Vec<Label>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = names.iter().map(|name| text_key(name)).collect();
    let found = tx.labels_by_key(&json_of(&keys)?).await?;
    let mut known: Vec<(Label, String)> = Vec::with_capacity(found.len());
    for NamedRow { id, name } in found {
        let key = text_key(&name);
        known.push((Label { id, name }, key));
    }
    let mut labels: Vec<Label> = Vec::with_capacity(names.len());
    for (name, key) in names.into_iter().zip(keys) {
        let as_written = known.iter().find(|(label, _)| label.name == name);
        let label = if let Some((label, _)) = as_written.or_else(|| known.iter().find(|(_, other)| *other == key)) {
            label.clone()
        } else {
            let counter = tx.count(0, 0, 0, 1, 0, 0, 0).await?.ok_or(Error::NotFound)?;
            tx.insert_label(counter.last_label, &name, &key).await?;
            let label = Label { id: counter.last_label, name };
            known.push((label.clone(), key));
            label
        };
        if labels.iter().all(|other| other.id != label.id) {
            labels.push(label);
        }
    }
    Ok(labels)
}

/// Links the customer to its labels, which are the names of its categories, too.
async fn link_labels(tx: &mut Tx, customer: &Customer) -> Result<(), Error> {
    let names: Vec<&str> = customer.labels.iter().map(|label| label.name.as_str()).collect();
    let categories = (!names.is_empty()).then(|| names.join(","));
    let sorted_by = categories.as_deref().map(sort_key);
    tx.put_plm_categories_name(customer.id, categories.as_deref(), sorted_by.as_deref()).await?;
    if !customer.labels.is_empty() {
        let ids: Vec<i64> = customer.labels.iter().map(|label| label.id).collect();
        tx.insert_customer_labels(customer.id, &json_of(&ids)?).await?;
    }
    Ok(())
}

fn number_phones(phones: &mut [CustomerPhone], last: i64) {
    for (phone, id) in phones.iter_mut().filter(|phone| phone.id == 0).zip(last + 1..) {
        phone.id = id;
    }
}

fn terms_of(customer: &Customer) -> std::collections::BTreeSet<String> {
    terms(customer.name.as_deref().unwrap_or(""), customer.company_name.as_deref().unwrap_or(""))
}

impl TryFrom<CustomerRow> for Customer {
    type Error = Error;

    fn try_from(row: CustomerRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            version: row.version,
            name: row.name,
            company_name: row.company_name,
            address: row.address,
            type_value: row.type_value,
            flag_value: row.flag_value,
            source_value: row.source_value,
            task_id: row.task_id,
            owner_no: row.owner_no,
            group_id: row.group_id,
            star: row.star,
            follow_count: row.follow_count,
            last_accept: row.last_accept,
            assigned_at: row.assigned_at,
            last_follow_at: row.last_follow_at,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            custom: row.custom.as_deref().map(from_json).transpose()?.unwrap_or_default(),
            phones: from_json(&row.phones)?,
            labels: from_json(&row.labels)?,
        })
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
