//! What agents are to be reminded of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::work::reminders::{self, MOST_PAGE_SIZE, PAGE_SIZE, Page, Wanted};
use crate::protocol::lenient::Scalar;
use crate::store::rows::ReminderRow;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct PutReminder<'a>: again {
        /// Of whom, if it is about a customer.
        #[serde(borrow, default)]
        customer_id: Option<Scalar<'a>>,
        /// When; what is past is told at once.
        #[serde(borrow)]
        #[schemars(required)]
        at: Option<Scalar<'a>>,
        /// Of what; at most 2000 characters.
        #[serde(borrow)]
        #[schemars(required)]
        text: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct ReminderShown {
    reminder: Reminder,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Reminder {
    id: i64,
    /// The login number of whom it reminds.
    staff_no: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_name: Option<String>,
    /// In the company's time zone.
    at: String,
    text: String,
    /// waiting, told or done.
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
}

impl Reminder {
    fn of(cx: &Cx<'_>, row: ReminderRow) -> Self {
        let time = |at| times::to_minute(at, &cx.catalogue.company.time_zone);
        Self {
            id: row.id,
            staff_no: cx.catalogue.staff(&row.login_key).map_or(row.login_key, |staff| staff.login_no.clone()),
            customer_id: row.customer_id,
            customer_name: row.customer_name,
            at: time(row.due_at),
            text: row.content,
            state: row.state,
            done_at: row.done_at.map(time),
        }
    }
}

pub async fn put_reminder(cx: &Cx<'_>, request: PutReminder<'_>) -> Result<ReminderShown, Error> {
    let customer = members::number("customerId", request.customer_id.as_ref())?;
    let at = members::time(cx, "at", request.at.as_ref())?.ok_or_else(|| members::missing("at"))?;
    let text = members::text("text", request.text.as_ref())?.unwrap_or_default();
    let row = reminders::put(cx, customer, at, &text).await?;
    Ok(ReminderShown { reminder: Reminder::of(cx, row) })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompleteReminder<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    reminder_id: Option<Scalar<'a>>,
}

pub async fn complete_reminder(cx: &Cx<'_>, request: CompleteReminder<'_>) -> Result<ReminderShown, Error> {
    let row = reminders::complete(cx, members::id("reminderId", request.reminder_id.as_ref())?).await?;
    Ok(ReminderShown { reminder: Reminder::of(cx, row) })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListReminders<'a> {
    /// Only those of this operator. An agent sees his own; a supervisor those of the operators in his reach.
    #[serde(borrow, default)]
    staff_no: Option<Scalar<'a>>,
    /// Due at this time or later.
    #[serde(borrow, default)]
    from: Option<Scalar<'a>>,
    /// Due before this time.
    #[serde(borrow, default)]
    to: Option<Scalar<'a>>,
    /// `true` for those that are done, `false` for those that are not; otherwise both.
    #[serde(borrow, default)]
    done: Option<Scalar<'a>>,
    /// 1 to 100, otherwise 20.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// `meta.after` of the page before.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct ReminderList {
    meta: Cursor,
    /// The first due first.
    result: Vec<Reminder>,
}

#[derive(Serialize, JsonSchema)]
struct Cursor {
    /// What to ask for the next page with; null at the end.
    after: Option<String>,
}

pub async fn list_reminders(cx: &Cx<'_>, request: ListReminders<'_>) -> Result<ReminderList, Error> {
    let done = request.done.as_ref().filter(|done| !done.is_empty());
    let done = done.map(|done| done.flag().ok_or_else(|| Error::one_of("done", &["true", "false"]))).transpose()?;
    let wanted = Wanted {
        login_no: members::text("staffNo", request.staff_no.as_ref())?.map(Into::into),
        from: members::time(cx, "from", request.from.as_ref())?,
        until: members::time(cx, "to", request.to.as_ref())?,
        done,
        after: members::text("after", request.after.as_ref())?.map(|after| place(&after)).transpose()?,
    };
    let size = members::page_size(request.page_size.as_ref(), PAGE_SIZE, MOST_PAGE_SIZE)?;
    let Page { reminders, has_more } = reminders::list(cx, wanted, size).await?;
    let last = reminders.last().filter(|_| has_more);
    let after = last.map(|last| format!("{}-{}", last.due_at, last.id));
    let result = reminders.into_iter().map(|row| Reminder::of(cx, row)).collect();
    Ok(ReminderList { meta: Cursor { after }, result })
}

/// When the last of a page is due, and its number.
fn place(after: &str) -> Result<(i64, i64), Error> {
    let place = || {
        let (at, id) = after.trim().rsplit_once('-')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    };
    place().ok_or_else(|| Error::expected("after", "上一页的 meta.after", "meta.after of the page before"))
}
