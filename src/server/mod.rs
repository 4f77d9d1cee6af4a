//! The server: one port, two doors. `socket` is the loop of one WebSocket, `http` the routes, both made
//! from the tables of `dialects`.

mod agents;
mod bearer;
mod client_address;
mod closing;
mod cors;
mod door;
mod files;
mod handles;
mod headers;
mod host;
mod http;
mod limits;
mod metered;
mod metrics;
mod per_address;
mod requests;
mod session;
mod shutdown;
mod socket;
mod stream;
mod timers;
mod tls;
mod unfinished;
mod upgrade;
mod uploads;
mod work;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;

pub use crate::protocol::close::CloseCode;
pub use client_address::ClientAddress;
pub use session::Sessions;
pub use shutdown::Shutdown;
pub use tls::TlsError;

use self::door::Door;
use self::limits::Rates;
use self::metered::Metered;
use self::metrics::Metrics;
use self::per_address::Addresses;
use self::stream::Connection;
use self::tls::Certificates;
use crate::config::Config;
use crate::live::webhooks::Webhooks;
use crate::ops::access::audit;
use crate::ops::customer::{pool, recycle};
use crate::ops::files::jobs;
use crate::ops::{self, Backend};

/// How long a connection may take to send the head of a request, the time between two requests included.
const HEAD: Duration = Duration::from_secs(10);
/// The most that a head may be, and of a body or an answer that is held at a time, bytes.
const HTTP_BUFFER: usize = 64 * 1024;
/// How long to wait after a failed accept: the machine is out of file handles, and needs a moment.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How often is looked for what other servers have done.
const SECOND: Duration = Duration::from_secs(1);
/// How long the database may take to close.
const CLOSE: Duration = Duration::from_secs(15);

/// What the machine holds for a client that has not read it yet, bytes (it doubles this).
const SEND_BUFFER: u32 = 128 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// What every connection of a server shares.
pub struct Shared {
    pub backend: Arc<Backend>,
    pub rates: Rates,
    pub metrics: Metrics,
    pub config: Config,
    pub sessions: Arc<Sessions>,
    /// Of messages that have begun.
    pub unfinished: Arc<unfinished::Budget>,
    /// Connections that are no sockets, or not yet: as many as there may be sockets.
    connections: Arc<Semaphore>,
    /// All connections: as many as there are file handles for.
    handles: Arc<Semaphore>,
    pub shutdown: Shutdown,
    /// With TLS.
    certificates: Option<Arc<Certificates>>,
}

/// Why a server does not start; names the setting to change.
#[derive(Debug)]
pub enum StartError {
    Listen { address: SocketAddr, cause: io::Error },
    Tls(TlsError),
}

/// A server that is listening.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens on the configured address and serves until [`stop`](Self::stop).
    pub async fn start(config: Config, backend: Arc<Backend>) -> Result<Self, StartError> {
        let certificates = Certificates::read(&config.tls).map_err(StartError::Tls)?;
        let no_listener = |cause| StartError::Listen { address: config.server.listen, cause };
        let listener = listen(config.server.listen).map_err(no_listener)?;
        let address = listener.local_addr().map_err(no_listener)?;
        let connections = Arc::new(Semaphore::new(config.limits.sockets.min(Semaphore::MAX_PERMITS)));
        handles::raise();
        let handles = Arc::new(Semaphore::new(handles::for_connections(&config).min(Semaphore::MAX_PERMITS)));
        let shutdown = Shutdown::new(&config.shutdown);
        if let Some(certificates) = certificates.clone() {
            tokio::spawn(certificates.watch(shutdown.token()));
        }
        let shared = Arc::new(Shared {
            backend,
            rates: Rates::new(&config.limits),
            metrics: Metrics::default(),
            unfinished: unfinished::Budget::new(&config.limits),
            config,
            sessions: Arc::default(),
            connections,
            handles,
            shutdown,
            certificates,
        });
        // Where it cannot begin now, it does with the first search.
        let _ = shared.backend.store.index().await;
        tokio::spawn(accept(listener, shared.clone()));
        tokio::spawn(withdraw(shared.clone()));
        tokio::spawn(tidy(shared.clone()));
        tokio::spawn(agents::look_after(shared.clone()));
        tokio::spawn(tell_what_is_due(shared.clone()));
        shared.shutdown.spawn(tell_webhooks(shared.clone()));
        Ok(Self { address, shared })
    }

    /// Where it listens; the port is the real one, also when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn backend(&self) -> &Arc<Backend> {
        &self.shared.backend
    }

    /// Stops accepting, answers what was accepted, closes the sockets with 1001 and the store with a
    /// checkpoint. Returns whether everything was answered in time.
    pub async fn stop(self) -> bool {
        let limit = Duration::from_secs(self.shared.config.shutdown.drain_seconds);
        let Shared { shutdown, backend, .. } = &*self.shared;
        let (drained, ended) = tokio::join!(shutdown.drain(limit), backend.jobs.stop(limit));
        let closed = match tokio::time::timeout(CLOSE, backend.store.close()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "the database could not be closed in order");
                true
            }
            // What was answered is in the log of the database, and is found there at the next start.
            Err(_) => {
                tracing::error!("the database is still at work and was not closed in order");
                false
            }
        };
        drained && ended && closed
    }
}

