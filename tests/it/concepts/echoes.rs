//! What comes back as it was shown changes nothing, whoever sends it back; and nobody loses what he was not shown.

use laidian::domain::document::System;
use laidian::domain::ids;
use serde_json::{Value, json};

use crate::support::{Engine, MAIN};
use crate::systems::Systems;

both_engines! {
    facts_that_are_older_than_a_field_stay,
    the_address_follows_the_list_that_gave_it,
    followers_without_a_number_stay,
    masked_words_are_not_stored,
    stars_can_be_cleared_by_who_is_shown_them,
    ibizplm_takes_back_what_it_shows,
    details_take_back_what_they_show,
}

/// Reads and writes one customer of the main company.
pub(super) struct Desk {
    pub(super) systems: Systems,
    pub(super) id: i64,
}

impl Desk {
    pub(super) async fn of(engine: Engine, customer: Value) -> (crate::support::TestServer, Self) {
        let server = super::server_with_fields(engine).await;
        let mut systems = Systems::of(&server).await;
        let created = systems.act("trcs001", "create_customer", json!({ "customer": customer })).await;
        let id = created["customer"]["id"].as_i64().unwrap();
        (server, Self { systems, id })
    }

    pub(super) async fn act(&mut self, by: &str, action: &str, members: Value) -> Value {
        let mut frame = json!({"type": "id", "content": self.id});
        frame.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.systems.act(by, action, frame).await
    }

    pub(super) async fn put(&mut self, by: &str, system: &str, fields: Value) {
        self.act(by, "put_details", json!({"system": system, "fields": fields})).await;
    }

    /// What the call centre shows to a supervisor.
    pub(super) async fn shown(&mut self) -> Value {
        self.act("trcs009", "get_customer", json!({})).await["result"][0].take()
    }

    pub(super) async fn stored(&mut self, by: &str, system: &str) -> Value {
        self.act(by, "get_details", json!({"system": system})).await["result"].take()
    }

    fn key(&self) -> String {
        ids::to_hex32(MAIN, self.id)
    }

    pub(super) async fn plm(&mut self, by: &str, action: &str, mut members: Value) -> Value {
        members["key"] = self.key().into();
        self.systems.act(by, action, members).await["result"].take()
    }

    /// Agents see numbers masked from now on.
    pub(super) async fn mask_agents(&mut self) {
        self.systems.act("admin1054", "put_rights", json!({"role": "agent", "phones": "masked"})).await;
    }
}

async fn facts_that_are_older_than_a_field_stay(engine: Engine) {
    let (server, mut desk) = Desk::of(engine, json!({"custname": "林小满"})).await;
    desk.put("trcs001", "crm_info", json!({"extend_infos": [{"item": "到期", "content": "备用 13812345678"}]})).await;
    let field = json!({"id": 503, "name": "到期", "kind": "text", "options": []});
    desk.systems.act("admin1054", "put_custom_field", field).await;
    desk.mask_agents().await;
    // Who sees it masked sends it back, and adds something.
    let mut facts = desk.stored("trcs001", "crm_info").await["extend_infos"].take();
    assert_eq!(facts[0]["content"], "备用 138****5678");
    facts.as_array_mut().unwrap().push(json!({"item": "备注", "content": "下午"}));
    desk.put("trcs001", "crm_info", json!({ "extend_infos": facts })).await;
    assert_eq!(desk.stored("trcs009", "crm_info").await["extend_infos"][0]["content"], "备用 13812345678");
    assert_eq!(desk.shown().await["jsonStr"], json!({"501_备注": "下午"}));
    // The field has a newer value; the older fact comes back.
    desk.act("trcs009", "update_customer", json!({"customer": {"jsonStr": {"503_到期": "新"}}})).await;
    let facts = desk.stored("trcs009", "crm_info").await["extend_infos"].take();
    desk.put("trcs009", "crm_info", json!({ "extend_infos": facts })).await;
    assert_eq!(desk.shown().await["jsonStr"]["503_到期"], "新");
    // What the CRM shows of fields and addresses can be sent back, too.
    desk.act("trcs009", "update_customer", json!({"customer": {"address": "望潮街18号"}})).await;
    let shown = desk.systems.info(desk.id).await.body["data"].take();
    assert_eq!(shown["extend_infos"].as_array().map(Vec::len), Some(2));
    let fields = json!({"extend_infos": shown["extend_infos"], "addresslist": shown["addresslist"]});
    desk.put("trcs009", "crm_info", fields).await;
    let again = desk.systems.info(desk.id).await.body["data"].take();
    assert_eq!((&again["extend_infos"], &again["addresslist"]), (&shown["extend_infos"], &shown["addresslist"]));
    // A field is set once, and by its rules.
    for (facts, why) in [
        (json!([{"item": "备注", "content": "a"}, {"item": "备注", "content": "b"}]), "extend_infos 备注: 出现两次"),
        (json!([{"item": "等级", "content": "Z"}]), "extend_infos 等级: expected one of its options"),
        (json!([{"item": "备注", "nonsense": 1}]), "extend_infos[0].nonsense"),
    ] {
        let frame = json!({"action": "put_details", "type": "id", "content": desk.id, "system": "crm_info",
            "fields": {"extend_infos": facts}, "operator": "trcs009", "companyId": MAIN});
        let reply = desk.systems.frame(&frame).await;
        assert_eq!(reply["code"], 2000);
        assert!(reply["detail"].as_str().unwrap().starts_with(why), "{reply}");
    }
    server.stop().await;
}

