//! `filter_customers`, `list_customers`, `get_customer`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition;
use super::customer::{CustomerReplies, ViewReply};
use crate::domain::catalogue::Dictionary;
use crate::domain::filter::ListFilter;
use crate::domain::identifier::Identifier;
use crate::domain::json;
use crate::error::Error;
use crate::ops::customer::cursor::Cursor;
use crate::ops::customer::find::{self, From, PhoneMatch};
use crate::ops::customer::in_memory;
use crate::ops::work::views;
use crate::ops::{Cx, events};
use crate::protocol::envelope::{self, Door};
use crate::protocol::lenient::Scalar;
use crate::store::conditions::{Column, Direction};
use crate::store::filter::Condition;

/// Of which group the operators are to be listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FilterCustomers<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    group_id: Option<Scalar<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FilterOptions {
    result: Options,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Options {
    cust_from_list: Vec<Choice>,
    cust_type_list: Vec<Choice>,
    deal_flag_list: Vec<Choice>,
    login_no_list: Vec<String>,
    task_list: Vec<TaskChoice>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Choice {
    name: String,
    value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TaskChoice {
    name: String,
    value: i64,
}

pub async fn filter_customers(cx: &Cx<'_>, request: FilterCustomers<'_>) -> Result<FilterOptions, Error> {
    let group = request.group_id.filter(|group| !group.is_empty());
    let group = group.ok_or_else(|| Error::parameter("groupId: 缺少 / is missing"))?.integer();
    let group = group.filter(|id| cx.catalogue.groups.contains_key(id)).ok_or(Error::GroupUnknown)?;
    let choices = |dictionary: &Dictionary| {
        let entries = dictionary.entries.iter();
        entries.map(|entry| Choice { name: entry.name.clone(), value: entry.value.clone() }).collect()
    };
    Ok(FilterOptions {
        result: Options {
            cust_from_list: choices(&cx.catalogue.sources),
            cust_type_list: choices(&cx.catalogue.types),
            deal_flag_list: choices(&cx.catalogue.flags),
            login_no_list: cx.catalogue.members_of(group).map(str::to_owned).collect(),
            task_list: cx
                .catalogue
                .tasks
                .iter()
                .map(|(id, name)| TaskChoice { name: name.clone(), value: *id })
                .collect(),
        },
    })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListCustomers<'a> {
    /// 客户任务｜客户归属｜客户类型｜客户状态｜客户来源, or an object {task, owner, type, status, source}.
    #[serde(borrow, default)]
    #[schemars(with = "Option<FilterInput>")]
    filters: Option<ListFilter<'a>>,
    /// Part of a name, a company name, or the last digits of a phone.
    #[serde(borrow, default)]
    query: Option<Scalar<'a>>,
    /// The id of a saved view, whose conditions hold, too, and whose order it is unless another is asked for.
    #[serde(borrow, default)]
    view: Option<Scalar<'a>>,
    /// What else the customers are to be, field by field.
    #[serde(rename = "where", default)]
    #[schemars(schema_with = "condition::schema")]
    condition: Option<Value>,
    /// `name` by pinyin, opTime, upTime, assignTime, lastFlowTime, followNum or star; with `:desc` the other way round.
    /// The newest first unless it is given.
    #[serde(borrow, default)]
    sort: Option<Scalar<'a>>,
    /// From 1.
    #[serde(borrow, default)]
    page: Option<Scalar<'a>>,
    /// Customers on a page, at most 100; 20 unless it is given.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// `meta.after` of the page before, in place of `page`: what is written meanwhile neither comes twice nor hides anybody.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
    /// Whether to say which event this is the state of, for a subscription from there on.
    #[serde(borrow, default)]
    with_seq: Option<Scalar<'a>>,
}

/// The two forms of a filter.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the shape that the filter's own reader takes")]
pub enum FilterInput {
    Segments(String),
    Members {
        task: Option<Scalar<'static>>,
        owner: Option<Scalar<'static>>,
        r#type: Option<Scalar<'static>>,
        status: Option<Scalar<'static>>,
        source: Option<Scalar<'static>>,
    },
}

#[derive(Serialize, JsonSchema)]
pub struct CustomerList {
    meta: Meta,
    /// Of which database `seq` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    /// The number of an event: the answer is true for this one or a later one. As `since` of a subscription, it
    /// misses nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    result: CustomerReplies,
}

/// Returns where the events are, epoch and number, if that is wanted. Before the rest is read: what happens meanwhile is
/// told again.
async fn position(cx: &Cx<'_>, wanted: Option<&Scalar<'_>>) -> Result<(Option<String>, Option<i64>), Error> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok((None, None)) };
    if !wanted.flag().ok_or_else(|| Error::one_of("withSeq", &["true", "false"]))? {
        return Ok((None, None));
    }
    let events::Position { epoch, seq, .. } = events::position(cx).await?;
    Ok((Some(epoch), Some(seq)))
}

