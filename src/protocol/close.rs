//! Why a socket is closed. The codes are an interface, listed in `docs/close-codes.md`.

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;

macro_rules! close_codes {
    ($($name:ident = $code:literal, $reason:literal, $zh:literal, $en:literal;)+) => {
        /// Why the server closes a socket.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CloseCode { $(#[doc = $en] $name),+ }

        impl CloseCode {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code),+ }
            }

            /// The reason that goes with the code.
            #[must_use]
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason),+ }
            }

            /// What it means, in Chinese and English.
            #[must_use]
            pub fn meaning(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en)),+ }
            }
        }
    };
}

close_codes! {
    GoingAway = 1001, "going away", "服务正在关闭；原因里的 retryAfterMs 毫秒后重连", "The server is shutting down; connect again after the `retryAfterMs` in the reason.";
    InvalidText = 1007, "invalid UTF-8", "文本帧不是 UTF-8", "A text frame was no UTF-8.";
    ProtocolError = 1002, "protocol error", "不符合 WebSocket 协议", "The client broke the WebSocket protocol.";
    TooBig = 1009, "message too big", "消息超过 1 MiB，无法读完", "A message was too large to be read to its end (1 MiB).";
    Crowded = 1013, "try again later", "未发完的消息过多（[limits] unfinished_bytes）；稍后重连", "Too much was held of messages that had begun and not come to their end ([limits] unfinished_bytes); connect again later.";
    NotSignedIn = 4001, "sign-in deadline passed", "没有在 [auth] sign_in_seconds 内登录", "The socket did not sign in within [auth] sign_in_seconds.";
    SignInWithdrawn = 4003, "sign-in withdrawn", "登录已失效：令牌到期、工号停用、密码更改或应用令牌更换", "The sign-in has ended: the token has expired, the operator was disabled or has a new password, or the app has a new token.";
    SignedInElsewhere = 4005, "signed in elsewhere", "同一工号在别处登录（[auth] sessions = one）", "The operator signed in on another socket ([auth] sessions = one).";
    NotReading = 4008, "not reading", "客户端没有读取回复；重连后继续", "The client does not read its replies; connect again and go on.";
    Idle = 4009, "idle", "超过 [socket] idle_seconds 没有任何帧", "No frame for [socket] idle_seconds.";
    NoPong = 4010, "no answer to ping", "没有在 [socket] pong_seconds 内回应 ping", "A ping was not answered within [socket] pong_seconds.";
    LostTrack = 4012, "lost track", "错过的事件已不再保留或无法读取；重连并带上位置订阅，reload 为真时重新读取", "What comes next cannot be told: the events are not kept any more, or cannot be read; connect again, subscribe with the last position, and read anew where `reload` says so.";
    Flooding = 4029, "too many frames", "持续超过 [limits] frames_per_second", "Frames beyond [limits] frames_per_second for several seconds.";
}

impl CloseCode {
    /// The close frame. When the server goes away, its reason is JSON that says when to come back.
    #[must_use]
    pub fn frame(self, retry_after_ms: u64) -> CloseFrame {
        let reason = match self {
            Self::GoingAway => format!("{{\"retryAfterMs\":{retry_after_ms}}}").into(),
            other => other.reason().into(),
        };
        CloseFrame { code: WireCode::from(self.code()), reason }
    }
}
