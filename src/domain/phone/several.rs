//! A text cut into the numbers that are in it.

use super::groups::{Group, Mark, groups, has_words, joined};
use super::number::Number;
use super::{Home, NumberKind, Phone, Unreadable};

const LONGEST_EXTENSION: usize = 6;
/// A number of no known form has at least so many digits, and at most as many as E.164 allows.
const SHORTEST: usize = 3;
const LONGEST: usize = 15;
/// No number has more digits, its extension included.
const MOST_DIGITS: usize = 32;
/// The last digits of another number that differs from the one before in nothing else: `13610000035/36`.
const LONGEST_ALTERNATIVE: usize = 4;

/// Returns the numbers in a text, at least one.
pub(super) fn read(text: &str, home: &Home) -> Result<Vec<Phone>, Unreadable> {
    let (groups, behind) = groups(text);
    if groups.is_empty() {
        return Err(Unreadable::NoNumber);
    }
    if is_date(&groups) || groups.iter().all(|group| group.digits.bytes().all(|digit| digit == b'0')) {
        return Err(Unreadable::NotANumber);
    }
    let reader = Reader { text, groups: &groups, home };
    if let Some(phones) = reader.all(&behind) {
        return Ok(phones);
    }
    reader.unknown(&behind).map(|phone| vec![phone]).ok_or(Unreadable::NotANumber)
}

/// `2017-05-03`, which is as long as a local number.
fn is_date(groups: &[Group]) -> bool {
    let [year, month, day, ..] = groups else { return false };
    let within = |group: &Group, most: u32| {
        group.digits.len() <= 2 && group.digits.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    let is_year = year.digits.len() == 4 && (year.digits.starts_with("19") || year.digits.starts_with("20"));
    is_year && within(month, 12) && within(day, 31) && matches!(month.before.as_str(), "-" | "/" | "." | "年")
}

struct Reader<'t> {
    text: &'t str,
    groups: &'t [Group],
    home: &'t Home,
}

/// A number with its extension, and the groups behind it.
struct One {
    number: Number,
    extension: Option<String>,
}

