//! Another system, to which events are sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

/// Another system: what it was sent, and what it answers next (with where it sends on to).
#[derive(Clone, Default)]
pub struct Other(Arc<Mutex<Got>>);

#[derive(Default)]
struct Got {
    calls: Vec<(HeaderMap, String)>,
    answers: VecDeque<(u16, Option<String>)>,
}

async fn take(State(other): State<Other>, headers: HeaderMap, body: String) -> Response {
    let mut got = other.0.lock().unwrap();
    let (status, location) = got.answers.pop_front().unwrap_or((204, None));
    got.calls.push((headers, body));
    let status = StatusCode::from_u16(status).unwrap();
    match location {
        Some(location) => (status, [("location", location)]).into_response(),
        None => status.into_response(),
    }
}

impl Other {
    /// Listens on a free port.
    pub async fn start() -> (Self, SocketAddr) {
        let other = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/events", post(take)).with_state(other.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (other, address)
    }

    /// Answers the next with this status, and sends it on to there.
    pub fn send_on(&self, status: u16, location: &str) {
        self.0.lock().unwrap().answers.push_back((status, Some(location.to_owned())));
    }

    /// Answers what comes next as ever.
    pub fn forget_answers(&self) {
        self.0.lock().unwrap().answers.clear();
    }

    /// Whether nothing was sent since the last time.
    pub fn is_idle(&self) -> bool {
        self.0.lock().unwrap().calls.is_empty()
    }

    /// Answers the next with these statuses.
    pub fn answer(&self, answers: impl IntoIterator<Item = u16>) {
        self.0.lock().unwrap().answers.extend(answers.into_iter().map(|status| (status, None)));
    }

    /// What was sent since the last time.
    pub fn taken(&self) -> Vec<(HeaderMap, String)> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// The events of it.
    pub fn events(&self) -> Vec<Value> {
        self.taken().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }
}
