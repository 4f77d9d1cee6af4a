//! Finding customers: one by an identifier, many by filters and words, and what there is to filter by.

use std::borrow::Cow;

use super::Cx;
use super::rights::Shown;
use super::tries::{self, Tried};
use crate::domain::catalogue::Dictionary;
use crate::domain::customer::CustomerPhone;
use crate::domain::filter::{ListFilter, Owner};
use crate::domain::folding;
use crate::domain::masking::SHOWN;
use crate::domain::name_pattern;
use crate::domain::phone::{Phone, SHORTEST_TAIL, shorter_tails};
use crate::domain::search_terms::{prefix_end, query_in, query_of_masked};
use crate::error::Error;
use crate::store::conditions::{Column, Direction};
use crate::store::rows::{CustomerRow, PhoneRow};
use crate::store::search::Search;

/// Customers on a page of a list.
pub const PAGE: i64 = 20;
/// How many rows a list can reach; beyond, there is the export.
pub const CEILING: i64 = 10_000;
/// The most customers that one identifier answers with.
pub const MOST: i64 = 100;

/// What names a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier<'a> {
    Id(i64),
    Name(Cow<'a, str>),
    Phone(Cow<'a, str>),
    Company(Cow<'a, str>),
}

/// How well a phone matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneMatch {
    /// As it was typed.
    Text,
    /// The same number written otherwise.
    Number,
    /// The last digits, this many.
    Tail(usize),
}

/// The customers that an identifier names, and for a phone how well.
pub struct Found {
    pub customers: Vec<Shown>,
    pub matched: Option<PhoneMatch>,
}

/// Returns the customers that the identifier names, newest first; at least one.
#[expect(clippy::disallowed_methods, reason = "counted first")]
pub async fn find(cx: &Cx<'_>, identifier: &Identifier<'_>) -> Result<Found, Error> {
    let tried = tries::identifier(cx, identifier)?;
    let within = cx.within();
    let (owner, groups) = (within.owner_key.as_deref(), within.groups_json());
    let customers = match identifier {
        Identifier::Id(id) => cx.scope.customer(*id).await?.into_iter().collect(),
        Identifier::Name(name) => cx.scope.customers_by_name(&name_key(name)?, owner, groups.as_deref(), MOST).await?,
        Identifier::Company(name) => {
            cx.scope.customers_by_company(&name_key(name)?, owner, groups.as_deref(), MOST).await?
        }
        Identifier::Phone(typed) => return by_phone(cx, typed, &tried).await,
    };
    found(cx, customers, None)
}

/// Returns the one customer whose history is asked for.
pub async fn find_one(cx: &Cx<'_>, identifier: &Identifier<'_>) -> Result<i64, Error> {
    only(find(cx, identifier).await?.customers.iter().map(|customer| customer.id))
}

/// Returns the only one of these.
pub fn only<T>(mut found: impl ExactSizeIterator<Item = T>) -> Result<T, Error> {
    match found.len() {
        0 | 1 => found.next().ok_or(Error::NotFound),
        several => Err(Error::parameter(format!(
            "content: 有 {several} 个客户匹配，请使用 id / {several} customers match, use the id"
        ))),
    }
}

/// Returns those of the customers that the caller sees. To have no right to see somebody looks like nobody.
fn found(cx: &Cx<'_>, mut customers: Vec<CustomerRow>, matched: Option<PhoneMatch>) -> Result<Found, Error> {
    customers.retain(|customer| cx.sees(customer));
    if customers.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Found { customers: cx.show_all(customers)?, matched })
}

/// Returns the form in which names are compared. An empty name would find all that have none.
pub fn name_key(name: &str) -> Result<String, Error> {
    let key = folding::name_key(name);
    if key.is_empty() { Err(Error::NotFound) } else { Ok(key) }
}

/// The customer who has this number.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn by_number(cx: &Cx<'_>, typed: &str, _: &Tried) -> Result<Found, Error> {
    let phone = Phone::parse(typed, cx.catalogue.company.country).ok_or(Error::NotFound)?;
    let customer = cx.scope.customer_of_phone(phone.key()).await?.ok_or(Error::NotFound)?;
    let phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones).map_err(|cause| Error::internal(&cause))?;
    let as_typed = phones.iter().any(|phone| phone.content == typed.trim());
    let matched = if as_typed { PhoneMatch::Text } else { PhoneMatch::Number };
    found(cx, vec![customer], Some(matched))
}

async fn by_phone(cx: &Cx<'_>, typed: &str, tried: &Tried) -> Result<Found, Error> {
    match by_number(cx, typed, tried).await {
        // Who may not see numbers could find them out digit by digit: the whole number is asked for.
        Err(Error::NotFound) if !cx.rights().masks() => {}
        other => return other,
    }
    let (phones, digits) = by_tail(cx, typed, tried).await?;
    let mut ids: Vec<i64> = phones.iter().map(|phone| phone.customer_id).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    let mut customers = cx.scope.customers_by_id(&json_numbers(&ids)).await?;
    customers.sort_unstable_by_key(|customer| std::cmp::Reverse(customer.id));
    found(cx, customers, Some(PhoneMatch::Tail(digits)))
}

