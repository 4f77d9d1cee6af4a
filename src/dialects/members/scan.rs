//! Looking for members that are not known.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::known::{Known, Member, Shape};
use super::{MOST_FOUND, Names};
use crate::protocol::folded::same_name;

/// Members that any request may have beside those of its operation: who sends it, and how it wants to be answered.
pub const ENVELOPE: [&str; 8] =
    ["action", "callbackId", "operator", "loginno", "companyId", "groupId", "topic", "requestId"];
/// What a reply has said to be ignored may come back with the rest of it, and with a file comes what it is told by.
const RETURNED: [&str; 2] = ["ignored", "srffiledigest"];

/// A member that is not known.
pub struct Stranger<'k> {
    pub name: String,
    /// With the names of the members it is in: `customer.custnam`.
    pub path: String,
    /// What is known in its place.
    pub shape: &'k Shape,
    /// Whether it says nothing.
    pub is_blank: bool,
}

/// Returns the members of a request that an operation does not know, each once, as far as the text can be read.
pub fn strangers<'k>(known: &'k Known, body: &str) -> Vec<Stranger<'k>> {
    let mut found = Vec::new();
    let scan = Scan { shape: &known.shape, path: None, names: known.reading.names, found: &mut found };
    // What cannot be read is for the operation to refuse.
    let _ = scan.deserialize(&mut serde_json::Deserializer::from_str(body));
    found
}

/// Where in the request something stands.
#[derive(Clone, Copy)]
struct Path<'p> {
    outer: Option<&'p Path<'p>>,
    name: &'p str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            write!(f, "{outer}.")?;
        }
        f.write_str(self.name)
    }
}

/// Reads a value and notes each member that is not known. Allocates nothing for those that are.
struct Scan<'k, 'p> {
    shape: &'k Shape,
    path: Option<&'p Path<'p>>,
    names: Names,
    found: &'p mut Vec<Stranger<'k>>,
}

impl<'de> DeserializeSeed<'de> for Scan<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($value:ident: $result:ty, $($method:ident($type:ty) => $blank:expr),*) => {
        $(fn $method<E>(self, $value: $type) -> Result<$result, E> { let _ = $value; Ok($blank) })*
    };
}

impl<'de> Visitor<'de> for Scan<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! { value: (), visit_str(&str) => (), visit_bool(bool) => (), visit_i64(i64) => (), visit_u64(u64) => (), visit_f64(f64) => () }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { shape, path, names, found } = self;
        while list.next_element_seed(Scan { shape, path, names, found: &mut *found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { shape, path: outer, names, found } = self;
        let is_outermost = outer.is_none();
        while let Some(key) = map.next_key_seed(Key { shape, names, is_outermost })? {
            match key {
                Place::Known(Some(Member { name, shape: Some(shape), .. })) => {
                    let path = Path { outer, name };
                    map.next_value_seed(Scan { shape, path: Some(&path), names, found: &mut *found })?;
                }
                Place::Known(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
                Place::Stranger(name) => {
                    let is_blank = map.next_value_seed(Blank)?;
                    let known = found.iter_mut().find(|one| one.name == name && std::ptr::eq(one.shape, shape));
                    if let Some(known) = known {
                        known.is_blank &= is_blank;
                    } else if found.len() < MOST_FOUND {
                        let path = Path { outer, name: name.trim() }.to_string();
                        found.push(Stranger { name, path, shape, is_blank });
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the name of a member leads to.
enum Place<'k> {
    /// `None` for one of the envelope.
    Known(Option<&'k Member>),
    Stranger(String),
}

struct Key<'k> {
    shape: &'k Shape,
    names: Names,
    is_outermost: bool,
}

impl<'de, 'k> DeserializeSeed<'de> for Key<'k> {
    type Value = Place<'k>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Place<'k>, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'k> Visitor<'_> for Key<'k> {
    type Value = Place<'k>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Place<'k>, E> {
        let Self { shape, names, is_outermost } = self;
        // Nearly all names are spelt as they are declared: these are looked for first.
        if let Some(member) = shape.member(name, Names::Exact) {
            return Ok(Place::Known(Some(member)));
        }
        let mut beside = ENVELOPE.iter().chain(&RETURNED).filter(|_| is_outermost);
        if beside.clone().any(|known| *known == name) {
            return Ok(Place::Known(None));
        }
        Ok(match shape.member(name, names) {
            Some(member) => Place::Known(Some(member)),
            None if beside.any(|known| same_name(known, name.trim())) => Place::Known(None),
            None => Place::Stranger(name.to_owned()),
        })
    }
}

/// Reads any value, and whether it is null or a blank text, which say nothing.
struct Blank;

impl<'de> DeserializeSeed<'de> for Blank {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<bool, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Blank {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! { value: bool, visit_str(&str) => value.trim().is_empty(), visit_bool(bool) => false, visit_i64(i64) => false, visit_u64(u64) => false, visit_f64(f64) => false }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
