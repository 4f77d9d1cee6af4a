//! Lists of customers: from the index in memory where it can tell, else from the database. Both answer the same.

use super::Scope;
use super::indexed::page;
use super::rows::CustomerRow;
use super::search::{Place, Search};

impl Scope {
    /// A page of the customers that the search finds, newest first, and how many it finds, exactly.
    pub async fn search_page(&self, search: &Search, limit: i64, offset: i64) -> sqlx::Result<(Vec<CustomerRow>, i64)> {
        let indexed = match self.found(search).await? {
            Some(found) => Some(found.all().await),
            None => None,
        };
        let total = match &indexed {
            Some(ids) => i64::try_from(ids.len()).unwrap_or(i64::MAX),
            None => self.row_count(search).await?,
        };
        let rows = match &indexed {
            _ if offset >= total => Vec::new(),
            Some(ids) if search.conditions.order.is_empty() => self.rows_of(&page(ids, limit, offset)).await?,
            _ => self.rows(search, limit, offset).await?,
        };
        Ok((rows, total))
    }

    /// The customers that the search finds behind this place, in its order: one page of a list that others may grow
    /// meanwhile. Its order is one column with a [key](super::conditions::Column::is_keyed), or none.
    pub async fn search_behind(&self, search: &Search, place: &Place, limit: i64) -> sqlx::Result<Vec<CustomerRow>> {
        let found = if search.conditions.order.is_empty() { self.found(search).await? } else { None };
        match found {
            Some(found) => self.rows_of(&found.before(place.id, number(limit)).await).await,
            None => self.rows_behind(search, place, limit).await,
        }
    }

    /// The customers that the search finds beyond this id, in the order of their ids: one page of a walk.
    pub async fn search_after(&self, search: &Search, id: i64, limit: i64) -> sqlx::Result<Vec<CustomerRow>> {
        match self.found(search).await? {
            Some(found) => self.rows_of(&found.after(id, number(limit)).await).await,
            None => self.rows_after(search, id, limit).await,
        }
    }
}

fn number(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or_default()
}
