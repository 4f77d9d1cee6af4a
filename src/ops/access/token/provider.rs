//! An identity provider: its keys, read again when their file changes, and what its tokens must say.

use std::fmt;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jsonwebtoken::{Header, Validation};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::config::Tokens;
use crate::domain::json;
use crate::domain::times::SECOND;
use crate::ops::access::token::keys::{self, Key, KeysError};
use crate::ops::access::token::{Proven, Refused, signatures};

/// The largest file of keys, bytes: a set with the chains of certificates that some providers add.
const LARGEST_FILE: u64 = 128 * 1024;

/// An identity provider, or none.
pub struct Provider {
    settings: Tokens,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Arc<[Key]>,
    /// What the file was like when the keys were read.
    stamp: Option<Stamp>,
    looked_at: Option<i64>,
    /// Said once, not every second.
    complaint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    /// A file that is moved into the place of another is a different one, whatever its time says.
    inode: u64,
}

/// Why a provider's tokens cannot be checked.
#[derive(Debug)]
pub struct KeyFileError {
    file: PathBuf,
    cause: KeysError,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tokens.keys {}: {}", self.file.display(), self.cause)
    }
}

impl std::error::Error for KeyFileError {}

impl Provider {
    #[must_use]
    pub fn new(settings: &Tokens) -> Self {
        Self { settings: settings.clone(), held: Mutex::default() }
    }

    /// Reads the keys, so that what is wrong with them is said when a server starts and not at the first token.
    pub async fn load(&self) -> Result<(), KeyFileError> {
        if !self.settings.has_provider() {
            return Ok(());
        }
        if self.settings.audience.is_empty() {
            tracing::warn!("tokens.audience is empty: what the provider issued for other applications is believed too");
        }
        let mut held = self.held.lock().await;
        self.look(&mut held).await.map_err(|cause| KeyFileError { file: self.settings.keys.clone(), cause })
    }

    /// Returns the company and the login number that a token proves.
    pub(super) async fn check(&self, token: &str, head: &Header, now: i64) -> Result<Proven, Refused> {
        if !self.settings.has_provider() {
            return Err(Refused("its algorithm is not HS256, and there is no identity provider"));
        }
        // An extension that must be understood, RFC 7515 §4.1.11; there is none that we understand.
        if head.crit.is_some() {
            return Err(Refused("its head has crit"));
        }
        let claims = verify(token, head, &self.keys(now).await)?;
        let expires_at = self.check_claims(&claims, now / SECOND)?;
        let (company, login_no) = self.identity(&claims)?;
        Ok(Proven { company, login_no, issued_at: None, expires_at })
    }

    /// The keys as they are in the file, or were a second ago. If the file is bad, those read before stay.
    async fn keys(&self, now: i64) -> Arc<[Key]> {
        let mut held = self.held.lock().await;
        let is_fresh = held.looked_at.is_some_and(|at| (at..at.saturating_add(SECOND)).contains(&now));
        if !is_fresh {
            held.looked_at = Some(now);
            if let Err(cause) = self.look(&mut held).await {
                let complaint = cause.to_string();
                if held.complaint.as_ref() != Some(&complaint) {
                    let file = self.settings.keys.display();
                    tracing::error!(setting = "tokens.keys", %file, cause = complaint, "the keys read before stay");
                    held.complaint = Some(complaint);
                }
            }
        }
        held.keys.clone()
    }

    async fn look(&self, held: &mut Held) -> Result<(), KeysError> {
        let (file, stamp) = (self.settings.keys.clone(), held.stamp);
        let read = tokio::task::spawn_blocking(move || read(&file, stamp)).await;
        if let Some((stamp, keys)) = read.map_err(|cause| KeysError::Unreadable(std::io::Error::other(cause)))?? {
            tracing::info!(keys = keys.len(), "the keys of the identity provider were read");
            held.keys = keys.into();
            held.stamp = Some(stamp);
        }
        held.complaint = None;
        Ok(())
    }

