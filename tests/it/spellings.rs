//! What programs of all languages send for the same thing is stored as the same, or refused with what to do.

use laidian::demo::APPS;
use laidian::dialects::{Answered, Operation};
use laidian::error::Error;
use laidian::ops::Caller;
use laidian::protocol::callback_id::CallbackId;
use laidian::protocol::envelope::Door;
use serde_json::{Value, json};

use crate::client::{Client, http};
use crate::support::{Demo, Engine, MAIN, backend, server};
use crate::systems::Systems;

both_engines! {
    lists_objects_and_numbers_are_told_by_what_is_expected,
    times_are_read_in_all_their_forms,
    all_is_no_filter,
}

/// The company of the first customers, asked by this operator.
struct Asker {
    demo: Demo,
    caller: Caller,
}

impl Asker {
    async fn of(demo: Demo, company: i64, login_no: &str) -> Self {
        let caller = demo.caller(company, Some(login_no)).await;
        Self { demo, caller }
    }

    async fn ask(&self, action: &str, body: &str) -> Result<Value, Error> {
        let cx = self.demo.context(&self.caller).await.unwrap();
        let mut reply = Vec::new();
        let operation = Operation::parse(action).unwrap();
        match operation.run(cx, body, Door::Socket(&CallbackId::Absent), &mut reply).await? {
            Answered::Written(_) | Answered::Live(_) => Ok(serde_json::from_slice(&reply).unwrap()),
            Answered::File(..) => panic!("{action} answers a file"),
        }
    }

