//! What agents are to be reminded of: put, listed, done. [`due`](super::due) tells them when their time has come.

use crate::domain::catalogue::login_key;
use crate::domain::customer::Customer;
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::{self, Origin};
use crate::ops::work::about;
use crate::ops::{Cx, idempotency};
use crate::store::Tx;
use crate::store::reminders::ReminderSearch;
use crate::store::rows::ReminderRow;

/// The most that an operator has not done yet.
const MOST: i64 = 1000;
/// Reminders on a page, unless the request says otherwise, and at most.
pub const PAGE_SIZE: i64 = 20;
pub const MOST_PAGE_SIZE: i64 = 100;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of this operator; without one, of all whom the caller answers for.
    pub login_no: Option<String>,
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub done: Option<bool>,
    pub after: Option<(i64, i64)>,
}

/// A page of them.
pub struct Page {
    pub reminders: Vec<ReminderRow>,
    /// Whether there are more.
    pub has_more: bool,
}

/// The login key of whoever asks; programs have nobody to remind.
pub fn for_whom(cx: &Cx<'_>, field: &str) -> Result<String, Error> {
    let operator = cx.caller.operator.as_ref();
    operator.map(|operator| login_key(&operator.login_no)).ok_or_else(|| {
        Error::parameter(format!("{field}: 需要 operator，提醒只给坐席 / needs an operator, whom there is to remind"))
    })
}

/// Reminds the caller of a customer, or of something else, at this time; of what is past, at once.
pub async fn put(cx: &Cx<'_>, customer: Option<i64>, at: i64, text: &str) -> Result<ReminderRow, Error> {
    let text = about::checked("text", text, about::LONGEST)?;
    let whose = for_whom(cx, "at")?;
    let mut tx = customer::begin(cx).await?;
    if let Some(row) = idempotency::recall(cx, &mut tx).await? {
        return again(cx, &mut tx, row).await;
    }
    let (customer, text) = match customer {
        None => (None, text),
        Some(id) => {
            let identifier = Identifier::Id(id);
            let tried = tries::identifier(cx, &identifier)?;
            let customer = Customer::try_from(customer::target(cx, &mut tx, &identifier, &tried).await?)?;
            (Some(customer.id), about::whole(cx, &mut tx, &customer, "text", text).await?)
        }
    };
    let id = insert(cx, &mut tx, customer, &whose, at, &text, Next::No).await?;
    let row = tx.reminder(id).await?.ok_or(Error::NotFound)?;
    idempotency::remember(cx, &mut tx, &id).await?;
    tx.commit().await?;
    cx.backend.due.look();
    show(cx, row)
}

/// What an earlier request came to.
async fn again(cx: &Cx<'_>, tx: &mut Tx, id: i64) -> Result<ReminderRow, Error> {
    let row = tx.reminder(id).await?.ok_or(Error::NotFound)?;
    may_see(cx, tx, &row).await?;
    show(cx, row)
}

/// Whether a reminder is of the next contact with a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Yes,
    No,
}

async fn insert(
    cx: &Cx<'_>,
    tx: &mut Tx,
    customer: Option<i64>,
    whose: &str,
    at: i64,
    text: &str,
    next: Next,
) -> Result<i64, Error> {
    if tx.open_reminders(whose, MOST).await?.is_some_and(|open| open.value >= MOST) {
        return Err(Error::parameter(format!("at: 未完成的提醒最多 {MOST} 条 / at most {MOST} reminders can be open")));
    }
    let counter = tx.count(0, 0, 0, 0, 0, 1, 0).await?.ok_or(Error::NotFound)?;
    let (id, now) = (counter.last_feed, Origin::of(cx).at);
    tx.insert_reminder(id, customer, whose, at, text, i64::from(next == Next::Yes), now).await?;
    Ok(id)
}

/// Reminds the caller of the next contact with a customer, in place of what was open of it; returns the reminder's id.
/// Whoever commits has the clock [look](super::due::Due::look).
pub async fn next_contact(cx: &Cx<'_>, tx: &mut Tx, customer: i64, at: i64, text: &str) -> Result<i64, Error> {
    let whose = for_whom(cx, "nextAt")?;
    if let Some(moved) = tx.move_next_reminder(customer, &whose, at, text).await?.first() {
        return Ok(moved.value);
    }
    insert(cx, tx, Some(customer), &whose, at, text, Next::Yes).await
}

/// Says that it is done; once more changes nothing.
pub async fn complete(cx: &Cx<'_>, id: i64) -> Result<ReminderRow, Error> {
    let mut tx = customer::begin(cx).await?;
    let row = tx.reminder(id).await?.ok_or(Error::NotFound)?;
    may_see(cx, &mut tx, &row).await?;
    tx.complete_reminder(id, Origin::of(cx).at).await?;
    let row = tx.reminder(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    show(cx, row)
}

/// Refuses a reminder of somebody for whom the caller does not answer, or of a customer whom he does not see.
async fn may_see(cx: &Cx<'_>, tx: &mut Tx, row: &ReminderRow) -> Result<(), Error> {
    let answers_for = cx.answers_for().is_none_or(|keys| keys.contains(&row.login_key));
    let sees = match row.customer_id {
        Some(customer) => tx.customer(customer).await?.is_some_and(|customer| cx.sees(&customer)),
        None => true,
    };
    if answers_for && sees { Ok(()) } else { Err(Error::NotFound) }
}

/// Returns a page of reminders, the first due first.
pub async fn list(cx: &Cx<'_>, wanted: Wanted, size: i64) -> Result<Page, Error> {
    if !(1..=MOST_PAGE_SIZE).contains(&size) {
        return Err(Error::PageSize { most: MOST_PAGE_SIZE });
    }
    let answers_for = cx.answers_for();
    let login_keys = match wanted.login_no.as_deref().map(login_key) {
        None => answers_for,
        Some(key) if answers_for.is_none_or(|keys| keys.contains(&key)) => Some(vec![key]),
        Some(_) => {
            return Err(Error::forbidden(
                "staffNo: 不在可见的工号范围内 / is none of the operators whom you answer for",
            ));
        }
    };
    let Wanted { from, until, done, after, .. } = wanted;
    let search = ReminderSearch { login_keys, from, until, done, after, within: cx.within() };
    let mut rows = cx.scope.reminders(&search, size + 1).await?;
    let has_more = i64::try_from(rows.len()).is_ok_and(|count| count > size);
    if has_more {
        rows.pop();
    }
    Ok(Page { reminders: rows.into_iter().map(|row| show(cx, row)).collect::<Result<_, _>>()?, has_more })
}

/// The reminder as the caller may see it.
fn show(cx: &Cx<'_>, mut row: ReminderRow) -> Result<ReminderRow, Error> {
    let ReminderRow { content, customer_name, phones, .. } = &mut row;
    cx.show_texts(phones.as_deref().unwrap_or("[]"), std::iter::once(content).chain(customer_name))?;
    Ok(row)
}
