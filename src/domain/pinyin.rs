//! How Chinese is read aloud: the syllables and initials by which names are found, and the order in which they are
//! sorted.
//!
//! Many characters have more than one reading. Words (重庆) and the surnames of people (单) decide most; where they do
//! not, a text has several readings, and all of them find it.

use std::collections::{BTreeMap, VecDeque};

use super::folding::{spelling, standard};

mod cuts;
mod readings;

pub use cuts::{Cut, cuts};

/// The readings of one text that are told apart: enough for a name of three characters with two readings each.
const MOST_READINGS: usize = 8;

/// What stands before each syllable in a line of them, and where something else parts them: no text holds them.
pub const SYLLABLE: char = '\u{2}';
pub const GAP: char = '\u{4}';

/// The version of what texts are sorted by. Stored keys of another version are made anew.
pub const VERSION: i64 = 1;

/// Characters of a name that its place in a list depends on; all of them would not fit into an index.
const LONGEST_SORTED: usize = 48;

/// What a text is the name of: surnames are read as such in names only, and every one may be a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Name,
    Company,
}

/// How one Han character is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syllable {
    /// Lower case, `v` for ü.
    pub letters: &'static str,
    /// 1 to 4, and 5 for none.
    tone: u8,
}

impl Syllable {
    /// Reads a syllable with the number of its tone behind it, if it has one.
    fn parse(text: &'static str) -> Self {
        let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let tone = text.bytes().last().filter(u8::is_ascii_digit).map_or(5, |digit| digit - b'0');
        let letters = match letters {
            "lü" => "lv",
            "lüe" => "lve",
            "nü" => "nv",
            "nüe" => "nve",
            "ê" => "e",
            letters => letters,
        };
        Self { letters, tone }
    }
}

/// A character of a text: a Han character as it is read, or another that is a letter or digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Syllable(Syllable),
    Letter(char),
    /// A blank or a sign.
    Silent(char),
}

/// A character and how it is read.
struct Spot {
    standard: char,
    sound: Sound,
    /// The letters of other readings.
    others: Vec<&'static str>,
}

/// One way to read a text.
#[derive(Debug, Clone)]
pub struct Reading(Vec<Sound>);

impl Reading {
    /// Returns the initials of the Han characters with the letters and digits between them.
    #[must_use]
    pub fn initials(&self) -> String {
        let initial = |sound: &Sound| match sound {
            Sound::Syllable(syllable) => syllable.letters.chars().next(),
            Sound::Letter(c) => Some(*c),
            Sound::Silent(_) => None,
        };
        self.0.iter().filter_map(initial).collect()
    }

    /// Returns the syllables in the form in which a [`Cut`] is a part of them: in capitals, each
    /// behind a mark. What is not Chinese parts them.
    #[must_use]
    pub fn syllables(&self) -> String {
        let mut line = String::new();
        for sound in &self.0 {
            match sound {
                Sound::Syllable(syllable) => push_syllable(&mut line, syllable.letters),
                Sound::Letter(_) if !line.is_empty() && !line.ends_with(GAP) => line.push(GAP),
                Sound::Letter(_) | Sound::Silent(_) => {}
            }
        }
        line
    }

    /// Returns the letters of the syllables.
    pub fn letters(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|sound| match sound {
            Sound::Syllable(syllable) => Some(syllable.letters),
            _ => None,
        })
    }
}

fn push_syllable(line: &mut String, letters: &str) {
    line.push(SYLLABLE);
    line.extend(letters.chars().map(|c| c.to_ascii_uppercase()));
}

/// Returns the ways to read a text, the most likely first. At most eight: then those that differ least from the first.
#[must_use]
pub fn readings(text: &str, kind: Kind) -> Vec<Reading> {
    let spots = spots(text, kind);
    let first: Vec<Sound> = spots.iter().map(|spot| spot.sound).collect();
    let mut readings = Vec::new();
    let mut waiting = VecDeque::from([(first, 0)]);
    while let Some((sounds, unchanged)) = waiting.pop_front() {
        let ambiguous = spots.iter().enumerate().skip(unchanged);
        for (at, letters) in ambiguous.flat_map(|(at, spot)| spot.others.iter().map(move |letters| (at, *letters))) {
            if readings.len() + 1 + waiting.len() >= MOST_READINGS {
                break;
            }
            let mut changed = sounds.clone();
            if let Some(sound) = changed.get_mut(at) {
                *sound = Sound::Syllable(Syllable { letters, tone: 5 });
            }
            waiting.push_back((changed, at + 1));
        }
        readings.push(Reading(sounds));
    }
    readings
}

