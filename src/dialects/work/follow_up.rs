//! Writing down what was said to a customer: the documents only show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialects::cti::identifier;
use crate::error::Error;
use crate::ops::{Cx, customer};
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateFollowUp<'a>: customer, again {
        /// What was said; at most 2000 characters.
        text: String,
        /// The customer's deal flag from now on, by name or value.
        #[serde(borrow, default)]
        deal_flag: Option<Scalar<'a>>,
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
}

pub async fn create_follow_up(cx: &Cx<'_>, request: CreateFollowUp<'_>) -> Result<FollowUpCreated, Error> {
    let customer = identifier(request.r#type.as_ref(), request.content)?;
    let flag = match request.deal_flag.as_ref().filter(|flag| !flag.is_empty()) {
        Some(flag) => Some(flag.text().ok_or_else(|| Error::expected("dealFlag", "文本", "a text"))?),
        None => None,
    };
    let done = customer::follow_up(cx, &customer, &request.text, flag).await?;
    Ok(FollowUpCreated { id: done.id, customer_id: done.customer, follow_num: done.count })
}
