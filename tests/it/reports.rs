//! What is reported of work is what was done, whoever did it, by whatever door, and whatever has become of the customers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use laidian::dialects::Operation;
use laidian::error::Error;
use laidian::ops::Cx;
use laidian::ops::customer::{MatchBy, Mode, Plan};
use laidian::protocol::callback_id::CallbackId;
use laidian::protocol::envelope::Door;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::support::{Demo, Engine, MAIN, NOW, SECOND, backend};
use crate::tables::{import, mode, workbook};

both_engines! {
    what_is_reported_is_what_was_done,
    who_is_imported_or_merged_counts_nothing,
}

const AGENTS: [&str; 3] = ["trcs001", "trcs008", "trcs009"];
/// Deal flags of the demo: values and names.
const FLAGS: [(&str, &str); 3] = [("0", "未处理"), ("1", "了解产品"), ("11", "客户签约")];
/// Some are off by a part of an hour.
const ZONES: [&str; 3] = ["Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns"];
const MINUTE: i64 = 60 * SECOND;

#[derive(Debug, Clone)]
enum Step {
    /// By a door and an agent, of the living at this place.
    FollowUp(usize, usize, usize, Option<usize>),
    /// Without a flag, it is cleared.
    Flag(usize, usize, Option<usize>),
    Create(usize, Option<usize>),
    Delete(usize),
    Restore(usize),
    Merge(usize, usize),
    Unmerge(usize),
    /// Minutes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (agent, place, flag) = (0..AGENTS.len(), any::<usize>(), || option::of(0..FLAGS.len()));
    let step = prop_oneof![
        6 => (0..3_usize, agent.clone(), place, flag()).prop_map(|(door, agent, place, flag)| Step::FollowUp(door, agent, place, flag)),
        3 => (agent.clone(), place, flag()).prop_map(|(agent, place, flag)| Step::Flag(agent, place, flag)),
        2 => (agent, flag()).prop_map(|(agent, flag)| Step::Create(agent, flag)),
        1 => place.prop_map(Step::Delete),
        1 => place.prop_map(Step::Restore),
        1 => (place, place).prop_map(|(into, other)| Step::Merge(into, other)),
        1 => place.prop_map(Step::Unmerge),
        4 => prop_oneof![1..40_i64, 300..2000_i64].prop_map(Step::Wait),
    ];
    vec(step, 40..90)
}

/// Carries a frame out as this operator, or as the company's own system user.
async fn run(demo: &Demo, login_no: Option<&str>, mut frame: Value) -> Result<Value, Error> {
    let caller = demo.caller(MAIN, login_no).await;
    let cx = demo.backend.context(&caller).await?;
    let action = frame.as_object_mut().unwrap().remove("action").unwrap();
    let operation = Operation::parse(action.as_str().unwrap()).unwrap();
    let mut reply = Vec::new();
    operation.run(cx, &frame.to_string(), Door::Socket(&CallbackId::default()), &mut reply).await?;
    Ok(serde_json::from_slice(&reply).unwrap())
}

/// What was done: when, by whom, and with which customer.
#[derive(Debug, Clone)]
struct Done {
    at: i64,
    agent: &'static str,
    is_follow_up: bool,
    is_first: bool,
    is_first_of_day: bool,
    is_own_first_of_day: bool,
    gained: Option<String>,
}

/// A follow-up, and whose it is now.
struct FollowUp {
    customer: i64,
    day: String,
    agent: &'static str,
}

struct Model<'d> {
    demo: &'d Demo,
    zone: TimeZone,
    now: i64,
    living: Vec<i64>,
    deleted: Vec<i64>,
    /// Who was merged, into whom, and which follow-ups went over.
    merged: Vec<(i64, i64, Vec<usize>)>,
    follow_ups: Vec<FollowUp>,
    done: Vec<Done>,
    calls: usize,
}

fn pick(list: &[i64], place: usize) -> Option<i64> {
    list.get(place % list.len().max(1)).copied()
}

fn text(at: i64, zone: &TimeZone, format: &str) -> String {
    Timestamp::from_microsecond(at).unwrap().to_zoned(zone.clone()).strftime(format).to_string()
}

