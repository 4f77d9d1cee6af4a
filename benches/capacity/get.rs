//! Look-ups of a customer by a number, beside the least that a reply can cost, and beside what one would take instead.

use std::path::{Path, PathBuf};

use crate::load::{Figure, Keys, LookUps, Round};
use crate::report::{Median, Part, Table, figure, median, words};
use crate::server::{self, Server};
use crate::{Bench, documents};

const DEPTHS: [usize; 2] = [1, 16];
const HEAD: [(&str, &str); 8] = [
    ("replies/s", "回复/秒"),
    ("µs CPU", "CPU 微秒"),
    ("p50 ms", "p50 毫秒"),
    ("p99 ms", "p99 毫秒"),
    ("p99.9 ms", "p99.9 毫秒"),
    ("of C", "与 C 之比"),
    ("CPU, × C", "CPU，C 的倍数"),
    ("p99, × C", "p99，C 的倍数"),
];

/// What one server did in all rounds.
struct Rounds {
    name: String,
    figures: Vec<Figure>,
}

impl Rounds {
    fn of(&self, value: impl Fn(&Figure) -> f64) -> Median {
        median(self.figures.iter().map(value))
    }

    fn rate(&self) -> f64 {
        self.of(|figure| figure.per_second).value
    }

    fn cpu(&self) -> f64 {
        self.of(|figure| figure.cpu_micros).value
    }

    fn p99(&self) -> f64 {
        self.of(|figure| figure.p99).value
    }
}

/// How all servers did in one scenario; the first is C.
struct Scenario(Vec<Rounds>);

impl Scenario {
    fn named(&self, name: &str) -> Option<&Rounds> {
        self.0.iter().find(|rounds| rounds.name == name)
    }

    /// How many times as many replies this server gives as that one.
    fn ratio(&self, name: &str, beside: &str) -> Option<f64> {
        Some(self.named(name)?.rate() / self.named(beside)?.rate())
    }

    fn tell(&self, table: &mut Table, scenario: (&str, &str)) {
        let ceiling = &self.0[0];
        for rounds in &self.0 {
            let cells = vec![
                rounds.of(|figure| figure.per_second).to_string(),
                figure(rounds.cpu()),
                figure(rounds.of(|figure| figure.p50).value),
                figure(rounds.p99()),
                figure(rounds.of(|figure| figure.p999).value),
                figure(rounds.rate() / ceiling.rate()),
                figure(rounds.cpu() / ceiling.cpu()),
                figure(rounds.p99() / ceiling.p99()),
            ];
            let name = |scenario: &str| format!("{scenario}: {}", rounds.name);
            table.row(words(&name(scenario.0), &name(scenario.1)), cells);
        }
    }
}

/// The servers beside which laidian stands, C first.
struct Field {
    servers: Vec<(String, Server)>,
    fixed: &'static [u8],
}

impl Field {
    /// Plays rounds in turn with all servers of these names.
    fn play(&self, bench: &Bench, keys: Keys, depth: usize, names: &[&str]) -> Scenario {
        let mut scenario = Vec::new();
        for name in names.iter().filter(|name| self.servers.iter().any(|(known, _)| known == *name)) {
            scenario.push(Rounds { name: (*name).to_owned(), figures: Vec::new() });
        }
        for _ in 0..bench.rounds {
            for rounds in &mut scenario {
                let (_, server) = self.servers.iter().find(|(name, _)| *name == rounds.name).expect("a server");
                rounds.figures.push(self.round(bench, &rounds.name, keys, depth).play(server));
            }
        }
        Scenario(scenario)
    }

    fn round(&self, bench: &Bench, name: &str, keys: Keys, depth: usize) -> Round {
        let fixed = (name == C || name == CODEC).then_some(self.fixed);
        Round { look_ups: bench.look_ups, keys, depth, time: bench.round, fixed }
    }
}

