//! `where`: what customers are to be, field by field.
//!
//! An object of fields, all of which must hold: `{"custType":"企业客户","upTime":{"from":"2026-01-01"}}`. A value is what the
//! field is to be, a list is one of several, null is nothing at all, and an object compares. `all` and `any` hold lists of
//! such objects, `not` one.

mod values;

use serde_json::{Map, Value};

use self::values::{empty, entry, filled, flag, length, negated, no_operator, no_such, plain, text};
use crate::domain::catalogue::login_key;
use crate::domain::custom_field::{CustomField, FieldKind};
use crate::domain::folding::{fold, name_key, named, text_key};
use crate::domain::json;
use crate::domain::phone::{self, Phone};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries;
use crate::store::conditions::{Column, Operand, Test};
use crate::store::filter::Condition;

/// Conditions in all, and values of them, and how deep they stand within each other.
const MOST: usize = 32;
const MOST_VALUES: usize = 100;
const DEEPEST: usize = 4;
/// The longest text, characters.
const LONGEST: usize = 255;

/// How a field is compared.
#[derive(Clone, Copy)]
enum Field {
    Number(Column),
    /// Compared as names are.
    Name(Column),
    Text(Column),
    /// One of the company's values.
    Entry(Column),
    Task,
    Group,
    Staff(Column),
    Time(Column),
    Phones,
    Labels,
    Custom,
}

const FIELDS: [(&str, Field); 20] = [
    ("id", Field::Number(Column::Id)),
    ("custname", Field::Name(Column::Name)),
    ("companyName", Field::Name(Column::Company)),
    ("cellphones", Field::Phones),
    ("address", Field::Text(Column::Address)),
    ("custType", Field::Entry(Column::Type)),
    ("dealFlag", Field::Entry(Column::Flag)),
    ("custFrom", Field::Entry(Column::Source)),
    ("taskId", Field::Task),
    ("serviceNo", Field::Staff(Column::Owner)),
    ("servicegroupId", Field::Group),
    ("customerLabel", Field::Labels),
    ("star", Field::Number(Column::Star)),
    ("followNum", Field::Number(Column::FollowCount)),
    ("lastAccept", Field::Text(Column::LastAccept)),
    ("assignTime", Field::Time(Column::AssignedAt)),
    ("lastFlowTime", Field::Time(Column::FollowedAt)),
    ("opTime", Field::Time(Column::CreatedAt)),
    ("upTime", Field::Time(Column::UpdatedAt)),
    ("jsonStr", Field::Custom),
];

/// The other members of a condition.
const OTHERS: [&str; 7] = ["loginNo", "uploginNo", "unassigned", "neverContacted", "all", "any", "not"];

/// Returns what the customers of a list are to be. Over HTTP the object comes as a text.
pub fn read(cx: &Cx<'_>, given: &Value) -> Result<Option<Condition>, Error> {
    let parsed;
    let given = match given {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => {
            parsed = serde_json::from_str(text).map_err(|_| wrong_form("where"))?;
            &parsed
        }
        given => given,
    };
    // Before any of them is looked for.
    tries::value(cx, given)?;
    let mut reader = Reader { cx, tests: 0, values: 0 };
    let condition = reader.object("where", given, 0)?;
    Ok(Some(condition).filter(|condition| *condition != Condition::All(Vec::new())))
}

fn wrong_form(path: &str) -> Error {
    Error::parameter(format!("{path}: 应为条件对象 / expected an object of conditions"))
}

fn wrong(path: &str, zh: &str, en: &str) -> Error {
    Error::expected(path, zh, en)
}

struct Reader<'r, 'c> {
    cx: &'r Cx<'c>,
    tests: usize,
    values: usize,
}

impl Reader<'_, '_> {
    /// All members of an object.
    fn object(&mut self, path: &str, given: &Value, depth: usize) -> Result<Condition, Error> {
        let members = json::object(given).ok_or_else(|| wrong_form(path))?;
        if depth > DEEPEST {
            return Err(Error::parameter(format!("where: 最多 {DEEPEST} 层 / at most {DEEPEST} levels deep")));
        }
        let mut all = Vec::with_capacity(members.len());
        for (name, given) in members {
            self.tests += 1;
            if self.tests > MOST {
                return Err(Error::parameter(format!("where: 最多 {MOST} 个条件 / at most {MOST} conditions")));
            }
            all.extend(self.member(path, name, given, depth)?);
        }
        Ok(Condition::All(all))
    }

