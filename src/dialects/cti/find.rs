//! `filter_customers`, `list_customers`, `get_customer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::customer::CustomerReplies;
use crate::domain::catalogue::Dictionary;
use crate::domain::filter::ListFilter;
use crate::domain::identifier::Identifier;
use crate::domain::json;
use crate::error::Error;
use crate::ops::customer::find::{self, PhoneMatch};
use crate::ops::{Cx, events};
use crate::protocol::lenient::Scalar;
use crate::store::conditions::Direction;

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
    /// `name` by pinyin, `name:desc` the other way round; the newest first unless it is given.
    #[serde(borrow, default)]
    sort: Option<Scalar<'a>>,
    /// From 1.
    #[serde(borrow, default)]
    page: Option<Scalar<'a>>,
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
}

impl Meta {
    /// Returns what a page of `size` rows out of `total` says of itself.
    #[must_use]
    pub fn new(page: i64, size: i64, total: i64) -> Self {
        Self { current_page: page, total_pages: (total + size - 1) / size, total_count: total }
    }
}

pub async fn list_customers(cx: &Cx<'_>, request: ListCustomers<'_>) -> Result<CustomerList, Error> {
    let (epoch, seq) = position(cx, request.with_seq.as_ref()).await?;
    let number = page_number(request.page.as_ref())?;
    let mut search =
        find::search(cx, &request.filters.unwrap_or_default(), query_text(request.query.as_ref())?.as_deref())?;
    if let Some(direction) = name_order(request.sort.as_ref())? {
        find::sort_by_name(cx, &mut search, direction)?;
    }
    let page = find::list(cx, &search, number).await?;
    Ok(CustomerList {
        meta: Meta::new(page.number, find::PAGE, page.total),
        epoch,
        seq,
        result: CustomerReplies { catalogue: cx.catalogue.clone(), rows: page.customers },
    })
}

/// The order of names that is asked for, if any.
fn name_order(sort: Option<&Scalar<'_>>) -> Result<Option<Direction>, Error> {
    let Some(sort) = sort.filter(|sort| !sort.is_empty()) else { return Ok(None) };
    match sort.text().map(|sort| sort.trim().to_ascii_lowercase()).as_deref() {
        Some("name" | "name:asc") => Ok(Some(Direction::Ascending)),
        Some("name:desc") => Ok(Some(Direction::Descending)),
        _ => Err(Error::parameter("sort: 应为 name 或 name:desc / expected name or name:desc")),
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
