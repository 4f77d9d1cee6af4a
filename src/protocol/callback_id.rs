//! The `callbackId`: what a client gives a request so that it knows the answer again.
//!
//! Both socket examples of the document send it as text (`'222000'`) and get it back as a number
//! (`222000`), so text that is a canonical integer is echoed as that integer. Everything else goes
//! back as it came. See `cti.md`, section 2.

use std::borrow::Cow;

use super::{relaxed, unescaped};

/// The largest integer that every JSON reader keeps exactly, JavaScript's among them: 2^53 - 1.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// What a request is to be answered with as its `callbackId`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CallbackId {
    /// The request has none, and neither has its answer.
    #[default]
    Absent,
    /// A canonical integer that every JSON reader keeps exactly.
    Integer(i64),
    /// JSON text that is echoed as it is. It is as long as the client made it, which the size of
    /// its frame bounds.
    Raw(Box<str>),
}

impl CallbackId {
    /// Returns the id that `raw`, the valid JSON text of a value, stands for.
    #[must_use]
    pub fn from_json(raw: &str) -> Self {
        let text = raw.starts_with('"').then(|| unescaped(raw)).flatten();
        let text = text.unwrap_or(Cow::Borrowed(raw));
        canonical_integer(&text).map_or_else(|| Self::Raw(raw.into()), Self::Integer)
    }

    /// Returns the id of a frame that cannot be read, as well as it can be told: the first scalar
    /// behind something that looks like a `callbackId` key. Takes linear time.
    #[must_use]
    pub fn salvage(text: &str) -> Self {
        const KEY: &str = "callback";
        let starts = text.as_bytes().windows(KEY.len()).enumerate();
        starts
            .filter(|(_, window)| window.eq_ignore_ascii_case(KEY.as_bytes()))
            .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            .find_map(|(at, _)| value_behind_key(&text[at + KEY.len()..]))
            .map_or(Self::Absent, |json| Self::from_json(&json))
    }

    /// Returns the JSON text to echo, `None` when there is nothing to echo.
    #[must_use]
    pub fn as_json(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Absent => None,
            Self::Integer(id) => Some(Cow::Owned(id.to_string())),
            Self::Raw(json) => Some(Cow::Borrowed(json)),
        }
    }
}

/// Returns the integer that `text` is the one and only spelling of.
fn canonical_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if text != "0" && !digits.starts_with(|c| matches!(c, '1'..='9')) {
        return None;
    }
    text.parse().ok().filter(|id: &i64| id.unsigned_abs() <= MAX_EXACT)
}

/// Returns the scalar behind the rest of a key (`Id" :` and the like), as strict JSON.
///
/// Comments are not skipped: one without an end would be read to the end of the text again and
/// again, for each key it hides.
fn value_behind_key(text: &str) -> Option<String> {
    let text = text.strip_prefix('_').unwrap_or(text);
    let (id, text) = text.split_at_checked(2)?;
    let text = text.trim_start();
    let text = text.strip_prefix(['"', '\'']).unwrap_or(text).trim_start();
    let text = text.strip_prefix([':', '：'])?.trim_start();
    relaxed::leading_scalar(text).filter(|_| id.eq_ignore_ascii_case("id"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::CallbackId::{self, Absent, Integer, Raw};

    fn raw(json: &str) -> CallbackId {
        Raw(json.into())
    }

    #[test]
    fn canonical_integers_become_numbers() {
        for (json, id) in [
            (r#""222000""#, 222_000),
            ("123456", 123_456),
            ("0", 0),
            (r#""-7""#, -7),
            (r#""\u0037""#, 7),
            ("9007199254740991", 9_007_199_254_740_991),
            (r#""-9007199254740991""#, -9_007_199_254_740_991),
        ] {
            assert_eq!(CallbackId::from_json(json), Integer(id), "{json}");
        }
    }

    #[test]
    fn everything_else_goes_back_as_it_came() {
        for json in [
            r#""008""#,
            r#""+5""#,
            r#""-0""#,
            "-0",
            r#"" 5""#,
            r#""""#,
            r#""a-\u4f60\n""#,
            "1.0",
            "1e3",
            "9007199254740992",
            r#""9007199254740992""#,
            "null",
            "true",
            r#"{"a": [1, 2]}"#,
            "[]",
            r#""５""#,
            r#""\ud800""#,
        ] {
            assert_eq!(CallbackId::from_json(json), raw(json), "{json}");
        }
    }

    #[test]
    fn the_echo_is_json() {
        assert_eq!(Absent.as_json(), None);
        assert_eq!(Integer(-3).as_json().as_deref(), Some("-3"));
        assert_eq!(raw(r#""a""#).as_json().as_deref(), Some(r#""a""#));
    }

    #[test]
    fn salvage_finds_the_id_of_a_broken_frame() {
        for (text, id) in [
            ("{action:'x',callbackId:'222000'", Integer(222_000)),
            ("{callbackId：008,", raw(r#""008""#)),
            (r#"{"CALLBACKID" : "a\"b" ]"#, raw(r#""a\"b""#)),
            ("' callback_id ' : tür-5;", raw(r#""tür-5""#)),
            ("{callbackId:\n12", Integer(12)),
            ("callbackId: 1.5]", raw("1.5")),
            ("{mycallbackId:1, callbackId:2", Integer(2)),
            ("{callbackId:{}, callbackIds:1, callbackId:'open", Absent),
            ("callbackId", Absent),
            ("callbackId:", Absent),
            ("callback你:5", Absent),
            ("", Absent),
        ] {
            assert_eq!(CallbackId::salvage(text), id, "{text}");
        }
    }

    #[test]
    fn salvage_takes_linear_time() {
        for piece in ["callbackId:", "callbackId:'", "callbackId:/*", "callbackId:\"\\", "callback", "callbackId  "] {
            let _ = CallbackId::salvage(&piece.repeat(100_000));
        }
    }

    proptest! {
        #[test]
        fn salvage_always_yields_json(before in ".{0,20}", value in "['\"]?.{0,20}") {
            for text in [format!("{before}callbackId:{value}"), format!("{before},callbackId:{value}"), value] {
                if let Some(json) = CallbackId::salvage(&text).as_json() {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
                }
            }
        }

        #[test]
        fn every_exact_integer_is_echoed_as_a_number(id in -9_007_199_254_740_991_i64..=9_007_199_254_740_991) {
            prop_assert_eq!(CallbackId::from_json(&id.to_string()), Integer(id));
            prop_assert_eq!(CallbackId::from_json(&format!("\"{id}\"")), Integer(id));
        }
    }
}
