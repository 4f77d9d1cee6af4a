//! JSON values as programs write them whose languages know fewer kinds: PHP has one array for lists and objects, Lua one
//! table, and a number may be a floating one wherever it is whole.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The integer that a floating number is, as far as each is told from its neighbours.
#[must_use]
pub fn whole(number: f64) -> Option<i64> {
    const END: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within the bounds")]
    (number.fract() == 0.0 && number.abs() < END).then_some(number as i64)
}

/// The integer that a text is, `1.0` too.
#[must_use]
pub fn integer_in(text: &str) -> Option<i64> {
    let text = text.trim();
    let is_whole = |(digits, fraction): &(&str, &str)| {
        digits.ends_with(|c: char| c.is_ascii_digit()) && !fraction.is_empty() && fraction.bytes().all(|b| b == b'0')
    };
    text.split_once('.').filter(is_whole).map_or(text, |(digits, _)| digits).parse().ok()
}

/// The integer that a value is, also one written as a text.
#[must_use]
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => integer_in(text),
        _ => None,
    }
}

/// The members of an object; of an empty list, none: so PHP writes an empty object.
#[must_use]
pub fn object(value: &Value) -> Option<&Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        Value::Array(list) if list.is_empty() => Some(&EMPTY),
        _ => None,
    }
}

/// The elements of a list. An object whose names are integers is one, too, in their order: so PHP writes a list with
/// gaps, and Lua an empty one.
#[must_use]
pub fn list(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(list) => Some(list.iter().collect()),
        Value::Object(members) => in_order(members.iter().map(|(name, value)| (name.as_str(), value))),
        _ => None,
    }
}

/// The values of a list that was written as an object, in the order of their indices; `None` where a name is no index.
#[must_use]
pub fn in_order<N: AsRef<str>, T>(members: impl Iterator<Item = (N, T)>) -> Option<Vec<T>> {
    let indexed = members.map(|(name, value)| Some((index(name.as_ref())?, value)));
    let mut indexed: Vec<(u64, T)> = indexed.collect::<Option<_>>()?;
    indexed.sort_by_key(|(index, _)| *index);
    Some(indexed.into_iter().map(|(_, value)| value).collect())
}

/// The index that a name is, written in the one way in which programs write it.
fn index(name: &str) -> Option<u64> {
    let is_canonical = name == "0" || name.starts_with(|c: char| matches!(c, '1'..='9'));
    name.parse().ok().filter(|_| is_canonical)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_integers_however_they_are_written() {
        for value in [json!(1054), json!(1054.0), json!(1.054e3), json!("1054"), json!(" 1054.0 "), json!("1054.000")] {
            assert_eq!(integer(&value), Some(1054), "{value}");
        }
        assert_eq!(integer(&json!(-0.0)), Some(0));
        for value in [
            json!(1.5),
            json!(1e300),
            json!(9_007_199_254_740_992.0),
            json!("1."),
            json!(".0"),
            json!("1.5"),
            json!("1.0.0"),
            json!("1e3"),
            json!(""),
            json!("-"),
            json!("-.0"),
            json!(null),
            json!(true),
            json!([1]),
        ] {
            assert_eq!(integer(&value), None, "{value}");
        }
    }

    #[test]
    fn objects_and_lists_are_told_by_what_is_expected() {
        assert_eq!(object(&json!([])), Some(&Map::new()));
        assert_eq!(object(&json!([1])), None);
        assert_eq!(list(&json!({})), Some(Vec::new()));
        let sparse = json!({"10": "c", "2": "b", "0": "a"});
        assert_eq!(list(&sparse), Some(vec![&json!("a"), &json!("b"), &json!("c")]));
        for no_list in
            [json!({"0": 1, "a": 2}), json!({"01": 1}), json!({"-1": 1}), json!({"+1": 1}), json!("x"), json!(null)]
        {
            assert_eq!(list(&no_list), None, "{no_list}");
        }
    }

    proptest! {
        #[test]
        fn a_list_is_the_same_with_indices(values in prop::collection::vec(any::<i32>(), 0..20), gaps in prop::collection::vec(1_usize..50, 20)) {
            let list_of = Value::from(values.clone());
            let mut at = 0;
            let mut members: Vec<(String, Value)> = Vec::new();
            for (value, gap) in values.iter().zip(gaps) {
                members.push((at.to_string(), (*value).into()));
                at += gap;
            }
            members.reverse();
            let object_of = Value::Object(members.into_iter().collect());
            prop_assert_eq!(list(&object_of), list(&list_of));
        }
    }
}
