//! What a caller saw masked and sends back stays as it is stored, whatever he adds to it. Where it cannot be told what he
//! means, he is refused: stars in the place of digits would be lost for everybody.

use std::borrow::Cow;

use serde_json::Value;

use super::changes::{Changes, Patch, PhoneChange};
use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::CustomField;
use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::document::{Document, System};
use crate::domain::masking::{Hidden, Known, Unclear, mask, mask_text, restore_alike};
use crate::domain::phone::Home;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::systems::profile;

/// Returns what is hidden of a customer's own numbers and texts.
#[must_use]
pub fn hidden(customer: &Customer, home: &Home) -> Hidden {
    let phones = customer.phones.iter().map(|phone| phone.content.as_str());
    of(Known::of(phones, home), customer)
}

/// Returns what is hidden of a customer and of a system's document of it, in which these numbers stand, too.
#[must_use]
pub fn hidden_with(customer: &Customer, system: System, document: &Document, home: &Home) -> Hidden {
    let mut hidden = of(profile::known(system, document, &customer.phones, home), customer);
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    profile::collect(system.members(), document, &mut numbers);
    for number in &numbers {
        hidden.learn_phone(number);
    }
    for value in document.values() {
        tries::collect(value, &mut texts);
    }
    for text in &texts {
        hidden.learn(text);
    }
    hidden
}

fn of(known: Known, customer: &Customer) -> Hidden {
    let mut hidden = Hidden::of(known);
    for phone in &customer.phones {
        hidden.learn_phone(&phone.content);
    }
    let own = [&customer.name, &customer.company_name, &customer.address, &customer.last_accept];
    let labels = customer.labels.iter().map(|label| label.name.as_str());
    let fields = customer.custom.values().filter_map(Value::as_str);
    for text in own.into_iter().flatten().map(String::as_str).chain(labels).chain(fields) {
        hidden.learn(text);
    }
    hidden
}

/// The refusal of a text of which it cannot be told what it stands for.
#[must_use]
pub fn refusal(field: &str, unclear: &Unclear) -> Error {
    Error::parameter(match unclear {
        Unclear::Incomplete => format!(
            "{field}: 号码不完整，请写出全部数字，或按显示的原样发回 / a part of a number is masked: send all of its digits, or what \
             was shown as it was"
        ),
        Unclear::Several(shown) => format!(
            "{field}: 有几个号码都显示为 {shown}，请全部按原来的顺序发回，或带上 id / several numbers are shown as {shown}: send all of \
             them in their order, or their ids"
        ),
    })
}

/// Puts what is stored in the place of what the caller was shown of it.
pub fn unmask(changes: &mut Changes<'_>, old: &Customer, hidden: &Hidden, catalogue: &Catalogue) -> Result<(), Error> {
    let texts = [
        ("custname", &mut changes.name, &old.name),
        ("companyName", &mut changes.company_name, &old.company_name),
        ("address", &mut changes.address, &old.address),
        ("lastAccept", &mut changes.last_accept, &old.last_accept),
    ];
    for (field, patch, stored) in texts {
        let Patch::Set(given) = &*patch else { continue };
        let meant = hidden.restore(stored.as_deref(), given).map_err(|unclear| refusal(field, &unclear))?;
        if let Some(meant) = meant {
            *patch = if stored.as_ref() == Some(&meant) { Patch::Keep } else { Patch::Set(meant.into()) };
        }
    }
    unmask_names(changes, old, catalogue);
    if let Some(phones) = &mut changes.phones {
        unmask_phones(phones, &old.phones)?;
    }
    if let Some(labels) = &mut changes.labels {
        unmask_labels(labels, old, hidden)?;
    }
    if let Patch::Set(values) = &mut changes.custom {
        for (id, given) in values.iter_mut() {
            let stored = old.custom.get(id);
            let field = || {
                catalogue.fields.iter().find(|field| field.id == *id).map_or_else(|| id.to_string(), CustomField::key)
            };
            restore_value(stored, given, hidden)
                .map_err(|unclear| refusal(&format!("jsonStr {}", field()), &unclear))?;
        }
        values.retain(|id, given| old.custom.get(id) != Some(given));
    }
    Ok(())
}

