//! The index of one company.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use roaring::MultiOps;

use super::Ids;
use super::keys::{Keys, Numbers};
use super::texts::{Codes, FIELDS, Packed, Texts};
use crate::domain::search_terms::{Lookup, terms_of};

/// What a term takes beside its postings: its text, its place in the tree, and the head of its bitmap, bytes.
const TERM: usize = 150;
/// What a posting takes: two bytes, and its part of what a bitmap has beside them.
const POSTING: usize = 3;

/// What a customer has one value of, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Task,
    Owner,
    Group,
    Type,
    Flag,
    Source,
    Star,
}

/// The values of a customer, in the order of the fields; numbers as they are written.
pub type Values<'v> = [Option<Cow<'v, str>>; FIELDS];

/// What the index knows of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'e> {
    pub values: Values<'e>,
    pub numbers: Numbers,
    /// What the name is sorted by.
    pub name: Cow<'e, str>,
    /// What a candidate is confirmed in, as [`haystack`](crate::domain::search_terms::haystack) makes it.
    pub text: Cow<'e, str>,
}

/// The customers of a company.
#[derive(Default)]
pub struct Company {
    all: Ids,
    fields: [Column; FIELDS],
    terms: BTreeMap<Box<str>, Ids>,
    postings: usize,
    texts: Texts,
    keys: Keys,
}

/// Who has which value of a field.
#[derive(Default)]
struct Column {
    /// A value has its number for ever.
    numbers: HashMap<Box<str>, u32>,
    customers: Vec<Ids>,
}

impl Column {
    /// The code of a value, which is made where there is none; 0 of none.
    fn code(&mut self, value: Option<&str>) -> u32 {
        let Some(value) = value else { return 0 };
        if let Some(number) = self.numbers.get(value) {
            return number.saturating_add(1);
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(value.into(), next);
        self.customers.push(Ids::new());
        next.saturating_add(1)
    }

    fn customers_of(&mut self, code: u32) -> Option<&mut Ids> {
        self.customers.get_mut(usize::try_from(code.checked_sub(1)?).ok()?)
    }

    fn with(&self, value: &str) -> Option<&Ids> {
        self.customers.get(usize::try_from(*self.numbers.get(value)?).ok()?)
    }
}

impl Company {
    /// All customers.
    #[must_use]
    pub fn all(&self) -> &Ids {
        &self.all
    }

    /// The customers with this value.
    #[must_use]
    pub fn with(&self, field: Field, value: &str) -> Option<&Ids> {
        self.column(field)?.with(value)
    }

    /// The customers with any value.
    #[must_use]
    pub fn with_any(&self, field: Field) -> Ids {
        let mut any = Ids::new();
        for customers in self.column(field).into_iter().flat_map(|column| &column.customers) {
            any |= customers;
        }
        any
    }

    /// The values of a field.
    pub fn values(&self, field: Field) -> impl Iterator<Item = &str> {
        self.column(field).into_iter().flat_map(|column| column.numbers.keys()).map(|value| &**value)
    }

    /// What lists are sorted by.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    fn column(&self, field: Field) -> Option<&Column> {
        self.fields.get(field as usize)
    }

    /// Those among whom are all who are found like this.
    #[must_use]
    pub fn candidates(&self, lookup: &Lookup) -> Ids {
        match lookup {
            Lookup::All(terms) => {
                let found: Option<Vec<&Ids>> = terms.iter().map(|term| self.terms.get(term.as_str())).collect();
                let Some(mut found) = found else { return Ids::new() };
                found.sort_by_key(|ids| ids.len());
                let Some((first, rest)) = found.split_first() else { return Ids::new() };
                rest.iter().fold((*first).clone(), |ids, other| ids & *other)
            }
            Lookup::Prefix { from, to } => {
                let range = (Bound::Included(from.as_str()), Bound::Excluded(to.as_str()));
                if from >= to {
                    return Ids::new();
                }
                self.terms.range::<str, _>(range).map(|(_, ids)| ids).union()
            }
        }
    }

    /// What a candidate is confirmed in.
    #[must_use]
    pub fn text(&self, id: u32) -> Option<&[u8]> {
        self.texts.get(id).map(|packed| packed.text)
    }

    /// Puts a customer in the place of what was known of him.
    pub fn put(&mut self, id: u32, entry: &Entry<'_>) {
        let mut codes = Codes::default();
        for ((code, column), value) in codes.iter_mut().zip(&mut self.fields).zip(&entry.values) {
            *code = column.code(value.as_deref());
        }
        let packed = Packed { codes, text: entry.text.as_bytes() };
        if !self.keys.are(id, &entry.numbers, &entry.name) {
            self.keys.put(id, &entry.numbers, &entry.name);
        }
        let before = self.texts.get(id);
        if before == Some(packed) {
            return;
        }
        let (old_codes, old_text) = before.map(|before| (before.codes, before.text.to_vec())).unwrap_or_default();
        self.move_values(id, old_codes, codes);
        if old_text != packed.text {
            self.move_terms(id, &old_text, packed.text);
        }
        self.texts.put(id, &packed);
        self.all.insert(id);
    }

