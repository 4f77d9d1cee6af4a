//! A customer on the wire: what goes out, and what comes in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dialects::decode;
use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::CustomField;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::{Changes, Patch, PhoneChange};
use crate::protocol::folded;
use crate::protocol::lenient::{Member, Scalar};
use crate::store::rows::CustomerRow;

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
    pub fn new(row: &'a CustomerRow, catalogue: &'a Catalogue) -> serde_json::Result<Self> {
        let zone = &catalogue.company.time_zone;
        let minute = |at: i64| times::to_minute(at, zone);
        let custom = row.custom.as_deref().map(serde_json::from_str::<BTreeMap<i64, &RawValue>>).transpose()?;
        Ok(Self {
            id: row.id,
            custname: row.name.as_deref(),
            cust_type: row.type_value.as_deref().map(|value| catalogue.types.name_of(value)),
            cellphones: serde_json::from_str(&row.phones)?,
            address: row.address.as_deref(),
            company_name: row.company_name.as_deref(),
            task_id: row.task_id,
            taskname: row.task_id.and_then(|id| catalogue.tasks.get(&id)).map(String::as_str),
            service_no: row.owner_no.as_deref(),
            servicegroup_id: row.group_id,
            company_id: catalogue.company.id,
            json_str: custom
                .filter(|values| catalogue.fields.iter().any(|field| values.contains_key(&field.id)))
                .map(|values| CustomValues { fields: &catalogue.fields, values }),
            deal_flag: row.flag_value.as_deref().map(|value| catalogue.flags.name_of(value)),
            assign_time: row.assigned_at.map(minute),
            customer_label: match row.labels.as_str() {
                "[]" => Labels::Star(row.star),
                labels => Labels::Labels(serde_json::from_str(labels)?),
            },
            cust_from: row.source_value.as_deref().map(|value| catalogue.sources.name_of(value)),
            follow_num: row.follow_count,
            last_accept: row.last_accept.as_deref(),
            last_flow_time: row.last_follow_at.map(minute),
            op_time: minute(row.created_at),
            login_no: &row.created_by,
            uplogin_no: &row.updated_by,
            up_time: minute(row.updated_at),
            version: row.version,
        })
    }
}

/// One stored customer, written when the reply is.
pub struct CustomerReply {
    pub catalogue: Arc<Catalogue>,
    pub row: CustomerRow,
}

impl Serialize for CustomerReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CustomerBody::new(&self.row, &self.catalogue).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// Stored customers, written when the reply is.
pub struct CustomerReplies {
    pub catalogue: Arc<Catalogue>,
    pub rows: Vec<CustomerRow>,
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

/// A customer as requests send it. Every member may be absent (it stays) or null (it is cleared). What the
/// server keeps itself (`id`, `taskname`, `loginNo`, `opTime`, `uploginNo`, `upTime`) is read over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerInput<'a> {
    #[serde(borrow, default)]
    custname: Member<Scalar<'a>>,
    /// The name or the value of a customer type.
    #[serde(borrow, default)]
    cust_type: Member<Scalar<'a>>,
    /// `[[id or null, "number"], …]`, `["number", …]` or `[{"id":…,"content":…}]`: all that the customer is to have.
    #[serde(default)]
    cellphones: Member<Value>,
    #[serde(borrow, default)]
    address: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    company_name: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    task_id: Member<Scalar<'a>>,
    /// Goes together with `servicegroupId`.
    #[serde(borrow, default)]
    service_no: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    servicegroup_id: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    company_id: Member<Scalar<'a>>,
    /// Custom fields, `{"<id>_<label>": value}`, as an object or as text that holds one.
    #[serde(default)]
    json_str: Member<Value>,
    #[serde(borrow, default)]
    deal_flag: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    assign_time: Member<Scalar<'a>>,
    /// Labels as `"a,b"` or `["a","b"]`; or the star level 0..5.
    #[serde(default)]
    customer_label: Member<Value>,
    #[serde(borrow, default)]
    cust_from: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    follow_num: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    last_accept: Member<Scalar<'a>>,
    #[serde(borrow, default)]
    last_flow_time: Member<Scalar<'a>>,
}

