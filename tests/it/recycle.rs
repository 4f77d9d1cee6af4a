//! The recycle bin: what is deleted is nowhere, comes back as it was, and goes for good when its time is over.

mod merged;
mod restored;

use std::collections::{BTreeMap, BTreeSet};

use laidian::domain::ids;
use laidian::error::Error;
use laidian::ops::customer::recycle;
use laidian::ops::customer::{Changes, Patch, PhoneChange, PlmPatch, create};
use laidian::ops::{Backend, Cx};
use laidian::store::Scope;
use laidian::store::recycle::KEPT;
use serde_json::{Value, json};

use crate::invariants::check_invariants;
use crate::signed::{ADMIN, AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, server};
use crate::support::{Engine, MAIN, NOW, Raw, SECOND, backend, destroy, update};

both_engines! {
    every_column_of_a_customer_is_kept_or_made_anew,
    what_others_have_taken_is_told,
    numbers_that_were_shared_stay_shared,
    of_two_who_shared_a_number_the_other_is_told,
    what_is_deleted_is_nowhere,
    what_is_over_goes_for_good_once,
    what_is_large_goes_in_portions,
    who_may_delete_and_restore,
}

/// What is made anew of the rest, with the columns in which it is compared.
const DERIVED: [(&str, &[&str]); 4] = [
    ("phone", &["id", "typed", "key", "tail"]),
    ("shared_phone", &["id", "typed", "key", "tail"]),
    ("contact_phone", &["position", "name", "typed", "key", "tail"]),
    ("customer_term", &["term"]),
];
/// What is told of a customer and stays when it is gone, the bin itself, who has it open just now, and terms that wait.
const NOT_OF_CUSTOMERS: [&str; 6] = ["event", "deleted_row", "viewing", "call", "dial_request", "pending_term"];

/// The columns of every table.
async fn columns(raw: &mut Raw) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match raw {
        Raw::Sqlite(_) => {
            "select m.name || ' ' || c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'"
        }
        Raw::Postgres(_) => {
            "select table_name || ' ' || column_name from information_schema.columns where table_schema = current_schema()"
        }
    };
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in raw.texts(sql).await {
        let (table, column) = line.split_once(' ').unwrap();
        tables.entry(table.to_owned()).or_default().insert(column.to_owned());
    }
    tables
}

/// A new table of customers, or a new column in one, must come back, too.
async fn every_column_of_a_customer_is_kept_or_made_anew(engine: Engine) {
    let demo = backend(engine, 0).await;
    let tables = columns(&mut demo.place.connect().await).await;
    let of_customers =
        tables.iter().filter(|(_, columns)| columns.contains("customer_id")).map(|(table, _)| table.as_str());
    let known = KEPT.iter().filter(|kept| kept.key == "customer_id").map(|kept| kept.table);
    let known = known.chain(DERIVED.map(|(table, _)| table)).chain(NOT_OF_CUSTOMERS);
    assert_eq!(of_customers.collect::<BTreeSet<_>>(), known.collect(), "what becomes of their rows in the bin?");
    let kept = KEPT.iter().map(|kept| (kept.table, kept.key, kept.columns));
    for (table, key, columns) in kept.chain(DERIVED.map(|(table, columns)| (table, "customer_id", columns))) {
        let known: BTreeSet<String> =
            columns.iter().chain(&["company_id", key]).map(|name| (*name).to_owned()).collect();
        assert_eq!(tables[table], known, "{table}");
    }
}

/// All rows of a customer, table by table, but for the columns of these names. The tables are those that there are.
async fn rows_of(raw: &mut Raw, company: i64, customer: i64, without: &[&str]) -> BTreeMap<String, Vec<String>> {
    let object = if matches!(raw, Raw::Sqlite(_)) { "json_array" } else { "json_build_array" };
    let mut rows = BTreeMap::new();
    for (table, columns) in columns(raw).await {
        let key = if table == "customer" { "id" } else { "customer_id" };
        if !columns.contains(key) || NOT_OF_CUSTOMERS.contains(&table.as_str()) {
            continue;
        }
        let columns: Vec<&str> = columns.iter().map(String::as_str).filter(|name| !without.contains(name)).collect();
        let source = raw.with_pending(&table);
        let sql = format!(
            "select cast({object}({}) as text) from {source} where company_id = {company} and {key} = {customer} order by 1",
            columns.join(", ")
        );
        rows.insert(table, raw.texts(&sql).await);
    }
    rows
}

