//! Countries and how they write their numbers: only what reading a typed number needs.

/// How a country writes its telephone numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 code of two letters, upper case.
    pub iso: &'static str,
    /// Digits after the `+`, such as `86`.
    pub calling_code: &'static str,
    /// Digits dialled before an area code inside the country; empty where there are none.
    pub trunk_prefix: &'static str,
    /// The country's own prefixes for calls abroad; `00` is understood everywhere besides.
    pub exit_codes: &'static [&'static str],
}

/// The mainland of China, the default of every company.
pub static CHINA: Country = country("CN", "86", "0", &[]);

/// Every country whose national numbers can be read. No calling code here is a prefix of
/// another, so a number belongs to at most one row.
static OTHERS: [Country; 13] = [
    country("HK", "852", "", &["001"]),
    country("MO", "853", "", &[]),
    country("TW", "886", "0", &["002"]),
    country("SG", "65", "", &["001"]),
    country("JP", "81", "0", &["010"]),
    country("KR", "82", "0", &["001", "002"]),
    country("US", "1", "1", &["011"]),
    country("GB", "44", "0", &[]),
    country("DE", "49", "0", &[]),
    country("FR", "33", "0", &[]),
    country("MY", "60", "0", &[]),
    country("TH", "66", "0", &["001"]),
    country("AU", "61", "0", &["0011"]),
];

const fn country(
    iso: &'static str,
    calling_code: &'static str,
    trunk_prefix: &'static str,
    exit_codes: &'static [&'static str],
) -> Country {
    Country { iso, calling_code, trunk_prefix, exit_codes }
}

impl Country {
    /// Returns the country with this ISO code, upper or lower case; `None` when the table lacks it.
    #[must_use]
    pub fn by_iso(iso: &str) -> Option<&'static Country> {
        all().find(|country| country.iso.eq_ignore_ascii_case(iso))
    }

    /// Splits an international number, without `+`, into its country and the rest; `None` when the
    /// table lacks the country.
    pub(super) fn of_number(number: &str) -> Option<(&'static Country, &str)> {
        all().find_map(|country| Some((country, number.strip_prefix(country.calling_code)?)))
    }

    /// Returns what follows the prefix for calls abroad; `None` when the digits do not begin with one.
    pub(super) fn after_exit_code<'d>(&self, digits: &'d str) -> Option<&'d str> {
        self.exit_codes.iter().chain(&["00"]).find_map(|exit| digits.strip_prefix(exit))
    }

    /// Drops the trunk prefix, however often it stands there: `+44 (0)20 …` and `020 …` are one
    /// number, and what is left never begins with it again.
    pub(super) fn without_trunk_prefix<'d>(&self, mut digits: &'d str) -> &'d str {
        while !self.trunk_prefix.is_empty()
            && let Some(rest) = digits.strip_prefix(self.trunk_prefix)
        {
            digits = rest;
        }
        digits
    }
}

fn all() -> impl Iterator<Item = &'static Country> {
    std::iter::once(&CHINA).chain(&OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_code_in_any_case() {
        assert_eq!(Country::by_iso("cn"), Some(&CHINA));
        assert_eq!(Country::by_iso("HK").map(|country| country.calling_code), Some("852"));
        assert_eq!(Country::by_iso("XX"), None);
    }

    #[test]
    fn no_calling_code_is_a_prefix_of_another() {
        for one in all() {
            let clashes = all().filter(|other| other.calling_code.starts_with(one.calling_code));
            assert_eq!(clashes.count(), 1, "{}", one.iso);
        }
    }
}
