//! Phone numbers half hidden: enough to recognise, too little to call.
//!
//! Of every number the four digits before the last four are hidden, wherever it stands, so that two
//! spellings of one number do not complete each other. What is no number of a known form is recognised where
//! a number is expected ([`mask`]), and in the texts of the customer who has it ([`Known`]).

mod hidden;
mod numbers;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

pub use hidden::{Hidden, Unclear, restore_alike};
use numbers::{is_digit, known_numbers, numbers};

use super::ids::is_id;
use super::phone::{self, Home, SHORTEST_TAIL};

/// Last digits that stay; as many before them are hidden.
pub const SHOWN: usize = 4;
/// Last digits that stay of a number that is too short to show more.
const SHOWN_OF_SHORT: usize = 2;
/// The most digits beside a number that are taken for its extension.
const LONGEST_EXTENSION: usize = 6;
/// What is hidden can make a number of what stood beside it, but hardly so often.
const MOST_PASSES: usize = 4;

/// Returns a phone number with its middle hidden: `138****8888`. Of a short number only the end stays, of one
/// of no known form the first and last four digits; of several numbers in one, none is left.
#[must_use]
pub fn mask(phone: &str) -> String {
    let digits = phone.chars().filter(|c| is_digit(*c)).count();
    let numbers = numbers(phone);
    if numbers.is_empty() {
        return hide(phone, digits.saturating_sub(2 * SHOWN).min(SHOWN), digits);
    }
    let inside = |range: &Range<usize>| phone.get(range.clone()).unwrap_or_default().chars().filter(|c| is_digit(*c));
    let beside = digits - numbers.iter().map(|range| inside(range).count()).sum::<usize>();
    let is_inside = |at: usize| numbers.iter().any(|range| range.contains(&at));
    let masked = hide_all(phone, &numbers);
    if beside <= LONGEST_EXTENSION {
        return mask_text(&masked).into_owned();
    }
    // Character by character: what is masked has as many as before, but not as many bytes.
    let both = phone.char_indices().zip(masked.chars());
    both.map(|((at, _), c)| if is_digit(c) && !is_inside(at) { '*' } else { c }).collect()
}

/// Returns a text with all numbers in it masked that read like telephone numbers.
///
/// People write numbers into names and remarks. Mobiles, numbers with an area code or `+`, and 400 numbers
/// are recognised, also in groups (`138 1234 5678`); dates, times, ids and longer runs of digits are left alone.
#[must_use]
pub fn mask_text(text: &str) -> Cow<'_, str> {
    if is_id(text) {
        return Cow::Borrowed(text);
    }
    repeated(text, numbers)
}

/// Returns a JSON text with all numbers masked that stand in its strings.
#[must_use]
pub fn mask_json(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    let mut rest = 0;
    while let Some(quote) = json.get(rest..).and_then(|tail| tail.find('"')) {
        let start = rest + quote + 1;
        let end = end_of_string(json, start);
        if let Some(hidden) = mask_string(json, start, end) {
            masked.push_str(json.get(copied..start).unwrap_or_default());
            masked.push_str(&hidden);
            copied = end;
        }
        rest = end + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    masked.push_str(json.get(copied..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Masks all numbers in the strings of the JSON text that begins at `start`, or in its middle: the rest of an
/// object whose beginning is not to be masked.
pub fn mask_from(json: &mut Vec<u8>, start: usize) {
    let rest = json.get(start..).and_then(|rest| std::str::from_utf8(rest).ok());
    if let Some(Cow::Owned(masked)) = rest.map(mask_json) {
        json.truncate(start);
        json.extend_from_slice(masked.as_bytes());
    }
}

/// The string between two quotes of a JSON text, masked, if there is a number in it.
fn mask_string(json: &str, start: usize, end: usize) -> Option<String> {
    let string = json.get(start..end)?;
    // An escape has digits of its own, and a line break in it may stand inside of a number.
    let plain =
        string.contains('\\').then(|| serde_json::from_str::<String>(json.get(start - 1..=end)?).ok()).flatten();
    let Some(plain) = plain else {
        return match mask_text(string) {
            Cow::Owned(masked) => Some(masked),
            Cow::Borrowed(_) => None,
        };
    };
    let Cow::Owned(masked) = mask_text(&plain) else { return None };
    let quoted = Value::from(masked).to_string();
    quoted.get(1..quoted.len() - 1).map(str::to_owned)
}

/// Where the string ends whose first character stands at `start`.
fn end_of_string(json: &str, start: usize) -> usize {
    let mut escaped = false;
    let string = json.as_bytes().get(start..).unwrap_or_default();
    let quote = string.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    quote.map_or(json.len(), |quote| start + quote)
}

/// The numbers of a customer, recognised in the customer's own texts whatever their form: `138900010001` alone
/// could be an order, but not beside the phone of that number. They have at least seven digits.
#[derive(Debug, Default)]
pub struct Known {
    /// The last digits of each.
    digits: Vec<String>,
}

impl Known {
    #[must_use]
    pub fn of<'p>(phones: impl Iterator<Item = &'p str>, home: &Home) -> Self {
        let tails = |typed: &str| match phone::read(typed, home) {
            Ok(phones) => phones.iter().map(phone::Phone::tail).collect(),
            // What is stored since before it would be refused.
            Err(_) => vec![phone::tail_of(&typed.chars().map(phone::half_width).collect::<String>())],
        };
        let digits = phones.flat_map(tails).filter(|tail| tail.len() >= SHORTEST_TAIL);
        Self { digits: digits.map(|tail| tail.chars().rev().collect()).collect() }
    }

    /// Returns a text of the customer with these numbers and all others masked.
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        repeated(text, |text| self.find(text))
    }

    /// Where numbers stand in a text, in order.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let known = known_numbers(text, &self.digits);
        if known.is_empty() { numbers(text) } else { known }
    }

    /// Returns a value of the customer, in which a number may be a JSON number, too; masked, it is a text.
    #[must_use]
    pub fn mask_value(&self, value: &Value) -> Value {
        let text = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(number) => Cow::Owned(number.to_string()),
            other => return other.clone(),
        };
        match self.mask(&text) {
            Cow::Owned(masked) => Value::String(masked),
            Cow::Borrowed(_) => value.clone(),
        }
    }
}

