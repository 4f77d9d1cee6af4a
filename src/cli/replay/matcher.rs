//! Does what came match what was expected: subset comparison with matchers, and the text of the difference.

use diffy::DiffOptions;
use regex::Regex;
use serde_json::{Map, Value};

use super::variables::nearest;

/// The texts that match a kind of value instead of themselves. Any other `<…>` is plain text,
/// because replies hold such texts too (`<p>…</p>`).
const MATCHERS: &[&str] =
    &["<any>", "<int>", "<number>", "<text>", "<time>", "<bool>", "<object>", "<array>", "<absent>"];

/// A difference of thousands of lines helps nobody.
const DIFF_LINES: usize = 200;

/// What [`compare`] found.
#[derive(Debug)]
pub struct Comparison {
    /// One line a place that does not match, its JSON pointer first; empty when everything does.
    pub mismatches: Vec<String>,
    /// The value nearest to what came that would have matched: the left side of the difference.
    pub wanted: Value,
}

/// How members that the expectation does not name are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Objects may have more members than expected.
    Subset,
    /// Every member must be named.
    Exact,
}

/// Compares `actual` with `expected`, matchers included.
pub fn compare(expected: &Value, actual: &Value, extent: Extent) -> Comparison {
    let mut comparer = Comparer { extent, mismatches: Vec::new() };
    let wanted = comparer.value("", expected, actual);
    Comparison { mismatches: comparer.mismatches, wanted }
}

/// Returns the unified difference of two values, `-` what was wanted and `+` what came, without colours.
pub fn difference(wanted: &Value, actual: &Value) -> String {
    let (wanted, actual) = (pretty(wanted), pretty(actual));
    let patch = DiffOptions::new().set_context_len(3).create_patch(&wanted, &actual).to_string();
    // The first two lines name the sides.
    let mut lines = patch.split_inclusive('\n').skip(2);
    let text: String = lines.by_ref().take(DIFF_LINES).collect();
    match lines.count() {
        0 => text,
        more => format!("{text}… (+{more})\n"),
    }
}

/// Returns whether `text` holds `wanted`: as a piece of it, or by a `/regex/`.
pub fn text_matches(wanted: &str, text: &str) -> Result<bool, regex::Error> {
    match pattern(wanted) {
        Some(pattern) => Ok(Regex::new(pattern)?.is_match(text)),
        None => Ok(text.contains(wanted)),
    }
}

struct Comparer {
    extent: Extent,
    mismatches: Vec<String>,
}

impl Comparer {
    /// Compares one place and returns the value there that would have matched.
    fn value(&mut self, at: &str, expected: &Value, actual: &Value) -> Value {
        match (expected, actual) {
            (Value::Object(members), _) if members.len() == 1 && is_special(members) => {
                self.special(at, members, actual)
            }
            (Value::Object(expected), Value::Object(actual)) => self.object(at, expected, actual),
            (Value::Array(expected), Value::Array(actual)) => self.array(at, expected, actual),
            (Value::String(text), _) => match text_rule(text, actual) {
                Ok(()) => actual.clone(),
                Err(hint) => self.miss(at, expected, actual, &hint),
            },
            _ if expected == actual => actual.clone(),
            _ => self.miss(at, expected, actual, ""),
        }
    }

    fn object(&mut self, at: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) -> Value {
        let mut wanted = actual.clone();
        if self.extent == Extent::Exact {
            for key in actual.keys().filter(|key| !expected.contains_key(*key)) {
                wanted.remove(key);
                self.note(&child(at, key), "多余 / not expected");
            }
        }
        for (key, value) in expected {
            let at = child(at, key);
            match (value.as_str() == Some("<absent>"), actual.get(key)) {
                (true, None) => {}
                (true, Some(_)) => {
                    wanted.remove(key);
                    self.note(&at, "不应存在 / should be absent");
                }
                (false, Some(actual)) => {
                    wanted.insert(key.clone(), self.value(&at, value, actual));
                }
                (false, None) => {
                    wanted.insert(key.clone(), value.clone());
                    self.note(&at, &format!("缺少 / missing, 期望 / expected {}", short(value)));
                }
            }
        }
        Value::Object(wanted)
    }

