//! The words a customer is found by, and how a search is cut into the same words.
//!
//! Every pair of neighbouring characters of a name is a *term* in a table (company, term, customer),
//! so that any part of a name is found through an index and never by a scan. Pairs alone can lie
//! ("ab" and "bc" need not be "abc"), therefore a candidate is confirmed in its [`haystack`].
//! Terms are compared by code point, so the column must not take a language's order: `BINARY` or
//! `COLLATE "C"`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use pinyin::ToPinyin;

use super::customer::LONGEST_NAME;
use super::phone::{CHINA, Home, Phone, SHORTEST_TAIL, half_width, is_dialled, tail_of, without_address};

use super::text::is_invisible;

mod readings;

/// The version of the rules by which names are folded and terms are made. Stored ones of another version are made anew:
/// raise it with every change that gives a name another key or other terms.
pub const RULES: i64 = 1;

const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 64;

/// Fewer digits than this are no search by phone: too many customers end with them.
const SHORTEST_DIGITS: usize = 4;

/// Stands behind the last character of a text, so that it too begins a term. A folded text holds
/// no control character.
const END: char = '\u{3}';

/// Returns a text as it is compared: lower case, full-width ASCII made half-width, a run of blanks
/// and control characters made one blank, none at the ends, invisible format characters dropped.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Character by character: the whole-text lower case of a final sigma depends on its neighbours.
    let lower = text.chars().map(half_width).filter(|&c| !is_invisible(c)).flat_map(char::to_lowercase);
    for c in lower {
        if !(c.is_whitespace() || c.is_control()) {
            folded.push(c);
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Returns the pinyin initials of the Han characters; other letters and digits stay as folded, and
/// everything else is dropped.
#[must_use]
pub fn initials(text: &str) -> String {
    initials_of_folded(&fold(text))
}

/// Returns the initials of a person's name, whose surname may be read otherwise than the same
/// character elsewhere: 单 is `s`, not `d`.
#[must_use]
pub fn initials_of_name(name: &str) -> String {
    let name = fold(name);
    match readings::surname(&name) {
        Some((surname, rest)) => format!("{surname}{}", initials_of_folded(rest)),
        None => initials_of_folded(&name),
    }
}

/// Returns all terms a customer is found by.
///
/// At most the first 255 characters of each text count. A name is indexed by both readings of its
/// surname, as not every name in the field is a person's.
#[must_use]
pub fn terms(name: &str, company: &str) -> BTreeSet<String> {
    let parts = Parts::of(name, company);
    let mut terms = BTreeSet::new();
    for text in &parts.texts {
        Space::Text.add_terms(text, &mut terms);
    }
    for initials in &parts.initials {
        Space::Initials.add_terms(initials, &mut terms);
    }
    terms
}

/// Returns the text a candidate is confirmed in: a word of a query is found in it, as a plain
/// substring, exactly when the customer matches.
///
/// It holds name, company and their initials, folded, without blanks, parted by line feeds.
#[must_use]
pub fn haystack(name: &str, company: &str) -> String {
    let Parts { mut texts, initials } = Parts::of(name, company);
    texts.extend(initials);
    texts.join("\n")
}

/// A search as typed into the box; every word must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// At most eight words; none when the text is blank.
    pub words: Vec<Word>,
}

/// One word of a search. A customer matches by its text or, if there is a `tail` or a `key`, by a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as it stands in a [`haystack`], at most 64 characters.
    pub text: String,
    /// Ways into the term table; candidates of any of them are to be confirmed with `text`.
    pub lookups: Vec<Lookup>,
    /// For a word that may be a phone, the reversed digits that the tail of the phone begins with.
    pub tail: Option<String>,
    /// For a word that counts only as a whole number, the key of the phone.
    pub key: Option<String>,
}

/// A way to find candidates in the term table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The customer has all of these terms.
    All(Vec<String>),
    /// The customer has a term in `from..to`.
    Prefix {
        /// The first term of the range.
        from: String,
        /// The first term behind the range.
        to: String,
    },
}

/// Returns the words of a search, phones being read as typed in mainland China.
#[must_use]
pub fn query(text: &str) -> Query {
    query_in(text, &CHINA)
}

/// Returns the words of a search, phones being read as typed in `home`.
///
/// Words are parted by blanks, but a single phone number may be written with blanks. What is more
/// than eight words, or in a word more than 64 characters, is ignored: more is found, not less.
#[must_use]
pub fn query_in(text: &str, home: &Home) -> Query {
    Query { words: words_of(&fold(text)).iter().map(|word| Word::of(word, home)).collect() }
}

/// Returns the words of a search by somebody who sees only the last `shown` digits of a number: those find a
/// phone, and so does a whole number. Whatever lies between would tell the hidden digits one by one, in
/// texts too: there, digits are ignored.
#[must_use]
pub fn query_of_masked(text: &str, home: &Home, shown: usize) -> Query {
    let of_word = |word: &String| -> Vec<Word> {
        if is_dialled(word) {
            return Word::of_whole_number(word, home, shown).into_iter().collect();
        }
        let pieces = word.split(|c: char| c.is_ascii_digit()).filter(|piece| !piece.is_empty());
        pieces.map(|piece| Word::of(piece, home)).collect()
    };
    Query { words: words_of(&fold(text)).iter().flat_map(of_word).take(MOST_WORDS).collect() }
}

fn words_of(folded: &str) -> Vec<String> {
    if is_one_phone(folded) {
        return vec![without_blanks(folded)];
    }
    let number_of = |word| Some(without_address(word)).filter(|number| is_dialled(number));
    let words = folded.split_whitespace().take(MOST_WORDS);
    words.map(|word| number_of(word).map_or_else(|| word.to_owned(), Cow::into_owned)).collect()
}

