//! `laidian serve`

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use super::logging;
use super::settings::{self, DatabaseArgs};
use crate::config::{AuthMode, Config, ConfigError, LogFormat};
use crate::demo;
use crate::ops::{self, Backend};
use crate::server::Server;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// 监听地址，如 localhost:7070、:7070（仅本机）、0.0.0.0:7070；端口 0 表示任选 / the address to listen on, such as localhost:7070,
    /// :7070 (this machine only) or 0.0.0.0:7070; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// 谁可信：open 仅限本机，token 须先登录 / who is believed: open on loopback only, token after sign-in
    #[arg(long, value_name = "open|token")]
    auth: Option<String>,
    /// 载入演示数据；未指定 --data 时放在临时目录，退出即删除 / with demo data; without --data in a temporary folder
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = demo_customers())]
    demo: Option<u64>,
    /// 允许在本机以外的地址提供演示数据，其口令是公开的 / serve the demo beyond loopback: its credentials are public
    #[arg(long, requires = "demo")]
    demo_public: bool,
}

/// What to try first. Frames are taken as the document prints them.
const DEMO: &str = "\
演示数据：公司 1054（坐席 trcs001、trcs008，主管 trcs009，管理员 admin1054）、1001（TRCS004 电话隐藏，管理员 admin1001）、8008（008）
密码 demo-<工号小写>，如 demo-trcs001；应用 2020158:demo-token、2020159:demo-token-8008
demo data: companies 1054, 1001 (masked phones) and 8008; passwords demo-<login number>; any WebSocket client can send a frame such as
  {action:'get_customer',type:cellphone, content:\"138900010001\", operator:\"trcs001\",companyId:\"1054\",callbackId:\"123456\"}
其他系统 / other systems:
  curl -H 'Authorization: Bearer demo-detail-token' http://ADDRESS/api/customers/0000041e0000000000000001/detail
  curl -H 'Authorization: Bearer demo-crm-token' -d cid=1 http://ADDRESS/crm/customer/info
  curl 'http://ADDRESS/gw/account/list?appid=000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE&sign=demo-key&op_user=027-00000000-0000-4000-8000-000000000001&fields=accountId,accountName,phone'
  curl -H 'Authorization: Bearer demo-ibizplm-token' http://ADDRESS/customers/000000000000041e0000000000000001
  curl -H 'Authorization: Bearer demo-ibizplm-member' -d '{\"n_grade_id_eq\":\"L1\"}' http://ADDRESS/products/p-demo/customers/fetchnormal
  curl -H 'Authorization: Bearer demo-ibizplm-token' -o 导入模板.xlsx http://ADDRESS/customers/importtemplate
  curl -H 'Authorization: Bearer demo-ibizplm-token' -F file=@导入模板.xlsx http://ADDRESS/customers/importdata
  curl -H 'Authorization: Bearer demo-ibizplm-token' -o 客户.pdf http://ADDRESS/customers/printdata/000000000000041e0000000000000001";

fn demo_customers() -> &'static str {
    const { assert!(demo::CUSTOMERS == 2000) }
    "2000"
}

pub async fn run(args: Args, settings: &DatabaseArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (mut config, set) = settings.read(flags(&args))?;
    // Kept until the end: the folder goes when this does.
    let mut _temporary = None;
    if args.demo.is_some() {
        let is_set = |name: &str| set.iter().any(|set| set == name);
        let loopback = config.server.listen.ip().is_loopback();
        if !loopback && !args.demo_public {
            return Err(ConfigError::DemoBeyondLoopback { listen: config.server.listen }.into());
        }
        config.unlimited_rates(is_set);
        if !is_set("auth.mode") && loopback {
            config.auth.mode = AuthMode::Open;
        }
        if !is_set("database.folder") && config.database.url.is_empty() {
            let folder = tempfile::Builder::new().prefix("laidian-demo-").tempdir()?;
            folder.path().clone_into(&mut config.database.folder);
            _temporary = Some(folder);
        }
    }
    config.check()?;
    logging::start(&config.log)?;
    serve(config, args.demo).await
}

fn flags(args: &Args) -> crate::config::Overrides {
    let mut flags = Vec::new();
    if let Some(listen) = &args.listen {
        flags.push(("server.listen", serde_json::Value::String(listen.clone())));
    }
    if let Some(mode) = &args.auth {
        flags.push(("auth.mode", serde_json::Value::String(mode.clone())));
    }
    flags
}

