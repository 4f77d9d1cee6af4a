//! The recycle bin: deleted customers, which nothing else sees, until they are restored or their time is over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::json::{from_json, json_of};
use super::origin::Origin;
use super::rederive::customers;
use super::{begin, phones, record, row, stored};
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{self, Line};
use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::event::{self, Body};
use crate::domain::folding::fold;
use crate::domain::masking::mask;
use crate::domain::phone::Home;
use crate::domain::role::Role;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::audit::{self, Actor, Kind};
use crate::ops::access::rights::{CEILING, Shown};
use crate::ops::systems::plm::{edit, notices};
use crate::ops::{Backend, Cx, SYSTEM, idempotency};
use crate::store::merging::TakenOver;
use crate::store::recycle::DeletedSearch;
use crate::store::rows::CustomerRow;
use crate::store::{Scope, Tx};

/// Customers on a page.
pub const PAGE: i64 = 20;
/// Customers that are given up in one transaction, and rows that one removes: writers wait no longer than for these.
const CUSTOMERS: i64 = 100;
const ROWS: i64 = 500;

/// A deleted customer.
pub struct Deleted {
    pub customer: Shown,
    /// When and by whom it was deleted, and until when it can be restored.
    pub at: i64,
    pub by: String,
    pub until: i64,
}

pub struct Page {
    pub customers: Vec<Deleted>,
    pub total: i64,
}

/// A restored customer, without what others have taken meanwhile.
pub struct Restored {
    pub customer: Shown,
    pub phones_taken: Vec<String>,
    /// Whether the id that a client chose for it in iBiz PLM is another's.
    pub plm_id_taken: bool,
}

/// The same, for when the request comes again.
#[derive(Serialize, Deserialize)]
struct Outcome {
    row: CustomerRow,
    phones_taken: Vec<String>,
    plm_id_taken: bool,
}

/// How a customer goes into the bin, or comes out of it: the line of its history, and what others are told.
pub(super) struct Way<'w> {
    pub line: Line,
    pub kind: &'static str,
    pub more: Map<String, Value>,
    /// The customer who was given its rows, and those of them that are not told by their ids.
    pub rows_of: Option<(i64, &'w TakenOver)>,
}

/// Puts a customer into the bin with all that hangs on it. Its numbers are free.
pub async fn put(tx: &mut Tx, catalogue: &Catalogue, old: &Customer, origin: &Origin) -> Result<(), Error> {
    let line = line(None, Some("已删除"));
    put_away(tx, catalogue, old, origin, Way { line, kind: event::DELETED, more: Map::new(), rows_of: None }).await
}

/// The same in another way.
pub(super) async fn put_away(
    tx: &mut Tx,
    catalogue: &Catalogue,
    old: &Customer,
    origin: &Origin,
    way: Way<'_>,
) -> Result<(), Error> {
    let counter = tx.count(-1, 0, 0, 0, 1, 0, 1).await?.ok_or(Error::NotFound)?;
    let mut gone = old.clone();
    record::next_version(&mut gone, origin);
    row::update(tx, Some(old), &gone).await?;
    let lines = [way.line];
    record::write_change(tx, counter.last_change, gone.id, &lines, origin).await?;
    record::delete_terms(tx, old).await?;
    phones::replace(tx, old.id, &[], &[]).await?;
    let shared = phones::holders(tx, &phones::rows(&old.phones, &catalogue.company.home)).await?;
    let digits = digits_of(&old.phones);
    tx.insert_deleted_customer(old.id, origin.at, &origin.login_no, &digits, &json_of(&shared)?).await?;
    tx.keep_customer(old.id).await?;
    tx.delete_customer(old.id).await?;
    let mut body = Body::of_change(Some(&gone), None, &lines);
    body.notify = record::notify(notices::of_removal(old));
    body.more = way.more;
    record::write_event(tx, counter.last_event, way.kind, gone.id, &body, origin).await
}

fn line(old: Option<&str>, new: Option<&str>) -> Line {
    let side = |text: Option<&str>| text.map(str::to_owned);
    Line { field: "deleted".into(), label: "回收站".into(), old: side(old), new: side(new) }
}

