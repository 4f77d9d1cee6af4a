//! A customer as replies print it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::CustomField;
use crate::domain::times;
use crate::ops::access::rights::{Shown, ShownView};
use crate::store::rows::CustomerView;

/// A customer as replies print it. The names are the spelling of the document's reply examples.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Customer")]
pub struct CustomerBody<'a> {
    pub id: i64,
    pub custname: Option<&'a str>,
    #[serde(rename = "custType")]
    pub cust_type: Option<&'a str>,
    #[schemars(with = "Vec<Cellphone>")]
    pub cellphones: &'a RawValue,
    pub address: Option<&'a str>,
    #[serde(rename = "companyName")]
    pub company_name: Option<&'a str>,
    #[serde(rename = "taskId")]
    pub task_id: Option<i64>,
    pub taskname: Option<&'a str>,
    #[serde(rename = "serviceNo")]
    pub service_no: Option<&'a str>,
    #[serde(rename = "servicegroupId")]
    pub servicegroup_id: Option<i64>,
    #[serde(rename = "companyId")]
    pub company_id: i64,
    #[serde(rename = "jsonStr")]
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    pub json_str: Option<CustomValues<'a>>,
    #[serde(rename = "dealFlag")]
    pub deal_flag: Option<&'a str>,
    #[serde(rename = "assignTime")]
    pub assign_time: Option<String>,
    #[serde(rename = "customerLabel")]
    #[schemars(with = "LabelsOrStar")]
    pub customer_label: Labels<'a>,
    #[serde(rename = "custFrom")]
    pub cust_from: Option<&'a str>,
    #[serde(rename = "followNum")]
    pub follow_num: i64,
    #[serde(rename = "lastAccept")]
    pub last_accept: Option<&'a str>,
    #[serde(rename = "lastFlowTime")]
    pub last_flow_time: Option<String>,
    #[serde(rename = "opTime")]
    pub op_time: String,
    #[serde(rename = "loginNo")]
    pub login_no: &'a str,
    #[serde(rename = "uploginNo")]
    pub uplogin_no: &'a str,
    #[serde(rename = "upTime")]
    pub up_time: String,
    /// Counts the changes.
    pub version: i64,
}

/// A phone: its id and its number as it was typed.
#[derive(Serialize, JsonSchema)]
#[allow(dead_code, reason = "the shape of what is stored as text")]
struct Cellphone {
    id: i64,
    content: String,
}

/// The labels, or the star level when there are none.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the shape of what is stored as text")]
enum LabelsOrStar {
    Labels(Vec<LabelBody>),
    Star(i64),
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Label")]
#[allow(dead_code, reason = "the shape of what is stored as text")]
struct LabelBody {
    id: i64,
    name: String,
}

#[derive(Debug)]
pub enum Labels<'a> {
    Labels(&'a RawValue),
    Star(i64),
}

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Labels(labels) => labels.serialize(serializer),
            Self::Star(star) => serializer.serialize_i64(*star),
        }
    }
}

/// Custom values under their wire names.
#[derive(Debug)]
pub struct CustomValues<'a> {
    fields: &'a [CustomField],
    values: BTreeMap<i64, &'a RawValue>,
}

impl Serialize for CustomValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for field in self.fields {
            if let Some(value) = self.values.get(&field.id) {
                map.serialize_entry(&field.key(), value)?;
            }
        }
        map.end()
    }
}

impl<'a> CustomerBody<'a> {
    /// Returns the reply's form of a stored customer.
    pub fn new(row: &'a Shown, catalogue: &'a Catalogue) -> serde_json::Result<Self> {
        Self::of(&row.view(), catalogue)
    }

    /// The same of a customer as the caller may see him.
    fn of(row: &CustomerView<'a>, catalogue: &'a Catalogue) -> serde_json::Result<Self> {
        let zone = &catalogue.company.time_zone;
        let minute = |at: i64| times::to_minute(at, zone);
        let custom = row.custom.map(serde_json::from_str::<BTreeMap<i64, &RawValue>>).transpose()?;
        Ok(Self {
            id: row.id,
            custname: row.name,
            cust_type: row.type_value.map(|value| catalogue.types.name_of(value)),
            cellphones: serde_json::from_str(row.phones)?,
            address: row.address,
            company_name: row.company_name,
            task_id: row.task_id,
            taskname: row.task_id.and_then(|id| catalogue.tasks.get(&id)).map(String::as_str),
            service_no: row.owner_no,
            servicegroup_id: row.group_id,
            company_id: catalogue.company.id,
            json_str: custom
                .filter(|values| catalogue.fields.iter().any(|field| values.contains_key(&field.id)))
                .map(|values| CustomValues { fields: &catalogue.fields, values }),
            deal_flag: row.flag_value.map(|value| catalogue.flags.name_of(value)),
            assign_time: row.assigned_at.map(minute),
            customer_label: match row.labels {
                "[]" => Labels::Star(row.star),
                labels => Labels::Labels(serde_json::from_str(labels)?),
            },
            cust_from: row.source_value.map(|value| catalogue.sources.name_of(value)),
            follow_num: row.follow_count,
            last_accept: row.last_accept,
            last_flow_time: row.last_follow_at.map(minute),
            op_time: minute(row.created_at),
            login_no: row.created_by,
            uplogin_no: row.updated_by,
            up_time: minute(row.updated_at),
            version: row.version,
        })
    }
}

/// One stored customer, written when the reply is.
pub struct CustomerReply {
    pub catalogue: Arc<Catalogue>,
    pub row: Shown,
}

impl Serialize for CustomerReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CustomerBody::new(&self.row, &self.catalogue).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// A customer in memory, as a list of one.
pub struct ViewReply<'c> {
    pub catalogue: &'c Catalogue,
    pub customer: ShownView<'c>,
}

impl Serialize for ViewReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [CustomerBody::of(&self.customer, self.catalogue).map_err(serde::ser::Error::custom)?].serialize(serializer)
    }
}

/// Stored customers, written when the reply is.
pub struct CustomerReplies {
    pub catalogue: Arc<Catalogue>,
    pub rows: Vec<Shown>,
}

impl Serialize for CustomerReplies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeSeq};
        let mut list = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            list.serialize_element(&CustomerBody::new(row, &self.catalogue).map_err(S::Error::custom)?)?;
        }
        list.end()
    }
}

macro_rules! same_schema {
    ($name:ty, $as:ty) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<$as>()
            }
        }
    };
}
same_schema!(CustomerReply, CustomerBody<'static>);
same_schema!(CustomerReplies, Vec<CustomerBody<'static>>);
