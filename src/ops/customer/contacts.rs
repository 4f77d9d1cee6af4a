//! The numbers of a customer's contacts, by which the customer is found, too.

use serde_json::Value;

use crate::domain::document::{Document, Member, Shape, System};
use crate::domain::phone::{self, Home};
use crate::error::Error;
use crate::ops::systems::profile;
use crate::store::Tx;

/// The list of contacts in a document.
const CONTACTS: &str = "contacts";

/// Refuses texts that are no numbers, where the document had them not already.
pub fn check_phones(system: System, old: &Document, patch: &Document, home: &Home) -> Result<(), Error> {
    let phones_of = |document: &Document| {
        let mut phones = Vec::new();
        profile::collect(system.members(), document, &mut phones);
        phones
    };
    let new = phones_of(patch).into_iter().filter(|phone| !phone.trim().is_empty());
    let mut stored = None;
    for typed in new {
        if let Err(why) = phone::read(&typed, home)
            && !stored.get_or_insert_with(|| phones_of(old)).contains(&typed)
        {
            return Err(Error::parameter(format!("{CONTACTS}: “{typed}” {}", why.why())));
        }
    }
    Ok(())
}

/// Stores what the customer is found by of a document that has changed.
pub async fn store_phones(
    tx: &mut Tx,
    customer: i64,
    system: System,
    old: &Document,
    new: &Document,
    home: &Home,
) -> Result<(), Error> {
    if old.get(CONTACTS) == new.get(CONTACTS) {
        return Ok(());
    }
    replace_phones(tx, customer, system, new, home).await
}

/// Stores the numbers of a document in the place of those before.
pub async fn replace_phones(
    tx: &mut Tx,
    customer: i64,
    system: System,
    document: &Document,
    home: &Home,
) -> Result<(), Error> {
    let Some(Member { shape: Shape::List(members), .. }) = system.member(CONTACTS) else { return Ok(()) };
    tx.delete_contact_phones(customer).await?;
    let rows = rows(members, document.get(CONTACTS), home);
    if !rows.is_empty() {
        let rows = serde_json::to_string(&rows).map_err(|cause| Error::internal(&cause))?;
        tx.insert_contact_phones(customer, &rows).await?;
    }
    Ok(())
}

/// Name, typed text, key and tail of each number, once.
type Row = (String, String, String, String);

fn rows(members: &[Member], contacts: Option<&Value>, home: &Home) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for contact in contacts.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let name = contact.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut typed = Vec::new();
        profile::collect(members, contact, &mut typed);
        for phone in typed.iter().flat_map(|typed| phone::read(typed, home).unwrap_or_default()) {
            let (key, tail) = (phone.key(), phone.tail());
            if rows.iter().all(|(_, _, known, _)| *known != key) {
                rows.push((name.to_owned(), phone.typed, key, tail));
            }
        }
    }
    rows
}
