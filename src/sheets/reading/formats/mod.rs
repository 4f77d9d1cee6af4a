//! Number formats of workbooks: what a number, a date or a time looks like in its cell.
//!
//! A date and a time come out in one spelling whatever the order that the format has, and a number without the commas
//! between its thousands: what is read goes into fields and not onto a screen. Source: ECMA-376 part 1, 18.8.30 and 18.8.31.

mod code;
mod decimal;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use code::{Piece, Section};
use decimal::Decimal;

/// How the numbers of a cell are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// For positive numbers, negative ones and zero; each only where the format has it.
    sections: Vec<Section>,
}

/// From which day a workbook counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// 1 is the first of January 1900, and that year has a 29 February.
    Year1900,
    /// 0 is the first of January 1904.
    Year1904,
}

/// Why it cannot be told what a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unshown {
    /// A format that is not understood.
    Format,
    /// More digits than a workbook keeps.
    Digits,
    /// No day of the calendar.
    Date,
}

impl Unshown {
    /// Returns it as people read it.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Format => {
                "数字格式无法照显示读取，请改成文本 / its number format cannot be read as it shows: make the cell text"
            }
            Self::Digits => {
                "数字超过 15 位，已不准确，请改成文本 / a number of more than 15 digits is not exact: make the cell text"
            }
            Self::Date => "不是有效的日期 / no day of the calendar",
        }
    }
}

/// The serial number of the day that 1900 did not have.
const LEAP_DAY_OF_1900: i64 = 60;
/// 31 December 9999.
const LAST_DAY: f64 = 2_958_465.0;
/// Seconds.
const DAY: f64 = 86_400.0;

impl Format {
    /// As it is.
    pub const GENERAL: Self = Self { sections: Vec::new() };

    /// Reads the code of a format, such as `#,##0.00;[Red]-0`.
    #[must_use]
    pub fn parse(code: &str) -> Self {
        Self { sections: code::sections(code) }
    }

    /// The format that has this number without a workbook's saying so; none for one that no program writes.
    #[must_use]
    pub fn built_in(id: u32) -> Self {
        Self::parse(match id {
            0 => "General",
            1 => "0",
            2 => "0.00",
            3 | 5 | 6 | 37 | 38 | 41 | 42 => "#,##0",
            4 | 7 | 8 | 39 | 40 | 43 | 44 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 | 48 => "0.00E+00",
            // Those from 27 on are the Chinese ones.
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
            18 | 20 | 32 | 34 | 55 => "hh:mm",
            19 | 21 | 33 | 35 | 45 | 47 | 56 => "hh:mm:ss",
            22 => "yyyy-mm-dd hh:mm",
            46 => "[h]:mm:ss",
            49 => "@",
            // Fractions, and what is not defined.
            _ => "# ?/?",
        })
    }

    /// Returns what a cell with this number shows.
    pub fn show(&self, number: &str, epoch: Epoch) -> Result<String, Unshown> {
        let Some(decimal) = Decimal::parse(number) else { return Ok(number.to_owned()) };
        let index = match self.sections.len() {
            2.. if decimal.is_negative() => 1,
            3.. if decimal.is_zero() => 2,
            _ => 0,
        };
        // One for negative numbers has a sign of its own, or says it by a colour alone.
        let signed = |shown: String| {
            let has_sign = index == 1 && shown.contains(['-', '−', '(', '（', '负']);
            if decimal.is_negative() && !has_sign { format!("-{shown}") } else { shown }
        };
        let Some(section) = self.sections.get(index) else { return general(&decimal).map(signed) };
        match section {
            Section::General { before, after } => {
                general(&decimal).map(|shown| signed(format!("{before}{shown}{after}")))
            }
            Section::Number { pieces, is_percent } => {
                let (shown, is_zero) = show_number(pieces, *is_percent, &decimal)?;
                Ok(if is_zero { shown } else { signed(shown) })
            }
            Section::Moment { has_date, has_time, has_seconds, is_span } => {
                let serial: f64 = number.trim().parse().map_err(|_| Unshown::Date)?;
                moment(serial, epoch, *is_span).and_then(|moment| match moment {
                    Moment::Span(length) => Ok(span(length)),
                    Moment::Time(time) if !has_date => Ok(clock(time, *has_seconds)),
                    Moment::Time(_) => Err(Unshown::Date),
                    Moment::At(at) if !has_date => Ok(clock(at.time(), *has_seconds)),
                    Moment::At(at) => Ok(spell(at, *has_time, *has_seconds)),
                })
            }
            Section::Unreadable => Err(Unshown::Format),
        }
    }

    /// Returns what a cell with this date shows, which is stored in the spelling of ISO 8601.
    pub fn show_iso(&self, stored: &str) -> Result<String, Unshown> {
        let stored = stored.trim().trim_end_matches('Z');
        if let Ok(at) = stored.parse::<DateTime>() {
            return Ok(match self.sections.first() {
                Some(Section::Moment { has_date: false, has_seconds, .. }) => clock(at.time(), *has_seconds),
                Some(Section::Moment { has_time, has_seconds, .. }) => spell(at, *has_time, *has_seconds),
                _ => spell(at, at.time() != Time::midnight(), at.second() != 0),
            });
        }
        stored.parse::<Time>().map(|time| clock(time, true)).map_err(|_| Unshown::Date)
    }
}

/// Returns a number in full and without its sign: 1.3900000001E10 is a telephone number.
fn general(decimal: &Decimal) -> Result<String, Unshown> {
    if decimal.has_more_than_15_digits() { Err(Unshown::Digits) } else { Ok(decimal.plain()) }
}

