//! Chance that falls the same way every time.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A generator with a fixed seed.
pub struct Dice(Pcg64Mcg);

impl Dice {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A number from 0 to below `n`.
    pub fn below(&mut self, n: i64) -> i64 {
        (self.0.next_u64() >> 1).cast_signed() % n.max(1)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// One of these; `None` only when there are none.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        items.get(usize::try_from(self.below(count)).unwrap_or(0))
    }

    /// One of these, copied. An entry that stands twice is twice as likely.
    pub fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        self.choose(items).copied().unwrap_or_default()
    }
}
