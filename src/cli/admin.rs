//! `laidian admin`: what a company needs before its first call. Each command creates or changes.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::settings;
use crate::dialects;
use crate::dialects::cti::http::DIALECT;
use crate::domain::catalogue::Role;
use crate::domain::custom_field::FieldKind;
use crate::domain::rights::Adjustment;
use crate::domain::times;
use crate::ops::audit::Actor;
use crate::ops::setup::{self, Change, DictionaryKind};
use crate::ops::{Backend, credential, password, rederive};
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: settings::DatabaseArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 公司 / a company
    Company {
        id: i64,
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
        #[arg(long)]
        company: i64,
        id: i64,
        name: String,
    },
    /// 工号 / an operator
    Operator {
        #[arg(long)]
        company: i64,
        login_no: String,
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
    },
    /// 设置工号的密码，从标准输入读取一行 / set an operator's password, a line of standard input
    Password {
        #[arg(long)]
        company: i64,
        login_no: String,
    },
    /// 停用工号 / stop an operator from signing in
    Disable {
        #[arg(long)]
        company: i64,
        login_no: String,
    },
    /// 重新启用工号 / let an operator sign in again
    Enable {
        #[arg(long)]
        company: i64,
        login_no: String,
    },
    /// 应用（签名调用），不给令牌则生成并打印；已有的应用会更换令牌 / an app that signs calls; without a token one is made
    /// and printed; an app that is there gets another one
    App {
        #[arg(long)]
        company: i64,
        id: String,
        name: String,
        /// 用于哪个系统 / the system that takes it
        #[arg(long, default_value = DIALECT, value_parser = dialects::CREDENTIALS)]
        dialect: String,
        #[arg(long)]
        token: Option<String>,
    },
    /// 持令牌的程序（Authorization: Bearer），打印一次令牌 / a program that sends a bearer token, which is printed once
    Bearer {
        #[arg(long)]
        company: i64,
        id: String,
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
        #[arg(long)]
        company: i64,
        id: String,
    },
    /// 更换公司签发令牌的密钥：此前签发的令牌全部失效 / another secret for the company's tokens: none issued before is good
    TokenSecret {
        #[arg(long)]
        company: i64,
    },
    /// 角色的权限（不给出的项按默认）/ the rights of a role; what is not given is as usual
    Rights {
        #[arg(long)]
        company: i64,
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
        /// 允许的 action，可重复 / an action that it may call besides; may be repeated
        #[arg(long = "allow", value_name = "ACTION")]
        give: Vec<String>,
        /// 禁止的 action，可重复 / an action that it may not call; may be repeated
        #[arg(long = "deny", value_name = "ACTION")]
        take: Vec<String>,
    },
    /// 审计记录，最新的在前 / the audit, newest first
    Audit {
        #[arg(long)]
        company: i64,
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// 字典项：客户类型、客户状态、客户来源 / a customer type, deal flag or source
    Dictionary {
        #[arg(long)]
        company: i64,
        kind: Kind,
        value: String,
        name: String,
        /// 排列位置 / its place in the list
        #[arg(long, default_value_t = 0)]
        position: i64,
    },
    /// 客户任务 / a customer task
    Task {
        #[arg(long)]
        company: i64,
        id: i64,
        name: String,
    },
    /// 自定义字段 / a custom field
    Field {
        #[arg(long)]
        company: i64,
        id: i64,
        name: String,
        #[arg(long, value_parser = ["text", "number", "date", "option"], default_value = "text")]
        kind: String,
        /// 选项，可重复 / an option; may be repeated
        #[arg(long = "option")]
        options: Vec<String>,
        #[arg(long)]
        required: bool,
    },
    /// 列出全部公司及其设置 / list all companies and what they have set up
    Show,
    /// 列出号码相同的客户（升级后，不同写法归为同一号码）：公司 客户 号码 另一客户 / list customers who share a number since a newer version reads
    /// numbers otherwise: company, customer, number, the customer with whom it is found
    Conflicts,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Type,
    Flag,
    Source,
}

