//! Tokens: who a JWT says is calling. They are the company's own, signed with its secret.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{Backend, Caller, identity};
use crate::domain::times::SECOND;
use crate::error::Error;

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
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|cause| Error::internal(&cause))
}

/// Returns the operator whom a token names. The answer to a bad one does not say what is wrong with it.
pub async fn by_token(backend: &Backend, token: &str) -> Result<Caller, Error> {
    let refused = || Error::NotSignedIn { detail: "token: 无效或已过期 / invalid or expired".into() };
    // The company says which secret the token is checked with; nothing else is believed before that.
    let unchecked: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| refused())?;
    let catalogue = identity::catalogue(backend, unchecked.company).await.map_err(|error| match error {
        Error::NotSignedIn { .. } => refused(),
        other => other,
    })?;
    let mut validation = Validation::new(Algorithm::HS256);
    // Compared with the context's clock below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(catalogue.company.token_secret.as_bytes());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| refused())?.claims;
    if claims.exp <= backend.clock.now() / SECOND {
        return Err(refused());
    }
    let operator = identity::operator(&catalogue, &claims.sub, None).map_err(|_| refused())?;
    Ok(Caller { company: claims.company, operator: Some(operator) })
}
