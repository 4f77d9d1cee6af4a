//! The fields of each entity: what a record shows, in the order in which it was asked for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::domain::catalogue::{Catalogue, Dictionary, Staff};
use crate::domain::custom_field::{CustomField, FieldKind};
use crate::domain::customer::CustomerPhone;
use crate::domain::ids::{self, Entity};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;

/// The fields that one request can ask for.
const MOST_FIELDS: usize = 200;
/// What the names of a company's own fields begin with.
const CUSTOM: &str = "c__";

/// A field of an entity.
pub struct Definition<F: 'static> {
    pub field: F,
    pub name: &'static str,
    pub label: &'static str,
    pub data_type: &'static str,
    pub nullable: bool,
    /// Whether requests may set it.
    pub writable: bool,
    pub reference_to: Option<&'static str>,
}

macro_rules! definitions {
    ($($field:expr, $name:literal $label:literal $data_type:literal $nullable:ident $writable:ident $($reference:literal)?;)*) => {
        &[$(Definition {
            field: $field,
            name: $name,
            label: $label,
            data_type: $data_type,
            nullable: definitions!(@ $nullable),
            writable: definitions!(@ $writable),
            reference_to: definitions!(@reference $($reference)?),
        }),*]
    };
    (@ nullable) => { true };
    (@ given) => { false };
    (@ writable) => { true };
    (@ fixed) => { false };
    (@reference) => { None };
    (@reference $entity:literal) => { Some($entity) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    Id,
    Name,
    Phone,
    Address,
    Type,
    Owner,
    Unit,
    CreatedOn,
    CreatedBy,
    ModifiedOn,
    ModifiedBy,
    IsDeleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    Id,
    Name,
    Mobile,
    Unit,
    IsDeleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusinessUnit {
    Id,
    Name,
}

pub static ACCOUNT: &[Definition<Account>] = definitions! {
    Account::Id, "accountId" "客户ID" "primary" given fixed;
    Account::Name, "accountName" "客户名称" "string" given writable;
    Account::Phone, "phone" "电话" "string" nullable writable;
    Account::Address, "address" "地址" "string" nullable writable;
    Account::Type, "typeCode" "客户类型" "int" nullable writable;
    Account::Owner, "owningUser" "所属用户" "reference" given writable "User";
    Account::Unit, "owningBusinessUnit" "所属部门" "reference" given writable "BusinessUnit";
    Account::CreatedOn, "createdOn" "创建时间" "timestamp" given fixed;
    Account::CreatedBy, "createdBy" "创建人" "reference" nullable fixed "User";
    Account::ModifiedOn, "modifiedOn" "修改时间" "timestamp" given fixed;
    Account::ModifiedBy, "modifiedBy" "修改人" "reference" nullable fixed "User";
    Account::IsDeleted, "isDeleted" "是否已删除" "bool" given fixed;
};

pub static USER: &[Definition<User>] = definitions! {
    User::Id, "userId" "用户ID" "primary" given fixed;
    User::Name, "userName" "姓名" "string" given fixed;
    User::Mobile, "mobile" "手机" "string" nullable fixed;
    User::Unit, "owningBusinessUnit" "所属部门" "reference" nullable fixed "BusinessUnit";
    User::IsDeleted, "isDeleted" "是否已停用" "bool" given fixed;
};

pub static BUSINESS_UNIT: &[Definition<BusinessUnit>] = definitions! {
    BusinessUnit::Id, "businessUnitId" "部门ID" "primary" given fixed;
    BusinessUnit::Name, "name" "部门名称" "string" given fixed;
};

/// What a name in `fields` leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    Own(Account),
    /// A field of the user that this one refers to.
    User(Account, User),
    BusinessUnit(BusinessUnit),
    Custom(i64),
}

fn by_name<F: Copy>(definitions: &[Definition<F>], name: &str) -> Option<F> {
    definitions.iter().find(|definition| definition.name == name).map(|definition| definition.field)
}

/// The company's field with this name, `c__392`.
pub fn custom<'a>(catalogue: &'a Catalogue, name: &str) -> Option<&'a CustomField> {
    let id: i64 = name.strip_prefix(CUSTOM)?.parse().ok()?;
    catalogue.fields.iter().find(|field| field.id == id && custom_name(field) == name)
}

