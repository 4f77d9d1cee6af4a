//! `laidian import`: customers out of a file, in the database itself, beside a server or without one.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::settings::{self, DatabaseArgs, Within};
use crate::ops::customer::import::{self, ACTION, Order, Outcome, Right, Source};
use crate::ops::customer::table::Table;
use crate::ops::customer::{MatchBy, Mode, Plan};
use crate::ops::files::jobs::{self, Job};
use crate::ops::files::uploads;
use crate::ops::{Backend, Caller, Cx, Via, company::setup};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// 要导入的文件 / the file to import
    file: PathBuf,
    /// 公司编号 / the company's id
    #[arg(long)]
    company: i64,
    /// create 全部新建，号码已有则不导入；update 只更新；upsert 更新或新建；skip 跳过已有的 / all are new and taken numbers are
    /// refused; only those that match are changed; changed or created; those that match are passed over
    #[arg(long, default_value = Mode::Create.name(), value_parser = Mode::ALL.map(Mode::name))]
    mode: String,
    /// 按什么匹配已有客户 / by what a row matches a customer: by the id or else by a number, by the id, by a number
    #[arg(long, value_name = "BY", default_value = MatchBy::IdOrPhone.name(), value_parser = MatchBy::ALL.map(MatchBy::name))]
    match_by: String,
    /// 工作表的名称，默认第一个 / the name of the worksheet; the first by default
    #[arg(long)]
    sheet: Option<String>,
    /// 试运行：给出同样的报告，什么也不写 / tell what would become of each row, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Who imports and exports, as the audit says.
pub fn caller(company: i64) -> Caller {
    let via = Via { credential: "命令行".to_owned(), unlimited: true, grants: None };
    Caller { via: Some(via), ..Caller::system(company) }
}

pub async fn run(args: Args, settings: &DatabaseArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = settings.read(Vec::new())?;
    settings::log_faults(&config)?;
    let file = File::open(&args.file).map_err(|cause| format!("{}: {cause}", args.file.display()))?;
    let backend = settings::open_existing(&config).await?;
    let place = config.location().to_string();
    let done = carry_out(&backend, args, file).await;
    backend.store.close().await?;
    done.map_err(|cause| Within { cause, place }.into())
}

async fn carry_out(backend: &Arc<Backend>, args: Args, file: File) -> Result<ExitCode, Box<dyn Error>> {
    // Before anything is there to be interrupted.
    let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    setup::must_exist(&backend.store, args.company).await?;
    let caller = caller(args.company);
    let cx = backend.context(&caller).await?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let plan = Plan {
        mode: Mode::parse(&args.mode).unwrap_or_default(),
        by: MatchBy::parse(&args.match_by).unwrap_or_default(),
        is_trial: args.dry_run,
    };
    let order = Order {
        source: Source::Local(file),
        sheet: args.sheet,
        layout: Arc::new(Table),
        right: Right::Import,
        plan,
        wants_book: true,
    };
    let job = Job { name: &name, kind: ACTION, subject: "CUSTOMER", tag: ACTION };
    let id = import::begin(&cx, &job, order).await?;
    let outcome = wait(&cx, &id, signals).await?;
    cx.backend.store.seen_by_others().await;
    tell(&cx, &outcome, &args.file, args.dry_run).await
}

/// Shows how far the import is until it has ended. Whoever interrupts it is told how far it came.
async fn wait(
    cx: &Cx<'_>,
    id: &str,
    (mut interrupt, mut terminate): (Signal, Signal),
) -> Result<Outcome, Box<dyn Error>> {
    const PACE: Duration = Duration::from_millis(100);
    const STOPPING: Duration = Duration::from_mins(1);
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}")?);
    let ended = loop {
        let job = jobs::find(cx, id).await?;
        bar.set_length(u64::try_from(job.total).unwrap_or_default());
        bar.set_position(u64::try_from(job.done).unwrap_or_default());
        if job.state >= jobs::DONE {
            break job;
        }
        tokio::select! {
            () = tokio::time::sleep(PACE) => continue,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // Where that cannot be written down, it ends all the same.
        if import::cancel(cx, id).await.is_err() {
            cx.backend.jobs.stop(STOPPING).await;
        }
    };
    bar.finish_and_clear();
    let outcome = ended.result.as_deref().and_then(|result| serde_json::from_str(result).ok());
    outcome.ok_or_else(|| {
        format!("导入中断，已处理 {0} 行 / the import was interrupted, {0} rows were looked at", ended.done).into()
    })
}

/// The rows that failed that are told one by one.
const TOLD: usize = 20;

async fn tell(cx: &Cx<'_>, outcome: &Outcome, file: &Path, is_trial: bool) -> Result<ExitCode, Box<dyn Error>> {
    let mut err = io::stderr();
    for (below, why) in outcome.mistakes.iter().take(TOLD) {
        let row = below.saturating_add(outcome.titles);
        writeln!(err, "第 {row} 行 / row {row}: {why}")?;
    }
    if !outcome.ignored.is_empty() {
        writeln!(err, "未导入的列 / columns that are ignored: {}", outcome.ignored.join(", "))?;
    }
    for note in &outcome.notes {
        writeln!(err, "{note}")?;
    }
    if let Some(message) = &outcome.message {
        writeln!(err, "{message}")?;
    }
    if let Some(id) = &outcome.file {
        if outcome.failed > 0 {
            let beside = errors_beside(file);
            io::copy(&mut uploads::open(cx, id).await?, &mut File::create(&beside)?)?;
            writeln!(err, "失败的行 / the rows that failed: {}", beside.display())?;
        }
        uploads::remove(cx.backend, cx.caller.company, id).await?;
    }
    let trial = if is_trial { "试运行，没有写入 / a dry run, nothing is written: " } else { "" };
    let Outcome { total, failed, counts, .. } = outcome;
    writeln!(
        io::stdout(),
        "{trial}共 {total} 行：新建 {0}，更新 {1}，未变 {2}，跳过 {3}，失败 {failed} / of {total} rows {0} created, {1} updated, \
         {2} unchanged, {3} skipped, {failed} failed",
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.skipped,
    )?;
    Ok(if *failed > 0 || outcome.message.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn errors_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".errors.xlsx");
    name.into()
}
