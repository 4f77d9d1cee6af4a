//! The script language: JSON Lines, one step a line. `docs/replay.md` describes it for people.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::Error;
use super::matcher::Extent;
use super::members::Members;
use super::signing::Sign;
use super::variables::is_name;

/// The socket of a step that names none.
const DEFAULT_SOCKET: &str = "A";

/// One script, read and checked.
#[derive(Debug)]
pub struct Script {
    /// The file it came from.
    pub path: PathBuf,
    /// The settings its private server needs, when it asks for any.
    pub server: Option<Map<String, Value>>,
    /// The steps in the order of the file.
    pub steps: Vec<Step>,
}

/// One line of a script.
#[derive(Debug)]
pub struct Step {
    /// The line in the file, from 1.
    pub line: usize,
    /// What reports call the step: its `note`, otherwise made from what it does.
    pub name: String,
    /// How long this step may wait, when it says so itself.
    pub timeout: Option<Duration>,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// Opens a socket.
    Open(Open),
    /// Closes a socket from our side.
    Close { socket: String },
    /// Sends a frame and, when the step says so, checks its reply.
    Send { socket: String, bearer: Option<String>, frame: Value, bare: bool, expect: Option<Expect> },
    /// Checks the reply to the earliest send of the socket that nothing has expected yet.
    Expect { socket: String, expect: Expect },
    /// Waits for a frame that the server sends unasked.
    Push { socket: String, expect: Expect },
    /// Checks that no such frame has come so far.
    NoPush { socket: String, unwanted: Value, extent: Extent },
    /// Waits for the server to close the socket.
    ExpectClose { socket: String, expected: Value },
    /// Makes an HTTP request and checks its reply.
    Http(Box<Http>),
    /// Keeps values out of the last reply.
    Capture(Captures),
}

/// How a socket is opened.
#[derive(Debug)]
pub struct Open {
    /// The name later steps use.
    pub socket: String,
    /// The token of the `Authorization: Bearer` header.
    pub bearer: Option<String>,
    /// The path in place of the target's own.
    pub path: Option<String>,
    /// Further headers of the handshake.
    pub headers: Map<String, Value>,
    /// The HTTP status the server must refuse the handshake with.
    pub refused: Option<Value>,
}

/// What a reply must be, and what to keep of it.
#[derive(Debug)]
pub struct Expect {
    /// The expected value with its matchers.
    pub value: Value,
    /// Whether the value names every member.
    pub extent: Extent,
    /// What to keep.
    pub captures: Captures,
}

/// An HTTP request and what its reply must be.
#[derive(Debug)]
pub struct Http {
    /// The method, as written.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// How to sign, when at all.
    pub sign: Option<Sign>,
    /// An object to send as JSON, or text to send byte for byte.
    pub body: Option<Value>,
    /// Further request headers.
    pub headers: Map<String, Value>,
    /// The expected status.
    pub status: Option<Value>,
    /// The expected reply headers, by lower-case name.
    pub expect_headers: Option<Value>,
    /// A piece of the reply's text, or a `/regex/` it matches.
    pub expect_text: Option<String>,
    /// The expected JSON body.
    pub expect: Option<Expect>,
}

/// Names, and the JSON pointers of the values to keep under them.
pub type Captures = Vec<(String, String)>;

impl Script {
    /// Reads and checks the script in `path`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Checks the script in `text`; `path` only names it in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let mut script = Self { path: path.to_owned(), server: None, steps: Vec::new() };
        for (index, text) in text.lines().enumerate() {
            let text = text.trim_start_matches('\u{feff}').trim();
            if text.is_empty() || text.starts_with("//") || text.starts_with('#') {
                continue;
            }
            let line = index + 1;
            let fault = |message| Error::Script { path: path.to_owned(), line, message };
            let mut members = Members::parse(text).map_err(fault)?;
            if members.has("server") {
                if script.server.is_some() || !script.steps.is_empty() {
                    return Err(fault("server 只能是第一步 / must be the first step".to_owned()));
                }
                script.server = Some(server(&mut members).map_err(fault)?);
            } else {
                script.steps.push(step(line, members).map_err(fault)?);
            }
        }
        Ok(script)
    }
}

fn server(members: &mut Members) -> Result<Map<String, Value>, String> {
    let settings = members.object("server")?.unwrap_or_default();
    members.finish(&["server"])?;
    Ok(settings)
}

