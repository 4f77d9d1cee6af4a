//! In which forms members are shown that are stored in another, so that what comes back as it was shown is known again.

use serde_json::{Map, Value};

use super::Member;
use crate::domain::json;

/// The newest orders are shown, so many at most.
const ORDERS: usize = 5;
/// Behind a number of days.
const DAYS: &str = "天";

/// How a number of days is shown.
#[must_use]
pub fn days(number: i64) -> String {
    format!("{number} {DAYS}")
}

/// The number of days that is written with its unit or without.
#[must_use]
pub fn days_of(given: &Value) -> Option<i64> {
    let number = given.as_str().and_then(|text| text.trim().strip_suffix(DAYS));
    number.map_or_else(|| json::integer(given), |number| json::integer_in(number.trim()))
}

/// Whether a member of a thing is worked out where it is shown: when it was made, and names beside numbers.
#[must_use]
pub fn is_worked_out(name: &str) -> bool {
    let stored_beside = ["id", "customer_id", "created_at", "updated_at", "customer_name"];
    name.starts_with('_') || stored_beside.contains(&name)
}

/// Returns the entries of a list as they are shown: the default one first, facts by their number, and the newest orders.
#[must_use]
pub fn in_order<'a>(name: &str, list: &'a [Value]) -> Vec<&'a Map<String, Value>> {
    let mut entries: Vec<_> = list.iter().filter_map(Value::as_object).collect();
    let number = |entry: &Map<String, Value>, name: &str| entry.get(name).and_then(Value::as_i64);
    match name {
        "extend_infos" => entries.sort_by_key(|entry| number(entry, "id")),
        "orderlist" => {
            entries.sort_by_key(|entry| std::cmp::Reverse((number(entry, "created_at"), number(entry, "id"))));
            entries.truncate(ORDERS);
        }
        _ => entries.sort_by_key(|entry| entry.get("is_default").and_then(Value::as_str) != Some("1")),
    }
    entries
}

/// Whether a list that was given is the stored one as it is shown. Orders are shown without their numbers.
#[must_use]
pub fn is_as_shown(name: &str, members: &[Member], given: &[Value], stored: &[Value]) -> bool {
    let is_order = name == "orderlist";
    let has_number = |entry: &Value| entry.get("id").is_some();
    if is_order && given.iter().any(has_number) {
        return false;
    }
    let id = (!is_order).then_some("id");
    let names = || members.iter().map(|member| member.name).chain(id);
    let (one, other) = (in_order(name, given), in_order(name, stored));
    let is_same = |(one, other): (&&Map<String, Value>, &&Map<String, Value>)| {
        names().all(|name| one.get(name) == other.get(name))
    };
    // More orders than are shown are others.
    given.len() == other.len() && one.iter().zip(&other).all(is_same)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::document::members::{CONTACT, ORDER};

    fn list(list: Value) -> Vec<Value> {
        list.as_array().unwrap().clone()
    }

    #[test]
    fn a_list_is_known_by_its_order() {
        let stored =
            list(json!([{"id": 1, "name": "甲"}, {"id": 2, "name": "乙", "is_default": "1", "created_at": 7}]));
        for (given, is_it) in [
            (json!([{"id": 2, "name": "乙", "is_default": "1"}, {"id": 1, "name": "甲"}]), true),
            (json!([{"id": 1, "name": "甲"}, {"id": 2, "name": "乙", "is_default": "1"}]), true),
            (json!([{"id": 1, "name": "甲"}]), false),
            (json!([{"id": 2, "name": "乙"}, {"id": 1, "name": "甲"}]), false),
            (json!([{"id": 2, "name": "乙", "is_default": "1"}, {"name": "甲"}]), false),
        ] {
            assert_eq!(is_as_shown("contacts", CONTACT, &list(given.clone()), &stored), is_it, "{given}");
        }
    }

    #[test]
    fn the_newest_orders_are_known_without_their_numbers() {
        let order = |id: Option<i64>, at: i64| match id {
            Some(id) => json!({"id": id, "created_at": at, "amount": "1.00", "updated_at": 9}),
            None => json!({"created_at": at, "amount": "1.00"}),
        };
        let stored: Vec<Value> = (1..=7).map(|number| order(Some(number), number)).collect();
        let shown: Vec<Value> = (3..=7).rev().map(|number| order(None, number)).collect();
        assert!(is_as_shown("orderlist", ORDER, &shown, &stored));
        assert!(!is_as_shown("orderlist", ORDER, &shown[1..], &stored));
        let more: Vec<Value> = shown.iter().cloned().chain([order(None, 1)]).collect();
        assert!(!is_as_shown("orderlist", ORDER, &more, &stored));
        // With their numbers, these are all that are to stay.
        let named: Vec<Value> = (3..=7).rev().map(|number| order(Some(number), number)).collect();
        assert!(!is_as_shown("orderlist", ORDER, &named, &stored));
    }

    #[test]
    fn days_have_a_unit() {
        for (given, number) in [
            (json!(days(30)), Some(30)),
            (json!("30天"), Some(30)),
            (json!(30), Some(30)),
            (json!("30 年"), None),
            (json!("天"), None),
        ] {
            assert_eq!(days_of(&given), number, "{given}");
        }
    }
}
