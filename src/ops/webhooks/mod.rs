//! Where other systems are told of events: set up as the rest of a company is, and what became of what was sent.

pub mod deliveries;

use std::net::IpAddr;

use url::{Host, Url};
use uuid::Uuid;

use crate::config::Network;
use crate::domain::network::is_public;
use crate::domain::role::Role;
use crate::domain::webhook;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::company::setup::check_name;
use crate::store::Tx;
use crate::store::rows::WebhookRow;

/// Webhooks of a company.
const MOST: usize = 20;
/// Characters of an address.
const LONGEST: usize = 2000;
/// What is said of deliveries that a webhook will not get because it was switched off.
const SWITCHED_OFF: &str = "已停用 / switched off";
/// Deliveries that are removed by one statement.
const AT_A_TIME: i64 = 500;

/// Refuses whoever may not say where events go: that is for admins, and for the company's programs.
pub fn require(cx: &Cx<'_>) -> Result<(), Error> {
    if cx.caller.operator.is_none() { Ok(()) } else { cx.require(cx.action, Role::Admin) }
}

/// Whether an address may be called: a public one by https, and one that the settings name in any way.
#[must_use]
pub fn may_call(allowed: &[Network], address: IpAddr, is_https: bool) -> bool {
    let address = address.to_canonical();
    allowed.iter().any(|network| network.contains(address)) || (is_https && is_public(address))
}

/// Why an address is not called.
#[must_use]
pub fn not_allowed(is_https: bool) -> &'static str {
    if is_https {
        "地址在内网，未列入 [webhooks] allow / the address is within and not in [webhooks] allow"
    } else {
        "http:// 只用于 [webhooks] allow 的地址 / http:// is for addresses in [webhooks] allow only"
    }
}

/// Refuses what would never be called: an address within, and http where no address may have it. Where a name leads is looked at
/// when it is called.
pub fn check_place(cx: &Cx<'_>, url: &str) -> Result<(), Error> {
    let Ok(url) = Url::parse(url.trim()) else { return Ok(()) };
    let allowed = &cx.backend.webhooks.allow;
    let is_https = url.scheme() == "https";
    let may = match url.host() {
        Some(Host::Ipv4(address)) => may_call(allowed, address.into(), is_https),
        Some(Host::Ipv6(address)) => may_call(allowed, address.into(), is_https),
        _ => is_https || url.scheme() != "http" || !allowed.is_empty(),
    };
    if may { Ok(()) } else { Err(Error::parameter(format!("url: {}", not_allowed(is_https)))) }
}

/// A webhook as it is to be; what is absent stays, or is as usual for a new one.
#[derive(Debug, Clone)]
pub struct Given {
    pub id: String,
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub is_masked: Option<bool>,
    pub is_active: Option<bool>,
}

/// Creates or changes a webhook, which is told of what happens from then on. Returns the secret of a new one.
pub async fn put(tx: &mut Tx, given: Given, now: i64) -> Result<Option<String>, Error> {
    let id = check_name("id", &given.id)?.into_owned();
    let all = tx.webhooks().await?;
    let before = all.iter().find(|webhook| webhook.id == id);
    if before.is_none() && all.len() >= MOST {
        return Err(Error::parameter(format!("id: 最多 {MOST} 个 webhook / there are at most {MOST} webhooks")));
    }
    let url = match given.url {
        Some(url) => checked_url(&url)?,
        None => before.map(|before| before.url.clone()).ok_or_else(|| missing("url"))?,
    };
    let kinds = match given.kinds {
        Some(kinds) => checked_kinds(&kinds)?,
        None => before.map(|before| before.kinds.clone()).ok_or_else(|| missing("events"))?,
    };
    let new = before.is_none().then(new_secret);
    let secret = new.as_deref().or(before.map(|before| before.secret.as_str())).unwrap_or_default();
    let was_active = before.is_some_and(|before| before.is_active == 1);
    let is_active = given.is_active.unwrap_or(before.is_none() || was_active);
    let is_masked = given.is_masked.map_or(before.map_or(0, |before| before.is_masked), i64::from);
    // What happened while it was off is not told later.
    let last = tx.event_span().await?.map_or(0, |span| span.last);
    let position = before.filter(|_| was_active).map_or(last, |before| before.position);
    tx.put_webhook(&id, &url, &kinds, secret, is_masked, i64::from(is_active), position, now).await?;
    if was_active && !is_active {
        tx.end_deliveries(&id, SWITCHED_OFF, now).await?;
    }
    Ok(new)
}

/// Gives a webhook another secret and returns it.
pub async fn rotate(tx: &mut Tx, id: &str) -> Result<String, Error> {
    let row = target(tx, id).await?;
    let secret = new_secret();
    let WebhookRow { id, url, kinds, is_masked, is_active, position, created_at, .. } = row;
    tx.put_webhook(&id, &url, &kinds, &secret, is_masked, is_active, position, created_at).await?;
    Ok(secret)
}

/// Removes a webhook with all that was sent or is to be sent to it.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Error> {
    let row = target(tx, id).await?;
    while tx.delete_deliveries(&row.id, AT_A_TIME).await? > 0 {}
    tx.delete_webhook(&row.id).await?;
    Ok(())
}

async fn target(tx: &mut Tx, id: &str) -> Result<WebhookRow, Error> {
    tx.webhook(id.trim()).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Error {
    Error::parameter(format!("id: 没有 webhook {id} / there is no webhook {id}"))
}

fn missing(name: &str) -> Error {
    Error::parameter(format!("{name}: 缺少 / is missing"))
}

fn new_secret() -> String {
    webhook::secret(&[Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat())
}

/// An address that can be called. Where it leads is looked at when it is called: names change their addresses.
fn checked_url(text: &str) -> Result<String, Error> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        ["https", "http"].contains(&url.scheme()) && url.host().is_some() && is_plain && url.as_str().len() <= LONGEST
    });
    url.map(String::from).ok_or_else(|| {
        Error::expected(
            "url",
            " https:// 开头、不含口令和 # 的地址，最长 2000 字符",
            "an address that begins with https://, without password and #, of at most 2000 characters",
        )
    })
}

fn checked_kinds(kinds: &[String]) -> Result<String, Error> {
    let unknown = kinds.iter().find(|kind| !webhook::is_known(kind));
    if kinds.is_empty() || kinds.len() > webhook::KINDS.len() || unknown.is_some() {
        return Err(Error::parameter(format!(
            "events: 应为 *、call.* 这样的一类，或以下事件：{0} / expected *, a family such as call.*, or events: {0}",
            webhook::KINDS.join(", ")
        )));
    }
    serde_json::to_string(kinds).map_err(|cause| Error::internal(&cause))
}
