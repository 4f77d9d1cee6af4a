//! The program as a process: its ready line, its signals, and what survives a crash.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::client::{Client, PATIENCE, http};

/// The program, with the demo's data; it ends when this is dropped.
pub struct Server {
    process: Child,
    pub ws: String,
    pub http: String,
}

impl Server {
    /// Starts it with these settings, as the environment has them.
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        Self::of(Self::command(data, settings).stderr(Stdio::null()))
    }

    fn command(data: &Path, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laidian"));
        command.args(["serve", "--demo=5", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data).envs(settings.iter().copied());
        command
    }

    /// Starts it by a command.
    pub fn of(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("ready"), "{line}");
        let (ws, http) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        assert!(ws.starts_with("ws://127.0.0.1:") && ws.ends_with("/ws"), "{line}");
        assert!(http.starts_with("http://127.0.0.1:") && http.ends_with('/'), "{line}");
        Self { process, ws, http }
    }

    /// The number under which the machine knows it.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn customer(number: usize) -> Value {
    json!({"custname": format!("崩溃测试{number:05}"), "companyName": "断电科技", "companyId": 1054,
           "cellphones": [[null, format!("1310000{number:04}")], [null, format!("010-5550{number:04}")]],
           "customerLabel": "断电"})
}

#[test]
fn sigterm_ends_the_program_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start(folder.path(), &[]);
        server.signal(signal);
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{signal}");
        // The checkpoint has moved everything into the database file.
        let log = std::fs::metadata(folder.path().join("laidian.sqlite-wal"));
        assert_eq!(log.map_or(0, |log| log.len()), 0, "{signal}");
    }
}

/// A page that is refused a socket is told of to who looks after the server, without the token that came with it.
#[tokio::test]
async fn a_refused_origin_is_a_line_of_the_log_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::of(Server::command(folder.path(), &[]).stderr(Stdio::piped()));
    let secret = "s3cr3t-token";
    let long = format!("https://{}.example.com", "x".repeat(500));
    for origin in ["https://elsewhere.example.com", "null", &long] {
        let headers = [
            ("origin", origin),
            ("authorization", &format!("Bearer {secret}")),
            ("sec-websocket-protocol", &format!("laidian, bearer.{secret}")),
        ];
        let url = format!("{}?token={secret}&phone=13812345678", server.ws);
        assert_eq!(Client::connect_with(&url, &headers).await.err(), Some(403), "{origin}");
    }
    let address = server.http.trim_start_matches("http://").trim_end_matches('/');
    let figures = http(TcpStream::connect(address).await.unwrap(), "GET /metrics").await;
    assert!(figures.lines().any(|line| line == "laidian_origins_refused_total 3"), "{figures}");
    server.signal("-TERM");
    let mut log = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let refused: Vec<Value> = lines.filter(|line| !line["origin"].is_null()).collect();
    let told: Vec<&str> = refused.iter().map(|line| line["origin"].as_str().unwrap().trim_matches('"')).collect();
    assert_eq!(told, ["https://elsewhere.example.com", "null", &long[..128]], "{log}");
    assert!(refused.iter().all(|line| line["level"] == "INFO"), "{log}");
    assert!(!log.contains(secret) && !log.contains("13812345678"), "{log}");
}

