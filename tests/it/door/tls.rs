//! TLS, and certificates that change while the server runs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt;
use laidian::config::Config;
use laidian::server::Server;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::client::{Client, PATIENCE, http};
use crate::support::{self, Engine, TestServer};

/// Between two looks at something that another task does.
const MOMENT: Duration = Duration::from_millis(20);

/// A certificate's files, which a test can replace.
struct Files {
    folder: TempDir,
}

type Pair = CertifiedKey<KeyPair>;

fn pair() -> Pair {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

impl Files {
    fn new(pair: &Pair) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.replace(pair);
        files
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn replace(&self, pair: &Pair) {
        std::fs::write(self.certificate(), pair.cert.pem()).unwrap();
        std::fs::write(self.key(), pair.signing_key.serialize_pem()).unwrap();
    }

    async fn serve(&self, change: impl FnOnce(&mut Config)) -> TestServer {
        support::server(Engine::Sqlite, |config| {
            (config.tls.certificate, config.tls.key) = (self.certificate(), self.key());
            change(config);
        })
        .await
    }
}

/// A TLS connection, if the server shows one of these certificates.
async fn connect(address: SocketAddr, trusted: &[&Pair]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.cert.der().clone()).unwrap();
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// The certificate that a connection was shown.
fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn socket(address: SocketAddr, trusted: &[&Pair]) -> Client<TlsStream<TcpStream>> {
    let stream = connect(address, trusted).await.unwrap();
    Client::shake_hands("wss://localhost/ws", stream).await.unwrap()
}

fn get_customer() -> Value {
    json!({"action": "get_customer", "type": "id", "content": 1, "operator": "trcs001", "companyId": 1054})
}

#[tokio::test]
async fn sockets_and_http_are_served_over_tls() {
    let pair = pair();
    let files = Files::new(&pair);
    let server = files.serve(|_| {}).await;
    let answer = http(connect(server.address(), &[&pair]).await.unwrap(), "GET /healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    let mut client = socket(server.address(), &[&pair]).await;
    let list = json!({"action": "list_customers", "operator": "trcs001", "companyId": 1054});
    for _ in 0..50 {
        assert_eq!(client.ask(list.clone()).await["code"], 1000);
    }
    let stopping = tokio::spawn(server.stop());
    assert_eq!(client.closed().await.0, 1001);
    assert!(stopping.await.unwrap());
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let server = files.serve(|_| {}).await;
    let mut before = socket(server.address(), &[&old]).await;
    files.replace(&new);
    let seen = async {
        loop {
            let stream = connect(server.address(), &[&old, &new]).await.unwrap();
            if shown(&stream) == *new.cert.der() {
                return;
            }
            assert_eq!(shown(&stream), *old.cert.der());
            tokio::time::sleep(MOMENT).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("the new certificate was not taken");
    assert!(connect(server.address(), &[&old]).await.is_err());
    assert_eq!(before.ask(get_customer()).await["code"], 1000, "a socket that there was goes on");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls_hurts_nobody() {
    let pair = pair();
    let files = Files::new(&pair);
    let server = files.serve(|_| {}).await;
    // Accepted first: a server that waited for it would not get to the others.
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let mut half = TcpStream::connect(server.address()).await.unwrap();
    // The head of a handshake record that does not go on.
    half.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();

    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("it was not dropped");
    assert!(!answer.windows(4).any(|bytes| bytes == b"HTTP"), "{answer:x?}");
    assert_eq!(socket(server.address(), &[&pair]).await.ask(get_customer()).await["code"], 1000);
    for stream in [&mut silent, &mut half] {
        let ended = tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await.expect("it was not dropped");
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
    assert_eq!(socket(server.address(), &[&pair]).await.ask(get_customer()).await["code"], 1000);
    server.stop().await;
}

/// TLS takes what it is given also when the client takes nothing: that must not look like reading.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_closed_over_tls_as_well() {
    let pair = pair();
    let files = Files::new(&pair);
    let server = files.serve(|config| config.socket.pong_seconds = 1).await;
    let mut client = socket(server.address(), &[&pair]).await;
    let list = json!({"action": "list_customers", "operator": "trcs001", "companyId": 1054}).to_string();
    let flood = async { while client.wire.send(Message::text(list.clone())).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, flood).await.expect("the socket was not closed");
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_said_at_the_start() {
    let demo = support::backend(Engine::Sqlite, 0).await;
    let pair = pair();
    let files = Files::new(&pair);
    let (nowhere, garbage, other) =
        (files.folder.path().join("nowhere.pem"), files.folder.path().join("garbage.pem"), Files::new(&self::pair()));
    std::fs::write(&garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (certificate, key, setting, file) in [
        (&nowhere, &files.key(), "tls.certificate", &nowhere),
        (&files.certificate(), &nowhere, "tls.key", &nowhere),
        (&garbage, &files.key(), "tls.certificate", &garbage),
        (&files.key(), &files.key(), "tls.certificate", &files.key()),
        (&files.certificate(), &files.certificate(), "tls.key", &files.certificate()),
        (&files.certificate(), &other.key(), "tls.key", &other.key()),
    ] {
        let mut config = Config::default();
        config.server.listen.set_port(0);
        (config.tls.certificate, config.tls.key) = (certificate.clone(), key.clone());
        let error = Server::start(config, demo.backend.clone()).await.err().unwrap().to_string();
        assert!(error.contains(setting) && error.contains(file.to_str().unwrap()), "{error}");
    }
}

/// `laidian serve` as a process, which is killed when this is dropped.
struct Process(Child);

impl Process {
    fn start(data: &Path, files: &Files) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(["serve", "--demo=5", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LAIDIAN_TLS_CERTIFICATE", files.certificate())
            .env("LAIDIAN_TLS_KEY", files.key())
            .env("LAIDIAN_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_bad_new_certificate_is_logged_and_the_old_one_stays() {
    let (folder, pair) = (tempfile::tempdir().unwrap(), pair());
    let files = Files::new(&pair);
    let mut process = Process::start(folder.path(), &files);
    let mut ready = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let address = ready.strip_prefix("ready wss://").and_then(|rest| rest.split('/').next()).expect(&ready);
    assert_eq!(ready, format!("ready wss://{address}/ws https://{address}/\n"));
    let address = address.parse().unwrap();

    // A key that is not the certificate's.
    std::fs::write(files.key(), self::pair().signing_key.serialize_pem()).unwrap();
    let mut log = BufReader::new(process.0.stderr.take().unwrap()).lines();
    let key = files.key();
    let logged = tokio::task::spawn_blocking(move || {
        log.find(|line| {
            let line = line.as_ref().unwrap();
            line.contains("\"ERROR\"") && line.contains("tls.key") && line.contains(key.to_str().unwrap())
        })
    });
    let logged = tokio::time::timeout(PATIENCE, logged).await.expect("nothing was logged").unwrap();
    assert!(logged.is_some(), "the program ended");
    assert_eq!(socket(address, &[&pair]).await.ask(get_customer()).await["code"], 1000);
}
