//! Floods of passwords, and of numbers by somebody who sees them masked.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{Server, Socket, by};

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
pub async fn flood() {
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

/// An action, and how it is asked about a number.
type Ask<'a> = (&'a str, &'a dyn Fn(&str) -> Value);

/// The hidden digits of a number, tried one after another.
pub async fn masked() {
    println!("masked: TRCS004 tries hidden digits of 138****0001 for ten seconds, by each action");
    let phone = |number: &str| json!({"type": "cellphone", "content": number, "ifVersion": 99});
    let by_name = |number: &str| json!({"type": "custName", "content": format!("王{number}"), "feed_type": "All"});
    let query = |number: &str| {
        let filter = json!({"fieldName": "accountName", "operator": "=", "value": format!("王{number}")});
        json!({"entity": "Account", "fields": "accountName", "body": {"filters": [filter]}})
    };
    let spelt = |number: &str| json!({"type": "cellphone", "content": number.replace('5', "·5"), "x": "beside"});
    let asks: [Ask<'_>; 5] = [
        ("destroy_customer", &phone),
        ("get_customer", &by_name),
        ("feeds", &by_name),
        ("entity/adv-query", &query),
        ("get_customer", &spelt),
    ];
    for (action, ask) in asks {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(folder.path(), 100, &[]);
        let mut socket = Socket::open(server.address, "127.0.0.1").await.expect("a socket");
        let (began, mut answered, mut told) = (Instant::now(), 0, 0);
        for guess in 0..10_000 {
            let mut frame = ask(&format!("138{guess:04}5001"));
            frame["action"] = action.into();
            frame["operator"] = "TRCS004".into();
            frame["companyId"] = 1001.into();
            let reply = socket.ask(&frame).await.expect("a reply");
            if reply["code"] == 429 {
                told += 1;
            } else {
                answered += 1;
            }
            if began.elapsed() > Duration::from_secs(10) {
                break;
            }
        }
        println!("  {action:<18} {answered:>6} guesses were answered, {told:>6} with 429");
    }
}
