//! Whatever happens to customers, those that are deleted come back as they were.

use std::collections::BTreeMap;

use laidian::domain::document::System;
use laidian::domain::ids;
use laidian::domain::plm::Attention;
use laidian::ops::Cx;
use laidian::ops::customer::recycle::{self, Restored};
use laidian::ops::customer::{Changes, Patch, PhoneChange, PlmPatch, create};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::rows_of;
use crate::invariants::check_invariants;
use crate::support::{Engine, MAIN, NOW, Raw, backend, destroy, update};

both_engines! {
    what_is_restored_is_as_it_was,
}

/// What every change of a customer changes.
const CHANGING: [&str; 3] = ["version", "updated_at", "updated_by"];

#[derive(Debug, Clone)]
enum Step {
    /// Of the living at this place.
    Edit(usize, Draft),
    Delete(usize),
    /// Of the deleted at this place.
    Restore(usize),
    /// A new customer gets the numbers and the id of the deleted at this place.
    Take(usize),
    /// The customer that took them goes, and they are free again.
    GiveBack,
}

#[derive(Debug, Clone)]
pub(super) struct Draft {
    phones: Vec<i64>,
    labels: Vec<usize>,
    contacts: Vec<i64>,
    pub(super) feeds: Vec<usize>,
    followers: usize,
    text: String,
}

