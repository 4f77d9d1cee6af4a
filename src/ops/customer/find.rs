//! Finding customers: one by an identifier, many by filters and words, and what there is to filter by.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::pool;
use crate::domain::catalogue::{Dictionary, login_key};
use crate::domain::customer::CustomerPhone;
use crate::domain::filter::{ListFilter, Owner, is_everything};
use crate::domain::folding;
use crate::domain::identifier::Identifier;
use crate::domain::masking::{SHOWN, mask_text};
use crate::domain::name_pattern;
use crate::domain::phone::{self, Phone, SHORTEST_TAIL, Unreadable, shorter_tails};
use crate::domain::search_terms::{prefix_end, query_in, query_of_masked};
use crate::error::Error;
use crate::ops::access::rights::{CEILING, Shown};
use crate::ops::access::tries::{self, Tried};
use crate::ops::{Cx, Operator};
use crate::store::conditions::{Column, Direction, Test};
use crate::store::filter::Condition;
use crate::store::rows::{CustomerRow, PhoneRow};
use crate::store::search::Search;
use crate::store::{Called, Within};

/// Customers on a page of a list.
pub const PAGE: i64 = 20;
/// The most customers that one identifier answers with.
pub const MOST: i64 = 100;
/// The most customers on a page of a list.
pub const MOST_ON_PAGE: i64 = 100;

/// How well a phone matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneMatch {
    /// As it was typed.
    Text,
    /// The same number written otherwise.
    Number,
    /// The last digits, this many.
    Tail(usize),
    /// The number of a contact, by the contact's name.
    Contact(String),
}

impl PhoneMatch {
    /// Returns how a number that is one of these phones (JSON) matches.
    pub(super) fn of_number(typed: &str, phones: &str) -> serde_json::Result<Self> {
        let phones: Vec<CustomerPhone> = serde_json::from_str(phones)?;
        let is_as_typed = phones.iter().any(|phone| phone.content == typed.trim());
        Ok(if is_as_typed { Self::Text } else { Self::Number })
    }

    /// The wire's own word: `text`, `e164`, `last7` to `last11`, `contact`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Number => "e164".to_owned(),
            Self::Tail(digits) => format!("last{digits}"),
            Self::Contact(_) => "contact".to_owned(),
        }
    }
}

