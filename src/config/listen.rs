//! The address to listen on, as people write it.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

/// Returns the address that `127.0.0.1:7070`, `localhost:7070`, `:7070` or the name of a host and a port mean. What has
/// no host is this machine only: nobody opens a server to others by leaving something out.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || {
        format!(
            "{text} 不是监听地址，应形如 127.0.0.1:7070、localhost:7070、:7070（仅本机）或 0.0.0.0:7070（所有地址） / {text} is no \
             address to listen on, such as 127.0.0.1:7070, localhost:7070, :7070 (this machine only) or 0.0.0.0:7070 (all addresses)"
        )
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if host.is_empty() || host.eq_ignore_ascii_case("localhost") {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    let known: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(|_| wrong())?.collect();
    known.iter().find(|address| address.is_ipv4()).or(known.first()).copied().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_known_however_it_is_written() {
        for (text, means) in [
            ("127.0.0.1:7070", "127.0.0.1:7070"),
            ("localhost:7070", "127.0.0.1:7070"),
            ("LOCALHOST:0", "127.0.0.1:0"),
            (":7070", "127.0.0.1:7070"),
            ("[::1]:7070", "[::1]:7070"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(address(text), Ok(means.parse().unwrap()), "{text}");
        }
        for wrong in
            ["", "7070", "localhost", ":", "localhost:", ":70700", "::1:x", "http://localhost:7070", "no such host:1"]
        {
            let refused = address(wrong).unwrap_err();
            assert!(
                refused.contains(":7070（仅本机）") && refused.contains("0.0.0.0:7070 (all addresses)"),
                "{refused}"
            );
        }
    }
}
