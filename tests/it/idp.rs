//! An identity provider for tests: keys, and tokens signed with them.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePublicKey;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use laidian::config::Config;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{MAIN, NOW, SECOND};

pub const ISSUER: &str = "https://idp.example.com/realms/calls";
pub const AUDIENCE: &str = "laidian";

/// A key pair of the provider, or of somebody else.
pub struct Signer {
    pub algorithm: Algorithm,
    pub key: EncodingKey,
    public: Vec<u8>,
}

impl Signer {
    /// One of the two RSA keys: making them takes long.
    pub fn rsa(number: usize) -> Self {
        let text = [include_str!("../fixtures/test-only-rsa-1.pem"), include_str!("../fixtures/test-only-rsa-2.pem")];
        let private = pem::parse(text[number - 1]).unwrap();
        let public = RsaPrivateKey::from_pkcs1_der(private.contents()).unwrap().to_public_key();
        Self {
            algorithm: Algorithm::RS256,
            key: EncodingKey::from_rsa_der(private.contents()),
            public: public.to_public_key_der().unwrap().into_vec(),
        }
    }

    /// As many Ed25519 keys as there are numbers.
    pub fn ed25519(number: u8) -> Self {
        let seed = [number; 32];
        // PKCS#8 of Ed25519 (RFC 8410) is this and the seed.
        let mut private = hex::decode("302e020100300506032b657004220420").unwrap();
        private.extend(seed);
        Self {
            algorithm: Algorithm::EdDSA,
            key: EncodingKey::from_ed_der(&private),
            public: SigningKey::from_bytes(&seed).verifying_key().to_public_key_der().unwrap().into_vec(),
        }
    }

    pub fn pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.public.clone()))
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let head = Header { kid: kid.map(Into::into), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&head, claims, &self.key).unwrap()
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
