//! Hidden digits cannot be found by trying: whatever is answered otherwise to a right number than to a wrong one counts as
//! a try of `masked_lookups_per_hour`, the same for both.
//!
//! Every parameter of every action is given a customer's number, and one that differs from another customer's in a hidden
//! digit. The customers have nothing but their number in all that they have.

use std::collections::BTreeSet;

use laidian::config::AuthMode;
use laidian::dialects::{Effect, Row, rows};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::door::log_in;
use super::guesses::{self, Guess, Victim};
use super::numbers::{Dice, number};
use crate::client::Client;
use crate::support::{Engine, TestServer, server};

both_engines! {
    what_differs_by_a_hidden_digit_is_counted,
    a_script_is_stopped_at_the_limit,
}

/// Who asks, and who has made whom he asks for.
pub struct Asker {
    server: TestServer,
    pub admin: Client,
    caller: Client,
    dice: Dice,
}

impl Asker {
    /// A supervisor to whom numbers are masked: he may ask for more than an agent.
    async fn begin(engine: Engine, limit: u32) -> Self {
        let server = server(engine, |config| {
            config.auth.mode = AuthMode::Token;
            config.limits.frames_per_second = 0;
            config.limits.operator_frames_per_second = 0;
            config.limits.masked_lookups_per_hour = limit;
        })
        .await;
        let url = format!("ws://{}/ws", server.address());
        let mut admin = log_in(&url, "admin1001").await;
        for frame in [
            json!({"action": "put_custom_field", "id": 500, "name": "备注500", "kind": "text"}),
            json!({"action": "put_operator", "staffNo": "trcs077", "name": "孙宁", "role": "supervisor", "groups": [1001],
                   "password": "demo-trcs077"}),
            json!({"action": "put_rights", "role": "supervisor", "phones": "masked", "export": true, "reach": "company"}),
        ] {
            assert_eq!(admin.ask(frame.clone()).await["code"], 1000, "{frame}");
        }
        let caller = log_in(&url, "trcs077").await;
        Self { server, admin, caller, dice: Dice::new() }
    }

    async fn victim(&mut self) -> Victim {
        let number = number(0, &self.dice).national;
        Victim::create(&mut self.admin, number).await
    }

    fn tries(&self) -> u64 {
        self.server.backend().allowances.tries()
    }

    /// Asks, and returns the answer without what differs anyway, and how many tries it was.
    async fn ask(&mut self, frame: Value, victims: &[Victim]) -> (Value, u64) {
        let before = self.tries();
        let mut reply = self.caller.ask(frame).await;
        guesses::blur(&mut reply, victims);
        (reply, self.tries() - before)
    }
}

/// The places of an action's parameters, as paths: `customer.custname`.
fn places(row: &Row) -> BTreeSet<String> {
    let mut generator = SchemaGenerator::default();
    let schema = (row.request_schema)(&mut generator).to_value();
    let mut found = BTreeSet::new();
    walk(&schema, generator.definitions(), "", &mut found);
    found
}

fn walk(schema: &Value, definitions: &Map<String, Value>, before: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        // A condition stands in a list, which is asked for as a whole.
        return walk(&definitions[name], definitions, before, found);
    }
    for part in ["anyOf", "oneOf", "allOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            walk(schema, definitions, before, found);
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        if path.split('.').count() < 3 {
            walk(schema, definitions, &path, found);
        }
        found.insert(path);
    }
}

