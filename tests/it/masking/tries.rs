//! Whatever somebody asks who sees numbers masked: an answer that tells a right guess from a wrong one has counted as a
//! try, and both count the same. Every action and every parameter is walked, as the schemas list them.

use std::collections::{BTreeMap, BTreeSet};

use laidian::dialects::{Answered, Operation, rows};
use laidian::domain::ids;
use laidian::error::Error;
use laidian::ops::customer::{Changes, Patch, PhoneChange, create};
use laidian::ops::{Caller, Cx};
use laidian::protocol::callback_id::CallbackId;
use laidian::protocol::envelope::Door;
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::support::{Demo, Engine, SHOP, backend_with};

/// The hidden digits of the number that is somebody's, and what stands around them.
const RIGHT: u32 = 4321;

fn number(hidden: u32) -> String {
    format!("137{hidden:04}5670")
}

/// What stands in the fields of the customer with this number.
fn texts(number: &str) -> [String; 4] {
    [number.to_owned(), format!("王{number}"), format!("{number}号店"), format!("人民路1号 {number}")]
}

struct Tried {
    demo: Demo,
    admin: Caller,
    agent: Caller,
    /// The customer whose number it is.
    target: i64,
    wrong: u32,
    unlike: BTreeMap<&'static str, Vec<String>>,
    /// The actions whose answers have told a guess from a hit.
    telling: BTreeSet<&'static str>,
}

impl Tried {
    async fn begin() -> Self {
        let demo = backend_with(Engine::Sqlite, 0, |config| config.limits.masked_lookups_per_hour = 0).await;
        let mut raw = demo.place.connect().await;
        raw.execute(
            "insert into custom_field (company_id, id, name, kind, required, options, position) values (1001, 500, '备注', 'text', 0, '[]', 1)",
        )
        .await;
        let (admin, agent) = (demo.caller(SHOP, Some("admin1001")).await, demo.caller(SHOP, Some("TRCS004")).await);
        Self { demo, admin, agent, target: 0, wrong: 0, unlike: BTreeMap::new(), telling: BTreeSet::new() }
    }

    /// Sees to it that the number is somebody's: a request before may have deleted or changed him.
    async fn restore(&mut self) {
        let cx = self.demo.context(&self.admin).await.unwrap();
        let [phone, name, company, address] = texts(&number(RIGHT));
        if let Some(row) = cx.scope.customer(self.target).await.unwrap()
            && row.version == 1
        {
            return;
        }
        for row in cx.scope.customers_after(0, 1000).await.unwrap() {
            crate::support::destroy(&cx, row.id).await.unwrap();
        }
        let changes = Changes {
            name: Patch::Set(name.into()),
            company_name: Patch::Set(company.into()),
            address: Patch::Set(address.clone().into()),
            phones: Some(vec![PhoneChange { id: None, typed: phone.into() }]),
            group: Patch::Set(1001),
            custom: Patch::Set([(500, json!(address))].into()),
            ..Changes::default()
        };
        self.target = create(&cx, changes).await.unwrap().id;
    }

    /// Asks for this and for the same with a wrong number, and compares what is answered and counted.
    async fn compare(&mut self, operation: Operation, what: &str, ask: impl Fn(&Self, &str) -> Value) {
        self.restore().await;
        self.wrong = (self.wrong + 1) % 4000;
        let wrong = self.answer(operation, &ask(self, &number(self.wrong))).await;
        self.restore().await;
        let right = self.answer(operation, &ask(self, &number(RIGHT))).await;
        let is_told = right.0 != wrong.0;
        if is_told {
            self.telling.insert(operation.name());
        }
        if right.1 != wrong.1 || is_told && right.1 == 0 {
            let line = format!("{what}: {} tries: {}\n    {} tries: {}", right.1, right.0, wrong.1, wrong.0);
            self.unlike.entry(operation.name()).or_default().push(line);
        }
    }

    /// The answer without what is another each time, and how many tries it counted as.
    async fn answer(&self, operation: Operation, body: &Value) -> (String, u64) {
        let before = self.demo.allowances.tries();
        let cx: Cx<'_> = self.demo.context(&self.agent).await.unwrap();
        let mut reply = Vec::new();
        let done = operation.run(cx, &body.to_string(), Door::Socket(&CallbackId::Absent), &mut reply).await;
        let answer = match done {
            Ok(Answered::Written(_) | Answered::Live(_)) => String::from_utf8(reply).unwrap(),
            Ok(Answered::File(..)) => "a file".to_owned(),
            Err(error @ Error::Internal { .. }) => panic!("{}: {error}: {body}", operation.name()),
            Err(error) => format!("{error} {:?}", error.detail()),
        };
        let changing = Regex::new("[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+").unwrap();
        (changing.replace_all(&answer, "#").into_owned(), self.demo.allowances.tries() - before)
    }

