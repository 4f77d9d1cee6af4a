//! The index of one company.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Ids;
use super::keys::{Keys, Numbers};
use super::terms::{Term, Terms};
use super::texts::{Codes, FIELDS, Packed, Reading, Texts};
use crate::domain::search_terms::{Lookup, each_term};

/// What a value takes beside its customers, bytes.
const VALUE: usize = 150;

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
    terms: Terms,
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
        self.terms.candidates(lookup)
    }

    /// What candidates are confirmed in.
    #[must_use]
    pub fn texts(&self) -> Reading<'_> {
        self.texts.reading()
    }

    /// Puts the next customers in, of whom most are new here.
    pub fn put_all(&mut self, entries: &BTreeMap<u32, Entry<'_>>) {
        let mut gathered: Vec<(Term, u32)> = Vec::new();
        for (id, entry) in entries {
            if self.all.contains(*id) {
                self.put(*id, entry);
                continue;
            }
            each_term(&entry.text, |term| gathered.extend(Term::of(term).map(|term| (term, *id))));
            let codes = self.codes(&entry.values);
            self.keys.put(*id, &entry.numbers, &entry.name);
            self.move_values(*id, Codes::default(), codes);
            self.texts.put(*id, &Packed { codes, text: entry.text.as_bytes() });
            self.all.insert(*id);
        }
        self.terms.extend(gathered);
    }

    /// Gives back what is held in reserve after many were put in, for so many terms; returns behind which to go on.
    pub fn shrink(&mut self, behind: Option<Term>, most: usize) -> Option<Term> {
        self.terms.shrink(behind, most)
    }

    fn codes(&mut self, values: &Values<'_>) -> Codes {
        let mut codes = Codes::default();
        for ((code, column), value) in codes.iter_mut().zip(&mut self.fields).zip(values) {
            *code = column.code(value.as_deref());
        }
        codes
    }

    /// Puts a customer in the place of what was known of him.
    pub fn put(&mut self, id: u32, entry: &Entry<'_>) {
        let codes = self.codes(&entry.values);
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
        let (from, to) = (terms_of(from), terms_of(to));
        for term in from.difference(&to) {
            self.terms.remove(*term, id);
        }
        for term in to.difference(&from) {
            self.terms.insert(*term, id);
        }
    }

    /// What the keys of customers take up to this id, bytes, however few of them there are.
    #[must_use]
    pub fn bytes_up_to(id: u32) -> usize {
        Keys::bytes_of((id as usize).saturating_add(1))
    }

    /// About what it takes, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + self.keys.bytes() + self.terms.bytes() + self.fields_bytes()
    }

    fn fields_bytes(&self) -> usize {
        // Each customer stands in the bitmap of all, and in one of each field.
        let customers = usize::try_from(self.all.len()).unwrap_or(usize::MAX);
        let values: usize = self.fields.iter().map(|column| column.customers.len()).sum();
        values * VALUE + customers.saturating_mul(FIELDS + 1) * 2
    }
}

/// The terms of a text that was put in.
fn terms_of(text: &[u8]) -> BTreeSet<Term> {
    let mut terms = BTreeSet::new();
    each_term(std::str::from_utf8(text).unwrap_or_default(), |term| terms.extend(Term::of(term)));
    terms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::search_terms::{haystack, prefix_end, terms};

    fn entry(name: &str, value: Option<u8>) -> Entry<'static> {
        let value = value.map(|value| Cow::Owned(value.to_string()));
        let values = [None, value.clone(), None, value, None, None, None];
        Entry { values, numbers: Numbers::default(), name: name.to_owned().into(), text: haystack(name, "").into() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is put, one after another or together, and removed, it answers as a scan of what is there does.
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
                    ever.extend(terms(&name, ""));
                    if id % 2 == 0 {
                        company.put(id, &entry);
                    } else {
                        company.put_all(&BTreeMap::from([(id, entry.clone()), (id + 1, entry.clone())]));
                        there.insert(id + 1, (entry.clone(), value));
                    }
                    there.insert(id, (entry, value));
                }
            }
            let ids = |keep: &dyn Fn(&Entry<'_>, Option<u8>) -> bool| -> Ids {
                there.iter().filter(|(_, (entry, value))| keep(entry, *value)).map(|(id, _)| *id).collect()
            };
            let of = |entry: &Entry<'_>| terms(&entry.name, "");
            let mut behind = None;
            while let Some(last) = company.shrink(behind, 16) {
                behind = Some(last);
            }
            prop_assert_eq!(company.all(), &ids(&|_, _| true));
            prop_assert_eq!(company.with_any(Field::Owner), ids(&|_, value| value.is_some()));
            prop_assert_eq!(company.with_any(Field::Task), Ids::new());
            for wanted in 0..3 {
                let with = company.with(Field::Type, &wanted.to_string()).cloned().unwrap_or_default();
                prop_assert_eq!(with, ids(&|_, value| value == Some(wanted)));
            }
            for term in ever {
                let expected = ids(&|entry, _| of(entry).contains(&term));
                prop_assert_eq!(company.candidates(&Lookup::All(vec![term.clone()])), expected);
                let (from, to) = (term.clone(), prefix_end(&term));
                let expected = ids(&|entry, _| of(entry).iter().any(|other| other.starts_with(&term)));
                prop_assert_eq!(company.candidates(&Lookup::Prefix { from, to }), expected);
            }
            for (id, (entry, _)) in &there {
                prop_assert_eq!(company.texts().text(*id), Some(entry.text.as_bytes()));
            }
            let postings: usize = there.values().map(|(entry, _)| of(entry).len()).sum();
            prop_assert_eq!(company.terms.postings(), postings);
            // Nothing is left behind.
            for id in there.keys() {
                company.remove(*id);
            }
            prop_assert!(company.all().is_empty() && company.terms.is_empty());
            prop_assert_eq!(company.terms.postings(), 0);
        }
    }
}
