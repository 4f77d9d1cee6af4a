//! Phone numbers half hidden: enough to recognise, too little to call.

use std::borrow::Cow;

use super::phone::half_width;

/// Last digits that stay; as many before them are hidden.
pub const SHOWN: usize = 4;
/// Last digits that stay of a number that is too short to show more.
const SHOWN_OF_SHORT: usize = 2;

/// Returns a phone number with its middle hidden: `138****8888`. Of a short number only the end stays.
#[must_use]
pub fn mask(phone: &str) -> String {
    let digits = phone.chars().filter(|c| half_width(*c).is_ascii_digit()).count();
    let shown = if digits < 2 * SHOWN { SHOWN_OF_SHORT } else { SHOWN };
    let hidden_from = digits.saturating_sub(2 * SHOWN);
    let hidden_to = digits.saturating_sub(shown);
    let mut nth = 0;
    let hide = |c: char| {
        if !half_width(c).is_ascii_digit() {
            return c;
        }
        nth += 1;
        if (hidden_from..hidden_to).contains(&(nth - 1)) { '*' } else { c }
    };
    phone.chars().map(hide).collect()
}

/// Returns a text with all numbers in it masked that read like telephone numbers.
///
/// People write numbers into names and remarks. Mobiles, numbers with an area code or `+`, and 400 numbers
/// are recognised, also in groups (`138 1234 5678`); dates, times and longer runs of digits are left alone.
#[must_use]
pub fn mask_text(text: &str) -> Cow<'_, str> {
    if text.chars().filter(|c| half_width(*c).is_ascii_digit()).count() < SHORTEST {
        return Cow::Borrowed(text);
    }
    let groups = groups(text);
    let mut masked = String::new();
    let mut copied = 0;
    let mut first = 0;
    while first < groups.len() {
        let Some((last, start, end)) = number_at(text, &groups, first) else {
            first += 1;
            continue;
        };
        masked.push_str(text.get(copied..start).unwrap_or_default());
        masked.push_str(&mask(text.get(start..end).unwrap_or_default()));
        copied = end;
        first = last + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(masked)
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
        let string = json.get(start..end).unwrap_or_default();
        if let Cow::Owned(hidden) = mask_text(string) {
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

/// The fewest digits of a number that is recognised in a text.
const SHORTEST: usize = 8;
/// The most groups that a number is written in.
const MOST_GROUPS: usize = 6;

/// A run of digits.
struct Group {
    start: usize,
    end: usize,
    digits: String,
    follows_plus: bool,
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let plain = half_width(c);
        if plain.is_ascii_digit() {
            let end = at + c.len_utf8();
            match groups.last_mut().filter(|group| group.end == at) {
                Some(group) => {
                    group.digits.push(plain);
                    group.end = end;
                }
                None => groups.push(Group { start: at, end, digits: plain.into(), follows_plus: before == '+' }),
            }
        }
        before = plain;
    }
    groups
}

/// The number that begins with this group, if one does: its last group, and where in the text it stands.
fn number_at(text: &str, groups: &[Group], first: usize) -> Option<(usize, usize, usize)> {
    let head = groups.get(first)?;
    let mut found = None;
    let mut digits = String::new();
    for (index, group) in groups.iter().enumerate().skip(first).take(MOST_GROUPS) {
        if index > first {
            let gap = text.get(groups.get(index - 1)?.end..group.start)?;
            if !is_joint(gap) || group.follows_plus {
                break;
            }
        }
        digits.push_str(&group.digits);
        if is_number(&digits, head.follows_plus) {
            found = Some((index, head.start, group.end));
            // A number in one piece is a number, whatever follows it.
            if index == first {
                break;
            }
        }
    }
    found
}

/// Whether this can stand between two groups of one number.
fn is_joint(gap: &str) -> bool {
    let mut signs = gap.chars().map(half_width);
    gap.chars().count() <= 2 && signs.all(|c| matches!(c, ' ' | '-' | '.' | '(' | ')' | '‐'..='―'))
}

fn is_number(digits: &str, follows_plus: bool) -> bool {
    let is_mobile = |digits: &str| digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
    let national = ["0086", "86", "0"].into_iter().find_map(|prefix| {
        let rest = digits.strip_prefix(prefix)?;
        is_mobile(rest).then_some(())
    });
    let is_landline = matches!(digits.as_bytes(), [b'0', b'1'..=b'9', ..]) && (10..=12).contains(&digits.len());
    let is_service = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    let is_international = (follows_plus || digits.starts_with("00")) && (SHORTEST..=17).contains(&digits.len());
    is_mobile(digits) || national.is_some() || is_landline || is_service || is_international
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_hidden() {
        for (phone, masked) in [
            ("13888888888", "138****8888"),
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
        ] {
            assert_eq!(mask_text(text), masked.replace("40*-***-1234", &mask("400-800-1234")), "{text}");
        }
        for text in [
            "2026-11-21 10:00",
            "2026-11-21T10:00:00.000+08:00",
            "20261121100000123456",
            "订单 110105199001011234",
            "13,812,345",
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
        assert_eq!(mask_json(r#"{"a":"b"}"#), r#"{"a":"b"}"#);
        assert_eq!(mask_json(r#"{"a":"b"#), r#"{"a":"b"#);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_masked_stays_json(text in ".*") {
            let json = serde_json::json!({ "a": text }).to_string();
            let masked: serde_json::Value = serde_json::from_str(&mask_json(&json)).unwrap();
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
