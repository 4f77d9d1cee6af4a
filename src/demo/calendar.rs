//! When things happen in the demo: on the days of two fixed years, in working hours.

use super::dice::Dice;
use crate::domain::times::SECOND;

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2026-01-01 00:00 in Shanghai, where every day has 24 hours; nothing in the demo is later.
pub const END: i64 = 1_767_196_800 * SECOND;
/// The first moment of the two years.
pub const START: i64 = END - DAYS * DAY;
const DAYS: i64 = 730;

/// How many days may lie between one thing and the next.
const LONGEST_PAUSE: i64 = 40;

/// A moment between nine and six on any of the days.
pub fn any_day(dice: &mut Dice) -> i64 {
    let day = dice.below(DAYS);
    working_hours(dice, day)
}

/// Up to an hour later.
pub fn soon_after(dice: &mut Dice, at: i64) -> i64 {
    at + dice.between(5, 55) * MINUTE + dice.below(60) * SECOND
}

/// Later the same day, or on one of the next.
pub fn later(dice: &mut Dice, at: i64) -> i64 {
    let day = (at - START) / DAY;
    match dice.below((DAYS - day).min(LONGEST_PAUSE)) {
        0 => soon_after(dice, at),
        pause => working_hours(dice, day + pause),
    }
}

fn working_hours(dice: &mut Dice, day: i64) -> i64 {
    START + day * DAY + 9 * HOUR + dice.below(9 * 60 * 60) * SECOND
}
