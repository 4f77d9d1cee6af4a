use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{DEEPEST, SyntaxError, check_depth, leading_scalar, to_strict};

fn value(text: &str) -> Value {
    let strict = to_strict(text, DEEPEST).unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::from_str(&strict).unwrap_or_else(|error| panic!("{text} -> {strict}: {error}"))
}

fn error(text: &str) -> SyntaxError {
    to_strict(text, DEEPEST).expect_err(text)
}

#[test]
fn relaxed_spellings() {
    for (text, expected) in [
        ("{action:list_customers}", json!({"action": "list_customers"})),
        ("{'a':'it\\'s','b':\"it's\"}", json!({"a": "it's", "b": "it's"})),
        ("{a:1,b:[1,2,],}", json!({"a": 1, "b": [1, 2]})),
        ("{a;1}".replace(';', "：").as_str(), json!({"a": 1})),
        ("{a:1;b:2，c:3；d:4}", json!({"a": 1, "b": 2, "c": 3, "d": 4})),
        ("{filters:默认任务｜我的客户,q:'a：b，c；d'}", json!({"filters": "默认任务｜我的客户", "q": "a：b，c；d"})),
        (
            "[008,-08,-,+5,.5,5.,0x1f,1e999,2017-05-03]",
            json!(["008", "-08", "-", "+5", ".5", "5.", "0x1f", "1e999", "2017-05-03"]),
        ),
        ("[0,-1,1.5,1e3,-0.0]", json!([0, -1, 1.5, 1e3, -0.0])),
        ("[true,false,null,True,none]", json!([true, false, null, "True", "none"])),
        (
            "{\" cellphones\":1,' a\tb　':2,true:3,008:4,'':5}",
            json!({"cellphones": 1, "a\tb": 2, "true": 3, "008": 4, "": 5}),
        ),
        ("\u{feff}// first\n{/* a: [ */a:1//b:2\n,b:x/y/**/}//", json!({"a": 1, "b": "x/y"})),
        ("'a\n\t\u{0}\\u4f60\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\'", json!("a\n\t\u{0}你😀/\u{8}\u{c}\n\r\t\\")),
        ("[“a”,a\\b]", json!(["“a”", "a\\b"])),
        ("word", json!("word")),
        ("{}", json!({})),
        ("[\u{3000}]", json!([])),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn errors_say_where_and_what() {
    for (text, expected) in [
        ("", "line 1, column 1: expected a value, found the end of the text"),
        ("{a:[1,\n 2}", "line 2, column 3: expected `]` for the `[` opened at line 1, column 4, found `}`"),
        ("{a:1", "line 1, column 5: expected `}` for the `{` opened at line 1, column 1, found the end of the text"),
        ("{a", "line 1, column 3: expected `}` for the `{` opened at line 1, column 1, found the end of the text"),
        ("{a:", "line 1, column 4: expected `}` for the `{` opened at line 1, column 1, found the end of the text"),
        ("{a:1}}", "line 1, column 6: expected the end of the text, found `}`"),
        ("{a:1};", "line 1, column 6: expected the end of the text, found `;`"),
        ("]", "line 1, column 1: expected a value, found `]`"),
        ("[,]", "line 1, column 2: expected a value, found `,`"),
        ("[1,,2]", "line 1, column 4: expected a value, found `,`"),
        ("{你:}", "line 1, column 4: expected a value, found `}`"),
        ("{你 好:1}", "line 1, column 4: expected `:`, found `好`"),
        ("{[:1}", "line 1, column 2: expected a key or `}`, found `[`"),
        ("[1 2]", "line 1, column 4: expected `,` or `]`, found `2`"),
        ("[\0]", "line 1, column 2: expected a value, found `\\0`"),
        ("[\n'a", "line 2, column 3: the string opened at line 2, column 1 needs its closing '"),
        ("'a\\x'", "line 1, column 3: expected an escape that JSON knows behind `\\`"),
        ("'\\u+123'", "line 1, column 2: expected four hexadecimal digits behind `\\u`"),
        ("'a\\ud800'", "line 1, column 3: expected both halves of a surrogate pair"),
        ("'\\ud800\\u0041'", "line 1, column 2: expected both halves of a surrogate pair"),
        ("'\\udc00'", "line 1, column 2: expected both halves of a surrogate pair"),
        ("1 /*/", "line 1, column 3: expected `*/` behind `/*`"),
    ] {
        assert_eq!(error(text).to_string(), expected, "{text}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(to_strict(&nested(3), 3).is_ok());
    let error = to_strict(&nested(4), 3).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 4: nested deeper than 3 levels");
    assert!(serde_json::from_str::<Value>(&to_strict(&nested(DEEPEST), usize::MAX).unwrap()).is_ok());
    assert_eq!(to_strict(&nested(100_000), usize::MAX).unwrap_err().column, DEEPEST + 1);
}

#[test]
fn brackets_in_quotes_and_comments_do_not_count() {
    for text in [r#"{"a":"[[[\"[["}"#, "{'a':'[[[\\'[[',/*[[*/b:1}//[[[", "[[],[],{},{}]", "'[[", "/*[["] {
        assert_eq!(check_depth(text, 2), Ok(()), "{text}");
    }
    assert_eq!(
        check_depth("\"[\"\n [/[[[", 2).unwrap_err().to_string(),
        "line 2, column 5: nested deeper than 2 levels"
    );
}

#[test]
fn a_leading_scalar_is_taken_alone() {
    for (text, expected) in [
        ("008}", Some(r#""008""#)),
        ("12,", Some("12")),
        (r"'a\'b' x", Some(r#""a'b""#)),
        ("'a", None),
        ("{}", None),
        ("", None),
    ] {
        assert_eq!(leading_scalar(text).as_deref(), expected, "{text}");
    }
}

/// Any JSON value; text is drawn from what could be misread.
fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), "[ \t\na0-9:：,，;；'\"\\\\/*{}\\[\\]-]{0,6}", "true|null|00[0-9]|-?[1-9]"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let key = text.prop_map(|key| key.trim().to_owned());
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Prints values the way people write them by hand; `choices` says which way each time.
struct Relaxed<'a> {
    choices: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    out: String,
}

impl Relaxed<'_> {
    fn one_of(&mut self, options: &[&str]) {
        let choice = self.choices.next().copied().unwrap_or_default();
        self.out.push_str(options[usize::from(choice) % options.len()]);
    }

    fn blank(&mut self) {
        self.one_of(&["", "", " ", "\n", "\u{3000}", "/* [{' */", "// \"]\n"]);
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty()
            && text.chars().all(|c| c.is_ascii_lowercase())
            && !matches!(text, "true" | "false" | "null")
        {
            self.out.push_str(text);
        } else if self.choices.next().is_some_and(|choice| choice % 2 == 0) {
            self.out.push_str(&Value::from(text).to_string());
        } else {
            self.out.push('\'');
            self.out.push_str(&text.replace('\\', "\\\\").replace('\'', "\\'"));
            self.out.push('\'');
        }
    }

    fn members<T>(
        &mut self,
        brackets: [char; 2],
        members: impl Iterator<Item = T>,
        mut print: impl FnMut(&mut Self, T),
    ) {
        self.out.push(brackets[0]);
        let mut members = members.peekable();
        while let Some(member) = members.next() {
            self.blank();
            print(self, member);
            self.blank();
            let separators = [",", "，", ";", "；", ""];
            self.one_of(&separators[..if members.peek().is_some() { 4 } else { 5 }]);
        }
        self.blank();
        self.out.push(brackets[1]);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(elements) => self.members(['[', ']'], elements.iter(), Self::value),
            Value::Object(members) => self.members(['{', '}'], members.iter(), |printer, (key, value)| {
                printer.text(key);
                printer.blank();
                printer.one_of(&[":", "："]);
                printer.blank();
                printer.value(value);
            }),
            scalar => self.out.push_str(&scalar.to_string()),
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_json_afterwards_or_an_error(text in prop_oneof![".*", "[\\[\\]{}'\":;,：，/*\\\\a0-9ue+. \n-]{0,40}"]) {
        if let Ok(strict) = to_strict(&text, DEEPEST) {
            prop_assert!(serde_json::from_str::<Value>(&strict).is_ok(), "{strict}");
            prop_assert!(strict.len() <= 6 * text.len() + 2);
        }
        let _ = check_depth(&text, 2);
    }

    #[test]
    fn strict_json_keeps_its_meaning(value in any_value()) {
        for text in [value.to_string(), format!("{value:#}")] {
            let read: Value = serde_json::from_str(&text).unwrap();
            let rewritten: Value = serde_json::from_str(&to_strict(&text, DEEPEST).unwrap()).unwrap();
            prop_assert_eq!(rewritten, read);
        }
    }

    #[test]
    fn relaxed_json_means_the_same(value in any_value(), choices in prop::collection::vec(any::<u8>(), 1..60)) {
        let mut printer = Relaxed { choices: choices.iter().cycle(), out: String::new() };
        printer.value(&value);
        let read: Value = serde_json::from_str(&value.to_string()).unwrap();
        let rewritten = to_strict(&printer.out, DEEPEST);
        prop_assert!(rewritten.is_ok(), "{}: {:?}", printer.out, rewritten);
        prop_assert_eq!(serde_json::from_str::<Value>(&rewritten.unwrap()).unwrap(), read, "{}", printer.out);
    }
}
