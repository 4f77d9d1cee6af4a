//! Calls: who rings is shown, what was reported is kept, and what nobody tells of ends by itself.

use std::collections::BTreeSet;

use laidian::dialects::Operation;
use laidian::error::Error;
use laidian::ops::Caller;
use laidian::ops::calls::due;
use laidian::protocol::callback_id::CallbackId;
use laidian::protocol::envelope::Door;
use serde_json::{Value, json};

use crate::client::Client;
use crate::live::beside;
use crate::signed::{AGENT, APP, MASKED_AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, Who, server, server_with};
use crate::support::{Demo, Engine, MAIN, NOW, SECOND, TestServer, backend};

both_engines! {
    who_rings_is_shown_with_what_was_said_last,
    who_comes_back_is_shown_who_rings,
    what_rings_at_a_colleague_shows_nothing,
    a_queue_that_rings_on_is_one_call,
    a_hundred_reports_at_once_are_one_call,
    what_nobody_tells_the_end_of_ends_by_itself,
    what_an_agent_does_next_ends_his_call,
    a_number_that_is_reported_is_a_try,
    calls_are_added_up,
    a_telephone_redeems_a_number_once,
    a_telephone_system_signs_its_reports,
    another_server_shows_who_rings,
    what_is_written_of_a_call_is_written_whole,
    who_is_shown_no_number_makes_a_customer_of_a_call,
}

async fn ask(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{frame}: {reply}");
    reply
}

/// The next push of this kind.
async fn push(client: &mut Client, event: &str) -> Value {
    loop {
        let frame = client.receive().await.expect("the server closed the socket");
        if frame["event"] == event {
            return frame;
        }
    }
}

/// A socket of this one that is told of calls.
async fn follow(server: &TestServer, who: Who) -> Client {
    let mut client = who.connect(server).await;
    ask(&mut client, json!({"action": "subscribe", "topics": ["calls"]})).await;
    client
}

fn report(event: &str, id: &str, agent: &str) -> Value {
    json!({"action": "report_call", "event": event, "callId": id, "agent": agent})
}

fn ring(id: &str, agent: &str, caller: &str) -> Value {
    let mut frame = report("ringing", id, agent);
    frame["caller"] = caller.into();
    frame
}

async fn create(client: &mut Client, customer: Value) -> i64 {
    ask(client, json!({"action": "create_customer", "customer": customer})).await["customer"]["id"].as_i64().unwrap()
}

/// Carries a frame out as the company's own system user, by the clock of the test.
pub async fn run(demo: &Demo, frame: Value) -> Value {
    run_as(demo, &demo.caller(MAIN, None).await, frame).await
}

/// The same for somebody else.
pub async fn run_as(demo: &Demo, caller: &Caller, frame: Value) -> Value {
    carried_out(demo, caller, &frame).await.map_err(|error| format!("{frame}: {error}")).unwrap()
}

/// What a frame is refused with.
pub async fn refused(demo: &Demo, caller: &Caller, frame: Value) -> String {
    carried_out(demo, caller, &frame).await.expect_err("it was carried out").to_string()
}

async fn carried_out(demo: &Demo, caller: &Caller, frame: &Value) -> Result<Value, Error> {
    let cx = demo.backend.context(caller).await.unwrap();
    let operation = Operation::parse(frame["action"].as_str().unwrap()).unwrap();
    let mut reply = Vec::new();
    let mut body = frame.clone();
    body.as_object_mut().unwrap().remove("action");
    let id = CallbackId::default();
    operation.run(cx, &body.to_string(), Door::Socket(&id), &mut reply).await?;
    Ok(serde_json::from_slice(&reply).unwrap())
}

