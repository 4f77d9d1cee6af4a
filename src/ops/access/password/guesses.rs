//! Who has guessed wrong lately: accounts and addresses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::unsync::Cache;

use crate::domain::times::SECOND;
use crate::error::Error;

/// Wrong passwords that cost an account nothing; from then on each doubles the wait.
pub const FREE_FOR_ACCOUNT: u32 = 4;
/// The same for an address, behind which there can be a whole office.
pub const FREE_FOR_ADDRESS: u32 = 50;
/// The longest wait, seconds.
const LONGEST_WAIT: i64 = 300;
/// How long a wrong password is remembered, microseconds.
const REMEMBERED: i64 = 15 * 60 * SECOND;
/// The most accounts and addresses that are remembered.
const MOST: usize = 100_000;

/// Who has guessed wrong lately.
#[derive(Clone)]
pub struct Guesses(Arc<Mutex<Cache<String, Guess>>>);

#[derive(Clone, Copy)]
struct Guess {
    wrong: u32,
    last: i64,
}

/// A try that counts as a wrong one until it is known to be right.
pub struct Try {
    who: String,
    before: Option<Guess>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Cache::new(MOST))))
    }
}

impl Guess {
    /// Refuses what comes too soon after wrong tries, so many of which are free.
    fn allow(self, free: u32, now: i64) -> Result<(), Error> {
        let doublings = self.wrong.saturating_sub(free);
        if doublings == 0 {
            return Ok(());
        }
        let wait = 1_i64.checked_shl(doublings - 1).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT) * SECOND;
        let left = self.last + wait - now;
        if left > 0 {
            return Err(Error::RateLimited {
                retry_after_ms: u64::try_from(left / 1000 + 1).unwrap_or(1),
                why: "密码错误次数过多 / too many wrong passwords",
                most: free,
            });
        }
        Ok(())
    }
}

impl Guesses {
    fn known(&self) -> MutexGuard<'_, Cache<String, Guess>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a try that comes too soon after wrong ones, so many of which are free.
    pub fn check(&self, who: &str, free: u32, now: i64) -> Result<(), Error> {
        self.known().get(who).map_or(Ok(()), |guess| guess.allow(free, now))
    }

    /// Counts a try before it is known whether it is right: of many at once, no more are checked than one after another.
    pub fn begin(&self, who: &str, free: u32, now: i64) -> Result<Try, Error> {
        let mut known = self.known();
        let before = known.get(who).filter(|guess| now - guess.last < REMEMBERED).copied();
        let guess = before.unwrap_or(Guess { wrong: 0, last: now });
        guess.allow(free, now)?;
        known.insert(who.to_owned(), Guess { wrong: guess.wrong.saturating_add(1), last: now });
        Ok(Try { who: who.to_owned(), before })
    }

    /// Forgets the wrong tries of who was right in the end.
    pub fn right(&self, right: &Try) {
        self.known().remove(&right.who);
    }

    /// Takes a try back that was right: it does not make up for the wrong ones.
    pub fn take_back(&self, right: Try) {
        let mut known = self.known();
        let wrong = known.get(&right.who).map_or(0, |guess| guess.wrong).saturating_sub(1);
        match right.before {
            Some(before) if wrong > 0 => known.insert(right.who, Guess { wrong, last: before.last }),
            _ if wrong > 0 => {}
            _ => drop(known.remove(&right.who)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: u32 = FREE_FOR_ACCOUNT;

    #[test]
    fn guessing_waits_twice_as_long_each_time_and_not_for_ever() {
        let guesses = Guesses::default();
        let mut now = 0;
        for _ in 0..FREE {
            guesses.begin("a", FREE, now).unwrap();
        }
        let mut last = guesses.begin("a", FREE, now);
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert!(last.is_ok());
            let early = now + seconds * SECOND - 1;
            assert!(matches!(guesses.check("a", FREE, early), Err(Error::RateLimited { .. })), "{seconds}");
            assert!(matches!(guesses.begin("a", FREE, early), Err(Error::RateLimited { .. })), "{seconds}");
            now += seconds * SECOND;
            guesses.check("a", FREE, now).unwrap();
            last = guesses.begin("a", FREE, now);
        }
        guesses.check("b", FREE, now).unwrap();
        guesses.right(&last.unwrap());
        guesses.begin("a", FREE, now).unwrap();
        guesses.check("a", FREE, now).unwrap();
    }

    #[test]
    fn who_is_right_takes_back_his_own_try_only() {
        let guesses = Guesses::default();
        for _ in 0..10 {
            let right = guesses.begin("office", 3, 0).unwrap();
            guesses.take_back(right);
        }
        for _ in 0..3 {
            guesses.begin("office", 3, 0).unwrap();
        }
        let right = guesses.begin("office", 3, 0).unwrap();
        assert!(guesses.begin("office", 3, 0).is_err());
        guesses.take_back(right);
        // The three are remembered: the next wrong one waits.
        guesses.begin("office", 3, 0).unwrap();
        assert!(guesses.begin("office", 3, 0).is_err());
    }
}
