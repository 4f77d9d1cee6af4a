//! Characters that are read otherwise as a surname, inside a word or in general than the pinyin table says first.

use std::collections::HashMap;
use std::sync::LazyLock;

use pinyin::ToPinyin;

use super::{Kind, Syllable};

/// Surnames and words with their readings, and characters with other readings, whose tones do not matter: such that
/// matter everywhere, and in names of people only. Simplified characters.
const LISTS: &str = include_str!("readings.txt");

/// The readings of surnames or words, by their first character, the longest first.
type Known = HashMap<char, Vec<(Vec<char>, Vec<Syllable>)>>;

static SURNAMES: LazyLock<Known> = LazyLock::new(|| known("surnames"));
static WORDS: LazyLock<Known> = LazyLock::new(|| known("words"));
static OTHERS: LazyLock<Others> = LazyLock::new(|| others_of("others"));
static OTHERS_IN_NAMES: LazyLock<Others> = LazyLock::new(|| others_of("names"));

type Others = HashMap<char, Vec<&'static str>>;

/// Returns how the surname is read that a name begins with; `None` when it is read as usual.
pub(super) fn surname(name: &[char]) -> Option<&'static [Syllable]> {
    reading(&SURNAMES, name)
}

/// Returns how the listed word is read that a text begins with.
pub(super) fn word(text: &[char]) -> Option<&'static [Syllable]> {
    reading(&WORDS, text)
}

/// Returns the usual reading of a Han character.
pub(super) fn usual(c: char) -> Option<Syllable> {
    // Nothing before is read.
    if c < '\u{3007}' { None } else { c.to_pinyin().map(|reading| Syllable::parse(reading.with_tone_num_end())) }
}

/// Returns the other readings of a character that people use.
pub(super) fn others(c: char, kind: Kind) -> &'static [&'static str] {
    let in_names = if kind == Kind::Name { OTHERS_IN_NAMES.get(&c) } else { None };
    in_names.or_else(|| OTHERS.get(&c)).map_or(&[], Vec::as_slice)
}

/// Returns the letters of all syllables, in order.
pub(super) fn syllables() -> Vec<&'static str> {
    let usual = ('\u{4e00}'..='\u{9fff}').filter_map(usual);
    let listed = SURNAMES.values().chain(WORDS.values()).flatten().flat_map(|(_, syllables)| syllables.iter().copied());
    let others = OTHERS.values().chain(OTHERS_IN_NAMES.values()).flatten().copied();
    let letters = usual.chain(listed).map(|syllable| syllable.letters).chain(others);
    // Some interjections are nothing but a consonant.
    let mut letters: Vec<_> = letters.filter(|letters| letters.contains(['a', 'e', 'i', 'o', 'u', 'v'])).collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}

fn reading(known: &'static Known, text: &[char]) -> Option<&'static [Syllable]> {
    let candidates = known.get(text.first()?)?;
    candidates.iter().find(|(written, _)| text.starts_with(written)).map(|(_, read)| read.as_slice())
}

fn known(list: &str) -> Known {
    let mut known = Known::new();
    for entry in entries(list) {
        let mut parts = entry.split_whitespace();
        let written: Vec<char> = parts.next().into_iter().flat_map(str::chars).collect();
        if let Some(first) = written.first() {
            known.entry(*first).or_default().push((written, parts.map(Syllable::parse).collect()));
        }
    }
    for candidates in known.values_mut() {
        candidates.sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
    }
    known
}

fn others_of(list: &str) -> Others {
    let of_entry = |entry: &'static str| {
        let mut parts = entry.split_whitespace();
        Some((parts.next()?.chars().next()?, parts.collect()))
    };
    entries(list).filter_map(of_entry).collect()
}

/// The entries of a list: what is read, and how.
fn entries(list: &str) -> impl Iterator<Item = &'static str> {
    let lines = LISTS.lines().skip_while(move |line| line.strip_prefix("# ") != Some(list)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::folding::fold;

    #[test]
    fn every_listed_reading_differs_from_the_usual_one() {
        for (written, read) in SURNAMES.values().chain(WORDS.values()).flatten() {
            let usual: Vec<Syllable> = written.iter().filter_map(|c| usual(*c)).collect();
            assert_ne!(*read, usual, "{written:?}");
            assert_eq!(read.len(), written.len(), "{written:?}");
            assert!(read.iter().all(|syllable| (1..=5).contains(&syllable.tone)), "{written:?}");
        }
        for (c, others) in OTHERS.iter().chain(OTHERS_IN_NAMES.iter()) {
            let usual = usual(*c).unwrap().letters;
            assert!(!others.is_empty() && !others.contains(&usual), "{c}");
        }
        let sizes = [SURNAMES.values().flatten().count(), WORDS.len(), OTHERS.len(), OTHERS_IN_NAMES.len()];
        assert!(sizes.iter().all(|size| *size > 20), "{sizes:?}");
    }

    #[test]
    fn the_lists_are_written_in_the_characters_that_texts_are_looked_up_with() {
        for line in LISTS.lines() {
            assert_eq!(fold(line), line);
        }
    }

    #[test]
    fn there_are_some_four_hundred_syllables() {
        let syllables = syllables();
        assert!((400..440).contains(&syllables.len()), "{}", syllables.len());
        for syllable in syllables {
            assert!(syllable.len() <= 6 && syllable.bytes().all(|c| c.is_ascii_lowercase()), "{syllable}");
        }
    }
}
