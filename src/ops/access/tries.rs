//! Somebody who sees masked numbers could find the hidden digits by trying, wherever an answer depends on them.
//!
//! Each such question is counted here, before the store is asked and whatever the answer is: right or wrong, done or
//! refused, to a read or a write. [`Tried`] proves that it was counted; every function that asks the store for a
//! number or a text takes one, so that a new look-up cannot forget to count. `clippy.toml` forbids the store's own
//! look-ups to the rest of the program.

use crate::domain::catalogue::{Catalogue, DuplicateRule};
use crate::domain::custom_field::FieldKind;
use crate::domain::folding::fold;
use crate::domain::identifier::Identifier;
use crate::domain::name_pattern::NamePattern;
use crate::domain::phone::{self, SHORTEST_TAIL};
use crate::error::Error;
use crate::ops::customer::changes::{Changes, Duplicates, Patch};
use crate::ops::systems::profile;
use crate::ops::{Cx, allowances};
use crate::store::conditions::{Column, Operand, Test};
use crate::store::filter::Condition;
use crate::store::plm::{PlmCondition, PlmSearch, PlmTest};
use crate::store::search::Search;

/// Proof that the numbers in a question were counted, or that the caller may see numbers anyway.
#[derive(Debug, Clone)]
pub struct Tried(());

/// Counts so many tries of the caller, and writes into the audit that he tries.
fn count(cx: &Cx<'_>, tries: usize) -> Result<Tried, Error> {
    allowances::try_numbers(cx, tries).map(|()| Tried(()))
}

/// Says that a telephone system has told the number.
#[must_use]
pub fn told() -> Tried {
    Tried(())
}

/// Counts a question for the customer of this identifier. An id tells no digit.
pub fn identifier(cx: &Cx<'_>, identifier: &Identifier<'_>) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    let tries = match identifier {
        Identifier::Id(_) => 0,
        // Each of several numbers is one.
        Identifier::Phone(typed) => phone::read(typed, &cx.catalogue.company.home).map_or(0, |phones| phones.len()),
        Identifier::Name(name) | Identifier::Company(name) => usize::from(may_hold_number(name)),
    };
    count(cx, tries)
}

/// Counts texts that are compared with others as a whole.
pub fn texts<'t>(cx: &Cx<'_>, texts: impl IntoIterator<Item = &'t str>) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    count(cx, texts.into_iter().filter(|text| may_hold_number(text)).count())
}

/// Counts all texts of a value that are compared with names as a whole.
pub fn value(cx: &Cx<'_>, value: &serde_json::Value) -> Result<Tried, Error> {
    let mut given = Vec::new();
    collect(value, &mut given);
    texts(cx, given.iter().map(String::as_str))
}

/// Counts the words and conditions of a search.
pub fn search(cx: &Cx<'_>, search: &Search) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    // A short number shows fewer digits than make a tail.
    let words: usize = search.words.iter().map(|word| word.tails.len() + word.keys.len()).sum();
    let tests = search.conditions.tests.iter().map(|(column, test)| (*column, test));
    let tests = tests.chain(search.filter.iter().flat_map(Condition::tests));
    let tests: usize = tests.map(|(column, test)| tells(column, test, &cx.catalogue)).sum();
    let filter = search.filter.iter();
    let others: usize = filter
        .map(|filter| filter.phones() + filter.labels().into_iter().filter(|label| may_hold_number(label)).count())
        .sum();
    let name = match &search.name {
        Some(NamePattern::Exactly(name) | NamePattern::Like(name)) => has_digit(name),
        Some(NamePattern::Any) | None => false,
    };
    count(cx, words + tests + others + usize::from(name))
}

/// Counts the filters of a list of iBiz PLM.
pub fn plm_search(cx: &Cx<'_>, search: &PlmSearch) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    // The assignee comes twice, and the product by its id.
    let equal = search.equal.iter().filter(|(column, value)| column.is_text() && may_hold_number(value)).count();
    let like = search.like.iter().filter(|(_, piece)| has_digit(piece)).count();
    let tests = search.conditions.iter().flat_map(PlmCondition::tests).filter(|(column, _)| column.is_text());
    count(cx, equal + like + tests.map(|(_, test)| tells_plm(test)).sum::<usize>())
}

/// Counts what a new customer is compared with others by: phones, labels, names of entries, and the name, where the
/// company has no two of one.
pub fn new(cx: &Cx<'_>, changes: &Changes<'_>) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    let mut given = Given::of_all(changes);
    if changes.duplicates == Duplicates::Refused && cx.catalogue.company.duplicates.contains(&DuplicateRule::Name) {
        given.text(&changes.name);
    }
    count(cx, given.tries(&[]))
}

