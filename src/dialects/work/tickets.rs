//! Tickets: what is to be done for a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::Patch;
use crate::ops::work::tickets::{self, Change, MOST_PAGE_SIZE, New, PAGE_SIZE, Page, Step, Wanted};
use crate::protocol::lenient::{Member, Scalar};
use crate::store::rows::TicketRow;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateTicket<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        customer_id: Option<Scalar<'a>>,
        /// At most 255 characters.
        #[serde(borrow)]
        #[schemars(required)]
        title: Option<Scalar<'a>>,
        /// At most 2000 characters.
        #[serde(borrow, default)]
        content: Option<Scalar<'a>>,
        /// The login number of who is to do it, who must see the customer; otherwise you.
        #[serde(borrow, default)]
        handler: Option<Scalar<'a>>,
        /// 一般, 重要 or 紧急; otherwise 一般.
        #[serde(borrow, default)]
        urgency: Option<Scalar<'a>>,
        /// Until when it is to be done.
        #[serde(borrow, default)]
        due: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct TicketShown {
    ticket: Ticket,
}

/// Times are in the company's time zone.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Ticket {
    id: i64,
    customer_id: i64,
    customer_name: Option<String>,
    title: String,
    content: String,
    /// 正常工单, 处理中, 已完成 or 已关闭.
    state: String,
    /// A login number.
    handler: String,
    urgency: String,
    due: Option<String>,
    opened_at: String,
    /// The login number of who opened it, where that is known.
    opened_by: Option<String>,
    /// When it was last changed.
    updated_at: Option<String>,
}

impl Ticket {
    fn of(cx: &Cx<'_>, row: TicketRow) -> Self {
        let time = |at| times::to_minute(at, &cx.catalogue.company.time_zone);
        Self {
            id: row.id,
            customer_id: row.customer_id,
            customer_name: row.customer_name,
            title: row.title,
            content: row.content,
            state: row.status,
            handler: row.handler_no,
            urgency: row.urgency,
            due: row.due_at.map(time),
            opened_at: time(row.at),
            opened_by: row.opened_by,
            updated_at: row.updated_at.map(time),
        }
    }
}

pub async fn create_ticket(cx: &Cx<'_>, request: CreateTicket<'_>) -> Result<TicketShown, Error> {
    let handler = members::text("handler", request.handler.as_ref())?;
    let urgency = members::text("urgency", request.urgency.as_ref())?;
    let new = New {
        customer: members::id("customerId", request.customer_id.as_ref())?,
        title: &members::text("title", request.title.as_ref())?.unwrap_or_default(),
        content: &members::text("content", request.content.as_ref())?.unwrap_or_default(),
        handler: handler.as_deref(),
        urgency: urgency.as_deref(),
        due: members::time(cx, "due", request.due.as_ref())?,
    };
    let row = tickets::create(cx, new).await?;
    Ok(TicketShown { ticket: Ticket::of(cx, row) })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateTicket<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        ticket_id: Option<Scalar<'a>>,
        /// 正常工单, 处理中, 已完成 or 已关闭.
        #[serde(borrow, default)]
        state: Option<Scalar<'a>>,
        /// As in `create_ticket`.
        #[serde(borrow, default)]
        handler: Option<Scalar<'a>>,
        /// 一般, 重要 or 紧急.
        #[serde(borrow, default)]
        urgency: Option<Scalar<'a>>,
        /// Until when it is to be done; null for no such time.
        #[serde(borrow, default)]
        due: Member<Scalar<'a>>,
        /// In place of what it was.
        #[serde(borrow, default)]
        content: Option<Scalar<'a>>,
        /// What is said to it, at most 2000 characters: it stands in the ticket's history.
        #[serde(borrow, default)]
        comment: Option<Scalar<'a>>,
    }
}

