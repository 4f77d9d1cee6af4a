//! Several servers on one database: each delivery is tried by one of them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use laidian::live::webhooks::{Webhooks, plan};
use laidian::ops::webhooks::deliveries;
use serde_json::json;

use super::other::Other;
use super::{create, demo, look, put};
use crate::support::{Engine, MAIN, NOW, SECOND};

both_engines! {
    of_two_servers_one_delivers,
    of_many_who_take_at_once_each_takes_others,
    what_a_dead_server_took_another_delivers,
}

async fn of_two_servers_one_delivers(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({})).await;
    let (one, two) = (Webhooks::new(demo.backend.clone()), Webhooks::new(demo.backend.clone()));
    let mut ids = Vec::new();
    for name in 0..12 {
        ids.push(create(&demo, &"听".repeat(name + 1)).await);
    }
    for _ in 0..4 {
        let looked = tokio::join!(one.look(), two.look());
        looked.0.unwrap();
        looked.1.unwrap();
        one.rest().await;
        two.rest().await;
    }
    let events = other.events();
    let told: BTreeMap<i64, usize> = events.iter().fold(BTreeMap::new(), |mut told, event| {
        *told.entry(event["customerId"].as_i64().unwrap()).or_default() += 1;
        told
    });
    assert_eq!(told, ids.into_iter().map(|id| (id, 1)).collect());
}

async fn of_many_who_take_at_once_each_takes_others(engine: Engine) {
    let (demo, (_, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({})).await;
    for name in 0..30 {
        create(&demo, &"听".repeat(name + 1)).await;
    }
    plan(&demo, MAIN).await.unwrap();
    let taking = (0..8).map(|_| async {
        let mut taken = Vec::new();
        loop {
            let some = deliveries::claim(&demo, MAIN, 1).await.unwrap();
            if some.is_empty() {
                return taken;
            }
            taken.extend(some.into_iter().map(|delivery| delivery.seq));
        }
    });
    let mut taken = join_all(taking).await.concat();
    taken.sort_unstable();
    let mut all = demo.store.company(MAIN).deliveries("push", i64::MAX, 1000).await.unwrap();
    all.reverse();
    assert_eq!((all.len(), taken), (30, all.iter().map(|delivery| delivery.seq).collect()));
}

async fn what_a_dead_server_took_another_delivers(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    create(&demo, "甲").await;
    plan(&demo, MAIN).await.unwrap();
    assert_eq!(deliveries::claim(&demo, MAIN, 10).await.unwrap().len(), 1);
    look(&demo, &webhooks).await;
    assert!(other.taken().is_empty());
    demo.time.set(NOW + 61 * SECOND);
    look(&demo, &webhooks).await;
    assert_eq!(other.taken().len(), 1);
}
