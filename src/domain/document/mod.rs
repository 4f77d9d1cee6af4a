//! What one documented system knows of a customer and the others do not.
//!
//! Each system has a document, a JSON object of which a table says what may be in it. To let a system
//! know more, add a member to its table in [`members`].

pub mod members;
pub mod shared;
pub mod shown;

use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value};

use super::text::visible;
use super::{json, times};

/// A document of a customer: its members by name.
pub type Document = Map<String, Value>;

/// Which system's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    CustomerDetail,
    CrmInfo,
}

/// A member of a document.
pub struct Member {
    /// As the system's own answers call it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    pub shape: Shape,
}

/// What a member holds.
pub enum Shape {
    /// A text of at most so many characters.
    Text(usize),
    /// A telephone number: a text that not everybody may see.
    Phone,
    Integer,
    /// A number of days, shown with its unit: `30 天`.
    Days,
    /// A time, stored as Unix seconds.
    Time,
    /// An amount with at most two decimals, stored as a text: `"2324.32"`.
    Money,
    /// `"0"` or `"1"`
    Flag,
    OneOf(&'static [&'static str]),
    Texts,
    Integers,
    /// A list of things, each with an `id` that the server gives and the times of its making and changing.
    List(&'static [Member]),
    Object(&'static [Member]),
}

/// Entries of one list.
pub const MOST_ENTRIES: usize = 200;
const LONGEST: usize = 255;

/// The last of the seconds that have ten digits.
const LAST_SECOND: i64 = 9_999_999_999;

const TEXT: Shape = Shape::Text(LONGEST);

impl System {
    pub const ALL: [Self; 2] = [Self::CustomerDetail, Self::CrmInfo];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomerDetail => "customer_detail",
            Self::CrmInfo => "crm_info",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// The member of its document that is called so. Who follows a customer is written here and stored elsewhere.
    #[must_use]
    pub fn member(self, name: &str) -> Option<&'static Member> {
        let followers = (self == Self::CustomerDetail).then_some(&members::FOLLOWERS);
        self.members().iter().chain(followers).find(|member| member.name == name)
    }

    /// What may be in its document.
    #[must_use]
    pub fn members(self) -> &'static [Member] {
        match self {
            Self::CustomerDetail => members::CUSTOMER_DETAIL,
            Self::CrmInfo => members::CRM_INFO,
        }
    }
}

/// Makes lists and objects of what programs wrote as the other or as the text of one, and seconds of times in this time
/// zone, as far as there are such members.
#[must_use]
pub fn shaped(system: System, mut document: Document, zone: &TimeZone) -> Document {
    for (name, value) in &mut document {
        if let Some(member) = system.member(name) {
            shape(&member.shape, value, zone);
        }
    }
    document
}

fn shape(shape: &Shape, value: &mut Value, zone: &TimeZone) {
    match shape {
        Shape::Time => {
            let time = text_of(value).and_then(|text| times::parse(&text, zone).ok());
            if let Some(at) = time {
                *value = at.div_euclid(times::SECOND).into();
            }
        }
        Shape::Texts | Shape::Integers | Shape::List(_) => {
            if let (Value::Object(_), Some(list)) = (&*value, json::list(value)) {
                *value = list.into_iter().cloned().collect();
            }
            if let (Shape::List(members), Value::Array(entries)) = (shape, value) {
                for entry in entries {
                    shape_members(members, entry, zone);
                }
            }
        }
        Shape::Object(members) => {
            let told = value.as_str().and_then(|text| serde_json::from_str::<Document>(text).ok());
            if let Some(told) = told {
                *value = told.into();
            }
            shape_members(members, value, zone);
            // An object is shown with all its members, and what is worked out beside them.
            let says = |name: &str, value: &Value| match members.iter().find(|member| member.name == name) {
                Some(member) => !is_nothing(&member.shape, value),
                None => !shown::is_worked_out(name),
            };
            if let Value::Object(told) = value {
                told.retain(|name, value| says(name, value));
            }
        }
        _ => {}
    }
}

fn shape_members(members: &[Member], value: &mut Value, zone: &TimeZone) {
    if json::object(value).is_some_and(Map::is_empty) {
        *value = Map::new().into();
    }
    for (name, value) in value.as_object_mut().into_iter().flatten() {
        if let Some(member) = members.iter().find(|member| member.name == name) {
            shape(&member.shape, value, zone);
        }
    }
}

/// Returns the member as it is stored; the error names where it is wrong and what was expected.
pub fn check(member: &Member, given: &Value) -> Result<Value, String> {
    checked(&member.shape, given).map_err(|(path, expected)| format!("{}{path}: expected {expected}", member.name))
}

type Wrong = (String, String);