pub async fn update_ticket(cx: &Cx<'_>, request: UpdateTicket<'_>) -> Result<TicketShown, Error> {
    let state = members::text("state", request.state.as_ref())?;
    let handler = members::text("handler", request.handler.as_ref())?;
    let urgency = members::text("urgency", request.urgency.as_ref())?;
    let content = members::text("content", request.content.as_ref())?;
    let comment = members::text("comment", request.comment.as_ref())?;
    let due = match request.due.given() {
        None => Patch::Keep,
        Some(given) => members::time(cx, "due", given.as_ref())?.map_or(Patch::Clear, Patch::Set),
    };
    let change = Change {
        state: state.as_deref(),
        handler: handler.as_deref(),
        urgency: urgency.as_deref(),
        due,
        content: content.as_deref(),
        comment: comment.as_deref(),
    };
    let row = tickets::update(cx, members::id("ticketId", request.ticket_id.as_ref())?, change).await?;
    Ok(TicketShown { ticket: Ticket::of(cx, row) })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetTicket<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    ticket_id: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct TicketWithHistory {
    ticket: Ticket,
    /// What became of it, the last 100 changes, the last first.
    history: Vec<TicketStep>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TicketStep {
    at: String,
    /// The login number of who did it.
    actor: String,
    actor_name: String,
    changes: Vec<TicketLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct TicketLine {
    /// content, state, handler, urgency or due.
    field: String,
    label: String,
    old: Option<String>,
    new: Option<String>,
}

pub async fn get_ticket(cx: &Cx<'_>, request: GetTicket<'_>) -> Result<TicketWithHistory, Error> {
    let (row, steps) = tickets::get(cx, members::id("ticketId", request.ticket_id.as_ref())?).await?;
    let step = |Step { at, author_no, author_name, lines, comment }: Step| TicketStep {
        at: times::to_second(at, &cx.catalogue.company.time_zone),
        actor: author_no,
        actor_name: author_name,
        changes: lines
            .into_iter()
            .map(|line| TicketLine { field: line.field, label: line.label, old: line.old, new: line.new })
            .collect(),
        comment,
    };
    Ok(TicketWithHistory { ticket: Ticket::of(cx, row), history: steps.into_iter().map(step).collect() })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListTickets<'a> {
    /// Only those of this customer.
    #[serde(borrow, default)]
    customer_id: Option<Scalar<'a>>,
    /// 正常工单, 处理中, 已完成 or 已关闭; 未完成 for the first two.
    #[serde(borrow, default)]
    state: Option<Scalar<'a>>,
    /// The login number of who is to do it.
    #[serde(borrow, default)]
    handler: Option<Scalar<'a>>,
    /// 1 to 100, otherwise 20.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// `meta.after` of the page before: what is opened meanwhile repeats nothing.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct TicketList {
    meta: TicketMeta,
    /// The last first.
    result: Vec<Ticket>,
}

#[derive(Serialize, JsonSchema)]
struct TicketMeta {
    /// How many there are on all pages.
    total_count: i64,
    /// What to ask for the next page with; null at the end.
    after: Option<i64>,
}

pub async fn list_tickets(cx: &Cx<'_>, request: ListTickets<'_>) -> Result<TicketList, Error> {
    let state = members::text("state", request.state.as_ref())?;
    let handler = members::text("handler", request.handler.as_ref())?;
    let wanted = Wanted {
        customer: members::number("customerId", request.customer_id.as_ref())?,
        state: state.as_deref(),
        handler: handler.as_deref(),
        after: members::number("after", request.after.as_ref())?,
    };
    let size = members::page_size(request.page_size.as_ref(), PAGE_SIZE, MOST_PAGE_SIZE)?;
    let Page { tickets, total, has_more } = tickets::list(cx, wanted, size).await?;
    let after = tickets.last().filter(|_| has_more).map(|last| last.id);
    let result = tickets.into_iter().map(|row| Ticket::of(cx, row)).collect();
    Ok(TicketList { meta: TicketMeta { total_count: total, after }, result })
}
