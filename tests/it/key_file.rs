//! The file with an identity provider's keys: what may be in it, and what happens when it changes.

use std::process::Command;

use serde_json::json;

use crate::idp::{KeyFile, Signer, claims, jwks, settings};
use crate::provider::signs_in;
use crate::support::{Engine, NOW, SECOND, backend_with};

#[tokio::test]
async fn a_new_file_brings_new_keys() {
    let (old, new) = (Signer::ed25519(1), Signer::ed25519(2));
    let file = KeyFile::new(&old.pem());
    let demo = backend_with(Engine::Sqlite, 0, settings(file.path())).await;
    let (old, new_token) = (old.sign(None, &claims()), new.sign(None, &claims()));
    let believed = async |seconds: i64| {
        demo.time.set(NOW + seconds * SECOND);
        (signs_in(&demo, &old).await, signs_in(&demo, &new_token).await)
    };
    assert_eq!(believed(0).await, (true, false));
    file.write(new.pem());
    // Looked at once a second at most.
    assert_eq!(believed(0).await, (true, false));
    assert_eq!(believed(1).await, (false, true));
    // Bad files, and none, leave the keys as they are.
    let many = jwks(&(1..=17).map(|number| Signer::ed25519(number).jwk("k")).collect::<Vec<_>>());
    for (seconds, text) in (2..).zip(["", "no key", "{\"keys\": []}", "{\"keys\":", &many, &" ".repeat(200_000)]) {
        file.write(text);
        assert_eq!(believed(seconds).await, (false, true), "{text}");
        assert!(demo.provider.load().await.is_err(), "{text}");
    }
    file.write([0xff, 0xfe]);
    assert_eq!(believed(20).await, (false, true));
    file.remove();
    assert_eq!(believed(21).await, (false, true));
    std::fs::create_dir(file.path()).unwrap();
    assert_eq!(believed(22).await, (false, true));
    std::fs::remove_dir(file.path()).unwrap();
    file.write(jwks(&[Signer::ed25519(1).jwk("k")]));
    assert_eq!(believed(23).await, (true, false));
    // A clock that goes back does not stop it.
    file.write(jwks(&[Signer::ed25519(1).jwk("k"), new.jwk("l")]));
    assert_eq!(believed(10).await, (true, true));
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_without_what_is_in_it() {
    let short = json!({"kty": "RSA", "kid": "k", "n": "x".repeat(170) + "8", "e": "AQAB"});
    let private = json!({"kty": "OKP", "crv": "Ed25519", "x": Signer::ed25519(1).jwk("")["x"], "d": "c2VjcmV0"});
    let block = |tag: &str| format!("-----BEGIN {tag}-----\nc2VjcmV0\n-----END {tag}-----\n");
    let cases = [
        (include_str!("../fixtures/test-only-rsa-1.pem").to_owned(), "key 1: it is private"),
        (block("PRIVATE KEY"), "key 1: it is private"),
        (block("EC PRIVATE KEY"), "key 1: it is private"),
        (block("CERTIFICATE"), "openssl x509"),
        (block("PUBLIC KEY"), "neither an RSA nor an Ed25519"),
        (block("RSA PUBLIC KEY"), "no valid public key"),
        (Signer::ed25519(1).pem() + &block("PUBLIC KEY"), "key 2: "),
        (jwks(&[]), "no public key"),
        (jwks(&[short]), "shorter than 2048"),
        (jwks(&[private]), "key 1: it is private"),
        // A key too short for its kind, one that is no point, one that everything is signed with, and no base64.
        (jwks(&[json!({"kty": "OKP", "crv": "Ed25519", "x": "c2VjcmV0"})]), "no valid public key"),
        (jwks(&[json!({"kty": "OKP", "crv": "Ed25519", "x": format!("Ag{}", "A".repeat(41))})]), "no valid public key"),
        (jwks(&[json!({"kty": "OKP", "crv": "Ed25519", "x": format!("AQ{}", "A".repeat(41))})]), "no valid public key"),
        (jwks(&[json!({"kty": "OKP", "crv": "Ed25519", "x": "=secret="})]), "malformed"),
        (jwks(&[json!({"kty": "RSA", "e": "AQAB"})]), "malformed"),
        (jwks(&[json!({"kty": "RSA", "kid": 5})]), "malformed"),
        ("{\"keys\": [\n\"secret".to_owned(), "line 2"),
        ("c2VjcmV0".to_owned(), "no public key"),
    ];
    for (text, expected) in cases {
        let file = KeyFile::new(&text);
        let demo = backend_with(Engine::Sqlite, 0, settings(file.path())).await;
        let error = demo.provider.load().await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("tokens.keys"), "{expected}: {error}");
        assert!(!error.contains("secret") && !error.contains("c2Vj"), "{error}");
        assert!(!signs_in(&demo, &Signer::ed25519(1).sign(None, &claims())).await);
    }
}

#[test]
fn serve_does_not_start_without_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |keys: &str, issuer: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .envs([("LAIDIAN_TOKENS_KEYS", keys), ("LAIDIAN_TOKENS_ISSUER", issuer)])
            .output()
            .unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = serve("nowhere.pem", "https://idp.example.com");
    assert!(error.contains("tokens.keys nowhere.pem: "), "{error}");
    let error = serve("nowhere.pem", "");
    assert!(error.contains("tokens.keys") && error.contains("tokens.issuer"), "{error}");
}