/// Where a page lies in its list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Meta {
    current_page: i64,
    total_pages: i64,
    total_count: i64,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Meta {
    /// Returns what a page of `size` rows out of `total` says of itself.
    #[must_use]
    pub fn new(page: i64, size: i64, total: i64) -> Self {
        Self { current_page: page, total_pages: (total + size - 1) / size, total_count: total, after: None }
    }

    /// The same with where the next page begins.
    #[must_use]
    pub fn before(self, after: Option<String>) -> Self {
        Self { after, ..self }
    }
}

pub async fn list_customers(cx: &Cx<'_>, request: ListCustomers<'_>) -> Result<CustomerList, Error> {
    let (epoch, seq) = position(cx, request.with_seq.as_ref()).await?;
    let size = page_size(request.page_size.as_ref())?;
    let from = match text_of("after", request.after.as_ref())? {
        Some(after) => From::Behind(Cursor::read(cx, &after)?),
        None => From::Page(page_number(request.page.as_ref())?),
    };
    let mut search =
        find::search(cx, &request.filters.unwrap_or_default(), query_text(request.query.as_ref())?.as_deref())?;
    let mut conditions: Vec<Condition> = Vec::new();
    conditions.extend(request.condition.as_ref().map(|given| condition::read(cx, given)).transpose()?.flatten());
    let mut sort = text_of("sort", request.sort.as_ref())?.map(Cow::into_owned);
    if let Some(view) = request.view.as_ref().filter(|view| !view.is_empty()) {
        let id = view.integer().ok_or_else(|| Error::expected("view", "整数", "an integer"))?;
        let view = views::get(cx, id).await?;
        conditions.extend(condition::read(cx, &Value::String(view.condition))?);
        sort = sort.or_else(|| Some(view.sort).filter(|sort| !sort.is_empty()));
    }
    if !conditions.is_empty() {
        find::narrow(cx, &mut search, Condition::All(conditions));
    }
    if let Some(sort) = sort {
        let (column, direction) = sorted(&sort)?;
        find::sort(cx, &mut search, column, direction)?;
    }
    let page = find::list_from(cx, &search, size, from).await?;
    let after = page.next.map(|next| next.write(cx)).transpose()?;
    Ok(CustomerList {
        meta: Meta::new(page.number, size, page.total).before(after),
        epoch,
        seq,
        result: CustomerReplies { catalogue: cx.catalogue.clone(), rows: page.customers },
    })
}

/// The text of a parameter, if it has one.
fn text_of<'t>(name: &str, given: Option<&'t Scalar<'_>>) -> Result<Option<Cow<'t, str>>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    given.text().map(Some).ok_or_else(|| Error::expected(name, "文本", "a text"))
}

/// What lists can be sorted by.
const ORDERS: [(&str, Column); 8] = [
    ("name", Column::Name),
    ("custname", Column::Name),
    ("optime", Column::CreatedAt),
    ("uptime", Column::UpdatedAt),
    ("assigntime", Column::AssignedAt),
    ("lastflowtime", Column::FollowedAt),
    ("follownum", Column::FollowCount),
    ("star", Column::Star),
];

/// The order that a text asks for.
pub fn sorted(sort: &str) -> Result<(Column, Direction), Error> {
    let sort = sort.trim().to_ascii_lowercase().replace('_', "");
    let (name, direction) = match sort.split_once(':') {
        Some((name, "desc")) => (name, Direction::Descending),
        Some((name, "asc")) => (name, Direction::Ascending),
        Some(_) => ("", Direction::Ascending),
        None => (sort.as_str(), Direction::Ascending),
    };
    let known = ORDERS.into_iter().find(|(known, _)| *known == name);
    known.map(|(_, column)| (column, direction)).ok_or_else(|| {
        let names = "name, opTime, upTime, assignTime, lastFlowTime, followNum, star";
        Error::parameter(format!(
            "sort: 应为 {names} 之一，可加 :desc，如 name 或 name:desc / expected one of {names}, or with :desc, such as name or name:desc"
        ))
    })
}

/// How many are wanted on a page.
pub fn page_size(size: Option<&Scalar<'_>>) -> Result<i64, Error> {
    match size {
        Some(size) if !size.is_empty() => size.integer().ok_or(Error::PageSize { most: find::MOST_ON_PAGE }),
        _ => Ok(find::PAGE),
    }
}

/// The page asked for; the first when none is.
pub fn page_number(page: Option<&Scalar<'_>>) -> Result<i64, Error> {
    match page {
        None => Ok(1),
        Some(page) if page.is_empty() => Ok(1),
        Some(page) => page.integer().filter(|number| *number >= 1).ok_or(Error::Page),
    }
}

