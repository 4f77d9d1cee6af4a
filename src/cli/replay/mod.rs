//! `laidian replay`: plays conversation scripts and tells where the server answers otherwise.
//!
//! | file | what is in it |
//! |---|---|
//! | `script` | the language: a line, a step |
//! | `runner` | plays one script: every kind of step on one screen |
//! | `socket`, `callback`, `http`, `signing` | the two doors, as a client sees them |
//! | `matcher`, `variables` | what a reply must be; what is kept of it |
//! | `outcome`, `report`, `junit` | what became of it, for people and for CI |
//!
//! A new kind of step is one reader in `script.rs` and one arm in `runner.rs`.

mod callback;
mod error;
mod http;
mod junit;
mod matcher;
mod members;
mod outcome;
mod report;
mod runner;
mod script;
mod signing;
mod socket;
mod target;
#[cfg(test)]
mod tests;
mod variables;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};

pub use error::Error;
pub use outcome::{Failure, FileOutcome, Latency, Outcome, StepOutcome, Verdict};
pub use signing::App;
pub use target::Target;

use script::Script;

/// How long a private server may take to start, and to stop.
const START_OR_STOP: Duration = Duration::from_secs(30);

/// The command line of `laidian replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 脚本文件，或含 *.jsonl 的文件夹 / scripts, or folders of *.jsonl
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// 正在运行的服务器；不给则每个文件自带一个私有的服务器 / a running server; default: a private one for each file
    #[arg(long, value_name = "URL")]
    pub url: Option<Target>,
    /// "sign":"app" 所用的应用 / the app of "sign":"app" [default: the demo's]
    #[arg(long, value_name = "APPID:TOKEN")]
    pub app: Option<App>,
    /// 写 JUnit 报告 / write a JUnit report
    #[arg(long, value_name = "F")]
    pub junit: Option<PathBuf>,
    /// 每步最多等待的秒数 / seconds a step may wait
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
    /// 同时回放的文件数 / files played at a time [default: the processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// 只报告失败 / report failures only
    #[arg(long, short)]
    pub quiet: bool,
}

/// How scripts are played.
#[derive(Debug, Clone)]
pub struct Options {
    /// The app of `"sign":"app"`.
    pub app: App,
    /// How long a step may wait, unless it says so itself.
    pub timeout: Duration,
    /// How many files are played at a time.
    pub jobs: usize,
}

impl Default for Options {
    fn default() -> Self {
        let jobs = std::thread::available_parallelism().map_or(2, usize::from);
        Self { app: App::default(), timeout: Duration::from_secs(10), jobs }
    }
}

/// Starts the private servers of the default mode, one for each script.
pub trait PrivateServers {
    /// Starts a server with demo data of its own and these settings (dotted name → value) over the
    /// defaults. The error is a text for the report.
    fn start(&self, settings: Map<String, Value>) -> impl Future<Output = Result<Running, String>>;
}

/// A private server.
pub struct Running {
    /// Where it listens.
    pub target: Target,
    /// Stops it when awaited.
    pub stop: BoxFuture<'static, ()>,
}

/// Where scripts are played.
pub enum Servers<'a, S> {
    /// All against this one; scripts that need their own are skipped.
    Shared(Target),
    /// Each against its own.
    Private(&'a S),
}