async fn with_phones(cx: &Cx<'_>, name: &str, phones: &[&str], plm_id: Option<&str>) -> Result<i64, Error> {
    let phone = |typed: &&str| PhoneChange { id: None, typed: (*typed).to_owned().into() };
    let changes = Changes {
        name: Patch::Set(name.to_owned().into()),
        phones: Some(phones.iter().map(phone).collect()),
        plm: plm_id.map(|id| PlmPatch { id: Some(id.to_owned()), ..PlmPatch::default() }),
        ..Changes::default()
    };
    create(cx, changes).await.map(|row| row.id)
}

/// A number and an id of iBiz PLM that are another's now stay there; everything else comes back.
async fn what_others_have_taken_is_told(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let first = with_phones(&cx, "先来", &["13911110001", "+86 139-1111-0002", "010-55511113转8"], Some("chosen-1"))
        .await
        .unwrap();
    destroy(&cx, first).await.unwrap();
    // The numbers are free at once, however they are written, and so is the id.
    let second = with_phones(&cx, "后到", &["0086 13911110002"], Some("chosen-1")).await.unwrap();
    let restored = recycle::restore(&cx, first).await.unwrap();
    assert_eq!((&restored.phones_taken[..], restored.plm_id_taken), (&["+86 139-1111-0002".to_owned()][..], true));
    assert!(!restored.customer.phones.contains("0002") && restored.customer.phones.contains("0001"));
    let mut raw = demo.place.connect().await;
    assert_eq!(cx.scope.plm_number("chosen-1").await.unwrap().unwrap().value, second);
    let lines = raw.texts(&format!("select lines from change where customer_id = {first} order by id desc")).await;
    for field in ["\"deleted\"", "\"cellphones\"", "\"ibizplm.id\""] {
        assert!(lines[0].contains(field), "{lines:?}");
    }
    // Who is not there, or not in the bin, cannot be restored.
    for id in [first, 999_999, 0, -1, i64::MAX] {
        assert_eq!(recycle::restore(&cx, id).await.err(), Some(Error::NotFound));
    }
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
    let events = cx.scope.events_after(0, 1000).await.unwrap();
    let kinds: Vec<&str> =
        events.iter().filter(|event| event.customer_id == first).map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["customer.created", "customer.deleted", "customer.restored"]);
}

/// Two customers who share a number, as only older rules let them.
async fn who_share_a_number(cx: &Cx<'_>, raw: &mut Raw) -> [i64; 2] {
    let first = with_phones(cx, "甲", &["13911110001"], None).await.unwrap();
    let second = with_phones(cx, "乙", &["13911110002"], None).await.unwrap();
    raw.execute(&format!(
        "update customer set phones = replace(phones, '13911110002', '13911110001') where id = {second} and company_id = {MAIN};
         insert into shared_phone select company_id, id, customer_id, '13911110001', '+8613911110001', reverse_of from
           (select p.*, (select tail from phone where customer_id = {first} and company_id = {MAIN}) as reverse_of from phone p) p where customer_id = {second} and company_id = {MAIN};
         delete from phone where customer_id = {second} and company_id = {MAIN}"
    ))
    .await;
    [first, second]
}

