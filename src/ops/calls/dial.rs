//! Calling somebody whose number the agent need not see: his telephone gets a token, and the telephone system redeems it.

use serde_json::Map;

use super::{begin, blocked, tell};
use crate::domain::catalogue::login_key;
use crate::domain::event::{Body, CALL_DIAL};
use crate::domain::identifier::Identifier;
use crate::domain::phone::Phone;
use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::ops::access::credential::digest;
use crate::ops::customer::{Origin, find};
use crate::ops::{Cx, number};
use crate::store::rows::DialRow;

/// Whom somebody wants to call.
pub enum Callee<'a> {
    Customer(i64),
    /// One phone of a customer.
    Phone {
        customer: i64,
        phone: i64,
    },
    Number(&'a str),
}

/// Asks the agent's telephone to call. Returns when the token ends to be good.
pub async fn dial(cx: &Cx<'_>, agent: &str, callee: &Callee<'_>) -> Result<i64, Error> {
    let (customer, typed) = callee_of(cx, callee).await?;
    let home = &cx.catalogue.company.home;
    let phone = Phone::parse(&typed, home).ok_or(Error::NoNumber)?;
    blocked::check(cx, &phone).await?;
    let token = uuid::Uuid::new_v4().simple().to_string();
    let seconds = i64::try_from(cx.backend.calls.dial_seconds).unwrap_or(i64::MAX / SECOND);
    let mut tx = begin(cx).await?;
    let origin = Origin::of(cx);
    let expires_at = origin.at.saturating_add(seconds.saturating_mul(SECOND));
    tx.insert_dial_request(&digest(&token), expires_at, agent, customer, &typed).await?;
    let mut more = Map::new();
    more.insert("agent".into(), agent.into());
    more.insert("token".into(), token.into());
    more.insert("expires".into(), times::to_second(expires_at, &cx.catalogue.company.time_zone).into());
    let to = Some(login_key(agent));
    tell(&mut tx, CALL_DIAL, 0, &Body { to, more, ..Body::default() }, &origin).await?;
    tx.commit().await?;
    Ok(expires_at)
}

/// Returns whom a token stands for, once.
pub async fn redeem(cx: &Cx<'_>, token: &str) -> Result<DialRow, Error> {
    if cx.caller.operator.is_some() {
        return Err(Error::forbidden("redeem_dial: 只有应用可以兑换 / only an app may redeem a token"));
    }
    let digest = digest(token);
    let unknown = || Error::parameter("token: 无效、已用过或已过期 / is not valid, was used, or has expired");
    let mut tx = begin(cx).await?;
    let row = tx.dial_request(&digest).await?.filter(|row| row.expires_at > cx.now).ok_or_else(unknown)?;
    if tx.use_dial_request(&digest, cx.now).await? == 0 {
        return Err(unknown());
    }
    tx.commit().await?;
    let phone = Phone::parse(&row.number, &cx.catalogue.company.home).ok_or(Error::NoNumber)?;
    blocked::check(cx, &phone).await?;
    Ok(row)
}

async fn callee_of(cx: &Cx<'_>, callee: &Callee<'_>) -> Result<(Option<i64>, String), Error> {
    let (customer, wanted) = match callee {
        Callee::Number(typed) => return Ok((None, number::look_up(cx, typed)?.phone.typed)),
        Callee::Customer(customer) => (*customer, None),
        Callee::Phone { customer, phone } => (*customer, Some(*phone)),
    };
    find::find_one(cx, &Identifier::Id(customer)).await?;
    let row = cx.scope.customer(customer).await?.ok_or(Error::NotFound)?;
    let phones: Vec<crate::domain::customer::CustomerPhone> =
        serde_json::from_str(&row.phones).map_err(|cause| Error::internal(&cause))?;
    let phone = match wanted {
        Some(id) => phones.into_iter().find(|phone| phone.id == id),
        None => phones.into_iter().next(),
    };
    let missing = || Error::parameter("phoneId: 客户没有这个号码 / the customer has no such phone");
    Ok((Some(customer), phone.ok_or_else(missing)?.content))
}
