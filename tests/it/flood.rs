//! Two thousand sockets at a time that flood, that say nothing, that never read: each is closed with its code,
//! others are answered meanwhile, and memory stays bounded. The server is a process of its own, so that what it
//! takes can be told from what its clients take.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use laidian::demo::token_secret;
use laidian::ops::clock::Clock;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::client::{Client, PATIENCE, http};
use crate::jwt;
use crate::process::Server;
use crate::support::{MAIN, SECOND};

const OFFENDERS: usize = 2000;
/// Sockets that behave, and how long they pause between two requests.
const OTHERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(200);
/// Much longer than an answer takes, also on a machine that is busy.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);
/// Handles that this process needs, and the server: a socket each, and some for the rest of the tests.
const HANDLES: usize = 2 * OFFENDERS + 500;
/// Offenders that connect at the same time: the machine holds only so many that wait to be accepted.
const CONNECTING: usize = 200;

const KIB: usize = 1024;
/// The server's settings: small, so that each offender reaches its limit soon.
const QUEUE: usize = 32 * KIB;
const FRAME: usize = 64 * KIB;

/// What a socket of these waves may hold by these settings, bytes:
/// - frames in work and replies that wait: the queue, and one of them too many;
/// - the answers that are being made, which are no larger than their frames here: as much again;
/// - all of it twice, for a buffer that grows takes twice of what is in it at most;
/// - the frame that is being read, twice for the same reason;
/// - and 32 KiB for its task, its timers, its read buffer.
const OF_A_SOCKET: usize = 2 * 2 * (QUEUE + FRAME) + 2 * FRAME + 32 * KIB;
/// What a server keeps that has been at work, when its clients have left: caches, connections to the database,
/// pieces too small for the allocator to give back.
const KEPT: usize = 64 * KIB * KIB;

