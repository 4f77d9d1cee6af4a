//! The numbers a customer is found by, each of which one customer has.
//!
//! Customers of earlier rules may share one all the same. It is found with the first of them; the others keep it, and
//! whoever is next is found by it as soon as the first has it no more.

use super::json::json_of;
use crate::domain::customer::CustomerPhone;
use crate::domain::phone::{self, Home, Phone};
use crate::error::Error;
use crate::store::Tx;
use crate::store::rows::TextRow;

/// Id, typed text, key and tail.
pub type Row<'c> = (i64, &'c str, String, String);

/// Returns what the phones are found by; what is no number is found by nothing.
#[must_use]
pub fn rows<'c>(phones: &'c [CustomerPhone], home: &Home) -> Vec<Row<'c>> {
    let parsed = phones.iter().filter_map(|phone| Some((phone, Phone::parse(&phone.content, home)?)));
    parsed.map(|(phone, parsed)| (phone.id, phone.content.as_str(), parsed.key(), parsed.tail())).collect()
}

/// Returns what the numbers in a text are compared by; none of what is no number.
#[must_use]
pub fn keys(typed: &str, home: &Home) -> Vec<String> {
    phone::read(typed, home).map_or_else(|_| Vec::new(), |phones| phones.iter().map(Phone::key).collect())
}

/// Adds the phones of a new customer, or says which of them another one has.
pub async fn insert(tx: &mut Tx, customer: i64, rows: &[Row<'_>]) -> Result<(), Error> {
    match added(tx, customer, rows).await?.first() {
        Some((_, typed, ..)) => Err(Error::PhoneTaken { typed: (*typed).to_owned() }),
        None => Ok(()),
    }
}

/// Puts the phones in the place of the customer's. Of those that another one has, he may keep these.
pub async fn replace(tx: &mut Tx, customer: i64, rows: &[Row<'_>], kept: &[CustomerPhone]) -> Result<(), Error> {
    let freed = tx.delete_phones(customer).await?;
    tx.delete_shared_phones(customer).await?;
    let taken = added(tx, customer, rows).await?;
    let is_kept = |(id, typed, ..): &&&Row<'_>| kept.iter().any(|phone| phone.id == *id && phone.content == *typed);
    if let Some((_, typed, ..)) = taken.iter().find(|row| !is_kept(row)) {
        return Err(Error::PhoneTaken { typed: (*typed).to_owned() });
    }
    if !taken.is_empty() {
        tx.insert_shared_phones(customer, &json_of(&taken)?).await?;
    }
    hand_over(tx, freed).await
}

/// Adds the phones of a customer that is restored, and returns the ids of those that are another's now. What it
/// `shared` with that one, pairs of a phone's id and the other's, it keeps.
pub async fn restore(tx: &mut Tx, customer: i64, rows: &[Row<'_>], shared: &[(i64, i64)]) -> Result<Vec<i64>, Error> {
    let others: Vec<Row<'_>> = added(tx, customer, rows).await?.into_iter().cloned().collect();
    let now = holders(tx, &others).await?;
    let is_kept = |id: i64| now.iter().any(|pair| pair.0 == id && shared.contains(pair));
    let (kept, taken): (Vec<_>, Vec<_>) = others.into_iter().partition(|(id, ..)| is_kept(*id));
    if !kept.is_empty() {
        tx.insert_shared_phones(customer, &json_of(&kept)?).await?;
    }
    Ok(taken.into_iter().map(|(id, ..)| id).collect())
}

/// Returns the phones whose numbers a customer has, each with that customer.
pub async fn holders(tx: &mut Tx, rows: &[Row<'_>]) -> Result<Vec<(i64, i64)>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = rows.iter().map(|(_, _, key, _)| key.as_str()).collect();
    let holders = tx.phone_holders(&json_of(&keys)?).await?;
    let of = |key: &str| holders.iter().find(|holder| holder.key == key).map(|holder| holder.customer_id);
    Ok(rows.iter().filter_map(|(id, _, key, _)| Some((*id, of(key)?))).collect())
}

/// Adds the phones that nobody has, and returns the others.
#[expect(clippy::disallowed_methods, reason = "a change is counted before it is stored")]
async fn added<'r, 'c>(tx: &mut Tx, customer: i64, rows: &'r [Row<'c>]) -> Result<Vec<&'r Row<'c>>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let added = tx.insert_phones(customer, &json_of(&rows)?).await?;
    Ok(rows.iter().filter(|(_, _, key, _)| !added.iter().any(|row| row.value == *key)).collect())
}

/// Lets those be found by these keys who have waited for them.
async fn hand_over(tx: &mut Tx, freed: Vec<TextRow>) -> Result<(), Error> {
    if freed.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = freed.into_iter().map(|row| row.value).collect();
    let given: Vec<i64> = tx.hand_over_phones(&json_of(&keys)?).await?.into_iter().map(|row| row.value).collect();
    if !given.is_empty() {
        tx.delete_handed_over(&json_of(&given)?).await?;
    }
    Ok(())
}
