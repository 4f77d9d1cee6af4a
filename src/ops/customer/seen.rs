//! What the caller was shown of a customer whom he changes: what he sends otherwise could be a guess at what is hidden.

use serde_json::Value;

use super::Changes;
use crate::domain::customer::Customer;
use crate::domain::masking::{Known, mask, mask_text};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries::{self, Tried, collect};
use crate::ops::systems::{plm, profile};
use crate::store::Tx;
use crate::store::rows::CustomerRow;

/// Counts the numbers and texts of a change that are not as they were shown.
pub async fn tried(
    cx: &Cx<'_>,
    tx: &mut Tx,
    current: &CustomerRow,
    old: &Customer,
    changes: &Changes<'_>,
) -> Result<Tried, Error> {
    let shown = if cx.rights().masks() { shown(cx, tx, current, old, changes).await? } else { Vec::new() };
    tries::change(cx, changes, &shown)
}

/// All texts that a change can send back, as they were shown.
async fn shown(
    cx: &Cx<'_>,
    tx: &mut Tx,
    current: &CustomerRow,
    old: &Customer,
    changes: &Changes<'_>,
) -> Result<Vec<String>, Error> {
    let (catalogue, country) = (&cx.catalogue, &cx.catalogue.company.home);
    let known = Known::of(old.phones.iter().map(|phone| phone.content.as_str()), country);
    let row = cx.show(current.clone())?;
    let mut shown: Vec<String> = Vec::new();
    let texts = [&row.name, &row.company_name, &row.address, &row.last_accept];
    shown.extend(texts.into_iter().flatten().map(|text| text.trim().to_owned()));
    shown.extend(old.phones.iter().map(|phone| mask(&phone.content)));
    for json in [Some(&row.labels), row.custom.as_ref()].into_iter().flatten() {
        let value: Value = serde_json::from_str(json).map_err(|cause| Error::internal(&cause))?;
        collect(&value, &mut shown);
    }
    let entries = [
        (&old.type_value, &catalogue.types),
        (&old.flag_value, &catalogue.flags),
        (&old.source_value, &catalogue.sources),
    ];
    for (value, dictionary) in entries {
        shown.extend(value.iter().flat_map(|value| [value.clone(), mask_text(dictionary.name_of(value)).into_owned()]));
    }
    shown.extend(old.owner_no.iter().map(|owner| mask_text(owner).into_owned()));
    shown.extend(catalogue.fields.iter().map(|field| mask_text(&field.name).into_owned()));
    for (system, _) in &changes.documents {
        let document = profile::stored(tx.document(old.id, system.name()).await?)?;
        let document = profile::masked(*system, document, &old.phones, country);
        collect(&Value::Object(document), &mut shown);
    }
    if changes.plm.is_some() {
        for row in tx.plm_customers(&format!("[{}]", old.id)).await? {
            for value in plm::edit::profile(&row).values() {
                collect(&known.mask_value(value), &mut shown);
            }
        }
    }
    Ok(shown)
}