/// The customers that an identifier names, and for a phone how well.
pub struct Found {
    pub customers: Vec<Shown>,
    /// How many of them, which come first, are named themselves and not by a contact.
    pub own: usize,
    pub matched: Option<PhoneMatch>,
    /// For each of the others, the name of the contact whose number it is.
    pub contacts: Vec<(i64, String)>,
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

/// Returns the customers of the number that calls. A telephone system has told it: it is no try of who is told.
pub async fn calling(cx: &Cx<'_>, number: &str) -> Result<Found, Error> {
    by_phone(cx, number, &tries::told()).await
}

/// Returns the customers whose number it is, or a contact's of whom; those, too, whom the caller does not see.
pub async fn callers(cx: &Cx<'_>, phone: &Phone) -> Result<Vec<Called>, Error> {
    let mut called = by_number(cx, phone, &tries::told()).await?;
    if called.is_empty() {
        called = Box::pin(by_line(cx, phone, &tries::told())).await?;
    }
    Ok(called)
}

/// Returns the one customer whose history is asked for.
pub async fn find_one(cx: &Cx<'_>, identifier: &Identifier<'_>) -> Result<i64, Error> {
    let Found { customers, own, .. } = find(cx, identifier).await?;
    let named = if own > 0 { customers.get(..own) } else { None };
    only(named.unwrap_or(&customers).iter().map(|customer| customer.id))
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
    Ok(Found { own: customers.len(), customers: cx.show_all(customers)?, matched, contacts: Vec::new() })
}

/// Returns the form in which names are compared. An empty name would find all that have none.
pub fn name_key(name: &str) -> Result<String, Error> {
    let key = folding::name_key(name);
    if key.is_empty() { Err(Error::NotFound) } else { Ok(key) }
}

/// Returns the customers of the numbers in a text: those whose own number it is first, then those of whose contacts it
/// is, the most recently contacted first. Failing that, the customers whose numbers end alike.
async fn by_phone(cx: &Cx<'_>, typed: &str, tried: &Tried) -> Result<Found, Error> {
    let phones = numbers(cx, typed)?;
    let mut called = Vec::new();
    for phone in &phones {
        let mut of_number = by_number(cx, phone, tried).await?;
        if of_number.iter().all(|one| one.contact.is_some()) {
            of_number.extend(Box::pin(by_line(cx, phone, tried)).await?);
        }
        called.extend(of_number);
    }
    if !called.is_empty() {
        return found_called(cx, called, |customer| PhoneMatch::of_number(typed, &customer.phones));
    }
    // Who may not see numbers could find them out digit by digit: the whole number is asked for.
    if cx.rights().masks() {
        return Err(Error::NotFound);
    }
    for phone in &phones {
        let (called, digits) = Box::pin(by_tail(cx, phone, tried)).await?;
        if !called.is_empty() {
            return found_called(cx, called, |_| Ok(PhoneMatch::Tail(digits)));
        }
    }
    Err(Error::NotFound)
}

/// Returns the numbers in a text by which somebody is looked for; a text that is none is nobody's.
pub fn numbers(cx: &Cx<'_>, typed: &str) -> Result<Vec<Phone>, Error> {
    phone::read(typed, &cx.catalogue.company.home).map_err(|why| match why {
        Unreadable::NoNumber => Error::NoNumber,
        _ => Error::NotFound,
    })
}

/// Returns what the caller sees of these, each customer once.
fn found_called(
    cx: &Cx<'_>,
    mut called: Vec<Called>,
    matched: impl Fn(&CustomerRow) -> serde_json::Result<PhoneMatch>,
) -> Result<Found, Error> {
    called.retain(|one| cx.sees(&one.customer));
    called.sort_by_key(|one| {
        let contacted = if one.contact.is_some() { one.customer.last_follow_at } else { None };
        (one.contact.is_some(), std::cmp::Reverse(contacted), std::cmp::Reverse(one.customer.id))
    });
    let mut ids = Vec::with_capacity(called.len());
    called.retain(|one| {
        let is_new = !ids.contains(&one.customer.id);
        ids.push(one.customer.id);
        is_new
    });
    let own = called.iter().filter(|one| one.contact.is_none()).count();
    let Some(first) = called.first() else { return Err(Error::NotFound) };
    let shown = |name: &String| if cx.rights().masks() { mask_text(name).into_owned() } else { name.clone() };
    let matched = match &first.contact {
        Some(name) => PhoneMatch::Contact(shown(name)),
        None => matched(&first.customer).map_err(|cause| Error::internal(&cause))?,
    };
    let contacts = called.iter().filter_map(|one| Some((one.customer.id, shown(one.contact.as_ref()?)))).collect();
    let customers = called.into_iter().map(|one| one.customer).collect();
    Ok(Found { own, contacts, ..found(cx, customers, Some(matched))? })
}

/// The customers who have this very number, extension and all, or a contact with it.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn by_number(cx: &Cx<'_>, phone: &Phone, _: &Tried) -> Result<Vec<Called>, Error> {
    Ok(cx.scope.customers_of_phone(phone.key()).await?)
}

/// The customers who have this number with another extension, or with none.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn by_line(cx: &Cx<'_>, phone: &Phone, _: &Tried) -> Result<Vec<Called>, Error> {
    let line = phone.line_key();
    let mut rows = cx.scope.phones_of_line(line, MOST).await?;
    // With an extension, the line itself is meant before other extensions of it.
    if phone.extension.is_some() && rows.iter().any(|row| row.key == line) {
        rows.retain(|row| row.key == line);
    }
    called_of(cx, rows).await
}