/// Customers of earlier rules who share a number do so again, unless a third has it.
async fn numbers_that_were_shared_stay_shared(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let mut raw = demo.place.connect().await;
    let ids = who_share_a_number(&cx, &mut raw).await;
    let [first, second] = ids;
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
    for (gone, left) in [(first, second), (second, first), (first, second)] {
        destroy(&cx, gone).await.unwrap();
        check_invariants(&demo.place, &demo.store.company(MAIN)).await;
        let found = "select cast(customer_id as text) from phone where key = '+8613911110001'";
        assert_eq!(raw.texts(found).await, [left.to_string()], "whoever is left is found by it");
        assert_eq!(recycle::restore(&cx, gone).await.unwrap().phones_taken, [""; 0]);
        check_invariants(&demo.place, &demo.store.company(MAIN)).await;
        assert_eq!(raw.texts("select cast(customer_id as text) from shared_phone").await, [gone.to_string()]);
    }
    // With both gone, a third takes it.
    destroy(&cx, first).await.unwrap();
    destroy(&cx, second).await.unwrap();
    with_phones(&cx, "丙", &["13911110001"], None).await.unwrap();
    for id in ids {
        assert_eq!(recycle::restore(&cx, id).await.unwrap().phones_taken, ["13911110001"]);
    }
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}

/// When both are gone, who comes back first has the number; the other is told that it is taken, and its history tells.
async fn of_two_who_shared_a_number_the_other_is_told(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let mut raw = demo.place.connect().await;
    let [first, second] = who_share_a_number(&cx, &mut raw).await;
    destroy(&cx, first).await.unwrap();
    destroy(&cx, second).await.unwrap();
    let restored = recycle::restore(&cx, first).await.unwrap();
    assert_eq!((restored.phones_taken, restored.customer.phones.contains("13911110001")), (Vec::new(), true));
    let restored = recycle::restore(&cx, second).await.unwrap();
    assert_eq!(restored.phones_taken, ["13911110001"]);
    assert!(!restored.customer.phones.contains("13911110001"));
    let lines = raw.texts(&format!("select lines from change where customer_id = {second} order by id desc")).await;
    assert!(lines[0].contains("13911110001"), "{lines:?}");
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}

/// Every table but the bin, the history of the company and what counts has nothing of a deleted customer; no action
/// finds it.
async fn what_is_deleted_is_nowhere(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let mut raw = server.place().connect().await;
    let customer = json!({"custname": "寻人启事", "cellphones": ["13911112222"], "companyName": "寻人公司", "customerLabel": ["寻人"]});
    let created = admin.ask(json!({"action": "create_customer", "customer": customer})).await;
    let id = created["customer"]["id"].as_i64().unwrap();
    let plm = json!({"action": "ibizplm.get", "key": ids::to_hex32(MAIN, id), "companyId": MAIN});
    let account =
        json!({"action": "account/get", "account_id": format!("002-{:08x}-0000-4000-8000-{:012x}", MAIN, id)});
    let ways = [
        json!({"action": "get_customer", "type": "id", "content": id}),
        json!({"action": "get_customer", "type": "custName", "content": "寻人启事"}),
        json!({"action": "get_customer", "type": "companyName", "content": "寻人公司"}),
        json!({"action": "get_customer", "type": "cellphone", "content": "13911112222"}),
        json!({"action": "feeds", "type": "id", "content": id}),
        json!({"action": "get_details", "type": "id", "content": id}),
        json!({"action": "customers/detail", "id": id}),
        plm,
        account,
    ];
    let found = admin.ask(ways[0].clone()).await;
    assert_eq!(found["code"], 1000, "{found}");
    let count = admin.ask(json!({"action": "list_customers"})).await["meta"]["total_count"].as_i64().unwrap();
    let query = json!({"action": "list_customers", "query": "寻人"});
    assert_eq!(admin.ask(query.clone()).await["meta"]["total_count"], 1);
    let deleted = admin.ask(json!({"action": "destroy_customer", "type": "id", "content": id})).await;
    assert_eq!(deleted["code"], 1000, "{deleted}");
    for way in ways {
        let refused = admin.ask(way.clone()).await;
        assert!(refused["code"] != 1000 && !refused.to_string().contains("寻人启事"), "{way}: {refused}");
    }
    assert_eq!(admin.ask(query).await["meta"]["total_count"], 0);
    let left = admin.ask(json!({"action": "list_customers"})).await["meta"]["total_count"].as_i64().unwrap();
    assert_eq!(left, count - 1);
    // No table but the bin's has its name or number any more; and, for as long as those who come back are told, the events.
    let everything = raw.all_rows_of(&[MAIN]).await;
    for row in raw.texts(&everything).await {
        let is_bin = ["deleted_customer: ", "deleted_row: ", "event: "].iter().any(|table| row.starts_with(table));
        assert!(is_bin || !(row.contains("寻人启事") || row.contains("13911112222")), "{row}");
    }
    // The bin shows it, by a part of the name, of the company or of the number, however it is parted.
    for query in ["寻人", "启 事", "寻人公司", "1391111", "139-1111-2222", "2222"] {
        let listed = admin.ask(json!({"action": "list_deleted", "query": query})).await;
        assert_eq!(listed["result"][0]["customer"]["id"], id, "{query}: {listed}");
        assert_eq!(listed["result"][0]["deletedBy"], "admin1054");
    }
    for (query, total) in [("没有这个", 0), ("139111122223", 0), ("", 1), ("   ", 1)] {
        let listed = admin.ask(json!({"action": "list_deleted", "query": query})).await;
        assert_eq!(listed["meta"]["total_count"], total, "{query}: {listed}");
    }
    // Sent again, the answer is the same.
    let restore = json!({"action": "restore_customer", "id": id, "requestId": "again"});
    let restored = admin.ask(restore.clone()).await;
    assert_eq!(
        (&restored["code"], &restored["customer"]["cellphones"][0]["content"]),
        (&1000.into(), &"13911112222".into())
    );
    assert_eq!(admin.ask(restore).await["customer"], restored["customer"]);
    assert_eq!(admin.ask(json!({"action": "list_deleted"})).await["result"], json!([]));
}

