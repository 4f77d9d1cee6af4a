//! What has a time at which it is told: reminders.
//!
//! Whoever tells one says so in its row, in the transaction that writes the event: of several servers, and of one that
//! was started again, exactly one tells it.

use serde_json::json;
use tokio::sync::Notify;

use crate::domain::event::{self, Body};
use crate::domain::times;
use crate::error::Error;
use crate::ops::access::identity::{self, Claim};
use crate::ops::customer::{Origin, json, record};
use crate::ops::{Backend, Caller, SYSTEM};
use crate::store::Scope;
use crate::store::rows::{CustomerRow, ReminderRow};

/// Reminders that are told in one transaction: writers wait no longer than for these.
const AT_A_TIME: i64 = 100;

/// What wakes the clock up when there is something that may be due sooner than it knows.
#[derive(Default)]
pub struct Due(Notify);

impl Due {
    /// Has the clock look at once.
    pub fn look(&self) {
        self.0.notify_one();
    }

    /// Waits until it is to look.
    pub async fn wanted(&self) {
        self.0.notified().await;
    }
}

/// Tells all that is due now, in all companies, and returns when there is more to tell, microseconds, as far as is known.
pub async fn tell(backend: &Backend) -> Result<Option<i64>, Error> {
    let now = backend.clock.now();
    loop {
        let companies = backend.store.companies_with_due(now).await?;
        if companies.is_empty() {
            break;
        }
        for company in companies {
            remind(backend, &backend.store.company(company.value), now).await?;
        }
    }
    Ok(backend.store.next_reminder(now).await?.map(|next| next.value))
}

/// Tells some of a company's.
async fn remind(backend: &Backend, scope: &Scope, now: i64) -> Result<(), Error> {
    let mut tx = scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    let origin = Origin { login_no: SYSTEM.to_owned(), name: SYSTEM.to_owned(), at: backend.clock.now() };
    let mut claimed: Vec<i64> = tx.claim_reminders(now, AT_A_TIME).await?.into_iter().map(|row| row.value).collect();
    claimed.sort_unstable();
    for id in claimed {
        let Some(row) = tx.reminder(id).await? else { continue };
        let customer = match row.customer_id {
            Some(customer) => tx.customer(customer).await?,
            None => None,
        };
        let Some(body) = body(backend, scope.company(), &row, customer.as_ref()).await? else { continue };
        let counter = tx.count(0, 0, 0, 0, 0, 0, 1).await?.ok_or(Error::NotFound)?;
        let customer = row.customer_id.unwrap_or_default();
        record::write_event(&mut tx, counter.last_event, event::REMINDER_DUE, customer, &body, &origin).await?;
    }
    Ok(tx.commit().await?)
}

/// What is told of a reminder; nothing when there is nobody any more to be told, or he does not see the customer now.
async fn body(
    backend: &Backend,
    company: i64,
    row: &ReminderRow,
    customer: Option<&CustomerRow>,
) -> Result<Option<Body>, Error> {
    let claim = Claim { company: Some(company), operator: Some(row.login_key.clone()), ..Claim::default() };
    let caller: Caller = match identity::believe(backend, &claim).await {
        Ok(caller) => caller,
        Err(Error::NotSignedIn { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    let cx = backend.context(&caller).await?;
    if customer.is_some_and(|customer| !cx.sees(customer)) {
        return Ok(None);
    }
    let phones = customer.map_or("[]", |customer| &customer.phones);
    let phones: Vec<crate::domain::customer::CustomerPhone> = json::from_json(phones)?;
    let more = json!({
        "reminderId": row.id,
        "dueAt": times::to_minute(row.due_at, &cx.catalogue.company.time_zone),
        "text": row.content,
    });
    Ok(Some(Body {
        to: Some(row.login_key.clone()),
        phones: phones.into_iter().map(|phone| phone.content).collect(),
        more: more.as_object().cloned().unwrap_or_default(),
        ..Body::default()
    }))
}