#[must_use]
pub fn custom_name(field: &CustomField) -> String {
    format!("{CUSTOM}{}", field.id)
}

#[must_use]
pub fn custom_type(field: &CustomField) -> &'static str {
    match field.kind {
        FieldKind::Text => "text",
        FieldKind::Number => "decimal",
        FieldKind::Date => "date",
        FieldKind::Option => "string",
    }
}

/// Returns what a name leads to, through at most one reference.
pub fn path(catalogue: &Catalogue, name: &str) -> Result<Path, Error> {
    let found = match name.split_once('.') {
        None => by_name(ACCOUNT, name)
            .map(Path::Own)
            .or_else(|| custom(catalogue, name).map(|field| Path::Custom(field.id))),
        Some((reference, rest)) => match by_name(ACCOUNT, reference) {
            Some(Account::Unit) => by_name(BUSINESS_UNIT, rest).map(Path::BusinessUnit),
            Some(own @ (Account::Owner | Account::CreatedBy | Account::ModifiedBy)) => {
                by_name(USER, rest).map(|user| Path::User(own, user))
            }
            _ => None,
        },
    };
    found.ok_or_else(|| unknown(name))
}

/// Returns what a name of a user's field leads to.
pub fn user_path(name: &str) -> Result<User, Error> {
    by_name(USER, name).ok_or_else(|| unknown(name))
}

/// The refusal of a name that there is not.
pub fn unknown(name: &str) -> Error {
    let name: String = name.chars().take(64).collect();
    Error::parameter(format!("{name}: 没有这个字段 / there is no such field"))
}

/// Returns the names of a list parted by commas, each once and with what it leads to.
pub fn asked<P>(fields: &str, path: impl Fn(&str) -> Result<P, Error>) -> Result<Vec<(String, P)>, Error> {
    let mut asked: Vec<(String, P)> = Vec::new();
    for name in fields.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if asked.iter().any(|(known, _)| known == name) {
            continue;
        }
        if asked.len() == MOST_FIELDS {
            return Err(Error::parameter(format!("fields: 最多 {MOST_FIELDS} 个 / at most {MOST_FIELDS}")));
        }
        asked.push((name.to_owned(), path(name)?));
    }
    if asked.is_empty() { Err(Error::parameter("fields: 缺少 / is missing")) } else { Ok(asked) }
}

/// A record: the asked fields in the order in which they were asked for.
pub struct Record(Vec<(String, Value)>);

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl JsonSchema for Record {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "WiseRecord".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// Returns the schema of a customer as clients write it: what they may not set is ignored.
pub fn written_schema(_: &mut SchemaGenerator) -> Schema {
    let property = |definition: &Definition<Account>| {
        let types = match definition.data_type {
            "reference" => json!({ "type": "string" }),
            _ => json!({ "type": ["string", "number", "null"] }),
        };
        (definition.name.to_owned(), if definition.writable { types } else { json!({}) })
    };
    let properties: serde_json::Map<String, Value> = ACCOUNT.iter().map(property).collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^c__[0-9]+$": { "type": ["string", "number", "null"] } },
        "additionalProperties": false,
    })
}

/// Returns a customer's record, as the caller may see it; `is_deleted` is whether iBiz PLM counts it as deleted.
pub fn account(cx: &Cx<'_>, customer: &Shown, is_deleted: bool, asked: &[(String, Path)]) -> Result<Record, Error> {
    let catalogue = &cx.catalogue;
    let value = |path: Path| match path {
        Path::Own(field) => own(catalogue, customer, is_deleted, field),
        Path::User(field, user) => {
            Ok(person(catalogue, customer, field).map_or(Value::Null, |staff| user_value(cx, staff, user)))
        }
        Path::BusinessUnit(field) => Ok(unit(catalogue, customer).map_or(Value::Null, |(id, name)| match field {
            BusinessUnit::Id => unit_id(catalogue, id).into(),
            BusinessUnit::Name => name.into(),
        })),
        Path::Custom(id) => custom_value(customer, id),
    };
    let fields = asked.iter().map(|(name, path)| Ok((name.clone(), value(*path)?)));
    fields.collect::<Result<_, Error>>().map(Record)
}

