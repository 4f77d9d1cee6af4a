//! Making one of several customers that are the same, and several of one again.
//!
//! Whoever is merged into another goes into the recycle bin as a whole, and the other gets a copy of what happened to it, and
//! what it lacks of the rest. For as long as the bin keeps it, it can come back: then both are as they were, but for what was
//! changed since.

mod given;

use serde_json::{Map, Value, json};

use self::given::Given;
use super::json::{from_json, json_of};
use super::merge::Merged;
use super::origin::Origin;
use super::record::{self, Told};
use super::recycle::{self, Restored, Way};
use super::{begin, stay_within, stored};
use crate::domain::change::Line;
use crate::domain::customer::Customer;
use crate::domain::document::{Document, System};
use crate::domain::event;
use crate::domain::ids;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::access::rights::Shown;
use crate::ops::systems::plm::edit;
use crate::ops::systems::profile::{self, documents};
use crate::ops::{Cx, idempotency};
use crate::store::Tx;
use crate::store::rows::{CustomerRow, PlmRow};

/// The most that are merged into one at a time.
pub const MOST: usize = 20;

fn line(old: Option<i64>, new: Option<i64>) -> Line {
    let side = |id: Option<i64>| id.map(|id| id.to_string());
    Line { field: "merged".into(), label: "合并".into(), old: side(old), new: side(new) }
}

fn told(name: &str, id: i64) -> Map<String, Value> {
    [(name.to_owned(), id.into())].into_iter().collect()
}

/// Merges customers into one, all or none, and returns it.
pub async fn merge(cx: &Cx<'_>, into: i64, others: &[i64]) -> Result<Shown, Error> {
    cx.require("merge_customers", Role::Supervisor)?;
    if others.contains(&into) {
        return Err(Error::parameter("customerIds: 不能包含 into / must not contain into"));
    }
    let mut tx = begin(cx).await?;
    if let Some(row) = idempotency::recall::<CustomerRow>(cx, &mut tx).await? {
        return if cx.sees(&row) { cx.show(row) } else { Err(Error::NotFound) };
    }
    for other in others {
        one(cx, &mut tx, into, *other).await?;
    }
    let row = stored(&mut tx, into).await?;
    idempotency::remember(cx, &mut tx, &row).await?;
    tx.commit().await?;
    cx.show(row)
}

async fn seen(cx: &Cx<'_>, tx: &mut Tx, id: i64) -> Result<CustomerRow, Error> {
    tx.customer(id).await?.filter(|row| cx.sees(row)).ok_or(Error::NotFound)
}

async fn profile_of(tx: &mut Tx, id: i64) -> Result<Option<PlmRow>, Error> {
    Ok(tx.plm_customers(&json_of(&[id])?).await?.into_iter().next())
}

/// The documents of a customer, by system.
async fn documents_of(tx: &mut Tx, id: i64) -> Result<Vec<(System, Document)>, Error> {
    let mut documents = Vec::with_capacity(System::ALL.len());
    for system in System::ALL {
        documents.push((system, profile::stored(tx.document(id, system.name()).await?)?));
    }
    Ok(documents)
}

async fn merges_of(tx: &mut Tx, into: i64) -> Result<Vec<(i64, Given)>, Error> {
    let rows = tx.merges_of(into).await?;
    rows.into_iter().map(|row| Ok((row.id, from_json(&row.name)?))).collect()
}

/// When a customer was contacted last, apart from those who are in it.
fn own_contact(now: Option<i64>, merges: &[(i64, Given)]) -> Option<i64> {
    let by = merges.iter().find(|(_, given)| given.contact.is_some() && given.contact == now);
    by.map_or(now, |(_, given)| given.own_contact)
}