    fn member(&mut self, path: &str, name: &str, given: &Value, depth: usize) -> Result<Option<Condition>, Error> {
        let plain = plain(name);
        let path = format!("{path}.{}", name.chars().take(64).collect::<String>());
        if let Some((name, field)) = FIELDS.iter().find(|(known, _)| self::plain(known) == plain) {
            return match field {
                Field::Custom => self.custom_fields(&path, given).map(Some),
                field => self.field(&path, name, *field, given).map(Some),
            };
        }
        let list = |reader: &mut Self| {
            let list = json::list(given).ok_or_else(|| wrong(&path, "条件的数组", "a list of conditions"))?;
            list.into_iter().map(|given| reader.object(&path, given, depth + 1)).collect::<Result<Vec<_>, Error>>()
        };
        Ok(Some(match plain.as_str() {
            "all" => Condition::All(list(self)?),
            "any" => Condition::Any(list(self)?),
            "not" => Condition::Not(Box::new(self.object(&path, given, depth + 1)?)),
            "loginno" => self.field(&path, name, Field::Staff(Column::CreatedBy), given)?,
            "uploginno" => self.field(&path, name, Field::Staff(Column::UpdatedBy), given)?,
            "unassigned" => return Ok(flag(&path, given)?.map(|is| empty(Column::Owner, is))),
            "nevercontacted" => return Ok(flag(&path, given)?.map(|is| empty(Column::FollowedAt, is))),
            _ => return self.custom_field(&path, name, given).map(Some),
        }))
    }

    /// `jsonStr`: an object of the company's own fields.
    fn custom_fields(&mut self, path: &str, given: &Value) -> Result<Condition, Error> {
        let members = json::object(given).ok_or_else(|| wrong_form(path))?;
        let mut all = Vec::with_capacity(members.len());
        for (name, given) in members {
            self.tests += 1;
            if self.tests > MOST {
                return Err(Error::parameter(format!("where: 最多 {MOST} 个条件 / at most {MOST} conditions")));
            }
            all.push(self.custom_field(
                &format!("{path}.{}", name.chars().take(64).collect::<String>()),
                name,
                given,
            )?);
        }
        Ok(Condition::All(all))
    }

    /// A field of the company's own, by its id or its name.
    fn custom_field(&mut self, path: &str, name: &str, given: &Value) -> Result<Condition, Error> {
        let cx = self.cx;
        let fields = &cx.catalogue.fields;
        let by_id = CustomField::id_of(name).and_then(|id| fields.iter().find(|field| field.id == id));
        let field = by_id.or_else(|| named(fields, name.trim(), |field| field.name.as_str()));
        let field = field.ok_or_else(|| unknown(cx, path, name))?;
        let column = Column::Custom(field.id);
        if field.kind == FieldKind::Date {
            return self
                .compared(path, given, &mut |reader, operator, value| reader.date(path, column, operator, value));
        }
        self.compared(path, given, &mut |reader, operator, value| {
            let text = |value: &Value| text(path, value);
            reader.text(path, column, operator, value, &text, false)
        })
    }

    /// What a field is to be: a value, one of several, nothing, or as an object compares it.
    fn compared(
        &mut self,
        path: &str,
        given: &Value,
        test: &mut dyn FnMut(&mut Self, &str, &Value) -> Result<Condition, Error>,
    ) -> Result<Condition, Error> {
        match given {
            Value::Null => test(self, "empty", &Value::Bool(true)),
            Value::Array(_) => test(self, "in", given),
            Value::Object(members) if members.is_empty() => Err(wrong_form(path)),
            Value::Object(members) => {
                let all = members.iter().map(|(operator, value)| match plain(operator).as_str() {
                    "not" if value.is_null() => test(self, "empty", &Value::Bool(false)),
                    "not" => {
                        let operator = if value.is_array() { "in" } else { "is" };
                        test(self, operator, value).map(|condition| Condition::Not(Box::new(condition)))
                    }
                    operator => test(self, operator, value),
                });
                all.collect::<Result<Vec<_>, _>>().map(Condition::All)
            }
            given => test(self, "is", given),
        }
    }

