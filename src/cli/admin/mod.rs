//! `laidian admin`: what a company needs before its first call. Each command creates or changes, and says so in a line.

mod change;
mod lists;
mod password;
mod said;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::settings::{self, DatabaseArgs, Within};
use crate::dialects;
use crate::dialects::cti::http::DIALECT;
use crate::ops::Backend;
use crate::ops::access::audit::Actor;
use crate::ops::company::setup::{self, Change};
use crate::ops::customer::rederive;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// The company in which something is set up.
#[derive(Debug, clap::Args)]
struct Of {
    /// 公司编号 / the company's id
    #[arg(long)]
    company: i64,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 公司 / a company
    Company {
        /// 公司编号 / the company's id
        id: i64,
        /// 公司名称 / its name
        name: String,
        /// 时区，新公司默认 Asia/Shanghai / its time zone; Asia/Shanghai for a new company
        #[arg(long)]
        time_zone: Option<String>,
        /// 电话的默认国家，新公司默认 CN / the country of its phone numbers; CN for a new company
        #[arg(long)]
        country: Option<String>,
        /// 本地区号，如 021：拨打市话时省略的区号；空表示没有 / the area code that its people leave out when they dial, such as 021
        #[arg(long, value_name = "CODE")]
        area_code: Option<String>,
        /// WiseCRM 接口的查重字段：accountName、phone，逗号分隔，可为空 / the fields of WiseCRM's duplicate rule, parted by a comma
        #[arg(long, value_name = "FIELDS")]
        duplicates: Option<String>,
    },
    /// 部门 / a group
    Group {
        #[command(flatten)]
        of: Of,
        /// 部门编号 / the group's id
        id: i64,
        /// 部门名称 / its name
        name: String,
    },
    /// 工号 / an operator
    Operator {
        #[command(flatten)]
        of: Of,
        /// 工号 / the login number
        login_no: String,
        /// 姓名 / the operator's name
        name: String,
        /// 所属部门，可重复；不给则保持不变 / a group it belongs to, may be repeated; without it they stay
        #[arg(long = "group")]
        groups: Vec<i64>,
        /// 角色，新工号默认 agent / its role; agent for a new one
        #[arg(long, value_parser = ["agent", "supervisor", "admin"])]
        role: Option<String>,
        /// 其他系统显示的电话号码，空文本表示没有 / the telephone number that other systems show; "" is none
        #[arg(long)]
        mobile: Option<String>,
        /// 即使公司因此没有管理员 / also when the company is left without an admin
        #[arg(long)]
        force: bool,
    },
    /// 设置工号的密码：在终端上询问两遍，否则从标准输入读取一行 / set an operator's password: asked for twice on a terminal, otherwise
    /// a line of standard input
    Password {
        #[command(flatten)]
        of: Of,
        /// 工号 / the login number
        login_no: String,
    },
    /// 停用工号 / stop an operator from signing in
    Disable {
        #[command(flatten)]
        of: Of,
        /// 工号 / the login number
        login_no: String,
        /// 即使公司因此没有管理员 / also when the company is left without an admin
        #[arg(long)]
        force: bool,
    },
    /// 重新启用工号 / let an operator sign in again
    Enable {
        #[command(flatten)]
        of: Of,
        /// 工号 / the login number
        login_no: String,
    },
    /// 应用（签名调用），不给令牌则生成并打印；已有的应用会更换令牌 / an app that signs calls; without a token one is made
    /// and printed; an app that is there gets another one
    App {
        #[command(flatten)]
        of: Of,
        /// 应用编号，即 appid / the app's id, its appid
        id: String,
        /// 应用名称 / its name
        name: String,
        /// 用于哪个系统 / the system that takes it
        #[arg(long, default_value = DIALECT, value_parser = dialects::CREDENTIALS)]
        dialect: String,
        /// 自定的令牌，至少 16 个字符 / a token of your own, of 16 characters at least
        #[arg(long)]
        token: Option<String>,
    },
    /// 持令牌的程序（Authorization: Bearer），打印一次令牌 / a program that sends a bearer token, which is printed once
    Bearer {
        #[command(flatten)]
        of: Of,
        /// 程序编号 / the program's id
        id: String,
        /// 程序名称 / its name
        name: String,
        /// 用于哪个系统 / the system that takes it: cti, customer_detail, crm_info, wisecrm, ibizplm
        #[arg(long, default_value = DIALECT, value_parser = dialects::CREDENTIALS)]
        dialect: String,
        /// 以哪个工号的身份和权限工作 / the operator in whose name and with whose rights it works
        #[arg(long = "as", value_name = "LOGIN_NO")]
        acts_as: Option<String>,
    },
    /// 更换应用的令牌并打印；用旧令牌登录的连接随即关闭 / give an app another token; what is signed in with the old one ends
    Rotate {
        #[command(flatten)]
        of: Of,
        /// 应用或程序的编号 / the id of the app or program
        id: String,
    },
    /// 更换公司签发令牌的密钥：此前签发的令牌全部失效 / another secret for the company's tokens: none issued before is good
    TokenSecret {
        #[command(flatten)]
        of: Of,
    },
    /// 角色的权限，不给出的项保持不变 / the rights of a role; what is not given stays
    Rights {
        #[command(flatten)]
        of: Of,
        /// 角色 / the role
        #[arg(value_parser = ["agent", "supervisor"])]
        role: String,
        /// 能看到的客户 / which customers it sees
        #[arg(long, value_parser = ["own", "group", "company"])]
        reach: Option<String>,
        /// 电话是否隐藏中间几位 / whether phone numbers are masked
        #[arg(long, value_parser = ["shown", "masked"])]
        phones: Option<String>,
        /// 能否导出 / whether it may export
        #[arg(long)]
        export: Option<bool>,
        /// 能删除哪些客户 / which customers it may delete
        #[arg(long, value_parser = ["none", "own", "all"])]
        delete: Option<String>,
        /// 允许的 action，可重复 / an action that it may call besides; may be repeated
        #[arg(long = "allow", value_name = "ACTION")]
        give: Vec<String>,
        /// 禁止的 action，可重复 / an action that it may not call; may be repeated
        #[arg(long = "deny", value_name = "ACTION")]
        take: Vec<String>,
        /// 先全部恢复默认 / all as usual again, before the rest
        #[arg(long)]
        reset: bool,
    },
    /// 审计记录，最新的在前 / the audit, newest first
    Audit {
        #[command(flatten)]
        of: Of,
        /// 最多多少行 / how many lines at most
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// 字典项：客户类型、客户状态、客户来源 / a customer type, deal flag or source
    Dictionary {
        #[command(flatten)]
        of: Of,
        /// 哪个字典：客户类型、客户状态、客户来源 / which list: customer types, deal flags or sources
        kind: DictionaryOf,
        /// 值 / the value
        value: String,
        /// 名称，在一个字典里不能重复 / its name, which no other value of the list has
        name: String,
        /// 排列位置，不给则保持不变 / its place in the list; without it that stays
        #[arg(long)]
        position: Option<i64>,
    },
    /// 客户任务 / a customer task
    Task {
        #[command(flatten)]
        of: Of,
        /// 任务编号 / the task's id
        id: i64,
        /// 任务名称 / its name
        name: String,
    },
    /// 自定义字段 / a custom field
    Field {
        #[command(flatten)]
        of: Of,
        /// 字段编号 / the field's id
        id: i64,
        /// 字段名称 / its name
        name: String,
        /// 字段内容的种类，新字段默认 text / what it holds; text for a new one
        #[arg(long, value_parser = ["text", "number", "date", "option"])]
        kind: Option<String>,
        /// 选项，可重复；不给则保持不变 / an option, may be repeated; without it they stay
        #[arg(long = "option")]
        options: Vec<String>,
        /// 是否必填；不给则保持不变 / whether it must be filled in; without it that stays
        #[arg(long, num_args = 0..=1, default_missing_value = "true")]
        required: Option<bool>,
    },
    /// 列出全部公司及其设置 / list all companies and what they have set up
    Show,
    /// 列出号码相同的客户（升级后，不同写法归为同一号码）：公司 客户 号码 另一客户 / list customers who share a number since a newer version reads
    /// numbers otherwise: company, customer, number, the customer with whom it is found
    Conflicts,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DictionaryOf {
    Type,
    Flag,
    Source,
}

/// Who the audit says it was.
const ACTOR: &str = "命令行";

pub async fn run(args: Args, settings: &DatabaseArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = settings.read(Vec::new())?;
    settings::log_faults(&config)?;
    // Only a company can be the first thing that is set up.
    let backend = match args.what {
        What::Company { .. } => settings::open(&config).await?,
        _ => settings::open_existing(&config).await?,
    };
    let place = config.location().to_string();
    let done = carry_out(&backend, args.what, &place).await;
    backend.store.close().await?;
    done.map(|()| ExitCode::SUCCESS).map_err(|cause| Within { cause, place }.into())
}

async fn carry_out(backend: &Backend, what: What, place: &str) -> Result<(), Box<dyn Error>> {
    match what {
        What::Show => lists::show(&backend.store).await?,
        What::Conflicts => lists::conflicts(&backend.store).await?,
        What::Audit { of, limit } => lists::audit(&backend.store, of.company, limit).await?,
        what => return change(backend, what, place).await,
    }
    Ok(writeln!(std::io::stderr(), "数据 / data: {place}")?)
}

async fn change(backend: &Backend, what: What, place: &str) -> Result<(), Box<dyn Error>> {
    let Some((company, change)) = change::of(&backend.store, what).await? else { return Ok(()) };
    let scope = backend.store.company(company);
    if !matches!(change, Change::Company { .. }) {
        setup::must_exist(&backend.store, company).await?;
    }
    let tells = matches!(change, Change::Credential { secret: None, .. } | Change::Rotate { secret: None, .. });
    let done = format!("{}（数据 / data: {place}）", said::done(company, &change));
    let actor = Actor { login_no: ACTOR.to_owned(), address: None };
    let moves = matches!(change, Change::Company { area_code: Some(_), .. });
    let mut tx = scope.write().await?;
    let secret = change.apply(&mut tx, &actor, backend.clock.now()).await?;
    tx.commit().await?;
    if moves {
        rederive::all(&backend.store, &backend.rederived).await?;
    }
    // A program takes the token from standard output, where it stands alone.
    match secret.filter(|_| tells) {
        Some(secret) => {
            writeln!(std::io::stderr(), "{done}")?;
            writeln!(std::io::stdout(), "{secret}")?;
        }
        None => writeln!(std::io::stdout(), "{done}")?,
    }
    Ok(())
}
