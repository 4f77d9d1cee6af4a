//! How long it takes from a ringing telephone to what its agent is shown, beside a plain look-up of the same number.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{SOCKETS, Server, Socket, ask, connect, subscribe_to, text};
use futures_util::{SinkExt, StreamExt};

const RINGS: usize = 300;
const SETTLED: Duration = Duration::from_millis(25);
const NUMBER: &str = "13900112233";

/// The time at this share of all, of times in order.
fn at(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() - 1) * percent / 100]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Rings at one of a thousand sockets, and asks for the same customer in turn.
pub async fn compare(server: &Server) {
    let mut others = Vec::new();
    for _ in 0..SOCKETS - 2 {
        let mut socket = connect(&server.url).await;
        subscribe_to(&mut socket, "customers/all", None).await;
        others.push(socket);
    }
    let mut desk = connect(&server.url).await;
    subscribe_to(&mut desk, "calls", None).await;
    let mut phone = connect(&server.url).await;
    let customer = json!({"custname": "沈知秋", "cellphones": [NUMBER]});
    let created = ask(&mut phone, json!({"action": "create_customer", "customer": customer})).await;
    assert_eq!(created["code"], 1000, "{created}");
    // What the others are told of is read, as their clients would.
    for mut socket in others {
        tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
    }
    let (mut pops, mut gets) = (Vec::new(), Vec::new());
    for nth in 0..RINGS {
        // What the others do with what they were told is over.
        tokio::time::sleep(SETTLED).await;
        let begun = Instant::now();
        let got = ask(&mut phone, json!({"action": "get_customer", "type": "cellphone", "content": NUMBER})).await;
        gets.push(begun.elapsed());
        assert_eq!(got["code"], 1000, "{got}");
        tokio::time::sleep(SETTLED).await;
        pops.push(ring(&mut phone, &mut desk, &format!("ring-{nth}")).await);
    }
    pops.sort();
    gets.sort();
    for (name, times) in [("get_customer", &gets), ("ring to pop", &pops)] {
        println!("  {name:<13} p50 {:>7.0} µs  p99 {:>7.0} µs", micros(at(times, 50)), micros(at(times, 99)));
    }
    let ratio = |percent| micros(at(&pops, percent)) / micros(at(&gets, percent));
    println!("  ratio         p50 {:>7.2}     p99 {:>7.2}", ratio(50), ratio(99));
}

async fn ring(phone: &mut Socket, desk: &mut Socket, id: &str) -> Duration {
    let frame = |action: &str| {
        json!({"action": action, "callId": id, "caller": NUMBER, "operator": "trcs009", "companyId": 1054}).to_string()
    };
    let begun = Instant::now();
    phone.send(Message::text(frame("call_ringing"))).await.expect("sent");
    let mut took = Duration::ZERO;
    while took.is_zero() {
        if text(desk).await.contains("\"screen_pop\"") {
            took = begun.elapsed();
        }
    }
    assert!(text(phone).await.contains("1000"));
    let ended = json!({"action": "call_ended", "callId": id});
    assert_eq!(ask(phone, ended).await["code"], 1000);
    took
}
