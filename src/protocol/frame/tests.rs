use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{BadFrame, Frame, Problem, Settings, read};
use crate::protocol::callback_id::CallbackId::{self, Absent, Integer, Raw};

const RELAXED: Settings = Settings { relaxed: true, max_depth: 64 };
const STRICT: Settings = Settings { relaxed: false, max_depth: 64 };

/// Reads `text` and hands the frame to `check`, as what it borrows ends here.
fn accepted<T>(text: &str, check: impl FnOnce(&Frame<'_>) -> T) -> T {
    let mut rewritten = String::new();
    match read(text, &mut rewritten, &RELAXED) {
        Ok(frame) => check(&frame),
        Err(bad) => panic!("{text}: {bad:?}"),
    }
}

fn refused(text: &str, settings: &Settings) -> BadFrame {
    read(text, &mut String::new(), settings).expect_err(text)
}

fn problem(text: &str) -> Problem {
    refused(text, &RELAXED).problem
}

fn syntax(text: &str, settings: &Settings) -> String {
    match refused(text, settings).problem {
        Problem::Syntax(error) => error.to_string(),
        other => panic!("{text}: {other:?}"),
    }
}

/// The examples of the document, byte for byte.
const FILTER_CUSTOMERS: &str = "{action:'filter_customers',loginno:'TRCS004',groupId:'1001',operator:'TRCS004',callbackId:'222000',companyId:'1001'}";
const LIST_CUSTOMERS: &str = "{action:list_customers,filters: \"默认任务｜我的客户｜企业客户｜了解产品｜百度广告\", query: \"138900010001\",operator:\"trcs001\",companyId:\"1054\",callbackId:\"123456\"}";
const GET_CUSTOMER: &str = "{action:'get_customer',type:cellphone, content:\"138900010001\", operator:\"trcs001\",companyId:\"1054\",callbackId:\"123456\"}";
const CREATE_CUSTOMER: &str = r#"{action:create_customer;customer:
	{"id": 1,
            "custname": "测试用户",
  "custType": "普通客户",
  " cellphones": [
            [null, "13888888888"],
            [null, "13888889999"]
            },
   "address":"上海市黄埔区皇后大道东29号",
   "companyName":null,
   "taskId":99,
            "serviceNo":008,
            "servicegroupId":1001002,
            "companyId":8008, 
            "jsonStr":{"392_消费情况":"高消费","373_客户等级":"E"},
  "dealFlag": "未处理",
  "assignTime":"2017-05-03 14:44",
            "customerLabel": "标签1,标签2"
    }
}"#;

#[test]
fn document_filter_customers() {
    accepted(FILTER_CUSTOMERS, |Frame { head, body }| {
        assert_eq!(head.action, "filter_customers");
        assert_eq!(head.callback_id, Integer(222_000));
        assert_eq!(head.operator.as_deref(), Some("TRCS004"));
        assert_eq!((head.company_id, head.group_id), (Some(1001), Some(1001)));
        assert!(head.customer.is_none());
        assert_eq!(serde_json::from_str::<Value>(body).unwrap()["loginno"], "TRCS004");
    });
}

#[test]
fn document_list_customers() {
    accepted(LIST_CUSTOMERS, |Frame { head, body }| {
        assert_eq!(head.action, "list_customers");
        assert_eq!(head.callback_id, Integer(123_456));
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["filters"], "默认任务｜我的客户｜企业客户｜了解产品｜百度广告");
        assert_eq!(body["query"], "138900010001");
    });
}

#[test]
fn document_get_customer() {
    accepted(GET_CUSTOMER, |Frame { head, body }| {
        assert_eq!((&*head.action, head.company_id), ("get_customer", Some(1054)));
        assert_eq!(serde_json::from_str::<Value>(body).unwrap()["type"], "cellphone");
    });
}

#[test]
fn document_create_customer() {
    assert_eq!(
        syntax(CREATE_CUSTOMER, &RELAXED),
        "line 8, column 13: expected `]` for the `[` opened at line 5, column 18, found `}`"
    );
    let balanced = CREATE_CUSTOMER.replacen("},", "],", 1);
    accepted(&balanced, |Frame { head, body }| {
        assert_eq!((&*head.action, &head.callback_id, &head.operator), ("create_customer", &Absent, &None));
        let customer: Value = serde_json::from_str(head.customer.unwrap().get()).unwrap();
        assert_eq!(customer["serviceNo"], "008");
        assert_eq!(customer["companyId"], 8008);
        assert_eq!(customer["cellphones"], json!([[null, "13888888888"], [null, "13888889999"]]));
        assert_eq!(customer["jsonStr"], json!({"392_消费情况": "高消费", "373_客户等级": "E"}));
        assert_eq!(serde_json::from_str::<Value>(body).unwrap()["customer"], customer);
    });
}

