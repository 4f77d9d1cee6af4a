//! What admins change of what their company has set up.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialects::{self, cti, ibizplm};
use crate::domain::custom_field::FieldKind;
use crate::domain::rights::{Delete, Phones, Reach, RightsPatch};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::credential::Kind;
use crate::ops::access::password;
use crate::ops::company::setup::{self, Change, DictionaryKind, LastAdmin};
use crate::ops::systems::plm::Grant;
use crate::protocol::lenient::{Flag, Member, Scalar, Whole};

fn role(name: &str) -> Result<Role, Error> {
    Role::parse(name).ok_or_else(|| Error::one_of("role", &Role::ALL.map(Role::name)))
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
    /// The area code of the mainland, such as 021, that its people leave out when they dial; nothing for none.
    area_code: Option<String>,
    /// By which fields a customer counts as one that is there already, for systems that ask: accountName, phone,
    /// both parted by a comma, or nothing.
    duplicates: Option<String>,
}

pub async fn put_company(cx: &Cx<'_>, request: PutCompany) -> Result<Done, Error> {
    let PutCompany { name, time_zone, country, area_code, duplicates } = request;
    let name = name.unwrap_or_else(|| cx.catalogue.company.name.clone());
    make(cx, vec![Change::Company { name, time_zone, country, area_code, duplicates }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutNamed {
    id: Whole,
    name: String,
}

pub async fn put_group(cx: &Cx<'_>, PutNamed { id, name }: PutNamed) -> Result<Done, Error> {
    make(cx, vec![Change::Group { id: id.0, name }]).await
}

pub async fn put_task(cx: &Cx<'_>, PutNamed { id, name }: PutNamed) -> Result<Done, Error> {
    make(cx, vec![Change::Task { id: id.0, name }]).await
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
    /// The telephone number that other systems show of the operator; `""` is none.
    mobile: Option<String>,
    /// 8 to 128 characters.
    password: Option<String>,
}

pub async fn put_operator(cx: &Cx<'_>, request: PutOperator) -> Result<Done, Error> {
    let PutOperator { staff_no, name, role: role_name, groups, mobile, password } = request;
    let role = role_name.as_deref().map(role).transpose()?;
    let mut changes =
        vec![Change::Operator { login_no: staff_no.clone(), name, role, groups, mobile, last: LastAdmin::Stays }];
    if let Some(password) = password {
        changes.push(Change::Password {
            login_no: staff_no,
            hash: password::hash_aside(password::turn(cx.address).await?, password).await?,
        });
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
    let hash = password::hash_aside(password::turn(cx.address).await?, request.password).await?;
    make(cx, vec![Change::Password { login_no: request.staff_no, hash }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneOperator {
    staff_no: String,
}

pub async fn disable_operator(cx: &Cx<'_>, request: OneOperator) -> Result<Done, Error> {
    make(cx, vec![Change::Disabled { login_no: request.staff_no, disabled: true, last: LastAdmin::Stays }]).await
}

pub async fn enable_operator(cx: &Cx<'_>, request: OneOperator) -> Result<Done, Error> {
    make(cx, vec![Change::Disabled { login_no: request.staff_no, disabled: false, last: LastAdmin::Stays }]).await
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
        _ => return Err(Error::one_of("kind", &["app", "bearer"])),
    };
    let PutApp { id, name, acts_as, dialect, grants, .. } = request;
    let dialect = dialect.unwrap_or_else(|| cti::http::DIALECT.to_owned());
    if !dialects::CREDENTIALS.contains(&dialect.as_str()) {
        return Err(Error::one_of("dialect", &dialects::CREDENTIALS));
    }
    let grants = grants.unwrap_or_default();
    if grants.iter().any(|name| Grant::parse(name).is_none())
        || (!grants.is_empty() && dialect != ibizplm::http::DIALECT)
    {
        return Err(Error::expected(
            "grants",
            " CREATE、READ、UPDATE、DELETE，只用于 ibizplm",
            "CREATE, READ, UPDATE or DELETE, for ibizplm",
        ));
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

/// An entry of a dictionary; what is absent stays, or is as usual for a new one.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutDictionaryItem<'a> {
    /// type, flag or source.
    kind: String,
    #[serde(borrow)]
    value: Scalar<'a>,
    /// A new one needs one.
    name: Option<String>,
    /// Its place in the list.
    position: Option<Whole>,
}

pub async fn put_dictionary_item(cx: &Cx<'_>, request: PutDictionaryItem<'_>) -> Result<Done, Error> {
    let PutDictionaryItem { kind, value, name, position } = request;
    let kind = DictionaryKind::parse(&kind).ok_or_else(|| Error::one_of("kind", &["type", "flag", "source"]))?;
    let value = value.text().ok_or_else(|| Error::expected("value", "文本", "a text"))?.into_owned();
    let position = position.map(|Whole(position)| position);
    make(cx, vec![Change::DictionaryItem { kind, value, name, position }]).await
}

/// A custom field; what is absent stays, or is as usual for a new one.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutCustomField {
    id: Whole,
    /// A new one needs one.
    name: Option<String>,
    /// text (a new one, unless it is given), number, date or option.
    kind: Option<String>,
    /// What an option field may hold.
    options: Option<Vec<String>>,
    required: Option<Flag>,
}

pub async fn put_custom_field(cx: &Cx<'_>, request: PutCustomField) -> Result<Done, Error> {
    let PutCustomField { id, name, kind, options, required } = request;
    let kind = kind
        .map(|kind| FieldKind::parse(&kind).ok_or_else(|| Error::one_of("kind", &["text", "number", "date", "option"])))
        .transpose()?;
    let required = required.map(|Flag(required)| required);
    make(cx, vec![Change::Field { id: id.0, name, kind, options, required }]).await
}

/// The rights of a role; what is absent stays, null is as usual again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutRights {
    /// agent or supervisor.
    role: String,
    /// own, group or company.
    #[serde(default)]
    reach: Member<Reach>,
    /// shown or masked.
    #[serde(default)]
    phones: Member<Phones>,
    #[serde(default)]
    export: Member<Flag>,
    /// Which of the customers that the role sees it may delete: none, own or all.
    #[serde(default)]
    delete: Member<Delete>,
    /// Actions that are given (true) to the role or taken (false) from it.
    #[serde(default)]
    actions: Member<BTreeMap<String, Option<bool>>>,
}

pub async fn put_rights(cx: &Cx<'_>, request: PutRights) -> Result<Done, Error> {
    let PutRights { role: role_name, reach, phones, export, delete, actions } = request;
    if let Member::Value(actions) = &actions {
        actions.keys().try_for_each(|action| dialects::adjustable(action))?;
    }
    let patch = RightsPatch {
        reset: false,
        reach: reach.given(),
        phones: phones.given(),
        export: export.given().map(|given| given.map(|Flag(export)| export)),
        delete: delete.given(),
        actions: actions.given(),
    };
    make(cx, vec![Change::Rights { role: role(&role_name)?, patch }]).await
}
