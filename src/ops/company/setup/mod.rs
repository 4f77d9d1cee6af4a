//! Setting a company up: the company itself, groups, operators, apps, dictionaries, tasks, custom fields.
//! Every function creates what is missing and changes what is there.

mod change;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::domain::catalogue::{DuplicateRule, is_called, login_key};
use crate::domain::custom_field::FieldKind;
use crate::domain::customer::LONGEST_TEXT;
use crate::domain::phone::{self, Country, Home};
use crate::domain::pinyin::sort_key;
use crate::domain::rights::Adjustment;
use crate::domain::role::Role;
use crate::domain::text::visible;
use crate::error::Error;
use crate::ops::access::credential::{self, Kind};
use crate::ops::access::password;
use crate::ops::customer::rederive;
use crate::store::{Scope, Store, Tx};

pub use crate::ops::company::setup::change::{Change, LastAdmin, make};

/// A dictionary of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DictionaryKind {
    Type,
    Flag,
    Source,
}

impl DictionaryKind {
    /// The dictionary with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Type, Self::Flag, Self::Source].into_iter().find(|kind| kind.name() == name)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Flag => "flag",
            Self::Source => "source",
        }
    }
}

/// Creates or changes the company. Refuses a zone or country that is unknown, and another country once there
/// are customers: their phones are compared as the old one writes them.
pub async fn company(tx: &mut Tx, name: &str, time_zone: &str, country: &str, secret: &str) -> Result<(), Error> {
    let name = &*check_name("name", name)?;
    if TimeZone::get(time_zone).is_err() {
        return Err(Error::parameter(format!(
            "timeZone: 没有时区 {time_zone}，应为 Asia/Shanghai 这样的名称 / there is no time zone {time_zone}; expected a name such as \
             Asia/Shanghai"
        )));
    }
    if Country::by_iso(country).is_none() {
        return Err(Error::parameter(format!(
            "country: 没有国家 {country}，应为 CN 这样的两个字母 / there is no country {country}; expected two letters such as CN"
        )));
    }
    let before = tx.company_row().await?;
    let customers = tx.customer_count().await?.map_or(0, |row| row.value);
    if before.is_some_and(|before| before.country != country) && customers > 0 {
        return Err(Error::parameter(
            "country: 已有客户，不能更改 / there are customers already, it cannot be changed",
        ));
    }
    tx.put_company(name, time_zone, country, secret).await?;
    tx.put_counter().await?;
    if customers == 0 {
        rederive::mark(tx).await?;
    }
    Ok(())
}

/// Says in which area the company's people dial without an area code; the empty text is none. Keys of numbers that are
/// stored are made anew by [`rederive`](crate::ops::customer::rederive).
pub async fn area_code(tx: &mut Tx, area_code: &str) -> Result<(), Error> {
    let company = tx.company_row().await?.ok_or(Error::NotFound)?;
    let code = visible(area_code);
    let home = Home::new(&company.country, Some(&code)).ok_or_else(|| {
        Error::parameter(
            "areaCode: 应为 021 这样的大陆区号，或留空 / expected an area code of the mainland such as 021, or nothing",
        )
    })?;
    tx.set_area_code(home.area_code().map(|code| format!("0{code}")).as_deref()).await?;
    Ok(())
}

/// Says by which fields a customer counts as one that is there already: `accountName,phone`, or nothing.
pub async fn duplicates(tx: &mut Tx, fields: &str) -> Result<(), Error> {
    let rules = DuplicateRule::parse_list(fields).ok_or_else(|| {
        Error::parameter("duplicates: 应为 accountName、phone 或留空 / expected accountName, phone, both or nothing")
    })?;
    tx.set_duplicates(&rules.iter().map(|rule| rule.name()).collect::<Vec<_>>().join(",")).await?;
    Ok(())
}

pub async fn group(tx: &mut Tx, id: i64, name: &str) -> Result<(), Error> {
    let name = &*check_name("name", name)?;
    tx.put_group(id, name, &sort_key(name)).await?;
    Ok(())
}

/// Creates or changes an operator, who then belongs to exactly these groups.
pub async fn operator(tx: &mut Tx, login_no: &str, name: &str, role: Role, groups: &[i64]) -> Result<(), Error> {
    let login_no = &*check_name("login number", login_no)?;
    let name = &*check_name("name", name)?;
    // The number of a new one is the next: one after another.
    tx.count(0, 0, 0, 0, 0, 0, 0).await?;
    let known = tx.groups().await?;
    if groups.iter().any(|id| known.iter().all(|group| group.id != *id)) {
        return Err(Error::GroupUnknown);
    }
    let key = login_key(login_no);
    tx.put_staff(&key, login_no, name, role.name(), &sort_key(name)).await?;
    tx.delete_memberships(&key).await?;
    for group in groups {
        tx.put_membership(&key, *group).await?;
    }
    Ok(())
}

