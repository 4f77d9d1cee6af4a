//! Writes over sockets that break, and writes of two who saw the same.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::{Engine, server};

const CREATIONS: usize = 1000;
const WORKERS: usize = 8;

fn creation(number: usize) -> Value {
    json!({"action": "create_customer", "requestId": format!("cut-{number}"),
           "customer": {"custname": format!("重发{number:04}"), "companyName": "断线商贸", "companyId": 8008}})
}

/// Sends a creation twice: over a socket that is cut before, while or after it is answered, and over another.
async fn create_twice(url: &str, number: usize) -> i64 {
    let mut cut = Client::connect(url).await;
    cut.send(creation(number).to_string()).await;
    let first = match number % 3 {
        0 => None,
        1 => {
            // Long enough for the server to have begun.
            tokio::task::yield_now().await;
            None
        }
        _ => cut.receive().await,
    };
    drop(cut);
    let second = Client::connect(url).await.ask(creation(number)).await;
    assert_eq!(second["code"], 1000, "{second}");
    if let Some(first) = first {
        assert_eq!(first["customer"], second["customer"]);
    }
    second["customer"]["id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_creations_sent_twice_over_cut_sockets_are_a_thousand_customers() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let url = format!("ws://{}/ws", server.address());
    let workers = (0..WORKERS).map(|worker| {
        let url = url.clone();
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for number in (worker..CREATIONS).step_by(WORKERS) {
                ids.push(create_twice(&url, number).await);
            }
            ids
        })
    });
    let ids: BTreeSet<i64> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(ids.len(), CREATIONS);
    let list = json!({"action": "list_customers", "companyId": 8008, "operator": "008", "query": "断线商贸"});
    let reply = Client::connect(&url).await.ask(list).await;
    assert_eq!(reply["meta"]["total_count"], CREATIONS, "{reply}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_saw_the_same_version_one_wins() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let url = format!("ws://{}/ws", server.address());
    let (mut wang, mut li) = (Client::connect(&url).await, Client::connect(&url).await);
    for version in 1..=20 {
        let update = |login_no: &str| {
            json!({"action": "update_customer", "companyId": 1054, "operator": login_no, "type": "id", "content": 2,
                   "ifVersion": version, "customer": {"address": format!("{login_no}的第{version}版")}})
        };
        let (a, b) = tokio::join!(wang.ask(update("trcs001")), li.ask(update("trcs008")));
        let (won, lost) = if a["code"] == 1000 { (&a, &b) } else { (&b, &a) };
        assert_eq!((&won["code"], &lost["code"]), (&json!(1000), &json!(2409)), "{a} {b}");
        assert_eq!(lost["customer"], won["customer"], "the loser is shown what won");
        assert_eq!(lost["fields"], json!(["address"]));
    }
    server.stop().await;
}
