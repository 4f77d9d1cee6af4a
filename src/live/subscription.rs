//! Beginning to follow, and ending.

use std::sync::Arc;

use super::topic::Topic;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::events::{self, Position};
use crate::store::events::History;

/// Where a client was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    pub epoch: String,
    pub seq: i64,
}

/// What a socket is to follow from now on.
pub enum Change {
    Follow(Begun),
    /// These topics no more.
    Leave(Vec<Topic>),
    LeaveAll,
}

/// What a new subscription begins with.
pub struct Begun {
    pub history: Arc<History>,
    pub epoch: Arc<str>,
    pub topics: Vec<Topic>,
    /// The number of the first event that it is told of.
    pub next: i64,
}

/// What a client is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub epoch: String,
    /// The last event when it began: pushes up to this one are what was missed.
    pub seq: i64,
    /// How many events of the company were missed, among which are those that are pushed again.
    pub replayed: i64,
    /// Whether what was missed cannot be told any more, so that all is to be read anew.
    pub reload: bool,
}

/// Begins to follow these topics, from where the client was.
pub async fn subscribe(cx: &Cx<'_>, topics: Vec<Topic>, since: Option<Since>) -> Result<(Started, Begun), Error> {
    let history = cx.scope.history().await?;
    let now = events::position(cx).await?;
    let missed = since.as_ref().and_then(|since| missed(since, &now));
    let missed =
        missed.filter(|missed| u64::try_from(*missed).is_ok_and(|missed| missed <= cx.backend.live.replay_events));
    let replayed = missed.unwrap_or(0);
    let next = now.seq - replayed + 1;
    let begun = Begun { history, epoch: now.epoch.as_str().into(), topics, next };
    let reload = since.is_some() && missed.is_none();
    Ok((Started { epoch: now.epoch, seq: now.seq, replayed, reload }, begun))
}

/// How many events came after this one; `None` when not all of them are kept, or it has not been yet.
fn missed(since: &Since, now: &Position) -> Option<i64> {
    let is_kept = since.seq >= 0 && since.seq <= now.seq && since.seq + 1 >= now.oldest;
    (since.epoch == now.epoch && is_kept).then(|| now.seq - since.seq)
}