fn checked(shape: &Shape, given: &Value) -> Result<Value, Wrong> {
    let wrong = |expected: &str| Err((String::new(), expected.to_owned()));
    match (shape, given) {
        (Shape::Text(longest), given) => match text_of(given) {
            Some(text) if text.chars().count() <= *longest && !text.contains('\0') => Ok((*visible(&text)).into()),
            _ => wrong(&format!("a text of at most {longest} characters")),
        },
        (Shape::Phone, given) => match text_of(given) {
            // What was shown masked is no number.
            Some(text) if text.chars().count() <= LONGEST && !text.contains(['\0', '*', '＊']) => {
                Ok((*visible(&text)).into())
            }
            _ => wrong("a phone number"),
        },
        (Shape::Integer, given) => match json::integer(given) {
            Some(number) if number >= 0 => Ok(number.into()),
            _ => wrong("an integer from 0"),
        },
        (Shape::Days, given) => match shown::days_of(given) {
            Some(days) if days >= 0 => Ok(days.into()),
            _ => wrong("days, an integer from 0 such as 30"),
        },
        (Shape::Time, given) => match json::integer(given) {
            Some(seconds) if (0..=LAST_SECOND).contains(&seconds) => Ok(seconds.into()),
            _ => wrong("a time such as 2017-05-03 14:44, or Unix seconds"),
        },
        (Shape::Money, given) => match money_of(given) {
            Some(amount) => Ok(amount.into()),
            None => wrong("an amount such as 2324.32"),
        },
        (Shape::Flag, Value::Bool(flag)) => Ok(if *flag { "1" } else { "0" }.into()),
        (Shape::Flag, given) => match text_of(given).as_deref() {
            Some(flag @ ("0" | "1")) => Ok(flag.into()),
            _ => wrong("\"0\" or \"1\""),
        },
        (Shape::OneOf(choices), given) => match text_of(given) {
            Some(text) if choices.contains(&text.as_str()) => Ok(text.into()),
            _ => wrong(&format!("one of {}", choices.join(", "))),
        },
        (Shape::Texts, Value::Array(list)) => entries(list, |entry| checked(&TEXT, entry)),
        (Shape::Integers, Value::Array(list)) => entries(list, |entry| checked(&Shape::Integer, entry)),
        (Shape::List(members), Value::Array(list)) => entries(list, |entry| match entry {
            Value::Object(object) => listed(members, object),
            _ => Err((String::new(), "an object".to_owned())),
        })
        .and_then(with_one_default),
        (Shape::Object(members), Value::Object(object)) => object_of(members, object).map(Value::Object),
        (Shape::Object(_), _) => wrong("an object"),
        (Shape::Texts | Shape::Integers | Shape::List(_), _) => wrong("a list"),
    }
}

