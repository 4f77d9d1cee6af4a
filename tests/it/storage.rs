//! A disk that is full: who writes is told so, `/readyz` says so, and nothing that was answered is lost.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use laidian::dialects::Route;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::client::{Client, PATIENCE, http};
use crate::signed;
use crate::support::{self, Engine, MAIN, Place, Raw, TestServer, server, server_in};

/// Bytes.
const MIB: u64 = 1024 * 1024;
const SIZE: u64 = 64 * MIB;

/// A disk of its own, small enough to be filled.
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Who may not mount anything skips the test and says so; in CI that is a failure.
    pub fn new(test: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("laidian-disk-").tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={SIZE}"), "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|done| done.status.success());
        if mounted {
            return Some(Self { folder });
        }
        assert!(std::env::var_os("CI").is_none(), "a tmpfs cannot be mounted: it is not optional in CI");
        support::skipped(test, "a tmpfs cannot be mounted");
        None
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn free(&self) -> u64 {
        let space = rustix::fs::statvfs(self.path()).unwrap();
        space.f_bavail * space.f_frsize
    }

    /// Leaves as many bytes, or none.
    pub fn fill(&self, left: u64) {
        let mut filler: File = OpenOptions::new().create(true).append(true).open(self.filler()).unwrap();
        let piece = vec![0x5a; 64 * 1024];
        while self.free() > left {
            let length = usize::try_from(self.free() - left).unwrap().min(piece.len());
            if filler.write_all(&piece[..length]).is_err() {
                break;
            }
        }
    }

    fn filler(&self) -> std::path::PathBuf {
        self.path().join("filler")
    }

    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn creation(number: usize) -> Value {
    json!({"action": "create_customer", "companyId": MAIN, "operator": "trcs001",
           "customer": {"custname": format!("磁盘测试{number:05}"), "companyId": MAIN,
                        "cellphones": [[null, format!("1310001{number:04}")]]}})
}

fn look_up(number: usize) -> Value {
    json!({"action": "get_customer", "type": "cellphone", "content": format!("1310001{number:04}"), "companyId": MAIN})
}

async fn connect(server: &TestServer) -> Client {
    Client::connect(&format!("ws://{}/ws", server.address())).await
}

/// Status and text.
async fn readyz(server: &TestServer) -> (u16, String) {
    let answer = http(TcpStream::connect(server.address()).await.unwrap(), "GET /readyz").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), body.to_owned())
}

