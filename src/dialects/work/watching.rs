//! Customers that somebody follows, or has open.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members;
use crate::dialects::cti::{CustomerReply, Meta, page_number};
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::work::viewing::{self, Viewing};
use crate::ops::work::watching::{self, Watched};
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Watch<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    customer_id: Option<Scalar<'a>>,
}

/// Nothing more to say.
#[derive(Serialize, JsonSchema)]
pub struct Done {}

pub async fn watch(cx: &Cx<'_>, request: Watch<'_>) -> Result<Done, Error> {
    watching::watch(cx, members::id("customerId", request.customer_id.as_ref())?).await?;
    Ok(Done {})
}

pub async fn unwatch(cx: &Cx<'_>, request: Watch<'_>) -> Result<Done, Error> {
    watching::unwatch(cx, members::id("customerId", request.customer_id.as_ref())?).await?;
    Ok(Done {})
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListWatched<'a> {
    /// From 1; 20 on each.
    #[serde(borrow, default)]
    page: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct WatchedList {
    meta: Meta,
    result: Vec<WatchedBody>,
}

#[derive(Serialize, JsonSchema)]
struct WatchedBody {
    customer: CustomerReply,
    /// In the company's time zone.
    since: String,
}

pub async fn list_watched(cx: &Cx<'_>, request: ListWatched<'_>) -> Result<WatchedList, Error> {
    let number = page_number(request.page.as_ref())?;
    let page = watching::list(cx, number).await?;
    let body = |Watched { customer, since }: Watched| WatchedBody {
        customer: CustomerReply { catalogue: Arc::clone(&cx.catalogue), row: customer },
        since: times::to_minute(since, &cx.catalogue.company.time_zone),
    };
    Ok(WatchedList {
        meta: Meta::new(number, watching::PAGE, page.total),
        result: page.watched.into_iter().map(body).collect(),
    })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    customer_id: Option<Scalar<'a>>,
    /// `true` when you have closed it.
    #[serde(borrow, default)]
    off: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Viewers {
    /// The login numbers of all who have it open now, you among them.
    viewers: Vec<String>,
}

pub async fn viewing(cx: &Cx<'_>, request: View<'_>) -> Result<Viewers, Error> {
    let customer = members::id("customerId", request.customer_id.as_ref())?;
    let off = request.off.as_ref().filter(|off| !off.is_empty());
    let off = off.map(|off| off.flag().ok_or_else(|| Error::one_of("off", &["true", "false"]))).transpose()?;
    let viewing = if off == Some(true) { Viewing::Off } else { Viewing::On };
    Ok(Viewers { viewers: viewing::view(cx, customer, viewing).await? })
}
