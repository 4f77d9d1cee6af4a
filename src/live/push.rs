//! What is sent of an event, written once for all who see it alike.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::viewer::Viewer;
use crate::domain::event::{DELETED, Event, LEFT, MERGED};
use crate::domain::masking::{Known, mask, mask_text};
use crate::domain::times;

/// A frame that no request asked for. It has neither `action` nor `callbackId`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Push<'a> {
    event: &'a str,
    epoch: &'a str,
    seq: i64,
    at: String,
    company_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<i64>,
    actor: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a Map<String, Value>>,
    #[serde(flatten)]
    more: Option<&'a Map<String, Value>>,
}

/// Returns what this viewer is told of an event; `None` when it is for another, about agents whom he does not see, or about
/// a customer whom he sees neither before nor after.
#[must_use]
pub fn told(event: &Event, viewer: &Viewer, epoch: &str) -> Option<Utf8Bytes> {
    let body = &event.body;
    if body.to.as_ref().is_some_and(|to| !viewer.is(to)) {
        return None;
    }
    if !body.agents.is_empty() && !viewer.sees_one_of(&body.agents) {
        return None;
    }
    let sees = |place: &Option<_>| place.as_ref().is_some_and(|place| viewer.sees(place));
    let (before, after) = (sees(&body.was), sees(&body.is));
    // What the company has set up is everybody's.
    let is_everybodys = event.customer == 0 && body.was.is_none() && body.is.is_none();
    let is_gone = [DELETED, MERGED].contains(&event.kind.as_str());
    let form = if is_everybodys || body.to.is_some() || after || (before && is_gone) {
        let form = if viewer.masks { &event.forms.masked } else { &event.forms.shown };
        form.get_or_init(|| shown(event, viewer, epoch))
    } else if before && event.customer > 0 {
        event.forms.left.get_or_init(|| left(event, viewer, epoch))
    } else {
        return None;
    };
    Some(form.clone())
}

fn shown(event: &Event, viewer: &Viewer, epoch: &str) -> Utf8Bytes {
    let body = &event.body;
    let masked = viewer.masks.then(|| masked(event, viewer));
    let (changes, more) = masked.as_ref().map_or((&body.changes, &body.more), |(changes, more)| (changes, more));
    let changes = (!changes.is_empty() && event.kind != DELETED).then_some(changes);
    let version = (body.version > 0).then_some(body.version);
    text(&Push { version, changes, more: Some(more), ..head(event, viewer, epoch) })
}

fn left(event: &Event, viewer: &Viewer, epoch: &str) -> Utf8Bytes {
    // One form for all, so nobody is told more than the one who sees least.
    text(&Push { event: LEFT, actor: mask_text(&event.actor), ..head(event, viewer, epoch) })
}

fn head<'a>(event: &'a Event, viewer: &Viewer, epoch: &'a str) -> Push<'a> {
    let company = &viewer.catalogue.company;
    Push {
        event: &event.kind,
        epoch,
        seq: event.seq,
        at: times::to_second(event.at, &company.time_zone),
        company_id: company.id,
        customer_id: (event.customer > 0).then_some(event.customer),
        actor: if viewer.masks { mask_text(&event.actor) } else { Cow::Borrowed(&event.actor) },
        version: None,
        changes: None,
        more: None,
    }
}

fn text(push: &Push<'_>) -> Utf8Bytes {
    // Texts and numbers can always be written.
    serde_json::to_string(push).unwrap_or_default().into()
}

/// Returns the changes, and what else there is to tell, with all numbers hidden.
fn masked(event: &Event, viewer: &Viewer) -> (Map<String, Value>, Map<String, Value>) {
    let body = &event.body;
    let known = Known::of(body.phones.iter().map(String::as_str), &viewer.catalogue.company.home);
    let hidden = |field: &str, value: &Value| match value {
        // Nothing but numbers, parted by commas.
        Value::String(text) if field == "cellphones" => text.split(',').map(mask).collect::<Vec<_>>().join(",").into(),
        Value::String(text) if field == "number" => mask(text).into(),
        value if field.ends_with("Id") => value.clone(),
        value => known.mask_within(value),
    };
    let sides =
        |field: &str, sides: &Value| sides.as_array().into_iter().flatten().map(|side| hidden(field, side)).collect();
    let changes = body.changes.iter().map(|(field, value)| (field.clone(), sides(field, value))).collect();
    let more = body.more.iter().map(|(field, value)| (field.clone(), hidden(field, value))).collect();
    (changes, more)
}
