//! U+0000, which no text of ours has: PostgreSQL cannot store it, and nobody means it. Whatever comes in by either
//! door passes here as JSON text, before anybody looks at what it is for.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::folded::same_name;
use crate::domain::masking::mask_text;
use crate::error::Error;

/// How JSON writes it.
const ESCAPED: &str = "\\u0000";
/// The one member that is no input, but goes back as it came.
const ECHOED: &str = "callbackId";
/// The most that is told of where it stands, characters.
const LONGEST: usize = 64;

/// Where the first U+0000 stands in JSON text, as far as the text can be read: `customer.custname`. There is none
/// in a `callbackId` of the outermost object.
#[must_use]
pub fn find(json: &str) -> Option<String> {
    // In JSON, it cannot stand as it is.
    if !json.contains(ESCAPED) {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let path = Seek { outermost: true }.deserialize(&mut reader).ok()??;
    Some(path.chars().take(LONGEST).collect())
}

/// Refuses JSON text with U+0000 in one of its texts or names.
pub fn refuse(json: &str) -> Result<(), Error> {
    find(json).map_or(Ok(()), |path| Err(refusal(&path)))
}

/// The refusal of U+0000 at this place. A name in it that reads like a telephone number is masked.
#[must_use]
pub fn refusal(path: &str) -> Error {
    const WHY: &str = "不能包含 U+0000 / must not contain U+0000";
    Error::parameter(if path.is_empty() { WHY.to_owned() } else { format!("{}: {WHY}", mask_text(path)) })
}

/// Reads a value and returns where in it U+0000 stands.
#[derive(Clone, Copy)]
struct Seek {
    outermost: bool,
}

impl<'de> DeserializeSeed<'de> for Seek {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_any(self)
    }
}

/// A name, borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Seek {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.contains('\0').then(String::new))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut index) = (None, 0_usize);
        while let Some(path) = list.next_element_seed(Self { outermost: false })? {
            found = found.or_else(|| path.map(|path| joined(&format!("[{index}]"), &path)));
            index += 1;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = map.next_key()? {
            if self.outermost && same_name(ECHOED, name.trim()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = map.next_value_seed(Self { outermost: false })?;
            let path = if name.contains('\0') { Some(String::new()) } else { path };
            found = found.or_else(|| path.map(|path| joined(&name.replace('\0', "\\0"), &path)));
        }
        Ok(found)
    }
}

fn joined(name: &str, path: &str) -> String {
    match path {
        "" => name.to_owned(),
        path if path.starts_with('[') => format!("{name}{path}"),
        path => format!("{name}.{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_is_named() {
        for (json, path) in [
            (r#"{"a":"x\u0000"}"#, "a"),
            (r#"{"a":{"b":[1,"x",{"c":"\u0000"}]},"d":"\u0000"}"#, "a.b[2].c"),
            (r#"{"a":[["\u0000"]]}"#, "a[0][0]"),
            (r#"{"a":1,"a":"\u0000"}"#, "a"),
            (r#"{"b\u0000":1}"#, "b\\0"),
            (r#"["\u0000"]"#, "[0]"),
            (r#""\u0000""#, ""),
            (r#"{"a":{"callbackId":"\u0000"}}"#, "a.callbackId"),
        ] {
            assert_eq!(find(json).as_deref(), Some(path), "{json}");
            assert!(matches!(refuse(json), Err(Error::Parameter { .. })), "{json}");
        }
        let long = format!(r#"{{"{}":"\u0000"}}"#, "客".repeat(100));
        assert_eq!(find(&long), Some("客".repeat(LONGEST)));
    }

    #[test]
    fn what_only_looks_like_it_is_let_through() {
        for json in [
            r#"{"a":"\\u0000"}"#,
            r#"{"a":"u0000","b":"0"}"#,
            r#"{"callbackId":"\u0000","a":"\\u0000"}"#,
            r#"{" callback_ID ":{"a":["\u0000"]},"a":1.5,"b":null,"c":true,"d":-1}"#,
            "{",
        ] {
            assert_eq!(find(json), None, "{json}");
        }
    }
}
