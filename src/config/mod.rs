//! The settings: defaults, then a file, then the environment, then flags. `config.toml` in the root of the
//! project documents each; a test compares it with [`Config::default`].

mod listen;
mod network;
mod origin;
mod read;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use network::Network;
pub use origin::Origin;
pub use read::{ConfigError, Overrides, read, with_settings};

use crate::store::{Connections, Location};

/// The largest message of a socket that is read at all; larger ones cannot be skipped, so the socket is closed.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;
/// The largest file that can be allowed, bytes: it is kept in the database for a while.
const LARGEST_FILE: u64 = 1 << 30;
/// The longest that a time can be set to, seconds: adding it to the present must not overflow.
const YEAR: u64 = 365 * 24 * 60 * 60;
/// The most that the clock of an identity provider may be off, seconds: beyond, it is the clock that wants mending.
const LARGEST_LEEWAY: u64 = 600;

/// Declares the sections of the configuration, each a struct with its defaults.
macro_rules! sections {
    ($($(#[$meta:meta])* $section:ident: $name:ident { $($field:ident: $type:ty = $default:expr),* $(,)? })*) => {
        /// All settings.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config { $($(#[$meta])* pub $section: $name),* }

        $(settings! { $(#[$meta])* $name { $($field: $type = $default),* } })*
    };
}

/// Declares a section, or one within it.
macro_rules! settings {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty = $default:expr),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $(pub $field: $type),* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }
    };
}

sections! {
    /// Where it listens.
    server: Server {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7070)),
        origins: Vec<Origin> = Vec::new(),
        cors_origins: Vec<Origin> = Vec::new(),
        trusted_proxies: Vec<Network> = Vec::new(),
    }
    /// The certificate, if it is the server itself that speaks TLS.
    tls: Tls { certificate: PathBuf = PathBuf::new(), key: PathBuf = PathBuf::new() }
    /// Where the data is.
    database: Database {
        folder: PathBuf = PathBuf::from("data"),
        url: String = String::new(),
        wait_seconds: u64 = 30,
        connections: u32 = 4,
        search_connections: u32 = 4,
        memory_mb: u64 = 384,
        index_mb: u64 = 384,
    }
    /// Who is believed.
    auth: Auth { mode: AuthMode = AuthMode::Token, sign_in_seconds: u64 = 10, sessions: Sessions = Sessions::Many }
    /// The tokens of an identity provider.
    tokens: Tokens {
        keys: PathBuf = PathBuf::new(),
        issuer: String = String::new(),
        audience: String = String::new(),
        company: i64 = 0,
        company_claim: String = "company".into(),
        operator_claim: String = "sub".into(),
        leeway_seconds: u64 = 30,
    }
    /// How frames are read.
    protocol: Protocol { relaxed_frames: bool = true, max_depth: usize = 64 }
    /// What one client may use.
    limits: Limits {
        frame_bytes: usize = 65536,
        in_flight: usize = 64,
        write_queue_bytes: usize = 1_048_576,
        unfinished_bytes: usize = 67_108_864,
        unfinished_bytes_per_address: usize = 16_777_216,
        sockets: usize = 100_000,
        sockets_per_operator: usize = 16,
        sockets_per_address: usize = 4096,
        frames_per_second: u32 = 100,
        operator_frames_per_second: u32 = 200,
        calls_per_minute: u32 = 600,
        reveals_per_hour: u32 = 60,
        masked_lookups_per_hour: u32 = 300,
        request_seconds: u64 = 30,
        search_seconds: u64 = 5,
        result_bytes: usize = 4_194_304,
    }
    /// When a silent socket is closed.
    socket: Socket { ping_seconds: u64 = 25, pong_seconds: u64 = 8, idle_seconds: u64 = 0 }
    /// How the server ends.
    shutdown: Shutdown { drain_seconds: u64 = 10, retry_after_ms: u64 = 1000, retry_spread_ms: u64 = 4000 }
    /// Calls, and what agents do.
    calls: Calls {
        wrap_up_seconds: u64 = 30,
        longest_minutes: u64 = 240,
        offline_after_seconds: u64 = 60,
        dial_seconds: u64 = 60,
        keep_days: u64 = 400,
    }
    /// Files made by export.
    export: Export { url_seconds: u64 = 300 }
    /// Files that are uploaded, and customers that are imported from them.
    import: Import {
        file_bytes: u64 = 33_554_432,
        unpacked_bytes: u64 = 268_435_456,
        rows: u32 = 200_000,
        files: u32 = 32,
        seconds: u64 = 1800,
    }
    /// What PDFs are made with.
    print: Print { font: PathBuf = PathBuf::new() }
    /// How the documented systems answer, where they leave a choice.
    dialects: Dialects {
        ibizplm: Ibizplm = Ibizplm::default(),
        customer_detail: CustomerDetail = CustomerDetail::default(),
        crm_info: CrmInfo = CrmInfo::default(),
    }
    /// What is kept of who did what.
    audit: Audit { keep_days: u64 = 365 }
    /// How long deleted customers can be restored.
    recycle: Recycle { days: u64 = 30 }
    /// Customers whom nobody looks after.
    pool: Pool { customers_per_agent: u32 = 0, take_back_days: u64 = 0 }
    /// What is kept of what happened, for those who come back.
    live: Live { keep_events: u64 = 100_000, keep_hours: u64 = 72, replay_events: u64 = 10_000 }
    /// Where other systems may be told of events, and how long what was told is kept.
    webhooks: Webhooks { allow: Vec<Network> = Vec::new(), keep_hours: u64 = 72 }
    /// Who may read the figures at /metrics.
    metrics: Metrics { allow: Vec<IpAddr> = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] }
    /// What is logged and how.
    log: Log { level: String = "info".into(), format: LogFormat = LogFormat::Auto }
}

