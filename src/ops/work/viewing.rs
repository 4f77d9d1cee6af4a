//! Who has a customer open just now.
//!
//! It stands in the database for a minute, so that all servers know, and what a server leaves behind that has died is
//! over soon.

use dashmap::DashMap;
use serde_json::{Map, json};

use super::reminders::for_whom;
use crate::domain::catalogue::Catalogue;
use crate::domain::event::{self, Body, Place};
use crate::domain::identifier::Identifier;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::{self, Origin, record};
use crate::ops::{Backend, Cx};
use crate::store::rows::{CustomerRow, ViewerRow};
use crate::store::{Scope, Tx};

/// For how long somebody has a customer open unless he says so again, microseconds.
const LASTS: i64 = 60 * SECOND;
/// The most customers that are open on one socket.
const MOST: i64 = 20;

/// The sockets of this server on which customers are open, with their companies.
pub struct Sockets {
    /// Tells this run of this server from all others.
    run: String,
    open: DashMap<u64, i64>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self { run: uuid::Uuid::new_v4().simple().to_string(), open: DashMap::new() }
    }
}

impl Sockets {
    /// What a socket of this server is called, among those of all servers.
    fn name(&self, socket: Option<u64>) -> String {
        // Over HTTP there is none.
        socket.map_or_else(String::new, |socket| format!("{}-{socket}", self.run))
    }
}

/// Whether a customer is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewing {
    On,
    Off,
}

/// Says that the caller has a customer open, for a minute from now, or not any more. Returns the login numbers of all who
/// have it open then.
pub async fn view(cx: &Cx<'_>, customer: i64, viewing: Viewing) -> Result<Vec<String>, Error> {
    let whose = for_whom(cx, "viewing")?;
    let identifier = Identifier::Id(customer);
    let tried = tries::identifier(cx, &identifier)?;
    let sockets = &cx.backend.viewing;
    let socket = sockets.name(cx.socket);
    let mut tx = customer::begin(cx).await?;
    let row = customer::target(cx, &mut tx, &identifier, &tried).await?;
    let before = viewers(&mut tx, customer).await?;
    match viewing {
        Viewing::On => {
            if tx.open_on_socket(&socket).await?.is_some_and(|open| open.value >= MOST) && !before.contains(&whose) {
                return Err(Error::parameter(format!(
                    "customerId: 一条连接最多同时打开 {MOST} 个客户 / at most {MOST} can be open on a socket"
                )));
            }
            tx.put_viewing(customer, &whose, &socket, cx.backend.clock.now() + LASTS).await?;
            if let Some(number) = cx.socket {
                sockets.open.insert(number, cx.caller.company);
            }
        }
        Viewing::Off => {
            tx.delete_viewing(customer, &whose, &socket).await?;
        }
    }
    let after = viewers(&mut tx, customer).await?;
    if before.contains(&whose) != after.contains(&whose) {
        tell(&mut tx, &cx.catalogue, &row, &whose, viewing, &Origin::of(cx)).await?;
    }
    tx.commit().await?;
    if before.is_empty() && !after.is_empty() {
        // The clock may know of nothing that ends so soon.
        cx.backend.due.look();
    }
    Ok(after.into_iter().map(|key| login_no(&cx.catalogue, key)).collect())
}

async fn viewers(tx: &mut Tx, customer: i64) -> Result<Vec<String>, Error> {
    Ok(tx.viewers(customer).await?.into_iter().map(|row| row.value).collect())
}

fn login_no(catalogue: &Catalogue, key: String) -> String {
    catalogue.staff(&key).map_or(key, |staff| staff.login_no.clone())
}

async fn tell(
    tx: &mut Tx,
    catalogue: &Catalogue,
    customer: &CustomerRow,
    whose: &str,
    viewing: Viewing,
    origin: &Origin,
) -> Result<(), Error> {
    let counter = tx.count(0, 0, 0, 0, 0, 0, 1).await?.ok_or(Error::NotFound)?;
    let place = Place { owner: customer.owner_no.clone(), group: customer.group_id };
    let more = [
        ("agent".to_owned(), json!(login_no(catalogue, whose.to_owned()))),
        ("viewing".to_owned(), json!(viewing == Viewing::On)),
    ];
    let body = Body { was: Some(place.clone()), is: Some(place), more: Map::from_iter(more), ..Body::default() };
    record::write_event(tx, counter.last_event, event::VIEWING, customer.id, &body, origin).await
}

/// A socket has ended, or is nobody's any more: what was open on it is closed, beside whatever else is done.
pub fn gone(backend: &Backend, socket: u64) {
    let Some((_, company)) = backend.viewing.open.remove(&socket) else { return };
    let Ok(backend) = backend.shared() else { return };
    backend.clone().jobs.spawn(async move {
        // The cause of a fault is in the log, and a minute later it is over anyway.
        let _ = close(&backend, company, Closed::Socket(backend.viewing.name(Some(socket)))).await;
    });
}

/// What is closed.
enum Closed {
    /// All that was open on this socket.
    Socket(String),
    /// What nobody has said again until then.
    Until(i64),
}

/// Closes what nobody has said again, in all companies, and returns when there is more to close, as far as is known.
pub async fn expire(backend: &Backend) -> Result<Option<i64>, Error> {
    let now = backend.clock.now();
    loop {
        let companies = backend.store.companies_with_closed(now).await?;
        if companies.is_empty() {
            break;
        }
        for company in companies {
            close(backend, company.value, Closed::Until(now)).await?;
        }
    }
    Ok(backend.store.next_closed(now).await?.map(|next| next.value))
}

async fn close(backend: &Backend, company: i64, closed: Closed) -> Result<(), Error> {
    let scope: Scope = backend.store.company(company);
    let catalogue = backend.catalogues.get(&scope).await?.ok_or(Error::NotFound)?;
    let mut tx = scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    let mut rows = match &closed {
        Closed::Socket(socket) => tx.close_viewing(socket).await?,
        Closed::Until(until) => tx.expire_viewing(*until).await?,
    };
    rows.sort_unstable_by(|a, b| (a.customer_id, &a.login_key).cmp(&(b.customer_id, &b.login_key)));
    rows.dedup();
    for ViewerRow { customer_id, login_key } in rows {
        // He may have it open on another socket.
        if viewers(&mut tx, customer_id).await?.contains(&login_key) {
            continue;
        }
        if let Some(customer) = tx.customer(customer_id).await? {
            let login_no = login_no(&catalogue, login_key.clone());
            let origin = Origin { name: login_no.clone(), login_no, at: backend.clock.now() };
            tell(&mut tx, &catalogue, &customer, &login_key, Viewing::Off, &origin).await?;
        }
    }
    Ok(tx.commit().await?)
}
