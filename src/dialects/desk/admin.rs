//! What admins do: see and change what their company has set up, and read its audit.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dialects::{self, cti, ibizplm};
use crate::domain::catalogue::{Dictionary, Role};
use crate::domain::custom_field::FieldKind;
use crate::domain::rights::{Adjustment, Phones, Reach, Rights};
use crate::domain::times;
use crate::error::Error;
use crate::ops::audit::{self, Wanted};
use crate::ops::credential::Kind;
use crate::ops::plm::Grant;
use crate::ops::setup::{self, Change, DictionaryKind};
use crate::ops::{Cx, password};
use crate::protocol::lenient::Scalar;

pub(super) fn expected(parameter: &str, what: &str) -> Error {
    Error::parameter(format!("{parameter}: expected {what}"))
}

fn role(name: &str) -> Result<Role, Error> {
    Role::parse(name).ok_or_else(|| expected("role", "agent, supervisor or admin"))
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ShowCompany {}

#[derive(Serialize, JsonSchema)]
pub struct CompanyShown {
    result: Company,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Company {
    id: i64,
    name: String,
    time_zone: String,
    country: String,
    groups: Vec<Named>,
    operators: Vec<OperatorShown>,
    apps: Vec<AppShown>,
    /// By kind: type, flag, source.
    dictionaries: BTreeMap<&'static str, Vec<Entry>>,
    tasks: Vec<Named>,
    custom_fields: Vec<FieldShown>,
    /// By role.
    rights: BTreeMap<&'static str, RightsShown>,
}

#[derive(Serialize, JsonSchema)]
struct Named {
    id: i64,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Entry {
    value: String,
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OperatorShown {
    staff_no: String,
    name: String,
    role: &'static str,
    groups: Vec<i64>,
    disabled: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AppShown {
    id: String,
    name: String,
    /// app or bearer.
    kind: String,
    dialect: String,
    acts_as: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct FieldShown {
    id: i64,
    name: String,
    kind: &'static str,
    options: Vec<String>,
    required: bool,
}

#[derive(Serialize, JsonSchema)]
struct RightsShown {
    reach: Reach,
    phones: Phones,
    export: bool,
    actions: BTreeMap<String, bool>,
}

impl From<&Rights> for RightsShown {
    fn from(rights: &Rights) -> Self {
        Self { reach: rights.reach, phones: rights.phones, export: rights.export, actions: rights.actions.clone() }
    }
}

pub async fn show_company(cx: &Cx<'_>, _: ShowCompany) -> Result<CompanyShown, Error> {
    let catalogue = &cx.catalogue;
    let named = |(id, name): (&i64, &String)| Named { id: *id, name: name.clone() };
    let entries = |dictionary: &Dictionary| {
        let entries = dictionary.entries.iter();
        entries.map(|entry| Entry { value: entry.value.clone(), name: entry.name.clone() }).collect::<Vec<_>>()
    };
    let credentials = cx.scope.credentials().await?.into_iter().map(|row| AppShown {
        id: row.id,
        name: row.name,
        kind: row.kind,
        dialect: row.dialect,
        acts_as: row.acts_as,
    });
    let operators = catalogue.staff.values().map(|staff| OperatorShown {
        staff_no: staff.login_no.clone(),
        name: staff.name.clone(),
        role: staff.role.name(),
        groups: staff.groups.clone(),
        disabled: staff.disabled,
    });
    let fields = catalogue.fields.iter().map(|field| FieldShown {
        id: field.id,
        name: field.name.clone(),
        kind: field.kind.name(),
        options: field.options.clone(),
        required: field.required,
    });
    Ok(CompanyShown {
        result: Company {
            id: catalogue.company.id,
            name: catalogue.company.name.clone(),
            time_zone: catalogue.company.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            country: catalogue.company.country.iso.to_owned(),
            groups: catalogue.groups.iter().map(named).collect(),
            operators: operators.collect(),
            apps: credentials.collect(),
            dictionaries: [
                (DictionaryKind::Type.name(), entries(&catalogue.types)),
                (DictionaryKind::Flag.name(), entries(&catalogue.flags)),
                (DictionaryKind::Source.name(), entries(&catalogue.sources)),
            ]
            .into(),
            tasks: catalogue.tasks.iter().map(named).collect(),
            custom_fields: fields.collect(),
            rights: Role::ALL.map(|role| (role.name(), catalogue.rights(role).into())).into(),
        },
    })
}

/// That it is done.
#[derive(Serialize, JsonSchema)]
pub struct Done {}

pub(super) async fn make(cx: &Cx<'_>, changes: Vec<Change>) -> Result<Done, Error> {
    setup::make(cx, changes).await?;
    Ok(Done {})
}

/// The own company; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutCompany {
    name: Option<String>,
    /// Such as Asia/Shanghai.
    time_zone: Option<String>,
    /// The default country of phone numbers, such as CN; it stays once there are customers.
    country: Option<String>,
    /// By which fields a customer counts as one that is there already, for systems that ask: accountName, phone,
    /// both parted by a comma, or nothing.
    duplicates: Option<String>,
}

pub async fn put_company(cx: &Cx<'_>, request: PutCompany) -> Result<Done, Error> {
    let PutCompany { name, time_zone, country, duplicates } = request;
    let name = name.unwrap_or_else(|| cx.catalogue.company.name.clone());
    make(cx, vec![Change::Company { name, time_zone, country, duplicates }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutNamed {
    id: i64,
    name: String,
}

pub async fn put_group(cx: &Cx<'_>, PutNamed { id, name }: PutNamed) -> Result<Done, Error> {
    make(cx, vec![Change::Group { id, name }]).await
}

pub async fn put_task(cx: &Cx<'_>, PutNamed { id, name }: PutNamed) -> Result<Done, Error> {
    make(cx, vec![Change::Task { id, name }]).await
}

/// An operator; what is absent stays, or is as usual for a new one.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutOperator {
    /// The login number. (`loginno` is who sends the frame.)
    staff_no: String,
    /// A new operator needs one.
    name: Option<String>,
    /// agent, supervisor or admin.
    role: Option<String>,
    /// The ids of all groups that the operator is to belong to.
    groups: Option<Vec<i64>>,
    /// 8 to 128 characters.
    password: Option<String>,
}

pub async fn put_operator(cx: &Cx<'_>, request: PutOperator) -> Result<Done, Error> {
    let PutOperator { staff_no, name, role: role_name, groups, password } = request;
    let role = role_name.as_deref().map(role).transpose()?;
    let mut changes = vec![Change::Operator { login_no: staff_no.clone(), name, role, groups }];
    if let Some(password) = password {
        changes.push(Change::Password { login_no: staff_no, hash: password::hash_aside(password).await? });
    }
    make(cx, changes).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetPassword {
    staff_no: String,
    /// 8 to 128 characters.
    password: String,
}

pub async fn set_password(cx: &Cx<'_>, request: SetPassword) -> Result<Done, Error> {
    let hash = password::hash_aside(request.password).await?;
    make(cx, vec![Change::Password { login_no: request.staff_no, hash }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneOperator {
    staff_no: String,
}

pub async fn disable_operator(cx: &Cx<'_>, request: OneOperator) -> Result<Done, Error> {
    make(cx, vec![Change::Disabled { login_no: request.staff_no, disabled: true }]).await
}

pub async fn enable_operator(cx: &Cx<'_>, request: OneOperator) -> Result<Done, Error> {
    make(cx, vec![Change::Disabled { login_no: request.staff_no, disabled: false }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutApp {
    id: String,
    name: String,
    /// app (it signs its calls; the default) or bearer (it sends the token).
    kind: Option<String>,
    /// The system that takes it: cti (the default), `customer_detail`, `crm_info`, wisecrm or ibizplm.
    dialect: Option<String>,
    /// The operator in whose name it works; otherwise the company's system user.
    acts_as: Option<String>,
    /// For ibizplm: what it may do in all products and outside of them, of CREATE, READ, UPDATE, DELETE.
    grants: Option<Vec<String>>,
}

/// The token is told once, and not again when the request is sent again.
#[derive(Serialize, JsonSchema)]
pub struct AppToken {
    id: String,
    token: Option<String>,
}

pub async fn put_app(cx: &Cx<'_>, request: PutApp) -> Result<AppToken, Error> {
    let kind = match request.kind.as_deref().unwrap_or("app") {
        "app" => Kind::App,
        "bearer" => Kind::Bearer,
        _ => return Err(expected("kind", "app or bearer")),
    };
    let PutApp { id, name, acts_as, dialect, grants, .. } = request;
    let dialect = dialect.unwrap_or_else(|| cti::http::DIALECT.to_owned());
    if !dialects::CREDENTIALS.contains(&dialect.as_str()) {
        return Err(expected("dialect", &format!("one of {}", dialects::CREDENTIALS.join(", "))));
    }
    let grants = grants.unwrap_or_default();
    if grants.iter().any(|name| Grant::parse(name).is_none())
        || (!grants.is_empty() && dialect != ibizplm::http::DIALECT)
    {
        return Err(expected("grants", "CREATE, READ, UPDATE or DELETE, for ibizplm"));
    }
    let grants = (dialect == ibizplm::http::DIALECT).then(|| grants.join(","));
    let change = Change::Credential { id: id.clone(), kind, dialect, name, secret: None, acts_as, grants };
    Ok(AppToken { id, token: setup::make(cx, vec![change]).await? })
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct RotateApp {
    id: String,
}

pub async fn rotate_app(cx: &Cx<'_>, RotateApp { id }: RotateApp) -> Result<AppToken, Error> {
    let change = Change::Rotate { id: id.clone(), secret: None };
    Ok(AppToken { id, token: setup::make(cx, vec![change]).await? })
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RotateTokens {}

pub async fn rotate_tokens(cx: &Cx<'_>, _: RotateTokens) -> Result<Done, Error> {
    make(cx, vec![Change::TokenSecret]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutDictionaryItem<'a> {
    /// type, flag or source.
    kind: String,
    #[serde(borrow)]
    value: Scalar<'a>,
    name: String,
    /// Its place in the list.
    #[serde(default)]
    position: i64,
}

pub async fn put_dictionary_item(cx: &Cx<'_>, request: PutDictionaryItem<'_>) -> Result<Done, Error> {
    let PutDictionaryItem { kind, value, name, position } = request;
    let kind = DictionaryKind::parse(&kind).ok_or_else(|| expected("kind", "type, flag or source"))?;
    let value = value.text().ok_or_else(|| expected("value", "a text"))?.into_owned();
    make(cx, vec![Change::DictionaryItem { kind, value, name, position }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutCustomField {
    id: i64,
    name: String,
    /// text (the default), number, date or option.
    kind: Option<String>,
    /// What an option field may hold.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    required: bool,
}

pub async fn put_custom_field(cx: &Cx<'_>, request: PutCustomField) -> Result<Done, Error> {
    let PutCustomField { id, name, kind, options, required } = request;
    let kind = FieldKind::parse(kind.as_deref().unwrap_or("text"))
        .ok_or_else(|| expected("kind", "text, number, date or option"))?;
    make(cx, vec![Change::Field { id, name, kind, options, required }]).await
}

/// The rights of a role; what is absent is as usual.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutRights {
    /// agent or supervisor.
    role: String,
    /// own, group or company.
    reach: Option<Reach>,
    /// shown or masked.
    phones: Option<Phones>,
    export: Option<bool>,
    /// Actions that are given (true) to the role or taken (false) from it.
    #[serde(default)]
    actions: BTreeMap<String, bool>,
}

pub async fn put_rights(cx: &Cx<'_>, request: PutRights) -> Result<Done, Error> {
    let PutRights { role: role_name, reach, phones, export, actions } = request;
    for action in actions.keys() {
        dialects::adjustable(action)?;
    }
    let adjustment = Adjustment { reach, phones, export, actions };
    make(cx, vec![Change::Rights { role: role(&role_name)?, adjustment }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAudit {
    /// sign_in, refusal, settings, export, reveal or deletion.
    kind: Option<String>,
    /// Only of this operator.
    staff_no: Option<String>,
    /// Lines before this one: `next` of the page before.
    before: Option<String>,
    /// 1 to 200, otherwise 50.
    page_size: Option<i64>,
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
        audit::Kind::parse(name)
            .ok_or_else(|| expected("kind", "sign_in, refusal, settings, export, reveal or deletion"))
    });
    let staff_no = request.staff_no.map(|given| match cx.catalogue.staff(&given) {
        Some(staff) => staff.login_no.clone(),
        None => given,
    });
    let has_nul = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\0'));
    if has_nul(&staff_no) || has_nul(&request.before) {
        return Err(expected("staffNo, before", "texts without U+0000"));
    }
    let wanted = Wanted { kind: kind.transpose()?, login_no: staff_no, before: request.before };
    let size = request.page_size.unwrap_or(audit::PAGE_SIZE);
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
