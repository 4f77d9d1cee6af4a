//! A customer and the changes wanted make the customer to be: all rules that need no look into the store.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::changes::{Changes, Moment, Patch, PhoneChange, Recorded};
use crate::domain::catalogue::{Catalogue, Dictionary, login_key};
use crate::domain::custom_field::is_blank;
use crate::domain::customer::{
    Customer, CustomerPhone, LONGEST_NAME, LONGEST_TEXT, MOST_LABELS, MOST_PHONES, MOST_STARS,
};
use crate::domain::phone::{self, Home, Phone};
use crate::domain::text::visible;
use crate::error::Error;
use crate::ops::systems::plm::edit::PlmChanged;
use crate::ops::systems::profile::documents::Changed;

/// The customer to be. Phones and labels that are new have the id 0 until they are numbered.
pub struct Merged {
    pub customer: Customer,
    /// Where labels change: their names, each once. Ids come from the store.
    pub labels: Option<Vec<String>>,
    /// What only one system each knows. They come from the store, too.
    pub documents: Vec<Changed>,
    pub plm: Option<PlmChanged>,
    /// Of a new customer that comes from another place.
    pub recorded: Option<Box<Recorded>>,
}

/// Returns the customer that `old` becomes, or the first rule that the changes break.
pub fn merge(old: &Customer, changes: Changes<'_>, catalogue: &Catalogue) -> Result<Merged, Error> {
    let mut new = old.clone();
    let longest_name = if changes.long_name { LONGEST_NAME } else { LONGEST_TEXT };
    new.name = text("custname", changes.name, new.name, longest_name)?;
    new.company_name = text("companyName", changes.company_name, new.company_name, LONGEST_TEXT)?;
    new.address = text("address", changes.address, new.address, LONGEST_TEXT)?;
    new.last_accept = text("lastAccept", changes.last_accept, new.last_accept, LONGEST_TEXT)?;
    new.type_value = entry("custtype", &catalogue.types, changes.kind, new.type_value)?;
    new.flag_value = entry("dealflag", &catalogue.flags, changes.flag, new.flag_value)?;
    new.source_value = entry("custfrom", &catalogue.sources, changes.source, new.source_value)?;
    new.task_id = task(catalogue, changes.task)?.apply(new.task_id);
    (new.owner_no, new.group_id) = owner(catalogue, changes.owner, changes.group, old)?;
    if let Some(phones) = changes.phones {
        new.phones = merge_phones(&old.phones, phones, catalogue)?;
    }
    if let Some(phones) = with_first(&new.phones, changes.first_phone) {
        new.phones = merge_phones(&new.phones, phones, catalogue)?;
    }
    if let Some(star) = changes.star {
        new.star = in_range("customerLabel", star, MOST_STARS)?;
    }
    new.custom = custom(catalogue, changes.custom, new.custom)?;
    new.follow_count = changes
        .follow_count
        .try_map(|count| in_range("followNum", count, i64::from(i32::MAX)))?
        .apply(Some(new.follow_count))
        .unwrap_or(0);
    let zone = &catalogue.company.time_zone;
    new.assigned_at = moment(changes.assigned_at, new.assigned_at, zone);
    new.last_follow_at = moment(changes.last_follow_at, new.last_follow_at, zone);
    let labels = changes.labels.map(label_names).transpose()?;
    let recorded = changes.recorded.map(checked).transpose()?;
    Ok(Merged { customer: new, labels, documents: Vec::new(), plm: None, recorded })
}

fn checked(recorded: Box<Recorded>) -> Result<Box<Recorded>, Error> {
    for (field, by) in [("loginNo", &recorded.created_by), ("uploginNo", &recorded.updated_by)] {
        check_text(field, by.as_deref().unwrap_or_default(), LONGEST_TEXT)?;
    }
    Ok(recorded)
}

/// The moment to be. What is shown of it comes back without its seconds, and means the same.
fn moment(patch: Patch<Moment>, old: Option<i64>, zone: &TimeZone) -> Option<i64> {
    match (patch, old) {
        (Patch::Keep, old) => old,
        (Patch::Clear, _) => None,
        (Patch::Set(given), Some(old)) if given.is_shown_of(old, zone) => Some(old),
        (Patch::Set(given), _) => Some(given.at),
    }
}

/// Refuses a customer that lacks a required custom field.
pub fn check_required(customer: &Customer, catalogue: &Catalogue) -> Result<(), Error> {
    match catalogue.fields.iter().find(|field| field.required && !customer.custom.contains_key(&field.id)) {
        Some(field) => Err(Error::CustomFieldMissing { label: field.name.clone() }),
        None => Ok(()),
    }
}

