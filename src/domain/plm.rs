//! What iBiz PLM knows of a customer beside the shared fields, and its rules for them.

use serde_json::{Map, Value};

use super::text::visible;
use super::{document, json};

/// The members by name, as they are stored.
pub type Profile = Map<String, Value>;

/// A member of the profile.
pub struct Member {
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    pub shape: Shape,
}

/// What a member holds.
pub enum Shape {
    /// A text of at most so many UTF-16 units, as the documented system counts them.
    Text(usize),
    Integer,
    /// 1 or 0; 0 unless it is said.
    YesNo,
}

/// In the order in which changes are told.
pub static MEMBERS: [Member; 10] = [
    Member { name: "scale", label: "规模", shape: Shape::Integer },
    Member { name: "description", label: "描述", shape: Shape::Text(2000) },
    Member { name: "logo", label: "品牌标识", shape: Shape::Text(100) },
    Member { name: "grade_id", label: "等级", shape: Shape::Text(60) },
    Member { name: "industry_id", label: "行业", shape: Shape::Text(60) },
    Member { name: "categories", label: "类别", shape: Shape::Text(2000) },
    Member { name: "categories_name", label: "类别名称", shape: Shape::Text(2000) },
    Member { name: "product_id", label: "产品标识", shape: Shape::Text(100) },
    Member { name: "is_archived", label: "是否已归档", shape: Shape::YesNo },
    Member { name: "is_deleted", label: "是否已删除", shape: Shape::YesNo },
];

/// The longest id of a customer, a user or a product.
pub const LONGEST_ID: usize = 100;

/// The grades of a customer (code list `customer_level`, 客户等级): values with what people read.
pub static GRADES: [(&str, &str); 5] = [("L0", "L0"), ("L1", "L1"), ("L2", "L2"), ("L3", "L3"), ("L4", "L4")];

/// The industries of a customer (code list `customer_sector`, 客户行业): values with what people read.
pub static INDUSTRIES: [(&str, &str); 9] = [
    ("10", "互联网"),
    ("20", "教育"),
    ("30", "电子商务"),
    ("40", "智能硬件"),
    ("50", "企业服务"),
    ("60", "先进制造"),
    ("70", "游戏"),
    ("80", "金融"),
    ("90", "其他"),
];

/// Returns what people read of a code list's value. Stored values need not be of the list.
#[must_use]
pub fn label_of(list: &[(&'static str, &'static str)], value: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == value).map(|(_, label)| *label)
}

/// The kind of somebody who is noted, but does not follow.
pub const NOT_FOLLOWING: &str = "10";

/// How somebody follows a customer: values with what people read.
pub static FOLLOWING: [(&str, &str); 4] = [("10", "不关注"), ("20", "订阅"), ("30", "重要通知"), ("40", "关注")];

/// Somebody who follows a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    pub user_id: String,
    pub name: Option<String>,
    /// One of [`FOLLOWING`].
    pub kind: String,
}

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: &'static str,
    pub label: &'static str,
    pub wrong: Wrong,
}

/// Which rule a field breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    Empty,
    Type,
    /// What it must be.
    Rule(String),
}

impl Wrong {
    /// The number that the documented system gives it.
    #[must_use]
    pub fn code(&self) -> i64 {
        match self {
            Self::Empty => 1,
            Self::Type => 2,
            Self::Rule(_) => 3,
        }
    }

    /// What must be, where a rule says it.
    #[must_use]
    pub fn info(&self) -> Option<&str> {
        match self {
            Self::Rule(info) => Some(info),
            _ => None,
        }
    }
}

impl Fault {
    /// `描述[值规则错误], 内容长度必须小于等于[2000]`
    #[must_use]
    pub fn line(&self) -> String {
        let label = self.label;
        match &self.wrong {
            Wrong::Empty => format!("{label}[数据输入为空错误]"),
            Wrong::Type => format!("{label}[数据类型错误]"),
            Wrong::Rule(info) => format!("{label}[值规则错误], {info}"),
        }
    }
}

/// Returns the member as it is stored; null clears.
pub fn check(member: &'static Member, given: &Value) -> Result<Value, Fault> {
    let wrong = |wrong| Fault { field: member.name, label: member.label, wrong };
    match (&member.shape, given) {
        (Shape::YesNo, Value::Null) => Ok(0.into()),
        (_, Value::Null) => Ok(Value::Null),
        (Shape::Text(longest), given) => text(given, *longest).map(Value::from).map_err(wrong),
        (Shape::YesNo, Value::Bool(yes)) => Ok(i64::from(*yes).into()),
        (Shape::YesNo, given) => match json::integer(given) {
            Some(flag @ (0 | 1)) => Ok(flag.into()),
            _ => Err(wrong(Wrong::Type)),
        },
        (Shape::Integer, Value::String(text)) if text.trim().is_empty() => Ok(Value::Null),
        (Shape::Integer, given) => match json::integer(given).filter(|number| i32::try_from(*number).is_ok()) {
            Some(number) => Ok(number.into()),
            None => Err(wrong(Wrong::Type)),
        },
    }
}

