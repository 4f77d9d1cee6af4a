//! What only one documented system knows of a customer.

pub mod documents;

use serde_json::Value;

use crate::domain::customer::CustomerPhone;
use crate::domain::document::members::FOLLOWERS;
use crate::domain::document::{Document, Member, Shape, System};
use crate::domain::masking::{Known, mask};
use crate::domain::phone::Home;
use crate::domain::plm::NOT_FOLLOWING;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::store::rows::TextRow;

/// Returns a system's document of a customer, as the caller may see it; empty when there is none.
pub async fn of(cx: &Cx<'_>, customer: &Shown, system: System) -> Result<Document, Error> {
    let mut document = stored(cx.scope.document(customer.id, system.name()).await?)?;
    if let Some(phones) = hidden(cx, customer).await? {
        document = masked(system, document, &phones, &cx.catalogue.company.home);
    }
    if system == System::CustomerDetail {
        let followers = followers(cx, customer).await?;
        if !followers.is_empty() {
            document.insert(FOLLOWERS.name.to_owned(), followers.into());
        }
    }
    Ok(document)
}

/// Returns a document as it is stored; empty when there is none.
pub fn stored(row: Option<TextRow>) -> Result<Document, Error> {
    let Some(row) = row else { return Ok(Document::new()) };
    serde_json::from_str(&row.value).map_err(|cause| Error::internal(&cause))
}

/// Returns the numbers of the staff who follow a customer.
async fn followers(cx: &Cx<'_>, customer: &Shown) -> Result<Vec<i64>, Error> {
    let rows = cx.scope.plm_attentions(customer.id).await?.into_iter();
    let following = rows.filter(|row| row.kind != NOT_FOLLOWING);
    let mut numbers: Vec<i64> = Vec::new();
    for number in following.filter_map(|row| Some(cx.catalogue.staff(&row.user_id)?.number)) {
        // Login numbers are the same in upper and in lower case.
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Returns the customer's numbers as they are stored, where the caller may not see them: they are to be recognised in
/// texts.
pub async fn hidden(cx: &Cx<'_>, customer: &Shown) -> Result<Option<Vec<CustomerPhone>>, Error> {
    if !cx.rights().masks() {
        return Ok(None);
    }
    let stored = cx.scope.customer(customer.id).await?.ok_or(Error::NotFound)?;
    serde_json::from_str(&stored.phones).map(Some).map_err(|cause| Error::internal(&cause))
}

/// Returns a document as who may not see numbers is shown it: its own and the customer's are recognised in all texts.
#[must_use]
pub fn masked(system: System, mut document: Document, phones: &[CustomerPhone], home: &Home) -> Document {
    let known = known(system, &document, phones, home);
    hide(system.members(), &mut document, &known);
    document
}

/// Returns the numbers of a customer and of a document, to be recognised in its texts.
#[must_use]
pub fn known(system: System, document: &Document, phones: &[CustomerPhone], home: &Home) -> Known {
    let mut numbers: Vec<String> = phones.iter().map(|phone| phone.content.clone()).collect();
    collect(system.members(), document, &mut numbers);
    Known::of(numbers.iter().map(String::as_str), home)
}

/// Adds the numbers in a document that stand where a number is expected.
pub fn collect(members: &[Member], document: &Document, numbers: &mut Vec<String>) {
    for member in members {
        match (&member.shape, document.get(member.name)) {
            (Shape::Phone, Some(Value::String(phone))) => numbers.push(phone.clone()),
            (Shape::Phone, Some(Value::Number(phone))) => numbers.push(phone.to_string()),
            (Shape::Object(members), Some(Value::Object(object))) => collect(members, object, numbers),
            (Shape::List(members), Some(Value::Array(list))) => {
                list.iter().filter_map(Value::as_object).for_each(|entry| collect(members, entry, numbers));
            }
            _ => {}
        }
    }
}

fn hide(members: &[Member], document: &mut Document, known: &Known) {
    for member in members {
        let Some(value) = document.get_mut(member.name) else { continue };
        match (&member.shape, value) {
            (Shape::Phone, Value::String(phone)) => *phone = mask(phone),
            (Shape::Object(members), Value::Object(object)) => hide(members, object, known),
            (Shape::List(members), Value::Array(list)) => {
                list.iter_mut().filter_map(Value::as_object_mut).for_each(|entry| hide(members, entry, known));
            }
            (Shape::Texts, Value::Array(list)) => list.iter_mut().for_each(|text| *text = known.mask_value(text)),
            (Shape::Text(_), text) => *text = known.mask_value(text),
            _ => {}
        }
    }
}
