//! What was shown and comes back: to the minute, and with something added to a number that is hidden.

use laidian::domain::document::{Member, Shape, System};
use laidian::domain::ids::{self, Entity};
use laidian::domain::masking::mask_text;
use serde_json::{Map, Value, json};

use super::echoes::Desk;
use crate::support::{Engine, MAIN};

both_engines! {
    times_come_back_to_the_minute,
    everybody_comes_back_unchanged,
    a_number_with_something_added_is_not_lost,
    of_two_that_are_shown_alike_none_is_lost,
    what_cannot_be_told_is_refused,
}

async fn times_come_back_to_the_minute(engine: Engine) {
    // The clock is put back from 02:00 to 01:00: this is the second time that it is 01:30.
    let customer = json!({"custname": "林小满", "assignTime": "2024-11-03T01:30:20-05:00",
        "lastFlowTime": "2024-11-03T01:30:40-04:00"});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let zone = json!({"timeZone": "America/New_York"});
    desk.systems.act("admin1054", "put_company", zone).await;
    let shown = desk.shown().await;
    assert_eq!(
        (&shown["assignTime"], &shown["lastFlowTime"]),
        (&"2024-11-03 01:30".into(), &"2024-11-03 01:30".into())
    );
    for same in ["2024-11-03 01:30", " 2024-11-03 01:30:00", "2024-11-03T01:30", "2024-11-03T06:30:00Z"] {
        desk.act("trcs009", "update_customer", json!({"customer": {"assignTime": same}})).await;
        assert_eq!(desk.shown().await["version"], shown["version"], "{same}");
    }
    let both = json!({"customer": {"assignTime": shown["assignTime"], "lastFlowTime": shown["lastFlowTime"]}});
    desk.act("trcs009", "update_customer", both).await;
    assert_eq!(desk.shown().await["version"], shown["version"]);
    // Another minute, and the hour before, are another time.
    let mut version = shown["version"].as_i64().unwrap();
    for other in ["2024-11-03T01:30:00-04:00", "2024-11-03 01:30:30", "2024-11-03 01:31"] {
        desk.act("trcs009", "update_customer", json!({"customer": {"assignTime": other}})).await;
        version += 1;
        assert_eq!(desk.shown().await["version"], version, "{other}");
    }
    server.stop().await;
}

/// Of everybody, in each system, by who sees numbers and by who does not.
async fn everybody_comes_back_unchanged(engine: Engine) {
    let (server, mut desk) = Desk::of(engine, json!({"custname": "林小满", "cellphones": ["13812345678"]})).await;
    let ids: Vec<i64> = (1..=30).chain([desk.id]).collect();
    let by_id = |id: i64| json!({"type": "id", "content": id});
    for by in ["trcs009", "trcs001"] {
        for id in &ids {
            let mut frame = by_id(*id);
            let shown = desk.systems.act(by, "get_customer", frame.clone()).await["result"][0].take();
            let version = shown["version"].clone();
            frame["customer"] = shown;
            let stored = desk.systems.act(by, "update_customer", frame).await;
            assert_eq!(stored["customer"]["version"], version, "{by} {stored}");
            assert_eq!(stored["ignored"], Value::Null, "{by} {stored}");

            let account = json!({"account_id": ids::to_wise(Entity::Account, MAIN, *id),
                "fields": "accountId,accountName,phone,address,typeCode,owningUser,owningBusinessUnit,createdOn,modifiedOn,isDeleted"});
            let record = desk.systems.act(by, "account/get", account.clone()).await["result"].take();
            let update = json!({"account_id": account["account_id"], "force_update": true, "body": record});
            desk.systems.act(by, "account/update", update).await;
            if by == "trcs009" {
                let mut plm =
                    desk.systems.act(by, "ibizplm.get", json!({"key": ids::to_hex32(MAIN, *id)})).await["result"]
                        .take();
                plm["key"] = ids::to_hex32(MAIN, *id).into();
                desk.systems.act(by, "ibizplm.update", plm).await;
            }
            let again = desk.systems.act(by, "get_customer", by_id(*id)).await["result"][0].take();
            assert_eq!(again["version"], version, "{by} {again}");
        }
        desk.mask_agents().await;
    }
    server.stop().await;
}

