//! Names asked for with `*` in them.

use super::search_terms::{Word, fold, name_key, piece_of_name};

/// Pieces that drive a search; the pattern itself decides, so that more would only be slower.
const MOST_PIECES: usize = 8;

/// What a folded name is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// Any that there is.
    Any,
    Exactly(String),
    /// As SQL's `like` has it, `\` before what is meant as it stands.
    Like(String),
}

/// Returns the pattern of a text in which `*` stands for anything, also for nothing, and the words by which the
/// names that may match are found; `None` for a blank text.
///
/// Without `*` the whole name is meant. Case, width and runs of blanks do not count, as nowhere in names.
#[must_use]
pub fn read(text: &str) -> Option<(NamePattern, Vec<Word>)> {
    let folded = fold(text);
    if folded.is_empty() {
        return None;
    }
    let pieces: Vec<&str> = folded.split('*').collect();
    if let [whole] = pieces.as_slice() {
        return Some((NamePattern::Exactly(name_key(whole)), Vec::new()));
    }
    if pieces.iter().all(|piece| piece.is_empty()) {
        return Some((NamePattern::Any, Vec::new()));
    }
    let mut longest: Vec<&str> = pieces.clone();
    longest.sort_by_key(|piece| std::cmp::Reverse(piece.chars().count()));
    let words = longest.into_iter().filter_map(piece_of_name).take(MOST_PIECES).collect();
    Some((NamePattern::Like(like(&pieces)), words))
}

fn like(pieces: &[&str]) -> String {
    let mut pattern = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        // An empty piece between two stars would only repeat the first.
        let repeats = index > 1 && pieces.get(index - 1).is_some_and(|before| before.is_empty());
        if index > 0 && !repeats {
            pattern.push('%');
        }
        for c in piece.chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Option<NamePattern> {
        read(text).map(|(pattern, _)| pattern)
    }

    #[test]
    fn the_star_stands_anywhere() {
        let like = |text: &str| Some(NamePattern::Like(text.to_owned()));
        assert_eq!(pattern("*软件"), like("%软件"));
        assert_eq!(pattern("企能*"), like("企能%"));
        assert_eq!(pattern(" *ABC* "), like("%abc%"));
        assert_eq!(pattern("甲**乙"), like("甲%乙"));
        assert_eq!(pattern("＊软件"), like("%软件"));
        assert_eq!(pattern(r"*50%_\"), like(r"%50\%\_\\"));
        assert_eq!(pattern("100%*"), like(r"100\%%"));
        assert_eq!(pattern("企能软件"), Some(NamePattern::Exactly("企能软件".into())));
        assert_eq!(pattern("***"), Some(NamePattern::Any));
        assert_eq!(pattern("  "), None);
    }

    #[test]
    fn the_longest_pieces_drive() {
        let (_, words) = read("a*上海 软件*科技").unwrap();
        let texts: Vec<&str> = words.iter().map(|word| word.forms[0].text.as_str()).collect();
        assert_eq!(texts, ["上海软件", "科技", "a"]);
        assert_eq!(read(&"a*".repeat(50)).unwrap().1.len(), MOST_PIECES);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in ".*") {
            let _ = read(&text);
        }
    }
}