/// Runs `laidian replay`: plays the files, prints the report to stdout and returns 0 when everything
/// matched, otherwise 1. Errors are about the command line and the report file.
pub async fn command(args: Args, servers: &impl PrivateServers) -> Result<ExitCode, Error> {
    let files = script_files(&args.files)?;
    let defaults = Options::default();
    let options = Options {
        app: args.app.unwrap_or(defaults.app),
        timeout: args.timeout,
        jobs: args.jobs.unwrap_or(defaults.jobs),
    };
    let servers = args.url.map_or(Servers::Private(servers), Servers::Shared);

    let bar = progress_bar(files.len(), args.quiet);
    let outcome = run_files(&files, &servers, &options, |file| {
        bar.set_message(file.path.display().to_string());
        bar.inc(1);
    })
    .await;
    bar.finish_and_clear();

    let text = report::text(&outcome, args.quiet, console::colors_enabled());
    // Whoever closes the pipe early has read enough; the exit code still tells.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if let Some(path) = args.junit {
        std::fs::write(&path, junit::xml(&outcome)).map_err(|source| Error::Unwritable { path, source })?;
    }
    Ok(if outcome.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays `files`, as many at a time as the options say, and returns their outcomes in the order given.
/// `done` is told of each file when it ends.
pub async fn run_files<S: PrivateServers>(
    files: &[PathBuf],
    servers: &Servers<'_, S>,
    options: &Options,
    done: impl Fn(&FileOutcome),
) -> Outcome {
    let started = Instant::now();
    let mut outcomes: Vec<(usize, FileOutcome)> = futures_util::stream::iter(files.iter().enumerate())
        .map(async |(index, path)| (index, run_one(path, servers, options).await))
        .buffer_unordered(options.jobs.max(1))
        .inspect(|(_, file)| done(file))
        .collect()
        .await;
    outcomes.sort_by_key(|(index, _)| *index);
    Outcome { files: outcomes.into_iter().map(|(_, file)| file).collect(), took: started.elapsed() }
}

/// Plays one file against `target`, also when it asks for settings of its own.
pub async fn run_file(path: &Path, target: &Target, options: &Options) -> FileOutcome {
    match Script::load(path) {
        Ok(script) => run_script(&script, target, options).await,
        Err(error) => FileOutcome::broken(path, error.line(), error.detail()),
    }
}

/// Returns the scripts that `paths` name: files as they are, folders as all `*.jsonl` in and below them, sorted.
pub fn script_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            add_folder(path, &mut files)?;
            if files.len() == before {
                return Err(Error::NoScripts(path.clone()));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn add_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add_folder(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    Ok(())
}

async fn run_one<S: PrivateServers>(path: &Path, servers: &Servers<'_, S>, options: &Options) -> FileOutcome {
    let script = match Script::load(path) {
        Ok(script) => script,
        Err(error) => return FileOutcome::broken(path, error.line(), error.detail()),
    };
    match servers {
        Servers::Shared(_) if script.server.is_some() => {
            FileOutcome::skipped(path, "需要自己的服务器 / skipped: needs its own server")
        }
        Servers::Shared(target) => run_script(&script, target, options).await,
        Servers::Private(servers) => run_alone(&script, *servers, options).await,
    }
}

async fn run_alone(script: &Script, servers: &impl PrivateServers, options: &Options) -> FileOutcome {
    let started = Instant::now();
    let settings = script.server.clone().unwrap_or_default();
    let problem = match timeout(START_OR_STOP, servers.start(settings)).await {
        Ok(Ok(running)) => {
            let outcome = run_script(script, &running.target, options).await;
            // A server that does not stop is not this script's failure; the process ends it.
            let _ = timeout(START_OR_STOP, running.stop).await;
            return FileOutcome { took: started.elapsed(), ..outcome };
        }
        Ok(Err(problem)) => problem,
        Err(_) => "超时 / timed out".to_owned(),
    };
    FileOutcome::broken(&script.path, 1, format!("私有服务器没有启动 / the private server did not start: {problem}"))
}

async fn run_script(script: &Script, target: &Target, options: &Options) -> FileOutcome {
    let started = Instant::now();
    let (steps, latencies) = runner::play(script, target, options).await;
    FileOutcome { steps, latencies, took: started.elapsed(), ..FileOutcome::empty(&script.path) }
}

/// A bar on stderr; indicatif draws nothing when that is no terminal.
fn progress_bar(files: usize, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(files as u64).with_style(style)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "秒数 / a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
