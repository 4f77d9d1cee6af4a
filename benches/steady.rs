//! What one can do to others: attacks on a server, and how long others wait meanwhile.
//!
//! `cargo bench --bench steady [-- PART…]` plays each part against a server of its own, with demo data, and prints what
//! others saw. `STEADY_PROGRAM` names another build to compare with, `LAIDIAN_DATABASE_URL` an empty PostgreSQL database
//! for the part `planning`, without which it is left out. The tests have the same in small; these are the figures.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot be made is given up")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
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
            searches().await;
        }
        if is_wanted("import") {
            import().await;
        }
        if is_wanted("sign-ins") {
            sign_ins().await;
        }
        if is_wanted("memory") {
            memory_before_sign_in().await;
        }
        if is_wanted("planning") && std::env::var_os("LAIDIAN_DATABASE_URL").is_some() {
            planning().await;
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
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") / KIB
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

/// Look-ups beside eight sockets that search for what nearly everybody has.
async fn searches() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("searches: 100,000 customers, eight sockets that search 有限公司 without a pause");
    let server = Server::start(folder.path(), 100_000, &[]);
    let address = server.address;
    let by_id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1}));
    let by_phone = by("trcs001", json!({"action": "get_customer", "type": "cellphone", "content": "138900010001"}));
    let time = Duration::from_secs(10);
    show("get_customer by id, alone", ask_for(address, by_id.clone(), time / 5).await);
    let stop = Arc::new(AtomicBool::new(false));
    let searching: Vec<_> = (0..8)
        .map(|number| {
            let stop = stop.clone();
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let operator = ["trcs001", "trcs008", "trcs009", "admin1054"][number % 4];
                let list = by(operator, json!({"action": "list_customers", "query": "有限公司"}));
                let (mut times, mut late) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let reply = socket.ask(&list).await.expect("a reply");
                    late += usize::from(reply["code"] == 2504);
                    times.push(asked.elapsed());
                }
                (times, late)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (ids, phones) = tokio::join!(ask_for(address, by_id, time), ask_for(address, by_phone, time));
    stop.store(true, Ordering::Relaxed);
    show("get_customer by id, beside them", ids);
    show("get_customer by phone, beside them", phones);
    let (mut times, mut late) = (Vec::new(), 0);
    for searching in searching {
        let (of_one, late_of_one) = searching.await.expect("a searcher");
        times.extend(of_one);
        late += late_of_one;
    }
    show("the searches themselves", times);
    println!("  {late} of them were answered with 2504");
}

fn workbook(rows: usize) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().expect("a sheet");
    for (column, title) in (0..).zip(["客户名称", "负责人", "等级", "规模", "行业", "描述", "联系电话"])
    {
        sheet.write_string(0, column, title).expect("written");
    }
    for row in 1..=u32::try_from(rows).expect("a number") {
        sheet.write_string(row, 0, format!("导入{row:06}")).expect("written");
        sheet.write_string(row, 6, format!("137{:08}", row + 50_000_000)).expect("written");
    }
    book.save_to_buffer().expect("a workbook")
}

