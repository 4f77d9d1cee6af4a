//! Field names without regard to case, to `_` and to blanks around them.
//!
//! The document spells one field `custname` and `custName`, `upLoginNo` and `uploginNo`, and prints
//! `" cellphones"` with a blank; HTTP callers write `page_size` and `pageSize`. [`Folded`] stands
//! between serde and the JSON reader and hands every derived struct the spelling that it declares,
//! so that no request has to list the others.
//!
//! Only names of struct fields are folded, at every depth: map keys, enum variants and values pass
//! as they are, and so does what serde buffers for untagged enums and `flatten`. Text is borrowed
//! where it would be without the adapter.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

/// A deserializer that folds the names of struct fields on their way from the one it wraps.
///
/// A struct is read from a map only: an array is refused, where derived code by itself would take
/// its elements for the fields in their order.
pub struct Folded<D>(pub D);

/// Reads a `T` from JSON text, its field names folded; nothing may stand behind the value.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Folded(&mut json))?;
    json.end()?;
    Ok(value)
}

/// True when both names are one name without case and `_`.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    fn folded(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    folded(one).eq(folded(other))
}

/// The member of an object that was read as it is, its name compared as those of fields are.
#[must_use]
pub fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let other = || members.iter().find(|(known, _)| same_name(known.trim(), name)).map(|(_, value)| value);
    members.get(name).or_else(other)
}

/// Passes everything through, and sees to it that what is read inside is folded again.
struct Through<T>(T);

/// A visitor or the map it is shown, for a struct with these `fields`.
struct Struct<T> {
    fields: &'static [&'static str],
    inner: T,
}

impl<T> Struct<T> {
    /// The spelling of `key` that the struct declares, if it declares one.
    fn declared(&self, key: &str) -> Option<&'static str> {
        let exact = self.fields.iter().find(|field| **field == key);
        let folded = || {
            let key = key.trim();
            self.fields.iter().find(|field| same_name(field, key))
        };
        exact.or_else(folded).copied()
    }
}