async fn who_rings_is_shown_with_what_was_said_last(engine: Engine) {
    let server = server(engine).await;
    let mut app = APP.connect(&server).await;
    let (mut agent, mut other) = (follow(&server, AGENT).await, follow(&server, OTHER_AGENT).await);
    let mut supervisor = SUPERVISOR.connect(&server).await;
    let id = create(&mut supervisor, json!({"custname": "沈知秋", "cellphones": ["13900112233"]})).await;
    let said = json!({"action": "create_follow_up", "type": "id", "content": id, "text": "约下周回电"});
    ask(&mut supervisor, said).await;

    ask(&mut app, ring("c-1", "TRCS001", "tel:+86-139-0011-2233")).await;
    let pop = push(&mut agent, "screen_pop").await;
    assert_eq!((&pop["callId"], &pop["state"], &pop["companyId"]), (&json!("c-1"), &json!("ringing"), &json!(MAIN)));
    assert_eq!((&pop["matches"][0]["id"], &pop["matchedBy"]), (&json!(id), &json!("e164")));
    assert_eq!(pop["lastFeeds"][0]["FollowUpContent"], "约下周回电");
    assert!(pop.get("action").is_none() && pop.get("callbackId").is_none(), "{pop}");
    // He is shown it once; the other agent is told that it rings, and is shown nothing.
    let ringing = push(&mut agent, "call.ringing").await;
    assert_eq!((&ringing["agent"], &ringing["callId"]), (&json!("trcs001"), &json!("c-1")));
    let next = other.receive().await.unwrap();
    assert_eq!(next["event"], "call.ringing", "{next}");

    // The same report once more shows nothing.
    assert_eq!(ask(&mut app, ring("c-1", "trcs001", "13900112233")).await["changed"], false);
    ask(&mut app, ring("c-2", "trcs001", "sip:unavailable@198.51.100.7")).await;
    let pop = push(&mut agent, "screen_pop").await;
    assert_eq!((&pop["callId"], &pop["withheld"], &pop["matches"]), (&json!("c-2"), &json!(true), &json!([])));
    ask(&mut app, ring("c-3", "trcs001", "13900112299")).await;
    let pop = push(&mut agent, "screen_pop").await;
    assert_eq!(pop["newCustomer"], json!({"cellphones": [{"content": "13900112299"}]}));
    server.stop().await;
}

async fn who_comes_back_is_shown_who_rings(engine: Engine) {
    let server = server(engine).await;
    let mut app = APP.connect(&server).await;
    ask(&mut app, ring("c-1", "trcs001", "13900112233")).await;
    let mut agent = follow(&server, AGENT).await;
    let pop = push(&mut agent, "screen_pop").await;
    assert_eq!((&pop["callId"], &pop["state"]), (&json!("c-1"), &json!("ringing")));
    ask(&mut app, report("answered", "c-1", "trcs001")).await;
    let mut agent = follow(&server, AGENT).await;
    assert_eq!(push(&mut agent, "screen_pop").await["state"], "talking");
    ask(&mut app, report("ended", "c-1", "trcs001")).await;
    let mut agent = follow(&server, AGENT).await;
    ask(&mut app, ring("c-2", "trcs001", "13900112233")).await;
    assert_eq!(push(&mut agent, "screen_pop").await["callId"], "c-2", "the one that has ended is not shown");
    server.stop().await;
}

/// An agent who has called a colleague himself is on a call that nobody shows him, whatever rings elsewhere.
async fn what_rings_at_a_colleague_shows_nothing(engine: Engine) {
    let server = server(engine).await;
    let mut app = APP.connect(&server).await;
    let mut agent = follow(&server, AGENT).await;
    ask(&mut app, report("answered", "c-1", "trcs001")).await;
    ask(&mut app, ring("c-2", "trcs008", "13900112233")).await;
    assert_eq!(push(&mut agent, "call.ringing").await["callId"], "c-2");
    ask(&mut app, report("held", "c-1", "trcs001")).await;
    ask(&mut app, ring("c-3", "trcs001", "13900112233")).await;
    assert_eq!(push(&mut agent, "screen_pop").await["callId"], "c-3");
    server.stop().await;
}

