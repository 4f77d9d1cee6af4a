//! Whatever a telephone system, a spreadsheet or a person writes for a number finds the customer who has it; what is no
//! number is not stored as one.

use laidian::ops::customer::rederive;
use laidian::ops::customer::{Changes, PhoneChange, create};
use serde_json::{Value, json};

use crate::invariants::check_invariants;
use crate::support::{DESK, Engine, MAIN, backend, server};
use crate::systems::Systems;

both_engines! {
    a_number_is_found_however_it_is_written,
    who_hides_his_number_is_told_from_a_stranger,
    several_numbers_in_one_text_are_several_phones,
    what_is_no_number_is_refused_by_its_name,
    what_nobody_sees_is_not_stored,
    extensions_are_found_from_either_side,
    a_contact_is_found_by_his_numbers,
    who_sees_masked_numbers_finds_by_whole_ones,
    an_area_code_makes_local_numbers_whole,
    of_two_hundred_who_take_one_number_one_gets_it,
}

pub async fn systems(engine: Engine) -> (crate::support::TestServer, Systems) {
    let server = server(engine, |_| ()).await;
    let systems = Systems::of(&server).await;
    (server, systems)
}

pub async fn created(systems: &mut Systems, phones: Value) -> Value {
    let reply =
        ask(systems, "trcs001", "create_customer", json!({"customer": {"custname": "号码", "cellphones": phones}}))
            .await;
    assert_eq!(reply["code"], 1000, "{reply}");
    reply["customer"]["id"].clone()
}

/// Asks in somebody's name, whatever the answer.
pub async fn ask(systems: &mut Systems, by: &str, action: &str, members: Value) -> Value {
    let mut frame = json!({"action": action, "operator": by, "companyId": MAIN});
    frame.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    systems.frame(&frame).await
}

pub async fn look_up(systems: &mut Systems, by: &str, content: &str) -> Value {
    ask(systems, by, "get_customer", json!({"type": "cellphone", "content": content})).await
}

pub fn found(reply: &Value) -> Vec<Value> {
    let customers = reply["result"].as_array().map(Vec::as_slice).unwrap_or_default();
    customers.iter().map(|customer| customer["id"].clone()).collect()
}

async fn a_number_is_found_however_it_is_written(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    let id = created(&mut systems, json!(["sip:13500112233@10.0.0.1;user=phone"])).await;
    for typed in [
        "13500112233",
        "sip:13500112233@10.0.0.1:5060;user=phone",
        "sips:+8613500112233@ims.mnc000.mcc460.3gppnetwork.org",
        "王芳 <tel:13500112233;phone-context=+86>",
        "13500112233@gsm1",
        "13500112233.0",
        "1.3500112233E+10",
        "17951 13500112233",
        "13500112233-1",
        "13500112233p801",
        "010-66667777/13500112233",
    ] {
        let reply = look_up(&mut systems, "trcs001", typed).await;
        assert_eq!(found(&reply), std::slice::from_ref(&id), "{typed} {reply}");
    }
    for query in [
        "tel:13500112233",
        "13500112233;",
        "sip:13500112233@10.0.0.1",
        "13500119999/13500112233",
        "13500119999;13500112233",
        "13500119999 13500112233",
        "13500119999、13500112233",
    ] {
        let reply = ask(&mut systems, "trcs001", "list_customers", json!({"query": query})).await;
        assert_eq!(found(&reply), std::slice::from_ref(&id), "{query} {reply}");
    }
    // A second customer cannot have it, written otherwise.
    for typed in ["+86 135 0011 2233", "sip:13500112233@10.0.0.2", "'13500112233"] {
        let again = json!({"customer": {"custname": "又一个", "cellphones": [typed]}});
        let reply = ask(&mut systems, "trcs001", "create_customer", again).await;
        assert_eq!(reply["code"], 2000, "{typed} {reply}");
    }
}

async fn who_hides_his_number_is_told_from_a_stranger(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    for hidden in ["sip:anonymous@anonymous.invalid", "unavailable", "Restricted"] {
        assert_eq!(look_up(&mut systems, "trcs001", hidden).await["code"], 2006, "{hidden}");
    }
    assert_eq!(look_up(&mut systems, "trcs001", "13500009999").await["code"], 2005);
}

