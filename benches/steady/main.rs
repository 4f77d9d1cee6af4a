//! What one can do to others: attacks on a server, and how long others wait meanwhile.
//!
//! `cargo bench --bench steady [-- PART…]` plays each part against a server of its own, with demo data, and prints what
//! others saw. `STEADY_PROGRAM` names another build to compare with, `LAIDIAN_DATABASE_URL` an empty PostgreSQL database
//! for the part `planning`, without which it is left out; `STEADY_ROWS` and `STEADY_MINUTES` bound the part `import`. The
//! tests have the same in small; these are the figures.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot be made is given up")]

mod import;
mod memory;
mod searches;
mod sign_ins;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message;

const KIB: usize = 1024;
/// Nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(150);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    runtime.block_on(async {
        if is_wanted("searches") {
            searches::common().await;
        }
        if is_wanted("import") {
            import::beside_writers().await;
        }
        if is_wanted("sign-ins") {
            sign_ins::flood().await;
        }
        if is_wanted("masked") {
            sign_ins::masked().await;
        }
        if is_wanted("memory") {
            memory::before_sign_in().await;
            memory::pieces_and_unread().await;
        }
        if is_wanted("idle") {
            memory::idle().await;
        }
        if is_wanted("planning") && std::env::var_os("LAIDIAN_DATABASE_URL").is_some() {
            searches::planning().await;
        }
    });
}

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(data: &Path, customers: usize, settings: &[(&str, &str)]) -> Self {
        let program = std::env::var("STEADY_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_laidian").to_owned());
        let mut process = Command::new(program)
            .args(["serve", &format!("--demo={customers}"), "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout")).read_line(&mut line).expect("its ready line");
        let url = line.split_whitespace().nth(1).expect("ready URL");
        let address = url.trim_start_matches("ws://").trim_end_matches("/ws").parse().expect("an address");
        Self { process, address }
    }

    /// Anonymous memory, MiB.
    fn memory(&self) -> usize {
        self.kib() / KIB
    }

    fn kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Asks it to end, and returns how long that took; `None` when it did not.
    fn end(&mut self) -> Option<Duration> {
        let began = Instant::now();
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill");
        while began.elapsed() < Duration::from_secs(40) {
            if self.process.try_wait().expect("its state").is_some() {
                return Some(began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(server: SocketAddr, from: &str) -> Option<Self> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from.parse().expect("an address"), 0)).expect("bound");
        let stream = socket.connect(server).await.ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self(tokio_tungstenite::client_async(format!("ws://{server}/ws"), stream).await.ok()?.0))
    }

    /// The reply, or `None` when the server closed.
    async fn ask(&mut self, frame: &Value) -> Option<Value> {
        self.0.send(Message::text(frame.to_string())).await.ok()?;
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.ok()?? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

fn by(operator: &str, mut frame: Value) -> Value {
    frame["operator"] = operator.into();
    frame["companyId"] = 1054.into();
    frame
}

/// Milliseconds: the median, the 99th of 100, the longest.
fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| {
        times.get((times.len().saturating_sub(1)) * part / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "  {what:<58} {:>7} times  p50 {:>9.2}  p99 {:>9.2}  max {:>9.2} ms",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
}

/// Asks one after another, and returns how long each answer took.
async fn ask_for(server: SocketAddr, frame: Value, time: Duration) -> Vec<Duration> {
    let mut socket = Socket::open(server, "127.0.0.1").await.expect("a socket");
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        let asked = Instant::now();
        let reply = socket.ask(&frame).await;
        assert_eq!(reply.expect("a reply")["code"], 1000);
        times.push(asked.elapsed());
    }
    times
}
