//! What a customer is given by another that is merged into it, and what it is without that again.
//!
//! The one that stays has what it had; only what it lacks comes from the other. Without the other, each field that is still as
//! it was given is as it was before; what was changed since then stays.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::customer::{Customer, Label, MOST_LABELS, MOST_PHONES};
use crate::domain::document::Document;
use crate::domain::phone::Home;
use crate::error::Error;
use crate::ops::customer::json::{from_json, json_of};
use crate::ops::customer::phones;
use crate::store::merging::TakenOver;
use crate::store::rows::{CustomerRow, PlmRow};

/// What one customer was given by another.
#[derive(Debug, Serialize, Deserialize)]
pub struct Given {
    pub before: CustomerRow,
    pub after: CustomerRow,
    /// By system, before and after.
    pub documents: Vec<(String, Document, Document)>,
    pub plm: (Option<PlmRow>, Option<PlmRow>),
    pub taken: TakenOver,
    /// Relations of iBiz PLM: principal and target.
    pub relations: Vec<(String, String)>,
    /// When it was contacted last, apart from all who are in it, and when the other was.
    pub own_contact: Option<i64>,
    pub contact: Option<i64>,
}

/// Fills what a customer lacks with what another has.
pub fn fill(old: &Customer, other: &Customer, home: &Home) -> Result<Customer, Error> {
    let mut new = old.clone();
    macro_rules! take {
        ($($field:ident)*) => { $(if new.$field.is_none() { new.$field.clone_from(&other.$field); })* };
    }
    take!(name company_name address type_value flag_value source_value task_id last_accept);
    if new.owner_no.is_none() && (new.group_id.is_none() || new.group_id == other.group_id) {
        (new.owner_no, new.group_id) = (other.owner_no.clone(), new.group_id.or(other.group_id));
        take!(assigned_at);
    }
    if new.star == 0 {
        new.star = other.star;
    }
    new.follow_count = new.follow_count.saturating_add(other.follow_count).min(i64::from(i32::MAX));
    new.last_follow_at = new.last_follow_at.max(other.last_follow_at);
    for (id, value) in &other.custom {
        new.custom.entry(*id).or_insert_with(|| value.clone());
    }
    let known: Vec<String> = new.phones.iter().flat_map(|phone| phones::keys(&phone.content, home)).collect();
    for phone in &other.phones {
        let keys = phones::keys(&phone.content, home);
        let is_known = !keys.is_empty() && keys.iter().all(|key| known.contains(key));
        if !is_known && new.phones.iter().all(|own| own.content != phone.content) {
            new.phones.push(phone.clone());
        }
    }
    for label in &other.labels {
        if new.labels.iter().all(|own| own.id != label.id) {
            new.labels.push(label.clone());
        }
    }
    for (name, count, most) in
        [("cellphones", new.phones.len(), MOST_PHONES), ("customerLabel", new.labels.len(), MOST_LABELS)]
    {
        if count > most {
            return Err(Error::parameter(format!(
                "{name}: 合并后超过 {most} 个 / there would be more than {most} of them"
            )));
        }
    }
    Ok(new)
}

