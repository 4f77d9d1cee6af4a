//! `searchconds`: what the search bar of iBiz PLM's own pages asks for, groups of conditions in groups.
//!
//! Source: the search bar of `@ibiz-template/runtime`, and the conditions that its export sends.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::fields::column;
use crate::domain::ids;
use crate::domain::json;
use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::ops::Cx;
use crate::store::conditions::Operand;
use crate::store::plm::{Part, PlmColumn, PlmCondition, PlmTest};

/// Groups in each other.
const DEEPEST: usize = 8;
/// Conditions and groups in all.
const MOST: usize = 100;
/// Values of all conditions that take several: each is a parameter of a statement.
const MOST_VALUES: usize = 1000;
/// The longest text of a condition.
const LONGEST: usize = 2000;

/// The comparisons that are read.
const OPERATORS: [&str; 13] = [
    "EQ",
    "NOTEQ",
    "LIKE",
    "LEFTLIKE",
    "RIGHTLIKE",
    "IN",
    "NOTIN",
    "GT",
    "GTANDEQ",
    "LT",
    "LTANDEQ",
    "ISNULL",
    "ISNOTNULL",
];

/// Returns the conditions of a request, all of which must hold.
pub fn read(cx: &Cx<'_>, given: &Value) -> Result<Vec<PlmCondition>, Error> {
    let mut reader = Reader::of(cx);
    match given {
        Value::Null => Ok(Vec::new()),
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Value::Object(members) if members.contains_key("condtype") || members.contains_key("searchconds") => {
            Ok(reader.condition(given, None, 0)?.into_iter().collect())
        }
        given => reader.conditions(Some(given), None, 0),
    }
}

/// Returns the condition that a field has one of these values; the field is named by the parameter `by`.
pub fn one_of(cx: &Cx<'_>, by: &str, name: &str, values: &str) -> Result<PlmCondition, Error> {
    let column = column(name).map_err(|known| {
        Error::parameter(format!(
            "{by}: 没有字段 {name:.64}，可用 {known} / there is no such field; these are: {known}"
        ))
    })?;
    Reader::of(cx).one_of(column, name, &values.into())
}

fn refused(what: &str, why: &str) -> Error {
    let what: String = what.chars().take(64).collect();
    Error::parameter(format!("searchconds: {what}: {why}"))
}

