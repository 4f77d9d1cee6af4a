//! The numbering plan of the mainland: which strings of digits are numbers, and of what kind.
//!
//! Source: 电信网编号计划（2017年版） and 我国公众移动通信网网号及H₀分配情况, of the Ministry of Industry and Information Technology.

use std::borrow::Cow;

use super::kind::NumberKind;

/// Where a number stands, which decides how an area code may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself: an area code needs its 0.
    Alone,
    /// Behind the country code: the 0 may be missing.
    AfterCountryCode,
}

/// Returns the kind of a number and the number without its 0, as dialled where `area_code`, itself without its 0, is
/// the local one; `None` when it is of none.
pub(super) fn read<'d>(digits: &'d str, place: Place, area_code: Option<&str>) -> Option<(NumberKind, Cow<'d, str>)> {
    plain(digits, place, area_code).or_else(|| {
        let behind_carrier = without_carrier(digits)?;
        let (number, place) = match behind_carrier.strip_prefix("0086") {
            Some(number) => (number, Place::AfterCountryCode),
            None => (behind_carrier, Place::Alone),
        };
        plain(number, place, None).filter(|(kind, _)| kind.is_dialled_from_anywhere())
    })
}

/// Returns the kind of digits that [`read`] takes for no number, as they may be two that stand together: `1008611`.
pub(super) fn kind_of_others(digits: &str) -> NumberKind {
    short(digits).map_or(NumberKind::Unknown, |short| short.kind)
}

fn plain<'d>(digits: &'d str, place: Place, area_code: Option<&str>) -> Option<(NumberKind, Cow<'d, str>)> {
    let trunk = digits.strip_prefix('0');
    let bare = trunk.unwrap_or(digits);
    let has_area = trunk.is_some() || place == Place::AfterCountryCode;
    if let Some(kind) = without_area(bare) {
        Some((kind, bare.into()))
    } else if let Some(read) = with_area_code(bare, area_code).filter(|_| has_area) {
        Some(read)
    } else if let Some(short) = short(digits).filter(|short| short.is_told_apart) {
        Some((short.kind, digits.into()))
    } else if is_local(digits) {
        Some(match area_code {
            Some(area_code) => (NumberKind::Landline, format!("{area_code}{digits}").into()),
            None => (NumberKind::Local, digits.into()),
        })
    } else {
        None
    }
}

/// A number that has no area code and means the same everywhere.
fn without_area(digits: &str) -> Option<NumberKind> {
    match (digits.as_bytes(), digits.len()) {
        ([b'1', b'0', b'6', b'4', ..] | [b'1', b'4', ..], 13) | ([b'1', b'4', b'0'..=b'4' | b'6' | b'8', ..], 11) => {
            Some(NumberKind::Iot)
        }
        ([b'1', b'3'..=b'9', ..], 11) => Some(NumberKind::Mobile),
        ([b'4', b'0', b'0', ..], 10) => Some(NumberKind::Service400),
        ([b'8', b'0', b'0', ..], 10) => Some(NumberKind::Service800),
        _ => None,
    }
}

/// A number of an area. The numbers of banks and the like are the same with every area code; those of a city's services
/// with its own only.
fn with_area_code<'d>(bare: &'d str, own: Option<&str>) -> Option<(NumberKind, Cow<'d, str>)> {
    let (area, local) = split_area_code(bare)?;
    let of_service = short(local).filter(|short| short.is_told_apart && short.kind != NumberKind::Sms);
    if let Some(Short { kind, .. }) = of_service.filter(|_| local.len() >= 5) {
        let is_same = kind == NumberKind::Service95 || own == Some(area);
        return Some(if is_same { (kind, local.into()) } else { (NumberKind::Landline, bare.into()) });
    }
    is_landline(bare).then(|| (NumberKind::Landline, bare.into()))
}

/// Splits a number without its 0 into area code and local number.
pub(super) fn split_area_code(bare: &str) -> Option<(&str, &str)> {
    match bare.as_bytes() {
        [b'1', b'0', ..] | [b'2', _, ..] => bare.split_at_checked(2),
        [b'3'..=b'9', _, _, ..] => bare.split_at_checked(3),
        _ => None,
    }
}

/// Returns an area code without its 0; `None` for what is none.
pub(super) fn area_code(text: &str) -> Option<&str> {
    let bare = text.strip_prefix('0').unwrap_or(text);
    split_area_code(bare).filter(|(area, rest)| area.len() == bare.len() && rest.is_empty()).map(|(area, _)| area)
}

/// Drops the number of a carrier that the call goes through, `17951` or `12593`.
fn without_carrier(digits: &str) -> Option<&str> {
    let (carrier, rest) = digits.split_at_checked(5)?;
    let is_carrier = matches!(carrier.as_bytes(), [b'1', b'1' | b'2', ..] | [b'1', b'7', b'9', ..]);
    (is_carrier || carrier == "10193").then_some(rest)
}

fn is_landline(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', b'0', local @ ..] | [b'2', _, local @ ..] => local.len() == 8,
        [b'3'..=b'9', _, _, local @ ..] => matches!(local.len(), 7 | 8),
        _ => false,
    }
}