const C: &str = "C";
const CODEC: &str = "codec";
const NODE: &str = "Node";
const REDIS: &str = "Redis";
const LAIDIAN: &str = "laidian";
const OTHER: &str = "other build";

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let (laidian, _) = Server::indexed(&server::this(), &bench.data);
    let documents = documents::of(&bench.data, &laidian, bench.look_ups).await;
    let (ceiling, codec, fixed) = ceilings(bench, &laidian).await;
    let mut field = Field { servers: vec![(C.to_owned(), ceiling), (CODEC.to_owned(), codec)], fixed };
    let redis_folder = tempfile::tempdir().expect("a folder");
    match Server::node(&documents) {
        Ok(node) => field.servers.push((NODE.to_owned(), node)),
        Err(why) => part.skip(why),
    }
    match Server::redis(redis_folder.path()) {
        Ok(redis) => {
            documents::fill(&redis, &documents).await;
            field.servers.push((REDIS.to_owned(), redis));
        }
        Err(why) => part.skip(why),
    }
    let mut table = Table::new(words("Look-ups by a number, 64 sockets", "按号码查找，64 个连接"), &HEAD);
    let empty = laidian.memory();
    documents::warm(&laidian, bench.look_ups).await;
    field.servers.push((LAIDIAN.to_owned(), laidian));
    // Its own data set, where it has one: two servers cannot have the same.
    let _copy = add_other(bench, &mut field).await;
    let mut random = Vec::new();
    for depth in DEPTHS {
        let scenario = field.play(bench, Keys::Random, depth, &[C, CODEC, LAIDIAN, OTHER, NODE, REDIS]);
        scenario.tell(&mut table, (&format!("random 64 × {depth}"), &format!("随机 64 × {depth}")));
        random.push(scenario);
    }
    let mut hot = Vec::new();
    for depth in DEPTHS {
        let scenario = field.play(bench, Keys::Hot, depth, &[C, LAIDIAN, OTHER]);
        scenario.tell(&mut table, (&format!("hot 64 × {depth}"), &format!("热点 64 × {depth}")));
        hot.push(scenario);
    }
    let memory =
        field.servers.iter().find(|(name, _)| name == LAIDIAN).map_or(f64::NAN, |(_, laidian)| laidian.memory());
    println!(
        "  anonymous memory: {} MB after the start, {} MB after all",
        figure(empty / 1024.0),
        figure(memory / 1024.0)
    );
    field.servers.retain(|(name, _)| name == C);
    let start = after_start(bench, &field, &mut table);
    with_tokens(bench, &mut field, &mut table).await;
    part.tables.push(table);
    judge(&mut part, &random, &hot, &start);
    part.at_most(words("anonymous memory, warm", "预热后的匿名内存"), memory / 1024.0, " MB", 600.0, 1024.0);
    plots(&mut part, &random);
    part
}

/// C and the codec, which answer with the reply to the first look-up.
async fn ceilings(bench: &Bench, laidian: &Server) -> (Server, Server, &'static [u8]) {
    let request = bench.look_ups.request(0, laidian.speech);
    let reply = crate::socket::Socket::open(laidian).await.ask(request).await;
    println!("  a request is {} bytes, a reply {}", request.len(), reply.len());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &reply).expect("the reply is written");
    let (ceiling, codec) = (Server::own("--fixed-reply", file.path()), Server::own("--codec", file.path()));
    (ceiling, codec, reply.into_bytes().leak())
}

async fn add_other(bench: &Bench, field: &mut Field) -> Option<tempfile::TempDir> {
    let (program, data) = server::other()?;
    let copy = data.is_none().then(|| crate::data::copy(&bench.data));
    let folder: PathBuf = data.or_else(|| Some(copy.as_ref()?.path().to_owned()))?;
    let other = Server::laidian(&program, &folder);
    documents::warm(&other, bench.look_ups).await;
    field.servers.push((OTHER.to_owned(), other));
    copy
}

/// The first seconds of a server, each time anew.
fn after_start(bench: &Bench, field: &Field, table: &mut Table) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for depth in DEPTHS {
        let rounds = |name: &str| Rounds { name: name.to_owned(), figures: Vec::new() };
        let (mut ceiling, mut laidian) = (rounds(C), rounds(LAIDIAN));
        for _ in 0..bench.rounds {
            ceiling.figures.push(field.round(bench, C, Keys::Random, depth).play(&field.servers[0].1));
            let server = Server::laidian(&server::this(), &bench.data);
            laidian.figures.push(field.round(bench, LAIDIAN, Keys::Random, depth).play(&server));
            server.end();
        }
        let scenario = Scenario(vec![ceiling, laidian]);
        scenario.tell(table, (&format!("just started 64 × {depth}"), &format!("刚启动 64 × {depth}")));
        scenarios.push(scenario);
    }
    scenarios
}