    fn field(&mut self, path: &str, name: &str, field: Field, given: &Value) -> Result<Condition, Error> {
        let cx = self.cx;
        let catalogue = &cx.catalogue;
        self.compared(path, given, &mut |reader, operator, value| match field {
            Field::Number(column) => reader.number(path, column, operator, value),
            Field::Time(column) => reader.time(path, column, operator, value),
            Field::Name(column) => {
                reader.text(path, column, operator, value, &|value| Ok(name_key(&text(path, value)?)), true)
            }
            Field::Text(column) => reader.text(path, column, operator, value, &|value| text(path, value), false),
            Field::Entry(column) => {
                let dictionary = match column {
                    Column::Type => &catalogue.types,
                    Column::Flag => &catalogue.flags,
                    _ => &catalogue.sources,
                };
                reader.entry(path, column, operator, value, &|value| entry(path, dictionary, value))
            }
            Field::Task => reader.entry(path, Column::Task, operator, value, &|value| {
                let id = catalogue.task(&text(path, value)?);
                id.map(Operand::Integer).ok_or_else(|| no_such(path, value))
            }),
            Field::Group => reader.entry(path, Column::Group, operator, value, &|value| {
                let given = text(path, value)?;
                let by_id = json::integer_in(&given).filter(|id| catalogue.groups.contains_key(id));
                let by_name = || catalogue.groups.iter().find(|(_, name)| text_key(name) == text_key(&given));
                let id = by_id.or_else(|| by_name().map(|(id, _)| *id));
                id.map(Operand::Integer).ok_or_else(|| no_such(path, value))
            }),
            Field::Staff(column) => reader.entry(path, column, operator, value, &|value| {
                let staff = catalogue.staff(&text(path, value)?).ok_or_else(|| no_such(path, value))?;
                let login_no = &staff.login_no;
                Ok(Operand::Text(if column == Column::Owner { login_key(login_no) } else { login_no.clone() }))
            }),
            Field::Phones => reader.phones(path, operator, value),
            Field::Labels => reader.labels(path, operator, value),
            Field::Custom => Err(unknown(cx, path, name)),
        })
    }

    /// The values of `is` or `in`.
    fn values<'v>(&mut self, path: &str, operator: &str, given: &'v Value) -> Result<Option<Vec<&'v Value>>, Error> {
        let values = match operator {
            "is" => vec![given],
            "in" => json::list(given).ok_or_else(|| wrong(path, "数组", "a list"))?,
            _ => return Ok(None),
        };
        self.values += values.len();
        if self.values > MOST_VALUES {
            return Err(Error::parameter(format!("where: 最多 {MOST_VALUES} 个值 / at most {MOST_VALUES} values")));
        }
        Ok(Some(values))
    }

    /// A field that is one of certain values.
    fn entry(
        &mut self,
        path: &str,
        column: Column,
        operator: &str,
        given: &Value,
        operand: &dyn Fn(&Value) -> Result<Operand, Error>,
    ) -> Result<Condition, Error> {
        if operator == "empty" {
            return filled(path, column, given);
        }
        let values = self
            .values(path, operator, given)?
            .ok_or_else(|| no_operator(path, operator, &["is", "not", "in", "empty"]))?;
        let mut operands = values.into_iter().map(operand).collect::<Result<Vec<_>, _>>()?;
        Ok(Condition::Test(
            column,
            match operands.len() {
                1 => operands.pop().map_or(Test::Empty, Test::Is),
                _ => Test::OneOf(operands),
            },
        ))
    }

    fn text(
        &mut self,
        path: &str,
        column: Column,
        operator: &str,
        given: &Value,
        whole: &dyn Fn(&Value) -> Result<String, Error>,
        is_folded: bool,
    ) -> Result<Condition, Error> {
        match operator {
            "contains" => {
                let piece = text(path, given)?;
                self.cx.may_search_by(&piece)?;
                Ok(Condition::Test(column, Test::Holds(if is_folded { fold(&piece) } else { piece })))
            }
            "is" | "in" | "empty" => {
                self.entry(path, column, operator, given, &|value| whole(value).map(Operand::Text))
            }
            other => Err(no_operator(path, other, &["is", "not", "in", "contains", "empty"])),
        }
    }

    fn number(&mut self, path: &str, column: Column, operator: &str, given: &Value) -> Result<Condition, Error> {
        let number = |given: &Value| json::integer(given).ok_or_else(|| wrong(path, "整数", "an integer"));
        let bound = |test: fn(Operand) -> Test, bound: i64| Condition::Test(column, test(Operand::Integer(bound)));
        match operator {
            "from" => Ok(bound(Test::Above, number(given)?.saturating_sub(1))),
            "to" => Ok(bound(Test::Below, number(given)?.saturating_add(1))),
            "is" | "in" | "empty" => {
                self.entry(path, column, operator, given, &|value| number(value).map(Operand::Integer))
            }
            other => Err(no_operator(path, other, &["is", "not", "in", "from", "to", "empty"])),
        }
    }

    /// A time: from its beginning to its end, as far as it is written.
    fn time(&mut self, path: &str, column: Column, operator: &str, given: &Value) -> Result<Condition, Error> {
        let zone = &self.cx.catalogue.company.time_zone;
        let read = |given: &Value| {
            let written = text(path, given)?;
            let at = times::parse(&written, zone).map_err(|why| Error::parameter(format!("{path}: {why}")))?;
            Ok::<_, Error>((at, at.saturating_add(length(&written))))
        };
        Ok(match operator {
            "from" => Condition::Since(column, read(given)?.0),
            "to" => Condition::Until(column, read(given)?.1),
            "is" => {
                let (begin, end) = read(given)?;
                Condition::All(vec![Condition::Since(column, begin), Condition::Until(column, end)])
            }
            "empty" => return filled(path, column, given),
            other => return Err(no_operator(path, other, &["is", "not", "from", "to", "empty"])),
        })
    }

    /// A date of a field of the company's own, as a text.
    fn date(&mut self, path: &str, column: Column, operator: &str, given: &Value) -> Result<Condition, Error> {
        let cx = self.cx;
        let zone = &cx.catalogue.company.time_zone;
        let date = |given: &Value| {
            let date = times::date(&text(path, given)?, zone);
            date.map_err(|why| Error::parameter(format!("{path}: {why}")))
        };
        let bound = |test: fn(Operand) -> Test, date: String| Condition::Test(column, test(Operand::Text(date)));
        match operator {
            // What stands in the field need not be a date: its place among others would tell a number in it.
            "from" | "to" if cx.rights().masks() => {
                cx.may_sort_by_text(path)?;
                Err(wrong_form(path))
            }
            // Behind all of the day before, and before all of the day after.
            "from" => {
                let before = date(given)?.yesterday().map_err(|_| wrong(path, "日期", "a date"))?;
                Ok(bound(Test::Above, format!("{before}~")))
            }
            "to" => Ok(bound(Test::Below, format!("{}~", date(given)?))),
            "is" | "in" | "empty" => {
                self.entry(path, column, operator, given, &|value| Ok(Operand::Text(date(value)?.to_string())))
            }
            other => Err(no_operator(path, other, &["is", "not", "in", "from", "to", "empty"])),
        }
    }

    fn phones(&mut self, path: &str, operator: &str, given: &Value) -> Result<Condition, Error> {
        if operator == "empty" {
            let is_empty = flag(path, given)?.unwrap_or(true);
            return Ok(negated(Condition::HasPhones, is_empty));
        }
        let home = &self.cx.catalogue.company.home;
        let values = self
            .values(path, operator, given)?
            .ok_or_else(|| no_operator(path, operator, &["is", "not", "in", "empty"]))?;
        let mut any = Vec::with_capacity(values.len());
        for value in values {
            let phones = phone::read(&text(path, value)?, home);
            let phones = phones.map_err(|why| Error::parameter(format!("{path}: {}", why.why())))?;
            any.extend(phones.iter().map(Phone::key).map(Condition::Phone));
        }
        Ok(Condition::Any(any))
    }

    fn labels(&mut self, path: &str, operator: &str, given: &Value) -> Result<Condition, Error> {
        if operator == "empty" {
            let is_empty = flag(path, given)?.unwrap_or(true);
            return Ok(negated(Condition::HasLabels, is_empty));
        }
        let values = self
            .values(path, operator, given)?
            .ok_or_else(|| no_operator(path, operator, &["is", "not", "in", "empty"]))?;
        let keys = values.into_iter().map(|value| Ok(text_key(&text(path, value)?))).collect::<Result<_, Error>>()?;
        Ok(Condition::Labelled(keys))
    }
}

