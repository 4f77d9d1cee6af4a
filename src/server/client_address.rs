//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::config::Network;

/// What proxies write the addresses in that a request has come through, each at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client that a request is from. Every request carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Returns the address of whoever sent this through `trusted` proxies, or through none. What somebody else
    /// than a trusted proxy has written is not believed: it could be anything.
    #[must_use]
    pub fn find(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
        let peer = peer.to_canonical();
        if !is_trusted(&peer) {
            return Self(peer);
        }
        let written = headers.get_all(FORWARDED_FOR).iter().rev();
        // Bytes, not text: what is right of a client's garbage was written by a proxy and counts.
        let entries = written.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        let mut entries = entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty()).map(parse);
        let sender = entries.find(|entry| !entry.as_ref().is_some_and(is_trusted));
        Self(sender.flatten().unwrap_or(peer))
    }
}

/// The address of an entry. Some proxies write the port as well.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?;
    let address = entry.parse().or_else(|_| entry.parse().map(|address: SocketAddr| address.ip()));
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";
    const CLIENT: &str = "203.0.113.7";

    fn trusted() -> Vec<Network> {
        ["10.0.0.0/8", "2001:db8::1"].map(|network| network.to_owned().try_into().unwrap()).to_vec()
    }

    fn find(peer: &str, values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value).unwrap());
        }
        ClientAddress::find(peer.parse().unwrap(), &headers, &trusted()).0.to_string()
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_clients() {
        let values: [(&[&[u8]], &str); 10] = [
            (&[b"203.0.113.7"], CLIENT),
            (&[b"198.51.100.1, 203.0.113.7"], CLIENT),
            (&[b"198.51.100.1,203.0.113.7 , 10.9.9.9"], CLIENT),
            (&[b"198.51.100.1", b"203.0.113.7", b"10.9.9.9, 2001:db8::1"], CLIENT),
            (&[b"203.0.113.7:4711"], CLIENT),
            (&[b"::ffff:203.0.113.7, ::ffff:10.1.1.1"], CLIENT),
            (&[b"2001:db8::2"], "2001:db8::2"),
            (&[b"[2001:db8::2]:4711"], "2001:db8::2"),
            (&[b"[2001:db8::2]"], "2001:db8::2"),
            (&[b"\xff\xfe, 203.0.113.7,, "], CLIENT),
        ];
        for (values, expected) in values {
            assert_eq!(find(PROXY, values), expected, "{values:?}");
            assert_eq!(find("2001:db8::1", values), expected, "{values:?}");
            assert_eq!(find("::ffff:10.0.0.1", values), expected, "{values:?}");
        }
    }

    #[test]
    fn whoever_is_no_trusted_proxy_is_not_believed() {
        for peer in ["192.0.2.1", "11.0.0.1", "2001:db8::2"] {
            assert_eq!(find(peer, &[b"203.0.113.7"]), peer);
        }
        assert_eq!(find("::ffff:192.0.2.1", &[b"203.0.113.7"]), "192.0.2.1");
    }

    #[test]
    fn without_an_address_that_can_be_read_it_is_the_peers() {
        let values: [&[&[u8]]; 7] =
            [&[], &[b""], &[b" , "], &[b"unknown"], &[b"203.0.113.7, x"], &[b"10.2.2.2"], &[b"203.0.113.7", b"\xff"]];
        for values in values {
            assert_eq!(find(PROXY, values), PROXY, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_gives_an_address(values in proptest::collection::vec("[ -~\u{80}-\u{ff}]{0,40}|([0-9a-f:.,\\[\\] ]{0,40})", 0..4)) {
            let values: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
            let found = find(PROXY, &values);
            prop_assert!(found.parse::<IpAddr>().is_ok());
        }
    }
}
