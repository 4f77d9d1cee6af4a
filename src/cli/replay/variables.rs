//! `{{name}}`: what a script captured, put back into what it sends and expects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The captured values of one run of one script.
#[derive(Debug, Default)]
pub struct Variables {
    values: BTreeMap<String, Value>,
}

impl Variables {
    /// Keeps `value` under `name`, in place of an earlier one.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Returns `value` with every `{{name}}` filled in, in member names too. A text that is exactly
    /// `"{{name}}"` becomes the captured value with its JSON type.
    pub fn fill(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match only_name(text) {
                Some(name) => self.get(name)?.clone(),
                None => Value::String(self.fill_text(text)?),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, value)| Ok((self.fill_text(key)?, self.fill(value)?)))
                    .collect::<Result<Map<_, _>, String>>()?,
            ),
            other => other.clone(),
        })
    }

    /// Returns `text` with every `{{name}}` filled in; what is no text is written as JSON.
    pub fn fill_text(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let after = &rest[start + 2..];
            let Some((name, tail)) = after.split_once("}}").filter(|(name, _)| is_name(name)) else {
                // One brace at a time: in `{{{id}}` the name starts at the second one.
                filled.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            };
            filled.push_str(&rest[..start]);
            match self.get(name)? {
                Value::String(text) => filled.push_str(text),
                other => filled.push_str(&other.to_string()),
            }
            rest = tail;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn get(&self, name: &str) -> Result<&Value, String> {
        self.values.get(name).ok_or_else(|| {
            let known = self.values.keys().map(String::as_str);
            let hint = nearest(name, known).map(|near| format!(" ({{{{{near}}}}}?)")).unwrap_or_default();
            format!("没有捕获过 / never captured: {{{{{name}}}}}{hint}")
        })
    }
}

/// Says whether `text` can name a variable: an ASCII letter or `_`, then letters, digits or `_`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns the one of `known` that `word` is most likely a misspelling of.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn only_name(text: &str) -> Option<&str> {
    text.strip_prefix("{{")?.strip_suffix("}}").filter(|name| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.set("id", json!(7));
        variables.set("name", json!("李"));
        variables
    }

    #[test]
    fn a_lone_name_keeps_its_type() {
        let filled = variables().fill(&json!({"content": "{{id}}", "k_{{id}}": ["客户 {{id}} {{name}}"]}));
        assert_eq!(filled, Ok(json!({"content": 7, "k_7": ["客户 7 李"]})));
    }

    #[test]
    fn braces_that_name_nothing_stay() {
        for text in ["{{", "{{\"a\":1}}", "}}{{ id }}", "{a:{b:{}}}"] {
            assert_eq!(variables().fill_text(text).as_deref(), Ok(text));
        }
        assert_eq!(variables().fill_text("{{{id}}}").as_deref(), Ok("{7}"));
    }

    #[test]
    fn an_unknown_name_is_an_error_with_a_hint() {
        let error = variables().fill_text("{{nam}}").unwrap_err();
        assert!(error.contains("{{nam}}") && error.contains("({{name}}?)"), "{error}");
    }
}
