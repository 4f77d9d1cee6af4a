//! The frame: one object of text, and what it says about itself before any action looks at it.
//!
//! [`read`] takes the envelope (`action`, `callbackId`, `operator` or `loginno`, `companyId`,
//! `groupId`) out of the frame and leaves everything else as text. A frame that is strict JSON is
//! never copied. The values of the parameters are only skipped here: that a text escape or a number
//! has a value is found when the action reads its request from the body.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::callback_id::CallbackId;
use super::folded;
use super::nul;
use super::relaxed::{self, SyntaxError, without_place};
use super::{unescaped, without_end};
use crate::domain::json;

/// The one topic whose wrapper is opened, as the document names it.
pub const TOPIC: &str = "socket.server.operation";

/// What a frame says about itself, borrowed from the frame.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The name of the action, never empty.
    pub action: Cow<'a, str>,
    /// What the answer is to be marked with.
    pub callback_id: CallbackId,
    /// `operator`, or `loginno` when there is no operator; a number is kept as its text.
    pub operator: Option<Cow<'a, str>>,
    /// `companyId`, sent as a number or as text.
    pub company_id: Option<i64>,
    /// `groupId`, sent as a number or as text.
    pub group_id: Option<i64>,
    /// The `customer` member as it came, when there is one: create frames name their company only
    /// inside it.
    pub customer: Option<&'a RawValue>,
}

/// A frame whose envelope is in order.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Its envelope.
    pub head: Head<'a>,
    /// The frame as strict JSON, without its wrapper.
    pub body: &'a str,
}

/// How frames are read.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether text that is no JSON gets a try in the relaxed reader.
    pub relaxed: bool,
    /// How many brackets may be open at once; [`relaxed::DEEPEST`] is the most that helps.
    pub max_depth: usize,
}

/// Why a frame is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// It is neither JSON nor relaxed JSON, or it is nested too deep.
    Syntax(SyntaxError),
    /// Its text is a value, but no object.
    NotAnObject,
    /// A member of the envelope occurs twice; the text says which.
    Repeated(String),
    /// `action` is missing, empty or no text.
    NoAction,
    /// Its `topic` is not [`TOPIC`].
    UnknownTopic(String),
    /// U+0000 stands at this place; see [`nul::find`].
    Nul(String),
    /// A member of the envelope has a value that it cannot have.
    BadEnvelope {
        /// The member as the document spells it.
        field: &'static str,
    },
}

/// A frame that is refused, with what its answer is to be marked with.
#[derive(Clone, Debug, PartialEq)]
pub struct BadFrame {
    /// As far as it could be told.
    pub callback_id: CallbackId,
    /// Why it is refused.
    pub problem: Problem,
}

/// Reads the envelope of the frame in `received`.
///
/// `rewritten` is an empty buffer that the caller lends: it holds the frame when the relaxed reader
/// had to rewrite it.
pub fn read<'a>(received: &'a str, rewritten: &'a mut String, settings: &Settings) -> Result<Frame<'a>, BadFrame> {
    let received = without_end(received);
    let unreadable = |problem| BadFrame { callback_id: CallbackId::salvage(received), problem };
    let (members, text) = strict_members(received, rewritten, settings).map_err(unreadable)?;
    let opened = unwrapped(members, text);
    let inner_id = match &opened {
        Ok((inner, _)) => inner.callback_id,
        // The id is echoed also when the wrapper is not one that is opened.
        Err(_) => members.data.and_then(|data| folded::from_str::<Members<'a>>(data.get()).ok()?.callback_id),
    };
    let id = inner_id.or(members.callback_id);
    let read = opened.and_then(|(inner, body)| match nul::find(body) {
        Some(path) => Err(Problem::Nul(path)),
        None => Ok(Frame { head: head(&inner, id)?, body }),
    });
    read.map_err(|problem| {
        match (id, &problem) {
            // The members inside the wrapper could not be told, the id among them.
            (None, Problem::Repeated(_)) => unreadable(problem),
            _ => BadFrame { callback_id: callback_id(id), problem },
        }
    })
}

/// The members that the envelope is made of, unread: a wrong type among them is no syntax error.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    callback_id: Option<&'a RawValue>,
    #[serde(borrow)]
    operator: Option<&'a RawValue>,
    #[serde(borrow)]
    loginno: Option<&'a RawValue>,
    #[serde(borrow)]
    company_id: Option<&'a RawValue>,
    #[serde(borrow)]
    group_id: Option<&'a RawValue>,
    #[serde(borrow)]
    customer: Option<&'a RawValue>,
}

/// Keeps `null` as a value: a `callbackId` of `null` is echoed, an absent one is not.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