impl<'a> CustomerInput<'a> {
    /// Reads the `customer` of a request; an empty value of any kind is an empty customer.
    pub fn read(customer: Option<&'a RawValue>) -> Result<Self, Error> {
        match customer.map(RawValue::get) {
            None | Some("null" | "\"\"" | "[]" | "{}") => Err(Error::CustomerEmpty),
            Some(object) if object.starts_with('{') => decode(object),
            Some(_) => Err(wrong("customer", "an object")),
        }
    }

    /// Whether it names nothing that could be stored.
    fn is_empty(&self) -> bool {
        let Self { cellphones, json_str, customer_label, .. } = self;
        let scalars = [
            &self.custname,
            &self.cust_type,
            &self.address,
            &self.company_name,
            &self.task_id,
            &self.service_no,
            &self.servicegroup_id,
            &self.deal_flag,
            &self.assign_time,
            &self.cust_from,
            &self.follow_num,
            &self.last_accept,
            &self.last_flow_time,
        ];
        scalars.into_iter().all(Member::is_absent)
            && [cellphones, json_str, customer_label].into_iter().all(Member::is_absent)
    }

    /// Returns the changes that it stands for.
    pub fn changes(self, cx: &Cx<'_>) -> Result<Changes<'a>, Error> {
        if self.is_empty() {
            return Err(Error::CustomerEmpty);
        }
        if let Member::Value(company) = &self.company_id
            && !company.is_empty()
            && company.integer() != Some(cx.caller.company)
        {
            return Err(Error::forbidden("customer.companyId: 不是本公司 / is another company"));
        }
        let zone = &cx.catalogue.company.time_zone;
        let time = |field: &'static str, member| {
            text(field, member)?
                .try_map(|given| times::parse(&given, zone).ok_or_else(|| wrong(field, "YYYY-MM-DD HH:mm")))
        };
        let (labels, star) = labels(self.customer_label)?;
        Ok(Changes {
            name: text("custname", self.custname)?,
            company_name: text("companyName", self.company_name)?,
            address: text("address", self.address)?,
            kind: text("custType", self.cust_type)?,
            flag: text("dealFlag", self.deal_flag)?,
            source: text("custFrom", self.cust_from)?,
            task: integer(self.task_id, || wrong("taskId", "an integer"))?,
            owner: text("serviceNo", self.service_no)?,
            group: integer(self.servicegroup_id, || Error::GroupUnknown)?,
            phones: phones(self.cellphones)?,
            labels,
            star,
            custom: custom(self.json_str)?,
            follow_count: integer(self.follow_num, || wrong("followNum", "an integer"))?,
            last_accept: text("lastAccept", self.last_accept)?,
            assigned_at: time("assignTime", self.assign_time)?,
            last_follow_at: time("lastFlowTime", self.last_flow_time)?,
        })
    }
}

/// The company that a frame names only inside its `customer`, as the document's create frame does.
#[must_use]
pub fn customer_company(customer: &RawValue) -> (Option<i64>, Option<String>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named<'a> {
        #[serde(borrow, default)]
        company_id: Option<Scalar<'a>>,
        #[serde(borrow, default)]
        service_no: Option<Scalar<'a>>,
    }
    let Ok(named) = folded::from_str::<Named<'_>>(customer.get()) else { return (None, None) };
    let owner = named.service_no.filter(|owner| !owner.is_empty()).and_then(|owner| Some(owner.text()?.into_owned()));
    (named.company_id.and_then(|company| company.integer()), owner)
}

fn wrong(field: &str, expected: &str) -> Error {
    Error::parameter(format!("{field}: expected {expected}"))
}

fn text<'a>(field: &'static str, member: Member<Scalar<'a>>) -> Result<Patch<Cow<'a, str>>, Error> {
    Ok(match member {
        Member::Absent => Patch::Keep,
        Member::Null => Patch::Clear,
        Member::Value(value) if value.is_empty() => Patch::Clear,
        Member::Value(value) => Patch::Set(value.into_text().ok_or_else(|| wrong(field, "a text"))?),
    })
}