/// The customers with a phone that ends with these digits or, failing that, is the longest end of them; and how many
/// digits agree.
#[expect(clippy::disallowed_methods, reason = "counted")]
async fn by_tail(cx: &Cx<'_>, phone: &Phone, _: &Tried) -> Result<(Vec<Called>, usize), Error> {
    let tail = phone.tail();
    if tail.len() < SHORTEST_TAIL {
        return Ok((Vec::new(), 0));
    }
    let home = &cx.catalogue.company.home;
    let may_be_meant = |row: &PhoneRow| Phone::parse(&row.typed, home).is_none_or(|other| phone.may_end_like(&other));
    let mut longer = cx.scope.phones_by_tail_prefix(&tail, &prefix_end(&tail), MOST).await?;
    longer.retain(may_be_meant);
    if !longer.is_empty() {
        return Ok((called_of(cx, longer).await?, tail.len()));
    }
    let mut shorter = cx.scope.phones_by_tail(&json_texts(shorter_tails(&tail)), MOST).await?;
    shorter.retain(may_be_meant);
    let digits = shorter.iter().map(|phone| phone.tail.len()).max().unwrap_or_default();
    shorter.retain(|phone| phone.tail.len() == digits);
    Ok((called_of(cx, shorter).await?, digits))
}

/// The customers of these phones.
async fn called_of(cx: &Cx<'_>, rows: Vec<PhoneRow>) -> Result<Vec<Called>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<i64> = rows.iter().map(|row| row.customer_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let customers = cx.scope.customers_by_id(&json_numbers(&ids)).await?;
    let called = customers.into_iter().filter_map(|customer| {
        let of_customer = || rows.iter().filter(|row| row.customer_id == customer.id);
        // His own number comes before those of his contacts.
        let row = of_customer().find(|row| row.contact.is_none()).or_else(|| of_customer().next())?;
        Some(Called { contact: row.contact.clone(), customer })
    });
    Ok(called.collect())
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
    /// Where the next one begins, if there is one.
    pub next: Option<Cursor>,
}

/// Where a page of a list begins.
pub enum From {
    /// Pages are counted from 1.
    Page(i64),
    /// Behind the last customer of another page.
    Behind(Cursor),
}

/// Returns a page of the usual size. `number` counts from 1.
pub async fn list(cx: &Cx<'_>, search: &Search, number: i64) -> Result<Page, Error> {
    list_from(cx, search, PAGE, From::Page(number)).await
}

/// Returns a page of the customers that the search finds.
pub async fn list_from(cx: &Cx<'_>, search: &Search, size: i64, from: From) -> Result<Page, Error> {
    if !(1..=MOST_ON_PAGE).contains(&size) {
        return Err(Error::PageSize { most: MOST_ON_PAGE });
    }
    let number = match from {
        From::Page(number) => number,
        From::Behind(cursor) => return behind(cx, search, size, &cursor).await,
    };
    if number < 1 {
        return Err(Error::Page);
    }
    if number.checked_mul(size).is_none_or(|reach| reach > CEILING) {
        return Err(Error::PageBeyondCeiling);
    }
    page(cx, search, size, number).await
}

/// Returns the page behind another one. What was written since then neither comes twice nor hides anybody.
#[expect(clippy::disallowed_methods, reason = "counted first")]
async fn behind(cx: &Cx<'_>, search: &Search, size: i64, cursor: &Cursor) -> Result<Page, Error> {
    let place = cursor
        .place(search)
        .ok_or_else(|| Error::parameter("after: 属于另一种排序 / is that of a list in another order"))?;
    cx.may_reach(cursor.listed.saturating_add(size))?;
    tries::search(cx, search)?;
    let mut rows = cx.scope.search_behind(search, &place, size + 1).await?;
    let has_more = rows.len() > usize::try_from(size).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let customers = cx.show_all(rows)?;
    let (number, listed) = (cursor.page + 1, cursor.listed + i64::try_from(customers.len()).unwrap_or(size));
    let last = customers.last().filter(|_| has_more);
    let next = last.map(|last| Cursor::behind(last, search, number, listed, cursor.total));
    Ok(Page { customers, number, total: cursor.total, next })
}

/// Returns a page of this size, however far from the first.
#[expect(clippy::disallowed_methods, reason = "counted first")]
pub async fn page(cx: &Cx<'_>, search: &Search, size: i64, number: i64) -> Result<Page, Error> {
    let offset = number.checked_sub(1).filter(|before| *before >= 0).and_then(|before| before.checked_mul(size));
    let offset = offset.ok_or(Error::Page)?;
    cx.may_reach(offset.saturating_add(size))?;
    tries::search(cx, search)?;
    let (customers, total) = cx.scope.search_page(search, size, offset).await?;
    let customers = cx.show_all(customers)?;
    let listed = offset.saturating_add(size);
    let last = customers.last().filter(|_| listed < total);
    let next = last.map(|last| Cursor::behind(last, search, number, listed, total));
    Ok(Page { customers, number, total, next })
}

