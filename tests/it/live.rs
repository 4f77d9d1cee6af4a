//! What happens is told as it happens: in order, once, and to those who may see it.

mod model;

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::join_all;
use laidian::config::{AuthMode, Config};
use laidian::dialects;
use laidian::domain::event::UPDATED;
use laidian::live::{self, Follower, Pushed, Since, Topic};
use laidian::ops::clock::Clock;
use laidian::ops::events::{self, Position};
use laidian::ops::{Backend, Caller, Cx};
use laidian::server::Server;
use laidian::store::Tx;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::signed::{ADMIN, AGENT, MASKED_AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, server, server_with};
use crate::support::{Demo, Engine, MAIN, SHOP, TestServer, backend};

both_engines! {
    a_change_is_told_to_who_follows_it,
    who_comes_back_is_told_what_he_missed_once,
    topics_that_overlap_tell_once,
    who_cannot_be_told_is_told_to_read_anew,
    numbers_are_hidden_from_who_may_not_see_them,
    a_customer_out_of_sight_has_left,
    a_right_that_is_taken_away_ends_it,
    what_is_old_is_forgotten,
    what_is_forgotten_before_it_is_told_is_no_gap,
    what_was_read_goes_on_with_what_is_told,
    who_does_not_read_keeps_nobody_waiting,
    many_who_come_at_once_read_once,
    a_socket_has_so_many_topics,
    nothing_is_told_to_who_is_not_he_any_more,
    another_server_on_the_database_tells,
}

/// The next push; replies are ignored.
async fn push(client: &mut Client) -> Value {
    loop {
        let frame = client.receive().await.expect("the server closed the socket");
        if frame.get("event").is_some() {
            return frame;
        }
    }
}

/// All that is pushed up to this event.
async fn pushes(client: &mut Client, through: i64) -> Vec<Value> {
    let mut told = Vec::new();
    while told.last().is_none_or(|last: &Value| last["seq"].as_i64().unwrap() < through) {
        told.push(push(client).await);
    }
    told
}

async fn subscribe(client: &mut Client, topics: &[&str], since: Option<&Value>) -> Value {
    let mut frame = json!({"action": "subscribe", "topics": topics, "callbackId": 77});
    if let Some(since) = since {
        frame["since"] = json!({"epoch": since["epoch"], "seq": since["seq"]});
    }
    let reply = client.ask(frame).await;
    assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(1000), &json!(77)), "{reply}");
    reply["result"].clone()
}

/// Creates a customer and returns its id.
async fn create(client: &mut Client, customer: Value) -> i64 {
    let reply = client.ask(json!({"action": "create_customer", "customer": customer})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    reply["customer"]["id"].as_i64().unwrap()
}

async fn change(client: &mut Client, id: i64, customer: Value) {
    let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": customer});
    let reply = client.ask(frame).await;
    assert_eq!(reply["code"], 1000, "{reply}");
}

async fn a_change_is_told_to_who_follows_it(engine: Engine) {
    let server = server(engine).await;
    let (mut writer, mut follower) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    assert_eq!((&started["replayed"], &started["reload"]), (&json!(0), &json!(false)));

    let id = create(&mut writer, json!({"custname": "沈知秋", "cellphones": ["13900112233"]})).await;
    let told = push(&mut follower).await;
    assert_eq!(told["event"], "customer.created");
    assert_eq!(
        (&told["customerId"], &told["companyId"], &told["actor"]),
        (&json!(id), &json!(MAIN), &json!("trcs001"))
    );
    assert_eq!((&told["epoch"], told["seq"].as_i64()), (&started["epoch"], started["seq"].as_i64().map(|seq| seq + 1)));
    assert_eq!(told["changes"]["custname"], json!([null, "沈知秋"]));
    assert_eq!(told["changes"]["cellphones"], json!([null, "13900112233"]));
    assert!(told.get("action").is_none() && told.get("callbackId").is_none(), "{told}");

    change(&mut writer, id, json!({"companyName": "听雨茶舍"})).await;
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["version"]), (&json!("customer.updated"), &json!(2)));
    assert_eq!(told["changes"], json!({"companyName": [null, "听雨茶舍"]}));

    let follow_up = json!({"action": "create_follow_up", "type": "id", "content": id, "text": "约下周回电"});
    assert_eq!(writer.ask(follow_up).await["code"], 1000);
    let (added, counted) = (push(&mut follower).await, push(&mut follower).await);
    assert_eq!((&added["event"], &added["feedType"]), (&json!("feed.added"), &json!("CustomerFollowUp")));
    assert_eq!(counted["changes"]["followNum"], json!([null, "1"]));

    let assigned = json!({"serviceNo": "trcs008", "servicegroupId": 1});
    let reply =
        writer.ask(json!({"action": "update_customer", "type": "id", "content": id, "customer": assigned})).await;
    if reply["code"] == 1000 {
        assert_eq!(push(&mut follower).await["event"], "customer.assigned");
    }
    let reply = SUPERVISOR.connect(&server).await;
    let mut supervisor = reply;
    let reply = supervisor.ask(json!({"action": "destroy_customer", "type": "id", "content": id})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], told.get("changes")), (&json!("customer.deleted"), None));
    assert_eq!(supervisor.ask(json!({"action": "restore_customer", "id": id})).await["code"], 1000);
    assert_eq!(push(&mut follower).await["event"], "customer.restored");

    let setting = json!({"action": "put_task", "id": 71, "name": "春季回访"});
    assert_eq!(ADMIN.connect(&server).await.ask(setting).await["code"], 1000);
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["set"]), (&json!("dictionary.changed"), &json!("task")));

    let reply = follower.ask(json!({"action": "unsubscribe"})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    change(&mut writer, id, json!({"companyName": "听雨书屋"})).await;
    let reply = follower.ask_and(json!({"action": "ping"}), |push| panic!("{push}")).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    server.stop().await;
}

