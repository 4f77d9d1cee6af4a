//! The row of a customer: its columns, and what is worked out from them.

use super::json::json_of;
use crate::domain::catalogue::login_key;
use crate::domain::customer::Customer;
use crate::domain::folding::name_key;
use crate::domain::pinyin::{sort_key, sort_keys};
use crate::domain::search_terms::haystack;
use crate::error::Error;
use crate::store::Tx;

/// What a customer is found and sorted by, of his names.
pub(super) struct Keys {
    pub name_key: String,
    pub company_key: String,
    pub name_sort: String,
    pub haystack: String,
}

impl Keys {
    pub fn of(customer: &Customer) -> Self {
        let (name, company) = (customer.name.as_deref().unwrap_or(""), customer.company_name.as_deref().unwrap_or(""));
        Self {
            name_key: name_key(name),
            company_key: name_key(company),
            name_sort: sort_key(name),
            haystack: haystack(name, company),
        }
    }
}

/// Returns what texts are sorted by that are not sorted as they are.
pub(super) fn sorts_of(customer: &Customer) -> Result<Option<String>, Error> {
    let address = customer.address.as_deref().map(|address| ("address".to_owned(), address));
    let custom = customer.custom.iter().filter_map(|(id, value)| Some((id.to_string(), value.as_str()?)));
    let keys = sort_keys(address.into_iter().chain(custom));
    if keys.is_empty() { Ok(None) } else { json_of(&keys).map(Some) }
}

/// Stores a new row.
#[rustfmt::skip]
pub(super) async fn insert(tx: &mut Tx, c: &Customer) -> Result<(), Error> {
    let (keys, owner_key, custom) = (Keys::of(c), c.owner_no.as_deref().map(login_key), custom_of(c)?);
    tx.insert_customer(
        c.id, c.name.as_deref(), c.company_name.as_deref(), c.address.as_deref(),
        c.type_value.as_deref(), c.flag_value.as_deref(), c.source_value.as_deref(),
        c.task_id, owner_key.as_deref(), c.owner_no.as_deref(), c.group_id,
        c.star, c.follow_count, c.last_accept.as_deref(), c.assigned_at, c.last_follow_at,
        c.created_at, &c.created_by, c.updated_at, &c.updated_by,
        custom.as_deref(), &json_of(&c.phones)?, &json_of(&c.labels)?, &keys.name_key, &keys.company_key,
        &keys.name_sort, &keys.haystack, sorts_of(c)?.as_deref(),
    ).await?;
    Ok(())
}

/// Stores what a row becomes. What it was is what is stored; where that is not known, all columns are written.
///
/// An index is written wherever a column of it is set, also to what it was: what has not changed of those is left out.
pub(super) async fn update(tx: &mut Tx, old: Option<&Customer>, c: &Customer) -> Result<(), Error> {
    let changed = |differs: fn(&Customer, &Customer) -> bool| old.is_none_or(|old| differs(old, c));
    update_details(tx, c).await?;
    if changed(|a, b| a.name != b.name || a.company_name != b.company_name) {
        let Keys { name_key, company_key, name_sort, haystack } = Keys::of(c);
        let (name, company) = (c.name.as_deref(), c.company_name.as_deref());
        tx.update_names(c.id, name, company, &name_key, &company_key, &name_sort, &haystack).await?;
    }
    if changed(|a, b| {
        (&a.type_value, &a.flag_value, &a.source_value) != (&b.type_value, &b.flag_value, &b.source_value)
    }) {
        tx.update_values(c.id, c.type_value.as_deref(), c.flag_value.as_deref(), c.source_value.as_deref()).await?;
    }
    if changed(|a, b| (a.task_id, &a.owner_no, a.group_id) != (b.task_id, &b.owner_no, b.group_id)) {
        let owner_key = c.owner_no.as_deref().map(login_key);
        tx.update_assignment(c.id, c.task_id, owner_key.as_deref(), c.owner_no.as_deref(), c.group_id).await?;
    }
    if changed(|a, b| a.star != b.star) {
        tx.update_star(c.id, c.star).await?;
    }
    Ok(())
}

/// Stores the columns that are in no index, or in that of the last changes, and counts a version.
async fn update_details(tx: &mut Tx, c: &Customer) -> Result<(), Error> {
    let custom = custom_of(c)?;
    let (phones, labels, sorts) = (json_of(&c.phones)?, json_of(&c.labels)?, sorts_of(c)?);
    tx.update_details(
        c.id,
        c.address.as_deref(),
        c.follow_count,
        c.last_accept.as_deref(),
        c.assigned_at,
        c.last_follow_at,
        c.updated_at,
        &c.updated_by,
        custom.as_deref(),
        &phones,
        &labels,
        sorts.as_deref(),
    )
    .await?;
    Ok(())
}

fn custom_of(customer: &Customer) -> Result<Option<String>, Error> {
    if customer.custom.is_empty() { Ok(None) } else { json_of(&customer.custom).map(Some) }
}
