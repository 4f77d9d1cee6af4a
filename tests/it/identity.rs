//! Who is believed: claims, passwords and the two signatures of apps.

use laidian::demo::APPS;
use laidian::domain::signature;
use laidian::error::Error;
use laidian::ops::access::audit::Actor;
use laidian::ops::access::credential::{Signed, by_signature};
use laidian::ops::access::identity::{Claim, believe, by_password, check_claim};
use laidian::ops::access::password;
use laidian::ops::access::token::{by_token, issue_token};
use laidian::ops::company::setup;
use laidian::ops::{Backend, Caller};

use crate::support::{DESK, Demo, Engine, MAIN, NOW, SECOND, SHOP, backend};

both_engines! {
    a_claim_is_of_an_operator_there_is,
    v1_signs_appid_and_time,
    v2_signs_everything,
    the_window_is_five_minutes,
    a_timestamp_is_seconds,
    a_nonce_is_good_once,
    a_nonce_is_good_once_at_the_same_time,
    a_disabled_operator_may_do_nothing,
    guessing_a_password_waits,
    another_password_ends_the_wait,
}

async fn demo(engine: Engine) -> Demo {
    backend(engine, 0).await
}

async fn a_claim_is_of_an_operator_there_is(engine: Engine) {
    let demo = demo(engine).await;
    let claim = |company, operator: Option<&str>, group| Claim {
        company,
        operator: operator.map(Into::into),
        group,
        ..Claim::default()
    };
    for (claim, code) in [
        (claim(None, Some("trcs001"), None), 2000),
        (claim(Some(404), Some("trcs001"), None), 2401),
        (claim(Some(MAIN), Some("TRCS004"), None), 2401),
    ] {
        assert_eq!(believe(&demo, &claim).await.unwrap_err().row().code, code, "{claim:?}");
    }
    let caller = believe(&demo, &claim(Some(MAIN), Some("Trcs001"), Some(1_054_002))).await.unwrap();
    assert_eq!(caller.operator.as_ref().unwrap().groups, [1_054_002]);
    assert!(check_claim(&caller, &claim(Some(MAIN), Some("TRCS001"), Some(1_054_002))).is_ok());
    for other in [claim(Some(SHOP), None, None), claim(None, Some("trcs008"), None), claim(None, None, Some(1_054_001))]
    {
        assert!(matches!(check_claim(&caller, &other), Err(Error::Forbidden { .. })), "{other:?}");
    }
}

/// A call that an app has signed, which a test can spoil.
#[derive(Clone)]
struct Call {
    method: &'static str,
    path: &'static str,
    query: Vec<(String, String)>,
    body: &'static [u8],
}

impl Call {
    fn v1(timestamp: &str) -> Self {
        let sign = signature::v1(APPS[0].id, APPS[0].token, timestamp);
        Self::with(&[("appid", APPS[0].id), ("timestamp", timestamp), ("sign", &sign)])
    }

    /// Signed by this one of the demo's apps.
    fn v2(app: usize, timestamp: &str, nonce: &str) -> Self {
        let app = APPS[app];
        let mut call = Self::with(&[
            ("content", "测试 用户"),
            ("appid", app.id),
            ("timestamp", timestamp),
            ("nonce", nonce),
            ("sign_version", "v2"),
        ]);
        let query = signature::sorted_query(&call.query);
        let sign = signature::v2(app.token, call.method, call.path, &query, call.body, timestamp, nonce);
        call.query.push(("sign".into(), sign));
        call
    }

