//! Lists: filters, orders and pages.

use serde_json::Value;

use super::conditions;
use super::customer::CustomerBody;
use super::fields::ORDERS;
use super::input::Given;
use super::shapes::{Assignee, Fetched, Filters};
use crate::dialects::Headers;
use crate::domain::catalogue::login_key;
use crate::domain::json;
use crate::domain::search_terms::{fold, piece_of_name};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::systems::plm::{self, Entry, Grant, name_of};
use crate::store::conditions::Operand;
use crate::store::plm::{PlmColumn, PlmCondition, PlmSearch, PlmTest};

const SIZE: i64 = 20;
const MOST_SIZE: i64 = 1000;
/// The longest text of a filter.
const LONGEST: usize = 2000;

const EQUAL: [(&str, PlmColumn); 5] = [
    ("n_grade_id_eq", PlmColumn::Grade),
    ("n_industry_id_eq", PlmColumn::Industry),
    ("n_assignee_id_eq", PlmColumn::Assignee),
    ("n_product_id_eq", PlmColumn::Product),
    ("n_product_name_eq", PlmColumn::ProductName),
];

const LIKE: [(&str, PlmColumn); 4] = [
    ("n_name_like", PlmColumn::Name),
    ("n_product_name_like", PlmColumn::ProductName),
    ("n_categorys_like", PlmColumn::Categories),
    ("query", PlmColumn::Name),
];

/// The lists, by the names that exports give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Default,
    Normal,
    IdeaNotreCustomer,
    IdeaRelationCustomer,
    CommentNotifyAssignee,
}

impl List {
    /// Returns the list of this name, in any case; with the document's misprint, too.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "fetchdefault" | "fetchdefult" => Some(Self::Default),
            "fetchnormal" => Some(Self::Normal),
            "fetchidea_notre_customer" => Some(Self::IdeaNotreCustomer),
            "fetchidea_relation_customer" => Some(Self::IdeaRelationCustomer),
            "fetchcomment_notify_assignee" => Some(Self::CommentNotifyAssignee),
            _ => None,
        }
    }

    /// Returns what a request of this list finds.
    pub async fn search(self, cx: &Cx<'_>, request: &Given<Filters>) -> Result<PlmSearch, Error> {
        let mut search = search(cx, request).await?;
        match self {
            Self::Default => {}
            Self::Normal => {
                search.not_deleted = true;
                if search.order.is_empty() {
                    search.order.push((PlmColumn::UpdatedAt, true));
                }
            }
            Self::IdeaNotreCustomer => {
                search.not_deleted = true;
                search.not_among = related(cx, request).await?;
            }
            Self::IdeaRelationCustomer => {
                search.not_deleted = true;
                search.among.push(related(cx, request).await?);
            }
            // What a customer's other systems call a follow-up is a comment here.
            Self::CommentNotifyAssignee => search.among.push(commented(cx, request).await?),
        }
        Ok(search)
    }
}

pub async fn default(cx: &Cx<'_>, request: Given<Filters>) -> Result<Fetched<CustomerBody>, Error> {
    fetch(cx, &request, List::Default, CustomerBody::of).await
}

pub async fn normal(cx: &Cx<'_>, request: Given<Filters>) -> Result<Fetched<CustomerBody>, Error> {
    fetch(cx, &request, List::Normal, CustomerBody::of).await
}

pub async fn idea_relation_customer(cx: &Cx<'_>, request: Given<Filters>) -> Result<Fetched<CustomerBody>, Error> {
    fetch(cx, &request, List::IdeaRelationCustomer, CustomerBody::of).await
}

pub async fn idea_notre_customer(cx: &Cx<'_>, request: Given<Filters>) -> Result<Fetched<CustomerBody>, Error> {
    fetch(cx, &request, List::IdeaNotreCustomer, CustomerBody::of).await
}

