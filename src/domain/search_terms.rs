//! The words a customer is found by, and how a search is cut into the same words.
//!
//! Every pair of neighbouring characters of a name is a *term* in a table (company, term, customer),
//! so that any part of a name is found through an index and never by a scan. Pairs alone can lie
//! ("ab" and "bc" need not be "abc"), therefore a candidate is confirmed in its [`haystack`].
//! Chinese is found by its pinyin, too: by pairs of initials, and by syllables.
//! Terms are compared by code point, so the column must not take a language's order: `BINARY` or
//! `COLLATE "C"`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::customer::LONGEST_NAME;
pub use super::folding::{VERSION, fold, name_key};
use super::phone::{self, CHINA, Home, Phone, SHORTEST_TAIL, is_dialled, tail_of, without_address};
use super::pinyin::{self, Cut, GAP, Kind, SYLLABLE};

const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 64;

/// Fewer digits than this are no search by phone: too many customers end with them.
const SHORTEST_DIGITS: usize = 4;

/// Stands behind the last character of a text, so that it too begins a term. A folded text holds
/// no control character.
const END: char = '\u{3}';

/// Returns all terms a customer is found by.
///
/// At most the first 500 characters of each text count. A name is indexed by both readings of its
/// surname, as not every name in the field is a person's.
#[must_use]
pub fn terms(name: &str, company: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    each_term(&haystack(name, company), |term| {
        if !terms.contains(term) {
            terms.insert(term.to_owned());
        }
    });
    terms
}

/// Hands on the terms of a customer with this [`haystack`], some of them more than once.
pub fn each_term(haystack: &str, mut found: impl FnMut(&str)) {
    for (place, line) in haystack.split('\n').enumerate() {
        if place < TEXTS {
            Space::Text.each_pair(line.chars().chain([END]), &mut found);
        } else if line.contains(SYLLABLE) {
            line.split([SYLLABLE, GAP]).filter(|syllable| !syllable.is_empty()).for_each(&mut found);
        } else {
            // The last alone is what a syllable begins with.
            Space::Initials.each_pair(line.chars(), &mut found);
        }
    }
}

/// Returns the text a candidate is confirmed in: a form of a word is found in it, as a plain
/// substring, exactly when the customer matches.
///
/// It holds name, company and their initials, folded, without blanks, and their syllables, in capitals, parted by
/// line feeds.
#[must_use]
pub fn haystack(name: &str, company: &str) -> String {
    let Parts { mut texts, initials, syllables } = Parts::of(name, company);
    texts.extend(initials);
    texts.extend(syllables);
    texts.join("\n")
}

/// A search as typed into the box; every word must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// At most eight words; none when the text is blank.
    pub words: Vec<Word>,
}

/// One word of a search. A customer matches by any of its forms or by a phone with any of its tails or keys: a word can
/// hold several numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the word can be: a text, initials, pinyin.
    pub forms: Vec<Form>,
    /// For each number that the word may be, the reversed digits that the tail of the phone begins with.
    pub tails: Vec<String>,
    /// For each number of a word that counts only as whole numbers, the key of the phone.
    pub keys: Vec<String>,
}

/// What a word can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// As it stands in a [`haystack`], at most 64 characters typed.
    pub text: String,
    /// The way to candidates.
    pub lookup: Lookup,
    /// Whether all candidates match; otherwise they are to be confirmed with `text`.
    pub is_certain: bool,
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
/// Words are parted by blanks, but a single phone number may be written with blanks, and whole numbers that stand
/// together are one word: it finds the customers of any of them. What is more than eight words, or in a word more than
/// 64 characters, is ignored: more is found, not less.
#[must_use]
pub fn query_in(text: &str, home: &Home) -> Query {
    Query { words: words_of(&fold(text), home).iter().map(|word| Word::of(word, home)).collect() }
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
    Query { words: words_of(&fold(text), home).iter().flat_map(of_word).take(MOST_WORDS).collect() }
}

