//! Lists that somebody has named: conditions and an order, for oneself or for everybody.

use crate::domain::catalogue::login_key;
use crate::domain::role::Role;
use crate::domain::text::visible;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::record::wait_for_turn;
use crate::ops::idempotency;
use crate::store::rows::ViewRow;

/// The most views that an operator has of his own, and the most that a company shares.
const MOST_OWN: usize = 50;
const MOST_SHARED: usize = 200;
/// The longest name, and the longest conditions, characters.
const LONGEST_NAME: usize = 64;
const LONGEST: usize = 8192;

/// A view as it is to be.
pub struct Wanted<'a> {
    /// The one that is changed; a new one without.
    pub id: Option<i64>,
    pub name: &'a str,
    /// A JSON object, which whoever asks has checked.
    pub condition: &'a str,
    pub sort: &'a str,
    pub is_shared: bool,
}

fn own(cx: &Cx<'_>) -> String {
    login_key(cx.caller.login_no())
}

fn may_share(cx: &Cx<'_>) -> Result<(), Error> {
    if cx.rights().role >= Role::Supervisor {
        return Ok(());
    }
    Err(Error::forbidden("shared: 共享视图由主管维护 / shared views are for supervisors to change"))
}

fn missing() -> Error {
    Error::parameter("view: 没有这个视图 / there is no such view")
}

/// Saves a view and returns it; one of the same name is the same.
pub async fn save(cx: &Cx<'_>, wanted: Wanted<'_>) -> Result<ViewRow, Error> {
    cx.require("save_view", Role::Agent)?;
    let name = &*visible(wanted.name);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0') {
        return Err(Error::parameter(format!(
            "name: 1 到 {LONGEST_NAME} 个字符 / expected 1 to {LONGEST_NAME} characters"
        )));
    }
    if wanted.condition.len() > LONGEST {
        return Err(Error::parameter(format!("where: 最多 {LONGEST} 字节 / at most {LONGEST} bytes")));
    }
    if wanted.is_shared {
        may_share(cx)?;
    }
    let mut tx = cx.scope.write().await?;
    wait_for_turn(&mut tx).await?;
    if let Some(row) = idempotency::recall(cx, &mut tx).await? {
        return Ok(row);
    }
    let own = own(cx);
    let views = tx.views(&own).await?;
    let is_alike = |view: &&ViewRow| view.name == name && (view.is_shared == 1) == wanted.is_shared;
    let before = match wanted.id {
        Some(id) => Some(views.iter().find(|view| view.id == id).ok_or_else(missing)?),
        // Saved again under its name.
        None => views.iter().find(is_alike),
    };
    let id = if let Some(before) = before {
        if before.is_shared == 1 {
            may_share(cx)?;
        }
        before.id
    } else {
        tx.last_view().await?.map_or(0, |last| last.value) + 1
    };
    let others = views.iter().filter(|view| view.id != id && (view.is_shared == 1) == wanted.is_shared);
    let (others, most): (Vec<_>, usize) = (others.collect(), if wanted.is_shared { MOST_SHARED } else { MOST_OWN });
    if others.len() >= most {
        return Err(Error::parameter(format!("name: 最多 {most} 个视图 / at most {most} views")));
    }
    if others.iter().any(|other| other.name == name) {
        return Err(Error::parameter(format!("name: 已有视图“{name}” / there is a view of this name already")));
    }
    tx.put_view(id, &own, i64::from(wanted.is_shared), name, wanted.condition, wanted.sort, cx.now).await?;
    let row = tx.view(id).await?.ok_or_else(missing)?;
    idempotency::remember(cx, &mut tx, &row).await?;
    tx.commit().await?;
    Ok(row)
}

/// Returns the caller's own views and the shared ones.
pub async fn list(cx: &Cx<'_>) -> Result<Vec<ViewRow>, Error> {
    Ok(cx.scope.views(&own(cx)).await?)
}

/// Returns a view that the caller may use.
pub async fn get(cx: &Cx<'_>, id: i64) -> Result<ViewRow, Error> {
    let row = cx.scope.view(id).await?.filter(|row| row.is_shared == 1 || row.login_key == own(cx));
    row.ok_or_else(missing)
}

/// Deletes a view of the caller's, or a shared one.
pub async fn delete(cx: &Cx<'_>, id: i64) -> Result<(), Error> {
    cx.require("delete_view", Role::Agent)?;
    let mut tx = cx.scope.write().await?;
    wait_for_turn(&mut tx).await?;
    if let Some(()) = idempotency::recall(cx, &mut tx).await? {
        return Ok(());
    }
    let own = own(cx);
    let row = tx.view(id).await?.filter(|row| row.is_shared == 1 || row.login_key == own);
    let row = row.ok_or_else(missing)?;
    if row.is_shared == 1 {
        may_share(cx)?;
    }
    tx.delete_view(id).await?;
    idempotency::remember(cx, &mut tx, &()).await?;
    Ok(tx.commit().await?)
}
