//! 两个程序共有的部分：参数、连接、签名上报。 / What both programs share: settings, a connection, signed reports.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use laidian::domain::signature;
use laidian::ops::clock::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::calls::{Agents, Report};

/// Where reports go: an action of its own (`report_call`), open to apps.
const PATH: &str = "/open_api/calls";
/// The most reports that wait while laidian is away.
const MOST_WAITING: usize = 10_000;
/// The most that is kept of a message of the telephone system that has not come to its end yet.
const LARGEST: usize = 1024 * 1024;
const LARGEST_REPLY: usize = 64 * 1024;
/// A telephone system that says nothing for so long is asked, and after the same time again it is lost.
const SILENCE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Settings {
    /// 电话系统的地址 / where the telephone system is
    #[arg(long, env = "PBX_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// 电话系统的口令，最好用环境变量 / its secret; better given by the environment
    #[arg(long, env = "PBX_SECRET", hide_env_values = true)]
    pub secret: String,
    /// 分机与工号 / extensions, and whose they are: 8001=trcs001,8002=trcs008
    #[arg(long, env = "PBX_AGENTS", value_delimiter = ',', required = true)]
    agents: Vec<Agent>,
    /// laidian 的地址 / where laidian is
    #[arg(long, env = "LAIDIAN_URL", default_value = "http://127.0.0.1:7070")]
    laidian: String,
    /// 应用与其令牌 / the app that signs, APPID:TOKEN; better given by the environment
    #[arg(long, env = "LAIDIAN_APP", hide_env_values = true)]
    app: App,
    /// laidian 不在时上报保留几秒 / how long a report is kept while laidian is away, seconds
    #[arg(long, default_value_t = 600)]
    keep_seconds: u64,
}

impl Settings {
    pub fn agents(&self) -> Agents {
        self.agents.iter().cloned().map(|Agent(extension, login_no)| (extension, login_no)).collect()
    }
}

#[derive(Clone)]
struct Agent(String, String);

impl FromStr for Agent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        pair(text, '=').map(|(extension, login_no)| Self(extension, login_no)).ok_or("写作 / is written 8001=trcs001")
    }
}

#[derive(Clone)]
struct App {
    id: String,
    token: String,
}

impl FromStr for App {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        pair(text, ':').map(|(id, token)| Self { id, token }).ok_or("写作 / is written APPID:TOKEN")
    }
}

fn pair(text: &str, between: char) -> Option<(String, String)> {
    let (one, other) = text.split_once(between)?;
    let (one, other) = (one.trim(), other.trim());
    (!one.is_empty() && !other.is_empty()).then(|| (one.to_owned(), other.to_owned()))
}

/// Why a connection to the telephone system has ended.
pub enum Ended {
    /// It will not have us: to come again changes nothing.
    Refused,
    Lost(Box<dyn Error + Send + Sync>),
}

impl<E: Error + Send + Sync + 'static> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Lost(error.into())
    }
}

/// Now, microseconds.
pub fn now() -> i64 {
    Clock::system().now()
}

