//! Who is calling: the claim of a frame, a password, or an app's signature.

use std::net::IpAddr;

use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::customer::LONGEST_TEXT;
use crate::domain::network;
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::password;
use crate::ops::{Backend, Caller, Operator};

/// What a frame says of who sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    pub company: Option<i64>,
    pub operator: Option<String>,
    /// Who acts when no operator is named, if there is such a one: the owner that a create frame gives.
    pub otherwise: Option<String>,
    pub group: Option<i64>,
}

/// Believes a claim, if there is such an operator. Without one, the company's system user acts.
pub async fn believe(backend: &Backend, claim: &Claim) -> Result<Caller, Error> {
    let Some(company) = claim.company else {
        return Err(Error::parameter("companyId: 缺少 / is missing"));
    };
    believe_in(&*catalogue(backend, company).await?, claim)
}

/// The same with what the claimed company has set up.
pub fn believe_in(catalogue: &Catalogue, claim: &Claim) -> Result<Caller, Error> {
    let operator = match (&claim.operator, &claim.otherwise) {
        (Some(login_no), _) => Some(operator(catalogue, login_no, claim.group)?),
        (None, Some(login_no)) => operator(catalogue, login_no, claim.group).ok(),
        (None, None) => None,
    };
    Ok(Caller { company: catalogue.company.id, operator, via: None, until: None })
}

/// Returns the caller as acting for one of its groups only.
#[must_use]
pub fn for_group(caller: &Caller, group: i64) -> Caller {
    let mut caller = caller.clone();
    if let Some(operator) = &mut caller.operator {
        operator.groups.retain(|id| *id == group);
    }
    caller
}

/// Refuses a frame that claims to be from somebody else than who signed in.
pub fn check_claim(caller: &Caller, claim: &Claim) -> Result<(), Error> {
    let other = |what: &str| Err(Error::forbidden(format!("{what}: 与登录身份不符 / is not the one that signed in")));
    if claim.company.is_some_and(|company| company != caller.company) {
        return other("companyId");
    }
    if let Some(login_no) = &claim.operator
        && !caller.operator.as_ref().is_some_and(|operator| same_login(&operator.login_no, login_no))
    {
        return other("operator");
    }
    // An admin may name any group: he sets them up, and need belong to none.
    if let (Some(group), Some(operator)) = (claim.group, &caller.operator)
        && operator.role != Role::Admin
        && !operator.groups.contains(&group)
    {
        return other("groupId");
    }
    Ok(())
}

fn same_login(a: &str, b: &str) -> bool {
    login_key(a) == login_key(b)
}

/// The catalogue of a company, which may not be there.
pub(super) async fn catalogue(backend: &Backend, company: i64) -> Result<std::sync::Arc<Catalogue>, Error> {
    let found = backend.catalogues.get(&backend.store.company(company)).await?;
    found
        .ok_or_else(|| Error::NotSignedIn { detail: "companyId: 没有这个公司 / there is no such company".into() })
}

/// An operator of the company; acting for one group only, where one is named that he belongs to.
pub(super) fn operator(catalogue: &Catalogue, login_no: &str, group: Option<i64>) -> Result<Operator, Error> {
    let staff = catalogue.staff(login_no).filter(|staff| !staff.disabled).ok_or_else(|| Error::NotSignedIn {
        detail: "operator: 公司没有这个工号 / the company has no such operator".into(),
    })?;
    let groups = match group {
        Some(group) if staff.groups.contains(&group) => vec![group],
        _ => staff.groups.clone(),
    };
    Ok(Operator { login_no: staff.login_no.clone(), name: staff.name.clone(), role: staff.role, groups })
}

/// Returns the operator whose password this is. The answer does not say which half was wrong, and takes as
/// long for an account that does not exist; whoever guesses waits longer each time.
pub async fn by_password(backend: &Backend, claim: &Claim, password: &str, address: IpAddr) -> Result<Caller, Error> {
    let missing = |what: &str| Error::parameter(format!("{what}: 缺少 / is missing"));
    let company = claim.company.ok_or_else(|| missing("companyId"))?;
    let login_no = claim.operator.as_deref().ok_or_else(|| missing("loginno"))?;
    let wrong =
        || Error::NotSignedIn { detail: "login: 工号或密码不正确 / wrong login number or password".into() };
    // No operator has such a number, and it is not worth remembering.
    if login_no.chars().count() > LONGEST_TEXT || login_no.contains('\0') {
        return Err(wrong());
    }
    let (scope, key, from) = (backend.store.company(company), login_key(login_no), network::of(address).to_string());
    // Wrong tries are those of one password: whoever sets another, wherever, lifts the wait.
    let account = |stored: Option<&str>| format!("{company}/{key}/{}", stored.unwrap_or_default());
    let now = backend.clock.now();
    // Who is refused anyway does not wait for his turn.
    backend.guesses.check(&from, password::FREE_FOR_ADDRESS, now)?;
    let stored = scope.password(&key).await?.and_then(|row| row.password);
    backend.guesses.check(&account(stored.as_deref()), password::FREE_FOR_ACCOUNT, now)?;
    let turn = password::turn(Some(address)).await?;
    // Only now: the password may have been changed while this waited for its turn.
    let stored = scope.password(&key).await?.and_then(|row| row.password);
    // Counted before it is checked: others who try at the same time are told so.
    let now = backend.clock.now();
    let of_address = backend.guesses.begin(&from, password::FREE_FOR_ADDRESS, now)?;
    let of_account = match backend.guesses.begin(&account(stored.as_deref()), password::FREE_FOR_ACCOUNT, now) {
        Ok(of_account) => of_account,
        Err(refused) => {
            backend.guesses.take_back(of_address);
            return Err(refused);
        }
    };
    if !password::is_right(turn, password.to_owned(), stored).await? {
        return Err(wrong());
    }
    let caller =
        believe(backend, &Claim { group: None, otherwise: None, ..claim.clone() }).await.map_err(|_| wrong())?;
    backend.guesses.right(&of_account);
    backend.guesses.take_back(of_address);
    Ok(caller)
}