/// Creates customers on four sockets, kills the program in the midst of it, and looks at what is there.
#[tokio::test(flavor = "multi_thread")]
async fn every_answered_creation_survives_kill_9_complete() {
    const ANSWERS_BEFORE_THE_KILL: usize = 120;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let answered: Arc<Mutex<Vec<Value>>> = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    let (enough, mut is_enough) = tokio::sync::watch::channel(0);
    let mut writers = Vec::new();
    for _ in 0..4 {
        let (ws, answered, next, enough) = (server.ws.clone(), answered.clone(), next.clone(), enough.clone());
        writers.push(tokio::spawn(async move {
            let mut client = Client::connect(&ws).await;
            loop {
                // A few in flight at a time, so that the kill hits writes that wait for their commit.
                for _ in 0..8 {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let frame = json!({"action": "create_customer", "customer": customer(number)});
                    if futures_util::SinkExt::send(&mut client.wire, frame.to_string().into()).await.is_err() {
                        return;
                    }
                }
                for _ in 0..8 {
                    let Some(reply) = client.receive().await else { return };
                    assert_eq!(reply["code"], 1000, "{reply}");
                    answered.lock().await.push(reply["customer"].clone());
                    enough.send_modify(|count| *count += 1);
                }
            }
        }));
    }
    let is_answered = is_enough.wait_for(|count| *count >= ANSWERS_BEFORE_THE_KILL);
    assert!(tokio::time::timeout(PATIENCE, is_answered).await.is_ok(), "a writer has failed");
    server.signal("-KILL");
    for writer in writers {
        writer.await.unwrap();
    }
    drop(server);

    let server = Server::start(folder.path(), &[]);
    let mut client = Client::connect(&server.ws).await;
    let answered = answered.lock().await;
    assert!(answered.len() >= ANSWERS_BEFORE_THE_KILL);
    for created in answered.iter() {
        is_complete(&mut client, created).await;
    }
    // And nothing is there by half: whoever is found by a word is found by its phones, and has its history.
    let listed = list_all(&mut client, "断电科技").await;
    assert!(listed.len() >= answered.len());
    for created in &listed {
        is_complete(&mut client, created).await;
    }
    let exported = export_lines(&mut client, &server.http).await;
    assert_eq!(exported, listed.len());
}

fn frame(action: &str) -> Value {
    json!({"action": action, "companyId": 1054, "operator": "trcs009"})
}

async fn is_complete(client: &mut Client, created: &Value) {
    let mut get = frame("get_customer");
    get["type"] = json!("id");
    get["content"] = created["id"].clone();
    let reply = client.ask(get).await;
    assert_eq!(&reply["result"][0], created);
    for phone in created["cellphones"].as_array().unwrap() {
        let mut get = frame("get_customer");
        get["type"] = json!("cellphone");
        get["content"] = phone["content"].clone();
        let reply = client.ask(get).await;
        assert_eq!(reply["result"][0]["id"], created["id"], "{reply}");
    }
    let mut feeds = frame("feeds");
    feeds["feed_type"] = json!("Alternation");
    feeds["type"] = json!("id");
    feeds["content"] = created["id"].clone();
    let reply = client.ask(feeds).await;
    let summary = reply["feeds"][0]["summary"].as_str().unwrap();
    assert!(summary.contains(&format!("客户姓名:  <空>---->{}", created["custname"].as_str().unwrap())), "{summary}");
    let mut list = frame("list_customers");
    list["query"] = created["custname"].clone();
    let reply = client.ask(list).await;
    assert_eq!(reply["meta"]["total_count"], 1, "{reply}");
    assert_eq!(reply["result"][0]["id"], created["id"], "{reply}");
}

async fn list_all(client: &mut Client, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let mut list = frame("list_customers");
        list["query"] = json!(query);
        list["page"] = json!(page);
        let reply = client.ask(list).await;
        all.extend(reply["result"].as_array().unwrap().iter().cloned());
        if page >= reply["meta"]["total_pages"].as_i64().unwrap() {
            assert_eq!(reply["meta"]["total_count"], all.len());
            return all;
        }
    }
    all
}

/// The number of rows of a jsonl export, fetched from its one-time address.
async fn export_lines(client: &mut Client, http: &str) -> usize {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut export = frame("export_customers");
    export["query"] = json!("断电科技");
    export["format"] = json!("jsonl");
    let reply = client.ask(export).await;
    let address = http.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n", reply["url"].as_str().unwrap());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.matches("\"custname\":").count()
}
