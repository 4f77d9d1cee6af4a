//! What stands in conditions: values, and how it is said that they are wrong.

use serde_json::Value;

use super::{LONGEST, wrong};
use crate::domain::catalogue::Dictionary;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::store::conditions::{Column, Operand, Test};
use crate::store::filter::Condition;

pub(super) fn plain(name: &str) -> String {
    name.trim().chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

pub(super) fn empty(column: Column, is_empty: bool) -> Condition {
    Condition::Test(column, if is_empty { Test::Empty } else { Test::Filled })
}

pub(super) fn filled(path: &str, column: Column, given: &Value) -> Result<Condition, Error> {
    Ok(empty(column, flag(path, given)?.unwrap_or(true)))
}

pub(super) fn negated(condition: Condition, is_negated: bool) -> Condition {
    if is_negated { Condition::Not(Box::new(condition)) } else { condition }
}

pub(super) fn flag(path: &str, given: &Value) -> Result<Option<bool>, Error> {
    match given {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::String(text) if text == "true" => Ok(Some(true)),
        Value::String(text) if text == "false" => Ok(Some(false)),
        _ => Err(Error::one_of(path, &["true", "false"])),
    }
}

pub(super) fn text(path: &str, given: &Value) -> Result<String, Error> {
    let text = match given {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(wrong(
            path,
            &format!(" 1 到 {LONGEST} 个字符的文本"),
            &format!("a text of 1 to {LONGEST} characters"),
        ));
    }
    Ok(text)
}

pub(super) fn entry(path: &str, dictionary: &Dictionary, given: &Value) -> Result<Operand, Error> {
    let entry = dictionary.find(&text(path, given)?);
    entry.map(|entry| Operand::Text(entry.value.clone())).ok_or_else(|| no_such(path, given))
}

pub(super) fn no_such(path: &str, given: &Value) -> Error {
    let given: String = text(path, given).unwrap_or_default().chars().take(64).collect();
    Error::parameter(format!("{path}: “{given}”不存在 / there is no such name: {given}"))
}

pub(super) fn no_operator(path: &str, operator: &str, known: &[&str]) -> Error {
    let operator: String = operator.chars().take(64).collect();
    let known = known.join(", ");
    Error::parameter(format!(
        "{path}: 没有比较方式 {operator}，可用 {known} / is not compared by {operator}; these are: {known}"
    ))
}

/// How long a time is as it is written: a day, a minute or a second.
pub(super) fn length(written: &str) -> i64 {
    const DAY: i64 = 24 * 60 * 60;
    let is_unix = written.len() >= 10 && written.bytes().all(|byte| byte.is_ascii_digit());
    match written.matches([':', '：', '时', '点']).count() {
        0 if !is_unix => DAY * SECOND,
        1 => 60 * SECOND,
        _ => SECOND,
    }
}