const NUMBER: &str = "13812347777";
const ADDED: &str = "（已回访）";

/// Fills all texts of a document in which there is room for a number.
fn filled(members: &[Member]) -> Map<String, Value> {
    let text = || Value::from(format!("甲 {NUMBER}"));
    let fill = |member: &Member| {
        let value = match &member.shape {
            Shape::Text(longest) if *longest >= 32 => text(),
            Shape::Texts => json!([text(), format!("乙 {NUMBER}"), "丙"]),
            Shape::Phone => NUMBER.into(),
            Shape::Object(members) => filled(members).into(),
            Shape::List(members) => json!([filled(members)]),
            _ => return None,
        };
        Some((member.name.to_owned(), value))
    };
    members.iter().filter_map(fill).collect()
}

/// Adds something to all texts with something hidden in them, but for the numbers in their own place.
fn add(members: &[Member], document: &mut Map<String, Value>, added: &mut usize) {
    let mut lengthen = |text: &mut Value| {
        if let Some(shown) = text.as_str().filter(|shown| shown.contains('*')) {
            *text = format!("{shown}{ADDED}").into();
            *added += 1;
        }
    };
    for member in members {
        match (&member.shape, document.get_mut(member.name)) {
            (Shape::Text(_), Some(text)) => lengthen(text),
            (Shape::Texts, Some(Value::Array(list))) => list.iter_mut().for_each(&mut lengthen),
            (Shape::Object(members), Some(Value::Object(object))) => {
                let mut more = 0;
                add(members, object, &mut more);
                assert!(more > 0);
            }
            (Shape::List(members), Some(Value::Array(list))) => {
                for entry in list {
                    let mut more = 0;
                    add(members, entry.as_object_mut().unwrap(), &mut more);
                    assert!(more > 0, "{}", member.name);
                }
            }
            _ => {}
        }
    }
}

/// All texts of a value with the number in them, whole or hidden.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("7777") => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|entry| texts(entry, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