pub(super) fn drafts() -> impl Strategy<Value = Draft> {
    let number = 0..1000_i64;
    (
        vec(number.clone(), 0..4),
        vec(0..5_usize, 0..4),
        vec(number, 0..3),
        vec(0..5_usize, 0..6),
        0..4_usize,
        "[a-z王芳\"\\\\\n 🙂'%]{0,12}",
    )
        .prop_map(|(phones, labels, contacts, feeds, followers, text)| Draft {
            phones,
            labels,
            contacts,
            feeds,
            followers,
            text,
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let draft = drafts();
    let step = prop_oneof![
        5 => (any::<usize>(), draft).prop_map(|(place, draft)| Step::Edit(place, draft)),
        4 => any::<usize>().prop_map(Step::Delete),
        3 => any::<usize>().prop_map(Step::Restore),
        1 => any::<usize>().prop_map(Step::Take),
        1 => Just(Step::GiveBack),
    ];
    vec(step, 40..80)
}

pub(super) fn what_is_changed(id: i64, draft: &Draft) -> Changes<'_> {
    let mut phones = draft.phones.clone();
    phones.sort_unstable();
    phones.dedup();
    let phone = |number: &i64| PhoneChange { id: None, typed: format!("139 {id:04} {number:04}").into() };
    let contact = |number: &i64| json!({"name": draft.text, "mobile": format!("1370000{number:04}")});
    let documents = json!({"contacts": draft.contacts.iter().map(contact).collect::<Vec<_>>(), "remark": draft.text});
    let follower = |login_no: &&str| Attention { user_id: (*login_no).into(), name: None, kind: "40".into() };
    let members = json!({"scale": draft.contacts.len(), "description": draft.text, "grade_id": "L2"});
    Changes {
        name: Patch::Set(format!("王{}", draft.text).into()),
        address: Patch::Set(draft.text.as_str().into()),
        phones: Some(phones.iter().map(phone).collect()),
        labels: Some(draft.labels.iter().map(|label| format!("标签{label}").into()).collect()),
        star: Some(i64::try_from(draft.followers).unwrap()),
        documents: vec![(System::CrmInfo, documents.as_object().unwrap().clone())],
        plm: Some(PlmPatch {
            members: members.as_object().unwrap().clone().into_iter().collect(),
            attentions: Some(["trcs001", "trcs008", "trcs009"].iter().take(draft.followers).map(follower).collect()),
            ..PlmPatch::default()
        }),
        ..Changes::default()
    }
}

/// What happens to a customer that no action writes.
pub(super) async fn happen(cx: &Cx<'_>, customer: i64, draft: &Draft) {
    let mut tx = cx.scope.write().await.unwrap();
    for feed in &draft.feeds {
        let id = tx.count(0, 0, 0, 0, 0, 1, 0).await.unwrap().unwrap().last_feed;
        let text = draft.text.as_str();
        match feed {
            0 => tx.insert_ticket(id, customer, NOW + id, text, text, "trcs001", "已完成", "高").await.unwrap(),
            1 => tx.insert_follow_up(id, customer, NOW + id, "trcs001", "王芳", text, None).await.unwrap(),
            2 => tx.insert_follow_up(id, customer, NOW + id, "trcs001", "王芳", text, Some("1")).await.unwrap(),
            3 => tx.insert_call(id, customer, NOW + id, "呼入", "接通", id).await.unwrap(),
            _ => tx.insert_text_message(id, customer, NOW + id, "13900000000", text, "out", "已发送").await.unwrap(),
        };
    }
    let (one, other) = (ids::to_hex32(MAIN, customer), format!("idea-{}", draft.followers));
    tx.put_plm_relation(&one, "customer", &other, "idea", NOW, "trcs001").await.unwrap();
    tx.commit().await.unwrap();
}

/// What is expected of the deleted: their rows but for what each change changes, and version and history at that time.
struct Bin {
    deleted: BTreeMap<i64, (BTreeMap<String, Vec<String>>, i64)>,
    living: Vec<i64>,
    /// Who took the numbers of whom.
    taker: Option<(i64, i64)>,
}

async fn version(cx: &Cx<'_>, id: i64) -> i64 {
    cx.scope.customer(id).await.unwrap().unwrap().version
}

impl Bin {
    fn living(&self, place: usize) -> i64 {
        self.living[place % self.living.len()]
    }

    async fn perform(&mut self, cx: &Cx<'_>, raw: &mut Raw, step: &Step) {
        match step {
            Step::Edit(place, draft) => {
                let id = self.living(*place);
                if self.taker.is_some_and(|(_, of)| of == id) {
                    return;
                }
                update(cx, id, what_is_changed(id, draft)).await.unwrap();
                happen(cx, id, draft).await;
            }
            Step::Delete(place) if self.living.len() > 5 => {
                let id = self.living(*place);
                self.deleted.insert(id, (rows_of(raw, MAIN, id, &CHANGING).await, version(cx, id).await));
                destroy(cx, id).await.unwrap();
                self.living.retain(|living| *living != id);
                assert!(rows_of(raw, MAIN, id, &[]).await.values().all(Vec::is_empty), "something is left of {id}");
            }
            Step::Restore(place) if !self.deleted.is_empty() => {
                let id = *self.deleted.keys().nth(place % self.deleted.len()).unwrap();
                let (before, version) = self.deleted.remove(&id).unwrap();
                let restored = recycle::restore(cx, id).await.unwrap();
                self.living.push(id);
                self.compare(cx, raw, restored, before, version).await;
            }
            Step::Take(place) if !self.deleted.is_empty() && self.taker.is_none() => {
                let id = *self.deleted.keys().nth(place % self.deleted.len()).unwrap();
                let numbers = typed_in(&self.deleted[&id].0);
                let phones = numbers.into_iter().map(|typed| PhoneChange { id: None, typed: typed.into() }).collect();
                let taker =
                    create(cx, Changes { name: Patch::Set("占号".into()), phones: Some(phones), ..Changes::default() });
                self.taker = Some((taker.await.unwrap().id, id));
            }
            Step::GiveBack => {
                if let Some((taker, _)) = self.taker.take() {
                    destroy(cx, taker).await.unwrap();
                }
            }
            _ => {}
        }
    }

    async fn compare(
        &mut self,
        cx: &Cx<'_>,
        raw: &mut Raw,
        restored: Restored,
        mut before: BTreeMap<String, Vec<String>>,
        version: i64,
    ) {
        let id = restored.customer.id;
        assert_eq!(restored.customer.version, version + 2, "deleted and restored");
        let is_taken = self.taker.is_some_and(|(_, of)| of == id);
        assert_eq!(restored.phones_taken, if is_taken { typed_in(&before) } else { vec![] });
        let mut after = rows_of(raw, MAIN, id, &CHANGING).await;
        // The two lines of the history, and nothing else.
        let new: Vec<String> =
            after["change"].iter().filter(|line| !before["change"].contains(line)).cloned().collect();
        assert!(new.len() == 2 && new.iter().all(|line| line.contains("回收站")), "{new:?}");
        after.get_mut("change").unwrap().retain(|line| !new.contains(line));
        if is_taken {
            before.insert("phone".to_owned(), vec![]);
            for rows in [&mut before, &mut after] {
                rows.get_mut("customer").unwrap().iter_mut().for_each(|row| *row = without_phones(row));
            }
        }
        assert_eq!(after, before, "customer {id}");
        let items = cx.scope.feed(id, &laidian::domain::feed::FeedKind::ALL, 2, 0).await.unwrap();
        assert_eq!(items.len(), 2);
    }
}

/// The numbers that stand in the phones of a customer's rows, in the order of their ids.
fn typed_in(rows: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let row: Vec<Value> = serde_json::from_str(&rows["customer"][0]).unwrap();
    let phones = row.iter().filter_map(Value::as_str).find(|text| text.contains("\"content\""));
    let phones: Vec<Value> = serde_json::from_str(phones.unwrap_or("[]")).unwrap();
    phones.iter().map(|phone| phone["content"].as_str().unwrap().to_owned()).collect()
}

fn without_phones(row: &str) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    row.as_array_mut()
        .unwrap()
        .retain(|value| !value.as_str().is_some_and(|text| text.contains("\"content\"") || text == "[]"));
    row.to_string()
}

