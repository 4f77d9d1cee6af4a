//! Where numbers stand in a text.

use std::ops::Range;

use crate::domain::phone::{DASHES, half_width};

/// The fewest and the most digits of a number that is recognised in a text, extension and prefixes included.
const SHORTEST: usize = 8;
const LONGEST: usize = 17;
/// The most signs between two groups of digits of one number.
pub const LONGEST_JOINT: usize = 3;

pub fn is_digit(c: char) -> bool {
    half_width(c).is_ascii_digit()
}

/// A run of digits.
struct Group {
    start: usize,
    end: usize,
    digits: String,
    follows_plus: bool,
    /// Whether it may belong to one number with the group before.
    is_joined: bool,
}

/// Returns where numbers stand that read like telephone numbers, in order.
pub fn numbers(text: &str) -> Vec<Range<usize>> {
    if text.chars().filter(|c| is_digit(*c)).count() < SHORTEST {
        return Vec::new();
    }
    let groups = groups(text);
    let mut found = Vec::new();
    let mut first = 0;
    while first < groups.len() {
        first = match number_at(&groups, first) {
            Some((last, range)) => {
                found.push(range);
                last + 1
            }
            None => first + 1,
        };
    }
    found
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut plus, mut joint) = (false, Some(0));
    for (at, c) in text.char_indices() {
        let plain = half_width(c);
        if plain.is_ascii_digit() {
            let end = at + c.len_utf8();
            match groups.last_mut().filter(|group| group.end == at) {
                Some(group) => {
                    group.digits.push(plain);
                    group.end = end;
                }
                None => groups.push(Group {
                    start: at,
                    end,
                    digits: plain.into(),
                    follows_plus: plus,
                    is_joined: joint.is_some_and(|signs| signs <= LONGEST_JOINT),
                }),
            }
            (plus, joint) = (false, Some(0));
        } else {
            plus = plain == '+' || plus && (plain.is_whitespace() || plain == '(');
            joint = joint.filter(|_| is_joint(plain)).map(|signs| signs + 1);
        }
    }
    groups
}

/// Whether this can stand inside of a number. A colon stands in times, an asterisk for what is hidden already.
pub fn is_joint(c: char) -> bool {
    DASHES.contains(&c) || !(c.is_alphanumeric() || matches!(c, ':' | '*'))
}

/// The number that begins with this group, if one does: its last group, and where in the text it stands.
fn number_at(groups: &[Group], first: usize) -> Option<(usize, Range<usize>)> {
    let head = groups.get(first)?;
    let mut found = None;
    let mut digits = String::new();
    for (index, group) in groups.iter().enumerate().skip(first) {
        if index > first && (!group.is_joined || group.follows_plus) {
            break;
        }
        digits.push_str(&group.digits);
        if digits.len() > LONGEST {
            break;
        }
        let is_mobile = is_mobile(&digits);
        if is_mobile || is_other_number(&digits, head) {
            found = Some((index, head.start..group.end));
            // A mobile, and a number in one piece, is a number whatever follows it.
            if is_mobile || index == first {
                break;
            }
        }
    }
    found
}

fn is_mobile(digits: &str) -> bool {
    let is_bare = |digits: &str| digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
    is_bare(digits) || ["0086", "86", "0"].into_iter().any(|code| digits.strip_prefix(code).is_some_and(is_bare))
}

/// Whether these digits, which begin with the group `head`, are a number that is no mobile. A day or an hour is
/// no area code.
fn is_other_number(digits: &str, head: &Group) -> bool {
    if head.follows_plus {
        return digits.len() >= SHORTEST;
    }
    if head.digits.len() < 3 {
        return false;
    }
    let is_landline = matches!(digits.as_bytes(), [b'0', b'1'..=b'9', ..]) && (10..=12).contains(&digits.len());
    let is_service = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    // No calling code begins with 0.
    let is_international = matches!(digits.as_bytes(), [b'0', b'0', b'1'..=b'9', ..]) && digits.len() >= SHORTEST;
    is_landline || is_service || is_international
}

/// Returns where one of these numbers stands, alone or as a part of more digits, in order and apart.
pub fn known_numbers(text: &str, known: &[String]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut digits, mut places) = (String::new(), Vec::new());
    for group in groups(text) {
        if !group.is_joined {
            find_known(&digits, &places, known, &mut found);
            digits.clear();
            places.clear();
        }
        let mut place = group.start;
        let chars = text.get(group.start..group.end).unwrap_or_default().chars();
        for c in chars {
            places.push(place..place + c.len_utf8());
            place += c.len_utf8();
        }
        digits.push_str(&group.digits);
    }
    find_known(&digits, &places, known, &mut found);
    found
}

fn find_known(digits: &str, places: &[Range<usize>], known: &[String], found: &mut Vec<Range<usize>>) {
    let mut here: Vec<Range<usize>> = Vec::new();
    for number in known {
        here.extend(digits.match_indices(number.as_str()).map(|(at, number)| at..at + number.len()));
    }
    here.sort_by_key(|range| (range.start, range.end));
    for range in here {
        let (Some(first), Some(last)) = (places.get(range.start), places.get(range.end - 1)) else { continue };
        // The next pass finds what is left of those that overlap.
        if found.last().is_none_or(|before| before.end <= first.start) {
            found.push(first.start..last.end);
        }
    }
}