fn http(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let head = format!(
        "{head}\r\nHost: localhost\r\nAuthorization: Bearer demo-ibizplm-token\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn body_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)).unwrap_or_default()
}

/// How far an import says it is: rows that succeeded.
fn imported(address: SocketAddr, job: &str) -> usize {
    let shown = body_of(&http(address, &format!("GET /asyncactions/{job} HTTP/1.1"), b""));
    let step = shown["stepinfo"].as_str().unwrap_or_default().to_owned();
    step.split("成功 ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or_default()
}

/// An import of 100,000 rows beside 16 writers; it is asked to end in its midst.
async fn import() {
    const ROWS: usize = 100_000;
    let folder = tempfile::tempdir().expect("a folder");
    println!("import: {ROWS} rows beside 16 writers, SIGTERM when half is done or after two minutes");
    let mut server = Server::start(folder.path(), 100, &[]);
    let address = server.address;
    let form = [
        &b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n"[..],
        &workbook(ROWS),
        b"\r\n--x--\r\n",
    ]
    .concat();
    let file = body_of(&http(address, "POST /files HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x", &form));
    let file = file["id"].as_str().expect("a file").to_owned();
    let job = body_of(&http(address, &format!("GET /customers/asyncimportdata2?srfossfileid={file} HTTP/1.1"), b""));
    let job = job["asyncacitonid"].as_str().expect("a job").to_owned();
    let next = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let next = next.clone();
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let phones = json!([[null, format!("131{number:08}")]]);
                    let customer = json!({"custname": format!("写{number}"), "companyId": 1054, "cellphones": phones});
                    let create = by("trcs001", json!({"action": "create_customer", "customer": customer}));
                    let asked = Instant::now();
                    let reply = tokio::time::timeout(Duration::from_mins(1), socket.ask(&create)).await;
                    times.push(asked.elapsed());
                    match reply {
                        Ok(Some(reply)) if reply["code"] == 1000 => {}
                        // The server ends, or nothing comes any more.
                        _ => return times,
                    }
                }
            })
        })
        .collect();
    let began = Instant::now();
    let done = loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let done = imported(address, &job);
        if done >= ROWS / 2 || began.elapsed() > Duration::from_mins(2) {
            break done;
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let rate = done as f64 / seconds;
    println!("  {done} rows in {seconds:.1} s, {rate:.0} rows/s");
    match server.end() {
        Some(time) => println!("  the process ended {:.2} s after SIGTERM", time.as_secs_f64()),
        None => println!("  the process did not end within 40 s of SIGTERM"),
    }
    drop(server);
    let mut times: Vec<Duration> =
        join_all(writers).await.into_iter().flat_map(|times| times.expect("a writer")).collect();
    times.sort_unstable();
    show("creations by 16 writers meanwhile", times);
    let server = Server::start(folder.path(), 100, &[]);
    let told = imported(server.address, &job);
    let body = json!({"n_name_like": "导入", "size": 1}).to_string();
    let answer = http(
        server.address,
        "POST /customers/fetchdefault HTTP/1.1\r\nContent-Type: application/json",
        body.as_bytes(),
    );
    let there = answer.lines().find_map(|line| line.strip_prefix("x-total: ")).unwrap_or("?").to_owned();
    println!("  after a new start: the job tells of {told} rows, {there} are there");
}

fn login(operator: &str, password: &str) -> Value {
    by(operator, json!({"action": "login", "password": password}))
}

/// Passwords that are hashed as real ones are: the demo's own are hashed with the least effort.
fn set_passwords(data: &Path) {
    for operator in ["trcs001", "trcs008", "trcs009", "admin1054"] {
        let mut set = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(["admin", "--data"])
            .arg(data)
            .args(["password", "--company", "1054", operator])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a password");
        let typed = format!("demo-{operator}\n");
        set.stdin.take().expect("stdin").write_all(typed.as_bytes()).expect("typed");
        assert!(set.wait().expect("its end").success());
    }
}

