//! Passwords: argon2id hashes, checked off the threads that serve sockets, and guessing slowed down.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use moka::sync::Cache;
use tokio::sync::Semaphore;

use crate::domain::times::SECOND;
use crate::error::Error;

/// The shortest and the longest password, characters.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// Wrong passwords that cost an account nothing; from then on each doubles the wait.
pub const FREE_FOR_ACCOUNT: u32 = 4;
/// The same for an address, behind which there can be a whole office.
pub const FREE_FOR_ADDRESS: u32 = 50;
/// The longest wait, seconds.
const LONGEST_WAIT: i64 = 300;
/// How long a wrong password is remembered.
const REMEMBERED: Duration = Duration::from_mins(15);
/// Checks at a time: each takes 19 MiB for as long as it lasts.
const AT_A_TIME: usize = 2;

static CHECKS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// What an unknown account's password is checked against, so that the time of the answer tells nothing.
static NOBODYS: LazyLock<Option<String>> =
    LazyLock::new(|| hashed(Argon2::default(), &uuid::Uuid::new_v4().to_string()).ok());

/// Returns the hash of a password, made off the threads that serve sockets.
pub async fn hash_aside(password: String) -> Result<String, Error> {
    let _place = CHECKS.acquire().await.map_err(|cause| Error::internal(&cause))?;
    tokio::task::spawn_blocking(move || hash(&password)).await.map_err(|cause| Error::internal(&cause))?
}

/// Returns the hash of a password as it is stored.
pub fn hash(password: &str) -> Result<String, Error> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Error::parameter(format!(
            "password: 长度应为 {SHORTEST} 到 {LONGEST} 个字符 / expected {SHORTEST} to {LONGEST} characters"
        )));
    }
    hashed(Argon2::default(), password)
}

/// Returns the hash of a password that everybody knows, made with the least effort: it protects nothing.
pub fn hash_public(password: &str) -> Result<String, Error> {
    let least = Params::new(Params::MIN_M_COST, 1, 1, None).map_err(|cause| Error::internal(&cause))?;
    hashed(Argon2::new(Algorithm::Argon2id, Version::V0x13, least), password)
}

fn hashed(argon2: Argon2<'_>, password: &str) -> Result<String, Error> {
    let hash: PasswordHash = argon2.hash_password(password.as_bytes()).map_err(|cause| Error::internal(&cause))?;
    Ok(hash.to_string())
}

/// Returns whether the password is the one of this hash; `false` for an account without one, in the same time.
pub async fn is_right(password: String, hash: Option<String>) -> Result<bool, Error> {
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    let _place = CHECKS.acquire().await.map_err(|cause| Error::internal(&cause))?;
    let check = move || {
        let known = hash.is_some();
        let Some(hash) = hash.or_else(|| NOBODYS.clone()) else { return false };
        let Ok(hash) = PasswordHash::new(&hash) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known
    };
    tokio::task::spawn_blocking(check).await.map_err(|cause| Error::internal(&cause))
}

/// Who has guessed wrong lately: accounts and addresses.
#[derive(Clone)]
pub struct Guesses(Cache<String, Arc<Guess>>);

struct Guess {
    wrong: u32,
    last: i64,
}

impl Default for Guesses {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build())
    }
}

impl Guesses {
    /// Refuses a try that comes too soon after wrong ones, so many of which are free.
    pub fn check(&self, who: &str, free: u32, now: i64) -> Result<(), Error> {
        let Some(guess) = self.0.get(who) else { return Ok(()) };
        let doublings = guess.wrong.saturating_sub(free);
        if doublings == 0 {
            return Ok(());
        }
        let wait = 1_i64.checked_shl(doublings - 1).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT) * SECOND;
        let left = guess.last + wait - now;
        if left > 0 {
            return Err(Error::RateLimited {
                retry_after_ms: u64::try_from(left / 1000 + 1).unwrap_or(1),
                why: "密码错误次数过多 / too many wrong passwords",
                most: free,
            });
        }
        Ok(())
    }

    /// Remembers a wrong try.
    pub fn wrong(&self, who: &str, now: i64) {
        let wrong = self.0.get(who).map_or(0, |guess| guess.wrong).saturating_add(1);
        self.0.insert(who.to_owned(), Arc::new(Guess { wrong, last: now }));
    }

    /// Forgets the wrong tries of who was right in the end.
    pub fn right(&self, who: &str) {
        self.0.invalidate(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: u32 = FREE_FOR_ACCOUNT;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(is_right("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!is_right("correct horsf".into(), Some(stored)).await.unwrap());
        assert!(!is_right("anything".into(), None).await.unwrap());
        assert!(!is_right("anything".into(), Some("no hash".into())).await.unwrap());
        assert!(is_right("demo".into(), Some(hash_public("demo").unwrap())).await.unwrap());
    }

    #[test]
    fn short_and_endless_passwords_are_not_set() {
        assert!(hash("1234567").is_err());
        assert!(hash(&"x".repeat(129)).is_err());
    }

    #[test]
    fn guessing_waits_twice_as_long_each_time_and_not_for_ever() {
        let guesses = Guesses::default();
        let mut now = 0;
        for _ in 0..FREE {
            guesses.check("a", FREE, now).unwrap();
            guesses.wrong("a", now);
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            guesses.wrong("a", now);
            let early = now + seconds * SECOND - 1;
            assert!(matches!(guesses.check("a", FREE, early), Err(Error::RateLimited { .. })), "{seconds}");
            now += seconds * SECOND;
            guesses.check("a", FREE, now).unwrap();
        }
        guesses.check("b", FREE, now).unwrap();
        guesses.right("a");
        guesses.wrong("a", now);
        guesses.check("a", FREE, now).unwrap();
    }
}