/// Returns a text without the blanks around it and what nobody sees.
pub fn text(given: &Value, longest: usize) -> Result<String, Wrong> {
    let text = match given {
        Value::String(text) => visible(text).into_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Wrong::Type),
    };
    if text.contains('\0') {
        return Err(Wrong::Rule("不能包含 U+0000".to_owned()));
    }
    if text.encode_utf16().count() > longest {
        return Err(Wrong::Rule(format!("内容长度必须小于等于[{longest}]")));
    }
    Ok(text)
}

/// Returns what people read of a member.
#[must_use]
pub fn show(member: &Member, value: Option<&Value>) -> Option<String> {
    match (&member.shape, value) {
        (Shape::YesNo, Some(value)) => Some(if value == 1 { "是" } else { "否" }.to_owned()),
        (_, value) => document::show(value),
    }
}

/// Returns what people read of a member on paper: all of it, and of a code list's value the label.
#[must_use]
pub fn read(profile: &Profile, member: &Member) -> Option<String> {
    let list: &[(&str, &str)] = match member.name {
        "grade_id" => &GRADES,
        "industry_id" => &INDUSTRIES,
        _ => &[],
    };
    let value = profile.get(member.name)?;
    match value.as_str() {
        Some("") => None,
        Some(text) => Some(label_of(list, text).unwrap_or(text).to_owned()),
        None => show(member, Some(value)),
    }
}

/// Returns the profile of a customer of which nothing is stored.
#[must_use]
pub fn empty() -> Profile {
    let absent = |member: &Member| match member.shape {
        Shape::YesNo => Value::from(0),
        _ => Value::Null,
    };
    MEMBERS.iter().map(|member| (member.name.to_owned(), absent(member))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(name: &str, given: &Value) -> Result<Value, String> {
        let member = MEMBERS.iter().find(|member| member.name == name).unwrap();
        check(member, given).map_err(|fault| fault.line())
    }

    #[test]
    fn members_are_stored_as_they_are_compared() {
        for (name, given, stored) in [
            ("scale", json!("50"), json!(50)),
            ("scale", json!(50.0), json!(50)),
            ("is_archived", json!(1.0), json!(1)),
            ("scale", json!(""), Value::Null),
            ("description", json!("  重点  "), json!("重点")),
            ("grade_id", json!(1), json!("1")),
            ("is_deleted", json!(true), json!(1)),
            ("is_deleted", Value::Null, json!(0)),
            ("logo", Value::Null, Value::Null),
            // 100 units of UTF-16 are 50 of these.
            ("logo", json!("😀".repeat(50)), json!("😀".repeat(50))),
        ] {
            assert_eq!(checked(name, &given), Ok(stored), "{name} {given}");
        }
    }

    #[test]
    fn on_paper_stands_what_people_read() {
        let mut profile = empty();
        let long = "字".repeat(2000);
        for (name, value) in [("grade_id", "L9"), ("industry_id", "30"), ("description", &long), ("categories", "")] {
            profile.insert(name.to_owned(), json!(value));
        }
        profile.insert("scale".to_owned(), json!(120));
        profile.insert("is_archived".to_owned(), json!(1));
        let texts: Vec<_> = MEMBERS.iter().filter_map(|member| read(&profile, member)).collect();
        assert_eq!(texts, ["120", &long, "L9", "电子商务", "是", "否"]);
    }

    #[test]
    fn values_of_code_lists_have_labels() {
        assert_eq!(label_of(&GRADES, "L4"), Some("L4"));
        assert_eq!(label_of(&INDUSTRIES, "80"), Some("金融"));
        assert_eq!(label_of(&INDUSTRIES, "金融"), None);
        assert_eq!(label_of(&INDUSTRIES, ""), None);
    }

    #[test]
    fn what_breaks_a_rule_is_told_as_documented() {
        for (name, given, line) in [
            ("scale", json!(1.5), "规模[数据类型错误]"),
            ("scale", json!(2_147_483_648_i64), "规模[数据类型错误]"),
            ("is_archived", json!(2), "是否已归档[数据类型错误]"),
            ("description", json!("x".repeat(2001)), "描述[值规则错误], 内容长度必须小于等于[2000]"),
            ("logo", json!("😀".repeat(51)), "品牌标识[值规则错误], 内容长度必须小于等于[100]"),
            ("logo", json!(["a"]), "品牌标识[数据类型错误]"),
        ] {
            assert_eq!(checked(name, &given), Err(line.to_owned()));
        }
    }
}
