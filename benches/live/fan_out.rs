//! Events to a thousand sockets, as fast as they come and one at a time, the next when all have it. Beside the least that it
//! can cost, and beside what is used for it elsewhere.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{Figure, ROUNDS, SOCKETS, Server, Socket, WRITERS, ask, connect, median, subscribe, tell, text, write};

const ROUND: Duration = Duration::from_secs(4);
/// How long it goes on before it is measured.
const BEGINNING: Duration = Duration::from_millis(500);
/// What is shorter is no push but a ping, bytes.
const SHORTEST: usize = 100;

/// Who broadcasts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bare,
    Laidian,
    Ws,
    SocketIo,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Laidian => "laidian",
            Self::Ws => "ws",
            Self::SocketIo => "socket.io",
        }
    }

    async fn open(self, url: &str) -> Socket {
        let mut socket = connect(url).await;
        if self == Self::SocketIo {
            assert!(text(&mut socket).await.starts_with('0'));
            socket.send(Message::text("40")).await.expect("sent");
            assert!(text(&mut socket).await.starts_with("40"));
        }
        socket
    }

    /// Has events broadcast: one, or as many as can be.
    async fn say(self, socket: &mut Socket, what: &str) {
        let said = if self == Self::SocketIo { format!(r#"42["say","{what}"]"#) } else { what.to_owned() };
        socket.send(Message::text(said)).await.expect("sent");
    }
}

/// How many pushes have come, and how many are waited for.
#[derive(Default)]
struct Counted {
    pushes: AtomicU64,
    wanted: AtomicU64,
    all_came: Notify,
}

impl Counted {
    fn note(&self) {
        if self.pushes.fetch_add(1, Ordering::SeqCst) + 1 == self.wanted.load(Ordering::SeqCst) {
            self.all_came.notify_one();
        }
    }
}

/// Counts the frames of a stream by their heads: what is measured is the server, not its client.
async fn count(mut stream: TcpStream, counted: Arc<Counted>) {
    let (mut buffer, mut bytes) = (vec![0; 16 * 1024], Vec::new());
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        bytes.extend_from_slice(&buffer[..read]);
        let mut begin = 0;
        while let Some((head, payload)) = frame(&bytes[begin..]) {
            if bytes.len() < begin + head + payload {
                break;
            }
            begin += head + payload;
            if payload >= SHORTEST {
                counted.note();
            }
        }
        bytes.drain(..begin);
    }
}

/// The length of the head of a frame, and of what is behind it (RFC 6455 §5.2; a server masks nothing).
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes {
        [_, length @ ..126, ..] => Some((2, length.into())),
        [_, 126, high, low, ..] => Some((4, u16::from_be_bytes([high, low]).into())),
        _ => None,
    }
}

/// A thousand sockets, whose pushes are counted.
async fn listen(kind: Kind, server: &Server, counted: &Arc<Counted>) -> Vec<JoinHandle<()>> {
    let mut listening = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = kind.open(&server.url).await;
        if kind == Kind::Laidian {
            subscribe(&mut socket, None).await;
        }
        listening.push(tokio::spawn(count(socket.into_inner(), counted.clone())));
    }
    listening
}

/// As fast as they come: what is broadcast when all have taken what was before, and what sixteen write.
async fn flood(kind: Kind, server: &Server, customers: &[i64]) -> Figure {
    let counted: Arc<Counted> = Arc::default();
    let listening = listen(kind, server, &counted).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    let mut speaker = None;
    if kind == Kind::Laidian {
        let customers = customers.iter().take(WRITERS);
        writers.extend(customers.map(|id| tokio::spawn(write(server.url.clone(), *id, is_over.clone()))));
    } else {
        let socket = speaker.insert(kind.open(&server.url).await);
        kind.say(socket, "flood").await;
    }
    tokio::time::sleep(BEGINNING).await;
    let pushes = || counted.pushes.load(Ordering::SeqCst);
    let (before, cpu, begun) = (pushes(), server.cpu(), Instant::now());
    tokio::time::sleep(ROUND).await;
    let figure = Figure::of(pushes() - before, begun.elapsed().as_secs_f64(), server.cpu() - cpu);
    is_over.store(true, Ordering::Relaxed);
    join_all(writers).await;
    drop(speaker);
    listening.iter().for_each(JoinHandle::abort);
    figure
}