fn words_of(folded: &str, home: &Home) -> Vec<String> {
    if are_whole_numbers(folded, home) {
        return vec![folded.to_owned()];
    }
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
    (!text.is_empty()).then(|| Word { forms: vec![Space::Text.form(&text)], tails: Vec::new(), keys: Vec::new() })
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

/// The first lines of a haystack: name and company.
const TEXTS: usize = 2;

/// The searchable texts of a customer.
struct Parts {
    /// Folded and without blanks.
    texts: Vec<String>,
    /// Only those that differ from the text they are of: a Latin name is found by its text already.
    initials: Vec<String>,
    syllables: Vec<String>,
}

impl Parts {
    fn of(name: &str, company: &str) -> Parts {
        let (name, company) = (bounded(name), bounded(company));
        let texts: Vec<_> = [name, company].map(|text| without_blanks(&name_key(text))).into();
        let (mut initials, mut syllables) = (Vec::new(), Vec::new());
        for reading in pinyin::readings(name, Kind::Name).iter().chain(&pinyin::readings(company, Kind::Company)) {
            add_new(&mut initials, reading.initials(), &texts);
            add_new(&mut syllables, reading.syllables(), &[]);
        }
        Parts { texts, initials, syllables }
    }
}

fn add_new(lines: &mut Vec<String>, line: String, known: &[String]) {
    if !line.is_empty() && !known.contains(&line) && !lines.contains(&line) {
        lines.push(line);
    }
}

/// The two kinds of pairs, kept apart so that `wf` of 王芳 is not `wf` of a Latin name. Syllables are in capitals,
/// which no folded text holds.
#[derive(Debug, Clone, Copy)]
enum Space {
    Text,
    Initials,
}

impl Space {
    fn mark(self) -> Option<char> {
        match self {
            Space::Text => None,
            Space::Initials => Some('\u{1}'),
        }
    }

    fn each_pair(self, characters: impl Iterator<Item = char>, found: &mut impl FnMut(&str)) {
        let mut term = String::new();
        let mut last = None;
        for next in characters {
            if let Some(last) = last.replace(next) {
                term.clear();
                term.extend(self.mark().into_iter().chain([last, next]));
                found(&term);
            }
        }
    }

    fn pairs(self, text: &str) -> BTreeSet<String> {
        let mut pairs = BTreeSet::new();
        self.each_pair(text.chars(), &mut |pair| {
            pairs.insert(pair.to_owned());
        });
        pairs
    }

    fn form(self, word: &str) -> Form {
        let length = word.chars().count();
        let lookup = if length > 1 {
            Lookup::All(self.pairs(word).into_iter().collect())
        } else {
            Lookup::beginning(self.mark().into_iter().chain(word.chars()).collect())
        };
        // Of three equal characters there is one pair, and it does not say how many there are.
        Form { text: word.to_owned(), lookup, is_certain: length <= 2 }
    }
}

impl Lookup {
    fn beginning(from: String) -> Self {
        Self::Prefix { to: prefix_end(&from), from }
    }
}

impl Form {
    fn pinyin(cut: &Cut) -> Self {
        let capitals = |letters: &str| letters.to_ascii_uppercase();
        let lookup = if cut.whole.is_empty() {
            Lookup::beginning(capitals(&cut.last))
        } else {
            let syllables = cut.whole.iter().copied().chain(cut.complete_last()).map(capitals);
            Lookup::All(syllables.collect::<BTreeSet<_>>().into_iter().collect())
        };
        Self { text: cut.text(), lookup, is_certain: cut.whole.is_empty() }
    }
}

impl Word {
    fn of(word: &str, home: &Home) -> Word {
        let text: String = word.chars().filter(|&c| c != ' ').take(LONGEST_WORD).collect();
        let mut forms = vec![Space::Text.form(&text)];
        // Only a word that is its own initials can be a part of somebody's initials; a single one begins a syllable.
        if text.chars().count() > 1 && pinyin::initials(&text, Kind::Company) == text {
            forms.push(Space::Initials.form(&text));
        }
        forms.extend(pinyin::cuts(&text).iter().map(Form::pinyin));
        Word { forms, tails: phone_tails(word, home), keys: Vec::new() }
    }

    fn of_whole_number(word: &str, home: &Home, shown: usize) -> Option<Word> {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if digits < SHORTEST_DIGITS {
            return None;
        }
        let (tails, keys) = if digits <= shown {
            (vec![tail_of(word)], Vec::new())
        } else {
            (Vec::new(), phone::read(word, home).ok()?.iter().map(Phone::key).collect())
        };
        Some(Word { forms: Vec::new(), tails, keys })
    }
}

/// Returns the reversed last digits of the numbers that a word may be. With enough digits the country code and the like
/// are dropped, as a stored tail does not hold them; what is left is still a part of the number from its end, so nothing
/// is lost if it was no country code.
fn phone_tails(word: &str, home: &Home) -> Vec<String> {
    if !is_dialled(word) {
        return Vec::new();
    }
    let typed = tail_of(word);
    let read = if typed.len() >= SHORTEST_TAIL { phone::read(word, home).unwrap_or_default() } else { Vec::new() };
    let tails: BTreeSet<String> = read.iter().map(Phone::tail).filter(|tail| tail.len() >= SHORTEST_DIGITS).collect();
    if tails.is_empty() && typed.len() >= SHORTEST_DIGITS { vec![typed] } else { tails.into_iter().collect() }
}

/// Whether a text is nothing but several numbers, each of which means the same from anywhere, or one with an extension.
fn are_whole_numbers(text: &str, home: &Home) -> bool {
    let phones = if is_dialled(text) { phone::read(text, home).unwrap_or_default() } else { Vec::new() };
    let is_more = phones.len() > 1 || phones.iter().any(|phone| phone.extension.is_some());
    is_more && phones.iter().all(|phone| phone.e164.is_some())
}

/// Whether the blanks of a text stand inside of one phone number: it has no more digits than E.164
/// allows, and no fewer than a local number.
fn is_one_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    is_dialled(text) && (SHORTEST_TAIL..=15).contains(&digits)
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