/// The digits of each phone, in lines of their own.
fn digits_of(phones: &[CustomerPhone]) -> String {
    phones.iter().fold(String::new(), |lines, phone| lines + "\n" + &digits(&fold(&phone.content)))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What a query looks for: a part of a name, or of a number however its digits are parted.
fn piece(cx: &Cx<'_>, query: &str) -> Result<Option<String>, Error> {
    let piece: String = fold(query).chars().filter(|c| !c.is_whitespace()).collect();
    cx.may_search_by(&piece)?;
    let is_number = piece.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c));
    let piece = if is_number { digits(&piece) } else { piece };
    Ok((!piece.is_empty()).then_some(piece))
}

/// What was deleted before this time cannot be restored any more.
pub(super) fn since(backend: &Backend) -> i64 {
    backend.clock.now().saturating_sub(kept(backend))
}

fn kept(backend: &Backend) -> i64 {
    i64::try_from(backend.recycle.days).unwrap_or(i64::MAX).saturating_mul(24 * 60 * 60 * SECOND)
}

/// Returns a page of the deleted customers whom the caller would see, the last deleted first. `number` counts from 1.
pub async fn list(cx: &Cx<'_>, query: Option<&str>, number: i64) -> Result<Page, Error> {
    cx.require("list_deleted", Role::Supervisor)?;
    let offset = number.checked_sub(1).filter(|before| *before >= 0).and_then(|before| before.checked_mul(PAGE));
    let offset = offset.ok_or(Error::Page)?;
    if offset.checked_add(PAGE).is_none_or(|reach| reach > CEILING) {
        return Err(Error::PageBeyondCeiling);
    }
    let piece = query.map(|query| piece(cx, query)).transpose()?.flatten();
    let search = DeletedSearch { since: since(cx.backend), piece, within: cx.within() };
    let total = cx.scope.deleted_count(&search).await?;
    let rows = if offset < total { cx.scope.deleted_customers(&search, PAGE, offset).await? } else { Vec::new() };
    let shown = rows.into_iter().map(|row| {
        Ok(Deleted {
            customer: cx.show(from_json(&row.customer)?)?,
            at: row.deleted_at,
            by: row.deleted_by,
            until: row.deleted_at.saturating_add(kept(cx.backend)),
        })
    });
    Ok(Page { customers: shown.collect::<Result<_, Error>>()?, total })
}

/// Restores a deleted customer whom the caller would see.
pub async fn restore(cx: &Cx<'_>, id: i64) -> Result<Restored, Error> {
    cx.require("restore_customer", Role::Supervisor)?;
    let mut tx = begin(cx).await?;
    if let Some(outcome) = idempotency::recall::<Outcome>(cx, &mut tx).await? {
        return if cx.sees(&outcome.row) { shown(cx, outcome) } else { Err(Error::NotFound) };
    }
    let deleted = tx.deleted_customer(id, since(cx.backend)).await?.ok_or(Error::NotFound)?;
    let row: CustomerRow = from_json(&deleted.customer)?;
    if !cx.sees(&row) {
        return Err(Error::NotFound);
    }
    let old = Customer::try_from(row)?;
    let shared: Vec<(i64, i64)> = from_json(&deleted.shared)?;
    let way = Way { line: line(Some("已删除"), None), kind: event::RESTORED, more: Map::new(), rows_of: None };
    let (phones_taken, plm_id_taken) = bring_back(&mut tx, cx, old, &shared, way).await?;
    audit::write_for(cx, &mut tx, Kind::Deletion, &json!({ "customer": id, "restored": true })).await?;
    let outcome = Outcome { row: stored(&mut tx, id).await?, phones_taken, plm_id_taken };
    idempotency::remember(cx, &mut tx, &outcome).await?;
    tx.commit().await?;
    shown(cx, outcome)
}

fn shown(cx: &Cx<'_>, outcome: Outcome) -> Result<Restored, Error> {
    let Outcome { row, mut phones_taken, plm_id_taken } = outcome;
    if cx.rights().masks() {
        for phone in &mut phones_taken {
            *phone = mask(phone);
        }
    }
    Ok(Restored { customer: cx.show(row)?, phones_taken, plm_id_taken })
}

