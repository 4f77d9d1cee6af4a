//! Invented customers: one after the other, each company's always the same ones in the same order.

use super::calendar;
use super::companies::{Member, Plan};
use super::dice::Dice;
use super::history::{History, Subject};
use super::words::{BRAND_HEADS, BRAND_TAILS, CITIES, City, GIVEN, LABELS, ROADS, SURNAMES, TRADES};
use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::times::SECOND;

const SEED: u64 = 0x6c61_6964_6961_6e00;

/// A prime just below a million: walking through it in equal steps meets every number once.
const BLOCK: i64 = 999_983;
const STEP: i64 = 617_341;
/// The same among the last four digits of a landline, in each city by steps of its own.
const LANDLINES: i64 = 10_000;
const LANDLINE_STEPS: [i64; CITIES.len()] = [7919, 6607, 5281, 3187, 2297, 8831, 4441, 9377, 1453, 7213, 3701, 5903];

/// A customer to be stored, and what is known of it.
#[derive(Debug, PartialEq)]
pub struct Person {
    /// Without ids; [`created_at`](Customer::created_at) says when it is stored.
    pub customer: Customer,
    pub labels: Vec<&'static str>,
    pub creator: &'static Member,
    pub history: History,
}

/// The people of a company, without end.
pub struct People {
    plan: &'static Plan,
    dice: Dice,
    mobiles: i64,
    /// How many landlines each city has.
    landlines: [i64; CITIES.len()],
}

impl People {
    #[must_use]
    pub fn of(plan: &'static Plan) -> Self {
        let dice = Dice::new(SEED ^ plan.id.cast_unsigned());
        Self { plan, dice, mobiles: 0, landlines: [0; CITIES.len()] }
    }

    /// The next mobile number, in one of the ways people write it. The numbers of 130 00xx xxxx come
    /// first, then those of 131 00xx xxxx and so on; a company has room for nearly ten million.
    fn mobile(&mut self) -> String {
        let (block, place) = (self.mobiles / BLOCK, self.mobiles % BLOCK);
        self.mobiles += 1;
        // From 2: 13000000001 belongs to the document.
        let number = 2 + place * STEP % BLOCK;
        let (prefix, middle, last) = (130 + block % 10, number / 10_000, number % 10_000);
        match self.dice.below(40) {
            0 => format!("+86 {prefix} {middle:04} {last:04}"),
            1 => format!("+86{prefix}{middle:04}{last:04}"),
            2 => format!("{prefix}-{middle:04}-{last:04}"),
            _ => format!("{prefix}{middle:04}{last:04}"),
        }
    }

    /// The next landline of this city: 5550 xxxx, then 5551 xxxx and so on.
    fn landline(&mut self, city: usize) -> Option<String> {
        let area_code = CITIES.get(city)?.area_code;
        let made = self.landlines.get_mut(city)?;
        *made += 1;
        let (block, place) = (*made / LANDLINES, *made % LANDLINES);
        Some(format!("{area_code}-{}{:04}", 5550 + block, place * LANDLINE_STEPS.get(city)? % LANDLINES))
    }

    fn phones(&mut self, city: usize) -> Vec<CustomerPhone> {
        let mut numbers = vec![self.mobile()];
        if self.dice.chance(12) {
            numbers.extend(self.landline(city));
        }
        numbers.into_iter().map(|content| CustomerPhone { id: 0, content }).collect()
    }

    /// A group and, mostly, the member who looks after the customer there.
    fn owner(&mut self) -> (i64, Option<&'static Member>) {
        let (group, _) = self.dice.pick(self.plan.groups);
        let members: Vec<&'static Member> =
            self.plan.staff.iter().filter(|member| member.groups.contains(&group)).collect();
        let owner = if self.dice.chance(92) { self.dice.choose(&members).copied() } else { None };
        (group, owner)
    }

    fn person(&mut self) -> Option<Person> {
        let at = self.dice.below(i64::try_from(CITIES.len()).unwrap_or(0));
        let place = usize::try_from(at).unwrap_or(0);
        let city = CITIES.get(place)?;
        let phones = self.phones(place);
        let (group, owner) = self.owner();
        let plan = self.plan;
        let dice = &mut self.dice;
        let creator = owner.or_else(|| dice.choose(plan.staff))?;
        let created_at = calendar::any_day(dice);
        let assigned_at = owner.map(|_| calendar::soon_after(dice, created_at));
        let subject = Subject {
            plan,
            agent: creator,
            phone: phones.first()?.content.clone(),
            since: assigned_at.unwrap_or(created_at),
        };
        let history = History::invent(dice, &subject);
        let customer = Customer {
            name: Some(name(dice)),
            company_name: dice.chance(75).then(|| company_name(dice, city)),
            address: dice.chance(85).then(|| address(dice, city)),
            type_value: Some(dice.pick(plan.types).0.to_owned()),
            flag_value: history.last_flag().or_else(|| plan.flags.first().map(|(value, _)| *value)).map(str::to_owned),
            source_value: dice.chance(90).then(|| dice.pick(plan.sources).0.to_owned()),
            task_id: dice.chance(95).then(|| dice.pick(plan.tasks).0),
            owner_no: owner.map(|member| member.login_no.to_owned()),
            group_id: Some(group),
            star: dice.pick(&[0, 0, 0, 1, 2, 3, 3, 4, 5]),
            follow_count: history.follow_count(),
            last_accept: history.last_answered_call().map(|at| format!("demo-{}.{}", at / SECOND, dice.below(10))),
            assigned_at,
            last_follow_at: history.last_follow_up(),
            created_at,
            phones,
            ..Customer::default()
        };
        Some(Person { customer, labels: labels(dice), creator, history })
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        self.person()
    }
}

fn name(dice: &mut Dice) -> String {
    let (surname, first) = (dice.pick(SURNAMES), dice.pick(GIVEN));
    let second = if dice.chance(70) { dice.pick(GIVEN) } else { "" };
    format!("{surname}{first}{second}")
}

fn company_name(dice: &mut Dice, city: &City) -> String {
    let brand = (dice.pick(BRAND_HEADS), dice.pick(BRAND_TAILS));
    format!("{}{}{}{}有限公司", city.name, brand.0, brand.1, dice.pick(TRADES))
}

fn address(dice: &mut Dice, city: &City) -> String {
    let (district, road, number) = (dice.pick(city.districts), dice.pick(ROADS), dice.between(1, 399));
    let room = if dice.chance(50) {
        format!("{}栋{}{:02}室", dice.between(1, 20), dice.between(1, 18), dice.between(1, 8))
    } else {
        String::new()
    };
    format!("{}市{district}{road}{number}号{room}", city.name)
}

fn labels(dice: &mut Dice) -> Vec<&'static str> {
    if !dice.chance(35) {
        return Vec::new();
    }
    let mut labels = vec![dice.pick(LABELS), dice.pick(LABELS)];
    labels.dedup();
    if dice.chance(60) {
        labels.truncate(1);
    }
    labels
}