async fn several_numbers_in_one_text_are_several_phones(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    let id = created(&mut systems, json!(["13510000035/36；021-66668888转8001/8002"])).await;
    let shown = ask(&mut systems, "trcs001", "get_customer", json!({"type": "id", "content": id})).await;
    let contents: Vec<&str> = shown["result"][0]["cellphones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| phone["content"].as_str().unwrap())
        .collect();
    assert_eq!(contents, ["13510000035", "13510000036", "021-66668888转8001", "+862166668888转8002"]);
    let other = created(&mut systems, json!(["13510000037"])).await;
    for query in ["13510000035/37", "13510000037;13510000036", "13510000036 13510000037"] {
        let reply = ask(&mut systems, "trcs001", "list_customers", json!({"query": query})).await;
        assert_eq!(found(&reply), [other.clone(), id.clone()], "{query} {reply}");
    }
    for typed in ["13510000036", "021-66668888-8002", "13510000099/13510000036"] {
        assert_eq!(found(&look_up(&mut systems, "trcs001", typed).await), std::slice::from_ref(&id), "{typed}");
    }
    let taken = json!({"customer": {"custname": "又一个", "cellphones": ["13510000077;13510000036"]}});
    assert_eq!(ask(&mut systems, "trcs001", "create_customer", taken).await["code"], 2000);
    // WiseCRM knows one phone; what it sends as several is several.
    let made = systems
        .wise("POST /gw/account/add", 1, &[], &json!({"accountName": "慧企", "phone": "13510000051;13510000052"}))
        .await;
    assert_eq!(made["error_code"], 0, "{made}");
    assert_eq!(look_up(&mut systems, "trcs001", "13510000052").await["code"], 1000);
}

async fn what_is_no_number_is_refused_by_its_name(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    for text in
        ["微信abc777", "QQ:777", "user01@qq.com", "前台3", "1371234O099", "2017-05-03", "0", "00000000000", "1.36E+10"]
    {
        let customer = json!({"customer": {"custname": "无号", "cellphones": ["13510000061", text]}});
        let reply = ask(&mut systems, "trcs001", "create_customer", customer).await;
        assert_eq!(reply["code"], 2000, "{text} {reply}");
        assert!(reply["detail"].as_str().unwrap_or_default().contains(text), "{reply}");
        let details = json!({"type": "id", "content": 1, "system": "crm_info", "fields": {"contacts": [{"name": "林", "mobile": text}]}});
        assert_eq!(ask(&mut systems, "trcs001", "put_details", details).await["code"], 2000, "{text}");
    }
    assert_eq!(look_up(&mut systems, "trcs001", "13510000061").await["code"], 2005);
}

async fn what_nobody_sees_is_not_stored(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    let customer = json!({"custname": "\u{200b}何\u{feff}静\u{202d}", "companyName": "\u{200b}\u{feff}", "cellphones": ["\u{202d}13510000071\u{202c}"]});
    let reply = ask(&mut systems, "trcs001", "create_customer", json!({"customer": customer})).await;
    assert_eq!(reply["customer"]["custname"], "何静", "{reply}");
    assert!(reply["customer"]["companyName"].as_str().unwrap_or_default().is_empty(), "{reply}");
    assert_eq!(reply["customer"]["cellphones"][0]["content"], "13510000071");
    let nothing = ask(&mut systems, "trcs001", "create_customer", json!({"customer": {"custname": "\u{200b}"}})).await;
    assert_eq!(nothing["code"], 2000, "{nothing}");
    let admin = |action: &str, members: Value| (action.to_owned(), members);
    for (action, members) in [
        admin(
            "put_dictionary_item",
            json!({"kind": "type", "value": "\u{200b}9\u{200b}", "name": "\u{feff}渠道\u{200b}", "position": 9}),
        ),
        admin("put_group", json!({"id": 77, "name": "\u{200b}三部"})),
    ] {
        assert_eq!(ask(&mut systems, "admin1054", &action, members).await["code"], 1000, "{action}");
    }
    let company = ask(&mut systems, "admin1054", "show_company", json!({})).await;
    assert!(!company.to_string().contains(['\u{200b}', '\u{feff}']), "{company}");
    assert_eq!(ask(&mut systems, "admin1054", "put_group", json!({"id": 78, "name": "\u{200b}"})).await["code"], 2000);
}

async fn extensions_are_found_from_either_side(engine: Engine) {
    let (_server, mut systems) = systems(engine).await;
    let with = created(&mut systems, json!(["13510000081-1234"])).await;
    let without = created(&mut systems, json!(["13510000082"])).await;
    let line = created(&mut systems, json!(["021-66660000转801"])).await;
    for (typed, id) in [
        ("13510000081-1234", &with),
        ("13510000081转1234", &with),
        ("13510000081", &with),
        ("13510000082-1", &without),
        ("13510000082ext1", &without),
        ("021-66660000", &line),
        ("02166660000,801", &line),
        ("021-66660000-802", &line),
    ] {
        let reply = look_up(&mut systems, "trcs001", typed).await;
        assert_eq!(found(&reply), std::slice::from_ref(id), "{typed} {reply}");
    }
}

async fn a_contact_is_found_by_his_numbers(engine: Engine) {
    let (server, mut systems) = systems(engine).await;
    let own = created(&mut systems, json!(["13510000091"])).await;
    let first = created(&mut systems, json!([])).await;
    let second = created(&mut systems, json!([])).await;
    for (id, name) in [(&first, "陈默"), (&second, "林小满")] {
        let contacts =
            json!([{"name": name, "mobile": "13510000092", "tel": "021-66661234转5/13510000091"}, {"name": "周宁"}]);
        let put = json!({"type": "id", "content": id, "system": "crm_info", "fields": {"contacts": contacts}});
        assert_eq!(ask(&mut systems, "trcs001", "put_details", put).await["code"], 1000);
    }
    let reply = look_up(&mut systems, "trcs001", "sip:13510000092@10.0.0.1").await;
    assert_eq!(found(&reply), [second.clone(), first.clone()], "{reply}");
    assert_eq!((&reply["matchedBy"], &reply["matchedContact"]), (&json!("contact"), &json!("林小满")));
    let of_both = json!([{"id": second, "name": "林小满"}, {"id": first, "name": "陈默"}]);
    assert_eq!(reply["matchedContacts"], of_both);
    // Whose own number it is comes first.
    let reply = look_up(&mut systems, "trcs001", "13510000091").await;
    assert_eq!(found(&reply), [own.clone(), second.clone(), first.clone()], "{reply}");
    assert_eq!((&reply["matchedBy"], &reply["matchedContact"]), (&json!("text"), &Value::Null));
    assert_eq!(reply["matchedContacts"], of_both);
    let mut listed = found(&ask(&mut systems, "trcs001", "list_customers", json!({"query": "13510000092"})).await);
    listed.sort_by_key(Value::as_i64);
    assert_eq!(listed, [first.clone(), second.clone()]);
    // Without the contact, without his numbers; and with the customer they go.
    let put = json!({"type": "id", "content": first, "system": "crm_info", "fields": {"contacts": []}});
    assert_eq!(ask(&mut systems, "trcs001", "put_details", put).await["code"], 1000);
    assert_eq!(found(&look_up(&mut systems, "trcs001", "13510000092").await), std::slice::from_ref(&second));
    assert_eq!(
        ask(&mut systems, "admin1054", "destroy_customer", json!({"type": "id", "content": second})).await["code"],
        1000
    );
    assert_eq!(look_up(&mut systems, "trcs001", "13510000092").await["code"], 2005);
    assert_eq!(
        server
            .place()
            .connect()
            .await
            .texts("select typed from contact_phone where company_id = 1054 and name = '林小满'")
            .await,
        [""; 0]
    );
}

async fn who_sees_masked_numbers_finds_by_whole_ones(engine: Engine) {
    let (server, mut systems) = systems(engine).await;
    let masked = json!({"role": "agent", "phones": "masked"});
    let id = created(&mut systems, json!(["13510000101-12"])).await;
    let put = json!({"type": "id", "content": id, "system": "crm_info", "fields": {"contacts": [{"name": "林13510000103", "mobile": "13510000102"}]}});
    assert_eq!(ask(&mut systems, "trcs001", "put_details", put).await["code"], 1000);
    assert_eq!(ask(&mut systems, "admin1054", "put_rights", masked).await["code"], 1000);
    let tries = || server.backend().allowances.tries();
    for (typed, count) in [
        ("13510000101", 1),
        ("sip:13510000102@10.0.0.1", 1),
        ("13510000111/13510000112/13510000101", 3),
        ("unavailable", 0),
    ] {
        let before = tries();
        let reply = look_up(&mut systems, "trcs001", typed).await;
        assert_eq!(tries() - before, count, "{typed}");
        assert_eq!(found(&reply).len(), usize::from(count > 0), "{typed} {reply}");
        for digits in ["0000101", "0000102", "0000103"] {
            assert!(!reply.to_string().contains(digits), "{reply}");
        }
    }
    // In a list, each number counts, too.
    let before = tries();
    let query = json!({"query": "13510000111/13510000112/13510000101"});
    assert_eq!(found(&ask(&mut systems, "trcs001", "list_customers", query).await), std::slice::from_ref(&id));
    assert_eq!(tries() - before, 3);
    // The last digits alone find nobody.
    assert_eq!(look_up(&mut systems, "trcs001", "0000102").await["code"], 2005);
}

async fn an_area_code_makes_local_numbers_whole(engine: Engine) {
    let (server, mut systems) = systems(engine).await;
    let local = created(&mut systems, json!(["54590135"])).await;
    let elsewhere = created(&mut systems, json!(["010-54590136"])).await;
    let bank = created(&mut systems, json!(["95599"])).await;
    assert_eq!(
        found(&look_up(&mut systems, "trcs001", "54590136").await),
        std::slice::from_ref(&elsewhere),
        "of any area, without one"
    );
    let refused = ask(&mut systems, "admin1054", "put_company", json!({"areaCode": "999999"})).await;
    assert_eq!(refused["code"], 2000, "{refused}");
    assert_eq!(ask(&mut systems, "admin1054", "put_company", json!({"areaCode": "021"})).await["code"], 1000);
    // What is stored is read anew behind the answer.
    rederive::all(&server.backend().store, &server.backend().rederived).await.unwrap();
    for (typed, id) in [
        ("021-54590135", &local),
        ("54590135", &local),
        ("+86 21 54590135", &local),
        ("02195599", &bank),
        ("95599", &bank),
    ] {
        assert_eq!(found(&look_up(&mut systems, "trcs001", typed).await), std::slice::from_ref(id), "{typed}");
    }
    assert_eq!(look_up(&mut systems, "trcs001", "54590136").await["code"], 2005, "another city's");
    let again = json!({"customer": {"custname": "又一个", "cellphones": ["021 5459 0135"]}});
    assert_eq!(ask(&mut systems, "trcs001", "create_customer", again).await["code"], 2000);
    assert_eq!(ask(&mut systems, "admin1054", "show_company", json!({})).await["result"]["areaCode"], "021");
    check_invariants(server.place(), &server.backend().store.company(MAIN)).await;
}

async fn of_two_hundred_who_take_one_number_one_gets_it(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, Some("008")).await;
    let cx = demo.context(&caller).await.unwrap();
    let spellings = [
        "13510000201",
        "+86 135 1000 0201",
        "0086-13510000201",
        "8613510000201",
        "sip:13510000201@10.0.0.1",
        "13510000201.0",
        "1.3510000201E+10",
        "'13510000201",
        "17951 13510000201",
        "１３５１００００２０１",
    ];
    let one = |nth: usize| {
        let phones = Some(vec![PhoneChange { id: None, typed: spellings[nth % spellings.len()].into() }]);
        create(&cx, Changes { phones, ..Changes::default() })
    };
    let done = futures_util::future::join_all((0..200).map(one)).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    check_invariants(&demo.place, &cx.scope).await;
}
