//! `searchconds` of iBiz PLM's lists: what they find is what a list that is read and compared by hand has.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use laidian::dialects::{Answered, Operation};
use laidian::domain::times;
use laidian::error::Error;
use laidian::ops::Caller;
use laidian::ops::systems::plm;
use laidian::protocol::callback_id::CallbackId;
use laidian::protocol::envelope::Door;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Demo, Engine, NOW, SECOND, SHOP, backend, server};
use crate::systems::Systems;

both_engines! {
    what_is_found_is_what_the_conditions_say,
    conditions_stand_beside_filters_and_windows,
}

/// The trees that are tried.
const TREES: usize = 250;

struct Shop {
    demo: Demo,
    admin: Caller,
}

impl Shop {
    /// A company with customers of all sorts.
    async fn open(engine: Engine) -> Self {
        let demo = backend(engine, 0).await;
        let mut raw = demo.place.connect().await;
        raw.execute("delete from customer where company_id = 1001").await;
        let admin = demo.caller(SHOP, Some("admin1001")).await;
        let mut tx = demo.store.company(SHOP).write().await.unwrap();
        for (id, name) in [("p-1", "岚舟一号"), ("p-2", "Lan 2%")] {
            plm::put_product(&mut tx, id, name).await.unwrap();
        }
        tx.commit().await.unwrap();
        let shop = Self { demo, admin };
        let one_of = |values: &[Value], index: usize| values[index % values.len()].clone();
        let names = [json!("岚舟科技"), json!("Lanzhou"), json!("lan_zhou 100%"), json!("望潮!有限"), json!("岚")];
        for index in 0..45 {
            shop.demo.time.set(NOW + i64::try_from(index / 2).unwrap() * 61 * SECOND);
            let customer = json!({
                "id": if index % 4 == 0 { format!("own-{index}").into() } else { Value::Null },
                "name": format!("{}{}", one_of(&names, index).as_str().unwrap(), index % 7),
                "scale": one_of(&[Value::Null, json!(5), json!(50), json!(-3)], index / 3),
                "description": one_of(&[Value::Null, json!("重点"), json!(""), json!("A_b%")], index / 2),
                "grade_id": one_of(&[Value::Null, json!("L1"), json!("L2"), json!("3星")], index),
                "industry_id": one_of(&[json!("10"), Value::Null, json!("20")], index / 5),
                "categories": one_of(&[json!("c-1,c-2"), Value::Null], index / 4),
                "categories_name": one_of(&[json!("重点,华东"), Value::Null, json!("华东")], index / 6),
                "product_id": one_of(&[json!("p-1"), Value::Null, json!("p-2")], index / 2),
                "assignee_id": one_of(&[json!("TRCS004"), Value::Null], index / 7),
                "is_archived": index % 5 == 0,
                "is_deleted": u8::from(index % 3 == 0),
            });
            shop.ask("ibizplm.create", customer).await.unwrap();
        }
        for (id, customer, status) in [(1, 3, "已完成"), (2, 3, "处理中"), (3, 5, "已关闭")] {
            raw.execute(&format!(
                "insert into ticket (company_id, id, customer_id, at, title, content, handler_no, status, urgency) \
                 select 1001, {id}, (select min(id) + {customer} from customer where company_id = 1001), 1, 't', 'c', 'TRCS004', '{status}', '普通'"
            ))
            .await;
        }
        shop
    }

    async fn ask(&self, action: &str, body: Value) -> Result<Value, Error> {
        let operation = Operation::parse(action).unwrap();
        let cx = self.demo.context(&self.admin).await.unwrap();
        let mut reply = Vec::new();
        match operation.run(cx, &body.to_string(), Door::Socket(&CallbackId::Absent), &mut reply).await? {
            Answered::Written(_) | Answered::Live(_) => {
                Ok(serde_json::from_slice::<Value>(&reply).unwrap()["result"].take())
            }
            Answered::File(..) => panic!("{action} answers a file"),
        }
    }