async fn who_comes_back_is_told_what_he_missed_once(engine: Engine) {
    let server = server(engine).await;
    let mut writer = AGENT.connect(&server).await;
    let mut follower = OTHER_AGENT.connect(&server).await;
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    let id = create(&mut writer, json!({"custname": "沈知秋"})).await;
    let seen = push(&mut follower).await;
    drop(follower);
    // More than fits on a page of the history.
    for number in 0..300 {
        change(&mut writer, id, json!({"companyName": format!("茶舍{number}")})).await;
    }
    let mut back = OTHER_AGENT.connect(&server).await;
    let again = subscribe(&mut back, &["customers/all"], Some(&seen)).await;
    assert_eq!((&again["replayed"], &again["reload"]), (&json!(300), &json!(false)));
    let told = pushes(&mut back, again["seq"].as_i64().unwrap()).await;
    let seqs: Vec<i64> = told.iter().map(|push| push["seq"].as_i64().unwrap()).collect();
    let first = seen["seq"].as_i64().unwrap() + 1;
    assert_eq!(seqs, (first..first + 300).collect::<Vec<_>>());
    // From the very beginning, too.
    let mut late = OTHER_AGENT.connect(&server).await;
    let again = subscribe(&mut late, &["customers/all"], Some(&started)).await;
    assert_eq!(again["replayed"], 301);
    let told = pushes(&mut late, again["seq"].as_i64().unwrap()).await;
    assert_eq!(told.len(), 301);
    server.stop().await;
}

async fn topics_that_overlap_tell_once(engine: Engine) {
    let server = server(engine).await;
    let mut writer = AGENT.connect(&server).await;
    let id = create(&mut writer, json!({"custname": "沈知秋"})).await;
    let mut follower = AGENT.connect(&server).await;
    let one = format!("customer/{id}");
    let started = subscribe(&mut follower, &[&one, "customers/mine"], None).await;
    for number in 0..10 {
        change(&mut writer, id, json!({"companyName": format!("茶舍{number}")})).await;
    }
    let seq = started["seq"].as_i64().unwrap();
    assert_eq!(pushes(&mut follower, seq + 10).await.len(), 10);
    let other = create(&mut writer, json!({"custname": "陆行舟"})).await;
    // What the first topic has told is not told again by the second, which begins further back.
    let again = subscribe(&mut follower, &["customers/all"], Some(&started)).await;
    assert_eq!(again["replayed"], 11);
    let told = push(&mut follower).await;
    assert_eq!((&told["customerId"], &told["seq"]), (&json!(other), &json!(seq + 11)));
    change(&mut writer, id, json!({"address": "望潮街 7 号"})).await;
    assert_eq!(push(&mut follower).await["seq"], json!(seq + 12));
    let reply = follower.ask_and(json!({"action": "ping"}), |push| panic!("{push}")).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    server.stop().await;
}

