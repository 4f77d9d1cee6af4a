//! What only one documented system knows of a customer.

use super::Cx;
use super::rights::Shown;
use crate::domain::document::{Document, Member, Shape, System};
use crate::domain::masking::mask;
use crate::error::Error;

/// Returns a system's document of a customer, as the caller may see it; empty when there is none.
pub async fn of(cx: &Cx<'_>, customer: &Shown, system: System) -> Result<Document, Error> {
    let Some(row) = cx.scope.document(customer.id, system.name()).await? else { return Ok(Document::new()) };
    let mut document: Document = serde_json::from_str(&row.value).map_err(|cause| Error::internal(&cause))?;
    if cx.rights().masks() {
        mask_members(system.members(), &mut document);
    }
    Ok(document)
}

fn mask_members(members: &[Member], document: &mut Document) {
    for member in members {
        match (&member.shape, document.get_mut(member.name)) {
            (Shape::Phone, Some(serde_json::Value::String(phone))) => *phone = mask(phone),
            (Shape::List(members), Some(serde_json::Value::Array(list))) => {
                list.iter_mut()
                    .filter_map(|entry| entry.as_object_mut())
                    .for_each(|entry| mask_members(members, entry));
            }
            _ => {}
        }
    }
}
