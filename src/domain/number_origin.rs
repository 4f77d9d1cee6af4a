//! Where a number is from: country, and as far as its range tells, province, city and carrier.
//!
//! The ranges are those of `tables/phone_origins.txt`, which names its sources. They are read when a number is first
//! asked for. A number that somebody took along to another carrier is still in the range of the first.

mod ranges;

use std::sync::LazyLock;

use super::phone::{NumberKind, Phone};
use ranges::{Name, Ranges};

static TABLE: &str = include_str!("../../tables/phone_origins.txt");

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::read(TABLE));

struct Tables {
    countries: Ranges,
    places: Ranges,
    carriers: Ranges,
}

impl Tables {
    fn read(text: &'static str) -> Self {
        let of = |title| Ranges::read(ranges::section(text, title));
        Self { countries: of("[countries]\n"), places: of("[places]\n"), carriers: of("[carriers]\n") }
    }
}

/// Ranges of the mainland that belong to a carrier without being mobiles: the numbers of its own services, and those of
/// machines.
static CARRIERS_OF_SERVICES: [(&str, &str); 13] = [
    ("10000", "中国电信"),
    ("10001", "中国电信"),
    ("10010", "中国联通"),
    ("10086", "中国移动"),
    ("10099", "中国广电"),
    ("10646", "中国联通"),
    ("10647", "中国移动"),
    ("10648", "中国移动"),
    ("10649", "中国电信"),
    ("1400", "中国联通"),
    ("1410", "中国电信"),
    ("1440", "中国移动"),
    ("1441", "中国移动"),
];

/// Where a number is from, as far as it is known. All names are Chinese; abroad, the city may be a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberOrigin {
    pub country: Option<CountryName>,
    pub province: Option<&'static str>,
    pub city: Option<&'static str>,
    pub carrier: Option<&'static str>,
}

/// A country or region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountryName {
    /// ISO 3166-1 code of two letters, upper case.
    pub iso: &'static str,
    pub name: &'static str,
}

impl NumberOrigin {
    /// Returns where a number is from.
    #[must_use]
    pub fn of(phone: &Phone) -> Self {
        let number = phone.e164.as_deref().and_then(|e164| e164.strip_prefix('+'));
        let country = match number {
            Some(number) => TABLES.countries.of(number),
            None if phone.kind == NumberKind::Unknown => None,
            // What is dialled as it stands has a kind in the mainland only.
            None => TABLES.countries.by_code("CN"),
        };
        let place = match phone.kind {
            NumberKind::Mobile | NumberKind::Landline | NumberKind::International => {
                number.and_then(|number| TABLES.places.of(number))
            }
            // Its first digits are none of an area code.
            _ => None,
        };
        let carrier = match phone.kind {
            NumberKind::Iot | NumberKind::Service10 => carrier_of_service(phone.national()),
            _ => None,
        };
        let carrier = carrier.or_else(|| TABLES.carriers.of(number?)?.name());
        Self {
            country: country.and_then(|country| Some(CountryName { iso: country.code, name: country.name()? })),
            province: place.and_then(Name::name),
            city: place.and_then(Name::detail),
            carrier,
        }
    }
}

fn carrier_of_service(digits: &str) -> Option<&'static str> {
    CARRIERS_OF_SERVICES.iter().find(|(range, _)| digits.starts_with(range)).map(|(_, carrier)| *carrier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::Home;

    fn origin(typed: &str) -> NumberOrigin {
        origin_in("CN", typed)
    }

    fn origin_in(iso: &str, typed: &str) -> NumberOrigin {
        let home = Home::new(iso, None).unwrap();
        let phone = Phone::parse(typed, &home).unwrap();
        NumberOrigin::of(&phone)
    }

    fn texts(origin: &NumberOrigin) -> [&'static str; 4] {
        let country = origin.country.map(|country| country.iso);
        [country, origin.province, origin.city, origin.carrier].map(Option::unwrap_or_default)
    }

    #[test]
    fn samples_are_what_libphonenumber_says_of_them() {
        let samples = include_str!("../../tests/fixtures/phone_origins.tsv");
        assert!(samples.lines().count() > 700);
        for line in samples.lines() {
            let [e164, expected @ ..] = line.split('\t').collect::<Vec<_>>().try_into().unwrap_or([""; 5]);
            let number = e164.strip_prefix('+').unwrap();
            let country = TABLES.countries.of(number).map(|country| country.code);
            let (place, carrier) = (TABLES.places.of(number), TABLES.carriers.of(number));
            let found =
                [country, place.and_then(Name::name), place.and_then(Name::detail), carrier.and_then(Name::name)];
            assert_eq!(found.map(Option::unwrap_or_default), expected, "{e164}");
        }
    }

    #[test]
    fn origins() {
        for (typed, expected) in [
            ("13800100001", ["CN", "北京市", "北京市", "中国移动"]),
            ("021-88886666", ["CN", "上海市", "上海市", ""]),
            ("0771-8888666", ["CN", "广西壮族自治区", "南宁市、崇左市", ""]),
            // A landline of Beijing that begins as the numbers of machines do.
            ("010-64812345", ["CN", "北京市", "北京市", ""]),
            ("400-123-4567", ["CN", "", "", ""]),
            ("88886666", ["CN", "", "", ""]),
            ("10086", ["CN", "", "", "中国移动"]),
            ("1008611", ["CN", "", "", "中国移动"]),
            ("95555", ["CN", "", "", ""]),
            ("1064812345678", ["CN", "", "", "中国移动"]),
            ("1410012345678", ["CN", "", "", "中国电信"]),
            ("16200000001", ["CN", "", "", "中国电信"]),
            ("16500000001", ["CN", "", "", "中国移动"]),
            ("19900000001", ["CN", "", "", "中国电信"]),
            ("+852 5123 4567", ["HK", "", "", "中国移动"]),
            ("+886 2 2345 6789", ["TW", "", "台北", ""]),
            ("+82 2 312 3456", ["KR", "", "首尔市", ""]),
            ("+1 202-555-0100", ["US", "", "", ""]),
            ("+1 416-555-0100", ["CA", "", "", ""]),
            ("138900010001", ["", "", "", ""]),
        ] {
            assert_eq!(texts(&origin(typed)), expected, "{typed}");
        }
        assert_eq!(origin("+852 5123 4567").country.map(|country| country.name), Some("中国香港特别行政区"));
        assert_eq!(origin("95555").country.map(|country| country.name), Some("中国"));
        assert_eq!(texts(&origin_in("HK", "2345 6789")), ["HK", "", "", ""]);
        assert_eq!(texts(&origin_in("HK", "+86 10086")), ["CN", "", "", "中国移动"]);
    }

    #[test]
    fn the_table_is_small() {
        let tables = Tables::read(TABLE);
        let bytes = tables.countries.bytes() + tables.places.bytes() + tables.carriers.bytes();
        assert!(TABLE.len() <= 400 << 10, "{} bytes of text", TABLE.len());
        assert!(bytes <= 2 << 20, "{bytes} bytes of memory");
    }
}