/// Keeps a connection to the telephone system as `talk` talks over it, until it refuses or the program is interrupted.
pub async fn run(settings: &Settings, talk: impl AsyncFn(&Outbox) -> Result<Infallible, Ended>) -> ExitCode {
    let (sender, reports) = mpsc::channel(MOST_WAITING);
    let outbox = Outbox(sender);
    let door = match Door::new(settings) {
        Ok(door) => door,
        Err(error) => {
            say(&format!("laidian 的地址无效 / not an address of laidian: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let posting = tokio::spawn(post_all(door, reports));
    let code = tokio::select! {
        () = keep_talking(&outbox, talk) => ExitCode::FAILURE,
        _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
    };
    // What has happened is still told.
    drop(outbox);
    let _ = timeout(PATIENCE, posting).await;
    code
}

async fn keep_talking(outbox: &Outbox, talk: impl AsyncFn(&Outbox) -> Result<Infallible, Ended>) {
    let mut pause = Pause::default();
    loop {
        let started = Instant::now();
        match talk(outbox).await {
            Err(Ended::Refused) => return say("电话系统拒绝登录 / the telephone system refuses the login"),
            Err(Ended::Lost(error)) => {
                say(&format!("与电话系统断开，将重连 / lost the telephone system, will be back: {error}"));
            }
        }
        if started.elapsed() > LONGEST_PAUSE {
            pause = Pause::default();
        }
        pause.wait().await;
    }
}

/// Says what is the matter. Never said are numbers, secrets and whatever else a report has in it but its kind and its call.
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// Pauses, each twice as long as the one before.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(250))
    }
}

impl Pause {
    async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}

/// A connection to the telephone system.
pub struct Line {
    stream: TcpStream,
    /// What has come and has not been taken off yet.
    pub received: Vec<u8>,
}

impl Line {
    pub async fn connect(host: &str, port: u16) -> Result<Self, Ended> {
        let stream = timeout(PATIENCE, TcpStream::connect((host, port))).await??;
        Ok(Self { stream, received: Vec::new() })
    }

    pub async fn send(&mut self, text: &str) -> Result<(), Ended> {
        Ok(timeout(PATIENCE, self.stream.write_all(text.as_bytes())).await??)
    }

    /// Waits for more to come. Where nothing does, `ping` is sent, to which there is an answer.
    pub async fn receive(&mut self, ping: &str) -> Result<(), Ended> {
        if self.received.len() > LARGEST {
            return Err(Ended::Lost("消息过大 / a message is too large".into()));
        }
        let mut read = timeout(SILENCE, self.stream.read_buf(&mut self.received)).await;
        if read.is_err() {
            self.send(ping).await?;
            read = timeout(SILENCE, self.stream.read_buf(&mut self.received)).await;
        }
        if read?? == 0 { Err(Ended::Lost("对方已关闭 / it has closed".into())) } else { Ok(()) }
    }
}

/// Reports that wait to be sent, with when each was made.
pub struct Outbox(mpsc::Sender<(Instant, Report)>);

impl Outbox {
    pub fn put(&self, reports: Vec<Report>) {
        for report in reports {
            if self.0.try_send((Instant::now(), report)).is_err() {
                say("等待的上报太多，丢弃一条 / too many reports are waiting: one is dropped");
            }
        }
    }
}

/// Sends one after the other, so that they come as it happened.
async fn post_all(door: Door, mut reports: mpsc::Receiver<(Instant, Report)>) {
    while let Some((made, report)) = reports.recv().await {
        let mut pause = Pause::default();
        let name = |member: &str| report.get(member).map_or("", String::as_str).to_owned();
        let what = format!("{} {}", name("event"), name("callId"));
        while let Err(fault) = door.post(&report).await {
            if !fault.may_pass || made.elapsed() >= door.keep {
                say(&format!("放弃上报 / gives up {what}: {fault}"));
                break;
            }
            say(&format!("稍后重报 / will report again {what}: {fault}"));
            pause.wait().await;
        }
    }
}

/// laidian's door for apps.
struct Door {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    app: App,
    keep: Duration,
}

/// Why a report was not taken.
struct Fault {
    /// Whether to come again may help.
    may_pass: bool,
    why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Door {
    fn new(settings: &Settings) -> Result<Self, String> {
        let url = settings.laidian.trim_end_matches('/');
        let host = url.strip_prefix("http://").filter(|host| !host.is_empty() && !host.contains('/'));
        host.ok_or_else(|| "http://host:port".to_owned())?;
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: url.to_owned(),
            app: settings.app.clone(),
            keep: Duration::from_secs(settings.keep_seconds),
        })
    }

    /// The query that signs this body now: the second version, which covers all of the request.
    fn signed(&self, body: &str) -> String {
        let (timestamp, nonce) = ((now() / 1_000_000).to_string(), uuid::Uuid::new_v4().to_string());
        let mut query: Vec<(String, String)> =
            [("appid", &*self.app.id), ("timestamp", &timestamp), ("nonce", &nonce), ("sign_version", "v2")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec();
        let sorted = signature::sorted_query(&query);
        let sign = signature::v2(&self.app.token, "POST", PATH, &sorted, body.as_bytes(), &timestamp, &nonce);
        query.push(("sign".to_owned(), sign));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
    }

    async fn post(&self, report: &Report) -> Result<(), Fault> {
        let away = |why: &dyn fmt::Display| Fault { may_pass: true, why: why.to_string() };
        let body = serde_json::to_string(report).map_err(|error| away(&error))?;
        let url = format!("{}{PATH}?{}", self.url, self.signed(&body));
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| away(&error))?;
        let answer = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            let body = Limited::new(body, LARGEST_REPLY).collect().await?.to_bytes();
            Ok::<_, Box<dyn Error + Send + Sync>>((head.status, body))
        };
        let (status, body) =
            timeout(PATIENCE, answer).await.map_err(|error| away(&error))?.map_err(|error| away(&error))?;
        let code = serde_json::from_slice(&body).ok().and_then(|reply: Value| reply.get("code")?.as_i64());
        if code == Some(1000) {
            return Ok(());
        }
        let is_away = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || code == Some(429);
        Err(Fault { may_pass: is_away, why: format!("{status}, code {}", code.unwrap_or_default()) })
    }
}
