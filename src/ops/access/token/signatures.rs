//! The signatures of tokens: ring's, for the algorithms that are believed and for no others.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Header, TokenData, Validation};
use ring::hmac;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns a token that says this.
pub fn encode(head: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<String> {
    install();
    #[expect(clippy::disallowed_methods, reason = "this is where it is installed")]
    jsonwebtoken::encode(head, claims, key)
}

/// Returns what a token says, if this key has signed it.
pub fn decode<T: DeserializeOwned>(token: &str, key: &DecodingKey, validation: &Validation) -> Result<TokenData<T>> {
    install();
    #[expect(clippy::disallowed_methods, reason = "this is where it is installed")]
    jsonwebtoken::decode(token, key, validation)
}

/// jsonwebtoken knows its cryptography from the process, and panics without.
fn install() {
    static INSTALLED: Once = Once::new();
    static RING: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| signer(*algorithm, key),
        verifier_factory: |algorithm, key| verifier(*algorithm, key),
        // For making sets of keys, which nobody does here.
        key_utils: KeyUtils::new_unimplemented(),
    };
    INSTALLED.call_once(|| {
        if RING.install_default().is_err() {
            tracing::warn!("another cryptography was installed for tokens before; it is the one that checks them");
        }
    });
}

/// Only the company's own tokens are issued here.
fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::HS256 if key.family() == algorithm.family() => {
            Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))))
        }
        Algorithm::HS256 => Err(new_error(ErrorKind::InvalidKeyFormat)),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::HS256 | Algorithm::RS256 | Algorithm::EdDSA if key.family() == algorithm.family() => {
            Ok(Box::new(Check { algorithm, key: key.clone() }))
        }
        Algorithm::HS256 | Algorithm::RS256 | Algorithm::EdDSA => Err(new_error(ErrorKind::InvalidKeyFormat)),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

