//! Work that goes on after its answer. What is known of it is in the database: any server can be asked how far it
//! is, and after a crash it is known how far it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use uuid::Uuid;

use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::{Backend, Cx, idempotency};
use crate::store::Tx;
use crate::store::rows::ActionRow;

/// The states of a job, as iBiz PLM numbers them.
pub const WAITING: i64 = 10;
pub const AT_WORK: i64 = 20;
pub const DONE: i64 = 30;
pub const FAILED: i64 = 40;
/// At work, and asked to end. iBiz PLM does not know that jobs can be cancelled.
pub const CANCELLING: i64 = 21;
/// Ended because somebody asked for that.
pub const CANCELLED: i64 = 41;

/// Jobs that a server carries out at a time.
const AT_A_TIME: usize = 2;
/// What the limit of jobs is called where refusals are counted.
pub const LIMIT: &str = "jobs";
/// The most jobs of a company that are not done.
const MOST: i64 = 16;
/// A job of which nothing was heard for so long has ended with its server, microseconds.
const SILENT: i64 = 120 * SECOND;
/// How often a job says that it is still at work, milliseconds.
const SIGN_OF_LIFE: u64 = 20_000;
/// How often it is tried to write down what a job has come to: a disk may be full for a while.
const TRIES: usize = 600;
/// The time between two of these.
const AGAIN: Duration = Duration::from_secs(1);
/// How long is known what became of a job, seconds.
const KNOWN: i64 = 24 * 60 * 60;

/// The jobs of this server.
pub struct Jobs {
    tasks: TaskTracker,
    stopping: CancellationToken,
    places: Arc<Semaphore>,
    /// The place of each company.
    companies: DashMap<i64, Arc<Semaphore>>,
    /// Milliseconds.
    sign_of_life: AtomicU64,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
            companies: DashMap::new(),
            sign_of_life: AtomicU64::new(SIGN_OF_LIFE),
        }
    }
}

impl Jobs {
    /// Carries a job out, whether or not somebody waits for it.
    pub fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        // In a box: tasks of one type are compiled once.
        self.tasks.spawn(Box::pin(job) as BoxFuture<'static, ()>);
    }

    /// Whether jobs are to end where they are.
    #[must_use]
    pub fn are_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Lets jobs say more often that they are at work.
    #[doc(hidden)]
    pub fn hurry(&self, sign_of_life: Duration) {
        self.sign_of_life.store(u64::try_from(sign_of_life.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Makes all jobs end after the step that they are at; `false` when some did not in time.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.stopping.cancel();
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

/// What a new job is to be known by.
pub struct Job<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
    pub tag: &'a str,
}

/// Returns the job that the same request led to before.
pub async fn entered(cx: &Cx<'_>) -> Result<Option<String>, Error> {
    if cx.request.is_none() {
        return Ok(None);
    }
    idempotency::recall(cx, &mut cx.scope.write().await?).await
}

/// Writes a new job down, begins to carry it out and returns its id. A request that comes again leads to the job of
/// before.
pub async fn enter<F>(cx: &Cx<'_>, job: &Job<'_>, work: impl FnOnce(String) -> F) -> Result<String, Error>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tx = cx.scope.write().await?;
    if let Some(id) = idempotency::recall(cx, &mut tx).await? {
        return Ok(id);
    }
    if tx.async_actions_since(cx.now - SILENT).await?.is_some_and(|jobs| jobs.value >= MOST) {
        let most = u32::try_from(MOST).unwrap_or_default();
        return Err(Error::RateLimited { retry_after_ms: 10_000, why: LIMIT, most });
    }
    let id = Uuid::new_v4().simple().to_string();
    tx.insert_async_action(&id, job.name, job.kind, job.subject, job.tag, cx.now, cx.caller.login_no()).await?;
    idempotency::remember(cx, &mut tx, &id).await?;
    // From here on it is carried out, whether or not somebody still waits.
    let (work, committed) = (work(id.clone()), tokio::spawn(tx.commit()));
    let (told, tell) = tokio::sync::oneshot::channel();
    cx.backend.jobs.spawn(async move {
        let outcome = committed.await.map_err(|cause| Error::internal(&cause)).and_then(|done| Ok(done?));
        let is_entered = outcome.is_ok();
        let _ = told.send(outcome);
        if is_entered {
            work.await;
        }
    });
    tell.await.map_err(|cause| Error::internal(&cause))??;
    Ok(id)
}

/// A place among the jobs that are at work, until it is dropped.
pub struct Place {
    _of_company: OwnedSemaphorePermit,
    _of_server: OwnedSemaphorePermit,
}

/// Returns a place when there is one; `None` when the server ends, or the job has. A company has one at a time: its
/// imports must not keep those of others waiting.
pub async fn place(backend: &Backend, company: i64, signs: &SignsOfLife) -> Option<Place> {
    let jobs = &backend.jobs;
    let of_company = jobs.companies.entry(company).or_insert_with(|| Arc::new(Semaphore::new(1))).clone();
    let places = async {
        let of_company = of_company.acquire_owned().await.ok()?;
        let of_server = jobs.places.clone().acquire_owned().await.ok()?;
        Some(Place { _of_company: of_company, _of_server: of_server })
    };
    tokio::select! {
        place = places => place,
        () = jobs.stopping.cancelled() => None,
        () = signs.unwanted.cancelled() => None,
    }
}

/// Says that a job is still there, until it is dropped.
pub struct SignsOfLife {
    _task: AbortOnDropHandle<()>,
    /// Set once the job is not to go on.
    unwanted: CancellationToken,
}

/// Begins to say, again and again, that a job is still there. A task of its own does: to write it waits for the writer,
/// which the job itself may hold, so the job must be able to go on meanwhile.
#[must_use]
pub fn signs_of_life(backend: &Arc<Backend>, company: i64, job: &str) -> SignsOfLife {
    let (backend, job) = (backend.clone(), job.to_owned());
    let pace = Duration::from_millis(backend.jobs.sign_of_life.load(Ordering::Relaxed));
    let unwanted = CancellationToken::new();
    let of_task = unwanted.clone();
    let task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(pace).await;
            // The cause is in the log; the next one may be heard.
            if let Ok(false) = sign_of_life(&backend, company, &job).await {
                return of_task.cancel();
            }
        }
    });
    SignsOfLife { _task: AbortOnDropHandle::new(task), unwanted }
}

