//! Durable writes, beside bare inserts into SQLite that are each on the disk before the next.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::people::Dice;
use crate::report::{Median, Part, Table, figure, median, words};
use crate::server::{self, Server};
use crate::writers::{Write, Written, created, write};
use crate::{Bench, data, documents};

const HEAD: [(&str, &str); 5] = [
    ("writes/s", "写入/秒"),
    ("µs CPU", "CPU 微秒"),
    ("p50 ms", "p50 毫秒"),
    ("p99 ms", "p99 毫秒"),
    ("of bare inserts", "与裸插入之比"),
];

/// One that writes, in all rounds.
#[derive(Default)]
struct Rounds(Vec<Written>);

impl Rounds {
    fn rate(&self) -> Median {
        median(self.0.iter().map(|written| written.per_second))
    }

    fn of(&self, value: impl Fn(&Written) -> f64) -> f64 {
        median(self.0.iter().map(value)).value
    }

    fn tell(&self, table: &mut Table, name: (&str, &str), bare: f64) {
        let cells = vec![
            self.rate().to_string(),
            figure(self.of(|written| written.cpu_micros)),
            figure(self.of(|written| written.times.at(0.5))),
            figure(self.of(|written| written.times.at(0.99))),
            figure(self.rate().value / bare),
        ];
        table.row(words(name.0, name.1), cells);
    }
}

/// A build at work on a copy of its own.
struct Build {
    server: Server,
    folder: tempfile::TempDir,
    many: Rounds,
    updates: Rounds,
    one: Rounds,
}

impl Build {
    fn start(program: &Path, data: &Path) -> Self {
        let folder = data::copy(data);
        let (server, _) = Server::indexed(program, folder.path());
        Self { server, folder, many: Rounds::default(), updates: Rounds::default(), one: Rounds::default() }
    }

    async fn round(&mut self, bench: &Bench) {
        let update = Write::Update { among: bench.customers * 8 / 10 };
        self.many.0.push(write(&self.server, Write::Create, 64, bench.round).await);
        self.updates.0.push(write(&self.server, update, 64, bench.round).await);
        self.one.0.push(write(&self.server, Write::Create, 1, bench.round).await);
    }

    fn tell(&self, table: &mut Table, name: &str, bare: f64) {
        let told = [
            (&self.many, "creates, 64 writers", "新建，64 个写入者"),
            (&self.updates, "updates, 64 writers", "修改，64 个写入者"),
            (&self.one, "creates, 1 writer", "新建，1 个写入者"),
        ];
        for (rounds, en, zh) in told {
            rounds.tell(table, (&format!("{name}: {en}"), &format!("{name}：{zh}")), bare);
        }
    }

    /// Ends it, and finds what was acknowledged in the database.
    async fn end(self) {
        self.server.end();
        let acknowledged: u64 = self.many.0.iter().chain(&self.one.0).map(Written::count).sum();
        assert_eq!(created(self.folder.path()), acknowledged, "what was acknowledged is there");
    }
}

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let mut table = Table::new(words("Durable writes", "落盘的写入"), &HEAD);
    let (laidian, _) = Server::indexed(&server::this(), &bench.data);
    let documents = documents::of(&bench.data, &laidian, bench.look_ups).await;
    laidian.end();
    let mut this = Build::start(&server::this(), &bench.data);
    let mut other = server::other().map(|(program, data)| Build::start(&program, data.as_ref().unwrap_or(&bench.data)));
    let mut inserts = Inserts::new(&documents, this.folder.path());
    let mut bare = Vec::new();
    for _ in 0..bench.rounds {
        bare.push(inserts.round(bench.round));
        this.round(bench).await;
        if let Some(other) = &mut other {
            other.round(bench).await;
        }
    }
    let bare = median(bare);
    table.row(words("bare inserts, one at a time", "裸插入，逐条"), vec![bare.to_string()]);
    this.tell(&mut table, "laidian", bare.value);
    if let Some(other) = &other {
        other.tell(&mut table, "other build", bare.value);
    }
    part.tables.push(table);
    judge(&mut part, &this, other.as_ref(), bare.value);
    this.end().await;
    if let Some(other) = other {
        other.end().await;
    }
    part
}

fn judge(part: &mut Part, this: &Build, other: Option<&Build>, bare: f64) {
    let many = this.many.rate().value;
    let promise = words("creates, 64 writers, beside bare inserts", "新建，64 个写入者，与裸插入相比");
    part.at_least(promise, many / bare, " ×", 1.0, 0.6);
    let promise = words("updates beside creates", "修改与新建相比");
    part.at_least(promise, this.updates.rate().value / many, " ×", 0.8, 0.6);
    let Some(other) = other else {
        return part.skip(words("another build: CAPACITY_PROGRAM names none", "另一版本：未设置 CAPACITY_PROGRAM"));
    };
    let promise = words("creates, 64 writers, beside the other build", "新建，64 个写入者，与另一版本相比");
    part.at_least(promise, many / other.many.rate().value, " ×", 4.0, 4.0);
    let promise = words("creates, 1 writer, beside the other build", "新建，1 个写入者，与另一版本相比");
    part.at_least(promise, this.one.rate().value / other.one.rate().value, " ×", 3.0, 2.0);
    let compared = [("bare inserts", bare), ("laidian", many), ("other build", other.many.rate().value)];
    let title = words("Durable creates a second, 64 writers", "每秒落盘的新建，64 个写入者");
    part.plot("creates", title, "/s", compared.map(|(name, rate)| (name.to_owned(), rate)).to_vec());
}

/// A table of a document for each number, as many as there are, into which more are inserted by random numbers.
struct Inserts {
    conn: Connection,
    dice: Dice,
}

impl Inserts {
    fn new(documents: &Path, folder: &Path) -> Self {
        let file = folder.join("inserts.sqlite");
        std::fs::copy(documents, &file).expect("a copy");
        let conn = Connection::open(file).expect("the file opens");
        conn.execute_batch("pragma journal_mode = wal; pragma synchronous = full").expect("the file is set up");
        Self { conn, dice: Dice::new(17) }
    }

    /// Inserts a second, each on the disk before the next.
    fn round(&mut self, time: Duration) -> f64 {
        let body = "来".repeat(220);
        let (begun, mut inserted) = (Instant::now(), 0_u64);
        while begun.elapsed() < time {
            let phone = format!("1{:012}", self.dice.below(1_000_000_000_000));
            let mut insert =
                self.conn.prepare_cached("insert into document (phone, body) values (?1, ?2)").expect("ready");
            insert.execute((&phone, &body)).expect("inserted");
            inserted += 1;
        }
        inserted as f64 / begun.elapsed().as_secs_f64()
    }
}