impl Known {
    /// Returns a value with the numbers masked in all that is within.
    #[must_use]
    pub fn mask_within(&self, value: &Value) -> Value {
        let within = |value| self.mask_within(value);
        match value {
            Value::Array(values) => values.iter().map(within).collect(),
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), within(value))).collect(),
            value => self.mask_value(value),
        }
    }
}

/// Hides what `find` finds until it finds nothing more, so that what is masked stays as it is when it is
/// masked again.
fn repeated(text: &str, find: impl Fn(&str) -> Vec<Range<usize>>) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for _ in 0..MOST_PASSES {
        let found = find(&masked);
        if found.is_empty() {
            break;
        }
        masked = Cow::Owned(hide_all(&masked, &found));
    }
    masked
}

/// Hides the middle of each of these pieces, which stand in order.
fn hide_all(text: &str, numbers: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for number in numbers {
        masked.push_str(text.get(copied..number.start).unwrap_or_default());
        let number_text = text.get(number.clone()).unwrap_or_default();
        let digits = number_text.chars().filter(|c| is_digit(*c)).count();
        masked.push_str(&hide(number_text, digits.saturating_sub(2 * SHOWN), digits));
        copied = number.end;
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// Hides the digits of a number from the one at `from` to the last that are shown.
fn hide(number: &str, from: usize, digits: usize) -> String {
    let to = digits.saturating_sub(if digits < 2 * SHOWN { SHOWN_OF_SHORT } else { SHOWN });
    let mut nth = 0;
    let hide = |c: char| {
        if !is_digit(c) {
            return c;
        }
        nth += 1;
        if (from..to).contains(&(nth - 1)) { '*' } else { c }
    };
    number.chars().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::CHINA;

    #[test]
    fn the_middle_is_hidden() {
        for (phone, masked) in [
            ("13888888888", "138****8888"),
            ("13812345678-801", "138****5678-801"),
            ("010-62345678转801234", "010-****5678转801234"),
            ("13812345678 / 13987654321", "138****5678 / 139****4321"),
            ("13812345678,7654321", "138****5678,*******"),
            ("7654321,1234567", "7654***,***4567"),
            ("1a3b8c1d2e3f4g5h6i7j8k", "1a3b8c*d*e*f*g5h6i7j8k"),
            ("+86 138 1234 5678", "+86 138 **** 5678"),
            ("010-62345678", "010-****5678"),
            ("62345678", "****5678"),
            ("138900010001", "1389****0001"),
            ("１３８１２３４５６７８", "１３８****５６７８"),
            ("95588", "***88"),
            ("7654321", "*****21"),
            ("12", "12"),
            ("", ""),
        ] {
            assert_eq!(mask(phone), masked);
        }
    }

    #[test]
    fn numbers_in_texts_are_masked_and_nothing_else() {
        for (text, masked) in [
            ("张三13812345678", "张三138****5678"),
            ("回电138-1234-5678，或 010 6234 5678", "回电138-****-5678，或 010 **** 5678"),
            ("13812345678 13987654321", "138****5678 139****4321"),
            ("13812345678-801", "138****5678-801"),
            ("+1 (650) 253-0000", "+1 (65*) ***-0000"),
            ("+8613812345678,400-800-1234", "+86138****5678,40*-***-1234"),
            ("１３８１２３４５６７８", "１３８****５６７８"),
            ("138·1234·5678 138/1234/5678", "138·****·5678 138/****/5678"),
            ("138\u{a0}1234\n5678", "138\u{a0}****\n5678"),
            ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"),
            ("1\u{fe0f}\u{20e3}3812345678", "1\u{fe0f}\u{20e3}38****5678"),
            ("138 - 1234 - 5678", "138 - **** - 5678"),
            ("*13812345678*", "*138****5678*"),
            ("3:00 138 1234 5678", "3:00 138 **** 5678"),
            ("+ 1 650 253 0000", "+ 1 65* *** 0000"),
            ("138 1234 5678 901234", "138 **** 5678 901234"),
        ] {
            assert_eq!(mask_text(text), masked.replace("40*-***-1234", &mask("400-800-1234")), "{text}");
        }
        for text in [
            "2026-11-21 10:00",
            "0000041e0000000000000001",
            "000000000000041e0000000000000001",
            "002-0000041e-0000-4000-8000-000000000001",
            "2026-11-21T10:00:00.000+08:00",
            "20261121100000123456",
            "订单 110105199001011234",
            "13,812,345",
            "2026-01-13 14:25:30 2026-01-14",
            "9:00-18:00 2026-11-21",
            "4,000,000,000",
            "共 12345678 元",
            "",
        ] {
            assert_eq!(mask_text(text), text);
        }
    }

    #[test]
    fn json_is_masked_in_its_strings_only() {
        assert_eq!(
            mask_json(r#"{"a":13812345678,"b":"x\"13812345678","\\":["13812345678"]}"#),
            r#"{"a":13812345678,"b":"x\"138****5678","\\":["138****5678"]}"#
        );
        assert_eq!(mask_json(r#"["138\n1234\t5678"]"#), r#"["138\n****\t5678"]"#);
        assert_eq!(mask_json(r#"["\u000113812345678","\u00001381"]"#), r#"["\u0001138****5678","\u00001381"]"#);
        assert_eq!(mask_json(r#"{"a":"b"}"#), r#"{"a":"b"}"#);
        assert_eq!(mask_json(r#"{"a":"b"#), r#"{"a":"b"#);
    }

    #[test]
    fn the_own_numbers_are_masked_whatever_their_form() {
        let known = Known::of(["138900010001", "765-4321", "010-62345678转801", "95588"].into_iter(), &CHINA);
        for (text, masked) in [
            ("张三138900010001", "张三1389****0001"),
            ("x7654321 9765/43210 7 6 5 4 3 2 1", "x*****21 9***/**210 * * * * * 2 1"),
            ("01062345678", "010****5678"),
            ("95588 62345678", "95588 62345678"),
            ("13912345678 7654321", "139****5678 *****21"),
        ] {
            assert_eq!(known.mask(text), masked, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_masked_stays_as_it_is(text in "([0-9+０-９*]{0,6}[ -/:,转]{0,2}){0,8}", own in "[0-9]{7,12}") {
            let known = Known::of([own.as_str()].into_iter(), &CHINA);
            let masked = known.mask(&text).into_owned();
            proptest::prop_assert_eq!(masked.chars().count(), text.chars().count());
            proptest::prop_assert_eq!(known.mask(&masked), masked.as_str());
            proptest::prop_assert_eq!(mask_text(&masked), masked.as_str());
            let phone = mask(&text);
            proptest::prop_assert_eq!(phone.chars().count(), text.chars().count());
            proptest::prop_assert_eq!(mask_text(&phone), phone.as_str());
        }

        #[test]
        fn whatever_is_masked_stays_json(text in r#"(?s)([0-9]{1,5}|.|[\\"\x00-\x1f]){0,40}"#) {
            let json = serde_json::json!({ "a": text }).to_string();
            let masked: Value = serde_json::from_str(&mask_json(&json)).unwrap();
            proptest::prop_assert_eq!(masked["a"].as_str().unwrap().chars().count(), text.chars().count());
        }

        #[test]
        fn a_mobile_is_found_however_it_is_grouped(cuts in proptest::collection::vec(0_usize..4, 4), before in "[一-龥a-z：]{0,4}") {
            let signs = ["", " ", "-", "."];
            let [a, b, c, d] = ["138", "12", "34", "5678"];
            let number = format!("{a}{}{b}{}{c}{}{d}", signs[cuts[0]], signs[cuts[1]], signs[cuts[2]]);
            let text = format!("{before}{number}。");
            let masked = mask_text(&text).into_owned();
            let digits: String = masked.chars().filter(char::is_ascii_digit).collect();
            proptest::prop_assert_eq!(digits, "1385678");
        }
    }
}
