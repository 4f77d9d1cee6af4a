//! Who did what from where. What is written here holds ids only: no number, no name, no secret.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use quick_cache::unsync::Cache;
use serde_json::{Value, json};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::catalogue::Staff;
use crate::domain::role::Role;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::{Backend, Caller, Cx, SYSTEM};
use crate::store::Tx;
use crate::store::rows::AuditRow;

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    SignIn,
    /// A sign-in, or something that was asked for, was refused.
    Refusal,
    /// What a company has set up: people, rights, credentials, lists.
    Settings,
    Export,
    /// Somebody began to import customers.
    Import,
    /// A masked number was shown.
    Reveal,
    /// Somebody entered numbers who may not see them.
    Try,
    Deletion,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::SignIn,
        Self::Refusal,
        Self::Settings,
        Self::Export,
        Self::Import,
        Self::Reveal,
        Self::Try,
        Self::Deletion,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Refusal => "refusal",
            Self::Settings => "settings",
            Self::Export => "export",
            Self::Import => "import",
            Self::Reveal => "reveal",
            Self::Try => "try",
            Self::Deletion => "deletion",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who did it, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The login number, or what stands for one: 系统, a credential, 命令行.
    pub login_no: String,
    pub address: Option<IpAddr>,
}

impl Actor {
    /// The caller of a request.
    #[must_use]
    pub fn of(caller: &Caller, address: Option<IpAddr>) -> Self {
        let login_no = match (&caller.operator, &caller.via) {
            (None, Some(via)) => via.credential.clone(),
            _ => caller.login_no().to_owned(),
        };
        Self { login_no, address }
    }
}

/// Writes a line with what else the transaction writes.
pub async fn write(tx: &mut Tx, actor: &Actor, at: i64, kind: Kind, what: &Value) -> Result<(), Error> {
    let address = actor.address.map(|address| address.to_string()).unwrap_or_default();
    tx.insert_audit(&id(at), at, kind.name(), &actor.login_no, &address, &what.to_string()).await?;
    Ok(())
}

/// Writes a line of what this request does, with what else it writes.
pub async fn write_for(cx: &Cx<'_>, tx: &mut Tx, kind: Kind, what: &Value) -> Result<(), Error> {
    write(tx, &Actor::of(cx.caller, cx.address), cx.now, kind, what).await
}

/// Writes a line on its own.
pub async fn note(cx: &Cx<'_>, kind: Kind, what: &Value) -> Result<(), Error> {
    let mut tx = cx.scope.write().await?;
    write_for(cx, &mut tx, kind, what).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down that somebody signed in; the same sign-in at most once a minute, as with refusals. A database that
/// does not take it keeps nobody out: the log says so.
pub async fn sign_in(backend: &Backend, caller: &Caller, address: IpAddr, how: &str) {
    let actor = Actor::of(caller, Some(address));
    let mut what = json!({ "how": how });
    if let (Some(via), Some(what)) = (&caller.via, what.as_object_mut()) {
        what.insert("credential".into(), via.credential.as_str().into());
    }
    if backend.lately.is_first(caller.company, &actor, what.to_string(), backend.clock.now()) {
        let _ = write_alone(backend, caller.company, &actor, Kind::SignIn, &what).await;
    }
}

/// Sign-ins and refusals that were written down lately, each with its time: somebody who comes again and again must
/// not fill the table.
pub struct Lately(Mutex<Cache<(i64, Actor, String), i64>>);

/// For how long the same is not written down again, microseconds.
const ONCE: i64 = 60 * SECOND;
/// The most that are remembered.
const REMEMBERED: usize = 100_000;

impl Default for Lately {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(REMEMBERED)))
    }
}

impl Lately {
    fn is_first(&self, company: i64, actor: &Actor, what: String, now: i64) -> bool {
        let line = (company, actor.clone(), what);
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = written.get(&line).is_none_or(|at| now.saturating_sub(*at) >= ONCE);
        if is_first {
            written.insert(line, now);
        }
        is_first
    }
}

/// Writes down that somebody was refused; the same refusal at most once a minute. Of a company that does not
/// exist nothing is written, of a login number that does not exist only that it was one.
pub async fn refusal(backend: &Backend, company: i64, login_no: &str, address: IpAddr, action: &str, code: i64) {
    let Ok(Some(catalogue)) = backend.catalogues.get(&backend.store.company(company)).await else { return };
    let known = login_no == SYSTEM || catalogue.staff(login_no).is_some();
    let login_no = catalogue.staff(login_no).map_or(login_no, |staff| &staff.login_no);
    let actor = Actor { login_no: if known { login_no.to_owned() } else { String::new() }, address: Some(address) };
    if !backend.lately.is_first(company, &actor, action.to_owned(), backend.clock.now()) {
        return;
    }
    let _ = write_alone(backend, company, &actor, Kind::Refusal, &json!({ "action": action, "code": code })).await;
}

