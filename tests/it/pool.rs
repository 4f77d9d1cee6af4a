//! The public pool and assignments: who gets whom, and nobody twice.

use futures_util::future::join_all;
use laidian::ops::customer::{Changes, Patch, create, pool};
use serde_json::{Value, json};

use crate::client::Client;
use crate::invariants::check_invariants;
use crate::signed::{ADMIN, AGENT, OTHER_AGENT, SUPERVISOR, Who, server, server_with};
use crate::support::{Engine, MAIN, NOW, SECOND, TestServer, backend_with, update};

both_engines! {
    of_many_who_claim_at_once_one_wins,
    the_pool_of_a_group_is_its_own,
    an_agent_has_so_many_and_no_more,
    customers_are_assigned_one_by_one,
    all_of_a_leaver_go_in_one_call,
    nobody_is_kept_who_is_not_cared_for,
    views_are_ones_own_or_shared,
}

async fn new(client: &mut Client, customer: Value) -> i64 {
    let reply = client.ask(json!({"action": "create_customer", "customer": customer})).await;
    reply["customer"]["id"].as_i64().unwrap_or_else(|| panic!("{customer}: {reply}"))
}

async fn owner(server: &TestServer, id: i64) -> Value {
    let found = ADMIN.connect(server).await.ask(json!({"action": "get_customer", "type": "id", "content": id})).await;
    found["result"][0]["serviceNo"].clone()
}

async fn of_many_who_claim_at_once_one_wins(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let id = new(&mut admin, json!({"custname": "公海", "servicegroupId": 1_054_002})).await;
    let claims = (0..50).map(|number| {
        let who = [AGENT, OTHER_AGENT, SUPERVISOR][number % 3];
        let server = &server;
        async move {
            let reply = who.connect(server).await.ask(json!({"action": "claim_customer", "customerId": id})).await;
            (who, reply["code"].as_i64().unwrap())
        }
    });
    let answers: Vec<(Who, i64)> = join_all(claims).await;
    let mut winners: Vec<String> =
        answers.iter().filter(|(_, code)| *code == 1000).map(|(who, _)| who.to_string()).collect();
    winners.sort();
    winners.dedup();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(_, code)| [1000, 2431].contains(code)), "{answers:?}");
    let owner = owner(&server, id).await;
    assert!(winners[0].contains(owner.as_str().unwrap()), "{winners:?} {owner}");
    check_invariants(server.place(), &server.place().open().await.company(MAIN)).await;
    server.stop().await;
}