async fn a_number_with_something_added_is_not_lost(engine: Engine) {
    let text = format!("甲 {NUMBER}");
    let shown = mask_text(&text).into_owned();
    assert_eq!(shown, "甲 138****7777");
    let customer = json!({"custname": text, "companyName": text, "address": text, "lastAccept": text,
        "customerLabel": [text], "jsonStr": {"501_备注": text}, "cellphones": ["13900001111"]});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let plm = ["name", "description", "logo", "grade_id", "industry_id", "categories"];
    let profile: Map<String, Value> = plm.iter().map(|name| ((*name).to_owned(), text.clone().into())).collect();
    desk.plm("admin1054", "ibizplm.update", profile.into()).await;
    desk.plm("admin1054", "ibizplm.update", json!({"product_id": "p-demo"})).await;
    let member = json!({"product": "p-demo", "staffNo": "trcs001", "role": "admin"});
    desk.systems.act("admin1054", "put_product_member", member).await;
    for system in System::ALL {
        desk.put("trcs009", system.name(), filled(system.members()).into()).await;
    }
    desk.mask_agents().await;

    // The call centre.
    let seen = desk.act("trcs001", "get_customer", json!({})).await["result"][0].take();
    let mut back = json!({});
    for name in ["custname", "companyName", "lastAccept"] {
        assert_eq!(seen[name], shown, "{name}");
        back[name] = format!("{shown}{ADDED}").into();
    }
    back["address"] = format!("新 {}", seen["address"].as_str().unwrap()).into();
    back["customerLabel"] = json!([format!("{shown}{ADDED}")]);
    back["jsonStr"] = json!({"501_备注": format!("{ADDED}{shown}")});
    let stored = desk.act("trcs001", "update_customer", json!({ "customer": back })).await;
    assert_eq!(stored["customer"]["custname"], format!("{shown}{ADDED}"), "he sees what he wrote");
    let after = desk.shown().await;
    for name in ["custname", "companyName", "lastAccept"] {
        assert_eq!(after[name], format!("{text}{ADDED}"), "{name}");
    }
    assert!(after["address"].as_str().unwrap().contains(NUMBER), "{after}");
    assert_eq!(after["customerLabel"][0]["name"], format!("{text}{ADDED}"));
    assert_eq!(after["jsonStr"]["501_备注"], format!("{ADDED}{text}"));

    // WiseCRM.
    let body =
        json!({"accountName": format!("{shown}二"), "address": format!("{shown}二"), "c__501": format!("{shown}二")});
    let account = ids::to_wise(Entity::Account, MAIN, desk.id);
    desk.systems.act("trcs001", "account/update", json!({"account_id": account, "body": body})).await;
    let after = desk.shown().await;
    let values = [&after["custname"], &after["address"], &after["jsonStr"]["501_备注"]];
    assert_eq!(values, [&Value::from(format!("{text}二")); 3]);

    // iBiz PLM.
    let mut members = json!({"pkey": "p-demo"});
    for name in plm {
        members[name] = format!("{shown}{ADDED}").into();
    }
    desk.plm("trcs001", "ibizplm.update", members).await;
    let after = desk.plm("admin1054", "ibizplm.get", json!({})).await;
    for name in plm {
        assert_eq!(after[name], format!("{text}{ADDED}"), "{name}");
    }

    // What only one system knows.
    for system in System::ALL {
        let before = desk.stored("trcs009", system.name()).await;
        let mut document = desk.stored("trcs001", system.name()).await;
        let (mut hidden, mut added) = (Vec::new(), 0);
        texts(&document, &mut hidden);
        assert!(hidden.iter().all(|text| text.contains("138****7777")), "{hidden:?}");
        add(system.members(), document.as_object_mut().unwrap(), &mut added);
        assert!(added > 3);
        let whole = document.to_string().replace("138****7777", NUMBER);
        desk.put("trcs001", system.name(), document).await;
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        texts(&serde_json::from_str(&whole).unwrap(), &mut expected);
        texts(&desk.stored("trcs009", system.name()).await, &mut found);
        let mut all = Vec::new();
        texts(&before, &mut all);
        assert!(!all.is_empty());
        assert_eq!(found, expected);
    }

    // Follow-ups quote what is shown.
    desk.act("trcs001", "create_follow_up", json!({"text": "约 139****1111，或 138****7777"})).await;
    let feeds = desk.act("trcs009", "feeds", json!({"feed_type": "CustomerFollowUp"})).await;
    assert_eq!(feeds["feeds"][0]["FollowUpContent"], format!("约 13900001111，或 {NUMBER}"));
    server.stop().await;
}

async fn of_two_that_are_shown_alike_none_is_lost(engine: Engine) {
    let two = ["13811117777", "13822227777"];
    let labels = two.map(|number| format!("回电{number}"));
    let customer =
        json!({"custname": format!("甲 {} 乙 {}", two[0], two[1]), "customerLabel": labels, "cellphones": two});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let path = json!(labels);
    desk.put("trcs009", "customer_detail", json!({"industryPath": path})).await;
    desk.mask_agents().await;
    let before = desk.shown().await;
    let alike = "138****7777";
    // One of them alone could be either.
    for one in [
        json!({"custname": format!("甲 {alike}")}),
        json!({"customerLabel": [format!("回电{alike}"), "重要"]}),
        json!({"customerLabel": [format!("回电{alike}！")]}),
        json!({"cellphones": [alike]}),
        json!({"cellphones": [alike, "13900001111"]}),
    ] {
        let frame = json!({"action": "update_customer", "type": "id", "content": desk.id, "customer": one,
            "operator": "trcs001", "companyId": MAIN});
        assert_eq!(desk.systems.frame(&frame).await["code"], 2000, "{one}");
    }
    let frame = json!({"action": "put_details", "type": "id", "content": desk.id, "system": "customer_detail",
        "fields": {"industryPath": [format!("回电{alike}")]}, "operator": "trcs001", "companyId": MAIN});
    assert_eq!(desk.systems.frame(&frame).await["code"], 2000);
    assert_eq!(desk.shown().await, before);
    // Both are both.
    let both = json!({"custname": format!("甲 {alike} 乙 {alike} 丙"),
        "customerLabel": ["重要", format!("回电{alike}"), format!("回电{alike}")], "cellphones": [alike, "13900001111", alike]});
    desk.act("trcs001", "update_customer", json!({ "customer": both })).await;
    let path = json!(["甲", format!("回电{alike}"), format!("回电{alike}")]);
    desk.put("trcs001", "customer_detail", json!({"industryPath": path})).await;
    let after = desk.shown().await;
    assert_eq!(after["custname"], format!("甲 {} 乙 {} 丙", two[0], two[1]));
    let names: Vec<&str> =
        after["customerLabel"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["重要", &labels[0], &labels[1]]);
    let phones = |customer: &Value| customer["cellphones"].as_array().unwrap().clone();
    let (old, new) = (phones(&before), phones(&after));
    assert_eq!((&new[0], &new[1]["content"], &new[2]), (&old[0], &"13900001111".into(), &old[1]));
    assert_eq!(desk.stored("trcs009", "customer_detail").await["industryPath"], json!(["甲", labels[0], labels[1]]));
    // An id says which.
    let one = json!([[old[1]["id"], alike]]);
    desk.act("trcs001", "update_customer", json!({"customer": {"cellphones": one}})).await;
    assert_eq!(phones(&desk.shown().await), [old[1].clone()]);
    server.stop().await;
}

