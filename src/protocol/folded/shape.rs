//! What counts as an object and as a list: of PHP, an empty list is an object, and an object whose names are indices
//! a list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Through;
use super::path::Path;
use crate::domain::json;

/// A visitor that expects an object, whatever its names.
pub struct Object<'p, V>(pub V, pub &'p Path);

/// A visitor that expects a list.
pub struct List<'p, V>(pub V, pub &'p Path);

/// Hands an empty list to a visitor that expects an object, and refuses any other.
pub fn visit_empty<'de, V: Visitor<'de>, A: SeqAccess<'de>>(visitor: V, mut seq: A) -> Result<V::Value, A::Error> {
    if seq.next_element::<de::IgnoredAny>()?.is_some() {
        return Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor));
    }
    visitor.visit_map(MapDeserializer::<_, A::Error>::new(std::iter::empty::<(&str, &str)>()))
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Through(map, self.1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        visit_empty(self.0, seq)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for List<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Elements { inner: seq, read: 0, path: self.1 })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        match json::in_order(members.into_iter()) {
            Some(elements) => {
                let inner = Values(elements.into_iter(), PhantomData);
                self.0.visit_seq(Elements { inner, read: 0, path: self.1 })
            }
            None => Err(de::Error::invalid_type(de::Unexpected::Map, &self.0)),
        }
    }
}

/// The elements of a list that was written as an object, with the errors of the reader that it came from.
struct Values<E>(std::vec::IntoIter<Value>, PhantomData<E>);

impl<'de, E: de::Error> SeqAccess<'de> for Values<E> {
    type Error = E;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, E> {
        self.0.next().map(|element| seed.deserialize(element).map_err(E::custom)).transpose()
    }
}

/// The elements of a list.
pub struct Elements<'p, A> {
    pub inner: A,
    /// How many were read.
    pub read: usize,
    pub path: &'p Path,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let element = self.inner.next_element_seed(Through(seed, self.path));
        match &element {
            Ok(_) => self.read += 1,
            Err(_) => self.path.enter_element(self.read),
        }
        element
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}