impl Model<'_> {
    async fn flag_of(&self, customer: i64) -> Option<String> {
        self.demo.store.company(MAIN).customer(customer).await.unwrap().and_then(|row| row.flag_value)
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Wait(minutes) => {
                self.now += minutes * MINUTE;
                self.demo.time.set(self.now);
            }
            Step::FollowUp(door, agent, place, flag) => {
                let Some(customer) = pick(&self.living, *place) else { return };
                self.follow_up(*door, AGENTS[*agent], customer, flag.map(|flag| FLAGS[flag].1)).await;
            }
            Step::Flag(agent, place, flag) => {
                let Some(customer) = pick(&self.living, *place) else { return };
                let flag = flag.map(|flag| FLAGS[flag].0);
                let frame = json!({"action": "update_customer", "type": "id", "content": customer,
                    "customer": {"dealFlag": flag}});
                self.change(AGENTS[*agent], customer, frame).await;
            }
            Step::Create(agent, flag) => self.create(AGENTS[*agent], flag.map(|flag| FLAGS[flag])).await,
            Step::Delete(place) => {
                let Some(customer) = pick(&self.living, *place) else { return };
                let frame = json!({"action": "destroy_customer", "type": "id", "content": customer});
                run(self.demo, None, frame).await.unwrap();
                self.living.retain(|id| *id != customer);
                self.deleted.push(customer);
            }
            Step::Restore(place) => {
                let Some(customer) = pick(&self.deleted, *place) else { return };
                run(self.demo, None, json!({"action": "restore_customer", "id": customer})).await.unwrap();
                self.deleted.retain(|id| *id != customer);
                self.living.push(customer);
            }
            Step::Merge(into, other) => {
                let (Some(into), Some(other)) = (pick(&self.living, *into), pick(&self.living, *other)) else { return };
                self.merge(into, other).await;
            }
            Step::Unmerge(place) => self.unmerge(*place).await,
        }
    }

    async fn change(&mut self, agent: &'static str, customer: i64, frame: Value) {
        let before = self.flag_of(customer).await;
        run(self.demo, Some(agent), frame).await.unwrap();
        let gained = self.flag_of(customer).await.filter(|after| before.as_ref() != Some(after));
        self.note(agent, gained);
    }

    fn note(&mut self, agent: &'static str, gained: Option<String>) {
        self.done.push(Done {
            at: self.now,
            agent,
            is_follow_up: false,
            is_first: false,
            is_first_of_day: false,
            is_own_first_of_day: false,
            gained,
        });
    }

    async fn follow_up(&mut self, door: usize, agent: &'static str, customer: i64, flag: Option<&str>) {
        let mut frame = match door {
            0 => json!({"action": "add_follow_up", "customerId": customer, "content": "已回电"}),
            1 => json!({"action": "create_follow_up", "type": "id", "content": customer, "text": "已回电"}),
            _ => {
                self.calls += 1;
                let id = format!("c-{}", self.calls);
                for event in ["ringing", "ended"] {
                    let report = json!({"action": "report_call", "event": event, "callId": id, "agent": agent});
                    run(self.demo, None, report).await.unwrap();
                }
                json!({"action": "complete_call", "callId": id, "note": "已回电", "customerId": customer})
            }
        };
        if let Some(flag) = flag {
            frame["dealFlag"] = flag.into();
        }
        self.change(agent, customer, frame).await;
        let day = text(self.now, &self.zone, "%F");
        let of_customer = || self.follow_ups.iter().filter(|followed| followed.customer == customer);
        let of_day = || of_customer().filter(|followed| followed.day == day);
        let (is_first, is_first_of_day) = (of_customer().next().is_none(), of_day().next().is_none());
        let is_own_first_of_day = of_day().all(|followed| followed.agent != agent);
        let done = self.done.last_mut().unwrap();
        *done = Done { is_follow_up: true, is_first, is_first_of_day, is_own_first_of_day, ..done.clone() };
        self.follow_ups.push(FollowUp { customer, day, agent });
    }

    async fn create(&mut self, agent: &'static str, flag: Option<(&str, &str)>) {
        let customer = json!({"custname": "沈知秋", "dealFlag": flag.map(|(_, name)| name)});
        let created = run(self.demo, Some(agent), json!({"action": "create_customer", "customer": customer})).await;
        self.living.push(created.unwrap()["customer"]["id"].as_i64().unwrap());
        self.note(agent, flag.map(|(value, _)| value.to_owned()));
    }

    async fn merge(&mut self, into: i64, other: i64) {
        if into == other {
            return;
        }
        let frame = json!({"action": "merge_customers", "into": into, "customerIds": [other]});
        run(self.demo, None, frame).await.unwrap();
        self.living.retain(|id| *id != other);
        let mut moved = Vec::new();
        for (place, followed) in self.follow_ups.iter_mut().enumerate().filter(|(_, one)| one.customer == other) {
            followed.customer = into;
            moved.push(place);
        }
        self.merged.push((other, into, moved));
    }

    async fn unmerge(&mut self, place: usize) {
        if self.merged.is_empty() {
            return;
        }
        let place = place % self.merged.len();
        let (other, into, moved) = self.merged[place].clone();
        // It comes back only after whom it is in.
        if run(self.demo, None, json!({"action": "unmerge", "customerId": other})).await.is_err() {
            return;
        }
        for place in moved {
            if self.follow_ups[place].customer == into {
                self.follow_ups[place].customer = other;
            }
        }
        self.merged.remove(place);
        self.living.push(other);
    }

    /// Adds up what was done, row by row.
    fn recount(&self, cx: &Cx<'_>, from: i64, to: i64, by: &str) -> (Vec<Value>, Vec<Value>) {
        let mut rows: BTreeMap<String, Vec<&Done>> = BTreeMap::new();
        for done in self.done.iter().filter(|done| (from..to).contains(&done.at)) {
            let names: Vec<String> = match by {
                "agent" => vec![done.agent.to_owned()],
                "group" => cx.catalogue.staff(done.agent).unwrap().groups.iter().map(i64::to_string).collect(),
                "day" => vec![text(done.at, &self.zone, "%Y-%m-%d")],
                _ => vec![text(done.at, &self.zone, "%Y-%m-%d %H:00")],
            };
            for name in names {
                rows.entry(name).or_default().push(done);
            }
        }
        let (mut follow_ups, mut conversion) = (Vec::new(), Vec::new());
        for (name, done) in rows {
            let count = |is: fn(&Done) -> bool| done.iter().filter(|done| is(done)).count();
            let customers =
                if by == "agent" { count(|done| done.is_own_first_of_day) } else { count(|done| done.is_first_of_day) };
            let written = count(|done| done.is_follow_up);
            if written > 0 {
                follow_ups.push(json!({"name": name, "followUps": written, "customers": customers,
                    "firstContacts": count(|done| done.is_first)}));
            }
            let gained = |value: &str| done.iter().filter(|done| done.gained.as_deref() == Some(value)).count();
            let flags = FLAGS.iter().filter(|(value, _)| gained(value) > 0);
            let flags: Vec<Value> = flags
                .map(|(value, name)| {
                    with_rate(json!({"value": value, "name": name, "customers": gained(value)}), customers)
                })
                .collect();
            if written > 0 || !flags.is_empty() {
                let row = json!({"name": name, "customers": customers, "deals": gained("11"), "dealFlags": flags});
                conversion.push(with_rate(row, customers));
            }
        }
        (follow_ups, conversion)
    }
}

