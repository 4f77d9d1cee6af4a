//! Who tells that there are new events: this process at once, others by PostgreSQL's `notify`.
//!
//! A hint makes it quick and is nothing to rely on. It is given outside of the transaction that wrote the event: a `notify`
//! inside would take a lock until the commit that all other commits wait for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

/// What the companies with new events are told on.
const CHANNEL: &str = "laidian_event";
/// How long until a database that cannot be listened to is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Hints {
    here: Arc<Here>,
    /// The way to other processes, if there can be any.
    elsewhere: Option<Arc<Elsewhere>>,
}

/// Who waits in this process.
#[derive(Default)]
struct Here {
    companies: DashMap<i64, watch::Sender<()>>,
    any: Notify,
}

struct Elsewhere {
    pool: PgPool,
    new: Arc<New>,
    /// Begun when there is something to tell, and somebody who wants to hear.
    telling: OnceLock<AbortOnDropHandle<()>>,
    listening: OnceLock<AbortOnDropHandle<()>>,
}

/// The companies that others are to be told of.
#[derive(Default)]
struct New {
    companies: Mutex<BTreeSet<i64>>,
    wake_up: Notify,
}

impl Hints {
    /// Hints that other processes on this database get and give, too.
    #[must_use]
    pub fn over(pool: PgPool) -> Self {
        let (telling, listening) = (OnceLock::new(), OnceLock::new());
        let elsewhere = Elsewhere { pool, new: Arc::default(), telling, listening };
        Self { here: Arc::default(), elsewhere: Some(Arc::new(elsewhere)) }
    }

    /// What tells of new events of a company.
    #[must_use]
    pub fn of(&self, company: i64) -> watch::Receiver<()> {
        if let Some(elsewhere) = &self.elsewhere {
            let listening = || AbortOnDropHandle::new(tokio::spawn(listen(elsewhere.pool.clone(), self.here.clone())));
            elsewhere.listening.get_or_init(listening);
        }
        self.here.companies.entry(company).or_default().subscribe()
    }

    /// Tells that there are new events of a company.
    pub fn tell(&self, company: i64) {
        self.here.tell(company);
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.new.companies.lock().unwrap_or_else(PoisonError::into_inner).insert(company);
            elsewhere.new.wake_up.notify_one();
            let telling = || AbortOnDropHandle::new(tokio::spawn(tell(elsewhere.pool.clone(), elsewhere.new.clone())));
            elsewhere.telling.get_or_init(telling);
        }
    }

    /// Waits until there are new events of whichever company; one waits at a time.
    pub async fn any(&self) {
        self.here.any.notified().await;
    }

    /// Forgets the companies that nobody follows.
    pub fn tidy(&self, is_followed: impl Fn(i64) -> bool) {
        self.here.companies.retain(|company, hint| is_followed(*company) || hint.receiver_count() > 0);
    }
}

impl Here {
    fn tell(&self, company: i64) {
        if let Some(hint) = self.companies.get(&company) {
            hint.send_replace(());
        }
        self.any.notify_one();
    }
}

/// Tells other processes: while one statement is under way, what comes is gathered for the next.
async fn tell(pool: PgPool, new: Arc<New>) {
    loop {
        new.wake_up.notified().await;
        let companies = std::mem::take(&mut *new.companies.lock().unwrap_or_else(PoisonError::into_inner));
        let companies: Vec<String> = companies.iter().map(i64::to_string).collect();
        let query = sqlx::query("select pg_notify($1, company) from unnest($2::text[]) company");
        // Who is not told looks by himself.
        if let Err(error) = query.bind(CHANNEL).bind(&companies).execute(&pool).await {
            tracing::debug!(%error, "other servers could not be told of new events");
        }
    }
}

/// Hears from other processes, and from this one once more.
async fn listen(pool: PgPool, here: Arc<Here>) {
    while !pool.is_closed() {
        if let Err(error) = hear(&pool, &here).await {
            tracing::debug!(%error, "the database cannot be listened to and is tried again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn hear(pool: &PgPool, here: &Here) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let heard = listener.recv().await?;
        if let Ok(company) = heard.payload().parse() {
            here.tell(company);
        }
    }
}
