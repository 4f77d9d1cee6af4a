//! Who has which search term.

use std::collections::BTreeMap;
use std::ops::Bound;

use roaring::MultiOps;

use super::Ids;
use crate::domain::search_terms::Lookup;

/// The longest term, bytes: three characters.
const LONGEST: usize = 16;
/// What a term takes beside its postings: its place in the tree, and the head of its bitmap, bytes.
const TERM: usize = 110;
/// What a posting takes: two bytes, and its part of what a bitmap has beside them; in tenths of a byte.
const POSTING: usize = 25;

/// A term, in place. Shorter ones are filled with what stands in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term([u8; LONGEST]);

impl Term {
    /// Returns the term; `None` of what is longer than any.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        (text.len() <= LONGEST).then(|| Self::bound(text))
    }

    /// Returns where a text has its place among the terms.
    fn bound(text: &str) -> Self {
        let mut term = [0; LONGEST];
        term.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
        Self(term)
    }
}

/// The customers of each term.
#[derive(Default)]
pub struct Terms {
    ids: BTreeMap<Term, Ids>,
    postings: usize,
}

impl Terms {
    /// Those among whom are all who are found like this.
    #[must_use]
    pub fn candidates(&self, lookup: &Lookup) -> Ids {
        match lookup {
            Lookup::All(terms) => {
                let found: Option<Vec<&Ids>> = terms.iter().map(|term| self.ids.get(&Term::of(term)?)).collect();
                let Some(mut found) = found else { return Ids::new() };
                found.sort_by_key(|ids| ids.len());
                let Some((first, rest)) = found.split_first() else { return Ids::new() };
                rest.iter().fold((*first).clone(), |ids, other| ids & *other)
            }
            Lookup::Prefix { from, to } => {
                let (from, to) = (Term::bound(from), Term::bound(to));
                if from >= to {
                    return Ids::new();
                }
                self.ids.range((Bound::Included(from), Bound::Excluded(to))).map(|(_, ids)| ids).union()
            }
        }
    }

    pub fn insert(&mut self, term: Term, id: u32) {
        self.postings += usize::from(self.ids.entry(term).or_default().insert(id));
    }

    pub fn remove(&mut self, term: Term, id: u32) {
        let Some(ids) = self.ids.get_mut(&term) else { return };
        self.postings -= usize::from(ids.remove(id));
        if ids.is_empty() {
            self.ids.remove(&term);
        }
    }

    /// Puts many in at once, of whom most are beyond all that are here.
    pub fn extend(&mut self, mut gathered: Vec<(Term, u32)>) {
        gathered.sort_unstable();
        for of_term in gathered.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((term, _)) = of_term.first() else { continue };
            let ids = self.ids.entry(*term).or_default();
            for (_, id) in of_term {
                self.postings += usize::from(ids.try_push(*id).is_ok() || ids.insert(*id));
            }
        }
    }

    /// Gives back what bitmaps that grew hold in reserve, of the next terms; returns behind which to go on.
    pub fn shrink(&mut self, behind: Option<Term>, most: usize) -> Option<Term> {
        let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (term, ids) in self.ids.range_mut((from, Bound::Unbounded)).take(most) {
            // A copy is as large as it has to be.
            *ids = ids.clone();
            last = Some(*term);
        }
        last
    }

    /// About what they take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ids.len() * TERM + self.postings * POSTING / 10
    }

    #[cfg(test)]
    pub fn postings(&self) -> usize {
        self.postings
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
