//! Times as people and programs write them: the forms of forms, spreadsheets, databases and languages, as far as each has
//! one meaning. What has two, or none, is refused with what is allowed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::SECOND;
use crate::domain::phone::half_width;

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// None of the forms that are read.
    Form,
    /// The year comes first, and has four digits.
    Year,
    /// The calendar has no such day.
    Day,
    /// The clock has no such time.
    Clock,
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (zh, en) = match self {
            Self::Form => ("无法识别的时间", "not read as a time"),
            Self::Year => ("年份在前，且为四位", "the year comes first, with four digits"),
            Self::Day => ("没有这一天", "there is no such day"),
            Self::Clock => ("没有这个钟点", "there is no such time of day"),
        };
        write!(
            f,
            "{zh}，可写 2017-05-03 14:44:00、2017/5/3 14:44、2017.5.3、2017年5月3日、2017-05-03T14:44:00+08:00、Unix 秒或毫秒 / {en}: \
             write 2017-05-03 14:44:00, 2017/5/3 14:44, 2017.5.3, 2017年5月3日, 2017-05-03T14:44:00+08:00, or Unix seconds \
             or milliseconds"
        )
    }
}

/// Reads a time in this time zone, unless it says its own. A day alone is its beginning; a time that a clock change left
/// out moves forward, and of one that comes twice, the first is meant.
pub fn parse(text: &str, zone: &TimeZone) -> Result<i64, Unclear> {
    let text: String = text.trim().chars().map(half_width).collect();
    if let Some(micros) = unix(&text) {
        return Ok(micros);
    }
    let mut reader = Reader { rest: &text };
    let date = reader.date()?;
    let (time, offset) = reader.time()?;
    let local = DateTime::from_parts(date, time);
    let at = match offset {
        Some(offset) => offset.to_timestamp(local),
        None => zone.to_timestamp(local),
    };
    at.map(Timestamp::as_microsecond).map_err(|_| Unclear::Day)
}

/// Whether a time says by itself which one it is: it has an offset, or counts from 1970.
#[must_use]
pub fn is_instant(text: &str) -> bool {
    let text: String = text.trim().chars().map(half_width).collect();
    let mut reader = Reader { rest: &text };
    unix(&text).is_some() || reader.date().is_ok() && matches!(reader.time(), Ok((_, Some(_))))
}

/// Reads a day, in the same forms; of a time, the day that it is in this time zone.
pub fn date(text: &str, zone: &TimeZone) -> Result<Date, Unclear> {
    let at = Timestamp::from_microsecond(parse(text, zone)?).map_err(|_| Unclear::Day)?;
    Ok(zone.to_datetime(at).date())
}

/// Seconds, with a fraction or without, and milliseconds since 1970: as many digits as the times of this age have. Of
/// another number it is not sure what it counts.
fn unix(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        10 => Some(number * SECOND + micros(fraction)),
        13 if !text.contains('.') => Some(number * (SECOND / 1000)),
        _ => None,
    }
}

/// The microseconds of a fraction's digits.
fn micros(digits: &str) -> i64 {
    format!("{digits:0<6.6}").parse().unwrap_or(0)
}

