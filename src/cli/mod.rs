//! The command line.

mod admin;
mod logging;
pub mod private;
pub mod replay;
mod serve;
mod settings;
mod token;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// laidian 来电：呼叫中心的客户服务器 / the customer server behind a call centre
#[derive(Debug, Parser)]
#[command(name = "laidian", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务器 / start the server
    Serve(serve::Args),
    /// 创建和修改公司、部门、工号、应用、字典、任务、自定义字段 / set companies up
    Admin(admin::Args),
    /// 为一个工号签发令牌 / issue a token for an operator
    Token(token::Args),
    /// 回放对话脚本并核对回复 / play conversation scripts and check the replies
    Replay(replay::Args),
}

/// Runs a command and returns what the process is to exit with.
pub async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Admin(args) => admin::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Replay(args) => Ok(replay::command(args, &private::Demo).await?),
    }
}
