//! The indexes in memory, kept as the tables are.
//!
//! One writer knows of every change. It reads again what a commit has touched and puts
//! it into the index before anybody is told that it is done: a search never finds less than what somebody has been told.
//! An index is built in the background, a stretch of customers at a time; until it is there, and for a company that it has
//! no room for, the database answers.

mod building;
mod entries;

pub use entries::STATEMENTS;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry as Slot;
use rusqlite::Connection;
use tokio::sync::{Mutex, MutexGuard, Notify, Semaphore};

use crate::index::Company;

/// The indexes of all companies. Cheap to clone.
#[derive(Clone)]
pub struct Indexes {
    inner: Arc<Inner>,
}

struct Inner {
    companies: DashMap<i64, Arc<Index>>,
    /// What all of them may take, bytes.
    most: usize,
    is_wanted: AtomicBool,
    /// Held from before a commit until the indexes are as it left the tables, and while a stretch is read into one.
    publishing: Mutex<()>,
    /// One is built at a time.
    building: Semaphore,
    /// Told whenever there is one less to be built.
    built: Notify,
}

/// The index of one company.
pub struct Index {
    state: RwLock<State>,
    bytes: AtomicUsize,
}

pub enum State {
    Building(Company),
    Ready(Company),
    /// There is no room for it.
    TooLarge,
}

/// How the indexes are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Companies.
    pub ready: usize,
    pub building: usize,
    pub too_large: usize,
    /// What all take, about.
    pub bytes: usize,
}

/// A company's index while it is read.
pub struct Reading<'i>(RwLockReadGuard<'i, State>);

impl std::ops::Deref for Reading<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl State {
    /// The index, once it is built.
    pub fn ready(&self) -> Option<&Company> {
        if let Self::Ready(company) = self { Some(company) } else { None }
    }
}

impl Index {
    fn new() -> Self {
        Self { state: RwLock::new(State::Building(Company::default())), bytes: AtomicUsize::new(0) }
    }

    pub fn read(&self) -> Reading<'_> {
        Reading(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Indexes {
    /// Indexes that take at most so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let inner = Inner {
            companies: DashMap::new(),
            most,
            is_wanted: AtomicBool::new(false),
            publishing: Mutex::new(()),
            building: Semaphore::new(1),
            built: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Holds readers of positions back while a commit, and what follows from it here, is under way. Blocks the thread.
    pub fn publishing(&self) -> MutexGuard<'_, ()> {
        self.inner.publishing.blocking_lock()
    }

    /// The same where none is under way.
    pub fn try_publishing(&self) -> Option<MutexGuard<'_, ()>> {
        self.inner.publishing.try_lock().ok()
    }

    /// Returns once the indexes are as all commits left the tables that could be read before.
    pub async fn settled(&self) {
        drop(self.inner.publishing.lock().await);
    }

    /// Takes over what a commit has touched: pairs of company and customer. The caller holds [`Self::publishing`].
    pub fn take_over(&self, conn: &mut Connection, touched: Vec<(i64, i64)>) {
        let mut of_companies: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (company, customer) in touched {
            of_companies.entry(company).or_default().push(customer);
        }
        for (company, mut customers) in of_companies {
            let Some(index) = self.inner.companies.get(&company).map(|index| index.clone()) else { continue };
            customers.sort_unstable();
            customers.dedup();
            if let Err(error) = self.renew(conn, company, &index, &customers) {
                tracing::warn!(%error, "an index could not be kept as the tables are; it is built again");
                self.forget(company);
            }
        }
    }

    fn renew(&self, conn: &mut Connection, company: i64, index: &Index, customers: &[i64]) -> sqlx::Result<()> {
        if matches!(&*index.read(), State::TooLarge) {
            return Ok(());
        }
        let entries = entries::of(conn, company, customers)?;
        let mut state = index.write();
        if !self.has_room_up_to(entries.keys().next_back().copied()) {
            *state = State::TooLarge;
        }
        if let State::Building(company) | State::Ready(company) = &mut *state {
            for id in customers.iter().filter_map(|id| u32::try_from(*id).ok()) {
                match entries.get(&id) {
                    Some(entry) => company.put(id, entry),
                    None => company.remove(id),
                }
            }
        }
        self.bound(index, &mut state);
        Ok(())
    }

    /// Whether what lies side by side by id would find room, up to this one: few customers may have large ids.
    fn has_room_up_to(&self, id: Option<u32>) -> bool {
        id.is_none_or(|id| Company::bytes_up_to(id) <= self.inner.most)
    }

    /// Lets go of an index that there is no room for.
    fn bound(&self, index: &Index, state: &mut State) {
        let bytes = match state {
            State::Building(company) | State::Ready(company) => company.bytes(),
            State::TooLarge => 0,
        };
        index.bytes.store(bytes, Ordering::Relaxed);
        let all: usize = self.inner.companies.iter().map(|index| index.bytes.load(Ordering::Relaxed)).sum();
        if all > self.inner.most {
            tracing::info!(
                "a company's index does not fit into [database] index_mb; the database answers its searches"
            );
            *state = State::TooLarge;
            index.bytes.store(0, Ordering::Relaxed);
        }
    }

    /// Returns once none is being built.
    pub async fn built(&self) {
        loop {
            let told = self.inner.built.notified();
            if !self.all().iter().any(|index| matches!(&*index.read(), State::Building(_))) {
                return;
            }
            told.await;
        }
    }

    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for index in self.all() {
            figures.bytes += index.bytes.load(Ordering::Relaxed);
            match &*index.read() {
                State::Ready(_) => figures.ready += 1,
                State::Building(_) => figures.building += 1,
                State::TooLarge => figures.too_large += 1,
            }
        }
        figures
    }

    /// All indexes: nobody waits for one of them while he keeps others from the map.
    fn all(&self) -> Vec<Arc<Index>> {
        self.inner.companies.iter().map(|index| index.clone()).collect()
    }

    /// Lets go of an index; the next search has it built again.
    pub fn forget(&self, company: i64) {
        self.inner.companies.remove(&company);
    }

    pub fn forget_all(&self) {
        self.inner.companies.clear();
    }

    /// Returns the index of a company where it is ready.
    pub fn ready(&self, company: i64) -> Option<Arc<Index>> {
        let index = self.inner.companies.get(&company)?.clone();
        let is_ready = index.read().ready().is_some();
        is_ready.then_some(index)
    }

    /// Returns a new index of a company that has none yet.
    fn begin(&self, company: i64) -> Option<Arc<Index>> {
        match self.inner.companies.entry(company) {
            Slot::Occupied(_) => None,
            Slot::Vacant(place) => Some(place.insert(Arc::new(Index::new())).clone()),
        }
    }
}