/// Returns what a customer is without what it was given.
pub fn strip(now: &Customer, before: &Customer, after: &Customer) -> Customer {
    let mut new = now.clone();
    macro_rules! restore {
        ($($field:ident)*) => { $(if new.$field == after.$field { new.$field.clone_from(&before.$field); })* };
    }
    restore!(name company_name address type_value flag_value source_value task_id last_accept assigned_at star);
    if (&now.owner_no, now.group_id) == (&after.owner_no, after.group_id) {
        (new.owner_no, new.group_id) = (before.owner_no.clone(), before.group_id);
    }
    new.follow_count = (now.follow_count - (after.follow_count - before.follow_count)).max(0);
    new.custom.retain(|id, value| before.custom.contains_key(id) || after.custom.get(id) != Some(value));
    let is_given =
        |id: i64| after.phones.iter().any(|phone| phone.id == id) && before.phones.iter().all(|phone| phone.id != id);
    new.phones.retain(|phone| !(is_given(phone.id) && after.phones.contains(phone)));
    for phone in new.phones.iter_mut().filter(|phone| is_given(phone.id)) {
        // It was changed since then; the number of the entry goes back.
        phone.id = 0;
    }
    new.labels.retain(|label| before.labels.contains(label) || !after.labels.contains(label));
    new
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Fills what a document lacks with what another has; lists of both are one.
pub fn fill_document(old: &Document, other: &Document) -> Document {
    let mut new = old.clone();
    for (name, value) in other.iter().filter(|(_, value)| !is_blank(value)) {
        match (new.get_mut(name), value) {
            (Some(Value::Array(own)), Value::Array(others)) => {
                own.extend(others.iter().filter(|entry| !old.get(name).is_some_and(|old| holds(old, entry))).cloned());
            }
            (Some(own), value) if is_blank(own) => own.clone_from(value),
            (Some(_), _) => {}
            (None, value) => drop(new.insert(name.clone(), value.clone())),
        }
    }
    new
}

fn holds(list: &Value, entry: &Value) -> bool {
    list.as_array().is_some_and(|list| list.contains(entry))
}

/// Returns what a document is without what it was given.
pub fn strip_document(now: &Document, before: &Document, after: &Document) -> Document {
    let mut new = now.clone();
    for (name, given) in after.iter().filter(|(name, given)| before.get(*name) != Some(given)) {
        let Some(own) = new.get_mut(name) else { continue };
        let had = before.get(name);
        if own == given {
            match had {
                Some(before) => own.clone_from(before),
                None => drop(new.remove(name)),
            }
        } else if let Value::Array(own) = own {
            own.retain(|entry| had.is_some_and(|before| holds(before, entry)) || !holds(given, entry));
            if own.is_empty() && had.is_none() {
                new.remove(name);
            }
        }
    }
    new
}

impl Given {
    /// Makes it what it would be without what another customer gave before.
    pub fn without(&mut self, gone: &Self) -> Result<(), Error> {
        for (system, before, after) in &mut self.documents {
            if let Some((_, had, has)) = gone.documents.iter().find(|(name, ..)| name == system) {
                *before = strip_document(before, had, has);
                *after = strip_document(after, had, has);
            }
        }
        let Some(has) = &gone.plm.1 else { return Ok(()) };
        let had: Vec<Label> = from_json(&gone.before.labels)?;
        let mut lost: Vec<Label> = from_json(&gone.after.labels)?;
        lost.retain(|label| !had.contains(label));
        for (customer, profile) in [(&mut self.before, &mut self.plm.0), (&mut self.after, &mut self.plm.1)] {
            let labels: Vec<Label> = from_json(&customer.labels)?;
            let left: Vec<Label> = labels.iter().filter(|label| !lost.contains(label)).cloned().collect();
            *profile = profile.take().and_then(|row| {
                let mut stripped = strip_profile(&row, row.clone(), gone.plm.0.as_ref(), has);
                // Spelled by the labels, it is spelled by those that are left.
                if let Some(stripped) = &mut stripped
                    && row.categories_name != has.categories_name
                    && row.categories_name == names(&labels)
                {
                    stripped.categories_name = names(&left);
                }
                stripped
            });
            customer.labels = json_of(&left)?;
        }
        Ok(())
    }
}

/// The names of labels as those of categories.
fn names(labels: &[Label]) -> Option<String> {
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// Fills what a profile of iBiz PLM lacks with what another has.
pub fn fill_profile(mut row: PlmRow, other: &PlmRow) -> PlmRow {
    macro_rules! take {
        ($($field:ident)*) => { $(if row.$field.is_none() { row.$field.clone_from(&other.$field); })* };
    }
    take!(plm_id scale description logo grade_id industry_id categories product_id);
    row
}

/// Returns what a profile is without what it was given, with the categories that its labels were before; `None` when there
/// was none and nothing was put into it since then.
pub fn strip_profile(now: &PlmRow, left: PlmRow, before: Option<&PlmRow>, after: &PlmRow) -> Option<PlmRow> {
    let mut row = left;
    macro_rules! restore {
        ($($field:ident)*) => { $(if now.$field == after.$field {
            row.$field = before.and_then(|before| before.$field.clone());
        })* };
    }
    restore!(plm_id scale description logo grade_id industry_id categories categories_name product_id);
    let empty = PlmRow { customer_id: row.customer_id, ..PlmRow::default() };
    (before.is_some() || row != empty).then_some(row)
}
