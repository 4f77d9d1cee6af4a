//! Reading what clients write: members that are absent stay, null clears, what the server writes is ignored.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::customer::{LONGEST_NAME, LONGEST_TEXT, MOST_LABELS, categories, stars};
use crate::domain::json;
use crate::domain::plm::{self, Attention, FOLLOWING, Fault, LONGEST_ID, MEMBERS, Profile, Wrong};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::{Changes, Patch, PlmPatch};
use crate::ops::systems::plm::Entry;

/// How many may follow one customer, and elements of one list.
const MOST: usize = 1000;

/// The member that holds several new customers; over HTTP, the body is the list itself.
pub const SEVERAL: &str = "customers";

/// The members of a request, which may be those of `S`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Given<S> {
    pub members: Map<String, Value>,
    #[serde(skip)]
    shape: PhantomData<S>,
}

impl<S: JsonSchema> JsonSchema for Given<S> {
    fn schema_name() -> Cow<'static, str> {
        S::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::json_schema(generator)
    }
}

impl<S> Given<S> {
    /// The same members, as those of another request.
    pub fn of<T>(self) -> Given<T> {
        Given { members: self.members, shape: PhantomData }
    }

    /// The text of a member, or the number written out; `None` for the empty text and for what is neither.
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(&self.members, name)
    }

    /// The product whose customers are meant.
    pub fn product(&self) -> Option<String> {
        self.text("pkey")
    }

    /// The customers that are meant.
    pub fn keys(&self) -> Result<Vec<String>, Error> {
        let key = self.text("key").ok_or(Error::NotFound)?;
        let keys: Vec<String> =
            key.split([';', ',']).map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect();
        match keys.len() {
            0 => Err(Error::NotFound),
            1..=MOST => Ok(keys),
            _ => Err(Error::parameter(format!("key: 最多 {MOST} 个 / at most {MOST}"))),
        }
    }

    /// The elements of `srfactionparam`.
    pub fn elements(&self) -> Result<Vec<&Map<String, Value>>, Error> {
        Ok(self.objects("srfactionparam")?.unwrap_or_default())
    }

    /// The objects of a list, if there is one.
    pub fn objects(&self, name: &str) -> Result<Option<Vec<&Map<String, Value>>>, Error> {
        let wrong = || {
            Error::parameter(format!(
                "{name}: 应为最多 {MOST} 个对象的列表 / expected a list of at most {MOST} objects"
            ))
        };
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match json::list(value) {
                Some(list) if list.len() <= MOST => list
                    .into_iter()
                    .map(|element| json::object(element).ok_or_else(wrong))
                    .collect::<Result<_, _>>()
                    .map(Some),
                _ => Err(wrong()),
            },
        }
    }
}

pub fn text_of(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the members that only this system knows, as they are stored.
pub fn profile(members: &Map<String, Value>, faults: &mut Vec<Fault>) -> Profile {
    let mut profile = Profile::new();
    for member in &MEMBERS {
        let Some(given) = members.get(member.name) else { continue };
        match plm::check(member, given) {
            // No product has an empty id; an empty grade or industry is none (未定义).
            Ok(Value::String(text))
                if text.is_empty() && matches!(member.name, "product_id" | "grade_id" | "industry_id") =>
            {
                profile.insert(member.name.to_owned(), Value::Null);
            }
            Ok(value) => {
                profile.insert(member.name.to_owned(), value);
            }
            Err(fault) => faults.push(fault),
        }
    }
    profile
}

/// Returns the changes that a request wants; `current` is the customer as it is shown, `None` for a new one.
pub fn changes(
    cx: &Cx<'_>,
    members: &Map<String, Value>,
    product: Option<&str>,
    current: Option<&Entry>,
) -> Result<Changes<'static>, Error> {
    let mut faults = Vec::new();
    let name = name(members, current.is_none()).unwrap_or_else(|wrong| {
        faults.push(Fault { field: "name", label: "客户名称", wrong });
        Patch::Keep
    });
    // A value that comes back as it was shown is no change: it may be another system's word, and longer than this
    // system allows.
    let comes_back = |name: &String, given: &Value| {
        current.is_some_and(|entry| entry.profile.get(name).is_some_and(|shown| is_same(shown, given)))
    };
    let changed: Map<String, Value> =
        members.iter().filter(|(name, given)| !comes_back(name, given)).map(|(n, g)| (n.clone(), g.clone())).collect();
    let mut profile = profile(&changed, &mut faults);
    faults.extend(categories_fault(&profile));
    let shown_stars = |entry: &&Entry| {
        let stars = stars(entry.customer.star);
        stars.is_some() && entry.profile.get("grade_id").and_then(Value::as_str) == stars
    };
    // Whoever clears the stars that he was shown as a grade clears the customer's stars.
    let star = current.filter(shown_stars).and_then(|_| profile.get("grade_id")?.is_null().then_some(0));
    if let Some(product) = product {
        profile.insert("product_id".to_owned(), product.into());
    }
    let (owner, group) = assignee(cx, members, current.map(|entry| &entry.customer)).unwrap_or_else(|wrong| {
        faults.push(Fault { field: "assignee_id", label: "负责人标识", wrong });
        (Patch::Keep, Patch::Keep)
    });
    let attentions = attentions(cx, members).unwrap_or_else(|wrong| {
        faults.push(Fault { field: "attentions", label: "关注", wrong });
        None
    });
    if !faults.is_empty() {
        return Err(Error::Invalid { faults });
    }
    let plm = Some(PlmPatch { members: profile, attentions, ..PlmPatch::default() });
    Ok(Changes { name, long_name: true, owner, group, star, plm, ..Changes::default() })
}

