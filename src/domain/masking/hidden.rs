//! Putting back what was hidden, where a text comes back otherwise than it was shown: with something before, behind or
//! between its numbers.

use std::collections::HashMap;
use std::ops::Range;

use super::numbers::{LONGEST_JOINT, is_digit, is_joint};
use super::{Known, MOST_PASSES, hide_all, mask, mask_text};
use crate::domain::phone::half_width;

/// A run of digits and stars reads like a hidden number if it has at least so many stars, digits, and characters in
/// all.
const FEWEST_STARS: usize = 2;
const FEWEST_DIGITS: usize = 2;
const SHORTEST_RUN: usize = 7;

/// The numbers of a customer as they are shown to who may not see them, and as they are stored.
#[derive(Debug, Default)]
pub struct Hidden {
    known: Known,
    pieces: Vec<Piece>,
}

/// A number in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    shown: String,
    stored: String,
    /// Whether it reads like a number to everybody, not only as the customer's own.
    is_evident: bool,
}

impl Piece {
    fn new(shown: String, stored: String) -> Self {
        let is_evident = mask_text(&stored) != stored;
        Self { shown, stored, is_evident }
    }
}

/// Why it cannot be told what a text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// Some of its numbers have hidden digits, but no number was shown like that.
    Incomplete,
    /// Several numbers were shown like this one, and it does not say which is meant.
    Several(String),
}

/// A part of what was given.
enum Part<'a> {
    Text(&'a str),
    /// A number, after so many others that are shown so.
    Number {
        shown: &'a str,
        nth: usize,
    },
}

impl Hidden {
    /// Begins with what tells numbers in texts.
    #[must_use]
    pub fn of(known: Known) -> Self {
        Self { known, pieces: Vec::new() }
    }

    /// Adds the numbers in a text that the caller was shown.
    pub fn learn(&mut self, text: &str) {
        for piece in pieces(&self.known, text) {
            self.add(piece);
        }
    }

    /// In another text than its own, a number that is told by the customer's phones alone would be seen once these have
    /// changed.
    fn add(&mut self, piece: Piece) {
        if piece.is_evident && !self.pieces.contains(&piece) {
            self.pieces.push(piece);
        }
    }

    /// Adds a number that was shown in its own place.
    pub fn learn_phone(&mut self, phone: &str) {
        let shown = mask(phone);
        if shown != phone {
            self.add(Piece::new(shown, phone.to_owned()));
        }
        self.learn(phone);
    }

    /// Returns a text as the caller is shown it.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.known.mask(text).into_owned()
    }

    /// Returns the text that is meant by what was given in the place of `own`, the text that is stored: its hidden digits
    /// are put back, and so are those of other numbers that were shown. `None` when there is nothing to put back.
    ///
    /// Nothing is put where it would be seen: the text reads to the caller as he wrote it, also when the customer has other
    /// phones.
    pub fn restore(&self, own: Option<&str>, given: &str) -> Result<Option<String>, Unclear> {
        let given = given.trim();
        if !has_star(given) {
            return Ok(None);
        }
        if let Some(own) = own
            && self.known.mask(own) == given
        {
            return Ok(Some(own.to_owned()));
        }
        let is_stored_so = |shown: &str| own.is_some_and(|own| own.contains(shown));
        let own_pieces = own.map(|own| pieces(&self.known, own)).unwrap_or_default();
        let mut forms: Vec<&str> = own_pieces.iter().chain(&self.pieces).map(|piece| piece.shown.as_str()).collect();
        forms.retain(|shown| has_star(shown) && !is_stored_so(shown));
        // The longer first: the one may be a part of the other.
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        let (parts, times) = parts(given, &forms);
        let mut restored = String::with_capacity(given.len());
        // With the evident numbers as they are shown.
        let mut hidden = String::with_capacity(given.len());
        for part in parts {
            match part {
                Part::Text(text) => {
                    restored.push_str(text);
                    hidden.push_str(text);
                }
                Part::Number { shown, nth } => {
                    let times = times.get(shown).copied().unwrap_or_default();
                    let meant = self.meant(shown, nth, times, &own_pieces)?;
                    restored.push_str(&meant.stored);
                    hidden.push_str(if meant.is_evident { shown } else { &meant.stored });
                }
            }
        }
        let is_whole = masked_runs(&restored).into_iter().all(is_stored_so);
        let is_unseen =
            self.known.mask(&restored) == self.known.mask(given) && mask_text(&restored) == mask_text(&hidden);
        if !is_whole || !is_unseen {
            return Err(Unclear::Incomplete);
        }
        Ok((restored != given).then_some(restored))
    }

    /// Which number is meant by the one after `nth` others of `times` that are shown so: the only one there is or, of
    /// several in the text itself, the one in its place.
    fn meant<'a>(&'a self, shown: &str, nth: usize, times: usize, own: &'a [Piece]) -> Result<&'a Piece, Unclear> {
        let shown_so = |piece: &&Piece| piece.shown == shown;
        let mut all = own.iter().chain(&self.pieces).filter(shown_so);
        let first = all.next().ok_or(Unclear::Incomplete)?;
        if all.all(|other| other.stored == first.stored) {
            return Ok(first);
        }
        let in_place = own.iter().filter(shown_so).nth(nth).filter(|_| own.iter().filter(shown_so).count() == times);
        in_place.ok_or_else(|| Unclear::Several(shown.to_owned()))
    }
}

