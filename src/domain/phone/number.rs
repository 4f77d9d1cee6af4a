//! Digits as one number: of which country, and of which kind there.

use super::country::Country;
use super::kind::NumberKind;
use super::{Home, china};

/// A number without its extension, as far as it is understood.
pub(super) struct Number {
    pub digits: String,
    pub national: String,
    pub e164: Option<String>,
    pub kind: NumberKind,
    /// Whether it is a whole number by the plan of its country; one behind `+` counts as a number all the same.
    pub fits: bool,
}

/// National number, E.164, kind, whether it fits.
type Read = (String, Option<String>, NumberKind, bool);

impl Number {
    /// Reads the digits of one number; `plus` when a `+` stands before them.
    pub fn read(digits: String, plus: bool, home: &Home) -> Self {
        let abroad = if plus {
            Some(digits.strip_prefix("00").unwrap_or(&digits))
        } else {
            home.country.after_exit_code(&digits)
        };
        // No calling code begins with 0.
        let read = match abroad.filter(|abroad| !abroad.starts_with('0')) {
            Some(abroad) => read_international(abroad, home),
            None if home.country.is_mainland() => read_chinese(&digits, home),
            None => read_national(&digits, home),
        };
        let (national, e164, kind, fits) = read.unwrap_or_else(|| unread(&digits, home.country.is_mainland()));
        Self { digits, national, e164, kind, fits }
    }

    /// Whether it means the same from anywhere.
    pub fn is_dialled_from_anywhere(&self) -> bool {
        self.e164.is_some()
    }

    /// Whether so many digits behind a dash are its extension.
    pub fn takes_extension(&self, digits: usize, is_in_groups: bool) -> bool {
        self.fits && self.kind.takes_extension(digits, is_in_groups)
    }
}

/// Reads the digits behind `+` or `00`.
fn read_international(number: &str, home: &Home) -> Option<Read> {
    match Country::of_number(number) {
        Some((country, rest)) if country.is_mainland() => {
            let area_code = home.area_code().filter(|_| home.country.is_mainland());
            // Behind the country code, what has no area code is a local number all the same.
            let read = china::read(rest, china::Place::AfterCountryCode, area_code).map(chinese);
            // Of an unknown form, yet the country code was meant as one.
            read.or_else(|| (rest.len() >= super::SHORTEST_TAIL).then(|| unread(rest, true)))
        }
        Some((country, rest)) => {
            let national = country.without_prefix(rest);
            e164_of(country.calling_code, &national, country.is_national(&national))
        }
        None => e164_of("", number, false),
    }
}

/// Reads a number dialled inside the mainland. `86` without a sign before it is the country code
/// only when a number follows that is dialled from anywhere: `8612 3456` is a local number.
fn read_chinese(digits: &str, home: &Home) -> Option<Read> {
    let coded = || {
        let rest = digits.strip_prefix(home.country.calling_code)?;
        china::read(rest, china::Place::AfterCountryCode, None).filter(|(kind, _)| kind.is_dialled_from_anywhere())
    };
    china::read(digits, china::Place::Alone, home.area_code()).or_else(coded).map(chinese)
}

fn chinese((kind, national): (NumberKind, std::borrow::Cow<'_, str>)) -> Read {
    let e164 = kind.is_dialled_from_anywhere().then(|| format!("+86{national}"));
    (national.into_owned(), e164, kind, true)
}

/// What is kept as it is.
fn unread(digits: &str, is_of_mainland: bool) -> Read {
    let kind = if is_of_mainland { china::kind_of_others(digits) } else { NumberKind::Unknown };
    (digits.to_owned(), None, kind, false)
}

/// Reads a number dialled inside another country, where the country code may stand without a sign before it: as far as
/// the digits are no number without it.
fn read_national(digits: &str, home: &Home) -> Option<Read> {
    let country = home.country;
    let national = country.without_prefix(digits);
    if country.is_national(&national) {
        return e164_of(country.calling_code, &national, true);
    }
    let coded = country.without_prefix(digits.strip_prefix(country.calling_code)?);
    if country.is_national(&coded) { e164_of(country.calling_code, &coded, true) } else { None }
}

/// E.164 allows 15 digits; with fewer than seven it is no subscriber's number.
fn e164_of(calling_code: &str, national: &str, fits: bool) -> Option<Read> {
    let e164 = format!("+{calling_code}{national}");
    (8..=16).contains(&e164.len()).then(|| (national.to_owned(), Some(e164), NumberKind::International, fits))
}
