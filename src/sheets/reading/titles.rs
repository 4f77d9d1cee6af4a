//! Titles of columns, as people write them.

use unicode_normalization::UnicodeNormalization;

use super::{Cell, Row};

/// Rows at the beginning among which the titles may be: a heading stands above them.
pub const HEAD: usize = 5;

/// Returns what two titles have in common that mean the same: case, blanks, line breaks, the width of letters, a star and
/// "必填" do not matter.
#[must_use]
pub fn title_key(title: &str) -> String {
    const REQUIRED: [&str; 5] = ["必填项", "必填", "必须", "required", "mandatory"];
    let narrow: String = title.nfkc().flat_map(char::to_lowercase).collect();
    let is_kept = |character: &char| {
        !character.is_whitespace() && !matches!(character, '*' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '※')
    };
    let mut key: String = narrow.chars().filter(is_kept).collect();
    for word in REQUIRED {
        for (open, close) in [("(", ")"), ("[", "]"), ("【", "】")] {
            key = key.replace(&format!("{open}{word}{close}"), "");
        }
    }
    key
}

/// Returns which of the first rows has the titles: the first, unless it knows none and one of the next does.
/// `is_known` is asked for the key of each title.
#[must_use]
pub fn row_of_titles(rows: &[Row], is_known: impl Fn(&str) -> bool) -> usize {
    let is_title = |cell: &Option<Cell>| matches!(cell, Some(Cell::Text(text)) if is_known(&title_key(text)));
    rows.iter().take(HEAD).position(|row| row.cells.iter().any(is_title)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_mean_the_same_have_one_key() {
        for title in [
            "客户名称",
            " 客户 名称* ",
            "客户名称（必填）",
            "*客户\n名称",
            "客户名称(必填)",
            "客户\u{3000}名称【必填】",
            "\u{feff}客户名称",
        ] {
            assert_eq!(title_key(title), "客户名称", "{title:?}");
        }
        for title in ["ID", "ｉｄ", "Id (required)", "I D"] {
            assert_eq!(title_key(title), "id", "{title:?}");
        }
        assert_eq!(title_key("电话（手机）"), "电话(手机)");
        assert_eq!(title_key("必填"), "必填");
        assert_eq!(title_key(""), "");
    }

    #[test]
    fn a_heading_above_the_titles_is_passed_over() {
        let row = |number: u32, cells: &[&str]| Row {
            number,
            cells: cells.iter().map(|cell| Cell::text((*cell).to_owned())).collect(),
            is_hidden: false,
        };
        let is_known = |key: &str| ["姓名", "电话"].contains(&key);
        let (heading, titles, data) = (row(1, &["客户名单"]), row(3, &["姓名*", "", "电话"]), row(4, &["甲", "", "1"]));
        assert_eq!(row_of_titles(&[heading.clone(), titles.clone(), data.clone()], is_known), 1);
        assert_eq!(row_of_titles(&[titles, data.clone()], is_known), 0);
        assert_eq!(row_of_titles(&[heading, data], is_known), 0, "the first, when none has them");
        assert_eq!(row_of_titles(&[], is_known), 0);
    }
}
