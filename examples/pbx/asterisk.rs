//! 把 Asterisk 的事件（AMI）上报给 laidian。 / Reports to laidian what Asterisk's manager tells of calls.
//!
//! ```text
//! PBX_SECRET=… LAIDIAN_APP=2020158:… cargo run --release --example asterisk -- --user laidian --agents 8001=trcs001,8002=trcs008
//! ```

mod ami;
mod bridge;
#[expect(dead_code, reason = "a part of it is needed by FreeSWITCH alone")]
mod calls;
mod wire;

use std::convert::Infallible;
use std::process::ExitCode;

use bridge::{Ended, Line, Outbox, Settings};
use calls::Calls;
use clap::Parser;

/// What is answered at any time.
const PING: &str = "Action: Ping\r\n\r\n";

/// 把 Asterisk 的事件上报给 laidian / reports Asterisk's events to laidian
#[derive(Parser)]
#[command(max_term_width = 110)]
struct Args {
    /// 管理接口的用户，需要 read = call,agent / the manager's user; it needs read = call,agent
    #[arg(long, env = "PBX_USER")]
    user: String,
    /// 管理接口的端口 / the manager's port
    #[arg(long, env = "PBX_PORT", default_value_t = 5038)]
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
    let (user, secret) = (&args.user, &args.settings.secret);
    line.send(&format!("Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: call,agent\r\n\r\n")).await?;
    let mut calls = Calls::new(args.settings.agents());
    loop {
        line.receive(PING).await?;
        while let Some(message) = ami::message(&mut line.received) {
            // Some events, too, have a response.
            match (message.get("Event"), message.get("Response")) {
                ("", "Error") => return Err(Ended::Refused),
                ("", _) if message.get("Ping").is_empty() => bridge::say("已登录 / signed in"),
                ("", _) => {}
                _ => ami::take(&mut calls, &message, bridge::now()),
            }
            outbox.put(calls.reports());
        }
    }
}
