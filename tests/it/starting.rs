//! How a server starts: the address as people write it, and a database that is not there yet.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use laidian::store::Location;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Engine, Place};

/// What the first word of the cause may take to come.
const SOON: Duration = Duration::from_secs(2);

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(words: &[&str], settings: &[(&str, &str)]) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(words)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(process.unwrap())
    }

    fn stderr(&mut self) -> BufReader<impl Read + use<>> {
        BufReader::new(self.0.stderr.take().unwrap())
    }

    fn ready(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    fn terminate(&mut self) -> Option<i32> {
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        self.0.wait().unwrap().code()
    }

    /// What it says on standard error until it ends, and its exit code.
    fn end(&mut self) -> (String, Option<i32>) {
        let mut said = String::new();
        self.stderr().read_to_string(&mut said).unwrap();
        (said, self.0.wait().unwrap().code())
    }
}

/// An address of this machine at which nobody listens.
async fn nobodys() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

fn url(address: SocketAddr) -> String {
    format!("postgres://clerk:s3cret@{address}/calls")
}

#[test]
fn the_address_to_listen_on_is_known_however_it_is_written() {
    for listen in ["localhost:0", ":0", "127.0.0.1:0"] {
        let mut server = Process::start(&["serve", "--demo=1", "--listen", listen], &[]);
        let ready = server.ready();
        assert!(ready.starts_with("ready ws://127.0.0.1:"), "{listen}: {ready}");
        let stderr = server.stderr();
        assert_eq!(server.terminate(), Some(0));
        drop(stderr);
    }
    let (said, code) = Process::start(&["serve", "--demo=1", "--listen", "7070"], &[]).end();
    assert!(code == Some(2) && said.contains("7070 不是监听地址") && said.contains("localhost:7070"), "{said}");
}

#[tokio::test]
async fn a_database_of_another_kind_is_refused_by_name() {
    for words in [&["serve"][..], &["admin", "show"], &["token", "--company", "1", "--operator", "1"]] {
        for (url, scheme) in [("mysql://root:s3cret@localhost/crm", "mysql://"), ("sqlite:///data/x", "sqlite://")] {
            let began = Instant::now();
            let (said, code) = Process::start(&[words, &["--database-url", url]].concat(), &[]).end();
            assert_eq!(code, Some(2), "{said}");
            for told in [format!("不支持 {scheme}"), format!("{scheme} is not supported"), "postgres://".to_owned()]
            {
                assert!(said.contains(&told), "{words:?}: {told}: {said}");
            }
            assert!(!said.contains("s3cret") && began.elapsed() < SOON, "{said}");
        }
    }
}

#[tokio::test]
async fn why_a_database_cannot_be_reached_is_said_at_once_and_again() {
    let url = url(nobodys().await);
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["admin", "show"]] {
        let began = Instant::now();
        let mut waiting =
            Process::start(&[words, &["--database-url", &url]].concat(), &[("LAIDIAN_DATABASE_WAIT_SECONDS", "600")]);
        let mut lines = waiting.stderr().lines();
        for nth in 0..2 {
            let line = lines.next().unwrap().unwrap();
            assert!(nth > 0 || began.elapsed() < SOON, "{:?}", began.elapsed());
            assert!(line.contains("Connection refused") && line.contains("tried again"), "{line}");
            assert!(line.contains("127.0.0.1") && line.contains("calls") && !line.contains("s3cret"), "{line}");
        }
        let began = Instant::now();
        let code = waiting.terminate();
        assert!(began.elapsed() < SOON);
        // A server that is told to stop has done so.
        assert!(words[0] == "admin" || code == Some(0), "{code:?}");
    }
    // And at some point that is all.
    let began = Instant::now();
    let words = ["admin", "show", "--database-url", &url];
    let (said, code) = Process::start(&words, &[("LAIDIAN_DATABASE_WAIT_SECONDS", "0")]).end();
    assert!(code == Some(2) && began.elapsed() < SOON, "{said}");
    for told in ["连接不上数据库", "Connection refused", "wait_seconds", "--database-url"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_nothing_is_told_of() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = url(silent.local_addr().unwrap());
    let began = Instant::now();
    let mut waiting = Process::start(&["serve", "--database-url", &url], &[]);
    let line = waiting.stderr().lines().next().unwrap().unwrap();
    assert!(began.elapsed() < SOON && line.contains("does not answer"), "{:?}: {line}", began.elapsed());
    assert_eq!(waiting.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_comes_later_is_waited_for() {
    if !Engine::Postgres.is_there("starting::a_database_that_comes_later_is_waited_for") {
        return;
    }
    let place = Place::new(Engine::Postgres).await;
    let Location::Postgres(url) = place.location() else { unreachable!() };
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, name) = rest.split_once('/').unwrap();
    let (user, server) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
    let later = nobodys().await;
    let url = format!("{scheme}://{user}@{later}/{name}");
    let mut waiting = Process::start(&["serve", "--demo=1", "--listen", "127.0.0.1:0", "--database-url", &url], &[]);
    let mut lines = waiting.stderr().lines();
    assert!(lines.next().unwrap().unwrap().contains("tried again"));
    // It is read to its end, so that the server can go on.
    std::thread::spawn(move || lines.for_each(drop));
    let (listener, server) = (TcpListener::bind(later).await.unwrap(), server.to_owned());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    let ready = tokio::task::spawn_blocking(move || (waiting.ready(), waiting.terminate())).await.unwrap();
    assert!(ready.0.starts_with("ready ws://"), "{ready:?}");
    assert_eq!(ready.1, Some(0));
}
