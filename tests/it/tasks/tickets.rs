//! Tickets and their history; calls and messages that are over.

use serde_json::{Value, json};

use super::{asked, create, follow, push};
use crate::signed::{ADMIN, AGENT, APP, MASKED_AGENT, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, server};
use crate::support::Engine;

both_engines! {
    a_ticket_is_worked_on_and_everybody_is_told,
    who_is_to_do_it_sees_the_customer,
    tickets_are_listed_page_by_page_as_far_as_one_sees,
    a_ticket_hides_numbers_and_keeps_them,
    a_ticket_comes_back_with_its_customer,
    a_call_that_is_over_is_in_the_history,
    a_message_is_in_the_history,
}

async fn a_ticket_is_worked_on_and_everybody_is_told(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut other) = (AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let id = create(&mut agent, json!({"custname": "沈知秋"})).await;
    let mut follower = SUPERVISOR.connect(&server).await;
    follow(&mut follower, &["tickets"]).await;
    let open = json!({"action": "create_ticket", "customerId": id, "title": "补发茶样", "content": "两盒",
        "due": "2099-01-05 18:00", "requestId": "t1"});
    let ticket = asked(&mut agent, open.clone()).await["ticket"].clone();
    assert_eq!(asked(&mut agent, open).await["ticket"]["id"], ticket["id"], "the same request is one ticket");
    let fields = ["state", "handler", "urgency", "due", "openedBy", "customerName"].map(|name| &ticket[name]);
    assert_eq!(
        fields,
        ["正常工单", "trcs001", "一般", "2099-01-05 18:00", "trcs001", "沈知秋"].map(Value::from).each_ref()
    );
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["ticketId"]), (&json!("ticket.created"), &ticket["id"]));
    assert_eq!((&told["customerId"], &told["changes"]["title"]), (&json!(id), &json!([null, "补发茶样"])));

    let update = |more: Value| {
        let mut frame = json!({"action": "update_ticket", "ticketId": ticket["id"]});
        frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        frame
    };
    asked(&mut agent, update(json!({"handler": "TRCS008", "urgency": "紧急"}))).await;
    let told = push(&mut follower).await;
    assert_eq!(told["event"], "ticket.assigned");
    assert_eq!(told["changes"], json!({"handler": ["trcs001", "trcs008"], "urgency": ["一般", "紧急"]}));
    asked(&mut other, update(json!({"state": "处理中", "comment": "已联系仓库"}))).await;
    let told = push(&mut follower).await;
    assert_eq!((&told["event"], &told["comment"]), (&json!("ticket.updated"), &json!("已联系仓库")));
    // What it is already is no change.
    asked(&mut other, update(json!({"state": "处理中"}))).await;
    let done = asked(&mut other, update(json!({"state": "已完成", "due": null, "content": "三盒"}))).await;
    assert_eq!((&done["ticket"]["due"], &done["ticket"]["content"]), (&Value::Null, &json!("三盒")));
    let told = push(&mut follower).await;
    let changes =
        json!({"state": ["处理中", "已完成"], "due": ["2099-01-05 18:00", null], "content": ["两盒", "三盒"]});
    assert_eq!((&told["changes"], &told["actor"]), (&changes, &json!("trcs008")));

    let shown = asked(&mut agent, json!({"action": "get_ticket", "ticketId": ticket["id"]})).await;
    let history = shown["history"].as_array().unwrap();
    let who: Vec<&Value> = history.iter().map(|step| &step["actor"]).collect();
    assert_eq!(who, ["trcs008", "trcs008", "trcs001"]);
    assert_eq!((&history[1]["comment"], &history[1]["changes"][0]["new"]), (&json!("已联系仓库"), &json!("处理中")));
    // The documents' feed shows it as it is now.
    let feed = json!({"action": "feeds", "feed_type": "Ticket", "type": "id", "content": id});
    let item = asked(&mut agent, feed).await["feeds"][0].clone();
    assert_eq!((&item["status_zh_name"], &item["upLoginNo"]), (&json!("已完成"), &json!("trcs008")));
    let counted = asked(
        &mut ADMIN.connect(&server).await,
        json!({"action": "ibizplm.get", "key": laidian::domain::ids::to_hex32(1054, id)}),
    )
    .await;
    let counted = &counted["result"];
    assert_eq!((&counted["ticket_total"], &counted["ticket_finish"]), (&json!(1), &json!(1)), "{counted}");

    for (wrong, field) in [
        (json!({"state": "开着"}), "state"),
        (json!({"urgency": "高"}), "urgency"),
        (json!({"handler": "nobody"}), "handler"),
        (json!({"due": "soon"}), "due"),
        (json!({"comment": "x".repeat(2001)}), "comment"),
        (json!({"title": "x"}), "title"),
    ] {
        let reply = agent.ask(update(wrong)).await;
        assert_eq!(reply["code"], 2000, "{reply}");
        assert!(reply["detail"].as_str().unwrap().contains(field), "{reply}");
    }
    assert_eq!(agent.ask(json!({"action": "update_ticket", "ticketId": 0, "state": "处理中"})).await["code"], 2005);
    assert_eq!(agent.ask(json!({"action": "create_ticket", "customerId": id})).await["code"], 2000);
    server.stop().await;
}

