//! `docs/errors.md` and `docs/close-codes.md`: the tables of codes, in both languages.

use crate::error::TABLE;
use crate::protocol::close::CloseCode;

const MADE: &str = "<!-- 由程序生成，请勿手工修改 / generated: UPDATE=1 cargo test --test it documents -->\n";

/// Returns the page of the refusals.
pub fn errors() -> String {
    let rows = TABLE.iter().map(|row| {
        [
            row.code.to_string(),
            row.message.to_owned(),
            row.exception.unwrap_or("–").to_owned(),
            row.when_zh.to_owned(),
            row.when.to_owned(),
            row.status.to_string(),
            if row.retryable { "是 / yes" } else { "–" }.to_owned(),
        ]
    });
    let head = ["code", "message", "exception.message", "何时", "When", "HTTP", "可重试 / Retry"];
    format!("{MADE}{ERRORS}\n{}", table(head, rows))
}

const ERRORS: &str = r#"# 错误码 / Error codes

被拒绝的请求，`success` 为 `false`，`code` 和 `message` 见下表；`exception.message` 中的 `XXX` 是请求里的内容。
`detail` 是给开发者的说明，文字可能变化，请不要比较它。这些 `message` 和 `exception.message` 逐字不变。

A refused request is answered with `success: false` and a `code` and `message` of this table; `XXX` in
`exception.message` stands for what the request says. `detail` is for developers and may change: do not compare it.
The texts of `message` and `exception.message` stay as they are, byte for byte.

```json
{"success":false,"message":"没有找到该资源","code":2005,"callbackId":222000,"exception":{"message":"Couldn't find Customer"}}
```

HTTP 的回复没有 `success` 和 `callbackId`，状态是下表的 HTTP 一列：除 429 外都是 200，错误码在回复里。
429 还带 `Retry-After`（秒）。“可重试”表示同样的请求以后可能成功；给出 `retryAfterMs` 时请等待这么多毫秒。

HTTP replies have neither `success` nor `callbackId`; their status is in the column HTTP, which is 200 for all but 429:
the code is in the body. 429 has a `Retry-After` in seconds, too. “Retry” says that the same request can succeed later;
where the reply has `retryAfterMs`, wait as many milliseconds.
"#;

/// Returns the page of the close codes.
pub fn close_codes() -> String {
    let mut codes = CloseCode::ALL.to_vec();
    codes.sort_by_key(|code| code.code());
    let rows = codes.into_iter().map(|code| {
        let (zh, en) = code.meaning();
        [code.code().to_string(), code.reason().to_owned(), zh.to_owned(), en.to_owned()]
    });
    format!("{MADE}{CLOSE_CODES}\n{}", table(["code", "reason", "含义", "Meaning"], rows))
}

const CLOSE_CODES: &str = r#"# 关闭码 / Close codes

服务器关闭 WebSocket 时给出的码和原因。1001 的原因是 JSON，形如 `{"retryAfterMs":2618}`，每条连接各不相同。

What the server closes a WebSocket with. The reason that goes with 1001 is JSON, such as `{"retryAfterMs":2618}`; each socket is told another time.
"#;

/// Returns a Markdown table.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    let rule = format!("|{}\n", "---|".repeat(N));
    let head = line(head.map(str::to_owned));
    [head, rule].into_iter().chain(rows.map(line)).collect()
}
