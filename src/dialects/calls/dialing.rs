//! Calling somebody, and whom not to call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::text;
use crate::domain::masking::mask;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::dial::{self as ops_dial, Callee};
use crate::ops::calls::{agent_of, blocked};
use crate::protocol::lenient::Scalar;

const LONGEST: usize = 255;

parameters! {
    /// Whom to call: a customer, one of his phones, or a number.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct Dial<'a>: again {
        #[serde(borrow, default)]
        customer_id: Option<Scalar<'a>>,
        /// The `id` in the customer's `cellphones`; the first one unless it is given.
        #[serde(borrow, default)]
        phone_id: Option<Scalar<'a>>,
        #[serde(borrow, default)]
        number: Option<Scalar<'a>>,
        /// At whose telephone; your own unless it is given.
        #[serde(borrow, default)]
        agent: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Dialing {
    /// The agent's telephone is told by the event `call.dial`, and has until then.
    expires: String,
}

fn integer(name: &str, given: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    given.integer().map(Some).ok_or_else(|| Error::expected(name, "整数", "an integer"))
}

pub async fn dial(cx: &Cx<'_>, request: Dial<'_>) -> Result<Dialing, Error> {
    let agent = agent_of(cx, request.agent.as_ref().and_then(Scalar::text).as_deref())?;
    let agent = agent.ok_or_else(|| Error::parameter("agent: 缺少 / is missing"))?;
    let number = text("number", request.number, LONGEST)?;
    let customer = integer("customerId", request.customer_id.as_ref())?;
    let callee = match (customer, integer("phoneId", request.phone_id.as_ref())?, &number) {
        (Some(customer), None, None) => Callee::Customer(customer),
        (Some(customer), Some(phone), None) => Callee::Phone { customer, phone },
        (None, None, Some(number)) => Callee::Number(number),
        _ => {
            return Err(Error::parameter(
                "customerId, number: 给出客户（可加 phoneId）或号码之一 / give a customer, with a phoneId or without, or a number",
            ));
        }
    };
    let expires = ops_dial::dial(cx, &agent, &callee).await?;
    Ok(Dialing { expires: times::to_second(expires, &cx.catalogue.company.time_zone) })
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct RedeemDial<'a> {
    /// That of the event `call.dial`.
    #[serde(borrow)]
    #[schemars(required)]
    token: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct DialRedeemed {
    result: DialBody,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DialBody {
    number: String,
    agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<i64>,
}

pub async fn redeem_dial(cx: &Cx<'_>, request: RedeemDial<'_>) -> Result<DialRedeemed, Error> {
    let token = text("token", request.token, LONGEST)?.ok_or_else(|| Error::parameter("token: 缺少 / is missing"))?;
    let row = ops_dial::redeem(cx, &token).await?;
    Ok(DialRedeemed { result: DialBody { number: row.number, agent: row.login_no, customer_id: row.customer_id } })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct PutBlockedNumber<'a>: again {
        /// However it is written.
        #[serde(borrow)]
        #[schemars(required)]
        number: Option<Scalar<'a>>,
        /// At most 255 characters.
        #[serde(borrow, default)]
        reason: Option<Scalar<'a>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct RemoveBlockedNumber<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        number: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct NumberBlocked {
    /// As it is compared: `+` and up to 15 digits, where it is known in this form.
    number: String,
}

fn number(given: Option<Scalar<'_>>) -> Result<std::borrow::Cow<'_, str>, Error> {
    text("number", given, LONGEST)?.ok_or_else(|| Error::parameter("number: 缺少 / is missing"))
}

pub async fn put_blocked_number(cx: &Cx<'_>, request: PutBlockedNumber<'_>) -> Result<NumberBlocked, Error> {
    let reason = text("reason", request.reason, LONGEST)?;
    let phone = blocked::put(cx, &number(request.number)?, reason.as_deref()).await?;
    Ok(NumberBlocked { number: shown(cx, phone.line_key()) })
}

pub async fn remove_blocked_number(cx: &Cx<'_>, request: RemoveBlockedNumber<'_>) -> Result<NumberBlocked, Error> {
    let phone = blocked::remove(cx, &number(request.number)?).await?;
    Ok(NumberBlocked { number: shown(cx, phone.line_key()) })
}

fn shown(cx: &Cx<'_>, number: &str) -> String {
    if cx.rights().masks() { mask(number) } else { number.to_owned() }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListBlockedNumbers<'a> {
    /// Numbers behind this one: `after` of the page before.
    #[serde(borrow, default)]
    after: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct BlockedNumbers {
    result: Vec<BlockedBody>,
    /// What to ask for the next page with; null at the end.
    after: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BlockedBody {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    at: String,
    login_no: String,
}

pub async fn list_blocked_numbers(cx: &Cx<'_>, request: ListBlockedNumbers<'_>) -> Result<BlockedNumbers, Error> {
    if cx.rights().masks() {
        return Err(Error::forbidden("号码隐藏时不能查看禁呼名单 / numbers are masked: the list cannot be seen"));
    }
    let after = text("after", request.after, LONGEST)?;
    let (rows, is_more) = blocked::list(cx, after.as_deref()).await?;
    let after = rows.last().filter(|_| is_more).map(|row| row.key.clone());
    let zone = &cx.catalogue.company.time_zone;
    let body = |row: crate::store::rows::BlockedRow| BlockedBody {
        number: row.typed,
        reason: row.reason,
        at: times::to_second(row.at, zone),
        login_no: row.author_no,
    };
    Ok(BlockedNumbers { result: rows.into_iter().map(body).collect(), after })
}
