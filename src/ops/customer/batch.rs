//! Creating many customers, each wholly or not at all.

use super::begin;
use super::changes::{Changes, Patch};
use super::new::New;
use crate::domain::masking::tries;
use crate::error::Error;
use crate::ops::{Cx, jobs, reveal};

/// Creates customers and returns, in their order, which of them could not be. What the job has done is counted in the
/// same transactions, with `beside`, the steps that failed before: its figures are true whatever ends it.
pub async fn create_all(
    cx: &Cx<'_>,
    all: &[Changes<'static>],
    job: &str,
    beside: usize,
) -> Result<Vec<Result<(), Error>>, Error> {
    // A row tells whether its number is somebody's, as a request does.
    let mut results: Vec<Result<(), Error>> = all.iter().map(|changes| count_tries(cx, changes)).collect();
    let mut refused = beside + results.iter().filter(|result| result.is_err()).count();
    // All in one transaction, which costs the least. Where one of them is refused, all are undone, and each half is
    // tried alone.
    let mut parts = runs_of_allowed(&results);
    while let Some((start, end)) = parts.pop() {
        match together(cx, all.get(start..end).unwrap_or_default(), job).await {
            Ok(()) => {}
            Err(fault @ (Error::Internal { .. } | Error::Storage { .. })) => return Err(fault),
            Err(refusal) if end - start == 1 => {
                refused += 1;
                if let Some(result) = results.get_mut(start) {
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

fn count_tries(cx: &Cx<'_>, changes: &Changes<'_>) -> Result<(), Error> {
    let of_name = match &changes.name {
        Patch::Set(name) => tries::in_text(name),
        _ => 0,
    };
    reveal::try_numbers(cx, "import", of_name + changes.phones.as_ref().map_or(0, Vec::len))
}

/// The runs of rows that are not refused yet, the last first.
fn runs_of_allowed(results: &[Result<(), Error>]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (row, _) in results.iter().enumerate().filter(|(_, result)| result.is_ok()) {
        match runs.last_mut() {
            Some((_, end)) if *end == row => *end += 1,
            _ => runs.push((row, row + 1)),
        }
    }
    runs.reverse();
    runs
}

async fn together(cx: &Cx<'_>, all: &[Changes<'static>], job: &str) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let mut tx = begin(cx).await?;
    for changes in all {
        New::check(cx, changes.clone())?.insert(cx, &mut tx).await?;
    }
    jobs::advance(cx, &mut tx, job, all.len(), all.len()).await?;
    Ok(tx.commit().await?)
}