pub async fn comment_notify_assignee(cx: &Cx<'_>, request: Given<Filters>) -> Result<Fetched<Assignee>, Error> {
    fetch(cx, &request, List::CommentNotifyAssignee, |cx, entry| Assignee {
        assignee_id: entry.customer.owner_no.clone(),
        assignee_name: entry.customer.owner_no.as_deref().map(|owner| name_of(cx, owner)),
        id: entry.id,
    })
    .await
}

async fn related(cx: &Cx<'_>, request: &Given<Filters>) -> Result<Vec<i64>, Error> {
    match request.text("principal_id") {
        Some(idea) => plm::related_to_idea(cx, &idea).await,
        None => Ok(Vec::new()),
    }
}

async fn commented(cx: &Cx<'_>, request: &Given<Filters>) -> Result<Vec<i64>, Error> {
    let comment = request.text("id").and_then(|id| json::integer_in(&id));
    Ok(match comment {
        Some(comment) => cx.scope.follow_up_customer(comment).await?.map(|row| row.value).into_iter().collect(),
        None => Vec::new(),
    })
}

async fn fetch<T>(
    cx: &Cx<'_>,
    request: &Given<Filters>,
    list: List,
    show: impl Fn(&Cx<'_>, Entry) -> T,
) -> Result<Fetched<T>, Error> {
    let search = list.search(cx, request).await?;
    let Window { page, size, offset } = Window::of(request, SIZE, MOST_SIZE)?;
    let count = !matches!(request.members.get("count"), Some(Value::Bool(false)))
        && request.text("count").as_deref() != Some("false");
    let found = plm::page(cx, search, size, offset, count).await?;
    let mut headers: Headers = vec![("x-page", page.to_string()), ("x-per-page", size.to_string())];
    if let Some(total) = found.total {
        let pages = total.saturating_add(size - 1) / size;
        headers.extend([("x-total", total.to_string()), ("x-total-pages", pages.to_string())]);
    }
    Ok(Fetched { rows: found.entries.into_iter().map(|entry| show(cx, entry)).collect(), headers })
}

/// Which part of a list is wanted.
pub struct Window {
    page: i64,
    pub size: i64,
    pub offset: i64,
}

impl Window {
    /// Reads the window of a request; `usual` rows unless it says otherwise, and at most `most`.
    pub fn of(request: &Given<Filters>, usual: i64, most: i64) -> Result<Self, Error> {
        let page = integer(request, "page")?.unwrap_or(0).max(0);
        let size = integer(request, "size")?.filter(|size| *size > 0).unwrap_or(usual).min(most);
        let offset = integer(request, "offset")?.filter(|offset| *offset > 0);
        Ok(Self { page, size, offset: offset.unwrap_or_else(|| page.saturating_mul(size)) })
    }
}

fn integer(request: &Given<Filters>, name: &str) -> Result<Option<i64>, Error> {
    let wrong = || Error::parameter(format!("{name}: 应为整数 / expected an integer"));
    match request.members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => json::integer(value).map(Some).ok_or_else(wrong),
    }
}

/// Returns what all lists are narrowed by: the product, the filters, and what the caller may see.
async fn search(cx: &Cx<'_>, request: &Given<Filters>) -> Result<PlmSearch, Error> {
    let parent = request.text("srfparentdename").filter(|name| name.eq_ignore_ascii_case("product"));
    let product = request.product().or_else(|| parent.and_then(|_| request.text("srfparentkey")));
    plm::allow(cx, product.as_deref(), Some(Grant::Read), None).await?;
    let mut search = PlmSearch::default();
    if let Some(product) = product {
        search.equal.push((PlmColumn::Product, product));
    }
    for (name, column) in EQUAL {
        if let Some(value) = filter(request, name)? {
            equal(&mut search, column, value);
        }
    }
    for (name, column) in LIKE {
        if let Some(mut value) = filter(request, name)? {
            if column == PlmColumn::Name {
                value = fold(&value);
                search.pieces.extend(literal(&value).and_then(piece_of_name));
            }
            search.like.push((column, format!("%{value}%")));
        }
    }
    if let Some(id) = filter(request, "n_id_eq")? {
        search.among.push(plm::number(cx, &id).await?.into_iter().collect());
    }
    search.without_categories = filter(request, "n_categorys_isnull")?.is_some();
    let mut conditions = match request.members.get("searchconds") {
        Some(given) => conditions::read(cx, given)?,
        None => Vec::new(),
    };
    // The rows that were chosen on a page.
    if let Some(keys) = request.text("srfkeys") {
        let name = request.text("srfexportdatakey").unwrap_or_default();
        let name = if matches!(name.trim(), "" | "srfkey") { "id" } else { name.trim() };
        conditions.push(conditions::one_of(cx, "srfexportdatakey", name, &keys)?);
    }
    narrow(cx, &mut search, conditions).await?;
    search.order = order(request.text("sort").as_deref().unwrap_or_default());
    Ok(search)
}

