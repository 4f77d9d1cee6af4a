//! Where lines end: after blanks, and around every Chinese character but where punctuation forbids it.

/// Returns the lines of a text, none wider than `width` unless a single character is. `advance` says how wide
/// a character is.
pub fn wrap(text: &str, width: f32, advance: impl Fn(char) -> f32) -> Vec<&str> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut start, mut used, mut before) = (0, 0.0, None);
        // Where the line can end, and how wide it is up to there.
        let mut end: Option<(usize, f32)> = None;
        for (at, character) in paragraph.char_indices() {
            if before.is_some_and(|before| may_end(before, character)) {
                end = Some((at, used));
            }
            let wide = advance(character);
            // Blanks may stand out over the margin: they are not to be seen.
            if used + wide > width && at > start && !character.is_whitespace() {
                let (cut, kept) = end.take().unwrap_or((at, used));
                lines.push(paragraph.get(start..cut).unwrap_or_default().trim_end());
                start = cut;
                used -= kept;
            }
            used += wide;
            before = Some(character);
        }
        lines.push(paragraph.get(start..).unwrap_or_default().trim_end());
    }
    if lines.is_empty() {
        lines.push("");
    }
    lines
}

/// Returns as much of a text as one line of this width holds, with a mark where something is missing.
pub fn fit(text: &str, width: f32, advance: impl Fn(char) -> f32) -> String {
    const MARK: char = '…';
    let lines = wrap(text, width, &advance);
    if let [line] = lines.as_slice() {
        return (*line).to_owned();
    }
    let first = wrap(text, width - advance(MARK), &advance).first().copied().unwrap_or_default().to_owned();
    first + "…"
}

/// Whether a line may end between two characters.
fn may_end(before: char, after: char) -> bool {
    if closes(after) || opens(before) || after.is_whitespace() {
        return false;
    }
    before.is_whitespace() || stands_alone(before) || stands_alone(after)
}

/// Whether the script of a character has no blanks between its words.
fn stands_alone(character: char) -> bool {
    character >= '\u{2e80}'
}

fn closes(character: char) -> bool {
    "，。、；：？！）》」』】〕”’…—·％,.;:?!)]}%".contains(character)
}

fn opens(character: char) -> bool {
    "（《「『【〔“‘([{".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chinese characters are twice as wide as others.
    fn advance(character: char) -> f32 {
        if stands_alone(character) { 2.0 } else { 1.0 }
    }

    #[test]
    fn lines_end_at_blanks_and_anywhere_in_chinese() {
        for (text, width, lines) in [
            ("", 4.0, vec![""]),
            ("来电客户", 4.0, vec!["来电", "客户"]),
            ("one two", 5.0, vec!["one", "two"]),
            ("one     two", 5.0, vec!["one", "two"]),
            // Punctuation takes the character before it along.
            ("来电，客户", 4.0, vec!["来", "电，", "客户"]),
            ("来（电）", 6.0, vec!["来", "（电）"]),
            // What has no place to end ends anywhere.
            ("13800000000", 4.0, vec!["1380", "0000", "000"]),
            ("电话13800", 6.0, vec!["电话", "13800"]),
            ("一\n\n二\r\n", 4.0, vec!["一", "", "二"]),
            // Too narrow for anything: one to a line.
            ("来电", 1.0, vec!["来", "电"]),
        ] {
            assert_eq!(wrap(text, width, advance), lines, "{text}");
        }
    }

    #[test]
    fn nothing_but_blanks_is_lost() {
        let text = "重点客户，each quarter（回访）13800000000!!!!!!!!!!，，，，，，";
        for width in 0u8..30 {
            let lines = wrap(text, f32::from(width), advance);
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "{width}");
        }
    }

    #[test]
    fn what_does_not_fit_has_a_mark() {
        assert_eq!(fit("来电", 4.0, advance), "来电");
        assert_eq!(fit("来电客户服务", 6.0, advance), "来电…");
    }
}