    /// Returns when the token ends to be good, seconds.
    fn check_claims(&self, claims: &Map<String, Value>, now: i64) -> Result<i64, Refused> {
        let leeway = i64::try_from(self.settings.leeway_seconds).unwrap_or(i64::MAX);
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => seconds(value).map(Some).ok_or(Refused("exp, nbf or iat is no time")),
        };
        let Some(expires) = time("exp")? else { return Err(Refused("exp is missing")) };
        let expires = expires.saturating_add(leeway);
        if expires <= now {
            return Err(Refused("it has expired"));
        }
        let latest = now.saturating_add(leeway);
        if time("nbf")?.is_some_and(|from| from > latest) {
            return Err(Refused("it is not good yet"));
        }
        if time("iat")?.is_some_and(|issued| issued > latest) {
            return Err(Refused("it was issued in the future"));
        }
        if claims.get("iss").and_then(Value::as_str) != Some(self.settings.issuer.as_str()) {
            return Err(Refused("its issuer is not tokens.issuer"));
        }
        if !self.settings.audience.is_empty() && !self.is_for_us(claims.get("aud")) {
            return Err(Refused("its audience is not tokens.audience"));
        }
        Ok(expires)
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let is_us = |value: &Value| value.as_str() == Some(self.settings.audience.as_str());
        match audience {
            Some(Value::Array(audiences)) => audiences.iter().any(is_us),
            Some(audience) => is_us(audience),
            None => false,
        }
    }

    fn identity(&self, claims: &Map<String, Value>) -> Result<(i64, String), Refused> {
        let company = match self.settings.company {
            0 => claim(claims, &self.settings.company_claim)
                .and_then(company_id)
                .ok_or(Refused("tokens.company_claim is missing or no company's id"))?,
            company => company,
        };
        let login_no = match claim(claims, &self.settings.operator_claim) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(Refused("tokens.operator_claim is missing or no login number")),
        };
        Ok((company, login_no))
    }
}

/// Returns the keys of the file and what it is like, unless it is still like `before`.
fn read(file: &Path, before: Option<Stamp>) -> Result<Option<(Stamp, Vec<Key>)>, KeysError> {
    // Taken before the file is read: what is written meanwhile is read next time.
    let metadata = std::fs::metadata(file).map_err(KeysError::Unreadable)?;
    if !metadata.is_file() {
        return Err(KeysError::NoFile);
    }
    let modified = metadata.modified().map_err(KeysError::Unreadable)?;
    let stamp = Stamp { modified, length: metadata.len(), inode: metadata.ino() };
    if before == Some(stamp) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file).map_err(KeysError::Unreadable)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(KeysError::Unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(KeysError::TooLarge { most: LARGEST_FILE });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| KeysError::Form { line: 1, column: 1 })?;
    Ok(Some((stamp, keys::parse(text)?)))
}

/// Returns the claims of a token that one of the keys has signed. Times, issuer and audience are not looked at:
/// jsonwebtoken would take the machine's clock.
fn verify(token: &str, head: &Header, keys: &[Key]) -> Result<Map<String, Value>, Refused> {
    let mut refused = Refused("tokens.keys has no key with its kid and algorithm");
    for key in keys {
        let is_named = match (&head.kid, &key.id) {
            (Some(named), Some(id)) => named == id,
            _ => true,
        };
        if !is_named || head.alg != key.algorithm {
            continue;
        }
        let mut validation = Validation::new(key.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        match signatures::decode(token, &key.key, &validation) {
            Ok(decoded) => return Ok(decoded.claims),
            Err(_) => refused = Refused("its signature is wrong, or its claims cannot be read"),
        }
    }
    Err(refused)
}

/// A claim by its name, or by the way to it through objects.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    rest.split('.').try_fold(claims.get(first)?, |value, part| value.get(part))
}

fn company_id(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        Value::Number(_) => json::integer(value),
        _ => None,
    }
}

/// A NumericDate, RFC 7519 §2: seconds, perhaps with a fraction.
fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the fraction does not matter, and a cast keeps to the range")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}
