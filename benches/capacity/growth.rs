//! What grows with the number of customers: a hundredth, a tenth, and all of them.

use std::path::PathBuf;

use crate::desk::Times;
use crate::report::{Part, Table, figure, median, words};
use crate::server::{self, Server};
use crate::socket::Socket;
use crate::writers::{Write, Written, write};
use crate::{Bench, data, get, list};

const HEAD: [(&str, &str); 5] = [
    ("list p50 ms", "列表 p50 毫秒"),
    ("list p99 ms", "列表 p99 毫秒"),
    ("creates/s", "新建/秒"),
    ("updates/s", "修改/秒"),
    ("GB on disk", "磁盘 GB"),
];

struct Size {
    bench: Bench,
    copy: tempfile::TempDir,
    lists: Vec<Times>,
    creates: Vec<f64>,
    updates: Vec<f64>,
}

impl Size {
    async fn of(bench: &Bench, customers: u64) -> Self {
        let data: PathBuf = data::of(customers).await;
        let bench = Bench { look_ups: get::look_ups(&data), customers, data, ..*bench };
        let copy = data::copy(&bench.data);
        Self { bench, copy, lists: Vec::new(), creates: Vec::new(), updates: Vec::new() }
    }

    async fn round(&mut self) {
        let bench = &self.bench;
        let found = list::of_type_and_status(bench);
        let (server, _) = Server::indexed(&server::this(), &bench.data);
        self.lists.push(list::by_type_and_status(bench, &mut Socket::open(&server).await, found).await);
        server.end();
        let (server, _) = Server::indexed(&server::this(), self.copy.path());
        let rate = |written: Written| written.per_second;
        self.creates.push(rate(write(&server, Write::Create, 64, bench.round).await));
        let update = Write::Update { among: bench.customers * 8 / 10 };
        self.updates.push(rate(write(&server, update, 64, bench.round).await));
        server.end();
    }

    fn list(&self, quantile: f64) -> f64 {
        median(self.lists.iter().map(|times| times.at(quantile))).value
    }
}

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let mut sizes = Vec::new();
    for part in [100, 10, 1] {
        sizes.push(Size::of(bench, bench.customers / part).await);
    }
    for _ in 0..bench.rounds {
        for size in &mut sizes {
            size.round().await;
        }
    }
    let mut table = Table::new(words("With more and more customers", "客户越来越多时"), &HEAD);
    for size in &sizes {
        let bytes = std::fs::metadata(size.bench.data.join("laidian.sqlite")).map_or(0, |file| file.len());
        let (creates, updates) = (median(size.creates.iter().copied()), median(size.updates.iter().copied()));
        let lists = [size.list(0.5), size.list(0.99)].map(figure);
        let others = [creates.to_string(), updates.to_string(), figure(bytes as f64 / 1e9)];
        let name = format!("{}", size.bench.customers);
        table.row(words(&name, &name), lists.into_iter().chain(others).collect());
    }
    part.tables.push(table);
    let (least, most) = (&sizes[0], &sizes[2]);
    let promise = words("list, from a hundredth to all: p50", "列表，从百分之一到全部：p50");
    part.at_most(promise, most.list(0.5) / least.list(0.5), " ×", 1.3, 1.3);
    let creates = |size: &Size| median(size.creates.iter().copied()).value;
    let promise = words("creates, all against a hundredth", "新建，全部与百分之一相比");
    part.at_least(promise, creates(most) / creates(least), " ×", 0.8, 0.6);
    let bars = |value: &dyn Fn(&Size) -> f64| {
        sizes.iter().map(|size| (size.bench.customers.to_string(), value(size))).collect()
    };
    part.plot(
        "growth-list",
        words("A list by type and status, ms", "按类型和状态的列表，毫秒"),
        " ms",
        bars(&|size| size.list(0.5)),
    );
    part.plot("growth-create", words("Durable creates a second", "每秒落盘的新建"), "/s", bars(&creates));
    part
}