fn entries(list: &[Value], check: impl Fn(&Value) -> Result<Value, Wrong>) -> Result<Value, Wrong> {
    if list.len() > MOST_ENTRIES {
        return Err((String::new(), format!("at most {MOST_ENTRIES} entries")));
    }
    let checked = list
        .iter()
        .enumerate()
        .map(|(index, entry)| check(entry).map_err(|(path, expected)| (format!("[{index}]{path}"), expected)));
    checked.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// Refuses a list of which more than one entry is the default.
fn with_one_default(list: Value) -> Result<Value, Wrong> {
    let is_default = |entry: &&Value| entry.get("is_default").and_then(Value::as_str) == Some("1");
    match list.as_array().into_iter().flatten().filter(is_default).count() {
        0 | 1 => Ok(list),
        _ => Err((String::new(), "at most one entry with is_default".to_owned())),
    }
}

/// An entry of a list keeps its `id`; the times are the server's, unless they can be given.
fn listed(members: &[Member], object: &Map<String, Value>) -> Result<Value, Wrong> {
    let mut stored = object_of(members, object)?;
    if let Some(id) = object.get("id").filter(|id| !id.is_null()) {
        let id = json::integer(id).ok_or_else(|| (".id".to_owned(), "an integer".to_owned()))?;
        stored.insert("id".into(), id.into());
    }
    Ok(Value::Object(stored))
}

fn object_of(members: &[Member], object: &Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    let mut stored = Map::new();
    for (name, given) in object {
        let Some(member) = members.iter().find(|member| member.name == name) else {
            if shown::is_worked_out(name) {
                continue;
            }
            return Err((format!(".{name}"), "a member that there is".to_owned()));
        };
        if given.is_null() {
            continue;
        }
        if is_nothing(&member.shape, given) {
            continue;
        }
        let value = checked(&member.shape, given).map_err(|(path, expected)| (format!(".{name}{path}"), expected))?;
        stored.insert(name.clone(), value);
    }
    Ok(stored)
}

/// Whether a value says as much as its absence: that is what systems show where there is nothing.
#[must_use]
pub fn is_nothing(shape: &Shape, given: &Value) -> bool {
    match (shape, given) {
        (_, Value::Null) => true,
        (_, Value::String(text)) if text.trim().is_empty() => true,
        (Shape::Flag, given) => *given == false || text_of(given).as_deref() == Some("0"),
        (Shape::Integer | Shape::Time, given) => json::integer(given) == Some(0),
        (Shape::Days, given) => shown::days_of(given) == Some(0),
        (Shape::Money, given) => money_of(given).as_deref() == Some("0.00"),
        (Shape::Texts | Shape::Integers | Shape::List(_), Value::Array(list)) => list.is_empty(),
        (Shape::Object(_), Value::Object(object)) => object.is_empty(),
        _ => false,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The amount with two decimals.
fn money_of(value: &Value) -> Option<String> {
    let text = text_of(value)?;
    let (sign, digits) = text.trim().strip_prefix('-').map_or(("", text.trim()), |digits| ("-", digits));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=15).contains(&whole.len()) && cents.len() <= 2 && is_number(whole) && is_number(cents);
    fits.then(|| {
        let whole = whole.trim_start_matches('0');
        format!("{sign}{}.{cents:0<2}", if whole.is_empty() { "0" } else { whole })
    })
}

/// Returns an amount as a JSON number.
#[must_use]
pub fn money_number(amount: &str) -> Value {
    amount.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::from(0), Value::Number)
}

/// How a member reads in a history.
#[must_use]
pub fn show(value: Option<&Value>) -> Option<String> {
    const LONGEST_SHOWN: usize = 120;
    let text = match value? {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => return None,
        Value::Array(list) if list.iter().any(Value::is_object) => format!("{} 项", list.len()),
        other => other.to_string(),
    };
    Some(text.chars().take(LONGEST_SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(system: System, name: &str) -> &'static Member {
        system.members().iter().find(|member| member.name == name).unwrap()
    }

    #[test]
    fn values_are_stored_in_one_form() {
        for (system, name, given, stored) in [
            (System::CustomerDetail, "totalTurnover", json!(2324.3), json!("2324.30")),
            (System::CustomerDetail, "totalTurnover", json!("007"), json!("7.00")),
            (System::CustomerDetail, "rank", json!("1"), json!(1)),
            (System::CustomerDetail, "rank", json!(1.0), json!(1)),
            (System::CustomerDetail, "areaCode", json!([33, "3301"]), json!(["33", "3301"])),
            (System::CrmInfo, "is_credit", json!(true), json!("1")),
            (System::CrmInfo, "account_days", json!("30 天"), json!(30)),
            (System::CrmInfo, "account_days", json!("30.0"), json!(30)),
            (
                System::CrmInfo,
                "services",
                json!({"id": "7", "whole_operate": "3", "quick_operate": "0", "_whole_operate": "甲 1"}),
                json!({"whole_operate": 3}),
            ),
            (
                System::CrmInfo,
                "contacts",
                json!([{"id": "7", "name": "甲", "created_at": "1", "_roles": []}]),
                json!([{"id": 7, "name": "甲"}]),
            ),
        ] {
            assert_eq!(check(member(system, name), &given), Ok(stored));
        }
    }

    #[test]
    fn lists_and_objects_are_told_by_their_members() {
        let given = json!({
            "contacts": {"0": {"name": "甲", "roles": 1}, "4": []}, "addresslist": {}, "services": [], "remark": [],
            "extend_infos": {"a": 1}, "unknown": {"0": 1}, "checking_info": "{\"nature\":\"1\"}",
            "orderlist": [{"created_at": "2017/5/3 14:44"}, {"created_at": 1_493_793_840_000_i64}, {"created_at": "1"}, {"created_at": "x"}],
        });
        let Value::Object(given) = given else { unreachable!() };
        let expected = json!({
            "contacts": [{"name": "甲", "roles": 1}, {}], "addresslist": [], "services": {}, "remark": [],
            "extend_infos": {"a": 1}, "unknown": {"0": 1}, "checking_info": {"nature": "1"},
            "orderlist": [{"created_at": 1_493_793_840}, {"created_at": 1_493_793_840}, {"created_at": "1"}, {"created_at": "x"}],
        });
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(Value::Object(shaped(System::CrmInfo, given, &shanghai)), expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (system, name, given, path) in [
            (System::CustomerDetail, "type", json!("client"), "type"),
            (System::CustomerDetail, "rank", json!(-1), "rank"),
            (System::CustomerDetail, "totalTurnover", json!("1.234"), "totalTurnover"),
            (System::CrmInfo, "contacts", json!([{}, {"phone": "1"}]), "contacts[1].phone"),
            (System::CrmInfo, "contacts", json!([{"mobile": "138****8888"}]), "contacts[0].mobile"),
            (System::CrmInfo, "contacts", json!({}), "contacts"),
            (System::CrmInfo, "account_days", json!("30 年"), "account_days"),
            (System::CrmInfo, "services", json!({"whole": 1}), "services.whole"),
            (System::CrmInfo, "orderlist", json!([{"created_at": 1_493_793_840_000_i64}]), "orderlist[0].created_at"),
            (System::CrmInfo, "contacts", json!([{"is_default": "1"}, {"is_default": true}]), "contacts"),
            (System::CrmInfo, "remark", json!("x".repeat(2001)), "remark"),
        ] {
            let error = check(member(system, name), &given).unwrap_err();
            assert!(error.starts_with(&format!("{path}:")), "{error}");
        }
    }

    #[test]
    fn no_member_stands_twice() {
        for system in System::ALL {
            let mut names: Vec<_> = system.members().iter().map(|member| member.name).collect();
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{}", system.name());
        }
    }
}
