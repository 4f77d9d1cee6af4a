//! What a customer is found by, made anew of what is stored.

use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::document::System;
use crate::domain::phone::{self, Home};
use crate::error::Error;
use crate::ops::customer::json::json_of;
use crate::ops::customer::record;
use crate::ops::customer::{contacts, phones};
use crate::store::Tx;
use crate::store::rows::{CustomerRow, DocumentRow};

pub use record::wait_for_turn;

/// Makes keys and terms of a customer anew, who has phones with these texts and keys. What another customer has of them
/// stays with this one, and is found with the other.
///
/// An entry that holds several numbers becomes several. One that is no number stays as it is, and nobody is found by it.
pub async fn renew(tx: &mut Tx, row: CustomerRow, found_by: &[(String, String)], home: &Home) -> Result<(), Error> {
    let mut customer = Customer::try_from(row)?;
    customer.phones = split(tx, std::mem::take(&mut customer.phones), home).await?;
    tx.set_phones(customer.id, &json_of(&customer.phones)?).await?;
    record::derive_again(tx, &customer).await?;
    let rows = phones::rows(&customer.phones, home);
    let is_same = rows.len() == found_by.len()
        && rows.iter().all(|(_, typed, key, _)| found_by.iter().any(|(known, of)| known == typed && of == key));
    if is_same { Ok(()) } else { phones::replace(tx, customer.id, &rows, &customer.phones).await }
}

/// The phones, each with one number; new ones get the next ids.
pub async fn split(tx: &mut Tx, entries: Vec<CustomerPhone>, home: &Home) -> Result<Vec<CustomerPhone>, Error> {
    let mut split: Vec<CustomerPhone> = Vec::with_capacity(entries.len());
    for phone in entries {
        let numbers = phone::read(&phone.content, home).unwrap_or_default();
        let mut numbers = numbers.into_iter();
        let first = numbers.next().map_or(phone.content, |number| number.typed);
        split.push(CustomerPhone { id: phone.id, content: first });
        for number in numbers {
            let id = tx.count(0, 0, 1, 0, 0, 0, 0).await?.ok_or(Error::NotFound)?.last_phone;
            split.push(CustomerPhone { id, content: number.typed });
        }
    }
    // A number that stood in two entries counts once.
    let mut keys = Vec::with_capacity(split.len());
    split.retain(|phone| {
        let key = phone::Phone::parse(&phone.content, home).map_or_else(|| phone.content.clone(), |phone| phone.key());
        let is_new = !keys.contains(&key);
        keys.push(key);
        is_new
    });
    Ok(split)
}

/// Makes the keys of the contacts' numbers anew.
pub async fn renew_contacts(tx: &mut Tx, customer: i64, rows: Vec<DocumentRow>, home: &Home) -> Result<(), Error> {
    for row in rows {
        let Some(system) = System::parse(&row.dialect) else { continue };
        let document = serde_json::from_str(&row.document).map_err(|cause| Error::internal(&cause))?;
        contacts::replace_phones(tx, customer, system, &document, home).await?;
    }
    Ok(())
}
