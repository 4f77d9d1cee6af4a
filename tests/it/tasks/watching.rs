//! Customers that somebody follows, and that somebody has open.

use laidian::config::Config;
use laidian::live::{NAMES, Topic};
use laidian::ops::Backend;
use laidian::ops::work::viewing::{self, Viewing};
use serde_json::{Value, json};

use super::{asked, create, events, follow, push};
use crate::client::Client;
use crate::signed::{ADMIN, AGENT, OTHER_AGENT, SUPERVISOR, server};
use crate::support::{Engine, MAIN, NOW, SECOND, backend};

both_engines! {
    whom_one_follows_one_is_told_of,
    who_is_watched_and_out_of_sight_is_not_told_of,
    who_has_a_customer_open_is_told,
    a_socket_that_ends_closes_what_was_open_on_it,
    what_is_not_said_again_is_over_on_all_servers,
}

#[test]
fn every_topic_has_a_name() {
    for name in NAMES {
        assert!(Topic::parse(&name.replace("<id>", "1")).is_some(), "{name}");
    }
}

async fn touch(client: &mut Client, id: i64, address: &str) {
    let customer = json!({"address": address});
    asked(client, json!({"action": "update_customer", "type": "id", "content": id, "customer": customer})).await;
}

async fn whom_one_follows_one_is_told_of(engine: Engine) {
    let server = server(engine).await;
    let (mut writer, mut agent) = (SUPERVISOR.connect(&server).await, AGENT.connect(&server).await);
    let mut ids = Vec::new();
    for name in ["沈知秋", "陆行舟", "顾晚照"] {
        ids.push(create(&mut writer, json!({"custname": name})).await);
    }
    let watch = |action: &str, id: i64| json!({"action": action, "customerId": id});
    asked(&mut agent, watch("watch", ids[0])).await;
    let mut follower = AGENT.connect(&server).await;
    follow(&mut follower, &["customers/watched"]).await;
    touch(&mut writer, ids[1], "望潮街 1 号").await;
    touch(&mut writer, ids[0], "望潮街 2 号").await;
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["customerId"]), (&json!("customer.updated"), &json!(ids[0])));
    // From the moment on that he follows another, and no longer than he does; his sockets are told so.
    asked(&mut agent, watch("watch", ids[1])).await;
    asked(&mut agent, watch("watch", ids[1])).await;
    touch(&mut writer, ids[1], "望潮街 3 号").await;
    asked(&mut agent, watch("unwatch", ids[0])).await;
    touch(&mut writer, ids[0], "望潮街 4 号").await;
    touch(&mut writer, ids[1], "望潮街 5 号").await;
    let mut told = Vec::new();
    while told.len() < 4 {
        let push = push(&mut follower).await;
        told.push((push["event"].as_str().unwrap().to_owned(), push["customerId"].as_i64().unwrap()));
    }
    let expected = [
        ("watch.added", ids[1]),
        ("customer.updated", ids[1]),
        ("watch.removed", ids[0]),
        ("customer.updated", ids[1]),
    ];
    assert_eq!(told, expected.map(|(event, id)| (event.to_owned(), id)));

    let list = asked(&mut agent, json!({"action": "list_watched"})).await;
    assert_eq!((&list["meta"]["total_count"], &list["result"][0]["customer"]["id"]), (&json!(1), &json!(ids[1])));
    assert_eq!(asked(&mut agent, json!({"action": "list_watched", "page": 2})).await["result"], json!([]));
    let others = asked(&mut OTHER_AGENT.connect(&server).await, json!({"action": "list_watched"})).await;
    assert_eq!(others["result"], json!([]));
    // Who is deleted and comes back is followed as before.
    asked(&mut writer, json!({"action": "destroy_customer", "type": "id", "content": ids[1]})).await;
    assert_eq!(asked(&mut agent, json!({"action": "list_watched"})).await["result"], json!([]));
    asked(&mut writer, json!({"action": "restore_customer", "id": ids[1]})).await;
    let list = asked(&mut agent, json!({"action": "list_watched"})).await;
    assert_eq!(list["result"][0]["customer"]["id"], json!(ids[1]));
    assert_eq!(agent.ask(watch("watch", 0)).await["code"], 2005);
    server.stop().await;
}

async fn who_is_watched_and_out_of_sight_is_not_told_of(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    let owned = |owner: &str, group: i64| json!({"serviceNo": owner, "servicegroupId": group});
    let id =
        create(&mut admin, json!({"custname": "沈知秋", "serviceNo": "trcs001", "servicegroupId": 1_054_001})).await;
    asked(&mut agent, json!({"action": "watch", "customerId": id})).await;
    asked(&mut admin, json!({"action": "put_rights", "role": "agent", "reach": "own"})).await;
    let mut follower = AGENT.connect(&server).await;
    follow(&mut follower, &["customers/watched"]).await;
    let give =
        |customer: Value| json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
    asked(&mut admin, give(owned("trcs008", 1_054_002))).await;
    assert_eq!(push(&mut follower).await["event"], "customer.left");
    touch(&mut admin, id, "望潮街 1 号").await;
    assert_eq!(asked(&mut agent, json!({"action": "list_watched"})).await["result"], json!([]));
    asked(&mut admin, give(owned("trcs001", 1_054_001))).await;
    assert_eq!(push(&mut follower).await["event"], "customer.assigned");
    server.stop().await;
}

