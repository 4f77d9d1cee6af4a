//! A customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest text of a customer's field, in characters.
pub const LONGEST_TEXT: usize = 255;
/// The longest name that any system writes: iBiz PLM's are longer than those of the others.
pub const LONGEST_NAME: usize = 500;
/// The highest star level.
pub const MOST_STARS: i64 = 5;
/// Phones, and labels, that one customer can have.
pub const MOST_PHONES: usize = 50;
pub const MOST_LABELS: usize = 50;

/// The star levels in words.
pub static STARS: [&str; 5] = ["1星", "2星", "3星", "4星", "5星"];

/// Returns a star level in words, `3星`; `None` without stars.
#[must_use]
pub fn stars(star: i64) -> Option<&'static str> {
    STARS.get(usize::try_from(star).ok()?.checked_sub(1)?).copied()
}

/// Returns the star level that `3星` or `3星级` says; `None` for any other word.
#[must_use]
pub fn stars_of(word: &str) -> Option<i64> {
    let word = word.trim();
    (1..=MOST_STARS).find(|star| stars(*star) == Some(word.strip_suffix('级').unwrap_or(word)))
}

/// A customer of a company. Dictionary fields hold values, not names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Customer {
    pub id: i64,
    /// Counts the changes.
    pub version: i64,
    pub name: Option<String>,
    pub company_name: Option<String>,
    pub address: Option<String>,
    pub type_value: Option<String>,
    pub flag_value: Option<String>,
    pub source_value: Option<String>,
    pub task_id: Option<i64>,
    /// The login number of who looks after this customer, as it is written.
    pub owner_no: Option<String>,
    pub group_id: Option<i64>,
    pub star: i64,
    pub follow_count: i64,
    pub last_accept: Option<String>,
    pub assigned_at: Option<i64>,
    pub last_follow_at: Option<i64>,
    pub created_at: i64,
    pub created_by: String,
    pub updated_at: i64,
    pub updated_by: String,
    /// Values by field id.
    pub custom: BTreeMap<i64, Value>,
    pub phones: Vec<CustomerPhone>,
    pub labels: Vec<Label>,
}

/// A phone of a customer, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerPhone {
    pub id: i64,
    pub content: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub id: i64,
    pub name: String,
}

/// Returns the names in a list of categories.
pub fn categories(names: &str) -> impl Iterator<Item = &str> {
    names.split([',', '，']).map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_stars_is_stars() {
        for star in 1..=MOST_STARS {
            assert_eq!(stars_of(stars(star).unwrap()), Some(star));
        }
        assert_eq!(stars_of(" 5星级 "), Some(5));
        for word in ["", "星", "0星", "6星", "+1星", "01星", "三星", "3", "钻石"] {
            assert_eq!(stars_of(word), None, "{word}");
        }
        assert_eq!((stars(0), stars(-1), stars(6)), (None, None, None));
    }
}