/// A listener whose connections have a small send buffer: the machine then says soon that a client has taken
/// something, and a client that takes nothing ties little up.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let door = Arc::new(Door::new(http::router(shared.clone()), &shared.config));
    let addresses = Arc::new(Addresses::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.shutdown.started() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Replies are small and leave at once: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                // Beyond the limits, the connection is closed at once.
                let Ok(handle) = shared.handles.clone().try_acquire_owned() else {
                    shared.metrics.limited(handles::LIMIT);
                    continue;
                };
                let Ok(place) = shared.connections.clone().try_acquire_owned() else {
                    shared.metrics.limited(metrics::CONNECTIONS);
                    continue;
                };
                // One client alone must not take all places: what is no socket yet counts like one.
                let Some(of_address) = addresses.enter(peer.ip().to_canonical(), most_of(peer.ip(), &shared.config))
                else {
                    shared.metrics.limited("[limits] sockets_per_address");
                    continue;
                };
                let serving = serve(
                    Metered::new(stream, shared.config.socket.pong(), handle),
                    peer.ip(),
                    door.clone(),
                    shared.clone(),
                );
                shared.shutdown.spawn(async move {
                    serving.await;
                    drop((place, of_address));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// The most connections from an address that are no sockets. Through a trusted proxy comes everybody.
fn most_of(peer: IpAddr, config: &Config) -> usize {
    let is_proxy = config.server.trusted_proxies.iter().any(|network| network.contains(peer.to_canonical()));
    if is_proxy { 0 } else { config.limits.sockets_per_address }
}

/// Ends, once a second, the sockets whose sign-in has ended.
async fn withdraw(shared: Arc<Shared>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = second.tick() => {}
            () = shared.shutdown.started() => return,
        }
        // The cause is in the log; the next second tries again.
        let _ = shared.sessions.withdraw(&shared.backend).await;
    }
}

/// How often is looked for what other servers, or an earlier time, have to be told at a time.
const LOOK: Duration = Duration::from_secs(2);

/// Tells what has a time, when that has come.
async fn tell_what_is_due(shared: Arc<Shared>) {
    let backend = &shared.backend;
    loop {
        // The cause of a fault is in the log; the next look tries again.
        let reminder = ops::work::due::tell(backend).await.ok().flatten();
        let closed = ops::work::viewing::expire(backend).await.ok().flatten();
        let next = reminder.into_iter().chain(closed).min();
        let left = |next: i64| u64::try_from(next.saturating_sub(backend.clock.now())).unwrap_or_default();
        let wait = next.map_or(LOOK, |next| Duration::from_micros(left(next)).min(LOOK));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = backend.due.wanted() => {}
            () = shared.shutdown.started() => return,
        }
    }
}

/// Tells other systems what happens.
async fn tell_webhooks(shared: Arc<Shared>) {
    let backend = &shared.backend;
    let webhooks = Webhooks::new(backend.clone());
    loop {
        // The cause of a fault is in the log; the next look tries again.
        let next = webhooks.look().await.ok().flatten();
        let left = |next: i64| u64::try_from(next.saturating_sub(backend.clock.now())).unwrap_or_default();
        let wait = next.map_or(SECOND, |next| Duration::from_micros(left(next)).min(SECOND));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = webhooks.wanted() => {}
            () = shared.shutdown.started() => return webhooks.end().await,
        }
    }
}

/// How often what is not needed any more is thrown away.
const TIDY: Duration = Duration::from_mins(10);
/// Every how many times customers go back into the pool: all are looked through for that.
const TAKE_BACK: u64 = 6;

/// Forgets rates of those who left, and what is old enough: lines of the audit, files, deleted customers.
async fn tidy(shared: Arc<Shared>) {
    let mut time = tokio::time::interval(TIDY);
    for round in 0_u64.. {
        tokio::select! {
            _ = time.tick() => {}
            () = shared.shutdown.started() => return,
        }
        shared.rates.tidy();
        // The cause is in the log; the next time tries again.
        let _ = audit::forget(&shared.backend, shared.config.audit.keep_days).await;
        let _ = ops::files::uploads::forget(&shared.backend).await;
        let _ = jobs::forget(&shared.backend).await;
        let _ = recycle::forget(&shared.backend).await;
        let _ = ops::events::forget(&shared.backend).await;
        let _ = ops::calls::due::forget(&shared.backend).await;
        let _ = ops::webhooks::deliveries::forget(&shared.backend).await;
        if round.is_multiple_of(TAKE_BACK) {
            let _ = pool::take_back(&shared.backend).await;
        }
    }
}

async fn serve(stream: Metered, peer: IpAddr, door: Arc<Door>, shared: Arc<Shared>) {
    let agreed = tokio::select! {
        agreed = agree(stream, &shared) => agreed,
        () = shared.shutdown.started() => return,
    };
    let stream = match agreed {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            return;
        }
    };
    let passing = service_fn(async |request| door.pass(peer, request).await);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HTTP_BUFFER)
        .serve_connection(TokioIo::new(stream), passing)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shared.shutdown.started() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended in disorder");
    }
}

async fn agree(stream: Metered, shared: &Shared) -> io::Result<Connection> {
    match &shared.certificates {
        Some(certificates) => certificates.handshake(stream).await,
        None => Ok(Connection::Plain(stream)),
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, cause } => write!(
                f,
                "无法监听 {address}：{cause}；请修改 --listen 或 [server] listen / cannot listen on {address}: {cause}; \
                 set --listen or [server] listen"
            ),
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}
