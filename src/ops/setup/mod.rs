//! Setting a company up: the company itself, groups, operators, apps, dictionaries, tasks, custom fields.
//! Every function creates what is missing and changes what is there.

mod change;

use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::domain::catalogue::{DuplicateRule, Role, login_key};
use crate::domain::custom_field::FieldKind;
use crate::domain::customer::LONGEST_TEXT;
use crate::domain::phone::{Country, Phone};
use crate::domain::pinyin::sort_key;
use crate::domain::rights::Adjustment;
use crate::error::Error;
use crate::ops::credential::{self, Kind};
use crate::ops::password;
use crate::store::{Scope, Tx};

pub use change::{Change, make};

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
    check_name("name", name)?;
    if TimeZone::get(time_zone).is_err() {
        return Err(Error::parameter(format!(
            "time zone {time_zone:?} is unknown; expected a name such as Asia/Shanghai"
        )));
    }
    if Country::by_iso(country).is_none() {
        return Err(Error::parameter(format!("country {country:?} is unknown; expected two letters such as CN")));
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
    check_name("name", name)?;
    tx.put_group(id, name, &sort_key(name)).await?;
    Ok(())
}

/// Creates or changes an operator, who then belongs to exactly these groups.
pub async fn operator(tx: &mut Tx, login_no: &str, name: &str, role: Role, groups: &[i64]) -> Result<(), Error> {
    check_name("login number", login_no)?;
    check_name("name", name)?;
    // The number of a new one is the next: one after another.
    tx.count(0, 0, 0, 0, 0, 0, 0).await?;
    let known = tx.groups().await?;
    if groups.iter().any(|id| known.iter().all(|group| group.id != *id)) {
        return Err(Error::GroupUnknown);
    }
    let key = login_key(login_no);
    tx.put_staff(&key, login_no.trim(), name, role.name(), &sort_key(name)).await?;
    tx.delete_memberships(&key).await?;
    for group in groups {
        tx.put_membership(&key, *group).await?;
    }
    Ok(())
}

/// Sets the telephone number that systems show of an operator; the empty text is none.
pub async fn mobile(tx: &mut Tx, login_no: &str, mobile: &str) -> Result<(), Error> {
    let mobile = mobile.trim();
    let country =
        tx.company_row().await?.and_then(|company| Country::by_iso(&company.country)).ok_or(Error::NotFound)?;
    // What was shown masked is no number.
    let is_number = || !mobile.contains(['\0', '*', '＊']) && Phone::parse(mobile, country).is_some();
    if !mobile.is_empty() && !is_number() {
        return Err(Error::parameter("mobile: 不是电话号码 / not a phone number"));
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
    if rows > 0 { Ok(()) } else { Err(Error::parameter(format!("there is no operator {login_no}"))) }
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
        return Err(Error::parameter(format!("there is no operator {operator}")));
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

pub async fn dictionary_item(
    tx: &mut Tx,
    kind: DictionaryKind,
    value: &str,
    name: &str,
    position: i64,
) -> Result<(), Error> {
    check_name("value", value)?;
    check_name("name", name)?;
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
    check_name("name", name)?;
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
    check_name("name", name)?;
    if (kind == FieldKind::Option) == options.is_empty() {
        return Err(Error::parameter("an option field, and only an option field, has options"));
    }
    let options = serde_json::to_string(options).map_err(|cause| Error::internal(&cause))?;
    tx.put_custom_field(id, name, kind.name(), &options, i64::from(required), id).await?;
    Ok(())
}

/// Refuses a company that does not exist.
pub async fn must_exist(scope: &Scope) -> Result<(), Error> {
    match scope.company_row().await? {
        Some(_) => Ok(()),
        None => Err(Error::parameter(format!("there is no company {}", scope.company()))),
    }
}

pub(super) fn check_name(what: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT || text.contains('\0') {
        return Err(Error::parameter(format!("{what}: expected 1 to {LONGEST_TEXT} characters")));
    }
    Ok(())
}
