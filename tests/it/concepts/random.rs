//! Random customers, written in the words of random systems one after the other, are the same in all five all along.

use laidian::domain::folding::text_key;
use laidian::domain::ids::{self, Entity};
use laidian::domain::text::visible;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::known::{CHOICES, FIELDS, FLAGS, KINDS, SOURCES, STAFF};
use super::server_with_fields;
use super::writes::{Write, change, create, look};
use crate::support::Engine;
use crate::systems::Systems;

both_engines! { nothing_is_lost_on_the_way_through_five_systems }

/// Of all sorts: characters beyond the basic plane, of several parts, from right to left, that look like nothing, and
/// those that mean something in some language or pattern.
#[rustfmt::skip]
static PIECES: [&str; 43] = [
    "王", "芳", "㐀", "𠮷", "é", "e\u{301}", "👩‍👩‍👧", "🇨🇳", "שלום", "مرحبا", "ß", "İ", "ｱ", "Ａ", "한", "\u{200b}", "\u{feff}",
    "\u{3000}", " ", "\t", "\n", "\"", "'", "\\", "%", "_", "*", "｜", "|", ";", ",", "，", "<空>", "---->", "{", "null",
    "0", "008", "C00000001", "\u{7f}", "\u{1}", "\u{fffd}", "\u{10ffff}",
];

fn text() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        3 => select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(|any| any.to_string().replace('\0', "零")),
    ];
    // What nobody sees is not stored.
    vec(piece, 0..8).prop_map(|pieces| visible(&pieces.concat()).into_owned().into())
}

/// A text that is no other spelling of another: a label is shown as it was written first.
fn label() -> impl Strategy<Value = Value> {
    text().prop_map(|text| text_key(text.as_str().unwrap()).into())
}

/// A text in which there is something.
fn name() -> impl Strategy<Value = Value> {
    (text(), select(&["林小满", "A", "𠮷野"][..]))
        .prop_map(|(text, name)| format!("{}{name}", text.as_str().unwrap()).into())
}

type Field = (&'static str, BoxedStrategy<Value>);

/// Some of these members.
fn some(fields: Vec<Field>) -> impl Strategy<Value = Map<String, Value>> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| option::weighted(0.3, value).prop_map(move |value| Some((name.to_owned(), value?))))
        .collect();
    fields.prop_map(|members| members.into_iter().flatten().collect())
}

/// The value, or null.
fn or_null(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 4 => value].boxed()
}

fn one_of(values: &[&'static str]) -> impl Strategy<Value = Value> + use<> {
    select(values.to_vec()).prop_map(Value::from)
}

fn phone() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..4_u8).prop_map(|spelling| json!({ "fresh": spelling })),
        (0..4_u8).prop_map(|place| json!({ "keep": place })),
    ]
}

fn money() -> impl Strategy<Value = Value> {
    (0..1_000_000_000_u32).prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100).into())
}

fn level() -> impl Strategy<Value = Value> {
    prop_oneof![text(), one_of(&["战略级", "1星级", "5星", ""])]
}

fn address() -> impl Strategy<Value = Value> {
    prop_oneof![text(), one_of(&["示例路2号", "上海市示例路1号"])]
}

fn list(entry: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    vec(entry, 0..3).prop_map(Value::from)
}

fn cti() -> impl Strategy<Value = Map<String, Value>> {
    let labels =
        prop_oneof![Just(Value::Null), (0..6_i64).prop_map(Value::from), vec(label(), 0..4).prop_map(Value::from),];
    let custom = prop_oneof![
        Just(Value::Null),
        (or_null(text()), or_null(one_of(&CHOICES)))
            .prop_map(|(text, choice)| json!({"501_备注": text, "502_等级": choice})),
        text().prop_map(|text| json!({ "501_": text })),
    ];
    let fields: Vec<Field> = vec![
        ("custname", or_null(text())),
        ("companyName", or_null(text())),
        ("address", or_null(address())),
        ("custType", or_null(one_of(&KINDS))),
        ("dealFlag", or_null(one_of(&FLAGS))),
        ("custFrom", or_null(one_of(&SOURCES))),
        ("cellphones", vec(phone(), 0..4).prop_map(Value::from).boxed()),
        ("customerLabel", labels.boxed()),
        ("jsonStr", custom.boxed()),
        ("taskId", or_null(Just(json!(99)))),
        ("followNum", or_null((0..1000_i64).prop_map(Value::from))),
        ("lastAccept", or_null(one_of(&["call-1", "call-2"]))),
        ("assignTime", or_null(one_of(&["2017-05-03 14:44", "1999-12-31 23:59"]))),
        ("lastFlowTime", or_null(one_of(&["2017-05-04 10:00"]))),
    ];
    let pairs: Vec<(Value, Value)> = STAFF
        .iter()
        .flat_map(|(login_no, _, groups)| groups.iter().map(move |group| (json!(login_no), json!(group))))
        .chain([(Value::Null, Value::Null), (Value::Null, json!(1_054_001))])
        .collect();
    (some(fields), option::weighted(0.3, select(pairs))).prop_map(|(mut members, owner)| {
        if let Some((owner, group)) = owner {
            members.insert("serviceNo".to_owned(), owner);
            members.insert("servicegroupId".to_owned(), group);
        }
        members
    })
}

