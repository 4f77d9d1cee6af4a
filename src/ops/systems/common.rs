//! What is written in the words of one system and means what all systems share is written where all share it.
//!
//! What a system has words of its own for stays its own; `ops/systems/terms.rs` decides how the others show it. What comes back
//! as it is stored is no word at all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::{CustomField, FieldKind, is_blank};
use crate::domain::customer::{Customer, categories, stars_of};
use crate::domain::document::members::FOLLOWERS;
use crate::domain::document::{Document, System, shared};
use crate::domain::plm::Attention;
use crate::error::Error;
use crate::ops::customer::changes::{Changes, Patch};
use crate::ops::systems::profile::documents::{Patched, entry_of};

/// Moves what all share from the systems' own patches to its place among the changes.
pub fn share(
    changes: &mut Changes<'_>,
    documents: &mut [Patched],
    old: &Customer,
    catalogue: &Catalogue,
) -> Result<(), Error> {
    for Patched { system, old: stored, patch } in documents {
        match system {
            System::CustomerDetail => {
                level(changes, patch, stored, "levelName", old.star);
                followers(changes, patch, catalogue)?;
            }
            System::CrmInfo => {
                level(changes, patch, stored, "grade_name", old.star);
                fields(changes, patch, stored, old, catalogue)?;
                address(changes, patch, stored, old);
            }
        }
    }
    if let Some(mut plm) = changes.plm.take() {
        // What iBiz PLM shows decides what its null clears: its dialect says so.
        level(changes, &mut plm.members, &Document::new(), "grade_id", 0);
        match plm.members.get("categories_name") {
            Some(Value::String(names)) => changes.labels = Some(labels(names, old)),
            Some(Value::Null) => changes.labels = Some(Vec::new()),
            _ => {}
        }
        changes.plm = Some(plm);
    }
    Ok(())
}

/// A level that says stars is the stars; who clears the stars that he is shown has none.
fn level(changes: &mut Changes<'_>, patch: &mut Document, stored: &Document, name: &str, stars: i64) {
    let Some(given) = patch.get_mut(name) else { return };
    if let Some(star) = given.as_str().and_then(stars_of) {
        changes.star = Some(star);
        *given = Value::Null;
    } else if given.is_null() && stored.get(name).is_none_or(is_blank) && stars > 0 {
        changes.star = Some(0);
    }
}

/// The names of categories are labels. The name of a label can have a comma in it.
fn labels<'a>(names: &str, old: &Customer) -> Vec<Cow<'a, str>> {
    let mut parts: Vec<Cow<'a, str>> = categories(names).map(|name| Cow::Owned(name.to_owned())).collect();
    for label in &old.labels {
        let whole: Vec<&str> = categories(&label.name).collect();
        let at = parts.windows(whole.len().max(2)).position(|window| window == whole);
        if let Some(at) = at {
            parts.splice(at..at + whole.len(), [Cow::Owned(label.name.clone())]);
        }
    }
    parts
}

/// Writes again those names of categories that were shown masked, once the labels have their stored names.
pub fn respell(changes: &mut Changes<'_>) {
    let (Some(labels), Some(plm)) = (&changes.labels, &mut changes.plm) else { return };
    let Some(Value::String(names)) = plm.members.get_mut("categories_name") else { return };
    if !categories(names).eq(labels.iter().map(|label| label.trim())) {
        *names = labels.join(",");
    }
}

