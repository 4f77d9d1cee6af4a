//! `find_duplicates`, `merge_customers`, `unmerge`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{customer_id, customer_ids};
use crate::dialects::cti::{CustomerReplies, CustomerReply, page_size};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::doubles::{self, By};
use crate::ops::customer::merging;
use crate::ops::customer::recycle::Restored;
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindDuplicates<'a> {
    /// `phone`, unless it is `name`: those with one name and company.
    #[serde(borrow, default)]
    by: Option<Scalar<'a>>,
    /// Groups on a page, at most 100; 20 unless it is given.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// `after` of the page before.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Duplicates {
    /// Customers that may be the same; of a large group the first 20.
    result: Vec<CustomerReplies>,
    /// Where the next page begins, if there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

pub async fn find_duplicates(cx: &Cx<'_>, request: FindDuplicates<'_>) -> Result<Duplicates, Error> {
    let by = match request.by.as_ref().filter(|by| !by.is_empty()) {
        None => By::Phone,
        Some(by) => {
            let name = by.text().unwrap_or_default();
            let known = By::ALL.into_iter().find(|by| by.name().eq_ignore_ascii_case(name.trim()));
            known.ok_or_else(|| Error::one_of("by", &By::ALL.map(By::name)))?
        }
    };
    let wrong = || Error::parameter("after: 应为上一页的 after / expected after of the page before");
    let after = match request.after.as_ref().filter(|after| !after.is_empty()) {
        None => String::new(),
        Some(after) => {
            let key = after.text().and_then(|after| hex::decode(after.trim()).ok());
            key.and_then(|key| String::from_utf8(key).ok()).filter(|key| !key.contains('\0')).ok_or_else(wrong)?
        }
    };
    let page = doubles::find(cx, by, &after, page_size(request.page_size.as_ref())?).await?;
    let group = |rows| CustomerReplies { catalogue: Arc::clone(&cx.catalogue), rows };
    Ok(Duplicates { result: page.groups.into_iter().map(group).collect(), after: page.after.map(hex::encode) })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct MergeCustomers<'a>: again {
        /// The customer that stays; it keeps what it has, and gets what it lacks.
        #[serde(borrow)]
        #[schemars(required)]
        into: Option<Scalar<'a>>,
        /// Those that are merged into it, at most 20.
        #[serde(borrow)]
        customer_ids: Vec<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Merged {
    customer: CustomerReply,
}

pub async fn merge_customers(cx: &Cx<'_>, request: MergeCustomers<'_>) -> Result<Merged, Error> {
    let into = customer_id("into", request.into.as_ref())?;
    let ids = customer_ids("customerIds", &request.customer_ids, merging::MOST)?;
    let row = merging::merge(cx, into, &ids).await?;
    Ok(Merged { customer: CustomerReply { catalogue: Arc::clone(&cx.catalogue), row } })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct Unmerge<'a>: again {
        /// One that was merged into another.
        #[serde(borrow)]
        #[schemars(required)]
        customer_id: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unmerged {
    /// As it was, with what became of it since then.
    customer: CustomerReply,
    /// Out of whom it came.
    from: i64,
    /// Its numbers that another customer has now; it came back without them.
    phones_taken: Vec<String>,
    /// Whether another customer has the id now that a client chose for it in iBiz PLM; it came back without it.
    plm_id_taken: bool,
}

pub async fn unmerge(cx: &Cx<'_>, request: Unmerge<'_>) -> Result<Unmerged, Error> {
    let id = customer_id("customerId", request.customer_id.as_ref())?;
    let (Restored { customer, phones_taken, plm_id_taken }, from) = merging::unmerge(cx, id).await?;
    let customer = CustomerReply { catalogue: Arc::clone(&cx.catalogue), row: customer };
    Ok(Unmerged { customer, from, phones_taken, plm_id_taken })
}