/// One at a time: the next when all have it.
async fn one_by_one(kind: Kind, server: &Server, customers: &[i64]) -> Figure {
    let counted: Arc<Counted> = Arc::default();
    let listening = listen(kind, server, &counted).await;
    let mut speaker = kind.open(&server.url).await;
    let (cpu, begun) = (server.cpu(), Instant::now());
    let mut events = 0;
    while begun.elapsed() < ROUND {
        events += 1;
        counted.wanted.store(events * SOCKETS as u64, Ordering::SeqCst);
        if kind == Kind::Laidian {
            let customer =
                json!({"companyName": format!("听雨茶舍{events}"), "address": format!("望潮街 {events} 号")});
            let frame =
                json!({"action": "update_customer", "type": "id", "content": customers[0], "customer": customer});
            assert_eq!(ask(&mut speaker, frame).await["code"], 1000);
        } else {
            kind.say(&mut speaker, "one").await;
        }
        tokio::time::timeout(ROUND, counted.all_came.notified()).await.expect("all are told");
    }
    let figure = Figure::of(events * SOCKETS as u64, begun.elapsed().as_secs_f64(), server.cpu() - cpu);
    listening.iter().for_each(JoinHandle::abort);
    figure
}

/// A server of `benches/peers`, if its packages are there.
fn peer(program: &str, push: &str) -> Option<Server> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    folder
        .join("node_modules")
        .exists()
        .then(|| Server::start(Command::new("node").arg(folder.join(program)).arg(push)))
}

/// Measures all of them in turn. Returns what the bare one came to, as fast as it could.
pub async fn compare(laidian: &Server, bare: &Server, customers: &[i64], push: &str) -> Figure {
    let mut servers = vec![(Kind::Bare, bare), (Kind::Laidian, laidian)];
    let (ws, socket_io) = (peer("ws.js", push), peer("socketio.js", push));
    servers.extend(ws.as_ref().map(|server| (Kind::Ws, server)));
    servers.extend(socket_io.as_ref().map(|server| (Kind::SocketIo, server)));
    let mut figures: Vec<[Vec<Figure>; 2]> = vec![Default::default(); servers.len()];
    for _ in 0..ROUNDS {
        for ((kind, server), [fast, single]) in servers.iter().zip(&mut figures) {
            fast.push(flood(*kind, server, customers).await);
            single.push(one_by_one(*kind, server, customers).await);
        }
    }
    let figures: Vec<[Figure; 2]> = figures.into_iter().map(|both| both.map(median)).collect();
    for (nth, how) in ["as fast as they come (laidian: as 16 write)", "one at a time, the next when all have it"]
        .into_iter()
        .enumerate()
    {
        println!("  {how}");
        for ((kind, _), figures) in servers.iter().zip(&figures) {
            tell(kind.name(), figures[nth]);
        }
        for ((kind, _), figures_of) in servers.iter().zip(&figures).filter(|((kind, _), _)| *kind != Kind::Laidian) {
            let (events, cpu) = (
                figures[1][nth].events / figures_of[nth].events,
                figures[1][nth].cpu_micros / figures_of[nth].cpu_micros,
            );
            println!("  ratio    {events:>9.2} of the events of {}, {cpu:.2} × its CPU a push", kind.name());
        }
    }
    if servers.len() < 4 {
        println!("  (ws and Socket.IO: npm install in benches/peers, and node on the PATH)");
    }
    figures[0][0]
}
