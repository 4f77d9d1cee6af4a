//! What entities, fields and picklists there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{ACCOUNT, BUSINESS_UNIT, Definition, USER, custom_name, custom_type, picklist, unknown};
use super::{Data, input};
use crate::domain::ids::Entity;
use crate::error::Error;
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

const SYSTEM: i64 = 1;
const CUSTOM: i64 = 2;

/// The picklist fields of customers.
const TYPE: &str = "typeCode";

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WiseEntities")]
pub struct OfType<'a> {
    /// 0 all, 1 the system's, 2 the company's own; all unless it is given.
    #[serde(borrow, default)]
    r#type: Option<Scalar<'a>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WiseFields")]
pub struct FieldsOf<'a> {
    /// Account, User or `BusinessUnit`.
    #[serde(borrow)]
    #[schemars(required)]
    entity: Option<Scalar<'a>>,
    /// As in `metadata/entity`.
    #[serde(borrow, default)]
    r#type: Option<Scalar<'a>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WisePicklists")]
pub struct PicklistsOf<'a> {
    /// As in `metadata/field`.
    #[serde(borrow)]
    #[schemars(required)]
    entity: Option<Scalar<'a>>,
    /// The names of the fields, parted by commas; all unless it is given.
    #[serde(borrow, default)]
    fields: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct EntityInfo {
    code: i64,
    entity: &'static str,
    name: &'static str,
    r#type: i64,
    name_field: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub struct FieldInfo {
    field: String,
    name: String,
    r#type: i64,
    data_type: &'static str,
    nullable: bool,
    creatable: bool,
    updatable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_to: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
pub struct Picklist {
    field: &'static str,
    values: Vec<PicklistValue>,
}

#[derive(Serialize, JsonSchema)]
pub struct PicklistValue {
    /// An integer, or the text that the company has set up in its place.
    value: Value,
    label: String,
}

/// Which of the two types of entities or fields is asked for.
fn wanted(parameter: Option<&Scalar<'_>>) -> Result<impl Fn(i64) -> bool, Error> {
    let wanted = input::integer("type", parameter)?.unwrap_or(0);
    if !(0..=CUSTOM).contains(&wanted) {
        return Err(Error::parameter("type: 应为 0、1 或 2 / expected 0, 1 or 2"));
    }
    Ok(move |kind| wanted == 0 || wanted == kind)
}

fn entity(parameter: Option<&Scalar<'_>>) -> Result<&'static EntityInfo, Error> {
    let name = input::required("entity", parameter)?;
    ENTITIES.iter().find(|entity| entity.entity.eq_ignore_ascii_case(name.trim())).ok_or_else(|| {
        let known: Vec<&str> = ENTITIES.iter().map(|entity| entity.entity).collect();
        Error::parameter(format!("entity: 没有这个实体 / expected one of {}", known.join(", ")))
    })
}

static ENTITIES: [EntityInfo; 3] = [
    EntityInfo { code: 2, entity: "Account", name: "客户", r#type: SYSTEM, name_field: "accountName" },
    EntityInfo { code: 27, entity: "User", name: "用户", r#type: SYSTEM, name_field: "userName" },
    EntityInfo { code: 28, entity: "BusinessUnit", name: "部门", r#type: SYSTEM, name_field: "name" },
];

#[expect(clippy::unused_async, reason = "a handler is awaited")]
pub async fn entities(_: &Cx<'_>, request: OfType<'_>) -> Result<Data<Vec<&'static EntityInfo>>, Error> {
    let is_wanted = wanted(request.r#type.as_ref())?;
    Ok(Data { data: ENTITIES.iter().filter(|entity| is_wanted(entity.r#type)).collect() })
}

#[expect(clippy::unused_async, reason = "a handler is awaited")]
pub async fn fields(cx: &Cx<'_>, request: FieldsOf<'_>) -> Result<Data<Vec<FieldInfo>>, Error> {
    let entity = entity(request.entity.as_ref())?;
    let is_wanted = wanted(request.r#type.as_ref())?;
    let mut data = match entity.code {
        code if code == Entity::Account.code() => described(ACCOUNT),
        code if code == Entity::User.code() => described(USER),
        _ => described(BUSINESS_UNIT),
    };
    if entity.code == Entity::Account.code() {
        data.extend(cx.catalogue.fields.iter().map(|field| FieldInfo {
            field: custom_name(field),
            name: field.name.clone(),
            r#type: CUSTOM,
            data_type: custom_type(field),
            nullable: !field.required,
            creatable: true,
            updatable: true,
            reference_to: None,
        }));
    }
    data.retain(|field| is_wanted(field.r#type));
    Ok(Data { data })
}

fn described<F>(definitions: &[Definition<F>]) -> Vec<FieldInfo> {
    let described = definitions.iter().map(|definition| FieldInfo {
        field: definition.name.to_owned(),
        name: definition.label.to_owned(),
        r#type: SYSTEM,
        data_type: definition.data_type,
        nullable: definition.nullable,
        creatable: definition.writable,
        updatable: definition.writable,
        reference_to: definition.reference_to,
    });
    described.collect()
}

#[expect(clippy::unused_async, reason = "a handler is awaited")]
pub async fn picklists(cx: &Cx<'_>, request: PicklistsOf<'_>) -> Result<Data<Vec<Picklist>>, Error> {
    let entity = entity(request.entity.as_ref())?;
    let known = match entity.code {
        code if code == Entity::Account.code() => described(ACCOUNT),
        code if code == Entity::User.code() => described(USER),
        _ => described(BUSINESS_UNIT),
    };
    let asked = input::text("fields", request.fields.as_ref())?;
    let asked: Option<Vec<&str>> =
        asked.as_ref().map(|asked| asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect());
    for name in asked.iter().flatten() {
        if !known.iter().any(|field| field.field == *name) {
            return Err(unknown(name));
        }
    }
    let has_type = entity.code == Entity::Account.code() && asked.is_none_or(|asked| asked.contains(&TYPE));
    let values = picklist(&cx.catalogue.types).map(|(value, label)| PicklistValue { value, label: label.to_owned() });
    let types = has_type.then(|| Picklist { field: TYPE, values: values.collect() });
    Ok(Data { data: types.into_iter().collect() })
}