/// Who sees his own customers only sees the pool of his groups, and nothing else of others.
async fn the_pool_of_a_group_is_its_own(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let rights = json!({"action": "put_rights", "role": "agent", "reach": "own"});
    assert_eq!(admin.ask(rights).await["code"], 1000);
    let of_first = new(&mut admin, json!({"custname": "一部公海", "servicegroupId": 1_054_001})).await;
    let of_second = new(&mut admin, json!({"custname": "二部公海", "servicegroupId": 1_054_002})).await;
    let of_none = new(&mut admin, json!({"custname": "无部门公海"})).await;
    let mut other = OTHER_AGENT.connect(&server).await;
    let pool = json!({"action": "list_customers", "where": {"unassigned": true, "custname": {"contains": "公海"}}});
    let ids = |reply: Value| -> Vec<i64> {
        reply["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(other.ask(pool.clone()).await), [of_none, of_second]);
    assert_eq!(ids(admin.ask(pool.clone()).await), [of_none, of_second, of_first]);
    // To be asked for among others, or the other way round, is no pool.
    for condition in [json!({"any": [{"unassigned": true}]}), json!({"not": {"unassigned": false}}), json!({})] {
        let list = json!({"action": "list_customers", "query": "公海", "where": condition});
        assert_eq!(ids(other.ask(list).await), [0_i64; 0], "{condition}");
    }
    for (id, code) in [(of_first, 2005), (of_second, 1000), (of_none, 1000), (of_second, 1000), (999_999, 2005)] {
        let reply = other.ask(json!({"action": "claim_customer", "customerId": id})).await;
        assert_eq!(reply["code"], code, "{id}: {reply}");
    }
    assert_eq!(owner(&server, of_none).await, "trcs008");
    assert_eq!(ids(other.ask(pool).await), [0_i64; 0]);
    // His own he gives back; those of others he does not even see.
    let release = json!({"action": "release_customers", "customerIds": [of_second, of_first, of_none]});
    let done = other.ask(release).await;
    assert_eq!(done["result"]["changed"], json!([of_second, of_none]), "{done}");
    assert_eq!(done["result"]["failed"][0]["code"], 2005, "{done}");
    assert_eq!(owner(&server, of_second).await, Value::Null);
    server.stop().await;
}

async fn an_agent_has_so_many_and_no_more(engine: Engine) {
    let server = server_with(engine, |config| config.pool.customers_per_agent = 1000).await;
    let mut admin = ADMIN.connect(&server).await;
    let own = json!({"action": "list_customers", "where": {"serviceNo": "trcs008"}});
    let own = admin.ask(own).await["meta"]["total_count"].as_i64().unwrap();
    server.stop().await;
    let most = u32::try_from(own + 2).unwrap();
    let server = server_with(engine, |config| config.pool.customers_per_agent = most).await;
    let mut admin = ADMIN.connect(&server).await;
    let mut agent = OTHER_AGENT.connect(&server).await;
    for code in [1000, 1000, 2432] {
        let id = new(&mut admin, json!({"custname": "公海"})).await;
        let reply = agent.ask(json!({"action": "claim_customer", "customerId": id})).await;
        assert_eq!(reply["code"], code, "{reply}");
    }
    server.stop().await;
}

async fn customers_are_assigned_one_by_one(engine: Engine) {
    let server = server(engine).await;
    let mut client = SUPERVISOR.connect(&server).await;
    let first = new(&mut client, json!({"custname": "分配甲", "servicegroupId": 1_054_001})).await;
    let second = new(&mut client, json!({"custname": "分配乙"})).await;
    let assign = json!({"action": "assign_customers", "customerIds": [first, second, 999_999], "serviceNo": "TRCS001",
        "requestId": "assign"});
    let done = client.ask(assign.clone()).await;
    assert_eq!(done["result"]["changed"], json!([first, second]), "{done}");
    assert_eq!(done["result"]["failed"][0]["customerId"], 999_999);
    assert_eq!(client.ask(assign.clone()).await["result"], done["result"], "the same request again");
    let found = client.ask(json!({"action": "get_customer", "type": "id", "content": first})).await;
    let customer = &found["result"][0];
    assert_eq!((&customer["serviceNo"], &customer["servicegroupId"]), (&json!("trcs001"), &json!(1_054_001)));
    assert!(customer["assignTime"].is_string(), "{customer}");
    // By a condition; who is so already is told.
    let by_name =
        json!({"action": "assign_customers", "where": {"custname": {"contains": "分配"}}, "serviceNo": "trcs008"});
    assert_eq!(client.ask(by_name.clone()).await["result"]["changed"], json!([first, second]));
    assert_eq!(client.ask(by_name).await["result"]["unchanged"], json!([first, second]));
    // The group alone must be one of the owner's.
    let group = json!({"action": "assign_customers", "customerIds": [first], "servicegroupId": 1_054_001});
    let refused = client.ask(group).await;
    assert!(refused["result"]["failed"][0]["detail"].as_str().unwrap().contains("servicegroupId"), "{refused}");
    for wrong in [
        json!({"customerIds": [first]}),
        json!({"serviceNo": "trcs001"}),
        json!({"where": {}, "serviceNo": "trcs001"}),
        json!({"customerIds": [], "serviceNo": "trcs001"}),
        json!({"customerIds": [first], "from": "trcs001", "serviceNo": "trcs001"}),
        json!({"customerIds": [first], "serviceNo": "nobody"}),
        json!({"customerIds": [first], "serviceNo": "trcs008", "servicegroupId": 1_054_001}),
        json!({"customerIds": [first], "servicegroupId": 7}),
        json!({"from": "nobody", "serviceNo": "trcs001"}),
    ] {
        let mut frame = wrong.clone();
        frame["action"] = "assign_customers".into();
        assert_eq!(client.ask(frame).await["code"], 2000, "{wrong}");
    }
    server.stop().await;
}

async fn all_of_a_leaver_go_in_one_call(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let of = |login_no: &str| json!({"action": "list_customers", "where": {"serviceNo": login_no}});
    let count = |reply: Value| reply["meta"]["total_count"].as_i64().unwrap();
    for number in 0..120 {
        let customer =
            json!({"custname": format!("离职{number}"), "serviceNo": "trcs008", "servicegroupId": 1_054_002});
        new(&mut admin, customer).await;
    }
    let (leaving, staying) = (count(admin.ask(of("trcs008")).await), count(admin.ask(of("trcs001")).await));
    assert_eq!(admin.ask(json!({"action": "disable_operator", "staffNo": "trcs008"})).await["code"], 1000);
    let assign = json!({"action": "assign_customers", "from": "trcs008", "serviceNo": "trcs001"});
    let done = admin.ask(assign).await;
    assert_eq!(done["result"]["changed"].as_array().unwrap().len() as i64, leaving, "{done}");
    assert_eq!(done["result"]["more"], false);
    assert_eq!(count(admin.ask(of("trcs008")).await), 0);
    assert_eq!(count(admin.ask(of("trcs001")).await), leaving + staying);
    check_invariants(server.place(), &server.place().open().await.company(MAIN)).await;
    server.stop().await;
}

async fn nobody_is_kept_who_is_not_cared_for(engine: Engine) {
    const DAY: i64 = 24 * 60 * 60 * SECOND;
    let demo = backend_with(engine, 0, |config| config.pool.take_back_days = 30).await;
    let caller = demo.caller(MAIN, Some("trcs001")).await;
    let cx = demo.context(&caller).await.unwrap();
    let mut ids = Vec::new();
    for name in ["无人联系", "跟进过", "刚转来"] {
        let changes = Changes {
            name: Patch::Set(name.into()),
            owner: Patch::Set("trcs001".into()),
            group: Patch::Set(1_054_001),
            ..Changes::default()
        };
        ids.push(create(&cx, changes).await.unwrap().id);
    }
    let owners = async || {
        let mut owners = Vec::new();
        for id in &ids {
            owners.push(cx.scope.customer(*id).await.unwrap().unwrap().owner_no.is_some());
        }
        owners
    };
    demo.time.set(NOW + 20 * DAY);
    let mut tx = cx.scope.write().await.unwrap();
    let feed = tx.count(0, 0, 0, 0, 0, 1, 0).await.unwrap().unwrap().last_feed;
    tx.insert_call(feed, ids[1], NOW + 20 * DAY, "呼出", "接通", 60).await.unwrap();
    tx.commit().await.unwrap();
    let changes = Changes { owner: Patch::Set("trcs009".into()), group: Patch::Set(1_054_001), ..Changes::default() };
    update(&cx, ids[2], changes).await.unwrap();
    demo.time.set(NOW + 29 * DAY);
    pool::take_back(&demo.backend).await.unwrap();
    assert_eq!(owners().await, [true, true, true]);
    demo.time.set(NOW + 31 * DAY);
    pool::take_back(&demo.backend).await.unwrap();
    assert_eq!(owners().await, [false, true, true]);
    let row = cx.scope.customer(ids[0]).await.unwrap().unwrap();
    assert_eq!((row.updated_by.as_str(), row.group_id), ("系统", Some(1_054_001)));
    demo.time.set(NOW + 51 * DAY);
    pool::take_back(&demo.backend).await.unwrap();
    assert_eq!(owners().await, [false, false, false]);
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}

async fn views_are_ones_own_or_shared(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut other) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let mut supervisor = SUPERVISOR.connect(&server).await;
    let save = |name: &str, more: Value| {
        let mut frame =
            json!({"action": "save_view", "name": name, "where": {"serviceNo": "trcs001"}, "sort": "name:desc"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    let own = agent.ask(save("我的", json!({}))).await["view"]["id"].as_i64().unwrap();
    assert_eq!(agent.ask(save("我的", json!({}))).await["view"]["id"], own, "the same name is the same view");
    assert_eq!(agent.ask(save("大家的", json!({"shared": true}))).await["code"], 2403);
    let shared = supervisor.ask(save("大家的", json!({"shared": true}))).await["view"]["id"].as_i64().unwrap();
    let names = |reply: Value| -> Vec<String> {
        reply["result"].as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(agent.ask(json!({"action": "list_views"})).await), ["我的", "大家的"]);
    assert_eq!(names(other.ask(json!({"action": "list_views"})).await), ["大家的"]);
    // It is used as what it holds, and narrowed further.
    let by_view = agent.ask(json!({"action": "list_customers", "view": own})).await;
    let by_hand = json!({"action": "list_customers", "where": {"serviceNo": "trcs001"}, "sort": "name:desc"});
    assert_eq!(by_view["result"], agent.ask(by_hand).await["result"]);
    let both = json!({"action": "list_customers", "view": shared, "where": {"unassigned": true}});
    assert_eq!(other.ask(both).await["meta"]["total_count"], 0);
    assert_eq!(other.ask(json!({"action": "list_customers", "view": own})).await["code"], 2000);
    for (frame, code) in [
        (json!({"action": "delete_view", "id": own}), 2000),
        (json!({"action": "delete_view", "id": shared}), 2403),
        (save("改名", json!({"id": own})), 2000),
        (save("改名", json!({"id": shared})), 2403),
        (save("错", json!({"where": {"nothing": 1}})), 2000),
        (save("错", json!({"sort": "nothing"})), 2000),
        (save(" ", json!({})), 2000),
    ] {
        assert_eq!(other.ask(frame.clone()).await["code"], code, "{frame}");
    }
    assert_eq!(agent.ask(save("改名", json!({"id": own}))).await["view"]["name"], "改名");
    assert_eq!(agent.ask(json!({"action": "delete_view", "id": own})).await["code"], 1000);
    assert_eq!(supervisor.ask(json!({"action": "delete_view", "id": shared})).await["code"], 1000);
    assert!(names(agent.ask(json!({"action": "list_views"})).await).is_empty());
    server.stop().await;
}
