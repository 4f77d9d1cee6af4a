//! How many records are written in one transaction: other writers are not to wait long for it.

use std::time::Duration;

/// The most records that are written in one transaction.
const MOST: usize = 50;
/// How long a transaction is to keep other writers waiting, about.
const HELD: Duration = Duration::from_millis(10);

/// How many records are written in one transaction, as many as there is time for.
#[derive(Debug)]
pub struct Pace(usize);

impl Default for Pace {
    fn default() -> Self {
        Self(MOST / 4)
    }
}

impl Pace {
    /// How many are to be written next.
    pub fn records(&self) -> usize {
        self.0
    }

    /// Learns from a transaction with so many records, which has taken so long.
    pub fn learn(&mut self, records: usize, held: Duration) {
        let micros = |time: Duration| usize::try_from(time.as_micros()).unwrap_or(usize::MAX).max(1);
        let fitting = records.saturating_mul(micros(HELD)) / micros(held);
        // One that was slow by chance is soon forgotten, one that was fast by chance does no harm.
        self.0 = fitting.clamp(1, self.0.saturating_mul(2).min(MOST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_become_as_large_as_there_is_time_for() {
        let mut pace = Pace::default();
        let each = |micros: u64, records: usize| Duration::from_micros(micros * records as u64);
        for (micros, records) in [(1000, 10), (100, MOST), (5000, 2), (50_000, 1), (200, 50)] {
            for _ in 0..10 {
                let written = pace.0;
                pace.learn(written, each(micros, written));
            }
            assert_eq!(pace.0, records, "{micros}");
        }
        // One that was slow by chance is forgotten.
        pace.learn(50, Duration::from_secs(1));
        assert_eq!(pace.0, 1);
        for _ in 0..6 {
            pace.learn(pace.0, Duration::ZERO);
        }
        assert_eq!(pace.0, MOST);
    }
}
