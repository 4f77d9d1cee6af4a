//! The codes of number formats.

use std::iter::Peekable;
use std::str::Chars;

/// How numbers of one sign are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// In full, with these words around it.
    General {
        before: String,
        after: String,
    },
    Number {
        pieces: Vec<Piece>,
        is_percent: bool,
    },
    /// A date, a time, or both; a span counts hours beyond a day.
    Moment {
        has_date: bool,
        has_time: bool,
        has_seconds: bool,
        is_span: bool,
    },
    /// Something that is not understood: a fraction, a condition, thousands left out, digits in Chinese.
    Unreadable,
}

/// A piece of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    /// A digit; whether it stands there also when the number has none.
    Digit(bool),
    Point,
}

/// Longer than any code that a program writes, bytes.
const LONGEST: usize = 1024;

/// Returns the sections for numbers, of which there are at most three; none for what is shown as it is.
pub fn sections(code: &str) -> Vec<Section> {
    if code.is_empty() {
        return Vec::new();
    }
    if code.len() > LONGEST {
        return vec![Section::Unreadable];
    }
    let mut read: Vec<Marks> = split(code).into_iter().map(Marks::read).collect();
    // The section for texts is the last one.
    if read.len() > 1 && read.last().is_some_and(|last| last.is_text) {
        read.pop();
    }
    read.truncate(3);
    // The condition of one says something of the others.
    if read.iter().any(|marks| marks.is_condition) {
        return vec![Section::Unreadable];
    }
    read.into_iter().map(Marks::section).collect()
}