fn days(days: i64) -> i64 {
    days * 24 * 60 * 60 * SECOND
}

async fn in_bin(scope: &Scope, raw: &mut Raw) -> (usize, usize) {
    let company = scope.company();
    let rows = |table: &str| format!("select cast(company_id as text) from {table} where company_id = {company}");
    (raw.texts(&rows("deleted_customer")).await.len(), raw.texts(&rows("deleted_row")).await.len())
}

/// Thirty days long a customer can be restored, and then never again. Several servers write each down once.
async fn what_is_over_goes_for_good_once(engine: Engine) {
    let demo = backend(engine, 250).await;
    let caller = demo.caller(MAIN, None).await;
    let mut raw = demo.place.connect().await;
    let scope = demo.store.company(MAIN);
    let delete = async |from: i64, to: i64| {
        let cx = demo.context(&caller).await.unwrap();
        for id in from..to {
            destroy(&cx, id).await.unwrap();
        }
    };
    delete(1, 121).await;
    demo.time.set(NOW + days(1));
    delete(121, 124).await;
    recycle::forget(&demo.backend).await.unwrap();
    assert_eq!(in_bin(&scope, &mut raw).await.0, 123, "none is old enough");
    demo.time.set(NOW + days(30) + SECOND);
    let cx = demo.context(&caller).await.unwrap();
    // Not yet removed, and yet not to be had any more.
    assert_eq!(recycle::restore(&cx, 1).await.err(), Some(Error::NotFound));
    assert_eq!(recycle::list(&cx, None, 1).await.unwrap().total, 3);
    // What others of an installation do, each with connections of its own; a folder has one server only.
    let others: Vec<_> = match engine {
        Engine::Sqlite => vec![demo.backend.clone(); 3],
        Engine::Postgres => {
            let mut others = Vec::new();
            for _ in 0..3 {
                let config = laidian::config::Config::default();
                others.push(Backend::new(demo.place.open().await, demo.time.clock(), &config));
            }
            others
        }
    };
    let (one, two, three, four) = tokio::join!(
        recycle::forget(&demo.backend),
        recycle::forget(&others[0]),
        recycle::forget(&others[1]),
        recycle::forget(&others[2])
    );
    for done in [one, two, three, four] {
        done.unwrap();
    }
    let (customers, rows) = in_bin(&scope, &mut raw).await;
    assert!(customers == 3 && rows >= 6, "{customers} {rows}");
    let mut removed = raw
        .texts("select what from audit where kind = 'deletion' and login_no = '系统' and what like '%removed%'")
        .await;
    removed.sort_unstable();
    let mut expected: Vec<String> = (1..121).map(|id| json!({"customer": id, "removed": true}).to_string()).collect();
    expected.sort_unstable();
    assert_eq!(removed, expected);
    // The others are as good as before.
    assert_eq!(recycle::restore(&cx, 122).await.unwrap().customer.id, 122);
    check_invariants(&demo.place, &scope).await;
}