/// Sets the telephone number that systems show of an operator; the empty text is none.
pub async fn mobile(tx: &mut Tx, login_no: &str, mobile: &str) -> Result<(), Error> {
    let mobile = &*visible(mobile);
    let company = tx.company_row().await?.ok_or(Error::NotFound)?;
    let home = Home::new(&company.country, company.area_code.as_deref()).ok_or(Error::NotFound)?;
    if !mobile.is_empty() {
        phone::read(mobile, &home).map_err(|why| Error::parameter(format!("mobile: {}", why.why())))?;
    }
    found(tx.set_mobile(&login_key(login_no), (!mobile.is_empty()).then_some(mobile)).await?, login_no)
}

/// Sets a password that everybody knows, as the demo's are.
pub async fn public_password(tx: &mut Tx, login_no: &str, password: &str) -> Result<(), Error> {
    store_password(tx, login_no, &password::hash_public(password)?, 0).await
}

/// Sets an operator's password by its hash; sign-ins with the old one end.
async fn store_password(tx: &mut Tx, login_no: &str, hash: &str, now: i64) -> Result<(), Error> {
    found(tx.set_password(&login_key(login_no), Some(hash), now).await?, login_no)
}

/// Lets an operator sign in, or not any more; sockets that he has open are ended.
pub async fn disabled(tx: &mut Tx, login_no: &str, disabled: bool, now: i64) -> Result<(), Error> {
    found(tx.set_disabled(&login_key(login_no), i64::from(disabled), now).await?, login_no)
}

fn found(rows: u64, login_no: &str) -> Result<(), Error> {
    if rows > 0 { Ok(()) } else { Err(no_operator(login_no)) }
}

fn no_operator(login_no: &str) -> Error {
    Error::parameter(format!("公司没有工号 {login_no} / the company has no operator {login_no}"))
}

/// What a new credential is to be.
#[derive(Debug, Clone, Copy)]
pub struct NewCredential<'a> {
    pub id: &'a str,
    pub kind: Kind,
    /// The dialect that takes it.
    pub dialect: &'a str,
    pub name: &'a str,
    /// What an app signs with, or the token itself.
    pub secret: &'a str,
    /// The operator in whose name it works.
    pub acts_as: Option<&'a str>,
    /// Whether it may call as often as it likes.
    pub unlimited: bool,
    /// What it may do in iBiz PLM, joined by commas.
    pub grants: Option<&'a str>,
}

/// Creates a credential. Its id must be free in the whole installation.
pub async fn credential(tx: &mut Tx, new: &NewCredential<'_>) -> Result<(), Error> {
    for (what, text) in [("id", new.id), ("name", new.name), ("token", new.secret)] {
        check_name(what, text)?;
    }
    if let Some(operator) = new.acts_as
        && !tx.staff().await?.iter().any(|staff| staff.login_key == login_key(operator))
    {
        return Err(no_operator(operator));
    }
    let secret = stored_secret(new.kind, new.secret);
    let added = tx
        .insert_credential(
            new.id,
            new.kind.name(),
            new.dialect,
            new.name,
            &secret,
            new.acts_as,
            i64::from(new.unlimited),
            new.grants,
        )
        .await?;
    if added == 0 {
        return Err(Error::parameter(format!("id: {0} 已被使用 / {0} is used already", new.id)));
    }
    Ok(())
}

/// Gives a credential another secret: what was signed in with the old one ends.
pub async fn rotate(tx: &mut Tx, id: &str, secret: &str, now: i64) -> Result<(), Error> {
    check_name("token", secret)?;
    let missing = || Error::parameter(format!("id: 没有 {id} / there is no {id}"));
    let row = tx.credentials().await?.into_iter().find(|row| row.id == id).ok_or_else(missing)?;
    let kind = if row.kind == Kind::Bearer.name() { Kind::Bearer } else { Kind::App };
    tx.rotate_credential(id, &stored_secret(kind, secret), now).await?;
    Ok(())
}

fn stored_secret(kind: Kind, secret: &str) -> String {
    match kind {
        Kind::App => secret.to_owned(),
        Kind::Bearer => credential::digest(secret),
    }
}

