//! Customers that may be the same: those with one number, and those with one name and company.

use std::collections::BTreeMap;

use super::find;
use crate::domain::folding::name_key;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::store::rows::CustomerRow;

/// The most customers that are told of one group.
const TOLD: usize = 20;

/// By what customers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Phone,
    Name,
}

impl By {
    pub const ALL: [Self; 2] = [Self::Phone, Self::Name];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Name => "name",
        }
    }
}

/// Groups of customers who are the same by something.
pub struct Page {
    pub groups: Vec<Vec<Shown>>,
    /// Behind what the next page begins, if there may be one.
    pub after: Option<String>,
}

/// Returns a page of groups, behind the key where another one ended.
pub async fn find(cx: &Cx<'_>, by: By, after: &str, size: i64) -> Result<Page, Error> {
    cx.require("find_duplicates", Role::Supervisor)?;
    if cx.rights().masks() {
        return Err(Error::forbidden(
            "find_duplicates: 号码隐藏时不能查重 / numbers are masked: duplicates are not looked for",
        ));
    }
    if !(1..=find::MOST_ON_PAGE).contains(&size) {
        return Err(Error::PageSize { most: find::MOST_ON_PAGE });
    }
    let keys = match by {
        By::Phone => cx.scope.duplicate_numbers(after, size).await?,
        By::Name => cx.scope.duplicate_names(after, size).await?,
    };
    let is_full = i64::try_from(keys.len()).is_ok_and(|keys| keys == size);
    let after = keys.last().filter(|_| is_full).map(|key| key.value.clone());
    let mut groups = Vec::with_capacity(keys.len());
    for key in keys {
        match by {
            By::Phone => groups.push(of_number(cx, key.value).await?),
            By::Name => groups.extend(of_name(cx, &key.value).await?),
        }
    }
    let shown = groups.into_iter().filter_map(|group| shown(cx, group).transpose());
    Ok(Page { groups: shown.collect::<Result<_, _>>()?, after })
}

/// Those of a group whom the caller sees, if they are several.
fn shown(cx: &Cx<'_>, mut group: Vec<CustomerRow>) -> Result<Option<Vec<Shown>>, Error> {
    group.retain(|row| cx.sees(row));
    group.sort_by_key(|row| row.id);
    group.dedup_by_key(|row| row.id);
    if group.len() < 2 {
        return Ok(None);
    }
    group.truncate(TOLD);
    cx.show_all(group).map(Some)
}

#[expect(clippy::disallowed_methods, reason = "who is told sees numbers")]
async fn of_number(cx: &Cx<'_>, key: String) -> Result<Vec<CustomerRow>, Error> {
    let sharing: Vec<i64> = cx.scope.sharing(&key).await?.into_iter().map(|row| row.value).collect();
    let mut group: Vec<CustomerRow> =
        cx.scope.customers_of_phone(key).await?.into_iter().map(|called| called.customer).collect();
    if !sharing.is_empty() {
        let sharing = sharing.into_iter().collect::<serde_json::Value>().to_string();
        group.extend(cx.scope.customers_by_id(&sharing).await?);
    }
    Ok(group)
}

/// The customers of a name, by their companies.
#[expect(clippy::disallowed_methods, reason = "who is told sees numbers")]
async fn of_name(cx: &Cx<'_>, key: &str) -> Result<Vec<Vec<CustomerRow>>, Error> {
    let mut groups: BTreeMap<String, Vec<CustomerRow>> = BTreeMap::new();
    for row in cx.scope.customers_by_name(key, None, None, find::MOST).await? {
        let company = name_key(row.company_name.as_deref().unwrap_or_default());
        if !company.is_empty() {
            groups.entry(company).or_default().push(row);
        }
    }
    Ok(groups.into_values().collect())
}
