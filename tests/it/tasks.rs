//! The agent's work: follow-ups and when to go on, reminders.

mod tickets;
mod watching;

use laidian::domain::identifier::Identifier;
use laidian::ops::Cx;
use laidian::ops::work::{due, follow_up, reminders};
use laidian::store::rows::EventRow;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::signed::{ADMIN, AGENT, MASKED_AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, server};
use crate::support::{Demo, Engine, MAIN, NOW, SECOND, backend};

both_engines! {
    a_follow_up_counts_and_says_when_to_go_on,
    a_reminder_is_told_once_at_its_time,
    a_reminder_is_told_to_whom_it_reminds,
    a_reminder_is_told_after_a_restart_and_by_one_server_of_two,
    reminders_are_ones_own_and_those_of_whom_one_answers_for,
    a_reminder_of_a_customer_out_of_sight_is_not_told,
    a_reminder_goes_into_the_bin_with_its_customer,
}

const HOUR: i64 = 3600 * SECOND;

/// The next push; replies are read over.
pub async fn push(client: &mut Client) -> Value {
    let next = async {
        loop {
            let frame = client.receive().await.expect("the server closed the socket");
            if frame.get("event").is_some() {
                return frame;
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.expect("nothing is pushed")
}

pub async fn asked(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{reply} for {frame}");
    reply
}

pub async fn follow(client: &mut Client, topics: &[&str]) {
    asked(client, json!({"action": "subscribe", "topics": topics})).await;
}

/// Creates a customer and returns its id.
pub async fn create(client: &mut Client, customer: Value) -> i64 {
    let reply = asked(client, json!({"action": "create_customer", "customer": customer})).await;
    reply["customer"]["id"].as_i64().unwrap()
}

async fn a_follow_up_counts_and_says_when_to_go_on(engine: Engine) {
    let server = server(engine).await;
    let mut agent = AGENT.connect(&server).await;
    let id = create(&mut agent, json!({"custname": "沈知秋", "dealFlag": "未处理"})).await;
    let add = json!({"action": "add_follow_up", "customerId": id, "content": "约下周回电", "dealFlag": "了解产品",
        "nextAt": "2099-01-05 09:00", "callId": "c-1", "requestId": "r1"});
    let done = asked(&mut agent, add.clone()).await;
    assert_eq!((&done["customerId"], &done["followNum"]), (&json!(id), &json!(1)));
    let reminder = done["reminderId"].as_i64().unwrap();
    assert_eq!(asked(&mut agent, add).await["id"], done["id"], "the same request is one follow-up");
    let get = json!({"action": "get_customer", "type": "id", "content": id});
    let customer = agent.ask(get.clone()).await["result"][0].clone();
    assert_eq!((&customer["followNum"], &customer["lastAccept"]), (&json!(1), &json!("c-1")));
    assert_eq!(customer["dealFlag"], "了解产品");
    assert!(customer["lastFlowTime"].is_string(), "{customer}");

    // A newer time takes the place of the one before; what he wants to be reminded of besides stays.
    let own = json!({"action": "put_reminder", "customerId": id, "at": "2099-01-04 09:00", "text": "寄样品"});
    let own = asked(&mut agent, own).await["reminder"]["id"].clone();
    let again = json!({"action": "create_follow_up", "type": "id", "content": id, "text": "改到周五",
        "nextAt": "2099-01-09 10:30"});
    let again = asked(&mut agent, again).await;
    assert_eq!((&again["reminderId"], &again["followNum"]), (&json!(reminder), &json!(2)));
    let list = asked(&mut agent, json!({"action": "list_reminders", "done": false})).await;
    let listed: Vec<_> = list["result"].as_array().unwrap().iter().map(|one| (&one["id"], &one["at"])).collect();
    assert_eq!(listed, [(&own, &json!("2099-01-04 09:00")), (&json!(reminder), &json!("2099-01-09 10:30"))]);
    assert_eq!(list["result"][1]["text"], "改到周五");
    assert_eq!(agent.ask(get).await["result"][0]["lastAccept"], format!("follow-up-{}", again["id"]));

    // Another's is his own; and once it is done, the next is a new one.
    let mut other = OTHER_AGENT.connect(&server).await;
    let add = json!({"action": "add_follow_up", "customerId": id, "content": "x", "nextAt": "2099-02-01"});
    let others = asked(&mut other, add.clone()).await["reminderId"].clone();
    assert_ne!(others, json!(reminder));
    asked(&mut agent, json!({"action": "complete_reminder", "reminderId": reminder})).await;
    let next = asked(&mut agent, add).await["reminderId"].clone();
    assert!(next != json!(reminder) && next != others);

    for (wrong, field) in [
        (json!({"content": "x"}), "customerId"),
        (json!({"customerId": "x", "content": "x"}), "customerId"),
        (json!({"customerId": id}), "content"),
        (json!({"customerId": id, "content": "x".repeat(2001)}), "content"),
        (json!({"customerId": id, "content": "x", "nextAt": "soon"}), "nextAt"),
        (json!({"customerId": id, "content": "x", "nextTime": "2099-01-01"}), "nextTime"),
    ] {
        let mut frame = wrong;
        frame["action"] = "add_follow_up".into();
        let reply = agent.ask(frame.clone()).await;
        assert_eq!(reply["code"], 2000, "{reply} for {frame}");
        assert!(reply["detail"].as_str().unwrap().contains(field), "{reply}");
    }
    server.stop().await;
}

/// The events of this kind of the main company.
async fn events(demo: &Demo, kind: &str) -> Vec<(EventRow, Value)> {
    let events = demo.store.company(MAIN).events_after(0, 1000).await.unwrap();
    let events = events.into_iter().filter(|event| event.kind == kind);
    events.map(|event| (event.clone(), serde_json::from_str(&event.body).unwrap())).collect()
}

async fn remind(cx: &Cx<'_>, customer: Option<i64>, at: i64, text: &str) -> i64 {
    reminders::put(cx, customer, at, text).await.unwrap().id
}

async fn a_reminder_is_told_once_at_its_time(engine: Engine) {
    let demo = backend(engine, 0).await;
    let agent = demo.caller(MAIN, Some("trcs001")).await;
    let cx = demo.context(&agent).await.unwrap();
    assert_eq!(due::tell(&demo).await.unwrap(), None);
    let later = remind(&cx, None, NOW + 2 * HOUR, "写周报").await;
    let first = remind(&cx, Some(1), NOW + HOUR, "回电").await;
    assert_eq!(due::tell(&demo).await.unwrap(), Some(NOW + HOUR));
    assert!(events(&demo, "reminder.due").await.is_empty());
    demo.time.set(NOW + HOUR);
    assert_eq!(due::tell(&demo).await.unwrap(), Some(NOW + 2 * HOUR));
    assert_eq!(due::tell(&demo).await.unwrap(), Some(NOW + 2 * HOUR));
    let told = events(&demo, "reminder.due").await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.customer_id, &told[0].1["onlyTo"]), (1, &json!("trcs001")));
    assert_eq!((&told[0].1["reminderId"], &told[0].1["text"]), (&json!(first), &json!("回电")));

    // What is put off is told again; what is done is not told.
    let again = follow_up::New { field: "text", text: "再约", flag: None, next_at: Some(NOW + 3 * HOUR), call: None };
    let next = follow_up::add(&cx, &Identifier::Id(1), again).await.unwrap().reminder.unwrap();
    reminders::complete(&cx, later).await.unwrap();
    demo.time.set(NOW + 4 * HOUR);
    assert_eq!(due::tell(&demo).await.unwrap(), None);
    let off = follow_up::New { field: "text", text: "又约", flag: None, next_at: Some(NOW + 5 * HOUR), call: None };
    assert_eq!(follow_up::add(&cx, &Identifier::Id(1), off).await.unwrap().reminder, Some(next));
    demo.time.set(NOW + 5 * HOUR);
    assert_eq!(due::tell(&demo).await.unwrap(), None);
    let told = events(&demo, "reminder.due").await;
    let ids: Vec<&Value> = told.iter().map(|(_, body)| &body["reminderId"]).collect();
    assert_eq!(ids, [&json!(first), &json!(next), &json!(next)]);
}

/// By the clock of the machine, to all of his sockets, and to nobody else's.
async fn a_reminder_is_told_to_whom_it_reminds(engine: Engine) {
    let server = server(engine).await;
    let mut agent = AGENT.connect(&server).await;
    let (mut first, mut second) = (AGENT.connect(&server).await, AGENT.connect(&server).await);
    let mut other = SUPERVISOR.connect(&server).await;
    let id = create(&mut agent, json!({"custname": "沈知秋"})).await;
    follow(&mut first, &["customers/mine"]).await;
    follow(&mut second, &["presence"]).await;
    follow(&mut other, &["customers/all", "calls", "presence", "tickets"]).await;
    let put = json!({"action": "put_reminder", "customerId": id, "at": "2026-01-01 09:00", "text": "回电"});
    let put = asked(&mut agent, put).await;
    for client in [&mut first, &mut second] {
        let told = push(client).await;
        assert_eq!((&told["event"], &told["customerId"]), (&json!("reminder.due"), &json!(id)), "{told}");
        assert_eq!((&told["reminderId"], &told["text"]), (&put["reminder"]["id"], &json!("回电")));
        assert_eq!(told["dueAt"], "2026-01-01 09:00");
        assert!(told.get("to").is_none(), "{told}");
    }
    asked(&mut agent, json!({"action": "add_follow_up", "customerId": id, "content": "已回电"})).await;
    assert_eq!(push(&mut other).await["event"], "feed.added");
    server.stop().await;
}

async fn a_reminder_is_told_after_a_restart_and_by_one_server_of_two(engine: Engine) {
    let demo = backend(engine, 0).await;
    let agent = demo.caller(MAIN, Some("trcs001")).await;
    let cx = demo.context(&agent).await.unwrap();
    for minute in 0..150 {
        remind(&cx, None, NOW + minute * 60 * SECOND, "回电").await;
    }
    // Others who have opened the same database, at a time that has come meanwhile.
    demo.time.set(NOW + 24 * HOUR);
    let config = laidian::config::Config::default();
    let other = || async { laidian::ops::Backend::new(demo.place.open().await, demo.time.clock(), &config) };
    let (second, third) = (other().await, other().await);
    let told = if engine == Engine::Postgres {
        tokio::join!(due::tell(&demo), due::tell(&second), due::tell(&third))
    } else {
        (due::tell(&second).await, due::tell(&demo).await, due::tell(&third).await)
    };
    assert_eq!((told.0.unwrap(), told.1.unwrap(), told.2.unwrap()), (None, None, None));
    let told = events(&demo, "reminder.due").await;
    let ids: Vec<i64> = told.iter().map(|(_, body)| body["reminderId"].as_i64().unwrap()).collect();
    let mut each = ids.clone();
    each.sort_unstable();
    each.dedup();
    assert_eq!((ids.len(), each.len()), (150, 150));
    let seqs: Vec<i64> = told.iter().map(|(event, _)| event.id).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "without gaps: {seqs:?}");
}

