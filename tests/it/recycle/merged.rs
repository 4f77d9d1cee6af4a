//! Whatever customers are made one, they are as they were when they are several again.

use std::collections::{BTreeMap, BTreeSet};

use laidian::domain::call::Call;
use laidian::domain::document::System;
use laidian::domain::feed::FeedKind;
use laidian::domain::identifier::Identifier;
use laidian::error::Error;
use laidian::ops::calls::list::Wanted;
use laidian::ops::customer::{Changes, Moment, Patch, PhoneChange, PlmPatch, create, find, merging, recycle};
use laidian::ops::work::follow_up;
use laidian::ops::{Cx, calls};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::restored::{Draft, drafts, happen, what_is_changed};
use super::rows_of;
use crate::client::Client;
use crate::invariants::check_invariants;
use crate::signed::{SUPERVISOR, server};
use crate::support::{Engine, MAIN, NOW, Raw, SECOND, backend, destroy, update};

both_engines! {
    what_was_one_is_several_again,
    calls_follow_one_into_the_next,
    all_that_is_known_leads_to_the_one,
    what_was_changed_meanwhile_stays_where_it_was_changed,
    who_has_one_open_is_told_where_it_went,
    duplicates_are_told_in_pages,
}

const CHANGING: [&str; 3] = ["version", "updated_at", "updated_by"];

/// What there is of a customer, but for the lines of merging.
async fn state(raw: &mut Raw, id: i64) -> BTreeMap<String, Vec<String>> {
    let mut rows = rows_of(raw, MAIN, id, &CHANGING).await;
    rows.get_mut("change").unwrap().retain(|line| !line.contains("\\\"合并\\\""));
    rows
}

/// The calls of a customer, whom each of them names.
async fn calls_of(cx: &Cx<'_>, id: i64) -> Vec<(String, Option<i64>)> {
    let (calls, next) = calls::list::list(cx, &Wanted::OfCustomer(id), None, calls::list::MOST).await.unwrap();
    assert_eq!(next, None);
    calls.into_iter().map(|listed| (listed.call.id, listed.call.customer)).collect()
}

