//! Figures for Prometheus, at `/metrics`. The registry is this server's own: there is nothing global, so that
//! several servers in one process do not count for each other.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{CloseCode, handles};
use crate::error::Error;
use crate::ops::access::password;
use crate::ops::files::jobs;
use crate::store::indexed::Figures;

/// Upper bounds of the times that are told apart, seconds.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    action: &'static str,
    code: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAction {
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Closed {
    code: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

/// The figures of a server. Labels are names from tables, never what a client sent.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<OfAction, Histogram>,
    sockets: Gauge<i64, AtomicI64>,
    closed: Family<Closed, Counter>,
    limited: Family<Limit, Counter>,
    origins_refused: Counter,
    pushes: Counter,
    indexes: Family<InState, Gauge<i64, AtomicI64>>,
    index_bytes: Gauge<i64, AtomicI64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let (requests, closed, limited) = (Family::default(), Family::default(), Family::default());
        let (sockets, origins_refused, pushes) = (Gauge::default(), Counter::default(), Counter::default());
        let mut registry = Registry::with_prefix("laidian");
        registry.register("requests", "Answered requests by action and code", requests.clone());
        registry.register("request_seconds", "Time from a request to its answer", seconds.clone());
        registry.register("sockets", "Open sockets", sockets.clone());
        registry.register("sockets_closed", "Sockets that the server closed, by close code", closed.clone());
        registry.register("limited", "What was refused because of a limit, by setting", limited.clone());
        let help = "Sockets refused to pages whose origin is not in [server] origins";
        registry.register("origins_refused", help, origins_refused.clone());
        registry.register("pushes", "Events that sockets were told of", pushes.clone());
        let (indexes, index_bytes) = (Family::default(), Gauge::default());
        registry.register("indexes", "Companies with an index in memory, by its state", indexes.clone());
        registry.register("index_bytes", "What the indexes in memory take, about", index_bytes.clone());
        Self { registry, requests, seconds, sockets, closed, limited, origins_refused, pushes, indexes, index_bytes }
    }
}

/// The action of a frame that names none that is known.
pub const UNKNOWN: &str = "?";

/// What the bound of connections that are no sockets is called.
pub const CONNECTIONS: &str = "connections";

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, action: &'static str, refused: Option<&Error>, took: Duration) {
        let code = refused.map_or(crate::protocol::envelope::OK, |error| error.row().code);
        self.requests.get_or_create(&Answered { action, code }).inc();
        self.seconds.get_or_create(&OfAction { action }).observe(took.as_secs_f64());
        if let Some(error) = refused {
            self.refused(error);
        }
    }

    /// Counts a frame that is refused before anything is carried out: malformed, of no known action, of nobody who is
    /// signed in, too large or one too many.
    pub fn turned_away(&self, action: &'static str, error: &Error) {
        self.requests.get_or_create(&Answered { action, code: error.row().code }).inc();
        self.refused(error);
    }

    /// Counts a refusal, if a limit was the reason.
    pub fn refused(&self, error: &Error) {
        match error {
            Error::RateLimited { why, .. } => self.limited(why),
            Error::ResultTooLarge { .. } => self.limited("[limits] result_bytes"),
            Error::FrameTooLarge { .. } => self.limited("[limits] frame_bytes"),
            Error::FileTooLarge { .. } => self.limited("[import] file_bytes"),
            Error::TimedOut => self.limited("[limits] request_seconds"),
            Error::SearchTooLong => self.limited("[limits] search_seconds"),
            _ => {}
        }
    }

    /// Counts something that a limit refused. The label is the setting's name, or what stands for one.
    pub fn limited(&self, why: &'static str) {
        let limit = match why.split_once("] ") {
            Some((_, setting)) => setting,
            None if [jobs::LIMIT, handles::LIMIT, CONNECTIONS].contains(&why) => why,
            None if why == password::LIMIT => "password checks",
            None => "guesses",
        };
        self.limited.get_or_create(&Limit { limit }).inc();
    }

    /// Counts an event that a socket is told of.
    pub fn pushed(&self) {
        self.pushes.inc();
    }

    /// Counts a page that got no socket because of where it is from.
    pub fn refused_origin(&self) {
        self.origins_refused.inc();
    }

    pub fn closed(&self, code: CloseCode) {
        self.closed.get_or_create(&Closed { code: code.code().into() }).inc();
    }

    /// Returns the figures as Prometheus reads them.
    #[must_use]
    pub fn text(&self, open: usize, index: Figures) -> String {
        let figure = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.sockets.set(figure(open));
        let states = [("ready", index.ready), ("building", index.building), ("too_large", index.too_large)];
        for (state, companies) in states {
            self.indexes.get_or_create(&InState { state }).set(figure(companies));
        }
        self.index_bytes.set(figure(index.bytes));
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_apart_by_names_of_ours() {
        let metrics = Metrics::default();
        metrics.answered("ping", None, Duration::from_millis(3));
        metrics.answered("ping", Some(&Error::NotFound), Duration::from_millis(3));
        metrics.refused(&Error::RateLimited { retry_after_ms: 1, why: "[limits] frames_per_second", most: 1 });
        metrics.refused(&Error::RateLimited { retry_after_ms: 1, why: password::LIMIT, most: 1 });
        metrics.turned_away(UNKNOWN, &Error::FrameTooLarge { limit: 1 });
        metrics.limited(handles::LIMIT);
        metrics.refused_origin();
        metrics.closed(CloseCode::Flooding);
        let text = metrics.text(7, Figures { ready: 2, bytes: 9, ..Figures::default() });
        for line in [
            "laidian_requests_total{action=\"ping\",code=\"1000\"} 1",
            "laidian_requests_total{action=\"ping\",code=\"2005\"} 1",
            "laidian_request_seconds_bucket{le=\"0.005\",action=\"ping\"} 2",
            "laidian_requests_total{action=\"?\",code=\"2413\"} 1",
            "laidian_limited_total{limit=\"frame_bytes\"} 1",
            "laidian_sockets 7",
            "laidian_sockets_closed_total{code=\"4029\"} 1",
            "laidian_limited_total{limit=\"frames_per_second\"} 1",
            "laidian_limited_total{limit=\"password checks\"} 1",
            "laidian_limited_total{limit=\"file handles\"} 1",
            "laidian_origins_refused_total 1",
            "laidian_indexes{state=\"ready\"} 2",
            "laidian_indexes{state=\"building\"} 0",
            "laidian_index_bytes 9",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
