//! How other systems are told of events: which, signed how, and when again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use super::event;
use super::signature::keyed;
use super::times::SECOND;

/// The events that can be sent to another system. What one operator alone is told is not among them.
pub const KINDS: [&str; 21] = [
    event::CREATED,
    event::UPDATED,
    event::ASSIGNED,
    event::DELETED,
    event::RESTORED,
    event::MERGED,
    event::UNMERGED,
    event::FEED_ADDED,
    event::COMPANY_CHANGED,
    "call.ringing",
    "call.answered",
    "call.held",
    "call.resumed",
    "call.transferred",
    "call.ended",
    event::CALL_MISSED,
    event::AGENT_STATE,
    event::TICKET_CREATED,
    event::TICKET_UPDATED,
    event::TICKET_ASSIGNED,
    event::VIEWING,
];

/// Which events a word stands for: one of [`KINDS`], all of a family as in `call.*`, or `*`.
#[must_use]
pub fn holds(word: &str, kind: &str) -> bool {
    match word.strip_suffix('*') {
        None => word == kind,
        Some("") => true,
        Some(family) => family.ends_with('.') && kind.starts_with(family),
    }
}

/// Whether a word stands for some event that can be sent.
#[must_use]
pub fn is_known(word: &str) -> bool {
    KINDS.iter().any(|kind| holds(word, kind))
}

/// What begins a secret, as Standard Webhooks writes it.
const PREFIX: &str = "whsec_";

/// Returns a secret as it is handed out, of 24 to 64 random bytes.
#[must_use]
pub fn secret(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// Returns `webhook-signature`: of the id, the time (seconds since 1970) and the body, with HMAC-SHA256 and the bytes of
/// the secret. See <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
#[must_use]
pub fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).unwrap_or_default();
    let mut mac = keyed(&key);
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// For how long a delivery is tried, microseconds.
pub const PATIENCE: i64 = 24 * 60 * 60 * SECOND;
/// How long after each try the next comes, seconds; the last for all that follow.
const WAITS: [i64; 9] = [5, 15, 60, 5 * 60, 15 * 60, 30 * 60, 60 * 60, 2 * 60 * 60, 4 * 60 * 60];

/// Returns how long after this many tries the next comes, microseconds: up to a fifth longer for some than for others, so
/// that what failed together does not come again together.
#[must_use]
pub fn wait(attempts: i64, seq: i64) -> i64 {
    let nth = usize::try_from(attempts.saturating_sub(1)).unwrap_or_default();
    let wait = WAITS.get(nth).or(WAITS.last()).copied().unwrap_or_default() * SECOND;
    wait + wait / 5 * seq.rem_euclid(16) / 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Kind;

    #[test]
    fn words_stand_for_events() {
        assert!(["*", "call.*", "customer.created", "viewing"].into_iter().all(is_known));
        assert!(
            ["", "call", "call.", "call*", "calls.*", "**", "reminder.due", "watch.*", "call.dial"]
                .iter()
                .all(|word| !is_known(word))
        );
        assert!(
            holds("call.*", "call.ended")
                && !holds("call.*", "customer.created")
                && !holds("customer.created", "customer.updated")
        );
        assert!(Kind::ALL.iter().all(|kind| KINDS.contains(&kind.event())));
    }

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(
            signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn what_fails_comes_later_and_later() {
        let waits: Vec<i64> = (1..=12).map(|attempts| wait(attempts, 0) / SECOND).collect();
        assert_eq!(waits, [5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 14400, 14400, 14400]);
        assert!((1..100).all(|seq| (5 * SECOND..=6 * SECOND).contains(&wait(1, seq))));
        assert!(wait(1, 3) != wait(1, 4) && wait(i64::MAX, i64::MAX) > 0 && wait(i64::MIN, i64::MIN) > 0);
    }
}
