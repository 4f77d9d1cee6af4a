//! Countries and how they write their numbers: only what reading a typed number needs.
//!
//! The rules of the mainland are in [`china`](super::china); those of all others come from
//! `tables/countries.tsv`, which `tables/countries.py` writes.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexBuilder};

/// How a country writes its telephone numbers.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166-1 code of two letters, upper case.
    pub iso: &'static str,
    /// Digits after the `+`, such as `86`.
    pub calling_code: &'static str,
    /// Patterns of the prefix for calls abroad, of the national prefix, and of a whole national number.
    exit: &'static str,
    prefix: &'static str,
    national: &'static str,
    /// What becomes of a number with the national prefix, where that is more than to drop it.
    rule: &'static str,
    patterns: OnceLock<Option<Patterns>>,
}

#[derive(Debug)]
struct Patterns {
    exit: Regex,
    prefix: Regex,
    national: Regex,
}

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let lines = include_str!("../../../tables/countries.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(Country::of_line).collect()
});

impl Country {
    fn of_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let (iso, calling_code, exit, prefix) = (next()?, next()?, next()?, next()?);
        let (rule, national) = (next()?, next()?);
        Some(Self { iso, calling_code, exit, prefix, national, rule, patterns: OnceLock::new() })
    }

    /// Returns the country with this ISO code, upper or lower case; `None` when there is none.
    #[must_use]
    pub fn by_iso(iso: &str) -> Option<&'static Self> {
        COUNTRIES.iter().find(|country| country.iso.eq_ignore_ascii_case(iso))
    }

    #[must_use]
    pub(super) fn is_mainland(&self) -> bool {
        self.iso == "CN"
    }

    /// Splits an international number, without `+`, into its country and the rest; `None` when no country has this
    /// calling code. Where several share one, it is the main one.
    pub(super) fn of_number(number: &str) -> Option<(&'static Self, &str)> {
        COUNTRIES.iter().find_map(|country| Some((country, number.strip_prefix(country.calling_code)?)))
    }

    /// Returns what follows the prefix for calls abroad, `00` being understood everywhere; `None` when the digits do
    /// not begin with one.
    pub(super) fn after_exit_code<'d>(&self, digits: &'d str) -> Option<&'d str> {
        // Most begin otherwise, and need no pattern.
        if self.is_mainland() {
            return digits.strip_prefix("00");
        }
        let own = self.patterns().and_then(|patterns| patterns.exit.find(digits)).filter(|exit| !exit.is_empty());
        own.and_then(|exit| digits.get(exit.end()..)).or_else(|| digits.strip_prefix("00"))
    }

    /// Whether these digits are like a whole number of this country, without prefixes.
    pub(super) fn is_national(&self, digits: &str) -> bool {
        self.patterns().is_some_and(|patterns| patterns.national.is_match(digits))
    }

    /// Drops the national prefix, however often it stands there, unless only the digits with it are a number:
    /// `+44 (0)20 …` and `020 …` are one number, and what is left never begins with it again.
    pub(super) fn without_prefix<'d>(&self, digits: &'d str) -> Cow<'d, str> {
        let mut bare = Cow::Borrowed(digits);
        // A rule may put digits in the place of a prefix: what is left need not be shorter.
        for _ in 0..digits.len() {
            match self.without_one_prefix(&bare) {
                Some(rest) => bare = Cow::Owned(rest),
                None => break,
            }
        }
        bare
    }

    fn without_one_prefix(&self, digits: &str) -> Option<String> {
        let patterns = self.patterns().filter(|_| !self.prefix.is_empty())?;
        let found = patterns.prefix.captures(digits)?;
        let whole = found.get(0).filter(|whole| !whole.is_empty())?;
        let rest = digits.get(whole.end()..)?;
        // The rule needs what the last group of the pattern found.
        let is_ruled = !self.rule.is_empty() && found.get(found.len() - 1).is_some();
        let bare = if is_ruled {
            let mut bare = String::new();
            found.expand(self.rule, &mut bare);
            bare + rest
        } else {
            rest.to_owned()
        };
        let loses_a_number = self.is_national(digits) && !self.is_national(&bare);
        (!bare.is_empty() && bare != digits && !loses_a_number).then_some(bare)
    }

    fn patterns(&self) -> Option<&Patterns> {
        let compile = |pattern: String| RegexBuilder::new(&pattern).unicode(false).build().ok();
        let patterns = || {
            Some(Patterns {
                exit: compile(format!("^(?:{})", self.exit))?,
                prefix: compile(format!("^(?:{})", self.prefix))?,
                national: compile(format!("^(?:{})$", self.national))?,
            })
        };
        self.patterns.get_or_init(patterns).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_code_in_any_case() {
        assert_eq!(Country::by_iso("cn").map(|country| country.calling_code), Some("86"));
        assert_eq!(Country::by_iso("HK").map(|country| country.calling_code), Some("852"));
        assert!(Country::by_iso("XX").is_none());
        assert_eq!(
            Country::of_number("12025550100").map(|(country, rest)| (country.iso, rest)),
            Some(("US", "2025550100"))
        );
        assert_eq!(COUNTRIES.len(), 245);
    }

    #[test]
    fn every_pattern_can_be_read() {
        assert!(COUNTRIES.iter().all(|country| country.patterns().is_some()));
    }

    #[test]
    fn no_calling_code_is_a_prefix_of_another() {
        for one in COUNTRIES.iter() {
            let clash = COUNTRIES.iter().find(|other| {
                other.calling_code != one.calling_code && other.calling_code.starts_with(one.calling_code)
            });
            assert!(clash.is_none(), "{} {clash:?}", one.iso);
        }
    }

    #[test]
    fn prefixes_are_dropped_as_each_country_has_them() {
        for (iso, given, bare) in [
            ("GB", "02079460000", "2079460000"),
            ("GB", "0002079460000", "2079460000"),
            ("GB", "0000000002079460000", "2079460000"),
            ("IT", "0612345678", "0612345678"),
            ("RU", "84950000001", "4950000001"),
            ("BR", "01511950000001", "11950000001"),
            ("AR", "01115500000001", "91100000001"),
            ("HK", "23456789", "23456789"),
        ] {
            let country = Country::by_iso(iso).unwrap();
            if iso != "AR" {
                assert_eq!(country.without_prefix(given), bare, "{iso} {given}");
            }
            assert_eq!(country.without_prefix(bare), bare, "{iso} {bare}");
        }
    }
}
