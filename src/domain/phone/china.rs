//! The numbering plan of the mainland: which strings of digits are numbers, and of what form.

/// What a number of the mainland is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `13000000001`
    Mobile,
    /// An area code and a local number, `1088886666` once the 0 is gone.
    Landline,
    /// `4001234567`, `8001234567`
    Service,
    /// Seven or eight digits without an area code.
    Local,
    /// `110`, `10086`, `12345`, `95555`, `96110`
    Short,
}

impl Form {
    /// Whether the number means the same from anywhere, so that it has an E.164 form.
    pub(super) fn is_dialled_from_anywhere(self) -> bool {
        matches!(self, Form::Mobile | Form::Landline | Form::Service)
    }

    /// Whether this many digits behind a dash are an extension. Mobiles want three of them, so that
    /// a mobile written with one digit too many stays what it is: a number of no known form.
    pub(super) fn takes_extension(self, digits: usize) -> bool {
        match self {
            Form::Mobile => digits >= 3,
            Form::Landline | Form::Service | Form::Local => digits >= 1,
            Form::Short => false,
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

/// Returns the form of a number and the number without its 0; `None` when it fits no form.
pub(super) fn read(digits: &str, place: Place) -> Option<(Form, &str)> {
    let trunk = digits.strip_prefix('0');
    let bare = trunk.unwrap_or(digits);
    let form = if is_mobile(bare) {
        Form::Mobile
    } else if is_service(bare) {
        Form::Service
    } else if (trunk.is_some() || place == Place::AfterCountryCode) && is_landline(bare) {
        Form::Landline
    } else if is_short(digits) {
        Form::Short
    } else if is_local(digits) {
        Form::Local
    } else {
        return None;
    };
    Some((form, bare))
}

fn is_mobile(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9)
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

fn is_local(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'2'..=b'8', rest @ ..] if matches!(rest.len(), 6 | 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_plan() {
        let alone = |digits| read(digits, Place::Alone);
        assert_eq!(alone("13000000001"), Some((Form::Mobile, "13000000001")));
        assert_eq!(alone("013000000001"), Some((Form::Mobile, "13000000001")));
        assert_eq!(alone("01088886666"), Some((Form::Landline, "1088886666")));
        assert_eq!(alone("02188886666"), Some((Form::Landline, "2188886666")));
        assert_eq!(alone("03118888666"), Some((Form::Landline, "3118888666")));
        assert_eq!(alone("075588886666"), Some((Form::Landline, "75588886666")));
        assert_eq!(alone("4001234567"), Some((Form::Service, "4001234567")));
        assert_eq!(alone("88886666"), Some((Form::Local, "88886666")));
        assert_eq!(alone("8888666"), Some((Form::Local, "8888666")));
        for short in ["110", "119", "120", "10086", "10010", "12345", "95555", "955550", "96110"] {
            assert_eq!(alone(short), Some((Form::Short, short)));
        }
        for unknown in ["", "0", "138900010001", "12000000001", "1088886666", "0108888666"] {
            assert_eq!(alone(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn behind_the_country_code_an_area_code_needs_no_zero() {
        let coded = |digits| read(digits, Place::AfterCountryCode);
        assert_eq!(coded("1088886666"), Some((Form::Landline, "1088886666")));
        assert_eq!(coded("01088886666"), Some((Form::Landline, "1088886666")));
        assert_eq!(coded("4001234567"), Some((Form::Service, "4001234567")));
    }
}
