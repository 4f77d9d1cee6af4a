//! Calls and text messages that are over, for systems that tell nothing while they last.

use serde::{Deserialize, Serialize};

use super::about;
use crate::domain::customer::{Customer, LONGEST_TEXT};
use crate::domain::event::{self, Body, Place};
use crate::domain::feed::FeedKind;
use crate::domain::identifier::Identifier;
use crate::domain::phone;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::access::tries;
use crate::ops::customer::{self, Changes, Origin, Patch, merge, record};
use crate::ops::{Cx, idempotency};
use crate::store::Tx;

/// The longest call, seconds.
const LONGEST_CALL: i64 = 24 * 60 * 60;
/// How far the clock of whoever tells may be ahead.
const AHEAD: i64 = 300 * SECOND;
const ANSWERED: &str = "已接通";
const UNANSWERED: &str = "无人接听";
const RECEIVED: &str = "已接收";
const SENT: &str = "发送成功";

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

impl Direction {
    pub const NAMES: [&str; 2] = ["in", "out"];

    /// The direction of this name; the words of the call log stand for it, too.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim() {
            "in" | "呼入" => Some(Self::In),
            "out" | "呼出" => Some(Self::Out),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    fn of_call(self) -> &'static str {
        match self {
            Self::In => "呼入",
            Self::Out => "呼出",
        }
    }
}

/// A call that is over.
pub struct Call<'a> {
    pub direction: Direction,
    /// Seconds in which people talked.
    pub seconds: i64,
    pub outcome: Option<&'a str>,
    /// When it began; now without it.
    pub at: Option<i64>,
    /// What the telephone system calls it: the customer's last call from now on.
    pub call: Option<&'a str>,
}

/// A text message that was sent or has come.
pub struct Message<'a> {
    pub direction: Direction,
    /// To or from which number; the customer's first without it.
    pub number: Option<&'a str>,
    pub content: &'a str,
    pub status: Option<&'a str>,
    pub at: Option<i64>,
}

/// An item in the history of a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Logged {
    pub id: i64,
    pub customer: i64,
}

/// Writes a call into the history of its customer.
pub async fn call(cx: &Cx<'_>, identifier: &Identifier<'_>, call: Call<'_>) -> Result<Logged, Error> {
    if !(0..=LONGEST_CALL).contains(&call.seconds) {
        let (zh, en) = (format!(" 0 到 {LONGEST_CALL} 的秒数"), format!("0 to {LONGEST_CALL} seconds"));
        return Err(Error::expected("duration", &zh, &en));
    }
    let usual = if call.seconds > 0 { ANSWERED } else { UNANSWERED };
    let outcome = about::checked("outcome", call.outcome.unwrap_or(usual), LONGEST_TEXT)?;
    let name = call.call.map(|name| about::checked("callId", name, LONGEST_TEXT)).transpose()?;
    let at = past(cx, call.at)?;
    let tried = tries::identifier(cx, identifier)?;
    tries::texts(cx, name.as_deref())?;
    let mut tx = customer::begin(cx).await?;
    if let Some(done) = idempotency::recall(cx, &mut tx).await? {
        return Ok(done);
    }
    let old = Customer::try_from(customer::target(cx, &mut tx, identifier, &tried).await?)?;
    let outcome = about::whole(cx, &mut tx, &old, "outcome", outcome).await?;
    let origin = Origin::of(cx);
    let id = told(&mut tx, FeedKind::CallLog, &old, &origin).await?;
    tx.insert_call(id, old.id, at, call.direction.of_call(), &outcome, call.seconds).await?;
    if let Some(name) = name {
        let changes = Changes { last_accept: Patch::Set(name), ..Changes::default() };
        let merged = merge::merge(&old, changes, &cx.catalogue)?;
        record::update(&mut tx, &cx.catalogue, &old, merged, &origin).await?;
    }
    done(cx, tx, Logged { id, customer: old.id }).await
}

/// Writes a text message into the history of its customer.
pub async fn message(cx: &Cx<'_>, identifier: &Identifier<'_>, message: Message<'_>) -> Result<Logged, Error> {
    let content = about::checked("content", message.content, about::LONGEST)?;
    let usual = if message.direction == Direction::In { RECEIVED } else { SENT };
    let status = about::checked("status", message.status.unwrap_or(usual), LONGEST_TEXT)?;
    let number = message.number.map(|number| about::checked("number", number, LONGEST_TEXT)).transpose()?;
    let at = past(cx, message.at)?;
    let tried = tries::identifier(cx, identifier)?;
    let mut tx = customer::begin(cx).await?;
    if let Some(done) = idempotency::recall(cx, &mut tx).await? {
        return Ok(done);
    }
    let customer = Customer::try_from(customer::target(cx, &mut tx, identifier, &tried).await?)?;
    let number = match (number, customer.phones.first()) {
        (Some(number), _) => about::whole(cx, &mut tx, &customer, "number", number).await?,
        (None, Some(first)) => first.content.as_str().into(),
        (None, None) => return Err(Error::parameter("number: 缺少 / is missing")),
    };
    phone::read(&number, &cx.catalogue.company.home)
        .map_err(|why| Error::parameter(format!("number: {}", why.why())))?;
    let content = about::whole(cx, &mut tx, &customer, "content", content).await?;
    let id = told(&mut tx, FeedKind::TextMsgLog, &customer, &Origin::of(cx)).await?;
    tx.insert_text_message(id, customer.id, at, &number, &content, message.direction.name(), &status).await?;
    done(cx, tx, Logged { id, customer: customer.id }).await
}

/// When it was: not later than now.
fn past(cx: &Cx<'_>, at: Option<i64>) -> Result<i64, Error> {
    let now = cx.backend.clock.now();
    match at {
        Some(at) if at > now.saturating_add(AHEAD) => {
            Err(Error::parameter("at: 不能晚于现在 / must not be later than now"))
        }
        at => Ok(at.unwrap_or(now)),
    }
}

/// Tells of a new item in a customer's history, and returns its number.
async fn told(tx: &mut Tx, kind: FeedKind, customer: &Customer, origin: &Origin) -> Result<i64, Error> {
    let counter = tx.count(0, 0, 0, 0, 0, 1, 1).await?.ok_or(Error::NotFound)?;
    let body = Body::of_feed(kind.name(), counter.last_feed, &Place::of(customer));
    record::write_event(tx, counter.last_event, event::FEED_ADDED, customer.id, &body, origin).await?;
    Ok(counter.last_feed)
}

async fn done(cx: &Cx<'_>, mut tx: Tx, logged: Logged) -> Result<Logged, Error> {
    idempotency::remember(cx, &mut tx, &logged).await?;
    tx.commit().await?;
    Ok(logged)
}