    /// The ids of what a list with these members finds, as a list shows them.
    async fn ids(&self, members: Value) -> BTreeSet<String> {
        let mut body = members;
        body["size"] = 1000.into();
        let found =
            self.ask("ibizplm.fetchdefault", body.clone()).await.unwrap_or_else(|error| panic!("{body}: {error}"));
        found.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn rows(&self) -> Vec<Value> {
        let all = self.ask("ibizplm.fetchdefault", json!({"size": 1000})).await.unwrap();
        all.as_array().unwrap().clone()
    }
}

const TEXTS: [&str; 11] = [
    "name",
    "description",
    "grade_id",
    "industry_id",
    "categories",
    "categories_name",
    "product_id",
    "product_name",
    "assignee_id",
    "assignee_name",
    "create_man",
];
const NUMBERS: [&str; 5] = ["scale", "is_archived", "is_deleted", "ticket_total", "ticket_finish"];
const TIMES: [&str; 2] = ["create_time", "update_time"];

/// Any condition on fields of these rows; values are theirs, or near to theirs.
fn condition(rows: Arc<Vec<Value>>) -> impl Strategy<Value = Value> {
    let fields: Vec<&str> = TEXTS.into_iter().chain(NUMBERS).chain(TIMES).chain(["id"]).collect();
    let leaf = (prop::sample::select(fields), 0_usize..13, any::<prop::sample::Index>(), 0_usize..4, any::<bool>());
    let leaf = leaf.prop_map(move |(field, operator, row, part, is_upper)| {
        let operator = [
            "EQ",
            "NOTEQ",
            "IN",
            "NOTIN",
            "ISNULL",
            "ISNOTNULL",
            "GT",
            "GTANDEQ",
            "LT",
            "LTANDEQ",
            "LIKE",
            "LEFTLIKE",
            "RIGHTLIKE",
        ][if field == "id" {
            operator % 6
        } else if TEXTS.contains(&field) {
            operator
        } else {
            operator % 10
        }];
        let value = |row: &Value| match &row[field] {
            Value::Null if NUMBERS.contains(&field) => json!(7),
            Value::Null => json!("无"),
            Value::String(text) if text.is_empty() => json!("重"),
            other => other.clone(),
        };
        let row = row.get(&rows);
        let mut value = value(row);
        if operator.ends_with("LIKE") {
            let chars: Vec<char> = value.as_str().unwrap().chars().collect();
            let cut = part % chars.len();
            let piece: String =
                if operator == "LEFTLIKE" { &chars[..chars.len() - cut] } else { &chars[cut..] }.iter().collect();
            value = if is_upper { piece.to_uppercase() } else { piece }.into();
        } else if operator.ends_with("IN") {
            value = json!([value, "9", rows[part][field].as_str().unwrap_or("8")]);
            if NUMBERS.contains(&field) {
                value = json!([row[field].as_i64().unwrap_or(7), "9.0"]);
            } else if TIMES.contains(&field) {
                value = json!([row[field], "2020/1/1"]);
            } else if is_upper && !row[field].as_str().unwrap_or_default().contains([',', ';']) {
                value = format!("9, {}", row[field].as_str().unwrap_or("8")).into();
            }
        }
        let name = if is_upper { field.to_uppercase() } else { field.to_owned() };
        json!({"condtype": "DEFIELD", "fieldname": name, "condop": operator, "value": value})
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let group = (prop::collection::vec(inner.clone(), 0..4), any::<bool>(), 0_u8..4);
        let group = group.prop_map(|(conditions, any, not)| {
            let mut group =
                json!({"condtype": "GROUP", "condop": if any { "OR" } else { "AND" }, "searchconds": conditions});
            match not {
                0 => group["notmode"] = true.into(),
                1 => group["bnotmode"] = "1".into(),
                _ => {}
            }
            group
        });
        let items = (inner, any::<bool>()).prop_map(|(mut condition, any)| {
            // Without a name of its own, it is about the field of the group.
            let Some(name) = condition["fieldname"].as_str().map(str::to_owned) else { return condition };
            condition.as_object_mut().unwrap().remove("fieldname");
            let operator = if any { "NOTEXISTS" } else { "EXISTS" };
            json!({"condtype": "ITEMS", "fieldname": name, "condop": operator, "searchconds": [condition]})
        });
        prop_oneof![3 => group, 1 => items]
    })
}

/// Whether a condition holds for a row as it is shown. `None`: it says nothing.
fn holds(row: &Value, condition: &Value, field: Option<&str>) -> Option<bool> {
    if condition["condtype"] == "DEFIELD" {
        let name = condition["fieldname"].as_str().or(field).unwrap().to_lowercase();
        return Some(tested(row, &name, condition["condop"].as_str().unwrap(), &condition["value"]));
    }
    let field = condition["fieldname"].as_str().or(field);
    let parts: Vec<bool> =
        condition["searchconds"].as_array().unwrap().iter().filter_map(|part| holds(row, part, field)).collect();
    if parts.is_empty() {
        return None;
    }
    let together = if condition["condop"] == "OR" { parts.contains(&true) } else { !parts.contains(&false) };
    let is_negated = condition["condop"] == "NOTEXISTS" || condition["notmode"] == true || condition["bnotmode"] == "1";
    Some(together != is_negated)
}

/// A value by which it is compared.
#[derive(PartialEq, PartialOrd)]
enum Seen {
    Text(String),
    Number(i64),
}

fn seen(name: &str, value: &Value) -> Option<Seen> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))?;
    Some(if NUMBERS.contains(&name) {
        Seen::Number(text.trim_end_matches(".0").parse().unwrap())
    } else if TIMES.contains(&name) {
        Seen::Number(times::parse(&text, &TimeZone::get("Asia/Shanghai").unwrap()).unwrap() / SECOND)
    } else {
        Seen::Text(text)
    })
}

