//! One WebSocket of a script: frames out, and what comes back paired with what was sent.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::callback;

/// The close code of a connection that ended without a close frame (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;
/// The close code of a close frame without one.
const NO_STATUS: u16 = 1005;

/// How long a server may take to answer a good-bye.
const GOODBYE: Duration = Duration::from_millis(500);

/// Why a wait on a socket ended without what it waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// Nothing came in time.
    TimedOut,
    /// The server closed the socket.
    Closed(Closed),
}

/// How the server closed a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

/// Why a socket could not be opened.
#[derive(Debug)]
pub enum Refusal {
    /// The server answered the handshake with another HTTP status.
    Status(StatusCode),
    /// Anything else.
    Failed(String),
}

/// How a reply finds its send.
#[derive(Debug, Clone)]
pub enum Pairing {
    /// By this callbackId only.
    Strict(String),
    /// By this callbackId if the server can read one, otherwise the next reply that belongs to no other send.
    Loose(Option<String>),
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    inbox: mpsc::UnboundedReceiver<Arrival>,
    reader: JoinHandle<()>,
    sent: Vec<Sent>,
    tickets: u64,
    pushes: Vec<Value>,
    closed: Option<Closed>,
    latencies: Vec<Duration>,
}

#[derive(Debug)]
struct Sent {
    ticket: u64,
    pairing: Pairing,
    at: Instant,
    reply: Option<Value>,
}

#[derive(Debug)]
enum Arrival {
    Frame { text: String, at: Instant },
    Closed(Closed),
}