async fn a_queue_that_rings_on_is_one_call(engine: Engine) {
    let server = server(engine).await;
    let (mut app, mut supervisor) = (APP.connect(&server).await, SUPERVISOR.connect(&server).await);
    let customer = json!({"custname": "沈知秋", "cellphones": ["13900112233"]});
    let id = create(&mut supervisor, customer).await;
    ask(&mut app, ring("c-1", "trcs001", "13900112233")).await;
    let ended = ask(&mut app, report("ended", "c-1", "trcs001")).await;
    assert_eq!((&ended["result"]["missed"], &ended["result"]["state"]), (&json!(true), &json!("ended")));
    let missed = json!({"action": "list_calls", "missed": true});
    assert_eq!(ask(&mut supervisor, missed.clone()).await["result"][0]["callBackBy"], "trcs001");

    // It rings at the next: nobody has missed it after all.
    ask(&mut app, ring("c-1", "trcs008", "13900112233")).await;
    assert_eq!(ask(&mut supervisor, missed.clone()).await["result"], json!([]));
    ask(&mut app, report("answered", "c-1", "trcs008")).await;
    let ended = ask(&mut app, report("ended", "c-1", "trcs008")).await["result"].clone();
    assert_eq!((&ended["missed"], ended["agents"].as_array().unwrap().len()), (&json!(false), 2));
    let feeds = json!({"action": "feeds", "feed_type": "CallLog", "type": "id", "content": id});
    let feeds = ask(&mut supervisor, feeds).await["feeds"].clone();
    assert_eq!((feeds.as_array().unwrap().len(), &feeds[0]["followUpContent"]), (1, &json!("已接通")));
    server.stop().await;
}

async fn a_hundred_reports_at_once_are_one_call(engine: Engine) {
    let server = server(engine).await;
    let mut supervisor = SUPERVISOR.connect(&server).await;
    create(&mut supervisor, json!({"custname": "沈知秋", "cellphones": ["13900112233"]})).await;
    let events = ["ringing", "answered", "ended", "held", "resumed"];
    let now = laidian::ops::clock::Clock::system().now() / SECOND;
    let reports = (0..100).map(|nth| {
        let server = &server;
        async move {
            let mut app = APP.connect(server).await;
            let mut frame = ring("c-1", "trcs001", "13900112233");
            frame["event"] = events[nth % events.len()].into();
            frame["at"] = (now - 60 + i64::try_from(nth % events.len()).unwrap()).to_string().into();
            ask(&mut app, frame).await;
        }
    });
    futures_util::future::join_all(reports).await;
    let calls = ask(&mut supervisor, json!({"action": "list_calls"})).await["result"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 1, "{calls}");
    assert_eq!((&calls[0]["state"], calls[0]["agents"].as_array().unwrap().len()), (&json!("ended"), 1), "{calls}");
    let feeds = json!({"action": "feeds", "feed_type": "CallLog", "type": "cellphone", "content": "13900112233"});
    let feeds = ask(&mut supervisor, feeds).await["feeds"].clone();
    assert_eq!(feeds.as_array().unwrap().len(), 1, "{feeds} of {calls}");
    server.stop().await;
}

async fn what_nobody_tells_the_end_of_ends_by_itself(engine: Engine) {
    let demo = backend(engine, 5).await;
    let mut now = NOW;
    let mut wait = |seconds: i64| {
        now += seconds * SECOND;
        demo.time.set(now);
    };
    run(&demo, json!({"action": "agent_state", "agent": "trcs001", "state": "free"})).await;
    run(&demo, ring("c-1", "trcs001", "13900112233")).await;
    run(&demo, report("answered", "c-1", "trcs001")).await;
    let state = || async { run(&demo, json!({"action": "agent_state", "agent": "trcs001"})).await["result"].clone() };
    assert_eq!(state().await["state"], "talking");
    wait(241 * 60);
    due::end(&demo.backend).await.unwrap();
    let call = run(&demo, json!({"action": "get_call", "callId": "c-1"})).await["result"].clone();
    assert_eq!((&call["state"], &call["agents"][0]["end"]), (&json!("ended"), &json!("lost")));
    assert_eq!(state().await["state"], "wrap-up");
    wait(31);
    due::end(&demo.backend).await.unwrap();
    assert_eq!(state().await["state"], "free");
    // His sockets are gone, and stay so.
    let gone = std::iter::once((MAIN, "trcs001".to_owned())).collect();
    due::notice(&demo.backend, &gone, &BTreeSet::new()).await.unwrap();
    let shown = state().await;
    assert_eq!((&shown["state"], &shown["lost"]), (&json!("free"), &json!(true)));
    // He is back in time, once.
    due::notice(&demo.backend, &BTreeSet::new(), &gone).await.unwrap();
    assert_eq!(state().await["lost"], false);
    due::notice(&demo.backend, &gone, &BTreeSet::new()).await.unwrap();
    wait(61);
    due::end(&demo.backend).await.unwrap();
    let shown = state().await;
    assert_eq!((&shown["state"], &shown["lost"]), (&json!("offline"), &json!(false)));
    let history = run(&demo, json!({"action": "agent_history", "agent": "trcs001"})).await["result"].clone();
    let states: Vec<&str> = history.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"wrap-up") && states.contains(&"offline"), "{states:?}");
}

