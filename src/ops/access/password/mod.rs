//! Passwords: argon2id hashes, checked off the threads that serve sockets, and guessing slowed down.

mod guesses;
mod turns;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

use crate::error::Error;

pub use crate::ops::access::password::guesses::{FREE_FOR_ACCOUNT, FREE_FOR_ADDRESS, Guesses, Try};
use crate::ops::access::password::turns::{Place, Turns};

/// The shortest and the longest password, characters.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// What the limit of those that wait is called.
pub const LIMIT: &str = "等待验证的密码过多 / too many passwords wait to be checked";
const ALGORITHM: Algorithm = Algorithm::Argon2id;
const VERSION: Version = Version::V0x13;
/// Checks at a time: each takes 19 MiB for as long as it lasts.
pub const AT_A_TIME: usize = 2;
/// The most that wait for a check, of one network: what is done in half a minute, as long as a request may take.
const WAITING: usize = 1000;

static CHECKS: LazyLock<Arc<Turns>> = LazyLock::new(|| Turns::new(AT_A_TIME, WAITING));

/// The memory of the checks. Taken from the machine for each check, it would be given back to it only in part.
static MEMORY: LazyLock<Mutex<Vec<Vec<Block>>>> = LazyLock::new(|| {
    let blocks = Argon2::default().params().block_count();
    Mutex::new((0..AT_A_TIME).map(|_| vec![Block::new(); blocks]).collect())
});
/// What needs no more blocks takes them from the machine.
const FEW_BLOCKS: usize = 64;

/// What an unknown account's password is checked against, so that the time of the answer tells nothing.
static NOBODYS: LazyLock<Option<String>> =
    LazyLock::new(|| hashed(&Argon2::default(), &uuid::Uuid::new_v4().to_string()).ok());

/// A turn to check a password, until it is dropped.
pub struct Turn {
    _place: Place,
}

/// Waits for a turn: each network has one after another, however many it asks for.
pub async fn turn(address: Option<IpAddr>) -> Result<Turn, Error> {
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    match CHECKS.place(address).await {
        Ok(place) => Ok(Turn { _place: place }),
        Err(turns::TooMany) => Err(Error::RateLimited {
            retry_after_ms: 5000,
            why: LIMIT,
            most: u32::try_from(WAITING).unwrap_or_default(),
        }),
    }
}

/// Returns the hash of a password, made off the threads that serve sockets.
pub async fn hash_aside(turn: Turn, password: String) -> Result<String, Error> {
    aside(turn, move || hash(&password)).await?
}

/// Does this off the threads that serve sockets. The turn goes with it: the work goes on also when nobody waits.
async fn aside<T: Send + 'static>(turn: Turn, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal(&cause))
}

/// Returns the hash of a password as it is stored.
pub fn hash(password: &str) -> Result<String, Error> {
    check_length(password)?;
    hashed(&Argon2::default(), password)
}

/// Refuses what is too short or too long for a password.
pub fn check_length(password: &str) -> Result<(), Error> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Error::parameter(format!(
            "password: 长度应为 {SHORTEST} 到 {LONGEST} 个字符 / expected {SHORTEST} to {LONGEST} characters"
        )));
    }
    Ok(())
}

/// Returns the hash of a password that everybody knows, made with the least effort: it protects nothing.
pub fn hash_public(password: &str) -> Result<String, Error> {
    let least = Params::new(Params::MIN_M_COST, 1, 1, None).map_err(|cause| Error::internal(&cause))?;
    hashed(&Argon2::new(ALGORITHM, VERSION, least), password)
}

fn hashed(argon2: &Argon2<'_>, password: &str) -> Result<String, Error> {
    let salt = Salt::generate();
    let output = output(argon2, password, &salt).ok_or_else(|| Error::internal(&"a password could not be hashed"))?;
    let hash = PasswordHash {
        algorithm: ALGORITHM.ident(),
        version: Some(VERSION.into()),
        params: argon2.params().try_into().map_err(|cause: argon2::password_hash::Error| Error::internal(&cause))?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Returns what argon2 makes of a password, in memory that is kept.
fn output(argon2: &Argon2<'_>, password: &str, salt: &Salt) -> Option<Output> {
    let blocks = argon2.params().block_count();
    let kept = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = if blocks > FEW_BLOCKS { kept().pop().unwrap_or_default() } else { Vec::new() };
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let done = argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory.get_mut(..blocks)?);
    if blocks > FEW_BLOCKS {
        kept().push(memory);
    }
    done.ok()?;
    Output::new(&output).ok()
}

/// Whether this is the password of this hash; `None` when it is no hash.
fn verify(password: &str, hash: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    if hash.algorithm != ALGORITHM.ident() || hash.version != Some(VERSION.into()) {
        return None;
    }
    let argon2 = Argon2::new(ALGORITHM, VERSION, Params::try_from(&hash).ok()?);
    let output = output(&argon2, password, &hash.salt?)?;
    Some(output.as_bytes().ct_eq(hash.hash?.as_bytes()).into())
}

/// Returns whether the password is the one of this hash; `false` for an account without one, in the same time.
pub async fn is_right(turn: Turn, password: String, hash: Option<String>) -> Result<bool, Error> {
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    aside(turn, move || {
        let known = hash.is_some();
        let hash = hash.or_else(|| NOBODYS.clone());
        hash.and_then(|hash| verify(&password, &hash)).unwrap_or(false) && known
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn right(password: &str, hash: Option<String>) -> bool {
        is_right(turn(None).await.unwrap(), password.to_owned(), hash).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_password_itself_right() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(right("correct horse", Some(stored.clone())).await);
        assert!(!right("correct horsf", Some(stored)).await);
        assert!(!right("anything", None).await);
        assert!(!right("anything", Some("no hash".into())).await);
        assert!(right("demo", Some(hash_public("demo").unwrap())).await);
    }

    #[test]
    fn short_and_endless_passwords_are_not_set() {
        assert!(hash("1234567").is_err());
        assert!(hash(&"x".repeat(129)).is_err());
    }
}
