//! From the start of the process to its first answer, and what a process has that knows nobody.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::Bench;
use crate::desk::{HEAD, Times, accepted, request};
use crate::report::{Part, Table, words};
use crate::server::{self, Server, Speech};
use crate::socket::Socket;

const STARTS: usize = 20;
const PAUSE: Duration = Duration::from_secs(1);

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let mut times = Times::new();
    for place in 0..STARTS {
        let begun = Instant::now();
        let server = Server::laidian(&server::this(), &bench.data);
        let reply = Socket::open(&server).await.ask(bench.look_ups.request(place, Speech::WebSocket)).await;
        times.add(begun.elapsed());
        assert!(reply.contains(&*bench.look_ups.phones[place]), "another's number: {reply}");
        server.end();
    }
    let mut table = Table::new(words("From the start to the first answer", "从启动到第一个回复"), &HEAD);
    times.tell(&mut table, words("start", "启动"), "–".to_owned());
    let (server, built) = Server::indexed(&server::this(), &bench.data);
    let mut built_after = Times::new();
    built_after.add(built);
    built_after.tell(&mut table, words("until lists come from memory", "直到列表由内存回答"), "–".to_owned());
    let indexed = server.memory() / 1024.0;
    server.end();
    part.tables.push(table);
    part.at_most(words("start to first answer", "从启动到第一个回复"), times.at(0.5), " ms", 100.0, 300.0);
    part.at_most(words("with the indexes, anonymous memory", "含索引的匿名内存"), indexed, " MB", 600.0, 1024.0);
    let folder = tempfile::tempdir().expect("a folder");
    // The first one makes the database.
    Server::laidian(&server::this(), folder.path()).end();
    let server = Server::laidian(&server::this(), folder.path());
    accepted(&Socket::open(&server).await.ask(&request(json!({"action": "ping"}))).await);
    // What is done once after a start is part of it.
    tokio::time::sleep(PAUSE).await;
    let empty = server.memory() / 1024.0;
    part.at_most(words("empty process, anonymous memory", "空进程的匿名内存"), empty, " MB", 20.0, 25.0);
    part
}