/// Merges one customer into another.
async fn one(cx: &Cx<'_>, tx: &mut Tx, into: i64, other: i64) -> Result<(), Error> {
    let (before, gone) = (seen(cx, tx, into).await?, seen(cx, tx, other).await?);
    let (old, other) = (Customer::try_from(before.clone())?, Customer::try_from(gone)?);
    let home = &cx.catalogue.company.home;
    let new = given::fill(&old, &other, home)?;
    stay_within(cx, &new)?;
    let own_contact = own_contact(old.last_follow_at, &merges_of(tx, into).await?);
    let (own_documents, others_documents) = (documents_of(tx, into).await?, documents_of(tx, other.id).await?);
    let (own_profile, others_profile) = (profile_of(tx, into).await?, profile_of(tx, other.id).await?);
    let origin = Origin::of(cx);
    let way = Way { line: line(None, Some(into)), kind: event::MERGED, more: told("into", into), rows_of: None };
    recycle::put_away(tx, &cx.catalogue, &other, &origin, way).await?;
    let taken = tx.take_over_rows(other.id, into).await?;
    let documents: Vec<(System, Document, Document)> = own_documents
        .into_iter()
        .zip(others_documents)
        .map(|((system, own), (_, others))| {
            let filled = given::fill_document(&own, &others);
            (system, own, filled)
        })
        .collect();
    let of =
        |(system, old, new): &(System, Document, Document)| documents::Changed::new(*system, old.clone(), new.clone());
    let changed = documents.iter().filter(|(_, old, new)| old != new).map(of).collect();
    let merged = Merged { customer: new, labels: None, documents: changed, plm: None, recorded: None };
    let more = Told {
        kind: Some(event::MERGED),
        lines: vec![line(None, Some(other.id))],
        kept: &other.phones,
        more: told("merged", other.id),
        ..Told::default()
    };
    record::write(tx, &cx.catalogue, &old, merged, &origin, more).await?;
    if let Some(others) = &others_profile {
        let row = profile_of(tx, into).await?.unwrap_or_else(|| PlmRow { customer_id: into, ..PlmRow::default() });
        put_profile(tx, &given::fill_profile(row, others)).await?;
    }
    let given = Given {
        before,
        after: stored(tx, into).await?,
        documents: documents.into_iter().map(|(system, old, new)| (system.name().to_owned(), old, new)).collect(),
        plm: (own_profile, profile_of(tx, into).await?),
        taken,
        relations: take_relations(cx, tx, &other, others_profile.as_ref(), into).await?,
        own_contact,
        contact: other.last_follow_at,
    };
    tx.set_merged(other.id, into, &json_of(&given)?).await?;
    let what = json!({ "customer": other.id, "mergedInto": into });
    audit::write_for(cx, tx, audit::Kind::Deletion, &what).await
}

#[rustfmt::skip]
async fn put_profile(tx: &mut Tx, row: &PlmRow) -> Result<(), Error> {
    tx.put_plm_customer(
        row.customer_id, row.plm_id.as_deref(), row.scale, row.description.as_deref(), row.logo.as_deref(),
        row.grade_id.as_deref(), row.industry_id.as_deref(), row.categories.as_deref(), row.categories_name.as_deref(),
        row.product_id.as_deref(), row.is_archived, row.is_deleted, None, None,
    ).await?;
    edit::sort_again(tx, row).await
}

/// Adds the relations of one customer in iBiz PLM to another, and returns those that it had not. The others stay, for when
/// it comes back.
async fn take_relations(
    cx: &Cx<'_>,
    tx: &mut Tx,
    other: &Customer,
    profile: Option<&PlmRow>,
    into: i64,
) -> Result<Vec<(String, String)>, Error> {
    let company = cx.caller.company;
    let target = ids::to_hex32(company, into);
    let mut others = vec![ids::to_hex32(company, other.id)];
    others.extend(profile.and_then(|profile| profile.plm_id.clone()));
    let known = tx.plm_relations(&json_of(&[&target])?).await?;
    let mut taken = Vec::new();
    for row in tx.plm_relations(&json_of(&others)?).await? {
        let led = |id: String| if others.contains(&id) { target.clone() } else { id };
        let (principal, to) = (led(row.principal_id), led(row.target_id));
        if known.iter().any(|known| (&known.principal_id, &known.target_id) == (&principal, &to)) {
            continue;
        }
        tx.put_plm_relation(&principal, &row.principal_type, &to, &row.target_type, row.created_at, &row.created_by)
            .await?;
        taken.push((principal, to));
    }
    Ok(taken)
}

