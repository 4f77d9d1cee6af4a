//! The relaxed reader: frames written by hand, rewritten into strict JSON.
//!
//! The document prints its own examples like this, so clients send them like this:
//! `{action:'get_customer',type:cellphone,serviceNo:008}`. On top of JSON the reader takes
//!
//! - single quotes, and raw line breaks and tabs inside quotes;
//! - bare keys and bare word values; a bare value that is no JSON number, `true`, `false` or
//!   `null` is a string, and so is `008`, whose zeros are part of a login number;
//! - blanks around a key, which are dropped: `" cellphones"` is `cellphones`;
//! - `;`, `；` and `，` where a comma stands, `：` where a colon stands, a comma before a closer;
//! - `//` and `/* */` comments, and a byte order mark.
//!
//! A bare word ends at a blank, a bracket, a quote, a separator, a colon or a comment. Curly
//! quotes are ordinary characters: a name may contain them.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The deepest nesting that [`to_strict`] ever lets through: `serde_json` stops behind it.
pub const DEEPEST: usize = 127;

/// What is wrong with a text, and where: both places count from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line of the offending character.
    pub line: usize,
    /// Column of the offending character.
    pub column: usize,
    /// What was expected there, and what was found.
    pub problem: Cow<'static, str>,
}

impl SyntaxError {
    /// Returns the error for the character that starts at byte `offset` of `text`.
    pub(super) fn at(text: &str, offset: usize, problem: impl Into<Cow<'static, str>>) -> Self {
        let (line, column) = place(text, offset);
        Self { line, column, problem: problem.into() }
    }

    /// Returns the error of the strict reader, with its place counted as here.
    pub(super) fn of(text: &str, error: &serde_json::Error) -> Self {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = if error.is_eof() { text.len() } else { before + error.column().saturating_sub(1) };
        Self::at(text, offset, without_place(error))
    }
}

/// Returns the text of `error` without its ` at line 1 column 2`.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    text.truncate(text.rfind(" at line ").unwrap_or(text.len()));
    text
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for SyntaxError {}

/// Rewrites relaxed `text` into strict JSON text that `serde_json` accepts.
///
/// Text that is strict already keeps its meaning, but for blanks around keys. The result is at most
/// six times as long as the text, plus two quotes for each bare word. The error names the
/// first character that cannot stand where it stands; a missing closer is found at the end of the
/// text. Nesting deeper than `max_depth` (and than [`DEEPEST`]) is an error.
pub fn to_strict(text: &str, max_depth: usize) -> Result<String, SyntaxError> {
    let mut reader = Reader::new(text);
    reader.document(max_depth.min(DEEPEST))?;
    Ok(reader.out)
}