/// Puts what is stored in the place of a value that was shown of it.
pub fn restore_value(stored: Option<&Value>, given: &mut Value, hidden: &Hidden) -> Result<(), Unclear> {
    let Some(text) = given.as_str() else { return Ok(()) };
    // A number among values is masked, too, as a text.
    if let Some(Value::Number(number)) = stored
        && hidden.mask(&number.to_string()) == text.trim()
    {
        *given = Value::Number(number.clone());
    } else if let Some(meant) = hidden.restore(stored.and_then(Value::as_str), text)? {
        *given = meant.into();
    }
    Ok(())
}

/// The names of entries and login numbers can read like telephone numbers, too.
fn unmask_names(changes: &mut Changes<'_>, old: &Customer, catalogue: &Catalogue) {
    let entries = [
        (&mut changes.kind, &old.type_value, &catalogue.types),
        (&mut changes.flag, &old.flag_value, &catalogue.flags),
        (&mut changes.source, &old.source_value, &catalogue.sources),
    ];
    for (patch, stored, dictionary) in entries {
        if let (Patch::Set(given), Some(stored)) = (&*patch, stored)
            && given.trim() == mask_text(dictionary.name_of(stored))
        {
            *patch = Patch::Keep;
        }
    }
    if let (Patch::Set(given), Some(stored)) = (&changes.owner, &old.owner_no)
        && given.trim() == mask_text(stored)
    {
        changes.owner = Patch::Set(Cow::Owned(stored.clone()));
    }
    if let (Patch::Set(given), Some(first)) = (&changes.first_phone, old.phones.first())
        && given.trim() == mask(&first.content)
    {
        changes.first_phone = Patch::Keep;
    }
}

/// A phone is told by its id; without one, those that were shown alike are meant in their order.
fn unmask_phones(changes: &mut [PhoneChange<'_>], old: &[CustomerPhone]) -> Result<(), Error> {
    let named: Vec<i64> = changes.iter().filter_map(|change| change.id).collect();
    let others = old.iter().filter(|phone| !named.contains(&phone.id));
    let others: Vec<(String, &CustomerPhone)> = others.map(|phone| (mask(&phone.content), phone)).collect();
    let given = changes.iter().map(|change| change.id.is_none().then(|| change.typed.trim().to_owned()));
    let given: Vec<Option<String>> = given.collect();
    let meant = restore_alike(&others, &given).map_err(|unclear| refusal("cellphones", &unclear))?;
    for (change, meant) in changes.iter_mut().zip(meant) {
        let by_id = change.id.and_then(|id| old.iter().find(|phone| phone.id == id));
        let by_id = by_id.filter(|phone| mask(&phone.content) == change.typed.trim());
        if let Some(stored) = by_id.or(meant.copied()) {
            change.id = Some(stored.id);
            change.typed = Cow::Owned(stored.content.clone());
        }
    }
    Ok(())
}

fn unmask_labels(labels: &mut [Cow<'_, str>], old: &Customer, hidden: &Hidden) -> Result<(), Error> {
    let refusal = |unclear| refusal("customerLabel", &unclear);
    let shown: Vec<(String, String)> =
        old.labels.iter().map(|label| (hidden.mask(&label.name), label.name.clone())).collect();
    let given: Vec<Option<String>> = labels.iter().map(|label| Some(label.trim().to_owned())).collect();
    let meant = restore_alike(&shown, &given).map_err(refusal)?;
    for (label, meant) in labels.iter_mut().zip(meant) {
        match meant {
            Some(stored) => *label = Cow::Owned(stored.clone()),
            None => {
                if let Some(meant) = hidden.restore(None, label).map_err(refusal)? {
                    *label = Cow::Owned(meant);
                }
            }
        }
    }
    Ok(())
}
