//! Lists by conditions, in an order, and from one page to the next while others write.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Client;
use crate::signed::{ADMIN, server};
use crate::support::Engine;

both_engines! {
    what_is_written_meanwhile_neither_comes_twice_nor_hides_anybody,
    each_field_can_be_asked_for,
    what_cannot_be_asked_is_refused,
}

async fn create(client: &mut Client, customer: Value) -> i64 {
    let reply = client.ask(json!({"action": "create_customer", "customer": customer})).await;
    reply["customer"]["id"].as_i64().unwrap_or_else(|| panic!("{customer}: {reply}"))
}

fn ids(reply: &Value) -> Vec<i64> {
    let rows = reply["result"].as_array().unwrap_or_else(|| panic!("{reply}"));
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn what_is_written_meanwhile_neither_comes_twice_nor_hides_anybody(engine: Engine) {
    let server = server(engine).await;
    let mut client = ADMIN.connect(&server).await;
    for number in 0..12 {
        let (star, times) = (number % 3, number % 4);
        create(
            &mut client,
            json!({"custname": format!("王{}", number % 5), "followNum": times, "customerLabel": star}),
        )
        .await;
    }
    for sort in
        ["", "name", "name:desc", "opTime", "upTime:desc", "assignTime", "lastFlowTime:desc", "followNum", "star:desc"]
    {
        let mut list = json!({"action": "list_customers", "sort": sort, "pageSize": 100});
        let expected = ids(&client.ask(list.clone()).await);
        assert!(expected.len() > 50, "{}", expected.len());
        let mut listed = Vec::new();
        list["pageSize"] = 7.into();
        let mut new = BTreeSet::new();
        let mut pages = 0;
        loop {
            let page = client.ask(list.clone()).await;
            assert_eq!(page["code"], 1000, "{sort}: {page}");
            pages += 1;
            assert_eq!(page["meta"]["current_page"], pages);
            listed.extend(ids(&page));
            match &page["meta"]["after"] {
                Value::Null => break,
                after => list["after"] = after.clone(),
            }
            // Some that come before what is listed already, and some behind.
            for name in ["阿", "王2", "佐"] {
                new.insert(create(&mut client, json!({"custname": name, "followNum": 2})).await);
            }
        }
        let distinct: BTreeSet<i64> = listed.iter().copied().collect();
        assert_eq!(distinct.len(), listed.len(), "{sort}: somebody comes twice");
        listed.retain(|id| !new.contains(id));
        assert_eq!(listed, expected, "{sort}");
        for id in new {
            client.ask(json!({"action": "destroy_customer", "type": "id", "content": id})).await;
        }
    }
    server.stop().await;
}

async fn each_field_can_be_asked_for(engine: Engine) {
    let server = server(engine).await;
    let mut client = ADMIN.connect(&server).await;
    let field = json!({"action": "put_custom_field", "id": 501, "name": "消费情况", "kind": "text"});
    assert_eq!(client.ask(field).await["code"], 1000);
    let date = json!({"action": "put_custom_field", "id": 502, "name": "生日", "kind": "date"});
    assert_eq!(client.ask(date).await["code"], 1000);
    let mut known = BTreeMap::new();
    for (name, customer) in [
        (
            "甲",
            json!({"companyName": "望潮 科技", "address": "湖东路1号", "custType": "企业客户", "dealFlag": "继续跟踪", "custFrom": "展览",
                "taskId": 99, "serviceNo": "trcs001", "servicegroupId": 1_054_001, "cellphones": ["13912340001"], "followNum": 3,
                "assignTime": "2026-02-01 08:30", "customerLabel": ["重点", "VIP"], "jsonStr": {"501_消费情况": "高", "502_生日": "1990-05-03"}}),
        ),
        (
            "乙",
            json!({"companyName": "望潮商贸", "custType": "普通客户", "cellphones": ["13912340002"], "followNum": 7, "lastFlowTime": "2026-02-03 09:00",
                "assignTime": "2026-02-02 00:00", "customerLabel": 3, "jsonStr": {"501": "低", "502": "1991-01-01"}}),
        ),
        ("丙", json!({"address": "湖西路", "servicegroupId": 1_054_002, "lastAccept": "20260201-1"})),
    ] {
        let mut customer = customer;
        customer["custname"] = format!("筛选{name}").into();
        known.insert(create(&mut client, customer).await, name);
    }
    for (condition, expected) in [
        (json!({}), "甲乙丙"),
        (json!({"custname": "筛选甲"}), "甲"),
        (json!({"custname": ["筛选甲", "筛选丙"]}), "甲丙"),
        (json!({"custname": {"contains": "选乙"}}), "乙"),
        (json!({"companyName": {"contains": "望潮"}}), "甲乙"),
        (json!({"companyName": null}), "丙"),
        (json!({"companyName": {"empty": false}}), "甲乙"),
        (json!({"address": {"contains": "湖"}}), "甲丙"),
        (json!({"cust_type": "企业客户"}), "甲"),
        (json!({"custType": {"not": "企业客户"}}), "乙丙"),
        (json!({"custType": {"not": null}}), "甲乙"),
        (json!({"custType": {"in": ["企业客户", "普通客户"]}}), "甲乙"),
        (json!({"dealFlag": "10"}), "甲"),
        (json!({"custFrom": "展览"}), "甲"),
        (json!({"taskId": "默认任务"}), "甲"),
        (json!({"serviceNo": "TRCS001"}), "甲"),
        (json!({"servicegroupId": "客服二部"}), "丙"),
        (json!({"servicegroupId": [1_054_001, 1_054_002]}), "甲丙"),
        (json!({"unassigned": true}), "乙丙"),
        (json!({"unassigned": false}), "甲"),
        (json!({"neverContacted": true}), "甲丙"),
        (json!({"cellphones": "139-1234-0001"}), "甲"),
        (json!({"cellphones": null}), "丙"),
        (json!({"customerLabel": "重点"}), "甲"),
        (json!({"customerLabel": {"not": "vip"}}), "乙丙"),
        (json!({"star": {"from": 2}}), "乙"),
        (json!({"followNum": {"from": 1, "to": 3}}), "甲"),
        (json!({"followNum": 0}), "丙"),
        (json!({"lastAccept": "20260201-1"}), "丙"),
        (json!({"assignTime": "2026-02-01"}), "甲"),
        (json!({"assignTime": {"from": "2026-02-01 08:31"}}), "乙"),
        (json!({"assignTime": {"to": "2026-02-01 08:30"}}), "甲"),
        (json!({"assignTime": {"from": "2026-02-01", "to": "2026-02-02"}}), "甲乙"),
        (json!({"assignTime": {"empty": true}}), "丙"),
        (json!({"lastFlowTime": {"from": "2026-02-03", "to": "2026-02-03"}}), "乙"),
        (json!({"opTime": {"from": "2020-01-01"}, "loginNo": "admin1054"}), "甲乙丙"),
        (json!({"upTime": {"to": "2020-01-01"}}), ""),
        (json!({"jsonStr": {"501_消费情况": "高"}}), "甲"),
        (json!({"消费情况": ["高", "低"]}), "甲乙"),
        (json!({"501": {"empty": true}}), "丙"),
        (json!({"生日": {"from": "1990-05-03", "to": "1990-05-03"}}), "甲"),
        (json!({"生日": {"from": "1990-05-04"}}), "乙"),
        (json!({"any": [{"custType": "企业客户"}, {"servicegroupId": 1_054_002}]}), "甲丙"),
        (json!({"not": {"any": [{"custType": "企业客户"}, {"servicegroupId": 1_054_002}]}}), "乙"),
        (json!({"all": [{"unassigned": true}, {"not": {"custType": null}}]}), "乙"),
    ] {
        for sent in [condition.clone(), condition.to_string().into()] {
            let list = json!({"action": "list_customers", "query": "筛选", "where": sent, "sort": "opTime"});
            let reply = client.ask(list).await;
            assert_eq!(reply["code"], 1000, "{condition}: {reply}");
            let found: BTreeSet<&str> = ids(&reply).iter().map(|id| known[id]).collect();
            let expected: BTreeSet<String> = expected.chars().map(String::from).collect();
            assert_eq!(found, expected.iter().map(String::as_str).collect(), "{condition}");
            assert_eq!(reply["meta"]["total_count"], found.len(), "{condition}");
        }
    }
    server.stop().await;
}

async fn what_cannot_be_asked_is_refused(engine: Engine) {
    let server = server(engine).await;
    let mut client = ADMIN.connect(&server).await;
    let mut deep = json!({"star": 1});
    for _ in 0..6 {
        deep = json!({"not": deep});
    }
    let many: serde_json::Map<String, Value> =
        (0..40).map(|number| (format!("star{}", "_".repeat(number)), 1.into())).collect();
    for (members, said) in [
        (json!({"where": {"custNmae": "x"}}), "did you mean custname"),
        (json!({"where": {"any": [{"startus": 1}]}}), "where.any.startus"),
        (json!({"where": {"zzz": 1}}), "these are: id, custname"),
        (json!({"where": 7}), "where: "),
        (json!({"where": "{"}), "where: "),
        (json!({"where": {"custType": "没有"}}), "there is no such name"),
        (json!({"where": {"custType": {"contains": "x"}}}), "is not compared by contains"),
        (json!({"where": {"star": "x"}}), "where.star: "),
        (json!({"where": {"upTime": "昨天"}}), "where.upTime: "),
        (json!({"where": {"unassigned": "maybe"}}), "where.unassigned: "),
        (json!({"where": deep}), "levels deep"),
        (json!({"where": many}), "at most 32"),
        (json!({"where": {"star": (0..101).collect::<Vec<_>>()}}), "at most 100 values"),
        (json!({"sort": "phone"}), "sort: "),
        (json!({"sort": "name:down"}), "sort: "),
        (json!({"after": "x"}), "after: "),
    ] {
        let mut list = members.clone();
        list["action"] = "list_customers".into();
        let reply = client.ask(list).await;
        assert_eq!(reply["code"], 2000, "{members}: {reply}");
        assert!(reply["detail"].as_str().unwrap().contains(said), "{members}: {reply}");
    }
    for size in [json!(0), json!(101), json!("x")] {
        assert_eq!(client.ask(json!({"action": "list_customers", "pageSize": size})).await["code"], 206_211);
    }
    // A cursor is for the order that it came from, and nobody else writes one.
    let page = client.ask(json!({"action": "list_customers", "sort": "name"})).await;
    let after = page["meta"]["after"].as_str().unwrap();
    let other = client.ask(json!({"action": "list_customers", "sort": "star", "after": after})).await;
    assert_eq!(other["code"], 2000, "{other}");
    let forged = format!("{}0", &after[..after.len() - 1]);
    assert_eq!(client.ask(json!({"action": "list_customers", "sort": "name", "after": forged})).await["code"], 2000);
    server.stop().await;
}
