//! Building an index from the rows, in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Index, Indexes, State, entries};
use crate::store::blocking;
use crate::store::sqlite::Engine;

/// Customers that are read into an index in one go: writers wait for that, some milliseconds.
const STRETCH: i64 = 512;
/// Terms whose bitmaps are shrunk in one go.
const TERMS: usize = 256;

impl Indexes {
    /// Has indexes built from now on: of these companies, and of others when they search.
    pub fn want(&self, engine: &Engine, companies: impl IntoIterator<Item = i64>) {
        self.inner.is_wanted.store(true, Ordering::Relaxed);
        for company in companies {
            self.build(engine, company);
        }
    }

    /// Builds the index of a company that has none, where indexes are wanted.
    pub fn build(&self, engine: &Engine, company: i64) {
        if !self.inner.is_wanted.load(Ordering::Relaxed) {
            return;
        }
        let Some(index) = self.begin(company) else { return };
        let (indexes, engine) = (self.clone(), engine.clone());
        tokio::spawn(async move {
            if let Err(error) = indexes.fill(&engine, company, &index).await {
                if !matches!(error, sqlx::Error::PoolClosed) {
                    tracing::warn!(%error, "an index could not be built; it is tried again with the next search");
                }
                indexes.forget(company);
            }
            indexes.inner.built.notify_waiters();
        });
    }

    async fn fill(&self, engine: &Engine, company: i64, index: &Arc<Index>) -> sqlx::Result<()> {
        let turn = self.inner.building.acquire().await;
        let mut last = Some(0);
        while let Some(after) = last {
            let (indexes, engine, index) = (self.clone(), engine.clone(), index.clone());
            let began = Instant::now();
            last = blocking(move || indexes.stretch(&engine, company, &index, after)).await?;
            // Half of a processor is for others.
            tokio::time::sleep(began.elapsed()).await;
        }
        let mut behind = None;
        loop {
            behind = match &mut *index.write() {
                State::Building(company) | State::Ready(company) => company.shrink(behind, TERMS),
                State::TooLarge => None,
            };
            if behind.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(turn);
        Ok(())
    }

    /// Reads the next customers after this id into an index; returns the last of them, if there may be more.
    fn stretch(&self, engine: &Engine, company: i64, index: &Index, after: u32) -> sqlx::Result<Option<u32>> {
        // No commit comes between the reading and the putting in.
        let _publishing = self.publishing();
        let entries = engine.look_up(|conn| entries::after(conn, company, after, STRETCH))?;
        let mut state = index.write();
        let last = entries.keys().next_back().copied();
        if !self.has_room_up_to(last) {
            *state = State::TooLarge;
            self.bound(index, &mut state);
        }
        let State::Building(being_built) = &mut *state else { return Ok(None) };
        being_built.put_all(&entries);
        self.bound(index, &mut state);
        if last.is_none()
            && let State::Building(built) = std::mem::replace(&mut *state, State::TooLarge)
        {
            *state = State::Ready(built);
        }
        Ok(last)
    }
}
