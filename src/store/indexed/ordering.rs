//! Pages in another order than that of the ids.

use std::collections::HashMap;
use std::ops::Not;

use super::Found;
use super::narrowing::number;
use crate::index::{Company, Ids, Number, Prefix, Stretch, prefix, stretch};
use crate::store::conditions::{Column, Direction};
use crate::store::rows::SortRow;
use crate::store::search::{Key, Place, Search};
use crate::store::{Scope, blocking};

/// Customers whose names are read as they are sorted: those of a page, and who begin alike. Where there are more, the
/// database is asked.
const MOST_READ: usize = 2_000;

queries! {
    /// What these customers' names are sorted by (a JSON array of ids).
    read fn names_sorted(ids: &str) -> Vec<SortRow> {
        "select c.id, c.name_sort from json_each($2) k cross join customer c on c.company_id = $1 and c.id = k.value",
        postgres: "select c.id, c.name_sort from jsonb_array_elements_text($2::jsonb) k join customer c on c.company_id = $1 and c.id = k.value::bigint"
    }
}

/// How a list is sorted, where the index knows it.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    by: By,
    is_descending: bool,
    ids_descend: bool,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Number(Number),
    Name,
}

/// What is to be shown of a list.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from: usize,
    to: usize,
}

impl Order {
    /// Returns the order of a search; `None` where it is that of the ids, or one that the index does not know.
    #[must_use]
    pub fn of(search: &Search) -> Option<Self> {
        let [(column, direction)] = search.conditions.order.as_slice() else { return None };
        let by = match column {
            Column::Name => By::Name,
            column => By::Number(number(*column)?),
        };
        let ids_descend = search.conditions.direction_of_ids() == " desc";
        Some(Self { by, is_descending: *direction == Direction::Descending, ids_descend })
    }

    fn turned<K: Not<Output = K>>(self, key: K) -> K {
        if self.is_descending { !key } else { key }
    }

    /// What equal ones are sorted by.
    fn id(self, id: u32) -> u32 {
        if self.ids_descend { !id } else { id }
    }

    fn name(self, name: Prefix) -> Prefix {
        if self.is_descending { name.map(|byte| !byte) } else { name }
    }
}

impl Scope {
    /// The ids on a page of what was found, in this order; `None` where too many names begin alike.
    pub(in crate::store) async fn page_in(
        &self,
        found: &Found,
        ids: Ids,
        order: Order,
        limit: usize,
        offset: usize,
    ) -> sqlx::Result<Option<Vec<u32>>> {
        self.stretch_in(found, ids, order, Wanted { from: offset, to: offset.saturating_add(limit) }, None).await
    }

    /// The ids behind a place.
    pub(in crate::store) async fn behind_in(
        &self,
        found: &Found,
        ids: Ids,
        order: Order,
        place: &Place,
        limit: usize,
    ) -> sqlx::Result<Option<Vec<u32>>> {
        self.stretch_in(found, ids, order, Wanted { from: 0, to: limit }, Some(place.clone())).await
    }

    async fn stretch_in(
        &self,
        found: &Found,
        ids: Ids,
        order: Order,
        wanted: Wanted,
        behind: Option<Place>,
    ) -> sqlx::Result<Option<Vec<u32>>> {
        let index = found.index.clone();
        // A million keys take some ten milliseconds.
        let place = behind.clone();
        let stretched = blocking(move || {
            let state = index.read();
            Ok(state.ready().map(|company| match order.by {
                By::Number(number) => by_number(company, &ids, order, number, wanted, place.as_ref()),
                By::Name => by_name(company, &ids, order, wanted, place.as_ref()),
            }))
        });
        let Some(stretch) = stretched.await? else { return Ok(None) };
        match order.by {
            By::Number(_) => Ok(Some(stretch.ids.into_iter().map(|id| order.id(id)).collect())),
            By::Name => self.by_whole_names(stretch, order, wanted, behind.as_ref()).await,
        }
    }

    /// Sorts those whose names begin alike.
    async fn by_whole_names(
        &self,
        stretch: Stretch,
        order: Order,
        wanted: Wanted,
        behind: Option<&Place>,
    ) -> sqlx::Result<Option<Vec<u32>>> {
        if stretch.ids.len() > MOST_READ {
            return Ok(None);
        }
        let text = serde_json::to_string(&stretch.ids).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        let rows = self.names_sorted(&text).await?;
        let mut names: HashMap<i64, String> = rows.into_iter().map(|row| (row.id, row.name_sort)).collect();
        // Who is gone meanwhile counts as one without a name, and is left out when the rows are read.
        let mut sorted: Vec<(String, u32)> =
            stretch.ids.iter().map(|id| (names.remove(&i64::from(*id)).unwrap_or_default(), *id)).collect();
        let compare = |(a, x): &(String, u32), (b, y): &(String, u32)| {
            let by_name = if order.is_descending { b.cmp(a) } else { a.cmp(b) };
            by_name.then(order.id(*x).cmp(&order.id(*y)))
        };
        sorted.sort_unstable_by(compare);
        if let Some(Place { key: Key::Text(name), id }) = behind {
            let place = (name.clone(), u32::try_from(*id).unwrap_or_default());
            sorted.retain(|one| compare(one, &place).is_gt());
        }
        let from = wanted.from.saturating_sub(stretch.before);
        Ok(Some(sorted.into_iter().skip(from).take(wanted.to - wanted.from).map(|(_, id)| id).collect()))
    }
}

fn by_number(
    company: &Company,
    ids: &Ids,
    order: Order,
    column: Number,
    wanted: Wanted,
    behind: Option<&Place>,
) -> Stretch {
    let key = |number: i64, id: u32| (order.turned(number), order.id(id));
    let place = match behind {
        Some(Place { key: Key::Number(number), id }) => Some(key(*number, u32::try_from(*id).unwrap_or_default())),
        _ => None,
    };
    let keyed = ids.iter().map(|id| key(company.keys().number(column, id), id));
    let beyond = keyed.filter(|key| place.is_none_or(|place| *key > place));
    // Each is its own: nobody is equal.
    stretch(beyond.map(|key| (key, key.1)).collect(), wanted.from, wanted.to)
}

fn by_name(company: &Company, ids: &Ids, order: Order, wanted: Wanted, behind: Option<&Place>) -> Stretch {
    let place = match behind {
        Some(Place { key: Key::Text(name), .. }) => Some(order.name(prefix(name))),
        _ => None,
    };
    let keyed: Vec<(Prefix, u32)> = ids
        .iter()
        .map(|id| (order.name(company.keys().name(id)), id))
        .filter(|(name, _)| place.is_none_or(|place| *name >= place))
        .collect();
    // Those who begin like the place may come before it.
    let alike = keyed.iter().filter(|(name, _)| Some(*name) == place).count();
    stretch(keyed, wanted.from, wanted.to.saturating_add(alike))
}
