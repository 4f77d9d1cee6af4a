//! What it costs to tell a thousand sockets of an event, beside the least that this can cost.
//!
//! `cargo bench --bench live` starts laidian with demo data and, as its own second process, a bare tokio-tungstenite server
//! that broadcasts frames of the same bytes. A thousand sockets listen to each in turn: to what comes as fast as it can, to one event
//! at a time, and then to what they have missed. What counts is the ratio within one run.
//!
//! `cargo bench --bench live -- PART` measures `ring`: from a ringing telephone to what its agent is shown, beside a look-up;
//! `slow`: one of a thousand who does not read, and what the others notice; `writes`: what a write costs beside another
//! build that `LIVE_PROGRAM` names. With `npm install` in `benches/peers` the broadcasts of ws and Socket.IO are compared, too.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot be made is given up")]

mod bare;
mod fan_out;
mod ring;
mod slow;
mod writes;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

const SOCKETS: usize = 1000;
const WRITERS: usize = 16;
const ROUNDS: usize = 3;
/// Events that were missed.
const MISSED: u64 = 300;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match arguments.next().as_deref() {
        Some("--broadcast") => runtime.block_on(bare::broadcast(&arguments.next().unwrap_or_default())),
        Some("ring") => runtime.block_on(ring()),
        Some("slow") => runtime.block_on(slow()),
        Some("writes") => runtime.block_on(writes::compare()),
        _ => runtime.block_on(compare()),
    }
}

/// A server of ours with so many customers, in this folder.
fn laidian(customers: &str, folder: &std::path::Path) -> Server {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_laidian"));
    serve.args(["serve", customers, "--auth", "open", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    // Who has not read for a minute reads on.
    Server::start(serve.env("LAIDIAN_LIVE_REPLAY_EVENTS", "100000"))
}

async fn ring() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("{SOCKETS} sockets, 100,000 customers");
    ring::compare(&laidian("--demo=100000", folder.path())).await;
}

async fn slow() {
    let folder = tempfile::tempdir().expect("a folder");
    slow::compare(&laidian("--demo=5000", folder.path())).await;
}

/// A server under measurement: a process of its own, so that its CPU time can be told apart.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its stdout")).read_line(&mut line).expect("its ready line");
        let url = line.split_whitespace().nth(1).expect("ready URL").to_owned();
        Self { process, url }
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

type Socket = WebSocketStream<TcpStream>;

async fn connect(url: &str) -> Socket {
    let request = url.into_client_request().expect("a URL");
    let address = request.uri().authority().expect("an address").to_string();
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    tokio_tungstenite::client_async(request, stream).await.expect("a handshake").0
}

async fn text(socket: &mut Socket) -> String {
    loop {
        if let Message::Text(text) = socket.next().await.expect("a frame").expect("no error") {
            return text.as_str().to_owned();
        }
    }
}

async fn ask(socket: &mut Socket, mut frame: Value) -> Value {
    frame["operator"] = "trcs009".into();
    frame["companyId"] = 1054.into();
    socket.send(Message::text(frame.to_string())).await.expect("sent");
    serde_json::from_str(&text(socket).await).expect("JSON")
}

async fn subscribe(socket: &mut Socket, since: Option<&Value>) -> Value {
    subscribe_to(socket, "customers/all", since).await
}

async fn subscribe_to(socket: &mut Socket, topic: &str, since: Option<&Value>) -> Value {
    let mut frame = json!({"action": "subscribe", "topics": [topic]});
    if let Some(since) = since {
        frame["since"] = since.clone();
    }
    ask(socket, frame).await["result"].clone()
}

/// How often a second an event reached all, and what the server used for each push.
#[derive(Clone, Copy)]
struct Figure {
    events: f64,
    cpu_micros: f64,
}

impl Figure {
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    fn of(pushes: u64, seconds: f64, cpu: f64) -> Self {
        Self { events: pushes as f64 / SOCKETS as f64 / seconds, cpu_micros: cpu * 1e6 / pushes as f64 }
    }
}

/// Changes a customer again and again.
async fn write(url: String, id: i64, is_over: Arc<AtomicBool>) {
    let mut socket = connect(&url).await;
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        number += 1;
        let customer = json!({"companyName": format!("听雨茶舍{number}"), "address": format!("望潮街 {number} 号")});
        let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
        assert_eq!(ask(&mut socket, frame).await["code"], 1000);
    }
}

/// What all have missed, from the moment that they come back.
async fn missed(server: &Server, since: &Value) -> Figure {
    let sockets = join_all((0..SOCKETS).map(|_| connect(&server.url))).await;
    let (cpu, begun) = (server.cpu(), Instant::now());
    let reading = sockets.into_iter().map(|mut socket| {
        let since = since.clone();
        tokio::spawn(async move {
            let started = subscribe(&mut socket, Some(&since)).await;
            assert_eq!(started["replayed"], MISSED);
            for _ in 0..MISSED {
                text(&mut socket).await;
            }
        })
    });
    for reader in join_all(reading).await {
        reader.expect("a reader");
    }
    Figure::of(MISSED * SOCKETS as u64, begun.elapsed().as_secs_f64(), server.cpu() - cpu)
}

fn median(mut figures: Vec<Figure>) -> Figure {
    figures.sort_by(|a, b| a.events.total_cmp(&b.events));
    figures[figures.len() / 2]
}

async fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let laidian = laidian("--demo=50", folder.path());
    let mut first = connect(&laidian.url).await;
    let mut customers = Vec::new();
    for number in 0..WRITERS {
        let frame = json!({"action": "create_customer", "customer": {"custname": format!("沈知秋{number}")}});
        customers.push(ask(&mut first, frame).await["customer"]["id"].as_i64().expect("an id"));
    }
    let since = subscribe(&mut first, None).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(laidian.url.clone(), customers[0], is_over.clone()));
    let push = text(&mut first).await;
    is_over.store(true, Ordering::Relaxed);
    writer.await.expect("a writer");
    let mut bare = Command::new(std::env::current_exe().expect("this program"));
    let bare = Server::start(bare.arg("--broadcast").arg(&push));
    println!("{SOCKETS} sockets, pushes of {} bytes, {ROUNDS} rounds in turn", push.len());
    let bare_figure = fan_out::compare(&laidian, &bare, &customers, &push).await;
    let mut last = connect(&laidian.url).await;
    let now = subscribe(&mut last, None).await;
    let seq = now["seq"].as_u64().expect("a number") - MISSED;
    let back = missed(&laidian, &json!({"epoch": since["epoch"], "seq": seq})).await;
    println!("  coming back: {MISSED} events to {SOCKETS} sockets at once");
    tell("laidian", back);
    println!("  ratio              {:>5.2} of the events of a bare broadcast", back.events / bare_figure.events);
}

fn tell(name: &str, figure: Figure) {
    println!("  {name:<8} {:>9.0} events/s to all  {:>6.2} µs CPU a push", figure.events, figure.cpu_micros);
}