/// Signing in beside a flood of wrong passwords; guesses at once; memory after many sign-ins.
async fn sign_ins() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("sign-ins: 1,000 sockets of 127.0.0.2 send a wrong password each");
    let token = [("LAIDIAN_AUTH_MODE", "token")];
    let server = Server::start(folder.path(), 100, &token);
    set_passwords(folder.path());
    let address = server.address;
    let mut sockets = Vec::new();
    for _ in 0..1000 {
        sockets.push(Socket::open(address, "127.0.0.2").await.expect("a socket"));
    }
    let flood: Vec<_> = (0..)
        .zip(sockets)
        .map(|(number, mut socket)| {
            tokio::spawn(async move { socket.ask(&login(&format!("nobody{number}"), "wrong password")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut right = Socket::open(address, "127.0.0.1").await.expect("a socket");
    let asked = Instant::now();
    let reply = right.ask(&login("trcs001", "demo-trcs001")).await;
    let code = reply.map_or_else(|| "closed".to_owned(), |reply| reply["code"].to_string());
    println!("  a right one of 127.0.0.1 after {:.2} s: {code}", asked.elapsed().as_secs_f64());
    drop(flood);
    drop(server);

    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), 100, &token);
    set_passwords(folder.path());
    let mut guessing = Vec::new();
    for _ in 0..300 {
        guessing.push(Socket::open(server.address, "127.0.0.2").await.expect("a socket"));
    }
    let wrong = login("trcs001", "wrong password");
    let codes = join_all(guessing.iter_mut().map(|socket| socket.ask(&wrong))).await;
    let checked = codes.iter().flatten().filter(|reply| reply["code"] == 2401).count();
    let told = codes.iter().flatten().filter(|reply| reply["code"] == 429).count();
    println!("  300 guesses at once: {checked} were checked, {told} answered with 429");
    drop((guessing, server));

    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), 100, &token);
    set_passwords(folder.path());
    let mut figures = Vec::new();
    for times in [5, 495] {
        for round in 0..times / 5 {
            let mut sockets = Vec::new();
            for _ in 0..5 {
                sockets.push(Socket::open(server.address, "127.0.0.1").await.expect("a socket"));
            }
            let operator = ["trcs001", "trcs008", "trcs009"][round % 3];
            let right = login(operator, &format!("demo-{operator}"));
            for reply in join_all(sockets.iter_mut().map(|socket| socket.ask(&right))).await {
                assert_eq!(reply.expect("a reply")["code"], 1000);
            }
        }
        figures.push(server.memory());
    }
    println!("  anonymous memory after 5 sign-ins {} MiB, after 500 {} MiB", figures[0], figures[1]);
}

/// Sockets that announce a large message and do not finish it.
async fn memory_before_sign_in() {
    println!("memory: 2,500 sockets of one address announce 1 MiB and send 1,000 KiB of it");
    let folder = tempfile::tempdir().expect("a folder");
    let server =
        Server::start(folder.path(), 100, &[("LAIDIAN_AUTH_MODE", "token"), ("LAIDIAN_AUTH_SIGN_IN_SECONDS", "60")]);
    let before = server.memory();
    let mut most = before;
    let mut sockets = Vec::new();
    for number in 0..2500 {
        let Some(mut socket) = Socket::open(server.address, "127.0.0.2").await else { continue };
        let mut bytes = vec![0x81, 0x80 | 127];
        bytes.extend_from_slice(&(1_u64 << 20).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.resize(1000 * KIB, b' ');
        let sending = socket.0.get_mut().write_all(&bytes);
        let _ = tokio::time::timeout(Duration::from_secs(2), sending).await;
        sockets.push(socket);
        if number % 50 == 0 {
            most = most.max(server.memory());
        }
    }
    most = most.max(server.memory());
    println!("  anonymous memory {before} MiB before, {most} MiB at the most");
    let mut other = Socket::open(server.address, "127.0.0.1").await.expect("a socket");
    let asked = Instant::now();
    assert_eq!(other.ask(&json!({"action": "ping"})).await.expect("a reply")["code"], 1000);
    println!("  a ping of another address is answered after {:.2} ms", asked.elapsed().as_secs_f64() * 1e3);
}

/// On PostgreSQL: four searches by four words of 64 different characters each.
async fn planning() {
    println!("planning: PostgreSQL, 2,781 customers, four searches by 4 × 64 different characters");
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), 2781, &[]);
    let address = server.address;
    let mut characters = ('一'..).step_by(7);
    let mut word = || characters.by_ref().take(64).collect::<String>();
    let text = [word(), word(), word(), word()].join(" ");
    let searching: Vec<_> = (0..4)
        .map(|_| {
            let list = by("trcs001", json!({"action": "list_customers", "query": text}));
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let asked = Instant::now();
                let reply = socket.ask(&list).await.expect("a reply");
                (reply["code"].clone(), asked.elapsed())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let by_id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1}));
    let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
    let mut times = Vec::new();
    let mut failed = 0;
    for _ in 0..100 {
        let asked = Instant::now();
        let reply = socket.ask(&by_id).await.expect("a reply");
        failed += usize::from(reply["code"] != 1000);
        times.push(asked.elapsed());
        if asked.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    show("get_customer by id of others", times);
    println!("  {failed} of them failed");
    for searching in searching {
        let (code, time) = searching.await.expect("a searcher");
        println!("  a search: {code} after {:.2} s", time.as_secs_f64());
    }
}
