//! What a caller wants changed, in words that all dialects share.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::domain::document::{Document, System};
use crate::domain::plm::{Attention, Profile};
use crate::domain::times::{self, SECOND};

/// What to do with one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The request does not name it.
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// The value to set, transformed; the other cases stay.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)?),
        })
    }

    /// The field after the change.
    pub fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// The changes of one customer. Dictionary fields take a name or a value.
#[derive(Debug, Clone, Default)]
pub struct Changes<'a> {
    pub name: Patch<Cow<'a, str>>,
    /// Whether the name may be as long as those of iBiz PLM.
    pub long_name: bool,
    pub company_name: Patch<Cow<'a, str>>,
    pub address: Patch<Cow<'a, str>>,
    pub kind: Patch<Cow<'a, str>>,
    pub flag: Patch<Cow<'a, str>>,
    pub source: Patch<Cow<'a, str>>,
    pub task: Patch<i64>,
    /// A login number; goes together with `group`.
    pub owner: Patch<Cow<'a, str>>,
    pub group: Patch<i64>,
    /// All phones that the customer is to have.
    pub phones: Option<Vec<PhoneChange<'a>>>,
    /// The first phone alone, for systems that know no other; applied after `phones`.
    pub first_phone: Patch<Cow<'a, str>>,
    /// All labels that the customer is to have, by name.
    pub labels: Option<Vec<Cow<'a, str>>>,
    pub star: Option<i64>,
    /// Values by custom field id, a null clears; `Clear` clears them all.
    pub custom: Patch<BTreeMap<i64, Value>>,
    pub follow_count: Patch<i64>,
    pub last_accept: Patch<Cow<'a, str>>,
    pub assigned_at: Patch<Moment>,
    pub last_follow_at: Patch<Moment>,
    /// Whether the company's duplicate rule counts.
    pub duplicates: Duplicates,
    /// Members of documents to be set, or removed by null.
    pub documents: Vec<(System, Document)>,
    pub plm: Option<PlmPatch>,
    /// Where a new customer comes from another place: since when it was known there.
    pub recorded: Option<Box<Recorded>>,
}

/// By whom and when a customer was created and changed in the place where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    pub created_at: Option<i64>,
    pub created_by: Option<String>,
    pub updated_at: Option<i64>,
    pub updated_by: Option<String>,
}

/// What of iBiz PLM's is to be changed; the members are checked already.
#[derive(Debug, Clone, Default)]
pub struct PlmPatch {
    /// The id that the client chose for a new customer.
    pub id: Option<String>,
    pub members: Profile,
    /// All who are to follow the customer.
    pub attentions: Option<Vec<Attention>>,
    /// All who are to follow the customer, whatever way: who does so already goes on as before.
    pub followers: Option<Vec<Attention>>,
}

/// A point in time, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: i64,
    /// Whether it was written by the clock of a place, of which there are two the same when the clock is put back.
    pub is_local: bool,
}

impl Moment {
    /// A moment that is this one and no other.
    #[must_use]
    pub fn at(at: i64) -> Self {
        Self { at, is_local: false }
    }

    /// Reads a time as people and programs write it, in this time zone.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, times::Unclear> {
        let at = times::parse(text, zone)?;
        Ok(Self { at, is_local: !times::is_instant(text) })
    }

    /// Whether it is what is shown of another, to the minute.
    #[must_use]
    pub fn is_shown_of(self, other: i64, zone: &TimeZone) -> bool {
        const MINUTE: i64 = 60 * SECOND;
        let is_same = || other - other.rem_euclid(MINUTE) == self.at;
        let reads_same = || self.is_local && times::to_minute(self.at, zone) == times::to_minute(other, zone);
        self.at.rem_euclid(MINUTE) == 0 && (is_same() || reads_same())
    }
}

/// What becomes of a customer that is there already by the company's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    #[default]
    Allowed,
    Refused,
}

/// A phone in the list that a customer is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneChange<'a> {
    /// The phone that gets this number; `None` for a new one.
    pub id: Option<i64>,
    pub typed: Cow<'a, str>,
}