/// A number that is dialled as it stands.
struct Short {
    kind: NumberKind,
    /// Whether it has as many digits as tell it from two numbers that stand together, as `110/119` do.
    is_told_apart: bool,
}

fn short(digits: &str) -> Option<Short> {
    use NumberKind::{Emergency, Service10, Service11, Service12, Service95, Service96, Sms};
    let length = digits.len();
    let is_usual = matches!(length, 3 | 5);
    let (kind, is_told_apart) = match digits.as_bytes() {
        b"110" | b"119" | b"120" | b"122" => (Emergency, true),
        [b'1', b'0', b'6', ..] if (5..=20).contains(&length) => (Sms, length == 5 || length >= 8),
        [b'1', b'0', ..] if matches!(length, 3 | 5..=8) => (Service10, is_usual),
        [b'1', b'1', ..] if matches!(length, 3 | 5..=8) => (Service11, is_usual),
        [b'1', b'2', ..] if matches!(length, 3 | 5..=8) => (Service12, is_usual),
        // Behind 950, companies have numbers for their own customers' calls.
        [b'9', b'5', b'0', ..] if (5..=15).contains(&length) => (Service95, length <= 8),
        [b'9', b'5', ..] if (5..=8).contains(&length) => (Service95, true),
        [b'9', b'6', ..] if (5..=8).contains(&length) => (Service96, true),
        _ => return None,
    };
    Some(Short { kind, is_told_apart })
}

fn is_local(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'2'..=b'8', rest @ ..] if matches!(rest.len(), 6 | 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(digits: &str) -> Option<(NumberKind, Cow<'_, str>)> {
        read(digits, Place::Alone, None)
    }

    #[test]
    fn numbers_of_the_plan() {
        for (digits, kind, bare) in [
            ("13000000001", NumberKind::Mobile, "13000000001"),
            ("16600000001", NumberKind::Mobile, "16600000001"),
            ("19900000001", NumberKind::Mobile, "19900000001"),
            ("013000000001", NumberKind::Mobile, "13000000001"),
            ("01088886666", NumberKind::Landline, "1088886666"),
            ("02188886666", NumberKind::Landline, "2188886666"),
            ("03118888666", NumberKind::Landline, "3118888666"),
            ("075588886666", NumberKind::Landline, "75588886666"),
            ("4001234567", NumberKind::Service400, "4001234567"),
            ("88886666", NumberKind::Local, "88886666"),
            ("8888666", NumberKind::Local, "8888666"),
            ("1064000000001", NumberKind::Iot, "1064000000001"),
            ("1440000000001", NumberKind::Iot, "1440000000001"),
            ("106900000001", NumberKind::Sms, "106900000001"),
            ("1795113000000001", NumberKind::Mobile, "13000000001"),
            ("1259301088886666", NumberKind::Landline, "1088886666"),
            ("02195588", NumberKind::Service95, "95588"),
            ("07559555888", NumberKind::Service95, "9555888"),
            ("01012345", NumberKind::Landline, "1012345"),
        ] {
            assert_eq!(alone(digits), Some((kind, bare.into())), "{digits}");
        }
        for short in ["110", "119", "120", "10086", "10010", "12345", "95555", "955550", "96110"] {
            assert_eq!(alone(short), Some((kind_of_others(short), short.into())));
        }
        for (longer, kind) in [
            ("1008611", NumberKind::Service10),
            ("116114", NumberKind::Service11),
            ("950131234567", NumberKind::Service95),
        ] {
            assert_eq!((alone(longer), kind_of_others(longer)), (None, kind), "{longer}");
        }
        for unknown in
            ["", "0", "138900010001", "12000000001", "1088886666", "0108888666", "179518888666", "1795188886666"]
        {
            assert_eq!(alone(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn behind_the_country_code_an_area_code_needs_no_zero() {
        let coded = |digits| read(digits, Place::AfterCountryCode, None);
        assert_eq!(coded("1088886666"), Some((NumberKind::Landline, "1088886666".into())));
        assert_eq!(coded("01088886666"), Some((NumberKind::Landline, "1088886666".into())));
        assert_eq!(coded("4001234567"), Some((NumberKind::Service400, "4001234567".into())));
    }

    #[test]
    fn with_an_area_code_of_ones_own_a_local_number_is_whole() {
        let at_home = |digits| read(digits, Place::Alone, Some("21"));
        assert_eq!(at_home("54590135"), Some((NumberKind::Landline, "2154590135".into())));
        assert_eq!(at_home("02154590135"), Some((NumberKind::Landline, "2154590135".into())));
        assert_eq!(at_home("02112345"), Some((NumberKind::Service12, "12345".into())));
        assert_eq!(at_home("01012345"), Some((NumberKind::Landline, "1012345".into())));
        assert_eq!(at_home("02195588"), Some((NumberKind::Service95, "95588".into())));
        for (text, code) in [
            ("021", Some("21")),
            ("21", Some("21")),
            ("0755", Some("755")),
            ("010", Some("10")),
            ("0", None),
            ("02", None),
            ("07550", None),
            ("", None),
        ] {
            assert_eq!(area_code(text), code, "{text}");
        }
    }
}