/// Returns an error for the first bracket of `text` that is nested deeper than `max_depth`.
///
/// Quotes and comments are understood in strict and in relaxed text: an apostrophe or a slash
/// outside double quotes does not occur in the former.
pub(super) fn check_depth(text: &str, max_depth: usize) -> Result<(), SyntaxError> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        at += match byte {
            b'"' | b'\'' => quoted_length(text.as_bytes().get(at..).unwrap_or_default()),
            b'/' => comment_length(text.get(at..).unwrap_or_default()).max(1),
            _ => 1,
        };
        match byte {
            b'[' | b'{' if depth >= max_depth => return Err(too_deep(text, at - 1, max_depth)),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the scalar that `text` starts with, as strict JSON; `None` for anything else.
pub(super) fn leading_scalar(text: &str) -> Option<String> {
    let mut reader = Reader::new(text);
    match text.chars().next()? {
        quote @ ('"' | '\'') => reader.quoted_value(quote).ok()?,
        c if is_word(c) => reader.word_value(),
        _ => return None,
    }
    Some(reader.out)
}

/// Appends `text` to `out` as a JSON string.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// A bracket that waits for its closer.
struct Open {
    bracket: char,
    at: usize,
    has_members: bool,
}

impl Open {
    fn closer(&self) -> char {
        if self.bracket == '{' { '}' } else { ']' }
    }
}

/// What may stand at the next token.
enum Next {
    Value,
    MemberOrCloser,
    CommaOrCloser,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
    out: String,
    /// The string that was read last, unescaped.
    unquoted: String,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: Vec::new(), out: String::new(), unquoted: String::new() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn document(&mut self, max_depth: usize) -> Result<(), SyntaxError> {
        let mut next = Next::Value;
        loop {
            self.skip_blanks()?;
            let Some(c) = self.rest().chars().next() else {
                return self.end(&next);
            };
            let closes = matches!(c, '}' | ']') && !matches!(next, Next::Value);
            next = match (next, self.open.last_mut()) {
                (_, Some(open)) if closes => {
                    if c != open.closer() {
                        return Err(self.unclosed(&format!("`{c}`"), self.at));
                    }
                    self.open.pop();
                    self.out.push(c);
                    self.at += 1;
                    Next::CommaOrCloser
                }
                (Next::MemberOrCloser, Some(open)) => {
                    if std::mem::replace(&mut open.has_members, true) {
                        self.out.push(',');
                    }
                    if open.bracket == '{' { self.key(c)? } else { self.value(c, max_depth)? }
                }
                (Next::CommaOrCloser, Some(open)) => {
                    if !matches!(c, ',' | '，' | ';' | '；') {
                        let expected = format!("`,` or `{}`", open.closer());
                        return Err(self.unexpected(&expected, c));
                    }
                    self.at += c.len_utf8();
                    Next::MemberOrCloser
                }
                (Next::Value, _) => self.value(c, max_depth)?,
                (_, None) => return Err(self.unexpected("the end of the text", c)),
            };
        }
    }

    fn end(&self, next: &Next) -> Result<(), SyntaxError> {
        match next {
            _ if !self.open.is_empty() => Err(self.unclosed("the end of the text", self.text.len())),
            Next::Value => Err(self.error(self.at, "expected a value, found the end of the text")),
            _ => Ok(()),
        }
    }

    fn value(&mut self, c: char, max_depth: usize) -> Result<Next, SyntaxError> {
        match c {
            '{' | '[' if self.open.len() >= max_depth => {
                return Err(too_deep(self.text, self.at, max_depth));
            }
            '{' | '[' => {
                self.open.push(Open { bracket: c, at: self.at, has_members: false });
                self.out.push(c);
                self.at += 1;
                return Ok(Next::MemberOrCloser);
            }
            '"' | '\'' => self.quoted_value(c)?,
            _ if is_word(c) => self.word_value(),
            _ => return Err(self.unexpected("a value", c)),
        }
        Ok(Next::CommaOrCloser)
    }

    fn quoted_value(&mut self, quote: char) -> Result<(), SyntaxError> {
        self.quoted(quote)?;
        push_string(&mut self.out, &self.unquoted);
        Ok(())
    }

    fn word_value(&mut self) {
        let word = self.word();
        if matches!(word, "true" | "false" | "null") || is_number(word) {
            self.out.push_str(word);
        } else {
            push_string(&mut self.out, word);
        }
    }

    /// Reads a key and the colon behind it.
    fn key(&mut self, c: char) -> Result<Next, SyntaxError> {
        match c {
            '"' | '\'' => {
                self.quoted(c)?;
                push_string(&mut self.out, self.unquoted.trim());
            }
            _ if is_word(c) => {
                let word = self.word();
                push_string(&mut self.out, word);
            }
            _ => return Err(self.unexpected("a key or `}`", c)),
        }
        self.skip_blanks()?;
        match self.rest().chars().next() {
            Some(colon @ (':' | '：')) => {
                self.at += colon.len_utf8();
                self.out.push(':');
                Ok(Next::Value)
            }
            Some(other) => Err(self.unexpected("`:`", other)),
            None => Err(self.unclosed("the end of the text", self.at)),
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = |&(at, c): &(usize, char)| !is_word(c) || (c == '/' && comment_length(&rest[at..]) > 0);
        let length = rest.char_indices().find(end).map_or(rest.len(), |(at, _)| at);
        self.at += length;
        &rest[..length]
    }

    /// Reads the string that opens here into `unquoted`.
    fn quoted(&mut self, quote: char) -> Result<(), SyntaxError> {
        let opened = self.at;
        self.at += 1;
        self.unquoted.clear();
        loop {
            let rest = self.rest();
            let Some(length) = rest.find([quote, '\\']) else {
                let (line, column) = place(self.text, opened);
                let problem = format!("the string opened at line {line}, column {column} needs its closing {quote}");
                return Err(self.error(self.text.len(), problem));
            };
            self.unquoted.push_str(&rest[..length]);
            self.at += length + 1;
            if rest[length..].starts_with(quote) {
                return Ok(());
            }
            let unescaped = self.escape()?;
            self.unquoted.push(unescaped);
        }
    }

    /// Reads what stands behind a backslash.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let backslash = self.at - 1;
        let escape = self.rest().chars().next();
        self.at += escape.map_or(0, char::len_utf8);
        match escape {
            Some(same @ ('"' | '\'' | '\\' | '/')) => Ok(same),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.unicode_escape(backslash),
            _ => Err(self.error(backslash, "expected an escape that JSON knows behind `\\`")),
        }
    }

    fn unicode_escape(&mut self, backslash: usize) -> Result<char, SyntaxError> {
        let first = self.four_digits(backslash)?;
        let mut second = None;
        if matches!(first, 0xd800..=0xdbff) && self.rest().starts_with("\\u") {
            self.at += 2;
            second = Some(self.four_digits(self.at - 2)?);
        }
        match char::decode_utf16([first].into_iter().chain(second)).next() {
            Some(Ok(c)) => Ok(c),
            _ => Err(self.error(backslash, "expected both halves of a surrogate pair")),
        }
    }

    fn four_digits(&mut self, backslash: usize) -> Result<u16, SyntaxError> {
        let digits = self.rest().get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.error(backslash, "expected four hexadecimal digits behind `\\u`"))?;
        self.at += 4;
        Ok(unit)
    }

    fn skip_blanks(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches(is_blank).len();
            let comment = &rest[blank..][..comment_length(&rest[blank..])];
            if comment.starts_with("/*") && (comment.len() < 4 || !comment.ends_with("*/")) {
                return Err(self.error(self.at + blank, "expected `*/` behind `/*`"));
            }
            if blank + comment.len() == 0 {
                return Ok(());
            }
            self.at += blank + comment.len();
        }
    }

    fn error(&self, offset: usize, problem: impl Into<Cow<'static, str>>) -> SyntaxError {
        SyntaxError::at(self.text, offset, problem)
    }

    fn unexpected(&self, expected: &str, found: char) -> SyntaxError {
        self.error(self.at, format!("expected {expected}, found `{}`", found.escape_debug()))
    }

    /// Returns the error for something else at `offset` than the closer of the innermost bracket.
    fn unclosed(&self, found: &str, offset: usize) -> SyntaxError {
        let Some(open) = self.open.last() else {
            return self.error(offset, format!("expected nothing more, found {found}"));
        };
        let (line, column) = place(self.text, open.at);
        let (bracket, closer) = (open.bracket, open.closer());
        let problem =
            format!("expected `{closer}` for the `{bracket}` opened at line {line}, column {column}, found {found}");
        self.error(offset, problem)
    }
}

fn too_deep(text: &str, offset: usize, max_depth: usize) -> SyntaxError {
    SyntaxError::at(text, offset, format!("nested deeper than {max_depth} levels"))
}

/// Returns line and column of the character at byte `offset`.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn is_word(c: char) -> bool {
    let ends = matches!(c, '{' | '}' | '[' | ']' | '"' | '\'' | ':' | '：' | ',' | '，' | ';' | '；');
    !ends && !is_blank(c) && !c.is_control()
}

/// True for a number that `serde_json` reads: `1e999` has the form of one, but no value.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && serde_json::from_str::<f64>(word).is_ok()
}

/// Returns the bytes up to and with the closing quote of the string that `bytes` start with.
fn quoted_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    let quote = bytes.first();
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'\\' => 2,
            _ if Some(byte) == quote => return at + 1,
            _ => 1,
        };
    }
    bytes.len()
}

/// Returns the length of the comment that `text` starts with, 0 when it starts with none.
fn comment_length(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if let Some(comment) = text.strip_prefix("/*") {
        comment.find("*/").map_or(text.len(), |end| end + 4)
    } else {
        0
    }
}

#[cfg(test)]
mod tests;