fn start(folder: &std::path::Path) -> Server {
    let settings = [
        ("LAIDIAN_AUTH_MODE", "token".to_owned()),
        ("LAIDIAN_AUTH_SIGN_IN_SECONDS", "2".to_owned()),
        ("LAIDIAN_SOCKET_PONG_SECONDS", "2".to_owned()),
        ("LAIDIAN_LIMITS_FRAMES_PER_SECOND", "10".to_owned()),
        ("LAIDIAN_LIMITS_FRAME_BYTES", FRAME.to_string()),
        ("LAIDIAN_LIMITS_WRITE_QUEUE_BYTES", QUEUE.to_string()),
        // The allocator of glibc keeps what is freed for later; large pieces then go back at once, so that what the
        // server still has is what it still holds.
        ("MALLOC_MMAP_THRESHOLD_", (16 * KIB).to_string()),
    ];
    Server::start(folder, &settings.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Lets this process, and those it starts, open as many handles as the machine allows.
fn raise_handles() {
    let of_this = ["--pid", &std::process::id().to_string()];
    let hard =
        Command::new("prlimit").args(of_this).args(["--nofile", "--raw", "--noheadings", "--output=HARD"]).output();
    let hard = String::from_utf8(hard.expect("prlimit of util-linux is needed").stdout).unwrap();
    let most = hard.trim().parse().unwrap_or(usize::MAX);
    assert!(most >= HANDLES, "{HANDLES} open files are needed and {most} allowed: raise ulimit -Hn");
    let raised = Command::new("prlimit").args(of_this).arg(format!("--nofile={}:", most.min(1 << 20))).status();
    assert!(raised.unwrap().success());
}

/// What the server has of its own in memory, bytes.
fn memory(server: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{server}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * KIB
}

fn token(login_no: &str) -> String {
    let now = Clock::system().now() / SECOND;
    let claims = json!({"sub": login_no, "company": MAIN, "iat": now, "exp": now + 3600});
    jwt::hs256(&claims, token_secret(MAIN))
}

fn get_customer(callback_id: u64) -> String {
    json!({"action": "get_customer", "type": "id", "content": 1, "callbackId": callback_id}).to_string()
}

/// What the offenders of a wave share.
struct Wave {
    url: String,
    bearer: String,
    connecting: Semaphore,
    connected: AtomicUsize,
}

impl Wave {
    /// Opens a socket with a small receive buffer, signed in or not.
    async fn connect(&self, is_signed_in: bool) -> WebSocketStream<TcpStream> {
        let _place = self.connecting.acquire().await.unwrap();
        let mut request = self.url.as_str().into_client_request().unwrap();
        let address = request.uri().authority().unwrap().as_str().parse().unwrap();
        if is_signed_in {
            request.headers_mut().insert("authorization", self.bearer.parse().unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.set_send_buffer_size(16384).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let (wire, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        self.connected.fetch_add(1, Ordering::Relaxed);
        wire
    }
}

/// The code with which the server closes; what else comes is dropped.
async fn close_code(
    wire: &mut (impl StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin),
) -> Option<u16> {
    while let Some(message) = wire.next().await {
        match message {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
    None
}

/// Frames of one that floods: twice of what it is closed for. Without end, it could be that the machine
/// throws the close frame away: it does with what is unread when a connection is cut.
const FLOOD: u64 = 150;

/// Sends as fast as it can.
async fn flood(wave: Arc<Wave>) -> Option<u16> {
    let (mut sink, mut stream) = wave.connect(true).await.split();
    let send = async {
        for number in 0..FLOOD {
            if sink.send(Message::text(get_customer(number))).await.is_err() {
                return;
            }
        }
    };
    futures_util::join!(send, close_code(&mut stream)).1
}

/// Says nothing, not even who it is.
async fn say_nothing(wave: Arc<Wave>) -> Option<u16> {
    close_code(&mut wave.connect(false).await).await
}

/// Asks for large answers and reads none. Being told why would be reading: the server's figures have the code.
async fn never_read(wave: Arc<Wave>) -> Option<u16> {
    let mut wire = wave.connect(true).await;
    // The answer is as large as what it echoes.
    let ask = json!({"action": "get_customer", "type": "id", "content": 1, "callbackId": "x".repeat(60 * KIB)});
    let ask = Message::text(ask.to_string());
    while wire.send(ask.clone()).await.is_ok() {}
    None
}

/// Whoever behaves is answered while `stop` is not set: how often, and how long he waited at most.
async fn behave(url: String, stop: Arc<AtomicBool>, slowest: Arc<AtomicU64>) -> u64 {
    let bearer = format!("Bearer {}", token("trcs008"));
    let mut client = Client::connect_with(&url, &[("authorization", &bearer)]).await.unwrap();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        client.send(get_customer(number)).await;
        let reply = tokio::time::timeout(ANSWERED_WITHIN, client.receive()).await.expect("was not answered").unwrap();
        assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(1000), &json!(number)));
        slowest.fetch_max(u64::try_from(asked.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
        number += 1;
        tokio::time::sleep(PAUSE).await;
    }
    number
}

/// How many sockets the server has closed with this code.
async fn closed_with(server: &Server, code: u16) -> usize {
    let address = server.http.trim_start_matches("http://").trim_end_matches('/');
    let figures = http(TcpStream::connect(address).await.unwrap(), "GET /metrics").await;
    let line = format!("laidian_sockets_closed_total{{code=\"{code}\"}} ");
    figures.lines().find_map(|known| known.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

/// Lets all offenders of a kind at the server; `told` is whether they listen when it says why it closes them.
async fn wave<F>(server: &Server, name: &str, code: u16, told: bool, offend: impl Fn(Arc<Wave>) -> F)
where
    F: Future<Output = Option<u16>> + Send + 'static,
{
    let (stop, slowest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (began, before) = (Instant::now(), memory(server.id()));
    let mut others = JoinSet::new();
    for _ in 0..OTHERS {
        others.spawn(behave(server.ws.clone(), stop.clone(), slowest.clone()));
    }
    let shared = Arc::new(Wave {
        url: server.ws.clone(),
        bearer: format!("Bearer {}", token("trcs001")),
        connecting: Semaphore::new(CONNECTING),
        connected: AtomicUsize::new(0),
    });
    let mut offenders = JoinSet::new();
    for _ in 0..OFFENDERS {
        offenders.spawn(offend(shared.clone()));
    }
    let (mut peak, mut codes) = (before, Vec::new());
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let all = async {
        while codes.len() < OFFENDERS {
            tokio::select! {
                Some(ended) = offenders.join_next() => codes.push(ended.unwrap()),
                _ = look.tick() => peak = peak.max(memory(server.id())),
            }
        }
    };
    tokio::time::timeout(4 * PATIENCE, all).await.expect("some were not closed");
    stop.store(true, Ordering::Relaxed);
    let answered: u64 = others.join_all().await.into_iter().sum();
    assert_eq!(shared.connected.load(Ordering::Relaxed), OFFENDERS);
    assert_eq!(closed_with(server, code).await, OFFENDERS, "{name}");
    let other = codes.iter().find(|known| told && **known != Some(code));
    assert_eq!(other, None, "{name}");
    let after = memory(server.id());
    println!(
        "{name}: {:.1} s, {answered} requests of others answered, slowest {} ms, MiB before {} peak {} after {}",
        began.elapsed().as_secs_f64(),
        slowest.load(Ordering::Relaxed),
        before / KIB / KIB,
        peak / KIB / KIB,
        after / KIB / KIB,
    );
    assert!(answered >= OTHERS as u64, "{name}: {answered}");
    assert!(peak <= before + OFFENDERS * OF_A_SOCKET, "{name}: {peak} bytes, {before} before");
    assert!(after <= before + KEPT, "{name}: {after} bytes, {before} before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offenders_are_closed_and_others_answered() {
    raise_handles();
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    wave(&server, "flood", 4029, true, flood).await;
    wave(&server, "say nothing", 4001, true, say_nothing).await;
    wave(&server, "never read", 4008, false, never_read).await;
}