    /// What every request of this action has, so that it gets as far as to the customer.
    fn base(&self, action: &str) -> Map<String, Value> {
        let wise = ids::to_wise(ids::Entity::Account, SHOP, self.target);
        let base = json!({
            "type": "id", "content": self.target, "account_id": wise, "key": ids::to_hex32(SHOP, self.target),
            "id": self.target, "cid": self.target, "entity": "Account", "fields": "accountId,accountName,phone",
            "system": "crm_info", "feed_type": "All", "format": "csv", "text": "请回电",
        });
        let whole = schema(action);
        let known = request_of(&whole)["properties"].as_object().cloned().unwrap_or_default();
        let mut base = base.as_object().cloned().unwrap();
        base.retain(|name, _| known.contains_key(name));
        base
    }
}

fn schema(action: &str) -> Value {
    let file = format!("{}/schemas/actions/{}.json", env!("CARGO_MANIFEST_DIR"), action.replace('/', "."));
    serde_json::from_str(&std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{file} is missing"))).unwrap()
}

/// The schema of the request alone.
fn request_of(whole: &Value) -> &Value {
    let request = &whole["properties"]["request"];
    request["$ref"].as_str().map_or(request, |reference| whole.pointer(&reference[1..]).unwrap())
}

/// The ways to put a text into a request of this schema: the members that lead there, "*" for an item of a list.
fn places(schema: &Value, whole: &Value, depth: usize) -> Vec<Vec<String>> {
    if depth > 5 {
        return Vec::new();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return places(whole.pointer(&reference[1..]).unwrap(), whole, depth + 1);
    }
    let mut found = Vec::new();
    for choice in ["anyOf", "oneOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
        found.extend(places(choice, whole, depth + 1));
    }
    let below = |name: &str, schema: &Value| {
        let prefixed = |rest: Vec<String>| [vec![name.to_owned()], rest].concat();
        places(schema, whole, depth + 1).into_iter().map(prefixed).collect::<Vec<_>>()
    };
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(below(name, member));
    }
    if schema["items"].is_object() {
        found.extend(below("*", &schema["items"]));
    }
    if found.is_empty() {
        found.push(Vec::new());
    }
    found.sort();
    found.dedup();
    found
}

fn put(value: &mut Value, place: &[String], text: &Value) {
    match place.split_first() {
        None => *value = text.clone(),
        Some((name, rest)) if name == "*" => {
            let mut item = Value::Null;
            put(&mut item, rest, text);
            *value = json!([item]);
        }
        Some((name, rest)) => {
            if !value.is_object() {
                *value = json!({});
            }
            put(&mut value[name], rest, text);
        }
    }
}