async fn the_address_follows_the_list_that_gave_it(engine: Engine) {
    let (server, mut desk) = Desk::of(engine, json!({"custname": "林小满"})).await;
    let two = json!([{"address": "示例路1号"}, {"address": "示例路2号 找13812345678", "is_default": true}]);
    desk.put("trcs001", "crm_info", json!({ "addresslist": two })).await;
    assert_eq!(desk.shown().await["address"], "示例路2号 找13812345678");
    // The entry is corrected where it was written.
    let mut list = desk.stored("trcs001", "crm_info").await["addresslist"].take();
    list[1]["address"] = "示例路3号 找13812345678".into();
    desk.put("trcs001", "crm_info", json!({ "addresslist": list })).await;
    assert_eq!(desk.shown().await["address"], "示例路3号 找13812345678");
    assert_eq!(desk.systems.info(desk.id).await.body["data"]["addresslist"].as_array().map(Vec::len), Some(2));
    // Another default, and another order, say nothing of it; nor does its going.
    let mut list = desk.stored("trcs001", "crm_info").await["addresslist"].take();
    list[1]["is_default"] = "0".into();
    list.as_array_mut().unwrap().reverse();
    list.as_array_mut().unwrap().insert(0, json!({"address": "临时仓库", "is_default": "1"}));
    desk.put("trcs001", "crm_info", json!({ "addresslist": list })).await;
    assert_eq!(desk.shown().await["address"], "示例路3号 找13812345678");
    list.as_array_mut().unwrap().remove(0);
    desk.put("trcs001", "crm_info", json!({ "addresslist": list })).await;
    assert_eq!(desk.shown().await["address"], "示例路3号 找13812345678");
    // An address that was cleared does not come back with the list, masked or not.
    desk.act("trcs001", "update_customer", json!({"customer": {"address": null}})).await;
    desk.mask_agents().await;
    for by in ["trcs001", "trcs009"] {
        let list = desk.stored(by, "crm_info").await["addresslist"].take();
        desk.put(by, "crm_info", json!({"addresslist": list, "email": format!("{by}@example.com")})).await;
        assert_eq!(desk.shown().await["address"], Value::Null, "{by}");
    }
    // The one that all share is shown among the others, and can be changed there.
    desk.act("trcs009", "update_customer", json!({"customer": {"address": "望潮街18号"}})).await;
    let mut list = desk.systems.info(desk.id).await.body["data"]["addresslist"].take();
    let shared = list.as_array_mut().unwrap().iter_mut().find(|entry| entry["id"] == "0").unwrap();
    shared["address"] = "望潮街20号".into();
    desk.put("trcs009", "crm_info", json!({ "addresslist": list })).await;
    assert_eq!(desk.shown().await["address"], "望潮街20号");
    assert_eq!(desk.stored("trcs009", "crm_info").await["addresslist"].as_array().map(Vec::len), Some(2));
    // With more in it, it is an entry of its own.
    let mut list = desk.systems.info(desk.id).await.body["data"]["addresslist"].take();
    let shared = list.as_array_mut().unwrap().iter_mut().find(|entry| entry["id"] == "0").unwrap();
    shared["zip_code"] = "200000".into();
    desk.put("trcs009", "crm_info", json!({ "addresslist": list })).await;
    let list = desk.systems.info(desk.id).await.body["data"]["addresslist"].take();
    let whole = list.as_array().unwrap().iter().find(|entry| entry["address"] == "望潮街20号").unwrap();
    assert!(whole["zip_code"] == "200000" && whole["id"] != "0", "{list}");
    assert_eq!(list.as_array().map(Vec::len), Some(3));
    server.stop().await;
}