fn tested(row: &Value, name: &str, operator: &str, value: &Value) -> bool {
    let shown = seen(name, &row[name]);
    let is_one_of = || match value {
        Value::Array(list) => list.iter().any(|one| shown.is_some() && seen(name, one) == shown),
        text => text.as_str().unwrap().split(',').any(|one| shown.is_some() && seen(name, &one.trim().into()) == shown),
    };
    let lower = |text: &Value| text.as_str().map(str::to_lowercase);
    let like = |test: fn(&str, &str) -> bool| lower(&row[name]).is_some_and(|text| test(&text, &lower(value).unwrap()));
    match operator {
        "EQ" => shown.is_some() && shown == seen(name, value),
        "NOTEQ" => shown.is_none() || shown != seen(name, value),
        "IN" => is_one_of(),
        "NOTIN" => !is_one_of(),
        "ISNULL" => row[name].is_null() || row[name] == "",
        "ISNOTNULL" => !(row[name].is_null() || row[name] == ""),
        "GT" => shown.is_some() && shown > seen(name, value),
        "GTANDEQ" => shown.is_some() && shown >= seen(name, value),
        "LT" => shown.is_some() && shown < seen(name, value),
        "LTANDEQ" => shown.is_some() && shown <= seen(name, value),
        "LIKE" => like(|text, part| text.contains(part)),
        "LEFTLIKE" => like(|text, part| text.starts_with(part)),
        "RIGHTLIKE" => like(|text, part| text.ends_with(part)),
        other => panic!("{other}"),
    }
}