impl Reader<'_> {
    /// Returns the numbers, if the text holds nothing else. Words may stand around numbers that mean the same from
    /// anywhere.
    fn all(&self, behind: &str) -> Option<Vec<Phone>> {
        let mut phones: Vec<Phone> = Vec::new();
        let mut start = 0;
        while start < self.groups.len() {
            let (one, end) = self.longest(start).or_else(|| self.behind_plus(start))?;
            let first = self.groups.get(start)?;
            let stands_among_words = if start == 0 { has_words(&first.before) } else { first.follows_words() }
                || self.groups.get(end).is_some_and(Group::follows_words)
                || end == self.groups.len() && has_words(behind);
            if stands_among_words && !one.number.is_dialled_from_anywhere() {
                return None;
            }
            let one = self.in_area_of(one, phones.last());
            let is_alone = start == 0 && end == self.groups.len();
            let typed = if is_alone { self.text.to_owned() } else { self.typed(start, end, &one) };
            phones.push(Phone::new(typed, one.number, one.extension));
            start = self.alternatives(end, &mut phones);
        }
        Some(phones)
    }

    /// The longest number that begins with this group, and the group behind it.
    fn longest(&self, start: usize) -> Option<(One, usize)> {
        let ends = (start + 1..=self.groups.len()).rev();
        ends.filter(|end| self.groups.get(*end).is_none_or(Group::is_parted))
            .find_map(|end| Some((self.one(start, end).filter(|one| one.number.fits)?, end)))
    }

    /// Reads all that is left as one number, where a `+` says that it is one.
    fn behind_plus(&self, start: usize) -> Option<(One, usize)> {
        let end = self.groups.len();
        let one = self.one(start, end).filter(|one| one.number.is_dialled_from_anywhere())?;
        Some((one, end))
    }

    fn one(&self, start: usize, end: usize) -> Option<One> {
        let groups = self.groups.get(start..end)?;
        if groups.iter().map(|group| group.digits.len()).sum::<usize>() > MOST_DIGITS {
            return None;
        }
        let plus = groups.first()?.follows_plus();
        let (number, extension) = self
            .split_marked_extension(groups, plus)
            .or_else(|| self.split_dashed_extension(groups, plus))
            .map_or((groups, None), |(number, extension)| (number, Some(extension)));
        let is_joined = number.iter().skip(1).all(Group::is_joined);
        is_joined.then(|| One { number: Number::read(joined(number), plus, self.home), extension })
    }

    /// Splits `010-88886666转801`. More digits than an extension has are a second number, not split off.
    fn split_marked_extension<'g>(&self, groups: &'g [Group], plus: bool) -> Option<(&'g [Group], String)> {
        let before_mark = groups.iter().skip(1).position(|group| group.extension_mark().is_some())?;
        let (number, rest) = groups.split_at(before_mark + 1);
        let extension = joined(rest);
        let is_extension = match rest.first().and_then(Group::extension_mark) {
            Some(Mark::Sign) => Number::read(joined(number), plus, self.home).fits,
            Some(Mark::Word) => true,
            None => false,
        };
        (is_extension && extension.len() <= LONGEST_EXTENSION).then_some((number, extension))
    }

    /// Splits `010-88886666-801`, unless all the digits together make a known number: people put dashes inside
    /// numbers, too.
    fn split_dashed_extension<'g>(&self, groups: &'g [Group], plus: bool) -> Option<(&'g [Group], String)> {
        const MOBILE: usize = 11;
        let (last, number) = groups.split_last()?;
        if number.is_empty() || !last.follows_dash() || last.digits.len() > LONGEST_EXTENSION {
            return None;
        }
        let read = |groups| Number::read(joined(groups), plus, self.home);
        let is_in_groups = number.last().is_some_and(|group| group.digits.len() < MOBILE);
        let splits = !read(groups).fits && read(number).takes_extension(last.digits.len(), is_in_groups);
        splits.then(|| (number, last.digits.clone()))
    }

    /// A local number behind one with an area code has the same: `010-88886666/88887777`.
    fn in_area_of(&self, one: One, before: Option<&Phone>) -> One {
        let area = before.filter(|_| one.number.kind == NumberKind::Local).and_then(|before| {
            let is_landline = before.kind == NumberKind::Landline;
            super::china::split_area_code(&before.national).filter(|_| is_landline)
        });
        match area {
            Some((area, _)) => {
                let number = Number::read(format!("0{area}{}", one.number.digits), false, self.home);
                One { number, ..one }
            }
            None => one,
        }
    }

    /// Returns the number as it was typed, without the separator before it.
    fn typed(&self, start: usize, end: usize, one: &One) -> String {
        let from = start.checked_sub(1).and_then(|before| self.groups.get(before)).map_or(0, |before| before.end);
        let to = end.checked_sub(1).and_then(|last| self.groups.get(last)).map_or(self.text.len(), |last| last.end);
        let first = self.groups.get(start).map_or(from, |group| group.start);
        let before = self.text.get(from..first).unwrap_or_default();
        let parted = before.trim_end_matches(|c: char| "+＋(（".contains(c) || c.is_whitespace());
        let typed = self.text.get(from + parted.len()..to).unwrap_or_default().trim_start();
        // Digits that were taken over from the number before were not typed here.
        let digits = self.groups.get(start..end).map(joined).unwrap_or_default();
        let extension = one.extension.as_deref().unwrap_or_default();
        if digits.len() == one.number.digits.len() + extension.len() {
            typed.to_owned()
        } else {
            one.number.digits.clone()
        }
    }

    /// Adds the numbers of which only the last digits are written, or another extension; returns the group behind them.
    fn alternatives(&self, from: usize, phones: &mut Vec<Phone>) -> usize {
        let mut at = from;
        while let Some(group) = self.groups.get(at).filter(|group| group.is_alternative())
            && group.digits.len() <= LONGEST_ALTERNATIVE
            // `110/120` are two numbers, and so is what a longer one begins with.
            && self.longest(at).is_none()
            && let Some(phone) = phones.last().and_then(|before| self.alternative(before, &group.digits))
        {
            phones.push(phone);
            at += 1;
        }
        at
    }

    fn alternative(&self, before: &Phone, digits: &str) -> Option<Phone> {
        let number =
            |digits: String| Number::read(digits, before.typed.trim_start().starts_with(['+', '＋']), self.home);
        if before.extension.is_some() {
            let typed = format!("{}转{digits}", before.line_key());
            return Some(Phone::new(typed, number(before.digits.clone()), Some(digits.to_owned())));
        }
        let kept = before.digits.len().checked_sub(digits.len())?;
        let whole = format!("{}{digits}", before.digits.get(..kept)?);
        let plus = if before.typed.trim_start().starts_with(['+', '＋']) { "+" } else { "" };
        let number = number(whole.clone());
        number.fits.then(|| Phone::new(format!("{plus}{whole}"), number, None))
    }

    /// One number of no known form, if nothing else stands in the text.
    fn unknown(&self, behind: &str) -> Option<Phone> {
        let one = self.one(0, self.groups.len())?;
        let mut number_groups = self.groups.iter().skip(1).take_while(|group| group.extension_mark().is_none());
        let is_plain = self.groups.first().is_some_and(|group| !has_words(&group.before))
            && number_groups.all(Group::is_plainly_joined)
            && !has_words(behind);
        let digits = one.number.digits.len();
        (is_plain && (SHORTEST..=LONGEST).contains(&digits))
            .then(|| Phone::new(self.text.to_owned(), one.number, one.extension))
    }
}