/// Returns the initials of a text as it is most likely read.
#[must_use]
pub fn initials(text: &str, kind: Kind) -> String {
    Reading(spots(text, kind).iter().map(|spot| spot.sound).collect()).initials()
}

/// Returns what names are sorted by, by code point: signs, digits, letters, then Chinese by pinyin and tone, equal
/// characters together. Names that begin with the same 48 characters are equal.
#[must_use]
pub fn sort_key(name: &str) -> String {
    sorted_as(name, Kind::Name)
}

/// Returns what texts that are no names are sorted by, likewise: those of them that are not sorted as they are, by what
/// they are called.
#[must_use]
pub fn sort_keys<'t, K: Ord>(texts: impl IntoIterator<Item = (K, &'t str)>) -> BTreeMap<K, String> {
    let key = |(called, text): (K, &str)| (called, sorted_as(text, Kind::Company), text.to_owned());
    let keys = texts.into_iter().map(key).filter(|(_, key, text)| key != text);
    keys.map(|(called, key, _)| (called, key)).collect()
}

fn sorted_as(text: &str, kind: Kind) -> String {
    let mut key = String::new();
    for spot in spots(text, kind).into_iter().take(LONGEST_SORTED) {
        match spot.sound {
            Sound::Syllable(Syllable { letters, tone }) => {
                // Behind all ASCII.
                key.push('~');
                key.push_str(match letters {
                    // Between lu and luan; lüe is alone between luan and lun.
                    "lv" => "lu:",
                    "nv" => "nu:",
                    "lve" => "lue",
                    "nve" => "nue",
                    letters => letters,
                });
                key.push(char::from(b'0' + tone));
                key.push(spot.standard);
            }
            Sound::Letter(c) | Sound::Silent(c) => key.push(c),
        }
    }
    key
}

fn spots(text: &str, kind: Kind) -> Vec<Spot> {
    let own: Vec<char> = spelling(text).chars().collect();
    let characters: Vec<char> = own.iter().copied().map(standard).collect();
    let mut spots: Vec<Spot> = Vec::with_capacity(own.len());
    while let Some(rest) = characters.get(spots.len()..).filter(|rest| !rest.is_empty()) {
        let word = readings::word(rest);
        let surname = if spots.is_empty() && kind == Kind::Name { readings::surname(rest) } else { None };
        let decided = word.or(surname).unwrap_or_default();
        let length = decided.len().max(1);
        for (at, standard) in rest.iter().copied().enumerate().take(length) {
            let own = own.get(spots.len()).copied().unwrap_or(standard);
            spots.push(match decided.get(at) {
                // A word leaves no doubt.
                Some(syllable) if word.is_some() => {
                    Spot { standard, sound: Sound::Syllable(*syllable), others: Vec::new() }
                }
                syllable => Spot::of(own, standard, kind, syllable.copied()),
            });
        }
    }
    spots
}

impl Spot {
    /// A character that is read as its own form is, or its standard form, or so.
    fn of(own: char, standard: char, kind: Kind, first: Option<Syllable>) -> Self {
        let usual = [readings::usual(own), readings::usual(standard)];
        let Some(syllable) = first.or(usual.into_iter().flatten().next()) else {
            let sound = if own.is_alphanumeric() { Sound::Letter(standard) } else { Sound::Silent(standard) };
            return Self { standard, sound, others: Vec::new() };
        };
        let mut others: Vec<&'static str> = Vec::new();
        let usual = usual.into_iter().flatten().map(|syllable| syllable.letters);
        for letters in usual.chain(readings::others(standard, kind).iter().copied()) {
            if letters != syllable.letters && !others.contains(&letters) {
                others.push(letters);
            }
        }
        Self { standard, sound: Sound::Syllable(syllable), others }
    }
}

#[cfg(test)]
mod tests;