/// Counts a change to a customer whose texts the caller was shown. A text that comes back as it was shown is no try;
/// of any other, the answer can tell whether it is the stored one.
pub fn change(cx: &Cx<'_>, changes: &Changes<'_>, shown: &[String]) -> Result<Tried, Error> {
    if !cx.rights().masks() {
        return Ok(Tried(()));
    }
    let mut given = Given::of_all(changes);
    for patch in [&changes.name, &changes.company_name, &changes.address, &changes.last_accept] {
        given.text(patch);
    }
    if let Patch::Set(values) = &changes.custom {
        for value in values.values() {
            collect(value, &mut given.texts);
        }
    }
    count(cx, given.tries(shown))
}

/// The numbers and texts of a change.
#[derive(Default)]
struct Given {
    phones: Vec<String>,
    texts: Vec<String>,
}

impl Given {
    /// Those that are looked up for new and for changed customers alike.
    fn of_all(changes: &Changes<'_>) -> Self {
        let mut given = Self::default();
        let typed = changes.phones.iter().flatten().map(|phone| phone.typed.trim().to_owned());
        given.phones.extend(typed);
        if let Patch::Set(first) = &changes.first_phone {
            given.phones.push(first.trim().to_owned());
        }
        for patch in [&changes.kind, &changes.flag, &changes.source, &changes.owner] {
            given.text(patch);
        }
        given.texts.extend(changes.labels.iter().flatten().map(|label| label.trim().to_owned()));
        for (system, document) in &changes.documents {
            let mut phones = Vec::new();
            profile::collect(system.members(), document, &mut phones);
            // Of a number in its place, digits are hidden however short it is; the longer ones are among the texts.
            let short = phones.iter().map(|phone| phone.trim()).filter(|phone| !may_hold_number(phone));
            given.phones.extend(short.map(str::to_owned));
            for value in document.values() {
                collect(value, &mut given.texts);
            }
        }
        let members = changes.plm.iter().flat_map(|plm| &plm.members);
        // The product is told by its id.
        for (_, value) in members.filter(|(name, _)| *name != "product_id") {
            collect(value, &mut given.texts);
        }
        given
    }

    fn text(&mut self, patch: &Patch<std::borrow::Cow<'_, str>>) {
        if let Patch::Set(text) = patch {
            self.texts.push(text.trim().to_owned());
        }
    }

    fn tries(&self, shown: &[String]) -> usize {
        let is_new = |text: &&String| !shown.contains(text);
        self.phones.iter().filter(is_new).filter(|phone| has_digit(phone)).count()
            + self.texts.iter().filter(is_new).filter(|text| may_hold_number(text)).count()
    }
}

/// Adds all texts of a value, and its numbers as they are written.
pub fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::String(text) => texts.push(text.trim().to_owned()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// On how many texts with digits the outcome of a test depends.
fn tells(column: Column, test: &Test, catalogue: &Catalogue) -> usize {
    let is_date = |id| catalogue.fields.iter().any(|field| field.id == id && field.kind == FieldKind::Date);
    let holds_numbers = match column {
        Column::Owner | Column::CreatedBy | Column::UpdatedBy => false,
        Column::Custom(id) => !is_date(id),
        _ => true,
    };
    let whole = |operand: &&Operand| matches!(operand, Operand::Text(whole) if may_hold_number(whole));
    match test {
        Test::Is(operand) | Test::IsNot(operand) if holds_numbers => usize::from(whole(&operand)),
        Test::OneOf(operands) if holds_numbers => operands.iter().filter(whole).count(),
        Test::Above(Operand::Text(bound)) | Test::Below(Operand::Text(bound)) if holds_numbers => {
            usize::from(has_digit(bound))
        }
        Test::Holds(part) | Test::Lacks(part) => usize::from(has_digit(part)),
        _ => 0,
    }
}

/// How many numbers can be told by whether a test on a text holds.
fn tells_plm(test: &PlmTest) -> usize {
    let holds = |operand: &&Operand| matches!(operand, Operand::Text(whole) if may_hold_number(whole));
    match test {
        PlmTest::Is(operand) => usize::from(holds(&operand)),
        PlmTest::OneOf(operands) => operands.iter().filter(holds).count(),
        PlmTest::Above(operand) | PlmTest::AtLeast(operand) | PlmTest::Below(operand) | PlmTest::AtMost(operand) => {
            usize::from(matches!(operand, Operand::Text(whole) if has_digit(whole)))
        }
        PlmTest::Like(_, piece) => usize::from(has_digit(piece)),
        PlmTest::Empty => 0,
    }
}

/// How many digits a text has where it is compared with others.
fn digits(text: &str) -> usize {
    fold(text).chars().filter(char::is_ascii_digit).count()
}

fn has_digit(text: &str) -> bool {
    digits(text) > 0
}

/// Whether this can be a whole text with a number in it of which digits are hidden: where a number stands among other words,
/// none is recognised that has fewer digits.
fn may_hold_number(text: &str) -> bool {
    digits(text) >= SHORTEST_TAIL
}