struct Hs256(hmac::Key);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let outcome = match (self.algorithm, self.key.kind()) {
            (Algorithm::HS256, DecodingKeyKind::SecretOrDer(secret)) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), message, signature)
            }
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            _ => Err(ring::error::Unspecified),
        };
        outcome.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const BELIEVED: [Algorithm; 3] = [Algorithm::HS256, Algorithm::RS256, Algorithm::EdDSA];
    const REFUSED: [Algorithm; 9] = [
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
    ];

    /// A key and a token that it has signed.
    struct Known {
        algorithm: Algorithm,
        key: DecodingKey,
        message: &'static str,
        signature: Vec<u8>,
    }

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn known(algorithm: Algorithm, key: DecodingKey, token: &'static str) -> Known {
        let (message, signature) = token.rsplit_once('.').unwrap();
        Known { algorithm, key, message, signature: bytes(signature) }
    }

    /// RFC 7515 §A.1.
    fn secret() -> Vec<u8> {
        bytes("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    }

    /// The modulus of tests/fixtures/test-only-rsa-1.pem.
    fn modulus() -> Vec<u8> {
        let digits = "C0866491EBFE8FB3F037E2D6D8876FE3B491312E8E68781FA1515AF8099D8BACDC6585513E70A0B4B149E1B6B583E504\
                      475EE3C9643283E7239D146941B413D88D52A554912B522B5DBF95BD9B3EC9297AE7F71874653535400C92C54D75E794\
                      FC54E90327914C8C857D7F56D09067508931922D078732987AC83FC2EFE36F39C9ECB9B79D6B2FD0833618ECB9895CC8\
                      A2A5DCACDBE0BD6A38EFA5DE8FCD4479286E5275BF6BEB957CFC49057551C7805044EEA43E779996EFC9C8AEC95D1A05\
                      5071A5F6B46FF0315747BD7768F2099868A7AF504BEA698DD9E894657141930681B8EBCDAAA56FE5E513601928F54F60\
                      C991647304F4E07FC7D92D07B92393AF";
        hex::decode(digits).unwrap()
    }

    fn known_tokens() -> [Known; 3] {
        [
            known(
                Algorithm::HS256,
                DecodingKey::from_secret(&secret()),
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            ),
            // Signed by OpenSSL.
            known(
                Algorithm::RS256,
                DecodingKey::from_rsa_raw_components(&modulus(), &[1, 0, 1]),
                "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0cmNzMDAxIn0.\
                 YDI00z-h82R0Z03mwb8e5AFgZKJmqu8e19uD7YlMyNcR9gENidBEK8Zb-1Vow_pOqQUCPb6pqhDvXpWQBJ-3k3OSqcFMhEhmYBUmet9kX\
                 Yn14hfmir8-B_QC4CJfcWKWCrB9omthoPCk3e0S82mnmHUGqWhX6OU7A_mjfew70P9k-bbPz-FcE91RrQGURxN51Nj1QF3c4hBzd8Yw8a\
                 _NTHstujhmarI8iwkbrwvDabTZMFwVZXVrPq3Qisba5rGlk03INcIkf0p3f9wQjGjofvVf3D6q_Mk-8-CLDhY8ie47tCNcnHKOMEcQivZ\
                 ZT_q7WYs0cia2drOIKjZJeCtIuw",
            ),
            // RFC 8037 §A.4.
            known(
                Algorithm::EdDSA,
                DecodingKey::from_ed_der(&bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            ),
        ]
    }

    fn holds(algorithm: Algorithm, key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
        let check = verifier(algorithm, key);
        check.is_ok_and(|check| check.algorithm() == algorithm && check.verify(message, &signature.to_vec()).is_ok())
    }

    #[test]
    fn known_signatures_hold_and_no_others() {
        for Known { algorithm, key, message, signature } in known_tokens() {
            let message = message.as_bytes();
            assert!(holds(algorithm, &key, message, &signature), "{algorithm:?}");
            for at in 0..signature.len() {
                let mut changed = signature.clone();
                changed[at] ^= 1 << (at % 8);
                assert!(!holds(algorithm, &key, message, &changed), "{algorithm:?} {at}");
                assert!(!holds(algorithm, &key, message, &signature[..at]), "{algorithm:?} {at}");
                assert!(!holds(algorithm, &key, message, &signature[at + 1..]), "{algorithm:?} {at}");
            }
            for at in 0..message.len() {
                let mut changed = message.to_vec();
                changed[at] ^= 1;
                assert!(!holds(algorithm, &key, &changed, &signature), "{algorithm:?} {at}");
            }
            let longer = [signature.as_slice(), &[0]].concat();
            assert!(!holds(algorithm, &key, message, &longer), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_is_for_its_own_algorithm() {
        for (number, known) in known_tokens().iter().enumerate() {
            for (other, algorithm) in BELIEVED.into_iter().enumerate() {
                let is_good = holds(algorithm, &known.key, known.message.as_bytes(), &known.signature);
                assert_eq!(is_good, number == other, "{:?} as {algorithm:?}", known.algorithm);
                assert_eq!(verifier(algorithm, &known.key).is_ok(), number == other);
            }
            for algorithm in REFUSED {
                assert!(verifier(algorithm, &known.key).is_err(), "{algorithm:?}");
            }
        }
        // The right kind of key with what is no such key in it.
        let [hs256, rs256, eddsa] = known_tokens();
        let mut other = modulus();
        other[100] ^= 1;
        for (known, key) in [
            (&hs256, DecodingKey::from_secret(b"guess")),
            (&hs256, DecodingKey::from_secret(b"")),
            (&rs256, DecodingKey::from_rsa_raw_components(&other, &[1, 0, 1])),
            (&rs256, DecodingKey::from_rsa_raw_components(&modulus(), &[3])),
            (&rs256, DecodingKey::from_rsa_raw_components(&modulus()[1..], &[1, 0, 1])),
            (&rs256, DecodingKey::from_rsa_raw_components(&[], &[])),
            (&rs256, DecodingKey::from_rsa_der(&modulus())),
            (&eddsa, DecodingKey::from_ed_der(&[7; 32])),
            (&eddsa, DecodingKey::from_ed_der(&[7; 5])),
            (&eddsa, DecodingKey::from_ed_der(&[])),
        ] {
            assert!(!holds(known.algorithm, &key, known.message.as_bytes(), &known.signature), "{:?}", known.algorithm);
        }
    }

    #[test]
    fn what_is_signed_is_read_again() {
        let [hs256, ..] = known_tokens();
        let key = EncodingKey::from_secret(&secret());
        let signed = signer(Algorithm::HS256, &key).unwrap().try_sign(hs256.message.as_bytes()).unwrap();
        assert_eq!(signed, hs256.signature);
        let token = encode(&Header::new(Algorithm::HS256), &json!({"sub": "trcs001", "exp": 1}), &key).unwrap();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        let said = decode::<Value>(&token, &hs256.key, &validation).unwrap();
        assert_eq!(said.claims["sub"], "trcs001");
        assert!(decode::<Value>(&token, &DecodingKey::from_secret(b"guess"), &validation).is_err());
        for algorithm in REFUSED.into_iter().chain([Algorithm::RS256, Algorithm::EdDSA]) {
            for key in [&key, &EncodingKey::from_rsa_der(&secret()), &EncodingKey::from_ed_der(&secret())] {
                assert!(encode(&Header::new(algorithm), &json!({}), key).is_err(), "{algorithm:?}");
            }
        }
        assert!(signer(Algorithm::HS256, &EncodingKey::from_rsa_der(&secret())).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arbitrary_keys_and_signatures_are_refused(
            key in proptest::collection::vec(any::<u8>(), 0..600),
            exponent in proptest::collection::vec(any::<u8>(), 0..10),
            message in proptest::collection::vec(any::<u8>(), 0..60),
            signature in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            for key in [
                DecodingKey::from_secret(&key),
                DecodingKey::from_rsa_raw_components(&key, &exponent),
                DecodingKey::from_rsa_der(&key),
                DecodingKey::from_ed_der(&key),
                DecodingKey::from_ed_der(key.first_chunk::<32>().unwrap_or(&[9; 32])),
                DecodingKey::from_ec_der(&key),
            ] {
                for algorithm in BELIEVED.into_iter().chain(REFUSED) {
                    prop_assert!(!holds(algorithm, &key, &message, &signature));
                    prop_assert!(!holds(algorithm, &key, &message, signature.first_chunk::<64>().unwrap_or(&[1; 64])));
                }
            }
        }
    }
}
