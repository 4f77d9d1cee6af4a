//! Times as the wire writes them. Inside, a time is microseconds since 1970 (UTC).

mod reading;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use reading::{Unclear, date, is_instant, parse};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a quarter of an hour: no time zone is off by less.
pub const QUARTER: i64 = 15 * 60 * SECOND;

/// Returns `YYYY-MM-DD HH:mm` in this time zone, as customers show times.
#[must_use]
pub fn to_minute(micros: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(micros) else { return String::new() };
    let at = zone.to_datetime(at);
    let mut text = String::with_capacity(16);
    // Negative years are before anybody called.
    let year = u16::try_from(at.year()).unwrap_or_default();
    push_pair(&mut text, u8::try_from(year / 100).unwrap_or_default());
    push_pair(&mut text, u8::try_from(year % 100).unwrap_or_default());
    for (joint, part) in [('-', at.month()), ('-', at.day()), (' ', at.hour()), (':', at.minute())] {
        text.push(joint);
        push_pair(&mut text, part.unsigned_abs());
    }
    text
}

/// Appends a number below 100 with two digits.
fn push_pair(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

/// Returns `YYYY-MM-DD HH:mm:ss` in this time zone.
#[must_use]
pub fn to_second(micros: i64, zone: &TimeZone) -> String {
    zoned(micros, zone).map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Returns ISO 8601 with milliseconds and offset in this time zone, as feeds show times.
#[must_use]
pub fn to_iso(micros: i64, zone: &TimeZone) -> String {
    zoned(micros, zone).map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string())
}

/// Returns the day in this time zone.
#[must_use]
pub fn day(micros: i64, zone: &TimeZone) -> Option<Date> {
    Some(zoned(micros, zone)?.date())
}

fn zoned(micros: i64, zone: &TimeZone) -> Option<jiff::Zoned> {
    Some(Timestamp::from_microsecond(micros).ok()?.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests;
