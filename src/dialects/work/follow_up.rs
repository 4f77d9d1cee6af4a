//! Writing down what was said to a customer: the documents only show it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members;
use crate::dialects::cti::identifier;
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::work::follow_up::{self, FollowedUp, New};
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct AddFollowUp<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        customer_id: Option<Scalar<'a>>,
        /// What was said; at most 2000 characters.
        #[serde(borrow)]
        #[schemars(required)]
        content: Option<Scalar<'a>>,
        /// The customer's deal flag from now on, by name or value.
        #[serde(borrow, default)]
        deal_flag: Option<Scalar<'a>>,
        /// When to go on: you are reminded then, in place of what was to be before.
        #[serde(borrow, default)]
        next_at: Option<Scalar<'a>>,
        /// The call that it is about, as the telephone system calls it: the customer's `lastAccept` from now on.
        #[serde(borrow, default)]
        call_id: Option<Scalar<'a>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateFollowUp<'a>: customer, again {
        /// What was said; at most 2000 characters.
        text: String,
        /// The customer's deal flag from now on, by name or value.
        #[serde(borrow, default)]
        deal_flag: Option<Scalar<'a>>,
        /// As in `add_follow_up`.
        #[serde(borrow, default)]
        next_at: Option<Scalar<'a>>,
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUpCreated {
    /// As in the feed `CustomerFollowUp`; what iBiz PLM calls a comment has the same.
    id: i64,
    customer_id: i64,
    /// How many there are of this customer now.
    follow_num: i64,
    /// The reminder of when to go on, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder_id: Option<i64>,
}

impl From<FollowedUp> for FollowUpCreated {
    fn from(done: FollowedUp) -> Self {
        Self { id: done.id, customer_id: done.customer, follow_num: done.count, reminder_id: done.reminder }
    }
}

pub async fn add_follow_up(cx: &Cx<'_>, request: AddFollowUp<'_>) -> Result<FollowUpCreated, Error> {
    let customer = Identifier::Id(members::id("customerId", request.customer_id.as_ref())?);
    let text = members::text("content", request.content.as_ref())?.unwrap_or_default();
    let call = members::text("callId", request.call_id.as_ref())?;
    let new = New {
        field: "content",
        text: &text,
        flag: members::text("dealFlag", request.deal_flag.as_ref())?,
        next_at: members::time(cx, "nextAt", request.next_at.as_ref())?,
        call: call.as_deref(),
    };
    follow_up::add(cx, &customer, new).await.map(FollowUpCreated::from)
}

pub async fn create_follow_up(cx: &Cx<'_>, request: CreateFollowUp<'_>) -> Result<FollowUpCreated, Error> {
    let customer = identifier(request.r#type.as_ref(), request.content)?;
    let flag: Option<Cow<'_, str>> = members::text("dealFlag", request.deal_flag.as_ref())?;
    let next_at = members::time(cx, "nextAt", request.next_at.as_ref())?;
    let new = New { field: "text", text: &request.text, flag, next_at, call: None };
    follow_up::add(cx, &customer, new).await.map(FollowUpCreated::from)
}