/// Takes a customer out of the one into which it was merged, and returns it.
pub async fn unmerge(cx: &Cx<'_>, id: i64) -> Result<(Restored, i64), Error> {
    cx.require("unmerge", Role::Supervisor)?;
    let mut tx = begin(cx).await?;
    if let Some((row, phones_taken, plm_id_taken, into)) =
        idempotency::recall::<(CustomerRow, Vec<String>, bool, i64)>(cx, &mut tx).await?
    {
        let customer = if cx.sees(&row) { cx.show(row)? } else { return Err(Error::NotFound) };
        return Ok((Restored { customer, phones_taken, plm_id_taken }, into));
    }
    let since = recycle::since(cx.backend);
    let merged = tx.merged(id, since).await?.filter(|merged| merged.merged_into > 0).ok_or(Error::NotFound)?;
    let row: CustomerRow = from_json(&merged.customer)?;
    if !cx.sees(&row) {
        return Err(Error::NotFound);
    }
    let into = merged.merged_into;
    let given: Given = from_json(&merged.given)?;
    let origin = Origin::of(cx);
    let is_there = match tx.customer(into).await? {
        Some(now) => {
            if !cx.sees(&now) {
                return Err(Error::NotFound);
            }
            take_back(cx, &mut tx, now, id, &given, &origin).await?;
            true
        }
        None if tx.in_bin(into, since).await?.is_some() => {
            return Err(Error::InUse {
                detail: format!(
                    "客户 {into} 已删除或已被合并，请先恢复 / the customer {into} was deleted or merged itself: bring it back first"
                )
                .into(),
            });
        }
        None => false,
    };
    tx.give_back_calls(id, into).await?;
    let old = Customer::try_from(row)?;
    let shared: Vec<(i64, i64)> = from_json(&merged.shared)?;
    let way = Way {
        line: line(Some(into), None),
        kind: event::UNMERGED,
        more: told("from", into),
        rows_of: is_there.then_some((into, &given.taken)),
    };
    let (phones_taken, plm_id_taken) = recycle::bring_back(&mut tx, cx, old, &shared, way).await?;
    let what = json!({ "customer": id, "unmergedFrom": into });
    audit::write_for(cx, &mut tx, audit::Kind::Deletion, &what).await?;
    let row = stored(&mut tx, id).await?;
    idempotency::remember(cx, &mut tx, &(&row, &phones_taken, plm_id_taken, into)).await?;
    tx.commit().await?;
    Ok((Restored { customer: cx.show(row)?, phones_taken, plm_id_taken }, into))
}

/// Takes from a customer what another gave it.
async fn take_back(
    cx: &Cx<'_>,
    tx: &mut Tx,
    now: CustomerRow,
    id: i64,
    given: &Given,
    origin: &Origin,
) -> Result<(), Error> {
    let into = now.id;
    let now = Customer::try_from(now)?;
    let (before, after) = (Customer::try_from(given.before.clone())?, Customer::try_from(given.after.clone())?);
    let mut new = given::strip(&now, &before, &after);
    let given_by = merges_of(tx, into).await?;
    let others = given_by.iter().filter(|(other, _)| *other != id).map(|(_, given)| given.contact);
    new.last_follow_at = others.fold(own_contact(now.last_follow_at, &given_by), Option::max);
    let now_profile = profile_of(tx, into).await?;
    let mut changed = Vec::new();
    let mut emptied = Vec::new();
    for (system, document) in documents_of(tx, into).await? {
        let of_system = given.documents.iter().find(|(name, ..)| name == system.name());
        let Some((_, before, after)) = of_system else { continue };
        let stripped = given::strip_document(&document, before, after);
        if stripped.is_empty() && before.is_empty() {
            emptied.push(system);
        }
        if stripped != document {
            changed.push(documents::Changed::new(system, document, stripped));
        }
    }
    let merged = Merged { customer: new, labels: None, documents: changed, plm: None, recorded: None };
    let more = Told {
        kind: Some(event::UNMERGED),
        lines: vec![line(Some(id), None)],
        more: told("unmerged", id),
        ..Told::default()
    };
    record::write(tx, &cx.catalogue, &now, merged, origin, more).await?;
    for system in emptied {
        tx.delete_document(into, system.name()).await?;
    }
    if let (Some(now), Some(left), Some(after)) = (now_profile, profile_of(tx, into).await?, &given.plm.1) {
        tx.clear_plm_id(into).await?;
        match given::strip_profile(&now, left, given.plm.0.as_ref(), after) {
            Some(row) => put_profile(tx, &row).await?,
            None => drop(tx.delete_plm_customer(into).await?),
        }
    }
    for (principal, target) in &given.relations {
        tx.delete_plm_relation(principal, target).await?;
    }
    // Whoever comes back after it leaves nothing behind that came from it.
    for (other, mut left) in given_by.into_iter().filter(|(other, _)| *other != id) {
        left.without(given)?;
        tx.set_merged(other, into, &json_of(&left)?).await?;
    }
    Ok(())
}
