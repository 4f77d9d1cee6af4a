//! Times as the wire writes them. Inside, a time is microseconds since 1970 (UTC).

mod reading;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

pub use reading::{Unclear, date, is_instant, parse};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a quarter of an hour: no time zone is off by less.
pub const QUARTER: i64 = 15 * 60 * SECOND;

/// Returns `YYYY-MM-DD HH:mm` in this time zone, as customers show times.
#[must_use]
pub fn to_minute(micros: i64, zone: &TimeZone) -> String {
    local(micros, zone).map_or_else(String::new, |(at, _)| text_of(at, ' '))
}

/// Returns a time to the minute, with this between day and hour.
fn text_of(at: DateTime, between: char) -> String {
    let mut text = String::with_capacity(29);
    // Negative years are before anybody called.
    let year = u16::try_from(at.year()).unwrap_or_default();
    push_pair(&mut text, u8::try_from(year / 100).unwrap_or_default());
    push_pair(&mut text, u8::try_from(year % 100).unwrap_or_default());
    for (joint, part) in [('-', at.month()), ('-', at.day()), (between, at.hour()), (':', at.minute())] {
        text.push(joint);
        push_pair(&mut text, part.unsigned_abs());
    }
    text
}

fn push_second(text: &mut String, at: DateTime) {
    text.push(':');
    push_pair(text, at.second().unsigned_abs());
}

/// Appends a number below 100 with two digits.
fn push_pair(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

/// Returns `YYYY-MM-DD HH:mm:ss` in this time zone.
#[must_use]
pub fn to_second(micros: i64, zone: &TimeZone) -> String {
    let Some((at, _)) = local(micros, zone) else { return String::new() };
    let mut text = text_of(at, ' ');
    push_second(&mut text, at);
    text
}

/// Returns ISO 8601 with milliseconds and offset in this time zone, as feeds show times.
#[must_use]
pub fn to_iso(micros: i64, zone: &TimeZone) -> String {
    let Some((at, offset)) = local(micros, zone) else { return String::new() };
    let mut text = text_of(at, 'T');
    push_second(&mut text, at);
    let millis = at.millisecond().unsigned_abs();
    text.push('.');
    text.push(char::from(b'0' + u8::try_from(millis / 100).unwrap_or_default()));
    push_pair(&mut text, u8::try_from(millis % 100).unwrap_or_default());
    text.push(if offset.is_negative() { '-' } else { '+' });
    let seconds = offset.seconds().unsigned_abs();
    let [hours, minutes, seconds] =
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map(|part| u8::try_from(part).unwrap_or_default());
    push_pair(&mut text, hours);
    text.push(':');
    push_pair(&mut text, minutes);
    // Clocks went by the sun once.
    if seconds > 0 {
        text.push(':');
        push_pair(&mut text, seconds);
    }
    text
}

/// Returns the day in this time zone.
#[must_use]
pub fn day(micros: i64, zone: &TimeZone) -> Option<Date> {
    Some(local(micros, zone)?.0.date())
}

/// Returns what clocks in this time zone show, and how far they are from UTC.
fn local(micros: i64, zone: &TimeZone) -> Option<(DateTime, Offset)> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    let offset = zone.to_offset(at);
    Some((offset.to_datetime(at), offset))
}

#[cfg(test)]
mod tests;