struct Reader<'a> {
    company: i64,
    zone: &'a TimeZone,
    /// How many conditions were read, and how many values of those that take several.
    read: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn of(cx: &'a Cx<'_>) -> Self {
        Self { company: cx.caller.company, zone: &cx.catalogue.company.time_zone, read: 0, values: 0 }
    }

    /// The conditions of a list; those without a field of their own are about this one.
    fn conditions(
        &mut self,
        given: Option<&Value>,
        field: Option<&str>,
        depth: usize,
    ) -> Result<Vec<PlmCondition>, Error> {
        let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(Vec::new()) };
        let wrong = || Error::parameter("searchconds: 应为条件的列表 / expected a list of conditions");
        let list = json::list(given).ok_or_else(wrong)?;
        let read = list.into_iter().filter_map(|given| self.condition(given, field, depth).transpose());
        read.collect()
    }

    /// One condition; `None` for a group of none.
    fn condition(&mut self, given: &Value, field: Option<&str>, depth: usize) -> Result<Option<PlmCondition>, Error> {
        self.read += 1;
        if self.read > MOST || depth > DEEPEST {
            return Err(Error::parameter(format!(
                "searchconds: 最多 {MOST} 个条件、{DEEPEST} 层 / at most {MOST} conditions, {DEEPEST} levels deep"
            )));
        }
        let wrong = || Error::parameter("searchconds: 条件应为对象 / expected an object as condition");
        let members = json::object(given).ok_or_else(wrong)?;
        let text =
            |name: &str| members.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let field = text("fieldname").or(field);
        let kind =
            text("condtype").unwrap_or_else(|| if members.contains_key("searchconds") { "GROUP" } else { "DEFIELD" });
        let condition = match kind.to_ascii_uppercase().as_str() {
            "DEFIELD" => {
                let name = field.ok_or_else(|| refused("fieldname", "缺少 / is missing"))?;
                let operator = text("condop").ok_or_else(|| refused(name, "缺少 condop / condop is missing"))?;
                Some(self.field(name, operator, members.get("value").unwrap_or(&Value::Null))?)
            }
            "GROUP" => self.group(members, field, depth)?,
            "ITEMS" => {
                let name = field.ok_or_else(|| refused("fieldname", "缺少 / is missing"))?;
                known(name)?;
                self.group(members, Some(name), depth)?
            }
            other => {
                let name = field.or_else(|| text("customtype")).unwrap_or_default();
                return Err(refused(
                    name,
                    &format!(
                        "不支持 {other:.32} 条件，可用 GROUP、ITEMS、DEFIELD / conditions are GROUP, ITEMS or DEFIELD, not {other:.32}"
                    ),
                ));
            }
        };
        let is_negated = flag(members, "notmode")? || flag(members, "bnotmode")?;
        Ok(condition.map(|condition| if is_negated { PlmCondition::Not(Box::new(condition)) } else { condition }))
    }

    /// A group of conditions, or of those of one field.
    fn group(
        &mut self,
        members: &Map<String, Value>,
        field: Option<&str>,
        depth: usize,
    ) -> Result<Option<PlmCondition>, Error> {
        let conditions = self.conditions(members.get("searchconds"), field, depth + 1)?;
        let join = members.get("condop").and_then(Value::as_str).map(|join| join.trim().to_ascii_uppercase());
        let group = match join.as_deref().unwrap_or("AND") {
            "AND" | "" => PlmCondition::All(conditions),
            "OR" => PlmCondition::Any(conditions),
            "EXISTS" if field.is_some() => PlmCondition::All(conditions),
            "NOTEXISTS" if field.is_some() => PlmCondition::Not(Box::new(PlmCondition::All(conditions))),
            other => {
                let what = field.unwrap_or("condop");
                return Err(refused(what, &format!("condop 应为 AND 或 OR / expected AND or OR, not {other:.32}")));
            }
        };
        Ok(if is_empty(&group) { None } else { Some(group) })
    }

    /// The condition on one field.
    fn field(&mut self, name: &str, operator: &str, value: &Value) -> Result<PlmCondition, Error> {
        let column = known(name)?;
        let operator = operator.to_ascii_uppercase();
        let unknown = || {
            let all = OPERATORS.join(", ");
            refused(
                name,
                &format!("不支持 {operator:.32}，可用 {all} / is not compared by {operator:.32}; these are: {all}"),
            )
        };
        let test = |test: PlmTest| PlmCondition::Test(column, test);
        let not = |condition: PlmCondition| PlmCondition::Not(Box::new(condition));
        let is_id = column == PlmColumn::Id;
        Ok(match operator.as_str() {
            "EQ" | "NOTEQ" if !is_id => {
                let is = test(PlmTest::Is(self.operand(column, name, value)?));
                if operator == "EQ" { is } else { not(is) }
            }
            "EQ" | "IN" => self.one_of(column, name, value)?,
            "NOTEQ" | "NOTIN" => not(self.one_of(column, name, value)?),
            // Everybody has an id.
            "ISNULL" if is_id => PlmCondition::Any(Vec::new()),
            "ISNOTNULL" if is_id => PlmCondition::All(Vec::new()),
            "ISNULL" => test(PlmTest::Empty),
            "ISNOTNULL" => not(test(PlmTest::Empty)),
            "GT" if !is_id => test(PlmTest::Above(self.operand(column, name, value)?)),
            "GTANDEQ" if !is_id => test(PlmTest::AtLeast(self.operand(column, name, value)?)),
            "LT" if !is_id => test(PlmTest::Below(self.operand(column, name, value)?)),
            "LTANDEQ" if !is_id => test(PlmTest::AtMost(self.operand(column, name, value)?)),
            "LIKE" | "LEFTLIKE" | "RIGHTLIKE" if !is_id && !column.is_number() => {
                let part = match operator.as_str() {
                    "LIKE" => Part::Any,
                    "LEFTLIKE" => Part::Beginning,
                    _ => Part::End,
                };
                test(PlmTest::Like(part, text_of(name, value)?))
            }
            _ => return Err(unknown()),
        })
    }

    /// Whether a field has one of these values: a list, or a text with commas.
    fn one_of(&mut self, column: PlmColumn, name: &str, value: &Value) -> Result<PlmCondition, Error> {
        let parts: Vec<Value>;
        let values = match value {
            Value::String(text) => {
                parts =
                    text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect();
                parts.iter().collect()
            }
            value => json::list(value).unwrap_or_else(|| vec![value]),
        };
        self.values += values.len();
        if values.is_empty() || self.values > MOST_VALUES {
            return Err(refused(
                name,
                &format!("应有值，总共最多 {MOST_VALUES} 个 / expected values, at most {MOST_VALUES} in all"),
            ));
        }
        if column == PlmColumn::Id {
            return self.ids(name, &values);
        }
        let operands = values.into_iter().map(|value| self.operand(column, name, value)).collect::<Result<_, _>>()?;
        Ok(PlmCondition::Test(column, PlmTest::OneOf(operands)))
    }

    /// Those that the server gave, and those that clients chose.
    fn ids(&self, name: &str, values: &[&Value]) -> Result<PlmCondition, Error> {
        let (mut given, mut chosen) = (Vec::new(), Vec::new());
        for value in values {
            let id = text_of(name, value)?;
            match ids::from_hex32(self.company, &id) {
                Some(number) => given.push(number),
                None => chosen.push(id),
            }
        }
        Ok(PlmCondition::Ids { given, chosen })
    }

    fn operand(&self, column: PlmColumn, name: &str, value: &Value) -> Result<Operand, Error> {
        match column {
            PlmColumn::CreatedAt | PlmColumn::UpdatedAt => {
                let at =
                    times::parse(&text_of(name, value)?, self.zone).map_err(|why| refused(name, &why.to_string()))?;
                Ok(Operand::Integer(at.div_euclid(SECOND)))
            }
            column if column.is_number() => {
                let number = value.as_bool().map(i64::from).or_else(|| json::integer(value));
                number.map(Operand::Integer).ok_or_else(|| refused(name, "应为整数 / expected an integer"))
            }
            _ => text_of(name, value).map(Operand::Text),
        }
    }
}

