//! An identity provider for tests: keys, and tokens signed with them.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use laidian::config::Config;
use ring::signature::{Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::jwt::Key;
use crate::support::{MAIN, NOW, SECOND};

pub const ISSUER: &str = "https://idp.example.com/realms/calls";
pub const AUDIENCE: &str = "laidian";

/// A key pair of the provider, or of somebody else.
pub struct Signer {
    pub algorithm: Algorithm,
    pub key: Key,
}

impl Signer {
    /// One of the two RSA keys: making them takes long.
    pub fn rsa(number: usize) -> Self {
        let text = [include_str!("../fixtures/test-only-rsa-1.pem"), include_str!("../fixtures/test-only-rsa-2.pem")];
        let private = pem::parse(text[number - 1]).unwrap();
        Self { algorithm: Algorithm::RS256, key: Key::Rsa(RsaKeyPair::from_der(private.contents()).unwrap()) }
    }

    /// As many Ed25519 keys as there are numbers.
    pub fn ed25519(number: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap();
        Self { algorithm: Algorithm::EdDSA, key: Key::Ed25519(pair) }
    }

    pub fn pem(&self) -> String {
        // SubjectPublicKeyInfo is this and the key: of RSA with 2048 bits, and of Ed25519 (RFC 8410).
        let (head, public) = match &self.key {
            Key::Rsa(pair) => ("30820122300d06092a864886f70d01010105000382010f00", pair.public_key().as_ref()),
            Key::Ed25519(pair) => ("302a300506032b6570032100", pair.public_key().as_ref()),
            Key::Secret(_) => panic!("it has no public key"),
        };
        pem::encode(&pem::Pem::new("PUBLIC KEY", [&hex::decode(head).unwrap(), public].concat()))
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.key {
            Key::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "alg": "RS256", "n": text(&public.n), "e": text(&public.e)})
            }
            Key::Ed25519(pair) => {
                json!({"kty": "OKP", "alg": "EdDSA", "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
            Key::Secret(_) => panic!("it has no public key"),
        };
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        self.key.sign(&Header { kid: kid.map(Into::into), ..Header::new(self.algorithm) }, claims)
    }
}

/// A set of keys as providers publish it, with keys in it that are for something else.
pub fn jwks(keys: &[Value]) -> String {
    let mut keys = keys.to_vec();
    keys.push(json!({"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256", "x": "AA", "y": "AA"}));
    keys.push(json!({"kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0"}));
    keys.push(json!({"kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP", "n": "AA", "e": "AQAB"}));
    json!({ "keys": keys }).to_string()
}

/// What a good token says.
pub fn claims() -> Value {
    let now = NOW / SECOND;
    json!({"iss": ISSUER, "aud": ["account", AUDIENCE], "sub": "trcs001", "company": MAIN,
           "iat": now, "nbf": now, "exp": now + 600})
}

/// The same with some changed, or taken away by a null.
pub fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// The file that the server has the keys from.
pub struct KeyFile {
    folder: TempDir,
    written: std::cell::Cell<u64>,
}

impl KeyFile {
    pub fn new(text: &str) -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap(), written: 0.into() };
        file.write(text);
        file
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("idp-keys")
    }

    /// Writes the file at a time of its own: two writes can be too close to each other for a file system.
    pub fn write(&self, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(), text).unwrap();
        self.written.set(self.written.get() + 1);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + self.written.get());
        std::fs::File::options().write(true).open(self.path()).unwrap().set_modified(time).unwrap();
    }

    pub fn remove(&self) {
        std::fs::remove_file(self.path()).unwrap();
    }
}

/// Settings for a provider with these keys.
pub fn settings(keys: PathBuf) -> impl FnOnce(&mut Config) {
    move |config| {
        config.tokens.keys = keys;
        config.tokens.issuer = ISSUER.into();
        config.tokens.audience = AUDIENCE.into();
    }
}