async fn who_cannot_be_told_is_told_to_read_anew(engine: Engine) {
    let server = server_with(engine, |config| config.live.replay_events = 3).await;
    let mut writer = AGENT.connect(&server).await;
    let mut follower = AGENT.connect(&server).await;
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    for number in 0..4 {
        create(&mut writer, json!({"custname": format!("沈知秋{number}")})).await;
    }
    let seq = started["seq"].as_i64().unwrap();
    let (epoch, mut last) = (&started["epoch"], seq + 4);
    for since in [
        json!({"epoch": "another", "seq": last}),
        json!({"epoch": epoch, "seq": last + 100}),
        json!({"epoch": epoch, "seq": -1}),
        // More than the settings let be told again.
        json!({"epoch": epoch, "seq": seq}),
    ] {
        let mut back = AGENT.connect(&server).await;
        let again = subscribe(&mut back, &["customers/all"], Some(&since)).await;
        let told = (&again["reload"], &again["replayed"], &again["seq"], &again["epoch"]);
        assert_eq!(told, (&json!(true), &json!(0), &json!(last), epoch), "{since}");
        let id = create(&mut writer, json!({"custname": "陆行舟"})).await;
        last += 1;
        let told = push(&mut back).await;
        assert_eq!((&told["customerId"], &told["seq"]), (&json!(id), &json!(last)));
        // From there on nothing is missing.
        let again = subscribe(&mut back, &["customers/all"], Some(&json!({"epoch": epoch, "seq": last - 1}))).await;
        assert_eq!((&again["reload"], &again["replayed"]), (&json!(false), &json!(1)));
        assert_eq!(push(&mut back).await["seq"], last);
    }
    server.stop().await;
}

async fn numbers_are_hidden_from_who_may_not_see_them(engine: Engine) {
    let server = server(engine).await;
    let mut writer = OTHER_ADMIN.connect(&server).await;
    let mut masked = MASKED_AGENT.connect(&server).await;
    let mut seeing = OTHER_ADMIN.connect(&server).await;
    for follower in [&mut masked, &mut seeing] {
        subscribe(follower, &["customers/all"], None).await;
    }
    let groups = MASKED_AGENT.connect(&server).await.ask(MASKED_AGENT.login()).await["groups"].clone();
    let number = "13900112277";
    let customer = json!({"custname": format!("沈知秋 {number}"), "cellphones": [number], "address": "139 0011 2277 转 1",
        "serviceNo": "TRCS004", "servicegroupId": groups[0]});
    create(&mut writer, customer).await;
    let told = push(&mut masked).await;
    assert_eq!(told["event"], "customer.created", "{told}");
    let digits: String = told.to_string().chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains(number) && !digits.contains("00112277"), "{told}");
    assert_eq!(told["changes"]["cellphones"], json!([null, "139****2277"]));
    assert_eq!(push(&mut seeing).await["changes"]["cellphones"], json!([null, number]));
    server.stop().await;
}

async fn put_rights(server: &TestServer, rights: Value) {
    let mut frame = json!({"action": "put_rights", "role": "agent"});
    frame.as_object_mut().unwrap().extend(rights.as_object().cloned().unwrap());
    let reply = ADMIN.connect(server).await.ask(frame).await;
    assert_eq!(reply["code"], 1000, "{reply}");
}

async fn a_customer_out_of_sight_has_left(engine: Engine) {
    let server = server(engine).await;
    put_rights(&server, json!({"reach": "own"})).await;
    let mut writer = SUPERVISOR.connect(&server).await;
    let groups = AGENT.connect(&server).await.ask(AGENT.login()).await["groups"].clone();
    let mine = json!({"custname": "沈知秋", "serviceNo": "trcs001", "servicegroupId": groups[0]});
    let (mut follower, mut other) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    subscribe(&mut follower, &["customers/all"], None).await;
    subscribe(&mut other, &["customers/all"], None).await;
    let id = create(&mut writer, mine).await;
    assert_eq!(push(&mut follower).await["event"], "customer.created");
    let group = OTHER_AGENT.connect(&server).await.ask(OTHER_AGENT.login()).await["groups"][0].clone();
    change(&mut writer, id, json!({"serviceNo": "trcs008", "servicegroupId": group, "address": "望潮街 7 号"})).await;
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["customerId"]), (&json!("customer.left"), &json!(id)));
    assert!(told.get("changes").is_none() && told.get("version").is_none(), "{told}");
    // The other one sees it from now on, and was told nothing before.
    let told = push(&mut other).await;
    assert_eq!((&told["event"], &told["customerId"]), (&json!("customer.assigned"), &json!(id)));
    change(&mut writer, id, json!({"address": "望潮街 8 号"})).await;
    assert_eq!(push(&mut other).await["event"], "customer.updated");
    let next =
        create(&mut writer, json!({"custname": "陆行舟", "serviceNo": "trcs001", "servicegroupId": groups[0]})).await;
    assert_eq!(push(&mut follower).await["customerId"], next, "nothing of the one that has left");
    server.stop().await;
}