settings! {
    /// Whether refusals have the two statuses of the original only.
    Ibizplm { upstream_status: bool = false }
}

settings! {
    /// Whether answers are wrapped.
    CustomerDetail { envelope: bool = false }
}

settings! {
    /// Where a token may stand. Where it may stand nowhere, none is asked for, and the company is this one.
    CrmInfo { token_in_header: bool = true, token_in_body: bool = true, company: i64 = 0 }
}

impl CrmInfo {
    /// Returns the company whose customers everybody may read without a token, if that is so.
    #[must_use]
    pub fn open_company(&self) -> Option<i64> {
        (!self.token_in_header && !self.token_in_body).then_some(self.company)
    }
}

/// Whether a frame's claim of who sent it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// Believed, if there is such an operator. On loopback addresses only.
    Open,
    /// The socket signs in first.
    Token,
}

/// How many sockets an operator may be signed in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sessions {
    Many,
    /// Signing in elsewhere ends the older one.
    One,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

impl Config {
    /// Takes back the rates that were not set: the demo's data and credentials are there to be tried and measured.
    pub fn unlimited_rates(&mut self, is_set: impl Fn(&str) -> bool) {
        let limits = &mut self.limits;
        let rates = [
            ("limits.frames_per_second", &mut limits.frames_per_second),
            ("limits.operator_frames_per_second", &mut limits.operator_frames_per_second),
        ];
        for (_, rate) in rates.into_iter().filter(|(name, _)| !is_set(name)) {
            *rate = 0;
        }
        if !is_set("limits.sockets_per_operator") {
            limits.sockets_per_operator = 0;
        }
        if !is_set("limits.sockets_per_address") {
            limits.sockets_per_address = 0;
        }
    }

    /// Where the store is to be opened.
    #[must_use]
    pub fn location(&self) -> Location {
        if self.database.url.is_empty() {
            Location::Folder(self.database.folder.clone())
        } else {
            Location::Postgres(self.database.url.clone())
        }
    }

