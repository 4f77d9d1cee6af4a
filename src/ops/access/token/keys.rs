//! The public keys of an identity provider: PEM, or a JWKS as providers publish it. Each key is checked when it is
//! read, and fixes its algorithm; the head of a token can only choose among the keys.

use std::fmt;

use ed25519_dalek::VerifyingKey;
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The most keys of a file: a token that names none is tried with all of its kind.
const MOST: usize = 16;
/// The shortest modulus of an RSA key, bits.
const SHORTEST_RSA: usize = 2048;

/// A key that signatures are checked with.
pub struct Key {
    /// What a token calls it. A key without a name may be any.
    pub id: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// Why a file's keys cannot be used. It never shows what is in the file.
#[derive(Debug)]
pub enum KeysError {
    Unreadable(std::io::Error),
    NoFile,
    TooLarge { most: u64 },
    Form { line: usize, column: usize },
    None,
    TooMany,
    Key { number: usize, fault: Fault },
}

/// What is wrong with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Form,
    Private,
    Certificate,
    Kind,
    ShortRsa,
    Invalid,
}

/// Returns the keys of a PEM file or of a JWKS file; there is at least one.
pub fn parse(text: &str) -> Result<Vec<Key>, KeysError> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let keys = if text.starts_with('{') { parse_jwks(text)? } else { parse_pem(text)? };
    match keys.len() {
        0 => Err(KeysError::None),
        1..=MOST => Ok(keys),
        _ => Err(KeysError::TooMany),
    }
}

fn parse_pem(text: &str) -> Result<Vec<Key>, KeysError> {
    let blocks = pem::parse_many(text).map_err(|_| KeysError::Form { line: 1, column: 1 })?;
    let keys = blocks.iter().zip(1..).map(|(block, number)| {
        let key = match block.tag() {
            "PUBLIC KEY" => match RsaPublicKey::from_public_key_der(block.contents()) {
                Ok(key) => rsa_key(&key),
                Err(_) => VerifyingKey::from_public_key_der(block.contents())
                    .map_err(|_| Fault::Kind)
                    .and_then(|key| ed25519_key(&key)),
            },
            "RSA PUBLIC KEY" => {
                RsaPublicKey::from_pkcs1_der(block.contents()).map_err(|_| Fault::Invalid).and_then(|key| rsa_key(&key))
            }
            "CERTIFICATE" => Err(Fault::Certificate),
            tag if tag.ends_with("PRIVATE KEY") => Err(Fault::Private),
            _ => Err(Fault::Kind),
        };
        key.map_err(|fault| KeysError::Key { number, fault })
    });
    keys.collect()
}

fn rsa_key(key: &RsaPublicKey) -> Result<Key, Fault> {
    if key.n().bits() < SHORTEST_RSA {
        return Err(Fault::ShortRsa);
    }
    let decoding = DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be());
    Ok(Key { id: None, algorithm: Algorithm::RS256, key: decoding })
}

fn ed25519_key(key: &VerifyingKey) -> Result<Key, Fault> {
    // With such a key, one signature fits every message.
    if key.is_weak() {
        return Err(Fault::Invalid);
    }
    Ok(Key { id: None, algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(key.as_bytes()) })
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// A key of a set, RFC 7517 and 7518.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    /// The private part.
    d: Option<IgnoredAny>,
}

/// Returns the keys of a set that tokens may be signed with. Others are passed over: providers publish keys
/// for encryption and of further kinds beside them.
fn parse_jwks(text: &str) -> Result<Vec<Key>, KeysError> {
    let jwks: Jwks =
        serde_json::from_str(text).map_err(|error| KeysError::Form { line: error.line(), column: error.column() })?;
    let keys = jwks.keys.into_iter().zip(1..).filter_map(|(value, number)| {
        let key = match serde_json::from_value::<Jwk>(value) {
            Ok(jwk) => jwk.key().transpose()?,
            Err(_) => Err(Fault::Form),
        };
        Some(key.map_err(|fault| KeysError::Key { number, fault }))
    });
    keys.collect()
}

impl Jwk {
    fn key(self) -> Result<Option<Key>, Fault> {
        let is_for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !is_for_signatures {
            return Ok(None);
        }
        let key = match (self.kty.as_str(), self.crv.as_deref(), self.alg.as_deref()) {
            ("RSA", _, None | Some("RS256")) => self.rsa(),
            ("OKP", Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => self.ed25519(),
            _ => return Ok(None),
        };
        if self.d.is_some() {
            return Err(Fault::Private);
        }
        Ok(Some(Key { id: self.kid, ..key? }))
    }

    fn rsa(&self) -> Result<Key, Fault> {
        let (Some(n), Some(e)) = (&self.n, &self.e) else { return Err(Fault::Form) };
        let decoded = DecodingKey::from_rsa_components(n, e).map_err(|_| Fault::Form)?;
        let DecodingKeyKind::RsaModulusExponent { n, e } = decoded.kind() else { return Err(Fault::Form) };
        let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
        rsa_key(&key.map_err(|_| Fault::Invalid)?)
    }

    fn ed25519(&self) -> Result<Key, Fault> {
        let x = self.x.as_ref().ok_or(Fault::Form)?;
        let decoded = DecodingKey::from_ed_components(x).map_err(|_| Fault::Form)?;
        let bytes = decoded.try_get_as_bytes().map_err(|_| Fault::Form)?;
        // jsonwebtoken takes a key of any length and panics later if it is too short.
        ed25519_key(&VerifyingKey::try_from(bytes).map_err(|_| Fault::Invalid)?)
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(cause) => write!(f, "无法读取：{cause} / it cannot be read: {cause}"),
            Self::NoFile => f.write_str("不是普通文件 / it is no regular file"),
            Self::TooLarge { most } => write!(f, "超过 {most} 字节 / it has more than {most} bytes"),
            Self::Form { line, column } => write!(
                f,
                "第 {line} 行第 {column} 列：不是 PEM，也不是 JWKS / line {line}, column {column}: it is neither PEM nor a JWKS"
            ),
            Self::None => f.write_str(
                "没有可用的公钥（RS256 用的 RSA，EdDSA 用的 Ed25519） / it has no public key for RS256 (RSA) or EdDSA (Ed25519)",
            ),
            Self::TooMany => write!(f, "公钥超过 {MOST} 个 / it has more than {MOST} keys"),
            Self::Key { number, fault } => {
                let (chinese, english) = fault.texts();
                write!(f, "第 {number} 个密钥{chinese} / key {number}: {english}")
            }
        }
    }
}

impl std::error::Error for KeysError {}

impl Fault {
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Form => ("格式不正确", "it is malformed"),
            Self::Private => (
                "是私钥；请只给公钥，私钥不应离开身份提供方",
                "it is private; give the public one, the private one should not leave the provider",
            ),
            Self::Certificate => (
                "是证书；请取出其中的公钥：openssl x509 -pubkey -noout",
                "it is a certificate; take the public key out: openssl x509 -pubkey -noout",
            ),
            Self::Kind => ("既不是 RSA 公钥，也不是 Ed25519 公钥", "it is neither an RSA nor an Ed25519 public key"),
            Self::ShortRsa => ("的 RSA 模数不足 2048 位", "its RSA modulus is shorter than 2048 bits"),
            Self::Invalid => ("不是有效的公钥", "it is no valid public key"),
        }
    }
}
