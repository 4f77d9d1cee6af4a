//! The company's rule of when a customer is one that is there already.

use super::changes::Duplicates;
use crate::domain::catalogue::DuplicateRule;
use crate::domain::customer::Customer;
use crate::domain::folding::name_key;
use crate::domain::phone::Phone;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries::Tried;
use crate::store::Tx;

/// Refuses what `new` has anew and another customer of the company has already, whoever sees that one. In the
/// transaction of the change, nobody else can be adding the same meanwhile.
pub async fn check(
    cx: &Cx<'_>,
    tx: &mut Tx,
    duplicates: Duplicates,
    old: &Customer,
    new: &Customer,
    tried: &Tried,
) -> Result<(), Error> {
    if duplicates == Duplicates::Allowed {
        return Ok(());
    }
    for rule in &cx.catalogue.company.duplicates {
        let exists = match rule {
            DuplicateRule::Name => old.name != new.name && name_exists(tx, new, tried).await?,
            DuplicateRule::Phone => phone_exists(cx, tx, old, new, tried).await?,
        };
        if exists {
            return Err(Error::Duplicate { field: rule.name() });
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "counted")]
async fn name_exists(tx: &mut Tx, new: &Customer, _: &Tried) -> Result<bool, Error> {
    let key = name_key(new.name.as_deref().unwrap_or_default());
    if key.is_empty() {
        return Ok(false);
    }
    // Besides the customer itself, one is enough.
    let found = tx.customers_by_name(&key, None, None, 2).await?;
    Ok(found.iter().any(|other| other.id != new.id))
}

#[expect(clippy::disallowed_methods, reason = "counted")]
async fn phone_exists(cx: &Cx<'_>, tx: &mut Tx, old: &Customer, new: &Customer, _: &Tried) -> Result<bool, Error> {
    for phone in new.phones.iter().filter(|phone| !old.phones.contains(phone)) {
        let Some(phone) = Phone::parse(&phone.content, &cx.catalogue.company.home) else { continue };
        if tx.customer_by_phone(&phone.key()).await?.is_some_and(|other| other.id != new.id) {
            return Ok(true);
        }
    }
    Ok(false)
}
