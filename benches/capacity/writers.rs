//! Sockets that write: what they create is told apart by its numbers, so that what was acknowledged can be counted after.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::data::MAIN;
use crate::desk::{self, Times};
use crate::people::Dice;
use crate::server::Server;
use crate::socket::Socket;

/// No number of the data set begins so.
const PREFIX: u64 = 199;
/// The next number that nobody has.
static NEXT: AtomicU64 = AtomicU64::new(0);

const OK: &str = "\"code\":1000,";

/// What writers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    Create,
    /// Changes some of the first so many customers.
    Update {
        among: u64,
    },
}

impl Write {
    /// One of these, and what its reply must have.
    pub fn request(self, dice: &mut Dice) -> (Vec<u8>, String) {
        match self {
            Self::Create => {
                let phone = format!("{PREFIX}{:08}", NEXT.fetch_add(1, Ordering::Relaxed));
                let customer = json!({
                    "custname": format!("沈知秋{}", dice.below(10_000)), "companyName": "上海听雨信息技术有限公司", "custType": "普通客户",
                    "address": format!("上海市望潮街{}号", dice.below(400)), "cellphones": [[null, phone]],
                });
                (desk::request(json!({"action": "create_customer", "customer": customer})), phone)
            }
            Self::Update { among } => {
                let address = format!("北京市青禾路{}号{}室", dice.below(400), dice.below(100_000));
                let id = 3 + dice.below(among);
                let customer = json!({"address": address, "star": dice.below(6)});
                let body = json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
                (desk::request(body), address)
            }
        }
    }
}

/// What writers did.
pub struct Written {
    pub per_second: f64,
    pub cpu_micros: f64,
    pub times: Times,
}

impl Written {
    pub fn count(&self) -> u64 {
        self.times.0.len()
    }
}

/// Lets so many sockets write for this long.
pub async fn write(server: &Server, write: Write, sockets: usize, time: Duration) -> Written {
    let mut writers = Vec::new();
    for _ in 0..sockets {
        writers.push(Socket::open(server).await);
    }
    let (cpu, begun) = (server.cpu(), Instant::now());
    let writers = writers.into_iter().map(|mut socket| {
        let mut dice = Dice::new(NEXT.fetch_add(1, Ordering::Relaxed));
        tokio::spawn(async move {
            let mut times = Times::new();
            while begun.elapsed() < time {
                let (request, must_have) = write.request(&mut dice);
                let asked = Instant::now();
                let reply = socket.ask(&request).await;
                times.add(asked.elapsed());
                assert!(reply.contains(OK) && reply.contains(&must_have), "{must_have} is not acknowledged: {reply}");
            }
            times
        })
    });
    let mut times = Times::new();
    for writer in writers.collect::<Vec<_>>() {
        times.0.add(writer.await.expect("a writer").0).expect("times");
    }
    let written = times.0.len() as f64;
    let seconds = begun.elapsed().as_secs_f64();
    Written { per_second: written / seconds, cpu_micros: (server.cpu() - cpu) * 1e6 / written, times }
}

/// How many customers of those that were created are in the database of this folder, which nobody serves.
pub fn created(folder: &Path) -> u64 {
    let conn = crate::data::connect(folder);
    let sql = format!("select count(*) from phone where company_id = {MAIN} and typed like '{PREFIX}%'");
    let count: i64 = conn.query_row(&sql, [], |row| row.get(0)).expect("a count");
    u64::try_from(count).expect("a count")
}
