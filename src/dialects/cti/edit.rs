//! `create_customer`, `update_customer`, `destroy_customer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::customer::{CustomerInput, CustomerReply};
use super::find::identifier;
use crate::error::Error;
use crate::ops::{Cx, customer, find};
use crate::protocol::lenient::Scalar;
use crate::store::rows::CustomerRow;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateCustomer<'a> {
    #[serde(borrow)]
    #[schemars(with = "CustomerInput<'a>")]
    customer: Option<&'a RawValue>,
}

#[derive(Serialize, JsonSchema)]
pub struct CustomerStored {
    customer: CustomerReply,
}

pub async fn create_customer(cx: &Cx<'_>, request: CreateCustomer<'_>) -> Result<CustomerStored, Error> {
    let changes = CustomerInput::read(request.customer)?.changes(cx)?;
    Ok(stored(cx, customer::create(cx, changes).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateCustomer<'a> {
    /// id, custName, cellphone or companyName.
    #[serde(borrow)]
    #[schemars(required)]
    r#type: Option<Scalar<'a>>,
    #[serde(borrow)]
    #[schemars(required)]
    content: Option<Scalar<'a>>,
    #[serde(borrow)]
    #[schemars(with = "CustomerInput<'a>")]
    customer: Option<&'a RawValue>,
}

pub async fn update_customer(cx: &Cx<'_>, request: UpdateCustomer<'_>) -> Result<CustomerStored, Error> {
    let identifier = identifier(request.r#type.as_ref(), request.content)?;
    let changes = CustomerInput::read(request.customer)?.changes(cx)?;
    let id = find::find_to_change(cx, &identifier).await?;
    Ok(stored(cx, customer::update(cx, id, changes).await?))
}

fn stored(cx: &Cx<'_>, row: CustomerRow) -> CustomerStored {
    CustomerStored { customer: CustomerReply { catalogue: cx.catalogue.clone(), row } }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct DestroyCustomer<'a> {
    /// id, custName, cellphone or companyName.
    #[serde(borrow)]
    #[schemars(required)]
    r#type: Option<Scalar<'a>>,
    #[serde(borrow)]
    #[schemars(required)]
    content: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct CustomerDestroyed {
    customer_id: i64,
}

pub async fn destroy_customer(cx: &Cx<'_>, request: DestroyCustomer<'_>) -> Result<CustomerDestroyed, Error> {
    let customer_id = find::find_to_change(cx, &identifier(request.r#type.as_ref(), request.content)?).await?;
    customer::destroy(cx, customer_id).await?;
    Ok(CustomerDestroyed { customer_id })
}