    fn array(&mut self, at: &str, expected: &[Value], actual: &[Value]) -> Value {
        if expected.len() != actual.len() {
            let (wanted, came) = (expected.len(), actual.len());
            self.note(at, &format!("期望 {wanted} 个元素，实际 {came} 个 / expected {wanted} elements, got {came}"));
        }
        let wanted = expected.iter().enumerate().map(|(index, expected)| match actual.get(index) {
            Some(actual) => self.value(&format!("{at}/{index}"), expected, actual),
            None => expected.clone(),
        });
        Value::Array(wanted.collect())
    }

    /// The matchers that take an argument: `{"<len>":3}`, `{"<has>":{…}}`, `{"<is>":"<any>"}`.
    fn special(&mut self, at: &str, members: &Map<String, Value>, actual: &Value) -> Value {
        let fits = members.iter().all(|(name, argument)| match name.as_str() {
            "<len>" => actual.as_array().is_some_and(|items| argument.as_u64() == u64::try_from(items.len()).ok()),
            "<has>" => actual.as_array().is_some_and(|items| {
                items.iter().any(|item| compare(argument, item, self.extent).mismatches.is_empty())
            }),
            _ => argument == actual,
        });
        if fits {
            return actual.clone();
        }
        self.miss(at, &Value::Object(members.clone()), actual, "")
    }

    fn miss(&mut self, at: &str, expected: &Value, actual: &Value, hint: &str) -> Value {
        let (wanted, came) = (short(expected), short(actual));
        self.note(at, &format!("期望 / expected {wanted}, 实际 / got {came}{hint}"));
        expected.clone()
    }

    fn note(&mut self, at: &str, what: &str) {
        let at = if at.is_empty() { "(全部 / whole)" } else { at };
        self.mismatches.push(format!("{at}: {what}"));
    }
}

fn is_special(members: &Map<String, Value>) -> bool {
    members.keys().all(|key| matches!(key.as_str(), "<len>" | "<has>" | "<is>"))
}

/// Checks `actual` against an expected text; the error is a hint to the reader, often empty.
fn text_rule(expected: &str, actual: &Value) -> Result<(), String> {
    let fits = match expected {
        "<any>" => true,
        "<int>" => actual.is_i64() || actual.is_u64(),
        "<number>" => actual.is_number(),
        "<text>" => actual.is_string(),
        "<time>" => actual.as_str().is_some_and(is_time),
        "<bool>" => actual.is_boolean(),
        "<object>" => actual.is_object(),
        "<array>" => actual.is_array(),
        "<absent>" => false,
        _ => match pattern(expected) {
            Some(pattern) => {
                let regex = Regex::new(pattern).map_err(|error| format!(" ({error})"))?;
                actual.as_str().is_some_and(|text| regex.is_match(text))
            }
            None => actual.as_str() == Some(expected),
        },
    };
    if fits { Ok(()) } else { Err(misspelt(expected)) }
}

fn pattern(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/').filter(|pattern| !pattern.is_empty())
}

fn misspelt(expected: &str) -> String {
    let looks_like_one = expected
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .is_some_and(|word| word.chars().all(|c| c.is_ascii_alphabetic()));
    if !looks_like_one || MATCHERS.contains(&expected) {
        return String::new();
    }
    let near = nearest(expected, MATCHERS.iter().copied());
    near.map(|near| format!(" ({near}?)")).unwrap_or_default()
}

/// Says whether `text` is a time as the documents write them: `YYYY-MM-DD HH:mm`, or ISO 8601 with
/// milliseconds and an offset. jiff alone would accept more spellings than clients do.
fn is_time(text: &str) -> bool {
    if shaped(text, "9999-99-99 99:99") {
        return jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", text).is_ok();
    }
    let iso = shaped(text, "9999-99-99T99:99:99.999+99:99") || shaped(text, "9999-99-99T99:99:99.999Z");
    iso && text.parse::<jiff::Timestamp>().is_ok()
}

fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'9' => byte.is_ascii_digit(),
            b'+' => byte == b'+' || byte == b'-',
            _ => byte == shape,
        })
}