/// The phones that end with these digits or, failing that, are the longest end of them; and how many
/// digits agree.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn by_tail(cx: &Cx<'_>, typed: &str, _: &Tried) -> Result<(Vec<PhoneRow>, usize), Error> {
    let Some(phone) = Phone::parse(typed, cx.catalogue.company.country) else { return Err(Error::NotFound) };
    let tail = phone.tail();
    if tail.len() < SHORTEST_TAIL {
        return Err(Error::NotFound);
    }
    let longer = cx.scope.phones_by_tail_prefix(&tail, &prefix_end(&tail), MOST).await?;
    if !longer.is_empty() {
        return Ok((longer, tail.len()));
    }
    let mut shorter = cx.scope.phones_by_tail(&json_texts(shorter_tails(&tail)), MOST).await?;
    let digits = shorter.iter().map(|phone| phone.tail.len()).max().ok_or(Error::NotFound)?;
    shorter.retain(|phone| phone.tail.len() == digits);
    Ok((shorter, digits))
}

fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<serde_json::Value>().to_string()
}

fn json_numbers(numbers: &[i64]) -> String {
    numbers.iter().copied().collect::<serde_json::Value>().to_string()
}

/// A page of a list.
pub struct Page {
    pub customers: Vec<Shown>,
    pub number: i64,
    pub total: i64,
}

/// Returns a page of the customers that the search finds. `number` counts from 1.
pub async fn list(cx: &Cx<'_>, search: &Search, number: i64) -> Result<Page, Error> {
    if number < 1 {
        return Err(Error::Page);
    }
    if number.checked_mul(PAGE).is_none_or(|reach| reach > CEILING) {
        return Err(Error::PageBeyondCeiling);
    }
    page(cx, search, PAGE, number).await
}

/// Returns a page of this size, however far from the first.
#[expect(clippy::disallowed_methods, reason = "counted first")]
pub async fn page(cx: &Cx<'_>, search: &Search, size: i64, number: i64) -> Result<Page, Error> {
    let offset = number.checked_sub(1).filter(|before| *before >= 0).and_then(|before| before.checked_mul(size));
    let offset = offset.ok_or(Error::Page)?;
    cx.may_reach(offset.saturating_add(size))?;
    tries::search(cx, search)?;
    let total = cx.scope.search_count(search).await?;
    let customers = if offset < total { cx.scope.search(search, size, offset).await? } else { Vec::new() };
    Ok(Page { customers: cx.show_all(customers)?, number, total })
}

/// Returns the search for names with `*` in them; for everybody when there is none.
pub fn by_name(cx: &Cx<'_>, pattern: Option<&str>) -> Result<Search, Error> {
    cx.may_search_by(pattern.unwrap_or_default())?;
    let (name, words) = pattern.and_then(name_pattern::read).unzip();
    Ok(Search { name, words: words.unwrap_or_default(), within: cx.within(), ..Search::default() })
}

/// Returns the search that a filter and words stand for. A name that is in no list is refused: an empty
/// list would hide the typing error.
pub fn search(cx: &Cx<'_>, filter: &ListFilter<'_>, query: Option<&str>) -> Result<Search, Error> {
    let catalogue = &cx.catalogue;
    let unknown = |segment: &str, name: &str| {
        Error::parameter(format!("filters: {segment}“{name}”不存在 / there is no such name: {name}"))
    };
    let owner_named = match &filter.owner {
        Owner::Login(login_no) => Some(login_no),
        _ => None,
    };
    let named =
        [filter.task.as_ref(), owner_named, filter.kind.as_ref(), filter.status.as_ref(), filter.source.as_ref()];
    tries::texts(cx, named.into_iter().flatten().map(AsRef::as_ref))?;
    let mut search = Search::default();
    if let Some(task) = &filter.task {
        search.task_id = Some(catalogue.task(task).ok_or_else(|| unknown("客户任务", task))?);
    }
    match &filter.owner {
        Owner::Any | Owner::All => {}
        Owner::Mine => search.owner_key = Some(crate::domain::catalogue::login_key(operator(cx)?.login_no.as_str())),
        Owner::MyGroup => search.group_ids = Some(operator(cx)?.groups.clone()),
        Owner::Login(login_no) => {
            catalogue.staff(login_no).ok_or_else(|| unknown("客户归属", login_no))?;
            search.owner_key = Some(crate::domain::catalogue::login_key(login_no));
        }
    }
    let value = |dictionary: &Dictionary, segment: &str, name: &Option<Cow<'_, str>>| match name {
        None => Ok(None),
        Some(name) => {
            dictionary.find(name).map(|entry| Some(entry.value.clone())).ok_or_else(|| unknown(segment, name))
        }
    };
    search.type_value = value(&catalogue.types, "客户类型", &filter.kind)?;
    search.flag_value = value(&catalogue.flags, "客户状态", &filter.status)?;
    search.source_value = value(&catalogue.sources, "客户来源", &filter.source)?;
    let country = catalogue.company.country;
    let words =
        |text| if cx.rights().masks() { query_of_masked(text, country, SHOWN) } else { query_in(text, country) };
    search.words = query.map(|text| words(text).words).unwrap_or_default();
    search.within = cx.within();
    Ok(search)
}

/// Makes a search come in the order of names, as a Chinese reader expects it.
pub fn sort_by_name(cx: &Cx<'_>, search: &mut Search, direction: Direction) -> Result<(), Error> {
    cx.may_sort_by_text("sort")?;
    search.conditions.order = vec![(Column::Name, direction)];
    Ok(())
}

fn operator<'a>(cx: &Cx<'a>) -> Result<&'a super::Operator, Error> {
    cx.caller
        .operator
        .as_ref()
        .ok_or_else(|| Error::parameter("filters: 我的客户、本组客户需要 operator / these need an operator"))
}