fn view(id: i64) -> Value {
    json!({"action": "viewing", "customerId": id})
}

async fn who_has_a_customer_open_is_told(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut other) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let id = create(&mut agent, json!({"custname": "沈知秋"})).await;
    let (mut presence, mut one) = (SUPERVISOR.connect(&server).await, SUPERVISOR.connect(&server).await);
    follow(&mut presence, &["presence"]).await;
    follow(&mut one, &[&format!("customer/{id}")]).await;
    assert_eq!(asked(&mut agent, view(id)).await["viewers"], json!(["trcs001"]));
    // Once more is nothing new, from whichever socket.
    assert_eq!(asked(&mut agent, view(id)).await["viewers"], json!(["trcs001"]));
    asked(&mut AGENT.connect(&server).await, view(id)).await;
    assert_eq!(asked(&mut other, view(id)).await["viewers"], json!(["trcs001", "trcs008"]));
    let mut off = view(id);
    off["off"] = true.into();
    assert_eq!(asked(&mut other, off).await["viewers"], json!(["trcs001"]));
    for follower in [&mut presence, &mut one] {
        for (who, is_open) in [("trcs001", true), ("trcs008", true), ("trcs008", false)] {
            let told = push(follower).await;
            let told = (&told["event"], &told["customerId"], &told["agent"], &told["viewing"]);
            assert_eq!(told, (&json!("viewing"), &json!(id), &json!(who), &json!(is_open)));
        }
    }
    assert_eq!(agent.ask(view(0)).await["code"], 2005);
    for customer in 1..20 {
        asked(&mut agent, view(customer)).await;
    }
    let reply = agent.ask(view(30)).await;
    assert_eq!(reply["code"], 2000, "{reply}");
    server.stop().await;
}

async fn a_socket_that_ends_closes_what_was_open_on_it(engine: Engine) {
    let server = server(engine).await;
    let mut follower = SUPERVISOR.connect(&server).await;
    let (mut agent, mut second) = (AGENT.connect(&server).await, AGENT.connect(&server).await);
    follow(&mut follower, &["presence"]).await;
    for client in [&mut agent, &mut second] {
        asked(client, view(1)).await;
    }
    assert_eq!(push(&mut follower).await["viewing"], true);
    drop(agent);
    // He has it open on another socket still; that one is signed out.
    asked(&mut second, view(2)).await;
    let told = push(&mut follower).await;
    assert_eq!((&told["customerId"], &told["viewing"]), (&json!(2), &json!(true)));
    asked(&mut second, json!({"action": "logout"})).await;
    let mut closed = Vec::new();
    for _ in 0..2 {
        let told = push(&mut follower).await;
        assert_eq!((&told["viewing"], &told["agent"]), (&json!(false), &json!("trcs001")));
        closed.push(told["customerId"].as_i64().unwrap());
    }
    closed.sort_unstable();
    assert_eq!(closed, [1, 2]);
    server.stop().await;
}

async fn what_is_not_said_again_is_over_on_all_servers(engine: Engine) {
    let demo = backend(engine, 0).await;
    let (agent, other) = (demo.caller(MAIN, Some("trcs001")).await, demo.caller(MAIN, Some("trcs008")).await);
    let second = Backend::new(demo.place.open().await, demo.time.clock(), &Config::default());
    let here = demo.context(&agent).await.unwrap();
    let mut there = second.context(&other).await.unwrap();
    there.socket = Some(7);
    viewing::view(&here, 1, Viewing::On).await.unwrap();
    demo.time.set(NOW + 30 * SECOND);
    assert_eq!(viewing::view(&there, 1, Viewing::On).await.unwrap(), ["trcs001", "trcs008"]);
    viewing::view(&here, 1, Viewing::On).await.unwrap();
    demo.time.set(NOW + 89 * SECOND);
    assert_eq!(viewing::expire(&demo).await.unwrap(), Some(NOW + 90 * SECOND));
    assert_eq!(events(&demo, "viewing").await.len(), 2);
    demo.time.set(NOW + 90 * SECOND);
    // The server on which it was open has died; the other one tells, once.
    assert_eq!(viewing::expire(&demo).await.unwrap(), None);
    assert_eq!(viewing::expire(&second).await.unwrap(), None);
    let told = events(&demo, "viewing").await;
    let told: Vec<(&Value, &Value)> = told.iter().map(|(_, body)| (&body["agent"], &body["viewing"])).collect();
    let (first, last) = (json!("trcs001"), json!("trcs008"));
    let (on, off) = (json!(true), json!(false));
    assert_eq!(told, [(&first, &on), (&last, &on), (&first, &off), (&last, &off)]);
}