fn child(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn misses(expected: Value, actual: Value) -> usize {
        compare(&expected, &actual, Extent::Subset).mismatches.len()
    }

    #[test]
    fn an_object_is_matched_as_a_subset_or_exactly() {
        let (expected, actual) = (json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}, "d": 3}));
        assert!(compare(&expected, &actual, Extent::Subset).mismatches.is_empty());
        let exact = compare(&expected, &actual, Extent::Exact);
        assert_eq!(exact.mismatches.len(), 2);
        assert_eq!(exact.wanted, expected);
    }

    #[test]
    fn arrays_have_the_same_length_and_match_elementwise() {
        assert_eq!(misses(json!([{"a": 1}, 2]), json!([{"a": 1, "b": 0}, 2])), 0);
        assert_eq!(misses(json!([1]), json!([1, 2])), 1);
        assert_eq!(misses(json!([1, 2]), json!([3])), 2);
    }

    #[test]
    fn matchers_match_kinds() {
        let values = json!([1, 1.5, "x", "2017-05-03 14:44", true, {}, [], null]);
        let fitting = |matcher: &str| {
            values.as_array().unwrap().iter().filter(|value| misses(json!(matcher), (*value).clone()) == 0).count()
        };
        let counts: Vec<usize> = MATCHERS.iter().map(|matcher| fitting(matcher)).collect();
        assert_eq!(counts, [8, 1, 2, 2, 1, 1, 1, 1, 0]);
        assert_eq!(fitting("/^x$/"), 1);
    }

    #[test]
    fn times_are_the_documents_two_forms() {
        for good in ["2017-05-03 14:44", "2016-03-02T15:04:05.000+08:00", "2016-03-02T15:04:05.000Z"] {
            assert!(is_time(good), "{good}");
        }
        for bad in
            ["2017-13-03 14:44", "2017-05-03", "2017-05-03 14:44:01", "2016-03-02T15:04:05+08:00", "2017-5-3 14:44 "]
        {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn absent_members() {
        assert_eq!(misses(json!({"a": "<absent>"}), json!({"b": 1})), 0);
        assert_eq!(misses(json!({"a": "<absent>"}), json!({"a": null})), 1);
    }

    #[test]
    fn matchers_with_an_argument() {
        assert_eq!(misses(json!({"<len>": 2}), json!([1, 2])), 0);
        assert_eq!(misses(json!({"<len>": 2}), json!([1])), 1);
        assert_eq!(misses(json!({"<has>": {"id": 2}}), json!([{"id": 1}, {"id": 2, "x": 0}])), 0);
        assert_eq!(misses(json!({"<has>": {"id": 3}}), json!([{"id": 1}])), 1);
        assert_eq!(misses(json!({"<is>": "<any>"}), json!("<any>")), 0);
        assert_eq!(misses(json!({"<is>": "<any>"}), json!("x")), 1);
    }

    #[test]
    fn texts_that_only_look_like_matchers_are_texts() {
        assert_eq!(misses(json!("<p>工单</p>"), json!("<p>工单</p>")), 0);
        assert_eq!(misses(json!("/"), json!("/")), 0);
        let typo = compare(&json!("<itn>"), &json!(1), Extent::Subset);
        assert!(typo.mismatches[0].ends_with("(<int>?)"), "{:?}", typo.mismatches);
    }

    #[test]
    fn a_broken_regex_is_a_mismatch_that_says_so() {
        assert!(compare(&json!("/(/"), &json!("x"), Extent::Subset).mismatches[0].contains("unclosed"));
        assert!(text_matches("/(/", "x").is_err());
    }

    #[test]
    fn the_difference_shows_only_what_did_not_match() {
        let (expected, actual) = (json!({"code": 1000, "id": "<int>"}), json!({"code": 2005, "id": 4, "z": null}));
        let comparison = compare(&expected, &actual, Extent::Subset);
        assert_eq!(comparison.mismatches, ["/code: 期望 / expected 1000, 实际 / got 2005"]);
        let text = difference(&comparison.wanted, &actual);
        let changed: Vec<&str> = text.lines().filter(|line| line.starts_with(['-', '+'])).collect();
        assert_eq!(changed, ["-  \"code\": 1000,", "+  \"code\": 2005,"]);
    }
}
