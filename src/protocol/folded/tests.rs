use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{from_str, from_str_or_path, same_name};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Phone {
    #[serde(alias = "nr")]
    phone_number: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Change {
    Nothing,
    Call(Phone),
    #[serde(rename_all = "camelCase")]
    Move {
        to_group: u32,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Wrapped(Phone);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Customer<'a> {
    #[serde(borrow)]
    custname: Cow<'a, str>,
    #[serde(rename = "FollowUpContent")]
    content: Option<&'a str>,
    #[serde(borrow)]
    json_str: Option<&'a RawValue>,
    phones: Vec<Phone>,
    main_phone: Option<Phone>,
    by_name: BTreeMap<String, Phone>,
    pair: Option<(u32, Phone)>,
    wrapped: Option<Wrapped>,
    changes: Vec<Change>,
}

#[test]
fn names_match_without_case_underscores_and_blanks() {
    let text = r#"{" Cust_Name ":"张三","followUpContent":"ok","JSONSTR":{"A_b": [1]},"unknown":{"x":[null]},
        "Phones":[{"PHONE_NUMBER":1},{"phoneNumber":2},{"NR":3}],"main_phone":{"phonenumber":4},
        "byName":{"A_b":{"phone_number":5}},"PAIR":[6,{"Phonenumber":7}],"Wrapped":{"phonenumber":8},
        "changes":["Nothing",{"Call":{"phonenumber":9}},{"Move":{"TOGROUP":10}}]}"#;
    let phone = |phone_number| Phone { phone_number };
    let customer: Customer<'_> = from_str(text).unwrap();
    assert!(matches!(customer.custname, Cow::Borrowed("张三")));
    assert_eq!(customer.content, Some("ok"));
    assert_eq!(customer.json_str.map(RawValue::get), Some(r#"{"A_b": [1]}"#));
    assert_eq!(customer.phones, [phone(1), phone(2), phone(3)]);
    assert_eq!(customer.main_phone, Some(phone(4)));
    assert_eq!(customer.by_name, BTreeMap::from([("A_b".to_owned(), phone(5))]));
    assert_eq!(customer.pair, Some((6, phone(7))));
    assert_eq!(customer.wrapped, Some(Wrapped(phone(8))));
    assert_eq!(customer.changes, [Change::Nothing, Change::Call(phone(9)), Change::Move { to_group: 10 }]);
}

#[test]
fn raw_text_is_the_text_of_the_frame_itself() {
    let text = r#"{"json_str" : [1, 2]}"#;
    let raw = from_str::<Customer<'_>>(text).unwrap().json_str.unwrap().get();
    assert_eq!((raw, raw.as_ptr()), ("[1, 2]", text[14..].as_ptr()));
}

#[test]
fn escaped_text_and_keys_are_read_too() {
    let customer: Customer<'_> = from_str(r#"{"\u0063ust_name":"a\nb"}"#).unwrap();
    assert_eq!(customer.custname, "a\nb");
}

#[test]
fn values_count_as_what_is_expected_in_their_place() {
    let text = r#"{"mainPhone":{"phoneNumber":13.0},"phones":{"1":{"phone_number":2.0e0},"0":{"phoneNumber":1}},
        "byName":[],"jsonStr":[1.0],"pair":[6.0,{"nr":7.0}],"changes":{}}"#;
    let customer: Customer<'_> = from_str(text).unwrap();
    assert_eq!(customer.main_phone, Some(Phone { phone_number: 13 }));
    assert_eq!(customer.phones, [Phone { phone_number: 1 }, Phone { phone_number: 2 }]);
    assert_eq!((customer.by_name.len(), customer.changes.len()), (0, 0));
    assert_eq!(customer.json_str.map(RawValue::get), Some("[1.0]"));
    assert_eq!(customer.pair, Some((6, Phone { phone_number: 7 })));
    assert!(from_str::<Customer<'_>>("[]").unwrap().custname.is_empty());
    let any: serde_json::Value = from_str("[5.0,-0.0,1.5,1e300,[],{\"0\":1}]").unwrap();
    assert_eq!(any.to_string(), r#"[5,0,1.5,1e+300,[],{"0":1}]"#);
    for text in [r#"{"phones":{"a":{"nr":1}}}"#, r#"{"byName":[1]}"#, r#"{"phones":{"0":{"nr":1.5}}}"#] {
        assert!(from_str::<Customer<'_>>(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_an_error() {
    for text in [
        r#"{"phone_number":1,"phoneNumber":2}"#,
        "[1]",
        "[]",
        r#"{"phoneNumber":[]}"#,
        r#"{"phoneNumber":1} x"#,
        "{}",
        "",
    ] {
        assert!(from_str::<Phone>(text).is_err(), "{text}");
    }
}

#[test]
fn the_path_of_an_error_has_the_declared_names() {
    let path = |text| from_str_or_path::<Customer<'_>>(text).unwrap_err().0;
    assert_eq!(path(r#"{"PHONES":[{"phone_number":1},{"phone_number":"x"}]}"#), "phones[1].phoneNumber");
    assert_eq!(path(r#"{"PHONES":{"0":{"phone_number":1},"1":{"phone_number":"x"}}}"#), "phones[1].phoneNumber");
    assert_eq!(path(r#"{"PHONES":1}"#), "phones");
    assert_eq!(path("1"), "");
    // Names of their own are no part of it.
    let rights = from_str_or_path::<BTreeMap<String, Vec<u8>>>(r#"{"a":[],"b":[1,"x"]}"#);
    assert_eq!(rights.unwrap_err().0, "[1]");
}

proptest! {
    #[test]
    fn a_name_matches_its_other_spellings(name in "[a-zA-Z]{1,12}", cut in 0_usize..12) {
        let (left, right) = name.split_at(cut.min(name.len()));
        let spelling = format!("{}_{}", left.to_uppercase(), right.to_lowercase());
        prop_assert!(same_name(&name, &spelling));
        let longer = format!("{name}x");
        prop_assert!(!same_name(&name, &longer));
    }

    #[test]
    fn any_value_reads_as_it_does_without_the_adapter(text in r#"[\[\]{}",:0-9a-z\\ ]{0,30}"#) {
        let plain = serde_json::from_str::<serde_json::Value>(&text).ok();
        // `0e0` is a whole number.
        let plain = plain.filter(|_| !text.contains('e'));
        prop_assert_eq!(from_str::<serde_json::Value>(&text).ok().filter(|_| !text.contains('e')), plain);
    }
}
