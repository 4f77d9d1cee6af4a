//! What is set up, and what was done, line by line on standard output.

use std::error::Error;
use std::io::Write;

use crate::domain::times;
use crate::ops::company::setup;
use crate::store::Store;

pub async fn audit(store: &Store, company: i64, limit: i64) -> Result<(), Box<dyn Error>> {
    setup::must_exist(store, company).await?;
    let mut out = std::io::stdout();
    for row in store.company(company).audit("~", None, None, limit).await? {
        let at = times::to_iso(row.at, &jiff::tz::TimeZone::UTC);
        let address = if row.address.is_empty() { "-" } else { &row.address };
        writeln!(out, "{at} {} {} {address} {}", row.kind, row.login_no, row.what)?;
    }
    Ok(())
}

/// Phones that are read at a time.
const PHONES: i64 = 100;

/// Lists the customers who share a number since numbers are read by other rules, one pair a line.
pub async fn conflicts(store: &Store) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for company in store.companies().await? {
        let mut after = 0;
        loop {
            let phones = store.company(company.id).shared_phones(after, PHONES).await?;
            for phone in &phones {
                writeln!(out, "{} {} {} {}", company.id, phone.customer_id, phone.typed, phone.found_with)?;
            }
            match phones.last() {
                Some(last) => after = last.id,
                None => break,
            }
        }
    }
    Ok(())
}

pub async fn show(store: &Store) -> Result<(), Box<dyn Error>> {
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
