//! What was deleted: seen and restored by those who answer for it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialects::cti::{CustomerReply, Meta, page_number, query_text};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::recycle::{self, Deleted, Restored};
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListDeleted<'a> {
    /// Part of a name, a company name, or of the digits of a phone.
    #[serde(borrow, default)]
    query: Option<Scalar<'a>>,
    /// From 1; 20 on each.
    #[serde(borrow, default)]
    page: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct DeletedList {
    meta: Meta,
    result: Vec<DeletedBody>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedBody {
    /// As it was when it was deleted.
    customer: CustomerReply,
    /// In the company's time zone, like all times of customers.
    deleted_at: String,
    /// The login number of who deleted it.
    deleted_by: String,
    /// Until when it can be restored.
    kept_until: String,
}

pub async fn list_deleted(cx: &Cx<'_>, request: ListDeleted<'_>) -> Result<DeletedList, Error> {
    let number = page_number(request.page.as_ref())?;
    let page = recycle::list(cx, query_text(request.query.as_ref())?.as_deref(), number).await?;
    let zone = &cx.catalogue.company.time_zone;
    let body = |Deleted { customer, at, by, until }: Deleted| DeletedBody {
        customer: CustomerReply { catalogue: Arc::clone(&cx.catalogue), row: customer },
        deleted_at: times::to_minute(at, zone),
        deleted_by: by,
        kept_until: times::to_minute(until, zone),
    };
    Ok(DeletedList {
        meta: Meta::new(number, recycle::PAGE, page.total),
        result: page.customers.into_iter().map(body).collect(),
    })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct RestoreCustomer<'a>: again {
        /// The customer's.
        #[serde(borrow)]
        #[schemars(required)]
        id: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerRestored {
    customer: CustomerReply,
    /// Its numbers that another customer has now; it came back without them.
    phones_taken: Vec<String>,
    /// Whether another customer has the id now that a client chose for it in iBiz PLM; it came back without it.
    plm_id_taken: bool,
}

pub async fn restore_customer(cx: &Cx<'_>, request: RestoreCustomer<'_>) -> Result<CustomerRestored, Error> {
    let id = request.id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Error::parameter("id: 缺少 / is missing"))?.integer();
    let id = id.ok_or_else(|| Error::expected("id", "整数", "an integer"))?;
    let Restored { customer, phones_taken, plm_id_taken } = recycle::restore(cx, id).await?;
    let customer = CustomerReply { catalogue: Arc::clone(&cx.catalogue), row: customer };
    Ok(CustomerRestored { customer, phones_taken, plm_id_taken })
}
