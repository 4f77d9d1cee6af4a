//! Fields that a company defines itself.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::folding::named;
use super::times;

/// The longest text of a custom field, in characters.
const LONGEST: usize = 2000;

/// The definition of a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    pub id: i64,
    pub name: String,
    pub kind: FieldKind,
    /// What an option field may hold.
    pub options: Vec<String>,
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Number,
    Date,
    Option,
}

impl FieldKind {
    pub const ALL: [Self; 4] = [Self::Text, Self::Number, Self::Date, Self::Option];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Option => "option",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl CustomField {
    /// The name under which the field goes over the wire: `392_消费情况`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}_{}", self.id, self.name)
    }

    /// The id in a wire name: what stands before the first `_`; the rest is advice.
    #[must_use]
    pub fn id_of(key: &str) -> Option<i64> {
        key.trim().split('_').next()?.trim().parse().ok()
    }

    /// Returns the value as it is stored: a date as `YYYY-MM-DD`, which a time is in this time zone, an option as the list
    /// writes it.
    #[must_use]
    pub fn normal(&self, value: Value, zone: &TimeZone) -> Value {
        let text = match (self.kind, &value) {
            (FieldKind::Date, Value::String(text)) => text.clone(),
            (FieldKind::Date, Value::Number(number)) => number.to_string(),
            (FieldKind::Option, Value::String(given)) => {
                let listed = named(&self.options, given.trim(), String::as_str);
                return listed.map_or(value.clone(), |option| option.as_str().into());
            }
            _ => return value,
        };
        times::date(&text, zone).map_or(value, |date| date.to_string().into())
    }

    /// Whether the field may hold this value, as it is stored. Null and the empty text are no values but the lack of one.
    pub fn check(&self, value: &Value) -> Result<(), &'static str> {
        match (self.kind, value) {
            (_, Value::String(text)) if text.chars().count() > LONGEST => Err("at most 2000 characters"),
            (FieldKind::Text, Value::String(_) | Value::Number(_) | Value::Bool(_))
            | (FieldKind::Number, Value::Number(_)) => Ok(()),
            (FieldKind::Number, Value::String(text)) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => Ok(()),
            (FieldKind::Date, Value::String(text)) if times::date(text, &TimeZone::UTC).is_ok() => Ok(()),
            (FieldKind::Option, Value::String(text)) if self.options.iter().any(|option| option == text.trim()) => {
                Ok(())
            }
            (FieldKind::Text, _) => Err("expected a text"),
            (FieldKind::Number, _) => Err("expected a number"),
            (FieldKind::Date, _) => Err(
                "应为日期，年份四位，如 2017-05-03、2017/5/3、2017年5月3日 / expected a date with four digits of the year, \
                 such as 2017-05-03, 2017/5/3, 2017年5月3日",
            ),
            (FieldKind::Option, _) => Err("expected one of its options"),
        }
    }
}

/// Whether a value stands for "nothing filled in".
#[must_use]
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: FieldKind) -> CustomField {
        CustomField {
            id: 373, name: "客户等级".into(), kind, options: vec!["A".into(), "B".into()], required: false
        }
    }

    #[test]
    fn the_id_before_the_first_underline_counts() {
        assert_eq!(CustomField::id_of("392_消费_情况"), Some(392));
        assert_eq!(CustomField::id_of(" 392 "), Some(392));
        assert_eq!(CustomField::id_of("消费情况"), None);
        assert_eq!(field(FieldKind::Text).key(), "373_客户等级");
    }

    #[test]
    fn a_date_is_stored_in_one_form() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        for given in [json!("2017/5/3"), json!(" 2017年5月3日 "), json!(1_493_793_840), json!("2017-05-02T23:00:00Z")]
        {
            assert_eq!(field(FieldKind::Date).normal(given.clone(), &shanghai), json!("2017-05-03"), "{given}");
        }
        for other in [json!("2017-02-31"), json!(null), json!([1])] {
            assert_eq!(field(FieldKind::Date).normal(other.clone(), &shanghai), other);
        }
        assert_eq!(field(FieldKind::Text).normal(json!("2017/5/3"), &shanghai), json!("2017/5/3"));
    }

    #[test]
    fn each_kind_takes_its_values_only() {
        for (kind, good, bad) in [
            (FieldKind::Text, json!("x"), json!([1])),
            (FieldKind::Number, json!("1.5"), json!("much")),
            (FieldKind::Number, json!(3), json!("inf")),
            (FieldKind::Date, json!("2026-01-31"), json!("2026-02-31")),
            (FieldKind::Date, json!("2026年1月31日"), json!("26-01-31")),
            (FieldKind::Option, json!("A"), json!("E")),
        ] {
            assert!(field(kind).check(&good).is_ok(), "{kind:?} {good}");
            assert!(field(kind).check(&bad).is_err(), "{kind:?} {bad}");
        }
        assert!(field(FieldKind::Text).check(&json!("长".repeat(2001))).is_err());
    }
}
