//! Conditions that clients put together, of any depth.
//!
//! A condition holds or does not: on a column without a value no test holds but that it is empty, and a negated condition
//! holds exactly where the condition does not.

use super::PlmColumn;
use crate::store::Engine;
use crate::store::conditions::{Operand, push_operand};
use crate::store::dynamic::Sql;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlmCondition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// One of these customers, by ids that the server gave or that clients chose.
    Ids {
        given: Vec<i64>,
        chosen: Vec<String>,
    },
    Test(PlmColumn, PlmTest),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlmTest {
    Is(Operand),
    OneOf(Vec<Operand>),
    Above(Operand),
    AtLeast(Operand),
    Below(Operand),
    AtMost(Operand),
    /// A part of the text without regard to case.
    Like(Part, String),
    /// Without a value, or with an empty text.
    Empty,
}

/// Where in a text a part of it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Any,
    Beginning,
    End,
}

impl PlmCondition {
    /// The tests in it.
    pub fn tests(&self) -> Vec<(PlmColumn, &PlmTest)> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().flat_map(Self::tests).collect(),
            Self::Not(condition) => condition.tests(),
            Self::Ids { .. } => Vec::new(),
            Self::Test(column, test) => vec![(*column, test)],
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
                // Where SQL does not know, the condition does not hold.
                sql.push(" is not true");
            }
            Self::Ids { given, chosen } => {
                sql.push("c.id in (null");
                for id in given {
                    sql.push(", ").bind(*id);
                }
                sql.push(") or p.plm_id in (null");
                for id in chosen {
                    sql.push(", ").bind(id.as_str());
                }
                sql.push(")");
            }
            Self::Test(column, test) => push_test(sql, engine, *column, test),
        }
        sql.push(")");
    }
}

fn push_each(sql: &mut Sql, engine: &Engine, first: &'static str, between: &'static str, conditions: &[PlmCondition]) {
    sql.push(first);
    for condition in conditions {
        condition.push(sql.push(between), engine);
    }
}

fn push_test(sql: &mut Sql, engine: &Engine, column: PlmColumn, test: &PlmTest) {
    sql.push(column.compared());
    let mut compare = |operator: &'static str, operand: &Operand| {
        // Texts in the order of their characters' numbers on both engines.
        if matches!((engine, operand), (Engine::Postgres(_), Operand::Text(_))) {
            sql.push(" collate \"C\"");
        }
        push_operand(sql.push(operator), operand);
    };
    match test {
        PlmTest::Is(operand) => push_operand(sql.push(" = "), operand),
        PlmTest::Above(operand) => compare(" > ", operand),
        PlmTest::AtLeast(operand) => compare(" >= ", operand),
        PlmTest::Below(operand) => compare(" < ", operand),
        PlmTest::AtMost(operand) => compare(" <= ", operand),
        PlmTest::OneOf(operands) => {
            sql.push(" in (null");
            for operand in operands {
                push_operand(sql.push(", "), operand);
            }
            sql.push(")");
        }
        PlmTest::Like(place, part) => {
            let like = match engine {
                Engine::Sqlite(_) => " like ",
                Engine::Postgres(_) => " ilike ",
            };
            sql.push(like).bind(pattern(*place, part).as_str()).push(" escape '!'");
        }
        PlmTest::Empty if column.is_number() => {
            sql.push(" is null");
        }
        PlmTest::Empty => {
            sql.push(" is null or ").push(column.compared()).push(" = ''");
        }
    }
}

/// The pattern of texts that have this one in this place.
fn pattern(place: Part, part: &str) -> String {
    let literal = part.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    match place {
        Part::Any => format!("%{literal}%"),
        Part::Beginning => format!("{literal}%"),
        Part::End => format!("%{literal}"),
    }
}
