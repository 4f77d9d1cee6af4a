//! Many who sign in, or never do, keep nobody else away: not from his turn, not from memory, not from file handles.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use laidian::config::AuthMode;
use laidian::error::Error;
use laidian::ops::access::identity::{self, Claim};
use laidian::ops::access::password::{self, FREE_FOR_ACCOUNT, FREE_FOR_ADDRESS};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::client::{Client, PATIENCE, http};
use crate::process;
use crate::support::{Demo, Engine, MAIN, backend, server};

const KIB: usize = 1024;

async fn sign_in(demo: &Demo, login_no: &str, password: &str, address: &str) -> Result<(), Error> {
    let claim = Claim { company: Some(MAIN), operator: Some(login_no.to_owned()), ..Claim::default() };
    identity::by_password(&demo.backend, &claim, password, address.parse::<IpAddr>().unwrap()).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_no_more_are_checked_than_one_after_another() {
    let demo = backend(Engine::Sqlite, 0).await;
    let guesses = join_all((0..60).map(|_| sign_in(&demo, "trcs001", "wrong password", "192.0.2.1"))).await;
    let checked = guesses.iter().filter(|guess| matches!(guess, Err(Error::NotSignedIn { .. }))).count();
    let told = guesses.iter().filter(|guess| matches!(guess, Err(Error::RateLimited { .. }))).count();
    // The last free one is followed by one more; the clock of the test stands still.
    assert_eq!((checked, told), (FREE_FOR_ACCOUNT as usize + 1, 55));
    // The right one waits like all, and another account does not.
    assert!(matches!(sign_in(&demo, "trcs001", "demo-trcs001", "192.0.2.2").await, Err(Error::RateLimited { .. })));
    sign_in(&demo, "trcs008", "demo-trcs008", "192.0.2.2").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sign_ins_from_one_network_keeps_no_other_from_his_turn() {
    let demo = backend(Engine::Sqlite, 0).await;
    // Accounts that are not there take as long as others.
    let mut flood: FuturesUnordered<_> = (0..48)
        .map(|number| {
            let demo = &demo;
            async move { sign_in(demo, &format!("nobody{number}"), "wrong password", "192.0.2.1").await }
        })
        .collect();
    assert!(flood.next().now_or_never().is_none(), "they are in the queue");
    let mut right = Box::pin(sign_in(&demo, "trcs001", "demo-trcs001", "198.51.100.1"));
    let mut before = 0;
    let signed_in = loop {
        tokio::select! {
            biased;
            signed_in = &mut right => break signed_in,
            Some(_) = flood.next() => before += 1,
        }
    };
    signed_in.unwrap();
    assert!(before < 12, "{before} of the flood were first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_no_more_guesses_than_one_address() {
    let demo = backend(Engine::Sqlite, 0).await;
    let guess = |number: usize| {
        let demo = &demo;
        async move { sign_in(demo, &format!("nobody{number}"), "wrong password", &format!("2001:db8::{number:x}")).await }
    };
    let guesses = join_all((0..70).map(guess)).await;
    let checked = guesses.iter().filter(|guess| matches!(guess, Err(Error::NotSignedIn { .. }))).count();
    assert_eq!(checked, FREE_FOR_ADDRESS as usize + 1);
    // Another network is another one.
    sign_in(&demo, "trcs001", "demo-trcs001", "2001:db8:0:1::1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_changed_before_its_turn_is_wrong() {
    let demo = backend(Engine::Sqlite, 0).await;
    let mut turns = Vec::new();
    for _ in 0..password::AT_A_TIME {
        turns.push(password::turn(None).await.unwrap());
    }
    let mut waits = Box::pin(sign_in(&demo, "trcs001", "demo-trcs001", "192.0.2.1"));
    // Long enough to have read what was stored, had it done so before its turn.
    assert!(timeout(Duration::from_millis(300), &mut waits).await.is_err());
    let mut tx = demo.store.company(MAIN).write().await.unwrap();
    let hash = password::hash_public("another password").unwrap();
    tx.set_password("trcs001", Some(&hash), 1).await.unwrap();
    tx.commit().await.unwrap();
    drop(turns);
    assert!(matches!(waits.await, Err(Error::NotSignedIn { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_for_signing_in_stands_still_while_the_server_works_on_it() {
    let server = server(Engine::Sqlite, |config| {
        config.auth.mode = AuthMode::Token;
        config.auth.sign_in_seconds = 1;
    })
    .await;
    // Nobody has a turn for a while.
    let mut turns = Vec::new();
    for _ in 0..password::AT_A_TIME {
        turns.push(password::turn(None).await.unwrap());
    }
    let url = format!("ws://{}/ws", server.address());
    let mut client = Client::connect(&url).await;
    let mut silent = Client::connect(&url).await;
    let login = json!({"action": "login", "operator": "trcs001", "companyId": MAIN, "password": "demo-trcs001"});
    client.send(login.to_string()).await;
    // Who says nothing is closed by then.
    assert_eq!(silent.closed().await.0, 4001);
    drop(turns);
    assert_eq!(client.receive().await.expect("it was closed")["code"], 1000);
    assert_eq!(client.ask(json!({"action": "ping"})).await["code"], 1000);
    // A wrong one gives no more time than was left.
    let mut wrong = Client::connect(&url).await;
    wrong
        .send(json!({"action": "login", "operator": "trcs001", "companyId": MAIN, "password": "wrong"}).to_string())
        .await;
    assert_eq!(wrong.receive().await.unwrap()["code"], 2401);
    assert_eq!(wrong.closed().await.0, 4001);
    server.stop().await;
}

/// A socket of a client at this address, whose bytes the test writes itself.
async fn socket_from(address: &str, server: SocketAddr) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    let stream = socket.connect(server).await.unwrap();
    Client::shake_hands(format!("ws://{server}/ws").into_client_request().unwrap(), stream).await.unwrap()
}

/// Announces a text of this length and sends so much of it.
async fn begin_message(client: &mut Client, announced: usize, sent: usize) {
    let stream: &mut TcpStream = client.wire.get_mut();
    // A text frame with an extended length and a mask of zeros.
    let mut bytes = vec![0x81, 0x80 | 127];
    bytes.extend_from_slice(&(announced as u64).to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend(std::iter::repeat_n(b' ', sent));
    // It may be closed in the middle.
    let _ = timeout(PATIENCE, stream.write_all(&bytes)).await.expect("nobody reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_signed_in_sends_no_large_message() {
    let server = server(Engine::Sqlite, |config| config.auth.mode = AuthMode::Token).await;
    let mut client = socket_from("127.0.0.1", server.address()).await;
    begin_message(&mut client, 1000 * KIB, 100 * KIB).await;
    let reply = client.receive().await.unwrap();
    assert_eq!((reply["code"].as_i64(), client.closed().await.0), (Some(2413), 1009));
    // One that just fits is read, and so are many behind it.
    let mut client = socket_from("127.0.0.1", server.address()).await;
    let ping = json!({"action": "ping", "callbackId": 1}).to_string();
    for _ in 0..20 {
        let padded = format!("{ping}{}", " ".repeat(64 * KIB - ping.len()));
        client.send(padded).await;
    }
    for _ in 0..20 {
        assert_eq!(client.receive().await.unwrap()["code"], 1000);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_do_not_come_to_their_end_hold_so_much_and_no_more() {
    let server = server(Engine::Sqlite, |config| {
        config.limits.unfinished_bytes = 1000 * KIB;
        config.limits.unfinished_bytes_per_address = 500 * KIB;
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut client = socket_from("127.0.0.2", server.address()).await;
        begin_message(&mut client, 1000 * KIB, 100 * KIB).await;
        sockets.push(client);
    }
    // Five are one too many, and the first of them that sends more is told; the others wait to go on.
    let mut closed = 0;
    for mut client in sockets {
        match timeout(Duration::from_secs(1), client.closed()).await {
            Ok((code, _)) => {
                assert_eq!(code, 1013);
                closed += 1;
            }
            Err(_) => begin_message(&mut client, 0, 0).await,
        }
    }
    assert!((5..10).contains(&closed), "{closed} were closed");
    let mut other = socket_from("127.0.0.3", server.address()).await;
    let large = json!({"action": "ping", "requestId": "x".repeat(60 * KIB)}).to_string();
    assert_eq!(other.ask(serde_json::from_str(&large).unwrap()).await["code"], 1000);
    // What is not held any more may be held again.
    for _ in 0..30 {
        let mut client = socket_from("127.0.0.2", server.address()).await;
        begin_message(&mut client, 200 * KIB, 100 * KIB).await;
        client.wire.get_mut().write_all(&[b' '; 100 * KIB]).await.unwrap();
        assert_eq!(client.receive().await.expect("it was closed")["code"], 2413);
    }
    server.stop().await;
}

/// A masked frame of this kind.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head, 0x80 | 126];
    if payload.len() < 126 {
        frame[1] = 0x80 | u8::try_from(payload.len()).unwrap();
    } else {
        frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Whatever stands between the pieces of a message, it is one message.
#[tokio::test(flavor = "multi_thread")]
async fn pings_between_its_pieces_make_no_large_message_small() {
    let server = server(Engine::Sqlite, |config| config.auth.mode = AuthMode::Token).await;
    let mut client = socket_from("127.0.0.1", server.address()).await;
    let mut bytes = frame(0x01, &[b' '; 1000]);
    for _ in 0..100 {
        bytes.extend(frame(0x89, b"x"));
        bytes.extend(frame(0x00, &[b' '; 1000]));
    }
    let stream = client.wire.get_mut();
    let _ = timeout(PATIENCE, stream.write_all(&bytes)).await.expect("nobody reads");
    assert_eq!(client.closed().await.0, 1009);
    // Pings alone are no message, however many there are.
    let mut client = socket_from("127.0.0.1", server.address()).await;
    let pings = frame(0x89, &[b'x'; 100]).repeat(90);
    for _ in 0..10 {
        client.wire.get_mut().write_all(&pings).await.unwrap();
        assert_eq!(client.ask(json!({"action": "ping"})).await["code"], 1000);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_signed_in_has_room_for_one_answer_and_not_for_all_memory() {
    let server = server(Engine::Sqlite, |config| {
        config.auth.mode = AuthMode::Token;
        config.auth.sign_in_seconds = 600;
        config.limits.unfinished_bytes_per_address = 200 * KIB;
    })
    .await;
    let ping = json!({"action": "ping", "callbackId": "x".repeat(60 * KIB)}).to_string();
    let mut silent = Vec::new();
    // Each asks for answers and reads none: what the machine does not take is held for them.
    for _ in 0..12 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let stream = socket.connect(server.address()).await.unwrap();
        let request = format!("ws://{}/ws", server.address()).into_client_request().unwrap();
        let mut client = Client::shake_hands(request, stream).await.unwrap();
        let asking = async {
            for _ in 0..40 {
                if client.wire.send(Message::text(ping.clone())).await.is_err() {
                    return;
                }
            }
        };
        // It is not read any further, or closed.
        let _ = timeout(Duration::from_millis(500), asking).await;
        silent.push(client);
    }
    let mut other = socket_from("127.0.0.3", server.address()).await;
    assert_eq!(other.ask(json!({"action": "ping"})).await["code"], 1000);
    let answer = http(TcpStream::connect(server.address()).await.unwrap(), "GET /metrics").await;
    assert!(answer.contains("laidian_sockets_closed_total{code=\"1013\"}"), "{answer}");
    server.stop().await;
}

/// What a process has of its own in memory, KiB.
fn memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn sign_in_often(server: &process::Server, times: usize) {
    let operators = ["trcs001", "trcs008", "trcs009", "admin1054"];
    for round in 0..times.div_ceil(operators.len()) {
        let all = operators.map(|operator| async move {
            let mut client = Client::connect(&server.ws).await;
            let password = format!("demo-{operator}");
            let login = json!({"action": "login", "operator": operator, "companyId": MAIN, "password": password});
            assert_eq!(client.ask(login).await["code"], 1000, "{round}");
            let _ = client.wire.close(None).await;
        });
        join_all(all).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_leave_no_memory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = process::Server::start(folder.path(), &[("LAIDIAN_AUTH_MODE", "token")]);
    set_slow_passwords(&server, folder.path());
    sign_in_often(&server, 8).await;
    let few = memory(server.id());
    sign_in_often(&server, 200).await;
    let many = memory(server.id());
    assert!(many * 10 <= few * 13, "{few} KiB after 8 sign-ins, {many} after 200");
}

/// Gives the operators passwords that are hashed as real ones are: the demo's own are hashed with the least effort.
fn set_slow_passwords(server: &process::Server, data: &std::path::Path) {
    let _ = server;
    for operator in ["trcs001", "trcs008", "trcs009", "admin1054"] {
        let mut set = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(["admin", "--data"])
            .arg(data)
            .args(["password", "--company", "1054", operator])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let typed = format!("demo-{operator}\n");
        std::io::Write::write_all(&mut set.stdin.take().unwrap(), typed.as_bytes()).unwrap();
        assert!(set.wait().unwrap().success());
    }
}

/// The program with so many file handles, of which it cannot get more.
struct Small(Child);

impl Drop for Small {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_leave_file_handles_for_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let program = format!(
        "ulimit -n 256; exec {} serve --demo=5 --listen 127.0.0.1:0 --data \"$0\"",
        env!("CARGO_BIN_EXE_laidian")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &program]).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Small(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().nth(1).unwrap().to_owned();
    let address: SocketAddr = url.trim_start_matches("ws://").trim_end_matches("/ws").parse().unwrap();
    let mut client = Client::connect(&url).await;
    let mut idle = Vec::new();
    for _ in 0..400 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let list = json!({"action": "list_customers", "operator": "trcs001", "companyId": 1054, "query": "有限公司"});
    for number in 0..20 {
        let create = json!({"action": "create_customer", "operator": "trcs001", "companyId": 1054,
            "customer": {"custname": format!("句柄{number}"), "companyId": 1054, "cellphones": [[null, format!("1390000{number:04}")]]}});
        let reply = client.ask(create).await;
        assert_eq!(reply["code"], 1000, "{reply}");
        assert_eq!(client.ask(list.clone()).await["code"], 1000);
    }
    drop(idle);
    // Once they are gone, there is room again.
    loop {
        if let Ok(stream) = TcpStream::connect(address).await
            && let Ok(Ok(mut other)) =
                tokio::spawn(Client::shake_hands(url.clone().into_client_request().unwrap(), stream)).await
        {
            assert_eq!(other.ask(json!({"action": "ping"})).await["code"], 1000);
            return;
        }
    }
}
