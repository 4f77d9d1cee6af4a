//! Calls: what a telephone system reports, who is told, and what agents do.
//!
//! A report is taken in by the rules of [`domain::call`](crate::domain::call). What follows from it — the call log, who is
//! to call back, what the agent does now, the counts — is written in the same transaction ([`report`]).

pub mod agents;
pub mod blocked;
pub mod complete;
pub mod dial;
pub mod due;
pub mod list;
mod log;
pub mod pops;
pub mod report;
pub mod ringing;
pub mod states;
mod stored;
pub mod stranger;
pub mod tally;

use std::borrow::Cow;

use crate::domain::call::Call;
use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::event::Body;
use crate::domain::phone::{self, Phone};
use crate::domain::rights::Reach;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::customer::Origin;
use crate::ops::customer::record;
use crate::ops::{Caller, Cx, Operator};
use crate::store::Tx;
use crate::store::rows::CallRow;

/// The longest id of a call, characters.
pub const LONGEST_ID: usize = 128;

/// The most calls of one agent that are looked at.
const MOST_OPEN: i64 = 20;

/// Returns a call as it is stored.
pub fn read(row: &CallRow) -> Result<Call, Error> {
    let call: Call = serde_json::from_str(&row.body).map_err(|cause| Error::internal(&cause))?;
    Ok(Call { customer: row.customer_id, ..call })
}

/// Stores an event of calls or agents.
async fn tell(tx: &mut Tx, kind: &str, customer: i64, body: &Body, origin: &Origin) -> Result<(), Error> {
    let counter = tx.count(0, 0, 0, 0, 0, 0, 1).await?.ok_or(Error::NotFound)?;
    record::write_event(tx, counter.last_event, kind, customer, body, origin).await
}

/// Opens a transaction that is this company's next change.
async fn begin(cx: &Cx<'_>) -> Result<Tx, Error> {
    let mut tx = cx.scope.write().await?;
    record::wait_for_turn(&mut tx).await?;
    Ok(tx)
}

/// Returns what an agent's own requests would be made with.
#[must_use]
pub fn caller_of(catalogue: &Catalogue, login_no: &str) -> Option<Caller> {
    let staff = catalogue.staff(login_no).filter(|staff| !staff.disabled)?;
    let operator = Operator {
        login_no: staff.login_no.clone(),
        name: staff.name.clone(),
        role: staff.role,
        groups: staff.groups.clone(),
    };
    Some(Caller { company: catalogue.company.id, operator: Some(operator), via: None, until: None })
}

/// Returns the login number of the agent whom a request is about: his own, or that of somebody whom the caller may speak for.
pub fn agent_of(cx: &Cx<'_>, named: Option<&str>) -> Result<Option<String>, Error> {
    let own = cx.caller.operator.as_ref().map(|operator| operator.login_no.as_str());
    let Some(named) = named.filter(|named| !named.trim().is_empty()) else { return Ok(own.map(str::to_owned)) };
    if own.is_some_and(|own| login_key(own) == login_key(named)) {
        return Ok(own.map(str::to_owned));
    }
    if !leads(cx, named) {
        return Err(Error::forbidden(
            "agent: 只有主管、管理员或应用可以代其他工号操作 / only a supervisor of his, an admin or an app may name another agent",
        ));
    }
    let staff = cx.catalogue.staff(named).filter(|staff| !staff.disabled);
    let unknown = || Error::parameter("agent: 没有这个工号，或已停用 / there is no such agent, or he is disabled");
    staff.map(|staff| Some(staff.login_no.clone())).ok_or_else(unknown)
}

/// Whether the caller may speak for others, and sees this one.
fn leads(cx: &Cx<'_>, login_no: &str) -> bool {
    cx.rights().role >= Role::Supervisor && sees_agent(cx, login_no)
}

/// Whether the caller sees what this agent does.
#[must_use]
pub fn sees_agent(cx: &Cx<'_>, login_no: &str) -> bool {
    let Some(operator) = &cx.caller.operator else { return true };
    let groups = |login_no: &str| cx.catalogue.staff(login_no).map(|staff| staff.groups.as_slice()).unwrap_or_default();
    let shares = || groups(login_no).iter().any(|group| groups(&operator.login_no).contains(group));
    login_key(&operator.login_no) == login_key(login_no)
        || match cx.rights().reach {
            Reach::Company => true,
            Reach::Group => shares(),
            Reach::Own => false,
        }
}

/// Returns the number of the other side, as far as it is one.
fn phone_of(cx: &Cx<'_>, call: &Call) -> Option<Phone> {
    Phone::parse(call.number()?, &cx.catalogue.company.home)
}

/// Returns a number as it is stored: without what telephone systems write around it. None for one that is withheld.
#[must_use]
pub fn number_as_told(cx: &Cx<'_>, told: &str) -> Option<String> {
    match phone::read(told, &cx.catalogue.company.home) {
        Ok(phones) => phones.into_iter().next().map(|phone| phone.typed),
        Err(phone::Unreadable::NoNumber) => None,
        Err(_) => Some(told.trim().to_owned()),
    }
}

/// Returns a text of a telephone system, which has at most so many characters.
pub fn bounded<'t>(name: &str, text: Cow<'t, str>, most: usize) -> Result<Cow<'t, str>, Error> {
    if text.chars().count() <= most && !text.contains('\0') {
        return Ok(text);
    }
    Err(Error::parameter(format!("{name}: 最多 {most} 个字符 / at most {most} characters")))
}
