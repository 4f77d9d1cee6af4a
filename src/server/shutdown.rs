//! An orderly end: everybody is told, everybody is waited for, but not for ever.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config;

/// 2⁶⁴ divided by the golden ratio: multiples of it fall evenly into any range, however many there are.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The end of a server: started once, waited for by all connections.
#[derive(Debug, Default)]
pub struct Shutdown {
    started: CancellationToken,
    tasks: TaskTracker,
    retry_after_ms: u64,
    retry_spread_ms: u64,
    /// Calls over HTTP that were told when to come again.
    told: AtomicU64,
}

impl Shutdown {
    #[must_use]
    pub fn new(settings: &config::Shutdown) -> Self {
        let config::Shutdown { retry_after_ms, retry_spread_ms, .. } = *settings;
        Self { retry_after_ms, retry_spread_ms, ..Self::default() }
    }

    /// When this one of many is to come again, milliseconds. All at the same time would be too many for the next server.
    #[must_use]
    pub fn retry_after_ms(&self, who: u64) -> u64 {
        let share = u128::from(who.wrapping_mul(GOLDEN)) * (u128::from(self.retry_spread_ms) + 1);
        // Less than the spread and one more.
        let share = u64::try_from(share >> 64).unwrap_or_default();
        self.retry_after_ms.saturating_add(share)
    }

    /// The same for one that is known by no number.
    #[must_use]
    pub fn next_retry_after_ms(&self) -> u64 {
        self.retry_after_ms(self.told.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a task that the end waits for.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // In a box: tasks of one type are compiled once.
        self.tasks.spawn(Box::pin(task) as BoxFuture<'static, ()>);
    }

    /// Whether the end has begun.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.started.is_cancelled()
    }

    /// Returns when the end begins.
    pub async fn started(&self) {
        self.started.cancelled().await;
    }

    /// The same, for those who keep it beside other things that they wait for.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.started.clone()
    }

    /// Begins the end and waits for all tasks; `false` when some were not done in time.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.started.cancel();
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn many_come_again_evenly_spread() {
        let shutdown = |retry_after_ms, retry_spread_ms| {
            Shutdown::new(&config::Shutdown { retry_after_ms, retry_spread_ms, drain_seconds: 0 })
        };
        let spread = shutdown(1000, 4000);
        for from in [0, 1_000_000, u64::MAX - 500] {
            let times: BTreeSet<u64> =
                (0..1000).map(|nth: u64| spread.retry_after_ms(from.wrapping_add(nth))).collect();
            assert!(times.len() > 900, "{from}: {}", times.len());
            assert!(times.iter().all(|time| (1000..=5000).contains(time)), "{from}");
            for quarter in 0..4 {
                let from = 1000 + quarter * 1000;
                let share = times.range(from..from + 1000).count();
                assert!((200..300).contains(&share), "{quarter}: {share}");
            }
        }
        assert!((0..100).all(|who| shutdown(77, 0).retry_after_ms(who) == 77));
        assert!(shutdown(u64::MAX, u64::MAX).retry_after_ms(1) == u64::MAX);
    }
}
