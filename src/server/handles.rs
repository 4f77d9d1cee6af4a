//! How many file handles there are: each connection takes one, and so do the database and files.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Config;

/// What the limit of file handles is called where refusals are counted.
pub const LIMIT: &str = "file handles";
/// What is kept for all but connections: files of exports and uploads, the listener, the log, the runtime's own.
const OTHERS: usize = 64;
/// What a connection to the database takes: the file, its log and the index of that.
const OF_A_DATABASE: usize = 3;

/// Raises the soft limit to the hard one; what cannot be raised stays as it is.
pub fn raise() {
    let limits = getrlimit(Resource::Nofile);
    if limits.current != limits.maximum {
        let raised = rustix::process::Rlimit { current: limits.maximum, maximum: limits.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of file handles could not be raised");
        }
    }
}

/// How many connections there can be at a time, sockets among them, so that enough handles are left for the rest.
#[must_use]
pub fn for_connections(config: &Config) -> usize {
    let Some(handles) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    let database = config.database.connections.saturating_mul(2).saturating_add(config.database.search_connections);
    let reserve = OTHERS + OF_A_DATABASE * usize::try_from(database).unwrap_or(usize::MAX / OF_A_DATABASE);
    let handles = usize::try_from(handles).unwrap_or(usize::MAX);
    let left = handles.saturating_sub(reserve).max(1);
    if config.limits.sockets > left {
        tracing::warn!(
            handles,
            connections = left,
            "[limits] sockets cannot be reached with so many file handles: raise `ulimit -n` or LimitNOFILE"
        );
    }
    left
}