/// So many calls, some of them at once.
async fn call(cx: &Cx<'_>, customer: i64, calls: usize) {
    let mut tx = cx.scope.write().await.unwrap();
    for nth in 0..calls {
        let id = format!("c-{customer}-{nth}");
        let at = NOW + i64::try_from(nth / 2).unwrap() * SECOND;
        let call = Call { customer: Some(customer), started_at: at, ended_at: Some(at), ..Call::new(&id) };
        let body = serde_json::to_string(&call).unwrap();
        tx.put_call(&id, at, Some(at), Some(customer), 0, None, &body).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn relations(raw: &mut Raw) -> Vec<String> {
    raw.texts("select principal_id || ' ' || target_id from plm_relation where company_id = 1054 order by 1").await
}

async fn follow_up(cx: &Cx<'_>, customer: i64, text: &str) {
    let new = follow_up::New { field: "text", text, flag: None, next_at: None, call: None };
    follow_up::add(cx, &Identifier::Id(customer), new).await.unwrap();
}

#[derive(Debug, Clone)]
struct Case {
    drafts: Vec<Draft>,
    /// In which order those that were merged come back.
    order: Vec<usize>,
    contacts: Vec<i64>,
}

fn cases() -> impl Strategy<Value = Case> {
    (vec(drafts(), 4..7), vec(any::<usize>(), 6), vec(0..5_i64, 7)).prop_map(|(drafts, order, contacts)| Case {
        drafts,
        order,
        contacts,
    })
}

async fn perform(engine: Engine, case: Case) {
    let demo = backend(engine, 20).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let mut raw = demo.place.connect().await;
    let ids: Vec<i64> = (3..).take(case.drafts.len()).collect();
    for ((id, draft), contact) in ids.iter().zip(&case.drafts).zip(&case.contacts) {
        // One of them knows next to nothing, as nobody has worked on it.
        if draft.feeds.is_empty() {
            continue;
        }
        let at = (*contact > 0).then(|| Moment::at(NOW + contact * 60 * SECOND));
        let changes = Changes {
            follow_count: Patch::Set(*contact),
            last_follow_at: at.map_or(Patch::Clear, Patch::Set),
            ..what_is_changed(*id, draft)
        };
        update(&cx, *id, changes).await.unwrap();
        happen(&cx, *id, draft).await;
    }
    let (mut before, mut called) = (BTreeMap::new(), BTreeMap::new());
    for (id, draft) in ids.iter().zip(&case.drafts) {
        call(&cx, *id, draft.feeds.len()).await;
        before.insert(*id, state(&mut raw, *id).await);
        called.insert(*id, calls_of(&cx, *id).await);
    }
    let related = relations(&mut raw).await;
    let (into, others) = ids.split_first().unwrap();
    merging::merge(&cx, *into, others).await.unwrap();
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
    let all: BTreeSet<_> = called.values().flatten().map(|(call, _)| (call.clone(), Some(*into))).collect();
    assert_eq!(calls_of(&cx, *into).await.into_iter().collect::<BTreeSet<_>>(), all, "all calls are those of the one");
    let mut left = others.to_vec();
    for place in case.order.iter().chain(&[0; 6]) {
        if left.is_empty() {
            break;
        }
        let id = left.remove(place % left.len());
        let (restored, from) = merging::unmerge(&cx, id).await.unwrap();
        assert_eq!((from, restored.phones_taken, restored.plm_id_taken), (*into, vec![], false));
        assert_eq!(state(&mut raw, id).await, before[&id], "customer {id}");
        assert_eq!(calls_of(&cx, id).await, called[&id], "calls of {id}");
    }
    for (table, rows) in state(&mut raw, *into).await {
        assert_eq!(rows, before[into][&table], "{table} of the one that stayed");
    }
    assert_eq!(calls_of(&cx, *into).await, called[into]);
    assert_eq!(relations(&mut raw).await, related);
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
    assert!(raw.texts("select source from deleted_row").await.is_empty());
}

async fn what_was_one_is_several_again(engine: Engine) {
    let mut runner =
        TestRunner::new(Config { cases: 8, max_shrink_iters: 30, failure_persistence: None, ..Config::default() });
    let handle = Handle::current();
    let outcome = block_in_place(|| {
        runner.run(&cases(), |case| {
            handle.block_on(perform(engine, case));
            Ok(())
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\n{case:#?}"),
        Err(other) => panic!("{other}"),
    }
}

/// One is merged into another, and that into a third: each has its own calls again, and those that came meanwhile stay.
async fn calls_follow_one_into_the_next(engine: Engine) {
    let demo = backend(engine, 5).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    for (customer, calls) in [(1, 3), (2, 2), (3, 1)] {
        call(&cx, customer, calls).await;
    }
    let before = [calls_of(&cx, 1).await, calls_of(&cx, 2).await, calls_of(&cx, 3).await];
    merging::merge(&cx, 2, &[1]).await.unwrap();
    merging::merge(&cx, 3, &[2]).await.unwrap();
    assert_eq!(calls_of(&cx, 3).await.len(), 6);
    call(&cx, 3, 2).await;
    merging::unmerge(&cx, 2).await.unwrap();
    assert_eq!((calls_of(&cx, 2).await.len(), calls_of(&cx, 3).await.len()), (5, 2));
    merging::unmerge(&cx, 1).await.unwrap();
    assert_eq!([calls_of(&cx, 1).await, calls_of(&cx, 2).await], before[..2]);
}

async fn with(cx: &Cx<'_>, name: &str, phone: &str, more: Changes<'static>) -> i64 {
    let phones = Some(vec![PhoneChange { id: None, typed: phone.to_owned().into() }]);
    let changes = Changes { name: Patch::Set(name.to_owned().into()), phones, ..more };
    create(cx, changes).await.unwrap().id
}

fn of_plm(id: &str, scale: i64) -> Option<PlmPatch> {
    let members = json!({ "scale": scale }).as_object().unwrap().clone().into_iter().collect();
    Some(PlmPatch { id: Some(id.to_owned()), members, ..PlmPatch::default() })
}

async fn all_that_is_known_leads_to_the_one(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let into = with(&cx, "留下", "13911110001", Changes::default()).await;
    let contacts = json!({"contacts": [{"name": "刘芳", "mobile": "13911110009"}], "remark": "备注"});
    let more = Changes {
        address: Patch::Set("湖东路".into()),
        labels: Some(vec!["重点".into()]),
        documents: vec![(System::CrmInfo, contacts.as_object().unwrap().clone())],
        plm: of_plm("chosen", 7),
        ..Changes::default()
    };
    let other = with(&cx, "并入", "13911110002", more).await;
    follow_up(&cx, other, "已回访").await;
    let row = merging::merge(&cx, into, &[other]).await.unwrap();
    assert_eq!((row.name.as_deref(), row.address.as_deref(), row.follow_count), (Some("留下"), Some("湖东路"), 1));
    for number in ["13911110001", "13911110002", "13911110009"] {
        let found = find::find(&cx, &Identifier::Phone(number.into())).await.unwrap();
        assert_eq!(found.customers[0].id, into, "{number}");
    }
    assert_eq!(cx.scope.plm_number("chosen").await.unwrap().unwrap().value, into);
    assert_eq!(cx.scope.feed_count(into, &[FeedKind::CustomerFollowUp]).await.unwrap(), 1);
    assert!(cx.scope.feed_count(into, &[FeedKind::Alternation]).await.unwrap() >= 4);
    // It is nowhere else, and the bin does not give it back in another way.
    assert!(matches!(find::find(&cx, &Identifier::Id(other)).await, Err(Error::NotFound)));
    assert_eq!(recycle::list(&cx, None, 1).await.unwrap().total, 0);
    assert_eq!(recycle::restore(&cx, other).await.err(), Some(Error::NotFound));
    for wrong in [into, 999_999] {
        assert_eq!(merging::unmerge(&cx, wrong).await.err(), Some(Error::NotFound));
        assert!(merging::merge(&cx, into, &[wrong]).await.is_err());
    }
    // Where the one is gone, it comes back after that one, or alone when it is gone for good.
    destroy(&cx, into).await.unwrap();
    assert!(matches!(merging::unmerge(&cx, other).await, Err(Error::InUse { .. })));
    recycle::restore(&cx, into).await.unwrap();
    merging::unmerge(&cx, other).await.unwrap();
    let found = find::find(&cx, &Identifier::Phone("13911110002".into())).await.unwrap();
    assert_eq!(found.customers[0].id, other);
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}

async fn what_was_changed_meanwhile_stays_where_it_was_changed(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let into = with(&cx, "留下", "13911110001", Changes::default()).await;
    let more = Changes {
        address: Patch::Set("湖东路".into()),
        company_name: Patch::Set("望潮科技".into()),
        ..Changes::default()
    };
    let other = with(&cx, "并入", "13911110002", more).await;
    merging::merge(&cx, into, &[other]).await.unwrap();
    update(&cx, into, Changes { address: Patch::Set("新址".into()), ..Changes::default() }).await.unwrap();
    follow_up(&cx, into, "合并后的跟进").await;
    let phones = cx.scope.customer(into).await.unwrap().unwrap().phones;
    let phones: Vec<Value> = serde_json::from_str(&phones).unwrap();
    let edited = phones.iter().map(|phone| {
        let content = phone["content"].as_str().unwrap().replace("0002", "0003");
        PhoneChange { id: phone["id"].as_i64(), typed: content.into() }
    });
    update(&cx, into, Changes { phones: Some(edited.collect()), ..Changes::default() }).await.unwrap();
    merging::unmerge(&cx, other).await.unwrap();
    let row = cx.scope.customer(into).await.unwrap().unwrap();
    assert_eq!((row.address.as_deref(), row.company_name, row.follow_count), (Some("新址"), None, 1));
    assert!(row.phones.contains("13911110003") && !row.phones.contains("13911110002"), "{}", row.phones);
    let row = cx.scope.customer(other).await.unwrap().unwrap();
    assert_eq!((row.address.as_deref(), row.company_name.as_deref()), (Some("湖东路"), Some("望潮科技")));
    assert!(row.phones.contains("13911110002"), "{}", row.phones);
    assert_eq!(cx.scope.feed_count(into, &[FeedKind::CustomerFollowUp]).await.unwrap(), 1);
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}

async fn new(client: &mut Client, customer: Value) -> i64 {
    let reply = client.ask(json!({"action": "create_customer", "customer": customer})).await;
    reply["customer"]["id"].as_i64().unwrap_or_else(|| panic!("{customer}: {reply}"))
}

async fn who_has_one_open_is_told_where_it_went(engine: Engine) {
    let server = server(engine).await;
    let (mut client, mut listener) = (SUPERVISOR.connect(&server).await, SUPERVISOR.connect(&server).await);
    let into = new(&mut client, json!({"custname": "留下"})).await;
    let other = new(&mut client, json!({"custname": "并入", "cellphones": ["13911110002"]})).await;
    let topics = [format!("customer/{into}"), format!("customer/{other}")];
    assert_eq!(listener.ask(json!({"action": "subscribe", "topics": topics})).await["code"], 1000);
    let merge = json!({"action": "merge_customers", "into": into, "customerIds": [other], "requestId": "merge"});
    let merged = client.ask(merge.clone()).await;
    assert_eq!(merged["customer"]["cellphones"][0]["content"], "13911110002", "{merged}");
    assert_eq!(client.ask(merge).await["customer"], merged["customer"]);
    let gone = listener.receive().await.unwrap();
    assert_eq!(
        (&gone["event"], &gone["customerId"], &gone["into"]),
        (&json!("customer.merged"), &json!(other), &json!(into))
    );
    let stays = listener.receive().await.unwrap();
    assert_eq!(
        (&stays["event"], &stays["customerId"], &stays["merged"]),
        (&json!("customer.merged"), &json!(into), &json!(other))
    );
    assert_eq!(stays["changes"]["cellphones"], json!([null, "13911110002"]), "{stays}");
    let unmerged = client.ask(json!({"action": "unmerge", "customerId": other})).await;
    assert_eq!((&unmerged["customer"]["id"], &unmerged["from"]), (&json!(other), &json!(into)), "{unmerged}");
    for customer in [into, other] {
        let told = listener.receive().await.unwrap();
        assert_eq!((&told["event"], &told["customerId"]), (&json!("customer.unmerged"), &json!(customer)), "{told}");
    }
    server.stop().await;
}

async fn duplicates_are_told_in_pages(engine: Engine) {
    let server = server(engine).await;
    let mut client = SUPERVISOR.connect(&server).await;
    let mut expected = Vec::new();
    for number in 0..3 {
        let name = json!({"custname": format!("重复{number}"), "companyName": format!("望潮{number}")});
        expected.push(json!([new(&mut client, name.clone()).await, new(&mut client, name).await]));
    }
    // Of another company, or of none, it is another.
    new(&mut client, json!({"custname": "重复0", "companyName": "别家"})).await;
    new(&mut client, json!({"custname": "重复1"})).await;
    let mut found = Vec::new();
    let mut ask = json!({"action": "find_duplicates", "by": "name", "pageSize": 2});
    loop {
        let page = client.ask(ask.clone()).await;
        for group in page["result"].as_array().unwrap_or_else(|| panic!("{page}")) {
            found.push(group.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Value>());
        }
        let Some(after) = page.get("after") else { break };
        ask["after"] = after.clone();
    }
    for group in expected {
        assert_eq!(found.iter().filter(|known| **known == group).count(), 1, "{group}: {found:?}");
    }
    // A contact's number that is another's own.
    let own = new(&mut client, json!({"custname": "本人", "cellphones": ["13911110005"]})).await;
    let of_contact = new(&mut client, json!({"custname": "同事"})).await;
    let contacts = json!({"contacts": [{"name": "本人", "mobile": "139 1111 0005"}]});
    let put =
        json!({"action": "put_details", "type": "id", "content": of_contact, "system": "crm_info", "fields": contacts});
    assert_eq!(client.ask(put).await["code"], 1000);
    let page = client.ask(json!({"action": "find_duplicates"})).await;
    let groups: Vec<Value> =
        page["result"].as_array().unwrap().iter().map(|group| json!([group[0]["id"], group[1]["id"]])).collect();
    assert!(groups.contains(&json!([own, of_contact])), "{page}");
    for (wrong, code) in
        [(json!({"by": "age"}), 2000), (json!({"after": "x"}), 2000), (json!({"pageSize": 0}), 206_211)]
    {
        let mut frame = wrong.clone();
        frame["action"] = "find_duplicates".into();
        assert_eq!(client.ask(frame).await["code"], code, "{wrong}");
    }
    server.stop().await;
}
