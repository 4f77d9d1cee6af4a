//! One of a thousand who does not read for a minute, and what the others notice.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{SOCKETS, Server, ask, connect, subscribe, subscribe_to, text};

const WRITERS: usize = 16;
/// Events a second that are wanted; fewer when the machine cannot write as many.
const RATE: u32 = 1000;
/// Without the slow one, and with it.
const BEFORE: Duration = Duration::from_secs(20);
const SLOW: Duration = Duration::from_mins(1);

/// Anonymous memory of the server, MiB.
fn memory(server: &Server) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).expect("/proc");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("RssAnon");
    line.split_whitespace().nth(1).expect("a number").parse::<f64>().expect("a number") / 1024.0
}

/// Follows one customer, and returns how long after it was sent each change came, microseconds.
fn listen(server: &Server, customer: i64, began: Instant) -> JoinHandle<Vec<(Duration, Duration)>> {
    let url = server.url.clone();
    tokio::spawn(async move {
        let mut socket = connect(&url).await;
        subscribe_to(&mut socket, &format!("customer/{customer}"), None).await;
        let mut times = Vec::new();
        loop {
            let push: Value = serde_json::from_str(&text(&mut socket).await).expect("JSON");
            let Some(sent) = push["changes"]["address"][1].as_str() else { return times };
            let sent = Duration::from_micros(sent.parse().expect("a time"));
            times.push((sent, began.elapsed().saturating_sub(sent)));
        }
    })
}

/// Changes these customers in turn, at its share of the rate, until it is over; what is written is the time. Returns how often.
async fn write(url: String, customers: Vec<i64>, began: Instant, until: Duration) -> u64 {
    let mut socket = connect(&url).await;
    let mut pace = tokio::time::interval(Duration::from_secs(1) * u32::try_from(WRITERS).expect("few") / RATE);
    let mut written = 0;
    for id in customers.iter().cycle() {
        pace.tick().await;
        let now = began.elapsed();
        if now > until {
            break;
        }
        let customer = json!({"address": now.as_micros().to_string()});
        let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
        assert_eq!(ask(&mut socket, frame).await["code"], 1000);
        written += 1;
    }
    // The listener of each is told that it is over.
    for id in customers {
        let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": {"custname": "完"}});
        assert_eq!(ask(&mut socket, frame).await["code"], 1000);
    }
    written
}

/// The time at this share of all, milliseconds.
fn at(times: &mut [Duration], percent: usize) -> f64 {
    times.sort();
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3
}

pub async fn compare(server: &Server) {
    let mut first = connect(&server.url).await;
    let mut customers = Vec::new();
    for number in 0..SOCKETS - 1 {
        let frame = json!({"action": "create_customer", "customer": {"custname": format!("沈知秋{number}")}});
        customers.push(ask(&mut first, frame).await["customer"]["id"].as_i64().expect("an id"));
    }
    let began = Instant::now();
    let listening: Vec<_> = customers.iter().map(|id| listen(server, *id, began)).collect();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let from = began.elapsed();
    let until = from + BEFORE + SLOW;
    let writers: Vec<_> = (0..WRITERS)
        .map(|nth| {
            let mine = customers.iter().skip(nth).step_by(WRITERS).copied().collect();
            tokio::spawn(write(server.url.clone(), mine, began, until))
        })
        .collect();
    tokio::time::sleep(BEFORE).await;
    let (before, mut most) = (memory(server), 0.0_f64);
    let mut slow = connect(&server.url).await;
    let started = subscribe(&mut slow, None).await;
    let slow_from = began.elapsed();
    // It reads nothing more.
    while began.elapsed() < until {
        tokio::time::sleep(Duration::from_millis(500)).await;
        most = most.max(memory(server));
    }
    let mut written = 0;
    for writer in writers {
        written += writer.await.expect("a writer");
    }
    let mut times = Vec::new();
    for listener in listening {
        times.extend(listener.await.expect("a listener"));
    }
    let part = |from: Duration, until: Duration| {
        let within = times.iter().filter(|(sent, _)| *sent >= from && *sent < until).map(|(_, took)| *took);
        within.collect::<Vec<_>>()
    };
    let (mut without, mut with) = (part(from + Duration::from_secs(2), slow_from), part(slow_from, until));
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let rate = written as f64 / (BEFORE + SLOW).as_secs_f64();
    println!("  {rate:.0} events/s, {SOCKETS} sockets");
    for (name, times) in [("all read", &mut without), ("one does not", &mut with)] {
        println!("  {name:<13} p50 {:>6.1} ms  p99 {:>6.1} ms", at(times, 50), at(times, 99));
    }
    println!(
        "  ratio         p50 {:>6.2}     p99 {:>6.2}",
        at(&mut with, 50) / at(&mut without, 50),
        at(&mut with, 99) / at(&mut without, 99)
    );
    println!("  memory        {before:.1} MiB before, at most {most:.1} MiB meanwhile");
    let (told, missed) = catch_up(server, slow, &started).await;
    println!("  it was told {told} events late, and the {missed} behind them when it came back");
}

/// Reads what is there of the slow one, comes back, and reads the rest; each number is the next.
async fn catch_up(server: &Server, mut slow: super::Socket, started: &Value) -> (u64, u64) {
    use futures_util::StreamExt;
    let mut last = started["seq"].as_i64().expect("a number");
    let (mut told, mut missed) = (0, 0);
    let take = |frame: &str, last: &mut i64| {
        let push: Value = serde_json::from_str(frame).expect("JSON");
        assert_eq!(push["seq"].as_i64(), Some(*last + 1), "{push}");
        *last += 1;
    };
    while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(2), slow.next()).await {
        if let Ok(frame) = message.to_text()
            && frame.starts_with('{')
        {
            take(frame, &mut last);
            told += 1;
        }
    }
    let mut socket = connect(&server.url).await;
    let since = json!({"epoch": started["epoch"], "seq": last});
    let again = subscribe(&mut socket, Some(&since)).await;
    assert_eq!(again["reload"], false, "{again}");
    while last < again["seq"].as_i64().expect("a number") {
        take(&text(&mut socket).await, &mut last);
        missed += 1;
    }
    (told, missed)
}
