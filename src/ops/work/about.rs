//! Texts that somebody writes about a customer.

use std::borrow::Cow;

use crate::domain::customer::Customer;
use crate::domain::document::System;
use crate::domain::masking::Unclear;
use crate::domain::text::visible;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::unmask;
use crate::ops::systems::profile;
use crate::store::Tx;

/// The longest text about a customer, characters.
pub const LONGEST: usize = 2000;

/// Returns a text as it is stored, without what nobody sees; it must not be empty.
pub fn checked<'t>(field: &str, text: &'t str, longest: usize) -> Result<Cow<'t, str>, Error> {
    let text = visible(text);
    if text.is_empty() || text.chars().count() > longest || text.contains('\0') {
        return Err(Error::parameter(format!(
            "{field}: 1 到 {longest} 个字符，不含 U+0000 / expected 1 to {longest} characters without U+0000"
        )));
    }
    Ok(text)
}

/// Returns a text about a customer with the digits of the numbers in it that are hidden from who writes it.
pub async fn whole<'t>(
    cx: &Cx<'_>,
    tx: &mut Tx,
    customer: &Customer,
    field: &str,
    text: Cow<'t, str>,
) -> Result<Cow<'t, str>, Error> {
    if !cx.rights().masks() {
        return Ok(text);
    }
    let home = &cx.catalogue.company.home;
    let mut meant = unmask::hidden(customer, home).restore(None, &text);
    for system in System::ALL {
        if meant == Err(Unclear::Incomplete) {
            let document = profile::stored(tx.document(customer.id, system.name()).await?)?;
            meant = unmask::hidden_with(customer, system, &document, home).restore(None, &text);
        }
    }
    let meant = meant.map_err(|unclear| unmask::refusal(field, &unclear))?;
    Ok(meant.map_or(text, Cow::Owned))
}
