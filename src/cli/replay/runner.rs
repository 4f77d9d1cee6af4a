//! Plays one script against one server.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::callback;
use super::http::{self, HttpClient};
use super::matcher::{Comparison, Extent, compare, difference, text_matches};
use super::outcome::{Failure, StepOutcome, Verdict};
use super::script::{Action, Expect, Http, Open, Script, Step};
use super::signing::Moment;
use super::socket::{Closed, Pairing, Refusal, Silence, Socket};
use super::variables::Variables;
use super::{Options, Target};

/// The callbackIds given to frames that carry none start here: far above what people write by hand,
/// and still an integer the server echoes as one.
const FIRST_CALLBACK_ID: u64 = 9_000_000_000_000;

/// Why a step failed.
#[derive(Debug)]
struct Fault {
    problem: String,
    diff: Option<String>,
    /// Whether the steps after it can still say anything of worth.
    goes_on: bool,
}

impl Fault {
    /// A fault after which the rest of the script is not run.
    fn fatal(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), diff: None, goes_on: false }
    }
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::fatal(problem)
    }
}

/// Plays `script` to its end, or to the first fault that makes the rest meaningless. Returns what
/// became of each step, and how long each reply took.
pub async fn play(script: &Script, target: &Target, options: &Options) -> (Vec<StepOutcome>, Vec<Duration>) {
    let mut runner = Runner::new(target, options);
    let mut outcomes = Vec::with_capacity(script.steps.len());
    let mut stopped = false;
    for step in &script.steps {
        let started = Instant::now();
        let verdict = if stopped {
            Verdict::NotRun
        } else {
            match runner.step(step).await {
                Ok(()) => Verdict::Passed,
                Err(fault) => {
                    stopped = !fault.goes_on;
                    Verdict::Failed(Failure {
                        path: script.path.clone(),
                        line: step.line,
                        step: step.name.clone(),
                        problem: fault.problem,
                        diff: fault.diff,
                    })
                }
            }
        };
        outcomes.push(StepOutcome { line: step.line, name: step.name.clone(), took: started.elapsed(), verdict });
    }
    (outcomes, runner.finish().await)
}

struct Runner<'a> {
    target: &'a Target,
    options: &'a Options,
    variables: Variables,
    sockets: BTreeMap<String, Socket>,
    http: HttpClient,
    last: Option<Value>,
    /// callbackIds this run added, to leave them out of exact comparisons.
    added_ids: Vec<u64>,
    latencies: Vec<Duration>,
}

