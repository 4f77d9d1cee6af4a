//! The line that says what was done.

use crate::ops::access::credential::Kind;
use crate::ops::company::setup::Change;

/// What was done, Chinese and English.
pub fn done(company: i64, change: &Change) -> String {
    let saved = |zh: &str, en: &str| format!("{zh}已保存 / {en} is saved");
    match change {
        Change::Company { name, .. } => saved(&format!("公司 {company} {name} "), &format!("company {company} {name}")),
        Change::Group { id, name } => saved(&format!("部门 {id} {name} "), &format!("group {id} {name}")),
        Change::Operator { login_no, name, .. } => {
            let name = name.as_deref().unwrap_or_default();
            saved(&format!("工号 {login_no} {name} "), &format!("operator {login_no} {name}"))
        }
        Change::Password { login_no, .. } => {
            format!("工号 {login_no} 的密码已设置 / the password of operator {login_no} is set")
        }
        Change::Disabled { login_no, disabled: true, .. } => {
            format!("工号 {login_no} 已停用 / operator {login_no} is disabled")
        }
        Change::Disabled { login_no, disabled: false, .. } => {
            format!("工号 {login_no} 已启用 / operator {login_no} is enabled")
        }
        Change::Credential { id, kind: Kind::App, .. } => {
            format!("应用 {id} 已创建，令牌只显示这一次 / app {id} is made; its token is told this once")
        }
        Change::Credential { id, kind: Kind::Bearer, .. } => {
            format!("程序 {id} 已创建，令牌只显示这一次 / program {id} is made; its token is told this once")
        }
        Change::Rotate { id, .. } => {
            format!("{id} 的令牌已更换，旧的已失效 / {id} has another token; the old one is good no more")
        }
        Change::TokenSecret => {
            format!(
                "公司 {company} 此前签发的令牌全部失效 / no token that company {company} has issued is good any more"
            )
        }
        Change::DictionaryItem { kind, value, name, .. } => {
            let (kind, name) = (kind.name(), name.as_deref().unwrap_or_default());
            saved(&format!("字典项 {kind} {value} {name} "), &format!("dictionary entry {kind} {value} {name}"))
        }
        Change::Task { id, name } => saved(&format!("任务 {id} {name} "), &format!("task {id} {name}")),
        Change::Field { id, name, .. } => {
            let name = name.as_deref().unwrap_or_default();
            saved(&format!("字段 {id} {name} "), &format!("field {id} {name}"))
        }
        Change::Product { id, name } => saved(&format!("产品 {id} {name} "), &format!("product {id} {name}")),
        Change::ProductMember { product, login_no, .. } => {
            saved(&format!("产品 {product} 的成员 {login_no} "), &format!("member {login_no} of product {product}"))
        }
        Change::Webhook(given) => saved(&format!("webhook {} ", given.id), &format!("webhook {}", given.id)),
        Change::RotateWebhook { id } => {
            format!("webhook {id} 的签名密钥已更换 / webhook {id} has another secret")
        }
        Change::DeleteWebhook { id } => format!("webhook {id} 已删除 / webhook {id} is deleted"),
        Change::Rights { role, .. } => {
            let role = role.name();
            saved(&format!("角色 {role} 的权限"), &format!("what the role {role} may do"))
        }
    }
}
