//! Asterisk 的管理接口（AMI），第 12 版起的事件。 / Asterisk's manager interface, with the events it has since version 12.

use super::calls::Calls;
use super::wire::{Headers, head};

/// Takes the first message off what has come. The greeting, a line of its own, is no part of it.
pub fn message(received: &mut Vec<u8>) -> Option<Headers> {
    let (message, end) = head(received)?;
    received.drain(..end);
    Some(message)
}

/// Takes an event in. Its time is its own where the manager stamps events (`timestampevents`), else this one, microseconds.
pub fn take(calls: &mut Calls, event: &Headers, now: i64) {
    calls.now(stamp(event.get("Timestamp")).unwrap_or(now));
    match event.get("Event") {
        // Of a channel that is called, all is known when it is.
        "Newchannel" if event.get("Uniqueid") == event.get("Linkedid") => originates(calls, event),
        "QueueCallerJoin" => {
            if let Some(channel) = see(calls, event, "") {
                calls.queues(channel, event.get("Queue"));
            }
        }
        // A queue calls its agents with both.
        "DialBegin" | "AgentCalled" => {
            originates(calls, event);
            if let Some(channel) = see(calls, event, "Dest") {
                calls.rings(channel);
            }
        }
        "DialEnd" if event.get("DialStatus") == "ANSWER" => {
            if let Some(channel) = see(calls, event, "Dest") {
                calls.answers(channel);
            }
        }
        kind @ ("Hold" | "Unhold") => calls.holds(event.get("Uniqueid"), kind == "Hold"),
        "BlindTransfer" if event.get("Result") == "Success" => {
            calls.gives(event.get("TransfererUniqueid"), event.get("Extension"), "blind");
        }
        "AttendedTransfer" if event.get("Result") == "Success" => consulted(calls, event),
        "Hangup" => calls.leaves(event.get("Uniqueid"), event.get("Cause-txt")),
        _ => {}
    }
}

/// The channel of an event whose members begin so; it is made known. The two halves of a `Local` channel are no telephone: what
/// they lead to is told of for itself, under the same Linkedid.
fn see<'e>(calls: &mut Calls, event: &'e Headers, prefix: &str) -> Option<&'e str> {
    let get = |name: &str| event.some(&format!("{prefix}{name}"));
    let (name, id, call) = (get("Channel")?, get("Uniqueid")?, get("Linkedid")?);
    if name.starts_with("Local/") {
        return None;
    }
    let number = [get("CallerIDNum"), get("Exten")].into_iter().flatten().find(|number| is_number(number));
    let extension = extension(name).filter(|extension| calls.knows(extension));
    calls.appears(id, call, extension.or(number).unwrap_or_default());
    Some(id)
}

/// The channel of an event calls.
fn originates(calls: &mut Calls, event: &Headers) {
    if let Some(channel) = see(calls, event, "") {
        let number = |name: &str| event.some(name).filter(|number| is_number(number));
        calls.originates(channel, number("CallerIDNum"), number("Exten"));
    }
}

/// A transfer after a consultation: over two calls, when the telephone does it, or within one, when Asterisk does.
fn consulted(calls: &mut Calls, event: &Headers) {
    let (caller, target) = (event.get("TransfereeUniqueid"), event.get("TransferTargetUniqueid"));
    let are_two = match (calls.call_of(caller), calls.call_of(target)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    if are_two {
        return calls.joins(caller, target);
    }
    let extension = extension(event.get("TransferTargetChannel")).filter(|extension| calls.knows(extension));
    let number = ["TransferTargetCallerIDNum", "SecondTransfererExten"].into_iter().map(|name| event.get(name));
    if let Some(to) = extension.or(number.into_iter().find(|number| is_number(number))) {
        calls.gives(event.get("OrigTransfererUniqueid"), to, "consult");
    }
}

/// The extension in the name of a channel: 8001 of `PJSIP/8001-0000002a`.
fn extension(channel: &str) -> Option<&str> {
    let (_, name) = channel.split_once('/')?;
    Some(name.rsplit_once('-')?.0)
}

/// Whether it can be dialled: not `s`, where a dialplan begins, nor `<unknown>`.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('+').unwrap_or(text);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}

/// Seconds with their fraction, as microseconds.
fn stamp(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (seconds, fraction) = (seconds.parse::<i64>().ok()?, format!("{fraction:0<6.6}").parse::<i64>().ok()?);
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}