fn is_same(shown: &Value, given: &Value) -> bool {
    shown == given || shown.as_str().is_some_and(|shown| given.as_str().is_some_and(|given| given.trim() == shown))
}

/// The names of categories are labels, of which there are so many, and so long.
fn categories_fault(profile: &Profile) -> Option<Fault> {
    let names: Vec<&str> = categories(profile.get("categories_name")?.as_str()?).collect();
    let fits = names.len() <= MOST_LABELS && names.iter().all(|name| name.chars().count() <= LONGEST_TEXT);
    let wrong = || {
        Wrong::Rule(format!(
            "最多 {MOST_LABELS} 个类别，每个最多 {LONGEST_TEXT} 个字符 / at most {MOST_LABELS} categories of {LONGEST_TEXT} characters"
        ))
    };
    (!fits).then(|| Fault { field: "categories_name", label: "类别名称", wrong: wrong() })
}

/// Returns the id that a client chose for a new customer.
pub fn chosen_id(members: &Map<String, Value>) -> Result<Option<String>, Error> {
    let fault = |wrong| Error::Invalid { faults: vec![Fault { field: "id", label: "标识", wrong }] };
    match members.get("id") {
        None | Some(Value::Null) => Ok(None),
        Some(given) => {
            let id = plm::text(given, LONGEST_ID).map_err(fault)?;
            if id.contains([';', ',', '/']) {
                return Err(fault(Wrong::Rule("不能包含 ; , / / must not contain ; , /".to_owned())));
            }
            Ok((!id.is_empty()).then_some(id))
        }
    }
}

fn name(members: &Map<String, Value>, is_new: bool) -> Result<Patch<Cow<'static, str>>, Wrong> {
    match members.get("name") {
        None if is_new => Err(Wrong::Empty),
        None => Ok(Patch::Keep),
        Some(Value::Null) => Err(Wrong::Empty),
        Some(given) => match plm::text(given, LONGEST_NAME)? {
            text if text.is_empty() => Err(Wrong::Empty),
            text => Ok(Patch::Set(text.into())),
        },
    }
}

type Owner = (Patch<Cow<'static, str>>, Patch<i64>);

/// An owner looks after a customer in a group, which is not named here.
fn assignee(cx: &Cx<'_>, members: &Map<String, Value>, current: Option<&Shown>) -> Result<Owner, Wrong> {
    let given = match members.get("assignee_id") {
        None => return Ok((Patch::Keep, Patch::Keep)),
        Some(Value::Null) => return Ok((Patch::Clear, Patch::Keep)),
        Some(given) => plm::text(given, LONGEST_ID)?,
    };
    if given.is_empty() {
        return Ok((Patch::Clear, Patch::Keep));
    }
    let staff = cx.catalogue.staff(&given);
    let staff = staff.ok_or_else(|| Wrong::Rule(format!("没有用户 {given} / there is no such user")))?;
    if current.is_some_and(|customer| customer.owner_no.as_deref() == Some(&staff.login_no)) {
        return Ok((Patch::Keep, Patch::Keep));
    }
    let own = cx.caller.operator.as_ref().map(|operator| operator.groups.as_slice()).unwrap_or_default();
    let group = staff.group_for(current.and_then(|customer| customer.group_id), own);
    let group = group.ok_or_else(|| Wrong::Rule(format!("{given} 不属于任何部门 / belongs to no group")))?;
    Ok((Patch::Set(staff.login_no.clone().into()), Patch::Set(group)))
}

fn attentions(cx: &Cx<'_>, members: &Map<String, Value>) -> Result<Option<Vec<Attention>>, Wrong> {
    let list = match members.get("attentions") {
        // Lists show null for those that there are.
        None | Some(Value::Null) => return Ok(None),
        Some(value) => match json::list(value) {
            Some(list) if list.len() <= MOST => list,
            Some(_) => return Err(Wrong::Rule(format!("最多 {MOST} 个 / at most {MOST}"))),
            None => return Err(Wrong::Type),
        },
    };
    let mut attentions: Vec<Attention> = Vec::with_capacity(list.len());
    for given in list {
        let given = json::object(given).ok_or(Wrong::Type)?;
        let text = |name: &str| match given.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => plm::text(value, LONGEST_ID),
        };
        let user_id = text("user_id")?;
        if user_id.is_empty() {
            return Err(Wrong::Rule("缺少 user_id / user_id is missing".to_owned()));
        }
        let kind = Some(text("type")?).filter(|kind| !kind.is_empty()).unwrap_or_else(|| "40".to_owned());
        if plm::label_of(&FOLLOWING, &kind).is_none() {
            let values = FOLLOWING.map(|(value, _)| value).join(", ");
            return Err(Wrong::Rule(format!("type 应为 {values} / expected one of {values}")));
        }
        let (user_id, name) = match cx.catalogue.staff(&user_id) {
            Some(staff) => (staff.login_no.clone(), staff.name.clone()),
            None => (user_id, text("name")?),
        };
        let attention = Attention { name: (!name.is_empty()).then_some(name), user_id, kind };
        // The last one counts, as it does where they are stored one after the other.
        attentions.retain(|known| known.user_id != attention.user_id);
        attentions.push(attention);
    }
    attentions.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    Ok(Some(attentions))
}
