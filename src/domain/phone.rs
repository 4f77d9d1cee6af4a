//! Telephone numbers as people type them, and the three forms they are compared in: E.164 for
//! uniqueness, the typed text for exact look-up, the reversed last digits for "ends with".
//!
//! The rules are those of `cti.md` §3. To teach another country, add a row to [`Country`]'s table.

mod china;
mod country;

pub use country::{CHINA, Country};

/// How many digits, counted from the end of a number, are kept for "ends with".
pub const TAIL: usize = 11;

/// How many last digits two numbers must at least share to be taken for the same.
pub const SHORTEST_TAIL: usize = 7;

const LONGEST_TEXT: usize = 255;
const LONGEST_EXTENSION: usize = 6;

/// What stands between a number and its extension, besides `#` and `,`.
const EXTENSION_WORDS: [&str; 12] =
    ["转", "转分机", "转分机号", "分机", "分机号", "轉", "轉分機", "分機", "ext", "extn", "extension", "x"];

pub(super) const DASHES: [char; 9] = ['-', '‐', '‑', '‒', '–', '—', '―', '−', 'ー'];

/// A telephone number: what was typed and what was understood of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// The text as typed, without blanks around it.
    pub typed: String,
    /// Every digit that was typed, without those of the extension.
    pub digits: String,
    /// `+` and up to 15 digits; `None` for short, local and unknown numbers.
    pub e164: Option<String>,
    /// The digits of the extension.
    pub extension: Option<String>,
    /// The number without country code and trunk prefix.
    national: String,
}

impl Phone {
    /// Reads a number as typed by somebody in `country`.
    ///
    /// `None` when the text holds no digit or more than 255 characters. A number of no known form is
    /// kept with its digits and without [`e164`](Phone::e164).
    #[must_use]
    pub fn parse(typed: &str, country: &Country) -> Option<Phone> {
        let typed = typed.trim();
        if typed.chars().count() > LONGEST_TEXT {
            return None;
        }
        let groups = groups(typed);
        let plus = groups.first()?.follows_plus();
        let (number, extension) = split_marked_extension(&groups)
            .or_else(|| split_dashed_extension(&groups, plus, country))
            .map_or((groups.as_slice(), None), |(number, extension)| (number, Some(extension)));
        let Number { digits, national, e164, .. } = Number::read(joined(number), plus, country);
        Some(Phone { typed: typed.to_owned(), digits, e164, extension, national })
    }

    /// Returns what uniqueness compares: E.164, or the bare digits where there is none, and
    /// `;ext=801` when there is an extension.
    #[must_use]
    pub fn key(&self) -> String {
        let number = self.e164.as_deref().unwrap_or(&self.national);
        match &self.extension {
            Some(extension) => format!("{number};ext={extension}"),
            None => number.to_owned(),
        }
    }

    /// Returns the last digits, at most [`TAIL`], of the number without country code, reversed: so
    /// "ends with" is a prefix range of an index.
    #[must_use]
    pub fn tail(&self) -> String {
        tail_of(&self.national)
    }
}

/// Returns the last digits of a text, at most [`TAIL`], reversed like [`Phone::tail`].
#[must_use]
pub fn tail_of(digits: &str) -> String {
    digits.chars().rev().filter(char::is_ascii_digit).take(TAIL).collect()
}

/// Whether two tails belong to one number: one ends with the other, in at least [`SHORTEST_TAIL`]
/// digits.
#[must_use]
pub fn tails_match(a_tail: &str, b_tail: &str) -> bool {
    let (short, long) = if a_tail.len() <= b_tail.len() { (a_tail, b_tail) } else { (b_tail, a_tail) };
    short.len() >= SHORTEST_TAIL && long.starts_with(short)
}

/// Returns the tails that shorter stored numbers must have to match this one, longest first.
///
/// Together with the prefix range of `tail` itself they are everything [`tails_match`] accepts.
pub fn shorter_tails(tail: &str) -> impl Iterator<Item = &str> {
    (SHORTEST_TAIL..tail.len()).rev().filter_map(|length| tail.get(..length))
}

/// Whether a text holds digits and nothing but digits, blanks and the signs numbers are written with.
#[must_use]
pub fn is_dialled(text: &str) -> bool {
    let is_sign = |c: char| c.is_whitespace() || "+().,/#".contains(c) || DASHES.contains(&c);
    let mut narrow = text.chars().map(half_width);
    narrow.clone().any(|c| c.is_ascii_digit()) && narrow.all(|c| c.is_ascii_digit() || is_sign(c))
}

/// Returns the ASCII character a full-width one stands for, and any other unchanged.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// A run of digits and the text between it and the run before.
struct Group {
    before: String,
    digits: String,
}

impl Group {
    fn follows_plus(&self) -> bool {
        self.before.trim_end_matches(|c: char| c.is_whitespace() || c == '(').ends_with('+')
    }