/// What is left to read.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The digits that come next, blanks before them left out.
    fn digits(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        self.rest = rest;
        digits
    }

    /// Digits of these lengths, if all that come next are as many as they together.
    fn packed<const N: usize>(&mut self, lengths: [usize; N], all: &[usize]) -> Option<[&'a str; N]> {
        let rest = self.rest.trim_start();
        let run = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if !all.contains(&run) {
            return None;
        }
        let (mut rest, mut parts) = (rest, [""; N]);
        for (part, length) in parts.iter_mut().zip(lengths) {
            (*part, rest) = rest.split_at_checked(length)?;
        }
        self.rest = rest;
        Some(parts)
    }

    /// Takes one of these signs if it comes next, blanks before it left out.
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        let rest = self.rest.trim_start();
        let sign = rest.chars().next().filter(|sign| signs.contains(sign))?;
        self.rest = rest.strip_prefix(sign)?;
        Some(sign)
    }

    /// Takes this word if it comes next, in any case.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
        if found {
            self.rest = rest.get(word.len()..).unwrap_or_default();
        }
        found
    }

    fn date(&mut self) -> Result<Date, Unclear> {
        // 20170503, 20170503144400
        if let Some([year, month, day]) = self.packed([4, 2, 2], &[8, 14]) {
            return calendar(year, month, day);
        }
        let year = self.digits();
        let sign = self.sign(&['-', '/', '.', '年']).filter(|_| !year.is_empty()).ok_or(Unclear::Form)?;
        let month = self.digits();
        self.sign(&[if sign == '年' { '月' } else { sign }]).ok_or(Unclear::Form)?;
        let day = self.digits();
        if sign == '年' {
            self.sign(&['日', '号']).ok_or(Unclear::Form)?;
        }
        calendar(year, month, day)
    }

    /// The time of day, and how far its clock is from UTC if it says so. Nothing is midnight.
    fn time(&mut self) -> Result<(Time, Option<Offset>), Unclear> {
        if self.rest.trim().is_empty() {
            return Ok((Time::midnight(), None));
        }
        self.sign(&['T', 't']);
        let mut half = self.half_of_day();
        let (hour, minute, mut second) = self.hour_and_minute()?;
        let mut fraction = "";
        if second.is_none() && self.sign(&[':', '分']).is_some() {
            second = Some(self.digits());
        }
        if second.is_some_and(|second| !second.is_empty()) && self.sign(&['.', ',']).is_some() {
            fraction = self.digits();
        }
        self.sign(&['秒', '分']);
        half = half.or_else(|| self.half_of_day());
        let offset = self.offset()?;
        if !self.rest.trim().is_empty() {
            return Err(Unclear::Form);
        }
        let nanos = format!("{fraction:0<9.9}").parse().map_err(|_| Unclear::Form)?;
        let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| Unclear::Clock) };
        let hour = of_day(number(hour)?, half)?;
        let time = Time::new(hour, number(minute)?, number(second.unwrap_or_default())?, nanos);
        Ok((time.map_err(|_| Unclear::Clock)?, offset))
    }

    /// Hours and minutes, and seconds if they stand without a sign between them.
    fn hour_and_minute(&mut self) -> Result<(&'a str, &'a str, Option<&'a str>), Unclear> {
        // 144400, 1444
        if let Some([hour, minute, second]) = self.packed([2, 2, 2], &[6]) {
            return Ok((hour, minute, Some(second)));
        }
        if let Some([hour, minute]) = self.packed([2, 2], &[4]) {
            return Ok((hour, minute, None));
        }
        let hour = self.digits();
        let sign = self.sign(&[':', '时', '点']).ok_or(Unclear::Form)?;
        let minute = self.digits();
        // Of 14时 the minute may be left out.
        if hour.is_empty() || (minute.is_empty() && sign == ':') {
            return Err(Unclear::Form);
        }
        Ok((hour, minute, None))
    }

    fn half_of_day(&mut self) -> Option<Half> {
        let halves = [("上午", Half::First), ("下午", Half::Second), ("AM", Half::First), ("PM", Half::Second)];
        halves.into_iter().find(|(word, _)| self.word(word)).map(|(_, half)| half)
    }

    fn offset(&mut self) -> Result<Option<Offset>, Unclear> {
        let is_utc = self.sign(&['Z', 'z']).is_some() || self.word("UTC") || self.word("GMT");
        let Some(sign) = self.sign(&['+', '-']) else { return Ok(is_utc.then_some(Offset::UTC)) };
        let (hours, minutes) = match self.packed([2, 2], &[4]) {
            Some([hours, minutes]) => (hours, minutes),
            None => (self.digits(), if self.sign(&[':']).is_some() { self.digits() } else { "0" }),
        };
        let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number < 60).ok_or(Unclear::Form);
        let seconds = number(hours)? * 3600 + number(minutes)? * 60;
        let offset = Offset::from_seconds(if sign == '-' { -seconds } else { seconds }).map_err(|_| Unclear::Form)?;
        // Java says which zone that is, too.
        if let Some(name) = self.rest.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            && !name.is_empty()
        {
            self.rest = "";
        }
        Ok(Some(offset))
    }
}

/// Before noon or after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    First,
    Second,
}

/// The hour of the day that an hour is in this half.
fn of_day(hour: i8, half: Option<Half>) -> Result<i8, Unclear> {
    match half {
        Some(half) if (0..=12).contains(&hour) => Ok(hour % 12 + if half == Half::Second { 12 } else { 0 }),
        Some(Half::First) => Err(Unclear::Clock),
        // 下午14:44 says it twice.
        Some(Half::Second) | None => Ok(hour),
    }
}

fn calendar(year: &str, month: &str, day: &str) -> Result<Date, Unclear> {
    if month.is_empty() || day.is_empty() {
        return Err(Unclear::Form);
    }
    // What counts from the beginning of the calendar is no time that somebody meant.
    let year = year.parse().ok().filter(|number| year.len() == 4 && *number >= 1000).ok_or(Unclear::Year)?;
    let number = |text: &str| text.parse().map_err(|_| Unclear::Day);
    Date::new(year, number(month)?, number(day)?).map_err(|_| Unclear::Day)
}