/// Returns the search for names with `*` in them; for everybody when there is none.
pub fn by_name(cx: &Cx<'_>, pattern: Option<&str>) -> Result<Search, Error> {
    cx.may_search_by(pattern.unwrap_or_default())?;
    let (name, words) = pattern.and_then(name_pattern::read).unzip();
    Ok(Search { name, words: words.unwrap_or_default(), within: cx.within(), ..Search::default() })
}

/// Returns the search that a filter and words stand for. A name that is in no list is refused: an empty
/// list would hide the typing error. One that says "all" narrows nothing.
pub fn search(cx: &Cx<'_>, filter: &ListFilter<'_>, query: Option<&str>) -> Result<Search, Error> {
    let catalogue = &cx.catalogue;
    let owner_named = match &filter.owner {
        Owner::Login(login_no) => Some(login_no),
        _ => None,
    };
    let names =
        [filter.task.as_ref(), owner_named, filter.kind.as_ref(), filter.status.as_ref(), filter.source.as_ref()];
    tries::texts(cx, names.into_iter().flatten().map(AsRef::as_ref))?;
    let mut search = Search::default();
    if let Some(task) = &filter.task {
        search.task_id = named("客户任务", task, catalogue.task(task))?;
    }
    match &filter.owner {
        Owner::Any | Owner::All => {}
        Owner::Mine => search.owner_key = Some(login_key(operator(cx)?.login_no.as_str())),
        Owner::MyGroup => search.group_ids = Some(operator(cx)?.groups.clone()),
        Owner::Login(login_no) => {
            search.owner_key = named("客户归属", login_no, catalogue.staff(login_no).map(|_| login_key(login_no)))?;
        }
    }
    let value = |dictionary: &Dictionary, segment: &str, name: &Option<Cow<'_, str>>| match name {
        None => Ok(None),
        Some(name) => named(segment, name, dictionary.find(name).map(|entry| entry.value.clone())),
    };
    search.type_value = value(&catalogue.types, "客户类型", &filter.kind)?;
    search.flag_value = value(&catalogue.flags, "客户状态", &filter.status)?;
    search.source_value = value(&catalogue.sources, "客户来源", &filter.source)?;
    let home = &catalogue.company.home;
    let words = |text| if cx.rights().masks() { query_of_masked(text, home, SHOWN) } else { query_in(text, home) };
    search.words = query.map(|text| words(text).words).unwrap_or_default();
    search.within = cx.within();
    Ok(search)
}

/// Returns what a segment's name stands for: what the company has of that name or, where it says so, everything.
fn named<T>(segment: &str, name: &str, found: Option<T>) -> Result<Option<T>, Error> {
    match found {
        None if is_everything(name) => Ok(None),
        None => Err(Error::parameter(format!("filters: {segment}“{name}”不存在 / there is no such name: {name}"))),
        found => Ok(found),
    }
}

/// Narrows a search to those who are so. Who asks for the customers that nobody looks after sees the pool of his groups
/// and of no group, whatever he sees else.
pub fn narrow(cx: &Cx<'_>, search: &mut Search, condition: Condition) {
    if condition.demands(Column::Owner, &Test::Empty)
        && let Some(pool) = pool::within(cx)
    {
        search.within = Within::default();
        search.filter = Some(Condition::All(vec![condition, pool]));
    } else {
        search.filter = Some(condition);
    }
}

/// Makes a search come in this order. That of names is the one that a Chinese reader expects.
pub fn sort(cx: &Cx<'_>, search: &mut Search, column: Column, direction: Direction) -> Result<(), Error> {
    if column == Column::Name {
        cx.may_sort_by_text("sort")?;
    }
    search.conditions.order = vec![(column, direction)];
    search.conditions.ids_follow = true;
    Ok(())
}

fn operator<'a>(cx: &Cx<'a>) -> Result<&'a Operator, Error> {
    cx.caller
        .operator
        .as_ref()
        .ok_or_else(|| Error::parameter("filters: 我的客户、本组客户需要 operator / these need an operator"))
}