/// Requests whose form the schemas leave open.
fn open_forms(action: &str, text: &str) -> Vec<Value> {
    match action {
        "entity/adv-query" => {
            let fields =
                ["accountName", "phone", "address", "owningUser.userName", "createdOn", "500", "custom500", "备注"];
            let operators = ["=", "<>", ">", "<", "cl", "nc"];
            let one = |field: &str, operator: &str| json!({"body": {"type": "AND", "filters": [{"fieldName": field, "operator": operator, "value": text}]}});
            fields.iter().flat_map(|field| operators.map(|operator| one(field, operator))).collect()
        }
        "account/add" | "account/update" => {
            ["accountName", "phone", "address"].map(|field| json!({"body": {field: text}})).to_vec()
        }
        "create_customer" => vec![
            json!({"customer": {"cellphones": [[null, text]]}}),
            json!({"customer": {"jsonStr": {"500": text}}}),
            json!({"customer": {"customerLabel": [text]}}),
        ],
        "get_customer" | "feeds" | "destroy_customer" | "reveal_phone" | "get_details" | "create_follow_up"
        | "put_details" | "update_customer" => {
            let mut forms = ["cellphone", "custName", "companyName"].map(|kind| json!({"type": kind, "content": text}));
            for form in &mut forms {
                let more = match action {
                    "put_details" => json!({"fields": {"remark": "x"}}),
                    "update_customer" => json!({"customer": {"address": "望潮街"}}),
                    _ => json!({}),
                };
                form.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            }
            forms.to_vec()
        }
        "list_customers" => vec![json!({"query": text}), json!({"query": format!("{text} 王")})],
        fetch if fetch.starts_with("ibizplm.fetch") => {
            let texts = ["n_name_like", "n_name_eq", "query", "n_description_like", "n_description_eq", "n_logo_eq"];
            let fields = [
                "name",
                "description",
                "logo",
                "grade_id",
                "industry_id",
                "categories",
                "categories_name",
                "assignee_name",
            ];
            let operators =
                ["EQ", "NOTEQ", "IN", "NOTIN", "LIKE", "LEFTLIKE", "RIGHTLIKE", "GT", "GTANDEQ", "LT", "LTANDEQ"];
            let one = |field: &str, operator: &str| json!({"searchconds": [{"fieldname": field, "condop": operator, "value": text}]});
            let conditions = fields.iter().flat_map(|field| operators.map(|operator| one(field, operator)));
            texts.iter().map(|name| json!({*name: text})).chain(conditions).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_tells_a_guess_from_a_hit_has_counted_as_a_try() {
    let mut tried = Tried::begin().await;
    let mut walked = 0;
    for row in rows() {
        let (action, schema) = (row.action, schema(row.action));
        // What is told of a number is another thing for each, but no customer's: `strangers.rs` shows it.
        if action == "get_number" {
            continue;
        }
        let places = places(request_of(&schema), &schema, 0);
        assert!(!places.is_empty(), "{action}: nothing can be asked of it");
        for index in 0..4 {
            for version in [None, Some(99)] {
                if version.is_some() && request_of(&schema)["properties"]["ifVersion"].is_null() {
                    continue;
                }
                for place in &places {
                    // A requestId is compared with those of the same caller, and calls are what somebody has reported.
                    let of_head = ["action", "operator", "companyId", "groupId", "ifVersion", "requestId", "callId"];
                    if place.first().is_none_or(|name| of_head.contains(&name.as_str())) {
                        continue;
                    }
                    let what = format!("{} {index} {version:?}", place.join("."));
                    tried
                        .compare(row.operation, &what, |tried, number| {
                            let mut request = Value::Object(tried.base(action));
                            if let Some(version) = version {
                                request["ifVersion"] = version.into();
                            }
                            put(&mut request, place, &json!(texts(number)[index]));
                            request
                        })
                        .await;
                    walked += 1;
                }
                for form in 0..open_forms(action, "").len() {
                    tried
                        .compare(row.operation, &format!("form {form} {index} {version:?}"), |tried, number| {
                            let mut request = tried.base(action);
                            let Value::Object(form) = open_forms(action, &texts(number)[index]).swap_remove(form)
                            else {
                                unreachable!()
                            };
                            request.extend(form);
                            if let Some(version) = version {
                                request.insert("ifVersion".into(), version.into());
                            }
                            Value::Object(request)
                        })
                        .await;
                    walked += 1;
                }
            }
        }
    }
    assert!(walked > 1000, "only {walked} were walked");
    assert!(tried.unlike.is_empty(), "{:#?}", tried.unlike);
    // What was not asked as it should be would tell nothing either.
    for action in TELLING {
        assert!(tried.telling.contains(action), "{action} answers a hit as it answers a guess");
    }
}

/// The actions by which a number, or a text with it, can be asked for.
const TELLING: [&str; 12] = [
    "account/add",
    "create_customer",
    "create_follow_up",
    "destroy_customer",
    "entity/adv-query",
    "feeds",
    "get_customer",
    "get_details",
    "list_customers",
    "put_details",
    "reveal_phone",
    "update_customer",
];

/// A script that tries the hidden digits is told to wait, by whatever action it tries them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_digit_after_digit_is_told_to_wait() {
    let by_phone = |number: &str| json!({"type": "cellphone", "content": number, "ifVersion": 99});
    let by_name = |number: &str| json!({"type": "custName", "content": format!("王{number}"), "feed_type": "All"});
    type Ask<'a> = (&'a str, &'a dyn Fn(&str) -> Value);
    let asks: [Ask<'_>; 8] = [
        ("get_customer", &by_phone),
        ("destroy_customer", &by_phone),
        (
            "update_customer",
            &|number| json!({"type": "cellphone", "content": number, "ifVersion": 99, "customer": {"address": "x"}}),
        ),
        ("create_follow_up", &|number| json!({"type": "cellphone", "content": number, "text": "x"})),
        (
            "put_details",
            &|number| json!({"type": "cellphone", "content": number, "system": "crm_info", "fields": {"remark": "x"}}),
        ),
        ("get_customer", &by_name),
        ("feeds", &by_name),
        ("entity/adv-query", &|number| {
            json!({"entity": "Account", "fields": "accountName", "body": {"filters": [
                {"fieldName": "accountName", "operator": "=", "value": format!("王{number}")}]}})
        }),
    ];
    for (action, ask) in asks {
        let demo = backend_with(Engine::Sqlite, 0, |config| config.limits.masked_lookups_per_hour = 5).await;
        let agent = demo.caller(SHOP, Some("TRCS004")).await;
        let operation = Operation::parse(action).unwrap();
        for guess in 0..8 {
            let cx = demo.context(&agent).await.unwrap();
            let body = ask(&number(guess)).to_string();
            let done = operation.run(cx, &body, Door::Socket(&CallbackId::Absent), &mut Vec::new()).await;
            let is_told = matches!(done, Err(Error::RateLimited { .. }));
            assert_eq!(is_told, guess >= 5, "{action}, guess {guess}");
        }
        demo.jobs.stop(crate::client::PATIENCE).await;
        let mut raw = demo.place.connect().await;
        let lines = raw.texts("select what from audit where company_id = 1001 and kind = 'try'").await;
        assert_eq!(lines, [json!({"action": action}).to_string()], "written down, and once a minute");
    }
}
