//! The least that a broadcast can cost: one frame, sent to every socket as often as all can take it.

use std::io::Write;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Frames that wait for the slowest.
const WAITING: usize = 256;

/// Broadcasts this text from when a client says so, for as long as that client is there.
pub async fn broadcast(text: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("ready ws://{}/ws", listener.local_addr().expect("an address"));
    std::io::stdout().flush().expect("stdout");
    let (sender, _) = broadcast::channel(WAITING);
    let text = Utf8Bytes::from(text);
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        tokio::spawn(serve(stream, sender.clone(), text.clone()));
    }
}

async fn serve(stream: TcpStream, sender: broadcast::Sender<Utf8Bytes>, text: Utf8Bytes) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let mut frames = sender.subscribe();
    loop {
        tokio::select! {
            came = socket.next() => match came {
                Some(Ok(Message::Text(said))) if said == "one" => {
                    let _ = sender.send(text.clone());
                    frames = sender.subscribe();
                }
                Some(Ok(Message::Text(_))) => {
                    drop(frames);
                    return produce(socket, sender, text).await;
                }
                Some(Ok(_)) => {}
                _ => return,
            },
            frame = frames.recv() => {
                let Ok(frame) = frame else { continue };
                if socket.feed(Message::Text(frame)).await.is_err() {
                    return;
                }
                // What is there already goes with it.
                while let Ok(frame) = frames.try_recv() {
                    if socket.feed(Message::Text(frame)).await.is_err() {
                        return;
                    }
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn produce(
    mut socket: tokio_tungstenite::WebSocketStream<TcpStream>,
    sender: broadcast::Sender<Utf8Bytes>,
    text: Utf8Bytes,
) {
    // The client leaves when the round is over.
    while socket.next().now_or_never().is_none() {
        if sender.len() < WAITING / 2 {
            let _ = sender.send(text.clone());
        } else {
            tokio::task::yield_now().await;
        }
    }
}
