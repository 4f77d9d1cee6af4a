//! What a company's admin adjusts takes hold at once: rights, roles, passwords, credentials.

mod sign_ins;

use laidian::dialects::{self, Access};
use laidian::domain::role::Role;
use laidian::ops::Cx;
use laidian::ops::company::setup;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, http};
use crate::signed::{ADMIN, AGENT, APP, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, Who, server};
use crate::support::{Engine, MAIN, TestServer, backend};

both_engines! {
    an_action_is_taken_and_given_back,
    export_is_taken_and_given_back,
    reach_decides_which_customers_are_counted,
    what_is_for_admins_stays_with_them,
    of_two_admins_one_stays,
}

/// Sends a frame that must be carried out.
async fn done(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{frame}: {reply}");
    reply
}

async fn code(client: &mut Client, frame: Value) -> Value {
    client.ask(frame).await["code"].clone()
}

/// Adjusts the rights of agents; what is not said stays.
async fn put_rights(admin: &mut Client, mut rights: Value) {
    rights["action"] = "put_rights".into();
    rights["role"] = "agent".into();
    done(admin, rights).await;
}

fn destroy(id: i64) -> Value {
    json!({"action": "destroy_customer", "type": "id", "content": id})
}

async fn by_http(who: Who, server: &TestServer, action: &str, parameters: Value) -> i64 {
    let route = dialects::rows().find(|row| row.action == action).unwrap().routes[0];
    who.call(server, route, &parameters).await.0
}

/// Two admins who disable each other at the same time.
async fn of_two_admins_one_stays(engine: Engine) {
    let demo = backend(engine, 0).await;
    let system = demo.caller(MAIN, None).await;
    let disabled = |login_no: &str, disabled| setup::Change::Disabled {
        login_no: login_no.into(),
        disabled,
        last: setup::LastAdmin::Stays,
    };
    let make = async |cx: &Cx<'_>, change| setup::make(cx, vec![change]).await.map(|_| ());
    let cx = demo.context(&system).await.unwrap();
    make(
        &cx,
        setup::Change::Operator {
            login_no: "second".into(),
            name: Some("第二".into()),
            role: Some(Role::Admin),
            groups: None,
            mobile: None,
            last: setup::LastAdmin::Stays,
        },
    )
    .await
    .unwrap();
    for _ in 0..5 {
        let admins = [demo.caller(MAIN, Some("admin1054")).await, demo.caller(MAIN, Some("second")).await];
        let (one, other) = (demo.context(&admins[0]).await.unwrap(), demo.context(&admins[1]).await.unwrap());
        let (second_gone, first_gone) =
            tokio::join!(make(&one, disabled("second", true)), make(&other, disabled("admin1054", true)));
        assert!(second_gone.is_ok() != first_gone.is_ok(), "{second_gone:?} {first_gone:?}");
        let refused = second_gone.err().or(first_gone.err()).unwrap();
        assert!(refused.detail().unwrap().contains("last admin"), "{refused}");
        for login_no in ["admin1054", "second"] {
            make(&cx, disabled(login_no, false)).await.unwrap();
        }
    }
}

async fn an_action_is_taken_and_given_back(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let (mut agent, mut supervisor) = (AGENT.connect(&server).await, SUPERVISOR.connect(&server).await);
    done(&mut agent, destroy(30)).await;

    put_rights(&mut admin, json!({"actions": {"destroy_customer": false}})).await;
    let refused = agent.ask(destroy(31)).await;
    assert_eq!(refused["code"], 2403);
    assert!(refused["detail"].as_str().unwrap().contains("destroy_customer"), "{refused}");
    assert_eq!(code(&mut OTHER_AGENT.connect(&server).await, destroy(31)).await, 2403);
    assert_eq!(by_http(AGENT, &server, "destroy_customer", json!({"type": "id", "content": 31})).await, 2403);
    // Other actions, other roles and apps are not meant.
    done(&mut agent, json!({"action": "get_customer", "type": "id", "content": 31})).await;
    done(&mut supervisor, destroy(31)).await;
    assert_eq!(by_http(APP, &server, "destroy_customer", json!({"type": "id", "content": 32})).await, 1000);
    done(&mut admin, destroy(33)).await;

    let taken = json!({"role": "supervisor", "actions": {"get_customer": false}, "action": "put_rights"});
    done(&mut admin, taken).await;
    let get = json!({"action": "get_customer", "type": "id", "content": 34});
    assert_eq!(code(&mut supervisor, get.clone()).await, 2403);
    done(&mut agent, get).await;

    for given in [
        json!({"actions": {"destroy_customer": true}}),
        json!({"actions": {"destroy_customer": null}}),
        json!({"actions": null}),
    ] {
        put_rights(&mut admin, json!({"actions": {"destroy_customer": false}})).await;
        assert_eq!(code(&mut agent, destroy(34)).await, 2403);
        put_rights(&mut admin, given).await;
        assert_eq!(code(&mut agent, destroy(999)).await, 2005, "given back: nobody is looked for and not found");
    }
    done(&mut agent, destroy(34)).await;
    server.stop().await;
}

