//! What lists are sorted by, and bounded by: by id, side by side.

use std::ops::RangeBounds;

use super::Ids;

/// How many columns of numbers there are.
pub const NUMBERS: usize = 5;
/// Bytes of a name's key that are here. Few names begin alike so far, and differ behind.
const PREFIX: usize = 24;

/// A column of numbers: times in microseconds, and how often was followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    CreatedAt,
    UpdatedAt,
    AssignedAt,
    FollowedAt,
    FollowCount,
}

/// The first bytes of what a name is sorted by.
pub type Prefix = [u8; PREFIX];

/// The numbers of a customer, in the order of the columns.
pub type Numbers = [Option<i64>; NUMBERS];

/// What stands for a number that is not there.
const NONE: i64 = i64::MIN;

/// The keys of all customers; of an id that is nobody's, anything.
#[derive(Default)]
pub struct Keys {
    numbers: [Vec<i64>; NUMBERS],
    names: Vec<Prefix>,
}

/// Returns the first bytes of what a name is sorted by. Shorter ones are filled with what stands in no name.
#[must_use]
pub fn prefix(key: &str) -> Prefix {
    let mut prefix = [0; PREFIX];
    prefix.iter_mut().zip(key.bytes()).for_each(|(place, byte)| *place = byte);
    prefix
}

impl Keys {
    pub fn put(&mut self, id: u32, numbers: &Numbers, name: &str) {
        let place = id as usize;
        for (column, number) in self.numbers.iter_mut().zip(numbers) {
            put_at(column, place, number.unwrap_or(NONE), NONE);
        }
        put_at(&mut self.names, place, prefix(name), Prefix::default());
    }

    /// Whether a customer has these.
    #[must_use]
    pub fn are(&self, id: u32, numbers: &Numbers, name: &str) -> bool {
        let place = id as usize;
        self.names.get(place) == Some(&prefix(name))
            && self
                .numbers
                .iter()
                .zip(numbers)
                .all(|(column, number)| column.get(place) == Some(&number.unwrap_or(NONE)))
    }

    /// What a customer is sorted by; what is not there is 0.
    #[must_use]
    pub fn number(&self, column: Number, id: u32) -> i64 {
        let number = self.numbers.get(column as usize).and_then(|column| column.get(id as usize));
        number.copied().filter(|number| *number != NONE).unwrap_or_default()
    }

    #[must_use]
    pub fn name(&self, id: u32) -> Prefix {
        self.names.get(id as usize).copied().unwrap_or_default()
    }

    /// Those of these customers whose number is there, and in a range.
    #[must_use]
    pub fn within(&self, among: &Ids, column: Number, range: &impl RangeBounds<i64>) -> Ids {
        let Some(column) = self.numbers.get(column as usize) else { return Ids::new() };
        let number = |id: u32| column.get(id as usize).copied().unwrap_or(NONE);
        among.iter().filter(|id| number(*id) != NONE && range.contains(&number(*id))).collect()
    }

    /// What they take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        Self::bytes_of(self.names.len())
    }

    /// What those of so many ids take, bytes.
    #[must_use]
    pub fn bytes_of(ids: usize) -> usize {
        ids.saturating_mul(PREFIX + NUMBERS * size_of::<i64>())
    }
}

fn put_at<T: Clone>(column: &mut Vec<T>, place: usize, value: T, nothing: T) {
    if place >= column.len() {
        column.resize(place + 1, nothing);
    }
    if let Some(there) = column.get_mut(place) {
        *there = value;
    }
}

/// A part of a list in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Stretch {
    pub ids: Vec<u32>,
    /// How many come before these.
    pub before: usize,
}

/// Returns those at the places `from..to` of a list by these keys, with all who are equal to the first or to the last of
/// them; they are in order but for equal ones, which come by id.
#[must_use]
pub fn stretch<K: Ord + Copy>(mut keyed: Vec<(K, u32)>, from: usize, to: usize) -> Stretch {
    let to = to.min(keyed.len());
    if from >= to {
        return Stretch { ids: Vec::new(), before: keyed.len() };
    }
    let (_, first, _) = keyed.select_nth_unstable(from);
    let first = first.0;
    let (_, last, _) = keyed.select_nth_unstable(to - 1);
    let last = last.0;
    let before = keyed.iter().filter(|(key, _)| *key < first).count();
    keyed.retain(|(key, _)| (first..=last).contains(key));
    keyed.sort_unstable();
    Stretch { ids: keyed.into_iter().map(|(_, id)| id).collect(), before }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stretch_is_a_part_of_the_list(keys in prop::collection::vec(0_u8..9, 0..60), from in 0_usize..70, length in 0_usize..20) {
            let keyed: Vec<(u8, u32)> = (0..).zip(&keys).map(|(id, key)| (*key, id)).collect();
            let mut list = keyed.clone();
            list.sort_unstable();
            let Stretch { ids, before } = stretch(keyed, from, from + length);
            let wanted: Vec<u32> = list.iter().skip(from).take(length).map(|(_, id)| *id).collect();
            if wanted.is_empty() {
                prop_assert!(ids.is_empty());
            } else {
                prop_assert_eq!(&ids[from - before..][..wanted.len()], wanted.as_slice());
                let key = |id: u32| keys[id as usize];
                let equal = list.iter().filter(|(k, _)| (key(wanted[0])..=key(wanted[wanted.len() - 1])).contains(k)).count();
                prop_assert_eq!(ids.len(), equal);
            }
        }

        #[test]
        fn prefixes_are_in_the_order_of_their_keys(a in "[a-c~王]{0,12}", b in "[a-c~王]{0,12}") {
            let (first, second) = (prefix(&a), prefix(&b));
            prop_assert!(first == second || first.cmp(&second) == a.as_bytes().cmp(b.as_bytes()));
            prop_assert!(first != second || a == b || a.as_bytes()[..PREFIX] == b.as_bytes()[..PREFIX]);
        }
    }
}
