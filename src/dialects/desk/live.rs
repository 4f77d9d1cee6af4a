//! Being told what happens, as it happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::live::{self, Change, MOST, NAMES, Since, Topic};
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Subscribe<'a> {
    /// customers/all (all that the caller sees), customers/group (those of his groups), customers/mine (those he looks
    /// after), customers/watched (those he follows), customer/<id>, calls, presence, tickets. One that the socket has already begins anew.
    #[serde(borrow)]
    #[schemars(required)]
    topics: Option<Vec<Scalar<'a>>>,
    /// Where the client was: of the last push that it has, or of the reply that it subscribed with.
    #[serde(borrow, default)]
    since: Option<Position<'a>>,
}

/// A place among the events of a company.
#[derive(Debug, Deserialize, JsonSchema)]
struct Position<'a> {
    #[serde(borrow)]
    #[schemars(required)]
    epoch: Option<Scalar<'a>>,
    #[serde(borrow)]
    #[schemars(required)]
    seq: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Subscribed {
    result: SubscribedBody,
}

#[derive(Serialize, JsonSchema)]
struct SubscribedBody {
    /// Which database this is; another one after a backup was restored.
    epoch: String,
    /// The number of the last event now: pushes up to it are what was missed.
    seq: i64,
    /// How many events of the company were missed; those of them that concern the topics are pushed now.
    replayed: i64,
    /// Whether what was missed cannot be told any more: read everything anew.
    reload: bool,
}

pub async fn subscribe(cx: &Cx<'_>, request: Subscribe<'_>) -> Result<(Subscribed, Change), Error> {
    let topics = topics(request.topics.unwrap_or_default())?;
    if topics.is_empty() {
        return Err(Error::one_of("topics", &NAMES));
    }
    let since = request.since.map(position).transpose()?;
    let (started, begun) = live::subscribe(cx, topics, since).await?;
    let live::Started { epoch, seq, replayed, reload } = started;
    let result = SubscribedBody { epoch, seq, replayed, reload };
    Ok((Subscribed { result }, Change::Follow(begun)))
}

fn topics(names: Vec<Scalar<'_>>) -> Result<Vec<Topic>, Error> {
    if names.len() > MOST {
        return Err(too_many_topics());
    }
    let mut topics = Vec::with_capacity(names.len());
    for name in names {
        let topic = name.text().and_then(|name| Topic::parse(&name)).ok_or_else(|| Error::one_of("topics", &NAMES))?;
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    Ok(topics)
}

/// Why a socket follows no more than it does already.
#[must_use]
pub fn too_many_topics() -> Error {
    Error::parameter(format!("topics: 一条连接最多 {MOST} 个 / a socket can have at most {MOST}"))
}

fn position(since: Position<'_>) -> Result<Since, Error> {
    let epoch = since.epoch.as_ref().and_then(Scalar::text);
    let epoch = epoch.ok_or_else(|| Error::expected("since.epoch", "文本", "a text"))?.into_owned();
    let seq = since.seq.as_ref().and_then(Scalar::integer);
    Ok(Since { epoch, seq: seq.ok_or_else(|| Error::expected("since.seq", "整数", "an integer"))? })
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unsubscribe<'a> {
    /// As in `subscribe`; all of the socket's without it.
    #[serde(borrow, default)]
    topics: Option<Vec<Scalar<'a>>>,
}

/// Nothing more to say.
#[derive(Serialize, JsonSchema)]
pub struct Unsubscribed {}

pub async fn unsubscribe(_: &Cx<'_>, request: Unsubscribe<'_>) -> Result<(Unsubscribed, Change), Error> {
    let change = request.topics.map(topics).transpose()?.map_or(Change::LeaveAll, Change::Leave);
    Ok((Unsubscribed {}, change))
}