/// Puts what is stored into the place of what was shown of it, in a list whose entries are told by nothing else. Those that
/// were shown alike are meant in their order, and all of them.
pub fn restore_alike<'s, T: PartialEq>(
    stored: &'s [(String, T)],
    given: &[Option<String>],
) -> Result<Vec<Option<&'s T>>, Unclear> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for text in given.iter().flatten() {
        *times.entry(text).or_default() += 1;
    }
    let mut nth: HashMap<&str, usize> = HashMap::new();
    let mut restored = Vec::with_capacity(given.len());
    for text in given {
        let Some(text) = text.as_deref() else {
            restored.push(None);
            continue;
        };
        let alike: Vec<&T> = stored.iter().filter(|(shown, _)| shown == text).map(|(_, stored)| stored).collect();
        let is_one = alike.windows(2).all(|pair| pair.first() == pair.last());
        if !is_one && times.get(text).is_some_and(|times| *times < alike.len()) {
            return Err(Unclear::Several(text.to_owned()));
        }
        let at = nth.entry(text).or_default();
        restored.push(alike.get(*at).or(alike.last()).copied());
        *at += 1;
    }
    Ok(restored)
}

fn has_star(text: &str) -> bool {
    text.contains(['*', '＊'])
}

/// The numbers in a text, in their order.
fn pieces(known: &Known, text: &str) -> Vec<Piece> {
    let mut masked = text.to_owned();
    let mut spans: Vec<Range<usize>> = Vec::new();
    for _ in 0..MOST_PASSES {
        let found = known.find(&masked);
        if found.is_empty() {
            break;
        }
        // Masking changes no number of characters, but that of bytes.
        let chars = |end: usize| masked.get(..end).map_or(0, |before| before.chars().count());
        spans.extend(found.iter().map(|range| chars(range.start)..chars(range.end)));
        masked = hide_all(&masked, &found);
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let mut whole: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match whole.last_mut().filter(|last| span.start < last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => whole.push(span),
        }
    }
    let part = |text: &str, span: &Range<usize>| text.chars().skip(span.start).take(span.len()).collect();
    whole.iter().map(|span| Piece::new(part(&masked, span), part(text, span))).collect()
}