/// Who the audit says it was.
const ACTOR: &str = "命令行";

pub async fn run(args: Args) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = args.settings.read(Vec::new())?;
    let backend = settings::open(&config).await?;
    let done = match args.what {
        What::Show => show(&backend.store).await,
        What::Audit { company, limit } => audit(&backend.store, company, limit).await,
        What::Conflicts => conflicts(&backend.store).await,
        what => change(&backend, what).await,
    };
    backend.store.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn change(backend: &Backend, what: What) -> Result<(), Box<dyn Error>> {
    let Some((company, change)) = change_of(&backend.store, what).await? else { return Ok(()) };
    let scope = backend.store.company(company);
    if !matches!(change, Change::Company { .. }) {
        setup::must_exist(&scope).await?;
    }
    let tells = matches!(change, Change::Credential { secret: None, .. } | Change::Rotate { secret: None, .. });
    let actor = Actor { login_no: ACTOR.to_owned(), address: None };
    let moves = matches!(change, Change::Company { area_code: Some(_), .. });
    let mut tx = scope.write().await?;
    let secret = change.apply(&mut tx, &actor, backend.clock.now()).await?;
    tx.commit().await?;
    if moves {
        rederive::all(&backend.store, &backend.rederived).await?;
    }
    if let Some(secret) = secret.filter(|_| tells) {
        writeln!(std::io::stdout(), "{secret}")?;
    }
    Ok(())
}

/// What a command wants changed, and in which company.
async fn change_of(store: &Store, what: What) -> Result<Option<(i64, Change)>, Box<dyn Error>> {
    Ok(Some(match what {
        What::Company { id, name, time_zone, country, area_code, duplicates } => {
            (id, Change::Company { name, time_zone, country, area_code, duplicates })
        }
        What::Group { company, id, name } => (company, Change::Group { id, name }),
        What::Operator { company, login_no, name, groups, role, mobile } => {
            let role = role.and_then(|role| Role::parse(&role));
            let groups = (!groups.is_empty()).then_some(groups);
            (company, Change::Operator { login_no, name: Some(name), role, groups, mobile })
        }
        What::Password { company, login_no } => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password)?;
            let hash = password::hash(password.trim_end_matches(['\r', '\n']))?;
            (company, Change::Password { login_no, hash })
        }
        What::Disable { company, login_no } => (company, Change::Disabled { login_no, disabled: true }),
        What::Enable { company, login_no } => (company, Change::Disabled { login_no, disabled: false }),
        What::App { company, id, name, dialect, token } => {
            let known = store.company(company).credentials().await?;
            if known.iter().any(|known| known.id == id) {
                (company, Change::Rotate { id, secret: token })
            } else {
                let kind = credential::Kind::App;
                (company, Change::Credential { id, kind, dialect, name, secret: token, acts_as: None, grants: None })
            }
        }
        What::Bearer { company, id, name, dialect, acts_as } => {
            let kind = credential::Kind::Bearer;
            (company, Change::Credential { id, kind, dialect, name, secret: None, acts_as, grants: None })
        }
        What::TokenSecret { company } => (company, Change::TokenSecret),
        What::Rotate { company, id } => (company, Change::Rotate { id, secret: None }),
        What::Rights { company, role, reach, phones, export, give, take } => {
            let role = Role::parse(&role).unwrap_or(Role::Agent);
            (company, Change::Rights { role, adjustment: adjustment(reach, phones, export, &give, &take)? })
        }
        What::Dictionary { company, kind, value, name, position } => {
            let kind = match kind {
                Kind::Type => DictionaryKind::Type,
                Kind::Flag => DictionaryKind::Flag,
                Kind::Source => DictionaryKind::Source,
            };
            (company, Change::DictionaryItem { kind, value, name, position })
        }
        What::Task { company, id, name } => (company, Change::Task { id, name }),
        What::Field { company, id, name, kind, options, required } => {
            let kind = FieldKind::parse(&kind).unwrap_or(FieldKind::Text);
            (company, Change::Field { id, name, kind, options, required })
        }
        What::Show | What::Audit { .. } | What::Conflicts => return Ok(None),
    }))
}