/// The words of a search, if there are any.
pub fn query_text<'a>(query: Option<&'a Scalar<'_>>) -> Result<Option<std::borrow::Cow<'a, str>>, Error> {
    query.map(|query| query.text().ok_or_else(|| Error::expected("query", "文本", "a text"))).transpose()
}

parameters! {
    /// What names a customer: `type` (id, custName, cellphone, companyName) and `content`.
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct GetCustomer<'a>: customer {
        /// As in `list_customers`.
        #[serde(borrow, default)]
        with_seq: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct CustomersFound {
    /// Of which database `seq` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    /// The number of an event: the answer is true for this one or a later one. As `since` of a subscription, it
    /// misses nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// How a phone matched: `text` as typed, `e164` the same number written otherwise or of another extension, `last7` to
    /// `last11` that many last digits, `contact` that of a contact of the customer.
    #[serde(rename = "matchedBy", skip_serializing_if = "Option::is_none")]
    matched_by: Option<String>,
    /// The name of the contact of the first customer whose phone it is.
    #[serde(rename = "matchedContact", skip_serializing_if = "Option::is_none")]
    matched_contact: Option<String>,
    /// For each customer who was found by a contact, whose phone it is.
    #[serde(rename = "matchedContacts", skip_serializing_if = "Vec::is_empty")]
    matched_contacts: Vec<MatchedContact>,
    result: CustomerReplies,
}

#[derive(Serialize, JsonSchema)]
struct MatchedContact {
    /// The customer's.
    id: i64,
    /// The contact's.
    name: String,
}

pub async fn get_customer(cx: &Cx<'_>, request: GetCustomer<'_>) -> Result<CustomersFound, Error> {
    let (epoch, seq) = match &request.with_seq {
        None => (None, None),
        // In a box: every look-up would carry the room that it takes.
        wanted => Box::pin(position(cx, wanted.as_ref())).await?,
    };
    let found = find::find(cx, &identifier(request.r#type.as_ref(), request.content)?).await?;
    let matched_contact = match &found.matched {
        Some(PhoneMatch::Contact(name)) if !name.is_empty() => Some(name.clone()),
        _ => None,
    };
    Ok(CustomersFound {
        epoch,
        seq,
        matched_by: found.matched.as_ref().map(PhoneMatch::name),
        matched_contact,
        matched_contacts: found.contacts.into_iter().map(|(id, name)| MatchedContact { id, name }).collect(),
        result: CustomerReplies { catalogue: cx.catalogue.clone(), rows: found.customers },
    })
}

/// The one customer of a number, who is in memory; as [`CustomersFound`].
#[derive(Serialize)]
struct CustomerInMemory<'c> {
    #[serde(rename = "matchedBy")]
    matched_by: String,
    result: ViewReply<'c>,
}

/// Appends what [`get_customer`] would answer, where it is in memory.
#[must_use]
pub fn in_memory(cx: &Cx<'_>, request: GetCustomer<'_>, door: Door<'_>, out: &mut Vec<u8>) -> Option<()> {
    if request.with_seq.is_some() {
        return None;
    }
    let identifier = identifier(request.r#type.as_ref(), request.content).ok()?;
    let Identifier::Phone(typed) = &identifier else { return None };
    let found = in_memory::by_phone(cx, typed)?;
    let (customer, matched) = found.shown(cx, typed)?;
    let result = ViewReply { catalogue: &cx.catalogue, customer };
    envelope::success(out, door, &CustomerInMemory { matched_by: matched.name(), result }).ok().map(drop)
}

/// Returns what `type` and `content` name. The names of the types are compared without regard to case.
pub fn identifier<'a>(kind: Option<&Scalar<'a>>, content: Option<Scalar<'a>>) -> Result<Identifier<'a>, Error> {
    let kind = kind.and_then(Scalar::text).ok_or(Error::IdentifierType)?;
    let is = |name: &str| kind.trim().eq_ignore_ascii_case(name);
    let of: fn(std::borrow::Cow<'a, str>) -> Identifier<'a> = if is("id") {
        // What is no number is nobody's id.
        |text| json::integer_in(&text).map_or(Identifier::Id(0), Identifier::Id)
    } else if is("custName") {
        Identifier::Name
    } else if is("cellphone") {
        Identifier::Phone
    } else if is("companyName") {
        Identifier::Company
    } else {
        return Err(Error::IdentifierType);
    };
    let content = content.filter(|content| !content.is_empty()).ok_or(Error::ContentMissing)?;
    content.into_text().map(of).ok_or_else(|| Error::expected("content", "文本或数字", "a text or a number"))
}
