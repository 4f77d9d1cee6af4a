//! Creating, changing and deleting customers.
//!
//! Every door writes through here: one transaction holds the row, what it is found by, the change lines
//! and the event.

mod changes;
mod merge;
mod record;

pub use changes::{Changes, Patch, PhoneChange};
pub use merge::Merged;
pub use record::{Origin, insert};

use super::Cx;
use crate::domain::change;
use crate::domain::customer::Customer;
use crate::error::Error;
use crate::store::Tx;
use crate::store::rows::CustomerRow;

/// Creates a customer and returns it as stored.
pub async fn create(cx: &Cx<'_>, changes: Changes<'_>) -> Result<CustomerRow, Error> {
    let origin = Origin::of(cx);
    let blank = Customer { star: 0, ..Customer::default() };
    let merged = merge::merge(&blank, changes, &cx.catalogue)?;
    merge::check_required(&merged.customer, &cx.catalogue)?;

    let mut tx = cx.scope.write().await?;
    let id = record::insert(&mut tx, &cx.catalogue, merged, &origin).await?;
    let row = stored(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Changes a customer and returns it as stored. What `changes` does not name stays.
pub async fn update(cx: &Cx<'_>, id: i64, changes: Changes<'_>) -> Result<CustomerRow, Error> {
    let origin = Origin::of(cx);
    let mut tx = cx.scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    let old = Customer::try_from(stored(&mut tx, id).await?)?;
    let merged = merge::merge(&old, changes, &cx.catalogue)?;
    record::update(&mut tx, &cx.catalogue, &old, merged, &origin).await?;
    let row = stored(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Deletes a customer with all that is known of it; the event remains.
pub async fn destroy(cx: &Cx<'_>, id: i64) -> Result<(), Error> {
    let mut tx = cx.scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    let old = Customer::try_from(stored(&mut tx, id).await?)?;
    record::delete(&mut tx, &old, &Origin::of(cx)).await?;
    tx.commit().await?;
    Ok(())
}

async fn stored(tx: &mut Tx, id: i64) -> Result<CustomerRow, Error> {
    tx.customer(id).await?.ok_or(Error::NotFound)
}

/// Returns the names of the fields that the lines are about, each once.
fn fields_of(lines: &[change::Line]) -> Vec<&str> {
    let mut fields: Vec<&str> = lines.iter().map(|line| line.field.as_str()).collect();
    fields.dedup();
    fields
}
