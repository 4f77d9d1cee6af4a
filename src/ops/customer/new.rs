//! A customer that is to be created.

use super::changes::{Changes, Duplicates, PlmPatch};
use super::origin::Origin;
use super::record;
use super::{Merged, adopt, duplicates, merge, stay_within, stored, unmask};
use crate::domain::change;
use crate::domain::customer::Customer;
use crate::domain::document::Document;
use crate::domain::masking::Hidden;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::tries::Tried;
use crate::ops::systems::common;
use crate::ops::systems::plm::edit;
use crate::ops::systems::profile::documents;
use crate::ops::systems::profile::documents::Patched;
use crate::store::Tx;
use crate::store::rows::CustomerRow;

/// A new customer that keeps every rule that can be told without the database.
pub struct New {
    merged: Merged,
    documents: Vec<Patched>,
    profile: Option<PlmPatch>,
    duplicates: Duplicates,
}

impl New {
    /// Refuses what the caller may not create, and what breaks a rule.
    pub fn check(cx: &Cx<'_>, mut changes: Changes<'_>) -> Result<Self, Error> {
        // By whatever name and system it is asked for, it is this right that is needed.
        cx.require("create_customer", Role::Agent)?;
        let home = &cx.catalogue.company.home;
        let masks = cx.rights().masks();
        let documents = std::mem::take(&mut changes.documents).into_iter();
        let documents = documents.map(|(system, mut patch)| {
            if masks {
                documents::restore(&mut patch, &Document::new(), &Document::new(), &Hidden::default())?;
            }
            Patched::check(system, Document::new(), patch, home)
        });
        let mut documents = documents.collect::<Result<Vec<_>, _>>()?;
        common::share(&mut changes, &mut documents, &Customer::default(), &cx.catalogue)?;
        if masks {
            // Nothing was shown of it: a number in it that is hidden belongs to somebody else, and would not be whole.
            unmask::unmask(&mut changes, &Customer::default(), &Hidden::default(), &cx.catalogue)?;
        }
        let duplicates = changes.duplicates;
        let profile = changes.plm.take();
        let mut merged = merge::merge(&Customer::default(), changes, &cx.catalogue)?;
        merge::check_required(&merged.customer, &cx.catalogue)?;
        if merged.labels.as_ref().is_none_or(Vec::is_empty)
            && documents.is_empty()
            && profile.is_none()
            && change::lines(&Customer::default(), &merged.customer, &cx.catalogue).is_empty()
        {
            return Err(Error::CustomerEmpty);
        }
        adopt(cx, &mut merged.customer);
        stay_within(cx, &merged.customer)?;
        Ok(Self { merged, documents, profile, duplicates })
    }

    /// Stores the customer and returns it, unless a rule forbids it that only the database knows.
    pub async fn insert(self, cx: &Cx<'_>, tx: &mut Tx, tried: &Tried) -> Result<CustomerRow, Error> {
        let Self { mut merged, documents, profile, duplicates } = self;
        duplicates::check(cx, tx, duplicates, &Customer::default(), &merged.customer, tried).await?;
        merged.documents = documents::merge(tx, documents, cx.now).await?;
        let hidden = cx.rights().masks().then(Hidden::default);
        merged.plm = edit::merge(tx, &cx.catalogue, None, profile, hidden).await?;
        let id = record::insert(tx, &cx.catalogue, merged, &Origin::of(cx)).await?;
        stored(tx, id).await
    }
}
