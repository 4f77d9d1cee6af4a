//! `create_customer`, `update_customer`, `destroy_customer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::customer::{CustomerBody, CustomerReply};
use super::find::identifier;
use super::input::CustomerInput;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::calls::stranger;
use crate::ops::customer::{self, Expected, Written};
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateCustomer<'a>: again {
        /// A call of somebody who is to be a customer now: its number is his first, also for who sees it masked.
        #[serde(borrow, default)]
        call_id: Option<Scalar<'a>>,
        #[serde(borrow)]
        #[schemars(with = "CustomerInput<'a>")]
        customer: Option<&'a RawValue>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct CustomerStored {
    customer: CustomerReply,
}

pub async fn create_customer(cx: &Cx<'_>, request: CreateCustomer<'_>) -> Result<CustomerStored, Error> {
    let changes = CustomerInput::read(request.customer)?.changes(cx)?;
    let call = request.call_id.filter(|call| !call.is_empty());
    let row = match call {
        Some(call) => {
            let call = call.text().ok_or_else(|| Error::expected("callId", "文本", "a text"))?;
            stranger::create(cx, call.trim(), changes).await?
        }
        None => customer::create(cx, changes).await?,
    };
    Ok(stored(cx, row))
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateCustomer<'a>: customer, version, merge, again {
        #[serde(borrow)]
        #[schemars(with = "CustomerInput<'a>")]
        customer: Option<&'a RawValue>,
    }
}

pub async fn update_customer(cx: &Cx<'_>, request: UpdateCustomer<'_>) -> Result<CustomerStored, Error> {
    let identifier = identifier(request.r#type.as_ref(), request.content)?;
    let changes = CustomerInput::read(request.customer)?.changes(cx)?;
    let expected = expected(request.if_version.as_ref(), request.merge.as_ref())?;
    let row = done(cx, customer::update(cx, &identifier, changes, expected).await?)?;
    Ok(stored(cx, row))
}

/// Returns which version a change is meant for.
pub fn expected(version: Option<&Scalar<'_>>, merge: Option<&Scalar<'_>>) -> Result<Expected, Error> {
    let version = version.filter(|version| !version.is_empty());
    Ok(Expected {
        version: version
            .map(|version| version.integer().ok_or_else(|| Error::expected("ifVersion", "整数", "an integer")))
            .transpose()?,
        merge: match merge {
            None => false,
            Some(Scalar::Bool(merge)) => *merge,
            Some(Scalar::Text(text)) if text.trim() == "true" => true,
            Some(Scalar::Text(text)) if matches!(text.trim(), "false" | "") => false,
            Some(_) => return Err(Error::one_of("merge", &["true", "false"])),
        },
        ..Expected::default()
    })
}

/// Returns what was written, or the refusal that shows the customer as it is now.
pub fn done<T>(cx: &Cx<'_>, written: Written<T>) -> Result<T, Error> {
    match written {
        Written::Done(done) => Ok(done),
        Written::Conflict(conflict) => {
            let body = CustomerBody::new(&conflict.current, &cx.catalogue).and_then(serde_json::to_value);
            let customer = Box::new(body.map_err(|cause| Error::internal(&cause))?);
            Err(Error::Conflict { customer, fields: conflict.fields })
        }
    }
}

fn stored(cx: &Cx<'_>, row: Shown) -> CustomerStored {
    CustomerStored { customer: CustomerReply { catalogue: cx.catalogue.clone(), row } }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct DestroyCustomer<'a>: customer, version, again {
    }
}

#[derive(Serialize, JsonSchema)]
pub struct CustomerDestroyed {
    customer_id: i64,
}

pub async fn destroy_customer(cx: &Cx<'_>, request: DestroyCustomer<'_>) -> Result<CustomerDestroyed, Error> {
    let identifier = identifier(request.r#type.as_ref(), request.content)?;
    let expected = expected(request.if_version.as_ref(), None)?;
    let customer_id = done(cx, customer::destroy(cx, &identifier, expected).await?)?;
    Ok(CustomerDestroyed { customer_id })
}
