//! A desk at work: look-ups, lists, searches and writes, all at once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::desk::{self, HEAD, Times};
use crate::load::{LookUps, SOCKETS};
use crate::people::Dice;
use crate::report::{Part, Table, figure, words};
use crate::server::{self, Server, Speech};
use crate::socket::Socket;
use crate::writers::Write;
use crate::{Bench, data, search};

/// What is asked, in a hundred.
const KINDS: [(Kind, u64); 5] =
    [(Kind::Get, 70), (Kind::List, 15), (Kind::Search, 10), (Kind::Create, 3), (Kind::Update, 2)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Get,
    List,
    Search,
    Create,
    Update,
}

const TYPES: [&str; 3] = ["企业客户", "普通客户", "潜在客户"];
const FLAGS: [&str; 5] = ["未处理", "了解产品", "不需要", "继续跟踪", "客户签约"];

/// What all sockets ask of.
#[derive(Clone, Copy)]
struct Desk {
    look_ups: &'static LookUps,
    names: &'static [String],
    customers: u64,
}

impl Desk {
    fn request(self, kind: Kind, dice: &mut Dice) -> (Vec<u8>, String) {
        let mut one_of =
            |texts: &[&str]| texts[usize::try_from(dice.below(texts.len() as u64)).expect("a place")].to_owned();
        match kind {
            Kind::Get => {
                let place = usize::try_from(dice.below(self.look_ups.phones.len() as u64)).expect("a place");
                let request = self.look_ups.request(place, Speech::WebSocket).to_vec();
                (request, self.look_ups.phones[place].to_string())
            }
            Kind::List => {
                let (kind, flag) = (one_of(&TYPES), one_of(&FLAGS));
                let page = 1 + dice.below(3);
                let body = json!({"action": "list_customers", "filters": format!("｜｜{kind}｜{flag}"), "page": page});
                (desk::request(body), "\"total_count\":".to_owned())
            }
            Kind::Search => {
                let name = &self.names[usize::try_from(dice.below(self.names.len() as u64)).expect("a place")];
                (desk::request(json!({"action": "list_customers", "query": name})), name.clone())
            }
            Kind::Create => Write::Create.request(dice),
            Kind::Update => Write::Update { among: self.customers }.request(dice),
        }
    }

    async fn work(self, mut socket: Socket, mut dice: Dice, time: Duration) -> Vec<(Kind, Duration)> {
        let (begun, mut done) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            let kind = dice.weighted(&KINDS);
            let (request, must_have) = self.request(kind, &mut dice);
            let asked = Instant::now();
            let reply = socket.ask(&request).await;
            done.push((kind, asked.elapsed()));
            assert!(reply.contains("\"code\":1000,") && reply.contains(&must_have), "{must_have} is not in {reply}");
        }
        done
    }
}

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let folder = data::copy(&bench.data);
    let names = search::names(bench, &mut Dice::new(13), 500);
    let desk = Desk { look_ups: bench.look_ups, names: names.leak(), customers: bench.customers * 8 / 10 };
    let (server, _) = Server::indexed(&server::this(), folder.path());
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::open(&server).await);
    }
    let time = bench.round * 5;
    let (cpu, begun) = (server.cpu(), Instant::now());
    let working =
        sockets.into_iter().zip(1..).map(|(socket, seed)| tokio::spawn(desk.work(socket, Dice::new(seed), time)));
    let mut done = Vec::new();
    for socket in working.collect::<Vec<_>>() {
        done.extend(socket.await.expect("a socket"));
    }
    let (cpu, seconds) = (server.cpu() - cpu, begun.elapsed().as_secs_f64());
    let title = words("A desk at work, 64 sockets", "坐席日常，64 个连接");
    let mut table = Table::new(title, &HEAD);
    for (kind, part) in KINDS {
        let mut times = Times::new();
        done.iter().filter(|(done, _)| *done == kind).for_each(|(_, time)| times.add(*time));
        let name = format!("{kind:?}, {part} %").to_lowercase();
        times.tell(&mut table, words(&name, &name), "–".to_owned());
    }
    let requests = done.len() as f64;
    let mut all = Table::new(words("All of it", "合计"), &[("requests/s", "请求/秒"), ("µs CPU", "CPU 微秒")]);
    let cells = vec![figure(requests / seconds), figure(cpu * 1e6 / requests)];
    all.row(words("a desk at work", "坐席日常"), cells);
    part.tables.extend([table, all]);
    part
}
