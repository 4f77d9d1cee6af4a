//! What hangs on a customer here: lists of things whose values are all texts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::domain::catalogue::Staff;
use crate::domain::document::members::{ADDRESS, CHECKING_INFO, CONTACT, EXTEND_INFO, INVOICE, SERVICES};
use crate::domain::document::{Document, Member, Shape, shown};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;

/// What a contact's role ids mean.
const ROLES: [(&str, &str); 5] = [("1", "老板"), ("2", "店长"), ("3", "采购"), ("4", "财务"), ("5", "技师")];

/// A thing: its members in the order of the document.
pub struct Entry(Vec<(Cow<'static, str>, Value)>);

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl JsonSchema for Entry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "CrmEntry".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": ["string", "array"] } })
    }
}

impl Entry {
    /// Begins with the ids.
    fn of(customer: &Shown, stored: &Map<String, Value>) -> Self {
        let mut entry = Self(Vec::with_capacity(24));
        entry.push("id", text(stored.get("id"), "0"));
        entry.push("customer_id", customer.id.to_string());
        entry
    }

    fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    fn members(&mut self, members: &'static [Member], stored: &Map<String, Value>) {
        for member in members {
            let absent = match member.shape {
                Shape::Flag | Shape::Integer | Shape::Days | Shape::Time => "0",
                Shape::Money => "0.00",
                _ if member.name.ends_with("_id") => "0",
                _ => "",
            };
            self.push(member.name, text(stored.get(member.name), absent));
        }
    }

    fn times(&mut self, stored: &Map<String, Value>) {
        for name in ["created_at", "updated_at"] {
            self.push(name, text(stored.get(name), "0"));
        }
    }
}

fn text(value: Option<&Value>, absent: &str) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => absent.to_owned(),
    }
}

/// Returns a text of an object that may not be there.
pub fn text_in(object: Option<&Map<String, Value>>, name: &str) -> String {
    text(object.and_then(|object| object.get(name)), "")
}

fn list<'a>(document: &'a Document, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// How many entries a list has, as a text.
pub fn count(document: &Document, name: &str) -> String {
    list(document, name).len().to_string()
}

fn in_order<'a>(document: &'a Document, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    shown::in_order(name, list(document, name)).into_iter()
}

/// Returns the certification as the text of a JSON object; empty when there is none.
pub fn checking_info(stored: Option<&Map<String, Value>>) -> Result<String, Error> {
    let Some(stored) = stored.filter(|stored| !stored.is_empty()) else { return Ok(String::new()) };
    let mut entry = Entry(Vec::with_capacity(CHECKING_INFO.len()));
    entry.members(CHECKING_INFO, stored);
    serde_json::to_string(&entry).map_err(|cause| Error::internal(&cause))
}

pub fn extend_infos(customer: &Shown, document: &Document) -> Vec<Entry> {
    let entry = |stored: &Map<String, Value>| {
        let mut entry = Entry::of(customer, stored);
        entry.members(EXTEND_INFO, stored);
        entry.times(stored);
        entry
    };
    in_order(document, "extend_infos").map(entry).collect()
}

pub fn contacts(customer: &Shown, document: &Document) -> Vec<Entry> {
    let entry = |stored: &Map<String, Value>| {
        let mut entry = Entry::of(customer, stored);
        entry.members(CONTACT, stored);
        entry.times(stored);
        let roles = text(stored.get("roles"), "");
        let named = roles.split(',').map(str::trim).filter(|id| !id.is_empty()).map(|id| {
            let name = ROLES.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name);
            json!({ "id": id, "name": name })
        });
        entry.push("_roles", named.collect::<Vec<_>>());
        entry
    };
    in_order(document, "contacts").map(entry).collect()
}

pub fn addresses(customer: &Shown, document: &Document) -> Vec<Entry> {
    let entry = |stored: &Map<String, Value>| {
        let mut entry = Entry::of(customer, stored);
        entry.members(ADDRESS, stored);
        entry.times(stored);
        entry
    };
    in_order(document, "addresslist").map(entry).collect()
}

pub fn invoices(customer: &Shown, document: &Document, name: &str) -> Vec<Entry> {
    let entry = |stored: &Map<String, Value>| {
        let mut entry = Entry::of(customer, stored);
        entry.members(INVOICE, stored);
        entry.times(stored);
        entry.push("customer_name", name);
        entry
    };
    in_order(document, "invoicelist").map(entry).collect()
}

/// The newest orders.
pub fn orders(document: &Document) -> Vec<Entry> {
    let entry = |stored: &Map<String, Value>| {
        let mut entry = Entry(Vec::with_capacity(3));
        entry.push("created_at", text(stored.get("created_at"), "0"));
        entry.push("sales_order_sn", text(stored.get("sales_order_sn"), ""));
        entry.push("amount", text(stored.get("amount"), "0.00"));
        entry
    };
    in_order(document, "orderlist").map(entry).collect()
}

/// Who serves the customer: numbers, and behind them names with telephone numbers.
pub fn services(cx: &Cx<'_>, customer: &Shown, document: &Document) -> Entry {
    let none = Map::new();
    let stored = document.get("services").and_then(Value::as_object).unwrap_or(&none);
    let mut entry = Entry(Vec::with_capacity(24));
    // One for each customer, so that it needs no number of its own.
    entry.push("id", if stored.is_empty() { "0".to_owned() } else { customer.id.to_string() });
    entry.push("customer_id", customer.id.to_string());
    entry.members(SERVICES, stored);
    let (created, updated) = if stored.is_empty() { (0, 0) } else { (customer.created_at, customer.updated_at) };
    entry.push("created_at", (created / crate::domain::times::SECOND).to_string());
    entry.push("updated_at", (updated / crate::domain::times::SECOND).to_string());
    for member in SERVICES {
        let number = stored.get(member.name).and_then(Value::as_i64).unwrap_or(0);
        let called = |staff: &Staff| match cx.staff_mobile(staff) {
            Some(mobile) => format!("{} {mobile}", staff.name),
            None => staff.name.clone(),
        };
        entry.push(format!("_{}", member.name), cx.catalogue.staff_by_number(number).map(called).unwrap_or_default());
    }
    entry
}