/// Returns a piece of a folded name as a word that drives a search: it finds all whose name holds the piece, and
/// others. `None` for a piece of nothing but blanks.
#[must_use]
pub fn piece_of_name(piece: &str) -> Option<Word> {
    let text: String = piece.chars().filter(|&c| c != ' ').take(LONGEST_WORD).collect();
    (!text.is_empty()).then(|| Word { lookups: vec![Space::Text.lookup(&text)], text, tail: None, key: None })
}

/// Returns the smallest string above all strings that begin with `prefix`, by code point.
///
/// Nothing is above a prefix of nothing but the last code point; then the answer is the prefix and
/// four more of it, which is above every term.
#[must_use]
pub fn prefix_end(prefix: &str) -> String {
    let kept = prefix.trim_end_matches(char::MAX);
    let mut end: Vec<char> = kept.chars().collect();
    // A range of characters steps over the surrogates.
    match end.pop().and_then(|last| (last..=char::MAX).nth(1)) {
        Some(next) => end.into_iter().chain([next]).collect(),
        None => prefix.chars().chain([char::MAX; 4]).collect(),
    }
}

/// The searchable texts of a customer, folded and without blanks.
struct Parts {
    texts: Vec<String>,
    /// Only those that differ from the text they are of: a Latin name is found by its text already.
    initials: Vec<String>,
}

impl Parts {
    fn of(name: &str, company: &str) -> Parts {
        let (name, company) = (fold(bounded(name)), fold(bounded(company)));
        let texts: Vec<_> = [&name, &company].map(|text| without_blanks(text)).into();
        let mut initials = Vec::new();
        for candidate in [initials_of_name(&name), initials_of_folded(&name), initials_of_folded(&company)] {
            if !candidate.is_empty() && !texts.contains(&candidate) && !initials.contains(&candidate) {
                initials.push(candidate);
            }
        }
        Parts { texts, initials }
    }
}

/// The two kinds of terms, kept apart so that `wf` of 王芳 is not `wf` of a Latin name.
#[derive(Debug, Clone, Copy)]
enum Space {
    Text,
    Initials,
}

impl Space {
    fn term(self, characters: &[char]) -> String {
        let mark = match self {
            Space::Text => None,
            Space::Initials => Some('\u{1}'),
        };
        mark.iter().chain(characters).collect()
    }

    fn add_terms(self, text: &str, terms: &mut BTreeSet<String>) {
        let characters: Vec<char> = text.chars().chain([END]).collect();
        terms.extend(characters.windows(2).map(|pair| self.term(pair)));
    }

    fn lookup(self, word: &str) -> Lookup {
        let characters: Vec<char> = word.chars().collect();
        if characters.len() > 1 {
            let terms: BTreeSet<_> = characters.windows(2).map(|pair| self.term(pair)).collect();
            return Lookup::All(terms.into_iter().collect());
        }
        let from = self.term(&characters);
        let to = prefix_end(&from);
        Lookup::Prefix { from, to }
    }
}

impl Word {
    fn of(word: &str, home: &Home) -> Word {
        let text: String = word.chars().take(LONGEST_WORD).collect();
        let mut lookups = vec![Space::Text.lookup(&text)];
        // Only a word that is its own initials can be a part of somebody's initials.
        if initials_of_folded(&text) == text {
            lookups.push(Space::Initials.lookup(&text));
        }
        Word { tail: phone_tail(word, home), key: None, text, lookups }
    }

    fn of_whole_number(word: &str, home: &Home, shown: usize) -> Option<Word> {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if digits < SHORTEST_DIGITS {
            return None;
        }
        let (tail, key) =
            if digits <= shown { (Some(tail_of(word)), None) } else { (None, Some(Phone::parse(word, home)?.key())) };
        Some(Word { text: word.chars().take(LONGEST_WORD).collect(), lookups: Vec::new(), tail, key })
    }
}

/// Returns the reversed last digits of a word that may be a phone. With enough digits the country
/// code and the like are dropped, as a stored tail does not hold them; what is left is still a part
/// of the number from its end, so nothing is lost if it was no country code.
fn phone_tail(word: &str, home: &Home) -> Option<String> {
    if !is_dialled(word) {
        return None;
    }
    let typed = tail_of(word);
    let read = if typed.len() >= SHORTEST_TAIL { Phone::parse(word, home) } else { None };
    let tail = read.map(|phone| phone.tail()).filter(|tail| tail.len() >= SHORTEST_DIGITS).unwrap_or(typed);
    (tail.len() >= SHORTEST_DIGITS).then_some(tail)
}

/// Whether the blanks of a text stand inside of one phone number: it has no more digits than E.164
/// allows, and no fewer than a local number.
fn is_one_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    is_dialled(text) && (SHORTEST_TAIL..=15).contains(&digits)
}

fn initials_of_folded(text: &str) -> String {
    let mut initials = String::new();
    let mut rest = text.chars();
    loop {
        if let Some((letters, behind)) = readings::word(rest.as_str()) {
            initials.push_str(letters);
            rest = behind.chars();
            continue;
        }
        let Some(c) = rest.next() else {
            return initials;
        };
        match c.to_pinyin() {
            Some(reading) => initials.push_str(reading.first_letter()),
            None if c.is_alphanumeric() => initials.push(c),
            None => {}
        }
    }
}

/// As much of a text as is indexed: names hold no more.
fn bounded(text: &str) -> &str {
    text.char_indices().nth(LONGEST_NAME).map_or(text, |(end, _)| &text[..end])
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|&c| c != ' ').collect()
}

#[cfg(test)]
mod tests;
