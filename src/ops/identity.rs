//! Who is calling: the claim of a frame, a password, or an app's signature.

use std::net::IpAddr;

use subtle::ConstantTimeEq;

use super::{Backend, Caller, Operator, password};
use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::customer::LONGEST_TEXT;
use crate::domain::signature;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::store::rows::AppRow;

/// How far a signed call's time may be off, seconds.
const WINDOW: i64 = 300;
/// How long a nonce is remembered, seconds.
const NONCE: i64 = 900;
/// The longest nonce.
const LONGEST_NONCE: usize = 64;

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
    let catalogue = catalogue(backend, company).await?;
    let operator = match (&claim.operator, &claim.otherwise) {
        (Some(login_no), _) => Some(operator(&catalogue, login_no, claim.group)?),
        (None, Some(login_no)) => operator(&catalogue, login_no, claim.group).ok(),
        (None, None) => None,
    };
    Ok(Caller { company, operator })
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
    if let (Some(group), Some(operator)) = (claim.group, &caller.operator)
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
    let account = format!("{company}/{}", login_key(login_no));
    let address = address.to_string();
    let now = backend.clock.now();
    backend.guesses.check(&account, password::FREE_FOR_ACCOUNT, now)?;
    backend.guesses.check(&address, password::FREE_FOR_ADDRESS, now)?;
    let stored = backend.store.company(company).password(&login_key(login_no)).await?.and_then(|row| row.password);
    let caller = if password::is_right(password.to_owned(), stored).await? {
        believe(backend, &Claim { group: None, otherwise: None, ..claim.clone() }).await.ok()
    } else {
        None
    };
    let Some(caller) = caller else {
        backend.guesses.wrong(&account, now);
        backend.guesses.wrong(&address, now);
        return Err(wrong());
    };
    backend.guesses.right(&account);
    Ok(caller)
}

/// A signed call, as it came.
pub struct Signed<'a> {
    pub method: &'a str,
    /// Still percent-encoded.
    pub path: &'a str,
    /// The parameters of the query string.
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the company whose app signed the call. Its age is judged first, so that an old call is told
/// that it is old.
pub async fn by_signature(backend: &Backend, call: &Signed<'_>) -> Result<Caller, Error> {
    let timestamp = call.parameter("timestamp").unwrap_or_default();
    let now = backend.clock.now() / SECOND;
    // Ten digits are seconds until 2286; the document's clients send nothing longer.
    let seconds: i64 = match timestamp.parse() {
        Ok(seconds) if timestamp.len() <= 11 && timestamp.bytes().all(|byte| byte.is_ascii_digit()) => seconds,
        _ => return Err(Error::TimestampForm),
    };
    if (now - seconds).abs() > WINDOW {
        return Err(Error::TimestampAge);
    }
    let app = app(backend, call.parameter("appid").unwrap_or_default()).await?;
    let sign = call.parameter("sign").unwrap_or_default();
    match call.parameter("sign_version") {
        None | Some("v1") => check_sign(sign, &signature::v1(&app.id, &app.token, timestamp))?,
        Some("v2") => check_v2(backend, call, &app, sign, timestamp).await?,
        Some(_) => return Err(Error::Signature),
    }
    Ok(Caller::system(app.company_id))
}

async fn app(backend: &Backend, id: &str) -> Result<AppRow, Error> {
    // PostgreSQL has no text with U+0000 in it, and refuses to look for one.
    if id.contains('\0') {
        return Err(Error::Signature);
    }
    backend.store.app(id).await?.ok_or(Error::Signature)
}

async fn check_v2(
    backend: &Backend,
    call: &Signed<'_>,
    app: &AppRow,
    sign: &str,
    timestamp: &str,
) -> Result<(), Error> {
    let nonce = call.parameter("nonce").unwrap_or_default();
    if nonce.is_empty() || nonce.len() > LONGEST_NONCE || nonce.contains('\0') {
        return Err(Error::Signature);
    }
    let query = signature::sorted_query(call.query);
    check_sign(sign, &signature::v2(&app.token, call.method, call.path, &query, call.body, timestamp, nonce))?;
    let now = backend.clock.now();
    let mut tx = backend.store.company(app.company_id).write().await?;
    tx.forget_nonces(now).await?;
    let fresh = tx.insert_nonce(&app.id, nonce, now + NONCE * SECOND).await? > 0;
    tx.commit().await?;
    if fresh { Ok(()) } else { Err(Error::NonceUsed) }
}

/// Compares in constant time, so that the time of an answer tells nothing of the right signature.
fn check_sign(given: &str, right: &str) -> Result<(), Error> {
    if bool::from(given.as_bytes().ct_eq(right.as_bytes())) { Ok(()) } else { Err(Error::Signature) }
}
