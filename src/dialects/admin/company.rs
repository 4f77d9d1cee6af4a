//! What a company has set up, shown to its admins.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::catalogue::Dictionary;
use crate::domain::rights::{Delete, Phones, Reach, Rights};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::company::setup::DictionaryKind;

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
    /// The area code that its people leave out when they dial.
    #[serde(skip_serializing_if = "Option::is_none")]
    area_code: Option<String>,
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
    mobile: Option<String>,
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
    delete: Delete,
    actions: BTreeMap<String, bool>,
}

impl From<&Rights> for RightsShown {
    fn from(rights: &Rights) -> Self {
        let Rights { reach, phones, export, delete, ref actions, .. } = *rights;
        Self { reach, phones, export, delete, actions: actions.clone() }
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
        mobile: staff.mobile.clone(),
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
            country: catalogue.company.home.country.iso.to_owned(),
            area_code: catalogue.company.home.area_code().map(|code| format!("0{code}")),
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
