//! A customer as requests send it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dialects::decode;
use crate::domain::custom_field::CustomField;
use crate::domain::json;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::{Changes, Duplicates, Moment, Patch, PhoneChange};
use crate::protocol::folded;
use crate::protocol::lenient::{Member, Scalar};
use crate::protocol::nul;

/// A customer as requests send it. Every member may be absent (it stays) or null (it is cleared). What the
/// server keeps itself (`id`, `taskname`, `loginNo`, `opTime`, `uploginNo`, `upTime`) is ignored.
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
            None | Some("null" | "\"\"") => Err(Error::CustomerEmpty),
            Some(object) if object.starts_with('{') => decode(object),
            // An empty list is an object without members.
            Some(list) => folded::from_str(list).map_err(|_| wrong("customer", ("对象", "an object"))),
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
            let unclear = |why| Error::parameter(format!("{field}: {why}"));
            text(field, member)?.try_map(|given| Moment::parse(&given, zone).map_err(unclear))
        };
        let (labels, star) = labels(self.customer_label)?;
        Ok(Changes {
            name: text("custname", self.custname)?,
            long_name: false,
            company_name: text("companyName", self.company_name)?,
            address: text("address", self.address)?,
            kind: text("custType", self.cust_type)?,
            flag: text("dealFlag", self.deal_flag)?,
            source: text("custFrom", self.cust_from)?,
            task: integer(self.task_id, || wrong("taskId", ("整数", "an integer")))?,
            owner: text("serviceNo", self.service_no)?,
            group: integer(self.servicegroup_id, || Error::GroupUnknown)?,
            phones: phones(self.cellphones)?,
            first_phone: Patch::Keep,
            duplicates: Duplicates::Allowed,
            labels,
            star,
            custom: custom(self.json_str)?,
            follow_count: integer(self.follow_num, || wrong("followNum", ("整数", "an integer")))?,
            last_accept: text("lastAccept", self.last_accept)?,
            assigned_at: time("assignTime", self.assign_time)?,
            last_follow_at: time("lastFlowTime", self.last_flow_time)?,
            documents: Vec::new(),
            plm: None,
            recorded: None,
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

/// What a member should be, Chinese and English.
type Expected = (&'static str, &'static str);

fn wrong(field: &str, (zh, en): Expected) -> Error {
    Error::expected(field, zh, en)
}

fn text<'a>(field: &'static str, member: Member<Scalar<'a>>) -> Result<Patch<Cow<'a, str>>, Error> {
    Ok(match member {
        Member::Absent => Patch::Keep,
        Member::Null => Patch::Clear,
        Member::Value(value) if value.is_empty() => Patch::Clear,
        Member::Value(value) => Patch::Set(value.into_text().ok_or_else(|| wrong(field, ("文本", "a text")))?),
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
    const EXPECTED: Expected = (" [[id 或 null, \"号码\"], …]", "[[id or null, \"number\"], …]");
    match member {
        Member::Absent => Ok(None),
        Member::Null => Ok(Some(Vec::new())),
        Member::Value(value) => {
            let wrong = || wrong("cellphones", EXPECTED);
            let list = json::list(&value).ok_or_else(wrong)?;
            list.into_iter().map(|entry| phone(entry).ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
        }
    }
}

/// The member of an object with this name, which is compared as all names are.
fn named<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn phone<'a>(entry: &Value) -> Option<PhoneChange<'a>> {
    let (id, content) = match (json::list(entry).as_deref(), entry) {
        (Some([id, content]), _) => (*id, *content),
        (_, Value::Object(members)) => (named(members, "id").unwrap_or(&Value::Null), named(members, "content")?),
        (_, content) => (&Value::Null, content),
    };
    let id = match id {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        other => Some(json::integer(other)?),
    };
    let typed = match content {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(PhoneChange { id, typed: Cow::Owned(typed) })
}

type LabelsAndStar<'a> = (Option<Vec<Cow<'a, str>>>, Option<i64>);

fn labels<'a>(member: Member<Value>) -> Result<LabelsAndStar<'a>, Error> {
    const EXPECTED: Expected = (" \"a,b\"、名称的数组或星级 0..5", "\"a,b\", an array of names, or a star level 0..5");
    match member {
        Member::Absent => Ok((None, None)),
        Member::Null => Ok((Some(Vec::new()), Some(0))),
        Member::Value(Value::String(names)) => {
            Ok((Some(names.split([',', '，']).map(|name| Cow::Owned(name.to_owned())).collect()), None))
        }
        Member::Value(star @ Value::Number(_)) => {
            Ok((None, Some(json::integer(&star).ok_or_else(|| wrong("customerLabel", EXPECTED))?)))
        }
        Member::Value(value) => {
            let wrong = || wrong("customerLabel", EXPECTED);
            let name = |entry: &Value| {
                let name = entry.as_object().map_or(Some(entry), |members| named(members, "name"));
                name.and_then(Value::as_str).map(|name| Cow::Owned(name.to_owned())).ok_or_else(wrong)
            };
            let names = json::list(&value).ok_or_else(wrong)?;
            Ok((Some(names.into_iter().map(name).collect::<Result<_, _>>()?), None))
        }
    }
}

fn custom(member: Member<Value>) -> Result<Patch<BTreeMap<i64, Value>>, Error> {
    const EXPECTED: Expected = (
        "对象 {\"<编号>_<名称>\": 值}，或含有它的文本",
        "an object {\"<id>_<label>\": value}, or a text that holds one",
    );
    let value = match member {
        Member::Absent => return Ok(Patch::Keep),
        Member::Null => return Ok(Patch::Clear),
        Member::Value(Value::String(text)) if text.trim().is_empty() => return Ok(Patch::Clear),
        Member::Value(Value::String(text)) => {
            // Only now does it show what is escaped in it.
            if nul::find(&text).is_some() {
                return Err(nul::refusal("jsonStr"));
            }
            folded::from_str(&text).map_err(|_| wrong("jsonStr", EXPECTED))?
        }
        Member::Value(value) => value,
    };
    let members = json::object(&value).ok_or_else(|| wrong("jsonStr", EXPECTED))?;
    let by_id = members.iter().map(|(key, value)| {
        let id = CustomField::id_of(key).ok_or_else(|| wrong("jsonStr", EXPECTED))?;
        Ok((id, value.clone()))
    });
    Ok(Patch::Set(by_id.collect::<Result<_, Error>>()?))
}
