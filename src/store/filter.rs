//! What customers are to be: conditions within conditions, as clients put them together.
//!
//! A condition holds or does not: on a column without a value no test holds but those that say so, and a negated one
//! holds exactly where the condition does not.

use super::Engine;
use super::conditions::{Column, Test, push_test};
use super::dynamic::Sql;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Column, Test),
    /// At this time or later, microseconds.
    Since(Column, i64),
    /// Before this time, microseconds.
    Until(Column, i64),
    /// With one of these labels, by what their names are compared by.
    Labelled(Vec<String>),
    /// With a label.
    HasLabels,
    /// With this number, or with a contact who has it.
    Phone(String),
    /// With a number.
    HasPhones,
}

impl Condition {
    /// The tests in it.
    #[must_use]
    pub fn tests(&self) -> Vec<(Column, &Test)> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().flat_map(Self::tests).collect(),
            Self::Not(condition) => condition.tests(),
            Self::Test(column, test) => vec![(*column, test)],
            _ => Vec::new(),
        }
    }

    /// The labels in it.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().flat_map(Self::labels).collect(),
            Self::Not(condition) => condition.labels(),
            Self::Labelled(keys) => keys.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// How many numbers are in it.
    #[must_use]
    pub fn phones(&self) -> usize {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().map(Self::phones).sum(),
            Self::Not(condition) => condition.phones(),
            Self::Phone(_) => 1,
            _ => 0,
        }
    }

    /// Whether all whom it finds pass this test.
    #[must_use]
    pub fn demands(&self, column: Column, test: &Test) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().any(|condition| condition.demands(column, test)),
            Self::Test(own, known) => (*own, known) == (column, test),
            _ => false,
        }
    }

    /// Appends the condition in brackets.
    pub(super) fn push(&self, sql: &mut Sql, engine: &Engine) {
        sql.push("(");
        match self {
            Self::All(conditions) => push_each(sql, engine, "1 = 1", " and ", conditions),
            Self::Any(conditions) => push_each(sql, engine, "1 = 0", " or ", conditions),
            Self::Not(condition) => {
                condition.push(sql, engine);
                sql.push(" is not true");
            }
            Self::Test(column, test) => push_test(sql, engine, *column, test),
            Self::Since(column, at) => {
                sql.push(column.moment().unwrap_or("null")).push(" >= ").bind(*at);
            }
            Self::Until(column, at) => {
                sql.push(column.moment().unwrap_or("null")).push(" < ").bind(*at);
            }
            Self::Labelled(keys) => {
                among(sql, engine, |sql| {
                    sql.push("select x.customer_id from label l join customer_label x on x.company_id = $1 and x.label_id = l.id");
                    sql.push(" where l.company_id = $1 and l.key in (null");
                    for key in keys {
                        sql.push(", ").bind(key.as_str());
                    }
                    sql.push(")");
                });
            }
            Self::HasLabels => drop(sql.push("c.labels <> '[]'")),
            Self::Phone(key) => {
                among(sql, engine, |sql| {
                    sql.push("select customer_id from phone where company_id = $1 and key = ").bind(key.as_str());
                    sql.push(" union select customer_id from contact_phone where company_id = $1 and key = ");
                    sql.bind(key.as_str());
                });
            }
            Self::HasPhones => drop(sql.push("c.phones <> '[]'")),
        }
        sql.push(")");
    }
}

/// Appends that a customer is among those of a list, which is there before anything else is read.
fn among(sql: &mut Sql, engine: &Engine, list: impl FnOnce(&mut Sql)) {
    let (begin, end) = match engine {
        Engine::Sqlite(_) => ("c.id in (", ")"),
        Engine::Postgres(_) => ("c.id = any (array(", "))"),
    };
    list(sql.push(begin));
    sql.push(end);
}

fn push_each(sql: &mut Sql, engine: &Engine, first: &'static str, between: &'static str, conditions: &[Condition]) {
    // What is alone stands alone, so that an index can be used for it.
    if conditions.is_empty() {
        sql.push(first);
    }
    for (index, condition) in conditions.iter().enumerate() {
        condition.push(if index > 0 { sql.push(between) } else { &mut *sql }, engine);
    }
}
