//! Tickets: what is to be done for a customer, by whom, and what became of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::about;
use crate::domain::catalogue::Staff;
use crate::domain::change::Line;
use crate::domain::customer::{Customer, LONGEST_TEXT};
use crate::domain::event::{self, Body, Place};
use crate::domain::identifier::Identifier;
use crate::domain::ticket::{ANY_OPEN, NEW, OPEN, STATES, URGENCIES, USUAL, word};
use crate::domain::times;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::json::{from_json, json_of};
use crate::ops::customer::{self, Origin, Patch, record};
use crate::ops::{Cx, idempotency};
use crate::store::Tx;
use crate::store::rows::{CustomerRow, TicketChangeRow, TicketRow};
use crate::store::tickets::TicketSearch;

/// Tickets on a page, unless the request says otherwise, and at most.
pub const PAGE_SIZE: i64 = 20;
pub const MOST_PAGE_SIZE: i64 = 100;
/// The changes of a ticket that are shown, the last ones.
const CHANGES: i64 = 100;

/// A ticket that is to be opened.
pub struct New<'a> {
    pub customer: i64,
    pub title: &'a str,
    pub content: &'a str,
    pub handler: Option<&'a str>,
    pub urgency: Option<&'a str>,
    pub due: Option<i64>,
}

/// What is to become of a ticket.
#[derive(Default)]
pub struct Change<'a> {
    pub state: Option<&'a str>,
    pub handler: Option<&'a str>,
    pub urgency: Option<&'a str>,
    pub due: Patch<i64>,
    pub content: Option<&'a str>,
    /// What is said to it.
    pub comment: Option<&'a str>,
}

/// A step in the history of a ticket.
pub struct Step {
    pub at: i64,
    pub author_no: String,
    pub author_name: String,
    pub lines: Vec<Line>,
    pub comment: Option<String>,
}

/// Which tickets to list.
#[derive(Default)]
pub struct Wanted<'a> {
    pub customer: Option<i64>,
    /// A state, or the word for those in which there is something to be done.
    pub state: Option<&'a str>,
    pub handler: Option<&'a str>,
    pub after: Option<i64>,
}

pub struct Page {
    pub tickets: Vec<TicketRow>,
    pub total: i64,
    /// Whether there are more behind these.
    pub has_more: bool,
}

/// The id of a ticket that a request has led to.
#[derive(Serialize, Deserialize)]
struct Outcome(i64);

/// Opens a ticket; where nobody is named who is to do it, for whoever opens it or, if that is a program, for who looks
/// after the customer.
pub async fn create(cx: &Cx<'_>, new: New<'_>) -> Result<TicketRow, Error> {
    let title = about::checked("title", new.title, LONGEST_TEXT)?;
    let content =
        if new.content.is_empty() { "".into() } else { about::checked("content", new.content, about::LONGEST)? };
    let urgency = new.urgency.map_or(Ok(USUAL), urgency)?;
    let identifier = Identifier::Id(new.customer);
    let tried = tries::identifier(cx, &identifier)?;
    tries::texts(cx, new.handler)?;
    let mut tx = customer::begin(cx).await?;
    if let Some(Outcome(id)) = idempotency::recall(cx, &mut tx).await? {
        return seen(cx, &mut tx, id).await.and_then(|(row, _)| show(cx, row));
    }
    let row = customer::target(cx, &mut tx, &identifier, &tried).await?;
    let usually = cx.caller.operator.as_ref().map(|operator| operator.login_no.as_str()).or(row.owner_no.as_deref());
    let handler = new.handler.or(usually).ok_or_else(|| Error::parameter("handler: 缺少 / is missing"))?;
    let handler = self::handler(cx, handler, &row)?.login_no.clone();
    let customer = Customer::try_from(row)?;
    let title = about::whole(cx, &mut tx, &customer, "title", title).await?;
    let content = about::whole(cx, &mut tx, &customer, "content", content).await?;
    let origin = Origin::of(cx);
    let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
    let id = counter.last_feed;
    let at = origin.at;
    tx.open_ticket(id, customer.id, at, &title, &content, &handler, NEW, urgency, new.due, &origin.login_no).await?;
    let lines = [
        line("title", "标题", None, Some(&title)),
        line("content", "内容", None, Some(&content)),
        line("state", "状态", None, Some(NEW)),
        line("handler", "处理人", None, Some(&handler)),
        line("urgency", "紧急程度", None, Some(urgency)),
        line("due", "期限", None, shown_time(cx, new.due).as_deref()),
    ];
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let body = body(&customer, id, &lines, None);
    record::write_event(&mut tx, counter.last_event, event::TICKET_CREATED, customer.id, &body, &origin).await?;
    let row = tx.ticket(id).await?.ok_or(Error::NotFound)?;
    idempotency::remember(cx, &mut tx, &Outcome(id)).await?;
    tx.commit().await?;
    show(cx, row)
}