    /// Forgets a customer.
    pub fn remove(&mut self, id: u32) {
        let Some((codes, text)) = self.texts.get(id).map(|packed| (packed.codes, packed.text.to_vec())) else { return };
        self.move_values(id, codes, Codes::default());
        self.move_terms(id, &text, b"");
        self.texts.remove(id);
        self.all.remove(id);
    }

    fn move_values(&mut self, id: u32, from: Codes, to: Codes) {
        for ((column, from), to) in self.fields.iter_mut().zip(from).zip(to) {
            if from == to {
                continue;
            }
            if let Some(customers) = column.customers_of(from) {
                customers.remove(id);
            }
            if let Some(customers) = column.customers_of(to) {
                customers.insert(id);
            }
        }
    }

    fn move_terms(&mut self, id: u32, from: &[u8], to: &[u8]) {
        // What was put is text, and an empty one has no terms.
        let terms = |text| std::str::from_utf8(text).map(terms_of).unwrap_or_default();
        let (from, to) = (terms(from), terms(to));
        for term in from.difference(&to) {
            if let Some(ids) = self.terms.get_mut(term.as_str()) {
                self.postings -= usize::from(ids.remove(id));
                if ids.is_empty() {
                    self.terms.remove(term.as_str());
                }
            }
        }
        for term in to.difference(&from) {
            let is_new = match self.terms.get_mut(term.as_str()) {
                Some(ids) => ids.insert(id),
                None => self.terms.insert(term.as_str().into(), Ids::from([id])).is_none(),
            };
            self.postings += usize::from(is_new);
        }
    }

    /// About what it takes, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + self.keys.bytes() + self.terms.len() * TERM + self.postings * POSTING + self.fields_bytes()
    }

    fn fields_bytes(&self) -> usize {
        // Each customer stands in the bitmap of all, and in one of each field.
        let customers = usize::try_from(self.all.len()).unwrap_or(usize::MAX);
        let values: usize = self.fields.iter().map(|column| column.customers.len()).sum();
        values * TERM + customers.saturating_mul(FIELDS + 1) * 2
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::search_terms::{haystack, prefix_end};

    fn entry(name: &str, value: Option<u8>) -> Entry<'static> {
        let value = value.map(|value| Cow::Owned(value.to_string()));
        let values = [None, value.clone(), None, value, None, None, None];
        Entry { values, numbers: Numbers::default(), name: name.to_owned().into(), text: haystack(name, "").into() }
    }

    proptest! {
        /// Whatever is put and removed, it answers as a scan of what is there does.
        #[test]
        fn it_is_as_a_scan(
            steps in prop::collection::vec((1_u32..300, prop::collection::vec(("[王李a-c]{0,4}", prop::option::of(0_u8..3)), 0..3)), 1..80),
        ) {
            let (mut company, mut there) = (Company::default(), BTreeMap::new());
            let mut ever: Vec<String> = Vec::new();
            for (id, entered) in steps {
                company.remove(id);
                there.remove(&id);
                for (name, value) in entered {
                    let entry = entry(&name, value);
                    ever.extend(terms_of(&entry.text));
                    company.put(id, &entry);
                    there.insert(id, (entry, value));
                }
            }
            let ids = |keep: &dyn Fn(&Entry<'_>, Option<u8>) -> bool| -> Ids {
                there.iter().filter(|(_, (entry, value))| keep(entry, *value)).map(|(id, _)| *id).collect()
            };
            prop_assert_eq!(company.all(), &ids(&|_, _| true));
            prop_assert_eq!(company.with_any(Field::Owner), ids(&|_, value| value.is_some()));
            prop_assert_eq!(company.with_any(Field::Task), Ids::new());
            for wanted in 0..3 {
                let with = company.with(Field::Type, &wanted.to_string()).cloned().unwrap_or_default();
                prop_assert_eq!(with, ids(&|_, value| value == Some(wanted)));
            }
            for term in ever {
                let expected = ids(&|entry, _| terms_of(&entry.text).contains(&term));
                prop_assert_eq!(company.candidates(&Lookup::All(vec![term.clone()])), expected);
                let (from, to) = (term.clone(), prefix_end(&term));
                let expected = ids(&|entry, _| terms_of(&entry.text).iter().any(|other| other.starts_with(&term)));
                prop_assert_eq!(company.candidates(&Lookup::Prefix { from, to }), expected);
            }
            for (id, (entry, _)) in &there {
                prop_assert_eq!(company.text(*id), Some(entry.text.as_bytes()));
            }
            let postings: usize = there.values().map(|(entry, _)| terms_of(&entry.text).len()).sum();
            prop_assert_eq!(company.postings, postings);
            // Nothing is left behind.
            for id in there.keys() {
                company.remove(*id);
            }
            prop_assert!(company.all().is_empty() && company.terms.is_empty());
            prop_assert_eq!(company.postings, 0);
        }
    }
}