/// The same with the rate, in which it is of so many.
fn with_rate(mut row: Value, of: usize) -> Value {
    let (some, name) = match row.get("deals") {
        Some(deals) => (deals.as_f64().unwrap(), "dealRate"),
        None => (row["customers"].as_f64().unwrap(), "rate"),
    };
    if of > 0 {
        row[name] = json!((some * 10_000.0 / f64::from(u32::try_from(of).unwrap())).round() / 10_000.0);
    }
    row
}

async fn report(demo: &Demo, kind: &str, by: &str, from: i64, to: i64) -> Vec<Value> {
    let at = |at: i64| Timestamp::from_microsecond(at).unwrap().to_string();
    let frame = json!({"action": "reports", "kind": kind, "by": by, "from": at(from), "to": at(to)});
    run(demo, None, frame).await.unwrap()["result"].as_array().unwrap().clone()
}

async fn perform(engine: Engine, zone: usize, steps: Vec<Step>) {
    let demo = backend(engine, 0).await;
    let mut tx = demo.store.company(MAIN).write().await.unwrap();
    tx.put_company("云上通讯演示公司", ZONES[zone], "CN", "secret").await.unwrap();
    tx.commit().await.unwrap();
    let zone = TimeZone::get(ZONES[zone]).unwrap();
    let mut model = Model {
        demo: &demo,
        zone,
        now: NOW,
        living: Vec::new(),
        deleted: Vec::new(),
        merged: Vec::new(),
        follow_ups: Vec::new(),
        done: Vec::new(),
        calls: 0,
    };
    for step in &steps {
        model.take(step).await;
    }
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    // Quarters are told as a whole.
    let quarter = 15 * MINUTE;
    let middle = NOW + (model.now - NOW) / 2 / quarter * quarter;
    for (from, to) in [(NOW, model.now + 1), (middle, model.now + 1), (NOW, middle.max(NOW + 1))] {
        let whole = (to + quarter - 1) / quarter * quarter;
        for by in ["agent", "group", "day", "hour"] {
            let (follow_ups, conversion) = model.recount(&cx, from, whole, by);
            assert_eq!(report(&demo, "follow_ups", by, from, to).await, follow_ups, "by {by}");
            assert_eq!(report(&demo, "conversion", by, from, to).await, conversion, "by {by}");
        }
    }
}

