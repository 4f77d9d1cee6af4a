//! How programs prove for whom they act: an app signs its calls, another sends a bearer token. Every dialect's
//! credentials are of this one kind, and each is bound to one company.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::signature::{self, WiseDigest};
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::identity::{self, Claim};
use crate::ops::access::token;
use crate::ops::{Backend, Caller, Via};
use crate::store::rows::CredentialRow;

/// How far a signed call's time may be off, seconds.
const WINDOW: i64 = 300;
/// The same for WiseCRM, milliseconds.
const WISE_WINDOW: u64 = 30_000;
/// Microseconds in a millisecond.
const MILLISECOND: i64 = 1000;
/// How long a nonce is remembered, seconds.
const NONCE: i64 = 900;
/// The longest nonce.
const LONGEST_NONCE: usize = 64;

/// How a credential proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It signs, with a secret that both sides know.
    App,
    /// It sends a token of which only the digest is stored.
    Bearer,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Bearer => "bearer",
        }
    }
}

/// Returns the digest under which a bearer token is stored.
#[must_use]
pub fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
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
pub async fn by_signature(backend: &Backend, dialect: &str, call: &Signed<'_>) -> Result<Caller, Error> {
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
    let app = app(backend, dialect, call.parameter("appid").unwrap_or_default()).await?;
    let sign = call.parameter("sign").unwrap_or_default();
    match call.parameter("sign_version") {
        None | Some("v1") => check_sign(sign, &signature::v1(&app.id, &app.secret, timestamp))?,
        Some("v2") => check_v2(backend, call, &app, sign, timestamp).await?,
        Some(_) => return Err(Error::Signature),
    }
    caller(backend, app).await
}

/// Returns the company whose app made a WiseCRM call. Without `sign_type`, `sign` is the secret itself, which may
/// only travel where nobody listens; with it, `sign` is a signature over the parameters and their time.
pub async fn by_wise_sign(
    backend: &Backend,
    dialect: &str,
    call: &Signed<'_>,
    is_private: bool,
) -> Result<Caller, Error> {
    let parameter = |name: &str| call.parameter(name).unwrap_or_default();
    let sign_type = parameter("sign_type");
    let app = if sign_type.trim().is_empty() {
        if !is_private {
            return Err(Error::NotSignedIn {
                detail: "sign_type: 未加密的连接须签名 / without TLS a call is to be signed".into(),
            });
        }
        let app = app(backend, dialect, parameter("appid")).await?;
        check_sign(parameter("sign"), &app.secret)?;
        app
    } else {
        let digest = WiseDigest::parse(sign_type).ok_or_else(|| Error::NotSignedIn {
            detail: "sign_type: 应为 MD5 或 SHA1 / expected MD5 or SHA1".into(),
        })?;
        let milliseconds: i64 = parameter("timestamp").trim().parse().map_err(|_| Error::TimestampForm)?;
        let now = backend.clock.now() / MILLISECOND;
        if now.abs_diff(milliseconds) > WISE_WINDOW {
            return Err(Error::TimestampAge);
        }
        let app = app(backend, dialect, parameter("appid")).await?;
        let right = signature::wise(digest, &app.secret, call.query);
        check_sign(&parameter("sign").to_ascii_lowercase(), &right)?;
        app
    };
    caller(backend, app).await
}

/// Returns the caller acting for the person with this number. A program that works in somebody's name works in
/// no other.
pub async fn acting_for(backend: &Backend, caller: Caller, number: i64) -> Result<Caller, Error> {
    let catalogue = identity::catalogue(backend, caller.company).await?;
    let nobody = || Error::forbidden("op_user: 没有这个用户，或已停用 / no such user, or disabled");
    let login_no = &catalogue.staff_by_number(number).ok_or_else(nobody)?.login_no;
    let operator = identity::operator(&catalogue, login_no, None).map_err(|_| nobody())?;
    if caller.operator.as_ref().is_some_and(|bound| bound.login_no != operator.login_no) {
        return Err(Error::forbidden("op_user: 与应用绑定的用户不符 / is not the one that the app works for"));
    }
    Ok(Caller { operator: Some(operator), ..caller })
}

/// Returns whom a bearer token stands for; the answer to a bad one does not say what is wrong with it.
pub async fn by_bearer(backend: &Backend, dialect: &str, given: &str) -> Result<Caller, Error> {
    // Tokens of operators have dots in them, ours have none.
    if given.contains('.') {
        return token::by_token(backend, given).await;
    }
    let refused = || Error::NotSignedIn { detail: "token: 无效或已过期 / invalid or expired".into() };
    let found = backend.store.bearer(&digest(given)).await?.filter(|row| row.dialect == dialect);
    caller(backend, found.ok_or_else(refused)?).await.map_err(|error| match error {
        Error::NotSignedIn { .. } => refused(),
        other => other,
    })
}

async fn caller(backend: &Backend, credential: CredentialRow) -> Result<Caller, Error> {
    let mut caller = match credential.acts_as {
        None => Caller::system(credential.company_id),
        Some(operator) => {
            let claim = Claim { company: Some(credential.company_id), operator: Some(operator), ..Claim::default() };
            identity::believe(backend, &claim).await?
        }
    };
    caller.via =
        Some(Via { credential: credential.id, unlimited: credential.unlimited != 0, grants: credential.grants });
    Ok(caller)
}

async fn app(backend: &Backend, dialect: &str, id: &str) -> Result<CredentialRow, Error> {
    // PostgreSQL has no text with U+0000 in it, and refuses to look for one.
    if id.contains('\0') {
        return Err(Error::Signature);
    }
    let found = backend.store.credential(id).await?;
    found.filter(|row| row.kind == Kind::App.name() && row.dialect == dialect).ok_or(Error::Signature)
}

async fn check_v2(
    backend: &Backend,
    call: &Signed<'_>,
    app: &CredentialRow,
    sign: &str,
    timestamp: &str,
) -> Result<(), Error> {
    let nonce = call.parameter("nonce").unwrap_or_default();
    if nonce.is_empty() || nonce.len() > LONGEST_NONCE || nonce.contains('\0') {
        return Err(Error::Signature);
    }
    let query = signature::sorted_query(call.query);
    check_sign(sign, &signature::v2(&app.secret, call.method, call.path, &query, call.body, timestamp, nonce))?;
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
