//! Searches that read everything, or take long to plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Server, Socket, ask_for, by, show};

/// Look-ups beside eight sockets that search for what nearly everybody has.
pub async fn common() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("searches: 100,000 customers, eight sockets that search 有限公司 without a pause");
    let server = Server::start(folder.path(), 100_000, &[]);
    let address = server.address;
    let by_id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1}));
    let by_phone = by("trcs001", json!({"action": "get_customer", "type": "cellphone", "content": "138900010001"}));
    let time = Duration::from_secs(10);
    show("get_customer by id, alone", ask_for(address, by_id.clone(), time / 5).await);
    let stop = Arc::new(AtomicBool::new(false));
    let searching: Vec<_> = (0..8)
        .map(|number| {
            let stop = stop.clone();
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let operator = ["trcs001", "trcs008", "trcs009", "admin1054"][number % 4];
                let list = by(operator, json!({"action": "list_customers", "query": "有限公司"}));
                let (mut times, mut late) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let reply = socket.ask(&list).await.expect("a reply");
                    late += usize::from(reply["code"] == 2504);
                    times.push(asked.elapsed());
                }
                (times, late)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (ids, phones) = tokio::join!(ask_for(address, by_id, time), ask_for(address, by_phone, time));
    stop.store(true, Ordering::Relaxed);
    show("get_customer by id, beside them", ids);
    show("get_customer by phone, beside them", phones);
    let (mut times, mut late) = (Vec::new(), 0);
    for searching in searching {
        let (of_one, late_of_one) = searching.await.expect("a searcher");
        times.extend(of_one);
        late += late_of_one;
    }
    show("the searches themselves", times);
    println!("  {late} of them were answered with 2504");
}

/// On PostgreSQL: four searches by four words of 64 different characters each.
pub async fn planning() {
    println!("planning: PostgreSQL, 2,781 customers, four searches by 4 × 64 different characters");
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), 2781, &[]);
    let address = server.address;
    let mut characters = ('一'..).step_by(7);
    let mut word = || characters.by_ref().take(64).collect::<String>();
    let text = [word(), word(), word(), word()].join(" ");
    let searching: Vec<_> = (0..4)
        .map(|_| {
            let list = by("trcs001", json!({"action": "list_customers", "query": text}));
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let asked = Instant::now();
                let reply = socket.ask(&list).await.expect("a reply");
                (reply["code"].clone(), asked.elapsed())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let by_id = by("trcs001", json!({"action": "get_customer", "type": "id", "content": 1}));
    let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
    let mut times = Vec::new();
    let mut failed = 0;
    for _ in 0..100 {
        let asked = Instant::now();
        let reply = socket.ask(&by_id).await.expect("a reply");
        failed += usize::from(reply["code"] != 1000);
        times.push(asked.elapsed());
        if asked.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    show("get_customer by id of others", times);
    println!("  {failed} of them failed");
    for searching in searching {
        let (code, time) = searching.await.expect("a searcher");
        println!("  a search: {code} after {:.2} s", time.as_secs_f64());
    }
}
