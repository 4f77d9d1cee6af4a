//! FreeSWITCH 的事件接口（ESL）。 / FreeSWITCH's event socket.

use percent_encoding::percent_decode_str;

use super::calls::Calls;
use super::wire::{Headers, head};

/// What FreeSWITCH sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// It asks for the password.
    Ask,
    /// It has done what it was told, or not.
    Reply {
        is_done: bool,
    },
    Event(Headers),
    /// It closes.
    Bye,
    Other,
}

/// Takes the first frame off what has come: headers and, behind them, as many bytes as they say.
pub fn frame(received: &mut Vec<u8>) -> Option<Frame> {
    let (headers, end) = head(received)?;
    let length: usize = headers.get("Content-Length").parse().unwrap_or(0);
    let body = received.get(end..end.checked_add(length)?)?;
    let frame = match headers.get("Content-Type") {
        "auth/request" => Frame::Ask,
        "command/reply" => Frame::Reply { is_done: headers.get("Reply-Text").starts_with("+OK") },
        "text/event-plain" => Frame::Event(decoded(Headers::read(body))),
        "text/disconnect-notice" | "text/rude-rejection" => Frame::Bye,
        _ => Frame::Other,
    };
    received.drain(..end + length);
    Some(frame)
}

/// The values of an event are encoded as those of an address are.
fn decoded(Headers(mut headers): Headers) -> Headers {
    for value in headers.values_mut() {
        *value = percent_decode_str(value).decode_utf8_lossy().into_owned();
    }
    Headers(headers)
}

/// Takes an event in. Its time is its own or, failing that, this one, microseconds.
pub fn take(calls: &mut Calls, event: &Headers, now: i64) {
    calls.now(event.get("Event-Date-Timestamp").parse().unwrap_or(now));
    let channel = event.get("Unique-ID");
    if channel.is_empty() {
        return;
    }
    let is_called = event.get("Call-Direction") == "outbound";
    let name = event.get("Event-Name");
    if name != "CHANNEL_HANGUP_COMPLETE" {
        see(calls, event, is_called);
    }
    match name {
        "CHANNEL_CREATE" if is_called => {
            calls.called(channel);
            // Where an agent calls, he is shown whom at once; where one is called, when it rings.
            if calls.is_outside(channel) {
                calls.rings(channel);
            }
        }
        "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA" if is_called => calls.rings(channel),
        "CHANNEL_ANSWER" if is_called => calls.answers(channel),
        "CHANNEL_HOLD" => calls.holds(channel, true),
        "CHANNEL_UNHOLD" => calls.holds(channel, false),
        // After a consultation the two that stay are bridged.
        "CHANNEL_BRIDGE" => {
            let other = ["Bridge-B-Unique-ID", "Other-Leg-Unique-ID"].into_iter().find_map(|name| event.some(name));
            calls.joins(event.some("Bridge-A-Unique-ID").unwrap_or(channel), other.unwrap_or_default());
        }
        "CHANNEL_HANGUP_COMPLETE" => {
            transferred(calls, event);
            calls.leaves(channel, event.get("Hangup-Cause"));
        }
        _ => {}
    }
}

/// A channel that is gone may have given its call away: to the one that it names, or to whom is called next.
fn transferred(calls: &mut Calls, event: &Headers) {
    let channel = event.get("Unique-ID");
    if let Some(target) = event.get("variable_transfer_to").strip_prefix("att:") {
        if let Some(partner) = calls.partner(channel).map(str::to_owned) {
            calls.joins(&partner, target);
        }
    } else if [event.get("variable_endpoint_disposition"), event.get("Hangup-Cause")].contains(&"BLIND_TRANSFER") {
        calls.gives_to_next(channel);
    }
}

/// Makes the channel of an event known. One that FreeSWITCH calls is on the call for which it does; where there is none, it is
/// called to make one.
fn see(calls: &mut Calls, event: &Headers, is_called: bool) {
    let channel = event.get("Unique-ID");
    let dialled = event.some("Caller-Destination-Number");
    let extension = user(event.get("Channel-Name")).filter(|extension| calls.knows(extension));
    let caller = if is_called { extension } else { known(event.get("Caller-Caller-ID-Number")) };
    let number = extension.or(if is_called { dialled } else { caller }).unwrap_or_default();
    // A queue calls an agent for a caller that it names in its own way.
    let callers = ["variable_cc_member_session_uuid", "Other-Leg-Unique-ID"];
    let for_whom = callers.into_iter().find_map(|name| event.some(name)).filter(|_| is_called);
    let call = for_whom.map(|caller| calls.call_of(caller).unwrap_or(caller).to_owned());
    calls.appears(channel, call.as_deref().unwrap_or(channel), number);
    if call.is_none() {
        calls.originates(channel, caller, dialled.filter(|_| !is_called));
    }
    if let Some(queue) = event.some("variable_cc_queue") {
        calls.queues(channel, queue);
    }
}

/// A number, unless it is one that says that there is none.
fn known(number: &str) -> Option<&str> {
    let is_none = ["", "anonymous", "unknown", "0000000000"].iter().any(|none| number.eq_ignore_ascii_case(none));
    Some(number).filter(|_| !is_none)
}

/// The user in the name of a channel: 8001 of `sofia/internal/8001@10.0.0.5:5060`.
fn user(channel: &str) -> Option<&str> {
    let name = channel.rsplit('/').next()?;
    name.strip_prefix("sip:").unwrap_or(name).split('@').next()
}
