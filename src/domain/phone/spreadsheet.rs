//! Numbers as spreadsheets write them: with a point, with an exponent, or with an apostrophe that says "text".

use std::borrow::Cow;

use super::{Unreadable, half_width};

/// Fewer digits before a point are a part of a number that is written in groups.
const SHORTEST_WHOLE: usize = 7;

/// Returns the digits that a spreadsheet's number stands for; any other text as it is.
pub(super) fn number(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    let text = text.trim_start_matches(['\'', '’', '‘', '＇']).trim_start();
    let narrow: String = text.chars().map(half_width).collect();
    let (is_negative, plain) = narrow.strip_prefix(['-', '−']).map_or((false, narrow.as_str()), |plain| (true, plain));
    if is_negative && !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(Unreadable::Quantity);
    }
    if let Some(digits) = scientific(plain)? {
        return if is_negative { Err(Unreadable::Quantity) } else { Ok(digits.into()) };
    }
    match plain.split_once('.') {
        Some((whole, fraction)) if whole.len() >= SHORTEST_WHOLE && is_digits(whole) && is_digits(fraction) => {
            if fraction.bytes().all(|byte| byte == b'0') {
                Ok(whole.to_owned().into())
            } else {
                Err(Unreadable::Quantity)
            }
        }
        _ => Ok(text.into()),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The whole number that `1.3512345678E+10` stands for. One that has fewer digits than the number has lost the others.
fn scientific(text: &str) -> Result<Option<String>, Unreadable> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Ok(None) };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_mantissa = whole.len() == 1 && is_digits(whole) && (fraction.is_empty() || is_digits(fraction));
    let (sign, power) = match exponent.strip_prefix('-') {
        Some(power) => (-1, power),
        None => (1, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    if !is_mantissa || !is_digits(power) || power.len() > 3 {
        return Ok(None);
    }
    let power: usize = power.parse().map_err(|_| Unreadable::NotANumber)?;
    if sign < 0 {
        return Err(Unreadable::Quantity);
    }
    let kept = fraction.trim_end_matches('0');
    match kept.len().cmp(&power) {
        std::cmp::Ordering::Greater => Err(Unreadable::Quantity),
        std::cmp::Ordering::Less if fraction.len() < power => Err(Unreadable::Rounded),
        _ => Ok(fraction.get(..power).map(|digits| format!("{whole}{digits}"))),
    }
}