/// Takes conditions over that must all hold: those that an index knows as what drives the search.
async fn narrow(cx: &Cx<'_>, search: &mut PlmSearch, conditions: Vec<PlmCondition>) -> Result<(), Error> {
    let mut left = conditions;
    while let Some(condition) = left.pop() {
        match condition {
            PlmCondition::All(conditions) => left.extend(conditions),
            PlmCondition::Ids { mut given, chosen } => {
                given.extend(plm::numbers_of(cx, chosen).await?);
                search.among.push(given);
            }
            PlmCondition::Test(column, PlmTest::Is(Operand::Text(value))) if is_indexed(column) => {
                equal(search, column, value);
            }
            condition => {
                if let PlmCondition::Test(PlmColumn::Name, PlmTest::Like(_, text) | PlmTest::Is(Operand::Text(text))) =
                    &condition
                {
                    search.pieces.extend(piece_of_name(&fold(text)));
                }
                search.conditions.push(condition);
            }
        }
    }
    Ok(())
}

/// Whether equality drives a search.
fn is_indexed(column: PlmColumn) -> bool {
    EQUAL.iter().any(|(_, indexed)| *indexed == column)
}

fn equal(search: &mut PlmSearch, column: PlmColumn, value: String) {
    if column == PlmColumn::Assignee {
        search.equal.push((PlmColumn::AssigneeKey, login_key(&value)));
    }
    search.equal.push((column, value));
}

/// Returns the longest part of a pattern in which nothing stands for something else.
fn literal(pattern: &str) -> Option<&str> {
    pattern.split(['%', '_']).max_by_key(|part| part.len()).filter(|part| !part.is_empty())
}

fn filter(request: &Given<Filters>, name: &str) -> Result<Option<String>, Error> {
    let wrong = || {
        Error::parameter(format!(
            "{name}: 应为最多 {LONGEST} 个字符的文本 / expected a text of at most {LONGEST} characters"
        ))
    };
    match request.members.get(name) {
        Some(Value::Bool(value)) => Ok(Some(value.to_string())),
        Some(Value::Array(_) | Value::Object(_)) => Err(wrong()),
        _ => match request.text(name) {
            Some(text) if text.chars().count() > LONGEST => Err(wrong()),
            other => Ok(other),
        },
    }
}

/// Fields that are not known are ignored, and so is a direction that is none.
fn order(sort: &str) -> Vec<(PlmColumn, bool)> {
    let mut order: Vec<(PlmColumn, bool)> = Vec::new();
    for part in sort.split(';') {
        let (name, direction) = part.split_once(',').unwrap_or((part, ""));
        let known = ORDERS.iter().find(|(known, _)| *known == name.trim().to_ascii_lowercase());
        if let Some((_, column)) = known
            && order.iter().all(|(other, _)| other != column)
        {
            order.push((*column, direction.trim().eq_ignore_ascii_case("desc")));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_the_document_writes_them() {
        assert_eq!(
            order("name,desc;create_time,asc;nobody,desc;scale;NAME,asc;grade_id,up"),
            [
                (PlmColumn::Name, true),
                (PlmColumn::CreatedAt, false),
                (PlmColumn::Scale, false),
                (PlmColumn::Grade, false)
            ]
        );
        assert_eq!(order(""), []);
        assert_eq!(order(";,;desc"), []);
    }
}