async fn what_an_agent_does_next_ends_his_call(engine: Engine) {
    let server = server(engine).await;
    let (mut app, mut agent) = (APP.connect(&server).await, AGENT.connect(&server).await);
    let get = |id: &str| json!({"action": "get_call", "callId": id});
    for id in ["c-1", "c-2"] {
        ask(&mut app, ring(id, "trcs001", "13900112233")).await;
        ask(&mut app, report("answered", id, "trcs001")).await;
    }
    assert_eq!(ask(&mut agent, get("c-1")).await["result"]["agents"][0]["end"], "lost");
    assert_eq!(ask(&mut agent, get("c-2")).await["result"]["state"], "talking");
    // One that is held goes on beside another.
    ask(&mut app, report("held", "c-2", "trcs001")).await;
    ask(&mut app, ring("c-3", "trcs001", "13900112244")).await;
    ask(&mut app, report("answered", "c-3", "trcs001")).await;
    assert_eq!(ask(&mut agent, get("c-2")).await["result"]["state"], "held");
    let free = ask(&mut agent, json!({"action": "agent_state", "state": "free"})).await;
    assert_eq!(free["result"]["state"], "free");
    for id in ["c-2", "c-3"] {
        assert_eq!(ask(&mut agent, get(id)).await["result"]["state"], "ended", "{id}");
    }
    server.stop().await;
}

