//! A posted record as the changes of a customer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{self, ACCOUNT, Account};
use crate::domain::custom_field::is_blank;
use crate::domain::identifier::Identifier;
use crate::domain::ids::{self, Entity};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::find;
use crate::ops::customer::{Changes, Patch};

/// What a field of ours is called here, in refusals.
const NAMES: [(&str, &str); 3] = [("custname", "accountName"), ("cellphones", "phone"), ("jsonStr ", "c__")];

/// Returns the refusal of a value, for what the customer's rules call a wrong parameter.
#[must_use]
pub fn as_value(error: Error) -> Error {
    match error {
        Error::Parameter { detail } => {
            let renamed =
                NAMES.iter().find_map(|(ours, theirs)| Some(format!("{theirs}{}", detail.strip_prefix(ours)?)));
            Error::Value { detail: renamed.map_or(detail, Cow::Owned) }
        }
        other => other,
    }
}

fn refused(name: &str, expected: &str) -> Error {
    Error::Value { detail: format!("{name}: {expected}").into() }
}

/// Returns what a new customer is to have. Who acts owns it, unless somebody else is named.
pub fn added(cx: &Cx<'_>, body: Map<String, Value>) -> Result<Changes<'static>, Error> {
    let mut changes = read(cx, body)?;
    if changes.name == Patch::Keep {
        return Err(missing("accountName"));
    }
    if changes.owner == Patch::Keep
        && let Some(operator) = &cx.caller.operator
    {
        let own = cx.catalogue.staff(&operator.login_no).and_then(|staff| staff.groups.first());
        // Somebody who belongs to no group owns no customers.
        match (&changes.group, own) {
            (Patch::Keep, Some(group)) => {
                changes.owner = Patch::Set(operator.login_no.clone().into());
                changes.group = Patch::Set(*group);
            }
            (Patch::Set(_), Some(_)) => changes.owner = Patch::Set(operator.login_no.clone().into()),
            _ => {}
        }
    }
    with_group(cx, changes, None)
}

/// Returns what the customer of this number is to have instead.
pub async fn changed(cx: &Cx<'_>, number: i64, mut body: Map<String, Value>) -> Result<Changes<'static>, Error> {
    // What is empty as it was shown is no change.
    let given = [Account::Name, Account::Owner, Account::Unit];
    let empty = ACCOUNT.iter().filter(|definition| given.contains(&definition.field));
    let empty: Vec<_> = empty.filter(|definition| body.get(definition.name).is_some_and(is_blank)).collect();
    if !empty.is_empty() {
        let before = current(cx, number).await?;
        for definition in empty {
            let was_empty = match definition.field {
                Account::Name => before.name.is_none(),
                Account::Owner => before.owner_no.is_none(),
                _ => before.group_id.is_none(),
            };
            if was_empty {
                body.remove(definition.name);
            }
        }
    }
    let changes = read(cx, body)?;
    let before = match (&changes.owner, &changes.group) {
        (Patch::Set(_), Patch::Keep) => current(cx, number).await?.group_id,
        _ => None,
    };
    with_group(cx, changes, before)
}

async fn current(cx: &Cx<'_>, number: i64) -> Result<Shown, Error> {
    let found = find::find(cx, &Identifier::Id(number)).await?;
    find::only(found.customers.into_iter())
}

/// Names the group of an owner for whom none is named.
fn with_group(cx: &Cx<'_>, mut changes: Changes<'static>, before: Option<i64>) -> Result<Changes<'static>, Error> {
    if let (Patch::Set(owner), Patch::Keep) = (&changes.owner, &changes.group) {
        let asker = cx.caller.operator.as_ref().map(|operator| operator.groups.as_slice()).unwrap_or_default();
        let group = cx.catalogue.staff(owner).and_then(|staff| staff.group_for(before, asker));
        let nowhere = || refused("owningUser", "不属于任何部门 / belongs to no business unit");
        changes.group = Patch::Set(group.ok_or_else(nowhere)?);
    }
    Ok(changes)
}

fn missing(name: &str) -> Error {
    refused(name, "不能为空 / must not be empty")
}

fn read(cx: &Cx<'_>, body: Map<String, Value>) -> Result<Changes<'static>, Error> {
    let mut changes = Changes::default();
    let mut customs = BTreeMap::new();
    for (name, value) in body {
        if let Some(custom) = fields::custom(&cx.catalogue, &name) {
            customs.insert(custom.id, value);
            continue;
        }
        let definition =
            ACCOUNT.iter().find(|definition| definition.name == name).ok_or_else(|| fields::unknown(&name))?;
        if !definition.writable {
            continue;
        }
        if !definition.nullable && is_blank(&value) {
            return Err(missing(&name));
        }
        set(cx, &mut changes, definition.field, &name, value)?;
    }
    if !customs.is_empty() {
        changes.custom = Patch::Set(customs);
    }
    Ok(changes)
}

fn set(cx: &Cx<'_>, changes: &mut Changes<'static>, field: Account, name: &str, value: Value) -> Result<(), Error> {
    match field {
        Account::Name => changes.name = text(name, value)?,
        Account::Phone => changes.first_phone = text(name, value)?,
        Account::Address => changes.address = text(name, value)?,
        Account::Type => changes.kind = kind(cx, name, value)?,
        Account::Owner => {
            let number = reference(name, &value, |id| ids::from_wise(Entity::User, 0, id))?;
            let staff = cx.catalogue.staff_by_number(number).filter(|staff| !staff.disabled);
            changes.owner = Patch::Set(staff.ok_or_else(|| dangling(name))?.login_no.clone().into());
        }
        Account::Unit => {
            let id = reference(name, &value, |id| ids::from_wise(Entity::BusinessUnit, cx.caller.company, id))?;
            if !cx.catalogue.groups.contains_key(&id) {
                return Err(dangling(name));
            }
            changes.group = Patch::Set(id);
        }
        Account::Id
        | Account::CreatedOn
        | Account::CreatedBy
        | Account::ModifiedOn
        | Account::ModifiedBy
        | Account::IsDeleted => {}
    }
    Ok(())
}

fn text(name: &str, value: Value) -> Result<Patch<Cow<'static, str>>, Error> {
    match value {
        Value::String(text) if text.trim().is_empty() => Ok(Patch::Clear),
        Value::String(text) => Ok(Patch::Set(text.into())),
        // Telephone numbers, mostly.
        Value::Number(number) => Ok(Patch::Set(number.to_string().into())),
        Value::Null => Ok(Patch::Clear),
        _ => Err(refused(name, "应为文本 / expected a text")),
    }
}

fn kind(cx: &Cx<'_>, name: &str, value: Value) -> Result<Patch<Cow<'static, str>>, Error> {
    let given = text(name, value)?;
    if let Patch::Set(code) = &given
        && !cx.catalogue.types.entries.iter().any(|entry| entry.value == code.trim())
    {
        return Err(refused(name, "不在选项之内 / is not a value of the picklist"));
    }
    Ok(given)
}

fn reference(name: &str, value: &Value, number: impl Fn(&str) -> Option<i64>) -> Result<i64, Error> {
    value.as_str().and_then(|id| number(id.trim())).ok_or_else(|| dangling(name))
}

fn dangling(name: &str) -> Error {
    refused(name, "没有这条记录 / there is no such record")
}