async fn reminders_are_ones_own_and_those_of_whom_one_answers_for(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut other) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let mut supervisor = SUPERVISOR.connect(&server).await;
    let put = |at: &str| json!({"action": "put_reminder", "at": at, "text": "写周报"});
    let mut own = Vec::new();
    for day in ["2099-03-01", "2099-03-02", "2099-03-03"] {
        own.push(asked(&mut agent, put(day)).await["reminder"]["id"].clone());
    }
    let others = asked(&mut other, put("2099-03-02 08:00")).await["reminder"]["id"].clone();
    let ids =
        |reply: &Value| reply["result"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let list = |more: Value| {
        let mut frame = json!({"action": "list_reminders"});
        frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        frame
    };
    assert_eq!(ids(&asked(&mut agent, list(json!({}))).await), own);
    let first = asked(&mut agent, list(json!({"pageSize": 2}))).await;
    assert_eq!(ids(&first), own[..2]);
    // What is put meanwhile moves nothing.
    asked(&mut agent, put("2099-02-01")).await;
    let rest = asked(&mut agent, list(json!({"pageSize": 2, "after": first["meta"]["after"]}))).await;
    assert_eq!((ids(&rest), &rest["meta"]["after"]), (own[2..].to_vec(), &Value::Null));
    let some = asked(&mut agent, list(json!({"from": "2099-03-01", "to": "2099-03-02"}))).await;
    assert_eq!(ids(&some), own[..1]);
    assert_eq!(agent.ask(list(json!({"staffNo": "trcs008"}))).await["code"], 2403);
    assert_eq!(agent.ask(list(json!({"pageSize": 101}))).await["code"], 206_211);
    for wrong in [json!({"done": "perhaps"}), json!({"after": "x"}), json!({"from": "x"})] {
        assert_eq!(agent.ask(list(wrong)).await["code"], 2000);
    }

    assert_eq!(ids(&asked(&mut supervisor, list(json!({"staffNo": "TRCS008"}))).await), std::slice::from_ref(&others));
    assert_eq!(ids(&asked(&mut supervisor, list(json!({"from": "2099-03-01"}))).await).len(), 4);
    let done = |id: &Value| json!({"action": "complete_reminder", "reminderId": id});
    assert_eq!(agent.ask(done(&others)).await["code"], 2005);
    assert_eq!(MASKED_AGENT.connect(&server).await.ask(done(&others)).await["code"], 2005);
    assert_eq!(asked(&mut supervisor, done(&others)).await["reminder"]["state"], "done");
    assert_eq!(asked(&mut other, done(&others)).await["reminder"]["state"], "done", "once more");
    assert_eq!(ids(&asked(&mut other, list(json!({"done": true}))).await), [others]);
    assert_eq!(ids(&asked(&mut other, list(json!({"done": false}))).await), Vec::<Value>::new());

    // A supervisor of one group answers for its operators.
    let mut admin = ADMIN.connect(&server).await;
    asked(&mut admin, json!({"action": "put_rights", "role": "supervisor", "reach": "group"})).await;
    let put = json!({"action": "put_operator", "staffNo": "trcs009", "groups": [1_054_001]});
    asked(&mut admin, put).await;
    assert_eq!(supervisor.ask(list(json!({"staffNo": "trcs008"}))).await["code"], 2403);
    assert_eq!(ids(&asked(&mut supervisor, list(json!({"from": "2099-03-01"}))).await), own);
    server.stop().await;
}

