//! Telephone numbers as people, telephone systems and spreadsheets write them, and the three forms they are compared in:
//! E.164 for uniqueness, the typed text for exact look-up, the reversed last digits for "ends with".
//!
//! The rules are those of `cti.md` §3. A text is read in steps, each in a file of its own: what stands around a number is
//! taken off ([`address`], [`spreadsheet`]), the digits are told from what stands between them ([`groups`]), and cut into
//! numbers ([`several`]) of which each is one of the mainland ([`china`]) or of another country ([`country`]).

mod address;
mod china;
mod country;
mod groups;
mod home;
mod kind;
mod number;
mod several;
mod spreadsheet;

pub use country::Country;
pub use home::{CHINA, Home};
pub use kind::NumberKind;

use number::Number;

/// The version of the rules by which keys and tails are made of what was typed. Stored ones of another version are made
/// anew: raise it with every change that gives a number another key or tail.
pub const RULES: i64 = 4;

/// How many digits, counted from the end of a number, are kept for "ends with".
pub const TAIL: usize = 11;

/// How many last digits two numbers must at least share to be taken for the same.
pub const SHORTEST_TAIL: usize = 7;

const LONGEST_TEXT: usize = 255;

pub(super) const DASHES: [char; 9] = ['-', '‐', '‑', '‒', '–', '—', '―', '−', 'ー'];

/// A telephone number: what was typed and what was understood of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// The text as typed, without what telephone systems and spreadsheets write around a number.
    pub typed: String,
    /// Every digit that was typed, without those of the extension.
    pub digits: String,
    /// `+` and up to 15 digits; `None` for short, local and unknown numbers.
    pub e164: Option<String>,
    /// The digits of the extension.
    pub extension: Option<String>,
    pub kind: NumberKind,
    /// The number without country code and trunk prefix.
    national: String,
}

/// Why a text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// There is no digit in it: who calls does not show his number.
    NoNumber,
    NotANumber,
    /// A spreadsheet has rounded it.
    Rounded,
    /// A number to count with: a fraction, or below zero.
    Quantity,
    TooLong,
}

impl Unreadable {
    /// Says what is wrong and what to do, in Chinese and English.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::NoNumber => "没有号码 / there is no number in it",
            Self::NotANumber => {
                "不是电话号码，应为 13900112233、021-88886666 或 +85223456789 这样的号码 / not a phone number: expected one such as 13900112233, 021-88886666 or +85223456789"
            }
            Self::Rounded => {
                "号码被电子表格四舍五入，请把该列设为文本后重新填写 / a spreadsheet has rounded the number: make the column text and fill it in again"
            }
            Self::Quantity => "是小数或负数，不是电话号码 / a fraction or a negative number is no phone number",
            Self::TooLong => "最多 255 个字符 / at most 255 characters",
        }
    }
}

/// Returns the numbers in a text as somebody in `home` writes them, at least one; most texts hold just one.
///
/// A number of no known form is kept with its digits and without [`e164`](Phone::e164), as long as there is nothing but
/// digits and the signs that numbers are written with.
pub fn read(text: &str, home: &Home) -> Result<Vec<Phone>, Unreadable> {
    let visible = visible(text.trim());
    if visible.chars().count() > LONGEST_TEXT {
        return Err(Unreadable::TooLong);
    }
    let number = address::number(&visible)?;
    let number = spreadsheet::number(&number)?;
    several::read(number.trim(), home)
}

impl Phone {
    /// Reads the number, or the first of several, as typed by somebody in `home`; `None` for a text that is none.
    #[must_use]
    pub fn parse(typed: &str, home: &Home) -> Option<Phone> {
        read(typed, home).ok()?.into_iter().next()
    }

    fn new(typed: String, number: Number, extension: Option<String>) -> Self {
        let Number { digits, national, e164, kind, .. } = number;
        Self { typed, digits, e164, extension, kind, national }
    }

    /// Returns what uniqueness compares: E.164, or the bare digits where there is none, and
    /// `;ext=801` when there is an extension.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.extension {
            Some(extension) => format!("{};ext={extension}", self.line_key()),
            None => self.line_key().to_owned(),
        }
    }

    /// Returns the key of the number without its extension: that of the line behind which all extensions are.
    #[must_use]
    pub fn line_key(&self) -> &str {
        self.e164.as_deref().unwrap_or(&self.national)
    }

    /// Returns the number without country code, trunk prefix and extension, as it is dialled in its country.
    #[must_use]
    pub fn national(&self) -> &str {
        &self.national
    }

    /// Returns the last digits, at most [`TAIL`], of the number without country code, reversed: so
    /// "ends with" is a prefix range of an index.
    #[must_use]
    pub fn tail(&self) -> String {
        tail_of(&self.national)
    }

    /// Whether one number may be the other's end: a mobile is none with a local number that ends alike.
    #[must_use]
    pub fn may_end_like(&self, other: &Phone) -> bool {
        use NumberKind::{Iot, Landline, Local, Mobile, Service400, Service800};
        let is_mobile = |phone: &Phone| matches!(phone.kind, Mobile | Iot);
        let is_line = |phone: &Phone| matches!(phone.kind, Landline | Local | Service400 | Service800);
        !(is_mobile(self) && is_line(other) || is_line(self) && is_mobile(other))
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

/// Whether a text holds digits and nothing but digits, blanks and the signs numbers are written with, or parted by; in
/// front of an extension, there may be a word that says so.
#[must_use]
pub fn is_dialled(text: &str) -> bool {
    let is_sign = |c: char| c.is_whitespace() || "+().,/#;、|\\或".contains(c) || DASHES.contains(&c);
    let (mut rest, mut digits) = (text, 0);
    while let Some(c) = rest.chars().next() {
        let plain = half_width(c);
        if plain.is_ascii_digit() || is_sign(plain) {
            digits += usize::from(plain.is_ascii_digit());
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        } else {
            let behind_word = || {
                groups::behind_extension_word(rest)
                    .filter(|behind| behind.starts_with(|c| half_width(c).is_ascii_digit()))
            };
            match behind_word() {
                Some(behind) if digits >= SHORTEST_TAIL => rest = behind,
                _ => return false,
            }
        }
    }
    digits > 0
}

/// Returns the number in an address such as `tel:…` or `sip:…@…`, and any other text as it is.
#[must_use]
pub fn without_address(text: &str) -> std::borrow::Cow<'_, str> {
    address::number(text).unwrap_or(text.into())
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

fn visible(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(super::text::is_invisible) {
        text.chars().filter(|c| !super::text::is_invisible(*c)).collect::<String>().into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests;