fn login_no() -> impl Strategy<Value = Value> {
    select(STAFF.to_vec()).prop_map(|(login_no, ..)| login_no.into())
}

fn ibizplm() -> impl Strategy<Value = Map<String, Value>> {
    let followers = proptest::collection::btree_map(
        select(STAFF.map(|(login_no, ..)| login_no).to_vec()),
        select(vec!["10", "20", "30", "40"]),
        0..3,
    )
    .prop_map(|followers| followers.iter().map(|(user, kind)| json!({"user_id": user, "type": kind})).collect());
    some(vec![
        ("name", name().boxed()),
        ("assignee_id", or_null(login_no())),
        ("scale", or_null(any::<i32>().prop_map(Value::from))),
        ("description", or_null(text())),
        ("logo", or_null(one_of(&["logo.png", "标识 1"]))),
        ("grade_id", or_null(one_of(&["L0", "L4", "其他", "3星", "战略级"]))),
        ("industry_id", or_null(one_of(&["10", "90"]))),
        ("categories", or_null(text())),
        ("categories_name", or_null(prop_oneof![label(), one_of(&["重点,华东", "重点，华东 , 重点"])])),
        ("product_id", or_null(one_of(&["p-demo"]))),
        ("is_archived", (0..2_i64).prop_map(Value::from).boxed()),
        ("is_deleted", (0..2_i64).prop_map(Value::from).boxed()),
        ("attentions", or_null(followers)),
    ])
}

fn wisecrm() -> impl Strategy<Value = Map<String, Value>> {
    let user = (1..=3_i64).prop_map(|number| ids::to_wise(Entity::User, 0, number).into());
    some(vec![
        ("accountName", name().boxed()),
        ("phone", or_null(phone())),
        ("address", or_null(address())),
        ("typeCode", or_null((0..4_i64).prop_map(Value::from))),
        ("owningUser", user.boxed()),
        ("c__501", or_null(text())),
        ("c__502", or_null(one_of(&CHOICES))),
    ])
}

fn customer_detail() -> impl Strategy<Value = Map<String, Value>> {
    let whole = || (0..i64::from(i32::MAX)).prop_map(Value::from);
    some(vec![
        ("description", or_null(text())),
        ("industry_id", or_null(whole())),
        ("industryPath", or_null(list(prop_oneof![text(), one_of(&["互联网"])]))),
        ("area", or_null(list(text()))),
        ("areaCode", or_null(list(one_of(&["33", "3301"])))),
        ("partnerRelationship", or_null(one_of(&["intimacy", "loose"]))),
        ("totalTurnover", or_null(money())),
        ("transactionNumber", or_null(whole())),
        ("rank", or_null(whole())),
        ("levelName", or_null(level())),
        ("type", or_null(one_of(&["CLIENT", "TARGET_CUSTOMER", "PROSPECT"]))),
        ("from", or_null(one_of(&["customer", "channel"]))),
        ("followers", or_null(list((1..=3_i64).prop_map(Value::from)))),
        ("outstandingReceivables", or_null(money())),
        ("retentionMoney", or_null(money())),
        ("creditSituation", or_null(one_of(&["优秀", "良好"]))),
    ])
}

