//! Filters and conditions of a search, as the index knows them.

use std::ops::Bound;

use crate::index::{Company, Field, Ids, Number};
use crate::store::conditions::{Column, Join, Operand, Test};
use crate::store::filter::Condition;
use crate::store::search::Search;

/// The customers whom all but the words of a search find; `None` where the index cannot tell.
pub fn narrowed(company: &Company, search: &Search) -> Option<Ids> {
    let mut sets: Vec<Ids> = Vec::new();
    let mut with = |field, value: &str| sets.push(company.with(field, value).cloned().unwrap_or_default());
    let texts = [
        (Field::Owner, &search.owner_key),
        (Field::Owner, &search.within.owner_key),
        (Field::Type, &search.type_value),
        (Field::Flag, &search.flag_value),
        (Field::Source, &search.source_value),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            with(field, value);
        }
    }
    if let Some(task) = search.task_id {
        with(Field::Task, &task.to_string());
    }
    for groups in [&search.group_ids, &search.within.groups].into_iter().flatten() {
        sets.push(any(company, Field::Group, groups.iter().map(i64::to_string)));
    }
    if let Some(condition) = &search.filter {
        sets.push(meeting(company, condition)?);
    }
    if !search.conditions.tests.is_empty() {
        let passing = search.conditions.tests.iter().map(|(column, test)| passing(company, *column, test));
        let passing: Vec<Ids> = passing.collect::<Option<_>>()?;
        match search.conditions.join {
            Join::All => sets.extend(passing),
            Join::Any => sets.push(passing.into_iter().fold(Ids::new(), |all, ids| all | ids)),
        }
    }
    // The smallest first: what is left is never more.
    sets.sort_by_key(Ids::len);
    let mut sets = sets.into_iter();
    Some(match sets.next() {
        Some(first) => sets.fold(first, |left, ids| left & ids),
        None => company.all().clone(),
    })
}

/// The customers who meet a condition; `None` where the index cannot tell.
fn meeting(company: &Company, condition: &Condition) -> Option<Ids> {
    match condition {
        Condition::All(conditions) => {
            let met: Vec<Ids> = conditions.iter().map(|each| meeting(company, each)).collect::<Option<_>>()?;
            Some(met.into_iter().reduce(|all, ids| all & ids).unwrap_or_else(|| company.all().clone()))
        }
        Condition::Any(conditions) => {
            let met: Vec<Ids> = conditions.iter().map(|each| meeting(company, each)).collect::<Option<_>>()?;
            Some(met.into_iter().fold(Ids::new(), |any, ids| any | ids))
        }
        Condition::Not(condition) => Some(company.all() - meeting(company, condition)?),
        Condition::Test(column, test) => passing(company, *column, test),
        Condition::Since(column, at) => Some(company.keys().within(company.all(), number(*column)?, &(*at..))),
        Condition::Until(column, at) => Some(company.keys().within(company.all(), number(*column)?, &(..*at))),
        Condition::Labelled(_) | Condition::HasLabels | Condition::Phone(_) | Condition::HasPhones => None,
    }
}

/// The customers who pass a test; `None` where the index cannot tell.
fn passing(company: &Company, column: Column, test: &Test) -> Option<Ids> {
    let (field, is_number) = match column {
        Column::Task => (Field::Task, true),
        Column::Group => (Field::Group, true),
        Column::Owner => (Field::Owner, false),
        Column::Type => (Field::Type, false),
        Column::Flag => (Field::Flag, false),
        Column::Source => (Field::Source, false),
        Column::Star => (Field::Star, true),
        Column::FollowCount => return counted(company, test),
        _ => return None,
    };
    let value = |operand: &Operand| match operand {
        Operand::Integer(number) if is_number => Some(number.to_string()),
        Operand::Text(written) if !is_number => Some(written.clone()),
        _ => None,
    };
    Some(match test {
        Test::Is(operand) => company.with(field, &value(operand)?).cloned().unwrap_or_default(),
        Test::OneOf(operands) => any(company, field, operands.iter().map(value).collect::<Option<Vec<_>>>()?),
        Test::IsNot(operand) => match company.with(field, &value(operand)?) {
            Some(ids) => company.all() - ids,
            None => company.all().clone(),
        },
        Test::Empty => company.all() - company.with_any(field),
        Test::Filled => company.with_any(field),
        Test::Above(Operand::Integer(bound)) if is_number => beyond(company, field, |value| value > *bound),
        Test::Below(Operand::Integer(bound)) if is_number => beyond(company, field, |value| value < *bound),
        Test::Above(_) | Test::Below(_) | Test::Holds(_) | Test::Lacks(_) => return None,
    })
}

/// The customers who pass a test of how often they were followed up.
fn counted(company: &Company, test: &Test) -> Option<Ids> {
    let within = |range: (Bound<i64>, Bound<i64>)| company.keys().within(company.all(), Number::FollowCount, &range);
    match test {
        Test::Is(Operand::Integer(count)) => Some(within((Bound::Included(*count), Bound::Included(*count)))),
        Test::Above(Operand::Integer(bound)) => Some(within((Bound::Excluded(*bound), Bound::Unbounded))),
        Test::Below(Operand::Integer(bound)) => Some(within((Bound::Unbounded, Bound::Excluded(*bound)))),
        _ => None,
    }
}

/// The column of numbers in the index that a column of the table is.
pub fn number(column: Column) -> Option<Number> {
    match column {
        Column::CreatedAt => Some(Number::CreatedAt),
        Column::UpdatedAt => Some(Number::UpdatedAt),
        Column::AssignedAt => Some(Number::AssignedAt),
        Column::FollowedAt => Some(Number::FollowedAt),
        Column::FollowCount => Some(Number::FollowCount),
        _ => None,
    }
}

/// The customers with a number of which this is true.
fn beyond(company: &Company, field: Field, is_so: impl Fn(i64) -> bool) -> Ids {
    let values = company.values(field).filter(|value| value.parse().is_ok_and(&is_so));
    any(company, field, values.map(str::to_owned))
}

/// The customers with any of these values.
fn any(company: &Company, field: Field, values: impl IntoIterator<Item = String>) -> Ids {
    let found = values.into_iter().filter_map(|value| company.with(field, &value));
    found.fold(Ids::new(), |any, ids| any | ids)
}