fn adjustment(
    reach: Option<String>,
    phones: Option<String>,
    export: Option<bool>,
    give: &[String],
    take: &[String],
) -> Result<Adjustment, Box<dyn Error>> {
    let named = give.iter().map(|name| (name, true)).chain(take.iter().map(|name| (name, false)));
    let mut actions = std::collections::BTreeMap::new();
    for (name, given) in named {
        dialects::adjustable(name)?;
        actions.insert(name.clone(), given);
    }
    // Words that the command line has checked already.
    let word = |word: Option<String>| word.map(serde_json::Value::String);
    Ok(Adjustment {
        reach: word(reach).map(serde_json::from_value).transpose()?,
        phones: word(phones).map(serde_json::from_value).transpose()?,
        export,
        actions,
    })
}

async fn audit(store: &Store, company: i64, limit: i64) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for row in store.company(company).audit("~", None, None, limit).await? {
        let at = times::to_iso(row.at, &jiff::tz::TimeZone::UTC);
        let address = if row.address.is_empty() { "-" } else { &row.address };
        writeln!(out, "{at} {} {} {address} {}", row.kind, row.login_no, row.what)?;
    }
    Ok(())
}

/// Lists the customers who share a number since numbers are read by other rules, one pair a line.
async fn conflicts(store: &Store) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for company in store.companies().await? {
        let scope = store.company(company.id);
        let mut after = 0;
        while let Some((clashes, last)) = rederive::clashes(&scope, &company, after).await? {
            for clash in clashes {
                writeln!(out, "{} {} {} {}", company.id, clash.customer, clash.typed, clash.other)?;
            }
            after = last;
        }
    }
    Ok(())
}

async fn show(store: &Store) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for company in store.companies().await? {
        writeln!(out, "{} {} ({}, {})", company.id, company.name, company.time_zone, company.country)?;
        let scope = store.company(company.id);
        for group in scope.groups().await? {
            writeln!(out, "  部门/group {} {}", group.id, group.name)?;
        }
        let memberships = scope.memberships().await?;
        for staff in scope.staff().await? {
            let groups = memberships.iter().filter(|membership| membership.login_key == staff.login_key);
            let groups: Vec<String> = groups.map(|membership| membership.group_id.to_string()).collect();
            let disabled = if staff.disabled != 0 { " 已停用/disabled" } else { "" };
            let (login_no, name, role) = (staff.login_no, staff.name, staff.role);
            writeln!(out, "  工号/operator {login_no} {name} {role} [{}]{disabled}", groups.join(", "))?;
        }
        for row in scope.role_rights().await? {
            writeln!(out, "  权限/rights {} {}", row.role, row.rights)?;
        }
        for row in scope.credentials().await? {
            let (kind, acts_as) = (row.kind, row.acts_as.map(|acts_as| format!(" as {acts_as}")).unwrap_or_default());
            writeln!(out, "  应用/{kind} {} {} ({}){acts_as}", row.id, row.name, row.dialect)?;
        }
        for item in scope.dictionary_items().await? {
            writeln!(out, "  字典/dictionary {} {}={}", item.kind, item.name, item.value)?;
        }
        for task in scope.tasks().await? {
            writeln!(out, "  任务/task {} {}", task.id, task.name)?;
        }
        for field in scope.custom_fields().await? {
            let required = if field.required != 0 { " *" } else { "" };
            writeln!(out, "  字段/field {} {} {} {}{required}", field.id, field.name, field.kind, field.options)?;
        }
    }
    Ok(())
}
