//! Reading the members of one step, so that every wrong or unknown one is reported by name.

use std::time::Duration;

use serde_json::{Map, Value};

use super::variables::nearest;

/// The members of one object of a script that nobody has read yet.
#[derive(Debug)]
pub struct Members {
    left: Map<String, Value>,
}

impl Members {
    /// Reads one line, which must hold a JSON object.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(left)) => Ok(Self { left }),
            Ok(_) => Err("一行须是一个 JSON 对象 / a line must be a JSON object".to_owned()),
            Err(error) => Err(format!("不是 JSON / not JSON: {error}")),
        }
    }

    /// Takes over the members of `object`.
    pub fn of(object: &Map<String, Value>) -> Self {
        Self { left: object.clone() }
    }

    /// Says whether there is a member `name`.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Takes a member of any type.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name)
    }

    /// Takes a text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(name, "文本 / text", &other)),
        }
    }

    /// Takes a text that is there and not empty.
    pub fn name(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| format!("{name} 须有名字 / must be a name"))
    }

    /// Takes `true` or `false`; absent is `false`.
    pub fn flag(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(wrong(name, "true | false", &other)),
        }
    }

    /// Takes an object.
    pub fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(wrong(name, "对象 / an object", &other)),
        }
    }

    /// Takes a whole number; absent is 0.
    pub fn integer(&mut self, name: &str) -> Result<i64, String> {
        match self.take(name) {
            None => Ok(0),
            Some(value) => value.as_i64().ok_or_else(|| wrong(name, "整数 / a whole number", &value)),
        }
    }

    /// Takes an HTTP status: a number or a matcher.
    pub fn status(&mut self, name: &str) -> Result<Option<Value>, String> {
        match self.take(name) {
            Some(other) if !(other.is_u64() || other.is_string()) => Err(wrong(name, "200 | \"<int>\"", &other)),
            status => Ok(status),
        }
    }

    /// Takes a time to wait, in seconds.
    pub fn seconds(&mut self, name: &str) -> Result<Option<Duration>, String> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value
            .as_f64()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(Some)
            .ok_or_else(|| wrong(name, "秒数 / seconds", &value))
    }

    /// Returns an error naming the first member nobody took, and the one of `known` nearest to it.
    pub fn finish(&self, known: &[&str]) -> Result<(), String> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(unknown(name, known.iter().copied().chain(["note", "timeout"]))),
        }
    }

    /// Returns the error for a step that is of none of `kinds`.
    pub fn no_kind<'a>(&self, kinds: impl Iterator<Item = &'a str> + Clone) -> String {
        if let Some(misspelt) = self.left.keys().find(|name| nearest(name, kinds.clone()).is_some()) {
            return unknown(misspelt, kinds);
        }
        let kinds: Vec<&str> = kinds.collect();
        format!("这一步什么也不做 / this step does nothing; it needs one of {}", kinds.join(", "))
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let hint = nearest(name, known).map(|near| format!(" ({near}?)")).unwrap_or_default();
    format!("这里没有这个成员 / no such member here: {name}{hint}")
}

fn wrong(name: &str, wanted: &str, came: &Value) -> String {
    format!("{name} 须为 / must be {wanted}: {came}")
}