async fn who_is_to_do_it_sees_the_customer(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    let seen = json!({"custname": "沈知秋", "serviceNo": "trcs001", "servicegroupId": 1_054_001});
    let id = create(&mut admin, seen).await;
    let open =
        |handler: &str| json!({"action": "create_ticket", "customerId": id, "title": "回电", "handler": handler});
    let ticket = asked(&mut admin, open("trcs008")).await["ticket"]["id"].clone();
    asked(&mut admin, json!({"action": "put_rights", "role": "agent", "reach": "own"})).await;
    for refused in ["trcs008", "nobody", ""] {
        let reply = agent
            .ask(json!({"action": "update_ticket", "ticketId": ticket, "handler": refused, "state": "处理中"}))
            .await;
        assert_eq!(reply["code"], if refused.is_empty() { 1000 } else { 2000 }, "{refused}: {reply}");
    }
    assert_eq!(admin.ask(open("trcs008")).await["code"], 2000);
    asked(&mut admin, open("trcs009")).await;
    asked(&mut admin, json!({"action": "disable_operator", "staffNo": "trcs009"})).await;
    assert_eq!(admin.ask(open("trcs009")).await["code"], 2000);
    // Who does not see the customer does not see the ticket.
    let mut other = OTHER_AGENT.connect(&server).await;
    for frame in [
        json!({"action": "get_ticket", "ticketId": ticket}),
        json!({"action": "update_ticket", "ticketId": ticket, "comment": "x"}),
        json!({"action": "create_ticket", "customerId": id, "title": "x"}),
    ] {
        assert_eq!(other.ask(frame.clone()).await["code"], 2005, "{frame}");
    }
    // A program opens one for who looks after the customer.
    let mut app = APP.connect(&server).await;
    let by_app = json!({"action": "create_ticket", "customerId": id, "title": "官网留言"});
    let by_app = asked(&mut app, by_app).await["ticket"].clone();
    assert_eq!((&by_app["handler"], &by_app["openedBy"]), (&json!("trcs001"), &json!("系统")));
    server.stop().await;
}