/// Returns a user's record, as the caller may see it.
pub fn user(cx: &Cx<'_>, staff: &Staff, asked: &[(String, User)]) -> Record {
    let value = |field| match field {
        User::Unit => staff.groups.first().map_or(Value::Null, |id| unit_id(&cx.catalogue, *id).into()),
        field => user_value(cx, staff, field),
    };
    Record(asked.iter().map(|(name, field)| (name.clone(), value(*field))).collect())
}

fn own(catalogue: &Catalogue, customer: &Shown, is_deleted: bool, field: Account) -> Result<Value, Error> {
    let time = |at| Value::from(times::to_second(at, &catalogue.company.time_zone));
    Ok(match field {
        Account::Id => ids::to_wise(Entity::Account, catalogue.company.id, customer.id).into(),
        Account::Name => customer.name.clone().into(),
        Account::Phone => first_phone(customer)?.into(),
        Account::Address => customer.address.clone().into(),
        Account::Type => customer.type_value.as_deref().map_or(Value::Null, type_code),
        Account::Owner | Account::CreatedBy | Account::ModifiedBy => {
            person(catalogue, customer, field).map_or(Value::Null, |staff| user_id(staff).into())
        }
        Account::Unit => unit(catalogue, customer).map_or(Value::Null, |(id, _)| unit_id(catalogue, id).into()),
        Account::CreatedOn => time(customer.created_at),
        Account::ModifiedOn => time(customer.updated_at),
        Account::IsDeleted => is_deleted.into(),
    })
}

fn first_phone(customer: &Shown) -> Result<Option<String>, Error> {
    let phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones).map_err(|cause| Error::internal(&cause))?;
    Ok(phones.into_iter().next().map(|phone| phone.content))
}

/// A picklist's value is a number here; one that is none stays the text that it is.
pub fn type_code(value: &str) -> Value {
    value.parse::<i64>().map_or_else(|_| value.into(), Value::from)
}

/// The values of a picklist with their names.
pub fn picklist(dictionary: &Dictionary) -> impl Iterator<Item = (Value, &str)> {
    dictionary.entries.iter().map(|entry| (type_code(&entry.value), entry.name.as_str()))
}

fn custom_value(customer: &Shown, id: i64) -> Result<Value, Error> {
    let Some(custom) = &customer.custom else { return Ok(Value::Null) };
    let values: std::collections::BTreeMap<i64, Value> =
        serde_json::from_str(custom).map_err(|cause| Error::internal(&cause))?;
    Ok(values.get(&id).cloned().unwrap_or(Value::Null))
}

fn person<'a>(catalogue: &'a Catalogue, customer: &Shown, field: Account) -> Option<&'a Staff> {
    catalogue.staff(match field {
        Account::Owner => customer.owner_no.as_deref()?,
        Account::CreatedBy => &customer.created_by,
        _ => &customer.updated_by,
    })
}

fn unit<'a>(catalogue: &'a Catalogue, customer: &Shown) -> Option<(i64, &'a str)> {
    let id = customer.group_id?;
    Some((id, catalogue.groups.get(&id)?))
}

fn user_id(staff: &Staff) -> String {
    ids::to_wise(Entity::User, 0, staff.number)
}

fn unit_id(catalogue: &Catalogue, id: i64) -> String {
    ids::to_wise(Entity::BusinessUnit, catalogue.company.id, id)
}

fn user_value(cx: &Cx<'_>, staff: &Staff, field: User) -> Value {
    match field {
        User::Id => user_id(staff).into(),
        User::Name => staff.name.as_str().into(),
        User::Mobile => cx.staff_mobile(staff).into(),
        // A group is not reached through two references.
        User::Unit => Value::Null,
        User::IsDeleted => staff.disabled.into(),
    }
}
