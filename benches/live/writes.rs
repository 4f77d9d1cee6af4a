//! What a write costs with nobody to be told of it, beside another build: `LIVE_PROGRAM` names it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::{Server, ask, connect};

const WRITERS: usize = 16;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);

/// CPU of the server for each customer that is created, microseconds, and creations a second.
async fn round(server: &Server, round: usize) -> (f64, f64) {
    let (cpu, begun) = (server.cpu(), Instant::now());
    let writing = (0..WRITERS).map(|writer| async move {
        let mut socket = connect(&server.url).await;
        let mut written = 0_u32;
        while begun.elapsed() < ROUND {
            let number = format!("1{:010}", (round * WRITERS + writer) * 100_000 + written as usize);
            let customer =
                json!({"custname": format!("沈知秋{written}"), "companyName": "听雨茶舍", "cellphones": [number]});
            let reply = ask(&mut socket, json!({"action": "create_customer", "customer": customer})).await;
            assert_eq!(reply["code"], 1000, "{reply}");
            written += 1;
        }
        written
    });
    let written = f64::from(join_all(writing).await.into_iter().sum::<u32>());
    ((server.cpu() - cpu) * 1e6 / written, written / begun.elapsed().as_secs_f64())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn start(program: &str, folder: &Path) -> Server {
    let mut serve = Command::new(program);
    serve.args(["serve", "--demo=5000", "--auth", "open", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    Server::start(&mut serve)
}

pub async fn compare() {
    let Ok(other) = std::env::var("LIVE_PROGRAM") else {
        println!("  (writes: LIVE_PROGRAM names a build to compare with)");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let other = start(&other, &folder.path().join("other"));
    let this = start(env!("CARGO_BIN_EXE_laidian"), &folder.path().join("this"));
    let mut figures: [(Vec<f64>, Vec<f64>); 2] = Default::default();
    for nth in 0..ROUNDS {
        for (server, figures) in [&other, &this].into_iter().zip(&mut figures) {
            let (cpu, rate) = round(server, nth).await;
            figures.0.push(cpu);
            figures.1.push(rate);
        }
    }
    let [other, this] = figures.map(|(cpu, rate)| (median(cpu), median(rate)));
    println!("creating a customer with nobody to be told, {ROUNDS} rounds of {} s in turn", ROUND.as_secs());
    for (name, (cpu, rate)) in [("other build", other), ("this build", this)] {
        println!("  {name:<12} {cpu:>7.0} µs CPU  {rate:>7.0} a second");
    }
    println!("  ratio        {:>7.2}         {:>7.2}", this.0 / other.0, this.1 / other.1);
}