impl Socket {
    /// Opens a socket to `url` with these handshake headers.
    pub async fn open(url: &str, headers: &[(String, String)]) -> Result<Self, Refusal> {
        let failed = |error: &dyn std::fmt::Display| Refusal::Failed(format!("{url}: {error}"));
        let uri: Uri = url.parse().map_err(|error| failed(&error))?;
        let mut request = uri.clone().into_client_request().map_err(|error| failed(&error))?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| failed(&error))?;
            let value = HeaderValue::from_str(value).map_err(|error| failed(&error))?;
            request.headers_mut().insert(name, value);
        }
        let host = uri.host().unwrap_or_default();
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await.map_err(|error| failed(&error))?;
        // Latencies are measured: small frames must not wait for company.
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        match client_async_with_config(request, stream, None).await {
            Ok((stream, _)) => Ok(Self::over(stream)),
            Err(WsError::Http(response)) => Err(Refusal::Status(response.status())),
            Err(error) => Err(failed(&error)),
        }
    }

    fn over(stream: WebSocketStream<TcpStream>) -> Self {
        let (sink, stream) = stream.split();
        let (arrived, inbox) = mpsc::unbounded_channel();
        Self {
            sink,
            inbox,
            reader: tokio::spawn(read(stream, arrived)),
            sent: Vec::new(),
            tickets: 0,
            pushes: Vec::new(),
            closed: None,
            latencies: Vec::new(),
        }
    }

    /// Sends a text frame and returns the ticket its reply is asked for with.
    pub async fn send(&mut self, text: String, pairing: Pairing) -> Result<u64, WsError> {
        self.tickets += 1;
        let ticket = self.tickets;
        self.sent.push(Sent { ticket, pairing, at: Instant::now(), reply: None });
        self.sink.send(Message::text(text)).await?;
        Ok(ticket)
    }

    /// Returns the ticket of the earliest send whose reply nothing has taken yet.
    pub fn earliest(&self) -> Option<u64> {
        self.sent.first().map(|sent| sent.ticket)
    }

    /// Waits for the reply to the send of `ticket` and takes it.
    pub async fn reply(&mut self, ticket: u64, deadline: Instant) -> Result<Value, Silence> {
        loop {
            if let Some(index) = self.sent.iter().position(|sent| sent.ticket == ticket && sent.reply.is_some()) {
                return Ok(self.sent.remove(index).reply.unwrap_or_default());
            }
            self.receive(deadline).await?;
        }
    }

    /// Waits for a frame nobody asked for that `fits`, and takes the first one.
    pub async fn push(&mut self, deadline: Instant, fits: impl Fn(&Value) -> bool) -> Result<Value, Silence> {
        loop {
            if let Some(index) = self.pushes.iter().position(&fits) {
                return Ok(self.pushes.remove(index));
            }
            self.receive(deadline).await?;
        }
    }

    /// Returns the frames nobody asked for and nothing has taken yet, those that just arrived included.
    pub fn unclaimed(&mut self) -> &[Value] {
        while let Ok(arrival) = self.inbox.try_recv() {
            self.absorb(arrival);
        }
        &self.pushes
    }

    /// Waits until the server closes the socket.
    pub async fn server_close(&mut self, deadline: Instant) -> Option<Closed> {
        loop {
            match self.receive(deadline).await {
                Ok(()) => {}
                Err(Silence::Closed(closed)) => return Some(closed),
                Err(Silence::TimedOut) => return None,
            }
        }
    }

    /// Says good-bye and returns how long each reply took. The wait for the server's own good-bye
    /// matters: hanging up at once could throw away frames that it has not read yet.
    pub async fn close(mut self) -> Vec<Duration> {
        let deadline = Instant::now() + GOODBYE;
        if self.closed.is_none() && timeout_at(deadline, self.sink.send(Message::Close(None))).await.is_ok() {
            self.server_close(deadline).await;
        }
        std::mem::take(&mut self.latencies)
    }

    /// Waits for one arrival and puts it where it belongs.
    async fn receive(&mut self, deadline: Instant) -> Result<(), Silence> {
        if let Some(closed) = &self.closed {
            return Err(Silence::Closed(closed.clone()));
        }
        match timeout_at(deadline, self.inbox.recv()).await {
            Err(_) => return Err(Silence::TimedOut),
            Ok(Some(arrival)) => self.absorb(arrival),
            Ok(None) => self.closed = Some(Closed { code: ABNORMAL, reason: String::new() }),
        }
        Ok(())
    }

    fn absorb(&mut self, arrival: Arrival) {
        let (text, at) = match arrival {
            Arrival::Frame { text, at } => (text, at),
            Arrival::Closed(closed) => {
                self.closed = Some(closed);
                return;
            }
        };
        let frame = serde_json::from_str(&text).unwrap_or(Value::String(text));
        match pair(&self.sent, &frame).and_then(|index| self.sent.get_mut(index)) {
            Some(sent) => {
                self.latencies.push(at.duration_since(sent.at));
                sent.reply = Some(frame);
            }
            None => self.pushes.push(frame),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Finds the send that `frame` answers: the one with its callbackId, otherwise the earliest that may
/// be answered without one.
fn pair(sent: &[Sent], frame: &Value) -> Option<usize> {
    let waiting =
        |wanted: &dyn Fn(&Pairing) -> bool| sent.iter().position(|sent| sent.reply.is_none() && wanted(&sent.pairing));
    let named = frame.get("callbackId").map(callback::key).and_then(|came| {
        waiting(&|pairing| match pairing {
            Pairing::Strict(id) | Pairing::Loose(Some(id)) => *id == came,
            Pairing::Loose(None) => false,
        })
    });
    named.or_else(|| if is_push(frame) { None } else { waiting(&|pairing| matches!(pairing, Pairing::Loose(_))) })
}

/// An event carries no result code; it must not be taken for the reply to a frame without callbackId.
fn is_push(frame: &Value) -> bool {
    frame.get("code").is_none() && (frame.get("event").is_some() || frame.get("topic").is_some())
}

/// Reads until the socket ends. Reading in its own task answers pings while the script does something
/// else, and stamps each frame when it arrives and not when the script asks for it.
async fn read(mut stream: SplitStream<WebSocketStream<TcpStream>>, arrived: mpsc::UnboundedSender<Arrival>) {
    let mut said_goodbye = false;
    while let Some(Ok(message)) = stream.next().await {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Message::Close(frame) => {
                let closed = frame.map_or(Closed { code: NO_STATUS, reason: String::new() }, |frame| Closed {
                    code: frame.code.into(),
                    reason: frame.reason.to_string(),
                });
                said_goodbye = true;
                // Reading on sends our half of the closing handshake.
                let _ = arrived.send(Arrival::Closed(closed));
                continue;
            }
            _ => continue,
        };
        if arrived.send(Arrival::Frame { text, at: Instant::now() }).is_err() {
            return;
        }
    }
    if !said_goodbye {
        let _ = arrived.send(Arrival::Closed(Closed { code: ABNORMAL, reason: String::new() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(pairings: &[Pairing]) -> Vec<Sent> {
        pairings
            .iter()
            .map(|pairing| Sent { ticket: 0, pairing: pairing.clone(), at: Instant::now(), reply: None })
            .collect()
    }

    #[test]
    fn replies_are_paired_by_callback_id() {
        let sent = sent(&[
            Pairing::Strict("1".into()),
            Pairing::Loose(None),
            Pairing::Loose(Some("x".into())),
            Pairing::Strict("2".into()),
        ]);
        assert_eq!(pair(&sent, &json!({"code": 1000, "callbackId": 2})), Some(3));
        assert_eq!(pair(&sent, &json!({"code": 1000, "callbackId": "1"})), Some(0));
        assert_eq!(pair(&sent, &json!({"code": 1000, "callbackId": "x"})), Some(2));
        assert_eq!(pair(&sent, &json!({"code": 2422})), Some(1));
        assert_eq!(pair(&sent, &json!("not JSON")), Some(1));
        assert_eq!(pair(&sent, &json!({"event": "customer.updated"})), None);
    }

    #[test]
    fn a_strict_send_takes_no_other_reply() {
        assert_eq!(pair(&sent(&[Pairing::Strict("1".into())]), &json!({"code": 1000})), None);
    }

    #[test]
    fn equal_ids_are_answered_in_order() {
        let mut sent = sent(&[Pairing::Strict("1".into()), Pairing::Strict("1".into())]);
        sent[0].reply = Some(json!({}));
        assert_eq!(pair(&sent, &json!({"callbackId": 1})), Some(1));
    }
}
