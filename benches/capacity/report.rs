//! What was measured, and what was promised.

use serde::{Deserialize, Serialize};

/// The same in the two languages of the documents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Words {
    pub en: String,
    pub zh: String,
}

pub fn words(en: &str, zh: &str) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}

/// Figures that are read together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    pub title: Words,
    pub head: Vec<Words>,
    pub rows: Vec<(Words, Vec<String>)>,
}

impl Table {
    /// A table whose columns, beside the first one, have these heads.
    pub fn new(title: Words, head: &[(&str, &str)]) -> Self {
        Self { title, head: head.iter().map(|(en, zh)| words(en, zh)).collect(), rows: Vec::new() }
    }

    /// Adds a row, and prints it.
    pub fn row(&mut self, name: Words, cells: Vec<String>) {
        if self.rows.is_empty() {
            println!("\n{}", self.title.en);
            let heads: Vec<&str> = self.head.iter().map(|head| head.en.as_str()).collect();
            print_row("", &heads);
        }
        print_row(&name.en, &cells);
        self.rows.push((name, cells));
    }
}

fn print_row(name: &str, cells: &[impl std::fmt::Display]) {
    print!("  {name:<38}");
    for cell in cells {
        print!(" {cell:>14}");
    }
    println!();
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Better {
    More,
    Less,
}

/// A promise and what was seen of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verdict {
    pub promise: Words,
    pub seen: f64,
    pub unit: String,
    pub aim: f64,
    pub floor: f64,
    pub better: Better,
}

impl Verdict {
    pub fn keeps(&self, limit: f64) -> bool {
        match self.better {
            Better::More => self.seen >= limit,
            Better::Less => self.seen <= limit,
        }
    }

    pub fn word(&self) -> &'static str {
        if self.keeps(self.aim) {
            "PASS"
        } else if self.keeps(self.floor) {
            "BELOW AIM"
        } else {
            "FAIL"
        }
    }

    pub fn limit(&self, limit: f64) -> String {
        let sign = if self.better == Better::More { "≥" } else { "≤" };
        format!("{sign} {}{}", figure(limit), self.unit)
    }
}

/// Bars that are compared, for the documents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plot {
    /// The name of its file, without an ending.
    pub name: String,
    pub title: Words,
    pub bars: Vec<(String, f64)>,
    pub unit: String,
}

/// What a part of the benchmark found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Part {
    pub tables: Vec<Table>,
    pub verdicts: Vec<Verdict>,
    pub plots: Vec<Plot>,
    /// What was left out, and why.
    pub skipped: Vec<Words>,
}

impl Part {
    pub fn at_least(&mut self, promise: Words, seen: f64, unit: &str, aim: f64, floor: f64) {
        self.verdict(Verdict { promise, seen, unit: unit.to_owned(), aim, floor, better: Better::More });
    }

    pub fn at_most(&mut self, promise: Words, seen: f64, unit: &str, aim: f64, floor: f64) {
        self.verdict(Verdict { promise, seen, unit: unit.to_owned(), aim, floor, better: Better::Less });
    }

    fn verdict(&mut self, verdict: Verdict) {
        let Verdict { promise, seen, unit, aim, floor, .. } = &verdict;
        let (aim, floor) = (verdict.limit(*aim), verdict.limit(*floor));
        println!("  {:<10} {:<58} {:>10}{unit}  aim {aim}, floor {floor}", verdict.word(), promise.en, figure(*seen));
        self.verdicts.push(verdict);
    }

    pub fn plot(&mut self, name: &str, title: Words, unit: &str, bars: Vec<(String, f64)>) {
        self.plots.push(Plot { name: name.to_owned(), title, bars, unit: unit.to_owned() });
    }

    /// Says visibly what is left out.
    pub fn skip(&mut self, why: Words) {
        println!("  SKIPPED    {}", why.en);
        self.skipped.push(why);
    }
}

/// A number as people read it: three digits that count.
pub fn figure(number: f64) -> String {
    match number {
        number if number.is_nan() => "–".to_owned(),
        number if number >= 1e6 => format!("{:.2} M", number / 1e6),
        number if number >= 1e4 => format!("{:.1} k", number / 1e3),
        number if number >= 100.0 => format!("{number:.0}"),
        number if number >= 10.0 => format!("{number:.1}"),
        number if number >= 0.1 => format!("{number:.2}"),
        number => format!("{number:.3}"),
    }
}

/// The middle one, and by how much of it the others differ.
pub struct Median {
    pub value: f64,
    pub spread: f64,
}

pub fn median(numbers: impl IntoIterator<Item = f64>) -> Median {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let value = numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN);
    let (least, most) = (numbers.first().copied().unwrap_or(value), numbers.last().copied().unwrap_or(value));
    Median { value, spread: (most - least) / 2.0 / value }
}

impl std::fmt::Display for Median {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ±{:.0}%", figure(self.value), self.spread * 100.0)
    }
}