async fn a_right_that_is_taken_away_ends_it(engine: Engine) {
    let server = server(engine).await;
    let mut writer = SUPERVISOR.connect(&server).await;
    let mut follower = AGENT.connect(&server).await;
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    create(&mut writer, json!({"custname": "沈知秋", "cellphones": ["13900112288"]})).await;
    assert_eq!(push(&mut follower).await["changes"]["cellphones"], json!([null, "13900112288"]));
    put_rights(&server, json!({"reach": "own", "phones": "masked"})).await;
    assert_eq!(push(&mut follower).await["event"], "dictionary.changed");
    create(&mut writer, json!({"custname": "陆行舟", "cellphones": ["13900112299"]})).await;
    let groups = AGENT.connect(&server).await.ask(AGENT.login()).await["groups"].clone();
    let mine =
        json!({"custname": "顾清", "cellphones": ["13900112266"], "serviceNo": "trcs001", "servicegroupId": groups[0]});
    let id = create(&mut writer, mine).await;
    let told = push(&mut follower).await;
    assert_eq!((&told["customerId"], &told["changes"]["cellphones"]), (&json!(id), &json!([null, "139****2266"])));
    // What he missed is told by the rights of now, too.
    let mut back = AGENT.connect(&server).await;
    let again = subscribe(&mut back, &["customers/all"], Some(&started)).await;
    let told = pushes(&mut back, again["seq"].as_i64().unwrap()).await;
    let events: Vec<&str> = told.iter().map(|push| push["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["dictionary.changed", "customer.created"], "{told:?}");
    server.stop().await;
}

async fn what_is_old_is_forgotten(engine: Engine) {
    let server = server_with(engine, |config| config.live.keep_events = 600).await;
    let mut follower = AGENT.connect(&server).await;
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    let caller = Caller::system(MAIN);
    let cx = server.backend().context(&caller).await.unwrap();
    // The server forgets by itself, too, and nothing that has not been told.
    for _ in 0..4 {
        let last = invent(&cx, 300).await;
        assert_eq!(pushes(&mut follower, last).await.len(), 300);
    }
    events::forget(server.backend()).await.unwrap();
    let span = cx.scope.event_span().await.unwrap().unwrap();
    assert!(span.last - span.oldest + 1 >= 600 && span.last - span.oldest < 1100, "{span:?}");
    let mut back = AGENT.connect(&server).await;
    assert_eq!(subscribe(&mut back, &["customers/all"], Some(&started)).await["reload"], true);
    let near = json!({"epoch": started["epoch"], "seq": span.oldest - 1});
    let again = subscribe(&mut back, &["customers/all"], Some(&near)).await;
    assert_eq!((&again["reload"], &again["replayed"]), (&json!(false), &json!(span.last - span.oldest + 1)));
    assert_eq!(pushes(&mut back, span.last).await.len(), usize::try_from(span.last - span.oldest + 1).unwrap());
    server.stop().await;
}

async fn what_is_forgotten_before_it_is_told_is_no_gap(engine: Engine) {
    let server = server(engine).await;
    let mut follower = AGENT.connect(&server).await;
    subscribe(&mut follower, &["customers/all"], None).await;
    let caller = Caller::system(MAIN);
    let cx = server.backend().context(&caller).await.unwrap();
    let first = invent(&cx, 3).await;
    assert_eq!(pushes(&mut follower, first).await.len(), 3);
    let mut tx = cx.scope.write().await.unwrap();
    let last = put_events(&mut tx, cx.now, 20).await;
    tx.forget_events(last - 10).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(follower.closed().await.0, 4012);
    server.stop().await;
}

async fn what_was_read_goes_on_with_what_is_told(engine: Engine) {
    let server = server(engine).await;
    let (mut writer, mut reader) = (AGENT.connect(&server).await, AGENT.connect(&server).await);
    let id = create(&mut writer, json!({"custname": "沈知秋"})).await;
    let get = json!({"action": "get_customer", "type": "id", "content": id, "withSeq": true});
    let list = json!({"action": "list_customers", "withSeq": "true"});
    for ask in [get, list] {
        let read = reader.ask(ask).await;
        assert!(read["seq"].is_i64() && read["epoch"].is_string(), "{read}");
        change(&mut writer, id, json!({"address": format!("望潮街 {} 号", read["seq"])})).await;
        let mut follower = AGENT.connect(&server).await;
        let started = subscribe(&mut follower, &[&format!("customer/{id}")], Some(&read)).await;
        assert_eq!((&started["replayed"], &started["reload"]), (&json!(1), &json!(false)));
        assert_eq!(push(&mut follower).await["seq"].as_i64(), read["seq"].as_i64().map(|seq| seq + 1));
    }
    let plain = reader.ask(json!({"action": "get_customer", "type": "id", "content": id})).await;
    assert!(plain.get("seq").is_none() && plain.get("epoch").is_none(), "{plain}");
    server.stop().await;
}

/// Stores so many events behind those that there are; returns the number of the last.
async fn invent(cx: &Cx<'_>, events: i64) -> i64 {
    let mut tx = cx.scope.write().await.unwrap();
    let last = put_events(&mut tx, cx.now, events).await;
    tx.commit().await.unwrap();
    last
}

async fn put_events(tx: &mut Tx, now: i64, events: i64) -> i64 {
    let last = tx.count(0, 0, 0, 0, 0, 0, events).await.unwrap().unwrap().last_event;
    for id in last - events + 1..=last {
        tx.insert_event(id, now, UPDATED, 1, "trcs001", r#"{"version":1,"is":{},"was":{}}"#).await.unwrap();
    }
    last
}

async fn follow(demo: &Demo, caller: &Caller, missed: i64) -> Follower {
    let cx = demo.context(caller).await.unwrap();
    let Position { epoch, seq, .. } = events::position(&cx).await.unwrap();
    let since = Since { epoch, seq: seq - missed };
    let (started, begun) = live::subscribe(&cx, vec![Topic::All], Some(since)).await.unwrap();
    assert_eq!(started.replayed, missed);
    Follower::new(demo.backend.clone(), Arc::new(caller.clone()), begun, dialects::calls::open_pops)
}

/// A socket whose client does not read has begun to read a page for it, and polls nothing more. Others need the page, too,
/// and the connection.
async fn who_does_not_read_keeps_nobody_waiting(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, Some("trcs001")).await;
    invent(&demo.context(&caller).await.unwrap(), 3000).await;
    let mut stalled = Vec::new();
    for _ in 0..10 {
        let mut follower = follow(&demo, &caller, 2900).await;
        let begun = poll_fn(|cx| Poll::Ready(follower.poll_next(cx).is_pending())).await;
        stalled.push((follower, begun));
    }
    // The embedded engine may have read it already.
    assert!(stalled[0].1 || engine == Engine::Sqlite, "the page is read before anybody has asked");
    let mut other = follow(&demo, &caller, 2900).await;
    let told = async {
        for _ in 0..2900 {
            assert!(matches!(poll_fn(|cx| other.poll_next(cx)).await, Pushed::Frame(_)));
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("one who does not read keeps the others waiting");
    // Nor are look-ups.
    demo.context(&caller).await.unwrap().scope.customer(1).await.unwrap();
}

async fn many_who_come_at_once_read_once(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let last = invent(&cx, 300).await;
    let histories = join_all((0..200).map(|_| cx.scope.history())).await;
    let first = histories[0].as_ref().unwrap();
    assert_eq!(first.last(), last);
    assert!(histories.iter().all(|history| Arc::ptr_eq(history.as_ref().unwrap(), first)));
}

async fn a_socket_has_so_many_topics(engine: Engine) {
    let server = server(engine).await;
    let (mut writer, mut follower) = (AGENT.connect(&server).await, AGENT.connect(&server).await);
    let id = create(&mut writer, json!({"custname": "沈知秋"})).await;
    let topics = |ids: std::ops::Range<i64>| ids.map(|id| format!("customer/{id}")).collect::<Vec<_>>();
    let mut more = topics(1000..1099);
    more.push(format!("customer/{id}"));
    let frame = json!({"action": "subscribe", "topics": more, "callbackId": 1});
    assert_eq!(follower.ask(frame.clone()).await["code"], 1000);
    for topics in [topics(2000..2001), topics(2000..2101)] {
        let reply = follower.ask(json!({"action": "subscribe", "topics": topics, "callbackId": 2})).await;
        assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(2000), &json!(2)), "{reply}");
        assert!(reply["detail"].as_str().unwrap().contains("100"), "{reply}");
    }
    // Those that it has may be asked for again, and are told all the while.
    assert_eq!(follower.ask(frame).await["code"], 1000);
    change(&mut writer, id, json!({"address": "望潮街 7 号"})).await;
    assert_eq!(push(&mut follower).await["customerId"], id);
    server.stop().await;
}

async fn nothing_is_told_to_who_is_not_he_any_more(engine: Engine) {
    let server = server(engine).await;
    let mut writer = SUPERVISOR.connect(&server).await;
    let mut follower = AGENT.connect(&server).await;
    subscribe(&mut follower, &["customers/all"], None).await;
    // One frame behind the other: the first is answered when the socket is nobody's.
    follower.send(json!({"action": "subscribe", "topics": ["customers/all"]}).to_string()).await;
    follower.send(json!({"action": "logout"}).to_string()).await;
    for _ in 0..2 {
        assert_eq!(follower.receive().await.unwrap()["code"], 1000);
    }
    create(&mut writer, json!({"custname": "沈知秋"})).await;
    let told = |push: Value| panic!("{push}");
    assert_eq!(follower.ask_and(OTHER_AGENT.login(), told).await["code"], 1000);
    create(&mut writer, json!({"custname": "陆行舟"})).await;
    assert_eq!(follower.ask_and(json!({"action": "ping"}), told).await["code"], 1000);
    // Who is disabled is not told to come back.
    subscribe(&mut follower, &["customers/all"], None).await;
    let disable = json!({"action": "disable_operator", "staffNo": "trcs008"});
    let reply = ADMIN.connect(&server).await.ask(disable).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    assert_eq!(follower.closed().await.0, 4003);
    server.stop().await;
}

/// In open mode each frame says who sends it.
#[tokio::test(flavor = "multi_thread")]
async fn who_asked_last_is_told() {
    let server = server_with(Engine::Sqlite, |config| config.auth.mode = AuthMode::Open).await;
    let mut client = crate::signed::connect(&server).await;
    let as_one = |company: i64, login_no: &str, mut frame: Value| {
        frame["companyId"] = company.into();
        frame["operator"] = login_no.into();
        frame
    };
    let subscribe = json!({"action": "subscribe", "topics": ["customers/all"]});
    for (company, login_no) in [(MAIN, "trcs001"), (SHOP, "admin1001")] {
        assert_eq!(client.ask(as_one(company, login_no, subscribe.clone())).await["code"], 1000);
    }
    let mut writer = crate::signed::connect(&server).await;
    let new = json!({"action": "create_customer", "customer": {"custname": "沈知秋"}});
    for (company, login_no) in [(MAIN, "trcs001"), (SHOP, "admin1001")] {
        assert_eq!(writer.ask(as_one(company, login_no, new.clone())).await["code"], 1000);
    }
    assert_eq!(push(&mut client).await["companyId"], SHOP);
    server.stop().await;
}

/// A second laidian on the database of the first.
pub async fn beside(server: &TestServer) -> Server {
    let mut config = Config::default();
    config.unlimited_rates(|_| false);
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let store = server.place().open().await;
    let backend = Backend::new(store, Clock::system(), &config);
    Server::start(config, backend).await.unwrap()
}

async fn another_server_on_the_database_tells(engine: Engine) {
    let server = server(engine).await;
    let other = beside(&server).await;
    let mut follower = AGENT.connect(&server).await;
    let started = subscribe(&mut follower, &["customers/all"], None).await;
    let mut writer = Client::connect(&format!("ws://{}/ws", other.address())).await;
    assert_eq!(writer.ask(AGENT.login()).await["code"], 1000);
    let id = create(&mut writer, json!({"custname": "沈知秋"})).await;
    for number in 0..50 {
        change(&mut writer, id, json!({"companyName": format!("茶舍{number}")})).await;
    }
    let told = pushes(&mut follower, started["seq"].as_i64().unwrap() + 51).await;
    assert_eq!(told.len(), 51);
    // One that follows there goes on here.
    let mut there = Client::connect(&format!("ws://{}/ws", other.address())).await;
    assert_eq!(there.ask(AGENT.login()).await["code"], 1000);
    let again = subscribe(&mut there, &["customers/all"], Some(&started)).await;
    assert_eq!(again["replayed"], 51);
    other.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_has_no_route() {
    for action in ["subscribe", "unsubscribe"] {
        assert!(dialects::rows().find(|row| row.action == action).unwrap().routes.is_empty());
    }
}