/// A customer with a long history goes in several transactions; a server that ends in between leaves nothing that could
/// come back by halves.
async fn what_is_large_goes_in_portions(engine: Engine) {
    let demo = backend(engine, 5).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let scope = demo.store.company(MAIN);
    let mut tx = scope.write().await.unwrap();
    for id in 1_000_000..1_002_600 {
        tx.insert_call(id, 3, NOW, "呼入", "接通", 1).await.unwrap();
    }
    tx.commit().await.unwrap();
    destroy(&cx, 3).await.unwrap();
    let mut raw = demo.place.connect().await;
    assert!(in_bin(&scope, &mut raw).await.1 > 2600);
    demo.time.set(NOW + days(31));
    // As after a crash: given up, and some of the rows gone.
    let mut tx = scope.write().await.unwrap();
    assert_eq!(tx.give_up_deleted("[3]").await.unwrap().len(), 1);
    assert_eq!(tx.delete_deleted_rows(3, 500).await.unwrap(), 500);
    tx.commit().await.unwrap();
    demo.time.set(NOW);
    let cx = demo.context(&caller).await.unwrap();
    assert_eq!(recycle::restore(&cx, 3).await.err(), Some(Error::NotFound), "not even when its time is not over again");
    demo.time.set(NOW + days(31));
    let forgotten = tokio::spawn({
        let backend = demo.backend.clone();
        async move { recycle::forget(&backend).await }
    });
    // Who writes meanwhile waits for a portion at most.
    let mut longest = std::time::Duration::ZERO;
    while !forgotten.is_finished() {
        let began = std::time::Instant::now();
        update(&cx, 4, Changes { star: Some(3), ..Changes::default() }).await.unwrap();
        longest = longest.max(began.elapsed());
        tokio::task::yield_now().await;
    }
    forgotten.await.unwrap().unwrap();
    assert!(longest < std::time::Duration::from_secs(2), "{longest:?}");
    assert_eq!(in_bin(&scope, &mut raw).await, (0, 0));
}

