//! Values that the documents type in more than one way: texts that may be numbers and the reverse.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::IgnoredAny};

use crate::domain::json;

/// A text or a number, as it came.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Number(f64),
    Bool(bool),
    /// An array or an object, which no scalar parameter takes.
    Nested,
}

impl<'a> Scalar<'a> {
    /// The text, or the number written out; `None` for what is neither.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(_) | Self::Nested => None,
        }
    }

    /// The same, keeping what is borrowed from the frame.
    #[must_use]
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            other => other.text().map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// The integer, also when it is written as a text.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Number(number) => json::whole(*number),
            Self::Text(text) => json::integer_in(text),
            Self::Bool(_) | Self::Nested => None,
        }
    }

    /// Returns `true` or `false`, also written as texts, 1 and 0.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        if let Self::Bool(flag) = self {
            return Some(*flag);
        }
        match self.text()?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// Whether it is the empty text, which over HTTP is how a parameter is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond i64 there is no integer parameter")]
        Ok(i64::try_from(number).map_or(Scalar::Number(number as f64), Scalar::Integer))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}

impl JsonSchema for Scalar<'_> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"] })
    }
}

/// A whole number, also written as a text: a query knows nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Scalar::deserialize(deserializer)?;
        given.integer().map(Self).ok_or_else(|| de::Error::custom("expected an integer"))
    }
}

/// `true` or `false`, likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Scalar::deserialize(deserializer)?;
        given.flag().map(Self).ok_or_else(|| de::Error::custom("expected true or false"))
    }
}

macro_rules! schema_of {
    ($($name:ident: $type:ty),*) => { $(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                <$type>::json_schema(generator)
            }
        }
    )* };
}

schema_of! { Whole: i64, Flag: bool }

/// A member that may be absent, null or a value: absent keeps, null clears.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Member<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Member<T> {
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// `None` when it is absent, and within, `None` for null.
    #[must_use]
    pub fn given(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T: JsonSchema> JsonSchema for Member<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_stand_for_each_other() {
        let scalar = |json: &'static str| serde_json::from_str::<Scalar<'_>>(json).unwrap();
        assert_eq!(scalar("\"12\"").integer(), Some(12));
        assert_eq!(scalar("12").text().unwrap(), "12");
        assert_eq!((scalar("12.0").integer(), scalar("\"12.0\"").integer()), (Some(12), Some(12)));
        assert_eq!(scalar("1.5").integer(), None);
        assert_eq!(scalar("[1,{\"a\":2}]"), Scalar::Nested);
        assert_eq!(scalar("18446744073709551615").integer(), None);
        assert!(matches!(scalar("\"plain\""), Scalar::Text(Cow::Borrowed(_))));
    }

    #[test]
    fn what_a_query_says_is_a_number_or_a_flag() {
        let whole = |json: &'static str| serde_json::from_str::<Whole>(json).ok().map(|whole| whole.0);
        assert_eq!((whole("7"), whole("\"7\""), whole("\"x\""), whole("null")), (Some(7), Some(7), None, None));
        let flag = |json: &'static str| serde_json::from_str::<Flag>(json).ok().map(|flag| flag.0);
        assert_eq!((flag("true"), flag("\"false\""), flag("\"x\"")), (Some(true), Some(false), None));
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        #[derive(Deserialize)]
        struct One<'a> {
            #[serde(default, borrow)]
            a: Member<Scalar<'a>>,
        }
        let read = |json: &'static str| serde_json::from_str::<One<'_>>(json).unwrap().a;
        assert_eq!(read("{}"), Member::Absent);
        assert_eq!(read("{\"a\":null}"), Member::Null);
        assert_eq!(read("{\"a\":1}"), Member::Value(Scalar::Integer(1)));
    }
}
