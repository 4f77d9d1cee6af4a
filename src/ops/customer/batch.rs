//! Creating many customers, each wholly or not at all.

use super::begin;
use super::changes::Changes;
use super::new::New;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries::{self, Tried};
use crate::ops::files::jobs;

/// Creates customers and returns, in their order, which of them could not be. What the job has done is counted in the
/// same transactions, with `beside`, the steps that failed before: its figures are true whatever ends it.
pub async fn create_all(
    cx: &Cx<'_>,
    all: &[Changes<'static>],
    job: &str,
    beside: usize,
) -> Result<Vec<Result<(), Error>>, Error> {
    let mut results: Vec<Result<(), Error>> = Vec::with_capacity(all.len());
    // Once each: how often one is tried tells whether it was refused.
    let mut counted: Vec<(usize, &Changes<'static>, Tried)> = Vec::with_capacity(all.len());
    for (index, changes) in all.iter().enumerate() {
        let tried = tries::new(cx, changes);
        results.push(tried.map(|tried| counted.push((index, changes, tried))));
    }
    let mut refused = beside + all.len() - counted.len();
    // All in one transaction, which costs the least. Where one of them is refused, all are undone, and each half is
    // tried alone.
    let mut parts = vec![(0, counted.len())];
    while let Some((start, end)) = parts.pop() {
        match together(cx, counted.get(start..end).unwrap_or_default(), job).await {
            Ok(()) => {}
            Err(fault @ (Error::Internal { .. } | Error::Storage { .. })) => return Err(fault),
            Err(refusal) if end - start == 1 => {
                refused += 1;
                let index = counted.get(start).map(|(index, ..)| *index);
                if let Some(result) = index.and_then(|index| results.get_mut(index)) {
                    *result = Err(refusal);
                }
            }
            Err(_) => {
                let middle = usize::midpoint(start, end);
                // The first half comes first: of two rows with one phone, the first has it.
                parts.extend([(middle, end), (start, middle)]);
            }
        }
    }
    if refused > 0 {
        let mut tx = cx.scope.write().await?;
        jobs::advance(cx, &mut tx, job, refused, 0).await?;
        tx.commit().await?;
    }
    Ok(results)
}

async fn together(cx: &Cx<'_>, all: &[(usize, &Changes<'static>, Tried)], job: &str) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let mut tx = begin(cx).await?;
    for (_, changes, tried) in all {
        New::check(cx, Changes::clone(changes))?.insert(cx, &mut tx, tried).await?;
    }
    jobs::advance(cx, &mut tx, job, all.len(), all.len()).await?;
    Ok(tx.commit().await?)
}
