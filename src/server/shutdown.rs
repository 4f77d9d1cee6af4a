//! An orderly end: everybody is told, everybody is waited for, but not for ever.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The end of a server: started once, waited for by all connections.
#[derive(Debug, Default)]
pub struct Shutdown {
    started: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Runs a task that the end waits for.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
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