/// Forwards the methods whose values have no fields inside with the visitor as it is, and the
/// others with one that folds.
macro_rules! forward {
    (as_is: $($plain:ident)*; folding: $($deep:ident($($name:ident: $type:ty),*))*) => {
        $(fn $plain<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$plain(visitor)
        })*
        $(fn $deep<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$deep($($name,)* Through(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Folded<D> {
    type Error = D::Error;

    forward! {
        as_is:
            deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
            deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
            deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any;
        folding:
            deserialize_any()
            deserialize_option()
            deserialize_seq()
            deserialize_map()
            deserialize_unit_struct(name: &'static str)
            deserialize_newtype_struct(name: &'static str)
            deserialize_tuple(len: usize)
            deserialize_tuple_struct(name: &'static str, len: usize)
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Struct { fields, inner: visitor })
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! forward_scalars {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Through<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward_scalars! {
        visit_bool(bool)
        visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
        visit_f32(f32) visit_f64(f64) visit_char(char)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Folded(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Folded(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Through(seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Through(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variants: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Through(variants))
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Through<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Folded(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Through<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Through(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Through<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(Through(seed))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Through(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Through<A> {
    type Error = A::Error;
    type Variant = Through<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Through(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Through<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Through(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Through(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Struct { fields, inner: visitor })
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Struct<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Struct { fields: self.fields, inner: map })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Struct<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(Key(Struct { fields: self.fields, inner: seed }))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Through(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The seed and the visitor of one key.
struct Key<K>(Struct<K>);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<K::Value, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<K::Value, E> {
        let key = self.0.declared(key).unwrap_or(key);
        self.0.inner.deserialize(StrDeserializer::new(key))
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<K::Value, E> {
        let key = self.0.declared(key).unwrap_or(key);
        self.0.inner.deserialize(BorrowedStrDeserializer::new(key))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::{Folded, from_str, same_name};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Phone {
        #[serde(alias = "nr")]
        phone_number: u32,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Change {
        Nothing,
        Call(Phone),
        #[serde(rename_all = "camelCase")]
        Move {
            to_group: u32,
        },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(Phone);

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Customer<'a> {
        #[serde(borrow)]
        custname: Cow<'a, str>,
        #[serde(rename = "FollowUpContent")]
        content: Option<&'a str>,
        #[serde(borrow)]
        json_str: Option<&'a RawValue>,
        phones: Vec<Phone>,
        main_phone: Option<Phone>,
        by_name: BTreeMap<String, Phone>,
        pair: Option<(u32, Phone)>,
        wrapped: Option<Wrapped>,
        changes: Vec<Change>,
    }

    #[test]
    fn names_match_without_case_underscores_and_blanks() {
        let text = r#"{" Cust_Name ":"张三","followUpContent":"ok","JSONSTR":{"A_b": [1]},"unknown":{"x":[null]},
            "Phones":[{"PHONE_NUMBER":1},{"phoneNumber":2},{"NR":3}],"main_phone":{"phonenumber":4},
            "byName":{"A_b":{"phone_number":5}},"PAIR":[6,{"Phonenumber":7}],"Wrapped":{"phonenumber":8},
            "changes":["Nothing",{"Call":{"phonenumber":9}},{"Move":{"TOGROUP":10}}]}"#;
        let phone = |phone_number| Phone { phone_number };
        let customer: Customer<'_> = from_str(text).unwrap();
        assert!(matches!(customer.custname, Cow::Borrowed("张三")));
        assert_eq!(customer.content, Some("ok"));
        assert_eq!(customer.json_str.map(RawValue::get), Some(r#"{"A_b": [1]}"#));
        assert_eq!(customer.phones, [phone(1), phone(2), phone(3)]);
        assert_eq!(customer.main_phone, Some(phone(4)));
        assert_eq!(customer.by_name, BTreeMap::from([("A_b".to_owned(), phone(5))]));
        assert_eq!(customer.pair, Some((6, phone(7))));
        assert_eq!(customer.wrapped, Some(Wrapped(phone(8))));
        assert_eq!(customer.changes, [Change::Nothing, Change::Call(phone(9)), Change::Move { to_group: 10 }]);
    }

    #[test]
    fn raw_text_is_the_text_of_the_frame_itself() {
        let text = r#"{"json_str" : [1, 2]}"#;
        let raw = from_str::<Customer<'_>>(text).unwrap().json_str.unwrap().get();
        assert_eq!((raw, raw.as_ptr()), ("[1, 2]", text[14..].as_ptr()));
    }

    #[test]
    fn escaped_text_and_keys_are_read_too() {
        let customer: Customer<'_> = from_str(r#"{"\u0063ust_name":"a\nb"}"#).unwrap();
        assert_eq!(customer.custname, "a\nb");
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        for text in [
            r#"{"phone_number":1,"phoneNumber":2}"#,
            "[1]",
            r#"{"phoneNumber":[]}"#,
            r#"{"phoneNumber":1} x"#,
            "{}",
            "",
        ] {
            assert!(from_str::<Phone>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_path_of_an_error_has_the_declared_names() {
        let mut json = serde_json::Deserializer::from_str(r#"{"PHONES":[{"phone_number":"x"}]}"#);
        let error = serde_path_to_error::deserialize::<_, Customer<'_>>(Folded(&mut json)).unwrap_err();
        assert_eq!(error.path().to_string(), "phones[0].phoneNumber");
    }

    proptest! {
        #[test]
        fn a_name_matches_its_other_spellings(name in "[a-zA-Z]{1,12}", cut in 0_usize..12) {
            let (left, right) = name.split_at(cut.min(name.len()));
            let spelling = format!("{}_{}", left.to_uppercase(), right.to_lowercase());
            prop_assert!(same_name(&name, &spelling));
            let longer = format!("{name}x");
            prop_assert!(!same_name(&name, &longer));
        }

        #[test]
        fn any_value_reads_as_it_does_without_the_adapter(text in r#"[\[\]{}",:0-9a-z\\ ]{0,30}"#) {
            let plain = serde_json::from_str::<serde_json::Value>(&text).ok();
            prop_assert_eq!(from_str::<serde_json::Value>(&text).ok(), plain);
        }
    }
}