async fn a_reminder_of_a_customer_out_of_sight_is_not_told(engine: Engine) {
    let server = server(engine).await;
    let mut admin = OTHER_ADMIN.connect(&server).await;
    let mut agent = MASKED_AGENT.connect(&server).await;
    let number = "13900112299";
    let seen = json!({"custname": "沈知秋", "cellphones": [number], "serviceNo": "TRCS004", "servicegroupId": 1001});
    let id = create(&mut admin, seen).await;
    let mut follower = MASKED_AGENT.connect(&server).await;
    follow(&mut follower, &["customers/mine"]).await;
    // He sends back what he was shown, and the whole number is stored and masked for him.
    let put = |at: &str| json!({"action": "put_reminder", "customerId": id, "at": at, "text": "回电139****2299"});
    let put_now = asked(&mut agent, put("2026-01-01")).await;
    assert_eq!(put_now["reminder"]["text"], "回电139****2299");
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["text"]), (&json!("reminder.due"), &json!("回电139****2299")));
    let mine = json!({"action": "list_reminders", "staffNo": "TRCS004"});
    assert_eq!(asked(&mut admin, mine.clone()).await["result"][0]["text"], format!("回电{number}"));
    let away = json!({"action": "update_customer", "type": "id", "content": id,
        "customer": {"serviceNo": "TRCS099", "servicegroupId": 1001}});
    let another =
        json!({"action": "put_operator", "staffNo": "TRCS099", "name": "陆行舟", "role": "agent", "groups": [1001]});
    asked(&mut admin, another).await;
    asked(&mut admin, json!({"action": "put_rights", "role": "agent", "reach": "own"})).await;
    asked(&mut admin, away).await;
    assert_eq!(agent.ask(put("2099-01-01")).await["code"], 2005);
    assert_eq!(asked(&mut agent, mine).await["result"], json!([]));
    let done = json!({"action": "complete_reminder", "reminderId": put_now["reminder"]["id"]});
    assert_eq!(agent.ask(done).await["code"], 2005);
    server.stop().await;

    let demo = backend(engine, 0).await;
    let agent = demo.caller(MAIN, Some("trcs001")).await;
    let cx = demo.context(&agent).await.unwrap();
    remind(&cx, Some(1), NOW + HOUR, "回电").await;
    let mut raw = demo.place.connect().await;
    raw.execute("delete from role_rights where company_id = 1054 and role = 'agent'").await;
    raw.execute("insert into role_rights (company_id, role, rights) values (1054, 'agent', '{\"reach\":\"own\"}')")
        .await;
    raw.execute("update customer set owner_key = 'trcs008', owner_no = 'trcs008' where company_id = 1054 and id = 1")
        .await;
    let fresh =
        laidian::ops::Backend::new(demo.place.open().await, demo.time.clock(), &laidian::config::Config::default());
    demo.time.set(NOW + HOUR);
    assert_eq!(due::tell(&fresh).await.unwrap(), None);
    assert!(events(&demo, "reminder.due").await.is_empty());
}

async fn a_reminder_goes_into_the_bin_with_its_customer(engine: Engine) {
    let demo = backend(engine, 0).await;
    let supervisor = demo.caller(MAIN, Some("trcs009")).await;
    let cx = demo.context(&supervisor).await.unwrap();
    let id = remind(&cx, Some(1), NOW + HOUR, "回电").await;
    crate::support::destroy(&cx, 1).await.unwrap();
    demo.time.set(NOW + 2 * HOUR);
    assert_eq!(due::tell(&demo).await.unwrap(), None);
    laidian::ops::customer::recycle::restore(&cx, 1).await.unwrap();
    assert_eq!(due::tell(&demo).await.unwrap(), None);
    let told = events(&demo, "reminder.due").await;
    assert_eq!((told.len(), &told[0].1["reminderId"]), (1, &json!(id)));
}