/// Changes a ticket, or says something to it. What it is already is no change.
pub async fn update(cx: &Cx<'_>, id: i64, change: Change<'_>) -> Result<TicketRow, Error> {
    let state = change.state.map(state).transpose()?;
    let urgency = change.urgency.map(urgency).transpose()?;
    let content = change.content.map(|text| about::checked("content", text, about::LONGEST)).transpose()?;
    let comment = change.comment.map(|text| about::checked("comment", text, about::LONGEST)).transpose()?;
    tries::texts(cx, change.handler)?;
    let mut tx = customer::begin(cx).await?;
    if let Some(Outcome(id)) = idempotency::recall(cx, &mut tx).await? {
        return seen(cx, &mut tx, id).await.and_then(|(row, _)| show(cx, row));
    }
    let (old, row) = seen(cx, &mut tx, id).await?;
    let mut new = old.clone();
    if let Some(given) = change.handler {
        new.handler_no.clone_from(&handler(cx, given, &row)?.login_no);
    }
    new.status = state.map_or(new.status, str::to_owned);
    new.urgency = urgency.map_or(new.urgency, str::to_owned);
    new.due_at = change.due.apply(new.due_at);
    let customer = Customer::try_from(row)?;
    if let Some(content) = content {
        new.content = about::whole(cx, &mut tx, &customer, "content", content).await?.into_owned();
    }
    let comment = match comment {
        Some(comment) => Some(about::whole(cx, &mut tx, &customer, "comment", comment).await?),
        None => None,
    };
    let lines = lines(cx, &old, &new);
    if !lines.is_empty() || comment.is_some() {
        let origin = Origin::of(cx);
        let counter = tx.count(0, 0, 0, 0, 1, 0, 1).await?.ok_or(Error::NotFound)?;
        let TicketRow { content, handler_no, status, urgency, due_at, .. } = &new;
        tx.update_ticket(id, content, handler_no, status, urgency, *due_at, origin.at).await?;
        let (number, Origin { login_no, name, at }) = (counter.last_change, &origin);
        let comment = comment.as_deref();
        tx.insert_ticket_change(number, customer.id, id, *at, login_no, name, &json_of(&lines)?, comment).await?;
        let is_others = old.handler_no != new.handler_no;
        let kind = if is_others { event::TICKET_ASSIGNED } else { event::TICKET_UPDATED };
        let body = body(&customer, id, &lines, comment);
        record::write_event(&mut tx, counter.last_event, kind, customer.id, &body, &origin).await?;
    }
    let row = tx.ticket(id).await?.ok_or(Error::NotFound)?;
    idempotency::remember(cx, &mut tx, &Outcome(id)).await?;
    tx.commit().await?;
    show(cx, row)
}

/// Returns a ticket and the last steps of its history, the last first.
pub async fn get(cx: &Cx<'_>, id: i64) -> Result<(TicketRow, Vec<Step>), Error> {
    let ticket = cx.scope.ticket(id).await?.ok_or(Error::NotFound)?;
    let customer = cx.scope.customer(ticket.customer_id).await?.filter(|customer| cx.sees(customer));
    let phones = customer.ok_or(Error::NotFound)?.phones;
    let steps = cx.scope.ticket_changes(id, CHANGES).await?.into_iter();
    let steps = steps.map(|row| step(cx, &phones, row)).collect::<Result<_, _>>()?;
    Ok((show(cx, ticket)?, steps))
}

/// Returns a page of the tickets of the customers whom the caller sees, the last first.
pub async fn list(cx: &Cx<'_>, wanted: Wanted<'_>, size: i64) -> Result<Page, Error> {
    if !(1..=MOST_PAGE_SIZE).contains(&size) {
        return Err(Error::PageSize { most: MOST_PAGE_SIZE });
    }
    tries::texts(cx, wanted.handler)?;
    let states = match wanted.state {
        None => Vec::new(),
        Some(given) if given.trim() == ANY_OPEN => OPEN.to_vec(),
        Some(given) => vec![state(given)?],
    };
    // Whoever has left may have left something undone.
    let handler = wanted.handler.map(|given| cx.catalogue.staff(given).ok_or_else(unknown)).transpose()?;
    let search = TicketSearch {
        customer: wanted.customer,
        states,
        handler: handler.map(|staff| staff.login_no.clone()),
        after: wanted.after,
        within: cx.within(),
    };
    let total = cx.scope.ticket_count(&search).await?;
    let mut tickets = cx.scope.tickets(&search, size + 1).await?;
    let has_more = i64::try_from(tickets.len()).is_ok_and(|count| count > size);
    if has_more {
        tickets.pop();
    }
    let tickets = tickets.into_iter().map(|row| show(cx, row)).collect::<Result<_, _>>()?;
    Ok(Page { tickets, total, has_more })
}

