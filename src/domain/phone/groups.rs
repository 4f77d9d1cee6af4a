//! The runs of digits in a text, and what stands between them.

use super::{DASHES, half_width};

/// What stands between a number and its extension, besides `#`, `,` and `*`.
const EXTENSION_WORDS: [&str; 15] = [
    "转",
    "转分机",
    "转分机号",
    "分机",
    "分机号",
    "轉",
    "轉分機",
    "分機",
    "ext",
    "extn",
    "extension",
    "x",
    "p",
    "w",
    "pw",
];
/// Words that say of what follows them that it is a number.
const LABELS: [&str; 16] = [
    "电话",
    "手机",
    "座机",
    "固话",
    "号码",
    "联系电话",
    "办公电话",
    "手机号",
    "手机号码",
    "电话号码",
    "電話",
    "手機",
    "tel",
    "phone",
    "mobile",
    "fax",
];

/// A run of digits and the text between it and the run before.
pub(super) struct Group {
    /// In half-width and lower case.
    pub before: String,
    pub digits: String,
    /// Where the run stands in the text.
    pub start: usize,
    pub end: usize,
}

/// Returns what stands behind the longest word for an extension that a text begins with, blanks and a dot or colon
/// included in the word.
pub(super) fn behind_extension_word(text: &str) -> Option<&str> {
    let behind = |word: &&str| {
        text.get(..word.len()).filter(|begin| begin.eq_ignore_ascii_case(word)).and(text.get(word.len()..))
    };
    let longest = EXTENSION_WORDS.iter().filter_map(behind).min_by_key(|rest| rest.len())?;
    Some(longest.trim_start_matches(|c: char| c.is_whitespace() || ".:：".contains(c)))
}

/// Returns the runs of digits, and what stands behind the last, in half-width and lower case.
pub(super) fn groups(text: &str) -> (Vec<Group>, String) {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = String::new();
    for (at, c) in text.char_indices() {
        let (plain, end) = (half_width(c), at + c.len_utf8());
        if !plain.is_ascii_digit() {
            before.push(plain.to_ascii_lowercase());
        } else if before.is_empty()
            && let Some(group) = groups.last_mut()
        {
            group.digits.push(plain);
            group.end = end;
        } else {
            groups.push(Group { before: std::mem::take(&mut before), digits: plain.into(), start: at, end });
        }
    }
    (groups, before)
}

pub(super) fn joined(groups: &[Group]) -> String {
    groups.iter().map(|group| group.digits.as_str()).collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic() && !DASHES.contains(c)).collect()
}

/// Whether there is a word that is no label of a number.
pub(super) fn has_words(text: &str) -> bool {
    let word = letters(text);
    !word.is_empty() && !LABELS.contains(&word.as_str())
}

/// Whether a text has nothing but digits and what can stand in a number and its extension.
pub(super) fn is_number_text(text: &str) -> bool {
    let (groups, behind) = groups(text);
    let is_sign = |group: &Group| letters(&group.before).is_empty() || group.extension_mark().is_some();
    !groups.is_empty() && groups.iter().all(is_sign) && letters(&behind).is_empty()
}

/// How an extension is told from its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Word,
    /// A sign, which counts only behind what is a number without it.
    Sign,
}

impl Group {
    pub fn follows_plus(&self) -> bool {
        self.before.trim_end_matches(|c: char| c.is_whitespace() || c == '(').ends_with('+')
    }

    pub fn extension_mark(&self) -> Option<Mark> {
        let word = letters(&self.before);
        if word.is_empty() {
            let stars = self.before.matches('*').count();
            (self.before.contains(['#', ',']) || stars == 1).then_some(Mark::Sign)
        } else if word.len() == 1 && word != "x" {
            // `p` and `w` are what telephones write for a pause.
            EXTENSION_WORDS.contains(&word.as_str()).then_some(Mark::Sign)
        } else {
            EXTENSION_WORDS.contains(&word.as_str()).then_some(Mark::Word)
        }
    }

    pub fn follows_dash(&self) -> bool {
        let is_dash = |c: char| DASHES.contains(&c) || c == '(';
        self.before.contains(is_dash) && self.before.chars().all(|c| is_dash(c) || c.is_whitespace())
    }

    /// Whether what stands before it can stand inside of a number.
    pub fn is_joined(&self) -> bool {
        let is_sign = |c: char| !c.is_alphanumeric() && !matches!(c, '+' | '*' | ':' | '=' | '@' | '\\' | '|');
        self.before.chars().all(|c| DASHES.contains(&c) || is_sign(c))
    }

    /// Whether what stands before it is no more than a number of unknown form may be written with.
    pub fn is_plainly_joined(&self) -> bool {
        let is_sign = |c: char| c.is_whitespace() || "().·•・/_".contains(c) || DASHES.contains(&c);
        self.before.chars().all(is_sign)
    }

    /// Whether another number can begin here.
    pub fn is_parted(&self) -> bool {
        self.before.contains(|c: char| {
            c.is_whitespace() || ";,/、|\\，；".contains(c) || c.is_alphabetic() && !DASHES.contains(&c)
        })
    }

    /// Whether the end of another number can stand here: `13610000035/36`.
    pub fn is_alternative(&self) -> bool {
        let before = self.before.trim();
        matches!(before, "/" | "、" | "或" | "|" | "\\")
    }

    /// Whether words part it from the number before.
    pub fn follows_words(&self) -> bool {
        !matches!(letters(&self.before).as_str(), "" | "或" | "or" | "和" | "and") && has_words(&self.before)
    }
}
