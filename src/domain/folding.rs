//! How names and words are compared: by their folded form.
//!
//! Folded texts are equal where people mean the same: whatever the case, the width, the script (traditional or
//! simplified), the accents and the way in which a program composes characters.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// The version of all that is derived from names: folded forms, search terms, and the order of names. What is stored
/// was made by the rules of a version, and is made anew when this is a later one.
pub const VERSION: i64 = 2;

/// The most characters of a key.
const LONGEST_KEY: usize = 600;

/// Returns a text as it is compared: as [`spelling`] writes it, in simplified characters.
#[must_use]
pub fn fold(text: &str) -> String {
    spelling(text).chars().map(standard).collect()
}

/// Returns what names are compared by as a whole. One character can become up to eighteen; more than 600 in all do
/// not fit into an index.
#[must_use]
pub fn name_key(name: &str) -> String {
    let mut key = fold(name);
    if let Some((end, _)) = key.char_indices().nth(LONGEST_KEY) {
        key.truncate(end);
        key.truncate(key.trim_end().len());
    }
    key
}

/// Returns the key of a label, of an entry of a list and the like: as [`name_key`], but of signs alone it is the text.
#[must_use]
pub fn text_key(text: &str) -> String {
    let key = name_key(text);
    if key.is_empty() { text.trim().to_owned() } else { key }
}

/// Returns the first of these whose name is the given one as it is written or, failing that, in a comparison.
pub fn named<'t, T>(all: &'t [T], given: &str, name: impl Fn(&T) -> &str) -> Option<&'t T> {
    let as_written = all.iter().find(|entry| name(entry) == given);
    as_written.or_else(|| {
        let key = text_key(given);
        all.iter().find(|entry| text_key(name(entry)) == key)
    })
}

/// Returns a text in lower case and in Unicode's compatibility composition (NFKC), without accents, invisible
/// characters and the middle dots of names: a run of blanks and control characters is one blank, and there is none
/// at the ends and beside a dot.
///
/// Character by character the standard form of this is the folded text, so both have as many.
#[must_use]
pub fn spelling(text: &str) -> String {
    // The lower case of a single character: that of a whole text would depend on what follows.
    let parts = text.nfkd().flat_map(char::to_lowercase).filter(|&c| !is_accent(c) && !is_invisible(c));
    let mut spelled = String::with_capacity(text.len());
    let mut takes_blank = false;
    for c in parts.flat_map(letters) {
        if is_middle_dot(c) {
            spelled.truncate(spelled.trim_end_matches(' ').len());
            takes_blank = false;
        } else if !(c.is_whitespace() || c.is_control()) {
            spelled.push(c);
            takes_blank = true;
        } else if takes_blank {
            spelled.push(' ');
            takes_blank = false;
        }
    }
    spelled.truncate(spelled.trim_end_matches(' ').len());
    // At last, as what stood between a letter and its mark is gone by now.
    spelled.nfc().collect()
}

/// Returns the character that stands for all forms of this one: the simplified of a traditional one, the usual of
/// its variants.
#[must_use]
pub fn standard(c: char) -> char {
    // Nothing before has variants.
    if c < '\u{3400}' { c } else { VARIANTS.get(&c).copied().unwrap_or(c) }
}

static VARIANTS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let lines = include_str!("folding/variants.txt").lines().filter(|line| !line.starts_with('#'));
    let mut variants = HashMap::new();
    for class in lines.flat_map(str::split_whitespace) {
        let mut forms = class.chars();
        if let Some(standard) = forms.next() {
            variants.extend(forms.map(|form| (form, standard)));
        }
    }
    variants
});

/// Letters that are others with a stroke, or two in one, and that Unicode does not take apart.
fn letters(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        c => (c, None),
    };
    [Some(first), second].into_iter().flatten()
}

/// What is written above and below letters of European scripts. The marks of others make other letters: ガ is not カ.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// The dots between the parts of Uyghur and foreign names, which everybody writes otherwise, or not at all.
fn is_middle_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧' | '∙' | '⋅' | 'ꞏ' | '⸱' | '⸳' | '᛫')
}

/// Characters that come along when text is copied from other programs and that nobody sees.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_width_and_blanks_do_not_count() {
        assert_eq!(fold("  Ｗａｎｇ　FANG\t\n1 "), "wang fang 1");
        assert_eq!(fold("\u{202a}王\u{0}芳\u{feff}"), "王 芳");
        assert_eq!(fold(" \u{3} "), "");
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
    }

    #[test]
    fn scripts_and_variants_are_one() {
        assert_eq!(fold("楊志永"), "杨志永");
        assert_eq!(fold("戶户戸"), "户户户");
        assert_eq!(fold("臺灣積體電路製造股份有限公司"), "台湾积体电路制造股份有限公司");
        assert_eq!(fold("錢鍾書 钱锺书"), "钱钟书 钱钟书");
        assert_eq!(fold("黒沢 髙橋 𠮷田 﨑"), "黑泽 高桥 吉田 崎");
        assert_eq!(spelling("楊志永"), "楊志永");
        // What simplified writing keeps apart stays apart, though Japanese writes 芸 for 藝.
        assert_ne!(fold("芸"), fold("藝"));
        assert_eq!(fold("葛\u{e0100}飾"), fold("葛飾"));
    }

    #[test]
    fn composition_and_accents_do_not_count() {
        for (one, other) in [
            ("Jose\u{301}", "José"),
            ("jose", "JOSÉ"),
            ("Müller Straße", "muller strasse"),
            ("Łukasz Ærø", "lukasz aero"),
            ("Nguyễn Đức", "nguyen duc"),
            ("İstanbul ılık", "istanbul ilik"),
            ("ﾄﾖﾀ ｶﾞ", "トヨタ ガ"),
            ("カ\u{3099}", "ガ"),
            ("ｶ·\u{3099}", "ガ"),
            ("㈱①", "(株)1"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ﬁ", "fi"),
            ("⼽", "戈"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("カ"), fold("ガ"));
    }

    #[test]
    fn middle_dots_do_not_count() {
        for name in [
            "阿不都·热依木",
            "阿不都•热依木",
            "阿不都・热依木",
            "阿不都･热依木",
            "阿不都‧热依木",
            "阿不都 · 热依木",
            "·阿不都热依木 •",
        ] {
            assert_eq!(fold(name), "阿不都热依木", "{name}");
        }
        assert_eq!(fold(" · "), "");
    }

    #[test]
    fn the_table_of_variants_leads_to_standards_only() {
        assert!(VARIANTS.len() > 3000);
        for (form, standard) in VARIANTS.iter() {
            assert!(!VARIANTS.contains_key(standard), "{form} {standard}");
            assert!(*form >= '\u{3400}');
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,30}|[ＡİΣ　\u{0}-\u{ff}]{0,20}|[e\u{300}-\u{36f}·ガｶﾞ\u{3099}\u{309a}\u{1100}-\u{11ff}ß ]{0,20}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(spelling(&spelling(&text)), spelling(&text));
        }

        #[test]
        fn compositions_fold_to_the_same(text in "\\PC{0,30}|[a-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}\u{ac00}-\u{ac80}が-ヿ]{0,20}") {
            let forms: [String; 4] = [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect()];
            for form in forms {
                prop_assert_eq!(fold(&form), fold(&text));
            }
        }

        #[test]
        fn a_spelling_has_as_many_characters_as_its_folded_form(text in "\\PC{0,30}") {
            prop_assert_eq!(spelling(&text).chars().count(), fold(&text).chars().count());
        }
    }
}
