//! Lists of customers: from the index in memory where it can tell, else from the database. Both answer the same.

use super::Scope;
use super::indexed::{Found, Order, page};
use super::rows::CustomerRow;
use super::search::{Place, Search};

impl Scope {
    /// A page of the customers that the search finds, in its order, and how many it finds, exactly.
    pub async fn search_page(&self, search: &Search, limit: i64, offset: i64) -> sqlx::Result<(Vec<CustomerRow>, i64)> {
        let Some(found) = self.found(search).await? else {
            let total = self.row_count(search).await?;
            return Ok((if offset < total { self.rows(search, limit, offset).await? } else { Vec::new() }, total));
        };
        let ids = found.all().await;
        let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let on_page = match Order::of(search) {
            _ if offset >= total => Some(Vec::new()),
            _ if search.conditions.order.is_empty() => Some(page(&ids, limit, offset)),
            Some(order) => self.page_in(&found, ids, order, number(limit), number(offset)).await?,
            None => None,
        };
        let rows = match on_page {
            Some(ids) => self.rows_of(&ids).await?,
            None => self.rows(search, limit, offset).await?,
        };
        Ok((rows, total))
    }

    /// The customers that the search finds behind this place, in its order: one page of a list that others may grow
    /// meanwhile. Its order is one column with a [key](super::conditions::Column::is_keyed), or none.
    pub async fn search_behind(&self, search: &Search, place: &Place, limit: i64) -> sqlx::Result<Vec<CustomerRow>> {
        let ids = match self.found(search).await? {
            Some(found) => self.behind(&found, search, place, number(limit)).await?,
            None => None,
        };
        match ids {
            Some(ids) => self.rows_of(&ids).await,
            None => self.rows_behind(search, place, limit).await,
        }
    }

    async fn behind(
        &self,
        found: &Found,
        search: &Search,
        place: &Place,
        limit: usize,
    ) -> sqlx::Result<Option<Vec<u32>>> {
        match Order::of(search) {
            _ if search.conditions.order.is_empty() => Ok(Some(found.before(place.id, limit).await)),
            Some(order) => self.behind_in(found, found.all().await, order, place, limit).await,
            None => Ok(None),
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
