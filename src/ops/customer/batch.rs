//! Creating many customers, each wholly or not at all.

use super::changes::Changes;
use super::new::New;
use super::{Tx, begin};
use crate::error::Error;
use crate::ops::{Cx, jobs};

/// Creates customers and returns, in their order, which of them could not be. What the job has done so far is
/// counted in the same transactions: its figures are true whatever ends it.
pub async fn create_all(cx: &Cx<'_>, all: &[Changes<'static>], job: &str) -> Result<Vec<Result<(), Error>>, Error> {
    // All in one transaction, which costs the least; rarely, one of them is refused, and then each has its own.
    match together(cx, all, job).await {
        Ok(()) => return Ok(all.iter().map(|_| Ok(())).collect()),
        Err(fault @ Error::Internal { .. }) => return Err(fault),
        Err(_) => {}
    }
    let mut results = Vec::with_capacity(all.len());
    for one in all {
        results.push(match together(cx, std::slice::from_ref(one), job).await {
            Err(fault @ Error::Internal { .. }) => return Err(fault),
            Err(refusal) => {
                let mut tx = cx.scope.write().await?;
                jobs::advance(cx, &mut tx, job, 1, 0).await?;
                tx.commit().await?;
                Err(refusal)
            }
            Ok(()) => Ok(()),
        });
    }
    Ok(results)
}

async fn together(cx: &Cx<'_>, all: &[Changes<'static>], job: &str) -> Result<(), Error> {
    let mut tx: Tx = begin(cx).await?;
    for changes in all {
        New::check(cx, changes.clone())?.insert(cx, &mut tx).await?;
    }
    jobs::advance(cx, &mut tx, job, all.len(), all.len()).await?;
    Ok(tx.commit().await?)
}
