//! Characters that are read otherwise as a surname or inside a word than by themselves, where the
//! first letter differs from the one the pinyin table gives.

/// Returns the initials of the surname a name begins with, and the given name; `None` when the
/// surname is read as usual.
pub(super) fn surname(name: &str) -> Option<(&'static str, &str)> {
    reading(&SURNAMES, name)
}

/// Returns the initials of the word a text begins with, and what follows the word; `None` when the
/// text begins with no word of the list.
pub(super) fn word(text: &str) -> Option<(&'static str, &str)> {
    reading(&WORDS, text)
}

fn reading<'t>(table: &[(&str, &'static str)], text: &'t str) -> Option<(&'static str, &'t str)> {
    table.iter().find_map(|&(word, initials)| Some((initials, text.strip_prefix(word)?)))
}

/// Compound surnames stand before the characters they begin with.
static SURNAMES: [(&str, &str); 34] = [
    ("万俟", "mq"),
    ("萬俟", "mq"),
    ("单于", "cy"),
    ("單于", "cy"),
    ("尉迟", "yc"),
    ("尉遲", "yc"),
    ("澹台", "tt"),
    ("单", "s"),
    ("單", "s"),
    ("仇", "q"),
    ("曾", "z"),
    ("解", "x"),
    ("查", "z"),
    ("区", "o"),
    ("區", "o"),
    ("覃", "q"),
    ("翟", "z"),
    ("乐", "y"),
    ("樂", "y"),
    ("种", "c"),
    ("召", "s"),
    ("秘", "b"),
    ("折", "s"),
    ("繁", "p"),
    ("句", "g"),
    ("佴", "n"),
    ("隗", "w"),
    ("祭", "z"),
    ("乜", "n"),
    ("郇", "x"),
    ("阚", "k"),
    ("颉", "x"),
    ("重", "c"),
    ("藏", "z"),
];

static WORDS: [(&str, &str); 36] = [
    ("银行", "yh"),
    ("商行", "sh"),
    ("车行", "ch"),
    ("分行", "fh"),
    ("支行", "zh"),
    ("总行", "zh"),
    ("洋行", "yh"),
    ("行业", "hy"),
    ("行长", "hz"),
    ("长沙", "cs"),
    ("长春", "cc"),
    ("长城", "cc"),
    ("长江", "cj"),
    ("长安", "ca"),
    ("长虹", "ch"),
    ("长治", "cz"),
    ("长乐", "cl"),
    ("长兴", "cx"),
    ("长白", "cb"),
    ("长三角", "csj"),
    ("重庆", "cq"),
    ("重阳", "cy"),
    ("重新", "cx"),
    ("厦门", "xm"),
    ("音乐", "yy"),
    ("乐器", "yq"),
    ("乐清", "yq"),
    ("会计", "kj"),
    ("番禺", "py"),
    ("番茄", "fq"),
    ("人参", "rs"),
    ("西藏", "xz"),
    ("藏族", "zz"),
    ("畜牧", "xm"),
    ("单县", "sx"),
    ("秘鲁", "bl"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use pinyin::ToPinyin;

    #[test]
    fn every_listed_reading_differs_from_the_usual_one() {
        let usual = |text: &str| -> String {
            text.chars().filter_map(|c| c.to_pinyin()).map(pinyin::Pinyin::first_letter).collect()
        };
        for (text, initials) in SURNAMES.iter().chain(&WORDS) {
            assert_ne!(*initials, usual(text), "{text}");
            assert_eq!(initials.len(), text.chars().count(), "{text}");
        }
    }
}
