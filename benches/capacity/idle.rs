//! Ten thousand sockets that have signed in, and wait.

use std::net::{IpAddr, Ipv4Addr};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Bench;
use crate::report::{Part, Table, figure, words};
use crate::server::{self, Server, Speech};
use crate::socket::Socket;

const SOCKETS: u64 = 10_000;
/// Sockets of one address of ours.
const OF_ADDRESS: u64 = 4_000;
/// Files that a process has besides.
const OTHERS: u64 = 200;

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let most = handles().saturating_sub(OTHERS);
    let sockets = SOCKETS.min(most).min(bench.customers);
    if sockets < SOCKETS {
        let missing = SOCKETS - sockets;
        part.skip(words(
            &format!("{missing} of {SOCKETS} idle sockets: `ulimit -n` or the data set is too small"),
            &format!("{SOCKETS} 个空闲连接中的 {missing} 个：`ulimit -n` 或数据太小"),
        ));
    }
    let server = Server::with_tokens(&server::this(), &bench.data);
    // What a server has for all sockets together is not theirs.
    let mut first = Socket::open(&server).await;
    for place in 0..bench.look_ups.phones.len().min(1_000) {
        first.ask(bench.look_ups.request(place, Speech::WebSocket)).await;
    }
    let empty = server.memory();
    let mut idle = Vec::new();
    for number in 0..sockets {
        let last = u8::try_from(1 + number / OF_ADDRESS).expect("an address");
        idle.push(Socket::open_from(&server, IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))).await);
    }
    let of_each = |memory: f64| (memory - empty) / sockets as f64;
    let opened = of_each(server.memory());
    for _ in 0..2 {
        for (socket, place) in idle.iter_mut().zip((0..bench.look_ups.phones.len()).cycle()) {
            let reply = socket.ask(bench.look_ups.request(place, Speech::WebSocket)).await;
            assert!(reply.contains(&*bench.look_ups.phones[place]), "another's number: {reply}");
        }
    }
    let used = of_each(server.memory());
    let title =
        words("Idle sockets that have signed in: KB of anonymous memory each", "空闲的已登录连接：每个的匿名内存 KB");
    let mut table = Table::new(title, &[("sockets", "连接数"), ("opened", "打开后"), ("used", "请求后")]);
    table.row(words("idle", "空闲"), vec![sockets.to_string(), figure(opened), figure(used)]);
    part.tables.push(table);
    part.at_most(words("idle signed-in socket, after requests", "空闲的已登录连接，请求之后"), used, " KB", 12.0, 16.0);
    part
}

/// How many files this process may have, and the servers that it starts.
fn handles() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = SOCKETS + OTHERS;
    if current.is_some_and(|current| current < wanted) {
        let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
