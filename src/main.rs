//! The program; everything is in the library.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use laidian::cli::{Cli, run};

/// How long threads that are at work when everything is done may take to end; then the process ends without them.
const END: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
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
