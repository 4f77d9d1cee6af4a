//! The filters of `list_customers`, as text of five segments or as an object (`cti.md` §4).

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

const MINE: &str = "我的客户";
const MY_GROUP: &str = "本组客户";
const ALL: &str = "全部客户";

/// What people write where they do not want to narrow a list.
const EVERYTHING: [&str; 9] = ["全部", "所有", "不限", "任意", "all", "any", "every", "everyone", "everything"];

/// Whether a text says that nothing is to be narrowed, unless the company has an entry of that name.
#[must_use]
pub fn is_everything(text: &str) -> bool {
    EVERYTHING.iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// What a list of customers is narrowed to. Texts are display names or values, as given and trimmed;
/// whether they exist is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter<'a> {
    /// The task the customer belongs to.
    pub task: Option<Cow<'a, str>>,
    /// Whose customers.
    pub owner: Owner<'a>,
    /// The customer's type, `type` in objects.
    pub kind: Option<Cow<'a, str>>,
    /// The deal status.
    pub status: Option<Cow<'a, str>>,
    /// Where the customer came from.
    pub source: Option<Cow<'a, str>>,
}

/// Whose customers are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Owner<'a> {
    /// Nothing was said.
    #[default]
    Any,
    /// `我的客户`: those of the operator.
    Mine,
    /// `本组客户`: those of the operator's group.
    MyGroup,
    /// `全部客户`: all the operator may see.
    All,
    /// Those of the staff member with this login number.
    Login(Cow<'a, str>),
}

/// Why a text is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterError {
    /// More than the five segments there are.
    TooManySegments,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilterError::TooManySegments => {
                f.write_str("filters has more than the five segments task｜owner｜type｜status｜source")
            }
        }
    }
}

impl std::error::Error for FilterError {}

/// Returns the filter that a text such as `｜我的客户｜｜｜` stands for.
///
/// Segments are parted by `｜` or `|` and trimmed; an empty or missing one narrows nothing.
///
/// # Errors
/// [`FilterError::TooManySegments`] for more than five, empty ones too.
pub fn parse_segments(text: &str) -> Result<ListFilter<'_>, FilterError> {
    let mut segments = text.split(['｜', '|']);
    let mut next = || segments.next().and_then(|segment| given(Cow::Borrowed(segment)));
    let filter = ListFilter { task: next(), owner: Owner::of(next()), kind: next(), status: next(), source: next() };
    match segments.next() {
        Some(_) => Err(FilterError::TooManySegments),
        None => Ok(filter),
    }
}

impl ListFilter<'_> {
    /// Whether nothing narrows the list; `全部客户` does not.
    #[must_use]
    pub fn is_any(&self) -> bool {
        let ListFilter { task, owner, kind, status, source } = self;
        matches!(owner, Owner::Any | Owner::All) && [task, kind, status, source].iter().all(|member| member.is_none())
    }

    /// Returns the same filter, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ListFilter<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        ListFilter {
            task: owned(self.task),
            owner: match self.owner {
                Owner::Any => Owner::Any,
                Owner::Mine => Owner::Mine,
                Owner::MyGroup => Owner::MyGroup,
                Owner::All => Owner::All,
                Owner::Login(login) => Owner::Login(Cow::Owned(login.into_owned())),
            },
            kind: owned(self.kind),
            status: owned(self.status),
            source: owned(self.source),
        }
    }
}

impl<'a> Owner<'a> {
    fn of(text: Option<Cow<'a, str>>) -> Owner<'a> {
        match text.as_deref() {
            None => Owner::Any,
            Some(MINE) => Owner::Mine,
            Some(MY_GROUP) => Owner::MyGroup,
            Some(ALL) => Owner::All,
            Some(_) => text.map_or(Owner::Any, Owner::Login),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Owner::Any => "",
            Owner::Mine => MINE,
            Owner::MyGroup => MY_GROUP,
            Owner::All => ALL,
            Owner::Login(login) => login,
        }
    }
}

/// Writes the five segments, which [`parse_segments`] reads back, unless a member given in an object
/// holds a `｜` or `|` itself.
impl fmt::Display for ListFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [task, kind, status, source] =
            [&self.task, &self.kind, &self.status, &self.source].map(|member| member.as_deref().unwrap_or_default());
        write!(f, "{task}｜{}｜{kind}｜{status}｜{source}", self.owner.as_str())
    }
}

/// Trims a member; `None` when nothing is left.
fn given(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!trimmed.is_empty()).then_some(trimmed)
}

/// Reads the text of segments, or an object `{task, owner, type, status, source}` of texts, integers
/// and nulls; `null` narrows nothing. An unknown member is an error, as a slip of the pen would
/// otherwise give the whole list.
impl<'de: 'a, 'a> Deserialize<'de> for ListFilter<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilterVisitor)
    }
}

struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = ListFilter<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("filters as text or as an object {task, owner, type, status, source}")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        parse_segments(text).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse_segments(text).map(ListFilter::into_owned).map_err(E::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(ListFilter::default())
    }

    /// An empty list is an object without members.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        match list.next_element::<IgnoredAny>()? {
            None => Ok(ListFilter::default()),
            Some(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: [Option<Option<Cow<'de, str>>>; 5] = Default::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let at = position(&name).ok_or_else(|| de::Error::unknown_field(&name, &NAMES))?;
            let (Some(member), Some(name)) = (members.get_mut(at), NAMES.get(at).copied()) else { continue };
            if member.replace(map.next_value_seed(Member { name })?).is_some() {
                return Err(de::Error::duplicate_field(name));
            }
        }
        let [task, owner, kind, status, source] = members.map(Option::flatten);
        Ok(ListFilter { task, owner: Owner::of(owner), kind, status, source })
    }
}

const NAMES: [&str; 5] = ["task", "owner", "type", "status", "source"];

/// Member names match without regard to case and to `_`, like all names of the protocol (§2).
fn position(name: &str) -> Option<usize> {
    let plain: String = name.chars().filter(|&c| c != '_').collect();
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(&plain))
}

/// Reads the value of one member, named so that an error can say which one is wrong.
struct Member {
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text, an integer or null for `{}` of filters", self.name)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(given(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(given(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<ListFilter<'_>, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn segments() {
        let filter = parse_segments("回访任务 ｜ 我的客户｜意向|\u{3000}未成交 ｜网站").unwrap();
        assert_eq!(filter.task, Some("回访任务".into()));
        assert_eq!(filter.owner, Owner::Mine);
        assert_eq!(filter.kind, Some("意向".into()));
        assert_eq!(filter.status, Some("未成交".into()));
        assert_eq!(filter.source, Some("网站".into()));
        assert_eq!(filter.to_string(), "回访任务｜我的客户｜意向｜未成交｜网站");
    }

    #[test]
    fn missing_and_empty_segments_narrow_nothing() {
        for any in ["", " ", "｜｜｜｜", "| | ", "｜全部客户"] {
            assert!(parse_segments(any).unwrap().is_any(), "{any}");
        }
        assert!(!parse_segments("｜本组客户").unwrap().is_any());
        assert_eq!(parse_segments("｜1001").unwrap().owner, Owner::Login("1001".into()));
        assert_eq!(parse_segments("｜｜｜｜｜"), Err(FilterError::TooManySegments));
    }

    #[test]
    fn people_say_in_words_that_nothing_narrows() {
        for word in ["全部", "所有", "不限", " ALL ", "Any", "every"] {
            assert!(is_everything(word), "{word}");
        }
        for word in ["", "全部门", "全部客户", "allen", "没有"] {
            assert!(!is_everything(word), "{word}");
        }
    }

    #[test]
    fn objects() {
        let filter = read(r#"{"task":12,"Owner":"本组客户","type":" A ","status":null,"source":""}"#).unwrap();
        let expected = ListFilter {
            task: Some("12".into()),
            owner: Owner::MyGroup,
            kind: Some("A".into()),
            ..ListFilter::default()
        };
        assert_eq!(filter, expected);
        assert_eq!(read(r#"{"owner":1001}"#).unwrap().owner, Owner::Login("1001".into()));
        assert!(read("{}").unwrap().is_any());
        assert!(read("null").unwrap().is_any());
        assert!(read("[]").unwrap().is_any());
    }

    #[test]
    fn text_in_json_borrows_unless_it_is_escaped() {
        let borrowed = read(r#""任务｜我的客户""#).unwrap();
        assert!(matches!(borrowed.task, Some(Cow::Borrowed("任务"))));
        assert_eq!(read(r#""任务\uff5c我的客户""#).unwrap(), borrowed);
    }

    #[test]
    fn errors_name_the_member() {
        for (json, expected) in [
            (r#"{"statsu":"x"}"#, "unknown field `statsu`"),
            (r#"{"status":true}"#, "`status` of filters"),
            (r#"{"status":1.5}"#, "`status` of filters"),
            (r#"{"task":["x"]}"#, "`task` of filters"),
            (r#"{"task":1,"Task":2}"#, "duplicate field `task`"),
            (r#""1|2|3|4|5|6""#, "more than the five segments"),
            ("7", "expected filters as text or as an object"),
            ("[\"x\"]", "expected filters as text or as an object"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    proptest! {
        #[test]
        fn segments_survive_writing_and_reading(input in "[｜| 我的客户本组全部a1\u{3000}]{0,30}|\\PC{0,30}|(我的客户|本组客户|全部客户|[｜| ]){0,8}") {
            match parse_segments(&input) {
                Ok(filter) => {
                    let written = filter.to_string();
                    prop_assert_eq!(&parse_segments(&written).unwrap(), &filter);
                    let json = serde_json::to_string(&input).unwrap();
                    prop_assert_eq!(read(&json).unwrap(), filter);
                }
                Err(FilterError::TooManySegments) => prop_assert!(input.matches(['｜', '|']).count() > 4),
            }
        }
    }
}
