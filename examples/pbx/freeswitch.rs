//! 把 FreeSWITCH 的事件（ESL）上报给 laidian。 / Reports to laidian what FreeSWITCH's event socket tells of calls.
//!
//! ```text
//! PBX_SECRET=… LAIDIAN_APP=2020158:… cargo run --release --example freeswitch -- --agents 8001=trcs001,8002=trcs008
//! ```

mod bridge;
mod calls;
mod esl;
mod wire;

use std::convert::Infallible;
use std::process::ExitCode;

use bridge::{Ended, Line, Outbox, Settings};
use calls::Calls;
use clap::Parser;
use esl::Frame;

/// What is subscribed to, once signed in.
const EVENTS: &str = "event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_HOLD \
     CHANNEL_UNHOLD CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE\n\n";
/// What is answered at any time.
const PING: &str = "nolog\n\n";

/// 把 FreeSWITCH 的事件上报给 laidian / reports FreeSWITCH's events to laidian
#[derive(Parser)]
#[command(max_term_width = 110)]
struct Args {
    /// 事件接口的端口 / the event socket's port
    #[arg(long, env = "PBX_PORT", default_value_t = 8021)]
    port: u16,
    #[command(flatten)]
    settings: Settings,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    bridge::run(&args.settings, async |outbox: &Outbox| talk(&args, outbox).await).await
}

async fn talk(args: &Args, outbox: &Outbox) -> Result<Infallible, Ended> {
    let mut line = Line::connect(&args.settings.host, args.port).await?;
    let mut calls = Calls::new(args.settings.agents());
    let mut is_signed_in = false;
    loop {
        line.receive(PING).await?;
        while let Some(frame) = esl::frame(&mut line.received) {
            match frame {
                Frame::Ask => line.send(&format!("auth {}\n\n", args.settings.secret)).await?,
                Frame::Reply { is_done: false } if !is_signed_in => return Err(Ended::Refused),
                Frame::Reply { .. } if !is_signed_in => {
                    is_signed_in = true;
                    line.send(EVENTS).await?;
                    bridge::say("已登录 / signed in");
                }
                Frame::Event(event) => esl::take(&mut calls, &event, bridge::now()),
                Frame::Bye => return Err(Ended::Lost("对方要求断开 / it says good-bye".into())),
                Frame::Reply { .. } | Frame::Other => {}
            }
            outbox.put(calls.reports());
        }
    }
}
