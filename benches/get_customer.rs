//! What a `get_customer` costs beside the least that a WebSocket reply can cost.
//!
//! `cargo bench --bench get_customer` starts laidian with demo data and, as its own second process, a
//! bare tokio-tungstenite server that answers every frame with one fixed reply of the same size, batched
//! as laidian does. The same client asks both in turn; what counts is the ratio within one run, because
//! absolute figures drift from machine to machine and hour to hour.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot be made is given up")]

#[path = "shared/fixed_reply.rs"]
mod fixed_reply;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::stream::SplitStream;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

const SOCKETS: usize = 64;
const DEPTHS: [usize; 2] = [1, 16];
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const CUSTOMERS: &str = "--demo=2000";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if arguments.next().as_deref() == Some("--fixed-reply") {
        runtime.block_on(fixed_reply::serve(Path::new(&arguments.next().unwrap_or_default())));
    } else {
        runtime.block_on(compare());
    }
}

/// A server under measurement: a process of its own, so that its CPU time can be told apart.
struct Server {
    name: &'static str,
    process: Child,
    url: String,
}

impl Server {
    fn start(name: &'static str, command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its stdout")).read_line(&mut line).expect("its ready line");
        let url = line.split_whitespace().nth(1).expect("ready URL").to_owned();
        Self { name, process, url }
    }

    /// User and system time so far, seconds.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("/proc");
        // Behind the name, which may hold blanks: utime and stime are the 12th and 13th, in hundredths.
        let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
        (fields[11].parse::<f64>().expect("utime") + fields[12].parse::<f64>().expect("stime")) / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a round came to.
#[derive(Clone, Copy)]
struct Figure {
    per_second: f64,
    cpu_micros: f64,
}

async fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let laidian = env!("CARGO_BIN_EXE_laidian");
    let mut serve = Command::new(laidian);
    serve.args(["serve", CUSTOMERS, "--auth", "token", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
    let laidian_server = Server::start("laidian", &mut serve);
    let token = token(laidian, folder.path());
    let frames = frames(&laidian_server.url, &token).await;
    let reply = first_reply(&laidian_server.url, &token, &frames).await;
    let reply_file = folder.path().join("reply.json");
    std::fs::write(&reply_file, &reply).expect("the reply is written");
    let mut bare = Command::new(std::env::current_exe().expect("this program"));
    let bare_server = Server::start("bare", bare.arg("--fixed-reply").arg(&reply_file));

    println!(
        "{} CPUs, {SOCKETS} sockets, {} phones, request {} bytes, reply {} bytes, {ROUNDS} rounds of {} s each in turn",
        std::thread::available_parallelism().map_or(0, usize::from),
        frames.len(),
        frames.first().map_or(0, String::len),
        reply.len(),
        ROUND.as_secs()
    );
    for depth in DEPTHS {
        let mut figures: [Vec<Figure>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (server, figures) in [&bare_server, &laidian_server].into_iter().zip(&mut figures) {
                figures.push(round(server, &token, &frames, depth).await);
            }
        }
        let [bare, laidian] = figures.map(|mut figures| {
            figures.sort_by(|a, b| a.cpu_micros.total_cmp(&b.cpu_micros));
            figures[ROUNDS / 2]
        });
        for (server, figure) in [(&bare_server, bare), (&laidian_server, laidian)] {
            println!(
                "  depth {depth:>2}  {:<8} {:>9.0} replies/s  {:>7.2} µs CPU a request",
                server.name, figure.per_second, figure.cpu_micros
            );
        }
        println!(
            "  depth {depth:>2}  ratio    {:>9.2} of the replies  {:>4.2} × the CPU",
            laidian.per_second / bare.per_second,
            laidian.cpu_micros / bare.cpu_micros
        );
    }
}

fn token(laidian: &str, folder: &Path) -> String {
    let issued = Command::new(laidian)
        .args(["token", "--company", "1054", "--operator", "trcs001", "--data"])
        .arg(folder)
        .output()
        .expect("a token");
    String::from_utf8(issued.stdout).expect("text").trim().to_owned()
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(url: &str, token: &str) -> Socket {
    let mut request = url.into_client_request().expect("a URL");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let address = request.uri().authority().expect("an address").to_string();
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    tokio_tungstenite::client_async(request, stream).await.expect("a handshake").0
}

/// A frame for each of the customers' first phones.
async fn frames(url: &str, token: &str) -> Vec<String> {
    let mut socket = connect(url, token).await;
    let mut frames = Vec::new();
    for page in 1.. {
        socket.send(Message::text(format!("{{\"action\":\"list_customers\",\"page\":{page}}}"))).await.expect("sent");
        let reply = socket.next().await.expect("a reply").expect("a frame");
        let reply: serde_json::Value = serde_json::from_str(reply.to_text().expect("text")).expect("JSON");
        let customers = reply["result"].as_array().expect("customers");
        let phones = customers.iter().filter_map(|customer| customer["cellphones"][0]["content"].as_str());
        frames.extend(phones.map(|phone| {
            format!("{{\"action\":\"get_customer\",\"type\":\"cellphone\",\"content\":\"{phone}\",\"operator\":\"trcs001\",\"companyId\":\"1054\",\"callbackId\":\"123456\"}}")
        }));
        if page >= reply["meta"]["total_pages"].as_i64().expect("pages") {
            break;
        }
    }
    frames
}

async fn first_reply(url: &str, token: &str, frames: &[String]) -> String {
    let mut socket = connect(url, token).await;
    socket.send(Message::text(frames[0].clone())).await.expect("sent");
    socket.next().await.expect("a reply").expect("a frame").to_text().expect("text").to_owned()
}

async fn round(server: &Server, token: &str, frames: &[String], depth: usize) -> Figure {
    let (before, begun) = (server.cpu(), Instant::now());
    let mut clients = Vec::new();
    for number in 0..SOCKETS {
        let socket = connect(&server.url, token).await;
        let frames: Vec<Utf8Bytes> =
            frames.iter().skip(number * 7).chain(frames).take(512).map(|frame| frame.as_str().into()).collect();
        clients.push(tokio::spawn(ask(socket, frames, depth, begun + ROUND)));
    }
    let mut replies = 0;
    for client in clients {
        replies += client.await.expect("a client");
    }
    let (cpu, seconds) = (server.cpu() - before, begun.elapsed().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a count of replies")]
    let replies = replies as f64;
    Figure { per_second: replies / seconds, cpu_micros: cpu * 1e6 / replies }
}

/// Keeps `depth` requests in flight until the time is over; the number of replies.
async fn ask(socket: Socket, frames: Vec<Utf8Bytes>, depth: usize, until: Instant) -> u64 {
    let (mut sink, mut stream) = socket.split();
    let mut next = frames.iter().cycle();
    let mut replies = 0;
    let mut wanted = depth;
    loop {
        for frame in next.by_ref().take(wanted) {
            sink.feed(Message::Text(frame.clone())).await.expect("fed");
        }
        sink.flush().await.expect("flushed");
        wanted = arrived(&mut stream).await;
        replies += wanted as u64;
        if Instant::now() >= until {
            return replies;
        }
    }
}

/// Waits for a reply and counts those that came with it.
async fn arrived(stream: &mut SplitStream<Socket>) -> usize {
    stream.next().await.expect("a reply").expect("a frame");
    let mut count = 1;
    while let Some(reply) = stream.next().now_or_never() {
        reply.expect("a reply").expect("a frame");
        count += 1;
    }
    count
}
