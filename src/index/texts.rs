//! The texts of all customers, packed: what each is confirmed in, and the numbers of its values.

use std::collections::BTreeMap;
use std::mem::size_of;

/// How many fields there are.
pub const FIELDS: usize = 7;

/// For each field, one more than the number of the customer's value; 0 where there is none.
pub type Codes = [u32; FIELDS];

/// How many ids are on a page, as a power of two.
const PAGE: u32 = 8;
/// How far is looked ahead for the next id.
const AHEAD: usize = 8;

/// Texts by id. A page holds those of 256 ids one behind another: a text takes few bytes beside its own.
#[derive(Default)]
pub struct Texts {
    pages: BTreeMap<u32, Page>,
    bytes: usize,
}

#[derive(Default)]
struct Page {
    /// The last eight bits of each id, in order.
    ids: Vec<u8>,
    /// Where each entry ends.
    ends: Vec<u32>,
    entries: Vec<u8>,
}

/// What is packed of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed<'t> {
    pub codes: Codes,
    pub text: &'t [u8],
}

impl Texts {
    #[must_use]
    pub fn get(&self, id: u32) -> Option<Packed<'_>> {
        self.pages.get(&(id >> PAGE))?.get(id)
    }

    /// Reads the texts of customers one after another; those whose ids come in order are found at once.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        Reading { texts: self, number: None, page: None, place: 0 }
    }

    /// Puts a customer's in the place of what was there.
    pub fn put(&mut self, id: u32, packed: &Packed<'_>) {
        let number = id >> PAGE;
        let is_new = !self.pages.contains_key(&number);
        let page = self.pages.entry(number).or_default();
        let before = page.bytes();
        page.put(id, packed);
        self.bytes = self.bytes + page.bytes() - before;
        if is_new && let Some((_, page)) = self.pages.range_mut(..number).next_back() {
            // Nothing more is likely to be put behind its last.
            page.entries.shrink_to_fit();
        }
    }

    pub fn remove(&mut self, id: u32) {
        if let Some(page) = self.pages.get_mut(&(id >> PAGE)) {
            let before = page.bytes();
            page.remove(id);
            self.bytes = self.bytes + page.bytes() - before;
        }
    }

    /// What they take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.pages.len() * (size_of::<Page>() + size_of::<u32>())
    }
}

/// Texts that are read one after another.
pub struct Reading<'t> {
    texts: &'t Texts,
    /// The last page.
    number: Option<u32>,
    page: Option<&'t Page>,
    /// Where to go on.
    place: usize,
}

impl<'t> Reading<'t> {
    pub fn text(&mut self, id: u32) -> Option<&'t [u8]> {
        if self.number != Some(id >> PAGE) {
            self.number = Some(id >> PAGE);
            self.page = self.texts.pages.get(&(id >> PAGE));
            self.place = 0;
        }
        let page = self.page?;
        let low = low(id);
        let ahead = page.ids.get(self.place..).and_then(|ids| ids.iter().take(AHEAD).position(|there| *there == low));
        let place = match ahead {
            Some(ahead) => self.place + ahead,
            None => page.place(id).ok()?,
        };
        self.place = place + 1;
        let (begin, end) = page.bounds(place)?;
        page.entries.get(begin..end).map(behind_codes)
    }
}

/// What stands behind the codes: each of these ends with a byte below 128.
fn behind_codes(entry: &[u8]) -> &[u8] {
    let ends = entry.iter().enumerate().filter(|(_, byte)| **byte < 0x80);
    let codes = ends.take(FIELDS).last().map_or(0, |(place, _)| place + 1);
    entry.get(codes..).unwrap_or_default()
}

#[allow(clippy::cast_possible_truncation, reason = "the last eight bits are meant")]
fn low(id: u32) -> u8 {
    id as u8
}

impl Page {
    fn bytes(&self) -> usize {
        self.entries.len() + self.ids.len() * (1 + size_of::<u32>())
    }

    fn place(&self, id: u32) -> Result<usize, usize> {
        let low = low(id);
        match self.ids.last() {
            // As most come: one behind another.
            Some(last) if *last < low => Err(self.ids.len()),
            _ => self.ids.binary_search(&low),
        }
    }

    /// Where the entry at this place begins and ends.
    fn bounds(&self, place: usize) -> Option<(usize, usize)> {
        let begin = place.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        Some((begin as usize, *self.ends.get(place)? as usize))
    }

    fn get(&self, id: u32) -> Option<Packed<'_>> {
        let (begin, end) = self.bounds(self.place(id).ok()?)?;
        let (codes, text) = postcard::take_from_bytes(self.entries.get(begin..end)?).ok()?;
        Some(Packed { codes, text })
    }

    fn put(&mut self, id: u32, packed: &Packed<'_>) {
        self.remove(id);
        let Err(place) = self.place(id) else { return };
        let at = place.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let mut entry = Vec::with_capacity(packed.text.len() + FIELDS * 2);
        // Into memory, this cannot fail.
        entry = postcard::to_extend(&packed.codes, entry).unwrap_or_default();
        entry.extend_from_slice(packed.text);
        let length = u32::try_from(entry.len()).unwrap_or_default();
        self.entries.splice(at..at, entry);
        self.ids.insert(place, low(id));
        self.ends.insert(place, u32::try_from(at).unwrap_or_default());
        self.ends.iter_mut().skip(place).for_each(|end| *end += length);
    }

    fn remove(&mut self, id: u32) {
        let Ok(place) = self.place(id) else { return };
        let Some((begin, end)) = self.bounds(place) else { return };
        self.entries.drain(begin..end);
        self.ids.remove(place);
        self.ends.remove(place);
        let length = u32::try_from(end - begin).unwrap_or_default();
        self.ends.iter_mut().skip(place).for_each(|end| *end -= length);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is put and removed, each has what was put last.
        #[test]
        fn they_are_as_a_map(steps in prop::collection::vec((0_u32..700, prop::collection::vec("[a-z中]{0,9}", 0..3), 0_u32..500), 0..200)) {
            let (mut texts, mut map) = (Texts::default(), BTreeMap::new());
            for (id, entered, code) in steps {
                texts.remove(id);
                map.remove(&id);
                for text in entered {
                    let codes = [code, 0, 1, code + 7, 0, u32::MAX, 3];
                    texts.put(id, &Packed { codes, text: text.as_bytes() });
                    map.insert(id, (codes, text));
                }
            }
            for id in 0..700 {
                let expected = map.get(&id).map(|(codes, text)| Packed { codes: *codes, text: text.as_bytes() });
                prop_assert_eq!(texts.get(id), expected);
            }
            let mut reading = texts.reading();
            for id in (0..700).chain([3, 699, 5, 4]) {
                prop_assert_eq!(reading.text(id), map.get(&id).map(|(_, text)| text.as_bytes()));
            }
            let entries: usize = texts.pages.values().map(Page::bytes).sum();
            prop_assert_eq!(texts.bytes, entries);
        }
    }
}