async fn tickets_are_listed_page_by_page_as_far_as_one_sees(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut agent) = (ADMIN.connect(&server).await, AGENT.connect(&server).await);
    let of = |owner: &str, group: i64| json!({"custname": "沈知秋", "serviceNo": owner, "servicegroupId": group});
    let (own, others) =
        (create(&mut admin, of("trcs001", 1_054_001)).await, create(&mut admin, of("trcs008", 1_054_002)).await);
    let mut tickets = Vec::new();
    for number in 0..5 {
        let open = json!({"action": "create_ticket", "customerId": own, "title": format!("回电{number}"), "handler": "trcs001"});
        tickets.insert(0, asked(&mut admin, open).await["ticket"]["id"].clone());
    }
    let open = json!({"action": "create_ticket", "customerId": others, "title": "退款", "handler": "trcs008"});
    let others_ticket = asked(&mut admin, open.clone()).await["ticket"]["id"].clone();
    let list = |more: Value| {
        let mut frame = json!({"action": "list_tickets"});
        frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        frame
    };
    let ids =
        |reply: &Value| reply["result"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let first = asked(&mut agent, list(json!({"customerId": own, "pageSize": 2}))).await;
    assert_eq!((ids(&first), &first["meta"]["total_count"]), (tickets[..2].to_vec(), &json!(5)));
    // What is opened meanwhile repeats nothing.
    let late = json!({"action": "create_ticket", "customerId": own, "title": "又一张"});
    let late = asked(&mut agent, late).await["ticket"]["id"].clone();
    let (mut walked, mut after) = (ids(&first), first["meta"]["after"].clone());
    while !after.is_null() {
        let page = asked(&mut agent, list(json!({"customerId": own, "pageSize": 2, "after": after}))).await;
        walked.extend(ids(&page));
        after = page["meta"]["after"].clone();
    }
    assert_eq!(walked, tickets);
    asked(&mut agent, json!({"action": "update_ticket", "ticketId": tickets[0], "state": "已关闭"})).await;
    assert_eq!(ids(&asked(&mut agent, list(json!({"customerId": own, "state": "未完成"}))).await).len(), 5);
    let closed = list(json!({"customerId": own, "state": "已关闭"}));
    assert_eq!(ids(&asked(&mut agent, closed).await), tickets[..1]);
    let of_other = list(json!({"handler": "trcs008", "customerId": others}));
    assert_eq!(ids(&asked(&mut agent, of_other).await), std::slice::from_ref(&others_ticket));
    asked(&mut admin, json!({"action": "put_rights", "role": "agent", "reach": "own"})).await;
    let all = asked(&mut agent, list(json!({"pageSize": 100}))).await;
    assert!(ids(&all).contains(&late) && !ids(&all).contains(&others_ticket), "{all}");
    assert_eq!(all["meta"]["total_count"], json!(ids(&all).len()));
    assert_eq!(asked(&mut agent, list(json!({"customerId": others}))).await["meta"]["total_count"], 0);
    assert_eq!(agent.ask(list(json!({"handler": "nobody"}))).await["code"], 2000);
    assert_eq!(agent.ask(list(json!({"state": "x"}))).await["code"], 2000);
    assert_eq!(agent.ask(list(json!({"pageSize": 0}))).await["code"], 206_211);
    server.stop().await;
}

async fn a_ticket_hides_numbers_and_keeps_them(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut masked) = (OTHER_ADMIN.connect(&server).await, MASKED_AGENT.connect(&server).await);
    let number = "13900112299";
    let seen = json!({"custname": "沈知秋", "cellphones": [number], "serviceNo": "TRCS004", "servicegroupId": 1001});
    let id = create(&mut admin, seen).await;
    let mut follower = MASKED_AGENT.connect(&server).await;
    follow(&mut follower, &["tickets"]).await;
    let open = json!({"action": "create_ticket", "customerId": id, "title": format!("回电{number}"),
        "content": "请打 139 0011 2299", "handler": "TRCS004"});
    let ticket = asked(&mut admin, open).await["ticket"]["id"].clone();
    let hidden = |value: &Value| {
        let digits: String = value.to_string().chars().filter(char::is_ascii_digit).collect();
        assert!(!digits.contains("00112299") && !digits.contains("1390011"), "{value}");
    };
    hidden(&push(&mut follower).await);
    let comment = json!({"action": "update_ticket", "ticketId": ticket, "comment": "已打139****2299", "content": "再打139****2299"});
    let reply = asked(&mut masked, comment).await;
    assert_eq!(reply["ticket"]["content"], "再打139****2299");
    hidden(&push(&mut follower).await);
    let get = json!({"action": "get_ticket", "ticketId": ticket});
    hidden(&asked(&mut masked, get.clone()).await);
    hidden(&asked(&mut masked, json!({"action": "list_tickets", "customerId": id})).await);
    let whole = asked(&mut admin, get).await;
    assert_eq!(whole["ticket"]["content"], format!("再打{number}"));
    assert_eq!(whole["history"][0]["comment"], format!("已打{number}"));
    server.stop().await;
}

async fn a_ticket_comes_back_with_its_customer(engine: Engine) {
    let server = server(engine).await;
    let mut supervisor = SUPERVISOR.connect(&server).await;
    let id = create(&mut supervisor, json!({"custname": "沈知秋"})).await;
    let open = json!({"action": "create_ticket", "customerId": id, "title": "退款", "due": "2099-01-05"});
    let ticket = asked(&mut supervisor, open).await["ticket"]["id"].clone();
    asked(&mut supervisor, json!({"action": "update_ticket", "ticketId": ticket, "comment": "等财务"})).await;
    let get = json!({"action": "get_ticket", "ticketId": ticket});
    let before = asked(&mut supervisor, get.clone()).await;
    asked(&mut supervisor, json!({"action": "destroy_customer", "type": "id", "content": id})).await;
    assert_eq!(supervisor.ask(get.clone()).await["code"], 2005);
    asked(&mut supervisor, json!({"action": "restore_customer", "id": id})).await;
    let after = asked(&mut supervisor, get).await;
    assert_eq!((&before["ticket"], &before["history"]), (&after["ticket"], &after["history"]));
    server.stop().await;
}

