//! `laidian admin`: what a company needs before its first call. Each command creates or changes.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use uuid::Uuid;

use super::settings;
use crate::domain::catalogue::{Role, login_key};
use crate::domain::custom_field::FieldKind;
use crate::ops::setup::{self, DictionaryKind};
use crate::store::{Store, Tx};

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
    /// 应用（签名调用），不给令牌则生成并打印 / an app that signs calls; without a token one is made and printed
    App {
        #[arg(long)]
        company: i64,
        id: String,
        name: String,
        #[arg(long)]
        token: Option<String>,
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
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Type,
    Flag,
    Source,
}

pub async fn run(args: Args) -> Result<ExitCode, Box<dyn Error>> {
    let (config, _) = args.settings.read(Vec::new())?;
    let backend = settings::open(&config).await?;
    let done = match args.what {
        What::Show => show(&backend.store).await,
        what => change(&backend.store, what).await,
    };
    backend.store.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn change(store: &Store, what: What) -> Result<(), Box<dyn Error>> {
    match what {
        What::Company { id, name, time_zone, country } => {
            let mut tx = store.company(id).write().await?;
            let before = tx.company_row().await?;
            let (before_zone, before_country) = before.map(|row| (row.time_zone, row.country)).unzip();
            let time_zone = time_zone.or(before_zone).unwrap_or_else(|| "Asia/Shanghai".into());
            let country = country.or(before_country).unwrap_or_else(|| "CN".into());
            setup::company(&mut tx, &name, &time_zone, &country, &secret()).await?;
            tx.commit().await?;
        }
        What::Group { company, id, name } => {
            let mut tx = begin(store, company).await?;
            setup::group(&mut tx, id, &name).await?;
            tx.commit().await?;
        }
        What::Operator { company, login_no, name, groups, role } => {
            let mut tx = begin(store, company).await?;
            let key = login_key(&login_no);
            let before = tx.staff().await?.into_iter().find(|staff| staff.login_key == key);
            let role = role.or(before.map(|staff| staff.role)).and_then(|role| Role::parse(&role));
            let groups = if groups.is_empty() {
                let memberships = tx.memberships().await?.into_iter();
                memberships
                    .filter(|membership| membership.login_key == key)
                    .map(|membership| membership.group_id)
                    .collect()
            } else {
                groups
            };
            setup::operator(&mut tx, &login_no, &name, role.unwrap_or(Role::Agent), &groups).await?;
            tx.commit().await?;
        }
        What::Password { company, login_no } => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password)?;
            let mut tx = begin(store, company).await?;
            setup::password(&mut tx, &login_no, password.trim_end_matches(['\r', '\n'])).await?;
            tx.commit().await?;
        }
        What::Disable { company, login_no } => set_disabled(store, company, &login_no, true).await?,
        What::Enable { company, login_no } => set_disabled(store, company, &login_no, false).await?,
        What::App { company, id, name, token } => {
            let mut tx = begin(store, company).await?;
            let made = token.is_none();
            let token = token.unwrap_or_else(secret);
            setup::app(&mut tx, &id, &name, &token).await?;
            tx.commit().await?;
            if made {
                writeln!(std::io::stdout(), "{token}")?;
            }
        }
        What::Dictionary { company, kind, value, name, position } => {
            let mut tx = begin(store, company).await?;
            let kind = match kind {
                Kind::Type => DictionaryKind::Type,
                Kind::Flag => DictionaryKind::Flag,
                Kind::Source => DictionaryKind::Source,
            };
            setup::dictionary_item(&mut tx, kind, &value, &name, position).await?;
            tx.commit().await?;
        }
        What::Task { company, id, name } => {
            let mut tx = begin(store, company).await?;
            setup::task(&mut tx, id, &name).await?;
            tx.commit().await?;
        }
        What::Field { company, id, name, kind, options, required } => {
            let mut tx = begin(store, company).await?;
            let kind = FieldKind::parse(&kind).unwrap_or(FieldKind::Text);
            setup::custom_field(&mut tx, id, &name, kind, &options, required).await?;
            tx.commit().await?;
        }
        What::Show => {}
    }
    Ok(())
}

async fn set_disabled(store: &Store, company: i64, login_no: &str, disabled: bool) -> Result<(), Box<dyn Error>> {
    let mut tx = begin(store, company).await?;
    setup::disabled(&mut tx, login_no, disabled).await?;
    tx.commit().await?;
    Ok(())
}

/// A transaction of a company that exists.
async fn begin(store: &Store, company: i64) -> Result<Tx, Box<dyn Error>> {
    let scope = store.company(company);
    setup::must_exist(&scope).await?;
    Ok(scope.write().await?)
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
        for app in scope.apps().await? {
            writeln!(out, "  应用/app {} {}", app.id, app.name)?;
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

/// 244 bits from the operating system.
fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
