//! The two signatures of the HTTP door. Pure: times, nonces and secrets come from the caller,
//! so that the server, the replayer and a client's own tests compute the same text.

use std::collections::BTreeMap;

use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Returns the document's own signature: lower-case hex SHA-256 of `appid&token&timestamp`.
///
/// It covers neither the path nor the body; [`v2`] does.
#[must_use]
pub fn v1(appid: &str, token: &str, timestamp: &str) -> String {
    hex::encode(Sha256::digest(format!("{appid}&{token}&{timestamp}")))
}

/// Returns the `sign_version=v2` signature: lower-case hex HMAC-SHA256, keyed with the token, over
/// method, path, sorted query, lower-case hex SHA-256 of the body, timestamp and nonce, one a line
/// and no line end after the last.
///
/// `path` is the path of the request line as it was sent (still percent-encoded), `sorted_query`
/// what [`sorted_query`] makes of all its parameters.
#[must_use]
pub fn v2(
    token: &str,
    method: &str,
    path: &str,
    sorted_query: &str,
    body: &[u8],
    timestamp: &str,
    nonce: &str,
) -> String {
    let body = hex::encode(Sha256::digest(body));
    let mut mac = keyed(token.as_bytes());
    mac.update([method, path, sorted_query, &body, timestamp, nonce].join("\n").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Returns the seal of a text that comes back from a client: lower-case hex HMAC-SHA256, of which half is enough.
#[must_use]
pub fn seal(secret: &str, text: &str) -> String {
    let mut mac = keyed(secret.as_bytes());
    mac.update(text.as_bytes());
    let mut seal = hex::encode(mac.finalize().into_bytes());
    seal.truncate(32);
    seal
}

/// A digest that WiseCRM's clients sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WiseDigest {
    Md5,
    Sha1,
}

impl WiseDigest {
    /// The digest of a `sign_type`, in any case.
    #[must_use]
    pub fn parse(sign_type: &str) -> Option<Self> {
        match sign_type.trim().to_ascii_uppercase().as_str() {
            "MD5" => Some(Self::Md5),
            "SHA1" => Some(Self::Sha1),
            _ => None,
        }
    }

    /// The `sign_type` by which clients name it.
    #[must_use]
    pub fn sign_type(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
        }
    }
}

/// Returns WiseCRM's signature: lower-case hex of the digest over all parameters but `sign` that are not blank,
/// sorted by key, as `k=v` joined by `&`, and the key behind them. Of several values of one key the first counts.
#[must_use]
pub fn wise(digest: WiseDigest, appkey: &str, parameters: &[(String, String)]) -> String {
    let mut kept: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, value) in parameters.iter().filter(|(key, _)| key != "sign") {
        kept.entry(key).or_insert(value);
    }
    let mut text = String::new();
    for (key, value) in kept.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        for part in [key, "=", value, "&"] {
            text.push_str(part);
        }
    }
    text.push_str("appkey=");
    text.push_str(appkey);
    match digest {
        WiseDigest::Md5 => hex::encode(Md5::digest(text)),
        WiseDigest::Sha1 => hex::encode(Sha1::digest(text)),
    }
}

/// Returns the canonical query of [`v2`]: every pair but `sign`, sorted by key, then by value,
/// percent-encoded as an HTML form is and joined by `&`.
#[must_use]
pub fn sorted_query(pairs: &[(String, String)]) -> String {
    let mut kept: Vec<&(String, String)> = pairs.iter().filter(|(key, _)| key != "sign").collect();
    kept.sort();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.into_iter().map(|(key, value)| (key, value)))
        .finish()
}

/// HMAC takes a key of any length. The constructor that says so returns a `Result` that is never an
/// error; filling the block here (RFC 2104 §2) leaves no error to swallow in a security check.
pub(super) fn keyed(token: &[u8]) -> Hmac<Sha256> {
    let mut block = Key::<Hmac<Sha256>>::default();
    let hashed = (token.len() > block.len()).then(|| Sha256::digest(token));
    let key = hashed.as_ref().map_or(token, |digest| digest.as_slice());
    for (byte, of_key) in block.iter_mut().zip(key) {
        *byte = *of_key;
    }
    Hmac::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn wise_signs_every_parameter_that_is_not_blank() {
        let call = pairs(&[
            ("qname", "*软件"),
            ("appid", "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"),
            ("fields", "accountId,accountName"),
            ("op_user", "027-00000000-0000-4000-8000-000000000001"),
            ("page_no", "1"),
            ("page_size", ""),
            ("timestamp", "1700000000000"),
            ("sign", "not a part of it"),
        ]);
        for (sign_type, expected) in
            [("MD5", "3908f3f3d2618d656e68e6eb59815ab8"), ("SHA1", "24f142ce2ea9b49bc1c1029b01939e5cddd8c845")]
        {
            let mut call = call.clone();
            call.extend(pairs(&[("sign_type", sign_type), ("qname", "a second value does not count")]));
            assert_eq!(wise(WiseDigest::parse(sign_type).unwrap(), "demo-key", &call), expected);
        }
        assert_eq!(WiseDigest::parse(" sha1 "), Some(WiseDigest::Sha1));
        assert_eq!(WiseDigest::parse("SHA256"), None);
    }

    #[test]
    fn v1_is_the_hash_of_three_texts() {
        assert_eq!(
            v1("2020158", "demo-token", "1494474404"),
            "42791f57d7a5b78e5187840695f0023cc9e56bb1358fb44652cb6f57a60e7562"
        );
    }

    #[test]
    fn v2_covers_everything() {
        let query = sorted_query(&pairs(&[
            ("type", "custName"),
            ("content", "测试 用户"),
            ("timestamp", "1494474404"),
            ("appid", "2020158"),
            ("nonce", "n-1"),
            ("sign_version", "v2"),
            ("sign", "whatever"),
        ]));
        assert_eq!(
            query,
            "appid=2020158&content=%E6%B5%8B%E8%AF%95+%E7%94%A8%E6%88%B7&nonce=n-1&sign_version=v2&timestamp=1494474404&type=custName"
        );
        let body = br#"{"customer":{"custname":"x"}}"#;
        let path = "/open_api/customers/update_customer";
        assert_eq!(
            v2("demo-token", "PUT", path, &query, body, "1494474404", "n-1"),
            "b553ae4977a4835e691d6ad6c0ea5aff78fca69b6d1be4061e5da9d6baba5c02"
        );
    }

    #[test]
    fn a_token_longer_than_a_block_is_hashed_first() {
        assert_eq!(
            v2(&"k".repeat(100), "GET", "/", "", b"", "1", "2"),
            "94a1b68de7269a7182d61afcd11fccd45d2f17c9230903603c120c196103e427"
        );
    }

    #[test]
    fn equal_keys_sort_by_value() {
        assert_eq!(sorted_query(&pairs(&[("a", "2"), ("b", ""), ("a", "10")])), "a=10&a=2&b=");
        assert_eq!(sorted_query(&[]), "");
    }
}
