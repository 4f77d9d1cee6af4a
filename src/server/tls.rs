//! TLS: the handshake, and the certificate, which is read again when its files change.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_util::sync::CancellationToken;

use super::metered::Metered;
use super::stream::Connection;
use crate::config::Tls;

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";

/// Why a certificate cannot be used; names the setting.
#[derive(Debug)]
pub struct TlsError {
    setting: &'static str,
    file: PathBuf,
    cause: String,
}

/// The certificate that clients are shown.
pub struct Certificates {
    settings: Tls,
    /// The files as they were when they were read first.
    first: Files,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// By what it is seen that the files have changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Files {
    certificate: Option<File>,
    key: Option<File>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct File {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Certificates {
    /// Reads the certificate; `None` when the settings name none.
    pub fn read(settings: &Tls) -> Result<Option<Arc<Self>>, TlsError> {
        if !settings.is_on() {
            return Ok(None);
        }
        // Before they are read: what changes meanwhile is seen later.
        let first = Files::look(settings);
        let (current, _) = watch::channel(read(settings)?);
        Ok(Some(Arc::new(Self { settings: settings.clone(), first, current })))
    }

    /// Returns the connection once the client and the server have agreed.
    pub async fn handshake(&self, stream: Metered) -> io::Result<Connection> {
        let acceptor = TlsAcceptor::from(self.current.borrow().clone());
        let agreed = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
        Ok(Connection::Tls(Box::new(agreed.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??)))
    }

    /// Reads the files again whenever they have changed, until `stopped`. Connections that there are keep what
    /// they were shown.
    pub async fn watch(self: Arc<Self>, stopped: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK);
        let (mut read, mut seen) = (self.first, self.first);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopped.cancelled() => return,
            }
            let this = self.clone();
            let looked = tokio::task::spawn_blocking(move || {
                let now = Files::look(&this.settings);
                // Seen twice the same: whoever changes the two files is done with it.
                if now != read && now == seen {
                    this.read_again();
                    read = now;
                }
                (read, now)
            });
            let Ok(looked) = looked.await else { return };
            (read, seen) = looked;
        }
    }

    fn read_again(&self) {
        match read(&self.settings) {
            Ok(config) => {
                self.current.send_replace(config);
                tracing::info!(file = %self.settings.certificate.display(), "the new certificate is used from now on");
            }
            Err(error) => tracing::error!(%error, "the new certificate cannot be used; the one before stays"),
        }
    }
}

impl Files {
    fn look(settings: &Tls) -> Self {
        Self { certificate: File::look(&settings.certificate), key: File::look(&settings.key) }
    }
}

impl File {
    /// `None` when there is no such file.
    fn look(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(Self { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }
}

fn read(settings: &Tls) -> Result<Arc<ServerConfig>, TlsError> {
    let bad_certificate = |cause: &dyn fmt::Display| TlsError::new(CERTIFICATE, &settings.certificate, cause);
    let bad_key = |cause: &dyn fmt::Display| TlsError::new(KEY, &settings.key, cause);
    let pem = std::fs::read(&settings.certificate).map_err(|cause| bad_certificate(&cause))?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|cause| bad_certificate(&cause))?;
    if chain.is_empty() {
        return Err(bad_certificate(&"没有 PEM 格式的证书 / there is no certificate in PEM form in it"));
    }
    let pem = std::fs::read(&settings.key).map_err(|cause| bad_key(&cause))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|cause| match cause {
        pem::Error::NoItemsFound => {
            bad_key(&"没有未加密的 PEM 私钥 / there is no unencrypted private key in PEM form in it")
        }
        cause => bad_key(&cause),
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| bad_certificate(&cause))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|cause| match cause {
            rustls::Error::InvalidCertificate(_) => bad_certificate(&cause),
            rustls::Error::InconsistentKeys(_) => {
                bad_key(&"与 tls.certificate 不是一对 / it is not the key of tls.certificate")
            }
            cause => bad_key(&cause),
        })?;
    // What is spoken: a browser would otherwise have to guess.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl TlsError {
    fn new(setting: &'static str, file: &Path, cause: &dyn fmt::Display) -> Self {
        Self { setting, file: file.to_owned(), cause: cause.to_string() }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, file, cause } = self;
        let file = file.display();
        write!(f, "{setting} 的文件 {file} 不能用 / the file {file} of {setting} cannot be used: {cause}")
    }
}

impl std::error::Error for TlsError {}
