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
//!
//! It is also here that a value counts as what is expected in its place (see [`json`]): `5.0` as a whole
//! number, `[]` as an object without members, an object whose names are indices as a list.

mod path;
mod shape;

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::domain::json;
use path::Path;
use shape::{Elements, List, Object, visit_empty};

/// A deserializer that folds the names of struct fields on their way from the one it wraps.
///
/// A struct is read from a map only: an array with something in it is refused, where derived code by
/// itself would take its elements for the fields in their order.
/// Where something is wrong, the path tells.
struct Folded<'p, D>(D, &'p Path);

/// Reads a `T` from JSON text, its field names folded; nothing may stand behind the value.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    read(text, &Path::default())
}

/// The same; what is wrong comes with the path to where it is, such as `phones[0].phoneNumber`, empty for the whole.
pub fn from_str_or_path<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, (String, serde_json::Error)> {
    let path = Path::default();
    read(text, &path).map_err(|error| (path.into_text(), error))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, path: &Path) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Folded(&mut json, path))?;
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
struct Through<'p, T>(T, &'p Path);

/// A visitor that expects an object, for a struct with these `fields`.
struct Struct<'p, V> {
    fields: &'static [&'static str],
    inner: V,
    path: &'p Path,
}

/// The spelling of `key` that a struct with these fields declares, if it declares one.
fn declared(fields: &[&'static str], key: &str) -> Option<&'static str> {
    let exact = fields.iter().find(|field| **field == key);
    let folded = || {
        let key = key.trim();
        fields.iter().find(|field| same_name(field, key))
    };
    exact.or_else(folded).copied()
}

/// Forwards the methods whose values are texts or flags with the visitor as it is, and the others with
/// one that folds.
macro_rules! forward {
    (as_is: $($plain:ident)*; folding: $($deep:ident($($name:ident: $type:ty),*))*) => {
        $(fn $plain<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$plain(visitor)
        })*
        $(fn $deep<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$deep($($name,)* Through(visitor, self.1))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Folded<'_, D> {
    type Error = D::Error;

    forward! {
        as_is:
            deserialize_bool deserialize_char deserialize_str deserialize_string
            deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any;
        folding:
            deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
            deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
            deserialize_f32() deserialize_f64()
            deserialize_any()
            deserialize_option()
            deserialize_unit_struct(name: &'static str)
            deserialize_newtype_struct(name: &'static str)
            deserialize_tuple(len: usize)
            deserialize_tuple_struct(name: &'static str, len: usize)
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        // A typed reader would refuse an object before the visitor sees it.
        self.0.deserialize_any(List(visitor, self.1))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Object(visitor, self.1))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Struct { fields, inner: visitor, path: self.1 })
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

impl<'de, V: Visitor<'de>> Visitor<'de> for Through<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward_scalars! {
        visit_bool(bool)
        visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
        visit_f32(f32) visit_char(char)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<V::Value, E> {
        match json::whole(number) {
            Some(whole) => self.0.visit_i64(whole),
            None => self.0.visit_f64(number),
        }
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Folded(inner, self.1))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Folded(inner, self.1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Elements { inner: seq, read: 0, path: self.1 })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Through(map, self.1))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variants: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Through(variants, self.1))
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Through<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Folded(inner, self.1))
    }
}

/// The members of an object whose names are not declared: names of its own, so the path ends before them.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Through<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Through(seed, self.1))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, 'p, A: EnumAccess<'de>> EnumAccess<'de> for Through<'p, A> {
    type Error = A::Error;
    type Variant = Through<'p, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let path = self.1;
        self.0.variant_seed(seed).map(|(value, variant)| (value, Through(variant, path)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Through<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Through(seed, self.1))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Through(visitor, self.1))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Struct { fields, inner: visitor, path: self.1 })
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Struct<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        visit_empty(self.inner, seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Fields { fields: self.fields, inner: map, named: None, path: self.path })
    }
}

/// The members of an object for a struct with these `fields`.
struct Fields<'p, A> {
    fields: &'static [&'static str],
    inner: A,
    /// The field that is read.
    named: Option<&'static str>,
    path: &'p Path,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(Key { fields: self.fields, inner: seed, named: &mut self.named })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let value = self.inner.next_value_seed(Through(seed, self.path));
        if let (Err(_), Some(name)) = (&value, self.named) {
            self.path.enter_member(name);
        }
        value
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The seed and the visitor of one key of a struct.
struct Key<'k, K> {
    fields: &'static [&'static str],
    inner: K,
    named: &'k mut Option<&'static str>,
}

impl<K> Key<'_, K> {
    /// Returns the name that is declared for this one, or this one.
    fn declared<'n>(&mut self, key: &'n str) -> &'n str {
        *self.named = declared(self.fields, key);
        self.named.unwrap_or(key)
    }
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<K::Value, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<'_, K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: de::Error>(mut self, key: &str) -> Result<K::Value, E> {
        let key = self.declared(key);
        self.inner.deserialize(StrDeserializer::new(key))
    }

    fn visit_borrowed_str<E: de::Error>(mut self, key: &'de str) -> Result<K::Value, E> {
        let key = self.declared(key);
        self.inner.deserialize(BorrowedStrDeserializer::new(key))
    }
}

#[cfg(test)]
mod tests;
