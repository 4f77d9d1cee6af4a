//! Where a frame keeps its callbackId, and how two of them are compared.

use serde_json::{Map, Value};

/// Returns the callbackId of a reply or of a frame to send in the form pairings compare: the server
/// turns `"222000"` into `222000`, so both read the same here.
pub fn key(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the object that carries `callbackId`: the frame, or the `data` of the wrapper with a `topic`.
pub fn envelope(frame: &mut Value) -> Option<&mut Map<String, Value>> {
    let wrapped = frame.get("topic").is_some() && frame.get("data").is_some_and(Value::is_object);
    if wrapped { frame.get_mut("data")?.as_object_mut() } else { frame.as_object_mut() }
}

/// Returns the callbackId of a frame to send, wherever and however it is spelt.
pub fn id(frame: &Value) -> Option<String> {
    // Names match without regard to case and `_`, so an id under another spelling counts as one.
    let named = |object: &Value| {
        let mut members = object.as_object()?.iter();
        members.find(|(key, _)| key.replace('_', "").eq_ignore_ascii_case("callbackid")).map(|(_, id)| key(id))
    };
    named(frame).or_else(|| frame.get("topic").and(frame.get("data")).and_then(named))
}

/// Returns the callbackId in a text that need not be JSON.
pub fn written_id(text: &str) -> Option<String> {
    if let Ok(frame) = serde_json::from_str::<Value>(text) {
        return id(&frame);
    }
    let (_, after) = text.split_once("callbackId")?;
    let value = after.trim_start_matches(|c: char| c.is_whitespace() || "'\":：".contains(c));
    let found: String = value.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_id_is_found_in_any_text() {
        let found = |text: &str| written_id(text);
        assert_eq!(found("{\"callbackId\":\"222000\"}").as_deref(), Some("222000"));
        assert_eq!(found("{action:'x',callbackId:'222000',companyId:'1001'}").as_deref(), Some("222000"));
        assert_eq!(found("{action:x，callbackId：7}").as_deref(), Some("7"));
        assert_eq!(found("{\"topic\":\"t\",\"data\":{\"callback_id\":5}}").as_deref(), Some("5"));
        assert_eq!(found("{action:x"), None);
        assert_eq!(found("[]"), None);
    }
}
