//! One customer is the same in all five systems, whoever writes it, and no system loses what another knows.

mod echoes;
mod forms;
mod known;
mod random;
mod returned;
mod shown;
mod table;
mod views;
mod writes;

use laidian::domain::custom_field::FieldKind;
use laidian::domain::ids::{self, Entity};
use laidian::ops::company::setup::{self, DictionaryKind};
use serde_json::{Map, Value, json};

use self::known::{CHOICES, FIELDS, KINDS, Known, SOURCES};
use self::writes::{Write, change, create, look};
use crate::support::{Engine, MAIN, TestServer, server};
use crate::systems::Systems;

both_engines! {
    whoever_creates_a_customer_all_five_show_it,
    whoever_changes_a_customer_all_five_show_it_and_keep_the_rest,
    whoever_deletes_a_customer_none_of_the_five_shows_it,
    the_customer_of_the_demo_is_the_same_in_all_five,
}

/// A server whose main company has fields of its own, a kind and a source more.
async fn server_with_fields(engine: Engine) -> TestServer {
    let server = server(engine, |_| ()).await;
    let mut tx = server.backend().store.company(MAIN).write().await.unwrap();
    let choices = CHOICES.map(str::to_owned);
    for ((id, name), (kind, choices)) in
        FIELDS.into_iter().zip([(FieldKind::Text, &[][..]), (FieldKind::Option, &choices)])
    {
        setup::custom_field(&mut tx, id, name, kind, choices, false).await.unwrap();
    }
    setup::dictionary_item(&mut tx, DictionaryKind::Type, "3", Some(KINDS[3]), Some(3)).await.unwrap();
    setup::dictionary_item(&mut tx, DictionaryKind::Source, "3", Some(SOURCES[3]), Some(3)).await.unwrap();
    tx.commit().await.unwrap();
    server.backend().catalogues.forget(MAIN);
    server
}