async fn followers_without_a_number_stay(engine: Engine) {
    let (server, mut desk) = Desk::of(engine, json!({"custname": "林小满"})).await;
    let attentions = json!([
        {"user_id": "ext-7", "name": "外部张三", "type": "40"}, {"user_id": "TRCS008", "type": "20"},
        {"user_id": "trcs009", "type": "10"},
    ]);
    desk.plm("admin1054", "ibizplm.update", json!({ "attentions": attentions })).await;
    let follow = async |desk: &mut Desk| {
        let plm = desk.plm("admin1054", "ibizplm.get", json!({})).await;
        let follow = |row: &Value| format!("{} {}", row["user_id"].as_str().unwrap(), row["type"].as_str().unwrap());
        plm["attentions"].as_array().unwrap().iter().map(follow).collect::<Vec<_>>()
    };
    let before = ["ext-7 40", "trcs008 20", "trcs009 10"];
    assert_eq!(follow(&mut desk).await, before);
    let told = desk.stored("trcs001", "customer_detail").await;
    assert_eq!(told, json!({"followers": [2]}));
    desk.put("trcs001", "customer_detail", told).await;
    assert_eq!(follow(&mut desk).await, before);
    // Lists show no followers, and say so with null.
    desk.plm("admin1054", "ibizplm.update", json!({"attentions": null})).await;
    assert_eq!(follow(&mut desk).await, before);
    desk.put("trcs001", "customer_detail", json!({"followers": []})).await;
    assert_eq!(follow(&mut desk).await, ["ext-7 40", "trcs009 10"]);
    desk.plm("admin1054", "ibizplm.update", json!({"attentions": []})).await;
    assert!(follow(&mut desk).await.is_empty());
    server.stop().await;
}

async fn masked_words_are_not_stored(engine: Engine) {
    let customer = json!({"custname": "林小满", "customerLabel": ["联系13812345678"]});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let contacts = json!([{"name": "周明远", "tel": "60000002"}]);
    desk.put("trcs001", "crm_info", json!({"contacts": contacts, "grade_name": "VIP 60000002"})).await;
    desk.mask_agents().await;
    let member = json!({"product": "p-demo", "staffNo": "trcs001", "role": "admin"});
    desk.systems.act("admin1054", "put_product_member", member).await;
    desk.plm("admin1054", "ibizplm.update", json!({"product_id": "p-demo"})).await;
    let seen = desk.plm("trcs001", "ibizplm.get", json!({"pkey": "p-demo"})).await;
    assert_eq!((&seen["grade_id"], &seen["categories_name"]), (&"VIP ****0002".into(), &"联系138****5678".into()));
    // Its place among others would tell the number in a text, digit by digit.
    for (sort, code) in [("name", 2403), ("create_time;categories_name,desc", 2403), ("create_time,desc", 1000)] {
        let list = json!({"action": "ibizplm.fetchdefault", "pkey": "p-demo", "sort": sort, "operator": "trcs001", "companyId": MAIN});
        assert_eq!(desk.systems.frame(&list).await["code"], code, "{sort}");
    }
    let names = json!({"pkey": "p-demo", "categories_name": "联系138****5678,重点", "grade_id": "VIP ****0002"});
    desk.plm("trcs001", "ibizplm.update", names).await;
    let shown = desk.plm("admin1054", "ibizplm.get", json!({})).await;
    assert_eq!(
        (&shown["grade_id"], &shown["categories_name"]),
        (&"VIP 60000002".into(), &"联系13812345678,重点".into())
    );
    let labels = desk.shown().await["customerLabel"].take();
    assert_eq!(labels[0]["name"], "联系13812345678");
    server.stop().await;
}