/// Sockets that have signed in.
async fn with_tokens(bench: &Bench, field: &mut Field, table: &mut Table) {
    let server = Server::with_tokens(&server::this(), &bench.data);
    documents::warm(&server, bench.look_ups).await;
    field.servers.push((LAIDIAN.to_owned(), server));
    for depth in DEPTHS {
        let scenario = field.play(bench, Keys::Random, depth, &[C, LAIDIAN]);
        scenario.tell(table, (&format!("token mode 64 × {depth}"), &format!("token 模式 64 × {depth}")));
    }
}

fn judge(part: &mut Part, random: &[Scenario], hot: &[Scenario], start: &[Scenario]) {
    let promises = [
        ("get, random", "查找，随机", random, [(0.85, 0.65), (0.45, 0.25)]),
        ("get, right after start", "查找，刚启动", start, [(0.8, 0.55), (0.3, 0.12)]),
        ("get, hot keys", "查找，热点", hot, [(0.9, 0.7), (0.5, 0.3)]),
    ];
    for (en, zh, scenarios, limits) in promises {
        for ((scenario, depth), (aim, floor)) in scenarios.iter().zip(DEPTHS).zip(limits) {
            let promise = words(&format!("{en}, 64 × {depth}"), &format!("{zh}，64 × {depth}"));
            part.at_least(promise, scenario.ratio(LAIDIAN, C).unwrap_or(f64::NAN), " C", aim, floor);
        }
    }
    for (peer, limits) in [(REDIS, [(0.8, 0.6), (0.7, 0.4)]), (NODE, [(2.8, 2.0), (10.0, 5.0)])] {
        for ((scenario, depth), (aim, floor)) in random.iter().zip(DEPTHS).zip(limits) {
            let Some(ratio) = scenario.ratio(LAIDIAN, peer) else { continue };
            let promise =
                words(&format!("get beside {peer}, 64 × {depth}"), &format!("查找，与 {peer} 相比，64 × {depth}"));
            part.at_least(promise, ratio, " ×", aim, floor);
        }
    }
    for ((scenario, depth), (aim, floor)) in random.iter().zip(DEPTHS).zip([(1.2, 1.8), (4.0, 8.0)]) {
        let Some(laidian) = scenario.named(LAIDIAN) else { continue };
        let promise =
            words(&format!("server CPU per get, 64 × {depth}"), &format!("每次查找的服务器 CPU，64 × {depth}"));
        part.at_most(promise, laidian.cpu() / scenario.0[0].cpu(), " × C", aim, floor);
        if depth == 1 {
            let promise = words("p99 of a get, 64 × 1", "查找的 p99，64 × 1");
            part.at_most(promise, laidian.p99() / scenario.0[0].p99(), " × C", 1.3, 2.0);
        }
    }
}

fn plots(part: &mut Part, random: &[Scenario]) {
    for (scenario, depth) in random.iter().zip(DEPTHS) {
        let bars = scenario.0.iter().map(|rounds| (rounds.name.clone(), rounds.rate())).collect();
        let title = words(&format!("Look-ups a second, 64 × {depth}"), &format!("每秒查找次数，64 × {depth}"));
        part.plot(&format!("get-{depth}"), title, "/s", bars);
    }
}

/// Where a data set's numbers are asked for: those of the company that is asked for, each once.
pub fn look_ups(folder: &Path) -> &'static LookUps {
    let conn = crate::data::connect(folder);
    let mut statement = conn.prepare("select typed from phone where company_id = ?1 order by id").expect("the numbers");
    let phones = statement.query_map([crate::data::MAIN], |row| row.get(0)).expect("the numbers");
    let phones: Vec<Box<str>> = phones.collect::<rusqlite::Result<_>>().expect("the numbers");
    Box::leak(Box::new(LookUps::of(phones)))
}