async fn what_differs_by_a_hidden_digit_is_counted(engine: Engine) {
    let mut asker = Asker::begin(engine, 0).await;
    let (mut counted, mut missing, mut faults) = (BTreeSet::new(), Vec::new(), Vec::new());
    for row in rows() {
        let mut pair = [asker.victim().await, asker.victim().await];
        let Some(base) = guesses::base(row.action) else {
            missing.push(row.action);
            continue;
        };
        let guesses = guesses::all(row.action, &places(row));
        for Guess { place, put } in guesses {
            let [one, other] = &pair;
            let right = put(base(one), &one.number, one);
            let wrong = put(base(other), &other.wrong, other);
            let context = format!("{}: {place}", row.action);
            let (after_right, tries_right) = asker.ask(right.clone(), &pair).await;
            let (after_wrong, tries_wrong) = asker.ask(wrong, &pair).await;
            let said = format!("{context}\n{right}\nright: {after_right}\nwrong: {after_wrong}");
            if tries_right != tries_wrong {
                faults.push(format!("right and wrong ones count otherwise, {tries_right} and {tries_wrong}: {said}"));
            } else if after_right != after_wrong && tries_right == 0 {
                faults.push(format!("tells a digit and is no try: {said}"));
            }
            if tries_right > 0 {
                counted.insert(context);
            }
            let is_done = [&after_right, &after_wrong].iter().any(|reply| reply["code"] == 1000);
            if row.effect == Effect::Write && is_done {
                pair = [asker.victim().await, asker.victim().await];
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n\n"));
    assert!(missing.is_empty(), "new: say in tests/it/masking/guesses.rs how they are asked for: {missing:?}");
    let left: Vec<_> = guesses::KNOWN.iter().filter(|known| !counted.contains(**known)).collect();
    assert!(left.is_empty(), "these are no tries: {left:?}\nbut these: {counted:#?}");
    asker.server.stop().await;
}

/// Ten wrong guesses over each way there was, with five tries an hour.
async fn a_script_is_stopped_at_the_limit(engine: Engine) {
    for (way, guess) in guesses::ATTACKS {
        let mut asker = Asker::begin(engine, 5).await;
        let victim = asker.victim().await;
        for nth in 1..=10 {
            let guessed = format!("{}{nth:04}{}", &victim.number[..3], &victim.number[7..]);
            let reply = asker.caller.ask(guess(&victim, &guessed)).await;
            assert_eq!(reply["code"] == 429, nth > 5, "{way}, guess {nth}: {reply}");
            if nth > 5 {
                assert!(
                    reply["detail"].as_str().unwrap().contains("[limits] masked_lookups_per_hour"),
                    "{way}: {reply}"
                );
            }
        }
        let action = guess(&victim, "1")["action"].clone();
        for (kind, is_it) in [("try", json!({"action": action})), ("refusal", json!({"action": action, "code": 429}))] {
            asker.wait_for_line(kind, &is_it).await;
        }
        asker.server.stop().await;
    }
}

impl Asker {
    /// Waits for a line of the audit, which is written beside the answer.
    async fn wait_for_line(&mut self, kind: &str, what: &Value) {
        let until = tokio::time::Instant::now() + crate::client::PATIENCE;
        loop {
            let lines = self.admin.ask(json!({"action": "list_audit", "kind": kind})).await["result"].take();
            let lines = lines.as_array().unwrap();
            if lines.iter().any(|line| line["what"] == *what && line["staffNo"] == "trcs077") {
                return;
            }
            assert!(tokio::time::Instant::now() < until, "no {kind} {what} in {lines:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// Who sees numbers asks as often as he likes, and nothing of it is written down.
#[tokio::test]
async fn who_sees_numbers_is_not_counted() {
    let mut asker = Asker::begin(Engine::Sqlite, 1).await;
    let victim = asker.victim().await;
    for (way, guess) in guesses::ATTACKS {
        for _ in 0..3 {
            let reply = asker.admin.ask(guess(&victim, &victim.wrong)).await;
            assert_ne!(reply["code"], 429, "{way}: {reply}");
        }
    }
    assert_eq!(asker.tries(), 0);
    let lines = asker.admin.ask(json!({"action": "list_audit", "kind": "try"})).await;
    assert_eq!(lines["result"], json!([]));
    asker.server.stop().await;
}

/// Over HTTP the same is counted, refused and written down.
#[tokio::test]
async fn the_other_door_counts_too() {
    let mut asker = Asker::begin(Engine::Sqlite, 1).await;
    let victim = asker.victim().await;
    let token = laidian::ops::access::token::issue_token(asker.server.backend(), 1001, "trcs077", 600).await.unwrap();
    let row = rows().find(|row| row.action == "destroy_customer").unwrap();
    let guess = json!({"type": "cellphone", "content": victim.wrong, "ifVersion": 999});
    for code in [2005, 429] {
        let reply = super::door::http(asker.server.address(), &token, row.routes[0], &guess).await;
        assert_eq!(reply["code"], code, "{reply}");
    }
    asker.wait_for_line("refusal", &json!({"action": "destroy_customer", "code": 429})).await;
    asker.wait_for_line("try", &json!({"action": "destroy_customer"})).await;
    asker.server.stop().await;
}

/// What an agent does all day is no try: no digit is asked for.
#[tokio::test]
async fn an_ordinary_day_is_no_try() {
    let mut asker = Asker::begin(Engine::Sqlite, 1).await;
    let victim = asker.victim().await;
    let get = json!({"action": "get_customer", "type": "id", "content": victim.id});
    let shown = asker.caller.ask(get.clone()).await["result"][0].take();
    for frame in [
        get,
        json!({"action": "list_customers", "query": "张三"}),
        json!({"action": "list_customers", "filters": {"status": "未签约"}}),
        json!({"action": "feeds", "feed_type": "All", "type": "id", "content": victim.id}),
        json!({"action": "update_customer", "type": "id", "content": victim.id, "customer": shown}),
        json!({"action": "update_customer", "type": "id", "content": victim.id, "customer": {"custname": "李四", "address": "人民路12号"}}),
        json!({"action": "create_follow_up", "type": "id", "content": victim.id, "text": "约 2026-11-22 10:00 回电 13800000000"}),
        json!({"action": "ibizplm.fetchnormal", "n_grade_id_eq": "L1"}),
        json!({"action": "ibizplm.get", "key": victim.key}),
        json!({"action": "account/get", "account_id": victim.account, "fields": "accountName"}),
    ] {
        let reply = asker.caller.ask(frame.clone()).await;
        assert!(reply["code"] == 1000 || reply["code"] == 2000, "{frame}: {reply}");
        assert_eq!(asker.tries(), 0, "{frame}");
    }
    asker.server.stop().await;
}
