//! `release_customers` and `claim_customer`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assign::Done;
use super::{customer_id, customer_ids};
use crate::dialects::cti::CustomerReply;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::pool;
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct ReleaseCustomers<'a>: again {
        /// At most 1000.
        #[serde(borrow)]
        customer_ids: Vec<Scalar<'a>>,
    }
}

pub async fn release_customers(cx: &Cx<'_>, request: ReleaseCustomers<'_>) -> Result<Done, Error> {
    let ids = customer_ids("customerIds", &request.customer_ids, pool::MOST)?;
    pool::release(cx, &ids).await.map(Done::from)
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct ClaimCustomer<'a>: again {
        /// One of those that `list_customers` lists with `where: {"unassigned": true}`.
        #[serde(borrow)]
        #[schemars(required)]
        customer_id: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Claimed {
    customer: CustomerReply,
}

pub async fn claim_customer(cx: &Cx<'_>, request: ClaimCustomer<'_>) -> Result<Claimed, Error> {
    let id = customer_id("customerId", request.customer_id.as_ref())?;
    let row = pool::claim(cx, id).await?;
    Ok(Claimed { customer: CustomerReply { catalogue: Arc::clone(&cx.catalogue), row } })
}
