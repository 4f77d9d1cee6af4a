//! `assign_customers`, and how it is told what has become of many customers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::customer_ids;
use crate::dialects::cti::condition;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::assign::{self, To, Whom};
use crate::ops::customer::find;
use crate::ops::customer::many::Outcome;
use crate::protocol::lenient::Scalar;
use crate::store::search::Search;

parameters! {
    /// One of `customerIds`, `where` and `from`; `serviceNo`, `servicegroupId` or both.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct AssignCustomers<'a>: again {
        /// At most 1000.
        #[serde(borrow, default)]
        customer_ids: Option<Vec<Scalar<'a>>>,
        /// As in `list_customers`.
        #[serde(rename = "where", default)]
        #[schemars(schema_with = "condition::schema")]
        condition: Option<Value>,
        /// The login number of an owner, all of whose customers are meant.
        #[serde(borrow, default)]
        from: Option<Scalar<'a>>,
        /// The login number of the owner to be.
        #[serde(borrow, default)]
        service_no: Option<Scalar<'a>>,
        /// The group to be. An owner alone looks after each in the group where it is, or in a group of his own.
        #[serde(borrow, default)]
        servicegroup_id: Option<Scalar<'a>>,
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Done {
    result: DoneBody,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DoneBody {
    /// The ids of those that were changed.
    changed: Vec<i64>,
    /// The ids of those that were so already.
    unchanged: Vec<i64>,
    failed: Vec<FailureBody>,
    /// Whether there are more, for whom there was no time: ask again.
    more: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FailureBody {
    customer_id: i64,
    /// As an answer about this one alone would have it.
    code: i64,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        let failed = outcome.failed.into_iter().map(|failure| FailureBody {
            customer_id: failure.customer,
            code: failure.code,
            message: failure.message,
            detail: failure.detail,
        });
        Self {
            result: DoneBody {
                changed: outcome.changed,
                unchanged: outcome.unchanged,
                failed: failed.collect(),
                more: outcome.has_more,
            },
        }
    }
}

pub async fn assign_customers(cx: &Cx<'_>, request: AssignCustomers<'_>) -> Result<Done, Error> {
    let from = request.from.as_ref().filter(|from| !from.is_empty());
    let condition = request.condition.as_ref().map(|given| condition::read(cx, given)).transpose()?.flatten();
    let whom = match (request.customer_ids, condition, from) {
        (Some(ids), None, None) => Whom::These(customer_ids("customerIds", &ids, assign::MOST)?),
        (None, Some(condition), None) => {
            let mut search = Search { within: cx.within(), ..Search::default() };
            find::narrow(cx, &mut search, condition);
            Whom::Found(Box::new(search))
        }
        (None, None, Some(from)) => {
            let login_no = from.text().ok_or_else(|| Error::expected("from", "工号", "a login number"))?;
            Whom::Of(login_no.into_owned())
        }
        _ => {
            return Err(Error::parameter(
                "customerIds, where, from: 应给出其中一个，where 不能为空 / expected one of these; where must not be empty",
            ));
        }
    };
    let owner = request.service_no.as_ref().filter(|owner| !owner.is_empty());
    let owner = owner
        .map(|owner| owner.text().ok_or_else(|| Error::expected("serviceNo", "工号", "a login number")))
        .transpose()?;
    let group = request.servicegroup_id.as_ref().filter(|group| !group.is_empty());
    let group = group
        .map(|group| group.integer().ok_or_else(|| Error::expected("servicegroupId", "整数", "an integer")))
        .transpose()?;
    assign::assign(cx, whom, To { owner: owner.as_deref(), group }).await.map(Done::from)
}