fn members(members: Value) -> Map<String, Value> {
    match members {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

/// All that each system can write: trcs009 in the call centre, trcs001 in iBiz PLM, trcs008 in WiseCRM.
fn whole() -> [Write; 3] {
    [
        Write::Cti(
            2,
            members(json!({
                "custname": "林小满", "companyName": "岚舟科技", "address": "望潮街18号", "custType": "潜在客户",
                "dealFlag": "继续跟踪", "custFrom": "展览", "serviceNo": "trcs008", "servicegroupId": 1_054_002,
                "cellphones": [{"fresh": 0}, {"fresh": 1}], "customerLabel": ["标签1", "重点"], "taskId": 99,
                "followNum": 3, "lastAccept": "call-1", "assignTime": "2017-05-03 14:44", "lastFlowTime": "2017-05-04 10:00",
                "jsonStr": {"501_备注": "下午联系", "502_等级": "A"},
            })),
        ),
        Write::Ibizplm(members(json!({
            "id": "", "name": "林小满", "assignee_id": "trcs009", "scale": 120, "description": "重点客户", "logo": "logo.png",
            "grade_id": "L1", "industry_id": "10", "categories": "c-1,c-2", "categories_name": "重点,华东",
            "product_id": "p-demo", "is_archived": 1, "is_deleted": 1,
            "attentions": [{"user_id": "trcs001", "type": "20"}, {"user_id": "trcs008", "type": "40"}],
        }))),
        Write::Wisecrm(
            1,
            members(json!({
                "accountName": "林小满", "phone": {"fresh": 3}, "address": "望潮街18号", "typeCode": 2,
                "owningUser": "027-00000000-0000-4000-8000-000000000003", "c__501": "下午联系", "c__502": "A",
            })),
        ),
    ]
}

/// The members that only one system each shows, which are written by an action of ours.
fn details() -> [Write; 2] {
    [
        Write::CustomerDetail(
            0,
            members(json!({
                "description": "每季度回访", "industry_id": 67, "industryPath": ["制造", "电子"], "area": ["浙江省", "杭州市"],
                "areaCode": ["33", "3301"], "partnerRelationship": "recognized", "totalTurnover": "2324.32",
                "transactionNumber": 1, "rank": 3, "levelName": "战略级", "type": "CLIENT", "from": "channel",
                "followers": [1, 3], "outstandingReceivables": "23.00", "retentionMoney": "434.99",
                "advantageousIndustry": "电信", "creditSituation": "优秀",
            })),
        ),
        Write::CrmInfo(
            1,
            members(json!({
                "short_name": "小满", "email": "owner@example.com", "remark": "下周再联系", "area_name": "分销店",
                "grade_name": "钻石", "sales_money": "98000.00", "credit_limit": "50000.00",
                "contacts": [{"name": "周明远", "mobile": "13800000002"}], "addresslist": [{"contact": "周明远", "address": "示例路2号"}],
                "orderlist": [{"sales_order_sn": "SO-1", "amount": "3600.00"}],
                "extend_infos": [{"type": "1", "item": "开业", "content": "六月"}],
            })),
        ),
    ]
}

async fn whoever_creates_a_customer_all_five_show_it(engine: Engine) {
    let server = server_with_fields(engine).await;
    let mut systems = Systems::of(&server).await;
    for creation in &whole() {
        let mut known = create(&mut systems, creation).await;
        assert_eq!(look(&mut systems, &mut known).await.crm_info["helper_code"], "LXM");
        assert_eq!(listed(&mut systems, "林小满").await, [known.number; 3]);
        remove(&mut systems, &known, 0).await;
        assert!(listed(&mut systems, "林小满").await.is_empty());
    }
    server.stop().await;
}

/// Whom the lists of those systems that have one find by a name.
async fn listed(systems: &mut Systems, name: &str) -> Vec<i64> {
    let by_cti = systems.act("trcs001", "list_customers", json!({ "query": name })).await["result"].take();
    let by_plm = systems.plm("POST /customers/fetchdefault", &json!({ "n_name_like": name })).await;
    let asked = [("fields", "accountId"), ("qname", name)];
    let by_wise = systems.wise("GET /gw/account/list", 1, &asked, &Value::Null).await["data"].take();
    let mut found: Vec<i64> =
        by_cti.as_array().unwrap().iter().map(|customer| customer["id"].as_i64().unwrap()).collect();
    for customer in by_plm.as_array().unwrap() {
        found.push(writes::plm_number(systems, &customer["id"]).await);
    }
    found.extend(by_wise.as_array().unwrap().iter().map(|customer| writes::wise_number(&customer["accountId"])));
    found
}

async fn whoever_deletes_a_customer_none_of_the_five_shows_it(engine: Engine) {
    let server = server_with_fields(engine).await;
    let mut systems = Systems::of(&server).await;
    for creation in &whole() {
        for remover in 0..3 {
            let known = create(&mut systems, creation).await;
            remove(&mut systems, &known, remover).await;
            views::check_gone(&mut systems, known.number).await;
        }
    }
    server.stop().await;
}

/// Deletes a customer in the call centre, in iBiz PLM, or in WiseCRM.
async fn remove(systems: &mut Systems, known: &Known, remover: usize) {
    match remover {
        0 => drop(systems.act("trcs001", "destroy_customer", json!({"type": "id", "content": known.number})).await),
        1 => drop(systems.plm(&format!("DELETE /customers/{}", known.plm_id()), &Value::Null).await),
        _ => {
            let account = ids::to_wise(Entity::Account, MAIN, known.number);
            systems.wise("POST /gw/account/delete", 1, &[("account_id", &account)], &Value::Null).await;
        }
    }
}

/// Each system writes all that it can over what each has created; then each clears what it can.
async fn whoever_changes_a_customer_all_five_show_it_and_keep_the_rest(engine: Engine) {
    let server = server_with_fields(engine).await;
    let mut systems = Systems::of(&server).await;
    for creation in &whole() {
        let mut known = create(&mut systems, creation).await;
        let mut phones = look(&mut systems, &mut known).await.phones;
        for write in whole().iter().chain(&details()).chain(&cleared()) {
            phones = change(&mut systems, &mut known, &phones, write).await.phones;
        }
        assert_eq!(known.name.as_deref(), Some("林小满"));
    }
    server.stop().await;
}

fn cleared() -> Vec<Write> {
    let nulls = |write: &Write, kept: &[&str]| -> Map<String, Value> {
        let (Write::Cti(_, members)
        | Write::Ibizplm(members)
        | Write::Wisecrm(_, members)
        | Write::CustomerDetail(_, members)
        | Write::CrmInfo(_, members)) = write;
        let cleared = members.keys().filter(|name| !kept.contains(&name.as_str()));
        cleared.map(|name| (name.clone(), if name == "cellphones" { json!([]) } else { Value::Null })).collect()
    };
    let ([cti, ibizplm, wisecrm], [detail, crm]) = (whole(), details());
    vec![
        Write::Wisecrm(1, nulls(&wisecrm, &["accountName", "owningUser"])),
        Write::CustomerDetail(1, nulls(&detail, &[])),
        Write::Ibizplm(nulls(&ibizplm, &["name", "is_archived", "is_deleted"])),
        Write::CrmInfo(1, nulls(&crm, &[])),
        Write::Cti(0, nulls(&cti, &["custname"])),
    ]
}

/// The customer with a history, a product and a document in each system.
async fn the_customer_of_the_demo_is_the_same_in_all_five(engine: Engine) {
    let server = server_with_fields(engine).await;
    let mut systems = Systems::of(&server).await;
    let text = |text: &str| Some(text.to_owned());
    let [detail, crm] = demo_documents();
    let mut known = Known {
        number: 1,
        name: text("测试用户"),
        company: text("北京天润科技有限公司"),
        address: text("上海市黄埔区皇后大道东29号"),
        phones: vec!["13000000001".to_owned()],
        kind: Some(0),
        flag: Some(0),
        source: Some(1),
        owner: Some(1),
        group: Some(1_054_002),
        profile: members(json!({
            "scale": 120, "description": "重点客户，每季度回访", "grade_id": "L1", "industry_id": "10",
            "categories": "c-key", "product_id": "p-demo",
        })),
        calls: members(json!({
            "taskId": 99, "followNum": 1, "assignTime": "2017-05-03 14:44", "lastFlowTime": "2017-05-07 14:44",
        })),
        attentions: [("trcs001", "40"), ("trcs008", "20"), ("trcs009", "40")]
            .map(|(user, kind)| (user.to_owned(), kind.to_owned()))
            .into(),
        detail,
        creator: 1,
        changer: 1,
        tickets: (3, 0),
        ..Known::default()
    };
    known.by_crm(&crm, 0);
    look(&mut systems, &mut known).await;
    server.stop().await;
}

fn demo_documents() -> [Map<String, Value>; 2] {
    [
        members(json!({
            "description": "重点客户，每季度回访", "industry_id": 67, "industryPath": ["制造", "电子", "仪器仪表"],
            "area": ["浙江省", "杭州市", "西湖区"], "areaCode": ["33", "3301", "330106"],
            "partnerRelationship": "recognized", "totalTurnover": "2324.32", "transactionNumber": 1, "rank": 1,
            "levelName": "战略级", "type": "CLIENT", "from": "customer",
            "outstandingReceivables": "23.00", "retentionMoney": "434.99", "advantageousIndustry": "电信",
            "creditSituation": "优秀",
        })),
        members(json!({
            "short_name": "测试", "email": "owner@example.com", "remark": "下周再联系", "area_name": "分销店",
            "grade_name": "钻石", "sales_money": "98000.00", "credit_limit": "50000.00",
            "used_limit": "1280.50",
            "contacts": [{"name": "周明远", "mobile": "13800000002"}],
            "addresslist": [{"contact": "周明远", "address": "示例路2号"}],
            "orderlist": [{"sales_order_sn": "SO-20200615-001", "amount": "3600.00"}],
            "extend_infos": [{"item": "开业日期", "content": "2016-06-15"}],
        })),
    ]
}