/// The text to be. One that is as it was is not looked at: another system may have longer ones.
fn text(
    field: &'static str,
    patch: Patch<Cow<'_, str>>,
    old: Option<String>,
    longest: usize,
) -> Result<Option<String>, Error> {
    let Patch::Set(given) = patch else {
        return Ok(patch.try_map(|text| Ok::<_, Error>(text.into_owned()))?.apply(old));
    };
    if old.as_deref() == Some(given.trim()) {
        return Ok(old);
    }
    let text = visible(&given);
    check_text(field, &text, longest)?;
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

/// Texts are refused when they are too long, never cut.
fn check_text(field: &'static str, text: &str, longest: usize) -> Result<(), Error> {
    if text.chars().count() > longest {
        return Err(Error::parameter(format!("{field}: 最多 {longest} 个字符 / at most {longest} characters")));
    }
    if text.contains('\0') {
        return Err(Error::parameter(format!("{field}: 不能包含 U+0000 / must not contain U+0000")));
    }
    Ok(())
}

fn in_range(field: &'static str, value: i64, most: i64) -> Result<i64, Error> {
    if (0..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Error::parameter(format!("{field}: 应为 0 到 {most} / expected 0 to {most}")))
    }
}

fn entry(
    field: &'static str,
    dictionary: &Dictionary,
    patch: Patch<Cow<'_, str>>,
    old: Option<String>,
) -> Result<Option<String>, Error> {
    let patch = match patch {
        Patch::Set(given) if given.trim().is_empty() => Patch::Clear,
        patch => patch.try_map(|given| {
            let known = dictionary.find(&given).map(|entry| entry.value.clone());
            let names = || dictionary.entries.iter().map(|entry| entry.name.clone()).collect();
            known.ok_or_else(|| Error::NotInDictionary { given: given.into_owned(), field, names: names() })
        })?,
    };
    Ok(patch.apply(old))
}

fn task(catalogue: &Catalogue, patch: Patch<i64>) -> Result<Patch<i64>, Error> {
    patch.try_map(|id| {
        if catalogue.tasks.contains_key(&id) {
            Ok(id)
        } else {
            Err(Error::parameter(format!("taskId: 没有任务 {id} / there is no task {id}")))
        }
    })
}

/// An owner comes with the group in which he looks after the customer; a group may stand alone.
fn owner(
    catalogue: &Catalogue,
    owner: Patch<Cow<'_, str>>,
    group: Patch<i64>,
    old: &Customer,
) -> Result<(Option<String>, Option<i64>), Error> {
    let owner = match owner {
        Patch::Set(login_no) if login_no.trim().is_empty() => Patch::Clear,
        other => other,
    };
    if (&owner, &group) == (&Patch::Keep, &Patch::Keep) {
        return Ok((old.owner_no.clone(), old.group_id));
    }
    let new_owner = match &owner {
        Patch::Set(login_no) => Some(catalogue.staff(login_no).ok_or(Error::OwnerUnknown)?),
        _ => None,
    };
    // Whose customer it is already may stay so.
    if let Some(staff) = new_owner.filter(|staff| staff.disabled)
        && old.owner_no.as_deref().map(login_key) != Some(login_key(&staff.login_no))
    {
        return Err(Error::OwnerDisabled { login_no: staff.login_no.clone() });
    }
    if new_owner.is_some() && !matches!(group, Patch::Set(_)) {
        return Err(Error::OwnerWithoutGroup);
    }
    let group = group.apply(old.group_id);
    if group.is_some_and(|id| !catalogue.groups.contains_key(&id)) {
        return Err(Error::GroupUnknown);
    }
    let staff = match owner {
        Patch::Set(_) => new_owner,
        Patch::Clear => None,
        Patch::Keep => old.owner_no.as_deref().and_then(|login_no| catalogue.staff(login_no)),
    };
    match (staff, group) {
        (Some(_), None) => return Err(Error::OwnerWithoutGroup),
        (Some(staff), Some(group)) if !staff.groups.contains(&group) => return Err(Error::OwnerNotInGroup),
        _ => {}
    }
    Ok((staff.map(|staff| staff.login_no.clone()), group))
}

/// The list of phones with another first one, which keeps its id, or without the first; `None` for no change.
fn with_first<'a>(phones: &[CustomerPhone], first: Patch<Cow<'a, str>>) -> Option<Vec<PhoneChange<'a>>> {
    let kept = |phone: &CustomerPhone| PhoneChange { id: Some(phone.id), typed: Cow::Owned(phone.content.clone()) };
    let typed = match first {
        Patch::Keep => return None,
        Patch::Clear => None,
        Patch::Set(typed) if typed.trim().is_empty() => None,
        Patch::Set(typed) => Some(typed),
    };
    let id = phones.first().map(|phone| phone.id);
    let first = typed.map(|typed| PhoneChange { id, typed });
    Some(first.into_iter().chain(phones.iter().skip(1).map(kept)).collect())
}