/// Writes down, beside the answer, that somebody enters numbers who may not see them; of the same action at most once a
/// minute.
pub fn tries(cx: &Cx<'_>, action: &'static str) {
    let (company, actor) = (cx.caller.company, Actor::of(cx.caller, cx.address));
    let what = json!({ "action": action });
    if cx.backend.lately.is_first(company, &actor, format!("{} {action}", Kind::Try.name()), cx.now)
        && let Ok(backend) = cx.backend.shared()
    {
        cx.backend.jobs.spawn(async move {
            let _ = write_alone(&backend, company, &actor, Kind::Try, &what).await;
        });
    }
}

async fn write_alone(backend: &Backend, company: i64, actor: &Actor, kind: Kind, what: &Value) -> Result<(), Error> {
    let mut tx = backend.store.company(company).write().await?;
    write(&mut tx, actor, backend.clock.now(), kind, what).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes the lines of all companies that are older than this many days.
pub async fn forget(backend: &Backend, days: u64) -> Result<(), Error> {
    let kept = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(24 * 60 * 60 * SECOND);
    let before = backend.clock.now().saturating_sub(kept);
    for company in backend.store.companies().await? {
        let mut tx = backend.store.company(company.id).write().await?;
        tx.forget_audit(before).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A UUID of version 7 of this time: lines are ordered by it.
fn id(at: i64) -> String {
    let seconds = u64::try_from(at / SECOND).unwrap_or_default();
    let nanos = u32::try_from(at % SECOND * 1000).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(ContextV7::new().with_additional_precision(), seconds, nanos)).to_string()
}

/// What to list of the audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub kind: Option<Kind>,
    pub login_no: Option<String>,
    /// Lines before this one.
    pub before: Option<String>,
}

/// Lines on a page, unless the request says otherwise, and at most.
pub const PAGE_SIZE: i64 = 50;
pub const MOST_PAGE_SIZE: i64 = 200;

/// The operators whose lines the caller may read, himself among them; `None` for everybody's. A supervisor, and
/// whoever else may, answers for the groups that he belongs to, but not for admins; programs for nobody.
fn readable(cx: &Cx<'_>) -> Result<Option<Vec<String>>, Error> {
    cx.require("list_audit", Role::Supervisor)?;
    let operator = cx.caller.operator.as_ref();
    let operator = operator.ok_or_else(|| Error::forbidden("list_audit: 程序不能查看 / is not for programs"))?;
    if cx.rights().role == Role::Admin {
        return Ok(None);
    }
    let groups = cx.catalogue.staff(&operator.login_no).map(|staff| &staff.groups[..]).unwrap_or_default();
    let is_his = |staff: &&Staff| {
        let shares = staff.groups.iter().any(|group| groups.contains(group));
        staff.login_no == operator.login_no || shares && staff.role < Role::Admin
    };
    Ok(Some(cx.catalogue.staff.values().filter(is_his).map(|staff| staff.login_no.clone()).collect()))
}

/// Returns lines of the company's audit, newest first.
pub async fn list(cx: &Cx<'_>, wanted: &Wanted, limit: i64) -> Result<Vec<AuditRow>, Error> {
    if !(1..=MOST_PAGE_SIZE).contains(&limit) {
        return Err(Error::PageSize { most: MOST_PAGE_SIZE });
    }
    // Behind every UUID.
    let before = wanted.before.as_deref().unwrap_or("~");
    let kind = wanted.kind.map(Kind::name);
    match (readable(cx)?, wanted.login_no.as_deref()) {
        (None, login_no) => Ok(cx.scope.audit(before, kind, login_no, limit).await?),
        (Some(readable), Some(login_no)) if readable.iter().any(|one| one == login_no) => {
            Ok(cx.scope.audit(before, kind, Some(login_no), limit).await?)
        }
        (Some(_), Some(_)) => {
            Err(Error::forbidden("staffNo: 不是本人所在部门的工号 / is no operator of a group that you belong to"))
        }
        (Some(readable), None) => {
            let login_nos: Value = readable.into_iter().collect();
            Ok(cx.scope.audit_of(before, kind, &login_nos.to_string(), limit).await?)
        }
    }
}
