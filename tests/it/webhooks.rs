//! Other systems are told: each event once it is there, signed, in order, until it is taken.

mod other;
mod several;

use std::sync::Arc;

use laidian::domain::webhook;
use laidian::live::webhooks::Webhooks;
use laidian::ops::webhooks::deliveries;
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};

use crate::calls::run;
use crate::client::{Client, PATIENCE};
use crate::process;
use crate::support::{Demo, Engine, MAIN, NOW, SECOND, SHOP, backend_with, server};

use other::Other;

both_engines! {
    an_event_is_delivered_once_and_signed,
    what_is_not_taken_comes_again_in_order,
    after_a_day_it_is_given_up_and_can_be_sent_again,
    who_is_gone_is_told_nothing_more,
    numbers_are_hidden_where_that_is_wanted,
    nobody_within_is_called_but_who_may_be,
    a_server_tells_by_itself,
    what_is_old_is_forgotten,
}

async fn demo(engine: Engine) -> Demo {
    backend_with(engine, 5, |config| config.webhooks.allow = vec!["127.0.0.1".to_owned().try_into().unwrap()]).await
}

/// A webhook for these events, and its secret.
async fn put(demo: &Demo, url: &str, events: &[&str], more: Value) -> String {
    let mut frame = json!({"action": "put_webhook", "id": "push", "url": url, "events": events});
    frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = run(demo, frame).await;
    reply["secret"].as_str().unwrap_or_default().to_owned()
}

async fn create(demo: &Demo, name: &str) -> i64 {
    run(demo, json!({"action": "create_customer", "customer": {"custname": name}})).await["customer"]["id"]
        .as_i64()
        .unwrap()
}

async fn rename(demo: &Demo, id: i64, name: &str) {
    let frame = json!({"action": "update_customer", "type": "id", "content": id, "customer": {"companyName": name}});
    assert_eq!(run(demo, frame).await["code"], 1000);
}

/// Looks until nothing more is due now.
async fn look(demo: &Demo, webhooks: &Arc<Webhooks>) {
    for _ in 0..20 {
        webhooks.look().await.unwrap();
        webhooks.rest().await;
    }
    assert!(demo.store.companies_with_news().await.unwrap().is_empty());
}

async fn listed(demo: &Demo, state: Option<&str>) -> Vec<Value> {
    let mut frame = json!({"action": "list_deliveries", "id": "push"});
    if let Some(state) = state {
        frame["state"] = state.into();
    }
    run(demo, frame).await["result"].as_array().unwrap().clone()
}

