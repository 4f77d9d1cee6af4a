//! What a million customers cost, beside the least that it can cost, and what of it is promised.
//!
//! `cargo bench --bench capacity [-- PART…] [-- --write]` makes the data set once (some minutes; it is kept in `target/capacity`),
//! starts the servers in turn, and prints what was measured with PASS, BELOW AIM or FAIL for each promise. Parts: `get`, `list`,
//! `search`, `mixed`, `writes`, `import`, `idle`, `start`, `growth`; all without one. With `--write`, what each part has found last goes
//! into `docs/performance.md` and its plots.
//!
//! Absolute figures drift from machine to machine and hour to hour; ratios within one run hold, which is why rounds of all servers
//! take turns. The peers want `npm install` in `benches/peers` and `redis-server`; what is missing is said and left out.
//!
//! `CAPACITY_CUSTOMERS`, `CAPACITY_ROUND_MS` and `CAPACITY_ROUNDS` make it smaller; `CAPACITY_PROGRAM` names another build to
//! stand beside this one, and `CAPACITY_PROGRAM_DATA` its data set, where its schema is another.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement that cannot be made is given up"
)]
#![allow(clippy::cast_precision_loss, reason = "counts of what was measured")]

mod ceiling;
mod data;
mod desk;
mod document;
mod documents;
#[path = "../shared/fixed_reply.rs"]
mod fixed_reply;
mod get;
mod growth;
mod idle;
mod import;
mod list;
mod load;
mod mixed;
mod names;
mod people;
mod plot;
mod report;
mod search;
mod server;
mod socket;
mod start;

mod writers;
mod writes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use load::LookUps;
use report::{Part, words};

/// What is measured, and with what.
pub struct Bench {
    pub data: PathBuf,
    pub customers: u64,
    pub look_ups: &'static LookUps,
    pub rounds: usize,
    pub round: Duration,
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if let [mode, file] = &arguments[..] {
        match mode.as_str() {
            "--fixed-reply" => return runtime.block_on(fixed_reply::serve(Path::new(file))),
            "--codec" => return runtime.block_on(ceiling::codec(Path::new(file))),
            _ => {}
        }
    }
    drop(runtime);
    arguments.retain(|argument| argument != "--bench");
    // The clients have one thread: they are not to take what the servers need.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&arguments));
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect("a number"))
}

const PARTS: [&str; 9] = ["get", "list", "search", "mixed", "writes", "import", "idle", "start", "growth"];

async fn measure(arguments: &[String]) {
    let customers = number("CAPACITY_CUSTOMERS", 1_000_000);
    data::tidy();
    let data = data::of(customers).await;
    let bench = Bench {
        look_ups: get::look_ups(&data),
        data,
        customers,
        rounds: usize::try_from(number("CAPACITY_ROUNDS", 3)).expect("a number"),
        round: Duration::from_millis(number("CAPACITY_ROUND_MS", 3_000)),
    };
    let (numbers, rounds, seconds) = (bench.look_ups.phones.len(), bench.rounds, bench.round.as_secs_f64());
    let settings = words(
        &format!(
            "{customers} customers, {numbers} numbers of the company that is asked for, {rounds} rounds of {seconds} s in turn"
        ),
        &format!("{customers} 个客户，所查公司有 {numbers} 个号码，每项轮流 {rounds} 轮，每轮 {seconds} 秒"),
    );
    let machine = document::machine(&settings);
    println!("{}", machine.en);
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with('-')).collect();
    for part in PARTS.into_iter().filter(|part| wanted.is_empty() || wanted.contains(part)) {
        println!("\n== {part}");
        keep(part, customers, &run(part, &bench).await);
    }
    if arguments.iter().any(|argument| argument == "--write") {
        let found: Vec<Part> = PARTS.iter().filter_map(|part| kept(part, customers)).collect();
        document::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"), &found, &machine);
    }
}

async fn run(part: &str, bench: &Bench) -> Part {
    match part {
        "get" => get::measure(bench).await,
        "list" => list::measure(bench).await,
        "search" => search::measure(bench).await,
        "mixed" => mixed::measure(bench).await,
        "writes" => writes::measure(bench).await,
        "import" => import::measure(bench).await,
        "idle" => idle::measure(bench).await,
        "start" => start::measure(bench).await,
        "growth" => growth::measure(bench).await,
        other => panic!("there is no part {other}"),
    }
}

/// Where what a part has found last is kept for the documents.
fn place_of(part: &str, customers: u64) -> PathBuf {
    data::place().join("found").join(format!("{part}-{customers}.json"))
}

fn keep(part: &str, customers: u64, found: &Part) {
    let file = place_of(part, customers);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, serde_json::to_string_pretty(found).expect("JSON")).expect("kept");
}

fn kept(part: &str, customers: u64) -> Option<Part> {
    let text = std::fs::read_to_string(place_of(part, customers)).ok()?;
    serde_json::from_str(&text).ok()
}
