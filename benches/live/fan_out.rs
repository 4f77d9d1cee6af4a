//! One event at a time to a thousand sockets: the next when all have it. Beside the least that it can cost, and beside what
//! is used for it elsewhere.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{Figure, ROUNDS, SOCKETS, Server, Socket, ask, connect, median, subscribe, tell, text};

const ROUND: Duration = Duration::from_secs(3);
/// What is shorter is no push but a ping, bytes.
const SHORTEST: usize = 100;

/// Who broadcasts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bare,
    /// With the customer that is changed each time.
    Laidian(i64),
    Ws,
    SocketIo,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Laidian(_) => "laidian",
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

    /// Has one event broadcast.
    async fn begin(self, socket: &mut Socket, nth: u64) {
        match self {
            Self::Laidian(id) => {
                let customer = json!({"companyName": format!("听雨茶舍{nth}"), "address": format!("望潮街 {nth} 号")});
                let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
                assert_eq!(ask(socket, frame).await["code"], 1000);
            }
            Self::SocketIo => socket.send(Message::text(r#"42["say"]"#)).await.expect("sent"),
            Self::Bare | Self::Ws => socket.send(Message::text("one")).await.expect("sent"),
        }
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

async fn round(kind: Kind, server: &Server) -> Figure {
    let counted: Arc<Counted> = Arc::default();
    let mut listening: Vec<JoinHandle<()>> = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = kind.open(&server.url).await;
        if matches!(kind, Kind::Laidian(_)) {
            subscribe(&mut socket, None).await;
        }
        listening.push(tokio::spawn(count(socket.into_inner(), counted.clone())));
    }
    let mut speaker = kind.open(&server.url).await;
    let (cpu, begun) = (server.cpu(), Instant::now());
    let mut events = 0;
    while begun.elapsed() < ROUND {
        events += 1;
        counted.wanted.store(events * SOCKETS as u64, Ordering::SeqCst);
        kind.begin(&mut speaker, events).await;
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

/// Measures all of them in turn.
pub async fn compare(laidian: &Server, bare: &Server, customer: i64, push: &str) {
    let mut servers = vec![(Kind::Bare, bare), (Kind::Laidian(customer), laidian)];
    let (ws, socket_io) = (peer("ws.js", push), peer("socketio.js", push));
    servers.extend(ws.as_ref().map(|server| (Kind::Ws, server)));
    servers.extend(socket_io.as_ref().map(|server| (Kind::SocketIo, server)));
    println!("  one event at a time, the next when all have it");
    let mut figures: Vec<Vec<Figure>> = vec![Vec::new(); servers.len()];
    for _ in 0..ROUNDS {
        for ((kind, server), figures) in servers.iter().zip(&mut figures) {
            figures.push(round(*kind, server).await);
        }
    }
    let figures: Vec<Figure> = figures.into_iter().map(median).collect();
    for ((kind, _), figure) in servers.iter().zip(&figures) {
        tell(kind.name(), *figure);
    }
    for ((kind, _), figure) in servers.iter().zip(&figures).filter(|((kind, _), _)| !matches!(kind, Kind::Laidian(_))) {
        println!("  ratio              {:>5.2} of the events of {}", figures[1].events / figure.events, kind.name());
    }
    if servers.len() < 4 {
        println!("  (ws and Socket.IO: npm install in benches/peers, and node on the PATH)");
    }
}