/// Returns the members of the frame, and the strict JSON text they are in.
fn strict_members<'a>(
    received: &'a str,
    rewritten: &'a mut String,
    settings: &Settings,
) -> Result<(Members<'a>, &'a str), Problem> {
    let max_depth = settings.max_depth.min(relaxed::DEEPEST);
    // Counting is much cheaper than telling brackets from text, and nearly always enough.
    if received.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > max_depth {
        relaxed::check_depth(received, max_depth).map_err(Problem::Syntax)?;
    }
    let text = match folded::from_str(received) {
        // What stands for an object elsewhere is no frame.
        Ok(_) if received.trim_start().starts_with('[') => return Err(Problem::NotAnObject),
        Ok(members) => return Ok((members, received)),
        Err(error) if error.classify() == Category::Data => return Err(wrong_shape(received, &error)),
        Err(error) if !settings.relaxed => return Err(Problem::Syntax(SyntaxError::of(received, &error))),
        Err(_) => {
            *rewritten = relaxed::to_strict(received, max_depth).map_err(Problem::Syntax)?;
            rewritten.as_str()
        }
    };
    match folded::from_str(text) {
        Ok(_) if text.starts_with('[') => Err(Problem::NotAnObject),
        Ok(members) => Ok((members, text)),
        Err(error) => Err(wrong_shape(text, &error)),
    }
}

/// Returns what is wrong with JSON that cannot be [`Members`]: these take any value once, so it is
/// either no object or names one of them twice.
fn wrong_shape(text: &str, error: &serde_json::Error) -> Problem {
    if text.trim_start().starts_with('{') { Problem::Repeated(without_place(error)) } else { Problem::NotAnObject }
}

/// Returns the members of the frame itself and its text: those of `data` for a wrapped frame.
fn unwrapped<'a>(members: Members<'a>, text: &'a str) -> Result<(Members<'a>, &'a str), Problem> {
    let Some(topic) = members.topic else {
        return Ok((members, text));
    };
    match Scalar::of(Some(topic)) {
        Scalar::Text(name) if name == TOPIC => {}
        Scalar::Text(name) => return Err(Problem::UnknownTopic(name.into_owned())),
        _ => return Err(Problem::UnknownTopic(topic.get().to_owned())),
    }
    if members.action.is_some() {
        return Ok((members, text));
    }
    let data = members.data.map(RawValue::get).filter(|data| data.starts_with('{'));
    let data = data.ok_or(Problem::BadEnvelope { field: "data" })?;
    match folded::from_str(data) {
        Ok(inner) => Ok((inner, data)),
        Err(error) => Err(wrong_shape(data, &error)),
    }
}

fn callback_id(raw: Option<&RawValue>) -> CallbackId {
    raw.map_or(CallbackId::Absent, |raw| CallbackId::from_json(raw.get()))
}

fn head<'a>(members: &Members<'a>, id: Option<&RawValue>) -> Result<Head<'a>, Problem> {
    let Scalar::Text(action) = Scalar::of(members.action) else {
        return Err(Problem::NoAction);
    };
    let operator = match name(members.operator, "operator")? {
        None => name(members.loginno, "loginno")?,
        operator => operator,
    };
    Ok(Head {
        action,
        callback_id: callback_id(id),
        operator,
        company_id: integer(members.company_id, "companyId")?,
        group_id: integer(members.group_id, "groupId")?,
        customer: members.customer,
    })
}

fn name<'a>(raw: Option<&'a RawValue>, field: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
    match Scalar::of(raw) {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Number(number) => Ok(Some(number)),
        Scalar::Other => Err(Problem::BadEnvelope { field }),
    }
}

fn integer(raw: Option<&RawValue>, field: &'static str) -> Result<Option<i64>, Problem> {
    let parsed = match name(raw, field)? {
        None => return Ok(None),
        Some(text) => json::integer_in(&text),
    };
    parsed.map(Some).ok_or(Problem::BadEnvelope { field })
}

/// A member of the envelope by what it can be used for.
enum Scalar<'a> {
    /// Missing, `null`, or text that is empty but for blanks.
    Absent,
    /// Text without the blanks around it.
    Text(Cow<'a, str>),
    /// A number as it is written; a whole one as an integer.
    Number(Cow<'a, str>),
    Other,
}

impl<'a> Scalar<'a> {
    fn of(raw: Option<&'a RawValue>) -> Self {
        let Some(raw) = raw.map(RawValue::get) else {
            return Self::Absent;
        };
        match raw.as_bytes().first() {
            Some(b'"') => match unescaped(raw) {
                Some(text) if text.trim().is_empty() => Self::Absent,
                Some(Cow::Borrowed(text)) => Self::Text(Cow::Borrowed(text.trim())),
                Some(Cow::Owned(text)) => Self::Text(Cow::Owned(text.trim().to_owned())),
                None => Self::Other,
            },
            Some(b'-' | b'0'..=b'9') => Self::Number(match raw.parse().ok().and_then(json::whole) {
                Some(whole) if raw.contains(['.', 'e', 'E']) => Cow::Owned(whole.to_string()),
                _ => Cow::Borrowed(raw),
            }),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