/// The phones to be. A new entry whose number the customer has already keeps that phone's id; a number
/// that stands twice in the list is kept once.
fn merge_phones(
    old: &[CustomerPhone],
    list: Vec<PhoneChange<'_>>,
    catalogue: &Catalogue,
) -> Result<Vec<CustomerPhone>, Error> {
    if list.len() > MOST_PHONES {
        return Err(Error::parameter(format!("cellphones: 最多 {MOST_PHONES} 个 / at most {MOST_PHONES}")));
    }
    let home = &catalogue.company.home;
    let key = |typed: &str| Phone::parse(typed, home).map(|phone| phone.key());
    let mut known: BTreeMap<String, i64> =
        old.iter().filter_map(|phone| Some((key(&phone.content)?, phone.id))).collect();
    for change in &list {
        if let Some(id) = change.id {
            if !old.iter().any(|phone| phone.id == id) {
                return Err(Error::parameter(format!(
                    "cellphones: 客户没有电话 {id} / the customer has no phone {id}"
                )));
            }
            known.retain(|_, known| *known != id);
        }
    }
    let mut phones: Vec<CustomerPhone> = Vec::with_capacity(list.len());
    let mut keys = Vec::with_capacity(list.len());
    for change in list {
        let typed = visible(&change.typed);
        check_text("cellphones", &typed, LONGEST_TEXT)?;
        let mut named = change.id;
        for (key, content) in numbers(&typed, old, home)? {
            if keys.contains(&key) {
                continue;
            }
            // Of several numbers in one text, the first is the one that had the id.
            let id = named.take().or_else(|| known.remove(&key)).unwrap_or(0);
            if id != 0 && phones.iter().any(|phone| phone.id == id) {
                return Err(Error::parameter(format!("cellphones: 电话 {id} 出现两次 / phone {id} stands twice")));
            }
            phones.push(CustomerPhone { id, content });
            keys.push(key);
        }
    }
    if phones.len() > MOST_PHONES {
        return Err(Error::parameter(format!("cellphones: 最多 {MOST_PHONES} 个 / at most {MOST_PHONES}")));
    }
    Ok(phones)
}

/// The numbers in an entry of the list: what each is compared by, and how it is stored. An entry that is as it was is not
/// looked at.
fn numbers(typed: &str, old: &[CustomerPhone], home: &Home) -> Result<Vec<(String, String)>, Error> {
    match phone::read(typed, home) {
        Ok(phones) => Ok(phones.into_iter().map(|phone| (phone.key(), phone.typed)).collect()),
        Err(_) if old.iter().any(|phone| phone.content == typed) => Ok(vec![(typed.to_owned(), typed.to_owned())]),
        Err(_) if typed.contains(['*', '＊']) => {
            Err(Error::parameter(format!("cellphones: “{typed}” 号码不完整 / a part of the number is masked")))
        }
        Err(why) => Err(Error::parameter(format!("cellphones: “{typed}” {}", why.why()))),
    }
}

fn label_names(labels: Vec<Cow<'_, str>>) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Vec::new();
    for label in labels {
        let name = visible(&label);
        check_text("customerLabel", &name, LONGEST_TEXT)?;
        if name.is_empty() || names.iter().any(|known| *known == name) {
            continue;
        }
        // At once, so that a long list costs no more than a right one.
        if names.len() == MOST_LABELS {
            return Err(Error::parameter(format!("customerLabel: 最多 {MOST_LABELS} 个 / at most {MOST_LABELS}")));
        }
        names.push(name.into_owned());
    }
    Ok(names)
}

/// Custom values to be: what the change names is set or cleared, the others stay.
fn custom(
    catalogue: &Catalogue,
    patch: Patch<BTreeMap<i64, Value>>,
    old: BTreeMap<i64, Value>,
) -> Result<BTreeMap<i64, Value>, Error> {
    let missing = |label: &str| Error::CustomFieldMissing { label: label.to_owned() };
    let given = match patch {
        Patch::Keep => return Ok(old),
        Patch::Clear => {
            return match catalogue.fields.iter().find(|field| field.required) {
                Some(field) => Err(missing(&field.name)),
                None => Ok(BTreeMap::new()),
            };
        }
        Patch::Set(given) => given,
    };
    let mut values = old;
    for (id, value) in given {
        // Checked as it is stored.
        let value = match value {
            Value::String(text) => Value::String(visible(&text).into_owned()),
            other => other,
        };
        let Some(field) = catalogue.fields.iter().find(|field| field.id == id) else {
            return Err(Error::parameter(format!("jsonStr: 没有自定义字段 {id} / there is no custom field {id}")));
        };
        if values.get(&id) == Some(&value) {
            // As it is: also where the field has other rules by now.
            continue;
        }
        let value = field.normal(value, &catalogue.company.time_zone);
        if is_blank(&value) {
            if field.required {
                return Err(missing(&field.name));
            }
            values.remove(&id);
        } else if let Err(expected) = field.check(&value) {
            // The document: a required field that is not filled in, or not as it must be.
            let detail = format!("jsonStr {}: {expected}", field.key());
            return Err(if field.required { missing(&field.name) } else { Error::parameter(detail) });
        } else {
            values.insert(id, value);
        }
    }
    Ok(values)
}
