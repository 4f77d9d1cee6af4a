//! The log: on stderr, readable on a terminal, JSON otherwise.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{ConfigError, Log, LogFormat};

/// Begins to log as the settings say.
pub fn start(log: &Log) -> Result<(), ConfigError> {
    let filter: Targets = log
        .level
        .parse()
        .map_err(|cause| ConfigError::Value { name: "log.level".into(), cause: format!("{cause}") })?;
    let json = match log.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    // A second start in one process, as tests do, keeps the first.
    let _ = registry().with(lines.with_filter(filter)).try_init();
    Ok(())
}
