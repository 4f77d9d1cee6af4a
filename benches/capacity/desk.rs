//! Requests of a desk that are asked one after another, each reply looked at.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rusqlite::Connection;
use serde_json::Value;

use crate::data::MAIN;
use crate::load::{histogram, milliseconds};
use crate::report::{Table, Words, figure};
use crate::socket::{Socket, frame};

/// How often something slow is asked at the least, and something quick at the most.
const LEAST: u64 = 10;
const MOST: u64 = 2_000;

pub const HEAD: [(&str, &str); 6] = [
    ("found", "命中"),
    ("asked", "次数"),
    ("p50 ms", "p50 毫秒"),
    ("p90 ms", "p90 毫秒"),
    ("p99 ms", "p99 毫秒"),
    ("max ms", "最长毫秒"),
];

/// A request of this operator of the company that is asked for.
pub fn by(operator: &str, mut body: Value) -> Vec<u8> {
    body["operator"] = operator.into();
    body["companyId"] = MAIN.into();
    body["callbackId"] = 1.into();
    frame(&body.to_string())
}

pub fn request(body: Value) -> Vec<u8> {
    by("trcs001", body)
}

/// A reply without a refusal.
pub fn accepted(reply: &str) -> Value {
    let reply: Value = serde_json::from_str(reply).expect("JSON");
    assert_eq!(reply["code"], 1000, "{reply}");
    reply
}

/// How long each took.
pub struct Times(pub Histogram<u64>);

impl Times {
    pub fn new() -> Self {
        Self(histogram())
    }

    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).expect("a time"));
    }

    /// Milliseconds.
    pub fn at(&self, quantile: f64) -> f64 {
        if self.0.is_empty() { f64::NAN } else { milliseconds(&self.0, quantile) }
    }

    /// Adds a row: what was found, how often, how long.
    pub fn tell(&self, table: &mut Table, name: Words, found: String) {
        let times = [0.5, 0.9, 0.99, 1.0].map(|quantile| figure(self.at(quantile)));
        table.row(name, [found, self.0.len().to_string()].into_iter().chain(times).collect());
    }
}

/// Asks for this long, each time what `next` says and with what its reply is looked at.
pub async fn ask<T>(
    socket: &mut Socket,
    time: Duration,
    mut next: impl FnMut() -> (Vec<u8>, T),
    look: impl Fn(&str, T),
) -> Times {
    let mut times = Times::new();
    let begun = Instant::now();
    while times.0.len() < LEAST || (begun.elapsed() < time && times.0.len() < MOST) {
        let (request, what) = next();
        let asked = Instant::now();
        let reply = socket.ask(&request).await;
        times.add(asked.elapsed());
        look(&reply, what);
    }
    times
}

/// A number that a scan of the tables finds.
pub fn count(conn: &Connection, condition: &str) -> u64 {
    let sql = format!("select count(*) from customer not indexed where company_id = {MAIN} and {condition}");
    let count: i64 = conn.query_row(&sql, [], |row| row.get(0)).expect("a count");
    u64::try_from(count).expect("a count")
}

/// How many customers a page with this number has, of so many.
pub fn on_page(count: u64, page: u64) -> usize {
    usize::try_from(count.saturating_sub((page - 1) * 20).min(20)).expect("a page")
}