async fn stars_can_be_cleared_by_who_is_shown_them(engine: Engine) {
    let (server, mut desk) = Desk::of(engine, json!({"custname": "林小满"})).await;
    assert_eq!(desk.plm("admin1054", "ibizplm.update", json!({"grade_id": "3星"})).await["grade_id"], "3星");
    assert_eq!(desk.plm("admin1054", "ibizplm.update", json!({"grade_id": null})).await["grade_id"], Value::Null);
    for (system, name) in [("customer_detail", "levelName"), ("crm_info", "grade_name")] {
        desk.put("trcs001", system, json!({ name: "4星级" })).await;
        assert_eq!(desk.shown().await["customerLabel"], 4);
        desk.put("trcs001", system, json!({ name: null })).await;
        assert_eq!(desk.shown().await["customerLabel"], 0);
        // A word of its own is cleared before the stars.
        desk.put("trcs001", system, json!({ name: "战略级" })).await;
        desk.act("trcs001", "update_customer", json!({"customer": {"customerLabel": 2}})).await;
        desk.put("trcs001", system, json!({ name: null })).await;
        assert_eq!(desk.shown().await["customerLabel"], 2);
    }
    server.stop().await;
}

async fn ibizplm_takes_back_what_it_shows(engine: Engine) {
    let labels: Vec<String> = (0..12).map(|number| format!("{}{number}", "标".repeat(200))).collect();
    let customer = json!({"custname": "林小满", "customerLabel": labels});
    let (server, mut desk) = Desk::of(engine, customer).await;
    let long = json!({"levelName": "级".repeat(100), "industryPath": ["制造", "电".repeat(100)]});
    desk.put("trcs001", "customer_detail", long).await;
    let shown = desk.plm("admin1054", "ibizplm.get", json!({})).await;
    let again = desk.plm("admin1054", "ibizplm.update", shown.clone()).await;
    assert_eq!(shown, again);
    // Names are longer there, and elsewhere taken back as they are.
    let name = "长".repeat(500);
    desk.plm("admin1054", "ibizplm.update", json!({"name": name})).await;
    desk.act("trcs001", "update_customer", json!({"customer": {"custname": name, "companyName": "岚舟科技"}})).await;
    let by_name = json!({"type": "custName", "content": name});
    assert_eq!(desk.act("trcs001", "get_customer", by_name).await["result"][0]["id"], desk.id);
    desk.plm("admin1054", "ibizplm.update", json!({"name": format!("{}末尾独特", "长".repeat(490))})).await;
    let by_end = desk.systems.act("trcs001", "list_customers", json!({"query": "末尾独特"})).await;
    assert_eq!(by_end["result"][0]["id"], desk.id);
    // The names of labels can have commas in them.
    desk.act("trcs001", "update_customer", json!({"customer": {"customerLabel": ["甲,乙", "丁"]}})).await;
    desk.plm("admin1054", "ibizplm.update", json!({"categories_name": "甲,乙,丙"})).await;
    let labels = desk.shown().await["customerLabel"].take();
    let names: Vec<_> = labels.as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["甲,乙", "丙"]);
    // What labels cannot be is told in the words of this system.
    let line = format!("PUT /customers/{}", desk.key());
    let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    for (field, value) in
        [("categories_name", many.join(",")), ("categories_name", "长".repeat(256)), ("name", "长".repeat(501))]
    {
        let body = json!({ field: value }).to_string();
        let answer = desk.systems.call(&line, "\nAuthorization: Bearer demo-ibizplm-token", &body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.body["details"][0]["fieldname"], field.to_uppercase());
    }
    server.stop().await;
}