/// Returns a new secret, 244 bits from the operating system.
#[must_use]
pub fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Creates or changes an entry of a dictionary. What is not given stays; a new one needs a name, and comes first.
pub async fn dictionary_item(
    tx: &mut Tx,
    kind: DictionaryKind,
    value: &str,
    name: Option<&str>,
    position: Option<i64>,
) -> Result<(), Error> {
    let value = &*check_name("value", value)?;
    let name = name.map(|name| check_name("name", name)).transpose()?;
    let known = tx.dictionary_items().await?;
    let known = known.iter().filter(|item| item.kind == kind.name());
    match &name {
        Some(name) => must_be_new(name, known.filter(|item| item.value != value).map(|item| item.name.as_str()))?,
        None if known.clone().any(|item| item.value == value) => {}
        None => return Err(change::missing_name()),
    }
    let name = name.as_deref();
    tx.put_dictionary_item(kind.name(), value, name, position).await?;
    Ok(())
}

/// Says how the rights of a role differ from the usual ones. An admin's do not: an admin could undo it.
pub async fn role_rights(tx: &mut Tx, role: Role, adjustment: &Adjustment) -> Result<(), Error> {
    if role == Role::Admin {
        return Err(Error::parameter("role: 管理员的权限不能调整 / the rights of admins are not adjusted"));
    }
    let rights = serde_json::to_string(adjustment).map_err(|cause| Error::internal(&cause))?;
    tx.put_role_rights(role.name(), &rights).await?;
    Ok(())
}

pub async fn task(tx: &mut Tx, id: i64, name: &str) -> Result<(), Error> {
    let name = &*check_name("name", name)?;
    let known = tx.tasks().await?;
    must_be_new(name, known.iter().filter(|task| task.id != id).map(|task| task.name.as_str()))?;
    tx.put_task(id, name).await?;
    Ok(())
}

/// Defines a custom field; an option field needs options, the others have none.
pub async fn custom_field(
    tx: &mut Tx,
    id: i64,
    name: &str,
    kind: FieldKind,
    options: &[String],
    required: bool,
) -> Result<(), Error> {
    let name = &*check_name("name", name)?;
    let options: Vec<Cow<'_, str>> = options.iter().map(|option| visible(option)).collect();
    if (kind == FieldKind::Option) == options.is_empty() {
        return Err(Error::parameter(
            "options: option 字段必须有选项，其他字段没有 / an option field has options, and no other field has",
        ));
    }
    let known = tx.custom_fields().await?;
    must_be_new(name, known.iter().filter(|field| field.id != id).map(|field| field.name.as_str()))?;
    let options = serde_json::to_string(&options).map_err(|cause| Error::internal(&cause))?;
    tx.put_custom_field(id, name, kind.name(), &options, i64::from(required), id).await?;
    Ok(())
}

/// Refuses a name in a list in which things are found by their names, if another has it.
fn must_be_new<'a>(name: &str, mut others: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    if others.any(|other| is_called(other, name)) {
        return Err(Error::parameter(format!("name: 已有同名的 {name} / there is another {name} already")));
    }
    Ok(())
}

/// Refuses a company that does not exist.
pub async fn must_exist(store: &Store, company: i64) -> Result<(), Error> {
    let known = store.companies().await?;
    if known.iter().any(|known| known.id == company) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(|known| known.id.to_string()).collect();
    let known = if known.is_empty() { "–".to_owned() } else { known.join(", ") };
    Err(Error::parameter(format!(
        "没有公司 {company}，已有：{known} / there is no company {company}; there are: {known}"
    )))
}

/// Refuses a login number that no operator has.
pub async fn must_be_operator(scope: &Scope, login_no: &str) -> Result<(), Error> {
    let key = login_key(login_no);
    if scope.staff().await?.iter().any(|staff| staff.login_key == key) { Ok(()) } else { Err(no_operator(login_no)) }
}

/// Returns a name as it is stored. One of nothing that anybody sees is none.
pub fn check_name<'t>(what: &str, text: &'t str) -> Result<Cow<'t, str>, Error> {
    let name = visible(text);
    if name.is_empty() || name.chars().count() > LONGEST_TEXT || name.contains('\0') {
        return Err(Error::parameter(format!(
            "{what}: 应为 1 到 {LONGEST_TEXT} 个字符 / expected 1 to {LONGEST_TEXT} characters"
        )));
    }
    Ok(name)
}