async fn a_call_that_is_over_is_in_the_history(engine: Engine) {
    let server = server(engine).await;
    let mut agent = AGENT.connect(&server).await;
    let customer = json!({"custname": "沈知秋", "cellphones": ["13900112299"]});
    let id = create(&mut agent, customer).await;
    let mut follower = OTHER_AGENT.connect(&server).await;
    follow(&mut follower, &["customers/all"]).await;
    let call = json!({"action": "log_call", "number": "013900112299", "direction": "out", "duration": 95, "callId": "c-7",
        "at": "2026-01-01 09:00", "requestId": "c1"});
    let logged = asked(&mut agent, call.clone()).await;
    assert_eq!(logged["customerId"], json!(id));
    assert_eq!(asked(&mut agent, call).await["id"], logged["id"], "the same request is one call");
    let told = push(&mut follower).await;
    assert_eq!(
        (&told["event"], &told["feedType"], &told["feedId"]),
        (&json!("feed.added"), &json!("CallLog"), &logged["id"])
    );
    assert_eq!(push(&mut follower).await["changes"], json!({"lastAccept": [null, "c-7"]}));
    asked(&mut agent, json!({"action": "log_call", "customerId": id, "direction": "in"})).await;
    let feeds = json!({"action": "feeds", "feed_type": "CallLog", "type": "id", "content": id});
    let feeds = asked(&mut agent, feeds).await["feeds"].clone();
    let shown = |index: usize| ["callType", "followUpContent", "callDuration"].map(|name| feeds[index][name].clone());
    assert_eq!(shown(0), [json!("呼入"), json!("无人接听"), json!(0)]);
    assert_eq!(shown(1), [json!("呼出"), json!("已接通"), json!(95)]);
    for (wrong, code) in [
        (json!({"direction": "in"}), 2000),
        (json!({"customerId": id}), 2000),
        (json!({"customerId": id, "direction": "sideways"}), 2000),
        (json!({"customerId": id, "direction": "in", "duration": -1}), 2000),
        (json!({"customerId": id, "direction": "in", "at": "2099-01-01"}), 2000),
        (json!({"number": "13900112298", "direction": "in"}), 2005),
    ] {
        let mut frame = wrong;
        frame["action"] = "log_call".into();
        assert_eq!(agent.ask(frame.clone()).await["code"], code, "{frame}");
    }
    server.stop().await;
}

async fn a_message_is_in_the_history(engine: Engine) {
    let server = server(engine).await;
    let (mut admin, mut masked) = (OTHER_ADMIN.connect(&server).await, MASKED_AGENT.connect(&server).await);
    let seen = json!({"custname": "沈知秋", "cellphones": ["13900112299", "02155667788"], "serviceNo": "TRCS004", "servicegroupId": 1001});
    let id = create(&mut admin, seen).await;
    let log = |more: Value| {
        let mut frame =
            json!({"action": "log_text_message", "customerId": id, "direction": "out", "content": "茶样已寄出"});
        frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        frame
    };
    asked(&mut masked, log(json!({}))).await;
    // As he is shown it; the whole number is stored.
    asked(&mut masked, log(json!({"number": "139****2299", "direction": "in", "status": "已读"}))).await;
    for wrong in ["138****0000", "abc", "1"] {
        assert_eq!(masked.ask(log(json!({"number": wrong}))).await["code"], 2000, "{wrong}");
    }
    let feeds = json!({"action": "feeds", "feed_type": "TextMsgLog", "type": "id", "content": id});
    let feeds = asked(&mut admin, feeds).await["feeds"].clone();
    let shown = |index: usize| ["phone", "direction", "status"].map(|name| feeds[index][name].clone());
    assert_eq!(feeds.as_array().unwrap().len(), 2);
    assert_eq!(shown(0), ["13900112299", "in", "已读"].map(Value::from));
    assert_eq!(shown(1), ["13900112299", "out", "发送成功"].map(Value::from));
    server.stop().await;
}