/// The column of a field that conditions can be about.
fn known(name: &str) -> Result<PlmColumn, Error> {
    column(name).map_err(|known| {
        refused(name, &format!("没有这个字段，可用 {known} / there is no such field; these are: {known}"))
    })
}

fn text_of(name: &str, value: &Value) -> Result<String, Error> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(refused(
            name,
            &format!("value 应为 1 到 {LONGEST} 个字符的文本 / expected a text of 1 to {LONGEST} characters as value"),
        ));
    }
    Ok(text)
}

fn flag(members: &Map<String, Value>, name: &str) -> Result<bool, Error> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(false),
        Some(Value::String(text)) if matches!(text.trim(), "true" | "false") => Ok(text.trim() == "true"),
        Some(value) => match json::integer(value) {
            Some(flag @ (0 | 1)) => Ok(flag == 1),
            _ => Err(refused(name, "应为 true 或 false / expected true or false")),
        },
    }
}

/// Whether nothing is asked.
fn is_empty(group: &PlmCondition) -> bool {
    match group {
        PlmCondition::All(conditions) | PlmCondition::Any(conditions) => conditions.is_empty(),
        PlmCondition::Not(condition) => is_empty(condition),
        PlmCondition::Ids { .. } | PlmCondition::Test(..) => false,
    }
}