async fn what_is_restored_is_as_it_was(engine: Engine) {
    let mut runner =
        TestRunner::new(Config { cases: 4, max_shrink_iters: 30, failure_persistence: None, ..Config::default() });
    let handle = Handle::current();
    let outcome = block_in_place(|| {
        runner.run(&steps(), |steps| {
            handle.block_on(async {
                let demo = backend(engine, 20).await;
                let caller = demo.caller(MAIN, None).await;
                let cx = demo.context(&caller).await.unwrap();
                let mut raw = demo.place.connect().await;
                let living =
                    raw.texts("select cast(id as text) from customer where company_id = 1054 order by id").await;
                let living = living.iter().map(|id| id.parse().unwrap()).collect();
                let mut bin = Bin { deleted: BTreeMap::new(), living, taker: None };
                for step in &steps {
                    bin.perform(&cx, &mut raw, step).await;
                }
                check_invariants(&demo.place, &demo.store.company(MAIN)).await;
                // Of those that are left, each comes back; the last number is free again.
                bin.perform(&cx, &mut raw, &Step::GiveBack).await;
                while !bin.deleted.is_empty() {
                    bin.perform(&cx, &mut raw, &Step::Restore(0)).await;
                }
                check_invariants(&demo.place, &demo.store.company(MAIN)).await;
                assert_eq!(
                    raw.texts("select source from deleted_row where source <> 'customer'").await.len(),
                    left_of_takers(&mut raw).await
                );
            });
            Ok(())
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\n{steps:#?}"),
        Err(other) => panic!("{other}"),
    }
}

/// Rows in the bin of the customers that took numbers and went.
async fn left_of_takers(raw: &mut Raw) -> usize {
    let sql = "select r.source from deleted_row r join deleted_row c on c.company_id = r.company_id and c.customer_id = r.customer_id
         and c.source = 'customer' where r.source <> 'customer' and c.content like '%占号%'";
    raw.texts(sql).await.len()
}