/// Parts a text at the numbers in it that are shown in one of these forms, and counts them.
fn parts<'a>(text: &'a str, forms: &[&'a str]) -> (Vec<Part<'a>>, HashMap<&'a str, usize>) {
    let (mut parts, mut times) = (Vec::new(), HashMap::new());
    let (mut copied, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match forms.iter().find(|form| rest.starts_with(**form)) {
            Some(shown) => {
                let nth = times.entry(*shown).or_default();
                parts.push(Part::Text(text.get(copied..at).unwrap_or_default()));
                parts.push(Part::Number { shown, nth: *nth });
                *nth += 1;
                at += shown.len();
                copied = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(Part::Text(text.get(copied..).unwrap_or_default()));
    (parts, times)
}

/// The runs of digits and stars that read like a number of which digits are hidden.
fn masked_runs(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let (mut run, mut digits, mut stars, mut gap) = (0..0, 0, 0, 0);
    for (at, c) in text.char_indices().chain([(text.len(), ':')]) {
        let plain = half_width(c);
        let is_star = plain == '*';
        if is_star || is_digit(c) {
            if digits + stars == 0 {
                run.start = at;
            }
            run.end = at + c.len_utf8();
            digits += usize::from(!is_star);
            stars += usize::from(is_star);
            gap = 0;
        } else if is_joint(plain) && gap < LONGEST_JOINT {
            gap += 1;
        } else {
            if stars >= FEWEST_STARS && digits >= FEWEST_DIGITS && digits + stars >= SHORTEST_RUN {
                runs.extend(text.get(run.clone()));
            }
            (digits, stars, gap) = (0, 0, 0);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::CHINA;

    /// What is meant by a text in the place of another, of a customer with these phones.
    fn restored(phones: &[&str], own: &str, given: &str) -> Result<String, Unclear> {
        let mut hidden = Hidden::of(Known::of(phones.iter().copied(), &CHINA));
        for phone in phones {
            hidden.learn_phone(phone);
        }
        hidden.restore(Some(own), given).map(|text| text.unwrap_or_else(|| given.to_owned()))
    }

    #[test]
    fn what_was_hidden_is_put_back_whatever_is_added() {
        for (phones, own, given, meant) in [
            (&[][..], "王 13812347777", "王 138****7777（已回访）", "王 13812347777（已回访）"),
            (&[], "王 13812347777", "王五138****7777", "王五13812347777"),
            (&[], "甲 13812347777 乙 13912347777", "乙 139****7777，甲 138****7777", "乙 13912347777，甲 13812347777"),
            (&[], "王 138 1234 7777", " 王 138 **** 7777 二 ", "王 138 1234 7777 二"),
            (&[], "王 13812347777", "王 138****7777，新 13900001111", "王 13812347777，新 13900001111"),
            (&[], "王 １３８１２３４７７７７", "王 １３８****７７７７！", "王 １３８１２３４７７７７！"),
            (&["13812347777"], "王", "王 138****7777", "王 13812347777"),
            (&["765-4321"], "王7654321", "王*****21 二", "王7654321 二"),
            (&["62345678", "13862345678"], "", "138****5678", "13862345678"),
            (&[], "王", "王五星**酒店", "王五星**酒店"),
            // The digits of what is stored with stars are lost already.
            (&[], "王 138****7777", "王 138****7777（已回访）", "王 138****7777（已回访）"),
        ] {
            assert_eq!(restored(phones, own, given), Ok(meant.to_owned()), "{own} {given}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for (phones, own, given) in [
            (&[][..], "王 13812347777", "王 139****7777"),
            (&[], "王", "王 138****7777"),
            (&[], "王 13812347777", "王 138***7777"),
            (&[], "王 13812347777", "王 138 **** 7777 二"),
            // It would be seen.
            (&[], "王 13812347777", "王 5138****77770000"),
            (&["13812347777"], "王 13812347777", "王 5138****77770000"),
            (&["765-4321"], "王", "王*****21"),
        ] {
            assert_eq!(restored(phones, own, given), Err(Unclear::Incomplete), "{own} {given}");
        }
    }

    #[test]
    fn of_two_that_are_shown_alike_none_is_lost() {
        let own = "甲 13811117777 乙 13822227777";
        assert_eq!(
            restored(&[], own, "甲 138****7777 乙 138****7777 丙"),
            Ok("甲 13811117777 乙 13822227777 丙".to_owned())
        );
        let several = Err(Unclear::Several("138****7777".to_owned()));
        assert_eq!(restored(&[], own, "乙 138****7777"), several);
        assert_eq!(restored(&["13811117777", "13822227777"], "王", "王 138****7777"), several);

        let stored = [("138****7777".to_owned(), 1), ("138****7777".to_owned(), 2), ("139****7777".to_owned(), 3)];
        let given = |texts: &[&str]| {
            let texts: Vec<Option<String>> = texts.iter().map(|text| Some((*text).to_owned())).collect();
            restore_alike(&stored, &texts).map(|found| found.into_iter().map(Option::<&i32>::copied).collect())
        };
        assert_eq!(given(&["139****7777", "138****7777", "138****7777"]), Ok(vec![Some(3), Some(1), Some(2)]));
        assert_eq!(given(&["丙"]), Ok(vec![None]));
        assert_eq!(given(&["138****7777"]), Err::<Vec<_>, _>(Unclear::Several("138****7777".to_owned())));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_added_nothing_is_lost_and_nothing_is_seen(
            own in "([一-龥]{0,3}(1[3-9][0-9]{9}|0[1-9]{2}-?[1-9][0-9]{7}|[0-9 ]{0,4})){0,4}",
            before in "[一-龥a-z（）* ]{0,6}",
            behind in "[一-龥a-z（）0-9 ]{0,6}",
        ) {
            let hidden = Hidden::default();
            let given = format!("{before}{}{behind}", hidden.mask(&own));
            if let Ok(Some(meant)) = hidden.restore(Some(&own), &given) {
                proptest::prop_assert_eq!(hidden.mask(&meant), hidden.mask(given.trim()));
                let expected = format!("{before}{own}{behind}");
                proptest::prop_assert_eq!(meant, expected.trim());
            } else if let Ok(None) = hidden.restore(Some(&own), &given) {
                proptest::prop_assert_eq!(hidden.mask(&own), own);
            }
        }
    }
}