async fn serve(config: Config, demo: Option<u64>) -> Result<ExitCode, Box<dyn Error>> {
    // Listens to signals before there is anything that they could interrupt.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Held until the end. A second server would wait for the writes of this one, and this one for those of the
    // second.
    let _lock = config.location().lock()?;
    let prepared = tokio::select! {
        prepared = prepare(&config, demo) => prepared?,
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
    };
    let hello = greeting(&prepared, &config, demo).await?;
    let (ws, http) = if config.tls.is_on() { ("wss", "https") } else { ("ws", "http") };
    let rederiving = tokio::spawn(rederive(prepared.shared()?));
    let server = Server::start(config, prepared).await?;
    let address = server.address();
    writeln!(std::io::stdout(), "ready {ws}://{address}/ws {http}://{address}/")?;
    if let Some(hello) = hello {
        writeln!(std::io::stderr(), "{}", hello.replace("ADDRESS", &address.to_string()))?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("shutting down");
    // What it has done stays done; the next start goes on.
    rederiving.abort();
    let _ = rederiving.await;
    if !server.stop().await {
        tracing::warn!("some requests were not answered within [shutdown] drain_seconds");
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the database, which may have to be waited for, and fills it with what the demo shows.
async fn prepare(config: &Config, demo: Option<u64>) -> Result<Arc<Backend>, Box<dyn Error>> {
    let backend = settings::open(config).await?;
    backend.provider.load().await?;
    if let Some(customers) = demo {
        demo::fill(&backend.store, customers).await?;
    }
    if let Some(company) = config.dialects.crm_info.open_company() {
        let known = backend.store.companies().await?;
        if known.iter().all(|known| known.id != company) {
            let known: Vec<String> = known.iter().map(|known| known.id.to_string()).collect();
            let cause =
                format!("没有公司 {company}，已有 / there is no company {company}; there are: {}", known.join(", "));
            return Err(ConfigError::Value { name: "dialects.crm_info.company".into(), cause }.into());
        }
        tracing::warn!(
            company,
            "[dialects.crm_info] asks for no token: whoever reaches the server reads this company's customers"
        );
    }
    Ok(backend)
}

/// Makes anew what customers are found by, where an older program has made it by other rules, and shows how far it is.
async fn rederive(backend: Arc<Backend>) {
    let bar = ProgressBar::hidden();
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message("更新号码和检索词 / numbers and search terms are made anew");
    let work = ops::customer::rederive::all(&backend.store, &backend.rederived);
    tokio::pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut lines = tokio::time::interval(Duration::from_secs(10));
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = ticks.tick() => if let Some((done, total)) = backend.rederived.current() {
                bar.set_length(total.unsigned_abs());
                bar.set_position(done.unsigned_abs());
            },
            _ = lines.tick() => if let Some((done, total)) = backend.rederived.current() {
                tracing::info!(done, total, "numbers and search terms are made anew");
            },
        }
    };
    bar.finish_and_clear();
    match done {
        Ok(0) => {}
        Ok(customers) => tracing::info!(
            customers,
            "numbers and search terms were made anew; `laidian admin conflicts` lists customers who share a number"
        ),
        Err(error) => {
            tracing::error!(%error, "numbers and search terms could not be made anew; the next start goes on");
        }
    }
}

/// Returns what a person is told who has just started it: what can be done next, with ADDRESS where it listens.
async fn greeting(backend: &Backend, config: &Config, demo: Option<u64>) -> Result<Option<String>, Box<dyn Error>> {
    let companies = backend.store.companies().await?;
    let place = config.location().to_string();
    // A log that a program reads gets no more than a line.
    if !std::io::stderr().is_terminal() && config.log.format != LogFormat::Text {
        tracing::info!(database = place, companies = companies.len(), demo = demo.is_some(), "the database is open");
        if companies.is_empty() {
            tracing::warn!("there is no company yet: create one and its admin with `laidian admin`, see --help");
        }
        // The demo is for people, wherever its log goes.
        return Ok(demo.map(|_| DEMO.to_owned()));
    }
    let next = match demo {
        Some(_) => DEMO.to_owned(),
        None if companies.is_empty() => first_steps(config),
        None => String::new(),
    };
    Ok(Some(format!("数据 / data: {place}\n{next}").trim_end().to_owned()))
}

/// What to do with a database in which there is nothing.
fn first_steps(config: &Config) -> String {
    let database = if config.database.url.is_empty() {
        format!("--data {}", config.database.folder.display())
    } else {
        // The address may have a password in it.
        "--database-url …".to_owned()
    };
    format!(
        "还没有公司，请先创建公司和管理员，其余可由管理员登录后设置 / there is no company yet; create one and its admin, who can set up the rest:\n  \
         laidian admin {database} company 1 \"公司名称\"\n  \
         laidian admin {database} operator --company 1 admin \"管理员\" --role admin\n  \
         laidian admin {database} password --company 1 admin     # 询问密码，输入两遍 / asks for the password, twice",
    )
}