/// Stars in the place of digits that nobody knows are stored nowhere.
async fn what_cannot_be_told_is_refused(engine: Engine) {
    let customer = json!({"custname": "王 13812347777", "cellphones": ["13812347777"], "servicegroupId": 1_054_002});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let member = json!({"product": "p-demo", "staffNo": "trcs001", "role": "admin"});
    desk.systems.act("admin1054", "put_product_member", member).await;
    desk.plm("admin1054", "ibizplm.update", json!({"product_id": "p-demo"})).await;
    desk.mask_agents().await;
    let before = desk.shown().await;
    let strange = "王 139****0000";
    let (id, key) = (desk.id, ids::to_hex32(MAIN, desk.id));
    let account = ids::to_wise(Entity::Account, MAIN, id);
    for (action, frame) in [
        ("update_customer", json!({"type": "id", "content": id, "customer": {"custname": strange}})),
        ("update_customer", json!({"type": "id", "content": id, "customer": {"custname": "王 5138****77770000"}})),
        ("update_customer", json!({"type": "id", "content": id, "customer": {"jsonStr": {"501_备注": strange}}})),
        ("update_customer", json!({"type": "id", "content": id, "customer": {"customerLabel": [strange]}})),
        ("create_customer", json!({"customer": {"custname": strange, "servicegroupId": 1_054_002}})),
        ("create_customer", json!({"customer": {"custname": "王 138****7777", "servicegroupId": 1_054_002}})),
        ("account/add", json!({"body": {"accountName": strange}})),
        ("account/update", json!({"account_id": account, "body": {"address": strange}})),
        ("ibizplm.update", json!({"pkey": "p-demo", "key": key, "description": strange})),
        ("ibizplm.create", json!({"pkey": "p-demo", "name": "王", "description": strange})),
        ("put_details", json!({"type": "id", "content": id, "system": "crm_info", "fields": {"remark": strange}})),
        (
            "put_details",
            json!({"type": "id", "content": id, "system": "crm_info", "fields": {"contacts": [{"name": strange}]}}),
        ),
        ("create_follow_up", json!({"type": "id", "content": id, "text": strange})),
    ] {
        let mut frame = frame;
        frame["action"] = action.into();
        frame["operator"] = "trcs001".into();
        frame["companyId"] = MAIN.into();
        let reply = desk.systems.frame(&frame).await;
        assert_eq!(reply["code"], 2000, "{frame} {reply}");
        assert!(reply["detail"].as_str().unwrap().contains("masked"), "{frame} {reply}");
    }
    assert_eq!(desk.shown().await, before);
    // Who sees numbers may write stars, and others leave them as they are.
    desk.act("trcs009", "update_customer", json!({"customer": {"custname": strange}})).await;
    desk.act("trcs001", "update_customer", json!({"customer": {"custname": format!("{strange} 二")}})).await;
    assert_eq!(desk.shown().await["custname"], format!("{strange} 二"));
    server.stop().await;
}