async fn an_event_is_delivered_once_and_signed(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    let before = create(&demo, "从前").await;
    let secret =
        put(&demo, &format!("http://{address}/events"), &["customer.created", "customer.updated"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let id = create(&demo, "沈知秋").await;
    rename(&demo, id, "听雨茶舍").await;
    let follow_up = json!({"action": "add_follow_up", "customerId": id, "content": "不在所选事件里"});
    run(&demo, follow_up).await;
    look(&demo, &webhooks).await;
    let taken = other.taken();
    let events: Vec<Value> = taken.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    // The follow-up has changed the customer, too.
    assert_eq!(kinds, ["customer.created", "customer.updated", "customer.updated"]);
    assert!(events.iter().all(|event| event["customerId"] == id && event["companyId"] == MAIN), "{before}: {events:?}");
    assert_eq!(events[0]["changes"]["custname"], json!([null, "沈知秋"]));
    let mut ids = Vec::new();
    for (headers, body) in &taken {
        let header = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(header("webhook-timestamp"), (NOW / SECOND).to_string());
        let expected = webhook::signature(&secret, header("webhook-id"), NOW / SECOND, body);
        assert_eq!(header("webhook-signature"), expected);
        assert_eq!(header("content-type"), "application/json");
        ids.push(header("webhook-id").to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    look(&demo, &webhooks).await;
    assert!(other.taken().is_empty());
    let listed = listed(&demo, Some("delivered")).await;
    assert_eq!(listed.len(), 3);
    assert_eq!((&listed[0]["status"], &listed[0]["attempts"]), (&json!(204), &json!(1)));
}

async fn what_is_not_taken_comes_again_in_order(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["customer.*"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let one = create(&demo, "甲").await;
    other.answer([500]);
    webhooks.look().await.unwrap();
    webhooks.rest().await;
    let first = other.taken();
    for name in ["一", "二", "三"] {
        rename(&demo, one, name).await;
    }
    let another = create(&demo, "乙乙").await;
    look(&demo, &webhooks).await;
    // What came behind it waits for it; the other customer does not.
    assert_eq!(other.events().iter().map(|event| event["customerId"].as_i64().unwrap()).collect::<Vec<_>>(), [another]);
    let waiting = listed(&demo, Some("waiting")).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!((&waiting[0]["status"], &waiting[0]["cause"]), (&json!(500), &json!("HTTP 500")));
    assert_eq!(listed(&demo, Some("queued")).await.len(), 3);
    demo.time.set(NOW + 7 * SECOND);
    look(&demo, &webhooks).await;
    let again = other.taken();
    let seqs: Vec<i64> =
        again.iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs.len(), 4);
    assert!(seqs.is_sorted(), "{seqs:?}");
    // It is known by its id, and signed anew.
    assert_eq!(first[0].0["webhook-id"], again[0].0["webhook-id"]);
    assert_eq!(first[0].1, again[0].1);
    assert_ne!(first[0].0["webhook-signature"], again[0].0["webhook-signature"]);
    assert_eq!(listed(&demo, Some("delivered")).await.len(), 5);
}

async fn after_a_day_it_is_given_up_and_can_be_sent_again(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let id = create(&demo, "甲").await;
    rename(&demo, id, "一").await;
    let mut tries = 0;
    for minute in 0..25 * 60 {
        demo.time.set(NOW + minute * 60 * SECOND);
        if listed(&demo, Some("queued")).await.is_empty() && minute > 0 {
            break;
        }
        other.answer([503]);
        webhooks.look().await.unwrap();
        webhooks.rest().await;
        tries += other.taken().len();
        other.forget_answers();
    }
    assert!((10..20).contains(&tries), "{tries}");
    let failed = listed(&demo, Some("failed")).await;
    assert_eq!((failed.len(), &failed[0]["event"]), (1, &json!("customer.created")));
    // The one behind it goes now.
    look(&demo, &webhooks).await;
    let events = other.events();
    assert_eq!((events.len(), &events[0]["event"]), (1, &json!("customer.updated")));
    let reply = run(&demo, json!({"action": "redeliver", "id": "push", "seq": failed[0]["seq"]})).await;
    assert_eq!((&reply["result"]["state"], &reply["result"]["attempts"]), (&json!("waiting"), &json!(0)));
    look(&demo, &webhooks).await;
    let events = other.events();
    assert_eq!((events.len(), &events[0]["event"]), (1, &json!("customer.created")));
}

async fn who_is_gone_is_told_nothing_more(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    let url = format!("http://{address}/events");
    put(&demo, &url, &["*"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let id = create(&demo, "甲").await;
    rename(&demo, id, "一").await;
    other.answer([410]);
    look(&demo, &webhooks).await;
    assert_eq!(other.taken().len(), 1);
    assert_eq!(run(&demo, json!({"action": "list_webhooks"})).await["result"][0]["active"], false);
    assert_eq!(listed(&demo, Some("failed")).await.len(), 2);
    rename(&demo, id, "二").await;
    look(&demo, &webhooks).await;
    // What happened meanwhile is not told.
    assert_eq!(put(&demo, &url, &["*"], json!({"active": true})).await, "");
    rename(&demo, id, "三").await;
    look(&demo, &webhooks).await;
    let events = other.events();
    assert_eq!((events.len(), &events[0]["changes"]["companyName"]), (1, &json!(["二", "三"])), "{events:?}");
    assert_eq!(run(&demo, json!({"action": "delete_webhook", "id": "push"})).await["code"], 1000);
    rename(&demo, id, "四").await;
    look(&demo, &webhooks).await;
    assert!(other.taken().is_empty());
}

async fn numbers_are_hidden_where_that_is_wanted(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({"masked": true})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let customer = json!({"custname": "甲", "cellphones": ["13900112233"], "address": "13900112233 先打电话"});
    run(&demo, json!({"action": "create_customer", "customer": customer})).await;
    // Another company's affairs are its own, and what one operator alone is told is his.
    let reminder = json!({"action": "put_reminder", "at": "2026-01-01 07:00", "text": "回电"});
    let agent = demo.caller(SHOP, Some("TRCS004")).await;
    crate::calls::run_as(&demo, &agent, reminder).await;
    look(&demo, &webhooks).await;
    let taken = other.taken();
    assert_eq!(taken.len(), 1);
    assert!(!taken[0].1.contains("13900112233") && taken[0].1.contains("customer.created"), "{}", taken[0].1);
}

async fn nobody_within_is_called_but_who_may_be(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    let webhooks = Webhooks::new(demo.backend.clone());
    let port = address.port();
    let mut at = NOW;
    for (url, location, says) in [
        (format!("http://{address}/events"), Some(format!("http://127.0.0.3:{port}/events")), "[webhooks] allow"),
        (format!("http://{address}/events"), Some("http://10.0.0.1/events".to_owned()), "[webhooks] allow"),
        (format!("http://{address}/events"), Some("http://".to_owned()), "转向的地址无效"),
        ("https://no-such-host.invalid/".to_owned(), None, "域名无法解析"),
        (format!("https://127.0.0.1:{port}/events"), None, "TLS"),
        ("http://127.0.0.1:1/".to_owned(), None, "无法连接"),
    ] {
        put(&demo, &url, &["customer.created"], json!({"active": true})).await;
        if let Some(location) = &location {
            other.send_on(307, location);
        }
        create(&demo, &"远".repeat(usize::try_from((at - NOW) / SECOND).unwrap() + 1)).await;
        webhooks.look().await.unwrap();
        webhooks.rest().await;
        let last = &listed(&demo, None).await[0];
        assert_eq!((&last["state"], last.get("status")), (&json!("waiting"), None), "{url}: {last}");
        assert!(last["cause"].as_str().unwrap().contains(says), "{url} {location:?}: {last}");
        assert_eq!(other.taken().len(), usize::from(location.is_some()), "{url}");
        at += SECOND;
        demo.time.set(at);
        run(&demo, json!({"action": "put_webhook", "id": "push", "active": false})).await;
    }
    // By a name, and sent on within what may be called.
    put(&demo, &format!("http://localhost:{port}/events"), &["customer.created"], json!({"active": true})).await;
    other.send_on(308, "/events");
    create(&demo, "近").await;
    look(&demo, &webhooks).await;
    assert_eq!(other.taken().len(), 2);
    for url in [
        "ftp://example.com/",
        "https://a:b@example.com/",
        "example.com",
        "https://example.com/#x",
        "https://",
        "http://127.0.0.2/",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f000002/",
        "http://1.1.1.1/",
    ] {
        let frame = json!({"action": "put_webhook", "id": "push", "url": url, "events": ["*"]});
        let caller = demo.caller(MAIN, None).await;
        assert!(crate::calls::refused(&demo, &caller, frame).await.contains("url:"), "{url}");
    }
}

async fn a_server_tells_by_itself(engine: Engine) {
    let (other, address) = Other::start().await;
    let allow = |config: &mut laidian::config::Config| {
        config.webhooks.allow = vec!["127.0.0.0/8".to_owned().try_into().unwrap()];
    };
    let server = server(engine, allow).await;
    let mut client = Client::connect(&format!("ws://{}/ws", server.address())).await;
    let as_admin = |mut frame: Value| {
        frame["companyId"] = MAIN.into();
        frame["operator"] = "admin1054".into();
        frame
    };
    let webhook =
        json!({"action": "put_webhook", "id": "push", "url": format!("http://{address}/events"), "events": ["*"]});
    assert_eq!(client.ask(as_admin(webhook)).await["code"], 1000);
    let customer = json!({"action": "create_customer", "customer": {"custname": "沈知秋"}});
    assert_eq!(client.ask(as_admin(customer)).await["code"], 1000);
    let told = async {
        while other.is_idle() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("nothing was told");
    assert_eq!(other.events()[0]["event"], "customer.created");
    assert!(server.stop().await);
}

async fn what_is_old_is_forgotten(engine: Engine) {
    let (demo, (other, address)) = (demo(engine).await, Other::start().await);
    put(&demo, &format!("http://{address}/events"), &["*"], json!({})).await;
    let webhooks = Webhooks::new(demo.backend.clone());
    let id = create(&demo, "甲").await;
    look(&demo, &webhooks).await;
    other.answer([500]);
    rename(&demo, id, "一").await;
    look(&demo, &webhooks).await;
    deliveries::forget(&demo).await.unwrap();
    assert_eq!(listed(&demo, None).await.len(), 2);
    demo.time.set(NOW + 73 * 60 * 60 * SECOND);
    deliveries::forget(&demo).await.unwrap();
    // What is on its way is not old.
    let left = listed(&demo, None).await;
    assert_eq!((left.len(), &left[0]["state"]), (1, &json!("waiting")));
}

/// Over TLS, to whom the system trusts.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_sealed() {
    let pair = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, pair.cert.pem()).unwrap();
    let key = pair.signing_key.serialize_der().try_into().unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/events", listener.local_addr().unwrap().port());
    let data = folder.path().join("data");
    let settings = [
        ("LAIDIAN_AUTH_MODE", "open"),
        ("LAIDIAN_WEBHOOKS_ALLOW", "127.0.0.1,::1"),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
    ];
    let server = process::Server::start(&data, &settings);
    let mut client = Client::connect(&server.ws).await;
    for frame in [
        json!({"action": "put_webhook", "id": "push", "url": url, "events": ["customer.created"]}),
        json!({"action": "create_customer", "customer": {"custname": "沈知秋"}}),
    ] {
        let mut frame = frame;
        frame["companyId"] = MAIN.into();
        frame["operator"] = "admin1054".into();
        assert_eq!(client.ask(frame).await["code"], 1000);
    }
    let (stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let mut stream = acceptor.accept(stream).await.unwrap();
    let mut got = Vec::new();
    while !String::from_utf8_lossy(&got).contains("沈知秋") {
        use tokio::io::AsyncReadExt;
        assert!(stream.read_buf(&mut got).await.unwrap() > 0, "{}", String::from_utf8_lossy(&got));
    }
    let got = String::from_utf8(got).unwrap();
    assert!(
        got.starts_with("POST /events HTTP/1.1\r\nhost: localhost:") && got.contains("webhook-signature: v1,"),
        "{got}"
    );
}
