//! A WebSocket client for tests.

use std::io::{Cursor, Read};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

/// Longer than anything takes; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client<S = TcpStream> {
    pub wire: WebSocketStream<S>,
}

/// Sends an HTTP request, `GET /healthz` and further lines, behind an empty one the body, and returns all that is
/// answered.
pub async fn http(stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    http_bytes(stream, head, body.as_bytes()).await
}

/// The same with a body of any bytes.
pub async fn http_bytes(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &[u8]) -> String {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().map(|header| format!("{header}\r\n")).collect();
    let text = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(&[text.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("nothing came").unwrap();
    legible(answer)
}

/// What an answer says; of a workbook, what stands in its worksheets.
fn legible(answer: Vec<u8>) -> String {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    if !head.contains("spreadsheetml") {
        return String::from_utf8(answer).unwrap();
    }
    let (mut rest, mut workbook) = (&answer[end..], Vec::new());
    // It comes in chunks, each with its length in front.
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        workbook.extend_from_slice(&rest[line + 2..][..length]);
        rest = &rest[line + 2 + length + 2..];
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut text = head;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        if name.contains("worksheets/") || name.contains("sharedStrings") {
            part.read_to_string(&mut text).unwrap();
        }
    }
    text
}

impl Client {
    /// Connects to `ws://…`.
    pub async fn connect(url: &str) -> Self {
        Self::connect_with(url, &[]).await.unwrap()
    }

    /// Connects with these headers; the error is the status of a refused handshake.
    pub async fn connect_with(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let address = request.uri().authority().unwrap().to_string();
        let stream = TcpStream::connect(address).await.unwrap();
        Self::shake_hands(request, stream).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Opens a socket on a stream.
    pub async fn shake_hands(request: impl IntoClientRequest + Unpin, stream: S) -> Result<Self, u16> {
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((wire, _)) => Ok(Self { wire }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, text: impl Into<String>) {
        self.wire.send(Message::text(text.into())).await.unwrap();
    }

    /// The next reply; `None` when the server has closed the socket.
    pub async fn receive(&mut self) -> Option<Value> {
        match self.next().await {
            Arrival::Reply(reply) => Some(reply),
            Arrival::Closed(_) => None,
        }
    }

    /// Sends a frame and returns the next reply; what is pushed meanwhile is let go.
    pub async fn ask(&mut self, frame: Value) -> Value {
        self.ask_and(frame, |_| {}).await
    }

    /// The same, and shows what is pushed meanwhile.
    pub async fn ask_and(&mut self, frame: Value, mut pushed: impl FnMut(Value)) -> Value {
        self.send(frame.to_string()).await;
        loop {
            let came = self.receive().await.expect("the server closed the socket");
            if came.get("event").is_none() {
                return came;
            }
            pushed(came);
        }
    }

    /// Reads on until the server closes; the code and the reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Arrival::Closed(frame) = self.next().await {
                return frame.map_or((0, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
            }
        }
    }

    async fn next(&mut self) -> Arrival {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.wire.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Text(text))) => return Arrival::Reply(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Arrival::Closed(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Arrival::Closed(None),
            }
        }
    }
}

enum Arrival {
    Reply(Value),
    Closed(Option<CloseFrame>),
}