/// Reads one step. Each kind lists its members, so that a misspelt one is named and not ignored.
fn step(line: usize, mut members: Members) -> Result<Step, String> {
    type Reader = fn(&mut Members) -> Result<(String, Action), String>;
    const KINDS: &[(&str, Reader)] = &[
        ("http", http),
        ("send", send),
        ("open", open),
        ("close", close),
        ("expect_close", expect_close),
        ("push", push),
        ("no_push", no_push),
        ("expect", expect),
        ("capture", capture),
    ];
    let Some((_, read)) = KINDS.iter().find(|(kind, _)| members.has(kind)) else {
        return Err(members.no_kind(KINDS.iter().map(|(kind, _)| *kind)));
    };
    let note = members.text("note")?;
    let timeout = members.seconds("timeout")?;
    let (name, action) = read(&mut members)?;
    Ok(Step { line, name: note.unwrap_or(name), timeout, action })
}

fn send(members: &mut Members) -> Result<(String, Action), String> {
    let socket = socket(members)?;
    let bearer = members.text("bearer")?;
    let bare = members.flag("bare")?;
    let expect = expectation(members)?;
    let frame = members.take("send").unwrap_or_default();
    if !(frame.is_object() || frame.is_string()) {
        return Err("send 须为对象或文本 / must be an object or text".to_owned());
    }
    members.finish(&["send", "as", "bearer", "bare", "expect", "exact", "capture"])?;
    let name = format!("{socket} send {}", frame_name(&frame));
    Ok((name, Action::Send { socket, bearer, frame, bare, expect }))
}

fn expect(members: &mut Members) -> Result<(String, Action), String> {
    let socket = socket(members)?;
    let expect = expectation(members)?.ok_or("缺少 / missing: expect")?;
    members.finish(&["expect", "as", "exact", "capture"])?;
    Ok((format!("{socket} expect"), Action::Expect { socket, expect }))
}

fn push(members: &mut Members) -> Result<(String, Action), String> {
    let socket = socket(members)?;
    let (value, extent) = (members.take("push").unwrap_or_default(), extent(members)?);
    let expect = Expect { value, extent, captures: captures(members)? };
    members.finish(&["push", "as", "exact", "capture"])?;
    Ok((format!("{socket} push"), Action::Push { socket, expect }))
}

fn no_push(members: &mut Members) -> Result<(String, Action), String> {
    let socket = socket(members)?;
    let (unwanted, extent) = (members.take("no_push").unwrap_or_default(), extent(members)?);
    members.finish(&["no_push", "as", "exact"])?;
    Ok((format!("{socket} no_push"), Action::NoPush { socket, unwanted, extent }))
}

fn open(members: &mut Members) -> Result<(String, Action), String> {
    let open = Open {
        socket: members.name("open")?,
        bearer: members.text("bearer")?,
        path: members.text("path")?,
        headers: members.object("headers")?.unwrap_or_default(),
        refused: members.status("status")?,
    };
    members.finish(&["open", "bearer", "path", "headers", "status"])?;
    Ok((format!("open {}", open.socket), Action::Open(open)))
}

fn close(members: &mut Members) -> Result<(String, Action), String> {
    let socket = members.name("close")?;
    members.finish(&["close"])?;
    Ok((format!("close {socket}"), Action::Close { socket }))
}

fn expect_close(members: &mut Members) -> Result<(String, Action), String> {
    let socket = socket(members)?;
    let expected = members.take("expect_close").unwrap_or_default();
    members.finish(&["expect_close", "as"])?;
    Ok((format!("{socket} expect_close"), Action::ExpectClose { socket, expected }))
}

fn http(members: &mut Members) -> Result<(String, Action), String> {
    let line = members.text("http")?.unwrap_or_default();
    let (method, path) = line
        .split_once(' ')
        .map(|(method, path)| (method.to_owned(), path.trim().to_owned()))
        .filter(|(method, path)| !method.is_empty() && (path.starts_with('/') || path.starts_with("{{")))
        .ok_or("http 的写法 / is written: \"GET /path?query\"")?;
    let http = Http {
        method,
        path,
        sign: members.take("sign").map(|sign| Sign::read(&sign)).transpose()?,
        body: members.take("body"),
        headers: members.object("headers")?.unwrap_or_default(),
        status: members.status("status")?,
        expect_headers: members.take("expect_headers"),
        expect_text: members.text("expect_text")?,
        expect: expectation(members)?,
    };
    members.finish(&[
        "http",
        "sign",
        "body",
        "headers",
        "status",
        "expect",
        "exact",
        "expect_text",
        "expect_headers",
        "capture",
    ])?;
    let name = format!("{} {}", http.method, http.path.split('?').next().unwrap_or_default());
    Ok((name, Action::Http(Box::new(http))))
}