/// Waits until it is ready, or is not.
async fn becomes(server: &TestServer, status: u16) -> String {
    let asked = async {
        loop {
            let (now, text) = readyz(server).await;
            if now == status {
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("/readyz does not become {status}"))
}

fn says_full(text: &str) {
    assert!(text.contains("磁盘已满") && text.contains("the disk is full"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_gone_when_there_is_space_again() {
    let Some(disk) = Disk::new("storage::a_full_disk_is_told_and_gone_when_there_is_space_again") else { return };
    let server = server_in(Place::in_folder(disk.path()), |config| config.limits.request_seconds = 120).await;
    assert_eq!(readyz(&server).await, (200, "ready\n".to_owned()));
    // Before it is full, it is not ready any more, and still does what it is asked.
    disk.fill(4 * MIB);
    says_full(&becomes(&server, 503).await);
    assert_eq!(connect(&server).await.ask(creation(0)).await["code"], 1000);

    disk.fill(0);
    let (next, full) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicBool::new(false)));
    // Side by side, so that many share a commit that fails.
    let writers = (0..8).map(|_| {
        let (next, full, client) = (next.clone(), full.clone(), connect(&server));
        async move {
            let mut client = client.await;
            let mut outcomes = Vec::new();
            // Each goes on until it has been refused itself.
            while outcomes.last().is_none_or(|(_, saved)| *saved) || !full.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let reply = client.ask(creation(number)).await;
                let saved = reply["code"] == 1000;
                if !saved {
                    assert_eq!(reply["code"], 2507, "{reply}");
                    let told = reply["exception"]["message"].as_str().unwrap();
                    assert!(told.contains("磁盘已满") || told.contains("写入已撤销"), "{reply}");
                    full.fetch_or(told.contains("磁盘已满"), Ordering::Relaxed);
                }
                outcomes.push((number, saved));
            }
            outcomes
        }
    });
    let outcomes: Vec<(usize, bool)> = futures_util::future::join_all(writers).await.concat();
    says_full(&becomes(&server, 503).await);
    // Reading goes on.
    let mut client = connect(&server).await;
    assert_eq!(client.ask(look_up(0)).await["code"], 1000);

    disk.clear();
    becomes(&server, 200).await;
    let last = next.load(Ordering::Relaxed);
    assert_eq!(client.ask(creation(last)).await["code"], 1000);
    for (number, saved) in outcomes.iter().copied().chain([(0, true), (last, true)]) {
        let code = if saved { 1000 } else { 2005 };
        assert_eq!(client.ask(look_up(number)).await["code"], code, "{number}");
    }
    // Refused once, it can be sent again.
    let (refused, _) = outcomes.iter().find(|(_, saved)| !saved).unwrap();
    assert_eq!(client.ask(creation(*refused)).await["code"], 1000);
    let mut raw = server.place().connect().await;
    assert_eq!(raw.texts("pragma integrity_check").await, ["ok"]);
    drop(raw);
    assert!(server.stop().await);
}

/// What a server of PostgreSQL says is told by its codes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_server_says_of_its_disk_is_told() {
    if !Engine::Postgres.is_there("storage::what_the_database_server_says_of_its_disk_is_told") {
        return;
    }
    let server = server(Engine::Postgres, |_| {}).await;
    let mut raw = server.place().connect().await;
    let mut client = connect(&server).await;
    let faults = [("53100", "the disk is full"), ("25006", "read-only"), ("58030", "the disk fails")];
    for (number, (code, text)) in faults.into_iter().enumerate() {
        refuse_writes(&mut raw, code).await;
        let reply = client.ask(creation(number)).await;
        assert_eq!(reply["code"], 2507, "{reply}");
        assert!(reply["exception"]["message"].as_str().unwrap().contains(text), "{reply}");
        let (status, told) = readyz(&server).await;
        assert_eq!(status, 503, "{told}");
        assert!(told.contains(text), "{told}");
        // Every system says that it can be tried again.
        let plm = Route { method: "POST", path: "/customers" };
        let answer = signed::ADMIN.call(&server, plm, &json!({"name": format!("新客户{number}")})).await.1;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains(text), "{answer}");

        take_writes(&mut raw).await;
        assert_eq!(client.ask(creation(number)).await["code"], 1000);
        assert_eq!(readyz(&server).await.0, 200);
    }
    drop(raw);
    server.stop().await;
}

const TABLES: &str = "select table_name::text from information_schema.tables where table_schema = current_schema()";

/// Has PostgreSQL refuse every write with this code, also the server's own: one that is taken would say that all is
/// well. A table at a time: who holds one table and waits for the next can wait in a circle with the server's writes.
async fn refuse_writes(raw: &mut Raw, code: &str) {
    raw.execute(&format!(
        "create function refuse() returns trigger language plpgsql as
           $$ begin raise exception 'whatever it says' using errcode = '{code}'; end $$"
    ))
    .await;
    for table in raw.texts(TABLES).await {
        raw.execute(&format!(
            "create trigger refuse before insert or update or delete on {table} execute function refuse()"
        ))
        .await;
    }
}

/// Has PostgreSQL take writes again.
async fn take_writes(raw: &mut Raw) {
    for table in raw.texts(TABLES).await {
        raw.execute(&format!("drop trigger refuse on {table}")).await;
    }
    raw.execute("drop function refuse()").await;
}
