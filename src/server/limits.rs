//! How often: frames of a socket and of an operator, calls of an app.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::config;
use crate::domain::catalogue::login_key;
use crate::error::Error;
use crate::ops::Caller;

/// For how long a socket may go on sending too much before it is closed, in seconds of its rate.
const PATIENCE: u32 = 5;

/// The rates that sockets share. A setting of 0 is no limit.
pub struct Rates {
    clock: DefaultClock,
    /// Frames of an operator, whichever socket they come by.
    operators: Option<DefaultKeyedRateLimiter<(i64, String)>>,
    /// Calls of an app, by its id.
    apps: Option<DefaultKeyedRateLimiter<String>>,
}

fn per_second(rate: u32) -> Option<Quota> {
    // A burst of two seconds: a desktop that opens asks for much at once.
    NonZeroU32::new(rate).map(|rate| Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get())))
}

impl Rates {
    #[must_use]
    pub fn new(limits: &config::Limits) -> Self {
        Self {
            clock: DefaultClock::default(),
            operators: per_second(limits.operator_frames_per_second).map(RateLimiter::keyed),
            apps: NonZeroU32::new(limits.calls_per_minute).map(|rate| RateLimiter::keyed(Quota::per_minute(rate))),
        }
    }

    /// Counts a frame of whoever is signed in.
    pub fn frame(&self, caller: &Caller) -> Result<(), Error> {
        let (Some(limiter), Some(operator)) = (&self.operators, &caller.operator) else { return Ok(()) };
        let key = (caller.company, login_key(&operator.login_no));
        limiter.check_key(&key).map_err(|wait| refusal(&wait, &self.clock, "[limits] operator_frames_per_second"))
    }

    /// Counts a call of the program that makes it, if one does and its calls are counted.
    pub fn call(&self, caller: &Caller) -> Result<(), Error> {
        let (Some(limiter), Some(via)) = (&self.apps, &caller.via) else { return Ok(()) };
        if via.unlimited {
            return Ok(());
        }
        limiter.check_key(&via.credential).map_err(|wait| refusal(&wait, &self.clock, "[limits] calls_per_minute"))
    }

    /// Forgets who has been quiet long enough to have a full allowance again.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.operators {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.apps {
            limiter.retain_recent();
        }
    }
}

fn refusal(wait: &NotUntil<<DefaultClock as Clock>::Instant>, clock: &DefaultClock, setting: &'static str) -> Error {
    let milliseconds = wait.wait_time_from(clock.now()).as_millis();
    Error::RateLimited {
        retry_after_ms: u64::try_from(milliseconds).unwrap_or(u64::MAX).saturating_add(1),
        why: setting,
        most: wait.quota().burst_size().get(),
    }
}

/// The rate of one socket.
pub struct SocketRate {
    clock: DefaultClock,
    frames: Option<DefaultDirectRateLimiter>,
    /// Frames beyond the rate, which are answered with 429.
    beyond: Option<DefaultDirectRateLimiter>,
}

/// What becomes of a frame.
pub enum Verdict {
    Accepted,
    Refused(Error),
    /// It has been refused often enough: the socket is to be closed.
    Flood,
}

impl SocketRate {
    #[must_use]
    pub fn new(limits: &config::Limits) -> Self {
        let beyond = NonZeroU32::new(limits.frames_per_second)
            .map(|rate| Quota::per_second(rate).allow_burst(rate.saturating_mul(PATIENCE_NON_ZERO)));
        Self {
            clock: DefaultClock::default(),
            frames: per_second(limits.frames_per_second).map(RateLimiter::direct),
            beyond: beyond.map(RateLimiter::direct),
        }
    }

    /// Counts a frame.
    #[must_use]
    pub fn frame(&self) -> Verdict {
        let Some(Err(wait)) = self.frames.as_ref().map(RateLimiter::check) else { return Verdict::Accepted };
        self.refused(refusal(&wait, &self.clock, "[limits] frames_per_second"))
    }

    /// Counts a frame that another limit refuses: it, too, must not be sent again and again.
    #[must_use]
    pub fn refused(&self, error: Error) -> Verdict {
        match self.beyond.as_ref().map(RateLimiter::check) {
            Some(Err(_)) => Verdict::Flood,
            _ => Verdict::Refused(error),
        }
    }
}

const PATIENCE_NON_ZERO: NonZeroU32 = NonZeroU32::new(PATIENCE).unwrap();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Via;

    #[test]
    fn a_socket_is_refused_and_then_closed() {
        let rate = SocketRate::new(&config::Limits { frames_per_second: 10, ..config::Limits::default() });
        let verdicts: Vec<_> = (0..100).map(|_| rate.frame()).collect();
        let accepted = verdicts.iter().take_while(|verdict| matches!(verdict, Verdict::Accepted)).count();
        assert!((20..=21).contains(&accepted), "{accepted}");
        let flood = verdicts.iter().position(|verdict| matches!(verdict, Verdict::Flood)).unwrap();
        assert!((70..=73).contains(&flood), "{flood}");
    }

    #[test]
    fn no_limit_is_none() {
        let limits = config::Limits {
            frames_per_second: 0,
            operator_frames_per_second: 0,
            calls_per_minute: 0,
            ..config::Limits::default()
        };
        let (rates, rate) = (Rates::new(&limits), SocketRate::new(&limits));
        let caller =
            Caller { via: Some(Via { credential: "a".into(), unlimited: false, grants: None }), ..Caller::system(1) };
        for _ in 0..10_000 {
            assert!(matches!(rate.frame(), Verdict::Accepted));
            assert!(rates.call(&caller).is_ok() && rates.frame(&caller).is_ok());
        }
    }

    #[test]
    fn an_app_has_its_own_allowance_and_some_have_no_bound() {
        let rates = Rates::new(&config::Limits { calls_per_minute: 60, ..config::Limits::default() });
        let caller = |id: &str, unlimited| Caller {
            via: Some(Via { credential: id.into(), unlimited, grants: None }),
            ..Caller::system(1)
        };
        let refused = |caller: &Caller| (0..100).filter(|_| rates.call(caller).is_err()).count();
        assert!((38..=40).contains(&refused(&caller("a", false))));
        assert!((38..=40).contains(&refused(&caller("b", false))));
        assert_eq!(refused(&caller("c", true)), 0);
        assert_eq!(refused(&Caller::system(1)), 0);
    }
}
