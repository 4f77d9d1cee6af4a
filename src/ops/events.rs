//! What happened, kept for those who come back.

use super::{Backend, Cx};
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::store::Scope;
use crate::store::rows::EventRow;

/// Events that are forgotten at a time: writers wait no longer than for these.
const AT_A_TIME: i64 = 500;

/// Where the events of a company are.
pub struct Position {
    /// Which database this is.
    pub epoch: String,
    /// The last event.
    pub seq: i64,
    /// The oldest that is kept; one more than the last where none is.
    pub oldest: i64,
}

/// Returns where the events are.
pub async fn position(cx: &Cx<'_>) -> Result<Position, Error> {
    let epoch = cx.backend.store.epoch().await?.ok_or(Error::NotFound)?.value;
    let span = cx.scope.event_span().await?.ok_or(Error::NotFound)?;
    cx.backend.store.settled().await;
    Ok(Position { epoch, seq: span.last, oldest: span.oldest })
}

/// Forgets what is older, and what is more, than the settings say; of each company, up to a few hundred stay longer.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    backend.store.tidy();
    for company in backend.store.companies().await? {
        let scope = backend.store.company(company.id);
        while let Some(through) = next(backend, &scope).await? {
            let mut tx = scope.write().await?;
            tx.forget_events(through).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Returns the last of the events that are forgotten next.
async fn next(backend: &Backend, scope: &Scope) -> Result<Option<i64>, Error> {
    let hours = i64::try_from(backend.live.keep_hours).unwrap_or(i64::MAX);
    let before = backend.clock.now().saturating_sub(hours.saturating_mul(60 * 60 * SECOND));
    let most = i64::try_from(backend.live.keep_events).unwrap_or(i64::MAX);
    let Some(span) = scope.event_span().await? else { return Ok(None) };
    // They are numbered without gaps.
    let event = scope.events_after(span.oldest + AT_A_TIME - 2, 1).await?.pop();
    let is_over = |event: &EventRow| event.at < before || event.id <= span.last.saturating_sub(most);
    Ok(event.filter(is_over).map(|event| event.id))
}
