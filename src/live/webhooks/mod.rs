//! Other systems are told, too: each event that they want is put on its way, and tried until it is taken or a day is over.
//!
//! What is on its way stands in the database. Whoever tries it takes it for a minute first, so that of several servers one
//! does; a server that dies leaves it to the others. Of one customer, one event is delivered after the other.

mod client;
mod plan;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dashmap::DashMap;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use self::client::Client;
pub use self::plan::plan;
use crate::domain::times::SECOND;
use crate::domain::webhook;
use crate::error::Error;
use crate::ops::Backend;
use crate::ops::webhooks::deliveries::{self, Outcome};
use crate::store::rows::ClaimedRow;

/// Deliveries of a company that this server tries at a time.
const AT_A_TIME: usize = 16;
/// What happens together is put on its way together.
const GATHERING: Duration = Duration::from_millis(20);

/// How long the end of the server waits for an answer.
const MOMENT: Duration = Duration::from_secs(2);

/// What tells other systems.
pub struct Webhooks {
    backend: Arc<Backend>,
    client: Client,
    /// Those of each company that may be tried besides.
    places: DashMap<i64, Arc<Semaphore>>,
    tasks: TaskTracker,
    /// Whether there is anybody to be told.
    is_wanted: AtomicBool,
    one_ended: Notify,
}

impl Webhooks {
    #[must_use]
    pub fn new(backend: Arc<Backend>) -> Arc<Self> {
        let client = Client::new(backend.webhooks.allow.clone());
        Arc::new(Self {
            backend,
            client,
            places: DashMap::new(),
            tasks: TaskTracker::new(),
            is_wanted: AtomicBool::new(false),
            one_ended: Notify::new(),
        })
    }

    /// Puts on its way what has happened, and begins to try what is due. Returns when there is more to try, microseconds, as
    /// far as is known.
    pub async fn look(self: &Arc<Self>) -> Result<Option<i64>, Error> {
        let store = &self.backend.store;
        self.is_wanted.store(store.any_webhook().await?.is_some(), Ordering::Relaxed);
        let mut has_more = false;
        for company in store.companies_with_news().await? {
            // The cause of a fault is in the log; the others do not wait for it.
            has_more |= plan(&self.backend, company.value).await.unwrap_or(false);
        }
        let now = self.backend.clock.now();
        for company in store.companies_with_deliveries(now).await? {
            let _ = self.begin(company.value).await;
        }
        if has_more {
            return Ok(Some(now));
        }
        Ok(store.next_delivery(now).await?.map(|next| next.value))
    }

    async fn begin(self: &Arc<Self>, company: i64) -> Result<(), Error> {
        let places = self.places.entry(company).or_insert_with(|| Arc::new(Semaphore::new(AT_A_TIME))).clone();
        let free = i64::try_from(places.available_permits()).unwrap_or_default();
        if free == 0 {
            return Ok(());
        }
        for delivery in deliveries::claim(&self.backend, company, free).await? {
            let Ok(place) = places.clone().try_acquire_owned() else { return Ok(()) };
            self.tasks.spawn(self.clone().attempt(company, delivery, place));
        }
        Ok(())
    }

    async fn attempt(self: Arc<Self>, company: i64, delivery: ClaimedRow, place: OwnedSemaphorePermit) {
        if let Ok(Some(outcome)) = self.send(company, &delivery).await {
            // What cannot be written down is tried again when its minute is over.
            let _ = deliveries::note(&self.backend, company, &delivery, &outcome).await;
        }
        drop(place);
        self.one_ended.notify_one();
    }

    async fn send(&self, company: i64, delivery: &ClaimedRow) -> Result<Option<Outcome>, Error> {
        let store = &self.backend.store;
        let Some(row) = store.company(company).webhook(&delivery.webhook_id).await? else { return Ok(None) };
        let epoch = store.epoch().await?.ok_or(Error::NotFound)?.value;
        // The same however often it comes: by it, who has it already knows that he has.
        let id = format!("{epoch}.{company}.{}", delivery.seq);
        let timestamp = self.backend.clock.now().div_euclid(SECOND);
        let signature = webhook::signature(&row.secret, &id, timestamp, &delivery.body);
        let headers =
            [("webhook-id", id), ("webhook-timestamp", timestamp.to_string()), ("webhook-signature", signature)];
        Ok(Some(self.client.post(&row.url, &headers, &Bytes::from(delivery.body.clone())).await))
    }

    /// Waits until there may be something to do.
    pub async fn wanted(&self) {
        tokio::select! {
            () = self.one_ended.notified() => {}
            () = self.backend.store.has_happened(), if self.is_wanted.load(Ordering::Relaxed) => {
                tokio::time::sleep(GATHERING).await;
            }
        }
    }

    /// Waits until what has begun is done.
    pub async fn rest(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits a moment for what has begun. What is not answered then is tried again when its minute is over.
    pub async fn end(&self) {
        let _ = tokio::time::timeout(MOMENT, self.rest()).await;
    }
}
