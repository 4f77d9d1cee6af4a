//! By which name a request has come, and whether that may be.
//!
//! In open mode every frame is believed, and what keeps others out is that the server listens on a loopback address
//! only. A page that an agent visits is on the outside, but its name can be made to lead inside: the answer of its
//! name server changes to 127.0.0.1, and the browser takes this server for the page's own (DNS rebinding). The
//! browser then says truly by which name it came, so that in open mode only the names of this machine are taken.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, StatusCode, Version, header};

use crate::config::AuthMode;

/// They say of the server how it is, and nothing of anybody's.
const ANYBODYS: [&str; 2] = ["/healthz", "/readyz"];

const NO_HOST: &str = "请求应有一个有效的 Host / a request has one Host, and it is the name of a host\n";
const FOREIGN: &str = "open 模式只接受本机的名称作为 Host（localhost、127.0.0.1、[::1]）；要用其他名称，请改用 token 模式：[auth] mode = \"token\" / \
     in open mode only names of this machine are taken as Host (localhost, 127.0.0.1, [::1]); \
     for other names use token mode: [auth] mode = \"token\"\n";

/// Refuses a request that has come by no name or by one that it may not come by. What `Host` says afterwards is
/// the name by which it came.
pub fn check<B>(request: &mut Request<B>, mode: AuthMode) -> Result<(), Refused> {
    let named = name(request)?;
    let is_taken = named.as_ref().is_none_or(|name| mode == AuthMode::Token || is_of_this_machine(name.host()));
    if !is_taken && !ANYBODYS.contains(&request.uri().path()) {
        return Err(Refused::Foreign);
    }
    // A target that names the host counts, whatever the header says (RFC 9112, 3.2.2).
    if let Some(target) = request.uri().authority().cloned()
        && let Ok(host) = HeaderValue::from_str(target.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    Ok(())
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not say by which name it has come, or says it twice, or says something else than a name.
    NoName,
    Foreign,
}

impl Refused {
    /// Returns the answer that says so.
    #[must_use]
    pub fn response(self) -> Response<Body> {
        let (status, text) = match self {
            Self::NoName => (StatusCode::BAD_REQUEST, NO_HOST),
            Self::Foreign => (StatusCode::MISDIRECTED_REQUEST, FOREIGN),
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        // Its body is not read.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// By which name a request has come; before HTTP/1.1 there may be none.
fn name<B>(request: &Request<B>) -> Result<Option<Authority>, Refused> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if request.version() < Version::HTTP_11 => None,
        (Some(host), None) => Some(Authority::try_from(host.as_bytes()).map_err(|_| Refused::NoName)?),
        (None, _) | (Some(_), Some(_)) => return Err(Refused::NoName),
    };
    let name = request.uri().authority().cloned().or(host);
    match &name {
        Some(name) if name.as_str().contains('@') || name.host().is_empty() => Err(Refused::NoName),
        _ => Ok(name),
    }
}

/// Whether a name is one that no name server is asked for, or an address of this machine's own.
fn is_of_this_machine(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = literal.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status of a refusal, or the `Host` that a request has afterwards.
    fn checked(version: Version, target: &str, hosts: &[&str], mode: AuthMode) -> Result<String, u16> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let mut request = request.body(()).unwrap();
        check(&mut request, mode).map_err(|refused| refused.response().status().as_u16())?;
        Ok(request.headers().get(header::HOST).map_or("", |host| host.to_str().unwrap()).to_owned())
    }

    #[test]
    fn only_names_of_this_machine_are_taken_in_open_mode() {
        let own = [
            "localhost",
            "LocalHost:7070",
            "localhost.:7070",
            "desk.localhost",
            "127.0.0.1",
            "127.8.9.10:7070",
            "[::1]",
            "[::1]:7070",
            "[::ffff:127.0.0.1]",
        ];
        let foreign = [
            "attacker.example",
            "attacker.example:7070",
            "localhost.attacker.example",
            "127.0.0.1.attacker.example",
            "notlocalhost",
            "192.168.1.5",
            "0.0.0.0:7070",
            "[2001:db8::1]",
            "2130706433",
            "127.1",
        ];
        for host in own {
            for mode in [AuthMode::Open, AuthMode::Token] {
                assert_eq!(checked(Version::HTTP_11, "/ws", &[host], mode), Ok(host.to_owned()));
            }
        }
        for host in foreign {
            assert_eq!(checked(Version::HTTP_11, "/ws", &[host], AuthMode::Open), Err(421), "{host}");
            assert_eq!(checked(Version::HTTP_10, "/ws", &[host], AuthMode::Open), Err(421), "{host}");
            assert_eq!(checked(Version::HTTP_11, "/healthz", &[host], AuthMode::Open), Ok(host.to_owned()));
            assert_eq!(checked(Version::HTTP_11, "/ws", &[host], AuthMode::Token), Ok(host.to_owned()));
        }
    }

    #[test]
    fn a_request_has_one_host() {
        let hosts: [&[&str]; 7] =
            [&[], &[""], &["localhost", "localhost"], &["localhost", ""], &["a b"], &["user@localhost"], &[":7070"]];
        for hosts in hosts {
            for mode in [AuthMode::Open, AuthMode::Token] {
                assert_eq!(checked(Version::HTTP_11, "/healthz", hosts, mode), Err(400), "{hosts:?}");
            }
        }
        assert_eq!(checked(Version::HTTP_10, "/ws", &[], AuthMode::Open), Ok(String::new()));
        assert_eq!(checked(Version::HTTP_10, "/ws", &["localhost", "localhost"], AuthMode::Open), Err(400));
    }

    #[test]
    fn a_host_in_the_target_counts() {
        let asked = |target, host| checked(Version::HTTP_11, target, &[host], AuthMode::Open);
        assert_eq!(asked("http://attacker.example/ws", "localhost"), Err(421));
        assert_eq!(asked("http://localhost:7070/ws", "attacker.example"), Ok("localhost:7070".to_owned()));
    }
}
