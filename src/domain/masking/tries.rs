//! How many numbers a request tries. Who sees numbers masked may have to enter one, and learns from the answer whether it
//! is somebody's; so what could be a number counts, wherever in a request it stands and whatever the answer is.

use serde_json::Value;

use super::numbers::is_digit;
use crate::domain::phone::half_width;

/// A number with fewer digits hides none worth a try.
const SHORTEST: usize = 5;
/// As many digits as the shortest numbers that are written one behind the other without a sign between them.
const JOINED: usize = 8;

/// Members that are compared with nothing that is known of a customer but its id; an id tells no digit.
const IDS: [&str; 24] = [
    "accountId",
    "appid",
    "callbackId",
    "cid",
    "companyId",
    "customerId",
    "groupId",
    "id",
    "ifVersion",
    "key",
    "keys",
    "loginno",
    "nonce",
    "op_user",
    "operator",
    "password",
    "phoneId",
    "pkey",
    "requestId",
    "servicegroupId",
    "sign",
    "taskId",
    "timestamp",
    "token",
];

/// Returns how many numbers a request of these members tries.
#[must_use]
pub fn in_request(body: &Value) -> usize {
    match body {
        Value::Object(members) => {
            let is_by_id = members.get("type").and_then(Value::as_str).is_some_and(|kind| kind.trim() == "id");
            let counts = |name: &str| !(IDS.contains(&name) || is_by_id && name == "content");
            members.iter().filter(|(name, _)| counts(name)).map(|(_, value)| in_request(value)).sum()
        }
        Value::Array(items) => items.iter().map(in_request).sum(),
        Value::String(text) => in_text(text),
        Value::Number(number) => in_text(&number.to_string()),
        Value::Null | Value::Bool(_) => 0,
    }
}

/// Returns how many numbers there could be in a text. One with `*` in it is as it was shown, and tries nothing.
#[must_use]
pub fn in_text(text: &str) -> usize {
    if is_id(text.trim()) {
        return 0;
    }
    let belongs = |c: char| is_digit(c) || matches!(half_width(c), ' ' | '-' | '+' | '(' | ')' | '.' | '/' | '*');
    let runs = text.split(|c| !belongs(c)).filter(|run| !run.contains('*'));
    runs.map(|run| run.chars().filter(|c| is_digit(*c)).count())
        .filter(|digits| *digits >= SHORTEST)
        .map(|digits| (digits / JOINED).max(1))
        .sum()
}

/// Whether a text is an id of one of the systems: 32 hexadecimal digits, or a UUID, perhaps behind some digits.
fn is_id(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.len() == 32 && is_hex(text) {
        return true;
    }
    let uuid = text.get(text.len().saturating_sub(36)..).unwrap_or_default();
    let before = text.get(..text.len().saturating_sub(36)).unwrap_or_default();
    let parts: Vec<&str> = uuid.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| is_hex(part))
        && (before.is_empty() || before.len() == 4 && before.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_be_a_number_counts() {
        for (text, expected) in [
            ("13812345678", 1),
            ("+86 138-1234-5678", 1),
            ("王１３８１２３４５６７８", 1),
            ("王 13812345678，李 13812345679", 2),
            ("13812345678 13812345679", 2),
            ("010-5550000", 1),
            ("55501", 1),
            ("5550", 0),
            ("138****5678", 0),
            ("138****5678、13812345678", 1),
            ("望潮街12号", 0),
            ("0000041e0000000000000001000000ff", 0),
            ("027-00000000-0000-4000-8000-000000000001", 0),
            ("138-1234-5678-0000", 1),
        ] {
            assert_eq!(in_text(text), expected, "{text}");
        }
    }

    #[test]
    fn members_that_name_something_do_not_count() {
        let count = |body| in_request(&body);
        assert_eq!(count(json!({"type": "id", "content": "1000001", "callbackId": "123456"})), 0);
        assert_eq!(count(json!({"type": "cellphone", "content": 13812345678_i64})), 1);
        assert_eq!(
            count(json!({"customer": {"custname": "王13812345678", "cellphones": [[null, "010-55501234"]]}})),
            2
        );
        assert_eq!(count(json!({"body": {"filters": [{"value": "13812345678"}, {"value": "13812345679"}]}})), 2);
    }
}
