//! Showing one masked number to somebody who needs it, and writing down who.

use serde_json::json;

use crate::domain::customer::CustomerPhone;
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::audit;
use crate::ops::customer::find;

/// Returns one phone of a customer, as it was typed. Without `phone`, the customer must have just one.
pub async fn phone(cx: &Cx<'_>, customer: &Identifier<'_>, phone: Option<i64>) -> Result<CustomerPhone, Error> {
    let id = find::find_one(cx, customer).await?;
    // As it is stored, not as the caller sees it.
    let row = cx.scope.customer(id).await?.filter(|row| cx.sees(row)).ok_or(Error::NotFound)?;
    let phones: Vec<CustomerPhone> = serde_json::from_str(&row.phones).map_err(|cause| Error::internal(&cause))?;
    let wanted: Vec<CustomerPhone> =
        phones.into_iter().filter(|known| phone.is_none_or(|wanted| known.id == wanted)).collect();
    let [found] = wanted.try_into().map_err(|_: Vec<_>| {
        Error::parameter("phoneId: 应为该客户的一个电话的 id / expected the id of a phone of this customer")
    })?;
    cx.backend.allowances.reveal(cx, 1)?;
    audit::note(cx, audit::Kind::Reveal, &json!({ "customer": id, "phone": found.id })).await?;
    Ok(found)
}
