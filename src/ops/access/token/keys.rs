//! The public keys of an identity provider: PEM, or a JWKS as providers publish it. Each key is checked when it is
//! read, and fixes its algorithm; the head of a token can only choose among the keys.

use std::fmt;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::ops::access::token::der::{self, PublicKey, Rsa};

/// The most keys of a file: a token that names none is tried with all of its kind.
const MOST: usize = 16;
/// The shortest modulus of an RSA key, bits.
const SHORTEST_RSA: usize = 2048;
/// The longest: each token takes the time for it.
const LONGEST_RSA: usize = 4096;
/// The largest exponent of an RSA key, for the same reason; ring takes no larger one.
const LARGEST_EXPONENT: u64 = (1 << 33) - 1;

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
            "PUBLIC KEY" => match der::public_key(block.contents()) {
                // What is no key at all is of neither kind.
                Some(PublicKey::Rsa(key)) => rsa(key).ok_or(Fault::Kind).and_then(rsa_key),
                Some(PublicKey::Ed25519(bytes)) => ed25519(bytes).ok_or(Fault::Kind).and_then(ed25519_key),
                None => Err(Fault::Kind),
            },
            "RSA PUBLIC KEY" => {
                der::rsa_public_key(block.contents()).and_then(rsa).ok_or(Fault::Invalid).and_then(rsa_key)
            }
            "CERTIFICATE" => Err(Fault::Certificate),
            tag if tag.ends_with("PRIVATE KEY") => Err(Fault::Private),
            _ => Err(Fault::Kind),
        };
        key.map_err(|fault| KeysError::Key { number, fault })
    });
    keys.collect()
}