/// Returns whether the job is to go on.
async fn sign_of_life(backend: &Backend, company: i64, job: &str) -> Result<bool, Error> {
    let mut tx = backend.store.company(company).write().await?;
    let is_wanted = tx.advance_async_action(job, 0, 0, backend.clock.now()).await? > 0;
    tx.commit().await?;
    Ok(is_wanted)
}

/// Marks a job as being at work, with as many steps as there are to be. Returns whether it is to begin.
pub async fn begin(cx: &Cx<'_>, job: &str, steps: u32) -> Result<bool, Error> {
    let mut tx = cx.scope.write().await?;
    let is_wanted = tx.begin_async_action(job, steps.into(), cx.backend.clock.now()).await? > 0;
    tx.commit().await?;
    Ok(is_wanted)
}

/// Counts steps that are done, and those of them that have succeeded, with what else the transaction writes. Returns
/// whether the job is to go on; otherwise nothing is counted, and what the transaction wrote is to be left undone.
pub async fn advance(cx: &Cx<'_>, tx: &mut Tx, job: &str, done: usize, succeeded: usize) -> Result<bool, Error> {
    let number = |steps: usize| i64::try_from(steps).unwrap_or(i64::MAX);
    Ok(tx.advance_async_action(job, number(done), number(succeeded), cx.backend.clock.now()).await? > 0)
}

/// Asks a job to end. One that waits has ended at once, with this result; one at work ends where it would count its next
/// steps, whichever server carries it out. One that has ended stays as it is.
pub async fn cancel(cx: &Cx<'_>, job: &str, result: &str) -> Result<(), Error> {
    let mut tx = cx.scope.write().await?;
    if let Some(()) = idempotency::recall(cx, &mut tx).await? {
        return Ok(());
    }
    let now = cx.backend.clock.now();
    tx.cancel_async_action(job, result, now, now - SILENT).await?;
    idempotency::remember(cx, &mut tx, &()).await?;
    Ok(tx.commit().await?)
}

/// Writes down what a job has come to, as soon as that can be written.
pub async fn end(backend: &Backend, company: i64, job: &str, state: i64, result: &str) -> Result<(), Error> {
    let mut ended = try_to_end(backend, company, job, state, result).await;
    for _ in 1..TRIES {
        if ended.is_ok() || backend.jobs.are_stopping() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = backend.jobs.stopping.cancelled() => {}
        }
        ended = try_to_end(backend, company, job, state, result).await;
    }
    ended
}

async fn try_to_end(backend: &Backend, company: i64, job: &str, state: i64, result: &str) -> Result<(), Error> {
    let mut tx = backend.store.company(company).write().await?;
    tx.end_async_action(job, state, result, backend.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Returns how far a job is. One that ended with its server has failed.
pub async fn find(cx: &Cx<'_>, id: &str) -> Result<ActionRow, Error> {
    let found = cx.scope.async_action(id).await?;
    let mut job = found.filter(|job| job.created_by == cx.caller.login_no()).ok_or(Error::NotFound)?;
    if job.state < DONE && job.updated_at < cx.backend.clock.now() - SILENT {
        job.state = if job.state == CANCELLING { CANCELLED } else { FAILED };
    }
    Ok(job)
}

/// Whether a job has ended, while it waited.
pub async fn has_ended(cx: &Cx<'_>, id: &str) -> Result<bool, Error> {
    Ok(cx.scope.async_action(id).await?.is_none_or(|job| job.state >= DONE))
}

/// Returns what a job has come to, once it has.
pub async fn outcome(cx: &Cx<'_>, id: &str) -> Result<ActionRow, Error> {
    const PACE: Duration = Duration::from_millis(50);
    loop {
        let job = find(cx, id).await?;
        if job.state >= DONE {
            return Ok(job);
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Forgets, in all companies, what became of jobs long ago.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    let before = backend.clock.now().saturating_sub(KNOWN * SECOND);
    for company in backend.store.companies().await? {
        let mut tx = backend.store.company(company.id).write().await?;
        tx.forget_async_actions(before).await?;
        tx.commit().await?;
    }
    Ok(())
}
