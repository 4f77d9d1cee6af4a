//! Where a server listens.

use std::net::SocketAddr;
use std::str::FromStr;

/// The two doors of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The WebSocket, as `ws://127.0.0.1:7070/ws`.
    pub ws: String,
    /// HTTP, as `http://127.0.0.1:7070`, without a slash at the end.
    pub http: String,
}

impl Target {
    /// Returns the target of a server that has both doors on one address.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self { ws: format!("ws://{address}/ws"), http: format!("http://{address}") }
    }

    /// Returns the WebSocket address with `path` in place of its own.
    pub(super) fn socket_at(&self, path: &str) -> String {
        let start = self.ws.find("://").map_or(0, |index| index + 3);
        let end = self.ws[start..].find('/').map_or(self.ws.len(), |index| start + index);
        format!("{}{path}", &self.ws[..end])
    }
}

impl FromStr for Target {
    type Err = String;

    /// Reads `host:port`, `http://host:port` or `ws://host:port/path`; without a path the socket is at `/ws`.
    fn from_str(url: &str) -> Result<Self, String> {
        let rest = match url.split_once("://") {
            None => url,
            Some(("ws" | "http", rest)) => rest,
            Some(("wss" | "https", _)) => {
                return Err(
                    "暂不支持 TLS，请用 ws:// 或 http:// / TLS is not supported yet, use ws:// or http://".to_owned()
                );
            }
            Some((scheme, _)) => return Err(format!("不认识的协议 / unknown scheme: {scheme}")),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() {
            return Err("缺少主机名 / no host".to_owned());
        }
        let path = if path.is_empty() { "ws" } else { path };
        Ok(Self { ws: format!("ws://{host}/{path}"), http: format!("http://{host}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_two_doors() {
        let usual = Target::at(([127, 0, 0, 1], 7070).into());
        for url in ["127.0.0.1:7070", "http://127.0.0.1:7070/", "ws://127.0.0.1:7070/ws"] {
            assert_eq!(url.parse().as_ref(), Ok(&usual), "{url}");
        }
        assert_eq!("ws://h/socket".parse::<Target>().unwrap().ws, "ws://h/socket");
        assert_eq!(usual.socket_at("/"), "ws://127.0.0.1:7070/");
    }

    #[test]
    fn tls_and_nonsense_are_refused() {
        assert!("wss://h/ws".parse::<Target>().unwrap_err().contains("TLS"));
        for wrong in ["ftp://h", "http://", ""] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