fn followers(changes: &mut Changes<'_>, patch: &mut Document, catalogue: &Catalogue) -> Result<(), Error> {
    let Some(numbers) = patch.remove(FOLLOWERS.name) else { return Ok(()) };
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

/// Whether an entry stands in the stored list as it is.
fn is_stored(stored: Option<&Value>, entry: &Map<String, Value>) -> bool {
    let known = entry.get("id").and_then(|id| entry_of(stored, id));
    known.is_some_and(|known| entry.iter().all(|(name, value)| known.get(name) == Some(value)))
}

/// Takes the entries out of a list that are not stored in it as they are, where `take` takes them.
fn take(patch: &mut Document, stored: &Document, name: &str, mut take: impl FnMut(&Map<String, Value>) -> bool) {
    let Some(Value::Array(list)) = patch.get_mut(name) else { return };
    list.retain(|entry| entry.as_object().is_none_or(|entry| is_stored(stored.get(name), entry) || !take(entry)));
    // Entries that are shown from other places have the number 0. One that comes back changed is a new entry.
    for entry in list.iter_mut().filter_map(Value::as_object_mut) {
        if entry.get("id").and_then(Value::as_i64) == Some(0) {
            entry.remove("id");
        }
    }
}

/// A fact that has the name of one of the company's own fields is that field. A fact that is left out stays.
fn fields(
    changes: &mut Changes<'_>,
    patch: &mut Document,
    stored: &Document,
    old: &Customer,
    catalogue: &Catalogue,
) -> Result<(), Error> {
    let mut given: BTreeMap<i64, Value> = BTreeMap::new();
    let mut wrong = None;
    take(patch, stored, "extend_infos", |entry| {
        let Some(field) = shared::field_of(entry, &catalogue.fields) else { return false };
        let told = value(field, entry, old).and_then(|value| match given.insert(field.id, value) {
            None => Ok(()),
            Some(_) => Err("出现两次 / stands twice"),
        });
        wrong = wrong.take().or(told.err().map(|why| format!("extend_infos {}: {why}", field.name)));
        true
    });
    if let Some(wrong) = wrong {
        return Err(Error::parameter(wrong));
    }
    match &mut changes.custom {
        Patch::Set(values) => values.extend(given),
        patch if !given.is_empty() => *patch = Patch::Set(given),
        _ => {}
    }
    Ok(())
}

/// The value that an entry gives a field.
fn value(field: &CustomField, entry: &Map<String, Value>, old: &Customer) -> Result<Value, &'static str> {
    let content = shared::text(entry, "content");
    // A number that comes back as a text is the same number.
    if let Some(stored) = old.custom.get(&field.id).filter(|stored| shared::written(stored) == content) {
        return Ok(stored.clone());
    }
    let value = match field.kind {
        FieldKind::Number => serde_json::from_str(content).map_or(content.into(), Value::Number),
        _ => content.into(),
    };
    if is_blank(&value) { Ok(Value::Null) } else { field.check(&value).map(|()| value) }
}

/// Takes the customer's address from the list, if there was none; from then on it follows the entry that it came
/// from. An entry without a number of its own is the customer's address itself; if it holds more than that, it is a
/// new entry, too.
fn address(changes: &mut Changes<'_>, patch: &mut Document, stored: &Document, old: &Customer) {
    let Some(Value::Array(_)) = patch.get("addresslist") else { return };
    let shared = old.address.as_deref();
    let mut edited = Patch::Keep;
    take(patch, stored, "addresslist", |entry| {
        if entry.get("id").and_then(Value::as_i64) != Some(0) {
            return false;
        }
        edited = match shared::address_in(entry) {
            None => Patch::Clear,
            Some(address) if Some(address.as_str()) == shared => Patch::Keep,
            Some(address) => Patch::Set(address.into()),
        };
        let first = old.phones.first().map(|phone| phone.content.as_str());
        entry.iter().all(|(name, value)| match name.as_str() {
            "contact" => value.as_str() == old.name.as_deref(),
            "contact_number" => value.as_str() == first,
            name => matches!(name, "id" | "address" | "is_default"),
        })
    });
    if edited == Patch::Keep {
        let list =
            |document: &Document| document.get("addresslist").and_then(Value::as_array).cloned().unwrap_or_default();
        let (before, after) = (list(stored), list(patch));
        let told = match shared {
            None => shared::address_of(&after).filter(|address| Some(address) != shared::address_of(&before).as_ref()),
            Some(shared) => followed(&before, &after, shared),
        };
        edited = told.map_or(Patch::Keep, |address| Patch::Set(address.into()));
    }
    if changes.address == Patch::Keep {
        changes.address = edited;
    }
}

/// What the entry says now that said the shared address, if it is still there and says another.
fn followed(before: &[Value], after: &[Value], shared: &str) -> Option<String> {
    let said = before.iter().filter_map(Value::as_object).find(|entry| shared::says(entry, shared))?;
    let id = said.get("id")?;
    let now = after.iter().filter_map(Value::as_object).find(|entry| entry.get("id") == Some(id))?;
    if shared::says(now, shared) { None } else { shared::address_in(now) }
}
