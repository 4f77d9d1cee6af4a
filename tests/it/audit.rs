//! The audit: what is written down of whom, who may read it, and how long it is kept.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use laidian::ops::access::audit;
use laidian::ops::access::identity::{self, Claim};
use laidian::ops::files::uploads;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::signed::{
    ADMIN, AGENT, APP, MASKED_AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, Who, connect, password, server, token,
};
use crate::support::{Engine, NOW, SECOND, TestServer, backend};

both_engines! {
    who_did_what_from_where,
    refusals_are_written_down,
    each_company_reads_its_own,
    supervisors_read_of_their_groups,
    pages_lead_through_all_lines,
    nothing_that_is_secret_is_written_down,
    old_lines_are_forgotten,
}

async fn done(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{frame}: {reply}");
    reply
}

/// The lines that an admin is shown.
async fn list(admin: &mut Client, mut wanted: Value) -> Vec<Value> {
    wanted["action"] = "list_audit".into();
    done(admin, wanted).await["result"].as_array().unwrap().clone()
}

/// Lists until this many lines are there: refusals are written beside their answers.
async fn list_all(admin: &mut Client, wanted: Value, count: usize) -> Vec<Value> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let lines = list(admin, wanted.clone()).await;
        if lines.len() >= count || tokio::time::Instant::now() > until {
            assert_eq!(lines.len(), count, "{wanted}: {lines:#?}");
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// The newest line of this kind and operator.
async fn newest(admin: &mut Client, kind: &str, staff_no: &str) -> Value {
    list(admin, json!({"kind": kind, "staffNo": staff_no})).await[0]["what"].clone()
}

async fn who_did_what_from_where(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    assert_eq!(newest(&mut admin, "sign_in", "trcs001").await, json!({"how": "password"}));
    done(&mut connect(&server).await, json!({"action": "login", "token": token(1054, "trcs001")})).await;
    assert_eq!(newest(&mut admin, "sign_in", "TRCS001").await, json!({"how": "token"}));
    APP.connect(&server).await;
    assert_eq!(newest(&mut admin, "sign_in", "2020158").await, json!({"how": "app", "credential": "2020158"}));
    let mut vouched = APP.login();
    vouched["loginno"] = "trcs008".into();
    done(&mut connect(&server).await, vouched).await;
    assert_eq!(newest(&mut admin, "sign_in", "trcs008").await, json!({"how": "app", "credential": "2020158"}));

    done(&mut agent, json!({"action": "export_customers", "format": "csv"})).await;
    assert_eq!(newest(&mut admin, "export", "trcs001").await, json!({"format": "csv", "all": true}));
    done(&mut agent, json!({"action": "export_customers", "query": "何静怡"})).await;
    assert_eq!(newest(&mut admin, "export", "trcs001").await, json!({"format": "xlsx", "all": false}));
    done(&mut agent, json!({"action": "reveal_phone", "type": "id", "content": 2})).await;
    assert_eq!(newest(&mut admin, "reveal", "trcs001").await["customer"], 2);
    done(&mut agent, json!({"action": "destroy_customer", "type": "id", "content": 2})).await;
    assert_eq!(newest(&mut admin, "deletion", "trcs001").await["customer"], 2);

    for (frame, what) in [
        (json!({"action": "put_group", "id": 1_054_003, "name": "三部"}), json!({"set": "group", "id": 1_054_003})),
        (
            json!({"action": "disable_operator", "staffNo": "trcs009"}),
            json!({"set": "disabled", "id": "trcs009", "to": true}),
        ),
        (
            json!({"action": "set_password", "staffNo": "trcs009", "password": "another-password"}),
            json!({"set": "password", "id": "trcs009"}),
        ),
        (
            json!({"action": "put_operator", "staffNo": "trcs009", "role": "agent"}),
            json!({"set": "operator", "id": "trcs009", "role": "agent", "groups": null}),
        ),
        (
            json!({"action": "put_rights", "role": "agent", "export": true}),
            json!({"set": "rights", "role": "agent", "to": {"export": true}}),
        ),
        (json!({"action": "rotate_app", "id": "2020158"}), json!({"set": "secret", "id": "2020158"})),
    ] {
        done(&mut admin, frame.clone()).await;
        assert_eq!(newest(&mut admin, "settings", "admin1054").await, what, "{frame}");
    }
    let lines = list(&mut admin, json!({})).await;
    for line in &lines {
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        assert!(line["time"].as_str().unwrap().ends_with("+08:00"), "{line}");
        assert_ne!(line["staffNo"], "", "{line}");
    }
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first: {ids:?}");

    // What was refused or not found is no deletion and no change.
    let before = lines.len();
    assert_eq!(agent.ask(json!({"action": "destroy_customer", "type": "id", "content": 2})).await["code"], 2005);
    assert_eq!(admin.ask(json!({"action": "disable_operator", "staffNo": "nobody"})).await["code"], 2000);
    assert_eq!(list(&mut admin, json!({})).await.len(), before);
    server.stop().await;
}

async fn refusals_are_written_down(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    for (frame, why) in [
        (json!({"action": "put_app", "id": "x", "name": "x"}), "an admin's"),
        (json!({"action": "get_customer", "type": "id", "content": 1, "operator": "trcs008"}), "another operator"),
        (json!({"action": "feeds", "companyId": 1001}), "another company"),
        // The same is written down once a minute.
        (json!({"action": "put_app", "id": "y", "name": "y"}), "again"),
    ] {
        assert_eq!(agent.ask(frame).await["code"], 2403, "{why}");
    }
    let route = laidian::dialects::Route { method: "GET", path: "/open_api/customers" };
    assert_eq!(SUPERVISOR.call(&server, route, &json!({"companyId": 1001})).await.0, 2403);
    for (login_no, wrong) in [("trcs008", "wrong password"), ("nobody", "demo-nobody")] {
        let login = json!({"action": "login", "loginno": login_no, "companyId": 1054, "password": wrong});
        assert_eq!(connect(&server).await.ask(login).await["code"], 2401);
    }
    let lines = list_all(&mut admin, json!({"kind": "refusal"}), 6).await;
    let told: BTreeSet<_> = lines
        .iter()
        .map(|line| {
            (
                line["staffNo"].as_str().unwrap(),
                line["what"]["action"].as_str().unwrap(),
                line["what"]["code"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("trcs001", "put_app", 2403),
        ("trcs001", "get_customer", 2403),
        ("trcs001", "feeds", 2403),
        ("trcs009", "list_customers", 2403),
        ("trcs008", "login", 2401),
        // Somebody may have typed his password there.
        ("", "login", 2401),
    ];
    assert_eq!(told, BTreeSet::from(expected));
    assert!(lines.iter().all(|line| line["address"] == "127.0.0.1"), "{lines:?}");
    server.stop().await;
}

async fn each_company_reads_its_own(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut other_admin) = (ADMIN.connect(&server).await, OTHER_ADMIN.connect(&server).await);
    SUPERVISOR.connect(&server).await;
    for who in [AGENT, APP, MASKED_AGENT] {
        for wanted in [json!({}), json!({"kind": "sign_in"}), json!({"staffNo": "trcs001"})] {
            let mut frame = wanted;
            frame["action"] = "list_audit".into();
            assert_eq!(who.connect(&server).await.ask(frame).await["code"], 2403, "{who}");
        }
    }
    let count = |lines: &[Value], staff_no: &str| lines.iter().filter(|line| line["staffNo"] == staff_no).count();
    let lines = list(&mut admin, json!({"kind": "sign_in"})).await;
    assert_eq!(
        (count(&lines, "trcs001"), count(&lines, "trcs009"), count(&lines, "2020158")),
        (1, 1, 1),
        "once a minute"
    );
    assert_eq!(lines.len(), 4, "and the admin's own: {lines:?}");
    let others = list(&mut other_admin, json!({"kind": "sign_in"})).await;
    assert_eq!((others.len(), count(&others, "TRCS004"), count(&others, "admin1001")), (2, 1, 1));
    for wanted in [
        json!({"staffNo": "trcs001"}),
        json!({"staffNo": "admin1054"}),
        json!({"before": lines[0]["id"], "staffNo": "trcs009"}),
    ] {
        assert_eq!(list(&mut other_admin, wanted.clone()).await, Vec::<Value>::new(), "{wanted}");
    }
    let ids: BTreeSet<_> = list(&mut admin, json!({})).await.iter().map(|line| line["id"].to_string()).collect();
    assert!(list(&mut other_admin, json!({})).await.iter().all(|line| !ids.contains(&line["id"].to_string())));
    server.stop().await;
}

/// Follows `next` to the end; the sizes of the pages and all lines.
async fn walk(admin: &mut Client, wanted: &Value) -> (Vec<usize>, Vec<Value>) {
    let (mut sizes, mut all, mut frame) = (Vec::new(), Vec::new(), wanted.clone());
    frame["action"] = "list_audit".into();
    loop {
        let reply = done(admin, frame.clone()).await;
        let page = reply["result"].as_array().unwrap();
        sizes.push(page.len());
        all.extend(page.iter().cloned());
        if reply["next"].is_null() {
            return (sizes, all);
        }
        assert_eq!(reply["next"], page.last().unwrap()["id"]);
        frame["before"] = reply["next"].clone();
    }
}

/// A supervisor reads what the operators of his groups did, and no admin's lines.
async fn supervisors_read_of_their_groups(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut supervisor) = (ADMIN.connect(&server).await, SUPERVISOR.connect(&server).await);
    let groups = |groups: &[i64]| json!({"action": "put_operator", "staffNo": "trcs009", "groups": groups});
    done(&mut admin, groups(&[1_054_001])).await;
    done(&mut admin, json!({"action": "put_operator", "staffNo": "admin1054", "groups": [1_054_001]})).await;
    for who in [AGENT, OTHER_AGENT] {
        who.connect(&server).await;
    }
    let whose = |lines: &[Value]| -> BTreeSet<String> {
        lines.iter().map(|line| line["staffNo"].as_str().unwrap().to_owned()).collect()
    };
    let lines = list(&mut supervisor, json!({})).await;
    assert_eq!(whose(&lines), ["trcs001", "trcs009"].map(str::to_owned).into());
    assert_eq!(list(&mut supervisor, json!({"staffNo": "TRCS001", "kind": "sign_in"})).await.len(), 1);
    let (sizes, all) = walk(&mut supervisor, &json!({"pageSize": 1})).await;
    assert_eq!((sizes.len(), &all), (lines.len() + 1, &lines));
    for other in ["trcs008", "admin1054", "nobody", "系统"] {
        let frame = json!({"action": "list_audit", "staffNo": other});
        assert_eq!(supervisor.ask(frame).await["code"], 2403, "{other}");
    }
    done(&mut admin, groups(&[])).await;
    assert_eq!(whose(&list(&mut supervisor, json!({})).await), ["trcs009"].map(str::to_owned).into());
    server.stop().await;
}

async fn pages_lead_through_all_lines(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, OTHER_AGENT.connect(&server).await);
    for number in 0..7 {
        done(&mut admin, json!({"action": "put_task", "id": number, "name": format!("任务{number}")})).await;
        done(&mut agent, json!({"action": "export_customers"})).await;
    }
    let whole = list(&mut admin, json!({})).await;
    assert_eq!(whole.len(), 16);
    for (size, sizes) in [(4, vec![4, 4, 4, 4, 0]), (5, vec![5, 5, 5, 1]), (16, vec![16, 0]), (200, vec![16])] {
        let (found, lines) = walk(&mut admin, &json!({"pageSize": size})).await;
        assert_eq!((found, &lines), (sizes, &whole), "pages of {size}");
    }
    for (wanted, count) in [
        (json!({"kind": "settings"}), 7),
        (json!({"kind": "export"}), 7),
        (json!({"kind": "sign_in"}), 2),
        (json!({"staffNo": "TRCS008"}), 8),
        (json!({"staffNo": "admin1054"}), 8),
        (json!({"staffNo": "admin1054", "kind": "sign_in"}), 1),
        (json!({"staffNo": "trcs008", "kind": "settings"}), 0),
        (json!({"staffNo": "nobody"}), 0),
    ] {
        let lines = list(&mut admin, wanted.clone()).await;
        assert_eq!(lines.len(), count, "{wanted}");
        let mut by_pages = wanted.clone();
        by_pages["pageSize"] = 2.into();
        assert_eq!(walk(&mut admin, &by_pages).await.1, lines, "{wanted}");
    }
    for (wrong, code) in [
        (json!({"kind": "everything"}), 2000),
        (json!({"pageSize": 0}), 206211),
        (json!({"pageSize": 201}), 206211),
        (json!({"pageSize": -1}), 206211),
        (json!({"before": "a\u{0}"}), 2000),
    ] {
        let mut frame = wrong;
        frame["action"] = "list_audit".into();
        assert_eq!(admin.ask(frame.clone()).await["code"], code, "{frame}");
    }
    server.stop().await;
}

/// Everything that is secret and was said to the server or by it.
async fn say_secrets(server: &TestServer) -> Vec<String> {
    let (mut admin, mut agent) = (ADMIN.connect(server).await, AGENT.connect(server).await);
    let token = token(1054, "trcs008");
    done(&mut connect(server).await, json!({"action": "login", "token": token})).await;
    let app = APP.login();
    done(&mut connect(server).await, app.clone()).await;
    let (mut wrong, mut forged) =
        (OTHER_AGENT.login(), json!({"action": "login", "companyId": 1054, "loginno": "trcs009"}));
    wrong["password"] = "wrong-secret".into();
    forged["token"] = format!("{token}x").into();
    let mut typed_in_the_wrong_place = OTHER_AGENT.login();
    typed_in_the_wrong_place["loginno"] = "demo-trcs008".into();
    for refused in [wrong, forged, typed_in_the_wrong_place] {
        assert_eq!(connect(server).await.ask(refused).await["code"], 2401);
    }
    let revealed =
        done(&mut agent, json!({"action": "reveal_phone", "type": "cellphone", "content": "138900010001"})).await;
    assert_eq!(revealed["result"]["content"], "138900010001");
    done(&mut agent, json!({"action": "export_customers", "query": "138900010001", "format": "csv"})).await;
    assert_eq!(agent.ask(json!({"action": "put_group", "id": 1, "name": "138900010001"})).await["code"], 2403);
    assert_eq!(agent.ask(json!({"action": "13800138000"})).await["code"], 2404);
    assert_eq!(agent.ask(json!({"action": "13800138000", "companyId": 1001})).await["code"], 2403);
    done(&mut agent, json!({"action": "destroy_customer", "type": "cellphone", "content": "138900010001"})).await;
    let mut masked = connect(server).await;
    let login = json!({"action": "login", "companyId": 1001, "operator": "TRCS004", "password": password("trcs004")});
    done(&mut masked, login).await;
    let tried = json!({"action": "get_customer", "type": "cellphone", "content": "138900010001"});
    assert_eq!(masked.ask(tried).await["code"], 2005);
    done(&mut admin, json!({"action": "put_operator", "staffNo": "new", "name": "新人", "password": "secret-of-new"}))
        .await;
    done(&mut admin, json!({"action": "set_password", "staffNo": "new", "password": "second-secret"})).await;
    let claim = Claim { company: Some(1054), operator: Some("admin1054".into()), ..Claim::default() };
    let uploader = identity::believe(server.backend(), &claim).await.unwrap();
    let file =
        uploads::keep(server.backend(), &uploader, "13800138000.xlsx", tempfile::tempfile().unwrap()).await.unwrap();
    done(&mut admin, json!({"action": "import_customers", "file": file, "sheet": "13800138000"})).await;
    let mut secrets = Vec::new();
    for frame in [
        json!({"action": "put_app", "id": "an-app", "name": "应用"}),
        json!({"action": "put_app", "id": "a-bearer", "name": "应用", "kind": "bearer"}),
        json!({"action": "rotate_app", "id": "2020158"}),
        json!({"action": "rotate_app", "id": "a-bearer"}),
    ] {
        let told = done(&mut admin, frame).await["token"].as_str().unwrap().to_owned();
        secrets.extend([laidian::ops::access::credential::digest(&told), told]);
    }
    secrets.extend(["trcs001", "trcs008", "admin1054"].map(password));
    secrets.extend(token.split('.').map(str::to_owned));
    secrets.push(app["sign"].as_str().unwrap().to_owned());
    secrets.extend(
        [
            "138900010001",
            "1389",
            "13800138000",
            "何静怡",
            "wrong-secret",
            "secret-of-new",
            "second-secret",
            "argon2",
            "demo-token",
            "新人",
        ]
        .map(str::to_owned),
    );
    secrets
}

async fn nothing_that_is_secret_is_written_down(engine: Engine) {
    let server = server(engine).await;
    let secrets = say_secrets(&server).await;
    let mut admin = ADMIN.connect(&server).await;
    list_all(&mut admin, json!({"kind": "refusal"}), 5).await;
    let mut raw = server.place().connect().await;
    let sql = "select kind || ' ' || login_no || ' ' || address || ' ' || what from audit";
    // A try is written down beside its answer.
    let began = Instant::now();
    while !raw.texts(sql).await.iter().any(|line| line.starts_with("try")) {
        assert!(began.elapsed() < PATIENCE, "the try is not written down");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lines = raw.texts(sql).await;
    assert!(lines.len() > 15, "{lines:#?}");
    for kind in audit::Kind::ALL.map(audit::Kind::name) {
        assert!(lines.iter().any(|line| line.starts_with(kind)), "nothing of kind {kind}: this showed nothing");
    }
    for line in &lines {
        for secret in &secrets {
            assert!(!line.contains(secret), "{secret} stands in the audit: {line}");
        }
    }
    drop(raw);
    server.stop().await;
}

const DAY: i64 = 24 * 60 * 60 * SECOND;

async fn old_lines_are_forgotten(engine: Engine) {
    let demo = backend(engine, 0).await;
    let address = "192.0.2.1".parse().unwrap();
    for day in 0..10 {
        demo.time.set(NOW + day * DAY);
        for who in [ADMIN, OTHER_ADMIN] {
            let Who::Operator(company, login_no) = who else { unreachable!() };
            // The same is written down once a minute of the machine's own time.
            let how = format!("on day {day}");
            audit::sign_in(&demo, &demo.caller(company, Some(login_no)).await, address, &how).await;
        }
    }
    let mut raw = demo.place.connect().await;
    // A line of the very age is kept.
    for (days_later, keep, left) in [(9, 365, 10), (9, 9, 10), (9, 8, 9), (10, 8, 8), (10, 3, 3), (400, 365, 0)] {
        demo.time.set(NOW + days_later * DAY);
        audit::forget(&demo, keep).await.unwrap();
        for company in [1054, 1001] {
            let lines = raw.texts(&format!("select id from audit where company_id = {company}")).await;
            assert_eq!(lines.len(), left, "company {company}, {keep} days kept, {days_later} days later");
        }
    }
    drop(raw);
}