    fn follows_extension_mark(&self) -> bool {
        let word: String = self.before.chars().filter(|c| c.is_alphabetic()).collect();
        if word.is_empty() { self.before.contains(['#', ',']) } else { EXTENSION_WORDS.contains(&word.as_str()) }
    }

    fn follows_dash(&self) -> bool {
        let is_dash = |c: char| DASHES.contains(&c) || c == '(';
        self.before.contains(is_dash) && self.before.chars().all(|c| is_dash(c) || c.is_whitespace())
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = String::new();
    for c in text.chars().map(half_width) {
        if !c.is_ascii_digit() {
            before.push(c.to_ascii_lowercase());
        } else if before.is_empty()
            && let Some(group) = groups.last_mut()
        {
            group.digits.push(c);
        } else {
            groups.push(Group { before: std::mem::take(&mut before), digits: c.to_string() });
        }
    }
    groups
}

fn joined(groups: &[Group]) -> String {
    groups.iter().map(|group| group.digits.as_str()).collect()
}

/// Splits `010-88886666转801`. More digits than an extension has are a second number, not split off.
fn split_marked_extension(groups: &[Group]) -> Option<(&[Group], String)> {
    let before_mark = groups.iter().skip(1).position(Group::follows_extension_mark)?;
    let (number, rest) = groups.split_at(before_mark + 1);
    let extension = joined(rest);
    (extension.len() <= LONGEST_EXTENSION).then_some((number, extension))
}

/// Splits `010-88886666-801`, unless the digits make a known number all together: dashes are also
/// what people put inside of numbers.
fn split_dashed_extension<'g>(groups: &'g [Group], plus: bool, country: &Country) -> Option<(&'g [Group], String)> {
    let (last, number) = groups.split_last()?;
    if !last.follows_dash() || last.digits.len() > LONGEST_EXTENSION {
        return None;
    }
    let form = |groups| Number::read(joined(groups), plus, country).form;
    let splits = form(groups).is_none() && form(number)?.takes_extension(last.digits.len());
    splits.then(|| (number, last.digits.clone()))
}

/// A number without its extension, as far as it is understood.
struct Number {
    digits: String,
    national: String,
    e164: Option<String>,
    /// For numbers of the mainland only.
    form: Option<china::Form>,
}

impl Number {
    fn read(digits: String, plus: bool, country: &Country) -> Number {
        let abroad =
            if plus { Some(digits.strip_prefix("00").unwrap_or(&digits)) } else { country.after_exit_code(&digits) };
        // No calling code begins with 0.
        let read = match abroad.filter(|abroad| !abroad.starts_with('0')) {
            Some(abroad) => read_international(abroad),
            None if country.calling_code == CHINA.calling_code => read_chinese(&digits),
            None => read_national(&digits, country),
        };
        let (national, e164, form) = read.unwrap_or_else(|| (digits.clone(), None, None));
        Number { digits, national, e164, form }
    }
}

/// National number, E.164, form.
type Read = (String, Option<String>, Option<china::Form>);

/// Reads the digits behind `+` or `00`.
fn read_international(number: &str) -> Option<Read> {
    match Country::of_number(number) {
        Some((country, rest)) if country.calling_code == CHINA.calling_code => {
            let read = china::read(rest, china::Place::AfterCountryCode).map(chinese);
            // Of an unknown form, yet the country code was meant as one.
            read.or_else(|| (rest.len() >= SHORTEST_TAIL).then(|| (rest.to_owned(), None, None)))
        }
        Some((country, rest)) => e164_of(country.calling_code, country.without_trunk_prefix(rest)),
        None => e164_of("", number),
    }
}

/// Reads a number dialled inside the mainland. `86` without a sign before it is the country code
/// only when a number follows that is dialled from anywhere: `8612 3456` is a local number.
fn read_chinese(digits: &str) -> Option<Read> {
    let coded = || {
        let rest = digits.strip_prefix(CHINA.calling_code)?;
        china::read(rest, china::Place::AfterCountryCode).filter(|(form, _)| form.is_dialled_from_anywhere())
    };
    china::read(digits, china::Place::Alone).or_else(coded).map(chinese)
}

fn chinese((form, national): (china::Form, &str)) -> Read {
    let e164 = form.is_dialled_from_anywhere().then(|| format!("+{}{national}", CHINA.calling_code));
    (national.to_owned(), e164, Some(form))
}

/// Reads a number dialled inside another country; fewer than six digits are a short number.
fn read_national(digits: &str, country: &Country) -> Option<Read> {
    let national = country.without_trunk_prefix(digits);
    if national.len() < 6 {
        return None;
    }
    e164_of(country.calling_code, national)
}

/// E.164 allows 15 digits; with fewer than seven it is no subscriber's number.
fn e164_of(calling_code: &str, national: &str) -> Option<Read> {
    let e164 = format!("+{calling_code}{national}");
    (8..=16).contains(&e164.len()).then(|| (national.to_owned(), Some(e164), None))
}

#[cfg(test)]
mod tests;