/// Parts a code at its semicolons, except at those that are quoted.
fn split(code: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut is_quoted, mut is_escaped, mut is_bracketed) = (Vec::new(), 0, false, false, false);
    for (at, character) in code.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' | '!' | '_' | '*' => is_escaped = true,
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            ';' if !is_bracketed => {
                parts.push(code.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(code.get(begin..).unwrap_or_default());
    parts
}

/// What stands in a section.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own that a section may have")]
struct Marks {
    pieces: Vec<Piece>,
    /// The letters of dates and times in their order, each once for a run of them.
    letters: Vec<char>,
    /// Where the number stands that is shown as it is.
    general: Option<usize>,
    is_text: bool,
    is_percent: bool,
    is_scientific: bool,
    is_span: bool,
    is_condition: bool,
    is_unreadable: bool,
    /// A comma behind the last digit leaves thousands out.
    ends_with_comma: bool,
    has_slash: bool,
}

impl Marks {
    fn read(code: &str) -> Self {
        let mut marks = Self::default();
        let mut rest = code.chars().peekable();
        while let Some(character) = rest.next() {
            if marks.word(character, &mut rest) {
                continue;
            }
            match character {
                '"' => {
                    let quoted: String = rest.by_ref().take_while(|character| *character != '"').collect();
                    marks.literal(&quoted);
                }
                '\\' | '!' => marks.literal(&rest.next().map(String::from).unwrap_or_default()),
                // As wide as that character, or filled up with it.
                '_' | '*' => drop(rest.next()),
                '[' => {
                    let inner: String = rest.by_ref().take_while(|character| *character != ']').collect();
                    marks.bracket(&inner);
                }
                '0' | '#' | '?' => {
                    marks.ends_with_comma = false;
                    marks.pieces.push(Piece::Digit(character == '0'));
                }
                '.' => {
                    marks.is_unreadable |= marks.ends_with_comma;
                    marks.pieces.push(Piece::Point);
                }
                ',' => marks.ends_with_comma = marks.has_digits(),
                '%' => {
                    marks.is_percent = true;
                    marks.literal("%");
                }
                '@' => {
                    marks.is_text = true;
                    marks.general = Some(marks.pieces.len());
                }
                'E' | 'e' if matches!(rest.peek(), Some('+' | '-')) => {
                    rest.next();
                    marks.is_scientific = true;
                }
                letter if is_of_moments(letter) => marks.letter(letter),
                '/' => {
                    marks.has_slash = true;
                    marks.literal("/");
                }
                other => marks.literal(&other.to_string()),
            }
        }
        marks
    }

    /// Takes a word, if one begins here.
    fn word(&mut self, first: char, rest: &mut Peekable<Chars<'_>>) -> bool {
        const GENERAL: [&str; 2] = ["General", "G/通用格式"];
        const HALVES: [&str; 3] = ["AM/PM", "A/P", "上午/下午"];
        let following: String = [first].into_iter().chain(rest.clone().take(8)).collect();
        let begins = |word: &&str| {
            let begin: String = following.chars().take(word.chars().count()).collect();
            begin.eq_ignore_ascii_case(word)
        };
        let (general, half) = (GENERAL.iter().find(|word| begins(word)), HALVES.iter().find(|word| begins(word)));
        let Some(word) = general.or(half) else { return false };
        if general.is_some() {
            self.general = Some(self.pieces.len());
        } else {
            self.letter('h');
        }
        rest.nth(word.chars().count().saturating_sub(2));
        true
    }

    fn has_digits(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Digit(_)))
    }

    fn literal(&mut self, text: &str) {
        self.pieces.push(Piece::Literal(text.to_owned()));
    }

    fn letter(&mut self, letter: char) {
        let letter = letter.to_ascii_lowercase();
        if self.letters.last() != Some(&letter) {
            self.letters.push(letter);
        }
    }

    fn bracket(&mut self, inner: &str) {
        let lower = inner.to_lowercase();
        if let Some(currency) = inner.strip_prefix('$') {
            let sign = currency.split('-').next().unwrap_or_default();
            self.literal(sign);
        } else if !lower.is_empty() && ["h", "m", "s"].iter().any(|letter| lower.trim_start_matches(letter).is_empty())
        {
            self.is_span = true;
            self.letters.extend(lower.chars().next());
        } else if inner.starts_with(['<', '>', '=']) {
            self.is_condition = true;
        } else if lower.starts_with("dbnum") {
            // Of no matter for dates, which have a spelling of their own.
            self.is_unreadable = true;
        }
        // What is left is a colour.
    }

    fn section(self) -> Section {
        if !self.letters.is_empty() && self.general.is_none() {
            return self.moment();
        }
        if let Some(at) = self.general {
            let words = |pieces: &[Piece]| {
                let text = |piece: &Piece| if let Piece::Literal(text) = piece { text.clone() } else { String::new() };
                pieces.iter().map(text).collect::<String>()
            };
            let (before, after) = self.pieces.split_at_checked(at).unwrap_or((&self.pieces, &[]));
            return Section::General { before: words(before), after: words(after) };
        }
        // An exponent only makes it shorter.
        if self.is_scientific {
            return Section::General { before: String::new(), after: String::new() };
        }
        if self.is_unreadable || self.ends_with_comma || (self.has_slash && self.has_digits()) {
            return Section::Unreadable;
        }
        Section::Number { pieces: self.pieces, is_percent: self.is_percent }
    }

    /// An m means minutes behind hours or before seconds, and months elsewhere.
    fn moment(self) -> Section {
        let (mut has_date, mut has_time, mut has_seconds) = (false, false, false);
        for (at, letter) in self.letters.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| self.letters.get(before));
            match letter {
                'h' => has_time = true,
                's' => (has_time, has_seconds) = (true, true),
                'm' if self.is_span || before == Some(&'h') || self.letters.get(at + 1) == Some(&'s') => {
                    has_time = true;
                }
                'b' => return Section::Unreadable,
                _ => has_date = true,
            }
        }
        Section::Moment { has_date, has_time, has_seconds, is_span: self.is_span && !has_date }
    }
}

/// Years, months, days, weekdays, eras, hours, seconds.
fn is_of_moments(letter: char) -> bool {
    matches!(letter.to_ascii_lowercase(), 'y' | 'm' | 'd' | 'a' | 'e' | 'g' | 'b' | 'h' | 's')
}
