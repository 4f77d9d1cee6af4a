//! One POST to another system, and no further than it may go.
//!
//! The address is looked at when the connection is made, with every redirect anew: a name that leads elsewhere the next time
//! leads nowhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use tokio_util::task::AbortOnDropHandle;
use url::{Host, Url};

use crate::config::Network;
use crate::ops::webhooks::deliveries::Outcome;
use crate::ops::webhooks::{may_call, not_allowed};

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// The most that the head of an answer may be, bytes.
const HEAD: usize = 16 * 1024;
/// The longest that somebody may ask to wait, seconds.
const LONGEST_WAIT: i64 = 4 * 60 * 60;
/// Characters of a cause that are kept.
const LONGEST_CAUSE: usize = 200;

/// What calls other systems.
pub struct Client {
    /// Addresses that may be called though they are within, and without TLS.
    allowed: Vec<Network>,
    tls: OnceCell<TlsConnector>,
}

impl Client {
    #[must_use]
    pub fn new(allowed: Vec<Network>) -> Self {
        Self { allowed, tls: OnceCell::new() }
    }

    /// Sends a body with these headers, and returns what came of it. Whatever the answer says is not read.
    pub async fn post(&self, url: &str, headers: &[(&'static str, String)], body: &Bytes) -> Outcome {
        match tokio::time::timeout(LIMIT, self.follow(url, headers, body)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(cause)) => not_taken(cause),
            Err(_) => not_taken(format!("{} 秒内没有回答 / no answer in {0} seconds", LIMIT.as_secs())),
        }
    }

    async fn follow(&self, url: &str, headers: &[(&'static str, String)], body: &Bytes) -> Result<Outcome, String> {
        let mut url = Url::parse(url).map_err(|cause| cause.to_string())?;
        for _ in 0..=REDIRECTS {
            let response = self.once(&url, headers, body).await?;
            match (response.status(), response.headers().get(LOCATION)) {
                // Others would have it fetched instead of sent.
                (StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT, Some(location)) => {
                    let next = location.to_str().ok().and_then(|location| url.join(location).ok());
                    url = next.ok_or("转向的地址无效 / a redirect leads to no address")?;
                }
                _ => return Ok(outcome(&response)),
            }
        }
        Err(format!("转向超过 {REDIRECTS} 次 / more than {REDIRECTS} redirects"))
    }

    async fn once(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: &Bytes,
    ) -> Result<Response<Incoming>, String> {
        let host = url.host().ok_or("没有主机名 / there is no host")?;
        let stream = self.connect(url, &host).await?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        let mut request = Request::post(path)
            .header(HOST, authority)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(concat!("laidian/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body.clone())).map_err(|cause| cause.to_string())?;
        if url.scheme() == "http" {
            return send(stream, request).await;
        }
        let tls = self.tls.get_or_try_init(connector).await?;
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|cause| cause.to_string())?,
            Host::Ipv4(address) => ServerName::from(IpAddr::V4(address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::V6(address)),
        };
        send(tls.connect(name, stream).await.map_err(|cause| format!("TLS: {cause}"))?, request).await
    }

    /// Connects to the first address that may be called and answers.
    async fn connect(&self, url: &Url, host: &Host<&str>) -> Result<TcpStream, String> {
        let port = url.port_or_known_default().ok_or("没有端口 / there is no port")?;
        let addresses: Vec<SocketAddr> = match host {
            Host::Domain(name) => {
                lookup_host((*name, port)).await.map_err(|_| "域名无法解析 / the name has no address")?.collect()
            }
            Host::Ipv4(address) => vec![(*address, port).into()],
            Host::Ipv6(address) => vec![(*address, port).into()],
        };
        let is_https = url.scheme() == "https";
        let mut cause = not_allowed(is_https).to_owned();
        for address in addresses.into_iter().filter(|address| may_call(&self.allowed, address.ip(), is_https)) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => cause = format!("无法连接：{error} / cannot connect: {error}"),
            }
        }
        Err(cause)
    }
}

/// Trusts whom the system trusts.
async fn connector() -> Result<TlsConnector, String> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.await.map_err(|cause| cause.to_string())?.certs);
    if roots.is_empty() {
        return Err(
            "系统没有根证书，请安装 ca-certificates / the system has no certificates to trust; install ca-certificates"
                .into(),
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .map_err(|cause| cause.to_string())?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) =
        builder.max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(|cause| cause.to_string())?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    sender.send_request(request).await.map_err(|cause| format!("没有有效的回答 / no valid answer: {cause}"))
}

fn outcome(response: &Response<Incoming>) -> Outcome {
    let status = response.status();
    if status.is_success() {
        return Outcome::Taken(status.as_u16());
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
    Outcome::NotTaken {
        status: Some(status.as_u16()),
        cause: format!("HTTP {}", status.as_u16()),
        retry_after_seconds: seconds.map(|seconds| seconds.clamp(0, LONGEST_WAIT)),
    }
}

fn not_taken(cause: impl Into<String>) -> Outcome {
    let cause: String = cause.into().chars().take(LONGEST_CAUSE).collect();
    Outcome::NotTaken { status: None, cause, retry_after_seconds: None }
}