async fn export_is_taken_and_given_back(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    let export = json!({"action": "export_customers", "format": "csv"});
    for allowed in [true, false, true] {
        let address = done(&mut admin, export.clone()).await["url"].clone();
        put_rights(&mut admin, json!({"export": true})).await;
        let agents_address = done(&mut agent, export.clone()).await["url"].clone();
        put_rights(&mut admin, json!({"export": allowed})).await;
        let expected = if allowed { 1000 } else { 2403 };
        assert_eq!(code(&mut agent, export.clone()).await, expected);
        assert_eq!(by_http(AGENT, &server, "export_customers", json!({"format": "csv"})).await, expected);
        assert_eq!(by_http(SUPERVISOR, &server, "export_customers", json!({"format": "csv"})).await, 1000);
        // An address from before is worth as much as a new one.
        assert_eq!(fetch(&server, &agents_address).await, if allowed { 200 } else { 403 });
        assert_eq!(fetch(&server, &address).await, 200);
    }
    server.stop().await;
}

/// The status of the answer to who asks for a file.
async fn fetch(server: &TestServer, address: &Value) -> u16 {
    let request = format!("GET {}", address.as_str().unwrap());
    let answer = http(TcpStream::connect(server.address()).await.unwrap(), &request).await;
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

async fn reach_decides_which_customers_are_counted(engine: Engine) {
    let server = server(engine).await;
    let mut raw = server.place().connect().await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let mut both_groups = AGENT.connect(&server).await;
    let mut ids = Vec::new();
    for (reach, condition) in [("own", "owner_key = 'trcs008'"), ("group", "group_id = 1054002"), ("company", "1 = 1")]
    {
        let sql = format!("select cast(id as text) from customer where company_id = {MAIN} and {condition}");
        let expected = raw.texts(&sql).await;
        put_rights(&mut admin, json!({"reach": reach, "export": true})).await;
        let list = done(&mut agent, json!({"action": "list_customers"})).await;
        assert_eq!(list["meta"]["total_count"], expected.len(), "{reach}");
        let export = done(&mut agent, json!({"action": "export_customers", "format": "jsonl"})).await;
        let request = format!("GET {}", export["url"].as_str().unwrap());
        let file = http(TcpStream::connect(server.address()).await.unwrap(), &request).await;
        assert_eq!(file.matches("\"custname\"").count(), expected.len(), "{reach}");
        ids.push(expected);
    }
    let [own, group, company] = ids.try_into().unwrap();
    assert!(!own.is_empty() && own.len() < group.len() && group.len() < company.len(), "the demo shows no difference");

    // Who is beyond his reach is not found by anything, and cannot be moved or deleted.
    put_rights(&mut admin, json!({"reach": "own"})).await;
    let beyond: i64 = group.iter().find(|id| !own.contains(id)).unwrap().parse().unwrap();
    for (action, more) in [
        ("get_customer", json!({})),
        ("feeds", json!({"feed_type": "All"})),
        ("reveal_phone", json!({})),
        ("update_customer", json!({"customer": {"address": "新地址"}})),
        ("destroy_customer", json!({})),
    ] {
        let mut frame = json!({"action": action, "type": "id", "content": beyond});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(code(&mut agent, frame).await, 2005, "{action}");
    }
    put_rights(&mut admin, json!({"reach": "group"})).await;
    done(&mut agent, json!({"action": "get_customer", "type": "id", "content": beyond})).await;
    let list = done(&mut both_groups, json!({"action": "list_customers"})).await;
    assert_eq!(list["meta"]["total_count"], company.len(), "all customers are of his two groups");
    drop(raw);
    server.stop().await;
}

async fn what_is_for_admins_stays_with_them(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let rights =
        async |admin: &mut Client| done(admin, json!({"action": "show_company"})).await["result"]["rights"].clone();
    let before = rights(&mut admin).await;
    let fixed: Vec<_> = dialects::rows().filter(|row| matches!(row.access, Access::Admin | Access::Anybody)).collect();
    assert!(fixed.len() > 10);
    for row in fixed {
        for role in ["agent", "supervisor"] {
            for allowed in [true, false] {
                let frame = json!({"action": "put_rights", "role": role, "actions": {row.action: allowed}});
                assert_eq!(code(&mut admin, frame.clone()).await, 2000, "{frame}");
            }
        }
    }
    for (frame, expected) in [
        (json!({"role": "agent", "actions": {"destroy_customers": false}}), 2404),
        (json!({"role": "agent", "actions": {"get_customer": true, "put_app": true}}), 2000),
        (json!({"role": "admin", "export": false}), 2000),
        (json!({"role": "admin"}), 2000),
        (json!({"role": "owner"}), 2000),
        (json!({"role": "agent", "reach": "everything"}), 2000),
    ] {
        let mut frame = frame;
        frame["action"] = "put_rights".into();
        assert_eq!(code(&mut admin, frame.clone()).await, expected, "{frame}");
    }
    assert_eq!(rights(&mut admin).await, before, "what was refused has changed nothing");

    // Whatever is written into the database: what is for admins cannot be given.
    let mut raw = server.place().connect().await;
    raw.execute(r#"update role_rights set rights = '{"actions":{"show_company":true,"put_app":true}}'"#).await;
    server.backend().catalogues.forget(MAIN);
    let mut agent = AGENT.connect(&server).await;
    assert_eq!(code(&mut agent, json!({"action": "show_company"})).await, 2403);
    assert_eq!(code(&mut agent, json!({"action": "put_app", "id": "x", "name": "x"})).await, 2403);
    // One company's adjustments are its own.
    let other = done(&mut OTHER_ADMIN.connect(&server).await, json!({"action": "show_company"})).await;
    assert_eq!(other["result"]["id"], 1001);
    drop(raw);
    server.stop().await;
}
