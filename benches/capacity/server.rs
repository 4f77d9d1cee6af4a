//! The servers: each a process of its own, so that its CPU time and its memory can be told apart.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::report::{Words, words};

/// How a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    WebSocket,
    Redis,
}

pub struct Server {
    process: Child,
    pub address: SocketAddr,
    pub speech: Speech,
    /// What opens a socket, where one is needed.
    pub token: Option<String>,
}

impl Server {
    /// Starts a program that says `ready ws://…` once it answers.
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its stdout")).read_line(&mut line).expect("its ready line");
        let address = line.strip_prefix("ready ws://").and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("{command:?} is not ready")).parse().expect("an address");
        Self { process, address, speech: Speech::WebSocket, token: None }
    }

    /// laidian over this folder, which believes everybody.
    pub fn laidian(program: &Path, folder: &Path) -> Self {
        Self::start(serve(program, folder).args(["--auth", "open"]))
    }

    /// The same once what it answers from memory is built; returns how long that took after its first answer.
    pub fn indexed(program: &Path, folder: &Path) -> (Self, Duration) {
        let server = Self::laidian(program, folder);
        let took = server.built();
        (server, took)
    }

    /// Waits until what it answers from memory is built; returns how long that took.
    fn built(&self) -> Duration {
        let began = Instant::now();
        let is_building = |line: &str| line.starts_with("laidian_indexes{state=\"building\"}") && !line.ends_with(" 0");
        while self.metrics().lines().any(is_building) {
            assert!(began.elapsed() < Duration::from_mins(5), "the index is not built");
            std::thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        text
    }

    /// laidian over this folder, which believes who brings a token.
    pub fn with_tokens(program: &Path, folder: &Path) -> Self {
        let token = ["token", "--company", "1054", "--operator", "trcs001", "--data"];
        let issued = Command::new(program).args(token).arg(folder).output().expect("a token");
        let token = String::from_utf8(issued.stdout).expect("text").trim().to_owned();
        let mut server = Self::start(serve(program, folder).args(["--auth", "token"]));
        server.token = Some(token);
        server.built();
        server
    }

    /// A server of our own: this program, started with these arguments.
    pub fn own(mode: &str, argument: &Path) -> Self {
        Self::start(Command::new(std::env::current_exe().expect("this program")).arg(mode).arg(argument))
    }

    /// Node over a file of documents; why not, where it cannot be.
    pub fn node(documents: &Path) -> Result<Self, Words> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        for package in ["ws", "better-sqlite3"] {
            if !peers.join("node_modules").join(package).exists() {
                return Err(words(
                    &format!("Node: no {package}, run `npm install` in benches/peers"),
                    &format!("Node：没有 {package}，请在 benches/peers 里运行 `npm install`"),
                ));
            }
        }
        if !is_there("node") {
            return Err(words("Node: no node", "Node：没有 node"));
        }
        Ok(Self::start(Command::new("node").arg(peers.join("get_customer.js")).arg(documents)))
    }

    /// Redis, empty; why not, where it cannot be.
    pub fn redis(folder: &Path) -> Result<Self, Words> {
        if !is_there("redis-server") {
            return Err(words("Redis: no redis-server", "Redis：没有 redis-server"));
        }
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let port = address.port().to_string();
        let settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port, "--dir"];
        let mut command = Command::new("redis-server");
        command.args(settings).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("redis-server starts");
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { process, address, speech: Speech::Redis, token: None })
    }

    /// User and system time so far, seconds.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("/proc");
        // Behind the name, which may hold blanks: utime and stime are the 12th and 13th, in hundredths.
        let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
        (fields[11].parse::<f64>().expect("utime") + fields[12].parse::<f64>().expect("stime")) / 100.0
    }

    /// Anonymous memory, KiB.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(program: &Path, folder: &Path) -> Command {
    let mut serve = Command::new(program);
    // With the demo's companies there, `--demo` adds nothing and takes the limits of rates away.
    serve.args(["serve", "--demo=0", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    // Today's longest searches take longer than they may.
    serve.env("LAIDIAN_LIMITS_SEARCH_SECONDS", "100").env("LAIDIAN_LIMITS_REQUEST_SECONDS", "120");
    serve
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The build that is measured.
pub fn this() -> PathBuf {
    env!("CARGO_BIN_EXE_laidian").into()
}

/// The build that it stands beside, and its own data set where its schema is another.
pub fn other() -> Option<(PathBuf, Option<PathBuf>)> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    Some((path("CAPACITY_PROGRAM")?, path("CAPACITY_PROGRAM_DATA")))
}
