//! What is looked after once a second: agents whose sockets are gone, and what ends by itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::ops::calls::due;

/// Looks after the agents until the server stops.
pub async fn look_after(shared: Arc<Shared>) {
    let backend = &shared.backend;
    // The cause of what fails is in the log; the next second tries again.
    let _ = due::begin_anew(backend).await;
    let mut known = BTreeSet::new();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = second.tick() => {}
            () = shared.shutdown.started() => return,
        }
        let here = shared.sessions.operators();
        let gone: BTreeSet<_> = known.difference(&here).cloned().collect();
        if due::notice(backend, &gone, &here).await.is_ok() {
            known = here;
        }
        let _ = due::end(backend).await;
    }
}
