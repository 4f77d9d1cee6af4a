//! What a caller saw masked and sends back unchanged stays as it is stored.

use std::borrow::Cow;

use serde_json::Value;

use super::changes::{Changes, Patch};
use crate::domain::customer::Customer;
use crate::domain::masking::{mask, mask_text};

/// Puts what is stored in the place of what the caller was shown of it.
pub fn unmask(changes: &mut Changes<'_>, old: &Customer) {
    let texts = [
        (&mut changes.name, &old.name),
        (&mut changes.company_name, &old.company_name),
        (&mut changes.address, &old.address),
        (&mut changes.last_accept, &old.last_accept),
    ];
    for (patch, stored) in texts {
        if let (Patch::Set(given), Some(stored)) = (&*patch, stored)
            && given.trim() == mask_text(stored)
        {
            *patch = Patch::Keep;
        }
    }
    for change in changes.phones.iter_mut().flatten() {
        let shown_as_given = |content: &str| mask(content) == change.typed.trim();
        let stored = match change.id {
            Some(id) => old.phones.iter().find(|phone| phone.id == id && shown_as_given(&phone.content)),
            None => old.phones.iter().find(|phone| shown_as_given(&phone.content)),
        };
        if let Some(stored) = stored {
            change.id = Some(stored.id);
            change.typed = Cow::Owned(stored.content.clone());
        }
    }
    if let Patch::Set(values) = &mut changes.custom {
        values.retain(|id, given| match (given, old.custom.get(id)) {
            (Value::String(given), Some(Value::String(stored))) => given.trim() != mask_text(stored),
            _ => true,
        });
    }
}