impl<'a> Runner<'a> {
    fn new(target: &'a Target, options: &'a Options) -> Self {
        let mut variables = Variables::default();
        let run = uuid::Uuid::new_v4().as_u128() % 100_000_000;
        variables.set("run", Value::String(format!("{run:08}")));
        Self {
            target,
            options,
            variables,
            sockets: BTreeMap::new(),
            http: HttpClient::new(),
            last: None,
            added_ids: Vec::new(),
            latencies: Vec::new(),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), Fault> {
        let deadline = Instant::now() + step.timeout.unwrap_or(self.options.timeout);
        match &step.action {
            Action::Open(open) => self.open(open, deadline).await,
            Action::Close { socket } => self.close(socket).await,
            Action::Send { socket, bearer, frame, bare, expect } => {
                let ticket = self.send(socket, bearer.as_deref(), frame, *bare, deadline).await?;
                match expect {
                    Some(expect) => self.reply(socket, ticket, expect, deadline).await,
                    None => Ok(()),
                }
            }
            Action::Expect { socket, expect } => {
                let ticket = self.opened(socket)?.earliest().ok_or_else(|| {
                    Fault::fatal(format!(
                        "{socket} 上没有等待应答的发送；服务器主动推送用 push / no send on {socket} awaits a reply; use push for what the server sends unasked"
                    ))
                })?;
                self.reply(socket, ticket, expect, deadline).await
            }
            Action::Push { socket, expect } => self.push(socket, expect, deadline).await,
            Action::NoPush { socket, unwanted, extent } => self.no_push(socket, unwanted, *extent),
            Action::ExpectClose { socket, expected } => self.expect_close(socket, expected, deadline).await,
            Action::Http(http) => self.http(http, deadline).await,
            Action::Capture(captures) => self.capture(captures),
        }
    }

    async fn open(&mut self, open: &Open, deadline: Instant) -> Result<(), Fault> {
        if self.sockets.contains_key(&open.socket) {
            return Err(Fault::fatal(format!("已经打开 / already open: {}", open.socket)));
        }
        let mut headers = self.headers(&open.headers)?;
        if let Some(bearer) = &open.bearer {
            let token = self.variables.fill_text(bearer)?;
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        let url = match &open.path {
            Some(path) => self.target.socket_at(&http::encoded(&self.variables.fill_text(path)?)),
            None => self.target.ws.clone(),
        };
        let opening = within(deadline, Socket::open(&url, &headers), "打开 / opening").await?;
        match (opening, &open.refused) {
            (Ok(socket), None) => {
                self.sockets.insert(open.socket.clone(), socket);
                Ok(())
            }
            (Err(Refusal::Status(status)), Some(expected)) => {
                check(&self.variables.fill(expected)?, &Value::from(status.as_u16()), Extent::Subset)
            }
            (Ok(_), Some(expected)) => {
                Err(mismatch(&[format!("握手成功，期望被拒绝 / opened, expected to be refused with {expected}")]))
            }
            (Err(Refusal::Status(status)), None) => {
                Err(Fault::fatal(format!("握手被拒绝 / handshake refused: {url}: {status}")))
            }
            (Err(Refusal::Failed(problem)), _) => Err(Fault::fatal(format!("无法打开 / cannot open: {problem}"))),
        }
    }

    async fn close(&mut self, name: &str) -> Result<(), Fault> {
        let socket = self.sockets.remove(name).ok_or_else(|| not_open(name))?;
        self.latencies.extend(socket.close().await);
        Ok(())
    }

    async fn send(
        &mut self,
        name: &str,
        bearer: Option<&str>,
        frame: &Value,
        bare: bool,
        deadline: Instant,
    ) -> Result<u64, Fault> {
        if bearer.is_some() || !self.sockets.contains_key(name) {
            let open = Open {
                socket: name.to_owned(),
                bearer: bearer.map(str::to_owned),
                path: None,
                headers: Map::new(),
                refused: None,
            };
            self.open(&open, deadline).await?;
        }
        let (text, pairing) = self.outgoing(frame, bare)?;
        let sending = self.opened(name)?.send(text, pairing);
        within(deadline, sending, "发送 / sending")
            .await?
            .map_err(|error| Fault::fatal(format!("{name} 发送失败 / cannot send: {error}")))
    }

    /// Fills in the frame and decides how its reply is found.
    fn outgoing(&mut self, frame: &Value, bare: bool) -> Result<(String, Pairing), Fault> {
        if let Value::String(text) = frame {
            let text = self.variables.fill_text(text)?;
            let pairing = Pairing::Loose(callback::written_id(&text));
            return Ok((text, pairing));
        }
        let mut frame = self.variables.fill(frame)?;
        let pairing = match (callback::id(&frame), bare) {
            (id, true) => Pairing::Loose(id),
            (Some(id), false) => Pairing::Strict(id),
            (None, false) => {
                let id = FIRST_CALLBACK_ID + self.added_ids.len() as u64;
                self.added_ids.push(id);
                if let Some(envelope) = callback::envelope(&mut frame) {
                    envelope.insert("callbackId".to_owned(), id.into());
                }
                Pairing::Strict(id.to_string())
            }
        };
        Ok((frame.to_string(), pairing))
    }

    async fn reply(&mut self, name: &str, ticket: u64, expect: &Expect, deadline: Instant) -> Result<(), Fault> {
        let socket = self.opened(name)?;
        match socket.reply(ticket, deadline).await {
            Ok(reply) => self.judge(expect, reply),
            Err(silence) => {
                let others = strangers(socket.unclaimed());
                Err(Fault::fatal(format!("没有应答 / no reply on {name}: {}{others}", describe(&silence))))
            }
        }
    }

    async fn push(&mut self, name: &str, expect: &Expect, deadline: Instant) -> Result<(), Fault> {
        let expected = self.variables.fill(&expect.value)?;
        let extent = expect.extent;
        let socket = self.opened(name)?;
        let fits = |frame: &Value| compare(&expected, frame, extent).mismatches.is_empty();
        match socket.push(deadline, fits).await {
            Ok(frame) => self.judge(expect, frame),
            Err(silence) => {
                // The nearest of what did come shows best what was wrong with it.
                let nearest =
                    socket.unclaimed().iter().min_by_key(|frame| compare(&expected, frame, extent).mismatches.len());
                let problem = format!("没有推送 / no such push on {name}: {}", describe(&silence));
                let diff = nearest.map(|frame| difference(&compare(&expected, frame, extent).wanted, frame));
                Err(Fault { problem, diff, goes_on: false })
            }
        }
    }

    fn no_push(&mut self, name: &str, unwanted: &Value, extent: Extent) -> Result<(), Fault> {
        let unwanted = self.variables.fill(unwanted)?;
        let frames = self.opened(name)?.unclaimed();
        match frames.iter().find(|frame| compare(&unwanted, frame, extent).mismatches.is_empty()) {
            Some(frame) => Err(mismatch(&[format!("不应推送 / should not be pushed on {name}: {frame}")])),
            None => Ok(()),
        }
    }

    async fn expect_close(&mut self, name: &str, expected: &Value, deadline: Instant) -> Result<(), Fault> {
        let expected = self.variables.fill(expected)?;
        let Some(closed) = self.opened(name)?.server_close(deadline).await else {
            return Err(Fault::fatal(format!("服务器没有关闭 / the server did not close {name} in time")));
        };
        // Gone from both sides: the name is free for a new socket.
        self.close(name).await?;
        let came = if expected.is_object() {
            serde_json::json!({"code": closed.code, "reason": closed.reason})
        } else {
            closed.code.into()
        };
        check(&expected, &came, Extent::Subset)
    }

    async fn http(&mut self, step: &Http, deadline: Instant) -> Result<(), Fault> {
        let mut path = http::encoded(&self.variables.fill_text(&step.path)?);
        let body = match &step.body {
            None => Vec::new(),
            Some(Value::String(text)) => self.variables.fill_text(text)?.into_bytes(),
            Some(value) => self.variables.fill(value)?.to_string().into_bytes(),
        };
        if let Some(sign) = &step.sign {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let moment = Moment { now: now(), nonce: &nonce };
            path = sign.apply(&self.options.app, moment, &step.method, &path, &body);
        }
        let headers = self.headers(&step.headers)?;
        let url = format!("{}{path}", self.target.http);
        let started = Instant::now();
        let request = self.http.request(&step.method, &url, &headers, body);
        let reply = within(deadline, request, "HTTP 应答 / HTTP reply").await??;
        self.latencies.push(started.elapsed());
        self.judge_http(step, &reply)
    }

    fn judge_http(&mut self, step: &Http, reply: &http::Reply) -> Result<(), Fault> {
        let body = reply.json();
        let status = Value::from(reply.status);
        let headers = Value::Object(reply.headers.clone());
        let expected_body = step.expect.as_ref();
        let parts = [
            ("status", step.status.as_ref(), &status, Extent::Subset),
            ("headers", step.expect_headers.as_ref(), &headers, Extent::Subset),
            ("body", expected_body.map(|e| &e.value), &body, expected_body.map_or(Extent::Subset, |e| e.extent)),
        ];
        let (mut mismatches, mut wanted, mut came) = (Vec::new(), Map::new(), Map::new());
        for (name, expected, actual, extent) in parts {
            let Some(expected) = expected else { continue };
            let comparison = compare(&self.variables.fill(expected)?, actual, extent);
            mismatches.extend(comparison.mismatches.into_iter().map(|text| format!("{name} {text}")));
            wanted.insert(name.to_owned(), comparison.wanted);
            came.insert(name.to_owned(), actual.clone());
        }
        if let Some(piece) = &step.expect_text {
            let piece = self.variables.fill_text(piece)?;
            if !text_matches(&piece, &reply.text).map_err(|error| error.to_string())? {
                let start: String = reply.text.chars().take(400).collect();
                mismatches.push(format!("正文里没有 / not in the body: {piece}\n{start}"));
            }
        }
        self.last = Some(body);
        let captured = expected_body.map_or(Ok(()), |expect| self.capture(&expect.captures));
        if !mismatches.is_empty() {
            let diff = (wanted != came).then(|| difference(&Value::Object(wanted), &Value::Object(came)));
            return Err(Fault { diff, ..mismatch(&mismatches) });
        }
        captured
    }

    /// Compares a frame with what was expected of it and keeps the captures.
    fn judge(&mut self, expect: &Expect, frame: Value) -> Result<(), Fault> {
        let expected = self.variables.fill(&expect.value)?;
        let mut seen = frame.clone();
        if let Some(members) = seen.as_object_mut()
            && expected.get("callbackId").is_none()
            && members.get("callbackId").and_then(Value::as_u64).is_some_and(|id| self.added_ids.contains(&id))
        {
            members.remove("callbackId");
        }
        self.last = Some(frame);
        // Captured even when something does not match, so that the next steps still mean something.
        let captured = self.capture(&expect.captures);
        check(&expected, &seen, expect.extent)?;
        captured
    }

    fn capture(&mut self, captures: &[(String, String)]) -> Result<(), Fault> {
        for (name, pointer) in captures {
            let reply = self.last.as_ref().ok_or_else(|| Fault::fatal("还没有应答 / no reply yet"))?;
            let value = reply
                .pointer(pointer)
                .ok_or_else(|| Fault::fatal(format!("应答里没有 / not in the reply: {pointer}\n{reply:#}")))?;
            self.variables.set(name, value.clone());
        }
        Ok(())
    }

    fn headers(&self, headers: &Map<String, Value>) -> Result<Vec<(String, String)>, Fault> {
        headers
            .iter()
            .map(|(name, value)| match self.variables.fill(value)? {
                Value::String(text) => Ok((name.clone(), text)),
                other => Ok((name.clone(), other.to_string())),
            })
            .collect()
    }

    fn opened(&mut self, name: &str) -> Result<&mut Socket, Fault> {
        self.sockets.get_mut(name).ok_or_else(|| not_open(name))
    }

    async fn finish(mut self) -> Vec<Duration> {
        for socket in std::mem::take(&mut self.sockets).into_values() {
            self.latencies.extend(socket.close().await);
        }
        self.latencies
    }
}

fn not_open(name: &str) -> Fault {
    Fault::fatal(format!("没有打开 / not open: {name}"))
}

fn check(expected: &Value, actual: &Value, extent: Extent) -> Result<(), Fault> {
    let Comparison { mismatches, wanted } = compare(expected, actual, extent);
    if mismatches.is_empty() {
        return Ok(());
    }
    Err(Fault { diff: Some(difference(&wanted, actual)), ..mismatch(&mismatches) })
}

fn mismatch(mismatches: &[String]) -> Fault {
    Fault { problem: mismatches.join("\n"), diff: None, goes_on: true }
}

fn describe(silence: &Silence) -> String {
    match silence {
        Silence::TimedOut => "超时 / timed out".to_owned(),
        Silence::Closed(Closed { code, reason }) => {
            format!("服务器关闭了连接 / the server closed the socket: {code} {reason}")
        }
    }
}

/// A reply that lost its callbackId is found among the frames nobody asked for.
fn strangers(frames: &[Value]) -> String {
    let newest = frames.iter().rev().take(3);
    newest.fold(String::new(), |text, frame| format!("{text}\n未配对 / unpaired: {frame}"))
}

async fn within<T>(deadline: Instant, work: impl Future<Output = T>, what: &str) -> Result<T, Fault> {
    tokio::time::timeout_at(deadline, work).await.map_err(|_| Fault::fatal(format!("超时 / timed out: {what}")))
}

/// Unix seconds now. Signatures are checked against the server's clock, so this one must be real.
#[expect(clippy::disallowed_methods, reason = "a client signs with the real time")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
