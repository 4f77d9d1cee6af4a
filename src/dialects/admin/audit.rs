//! Who did what, read by admins and, of the operators of their groups, by supervisors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::audit::{self, Wanted};
use crate::protocol::lenient::Whole;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAudit {
    /// sign_in, refusal, settings, export, reveal, try or deletion.
    kind: Option<String>,
    /// Only of this operator. A supervisor sees those of the groups that he belongs to.
    staff_no: Option<String>,
    /// Lines before this one: `next` of the page before.
    before: Option<String>,
    /// 1 to 200, otherwise 50.
    page_size: Option<Whole>,
}

#[derive(Serialize, JsonSchema)]
pub struct AuditLines {
    result: Vec<AuditLine>,
    /// What to ask for the next page with; null at the end.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AuditLine {
    id: String,
    /// ISO 8601.
    time: String,
    kind: String,
    /// Who: a login number, an app, 系统 or 命令行.
    staff_no: String,
    /// From where; empty for the command line.
    address: String,
    what: Value,
}

pub async fn list_audit(cx: &Cx<'_>, request: ListAudit) -> Result<AuditLines, Error> {
    let kind = request.kind.as_deref().map(|name| {
        audit::Kind::parse(name).ok_or_else(|| Error::one_of("kind", &audit::Kind::ALL.map(audit::Kind::name)))
    });
    let staff_no = request.staff_no.map(|given| match cx.catalogue.staff(&given) {
        Some(staff) => staff.login_no.clone(),
        None => given,
    });
    let wanted = Wanted { kind: kind.transpose()?, login_no: staff_no, before: request.before };
    let size = request.page_size.map_or(audit::PAGE_SIZE, |Whole(size)| size);
    let rows = audit::list(cx, &wanted, size).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == size);
    let next = rows.last().filter(|_| is_full).map(|row| row.id.clone());
    let zone = &cx.catalogue.company.time_zone;
    let line = |row: crate::store::rows::AuditRow| {
        Ok(AuditLine {
            time: times::to_iso(row.at, zone),
            what: serde_json::from_str(&row.what).map_err(|cause| Error::internal(&cause))?,
            id: row.id,
            kind: row.kind,
            staff_no: row.login_no,
            address: row.address,
        })
    };
    Ok(AuditLines { result: rows.into_iter().map(line).collect::<Result<_, Error>>()?, next })
}
