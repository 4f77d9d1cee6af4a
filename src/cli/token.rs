//! `laidian token`

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use super::settings::{self, DatabaseArgs, Within};
use crate::ops;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// 公司编号 / the company's id
    #[arg(long)]
    company: i64,
    /// 工号 / the operator's login number
    #[arg(long, value_name = "LOGIN_NO")]
    operator: String,
    /// 有效小时数 / hours for which the token is good
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=8760))]
    hours: i64,
}

/// Prints the token alone on standard output, so that a program can take it.
pub async fn run(args: Args, settings: &DatabaseArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = settings.read(Vec::new())?;
    settings::log_faults(&config)?;
    let backend = settings::open_existing(&config).await?;
    let place = config.location().to_string();
    let issued = ops::access::token::issue_token(&backend, args.company, &args.operator, args.hours * 3600).await;
    backend.store.close().await?;
    let token = issued.map_err(|cause| Within { cause: cause.into(), place: place.clone() })?;
    writeln!(std::io::stdout(), "{token}")?;
    writeln!(
        std::io::stderr(),
        "工号 {0} 的令牌，{1} 小时内有效 / a token of operator {0}, good for {1} h（数据 / data: {place}）",
        args.operator,
        args.hours
    )?;
    Ok(ExitCode::SUCCESS)
}
