//! What comes back to a system as it was shown is no word of its own.

use serde_json::{Map, Value};

use crate::domain::document::members::FOLLOWERS;
use crate::domain::document::{self, Document, System, is_nothing};

/// What the two systems with documents show that they need not have been told.
pub struct ShownWords {
    pub detail: Vec<(&'static str, Value)>,
    pub crm: Vec<(&'static str, Value)>,
    /// The CRM's document with what all share in its lists.
    pub lists: Document,
}

/// Two members that say one thing are one word.
const PAIRS: [(&str, &str); 2] = [("industry_id", "industryPath"), ("area", "areaCode")];

impl ShownWords {
    /// Takes out of a patch what the system was not told, and shows all the same.
    pub fn take(&self, system: System, stored: &Document, patch: &mut Document) {
        if system == System::CrmInfo {
            for name in ["addresslist", "extend_infos"] {
                self.take_entries(name, patch);
            }
        }
        let given = patch.clone();
        let comes_back = |name: &str| !stored.contains_key(name) && self.is_shown(system, name, given.get(name));
        let other = |name: &str| {
            let pair = PAIRS.iter().find(|(one, other)| *one == name || *other == name)?;
            Some(if pair.0 == name { pair.1 } else { pair.0 })
        };
        patch.retain(|name, _| !comes_back(name) || other(name).is_some_and(|other| !comes_back(other)));
    }

    /// Whether this is what is shown of a member of which nothing is stored; so is its absence.
    fn is_shown(&self, system: System, name: &str, given: Option<&Value>) -> bool {
        let (Some(given), Some(member)) = (given, system.member(name)) else { return given.is_none() };
        let words = if system == System::CustomerDetail { &self.detail } else { &self.crm };
        let Some((_, shown)) = words.iter().find(|(known, _)| *known == name) else {
            // Followers are stored elsewhere: none of them is a word, too.
            return name != FOLLOWERS.name && !given.is_null() && is_nothing(&member.shape, given);
        };
        given == shown || document::check(member, given).is_ok_and(|given| given == *shown)
    }

    /// Entries without a number of their own are what all share.
    fn take_entries(&self, name: &str, patch: &mut Document) {
        let shown = self.lists.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let Some(Value::Array(list)) = patch.get_mut(name) else { return };
        list.retain_mut(|entry| {
            let Some(entry) = entry.as_object_mut().filter(|entry| text(entry, "id") == "0") else { return true };
            let shared = || shown.iter().filter_map(Value::as_object).filter(|shown| !shown.contains_key("id"));
            if shared().any(|shown| is_same(entry, shown)) {
                return false;
            }
            // A number that was shown masked is no number.
            let number = text(entry, "contact_number");
            if !number.is_empty()
                && shared().any(|shown| text(shown, "contact_number") == number)
                && number.contains('*')
            {
                entry.remove("contact_number");
            }
            true
        });
    }
}

fn text(entry: &Map<String, Value>, name: &str) -> String {
    match entry.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Whether an entry says what is shown; what the server adds does not count.
fn is_same(given: &Map<String, Value>, shown: &Map<String, Value>) -> bool {
    let added =
        |name: &str| matches!(name, "id" | "customer_id" | "created_at" | "updated_at") || name.starts_with('_');
    let says = |name: &str, text: &str| text.is_empty() || (text == "0" && name.starts_with("is_"));
    let names = given.keys().chain(shown.keys()).filter(|name| !added(name));
    names.into_iter().all(|name| {
        let (given, shown) = (text(given, name), text(shown, name));
        given == shown || (says(name, &given) && says(name, &shown))
    })
}
