//! Tokens: who a JWT proves is calling. They are the company's own, signed with its secret (HS256), or those of
//! an identity provider, signed with a key whose public half is in a file (RS256, EdDSA).

mod der;
mod keys;
mod provider;
mod signatures;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

pub use crate::ops::access::token::provider::{KeyFileError, Provider};

use crate::domain::catalogue::Catalogue;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::identity;
use crate::ops::{Backend, Caller};

/// The longest token, bytes; nothing of a longer one is read.
const LONGEST: usize = 16 * 1024;

/// What a company's own token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// The login number.
    sub: String,
    company: i64,
    /// Seconds.
    iat: i64,
    exp: i64,
}

/// Issues a token for an operator, good for so many seconds from now.
pub async fn issue_token(backend: &Backend, company: i64, login_no: &str, seconds: i64) -> Result<String, Error> {
    let catalogue = identity::catalogue(backend, company).await?;
    let operator = identity::operator(&catalogue, login_no, None)?;
    let now = backend.clock.now() / SECOND;
    let claims = Claims { sub: operator.login_no, company, iat: now, exp: now.saturating_add(seconds) };
    let key = EncodingKey::from_secret(catalogue.company.token_secret.as_bytes());
    signatures::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|cause| Error::internal(&cause))
}

/// Returns the operator whom a token names. The answer to a bad one does not say what is wrong with it.
pub async fn by_token(backend: &Backend, token: &str) -> Result<Caller, Error> {
    judge(backend, token).await.map_err(|fault| match fault {
        Fault::Refused(Refused(reason)) => {
            tracing::debug!(reason, "a token was refused");
            Error::NotSignedIn { detail: "token: 无效或已过期 / invalid or expired".into() }
        }
        Fault::Other(error) => error,
    })
}

/// Why a token is refused. It goes into the log, so it says nothing of what is in the token.
#[derive(Debug, Clone, Copy)]
struct Refused(&'static str);

enum Fault {
    Refused(Refused),
    Other(Error),
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What a token proves; times in seconds.
struct Proven {
    company: i64,
    login_no: String,
    issued_at: Option<i64>,
    expires_at: i64,
}

async fn judge(backend: &Backend, token: &str) -> Result<Caller, Fault> {
    if token.len() > LONGEST {
        return Err(Refused("it is too long").into());
    }
    let head = jsonwebtoken::decode_header(token).map_err(|_| Refused("its head cannot be read"))?;
    // The head says only where to look for the key; every key is for its own algorithm alone.
    let proven = if head.alg == Algorithm::HS256 {
        check_own(backend, token).await?
    } else {
        backend.provider.check(token, &head, backend.clock.now()).await?
    };
    let Proven { company, login_no, issued_at, expires_at } = proven;
    let catalogue = catalogue(backend, company).await?;
    let operator = identity::operator(&catalogue, &login_no, None).map_err(|_| Refused("there is no such operator"))?;
    let signed_out_at = catalogue.staff(&operator.login_no).map_or(0, |staff| staff.signed_out_at);
    // Tokens count in whole seconds: one of the very second in which its sign-ins ended is good.
    if issued_at.is_some_and(|at| at < signed_out_at / SECOND) {
        return Err(Refused("its sign-ins have ended since").into());
    }
    Ok(Caller { company, operator: Some(operator), via: None, until: Some(expires_at.saturating_mul(SECOND)) })
}

/// Returns what a token of the company's own proves.
async fn check_own(backend: &Backend, token: &str) -> Result<Proven, Fault> {
    // The company says which secret the token is checked with; nothing else is believed before that.
    let unchecked: Claims =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| Refused("its claims cannot be read"))?;
    let catalogue = catalogue(backend, unchecked.company).await?;
    let mut validation = Validation::new(Algorithm::HS256);
    // Compared with the context's clock below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(catalogue.company.token_secret.as_bytes());
    let claims = signatures::decode::<Claims>(token, &key, &validation)
        .map_err(|_| Refused("the company's secret did not sign it"))?
        .claims;
    if claims.exp <= backend.clock.now() / SECOND {
        return Err(Refused("it has expired").into());
    }
    let Claims { sub: login_no, company, iat, exp: expires_at } = claims;
    Ok(Proven { company, login_no, issued_at: Some(iat), expires_at })
}

async fn catalogue(backend: &Backend, company: i64) -> Result<Arc<Catalogue>, Fault> {
    identity::catalogue(backend, company).await.map_err(|error| match error {
        Error::NotSignedIn { .. } => Refused("there is no such company").into(),
        other => Fault::Other(other),
    })
}
