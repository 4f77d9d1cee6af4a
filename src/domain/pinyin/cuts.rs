//! Typed pinyin: where it can be cut into syllables.

use std::sync::LazyLock;

use super::{push_syllable, readings};

/// The ways to cut a word that are followed; the longest syllables come first.
const MOST_CUTS: usize = 8;

/// A word cut into syllables, the last of which may be a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Complete syllables.
    pub whole: Vec<&'static str>,
    /// What the last syllable begins with.
    pub last: String,
}

impl Cut {
    /// Returns the cut as it stands in [the syllables of a reading](super::Reading::syllables).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for letters in self.whole.iter().copied().chain([self.last.as_str()]) {
            push_syllable(&mut text, letters);
        }
        text
    }

    /// Returns the last syllable if no other begins with it.
    #[must_use]
    pub fn complete_last(&self) -> Option<&str> {
        let mut beginning = SPELLINGS.iter().filter(|spelling| spelling.letters.starts_with(&self.last));
        let only = beginning.next().is_some_and(|spelling| spelling.letters == self.last);
        (only && beginning.all(|spelling| spelling.letters == self.last)).then_some(&self.last)
    }
}

/// How a syllable is typed.
struct Spelling {
    typed: String,
    letters: &'static str,
}

static SPELLINGS: LazyLock<Vec<Spelling>> = LazyLock::new(|| {
    let mut spellings = Vec::new();
    for letters in readings::syllables() {
        spellings.push(Spelling { typed: letters.to_owned(), letters });
        // People type ü as v, u or yu; its dots are gone where texts are compared.
        if letters.contains('v') {
            spellings.extend(["u", "yu"].map(|typed| Spelling { typed: letters.replace('v', typed), letters }));
        }
    }
    spellings
});

/// Returns the ways to cut a folded word into syllables, at an apostrophe in any case: `xian` is 现 and 西安, `xi'an`
/// is 西安. None for what is no pinyin.
#[must_use]
pub fn cuts(word: &str) -> Vec<Cut> {
    let is_pinyin = |c: char| c.is_ascii_lowercase() || matches!(c, '\'' | '’');
    if !word.starts_with(|c: char| c.is_ascii_lowercase()) || !word.chars().all(is_pinyin) {
        return Vec::new();
    }
    let word = word.replace('’', "'");
    let mut cuts = Vec::new();
    let mut whole = Vec::new();
    let mut dead = vec![false; word.len() + 1];
    follow(&word, &mut whole, &mut dead, &mut cuts);
    cuts
}

/// Adds the cuts of the rest of a word behind these syllables. `dead` says how long the rests are that cannot be cut.
fn follow(rest: &str, whole: &mut Vec<&'static str>, dead: &mut [bool], cuts: &mut Vec<Cut>) {
    let before = cuts.len();
    for last in beginnings(rest) {
        if cuts.len() < MOST_CUTS {
            cuts.push(Cut { whole: whole.clone(), last });
        }
    }
    let mut first: Vec<&Spelling> = SPELLINGS.iter().filter(|spelling| rest.starts_with(&spelling.typed)).collect();
    first.sort_by_key(|spelling| std::cmp::Reverse(spelling.typed.len()));
    for spelling in first {
        let behind = rest.get(spelling.typed.len()..).unwrap_or_default();
        let behind = behind.strip_prefix('\'').unwrap_or(behind);
        let is_dead = dead.get(behind.len()).copied().unwrap_or(true);
        if behind.is_empty() || is_dead || cuts.len() >= MOST_CUTS {
            continue;
        }
        whole.push(spelling.letters);
        follow(behind, whole, dead, cuts);
        whole.pop();
    }
    if let Some(is_dead) = dead.get_mut(rest.len())
        && cuts.len() == before
        && cuts.len() < MOST_CUTS
    {
        *is_dead = true;
    }
}

/// Returns what syllables begin with that are begun so.
fn beginnings(typed: &str) -> Vec<String> {
    let typed = typed.strip_suffix('\'').unwrap_or(typed);
    let mut beginnings: Vec<String> = Vec::new();
    for spelling in SPELLINGS.iter().filter(|spelling| spelling.typed.starts_with(typed)) {
        let begun = if spelling.typed.len() == spelling.letters.len() {
            spelling.letters.get(..typed.len()).unwrap_or_default()
        } else if spelling.typed == typed {
            spelling.letters
        } else {
            continue;
        };
        if !begun.is_empty() && beginnings.iter().all(|other| other != begun) {
            beginnings.push(begun.to_owned());
        }
    }
    beginnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pinyin::SYLLABLE;
    use proptest::prelude::*;

    fn texts(word: &str) -> Vec<String> {
        cuts(word).iter().map(|cut| cut.text().replace(SYLLABLE, "'")).collect()
    }

    #[test]
    fn words_are_cut_wherever_a_syllable_can_end() {
        assert_eq!(texts("yangzhiyong"), ["'YANG'ZHI'YONG"]);
        assert_eq!(texts("yangzhiy"), ["'YANG'ZHI'Y"]);
        assert_eq!(texts("zhi"), ["'ZHI"]);
        assert_eq!(texts("zh"), ["'ZH"]);
        assert_eq!(texts("xian"), ["'XIAN", "'XIA'N", "'XI'AN", "'XI'A'N"]);
        assert_eq!(texts("xi'an"), ["'XI'AN", "'XI'A'N"]);
        assert_eq!(texts("xi’an"), texts("xi'an"));
        assert_eq!(texts("fangan").first().map(String::as_str), Some("'FANG'AN"));
        assert!(texts("fangan").contains(&"'FAN'GAN".to_owned()));
        for other in ["jose", "ng", "v8", "", "'an", "yang zhi", "杨zhi", "yangzhx"] {
            assert_eq!(texts(other), [""; 0], "{other}");
        }
    }

    #[test]
    fn u_with_dots_is_typed_in_three_ways() {
        assert_eq!(texts("lu"), ["'LU", "'LV"]);
        assert_eq!(texts("lv"), ["'LV"]);
        assert_eq!(texts("lyu"), ["'LV"]);
        assert_eq!(texts("lue"), ["'LVE", "'LU'E", "'LV'E"]);
        assert_eq!(texts("lvshi"), ["'LV'SHI"]);
        assert_eq!(texts("nushi"), ["'NU'SHI", "'NV'SHI"]);
    }

    #[test]
    fn the_last_syllable_may_be_begun_only() {
        let last = |word: &str| cuts(word).first().and_then(|cut| cut.complete_last().map(str::to_owned));
        assert_eq!(last("yangzhi").as_deref(), Some("zhi"));
        assert_eq!(last("yangyan"), None);
        assert_eq!(last("yangzh"), None);
    }

    proptest! {
        #[test]
        fn any_word_is_cut_in_time(word in "[a-z']{0,64}|(xian|fangan|lue){0,16}") {
            let cuts = cuts(&word);
            prop_assert!(cuts.len() <= MOST_CUTS);
        }
    }
}
