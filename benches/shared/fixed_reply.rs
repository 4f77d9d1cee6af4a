//! The ceiling C: a server that knows nothing and answers every frame with the text of a file.

use std::io::Write;
use std::path::Path;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};

/// Serves with tokio-tungstenite; replies are batched while more frames are there.
pub async fn serve(file: &Path) {
    let reply = Utf8Bytes::from(std::fs::read_to_string(file).expect("the reply"));
    let listener = ready().await;
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        tokio::spawn(answer(stream, reply.clone()));
    }
}

/// Returns a listener of which the program that has started this one is told.
pub async fn ready() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("ready ws://{}/ws", listener.local_addr().expect("an address"));
    std::io::stdout().flush().expect("stdout");
    listener
}

async fn answer(stream: TcpStream, reply: Utf8Bytes) {
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(64 * 1024);
    let Ok(mut socket) = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await else { return };
    while let Some(Ok(_)) = socket.next().await {
        if socket.feed(Message::Text(reply.clone())).await.is_err() {
            return;
        }
        while let Some(Some(Ok(_))) = socket.next().now_or_never() {
            if socket.feed(Message::Text(reply.clone())).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