/// Returns a number without its sign, and whether there is nothing but zeros in it.
fn show_number(pieces: &[Piece], is_percent: bool, decimal: &Decimal) -> Result<(String, bool), Unshown> {
    if decimal.has_more_than_15_digits() {
        return Err(Unshown::Digits);
    }
    let point = pieces.iter().position(|piece| *piece == Piece::Point).unwrap_or(pieces.len());
    let (before, after) = pieces.split_at_checked(point).unwrap_or((pieces, &[]));
    let places = after.iter().filter(|piece| matches!(piece, Piece::Digit(_))).count();
    let (whole, fraction) = decimal.scaled(if is_percent { 2 } else { 0 }).rounded(places);
    let shown = whole_part(before, &whole) + &fraction_part(after, &fraction);
    let shown = shown.trim().to_owned();
    let has_digits = pieces.iter().any(|piece| matches!(piece, Piece::Digit(_)));
    match shown.as_str() {
        // As accounts write it.
        "-" if decimal.is_zero() => Ok(("0".to_owned(), true)),
        // The format hides what the cell holds.
        "" if !has_digits => Err(Unshown::Format),
        _ if has_digits => Ok((shown, whole.is_empty() && fraction.bytes().all(|digit| digit == b'0'))),
        _ => Ok((shown, true)),
    }
}

/// Fills digits in from the right; the first place takes all that are left.
fn whole_part(pieces: &[Piece], digits: &str) -> String {
    let mut left = digits.chars().rev();
    let mut places = pieces.iter().filter(|piece| matches!(piece, Piece::Digit(_))).count();
    let mut reversed: Vec<String> = Vec::with_capacity(pieces.len());
    for piece in pieces.iter().rev() {
        match piece {
            Piece::Literal(text) => reversed.push(text.clone()),
            Piece::Point => {}
            Piece::Digit(is_always) => {
                places -= 1;
                let digit = left.next().or(is_always.then_some('0'));
                let mut shown: Vec<char> = digit.into_iter().collect();
                if places == 0 {
                    shown.extend(left.by_ref());
                }
                reversed.push(shown.into_iter().rev().collect());
            }
        }
    }
    reversed.into_iter().rev().collect()
}

fn fraction_part(pieces: &[Piece], digits: &str) -> String {
    let significant = digits.trim_end_matches('0').len();
    let (mut shown, mut place, mut has_digits) = (String::new(), 0, false);
    for piece in pieces {
        match piece {
            Piece::Literal(text) => shown.push_str(text),
            Piece::Point => {}
            Piece::Digit(is_always) => {
                let digit = digits.get(place..=place).unwrap_or("0");
                if *is_always || place < significant {
                    if !has_digits {
                        shown.push('.');
                    }
                    has_digits = true;
                    shown.push_str(digit);
                }
                place += 1;
            }
        }
    }
    shown
}

enum Moment {
    At(DateTime),
    /// A time of the day without a day.
    Time(Time),
    Span(SignedDuration),
}

fn moment(serial: f64, epoch: Epoch, is_span: bool) -> Result<Moment, Unshown> {
    // Excel shows a row of # for what is before its first day.
    if !(0.0..LAST_DAY + 1.0).contains(&serial) {
        return Err(Unshown::Date);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it was just seen to be within some million days")]
    let seconds = (serial * DAY).round() as i64;
    let length = SignedDuration::from_secs(seconds);
    if is_span {
        return Ok(Moment::Span(length));
    }
    let (day, rest) = (length.as_hours() / 24, SignedDuration::from_secs(seconds % 86_400));
    let time = Time::midnight().checked_add(rest).map_err(|_| Unshown::Date)?;
    // Which day the first of January 1970 is. From there, every day of the calendar can be counted: from an earlier
    // one, the last years are too far.
    let day_of_1970 = match (epoch, day) {
        (Epoch::Year1904, _) => 24_107,
        (Epoch::Year1900, 0) => return Ok(Moment::Time(time)),
        (Epoch::Year1900, LEAP_DAY_OF_1900) => return Err(Unshown::Date),
        (Epoch::Year1900, _) if day < LEAP_DAY_OF_1900 => 25_568,
        (Epoch::Year1900, _) => 25_569,
    };
    let since = SignedDuration::from_hours((day - day_of_1970) * 24);
    let date = Date::constant(1970, 1, 1).checked_add(since).map_err(|_| Unshown::Date)?;
    Ok(Moment::At(date.to_datetime(time)))
}

fn spell(at: DateTime, has_time: bool, has_seconds: bool) -> String {
    let date = at.date();
    if has_time { format!("{date} {}", clock(at.time(), has_seconds)) } else { date.to_string() }
}

fn clock(time: Time, has_seconds: bool) -> String {
    let form = if has_seconds { "%H:%M:%S" } else { "%H:%M" };
    time.strftime(form).to_string()
}

/// Returns the time that a cell shows which stores one in the spelling of ISO 8601: `PT14H44M00S`. It stores the whole
/// days, too, and shows them as hours or not at all.
pub fn time(stored: &str, shown: &str) -> Result<String, Unshown> {
    let mut length: SignedDuration = stored.trim().parse().map_err(|_| Unshown::Date)?;
    if length.is_negative() {
        return Err(Unshown::Date);
    }
    let hours = length.as_hours();
    if shown.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty()) != Some(&hours.to_string()) {
        length -= SignedDuration::from_hours(hours - hours % 24);
    }
    let text = span(length);
    let is_short = shown.matches(':').count() == 1;
    Ok(if is_short { text.strip_suffix(":00").unwrap_or(&text).to_owned() } else { text })
}

fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests;