async fn details_take_back_what_they_show(engine: Engine) {
    let customer = json!({"custname": "林小满", "customerLabel": 3, "dealFlag": "继续跟踪", "custType": "企业客户",
        "custFrom": "展览", "serviceNo": "trcs001", "servicegroupId": 1_054_001, "address": "望潮街18号",
        "cellphones": ["13812345678"], "jsonStr": {"501_备注": "长".repeat(1000)}});
    let (server, mut desk) = Desk::of(engine, customer).await;
    desk.plm("admin1054", "ibizplm.update", json!({"attentions": [{"user_id": "trcs008", "type": "20"}]})).await;
    let version = desk.shown().await["version"].take();
    for by in ["trcs009", "trcs001"] {
        let shown = |system: System, view: &Value| -> Value {
            let members = system.members().iter().map(|member| member.name).chain(["followers"]);
            members.filter_map(|name| Some((name.to_owned(), view.get(name)?.clone()))).collect()
        };
        let frame =
            |action: &str, member: &str| json!({"action": action, member: desk.id, "operator": by, "companyId": MAIN});
        let (detail, info) = (frame("customers/detail", "id"), frame("crm/customer/info", "cid"));
        let detail = desk.systems.frame(&detail).await["result"].take();
        let info = desk.systems.frame(&info).await["result"]["data"].take();
        desk.put(by, "customer_detail", shown(System::CustomerDetail, &detail)).await;
        desk.put(by, "crm_info", shown(System::CrmInfo, &info)).await;
        assert_eq!(desk.stored(by, "customer_detail").await, json!({"followers": [2]}), "{by}");
        assert_eq!(desk.stored(by, "crm_info").await, json!({}), "{by}");
        assert_eq!(desk.shown().await["version"], version, "nothing has changed, so that nothing is told of it");
        desk.mask_agents().await;
    }
    // What was never said can be said, also in the word that is shown without.
    desk.act("trcs009", "update_customer", json!({"customer": {"custType": null, "dealFlag": null}})).await;
    desk.put("trcs009", "customer_detail", json!({"type": "PROSPECT", "partnerRelationship": "target"})).await;
    let info = desk.systems.info(desk.id).await.body["data"].take();
    assert_eq!((&info["category_name"], &info["state_name"]), (&"沟通客户".into(), &"目标".into()));
    desk.put("trcs009", "customer_detail", json!({"type": null, "partnerRelationship": null})).await;
    // So that they go on showing what the others are told.
    desk.plm("admin1054", "ibizplm.update", json!({"industry_id": "60", "grade_id": "L3"})).await;
    let change = json!({"customer": {"address": "上海市示例路1号", "dealFlag": "客户签约", "customerLabel": null}});
    desk.act("trcs009", "update_customer", change).await;
    let detail = desk.systems.detail(desk.id).await.body;
    let expected = json!({"industry_id": 60, "industryPath": ["先进制造"], "area": ["上海市"], "areaCode": ["31"],
        "partnerRelationship": "recognized", "rank": 0, "levelName": "L3"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&detail[name], value, "{name}");
    }
    assert_eq!(desk.systems.info(desk.id).await.body["data"]["grade_name"], "L3");
    // Half a word is a word: both of it are kept.
    desk.put("trcs009", "customer_detail", json!({"industry_id": 60, "industryPath": ["制造", "先进制造"]})).await;
    let stored = desk.stored("trcs009", "customer_detail").await;
    assert_eq!(stored, json!({"followers": [2], "industry_id": 60, "industryPath": ["制造", "先进制造"]}));
    server.stop().await;
}