async fn what_is_found_is_what_the_conditions_say(engine: Engine) {
    let shop = Shop::open(engine).await;
    let rows = Arc::new(shop.rows().await);
    assert_eq!(rows.len(), 45);
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(condition(rows.clone()), 1..3);
    let (mut some, mut none) = (0, 0);
    for _ in 0..TREES {
        let conditions = strategy.new_tree(&mut runner).unwrap().current();
        let is_found = |row: &&Value| conditions.iter().all(|condition| holds(row, condition, None).unwrap_or(true));
        let expected: BTreeSet<String> =
            rows.iter().filter(is_found).map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        let found = shop.ids(json!({"searchconds": conditions})).await;
        assert_eq!(found, expected, "{}", Value::from(conditions));
        if found.is_empty() { none += 1 } else { some += 1 }
    }
    // The trees tell customers apart.
    assert!(some > TREES / 4 && none > TREES / 20, "{some} {none}");
}

async fn conditions_stand_beside_filters_and_windows(engine: Engine) {
    let shop = Shop::open(engine).await;
    let rows = shop.rows().await;
    let l1 = json!([{"condtype": "DEFIELD", "fieldname": "grade_id", "condop": "EQ", "value": "L1"}]);
    let of_l1: Vec<&Value> = rows.iter().filter(|row| row["grade_id"] == "L1").collect();
    let first = shop
        .ask("ibizplm.fetchdefault", json!({"searchconds": l1, "sort": "create_time,desc;id", "size": 3, "page": 1}))
        .await
        .unwrap();
    assert_eq!(first.as_array().unwrap().len(), 3);
    let both = shop.ids(json!({"searchconds": l1, "n_industry_id_eq": "10", "query": "lan"})).await;
    let expected = of_l1
        .iter()
        .filter(|row| row["industry_id"] == "10" && row["name"].as_str().unwrap().to_lowercase().contains("lan"));
    assert_eq!(both, expected.map(|row| row["id"].as_str().unwrap().to_owned()).collect());
    // Nothing is no condition; an object of indices is a list; a group may stand alone.
    for (nothing, found) in
        [(json!(null), 45), (json!([]), 45), (json!(""), 45), (json!({}), 45), (json!({"0": l1[0]}), of_l1.len())]
    {
        assert_eq!(shop.ids(json!({"searchconds": nothing})).await.len(), found, "{nothing}");
    }
    let alone = json!({"condtype": "GROUP", "condop": "OR", "searchconds": l1});
    assert_eq!(shop.ids(json!({"searchconds": alone})).await.len(), of_l1.len());
    // Rows that were chosen on a page, by id or by another field.
    let ids: Vec<&str> = [0, 1, 4, 7].map(|index| rows[index]["id"].as_str().unwrap()).to_vec();
    assert_eq!(shop.ids(json!({"srfkeys": ids.join(",")})).await, ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(shop.ids(json!({"srfkeys": "L1", "srfexportdatakey": "grade_id"})).await.len(), of_l1.len());
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_its_name() {
    let shop = Shop::open(Engine::Sqlite).await;
    let nested = (0..9).fold(
        json!({"fieldname": "name", "condop": "ISNULL"}),
        |inner, _| json!({"condtype": "GROUP", "searchconds": [inner]}),
    );
    let many = vec![json!({"fieldname": "name", "condop": "ISNULL"}); 101];
    let field = |members: Value| {
        let mut condition = json!({"condtype": "DEFIELD", "fieldname": "name", "condop": "EQ", "value": "x"});
        condition.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        condition
    };
    let group = |conditions: Vec<Value>| json!({"condtype": "GROUP", "searchconds": conditions});
    for (condition, named) in [
        (field(json!({"fieldname": "phone"})), "phone"),
        (field(json!({"fieldname": "attentions"})), "attentions"),
        (field(json!({"fieldname": null})), "fieldname"),
        (field(json!({"condop": "USERLIKE"})), "name: 不支持 USERLIKE"),
        (field(json!({"condop": null})), "name"),
        (field(json!({"fieldname": "scale", "condop": "LIKE"})), "scale"),
        (field(json!({"fieldname": "scale", "value": "many"})), "scale"),
        (field(json!({"fieldname": "create_time", "value": "17-05-03"})), "create_time: 年份"),
        (field(json!({"fieldname": "id", "condop": "GT"})), "id"),
        (field(json!({"value": null})), "name"),
        (field(json!({"value": {"a": 1}})), "name"),
        (field(json!({"condop": "IN", "value": []})), "name"),
        (field(json!({"condop": "IN", "value": vec!["x"; 1001]})), "name"),
        (group(vec![field(json!({"condop": "IN", "value": vec!["x"; 600]})); 2]), "name"),
        (field(json!({"notmode": "perhaps"})), "notmode"),
        (json!({"condtype": "CUSTOM", "customtype": "PQL", "customcond": "1 = 1"}), "PQL: 不支持 CUSTOM"),
        (json!({"condtype": "CUSTOM", "fieldname": "name"}), "name: 不支持 CUSTOM"),
        (json!({"condtype": "GROUP", "condop": "XOR", "searchconds": []}), "condop"),
        (json!({"condtype": "ITEMS", "fieldname": "attentions", "searchconds": []}), "attentions"),
        (json!({"condtype": "GROUP", "searchconds": "x"}), "searchconds"),
        (json!("x"), "searchconds"),
        (nested, "8"),
        (Value::from(many), "searchconds"),
    ] {
        let refused = shop.ask("ibizplm.fetchdefault", json!({"searchconds": [condition]})).await.unwrap_err();
        let Error::Parameter { detail } = refused else { panic!("{condition}: {refused}") };
        assert!(detail.contains(named) && detail.contains(" / "), "{condition}: {detail}");
    }
    let wrong = json!({"srfkeys": "1", "srfexportdatakey": "phone"});
    let refused = shop.ask("ibizplm.fetchdefault", wrong).await.unwrap_err().to_string();
    assert!(refused.contains("srfexportdatakey") && refused.contains("phone"), "{refused}");
}

/// Nothing that can be written as a condition makes the program fall.
#[tokio::test]
async fn any_value_is_read_or_refused() {
    let shop = Shop::open(Engine::Sqlite).await;
    let word = "GROUP|ITEMS|DEFIELD|CUSTOM|AND|OR|EQ|IN|LIKE|GT|ISNULL|name|id|scale|create_time|[%_!'\"\\\\]{0,3}|-?[0-9]{0,20}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from)
    ];
    let names =
        prop::sample::select(vec!["condtype", "condop", "fieldname", "value", "searchconds", "notmode", "0", "1"]);
    let any = leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    });
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        let conditions = any.new_tree(&mut runner).unwrap().current();
        let answer = shop.ask("ibizplm.fetchdefault", json!({"searchconds": conditions})).await;
        assert!(!matches!(answer, Err(Error::Internal { .. })), "{conditions}: {answer:?}");
    }
}

/// What an export writes is what the list with these conditions shows.
#[tokio::test]
async fn an_export_takes_the_same_conditions() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let systems = Systems::of(&server).await;
    let conditions = json!([{"condtype": "DEFIELD", "fieldname": "grade_id", "condop": "ISNOTNULL"}]);
    let listed = systems.plm("POST /customers/fetchdefault", &json!({"searchconds": conditions, "size": 1000})).await;
    let normal = systems.plm("POST /customers/fetchnormal", &json!({"size": 1000})).await;
    let first = listed[0]["id"].as_str().unwrap();
    for (call, body, expected) in [
        ("fetchdefault", json!({"searchconds": conditions}), listed.as_array().unwrap().len()),
        ("fetchdefault", json!({"srfkeys": first, "page": 0}), 1),
        ("fetchdefault", json!({"srfexportdataset": "fetchnormal"}), normal.as_array().unwrap().len()),
    ] {
        let line = format!("POST /customers/exportdata/{call}");
        let file = systems.raw(&line, "\nAuthorization: Bearer demo-ibizplm-token", &body.to_string()).await;
        // The first row has the titles.
        assert_eq!(file.matches("<row ").count() - 1, expected, "{body}: {file}");
    }
    server.stop().await;
}