/// By the usual rights, agents delete their own customers, and supervisors restore those whom they see.
async fn who_may_delete_and_restore(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent, mut other, mut supervisor) = (
        ADMIN.connect(&server).await,
        AGENT.connect(&server).await,
        OTHER_AGENT.connect(&server).await,
        SUPERVISOR.connect(&server).await,
    );
    let rights = |role: &str, rights: Value| {
        let mut frame = json!({"action": "put_rights", "role": role});
        frame.as_object_mut().unwrap().extend(rights.as_object().unwrap().clone());
        frame
    };
    let done = async |client: &mut crate::client::Client, frame: Value| {
        let reply = client.ask(frame.clone()).await;
        assert_eq!(reply["code"], 1000, "{frame}: {reply}");
        reply
    };
    let destroy = |id: i64| json!({"action": "destroy_customer", "type": "id", "content": id});
    let restore = |id: i64| json!({"action": "restore_customer", "id": id});
    let mut created = Vec::new();
    for owner in ["trcs001", "TRCS008", ""] {
        let customer = json!({"custname": format!("归属{owner}"), "serviceNo": owner, "servicegroupId": 1_054_002});
        let customer = if owner.is_empty() { json!({"custname": "无主"}) } else { customer };
        // Created by the first agent, whoever is to look after them.
        let reply = done(&mut agent, json!({"action": "create_customer", "customer": customer})).await;
        created.push(reply["customer"]["id"].as_i64().unwrap());
    }
    let (own, others, nobodys) = (created[0], created[1], created[2]);
    done(&mut admin, rights("agent", json!({"delete": null}))).await;
    for id in [others, nobodys] {
        let refused = agent.ask(destroy(id)).await;
        assert_eq!(refused["code"], 2403, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("own customers"), "{refused}");
    }
    done(&mut other, destroy(others)).await;
    done(&mut agent, destroy(own)).await;
    // Neither sees the bin.
    for frame in [json!({"action": "list_deleted"}), restore(own)] {
        assert_eq!(agent.ask(frame).await["code"], 2403);
    }
    let listed = done(&mut supervisor, json!({"action": "list_deleted"})).await;
    let names: Vec<&str> =
        listed["result"].as_array().unwrap().iter().map(|one| one["deletedBy"].as_str().unwrap()).collect();
    assert_eq!((names, &listed["meta"]["total_count"]), (vec!["trcs001", "trcs008"], &2.into()));
    done(&mut supervisor, restore(own)).await;
    for right in ["none", "all", "own"] {
        done(&mut admin, rights("agent", json!({"delete": right}))).await;
        let shown = done(&mut admin, json!({"action": "show_company"})).await;
        assert_eq!(shown["result"]["rights"]["agent"]["delete"], right);
        let code = agent.ask(destroy(nobodys)).await["code"].clone();
        assert_eq!(
            code,
            if right == "all" {
                1000
            } else if right == "none" {
                2403
            } else {
                2005
            }
        );
        assert_eq!(agent.ask(destroy(own)).await["code"], if right == "none" { 2403 } else { 1000 }, "{right}");
        if right != "none" {
            done(&mut supervisor, restore(own)).await;
        }
    }
    // Other systems, the same right.
    let account =
        json!({"action": "account/delete", "account_id": format!("002-{MAIN:08x}-0000-4000-8000-{others:012x}")});
    done(&mut supervisor, restore(others)).await;
    let refused = agent.ask(account).await;
    assert_eq!(refused["code"], 2403, "{refused}");
    assert_eq!(agent.ask(rights("agent", json!({"delete": "all"}))).await["code"], 2403);
    let wrong = admin.ask(rights("agent", json!({"delete": "some"}))).await;
    assert_eq!(wrong["code"], 2000, "{wrong}");
    // A supervisor restores whom he sees, and is shown no more than of others.
    done(&mut admin, destroy(own)).await;
    done(&mut admin, destroy(1)).await;
    done(&mut admin, rights("supervisor", json!({"reach": "own", "phones": "masked"}))).await;
    assert_eq!(supervisor.ask(restore(own)).await["code"], 2005);
    assert_eq!(done(&mut supervisor, json!({"action": "list_deleted"})).await["result"], json!([]));
    done(&mut admin, rights("supervisor", json!({"reach": "company"}))).await;
    let listed = done(&mut supervisor, json!({"action": "list_deleted"})).await;
    assert!(listed.to_string().contains("****") && !listed.to_string().contains("13000000001"), "{listed}");
    for query in ["1390", "4", "１３９"] {
        assert_eq!(supervisor.ask(json!({"action": "list_deleted", "query": query})).await["code"], 2403);
    }
    let taken = json!({"action": "create_customer", "customer": {"custname": "占号", "cellphones": ["13000000001"]}});
    done(&mut admin, taken).await;
    let restored = done(&mut supervisor, restore(1)).await;
    assert_eq!(restored["phonesTaken"], json!(["130****0001"]), "{restored}");
    // Of another company there is nothing to be seen.
    let mut stranger = OTHER_ADMIN.connect(&server).await;
    assert_eq!(stranger.ask(restore(own)).await["code"], 2005);
    assert_eq!(stranger.ask(json!({"action": "list_deleted"})).await["meta"]["total_count"], 0);
}
