//! What stands in the CRM's lists and is shared by all systems: the address, and the fields of the company's own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::custom_field::{CustomField, FieldKind};
use crate::domain::customer::LONGEST_TEXT;

/// Returns a text of an entry without the blanks around it; the empty one where there is none.
#[must_use]
pub fn text<'a>(entry: &'a Map<String, Value>, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default().trim()
}

/// Returns the address of an entry, with its regions before it where both fit.
#[must_use]
pub fn address_in(entry: &Map<String, Value>) -> Option<String> {
    let address = text(entry, "address");
    let whole = text(entry, "region_address").replace(' ', "") + address;
    let whole = if whole.chars().count() <= LONGEST_TEXT { whole } else { address.to_owned() };
    (!address.is_empty()).then_some(whole)
}

/// Returns the address that a list of addresses says: that of the default entry or, without one, of the first.
#[must_use]
pub fn address_of(list: &[Value]) -> Option<String> {
    let mut entries: Vec<_> = list.iter().filter_map(Value::as_object).collect();
    entries.sort_by_key(|entry| text(entry, "is_default") != "1");
    entries.into_iter().find_map(address_in)
}

/// Returns whether an entry says this address, alone or with its regions.
#[must_use]
pub fn says(entry: &Map<String, Value>, address: &str) -> bool {
    text(entry, "address") == address || address_in(entry).is_some_and(|whole| whole == address)
}

/// Adds the shared address to a list of addresses that does not say it.
pub fn add_address(list: &mut Vec<Value>, address: &str, contact: &str, phone: &str) {
    if !list.iter().filter_map(Value::as_object).any(|entry| says(entry, address)) {
        let is_default = if list.is_empty() { "1" } else { "0" };
        list.push(json!({
            "contact": contact, "contact_number": phone, "address": address, "is_default": is_default,
        }));
    }
}

/// Returns the field that an entry of a list of further facts is called like.
#[must_use]
pub fn field_of<'a>(entry: &Map<String, Value>, fields: &'a [CustomField]) -> Option<&'a CustomField> {
    let item = text(entry, "item");
    fields.iter().find(|field| field.name.trim() == item)
}

/// Puts the fields that have a value before a list of further facts.
pub fn add_fields(list: &mut Vec<Value>, fields: &[CustomField], values: &BTreeMap<i64, Value>) {
    // What was written before there was a field of this name is hidden by the field.
    let field_of = |entry: &Value| field_of(entry.as_object()?, fields);
    list.retain(|entry| field_of(entry).is_none_or(|field| !values.contains_key(&field.id)));
    let fact = |field: &CustomField| {
        let kind = if field.kind == FieldKind::Date { "2" } else { "1" };
        Some(json!({ "type": kind, "item": field.name, "content": written(values.get(&field.id)?) }))
    };
    list.splice(0..0, fields.iter().filter_map(fact));
}

/// Returns a field's value as a list of further facts writes it.
#[must_use]
pub fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(list: Value) -> Vec<Value> {
        list.as_array().unwrap().clone()
    }

    #[test]
    fn the_default_address_is_shared() {
        let addresses = list(json!([
            {"address": "示例路1号"},
            {"address": "示例路2号", "region_address": "山东省 济南市", "is_default": "1"},
        ]));
        assert_eq!(address_of(&addresses).as_deref(), Some("山东省济南市示例路2号"));
        assert_eq!(address_of(&addresses[..1]).as_deref(), Some("示例路1号"));
        assert_eq!(address_of(&list(json!([{"region_address": "山东省"}, {"contact": "周明远"}]))), None);
    }

    #[test]
    fn the_shared_address_is_said_once() {
        let mut addresses = list(json!([{"address": "示例路2号", "region_address": "山东省 济南市"}]));
        add_address(&mut addresses, "山东省济南市示例路2号", "周明远", "13800000002");
        add_address(&mut addresses, "示例路2号", "周明远", "13800000002");
        assert_eq!(addresses.len(), 1);
        add_address(&mut addresses, "望潮街18号", "周明远", "13800000002");
        assert_eq!(addresses[1]["address"], "望潮街18号");
        assert_eq!(addresses[1]["is_default"], "0");
        let mut none = Vec::new();
        add_address(&mut none, "望潮街18号", "周明远", "13800000002");
        assert_eq!(none[0]["is_default"], "1");
    }

    #[test]
    fn facts_that_are_called_like_a_field_are_the_field() {
        let field =
            |id, name: &str, kind| CustomField { id, name: name.into(), kind, options: Vec::new(), required: false };
        let fields = [field(1, "备注", FieldKind::Text), field(2, "开业日期", FieldKind::Date)];
        let mut facts = list(json!([{"item": "备注", "content": "从前"}, {"item": "客服", "content": "李强"}]));
        assert_eq!(field_of(facts[0].as_object().unwrap(), &fields).unwrap().id, 1);
        add_fields(&mut facts, &fields, &[(1, json!("下午")), (2, json!("2026-01-31"))].into());
        let shown: Vec<_> = facts.iter().map(|fact| (&fact["item"], &fact["content"])).collect();
        assert_eq!(json!(shown), json!([["备注", "下午"], ["开业日期", "2026-01-31"], ["客服", "李强"]]));
        assert_eq!(facts[1]["type"], "2");
    }
}