fn integer(member: Member<Scalar<'_>>, wrong: impl Fn() -> Error) -> Result<Patch<i64>, Error> {
    Ok(match member {
        Member::Absent => Patch::Keep,
        Member::Null => Patch::Clear,
        Member::Value(value) if value.is_empty() => Patch::Clear,
        Member::Value(value) => Patch::Set(value.integer().ok_or_else(wrong)?),
    })
}

fn phones<'a>(member: Member<Value>) -> Result<Option<Vec<PhoneChange<'a>>>, Error> {
    const EXPECTED: &str = "[[id or null, \"number\"], …]";
    match member {
        Member::Absent => Ok(None),
        Member::Null => Ok(Some(Vec::new())),
        Member::Value(Value::Array(list)) => list
            .into_iter()
            .map(|entry| phone(entry).ok_or_else(|| wrong("cellphones", EXPECTED)))
            .collect::<Result<_, _>>()
            .map(Some),
        Member::Value(_) => Err(wrong("cellphones", EXPECTED)),
    }
}

/// Takes a member out of an object; its name is compared as all names are.
fn take(members: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = members.keys().find(|key| key.trim().eq_ignore_ascii_case(name))?.clone();
    members.remove(&key)
}

fn phone<'a>(entry: Value) -> Option<PhoneChange<'a>> {
    let (id, content) = match entry {
        Value::Array(mut pair) if pair.len() == 2 => {
            let content = pair.pop()?;
            (pair.pop()?, content)
        }
        Value::Object(mut members) => (take(&mut members, "id").unwrap_or_default(), take(&mut members, "content")?),
        content => (Value::Null, content),
    };
    let id = match id {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().parse().ok()?),
        other => Some(other.as_i64()?),
    };
    let typed = match content {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(PhoneChange { id, typed: Cow::Owned(typed) })
}

type LabelsAndStar<'a> = (Option<Vec<Cow<'a, str>>>, Option<i64>);

fn labels<'a>(member: Member<Value>) -> Result<LabelsAndStar<'a>, Error> {
    const EXPECTED: &str = "\"a,b\", an array of names, or a star level 0..5";
    match member {
        Member::Absent => Ok((None, None)),
        Member::Null => Ok((Some(Vec::new()), Some(0))),
        Member::Value(Value::String(names)) => {
            Ok((Some(names.split([',', '，']).map(|name| Cow::Owned(name.to_owned())).collect()), None))
        }
        Member::Value(Value::Number(star)) => {
            Ok((None, Some(star.as_i64().ok_or_else(|| wrong("customerLabel", EXPECTED))?)))
        }
        Member::Value(Value::Array(names)) => {
            let name = |entry: Value| match entry {
                Value::String(name) => Ok(Cow::Owned(name)),
                Value::Object(mut members) => match take(&mut members, "name") {
                    Some(Value::String(name)) => Ok(Cow::Owned(name)),
                    _ => Err(wrong("customerLabel", EXPECTED)),
                },
                _ => Err(wrong("customerLabel", EXPECTED)),
            };
            Ok((Some(names.into_iter().map(name).collect::<Result<_, _>>()?), None))
        }
        Member::Value(_) => Err(wrong("customerLabel", EXPECTED)),
    }
}

fn custom(member: Member<Value>) -> Result<Patch<BTreeMap<i64, Value>>, Error> {
    const EXPECTED: &str = "an object {\"<id>_<label>\": value}, or a text that holds one";
    let value = match member {
        Member::Absent => return Ok(Patch::Keep),
        Member::Null => return Ok(Patch::Clear),
        Member::Value(Value::String(text)) if text.trim().is_empty() => return Ok(Patch::Clear),
        Member::Value(Value::String(text)) => serde_json::from_str(&text).map_err(|_| wrong("jsonStr", EXPECTED))?,
        Member::Value(value) => value,
    };
    let Value::Object(members) = value else { return Err(wrong("jsonStr", EXPECTED)) };
    let by_id = members.into_iter().map(|(key, value)| {
        let id = CustomField::id_of(&key).ok_or_else(|| wrong("jsonStr", EXPECTED))?;
        Ok((id, value))
    });
    Ok(Patch::Set(by_id.collect::<Result<_, Error>>()?))
}