#[test]
fn a_strict_frame_is_not_copied() {
    let text = r#" {"Action":"get_customer","LoginNo":"trcs001","callback_id":"x-1","customer":{"a":[{}]}} "#;
    let mut rewritten = String::new();
    let Frame { head, body } = read(text, &mut rewritten, &STRICT).unwrap();
    assert!(std::ptr::eq(body, text));
    assert!(matches!(head.action, Cow::Borrowed("get_customer")));
    assert!(matches!(head.operator, Some(Cow::Borrowed("trcs001"))));
    assert_eq!(head.callback_id, Raw(r#""x-1""#.into()));
    assert_eq!(head.customer.unwrap().get(), r#"{"a":[{}]}"#);
    assert_eq!(rewritten.capacity(), 0);
}

#[test]
fn the_wrapper_is_opened() {
    accepted("{topic:socket.server.operation,callbackId:1,data:{action:feeds,callbackId:2}}", |frame| {
        assert_eq!(frame.head.callback_id, Integer(2));
        assert_eq!(frame.body, r#"{"action":"feeds","callbackId":2}"#);
    });
    accepted(r#"{"topic":"socket.server.operation","callbackId":"1","data": {"action":"feeds"} }"#, |frame| {
        assert_eq!(frame.head.callback_id, Integer(1));
        assert_eq!(frame.body, r#"{"action":"feeds"}"#);
    });
    accepted("{topic:socket.server.operation,action:feeds,data:5}", |frame| assert_eq!(frame.head.action, "feeds"));
    accepted("{topic:null,action:feeds}", |frame| assert_eq!(frame.head.action, "feeds"));
}

#[test]
fn a_wrong_wrapper_is_refused() {
    let bad = refused("{topic:other,callbackId:7,data:{action:feeds}}", &RELAXED);
    assert_eq!(bad, BadFrame { callback_id: Integer(7), problem: Problem::UnknownTopic("other".to_owned()) });
    assert_eq!(problem("{topic:other,action:feeds}"), Problem::UnknownTopic("other".to_owned()));
    assert_eq!(problem("{topic:[1],action:feeds}"), Problem::UnknownTopic("[1]".to_owned()));
    for data in ["", ",data:null", ",data:[]", r#",data:'{"action":"feeds"}'"#] {
        let text = format!("{{topic:socket.server.operation,callbackId:7{data}}}");
        let bad = refused(&text, &RELAXED);
        assert_eq!(bad, BadFrame { callback_id: Integer(7), problem: Problem::BadEnvelope { field: "data" } });
    }
    let inner = "{topic:socket.server.operation,data:{topic:socket.server.operation,data:{action:x},callbackId:3}}";
    assert_eq!(refused(inner, &RELAXED), BadFrame { callback_id: Integer(3), problem: Problem::NoAction });
}

#[test]
fn members_of_the_envelope_are_judged() {
    for action in ["", "action:''", "action:' '", "action:null", "action:5", "action:{}", "Actions:x"] {
        assert_eq!(
            refused(&format!("{{callbackId:a,{action}}}").replace(",}", "}"), &RELAXED),
            BadFrame { callback_id: Raw("\"a\"".into()), problem: Problem::NoAction }
        );
    }
    for (member, field) in [
        ("companyId:abc", "companyId"),
        ("company_id:1.5", "companyId"),
        ("companyId:[]", "companyId"),
        ("companyId:99999999999999999999", "companyId"),
        ("groupId:true", "groupId"),
        ("operator:{}", "operator"),
        ("loginno:false", "loginno"),
    ] {
        assert_eq!(problem(&format!("{{action:x,{member}}}")), Problem::BadEnvelope { field });
    }
    accepted("{action:x,operator:'',loginno:008,companyId:' 12 ',groupId:''}", |Frame { head, .. }| {
        assert_eq!(head.operator.as_deref(), Some("008"));
        assert_eq!((head.company_id, head.group_id), (Some(12), None));
    });
    accepted(
        "{action:x,operator:1001,loginno:b,companyId:null,groupId:-3,callbackId:null}",
        |Frame { head, .. }| {
            assert_eq!(head.operator.as_deref(), Some("1001"));
            assert_eq!((head.company_id, head.group_id), (None, Some(-3)));
            assert_eq!(head.callback_id, Raw("null".into()));
        },
    );
    accepted(r#"{"action":"\u0078","operator":" a\"b "}"#, |Frame { head, .. }| {
        assert_eq!((&*head.action, head.operator.as_deref()), ("x", Some("a\"b")));
    });
}

#[test]
fn text_that_is_no_object_is_refused() {
    for text in ["[]", "5", "null", "\"a\"", "word", "[{callbackId:1}]", " [1]"] {
        assert_eq!(problem(text), Problem::NotAnObject, "{text}");
    }
    assert_eq!(syntax("", &RELAXED), "line 1, column 1: expected a value, found the end of the text");
}

#[test]
fn a_repeated_member_is_refused() {
    for text in [
        r#"{"action":"x","callbackId":4,"companyId":1,"company_id":2}"#,
        "{action:x,callbackId:4,companyId:1,company_id:2}",
        "{topic:socket.server.operation,data:{action:x,companyId:1,company_id:2},callbackId:4}",
        "{topic:socket.server.operation,data:{action:x,companyId:1,company_id:2,callbackId:4}}",
    ] {
        let bad = refused(text, &RELAXED);
        assert_eq!(bad.callback_id, Integer(4), "{text}");
        assert_eq!(bad.problem, Problem::Repeated("duplicate field `companyId`".to_owned()), "{text}");
    }
}

#[test]
fn syntax_errors_keep_the_callback_id() {
    let bad = refused("{action:x,callbackId:'9',a:[}", &RELAXED);
    assert_eq!(bad.callback_id, Integer(9));
    assert_eq!(syntax("{\"a\":\"你\",\n\"你\":x}", &STRICT), "line 2, column 5: expected value");
    assert_eq!(syntax("{\"你\":", &STRICT), "line 1, column 6: EOF while parsing a value");
    assert_eq!(syntax("{\"a\":1} x", &STRICT), "line 1, column 9: trailing characters");
    assert_eq!(syntax("{action:x}", &STRICT), "line 1, column 2: key must be a string");
}

#[test]
fn deep_nesting_is_refused() {
    for settings in [RELAXED, STRICT] {
        for (open, column) in [("[", 65), (r#"{"a":"#, 64 * 5 + 1)] {
            let text = open.repeat(100_000);
            assert_eq!(syntax(&text, &settings), format!("line 1, column {column}: nested deeper than 64 levels"));
        }
        let text = format!(r#"{{"action":"x","callbackId":5,"a":{}{}}}"#, "[".repeat(64), "]".repeat(64));
        assert_eq!(refused(&text, &settings).callback_id, Integer(5));
        let flat = format!(r#"{{"action":"x","text":"{}","list":[{}[]]}}"#, "[{".repeat(1000), "[],".repeat(1000));
        assert!(read(&flat, &mut String::new(), &settings).is_ok());
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(
        text in prop_oneof![".*", "[{}\\[\\]'\":;,ca0-9 \n-]{0,30}", "\\{topic:.{0,9},data:\\{action:.{0,9}\\},companyId:.{0,9}\\}"],
        relaxed: bool,
        max_depth in 0_usize..200,
    ) {
        let mut rewritten = String::new();
        let result = read(&text, &mut rewritten, &Settings { relaxed, max_depth });
        if let Ok(frame) = &result {
            prop_assert_eq!(frame.body.trim_start().chars().next(), Some('{'));
            prop_assert!(!frame.head.action.trim().is_empty());
        }
        let _ = CallbackId::salvage(&text);
    }

    #[test]
    fn the_envelope_is_read_back(action in "[a-z_]{1,12}", operator in "\\PC{0,8}", company: i64, id: i64) {
        let text = json!({"x": [operator], "action": action, "operator": operator, "companyId": company, "callbackId": id});
        let text = text.to_string();
        let mut rewritten = String::new();
        let head = read(&text, &mut rewritten, &STRICT).unwrap().head;
        prop_assert_eq!(head.action, action);
        prop_assert_eq!(head.operator.as_deref().unwrap_or_default(), operator.trim());
        prop_assert_eq!(head.company_id, Some(company));
        prop_assert_eq!(head.callback_id, CallbackId::from_json(&id.to_string()));
    }
}
