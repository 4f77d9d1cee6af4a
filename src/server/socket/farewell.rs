//! The end of a socket that the server closes.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio_tungstenite::tungstenite::error::Error as WireError;

use super::Socket;
use crate::server::CloseCode;

/// How long a closing socket is waited for.
const FAREWELL: Duration = Duration::from_secs(2);

impl Socket {
    /// Tells the client why, if it listens, and waits a moment for it to close its side.
    pub(super) async fn close(&mut self, code: CloseCode) {
        // Nothing is polled any more, so nothing may be held either.
        self.work.abandon();
        self.live = None;
        let frame = code.frame(self.shared.shutdown.retry_after_ms(self.session.id()));
        let farewell = async {
            // The answer to a ping must not come behind the close frame.
            poll_fn(|cx| Pin::new(&mut self.wire).poll_flush(cx)).await?;
            self.wire.close(Some(frame)).await?;
            // The client's own close frame ends the handshake; what it sent before is of no interest now.
            while let Some(message) = poll_fn(|cx| Pin::new(&mut self.wire).poll_next(cx)).await {
                message?;
            }
            Ok::<(), WireError>(())
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}
