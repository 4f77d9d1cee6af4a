//! Who is connected: the registry of open sockets.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use tokio_util::sync::CancellationToken;

use super::CloseCode;
use super::per_address::{Addresses, Place};
use crate::config::{Limits, Sessions as HowMany};
use crate::domain::catalogue::login_key;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::{Backend, Caller};

/// How far back ended sign-ins are looked for: servers that share a database may not agree on the time.
const LOOK_BACK: i64 = 10 * SECOND;

/// The open sockets of this server.
#[derive(Default)]
pub struct Sessions {
    next: AtomicU64,
    /// Counted apart from the maps: a socket counts from before its handshake is answered.
    open: AtomicUsize,
    addresses: Arc<Addresses>,
    signed_in: DashMap<u64, SignedIn>,
    /// The sockets of each operator and each program, oldest first.
    of_whom: DashMap<Whom, Vec<u64>>,
}

/// Whose sockets are counted together: an operator, or a program that names none.
type Whom = (i64, String);

/// Who a socket is, since when, and how it is told that it is nobody any more.
struct SignedIn {
    caller: Arc<Caller>,
    since: i64,
    ending: Ending,
}

/// How a socket is told from outside to end.
#[derive(Clone, Default)]
pub struct Ending {
    told: CancellationToken,
    why: Arc<OnceLock<CloseCode>>,
}

impl Ending {
    fn end(&self, why: CloseCode) {
        // The first reason is the one.
        let _ = self.why.set(why);
        self.told.cancel();
    }

    /// Returns why, once it is told to end.
    pub async fn ended(self) -> CloseCode {
        self.told.cancelled().await;
        self.why.get().copied().unwrap_or(CloseCode::SignInWithdrawn)
    }
}

/// Why a socket finds no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Server,
    Address,
}

impl Sessions {
    /// Counts a new socket in, unless there are too many already.
    pub fn enter(self: &Arc<Self>, address: IpAddr, limits: &Limits) -> Result<Session, Full> {
        let below = |open| (open < limits.sockets).then_some(open + 1);
        if self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, below).is_err() {
            return Err(Full::Server);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        // From here on, dropping this takes the count back.
        let mut session = Session { id, address, place: None, sessions: self.clone(), ending: Ending::default() };
        session.place = Some(self.addresses.enter(address, limits.sockets_per_address).ok_or(Full::Address)?);
        Ok(session)
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Ends the sockets whose sign-in has ended: of operators who were disabled or have a new password, of
    /// programs that have a new secret, of tokens that have expired.
    pub async fn withdraw(&self, backend: &Backend) -> Result<(), Error> {
        if self.signed_in.is_empty() {
            return Ok(());
        }
        let now = backend.clock.now();
        for entry in self.signed_in.iter().filter(|entry| entry.caller.until.is_some_and(|until| until <= now)) {
            entry.ending.end(CloseCode::SignInWithdrawn);
        }
        let ended = backend.store.withdrawals(now - LOOK_BACK).await?;
        if ended.is_empty() {
            return Ok(());
        }
        let (mut operators, mut credentials) = (HashMap::new(), HashMap::new());
        for row in ended {
            if let Some(key) = row.login_key {
                operators.insert((row.company_id, key), row.at);
            } else if let Some(id) = row.credential {
                credentials.insert(id, row.at);
            }
        }
        for entry in &self.signed_in {
            let operator = entry.caller.operator.as_ref();
            let by_operator =
                operator.and_then(|operator| operators.get(&(entry.caller.company, login_key(&operator.login_no))));
            let by_credential = entry.caller.via.as_ref().and_then(|via| credentials.get(&via.credential));
            if by_operator.into_iter().chain(by_credential).any(|at| entry.since < *at) {
                entry.ending.end(CloseCode::SignInWithdrawn);
            }
        }
        Ok(())
    }

    /// The operators who have a socket here: company and login key.
    #[must_use]
    pub fn operators(&self) -> BTreeSet<(i64, String)> {
        let whom = self.of_whom.iter().filter(|entry| !entry.value().is_empty());
        whom.map(|entry| entry.key().clone()).filter(|(_, who)| !who.starts_with(' ')).collect()
    }

    fn whom(caller: &Caller) -> Whom {
        let who = match (&caller.operator, &caller.via) {
            (Some(operator), _) => login_key(&operator.login_no),
            // No login number has a blank at its beginning.
            (None, via) => format!(" {}", via.as_ref().map_or("", |via| &via.credential)),
        };
        (caller.company, who)
    }

    fn leave(&self, id: u64) {
        let Some((_, signed_in)) = self.signed_in.remove(&id) else { return };
        let whom = Self::whom(&signed_in.caller);
        if let Some(mut sockets) = self.of_whom.get_mut(&whom) {
            sockets.retain(|socket| *socket != id);
        }
        self.of_whom.remove_if(&whom, |_, sockets| sockets.is_empty());
    }
}

/// A socket's place in the registry; it leaves when this is dropped.
pub struct Session {
    id: u64,
    address: IpAddr,
    /// Among the sockets of the address.
    place: Option<Place>,
    sessions: Arc<Sessions>,
    ending: Ending,
}

impl Session {
    /// A number of its own while the server runs.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Where the client is.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Records who signed in, `since` when his credential was looked at. Where an operator has one socket only,
    /// his older ones are ended; where he may have several, there is a bound.
    pub fn signed_in(&self, caller: Arc<Caller>, since: i64, how_many: HowMany, limits: &Limits) -> Result<(), Error> {
        let whom = Sessions::whom(&caller);
        let mut sockets = self.sessions.of_whom.entry(whom).or_default();
        let is_known = sockets.contains(&self.id);
        let is_operator = caller.operator.is_some();
        if !is_known && how_many == HowMany::Many && is_operator {
            let most = limits.sockets_per_operator;
            if most > 0 && sockets.len() >= most {
                return Err(Error::RateLimited {
                    retry_after_ms: 1000,
                    why: "[limits] sockets_per_operator",
                    most: u32::try_from(most).unwrap_or(u32::MAX),
                });
            }
        }
        let older = if how_many == HowMany::One && is_operator { std::mem::take(&mut *sockets) } else { Vec::new() };
        if !is_known || !older.is_empty() {
            sockets.push(self.id);
        }
        drop(sockets);
        self.sessions.signed_in.insert(self.id, SignedIn { caller, since, ending: self.ending.clone() });
        for socket in older.into_iter().filter(|socket| *socket != self.id) {
            if let Some(other) = self.sessions.signed_in.get(&socket) {
                other.ending.end(CloseCode::SignedInElsewhere);
            }
        }
        Ok(())
    }

    /// Records that the socket is nobody again.
    pub fn signed_out(&self) {
        self.sessions.leave(self.id);
    }

    /// How it is told from outside to end.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.leave(self.id);
        self.sessions.open.fetch_sub(1, Ordering::AcqRel);
    }
}
