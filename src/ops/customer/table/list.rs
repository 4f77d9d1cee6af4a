//! Several texts in one cell.

/// What parts the texts; an export writes the first.
const PARTS: [char; 6] = [',', '，', ';', '；', '、', '\n'];

/// Returns a cell of these texts. One with a sign in it that would part it stands in quotes, as in CSV.
pub fn join<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted = |text: &str| {
        let parts = text.contains(PARTS) || text.contains('"');
        if parts { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// Returns the texts in a cell.
#[must_use]
pub fn split(cell: &str) -> Vec<String> {
    let (mut texts, mut text, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = cell.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                text.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if text.trim().is_empty() => is_quoted = true,
            c if PARTS.contains(&c) && !is_quoted => texts.push(std::mem::take(&mut text)),
            c => text.push(c),
        }
    }
    texts.push(text);
    texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// What parts the numbers of a customer in an export. Within a number it is written as a blank.
pub const BETWEEN_NUMBERS: char = '、';

/// Returns the numbers in a cell, as far as signs part them that stand in none. What is left is for the reader of numbers.
pub fn numbers(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([BETWEEN_NUMBERS, '\n', '\r', '；']).flat_map(parted).map(str::trim).filter(|number| !number.is_empty())
}

/// The `;` of an extension, `tel:+862155550001;ext=801`, parts no numbers.
fn parted(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(';') {
        let behind = text.get(at + 1..).unwrap_or_default().trim_start();
        if !behind.starts_with(|c: char| c.is_ascii_alphabetic()) {
            parts.extend(text.get(start..at));
            start = at + 1;
        }
    }
    parts.extend(text.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_parted_as_people_write_them() {
        assert_eq!(split("重要,老客户，VIP; x、y\n z"), ["重要", "老客户", "VIP", "x", "y", "z"]);
        assert_eq!(split(r#""a,b",c""#), ["a,b", "c\""]);
        assert!(split(" , ").is_empty());
    }

    #[test]
    fn numbers_are_parted_by_what_stands_in_none() {
        let all = |cell| numbers(cell).collect::<Vec<_>>();
        assert_eq!(
            all("13800138000、010-88886666,801\n+86 139 0000 0001"),
            ["13800138000", "010-88886666,801", "+86 139 0000 0001"]
        );
        assert_eq!(all("+862155550001;ext=801; 13800138000；"), ["+862155550001;ext=801", "13800138000"]);
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split(texts in prop::collection::vec("[a-z,;\"、 \n客]{1,6}", 0..5)) {
            let texts: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(split(&join(texts.iter().copied())), texts);
        }
    }
}
