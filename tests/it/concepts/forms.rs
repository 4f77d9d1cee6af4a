//! Whatever form a system shows a member in, it takes it back in: all that it knows of a customer, with every member filled.

use laidian::domain::document::{Member, Shape, System};
use serde_json::{Map, Value, json};

use super::echoes::Desk;
use crate::support::{Engine, MAIN};

both_engines! { what_a_system_shows_of_all_that_it_knows_comes_back_unchanged }

/// What replies show that is no member of the system's document: it is shared by all, or worked out.
const NO_MEMBERS: [(System, &[&str]); 2] = [
    (
        System::CustomerDetail,
        &["id", "customerNo", "name", "managerName", "managerId", "departmentPath", "followerNames", "createdAt"],
    ),
    (
        System::CrmInfo,
        &[
            "id",
            "code",
            "helper_code",
            "name",
            "_license_no",
            "mobile",
            "_cache_at",
            "state_name",
            "updated_user_name",
            "created_user_name",
            "user_name",
            "org_department_name",
            "channel_name",
            "category_name",
            "visit_plan",
            "total_infos",
            "_can_edit_area_id",
            "_can_edit_price_range",
        ],
    ),
];

/// More entries than are shown of orders; the last is the default one.
const ENTRIES: i64 = 7;

/// A value that says something, another in each entry.
fn value(member: &Member, entry: i64) -> Value {
    match &member.shape {
        Shape::Text(longest) if *longest < 10 => "3ba360".into(),
        Shape::Text(_) => format!("{} {entry}", member.label).into(),
        Shape::Phone => format!("1390000111{entry}").into(),
        Shape::Integer => 3.into(),
        Shape::Days => 30.into(),
        Shape::Time => (1_493_793_840 + entry).into(),
        Shape::Money => format!("12.5{entry}").into(),
        Shape::Flag if member.name == "is_default" => i64::from(entry == ENTRIES).to_string().into(),
        Shape::Flag => "1".into(),
        Shape::OneOf(choices) => (*choices.last().unwrap()).into(),
        Shape::Texts => json!(["甲", "乙"]),
        Shape::Integers => json!([1, 3]),
        Shape::Object(members) => filled(members, entry).into(),
        Shape::List(members) => (1..=ENTRIES).map(|entry| Value::Object(filled(members, entry))).collect(),
    }
}

fn filled(members: &[Member], entry: i64) -> Map<String, Value> {
    members.iter().map(|member| (member.name.to_owned(), value(member, entry))).collect()
}

/// Asks a system for the customer as its own clients do.
async fn shown(desk: &mut Desk, by: &str, system: System) -> Map<String, Value> {
    let (action, id) = match system {
        System::CustomerDetail => ("customers/detail", "id"),
        System::CrmInfo => ("crm/customer/info", "cid"),
    };
    let reply = desk.systems.act(by, action, json!({ id: desk.id })).await["result"].take();
    let members = if system == System::CrmInfo { &reply["data"] } else { &reply };
    members.as_object().unwrap().clone()
}

async fn what_a_system_shows_of_all_that_it_knows_comes_back_unchanged(engine: Engine) {
    let customer = json!({"custname": "林小满", "cellphones": ["13812345678"], "serviceNo": "trcs001",
        "servicegroupId": 1_054_001, "address": "望潮街18号", "jsonStr": {"501_备注": "下午联系"}});
    let (server, mut desk) = Desk::of(engine, customer).await;
    for system in System::ALL {
        desk.put("trcs009", system.name(), filled(system.members(), 1).into()).await;
    }
    let version = desk.shown().await["version"].take();
    for by in ["trcs009", "trcs001"] {
        for (system, no_members) in NO_MEMBERS {
            let mut reply = shown(&mut desk, by, system).await;
            for name in no_members {
                assert!(reply.remove(*name).is_some(), "{name} is not shown");
            }
            // Member by member, so that it is told which is not taken back; then the whole.
            let each = reply.iter().map(|(name, value)| json!({ name: value }));
            for fields in each.chain([Value::Object(reply.clone())]).collect::<Vec<_>>() {
                let put = json!({"action": "put_details", "type": "id", "content": desk.id, "operator": by, "companyId": MAIN,
                    "system": system.name(), "fields": fields});
                let stored = desk.systems.frame(&put).await;
                assert_eq!((&stored["code"], &stored["version"]), (&json!(1000), &version), "{by}: {fields}\n{stored}");
            }
            let again = shown(&mut desk, by, system).await;
            assert!(reply.iter().all(|(name, value)| again[name] == *value || name == "_cache_at"), "{by}: {again:?}");
        }
        desk.mask_agents().await;
    }
    // It is no change because it is the same, not because it is not read.
    for fields in [
        json!({"account_days": "31 天"}),
        json!({"checking_info": "{\"nature\":\"2\"}"}),
        json!({"services": {"whole_operate": "1", "_whole_operate": "甲"}}),
        json!({"orderlist": [{"created_at": "1493793840", "sales_order_sn": "单号 1", "amount": "12.51"}]}),
    ] {
        let before = desk.shown().await["version"].as_i64().unwrap();
        desk.put("trcs009", "crm_info", fields.clone()).await;
        assert_eq!(desk.shown().await["version"], before + 1, "{fields}");
    }
    server.stop().await;
}
