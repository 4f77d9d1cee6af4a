//! `laidian token`

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use super::settings;
use crate::ops;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: settings::DatabaseArgs,
    /// 公司编号 / the company's id
    #[arg(long)]
    company: i64,
    /// 工号 / the operator's login number
    #[arg(long)]
    operator: String,
    /// 有效小时数 / hours for which the token is good
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=8760))]
    hours: i64,
}

pub async fn run(args: Args) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = args.settings.read(Vec::new())?;
    let backend = settings::open(&config).await?;
    let token = ops::token::issue_token(&backend, args.company, &args.operator, args.hours * 3600).await?;
    backend.store.close().await?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(ExitCode::SUCCESS)
}