async fn a_number_that_is_reported_is_a_try(engine: Engine) {
    let server = server_with(engine, |config| config.limits.masked_lookups_per_hour = 60).await;
    let mut agent = MASKED_AGENT.connect(&server).await;
    ask(&mut agent, json!({"action": "subscribe", "topics": ["calls"]})).await;
    let (mut refused, mut shown) = (0, 0);
    for nth in 0..100 {
        let frame =
            json!({"action": "call_ringing", "callId": format!("m-{nth}"), "caller": format!("1390011{nth:04}")});
        let reply = agent.ask_and(frame, |push| shown += usize::from(push["event"] == "screen_pop")).await;
        match reply["code"].as_i64().unwrap() {
            1000 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused > 30, "only {refused} were refused");
    assert!(shown + refused <= 100, "{shown} were shown, though {refused} were refused");
    server.stop().await;
}

async fn calls_are_added_up(engine: Engine) {
    let demo = backend(engine, 5).await;
    let mut now = NOW;
    for (id, agent, answered) in [("c-1", "trcs001", true), ("c-2", "trcs001", false), ("c-3", "trcs008", true)] {
        run(&demo, ring(id, agent, "13900112233")).await;
        if answered {
            run(&demo, report("answered", id, agent)).await;
        }
        now += 40 * SECOND;
        demo.time.set(now);
        run(&demo, report("ended", id, agent)).await;
        run(&demo, report("ended", id, agent)).await;
    }
    let (from, to) = (NOW / SECOND - 10_000, NOW / SECOND + 10_000);
    let asked = |by: &str| json!({"action": "reports", "from": from.to_string(), "to": to.to_string(), "by": by});
    let rows = run(&demo, asked("agent")).await["result"].clone();
    let of = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    let (one, two) = (of("trcs001"), of("trcs008"));
    assert_eq!((&one["offered"], &one["answered"], &one["missed"]), (&json!(2), &json!(1), &json!(1)), "{one}");
    assert_eq!((&one["talkSeconds"], &one["averageTalkSeconds"]), (&json!(40), &json!(40)));
    assert_eq!((&two["offered"], &two["answered"], &two["missed"]), (&json!(1), &json!(1), &json!(0)), "{two}");
    for by in ["day", "hour"] {
        let rows = run(&demo, asked(by)).await["result"].clone();
        let offered: i64 = rows.as_array().unwrap().iter().map(|row| row["offered"].as_i64().unwrap()).sum();
        assert_eq!(offered, 3, "{rows}");
    }
}

async fn a_telephone_redeems_a_number_once(engine: Engine) {
    let server = server(engine).await;
    let (mut app, mut supervisor) = (APP.connect(&server).await, SUPERVISOR.connect(&server).await);
    let id = create(&mut supervisor, json!({"custname": "沈知秋", "cellphones": ["13900112233"]})).await;
    let mut agent = follow(&server, AGENT).await;
    let mut other = follow(&server, OTHER_AGENT).await;
    ask(&mut agent, json!({"action": "dial", "customerId": id})).await;
    let dial = push(&mut agent, "call.dial").await;
    assert!(!dial.to_string().contains("13900112233"), "{dial}");
    let redeem = json!({"action": "redeem_dial", "token": dial["token"]});
    assert_eq!(supervisor.ask(redeem.clone()).await["code"], 2403);
    let redeemed = ask(&mut app, redeem.clone()).await["result"].clone();
    assert_eq!(redeemed, json!({"number": "13900112233", "agent": "trcs001", "customerId": id}));
    assert_eq!(app.ask(redeem).await["code"], 2000);
    // Nobody else is told the token.
    ask(&mut app, ring("c-1", "trcs008", "13900112299")).await;
    assert_eq!(other.receive().await.unwrap()["event"], "screen_pop");
    server.stop().await;
}

async fn a_telephone_system_signs_its_reports(engine: Engine) {
    let server = server(engine).await;
    let mut agent = follow(&server, AGENT).await;
    let frame = json!({"event": "ringing", "callId": "c-1", "agent": "trcs001", "caller": "13900112233"});
    let route = laidian::dialects::Route { method: "POST", path: "/open_api/calls" };
    for expected in [true, false] {
        let (code, answer) = APP.call(&server, route, &frame).await;
        assert_eq!(code, 1000, "{answer}");
        assert!(answer.contains(&format!("\"changed\":{expected}")), "{answer}");
    }
    assert_eq!(push(&mut agent, "screen_pop").await["callId"], "c-1");
    let unknown = json!({"event": "ringing", "callId": "c-2", "agent": "nobody"});
    assert_eq!(APP.call(&server, route, &unknown).await.0, 2000);
    server.stop().await;
}

async fn another_server_shows_who_rings(engine: Engine) {
    let server = server(engine).await;
    let other = beside(&server).await;
    let mut agent = follow(&server, AGENT).await;
    let mut app = Client::connect(&format!("ws://{}/ws", other.address())).await;
    ask(&mut app, APP.login()).await;
    ask(&mut app, ring("c-1", "trcs001", "13900112233")).await;
    let pop = push(&mut agent, "screen_pop").await;
    assert_eq!((&pop["callId"], &pop["state"]), (&json!("c-1"), &json!("ringing")));
    ask(&mut APP.connect(&server).await, ring("c-2", "trcs001", "13900112233")).await;
    assert_eq!(push(&mut agent, "screen_pop").await["callId"], "c-2");
    // Given to him by one at whom it has not rung.
    let mut given = report("transferred", "c-3", "trcs008");
    given["to"] = "trcs001".into();
    ask(&mut app, given).await;
    assert_eq!(push(&mut agent, "screen_pop").await["callId"], "c-3");
    other.stop().await;
    server.stop().await;
}

/// The call, its item of the history and the follow-up: all of it or nothing.
async fn what_is_written_of_a_call_is_written_whole(engine: Engine) {
    let server = server(engine).await;
    let (mut app, mut agent) = (APP.connect(&server).await, AGENT.connect(&server).await);
    let id = create(&mut agent, json!({"custname": "沈知秋", "cellphones": ["13900112233"]})).await;
    ask(&mut app, ring("c-1", "trcs001", "13900112233")).await;
    ask(&mut app, report("answered", "c-1", "trcs001")).await;
    ask(&mut app, report("ended", "c-1", "trcs001")).await;
    let get = json!({"action": "get_call", "callId": "c-1"});
    let before = ask(&mut agent, get.clone()).await["result"].clone();
    let feeds = json!({"action": "feeds", "feed_type": "All", "type": "id", "content": id});
    let items = ask(&mut agent, feeds.clone()).await["feeds"].clone();

    let mut complete = json!({"action": "complete_call", "callId": "c-1", "result": "有意向", "note": "下周回电",
        "dealFlag": "没有这个状态", "requestId": "r-1"});
    assert_ne!(agent.ask(complete.clone()).await["code"], 1000);
    assert_eq!(ask(&mut agent, get.clone()).await["result"], before, "the call is written, the follow-up is not");
    assert_eq!(ask(&mut agent, feeds.clone()).await["feeds"], items);

    complete["dealFlag"] = "了解产品".into();
    for _ in 0..2 {
        ask(&mut agent, complete.clone()).await;
    }
    assert_eq!(ask(&mut agent, get).await["result"]["note"], "下周回电");
    let items = ask(&mut agent, feeds).await["feeds"].clone();
    let of = |kind: &str| items.as_array().unwrap().iter().filter(|item| item["feed_type"] == kind).count();
    assert_eq!((of("CustomerFollowUp"), of("CallLog")), (1, 1), "{items}");
    server.stop().await;
}

/// A masked agent is never told who rang, and yet the customer has the number.
async fn who_is_shown_no_number_makes_a_customer_of_a_call(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut admin) = (MASKED_AGENT.connect(&server).await, OTHER_ADMIN.connect(&server).await);
    ask(&mut agent, json!({"action": "subscribe", "topics": ["calls", "customers/all"]})).await;
    let mut told = String::new();
    let number = "13900112299";
    let mut rung = ring("m-1", "TRCS004", number);
    ask(&mut admin, rung.clone()).await;
    let pop = push(&mut agent, "screen_pop").await;
    let shown = pop["newCustomer"].clone();
    assert_eq!(shown["cellphones"].as_array().unwrap().len(), 1, "{pop}");
    told += &pop.to_string();

    let mut customer = shown;
    customer["custname"] = "林小满".into();
    // What is masked is no number without the call.
    let create = json!({"action": "create_customer", "customer": customer, "requestId": "r-1"});
    let refused = agent.ask(create.clone()).await;
    assert_eq!(refused["code"], 2000, "{refused}");
    let mut create = create;
    create["callId"] = "m-1".into();
    let created = agent.ask_and(create.clone(), |push| told += &push.to_string()).await;
    assert_eq!(created["code"], 1000, "{created}");
    told += &created.to_string();
    let again = agent.ask_and(create.clone(), |push| told += &push.to_string()).await;
    assert_eq!(again["customer"]["id"], created["customer"]["id"]);
    assert!(!told.contains(number) && !told.contains("0112299"), "{told}");

    let get = json!({"action": "get_customer", "type": "cellphone", "content": number});
    let found = ask(&mut admin, get).await["result"].clone();
    assert_eq!((&found[0]["id"], found[0]["cellphones"].as_array().unwrap().len()), (&created["customer"]["id"], 1));
    // The call is its own, in its history once it has ended.
    ask(&mut admin, report("ended", "m-1", "TRCS004")).await;
    let calls = json!({"action": "list_calls", "customerId": found[0]["id"]});
    assert_eq!(ask(&mut admin, calls).await["result"][0]["callId"], "m-1");

    // There is no number in a call that withholds it, and none of a call that is another's.
    rung = json!({"action": "report_call", "event": "ringing", "callId": "m-2", "agent": "TRCS004", "caller": "anonymous"});
    ask(&mut admin, rung).await;
    ask(&mut admin, ring("m-3", "admin1001", "13900112288")).await;
    for (call, code) in [("m-2", 2000), ("m-3", 2005), ("m-4", 2005)] {
        let create = json!({"action": "create_customer", "callId": call, "customer": {"custname": "林小满"}});
        let refused = agent.ask(create).await;
        assert_eq!(refused["code"], code, "{call}: {refused}");
        assert!(!refused.to_string().contains("0112288"), "{refused}");
    }
    server.stop().await;
}
