//! Invented numbers in all forms that people write them in, and the search for them in what came back.
//!
//! A number has leaked where all its national digits stand one behind the other, full-width ones and JSON
//! escapes read, with nothing between them but signs that are no letters. Numbers of fewer than seven digits
//! are everybody's (`95588`): they are hidden where they are a customer's phone, and not searched for here.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use serde_json::Value;

/// Random choices that one number repeats.
pub struct Dice(Cell<u64>);

impl Dice {
    /// Seeded anew in each run; the seed is shown with a test that fails.
    pub fn new() -> Self {
        let seed = RandomState::new().hash_one("masking");
        println!("seed {seed}");
        Self(Cell::new(seed))
    }

    pub fn below(&self, bound: u64) -> u64 {
        // SplitMix64.
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// So many digits, the first of which is none of 0 and 1.
    fn digits(&self, count: usize) -> String {
        let first = self.below(8) + 2;
        let rest: String = (1..count).map(|_| self.below(10).to_string()).collect();
        format!("{first}{rest}")
    }
}

/// A number as it is stored and the digits by which it would be called.
#[derive(Debug, Clone)]
pub struct Number {
    pub typed: String,
    pub national: String,
    /// Whether it reads like a telephone number in any text.
    pub reads: bool,
}

pub const FORMS: u64 = 17;

/// A number of this form.
pub fn number(form: u64, dice: &Dice) -> Number {
    let mobile = format!("1{}{}", dice.below(7) + 3, dice.digits(9));
    let (a, b, c) = (&mobile[..3], &mobile[3..7], &mobile[7..]);
    let (local, short) = (dice.digits(8), dice.digits(7));
    let grouped = |sign: &str| [a, b, c].join(sign);
    let (typed, national) = match form {
        0 => (mobile.clone(), mobile),
        1 => (format!("+86 {}", grouped(" ")), mobile),
        2 => (format!("0086{mobile}"), mobile),
        3 => (format!("({a}) {b}-{c}"), mobile),
        4 => (wide(&mobile), mobile),
        5 => (grouped("·"), mobile),
        6 => (grouped("\u{a0}"), mobile),
        7 => (grouped("\n"), mobile),
        8 => (format!("{mobile}-801"), mobile),
        9 => (format!("010-{local}"), format!("10{local}")),
        10 => (format!("（0755）{} {}转801234", &local[..4], &local[4..]), format!("755{local}")),
        11 => (format!("400-{}-{}", &short[..3], &short[3..]), format!("400{short}")),
        12 => (format!("+1 (650) {}-{}", &short[..3], &short[3..]), format!("650{short}")),
        // One digit too many, as in the document.
        13 => (format!("{mobile}7"), format!("{mobile}7")),
        14 => (short.clone(), short),
        15 => (local.clone(), local),
        16 => (format!("0{mobile}"), mobile),
        _ => unreachable!(),
    };
    Number { typed, national, reads: !(13..=15).contains(&form) }
}

fn wide(digits: &str) -> String {
    digits.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect()
}

/// The digits with signs among them, wherever they happen to fall.
pub fn respelt(national: &str, dice: &Dice) -> String {
    let sign = *dice.pick(&["", " ", "-", "·", "/", "－", "\u{a0}", "\n", ".", " - ", "\u{200b}", "，"]);
    let cuts = [2, 4, 7].map(|at| at + dice.below(2) as usize);
    national
        .char_indices()
        .flat_map(|(at, c)| [if cuts.contains(&at) { sign } else { "" }.to_owned(), c.to_string()])
        .collect()
}

fn narrow(c: char) -> char {
    if ('０'..='９').contains(&c) { char::from_u32(u32::from(c) - 0xfee0).unwrap() } else { c }
}

/// The runs of digits of a text that nothing parts but signs.
fn runs(text: &str) -> String {
    let digits = text.chars().map(narrow).filter_map(|c| match c {
        '0'..='9' => Some(c),
        '*' => Some('*'),
        c => c.is_alphanumeric().then_some(' '),
    });
    digits.collect()
}

/// Numbers that must not come back.
#[derive(Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    pub fn add(&mut self, number: &Number) {
        self.0.push(number.national.clone());
    }

    /// Fails if one of the numbers stands in this text.
    pub fn check_text(&self, text: &str, context: &str) {
        let runs = runs(text);
        for national in &self.0 {
            assert!(!runs.contains(national.as_str()), "{national} came back in {text}\nfor {context}");
        }
    }

    /// Fails if one of the numbers stands in a text, a name or a number of this JSON.
    pub fn check(&self, value: &Value, context: &str) {
        match value {
            Value::String(text) => self.check_text(text, context),
            Value::Number(number) => self.check_text(&number.to_string(), context),
            Value::Array(list) => list.iter().for_each(|entry| self.check(entry, context)),
            Value::Object(members) => members.iter().for_each(|(name, member)| {
                self.check_text(name, context);
                self.check(member, context);
            }),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

#[test]
fn a_number_is_seen_however_it_is_written() {
    let dice = Dice::new();
    for form in 0..FORMS {
        let number = number(form, &dice);
        for text in [number.typed.clone(), format!("电话{}。", respelt(&number.national, &dice))] {
            assert!(runs(&text).contains(&number.national), "{text}");
        }
    }
    assert_eq!(runs("138****5678 a1"), "138****5678 1");
}
