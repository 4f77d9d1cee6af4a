//! What a caller saw masked and sends back unchanged stays as it is stored.

use std::borrow::Cow;

use super::changes::{Changes, Patch, PhoneChange};
use crate::domain::catalogue::Catalogue;
use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::masking::{Known, mask, mask_text};

/// Puts what is stored in the place of what the caller was shown of it.
pub fn unmask(changes: &mut Changes<'_>, old: &Customer, catalogue: &Catalogue) {
    let known = Known::of(old.phones.iter().map(|phone| phone.content.as_str()), &catalogue.company.home);
    let texts = [
        (&mut changes.name, &old.name),
        (&mut changes.company_name, &old.company_name),
        (&mut changes.address, &old.address),
        (&mut changes.last_accept, &old.last_accept),
    ];
    for (patch, stored) in texts {
        if let (Patch::Set(given), Some(stored)) = (&*patch, stored)
            && given.trim() == known.mask(stored)
        {
            *patch = Patch::Keep;
        }
    }
    unmask_names(changes, old, catalogue);
    if let Some(phones) = &mut changes.phones {
        unmask_phones(phones, &old.phones);
    }
    for label in changes.labels.iter_mut().flatten() {
        if let Some(stored) = old.labels.iter().find(|stored| known.mask(&stored.name) == label.trim()) {
            *label = Cow::Owned(stored.name.clone());
        }
    }
    if let Patch::Set(values) = &mut changes.custom {
        values.retain(|id, given| {
            let shown = old.custom.get(id).map(|stored| known.mask_value(stored));
            !shown.is_some_and(|shown| {
                shown == *given || shown.as_str().is_some_and(|shown| given.as_str().map(str::trim) == Some(shown))
            })
        });
    }
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

/// A phone is told by its id; without one, the first counts that was shown so and is not named otherwise.
fn unmask_phones(changes: &mut [PhoneChange<'_>], old: &[CustomerPhone]) {
    let mut named: Vec<i64> = changes.iter().filter_map(|change| change.id).collect();
    for change in changes {
        let stored = old.iter().find(|phone| {
            let is_meant = change.id.map_or_else(|| !named.contains(&phone.id), |id| id == phone.id);
            is_meant && mask(&phone.content) == change.typed.trim()
        });
        if let Some(stored) = stored {
            named.push(stored.id);
            change.id = Some(stored.id);
            change.typed = Cow::Owned(stored.content.clone());
        }
    }
}