    /// How the store is to be opened.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections {
            look_ups: self.database.connections,
            searches: self.database.search_connections,
            search: Duration::from_secs(self.limits.search_seconds),
            statement: self.limits.request(),
            wait: Duration::from_secs(self.database.wait_seconds),
            records: bytes(self.database.memory_mb),
            index: usize::try_from(bytes(self.database.index_mb)).unwrap_or(usize::MAX),
        }
    }

    /// What the values must be beyond their types; names the setting to change.
    pub fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("database.connections", u64::from(self.database.connections)),
            ("database.search_connections", u64::from(self.database.search_connections)),
            ("auth.sign_in_seconds", self.auth.sign_in_seconds),
            ("protocol.max_depth", self.protocol.max_depth as u64),
            ("limits.frame_bytes", self.limits.frame_bytes as u64),
            ("limits.in_flight", self.limits.in_flight as u64),
            ("limits.write_queue_bytes", self.limits.write_queue_bytes as u64),
            ("limits.unfinished_bytes", self.limits.unfinished_bytes as u64),
            ("limits.unfinished_bytes_per_address", self.limits.unfinished_bytes_per_address as u64),
            ("limits.sockets", self.limits.sockets as u64),
            ("limits.request_seconds", self.limits.request_seconds),
            ("limits.search_seconds", self.limits.search_seconds),
            ("limits.result_bytes", self.limits.result_bytes as u64),
            ("audit.keep_days", self.audit.keep_days),
            ("recycle.days", self.recycle.days),
            ("socket.ping_seconds", self.socket.ping_seconds),
            ("socket.pong_seconds", self.socket.pong_seconds),
            ("export.url_seconds", self.export.url_seconds),
            ("import.file_bytes", self.import.file_bytes),
            ("import.unpacked_bytes", self.import.unpacked_bytes),
            ("import.rows", self.import.rows.into()),
            ("import.files", self.import.files.into()),
            ("import.seconds", self.import.seconds),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero { setting: name });
        }
        // serde_json refuses to go deeper than 128; a larger message than this one is not read at all.
        let most = [
            ("protocol.max_depth", self.protocol.max_depth as u64, 100),
            ("limits.frame_bytes", self.limits.frame_bytes as u64, LARGEST_MESSAGE as u64),
            ("database.wait_seconds", self.database.wait_seconds, YEAR),
            ("auth.sign_in_seconds", self.auth.sign_in_seconds, YEAR),
            ("tokens.leeway_seconds", self.tokens.leeway_seconds, LARGEST_LEEWAY),
            ("limits.request_seconds", self.limits.request_seconds, YEAR),
            ("limits.search_seconds", self.limits.search_seconds, YEAR),
            ("audit.keep_days", self.audit.keep_days, 36_500),
            ("recycle.days", self.recycle.days, 36_500),
            ("pool.customers_per_agent", self.pool.customers_per_agent.into(), 10_000_000),
            ("pool.take_back_days", self.pool.take_back_days, 36_500),
            ("socket.ping_seconds", self.socket.ping_seconds, YEAR),
            ("socket.pong_seconds", self.socket.pong_seconds, YEAR),
            ("socket.idle_seconds", self.socket.idle_seconds, YEAR),
            ("shutdown.drain_seconds", self.shutdown.drain_seconds, YEAR),
            ("export.url_seconds", self.export.url_seconds, YEAR),
            ("import.file_bytes", self.import.file_bytes, LARGEST_FILE),
            ("import.unpacked_bytes", self.import.unpacked_bytes, 64 * LARGEST_FILE),
            ("import.rows", self.import.rows.into(), 1_000_000),
            ("import.seconds", self.import.seconds, YEAR),
        ];
        if let Some((setting, _, most)) = most.into_iter().find(|(_, value, most)| value > most) {
            return Err(ConfigError::TooLarge { setting, most });
        }
        match (self.tls.certificate.as_os_str().is_empty(), self.tls.key.as_os_str().is_empty()) {
            (true, false) => return Err(ConfigError::Needs { setting: "tls.key", needed: "tls.certificate" }),
            (false, true) => return Err(ConfigError::Needs { setting: "tls.certificate", needed: "tls.key" }),
            _ => {}
        }
        if self.auth.mode == AuthMode::Open && !self.server.listen.ip().is_loopback() {
            return Err(ConfigError::OpenBeyondLoopback { listen: self.server.listen });
        }
        self.server.check(self.auth.mode)?;
        let crm = &self.dialects.crm_info;
        match (crm.open_company(), crm.company) {
            (Some(0), _) => {
                let (setting, needed) = ("dialects.crm_info.token_in_header = false", "dialects.crm_info.company");
                return Err(ConfigError::Needs { setting, needed });
            }
            (None, company) if company != 0 => {
                let (setting, needed) = ("dialects.crm_info.company", "dialects.crm_info.token_in_header = false");
                return Err(ConfigError::Needs { setting, needed });
            }
            _ => {}
        }
        self.tokens.check()
    }
}

impl Server {
    /// Any page can put another into a sandboxed frame, and is then no origin that could be told from others: without a
    /// credential it must not be listened to, and what is answered it must not read.
    fn check(&self, mode: AuthMode) -> Result<(), ConfigError> {
        let opaque = |origins: &[Origin]| origins.iter().find(|origin| origin.is_opaque()).cloned().map(String::from);
        if let Some(origin) = opaque(&self.cors_origins) {
            return Err(ConfigError::OpaqueReader { origin });
        }
        match opaque(&self.origins) {
            Some(origin) if mode == AuthMode::Open => Err(ConfigError::OpaqueInOpenMode { origin }),
            _ => Ok(()),
        }
    }
}

impl Tokens {
    /// Whether there is an identity provider.
    #[must_use]
    pub fn has_provider(&self) -> bool {
        !self.keys.as_os_str().is_empty()
    }

    fn check(&self) -> Result<(), ConfigError> {
        // What is asked for without keys would not be asked of anybody.
        let without_keys = [
            ("tokens.issuer", !self.issuer.is_empty()),
            ("tokens.audience", !self.audience.is_empty()),
            ("tokens.company", self.company != 0),
        ];
        if !self.has_provider() {
            return match without_keys.into_iter().find(|(_, set)| *set) {
                Some((setting, _)) => Err(ConfigError::Needs { setting, needed: "tokens.keys" }),
                None => Ok(()),
            };
        }
        let needed = [
            ("tokens.issuer", !self.issuer.is_empty()),
            ("tokens.operator_claim", !self.operator_claim.is_empty()),
            ("tokens.company_claim", self.company != 0 || !self.company_claim.is_empty()),
        ];
        match needed.into_iter().find(|(_, set)| !set) {
            Some((needed, _)) => Err(ConfigError::Needs { setting: "tokens.keys", needed }),
            None => Ok(()),
        }
    }
}

impl Tls {
    /// Whether the server speaks TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

impl Limits {
    /// How long a request may take.
    #[must_use]
    pub fn request(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }
}

impl Socket {
    #[must_use]
    pub fn ping(&self) -> Duration {
        Duration::from_secs(self.ping_seconds)
    }

    #[must_use]
    pub fn pong(&self) -> Duration {
        Duration::from_secs(self.pong_seconds)
    }

    /// How long a socket may be silent, if there is a limit.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        (self.idle_seconds > 0).then(|| Duration::from_secs(self.idle_seconds))
    }
}

/// Megabytes as bytes.
fn bytes(megabytes: u64) -> u64 {
    megabytes.saturating_mul(1024 * 1024)
}
