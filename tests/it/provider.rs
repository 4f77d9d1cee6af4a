//! Who is believed for a token of an identity provider.

use jsonwebtoken::{Algorithm, Header};
use laidian::demo::token_secret;
use laidian::error::Error;
use laidian::ops::Backend;
use laidian::ops::access::token::by_token;
use laidian::ops::company::setup;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::client::Client;
use crate::idp::{AUDIENCE, KeyFile, Signer, claims, claims_with, jwks, settings};
use crate::jwt::Key;
use crate::support::{Engine, MAIN, NOW, SECOND, SHOP, backend, backend_with, server};

both_engines! {
    a_provider_signs_operators_in,
    forged_tokens_are_refused_alike,
    claims_are_mapped,
    a_company_can_be_fixed,
    a_disabled_operator_is_refused,
    a_socket_signs_in_with_a_token_of_the_provider,
    arbitrary_tokens_are_answered,
}

/// Whether a token is believed.
pub async fn signs_in(backend: &Backend, token: &str) -> bool {
    match by_token(backend, token).await {
        Ok(_) => true,
        Err(Error::NotSignedIn { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn a_provider_signs_operators_in(engine: Engine) {
    for signer in [Signer::rsa(1), Signer::ed25519(1)] {
        // Keys have no name in PEM; a tool may have put everything into one line, or something before it.
        let pem = signer.pem();
        let one_line = pem.replace('\n', "").replace("KEY-----", "KEY-----\n").replace("-----END", "\n-----END");
        let set = jwks(&[Signer::rsa(2).jwk("other"), Signer::ed25519(2).jwk("more"), signer.jwk("k1")]);
        for text in [pem.clone(), one_line, format!("the provider's key\n\n{pem}\n"), format!("\u{feff}{set}"), set] {
            let file = KeyFile::new(&text);
            let demo = backend_with(engine, 0, settings(file.path())).await;
            for kid in [Some("k1"), None] {
                let caller = by_token(&demo, &signer.sign(kid, &claims())).await.unwrap();
                assert_eq!((caller.company, caller.login_no(), caller.name()), (MAIN, "trcs001", "王芳"));
                assert_eq!(caller.operator.unwrap().groups, [1_054_001, 1_054_002]);
            }
        }
    }
    // The company's own tokens are what they were.
    let file = KeyFile::new(&Signer::rsa(1).pem());
    let demo = backend_with(engine, 0, settings(file.path())).await;
    let own = laidian::ops::access::token::issue_token(&demo, MAIN, "trcs001", 60).await.unwrap();
    assert!(signs_in(&demo, &own).await);
}

fn hs256(kid: Option<&str>, claims: &Value, secret: &[u8]) -> String {
    let head = Header { kid: kid.map(Into::into), ..Header::new(Algorithm::HS256) };
    Key::secret(secret).sign(&head, claims)
}

/// Another head or signature for the same claims.
fn reheaded(token: &str, head: &str, signature: &str) -> String {
    format!("{head}.{}.{signature}", token.split('.').nth(1).unwrap())
}

#[rustfmt::skip]
fn bad_claims() -> Vec<(&'static str, Value)> {
    let now = NOW / SECOND;
    vec![
        ("another issuer", claims_with(json!({"iss": "https://idp.example.com/realms/others"}))),
        ("no issuer", claims_with(json!({"iss": null}))),
        ("a list of issuers", claims_with(json!({"iss": [crate::idp::ISSUER]}))),
        ("another audience", claims_with(json!({"aud": "account"}))),
        ("other audiences", claims_with(json!({"aud": ["account", "laidian2"]}))),
        ("an audience in an object", claims_with(json!({"aud": {"laidian": "laidian"}}))),
        ("no audience", claims_with(json!({"aud": null}))),
        ("expired", claims_with(json!({"exp": now - 30}))),
        ("expired long ago", claims_with(json!({"exp": -1e300}))),
        ("never expires", claims_with(json!({"exp": null}))),
        ("expires in words", claims_with(json!({"exp": "never"}))),
        ("not yet good", claims_with(json!({"nbf": now + 31}))),
        ("good at no time", claims_with(json!({"nbf": "now"}))),
        ("issued in the future", claims_with(json!({"iat": now + 31}))),
        ("issued at no time", claims_with(json!({"iat": {}}))),
        ("another company's operator", claims_with(json!({"company": SHOP}))),
        ("no such company", claims_with(json!({"company": 404}))),
        ("no company", claims_with(json!({"company": null}))),
        ("a company with a fraction", claims_with(json!({"company": 1054.5}))),
        ("a company in wide digits", claims_with(json!({"company": "１０５４"}))),
        ("a company with a sign", claims_with(json!({"company": "+1054"}))),
        ("a company too large", claims_with(json!({"company": "99999999999999999999"}))),
        ("an empty company", claims_with(json!({"company": ""}))),
        ("two companies", claims_with(json!({"company": [MAIN]}))),
        ("no such operator", claims_with(json!({"sub": "TRCS004"}))),
        ("no operator", claims_with(json!({"sub": null}))),
        ("an empty operator", claims_with(json!({"sub": ""}))),
        ("two operators", claims_with(json!({"sub": ["trcs001"]}))),
        ("huge", claims_with(json!({"more": "x".repeat(16 * 1024)}))),
    ]
}

fn forged(rsa: &Signer, ed: &Signer) -> Vec<(&'static str, String)> {
    let with_head = |change: fn(&mut Header)| {
        let mut head = Header { kid: Some("r1".into()), ..Header::new(rsa.algorithm) };
        change(&mut head);
        rsa.key.sign(&head, &claims())
    };
    let good = rsa.sign(Some("r1"), &claims());
    let (head, signature) = (good.split('.').next().unwrap(), good.rsplit('.').next().unwrap());
    let hs256_head = hs256(Some("r1"), &claims(), b"").split('.').next().unwrap().to_owned();
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let own_claims = |sub: &str| json!({"sub": sub, "company": MAIN, "iat": 0, "exp": NOW / SECOND + 60});
    vec![
        ("unknown kid", rsa.sign(Some("r2"), &claims())),
        ("the kid of a key of another kind", rsa.sign(Some("e1"), &claims())),
        ("the kid of a key for encryption", rsa.sign(Some("enc"), &claims())),
        ("another RSA key", Signer::rsa(2).sign(Some("r1"), &claims())),
        ("another RSA key without a kid", Signer::rsa(2).sign(None, &claims())),
        ("another Ed25519 key", Signer::ed25519(2).sign(Some("e1"), &claims())),
        ("HS256 with the PEM", hs256(Some("r1"), &claims(), rsa.pem().as_bytes())),
        ("HS256 with the PEM's end cut", hs256(Some("r1"), &claims(), rsa.pem().trim().as_bytes())),
        ("HS256 with the modulus", hs256(Some("r1"), &claims(), rsa.jwk("")["n"].as_str().unwrap().as_bytes())),
        ("HS256 with an oct key of the set", hs256(Some("oct"), &claims(), b"secret")),
        ("HS256 with another company's secret", hs256(None, &own_claims("trcs001"), token_secret(SHOP).as_bytes())),
        ("HS256 head on an RSA signature", reheaded(&good, &hs256_head, signature)),
        ("RS512", with_head(|head| head.alg = Algorithm::RS512)),
        ("PS256", with_head(|head| head.alg = Algorithm::PS256)),
        ("an unknown extension", with_head(|head| head.crit = Some(vec!["exp".into()]))),
        ("none", reheaded(&good, none, "")),
        ("none with a signature", reheaded(&good, none, signature)),
        ("no signature", reheaded(&good, head, "")),
        ("half a signature", reheaded(&good, head, &signature[..signature.len() / 2])),
        ("an Ed25519 signature", reheaded(&good, head, ed.sign(None, &claims()).rsplit('.').next().unwrap())),
        ("other claims", {
            let other = ed.sign(None, &claims_with(json!({"sub": "trcs008"})));
            reheaded(&other, head, signature)
        }),
        ("two parts", good.rsplit_once('.').unwrap().0.to_owned()),
        ("four parts", format!("{good}.x")),
    ]
}

async fn forged_tokens_are_refused_alike(engine: Engine) {
    let (rsa, ed) = (Signer::rsa(1), Signer::ed25519(1));
    let file = KeyFile::new(&jwks(&[rsa.jwk("r1"), ed.jwk("e1")]));
    let demo = backend_with(engine, 0, settings(file.path())).await;
    let mut tokens = forged(&rsa, &ed);
    for (name, claims) in bad_claims() {
        tokens.push((name, rsa.sign(Some("r1"), &claims)));
        tokens.push((name, ed.sign(None, &claims)));
    }
    let (mut believed, mut answers) = (Vec::new(), Vec::new());
    for (name, token) in tokens {
        match by_token(&demo, &token).await {
            Ok(_) => believed.push(name),
            Err(error) => answers.push(error),
        }
    }
    assert!(believed.is_empty(), "{believed:?}");
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Without keys there is no provider, whoever signed.
    let plain = backend(engine, 0).await;
    assert_eq!(by_token(&plain, &rsa.sign(None, &claims())).await, Err(answers.remove(0)));
}

async fn claims_are_mapped(engine: Engine) {
    let signer = Signer::ed25519(1);
    let file = KeyFile::new(&signer.pem());
    let now = NOW / SECOND;
    let map = |company: &'static str, operator: &'static str| {
        let settings = settings(file.path());
        backend_with(engine, 0, move |config| {
            settings(config);
            config.tokens.company_claim = company.into();
            config.tokens.operator_claim = operator.into();
        })
    };
    let demo = map("company", "sub").await;
    for (good, changes) in [
        (true, json!({"company": "1054"})),
        (true, json!({"company": 1054.0})),
        (true, json!({"sub": " TRCS001"})),
        (true, json!({"aud": AUDIENCE})),
        (true, json!({"exp": now - 29, "nbf": now + 30, "iat": now + 30})),
        (true, json!({"exp": 1e300, "nbf": 0.5, "iat": null})),
        (true, json!({"nbf": null})),
        (false, json!({"company": {"id": 1054}})),
    ] {
        assert_eq!(signs_in(&demo, &signer.sign(None, &claims_with(changes.clone()))).await, good, "{changes}");
    }
    let demo = map("laidian.company", "https://crm.example.com/login").await;
    for (good, changes) in [
        (true, json!({"laidian": {"company": 1054}, "https://crm.example.com/login": "trcs001"})),
        // The claim of this very name comes first.
        (
            true,
            json!({"laidian.company": 1054, "laidian": {"company": 404}, "https://crm.example.com/login": "trcs001"}),
        ),
        (
            false,
            json!({"laidian.company": 404, "laidian": {"company": 1054}, "https://crm.example.com/login": "trcs001"}),
        ),
        (false, json!({"laidian": [1054], "https://crm.example.com/login": "trcs001"})),
        (false, json!({"laidian": {"company": 1054}})),
    ] {
        assert_eq!(signs_in(&demo, &signer.sign(None, &claims_with(changes.clone()))).await, good, "{changes}");
    }
    // A login number can be a number.
    let demo = map("a.b.c", "staff.no").await;
    let changes = json!({"company": null, "a": {"b": {"c": "8008"}}, "staff": {"no": 8}});
    assert!(!signs_in(&demo, &signer.sign(None, &claims_with(changes.clone()))).await);
    let mut tx = demo.store.company(8008).write().await.unwrap();
    setup::operator(&mut tx, "8", "周明", laidian::domain::role::Role::Agent, &[]).await.unwrap();
    tx.commit().await.unwrap();
    demo.catalogues.forget(8008);
    let caller = by_token(&demo, &signer.sign(None, &claims_with(changes))).await.unwrap();
    assert_eq!((caller.company, caller.login_no()), (8008, "8"));
}

async fn a_company_can_be_fixed(engine: Engine) {
    let signer = Signer::rsa(1);
    let file = KeyFile::new(&signer.pem());
    let settings = settings(file.path());
    let demo = backend_with(engine, 0, move |config| {
        settings(config);
        config.tokens.company = SHOP;
        config.tokens.audience.clear();
    })
    .await;
    // Whatever company the token names.
    for changes in [json!({"sub": "TRCS004", "company": null, "aud": null}), json!({"sub": "trcs004"})] {
        let caller = by_token(&demo, &signer.sign(None, &claims_with(changes))).await.unwrap();
        assert_eq!((caller.company, caller.login_no()), (SHOP, "TRCS004"));
    }
    assert!(!signs_in(&demo, &signer.sign(None, &claims())).await);
}

async fn a_disabled_operator_is_refused(engine: Engine) {
    let signer = Signer::ed25519(1);
    let file = KeyFile::new(&signer.pem());
    let demo = backend_with(engine, 0, settings(file.path())).await;
    for disabled in [true, false] {
        let mut tx = demo.store.company(MAIN).write().await.unwrap();
        setup::disabled(&mut tx, "trcs001", disabled, 0).await.unwrap();
        tx.commit().await.unwrap();
        demo.catalogues.forget(MAIN);
        assert_eq!(signs_in(&demo, &signer.sign(None, &claims())).await, !disabled);
    }
}

async fn a_socket_signs_in_with_a_token_of_the_provider(engine: Engine) {
    let signer = Signer::rsa(1);
    let file = KeyFile::new(&signer.pem());
    let settings = settings(file.path());
    let server = server(engine, move |config| {
        settings(config);
        config.auth.mode = laidian::config::AuthMode::Token;
    })
    .await;
    let now = server.backend().clock.now() / SECOND;
    let token = |exp: i64| signer.sign(Some("k"), &claims_with(json!({"iat": now, "nbf": now, "exp": exp})));
    let url = format!("ws://{}/ws", server.address());
    let login = |exp: i64| json!({"action": "login", "token": token(exp)});
    let mut client = Client::connect(&url).await;
    assert_eq!(client.ask(login(now - 60)).await["code"], 2401);
    let reply = client.ask(login(now + 60)).await;
    assert_eq!((&reply["code"], &reply["loginNo"]), (&json!(1000), &json!("trcs001")));
    let bearer = |exp: i64| format!("Bearer {}", token(exp));
    assert_eq!(Client::connect_with(&url, &[("authorization", &bearer(now - 60))]).await.err(), Some(401));
    assert!(Client::connect_with(&url, &[("authorization", &bearer(now + 60))]).await.is_ok());
    drop(client);
    server.stop().await;
}

/// Signed or not, well-formed or not: every token gets an answer, and none a fault of ours.
async fn arbitrary_tokens_are_answered(engine: Engine) {
    let (rsa, ed) = (Signer::rsa(1), Signer::ed25519(1));
    let file = KeyFile::new(&jwks(&[rsa.jwk("r1"), ed.jwk("e1")]));
    let demo = backend_with(engine, 0, settings(file.path())).await;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!(MAIN)),
        Just(json!(AUDIENCE)),
    ];
    let value = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(".{0,4}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    let name =
        prop_oneof![Just("iss"), Just("aud"), Just("exp"), Just("nbf"), Just("iat"), Just("sub"), Just("company")];
    let changes = proptest::collection::btree_map(name, value, 0..3);
    let texts = prop_oneof![
        ".{0,64}",
        "[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,20}",
        "eyJhbGciOiJFZERTQSJ9\\.e30\\.[A-Za-z0-9_-]{0,90}",
    ];
    let strategy = (texts, changes, proptest::option::of("r1|e1|.{0,3}"));
    let mut runner = TestRunner::new(Cases { cases: 128, failure_persistence: None, ..Cases::default() });
    let outcome = runner.run(&strategy, |(text, changes, kid)| {
        block_in_place(|| {
            Handle::current().block_on(async {
                signs_in(&demo, &text).await;
                signs_in(&demo, &ed.sign(kid.as_deref(), &claims_with(json!(changes)))).await;
                signs_in(&demo, &hs256(kid.as_deref(), &json!(changes), token_secret(MAIN).as_bytes())).await;
            });
        });
        Ok(())
    });
    outcome.unwrap();
}