/// Refuses a field that there is not, with the name that is nearest.
fn unknown(cx: &Cx<'_>, path: &str, name: &str) -> Error {
    let name: String = plain(name).chars().take(64).collect();
    let custom: Vec<String> = cx.catalogue.fields.iter().map(CustomField::key).collect();
    let own = cx.catalogue.fields.iter().map(|field| field.name.as_str());
    let known = FIELDS.iter().map(|(known, _)| *known).chain(OTHERS);
    let known: Vec<&str> = known.chain(custom.iter().map(String::as_str)).chain(own).collect();
    let likeness = |known: &&str| strsim::jaro_winkler(&name, &plain(known));
    let nearest = known.iter().copied().map(|known| (likeness(&known), known));
    let nearest = nearest.max_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((_, nearest)) = nearest.filter(|(likeness, _)| *likeness > 0.7) {
        return Error::parameter(format!(
            "{path}: 没有这个字段，是否想写 {nearest}？ / there is no such field; did you mean {nearest}?"
        ));
    }
    let known = known.join(", ");
    Error::parameter(format!("{path}: 没有这个字段，可用 {known} / there is no such field; these are: {known}"))
}

/// The members of `where`, for the documents.
#[must_use]
pub fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = FIELDS.iter().map(|(name, _)| *name).chain(OTHERS);
    let members: Map<String, Value> = names.map(|name| (name.to_owned(), Value::Object(Map::new()))).collect();
    schemars::json_schema!({ "type": ["object", "string", "null"], "properties": members, "additionalProperties": true })
}
