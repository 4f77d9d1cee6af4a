//! The numbering plan of the mainland: which strings of digits are numbers, and of what form.

use std::borrow::Cow;

/// What a number of the mainland is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `13000000001`
    Mobile,
    /// Of a thing: 13 digits, `1064000000001`.
    Iot,
    /// An area code and a local number, `1088886666` once the 0 is gone.
    Landline,
    /// `4001234567`, `8001234567`
    Service,
    /// Seven or eight digits without an area code.
    Local,
    /// `110`, `10086`, `12345`, `95555`, `96110`
    Short,
    /// Of who sends short messages: `106900000001`, up to 20 digits.
    Access,
}

impl Form {
    /// Whether the number means the same from anywhere, so that it has an E.164 form.
    pub(super) fn is_dialled_from_anywhere(self) -> bool {
        matches!(self, Form::Mobile | Form::Iot | Form::Landline | Form::Service)
    }

    /// Whether this many digits behind a dash are an extension. A mobile that is written in groups wants three of
    /// them, so that one written with one digit too many stays what it is: a number of no known form.
    pub(super) fn takes_extension(self, digits: usize, is_in_groups: bool) -> bool {
        match self {
            Form::Mobile if is_in_groups => digits >= 3,
            Form::Mobile | Form::Landline | Form::Service | Form::Local => digits >= 1,
            Form::Iot | Form::Short | Form::Access => false,
        }
    }
}

/// Where a number stands, which decides how an area code may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself: an area code needs its 0.
    Alone,
    /// Behind the country code: the 0 may be missing.
    AfterCountryCode,
}

/// Returns the form of a number and the number without its 0, as dialled where `area_code`, itself without its 0, is
/// the local one; `None` when it fits no form.
pub(super) fn read<'d>(digits: &'d str, place: Place, area_code: Option<&str>) -> Option<(Form, Cow<'d, str>)> {
    plain(digits, place, area_code).or_else(|| {
        let behind_carrier = without_carrier(digits)?;
        let (number, place) = match behind_carrier.strip_prefix("0086") {
            Some(number) => (number, Place::AfterCountryCode),
            None => (behind_carrier, Place::Alone),
        };
        plain(number, place, None).filter(|(form, _)| form.is_dialled_from_anywhere())
    })
}

fn plain<'d>(digits: &'d str, place: Place, area_code: Option<&str>) -> Option<(Form, Cow<'d, str>)> {
    let trunk = digits.strip_prefix('0');
    let bare = trunk.unwrap_or(digits);
    let has_area = trunk.is_some() || place == Place::AfterCountryCode;
    if is_mobile(bare) {
        Some((Form::Mobile, bare.into()))
    } else if is_service(bare) {
        Some((Form::Service, bare.into()))
    } else if is_iot(bare) {
        Some((Form::Iot, bare.into()))
    } else if let Some(read) = with_area_code(bare, area_code).filter(|_| has_area) {
        Some(read)
    } else if is_short(digits) {
        Some((Form::Short, digits.into()))
    } else if is_access(digits) {
        Some((Form::Access, digits.into()))
    } else if is_local(digits) {
        Some(match area_code {
            Some(area_code) => (Form::Landline, format!("{area_code}{digits}").into()),
            None => (Form::Local, digits.into()),
        })
    } else {
        None
    }
}

/// A number of an area. The numbers of banks and the like are the same with every area code; those of a city's services
/// with its own only.
fn with_area_code<'d>(bare: &'d str, own: Option<&str>) -> Option<(Form, Cow<'d, str>)> {
    let (area, local) = split_area_code(bare)?;
    if is_short(local) && local.len() >= 5 {
        let is_same_everywhere = local.starts_with("95");
        let is_same = is_same_everywhere || own == Some(area);
        return Some(if is_same { (Form::Short, local.into()) } else { (Form::Landline, bare.into()) });
    }
    is_landline(bare).then(|| (Form::Landline, bare.into()))
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

fn is_mobile(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9)
}

fn is_iot(digits: &str) -> bool {
    digits.len() == 13 && (digits.starts_with("1064") || digits.starts_with("14"))
}

fn is_service(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'4' | b'8', b'0', b'0', rest @ ..] if rest.len() == 7)
}

fn is_landline(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', b'0', local @ ..] | [b'2', _, local @ ..] => local.len() == 8,
        [b'3'..=b'9', _, _, local @ ..] => matches!(local.len(), 7 | 8),
        _ => false,
    }
}

fn is_short(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', b'0'..=b'2', rest @ ..] => matches!(rest.len(), 1 | 3),
        [b'9', b'5' | b'6', rest @ ..] => matches!(rest.len(), 3..=6),
        _ => false,
    }
}

fn is_access(digits: &str) -> bool {
    digits.starts_with("106") && (8..=20).contains(&digits.len())
}

fn is_local(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'2'..=b'8', rest @ ..] if matches!(rest.len(), 6 | 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(digits: &str) -> Option<(Form, Cow<'_, str>)> {
        read(digits, Place::Alone, None)
    }

    #[test]
    fn forms_of_the_plan() {
        for (digits, form, bare) in [
            ("13000000001", Form::Mobile, "13000000001"),
            ("16600000001", Form::Mobile, "16600000001"),
            ("19900000001", Form::Mobile, "19900000001"),
            ("013000000001", Form::Mobile, "13000000001"),
            ("01088886666", Form::Landline, "1088886666"),
            ("02188886666", Form::Landline, "2188886666"),
            ("03118888666", Form::Landline, "3118888666"),
            ("075588886666", Form::Landline, "75588886666"),
            ("4001234567", Form::Service, "4001234567"),
            ("88886666", Form::Local, "88886666"),
            ("8888666", Form::Local, "8888666"),
            ("1064000000001", Form::Iot, "1064000000001"),
            ("1440000000001", Form::Iot, "1440000000001"),
            ("106900000001", Form::Access, "106900000001"),
            ("1795113000000001", Form::Mobile, "13000000001"),
            ("1259301088886666", Form::Landline, "1088886666"),
            ("02195588", Form::Short, "95588"),
            ("07559555888", Form::Short, "9555888"),
            ("01012345", Form::Landline, "1012345"),
        ] {
            assert_eq!(alone(digits), Some((form, bare.into())), "{digits}");
        }
        for short in ["110", "119", "120", "10086", "10010", "12345", "95555", "955550", "96110"] {
            assert_eq!(alone(short), Some((Form::Short, short.into())));
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
        assert_eq!(coded("1088886666"), Some((Form::Landline, "1088886666".into())));
        assert_eq!(coded("01088886666"), Some((Form::Landline, "1088886666".into())));
        assert_eq!(coded("4001234567"), Some((Form::Service, "4001234567".into())));
    }

    #[test]
    fn with_an_area_code_of_ones_own_a_local_number_is_whole() {
        let at_home = |digits| read(digits, Place::Alone, Some("21"));
        assert_eq!(at_home("54590135"), Some((Form::Landline, "2154590135".into())));
        assert_eq!(at_home("02154590135"), Some((Form::Landline, "2154590135".into())));
        assert_eq!(at_home("02112345"), Some((Form::Short, "12345".into())));
        assert_eq!(at_home("01012345"), Some((Form::Landline, "1012345".into())));
        assert_eq!(at_home("02195588"), Some((Form::Short, "95588".into())));
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
