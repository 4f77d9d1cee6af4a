//! Calls and text messages that are over, from systems that tell nothing while they last.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members;
use crate::domain::identifier::Identifier;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::work::logs::{self, Call, Direction, Logged, Message};
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct LogCall<'a>: again {
        /// Whose call it was; without it, `number` says so.
        #[serde(borrow, default)]
        customer_id: Option<Scalar<'a>>,
        /// The other side's number, by which the customer is found.
        #[serde(borrow, default)]
        number: Option<Scalar<'a>>,
        /// in or out.
        #[serde(borrow)]
        #[schemars(required)]
        direction: Option<Scalar<'a>>,
        /// Seconds in which people talked; otherwise 0.
        #[serde(borrow, default)]
        duration: Option<Scalar<'a>>,
        /// What came of it; otherwise 已接通 or, for a call of no length, 无人接听.
        #[serde(borrow, default)]
        outcome: Option<Scalar<'a>>,
        /// When it began; otherwise now.
        #[serde(borrow, default)]
        at: Option<Scalar<'a>>,
        /// What the telephone system calls it: the customer's `lastAccept` from now on.
        #[serde(borrow, default)]
        call_id: Option<Scalar<'a>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct LogTextMessage<'a>: again {
        /// Whose message it is; without it, `number` says so.
        #[serde(borrow, default)]
        customer_id: Option<Scalar<'a>>,
        /// To or from which number; otherwise the customer's first.
        #[serde(borrow, default)]
        number: Option<Scalar<'a>>,
        /// in or out.
        #[serde(borrow)]
        #[schemars(required)]
        direction: Option<Scalar<'a>>,
        /// At most 2000 characters.
        #[serde(borrow)]
        #[schemars(required)]
        content: Option<Scalar<'a>>,
        /// What became of it; otherwise 已接收 or 发送成功.
        #[serde(borrow, default)]
        status: Option<Scalar<'a>>,
        /// When; otherwise now.
        #[serde(borrow, default)]
        at: Option<Scalar<'a>>,
    }
}

/// An item of the customer's history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedAdded {
    /// As in the feeds.
    id: i64,
    customer_id: i64,
}

impl From<Logged> for FeedAdded {
    fn from(logged: Logged) -> Self {
        Self { id: logged.id, customer_id: logged.customer }
    }
}

pub async fn log_call(cx: &Cx<'_>, request: LogCall<'_>) -> Result<FeedAdded, Error> {
    let outcome = members::text("outcome", request.outcome.as_ref())?;
    let name = members::text("callId", request.call_id.as_ref())?;
    let call = Call {
        direction: direction(request.direction.as_ref())?,
        seconds: members::number("duration", request.duration.as_ref())?.unwrap_or_default(),
        outcome: outcome.as_deref(),
        at: members::time(cx, "at", request.at.as_ref())?,
        call: name.as_deref(),
    };
    let customer = customer(request.customer_id.as_ref(), request.number.as_ref())?;
    logs::call(cx, &customer, call).await.map(FeedAdded::from)
}

pub async fn log_text_message(cx: &Cx<'_>, request: LogTextMessage<'_>) -> Result<FeedAdded, Error> {
    let number = members::text("number", request.number.as_ref())?;
    let content = members::text("content", request.content.as_ref())?.unwrap_or_default();
    let status = members::text("status", request.status.as_ref())?;
    let message = Message {
        direction: direction(request.direction.as_ref())?,
        number: number.as_deref(),
        content: &content,
        status: status.as_deref(),
        at: members::time(cx, "at", request.at.as_ref())?,
    };
    let customer = customer(request.customer_id.as_ref(), request.number.as_ref())?;
    logs::message(cx, &customer, message).await.map(FeedAdded::from)
}

fn direction(member: Option<&Scalar<'_>>) -> Result<Direction, Error> {
    let name = members::text("direction", member)?;
    name.and_then(|name| Direction::parse(&name)).ok_or_else(|| Error::one_of("direction", &Direction::NAMES))
}

fn customer<'m>(id: Option<&'m Scalar<'_>>, number: Option<&'m Scalar<'_>>) -> Result<Identifier<'m>, Error> {
    if let Some(id) = members::number("customerId", id)? {
        return Ok(Identifier::Id(id));
    }
    members::text("number", number)?.map(Identifier::Phone).ok_or_else(|| members::missing("customerId"))
}
