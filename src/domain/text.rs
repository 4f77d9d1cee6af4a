//! Texts as they are stored.

use std::borrow::Cow;

/// Whether this comes along when text is copied from other programs, and nobody sees it.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether this joins the characters beside it, or keeps them apart: nobody sees it, but what it does to them.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Returns a text without blanks around it, and without what nobody sees: a text of nothing else is empty.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return text.trim().into();
    }
    let visible: String = text.chars().filter(|c| !is_invisible(*c) || is_joiner(*c)).collect();
    let is_empty = visible.chars().all(|c| is_joiner(c) || c.is_whitespace());
    if is_empty { "".into() } else { visible.trim().to_owned().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_dropped() {
        assert_eq!(visible(" \u{202d}王\u{200b}芳\u{202c} "), "王芳");
        assert_eq!(visible("\u{feff} \u{200b}"), "");
        assert_eq!(visible("a b"), "a b");
        assert_eq!((visible("👩\u{200d}👧\u{200b}"), visible("\u{200d} \u{200c}")), ("👩\u{200d}👧".into(), "".into()));
    }
}
