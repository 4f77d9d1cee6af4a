//! Changing what only one documented system knows of a customer: those systems show it, but have no operation
//! for it themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dialects::cti::{self, identifier};
use crate::domain::document::{self, System};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::find;
use crate::ops::customer::{self, Changes};
use crate::ops::systems::profile;
use crate::protocol::lenient::Scalar;

parameters! {
    /// Members of one system's document of one customer.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct PutDetails<'a>: customer, version, merge {
        /// `customer_detail` or `crm_info`.
        system: String,
        /// The members to be set, under the names that the system shows them by; null removes one. A list is
        /// replaced as a whole, and its entries keep their `id`.
        fields: Map<String, Value>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct GetDetails<'a>: customer {
        /// `customer_detail` or `crm_info`.
        system: String,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Details {
    /// The customer's version.
    version: i64,
    result: Map<String, Value>,
}

fn system(name: &str) -> Result<System, Error> {
    System::parse(name).ok_or_else(|| {
        let names: Vec<&str> = System::ALL.into_iter().map(System::name).collect();
        Error::one_of("system", &names)
    })
}

pub async fn put_details(cx: &Cx<'_>, request: PutDetails<'_>) -> Result<Details, Error> {
    let system = system(&request.system)?;
    let customer = identifier(request.r#type.as_ref(), request.content)?;
    if request.fields.is_empty() {
        return Err(Error::parameter("fields: 缺少 / is missing"));
    }
    let expected = cti::expected(request.if_version.as_ref(), request.merge.as_ref())?;
    let changes = Changes {
        documents: vec![(system, document::shaped(system, request.fields, &cx.catalogue.company.time_zone))],
        ..Changes::default()
    };
    let customer = cti::done(cx, customer::update(cx, &customer, changes, expected).await?)?;
    Ok(Details { version: customer.version, result: profile::of(cx, &customer, system).await? })
}

pub async fn get_details(cx: &Cx<'_>, request: GetDetails<'_>) -> Result<Details, Error> {
    let system = system(&request.system)?;
    let found = find::find(cx, &identifier(request.r#type.as_ref(), request.content)?).await?;
    let customer = find::only(found.customers.into_iter())?;
    Ok(Details { version: customer.version, result: profile::of(cx, &customer, system).await? })
}