/// Brings all rows of a customer back, and makes anew what it is found by, by the rules of today. Returns the numbers
/// that others have now, and whether another has the id that a client chose for this one.
pub(super) async fn bring_back(
    tx: &mut Tx,
    cx: &Cx<'_>,
    old: Customer,
    shared: &[(i64, i64)],
    way: Way<'_>,
) -> Result<(Vec<String>, bool), Error> {
    let (origin, home) = (Origin::of(cx), &cx.catalogue.company.home);
    let plm_id = free_plm_id(tx, old.id).await?;
    match way.rows_of {
        Some((into, taken)) => tx.give_back_rows(old.id, into, taken).await?,
        None => tx.bring_back_customer(old.id).await?,
    }
    tx.delete_deleted_customer(old.id).await?;
    let mut new = old.clone();
    new.phones = customers::split(tx, new.phones, home).await?;
    let taken = phones::restore(tx, new.id, &phones::rows(&new.phones, home), shared).await?;
    let (lost, left): (Vec<_>, Vec<_>) = new.phones.into_iter().partition(|phone| taken.contains(&phone.id));
    new.phones = left;
    record::next_version(&mut new, &origin);
    row::update(tx, None, &new).await?;
    record::insert_terms(tx, &new).await?;
    renew_contacts(tx, new.id, home).await?;
    for profile in tx.plm_customers(&json_of(&[new.id])?).await? {
        edit::sort_again(tx, &profile).await?;
    }
    let counter = tx.count(1, 0, 0, 0, 1, 0, 1).await?.ok_or(Error::NotFound)?;
    let mut lines = vec![way.line];
    lines.extend(change::lines(&old, &new, &cx.catalogue));
    let plm_line = |id| Line { field: "ibizplm.id".into(), label: "标识".into(), old: Some(id), new: None };
    let plm_id_taken = plm_id.is_some();
    lines.extend(plm_id.map(plm_line));
    record::write_change(tx, counter.last_change, new.id, &lines, &origin).await?;
    // Others know nothing of it any more.
    let fields = change::lines(&Customer::default(), &new, &cx.catalogue);
    let mut body = Body::of_change(None, Some(&new), &fields);
    body.more = way.more;
    record::write_event(tx, counter.last_event, way.kind, new.id, &body, &origin).await?;
    Ok((lost.into_iter().map(|phone| phone.content).collect(), plm_id_taken))
}

/// Leaves the id that a client chose for a deleted customer to whoever has it now; returns it.
async fn free_plm_id(tx: &mut Tx, id: i64) -> Result<Option<String>, Error> {
    let Some(chosen) = tx.deleted_plm_id(id).await? else { return Ok(None) };
    if tx.plm_number(&chosen.value).await?.is_none() {
        return Ok(None);
    }
    tx.clear_deleted_plm_id(id).await?;
    Ok(Some(chosen.value))
}

async fn renew_contacts(tx: &mut Tx, id: i64, home: &Home) -> Result<(), Error> {
    let documents = tx.documents(&json_of(&[id])?).await?;
    customers::renew_contacts(tx, id, documents, home).await
}

/// Removes for good, in all companies, whom nobody has restored in time.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    let before = since(backend);
    for company in backend.store.companies().await? {
        let scope = backend.store.company(company.id);
        loop {
            let over: Vec<i64> =
                scope.deleted_before(before, CUSTOMERS).await?.into_iter().map(|row| row.value).collect();
            if over.is_empty() {
                break;
            }
            give_up(backend, &scope, &over).await?;
            for id in over {
                remove(&scope, id).await?;
            }
        }
    }
    Ok(())
}

/// Makes sure that these cannot be restored any more, and writes into the audit that they are gone. From then on each
/// is removed to its end, by this server, its next start or another server.
async fn give_up(backend: &Backend, scope: &Scope, ids: &[i64]) -> Result<(), Error> {
    let actor = Actor { login_no: SYSTEM.to_owned(), address: None };
    let mut tx = scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    for gone in tx.give_up_deleted(&json_of(&ids)?).await? {
        let what: Value = json!({ "customer": gone.value, "removed": true });
        audit::write(&mut tx, &actor, backend.clock.now(), Kind::Deletion, &what).await?;
    }
    Ok(tx.commit().await?)
}

async fn remove(scope: &Scope, id: i64) -> Result<(), Error> {
    loop {
        let mut tx = scope.write().await?;
        record::wait_for_turn(&mut tx).await?;
        let is_empty = tx.delete_deleted_rows(id, ROWS).await? < ROWS.unsigned_abs();
        if is_empty {
            tx.delete_deleted_customer(id).await?;
        }
        tx.commit().await?;
        if is_empty {
            return Ok(());
        }
    }
}