fn capture(members: &mut Members) -> Result<(String, Action), String> {
    let captures = captures(members)?;
    members.finish(&["capture"])?;
    Ok(("capture".to_owned(), Action::Capture(captures)))
}

/// Reads `expect`, `exact` and `capture`; a step that only captures needs a reply just as well.
fn expectation(members: &mut Members) -> Result<Option<Expect>, String> {
    let (value, extent) = (members.take("expect"), extent(members)?);
    let captures = captures(members)?;
    if value.is_none() && captures.is_empty() {
        return Ok(None);
    }
    let value = value.unwrap_or_else(|| Value::String("<any>".to_owned()));
    Ok(Some(Expect { value, extent, captures }))
}

fn extent(members: &mut Members) -> Result<Extent, String> {
    Ok(if members.flag("exact")? { Extent::Exact } else { Extent::Subset })
}

fn captures(members: &mut Members) -> Result<Captures, String> {
    let list = members.object("capture")?.unwrap_or_default();
    list.into_iter()
        .map(|(name, pointer)| match pointer {
            Value::String(pointer) if is_name(&name) && (pointer.is_empty() || pointer.starts_with('/')) => {
                Ok((name, pointer))
            }
            other => Err(format!("capture 的写法 / is written {{\"name\":\"/pointer\"}}: {name:?}: {other}")),
        })
        .collect()
}

fn socket(members: &mut Members) -> Result<String, String> {
    Ok(members.text("as")?.unwrap_or_else(|| DEFAULT_SOCKET.to_owned()))
}

/// A name for reports: the action of a frame, or the beginning of a text.
fn frame_name(frame: &Value) -> String {
    let inner = frame.get("data").unwrap_or(frame);
    let named = inner.get("action").or_else(|| frame.get("action")).and_then(Value::as_str);
    let text = named.or(frame.as_str()).unwrap_or("{…}");
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Script, String> {
        Script::parse(Path::new("a.jsonl"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn comments_and_blank_lines_are_skipped_and_lines_counted() {
        let script = parse("# one\n\n// two\n{\"send\":{\"action\":\"feeds\"},\"as\":\"B\"}\n").unwrap();
        assert_eq!(script.steps.len(), 1);
        assert_eq!((script.steps[0].line, script.steps[0].name.as_str()), (4, "B send feeds"));
    }

    #[test]
    fn the_server_line_comes_first() {
        let script = parse("{\"server\":{\"auth.mode\":\"token\"}}\n{\"close\":\"A\"}").unwrap();
        assert_eq!(script.server.unwrap()["auth.mode"], "token");
        assert!(parse("{\"close\":\"A\"}\n{\"server\":{}}").unwrap_err().starts_with("a.jsonl:2: server"));
    }

    #[test]
    fn a_misspelt_member_is_named_with_its_neighbour() {
        let error = parse("\n{\"send\":\"x\",\"exepct\":{}}").unwrap_err();
        assert!(error.starts_with("a.jsonl:2:") && error.contains("exepct") && error.contains("(expect?)"), "{error}");
        let error = parse("{\"sned\":\"x\"}").unwrap_err();
        assert!(error.contains("sned") && error.contains("(send?)"), "{error}");
        assert!(parse("{\"send\":\"x\",\"status\":200}").is_err());
    }

    #[test]
    fn wrong_forms_are_errors() {
        for wrong in [
            "[]",
            "{",
            "{\"send\":1}",
            "{\"http\":\"/x\"}",
            "{\"http\":\"GET x\"}",
            "{\"capture\":{\"id\":\"result\"}}",
            "{\"capture\":{\"a b\":\"/a\"}}",
            "{\"open\":1}",
            "{\"close\":\"\"}",
            "{\"send\":\"x\",\"timeout\":-1}",
            "{\"send\":\"x\",\"bare\":1}",
            "{\"http\":\"GET /\",\"sign\":{\"tokn\":\"x\"}}",
            "{\"http\":\"GET /\",\"status\":[]}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn capturing_alone_still_awaits_the_reply() {
        let script = parse("{\"send\":\"x\",\"capture\":{\"id\":\"/result/0/id\"}}").unwrap();
        let Action::Send { expect: Some(expect), .. } = &script.steps[0].action else { panic!() };
        assert_eq!(expect.value, "<any>");
        assert_eq!(expect.captures, [("id".to_owned(), "/result/0/id".to_owned())]);
    }
}
