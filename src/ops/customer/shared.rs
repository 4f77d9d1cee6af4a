//! What is written in the words of one system and means what all systems share is written where all share it.
//!
//! What a system has words of its own for stays its own; `ops/words.rs` decides how the others show it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::changes::{Changes, Patch};
use crate::domain::catalogue::Catalogue;
use crate::domain::customer::{Customer, stars_of};
use crate::domain::document::members::FOLLOWERS;
use crate::domain::document::{self, Document, System, shared};
use crate::domain::plm::Attention;
use crate::error::Error;

/// Moves what all share from the systems' own patches to its place among the changes.
pub fn share(changes: &mut Changes<'_>, old: &Customer, catalogue: &Catalogue) -> Result<(), Error> {
    let mut documents = std::mem::take(&mut changes.documents);
    for (system, document) in &mut documents {
        match system {
            System::CustomerDetail => {
                level(changes, document, "levelName");
                followers(changes, document, catalogue)?;
            }
            System::CrmInfo => {
                level(changes, document, "grade_name");
                fields(changes, document, old, catalogue);
                address(changes, document, old);
            }
        }
    }
    changes.documents = documents;
    if let Some(mut plm) = changes.plm.take() {
        level(changes, &mut plm.members, "grade_id");
        match plm.members.get("categories_name") {
            Some(Value::String(names)) => changes.labels = Some(labels(names)),
            Some(Value::Null) => changes.labels = Some(Vec::new()),
            _ => {}
        }
        changes.plm = Some(plm);
    }
    Ok(())
}

/// A level that says stars is the stars.
fn level(changes: &mut Changes<'_>, document: &mut Document, name: &str) {
    let Some(given) = document.get_mut(name) else { return };
    if let Some(star) = given.as_str().and_then(stars_of) {
        changes.star = Some(star);
        *given = Value::Null;
    }
}

/// The names of categories are labels.
fn labels<'a>(names: &str) -> Vec<Cow<'a, str>> {
    names.split([',', '，']).map(|name| Cow::Owned(name.to_owned())).collect()
}

fn followers(changes: &mut Changes<'_>, document: &mut Document, catalogue: &Catalogue) -> Result<(), Error> {
    let Some(given) = document.remove(FOLLOWERS.name) else { return Ok(()) };
    let numbers = match given {
        Value::Null => Value::Array(Vec::new()),
        given => document::check(&FOLLOWERS, &given).map_err(Error::parameter)?,
    };
    let mut followers = Vec::new();
    for number in numbers.as_array().into_iter().flatten().filter_map(Value::as_i64) {
        let staff = catalogue.staff_by_number(number).ok_or_else(|| {
            Error::parameter(format!(
                "followers: 没有编号为 {number} 的员工 / there is no operator with the number {number}"
            ))
        })?;
        let (user_id, name) = (staff.login_no.clone(), Some(staff.name.clone()));
        followers.push(Attention { user_id, name, kind: "40".to_owned() });
    }
    changes.plm.get_or_insert_default().followers = Some(followers);
    Ok(())
}

/// Facts that are called like a field of the company's own are the field. What is left out stays.
fn fields(changes: &mut Changes<'_>, document: &mut Document, old: &Customer, catalogue: &Catalogue) {
    let Some(Value::Array(facts)) = document.get_mut("extend_infos") else { return };
    let given = shared::take_fields(facts, &catalogue.fields);
    // A number that comes back as a text is the same number.
    let is_change = |id: &i64, given: &Value| {
        old.custom.get(id).is_none_or(|stored| given.as_str() != Some(&shared::written(stored)))
    };
    let given: BTreeMap<i64, Value> = given.into_iter().filter(|(id, given)| is_change(id, given)).collect();
    match &mut changes.custom {
        Patch::Set(values) => values.extend(given),
        patch if !given.is_empty() => *patch = Patch::Set(given),
        _ => {}
    }
}

/// The customer's address, if there is none yet, is one of those in the list.
fn address(changes: &mut Changes<'_>, document: &Document, old: &Customer) {
    let Some(Value::Array(list)) = document.get("addresslist") else { return };
    if old.address.is_none() && changes.address == Patch::Keep {
        changes.address = shared::address_of(list).map_or(Patch::Keep, |address| Patch::Set(address.into()));
    }
}
