//! Times as the wire writes them. Inside, a time is microseconds since 1970 (UTC).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// Returns `YYYY-MM-DD HH:mm` in this time zone, as customers show times.
#[must_use]
pub fn to_minute(micros: i64, zone: &TimeZone) -> String {
    let Some(at) = zoned(micros, zone) else { return String::new() };
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
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

/// Reads a time in this time zone: `YYYY-MM-DD HH:mm`, with seconds, the day alone, or ISO 8601 with or
/// without an offset. `None` when it is none of these.
#[must_use]
pub fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let local: DateTime = match text.parse::<DateTime>() {
        Ok(local) => local,
        Err(_) => text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
    };
    Some(local.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// Whether a time says by itself which one it is: it has an offset, or counts from 1970.
#[must_use]
pub fn is_instant(text: &str) -> bool {
    let text = text.trim();
    text.parse::<Timestamp>().is_ok() || text.bytes().all(|byte| byte.is_ascii_digit())
}

fn zoned(micros: i64, zone: &TimeZone) -> Option<jiff::Zoned> {
    Some(Timestamp::from_microsecond(micros).ok()?.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn minutes_and_iso_are_written_as_the_document_prints_them() {
        let at = parse("2016-03-02T15:04:05.000+08:00", &shanghai()).unwrap();
        assert_eq!(to_iso(at, &shanghai()), "2016-03-02T15:04:05.000+08:00");
        assert_eq!(to_minute(at, &shanghai()), "2016-03-02 15:04");
        assert_eq!(to_iso(at + 7_000, &TimeZone::UTC), "2016-03-02T07:04:05.007+00:00");
    }

    #[test]
    fn local_times_are_read_in_the_zone() {
        for text in ["2017-05-03 14:44", "2017-05-03T14:44:00", " 2017-05-03 14:44:00 ", "2017-05-03T06:44:00Z"] {
            let at = parse(text, &shanghai()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(to_minute(at, &shanghai()), "2017-05-03 14:44", "{text}");
        }
        assert_eq!(to_minute(parse("2017-05-03", &shanghai()).unwrap(), &shanghai()), "2017-05-03 00:00");
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in ["", "yesterday", "2017-13-01 00:00", "25:00", "99999999999"] {
            assert_eq!(parse(text, &shanghai()), None, "{text}");
        }
    }
}
