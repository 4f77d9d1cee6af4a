//! `laidian export`: all customers of a company as a file, which `laidian import` takes back.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::ProgressBar;

use super::import::caller;
use super::settings::{self, DatabaseArgs, Within};
use crate::dialects::cti::export::file;
use crate::ops::Backend;
use crate::ops::company::setup;
use crate::ops::customer::export::{self, Format};
use crate::store::search::Search;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// 要写的文件 / the file to write
    file: PathBuf,
    /// 公司编号 / the company's id
    #[arg(long)]
    company: i64,
    /// 格式，默认按文件的扩展名 / the format; by the file's ending where it is not given
    #[arg(long, value_parser = Format::ALL.map(Format::name))]
    format: Option<String>,
    /// 覆盖已有的文件 / write over a file that is there
    #[arg(long)]
    force: bool,
}

pub async fn run(args: Args, settings: &DatabaseArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = settings.read(Vec::new())?;
    settings::log_faults(&config)?;
    let ending = args.file.extension().and_then(|ending| ending.to_str());
    let format = args.format.as_deref().or(ending).and_then(Format::parse).ok_or(
        "--format: 应为 xlsx、csv 或 jsonl，文件名没有这样的扩展名 / expected xlsx, csv or jsonl: the file's name does not end so",
    )?;
    if !args.force && args.file.exists() {
        let file = args.file.display();
        return Err(format!("{file}: 已存在，--force 覆盖 / exists already; --force writes over it").into());
    }
    let backend = settings::open_existing(&config).await?;
    let place = config.location().to_string();
    let done = carry_out(&backend, &args.file, args.company, format).await;
    backend.store.close().await?;
    done.map(|()| ExitCode::SUCCESS).map_err(|cause| Within { cause, place }.into())
}

/// Writes the file under another name first: one that was cut short is not taken for a whole one.
async fn carry_out(backend: &Arc<Backend>, path: &Path, company: i64, format: Format) -> Result<(), Box<dyn Error>> {
    setup::must_exist(&backend.store, company).await?;
    let caller = caller(company);
    let cx = backend.context(&caller).await?;
    let export = export::begin(&cx, Search::default(), format).await?;
    let mut pieces = file(export).begin(backend.clone(), caller.clone()).await?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut out = tempfile::NamedTempFile::new_in(folder)?;
    let bar = ProgressBar::new_spinner();
    while let Some(piece) = pieces.recv().await {
        let piece = piece?;
        out.write_all(&piece)?;
        bar.inc(piece.len() as u64);
        bar.set_message(format!("{} KB", bar.position() / 1024));
    }
    bar.finish_and_clear();
    out.as_file().sync_all()?;
    out.persist(path)?;
    writeln!(io::stdout(), "已导出 / exported: {}", path.display())?;
    Ok(())
}
