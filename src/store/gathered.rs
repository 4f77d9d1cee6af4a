//! Look-ups of many requests in one statement.
//!
//! A statement costs a trip to a database thread, or to a database server, whatever it asks. So the look-ups
//! that come while one is under way wait for each other and go together. Alone, a look-up goes at once.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Store;
use super::rows::{CustomerRow, PlacedRow};
use super::searching::is_interrupted;

/// Look-ups that may wait; beyond, whoever asks waits for a place.
const WAITING: usize = 1024;
/// Look-ups in one statement.
const MOST: usize = 128;
/// Statements under way at a time: while one is at work, the next is gathered.
const AT_A_TIME: usize = 2;

/// The way to the gathering tasks.
#[derive(Clone)]
pub struct Gathered {
    queue: mpsc::Sender<LookUp>,
}

struct LookUp {
    company: i64,
    phone_key: String,
    answer: oneshot::Sender<sqlx::Result<Vec<Called>>>,
}

/// A customer whose phone was looked for.
pub struct Called {
    /// The name of the contact whose phone it is; `None` for the customer's own.
    pub contact: Option<String>,
    pub customer: CustomerRow,
}

impl Gathered {
    /// Begins to gather look-ups for this store, until nobody can ask any more.
    pub fn new(store: Store) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(serve(store, waiting));
        Self { queue }
    }

    /// The customers whose phone, or whose contact's phone, has this key.
    pub async fn customers_by_phone(&self, company: i64, phone_key: String) -> sqlx::Result<Vec<Called>> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(LookUp { company, phone_key, answer }).await.map_err(|_| sqlx::Error::PoolClosed)?;
        answered.await.map_err(|_| sqlx::Error::PoolClosed)?
    }
}

async fn serve(store: Store, mut waiting: mpsc::Receiver<LookUp>) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    while let Ok(place) = places.clone().acquire_owned().await {
        let mut gathered = Vec::new();
        if waiting.recv_many(&mut gathered, MOST).await == 0 {
            return;
        }
        let store = store.clone();
        tokio::spawn(async move {
            answer(&store, gathered).await;
            drop(place);
        });
    }
}

async fn answer(store: &Store, gathered: Vec<LookUp>) {
    let keys: Vec<(i64, &str)> = gathered.iter().map(|look_up| (look_up.company, look_up.phone_key.as_str())).collect();
    match look_up(store, &keys).await {
        Ok(found) => {
            for (look_up, found) in gathered.into_iter().zip(found) {
                // Whoever has left needs no answer.
                let _ = look_up.answer.send(found);
            }
        }
        Err(cause) => {
            let timed_out = matches!(cause, sqlx::Error::PoolTimedOut) || is_interrupted(&cause);
            let text = cause.to_string();
            for look_up in gathered {
                let error = if timed_out { sqlx::Error::PoolTimedOut } else { sqlx::Error::Protocol(text.clone()) };
                let _ = look_up.answer.send(Err(error));
            }
        }
    }
}

/// Returns the customers of each of these phones, pairs of company and key.
pub async fn look_up(store: &Store, keys: &[(i64, &str)]) -> sqlx::Result<Vec<sqlx::Result<Vec<Called>>>> {
    let phones = serde_json::to_string(keys).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
    let mut rows: Vec<Vec<PlacedRow>> = keys.iter().map(|_| Vec::new()).collect();
    for row in store.customers_by_phones(&phones).await? {
        if let Some(found) = usize::try_from(row.place).ok().and_then(|place| rows.get_mut(place)) {
            found.push(row);
        }
    }
    let called = |row: PlacedRow| match serde_json::from_str(&row.customer) {
        Ok(customer) => Ok(Called { contact: row.contact, customer }),
        Err(cause) => Err(sqlx::Error::Decode(cause.into())),
    };
    Ok(rows.into_iter().map(|rows| rows.into_iter().map(called).collect()).collect())
}