    async fn customer(&self, customer: &str) -> Value {
        let body = format!(r#"{{"customer":{customer}}}"#);
        let reply = self.ask("create_customer", &body).await;
        reply.unwrap_or_else(|error| panic!("{customer}: {error}"))["customer"].take()
    }
}

async fn lists_objects_and_numbers_are_told_by_what_is_expected(engine: Engine) {
    let asker = Asker::of(backend(engine, 0).await, MAIN, "admin1054").await;
    // An empty object of PHP, and a list with gaps.
    let shown = asker
        .customer(r#"{"custname":"何静怡","jsonStr":[],"cellphones":{"2":"13700000002","0":[null,"13700000001"],"1":{"0":null,"1":"13700000003"}},"followNum":5.0,"customerLabel":{"0":"华东"}}"#)
        .await;
    let numbers: Vec<&str> =
        shown["cellphones"].as_array().unwrap().iter().map(|phone| phone["content"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["13700000001", "13700000003", "13700000002"]);
    assert_eq!((&shown["jsonStr"], &shown["followNum"]), (&Value::Null, &json!(5)));
    assert_eq!(shown["customerLabel"][0]["name"], "华东");
    // A number stands for a text as an integer does, in whatever form it is a whole one.
    let shown =
        asker.customer(r#"{"custname":1054.0,"cellphones":[13700000004.0,1.3700000005E10],"customerLabel":3.0}"#).await;
    assert_eq!((&shown["custname"], &shown["customerLabel"]), (&json!("1054"), &json!(3)));
    assert_eq!(shown["cellphones"][0]["content"], "13700000004");
    assert_eq!(shown["cellphones"][1]["content"], "13700000005");
    let id = shown["id"].as_i64().unwrap();
    for content in [format!("{id}.0"), format!("\"{id}.0\""), format!("\"{id}\"")] {
        let found = asker.ask("get_customer", &format!(r#"{{"type":"id","content":{content}}}"#)).await.unwrap();
        assert_eq!(found["result"][0]["id"], id, "{content}");
    }
    let page = asker.ask("list_customers", r#"{"filters":[],"page":1.0}"#).await.unwrap();
    assert_eq!(page["meta"]["current_page"], 1);
    // The same version, the same phone, in numbers with a point.
    let phone = &shown["cellphones"][0]["id"];
    let update = format!(
        r#"{{"type":"id","content":{id}.0,"ifVersion":{}.0,"customer":{{"cellphones":[[{phone}.0,"13700000004"]],"jsonStr":"[]"}}}}"#,
        shown["version"]
    );
    let updated = asker.ask("update_customer", &update).await.unwrap()["customer"].take();
    assert_eq!(updated["cellphones"], json!([{"id": phone, "content": "13700000004"}]));
    // What is nothing is nothing, in whatever form.
    for nothing in ["[]", "[ ]", "{}", "null", "\"\""] {
        let refused = asker.ask("create_customer", &format!(r#"{{"customer":{nothing}}}"#)).await;
        assert_eq!(refused.unwrap_err(), Error::CustomerEmpty, "{nothing}");
    }
    for wrong in [r#"{"cellphones":{"a":"13700000006"}}"#, r#"{"jsonStr":[1]}"#, r#"{"followNum":1.5}"#, "[1]"] {
        let refused = asker.ask("create_customer", &format!(r#"{{"customer":{wrong}}}"#)).await;
        assert!(matches!(refused, Err(Error::Parameter { .. })), "{wrong}: {refused:?}");
    }
    // Documents of other systems.
    let details = r#""system":"crm_info","fields":{"contacts":{"1":{"name":"乙"},"0":{"name":"甲"}},"services":[],"addresslist":{}}"#;
    let details = asker.ask("put_details", &format!(r#"{{"type":"id","content":{id},{details}}}"#)).await.unwrap();
    assert_eq!(details["result"]["contacts"][0]["name"], "甲");
    let order = r#""system":"crm_info","fields":{"orderlist":[{"created_at":"2017/5/3 14:44","amount":5.0}]}"#;
    let order = asker.ask("put_details", &format!(r#"{{"type":"id","content":{id},{order}}}"#)).await.unwrap();
    assert_eq!(order["result"]["orderlist"][0]["created_at"], 1_493_793_840);
    assert_eq!(order["result"]["orderlist"][0]["amount"], "5.00");
    // The other systems' own writes.
    let plm = asker
        .ask(
            "ibizplm.create",
            r#"{"name":"望潮","scale":50.0,"is_archived":1.0,"attentions":{"0":{"user_id":"trcs001"}}}"#,
        )
        .await
        .unwrap();
    assert_eq!((&plm["result"]["scale"], &plm["result"]["is_archived"]), (&json!(50), &json!(1)));
    assert_eq!(plm["result"]["attentions"][0]["user_id"], "trcs001");
    let several = asker.ask("ibizplm.create", r#"{"customers":{"0":{"name":"甲"},"5":{"name":"乙"}}}"#).await.unwrap();
    assert_eq!(several["result"][1]["name"], "乙");
    let found = asker.ask("ibizplm.fetchdefault", r#"{"size":"2.0","page":0.0,"offset":1.0}"#).await.unwrap();
    assert_eq!(found["result"].as_array().unwrap().len(), 2);
    let wise = r#"{"entity":"Account","fields":"accountName","page_no":1.0,"body":{"filters":{"0":{"fieldName":"accountName","operator":"=","value":1054.0}}}}"#;
    assert_eq!(asker.ask("entity/adv-query", wise).await.unwrap()["result"]["total_size"], 1);
    let all = asker.ask("entity/adv-query", r#"{"entity":"Account","fields":"accountName","body":[]}"#).await.unwrap();
    assert!(all["result"]["total_size"].as_i64().unwrap() > 1);
}

async fn times_are_read_in_all_their_forms(engine: Engine) {
    let asker = Asker::of(backend(engine, 0).await, MAIN, "trcs001").await;
    for text in [
        json!("2017-05-03 14:44"),
        json!("2017/5/3 14:44"),
        json!("2017.5.3 14:44:00"),
        json!("2017年5月3日 14:44"),
        json!(1_493_793_840),
        json!(1_493_793_840_000_i64),
        json!("1493793840"),
        json!("2017-05-03T06:44:00.000Z"),
        json!("2017-05-03T14:44:00+08:00"),
        json!(1_493_793_840.0),
    ] {
        let shown = asker.customer(&json!({"custname": "何静怡", "assignTime": text}).to_string()).await;
        assert_eq!(shown["assignTime"], "2017-05-03 14:44", "{text}");
    }
    for day in ["2017/5/3", "2017.5.3", "2017年5月3日", "2017-05-03"] {
        let shown = asker.customer(&json!({"custname": "何静怡", "lastFlowTime": day}).to_string()).await;
        assert_eq!(shown["lastFlowTime"], "2017-05-03 00:00", "{day}");
    }
    for (wrong, why) in [("17-05-03", "年份"), ("2017-02-31", "没有这一天"), ("5/3/2017", "年份"), ("明天", "无法识别")]
    {
        let customer = json!({"customer": {"custname": "何静怡", "assignTime": wrong}});
        let Err(Error::Parameter { detail }) = asker.ask("create_customer", &customer.to_string()).await else {
            panic!("{wrong}")
        };
        assert!(
            detail.starts_with("assignTime: ") && detail.contains(why) && detail.contains("2017年5月3日"),
            "{detail}"
        );
        let filters = json!([{"fieldName": "createdOn", "operator": ">", "value": wrong}]);
        let query = json!({"entity": "Account", "fields": "accountName", "body": {"filters": filters}});
        let Err(Error::Parameter { detail }) = asker.ask("entity/adv-query", &query.to_string()).await else {
            panic!("{wrong}")
        };
        assert!(detail.contains(why), "{detail}");
    }
    // A date is the company's, whoever's clock wrote it.
    let field = json!({"id": 900, "name": "生日", "kind": "date"});
    let admin = Asker { caller: asker.demo.caller(MAIN, Some("admin1054")).await, demo: asker.demo };
    admin.ask("put_custom_field", &field.to_string()).await.unwrap();
    for date in [json!("2017/5/3"), json!("2017年5月3日"), json!("2017-05-02T23:00:00Z"), json!(1_493_793_840)] {
        let shown = admin.customer(&json!({"custname": "何静怡", "jsonStr": {"900": date}}).to_string()).await;
        assert_eq!(shown["jsonStr"]["900_生日"], "2017-05-03", "{date}");
    }
}

async fn all_is_no_filter(engine: Engine) {
    let asker = Asker::of(backend(engine, 30).await, MAIN, "admin1054").await;
    let count = async |filters: Value| {
        let reply = asker.ask("list_customers", &json!({"filters": filters}).to_string()).await;
        reply.map(|reply| reply["meta"]["total_count"].as_i64().unwrap())
    };
    let everybody = count(json!("")).await.unwrap();
    let typed = count(json!("｜｜企业客户")).await.unwrap();
    assert!(typed > 0 && typed < everybody);
    for all in [
        json!("全部"),
        json!("全部｜全部｜全部｜全部｜全部"),
        json!("所有｜不限｜All｜any｜every"),
        json!({"task": "不限", "owner": "所有", "type": "ALL", "status": null, "source": "全部"}),
    ] {
        assert_eq!(count(all.clone()).await.unwrap(), everybody, "{all}");
    }
    assert_eq!(count(json!("全部｜不限｜企业客户｜所有")).await.unwrap(), typed);
    assert!(count(json!("全部任务")).await.is_err());
    // What the company has of that name is meant.
    let item = json!({"kind": "type", "value": "99", "name": "全部"});
    asker.ask("put_dictionary_item", &item.to_string()).await.unwrap();
    assert_eq!(count(json!("｜｜全部")).await.unwrap(), 0);
    assert_eq!(count(json!("｜｜所有")).await.unwrap(), everybody);
}

#[tokio::test]
async fn what_stands_behind_a_frame_is_nothing() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut client = Client::connect(&format!("ws://{}/ws", server.address())).await;
    for relaxed in [false, true] {
        for end in ["", "\0", "\n", " ", "\r\n\0", "\0\n"] {
            let frame = if relaxed { "{action:'ping',callbackId:7}" } else { r#"{"action":"ping","callbackId":7}"# };
            client.send(format!("{frame}{end}")).await;
            let reply = client.receive().await.unwrap();
            assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(1000), &json!(7)), "{end:?}");
        }
    }
    client.send("{\"action\":\"ping\"}\0\0").await;
    assert_eq!(client.receive().await.unwrap()["code"], 2422);
    // What a frame says of itself may be whole numbers, too.
    let frame = json!({"action": "filter_customers", "operator": "TRCS004", "companyId": 1001.0, "groupId": 1001.0});
    assert_eq!(client.ask(frame).await["code"], 1000);
    client.send(r#"{"action":"list_customers","operator":8.0,"companyId":"8008.0"}"#).await;
    let reply = client.receive().await.unwrap();
    assert_eq!(reply["code"], 2401, "there is no operator 8: {reply}");
    server.stop().await;
}

/// The bodies of all systems are read alike, and what cannot be read says where.
#[tokio::test]
async fn bodies_are_read_as_frames_are() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let bearer = "\nAuthorization: Bearer demo-ibizplm-token";
    for end in ["", "\0", "\n\0"] {
        let body = format!("{{\n  \"page\" : 0, // first\n  size:'2',\n}}{end}");
        let answer = systems.call("POST /customers/fetchdefault", bearer, &body).await;
        assert_eq!((answer.status, answer.body.as_array().map(Vec::len)), (200, Some(2)), "{}", answer.text);
    }
    let empty = systems.call("POST /customers/fetchdefault", bearer, "[]").await;
    assert_eq!(empty.status, 200, "{}", empty.text);
    let wrong = systems.call("POST /customers/fetchdefault", bearer, "{\n\"page\":}").await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!(5)));
    assert!(wrong.body["message"].as_str().unwrap().starts_with("line 2, column 8:"), "{}", wrong.text);

    let user = laidian::domain::ids::to_wise(laidian::domain::ids::Entity::User, 0, 1);
    let add =
        format!("POST /gw/account/add?appid=000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE&sign=demo-key&op_user={user}");
    let added = systems.call(&add, "", "{accountName:'望潮科技',phone:'13700000009',/* no type */}").await;
    assert_eq!(added.body["error_code"], 0, "{}", added.text);
    let wrong = systems.call(&add, "", "{accountName:'望潮科技'\n,phone}").await;
    assert_eq!(wrong.body["error_code"], 410, "{}", wrong.text);
    assert!(wrong.text.contains("line 2, column 7:"), "{}", wrong.text);

    let info = |body: &'static str| systems.call("POST /crm/customer/info", "\nContent-Type: application/json", body);
    let found = info("{cid:'1', 'token':'demo-crm-token',}").await;
    assert_eq!(found.body["errCode"], 1000, "{}", found.text);
    let wrong = systems
        .call(
            "POST /crm/customer/info",
            "\nContent-Type: application/json\nAuthorization: Bearer demo-crm-token",
            "{cid:1",
        )
        .await;
    assert_eq!(wrong.body["errCode"], 1001, "{}", wrong.text);
    assert!(wrong.text.contains("line 1, column 7:"), "{}", wrong.text);

    let token = "\nAuthorization: Bearer nobody";
    let refused = http(
        tokio::net::TcpStream::connect(server.address()).await.unwrap(),
        &format!("POST /customers/fetchdefault{token}\nContent-Length: 1\n\n{{"),
    )
    .await;
    assert!(refused.starts_with("HTTP/1.1 401"), "who is not known is told nothing: {refused}");
    server.stop().await;
}

/// Whichever door it comes through, a number that is whole is the integer, in a body, in a query and in a text; one that
/// is not is refused.
#[tokio::test]
async fn whole_numbers_are_whole_at_every_door() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut systems = Systems::of(&server).await;
    let doors = [
        ("SOCKET list_customers", r#""filters":"","page":#"#),
        ("SOCKET get_customer", r#""type":"id","content":#"#),
        ("SOCKET feeds", r#""type":"id","content":1,"feed_type":"All","page":#"#),
        ("SOCKET put_details", r#""type":"id","content":#,"system":"customer_detail","fields":{"industry_id":#}"#),
        ("GET /open_api/customers", r#"{"page":#}"#),
        ("GET /open_api/customers/get_customer", r#"{"type":"id","content":#}"#),
        ("GET /open_api/customers?page=#", ""),
        ("POST /customers/fetchdefault", r#"{"size":#}"#),
        (
            "POST /customers/fetchdefault",
            r#"{"searchconds":[{"condtype":"DEFIELD","fieldname":"scale","condop":"EQ","value":#}]}"#,
        ),
        ("GET /gw/account/list?fields=accountId&page_size=#", ""),
        ("POST /gw/entity/adv-query?entity=Account&fields=accountId&page_no=#", "{}"),
        ("POST /crm/customer/info", r#"{"cid":#}"#),
    ];
    let moment = regex::Regex::new(r#"_cache_at[\\":0-9]*"#).unwrap();
    for (door, body) in doors {
        let mut answers = Vec::new();
        for number in ["2", "2.0", "2.000", "\"2\"", "\"2.0\"", " 2.0 ", "2.5"] {
            let is_query = door.contains('#');
            let in_text = number.trim_matches(['"', ' ']);
            let answer = at_door(&mut systems, &door.replace('#', in_text), &body.replace('#', number)).await;
            // CRM says when it answers, which another second changes.
            let answer = moment.replace_all(&answer, "_cache_at").into_owned();
            if number == "2.5" {
                assert_ne!(answer, answers[0], "{door} {body} takes {number}");
            } else if !is_query || number == in_text {
                answers.push(answer);
                assert_eq!(answers.last(), answers.first(), "{door} {body} {number}");
            }
        }
        assert!(
            ["1000", "\"errCode\":1000", "[", "\"error_code\":0"].iter().any(|good| answers[0].contains(good)),
            "{door}: {}",
            answers[0]
        );
    }
    // So it is with who asks, and in what only our own actions take.
    for (action, members) in
        [("put_group", json!({"id": 77.0, "name": "三部"})), ("put_task", json!({"id": 5.0, "name": "回访"}))]
    {
        let mut frame = json!({"action": action, "operator": "admin1054", "companyId": 1054.0});
        frame.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(systems.frame(&frame).await["code"], 1000, "{frame}");
    }
    server.stop().await;
}

/// What is answered there, without what says when.
async fn at_door(systems: &mut Systems, door: &str, body: &str) -> String {
    let (method, path) = door.split_once(' ').unwrap();
    if method == "SOCKET" {
        let frame = format!(r#"{{"action":"{path}","operator":"admin1054","companyId":1054.0,{body}}}"#);
        let mut reply = systems.text(frame).await;
        reply.as_object_mut().unwrap().remove("time");
        return reply.to_string();
    }
    let also = |query: String| format!("{door}{}{query}", if door.contains('?') { '&' } else { '?' });
    let json = "\nContent-Type: application/json";
    let user = laidian::domain::ids::to_wise(laidian::domain::ids::Entity::User, 0, 1);
    let (line, headers) = match path.split('/').nth(1).unwrap() {
        "open_api" => {
            let app = APPS.iter().find(|app| app.company == MAIN).unwrap();
            let mut signed = form_urlencoded::Serializer::new(String::new());
            signed.extend_pairs(&crate::signed::signature(app.id, app.token));
            (also(signed.finish()), json.to_owned())
        }
        "gw" => (
            also(format!("appid=000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE&sign=demo-key&op_user={user}")),
            json.to_owned(),
        ),
        "crm" => (door.to_owned(), format!("{json}\nAuthorization: Bearer demo-crm-token")),
        _ => (door.to_owned(), format!("{json}\nAuthorization: Bearer demo-ibizplm-token")),
    };
    systems.call(&line, &headers, body).await.text
}
