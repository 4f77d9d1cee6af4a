//! Who is believed for a token of the company's own.

use jsonwebtoken::{Algorithm, Header};
use laidian::demo::token_secret;
use laidian::error::Error;
use laidian::ops::access::token::{by_token, issue_token};
use serde_json::json;

use crate::jwt::Key;
use crate::support::{Engine, MAIN, NOW, SECOND, SHOP, backend};

both_engines! {
    a_token_is_good_until_it_expires,
    a_forged_token_is_refused,
}

async fn a_token_is_good_until_it_expires(engine: Engine) {
    let demo = backend(engine, 0).await;
    let token = issue_token(&demo, MAIN, "TRCS001", 600).await.unwrap();
    let caller = by_token(&demo, &token).await.unwrap();
    assert_eq!((caller.company, caller.login_no(), caller.name()), (MAIN, "trcs001", "王芳"));
    assert_eq!(caller.operator.unwrap().groups, [1_054_001, 1_054_002]);
    demo.time.set(NOW + 599 * SECOND);
    assert!(by_token(&demo, &token).await.is_ok());
    demo.time.set(NOW + 600 * SECOND);
    assert!(matches!(by_token(&demo, &token).await, Err(Error::NotSignedIn { .. })));
    assert!(matches!(issue_token(&demo, MAIN, "TRCS004", 600).await, Err(Error::NotSignedIn { .. })));
}

fn forged(company: i64, login_no: &str, secret: &str, algorithm: Algorithm) -> String {
    let seconds = NOW / SECOND;
    let claims = json!({ "sub": login_no, "company": company, "iat": seconds, "exp": seconds + 600 });
    Key::secret(secret).sign(&Header::new(algorithm), &claims)
}

async fn a_forged_token_is_refused(engine: Engine) {
    let demo = backend(engine, 0).await;
    let good = forged(MAIN, "trcs001", &token_secret(MAIN), Algorithm::HS256);
    assert!(by_token(&demo, &good).await.is_ok());
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let mut refusals = Vec::new();
    for token in [
        forged(MAIN, "trcs001", "guess", Algorithm::HS256),
        forged(MAIN, "trcs001", &token_secret(SHOP), Algorithm::HS256),
        forged(MAIN, "trcs001", &token_secret(MAIN), Algorithm::HS512),
        forged(MAIN, "TRCS004", &token_secret(MAIN), Algorithm::HS256),
        forged(404, "trcs001", &token_secret(MAIN), Algorithm::HS256),
        // {"alg":"none","typ":"JWT"}
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
        format!("{head}.{claims}."),
        format!("{good}x"),
        "no token".to_owned(),
        String::new(),
    ] {
        refusals.push(by_token(&demo, &token).await.expect_err(&token));
    }
    // A guesser does not learn what was wrong.
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    // A token of one company says nothing in another.
    let shop = forged(SHOP, "TRCS004", &token_secret(SHOP), Algorithm::HS256);
    assert_eq!(by_token(&demo, &shop).await.unwrap().company, SHOP);
}