fn crm_info() -> impl Strategy<Value = Map<String, Value>> {
    let kept = || one_of(&["周明远", "林小满", "示例路2号"]);
    some(vec![
        ("short_name", or_null(text())),
        ("email", or_null(text())),
        ("remark", or_null(text())),
        ("area_name", or_null(text())),
        ("grade_name", or_null(level())),
        ("sales_money", or_null(money())),
        ("used_limit", or_null(money())),
        ("credit_limit", or_null(money())),
        (
            "contacts",
            or_null(list(
                (kept(), one_of(&["13800000002", "021-60000002"]))
                    .prop_map(|(name, mobile)| json!({"name": name, "mobile": mobile})),
            )),
        ),
        (
            "addresslist",
            or_null(list(
                (kept(), kept()).prop_map(|(contact, address)| json!({"contact": contact, "address": address})),
            )),
        ),
        (
            "orderlist",
            or_null(
                vec(money().prop_map(|amount| json!({"sales_order_sn": "SO", "amount": amount})), 0..7)
                    .prop_map(Value::from),
            ),
        ),
        (
            "extend_infos",
            or_null(list(prop_oneof![
                (kept(), kept()).prop_map(|(item, content)| json!({"item": item, "content": content})),
                text().prop_map(|content| json!({"item": "备注", "content": content})),
                one_of(&CHOICES).prop_map(|content| json!({"item": "等级", "content": content})),
            ]))
            .prop_map(set_once)
            .boxed(),
        ),
    ])
}

/// Leaves out what sets a field again.
fn set_once(mut facts: Value) -> Value {
    let mut seen = Vec::new();
    let is_field = |item: &Value| FIELDS.iter().any(|(_, name)| item == name);
    if let Some(list) = facts.as_array_mut() {
        list.retain(|fact| {
            let is_again = is_field(&fact["item"]) && seen.contains(&fact["item"]);
            seen.push(fact["item"].clone());
            !is_again
        });
    }
    facts
}

/// What creates a customer: it must have a name in two of the systems, and something in the third.
fn creation() -> impl Strategy<Value = Write> {
    let with = |field: &'static str| {
        move |(mut members, name): (Map<String, Value>, Value)| {
            members.insert(field.to_owned(), name);
            members
        }
    };
    prop_oneof![
        (0..STAFF.len(), (cti(), name()).prop_map(with("custname"))).prop_map(|(by, members)| Write::Cti(by, members)),
        (any::<bool>(), (ibizplm(), name()).prop_map(with("name"))).prop_map(|(chooses, mut members)| {
            if chooses {
                members.insert("id".to_owned(), "".into());
            }
            Write::Ibizplm(members)
        }),
        (0..STAFF.len(), (wisecrm(), name()).prop_map(with("accountName")))
            .prop_map(|(by, members)| Write::Wisecrm(by, members)),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    let is_some = |members: &Map<String, Value>| !members.is_empty();
    prop_oneof![
        (0..STAFF.len(), cti().prop_filter("something", is_some)).prop_map(|(by, members)| Write::Cti(by, members)),
        ibizplm().prop_map(Write::Ibizplm),
        (0..STAFF.len(), wisecrm()).prop_map(|(by, members)| Write::Wisecrm(by, members)),
        (0..STAFF.len(), customer_detail().prop_filter("something", is_some))
            .prop_map(|(by, members)| Write::CustomerDetail(by, members)),
        (0..STAFF.len(), crm_info().prop_filter("something", is_some))
            .prop_map(|(by, members)| Write::CrmInfo(by, members)),
    ]
}

/// Writes the customers of one case, and looks at all of them at the end again: none has been touched by another.
async fn play(systems: &mut Systems, stories: &[(Write, Vec<Write>)]) {
    let mut customers = Vec::new();
    for (creation, writes) in stories {
        let mut known = create(systems, creation).await;
        let mut phones = Value::Null;
        for write in writes {
            phones = change(systems, &mut known, &phones, write).await.phones;
        }
        customers.push(known);
    }
    for mut known in customers {
        look(systems, &mut known).await;
    }
}

async fn nothing_is_lost_on_the_way_through_five_systems(engine: Engine) {
    let server = server_with_fields(engine).await;
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let stories = vec((creation(), vec(write(), 1..7)), 2..4);
    let played = block_in_place(|| {
        TestRunner::new(config).run(&stories, |stories| {
            Handle::current().block_on(async { play(&mut Systems::of(&server).await, &stories).await });
            Ok(())
        })
    });
    match played {
        Ok(()) => {}
        Err(TestError::Fail(reason, stories)) => panic!("{reason}\n{stories:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    server.stop().await;
}
