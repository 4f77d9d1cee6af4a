//! Tokens for tests: signed here, whatever the server would sign itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use ring::{hmac, rand};
use serde::Serialize;
use serde_json::Value;

pub enum Key {
    Secret(Vec<u8>),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub fn secret(secret: impl AsRef<[u8]>) -> Self {
        Self::Secret(secret.as_ref().to_vec())
    }

    /// Returns a token with this head, which says with what it is signed.
    pub fn sign(&self, head: &Header, claims: &Value) -> String {
        let message = format!("{}.{}", part(head), part(claims));
        let bytes = message.as_bytes();
        let signature = match (self, head.alg) {
            (Self::Secret(secret), Algorithm::HS256) => mac(hmac::HMAC_SHA256, secret, bytes),
            (Self::Secret(secret), Algorithm::HS512) => mac(hmac::HMAC_SHA512, secret, bytes),
            (Self::Rsa(pair), Algorithm::RS256) => rsa(&RSA_PKCS1_SHA256, pair, bytes),
            (Self::Rsa(pair), Algorithm::RS512) => rsa(&RSA_PKCS1_SHA512, pair, bytes),
            (Self::Rsa(pair), Algorithm::PS256) => rsa(&RSA_PSS_SHA256, pair, bytes),
            (Self::Ed25519(pair), Algorithm::EdDSA) => pair.sign(bytes).as_ref().to_vec(),
            (_, algorithm) => panic!("{algorithm:?} is not for this key"),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A token of the company's own kind.
pub fn hs256(claims: &Value, secret: impl AsRef<[u8]>) -> String {
    Key::secret(secret).sign(&Header::new(Algorithm::HS256), claims)
}

fn part(json: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(json).unwrap())
}

fn mac(algorithm: hmac::Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}

fn rsa(encoding: &'static dyn RsaEncoding, pair: &RsaKeyPair, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &rand::SystemRandom::new(), message, &mut signature).unwrap();
    signature
}
