//! The command line.

mod admin;
mod export;
mod import;
mod logging;
pub mod private;
pub mod replay;
mod serve;
mod settings;
mod token;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// laidian 来电：呼叫中心的客户服务器 / the customer server behind a call centre
#[derive(Debug, Parser)]
#[command(name = "laidian", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    settings: settings::DatabaseArgs,
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
    /// 从文件导入客户 / import customers from a file
    Import(import::Args),
    /// 导出一个公司的全部客户，可以再导入 / export all customers of a company, in a file that can be imported again
    Export(export::Args),
    /// 回放对话脚本并核对回复 / play conversation scripts and check the replies
    Replay(replay::Args),
}

/// How long threads that are at work when everything is done may take to end; then the process ends without them.
const END: Duration = Duration::from_secs(2);

/// Runs the command of this process and returns what it is to exit with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("laidian: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(cli));
    runtime.shutdown_timeout(END);
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("laidian: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let Cli { settings, command } = cli;
    match command {
        Command::Serve(args) => serve::run(args, &settings).await,
        Command::Admin(args) => admin::run(args, &settings).await,
        Command::Token(args) => token::run(args, &settings).await,
        Command::Import(args) => import::run(args, &settings).await,
        Command::Export(args) => export::run(args, &settings).await,
        Command::Replay(args) => match settings.named() {
            Some(flag) => Err(format!("{flag}: replay 不打开数据库 / replay opens no database").into()),
            None => Ok(replay::command(args, &private::Demo).await?),
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::Cli;

    fn helpless(command: &Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if command.get_about().is_none() {
            found.push(path.clone());
        }
        for argument in command.get_arguments() {
            // Chinese and English, as everywhere.
            if !argument.get_help().is_some_and(|help| help.to_string().contains(" / ")) {
                found.push(format!("{path} {}", argument.get_id()));
            }
        }
        command.get_subcommands().for_each(|command| helpless(command, &path, found));
    }

    #[test]
    fn every_command_and_argument_has_its_help() {
        let mut found = Vec::new();
        helpless(&Cli::command(), "", &mut found);
        assert!(found.is_empty(), "without help: {found:?}");
    }

    #[test]
    fn a_database_is_named_before_a_command_or_behind_it() {
        let parse = |line: &str| Cli::command().try_get_matches_from(line.split_whitespace()).map(|_| ());
        for line in [
            "laidian --data d admin company 1 x",
            "laidian admin --data d company 1 x",
            "laidian admin company --data d 1 x",
            "laidian admin company 1 x --data d",
            "laidian admin show --database-url postgres://h/n",
            "laidian --config f --data d serve",
            "laidian token --company 1 --operator 1 --data d",
        ] {
            parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}