async fn what_is_reported_is_what_was_done(engine: Engine) {
    let mut runner =
        TestRunner::new(Config { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..Config::default() });
    let handle = Handle::current();
    let outcome = block_in_place(|| {
        runner.run(&(0..ZONES.len(), steps()), |(zone, steps)| {
            handle.block_on(perform(engine, zone, steps));
            Ok(())
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\n{steps:#?}"),
        Err(other) => panic!("{other}"),
    }
}

async fn who_is_imported_or_merged_counts_nothing(engine: Engine) {
    let demo = backend(engine, 0).await;
    let mut ids = Vec::new();
    for flag in [None, Some("客户签约")] {
        let create = json!({"action": "create_customer", "customer": {"custname": "沈知秋", "dealFlag": flag}});
        ids.push(run(&demo, None, create).await.unwrap()["customer"]["id"].clone());
    }
    let from = NOW + 60 * MINUTE;
    demo.time.set(from);
    let later = async |kind| report(&demo, kind, "day", from, from + 60 * MINUTE).await;
    // The one takes the deal flag over from the other, gives it back, and all of them come back with theirs.
    run(&demo, None, json!({"action": "merge_customers", "into": ids[0], "customerIds": [ids[1]]})).await.unwrap();
    run(&demo, None, json!({"action": "unmerge", "customerId": ids[1]})).await.unwrap();
    run(&demo, None, json!({"action": "destroy_customer", "type": "id", "content": ids[1]})).await.unwrap();
    run(&demo, None, json!({"action": "restore_customer", "id": ids[1]})).await.unwrap();
    let caller = demo.caller(MAIN, None).await;
    let rows = workbook(&["客户名称", "客户状态"], &[["林小满", "客户签约"]]);
    assert_eq!(import(&demo, &caller, mode(Mode::Create), &rows).await.success, 1);
    for kind in ["follow_ups", "conversion"] {
        assert_eq!(later(kind).await, Vec::<Value>::new());
    }
    // One who was there before gets it by an import, too.
    let rows = workbook(&["编号", "客户状态"], &[[ids[0].to_string().leak() as &str, "客户签约"]]);
    assert_eq!(import(&demo, &caller, Plan { by: MatchBy::Id, ..mode(Mode::Update) }, &rows).await.success, 1);
    assert_eq!(later("conversion").await[0]["deals"], 1);

    let wrong = json!({"action": "reports", "kind": "weather", "from": "2026-01-01", "to": "2026-01-02"});
    let refusal = run(&demo, None, wrong).await.unwrap_err().to_string();
    assert!(["calls", "follow_ups", "conversion"].iter().all(|name| refusal.contains(name)), "{refusal}");
}