fn state(given: &str) -> Result<&'static str, Error> {
    word(&STATES, given).ok_or_else(|| Error::one_of("state", &STATES))
}

fn urgency(given: &str) -> Result<&'static str, Error> {
    word(&URGENCIES, given).ok_or_else(|| Error::one_of("urgency", &URGENCIES))
}

fn unknown() -> Error {
    Error::parameter("handler: 公司没有这个工号，或已停用 / the company has no such operator, or he is disabled")
}

/// The operator who is to do it: one who works, and sees the customer.
fn handler<'c>(cx: &'c Cx<'_>, login_no: &str, customer: &CustomerRow) -> Result<&'c Staff, Error> {
    let staff = cx.catalogue.staff(login_no).filter(|staff| !staff.disabled).ok_or_else(unknown)?;
    if cx.is_seen_by(staff, customer) {
        return Ok(staff);
    }
    Err(Error::parameter("handler: 此工号看不到该客户 / this operator does not see the customer"))
}

/// A ticket whose customer the caller sees, and that customer.
async fn seen(cx: &Cx<'_>, tx: &mut Tx, id: i64) -> Result<(TicketRow, CustomerRow), Error> {
    let ticket = tx.ticket(id).await?.ok_or(Error::NotFound)?;
    let customer = tx.customer(ticket.customer_id).await?.filter(|customer| cx.sees(customer));
    Ok((ticket, customer.ok_or(Error::NotFound)?))
}

fn line(field: &str, label: &str, old: Option<&str>, new: Option<&str>) -> Option<Line> {
    let side = |side: Option<&str>| side.filter(|text| !text.is_empty()).map(str::to_owned);
    let (old, new) = (side(old), side(new));
    (old != new).then(|| Line { field: field.into(), label: label.into(), old, new })
}

fn lines(cx: &Cx<'_>, old: &TicketRow, new: &TicketRow) -> Vec<Line> {
    let due = |ticket: &TicketRow| shown_time(cx, ticket.due_at);
    let lines = [
        line("content", "内容", Some(&old.content), Some(&new.content)),
        line("state", "状态", Some(&old.status), Some(&new.status)),
        line("handler", "处理人", Some(&old.handler_no), Some(&new.handler_no)),
        line("urgency", "紧急程度", Some(&old.urgency), Some(&new.urgency)),
        line("due", "期限", due(old).as_deref(), due(new).as_deref()),
    ];
    lines.into_iter().flatten().collect()
}

fn shown_time(cx: &Cx<'_>, at: Option<i64>) -> Option<String> {
    at.map(|at| times::to_minute(at, &cx.catalogue.company.time_zone))
}

/// What others are told of it.
fn body(customer: &Customer, id: i64, lines: &[Line], comment: Option<&str>) -> Body {
    let place = Place::of(customer);
    let mut more = Map::from_iter([("ticketId".to_owned(), Value::from(id))]);
    more.extend(comment.map(|comment| ("comment".to_owned(), comment.into())));
    Body {
        changes: lines.iter().map(|line| (line.field.clone(), json!([line.old, line.new]))).collect(),
        was: Some(place.clone()),
        is: Some(place),
        phones: customer.phones.iter().map(|phone| phone.content.clone()).collect(),
        more,
        ..Body::default()
    }
}

/// The ticket as the caller may see it.
fn show(cx: &Cx<'_>, mut row: TicketRow) -> Result<TicketRow, Error> {
    let TicketRow { title, content, customer_name, phones, .. } = &mut row;
    cx.show_texts(phones, [title, content].into_iter().chain(customer_name))?;
    Ok(row)
}

fn step(cx: &Cx<'_>, phones: &str, row: TicketChangeRow) -> Result<Step, Error> {
    let TicketChangeRow { at, author_no, author_name, lines, mut comment, .. } = row;
    let mut lines: Vec<Line> = from_json(&lines)?;
    let sides = lines.iter_mut().flat_map(|line| [&mut line.old, &mut line.new]).flatten();
    cx.show_texts(phones, sides.chain(&mut comment))?;
    Ok(Step { at, author_no, author_name, lines, comment })
}
