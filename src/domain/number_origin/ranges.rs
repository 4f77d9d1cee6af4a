//! One table of ranges: sorted first digits, each with what numbers belong to from there on.

use std::collections::HashMap;

/// How many first digits of a number, country code included, tell its range.
const DIGITS: usize = 9;

/// What a range belongs to that belongs to nothing.
const NOTHING: u16 = u16::MAX;

/// What numbers can belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub code: &'static str,
    texts: [&'static str; 2],
}

impl Name {
    pub fn name(&self) -> Option<&'static str> {
        Some(self.texts[0]).filter(|text| !text.is_empty())
    }

    /// What stands behind the name: of a province, the city.
    pub fn detail(&self) -> Option<&'static str> {
        Some(self.texts[1]).filter(|text| !text.is_empty())
    }
}

/// Ranges of numbers. Where one ends, the next begins, if only that of nothing.
pub(super) struct Ranges {
    names: Vec<Name>,
    /// The first [`DIGITS`] digits of the first number of each range, ascending.
    starts: Vec<u32>,
    /// The names of each, by their place among the names.
    owners: Vec<u16>,
}

/// Returns the lines behind this title, up to the next one.
pub(super) fn section(text: &'static str, title: &str) -> &'static str {
    let lines = text.split_once(title).map_or("", |(_, lines)| lines);
    lines.split("\n[").next().unwrap_or_default()
}

impl Ranges {
    /// Reads the lines of a table; its text says how they are written.
    pub fn read(lines: &'static str) -> Self {
        let mut table = Self { names: Vec::new(), starts: Vec::new(), owners: Vec::new() };
        let mut codes = HashMap::new();
        for (first, rest) in lines.lines().filter_map(|line| line.split_once('\t')) {
            if first.starts_with(|c: char| c.is_ascii_digit()) {
                table.read_range(first, rest, &codes);
            } else {
                let (name, detail) = rest.split_once('\t').unwrap_or((rest, ""));
                codes.insert(first, u16::try_from(table.names.len()).unwrap_or(NOTHING));
                table.names.push(Name { code: first, texts: [name, detail] });
            }
        }
        table.starts.shrink_to_fit();
        table.owners.shrink_to_fit();
        table
    }

    fn read_range(&mut self, first_digits: &str, owners: &str, codes: &HashMap<&str, u16>) {
        let runs = || {
            let mut rest = owners;
            std::iter::from_fn(move || {
                let (code, behind) = rest.split_at_checked(2)?;
                let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
                let (count, behind) = behind.split_at_checked(end)?;
                rest = behind;
                Some((code, count.parse::<u32>().unwrap_or(1)))
            })
        };
        let parts: u32 = runs().map(|(_, count)| count).sum();
        let (Some(start), Some(size)) = (first(first_digits), numbers_with(first_digits).checked_div(parts)) else {
            return;
        };
        let mut at = start;
        for (code, count) in runs() {
            self.push(at, codes.get(code).copied().unwrap_or(NOTHING));
            at += count * size;
        }
        self.push(at, NOTHING);
    }

    /// Lets numbers from here on belong to this, instead of what was said of them before.
    fn push(&mut self, start: u32, owner: u16) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.owners.pop();
        }
        if self.owners.last() != Some(&owner) {
            self.starts.push(start);
            self.owners.push(owner);
        }
    }

    /// Returns what this number belongs to. It has its country code, and no `+`.
    pub fn of(&self, number: &str) -> Option<&Name> {
        let digits = first(number)?;
        let range = self.starts.partition_point(|start| *start <= digits).checked_sub(1)?;
        self.names.get(usize::from(*self.owners.get(range)?))
    }

    pub fn by_code(&self, code: &str) -> Option<&Name> {
        self.names.iter().find(|name| name.code == code)
    }

    /// How much memory it takes, without the text that the names are in.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        size_of::<Name>() * self.names.capacity()
            + size_of::<u32>() * self.starts.capacity()
            + size_of::<u16>() * self.owners.capacity()
    }
}

/// The first [`DIGITS`] digits of a number, as if zeros followed where it has fewer.
fn first(number: &str) -> Option<u32> {
    let digits = number.get(..DIGITS.min(number.len()))?;
    Some(digits.parse::<u32>().ok()? * numbers_with(digits))
}

/// How many strings of [`DIGITS`] digits begin so.
fn numbers_with(first_digits: &str) -> u32 {
    let open = DIGITS.saturating_sub(first_digits.len());
    10_u32.pow(u32::try_from(open).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_divided_in_order() {
        let table = Ranges::read("aa\t甲省\t甲市\nab\t乙省\n861300\taa3ab--96\n8621\tab\n");
        let of = |number| table.of(number).map(|name| (name.code, name.name(), name.detail()));
        let first = Some(("aa", Some("甲省"), Some("甲市")));
        let second = Some(("ab", Some("乙省"), None));
        for (number, expected) in [
            ("8613000000000", first),
            ("8613000299999", first),
            ("8613000300000", second),
            ("8613000399999", second),
            ("8613000400000", None),
            ("8613010000000", None),
            ("8612999999999", None),
            ("862188886666", second),
            ("8621", second),
            ("8622", None),
            ("", None),
            ("86x", None),
        ] {
            assert_eq!(of(number), expected, "{number}");
        }
        assert_eq!(table.by_code("ab").and_then(Name::name), Some("乙省"));
    }

    #[test]
    fn what_is_no_table_holds_nothing() {
        for text in ["", "aa", "86\t", "86\ta", "86\taa0", "8600000000000\taa", "x\ty\tz"] {
            assert_eq!(Ranges::read(text).of("8613000000000"), None, "{text}");
        }
    }
}