    fn with(query: &[(&str, &str)]) -> Self {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { method: "PUT", path: "/open_api/customers/update_customer", query, body: br#"{"customer":{}}"# }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.query.retain(|(key, _)| key != name);
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    async fn make(&self, backend: &Backend) -> Result<Caller, Error> {
        let Self { method, path, query, body } = self;
        by_signature(backend, "cti", &Signed { method, path, query, body }).await.map(|caller| {
            assert!(caller.via.is_some(), "whoever signed is known");
            Caller { via: None, ..caller }
        })
    }
}

fn now() -> String {
    (NOW / SECOND).to_string()
}

async fn v1_signs_appid_and_time(engine: Engine) {
    let demo = demo(engine).await;
    let call = Call::v1(&now());
    let caller = call.make(&demo).await.unwrap();
    assert_eq!(caller, Caller::system(MAIN));
    assert_eq!(caller.login_no(), "系统");
    assert!(call.clone().set("sign_version", "v1").make(&demo).await.is_ok());
    // Without a nonce it can be sent again.
    assert!(call.make(&demo).await.is_ok());
    for spoilt in [
        call.clone().set("sign", ""),
        call.clone().set("sign", &call.query[2].1.to_uppercase()),
        call.clone().set("appid", APPS[1].id),
        call.clone().set("appid", "nobody"),
        call.clone().set("timestamp", &(NOW / SECOND + 1).to_string()),
        call.clone().set("sign_version", "v3"),
    ] {
        assert_eq!(spoilt.make(&demo).await, Err(Error::Signature), "{:?}", spoilt.query);
    }
}

async fn v2_signs_everything(engine: Engine) {
    let demo = demo(engine).await;
    let call = Call::v2(0, &now(), "n-1");
    for spoilt in [
        Call { method: "POST", ..call.clone() },
        Call { path: "/open_api/customers/destroy_customer", ..call.clone() },
        Call { body: br#"{"customer":{"custname":"x"}}"#, ..call.clone() },
        call.clone().set("content", "别人"),
        call.clone().set("nonce", "n-2"),
        call.clone().set("appid", APPS[1].id),
        call.clone().set("more", "1"),
        call.clone().set("sign", &signature::v1(APPS[0].id, APPS[0].token, &now())),
        Call::v2(0, &now(), ""),
        Call::v2(0, &now(), &"n".repeat(65)),
        Call::v2(0, &now(), "n\0"),
    ] {
        assert_eq!(spoilt.make(&demo).await, Err(Error::Signature), "{} {:?}", spoilt.method, spoilt.query);
    }
    // What was refused has used nothing up.
    assert_eq!(call.make(&demo).await, Ok(Caller::system(MAIN)));
    assert!(Call::v2(0, &now(), &"n".repeat(64)).make(&demo).await.is_ok());
}

async fn the_window_is_five_minutes(engine: Engine) {
    let demo = demo(engine).await;
    let seconds = NOW / SECOND;
    for (offset, good) in [(0, true), (-300, true), (300, true), (-301, false), (301, false), (-86_400, false)] {
        let timestamp = (seconds + offset).to_string();
        let expected = if good { Ok(Caller::system(MAIN)) } else { Err(Error::TimestampAge) };
        assert_eq!(Call::v1(&timestamp).make(&demo).await, expected, "{offset}");
        assert_eq!(Call::v2(0, &timestamp, &format!("n{offset}")).make(&demo).await, expected, "{offset}");
    }
    // An old call is told that it is old before anything else is looked at.
    assert_eq!(Call::v1("1").set("sign", "wrong").make(&demo).await, Err(Error::TimestampAge));
}

async fn a_timestamp_is_seconds(engine: Engine) {
    let demo = demo(engine).await;
    let milliseconds = (NOW / 1000).to_string();
    for text in ["", "now", "1.5", "-5", "+1767225600", " 1767225600", "１７６７２２５６００", &milliseconds]
    {
        assert_eq!(Call::v1(text).make(&demo).await, Err(Error::TimestampForm), "{text:?}");
    }
    let mut without = Call::v1(&now());
    without.query.retain(|(name, _)| name != "timestamp");
    assert_eq!(without.make(&demo).await, Err(Error::TimestampForm));
}

async fn a_nonce_is_good_once(engine: Engine) {
    let demo = demo(engine).await;
    assert!(Call::v2(0, &now(), "n").make(&demo).await.is_ok());
    assert_eq!(Call::v2(0, &now(), "n").make(&demo).await, Err(Error::NonceUsed));
    // Another app's nonces are its own.
    assert_eq!(Call::v2(1, &now(), "n").make(&demo).await, Ok(Caller::system(DESK)));
    // It is remembered for 15 minutes, which is longer than any call is good.
    let later = NOW + 900 * SECOND;
    demo.time.set(later);
    let again = Call::v2(0, &(later / SECOND).to_string(), "n");
    assert_eq!(again.make(&demo).await, Err(Error::NonceUsed));
    demo.time.set(later + 1);
    assert!(again.make(&demo).await.is_ok());
}

async fn a_nonce_is_good_once_at_the_same_time(engine: Engine) {
    let demo = demo(engine).await;
    let call = Call::v2(0, &now(), "n");
    let outcomes = futures_util::future::join_all((0..16).map(|_| {
        let (call, backend) = (call.clone(), demo.backend.clone());
        tokio::spawn(async move { call.make(&backend).await })
    }))
    .await;
    let good = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count();
    let used = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap() == &Err(Error::NonceUsed)).count();
    assert_eq!((good, used), (1, 15));
}

async fn a_disabled_operator_may_do_nothing(engine: Engine) {
    let demo = demo(engine).await;
    let signed_in = demo.caller(MAIN, Some("trcs008")).await;
    let token = issue_token(&demo, MAIN, "trcs008", 3600).await.unwrap();
    let claim = Claim { company: Some(MAIN), operator: Some("trcs008".into()), ..Claim::default() };
    let address = "127.0.0.1".parse().unwrap();
    assert!(by_password(&demo, &claim, "demo-trcs008", address).await.is_ok());
    for disabled in [true, false] {
        let mut tx = demo.store.company(MAIN).write().await.unwrap();
        setup::disabled(&mut tx, "TRCS008", disabled, 0).await.unwrap();
        tx.commit().await.unwrap();
        demo.catalogues.forget(MAIN);
        // Whoever is on a socket already, and by whichever way one could come in.
        let refused = [
            demo.context(&signed_in).await.is_err(),
            by_token(&demo, &token).await.is_err(),
            believe(&demo, &claim).await.is_err(),
            by_password(&demo, &claim, "demo-trcs008", address).await.is_err(),
        ];
        assert_eq!(refused, [disabled; 4]);
    }
}

/// Whoever sets it: an admin on a socket of this server, of another, or the command line. Here it is the table.
async fn another_password_ends_the_wait(engine: Engine) {
    let demo = demo(engine).await;
    let claim = Claim { company: Some(MAIN), operator: Some("trcs001".into()), ..Claim::default() };
    let address = "192.0.2.7".parse().unwrap();
    let sign_in = async |password: &str| by_password(&demo, &claim, password, address).await.map(|_| ());
    let set = async |password: &str| {
        let change = setup::Change::Password { login_no: "TRCS001".into(), hash: password::hash(password).unwrap() };
        let mut tx = demo.store.company(MAIN).write().await.unwrap();
        change.apply(&mut tx, &Actor { login_no: "admin1054".into(), address: None }, NOW).await.unwrap();
        tx.commit().await.unwrap();
    };
    for password in ["set by an admin", "set again"] {
        for _ in 0..5 {
            assert!(matches!(sign_in("wrong").await, Err(Error::NotSignedIn { .. })));
        }
        assert!(matches!(sign_in("demo-trcs001").await, Err(Error::RateLimited { .. })));
        set(password).await;
        assert_eq!(sign_in(password).await, Ok(()));
    }
    // The new one is not for guessing, either.
    for _ in 0..5 {
        assert!(matches!(sign_in("wrong").await, Err(Error::NotSignedIn { .. })));
    }
    assert!(matches!(sign_in("set again").await, Err(Error::RateLimited { .. })));
}

async fn guessing_a_password_waits(engine: Engine) {
    let demo = demo(engine).await;
    let claim = |login_no: &str| Claim { company: Some(MAIN), operator: Some(login_no.into()), ..Claim::default() };
    let address = "192.0.2.7".parse().unwrap();
    let sign_in = async |login_no: &str, password: &str| {
        by_password(&demo, &claim(login_no), password, address).await.map(|caller| caller.login_no().to_owned())
    };
    for _ in 0..5 {
        assert!(matches!(sign_in("trcs001", "wrong").await, Err(Error::NotSignedIn { .. })));
    }
    assert!(matches!(sign_in("TRCS001", "demo-trcs001").await, Err(Error::RateLimited { .. })));
    assert_eq!(sign_in("trcs008", "demo-trcs008").await, Ok("trcs008".into()));
    for absurd in ["x".repeat(300), "a\0b".into()] {
        assert!(matches!(sign_in(&absurd, "demo-trcs008").await, Err(Error::NotSignedIn { .. })));
    }
    demo.time.set(NOW + SECOND);
    assert_eq!(sign_in("TRCS001", "demo-trcs001").await, Ok("trcs001".into()));
}
