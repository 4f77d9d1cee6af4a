//! U+0000 is refused wherever it comes in, on both engines alike: PostgreSQL has no text with it.

use laidian::dialects::{Route, Row, rows};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::matrix::Look;
use crate::matrix::table::table;
use crate::signed::{ADMIN, Who, call, server, token};
use crate::support::{Engine, MAIN, TestServer};

both_engines! {
    no_action_takes_it_in_any_parameter,
    no_route_takes_it_in_any_parameter,
    no_route_takes_it_in_its_path,
    what_is_echoed_or_only_looks_like_it_is_taken,
}

const NUL: &str = "甲\0乙";
/// How deep the schemas are followed.
const DEEPEST: usize = 4;

/// Values of what this schema describes, each with U+0000 in one place. What may be anything gets it everywhere.
fn values(schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Vec<Value> {
    if depth == DEEPEST {
        return vec![NUL.into()];
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return values(&definitions[name], definitions, depth);
    }
    let choices = ["anyOf", "oneOf", "allOf"].iter().filter_map(|of| schema[*of].as_array()).flatten();
    let mut found: Vec<Value> = choices.flat_map(|choice| values(choice, definitions, depth)).collect();
    if let Some(members) = schema["properties"].as_object() {
        found.extend(members.iter().flat_map(|(name, member)| {
            values(member, definitions, depth + 1).into_iter().map(move |value| json!({ name.clone(): value }))
        }));
    }
    if schema["items"].is_object() {
        found.extend(values(&schema["items"], definitions, depth + 1).into_iter().map(|value| json!([value])));
    }
    // Whatever is described, a client can send something else.
    found.extend([NUL.into(), json!({ NUL: 1 }), json!([[NUL]]), json!({ "a": { "b": NUL } })]);
    found
}

/// The parameters of an operation, each with values that hold U+0000.
fn parameters(row: &Row) -> Vec<(String, Vec<Value>)> {
    let mut generator = SchemaGenerator::default();
    let schema = (row.request_schema)(&mut generator).to_value();
    let definitions = generator.definitions();
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let mut parameters: Vec<(String, Vec<Value>)> = definitions[name]["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), values(schema, definitions, 0)))
        .collect();
    // What all may have, and what nobody knows.
    for name in ["requestId", "operator", "loginno", "nobody's", "名\0称"] {
        parameters.push((name.to_owned(), vec![NUL.into()]));
    }
    parameters
}

/// A request that would be answered, where one is known.
fn sample(row: &Row) -> Value {
    table().into_iter().find(|known| known.action == row.action).map_or(json!({}), |known| known.sample)
}

async fn no_action_takes_it_in_any_parameter(engine: Engine) {
    let server = server(engine).await;
    let (mut client, mut look) = (ADMIN.connect(&server).await, Look::at(&server).await);
    let before = look.all().await;
    let mut asked = 0;
    for row in rows() {
        for (name, values) in parameters(row) {
            for value in values {
                let mut frame = sample(row);
                frame["action"] = row.action.into();
                frame[&name] = value;
                let reply = client.ask(frame.clone()).await;
                assert_eq!(reply["code"], 2000, "{frame}: {reply}");
                assert!(reply["detail"].as_str().unwrap().contains("U+0000"), "{frame}: {reply}");
                asked += 1;
            }
        }
    }
    assert!(asked > 1000, "only {asked} requests");
    assert!(before == look.all().await, "something was stored");
    drop(look);
    server.stop().await;
}

/// What who may do most in the system of this route is answered. A DELETE has no body, so that its parameters stand in
/// the query.
async fn answer(server: &TestServer, route: Route, parameters: &Value) -> (i64, String) {
    let of_segment = |name: &str| route.path.contains(&format!("{{{name}}}"));
    let (mut parameters, mut query) = (parameters.clone(), Vec::new());
    if route.method == "DELETE" {
        let members = parameters.as_object_mut().unwrap();
        let texts = members.iter().filter(|(name, value)| !of_segment(name) && value.is_string());
        query.extend(texts.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
        members.retain(|name, _| of_segment(name));
    }
    let mut query: Vec<(&str, String)> = query.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    if route.path.starts_with("/gw/") {
        query.push(("appid", "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE".to_owned()));
        query.push(("sign", "demo-key".to_owned()));
        return call(server, route, &parameters, &query, None).await;
    }
    call(server, route, &parameters, &query, Some(&token(MAIN, "admin1054"))).await
}

fn check(route: Route, parameters: &Value, (code, answer): (i64, String)) {
    let what = format!("{} {} {parameters}: {answer}", route.method, route.path);
    assert!(!answer.starts_with("HTTP/1.1 5"), "{what}");
    // The codes of success and of a fault of ours in all systems, and of somebody who is not known.
    assert!(![0, 200, 1000, 401, 500, 1002, 1005, 2401, 2500].contains(&code), "{what}");
}

async fn no_route_takes_it_in_any_parameter(engine: Engine) {
    let server = server(engine).await;
    let mut look = Look::at(&server).await;
    let before = look.all().await;
    for row in rows() {
        for route in row.routes {
            let segments: Vec<&str> = route.path.split(['{', '}']).skip(1).step_by(2).collect();
            let read = parameters(row).into_iter().filter(|(name, _)| {
                // Over HTTP the head of a frame is no parameter, ids of iBiz PLM stand in the path alone, and a system
                // reads nothing at all but its path.
                let is_known = sample(row).get(name).is_some() || !["operator", "loginno"].contains(&name.as_str());
                !segments.contains(&name.as_str())
                    && !["key", "pkey"].contains(&name.as_str())
                    && is_known
                    && !route.path.starts_with("/api/customers/")
            });
            for (name, values) in read {
                // In a query, a list is a text in which it is only escaped; and not every call has a body that is read.
                let is_sent = |value: &Value| {
                    value.is_string() || (value.is_object() && !["GET", "DELETE"].contains(&route.method))
                };
                for value in values.into_iter().filter(is_sent) {
                    let mut asked = sample(row);
                    for segment in &segments {
                        asked[*segment] = asked.get(*segment).cloned().unwrap_or_else(|| "1".into());
                    }
                    asked[&name] = value;
                    let answered = answer(&server, *route, &asked).await;
                    check(*route, &asked, answered);
                }
            }
        }
    }
    assert!(before == look.all().await, "something was stored");
    drop(look);
    server.stop().await;
}

async fn no_route_takes_it_in_its_path(engine: Engine) {
    let server = server(engine).await;
    let mut look = Look::at(&server).await;
    let before = look.all().await;
    let mut asked = 0;
    for (row, route) in rows().flat_map(|row| row.routes.iter().map(move |route| (row, *route))) {
        let segments: Vec<&str> = route.path.split(['{', '}']).skip(1).step_by(2).collect();
        for segment in &segments {
            let mut parameters = sample(row);
            for other in &segments {
                parameters[*other] = parameters.get(*other).cloned().unwrap_or_else(|| "1".into());
            }
            parameters[*segment] = "a%00b".into();
            let answered = answer(&server, route, &parameters).await;
            check(route, &parameters, answered);
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} paths");
    assert!(before == look.all().await, "something was stored");
    drop(look);
    server.stop().await;
}

async fn what_is_echoed_or_only_looks_like_it_is_taken(engine: Engine) {
    let server = server(engine).await;
    let mut client = ADMIN.connect(&server).await;
    let reply = client.ask(json!({"action": "ping", "callbackId": NUL})).await;
    assert_eq!((&reply["code"], &reply["callbackId"]), (&json!(1000), &json!(NUL)));
    let text = "反斜杠 \\u0000 是文字 / is text";
    let follow_up = json!({"action": "create_follow_up", "type": "id", "content": 40, "text": text});
    assert_eq!(client.ask(follow_up).await["code"], 1000);
    let feeds = client.ask(json!({"action": "feeds", "feed_type": "All", "type": "id", "content": 40})).await;
    assert!(feeds.to_string().contains("是文字"), "{feeds}");
    // A text that holds JSON is read as that, where one is expected.
    let custom = json!({"action": "update_customer", "type": "id", "content": 40,
                        "customer": {"jsonStr": "{\"1_消费情况\": \"\\u0000\"}"}});
    let reply = client.ask(custom).await;
    assert_eq!(reply["code"], 2000, "{reply}");
    // Who is not signed in is told the same.
    let mut nobody = Who::Nobody.connect(&server).await;
    assert_eq!(
        nobody.ask(json!({"action": "login", "companyId": 1054, "loginno": NUL, "password": NUL})).await["code"],
        2000
    );
    server.stop().await;
}