/// Returns the numbers without zeros before them, if they make a key.
fn rsa(key: Rsa<'_>) -> Option<Rsa<'_>> {
    let (n, e) = (without_zeros(key.n), without_zeros(key.e));
    let exponent = e.iter().try_fold(0_u64, |number, byte| number.checked_mul(256)?.checked_add(u64::from(*byte)))?;
    let is_key = bits(n) <= LONGEST_RSA
        && n.last().is_some_and(|last| last % 2 == 1)
        && exponent % 2 == 1
        && (3..=LARGEST_EXPONENT).contains(&exponent)
        && (e.len(), e) < (n.len(), n);
    is_key.then_some(Rsa { n, e })
}

fn rsa_key(Rsa { n, e }: Rsa<'_>) -> Result<Key, Fault> {
    if bits(n) < SHORTEST_RSA {
        return Err(Fault::ShortRsa);
    }
    Ok(Key { id: None, algorithm: Algorithm::RS256, key: DecodingKey::from_rsa_raw_components(n, e) })
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Returns the point that a key is, if it is one, and how it is written.
fn ed25519(bytes: &[u8]) -> Option<(&[u8], EdwardsPoint)> {
    Some((bytes, CompressedEdwardsY::from_slice(bytes).ok()?.decompress()?))
}

fn ed25519_key((bytes, point): (&[u8], EdwardsPoint)) -> Result<Key, Fault> {
    // With such a key, one signature fits every message.
    if point.is_small_order() {
        return Err(Fault::Invalid);
    }
    Ok(Key { id: None, algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(bytes) })
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
        rsa(Rsa { n, e }).ok_or(Fault::Invalid).and_then(rsa_key)
    }

    fn ed25519(&self) -> Result<Key, Fault> {
        let x = self.x.as_ref().ok_or(Fault::Form)?;
        let decoded = DecodingKey::from_ed_components(x).map_err(|_| Fault::Form)?;
        let bytes = decoded.try_get_as_bytes().map_err(|_| Fault::Form)?;
        ed25519(bytes).ok_or(Fault::Invalid).and_then(ed25519_key)
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

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// An odd number of so many bits.
    fn odd(bits: usize) -> Vec<u8> {
        let mut number = vec![0xff; bits.div_ceil(8)];
        number[0] >>= (8 - bits % 8) % 8;
        number
    }

    /// What is wrong with a key of a set, or its modulus.
    fn read_rsa(n: &[u8], e: &[u8]) -> Result<Vec<u8>, Fault> {
        let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let set = json!({"keys": [{"kty": "RSA", "n": text(n), "e": text(e)}]}).to_string();
        match parse(&set) {
            Ok(keys) => match keys[0].key.kind() {
                DecodingKeyKind::RsaModulusExponent { n, .. } => Ok(n.clone()),
                DecodingKeyKind::SecretOrDer(_) => panic!("no RSA key"),
            },
            Err(KeysError::Key { number: 1, fault }) => Err(fault),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_numbers_of_an_rsa_key_have_limits() {
        let usual: &[u8] = &[1, 0, 1];
        for bits in [2048, 2049, 3072, 4095, 4096] {
            assert_eq!(read_rsa(&odd(bits), usual), Ok(odd(bits)), "{bits}");
        }
        for bits in [17, 18, 512, 1024, 2040, 2047] {
            assert_eq!(read_rsa(&odd(bits), usual), Err(Fault::ShortRsa), "{bits}");
        }
        for bits in [4097, 8192, 100_000] {
            assert_eq!(read_rsa(&odd(bits), usual), Err(Fault::Invalid), "{bits}");
        }
        // Zeros before a number say nothing.
        assert_eq!(read_rsa(&[vec![0; 300], odd(2048)].concat(), &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]), Ok(odd(2048)));
        assert_eq!(read_rsa(&[vec![0; 10], odd(2047)].concat(), usual), Err(Fault::ShortRsa));
        for e in [&[3][..], &[17], &[0, 3], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert!(read_rsa(&odd(2048), e).is_ok(), "{e:?}");
        }
        for e in
            [&[][..], &[0], &[1], &[2], &[0, 1], &[1, 0, 0], &[2, 0, 0, 0, 1], &[0xff; 8], &[0xff; 9], &[0xff; 256]]
        {
            assert_eq!(read_rsa(&odd(2048), e), Err(Fault::Invalid), "{e:?}");
        }
        let even = [odd(2040), vec![0xfe]].concat();
        for n in [&[][..], &[0], &[0, 0], &[1], &[3], &[1, 0, 1], &even] {
            assert_eq!(read_rsa(n, usual), Err(Fault::Invalid), "{n:?}");
        }
    }

    #[test]
    fn an_ed25519_key_is_a_point_of_the_large_group() {
        let base = hex::decode("5866666666666666666666666666666666666666666666666666666666666666").unwrap();
        let read = |bytes: &[u8]| ed25519(bytes).ok_or(Fault::Invalid).and_then(ed25519_key).map(drop);
        assert_eq!(read(&base), Ok(()));
        for length in [0, 31] {
            assert_eq!(read(&base[..length]), Err(Fault::Invalid));
        }
        assert_eq!(read(&[base.as_slice(), &[0]].concat()), Err(Fault::Invalid));
        // The points of order 1, 2, 4 and 8, and other spellings of them; the last one is no point.
        for y in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0200000000000000000000000000000000000000000000000000000000000000",
        ] {
            let mut bytes = hex::decode(y).unwrap();
            for _ in 0..2 {
                assert_eq!(read(&bytes), Err(Fault::Invalid), "{y}");
                bytes[31] ^= 0x80;
            }
        }
    }

    #[test]
    fn a_block_says_what_is_wrong_with_its_key() {
        let fault = |tag: &str, der: &str| match parse(&pem::encode(&pem::Pem::new(tag, hex::decode(der).unwrap()))) {
            Err(KeysError::Key { number: 1, fault }) => fault,
            other => panic!("{:?}", other.map(|keys| keys.len())),
        };
        let ed25519 = |y: &str| format!("302a300506032b6570032100{y}{}", "00".repeat(31));
        let rsa = |key: &str| format!("301c300d06092a864886f70d0101010500030b00{key}");
        // No point, and a weak one; an even modulus, and a short one.
        assert_eq!(fault("PUBLIC KEY", &ed25519("02")), Fault::Kind);
        assert_eq!(fault("PUBLIC KEY", &ed25519("01")), Fault::Invalid);
        assert_eq!(fault("PUBLIC KEY", &rsa("30080203010000020103")), Fault::Kind);
        assert_eq!(fault("PUBLIC KEY", &rsa("30080203010001020103")), Fault::ShortRsa);
        assert_eq!(fault("RSA PUBLIC KEY", "30080203010000020103"), Fault::Invalid);
        assert_eq!(fault("RSA PUBLIC KEY", "30080203010001020103"), Fault::ShortRsa);
        assert_eq!(fault("RSA PUBLIC KEY", &ed25519("02")), Fault::Invalid);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is in a file, it is keys or a fault; and what is a key can be asked for a signature.
        #[test]
        fn arbitrary_keys_are_answered(
            block in proptest::collection::vec(any::<u8>(), 0..600),
            e in proptest::collection::vec(any::<u8>(), 0..8),
            text in ".{0,80}",
            tag in "(RSA )?PUBLIC KEY",
        ) {
            let _ = parse(&text);
            let _ = parse(&pem::encode(&pem::Pem::new(tag, block.clone())));
            let _ = read_rsa(&block, &e);
            let _ = ed25519(&block).map(ed25519_key);
            let _ = ed25519(block.first_chunk::<32>().unwrap_or(&[9; 32])).map(ed25519_key);
        }
    }
}
