//! The CRM customer info document: one call, whose answer stands there as an example of 175 keys.

use std::collections::BTreeSet;

use super::{Field, Operation, Seed, check, check_order, loose, parameters, paths, row};
use crate::support::{Engine, server};
use crate::systems::Systems;

pub static SEED: Seed = Seed { name: "crm_info", file: "4-crm-customer-info.txt", read };

/// The line of this name: `请求方式: POST`.
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap().trim()
}

fn read(text: &str) -> Vec<Operation> {
    let (_, example) = text.split_once("返回示例").unwrap();
    let parameter = line(text, "参数").split(' ').next().unwrap();
    let call = format!("{} /{}", line(text, "请求方式"), line(text, "请求URL"));
    vec![Operation { call, asks: vec![parameter.to_owned()], answers: loose::fields(example) }]
}

#[test]
fn the_example_has_175_keys() {
    let [operation] = &SEED.operations()[..] else { panic!() };
    assert_eq!(operation.answers.len(), 175);
    let kinds: BTreeSet<&str> = operation.answers.iter().map(|Field { kind, .. }| kind.as_str()).collect();
    assert!(kinds.iter().eq(["array", "number", "object", "string"].iter()), "{kinds:?}");
}

#[tokio::test]
async fn the_answer_has_every_key_of_the_example_and_no_other() {
    let [operation] = &SEED.operations()[..] else { panic!() };
    let served = row(&operation.call).unwrap_or_else(|| panic!("{} is not served", operation.call));
    assert!(operation.asks.iter().all(|name| parameters(served).contains(name)));
    let server = server(Engine::Sqlite, |_| ()).await;
    let shown = Systems::of(&server).await.info(1).await;
    check_order(&shown.text, &operation.answers);
    let answer = shown.body;
    for field in &operation.answers {
        check(&operation.call, &answer, field);
    }
    let documented: BTreeSet<String> = operation.answers.iter().map(|field| field.path.clone()).collect();
    assert_eq!(paths(&answer), documented);
    assert_eq!((&answer["errCode"], &answer["errMsg"]), (&1000.into(), &"请求成功".into()));
    server.stop().await;
}
