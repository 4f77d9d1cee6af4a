//! Invented customers: always the same ones in the same order, and every number once.

use laidian::domain::customer::{Customer, CustomerPhone};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::names::{BRANDS, CITIES, FORMS, GIVEN, LABELS, MOBILES, ROADS, SURNAMES, TRADES};

const SECOND: i64 = 1_000_000;
/// 2026-01-01 00:00 in Shanghai: nothing is later.
const END: i64 = 1_767_196_800 * SECOND;
/// Five years.
const SPAN: u64 = 5 * 365 * 86_400;

/// So many numbers begin with one of [`MOBILES`]; walking through them in steps that share no divisor meets each once.
const NUMBERS: u64 = MOBILES.len() as u64 * 100_000_000;
const STEP: u64 = 1_234_567_891;

/// Chance that falls the same way every time.
pub struct Dice(Pcg64Mcg);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.0.next_u64() >> 1) % n.max(1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A place among so many; the first are the most frequent, as words are in a language.
    pub fn skewed(&mut self, count: usize) -> usize {
        let weight = |place: usize| 10_000 / (place as u64 + 4);
        let mut left = self.below((0..count).map(weight).sum());
        for place in 0..count {
            match left.checked_sub(weight(place)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// One of these, each as frequent as it says.
    pub fn weighted<T: Copy>(&mut self, items: &[(T, u64)]) -> T {
        let mut left = self.below(items.iter().map(|(_, weight)| weight).sum());
        for (item, weight) in items {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *item,
            }
        }
        items[0].0
    }
}

/// A company of the data set: how large a part it is, and who works there.
pub struct Company {
    pub id: i64,
    pub part: u64,
    pub groups: Vec<i64>,
    pub agents: Vec<String>,
    /// Values of its lists, with how frequent they are.
    pub types: &'static [(&'static str, u64)],
    pub flags: &'static [(&'static str, u64)],
    pub sources: &'static [(&'static str, u64)],
    pub task: Option<i64>,
}

/// The customers of a company, without end.
pub struct People<'c> {
    company: &'c Company,
    dice: Dice,
    given: Vec<char>,
    brands: Vec<char>,
    numbers: u64,
}

/// A customer to be stored, and the names of its labels.
pub struct Person {
    pub customer: Customer,
    pub labels: Vec<String>,
}

impl<'c> People<'c> {
    pub fn of(company: &'c Company) -> Self {
        let seed = 0x6361_7061_6369_7479 ^ company.id.cast_unsigned();
        Self {
            company,
            dice: Dice::new(seed),
            given: GIVEN.chars().collect(),
            brands: BRANDS.chars().collect(),
            numbers: 0,
        }
    }

    fn name(&mut self) -> String {
        let mut name = self.dice.weighted(SURNAMES).to_owned();
        let characters = if self.dice.chance(82) { 2 } else { 1 };
        name.extend((0..characters).map(|_| self.given[self.dice.skewed(self.given.len())]));
        name
    }

    fn company_name(&mut self, city: &str) -> String {
        let dice = &mut self.dice;
        let characters = if dice.chance(75) { 2 } else { 3 };
        let brand: String = (0..characters).map(|_| self.brands[dice.skewed(self.brands.len())]).collect();
        let trade = TRADES[dice.skewed(TRADES.len())];
        let form = dice.weighted(FORMS);
        match dice.below(10) {
            0..6 => format!("{city}{brand}{trade}{form}"),
            6..9 => format!("{city}市{brand}{trade}{form}"),
            _ => format!("{brand}（{city}）{trade}{form}"),
        }
    }

    /// One and a half on the average.
    fn phones(&mut self, area_code: &str) -> Vec<CustomerPhone> {
        let count = self.dice.weighted(&[(1, 60), (2, 30), (3, 10)]);
        (0..count).map(|_| CustomerPhone { id: 0, content: self.number(area_code) }).collect()
    }

    fn number(&mut self, area_code: &str) -> String {
        self.numbers += 1;
        let place = self.numbers * STEP % NUMBERS;
        if self.dice.chance(8) {
            // Landlines are told apart by how many there were.
            return format!("{area_code}-{}", 20_000_000 + self.numbers);
        }
        let prefix = MOBILES[usize::try_from(place / 100_000_000).expect("a place")];
        format!("{prefix}{:08}", place % 100_000_000)
    }

    fn person(&mut self) -> Person {
        let (city, area_code) = CITIES[self.dice.skewed(CITIES.len())];
        let phones = self.phones(area_code);
        let name = self.name();
        let company_name = self.dice.chance(65).then(|| self.company_name(city));
        let Self { company, dice, .. } = self;
        let agent = dice.skewed(company.agents.len());
        let owner = dice.chance(88).then(|| company.agents[agent].clone());
        // Whoever looks after a customer does so in his own group.
        let group = company.groups[agent % company.groups.len()];
        // More and more a year.
        let age = dice.below(SPAN).min(dice.below(SPAN));
        let created_at = END - age.cast_signed() * SECOND;
        let address = dice.chance(60).then(|| {
            let road = ROADS[dice.skewed(ROADS.len())];
            format!("{city}市{road}{}号{}室", dice.below(400) + 1, dice.below(2000) + 101)
        });
        let labels = if dice.chance(30) { vec![LABELS[dice.skewed(LABELS.len())].to_owned()] } else { Vec::new() };
        let customer = Customer {
            name: Some(name),
            company_name,
            address,
            type_value: Some(dice.weighted(company.types).to_owned()),
            flag_value: Some(dice.weighted(company.flags).to_owned()),
            source_value: dice.chance(85).then(|| dice.weighted(company.sources).to_owned()),
            task_id: company.task.filter(|_| dice.chance(40)),
            assigned_at: owner.as_ref().map(|_| created_at),
            owner_no: owner,
            group_id: Some(group),
            star: dice.weighted(&[(0, 60), (1, 12), (2, 10), (3, 9), (4, 6), (5, 3)]),
            follow_count: 0,
            created_at,
            phones,
            ..Customer::default()
        };
        Person { customer, labels }
    }
}

impl Iterator for People<'_> {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        Some(self.person())
    }
}
