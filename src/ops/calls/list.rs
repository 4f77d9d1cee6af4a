//! Calls, as lists show them.

use std::collections::BTreeSet;

use super::complete::sees;
use super::{read, sees_agent};
use crate::domain::call::Call;
use crate::domain::catalogue::login_key;
use crate::error::Error;
use crate::ops::Cx;
use crate::store::rows::CallRow;

/// Calls on a page, at most.
pub const MOST: i64 = 100;
/// Pages that are looked through for calls that the caller sees.
const LOOKS: usize = 5;

/// Returns which of these calls' customers the caller sees.
pub async fn seen_customers<'c>(
    cx: &Cx<'_>,
    calls: impl IntoIterator<Item = &'c Call>,
) -> Result<BTreeSet<i64>, Error> {
    let ids: BTreeSet<i64> = calls.into_iter().filter_map(|call| call.customer).collect();
    if ids.is_empty() || cx.within() == crate::store::Within::default() {
        return Ok(ids);
    }
    let json = ids.into_iter().collect::<serde_json::Value>().to_string();
    let rows = cx.scope.customers_by_id(&json).await?;
    Ok(rows.into_iter().filter(|row| cx.sees(row)).map(|row| row.id).collect())
}

/// Which calls.
pub enum Wanted {
    All,
    Of(String),
    OfCustomer(i64),
    /// Those that nobody has called back.
    Missed,
}

/// A call, and whether somebody is to call back.
pub struct Listed {
    pub call: Call,
    pub is_missed_task: bool,
    pub handler: Option<String>,
}

/// A place among calls: they come by their time, then by their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub at: i64,
    pub id: String,
}

/// Returns calls behind this place, the newest first, and the place of the next page.
pub async fn list(
    cx: &Cx<'_>,
    wanted: &Wanted,
    after: Option<Place>,
    size: i64,
) -> Result<(Vec<Listed>, Option<Place>), Error> {
    if let Wanted::Of(agent) = wanted
        && !sees_agent(cx, agent)
    {
        return Err(Error::forbidden("agent: 看不到这个工号的通话 / this agent's calls are not yours to see"));
    }
    let mut place = after.unwrap_or(Place { at: i64::MAX, id: String::new() });
    let mut listed = Vec::new();
    for _ in 0..LOOKS {
        let rows = page(cx, wanted, &place, size).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < size);
        for row in rows {
            place = Place { at: row.started_at, id: row.call_id.clone() };
            let (is_missed_task, handler) = (row.missed == 1, row.handler_key.clone());
            let call = read(&row)?;
            if sees(cx, &call) || handler.as_deref().is_some_and(|handler| is_he(cx, handler)) {
                listed.push(Listed { call, is_missed_task, handler });
            }
            if i64::try_from(listed.len()).is_ok_and(|listed| listed >= size) {
                return Ok((listed, Some(place)));
            }
        }
        if is_last {
            return Ok((listed, None));
        }
    }
    Ok((listed, Some(place)))
}

/// Returns one call that the caller sees.
pub async fn get(cx: &Cx<'_>, id: &str) -> Result<Listed, Error> {
    let row = cx.scope.call(id).await?.ok_or(Error::NotFound)?;
    let (is_missed_task, handler) = (row.missed == 1, row.handler_key.clone());
    let call = read(&row)?;
    if sees(cx, &call) || handler.as_deref().is_some_and(|handler| is_he(cx, handler)) {
        Ok(Listed { call, is_missed_task, handler })
    } else {
        Err(Error::NotFound)
    }
}

fn is_he(cx: &Cx<'_>, handler_key: &str) -> bool {
    cx.caller.operator.as_ref().is_some_and(|operator| login_key(&operator.login_no) == handler_key)
}

async fn page(cx: &Cx<'_>, wanted: &Wanted, place: &Place, size: i64) -> Result<Vec<CallRow>, Error> {
    let Place { at, id } = place;
    let scope = &cx.scope;
    Ok(match wanted {
        // Who sees only his own is not led past everybody's.
        Wanted::All => match &cx.caller.operator {
            Some(operator) if cx.within().owner_key.is_some() => {
                scope.calls_of_agent(&login_key(&operator.login_no), *at, id, size).await?
            }
            _ => scope.calls(*at, id, size).await?,
        },
        Wanted::Of(agent) => scope.calls_of_agent(&login_key(agent), *at, id, size).await?,
        Wanted::OfCustomer(customer) => {
            let seen = scope.customer(*customer).await?.is_some_and(|customer| cx.sees(&customer));
            if !seen {
                return Err(Error::NotFound);
            }
            scope.calls_of_customer(*customer, *at, id, size).await?
        }
        Wanted::Missed => scope.missed_calls(*at, id, size).await?,
    })
}
