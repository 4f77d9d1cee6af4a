//! Changing what only one documented system knows of a customer, with the customer and in the same transaction.

use serde_json::{Map, Value};

use crate::domain::change::Line;
use crate::domain::document::{self, Document, Member, Shape, System, shown};
use crate::domain::json;
use crate::domain::masking::{Hidden, Unclear, restore_alike};
use crate::domain::phone::Home;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::customer::contacts;
use crate::ops::customer::unmask::{self, refusal};
use crate::ops::systems::profile;
use crate::store::Tx;

/// A document before and after a change.
pub struct Changed {
    pub system: System,
    old: Document,
    pub new: Document,
}

impl Changed {
    #[must_use]
    pub fn new(system: System, old: Document, new: Document) -> Self {
        Self { system, old, new }
    }

    /// A line for every member in which the two differ.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let changed =
            self.system.members().iter().filter(|member| self.old.get(member.name) != self.new.get(member.name));
        let line = |member: &Member| Line {
            field: format!("{}.{}", self.system.name(), member.name),
            label: member.label.to_owned(),
            old: document::show(self.old.get(member.name)),
            new: document::show(self.new.get(member.name)),
        };
        changed.map(line).collect()
    }
}

/// How a caller was shown a document, where that differs from how it is stored, and what was hidden of it.
pub type AsShown<'a> = &'a (dyn Fn(System, &Document) -> (Document, Hidden) + Sync);

/// A document and the changes to it: the members are checked already, and null removes one.
pub struct Patched {
    pub system: System,
    pub old: Document,
    pub patch: Document,
}

impl Patched {
    /// Refuses what cannot be in the document.
    pub fn check(system: System, old: Document, mut patch: Document, home: &Home) -> Result<Self, Error> {
        for (name, given) in &mut patch {
            let member = system.member(name).ok_or_else(|| {
                Error::parameter(format!("{name}: {} 没有这个字段 / has no such field", system.name()))
            })?;
            let is_text = matches!(member.shape, Shape::Text(_) | Shape::Phone);
            if !is_text && given.as_str().is_some_and(|text| text.trim().is_empty()) {
                *given = Value::Null;
            }
            if !given.is_null() {
                *given = document::check(member, given).map_err(Error::parameter)?;
            }
        }
        contacts::check_phones(system, &old, &patch, home)?;
        Ok(Self { system, old, patch })
    }

    /// Gives new entries their ids, and returns what the document becomes. Members that are not named stay.
    async fn apply(self, tx: &mut Tx, now: i64) -> Result<Changed, Error> {
        let Self { system, old, patch } = self;
        let mut new = old.clone();
        for (name, mut value) in patch {
            if value.is_null() {
                new.remove(&name);
                continue;
            }
            if let (Some(Shape::List(members)), Value::Array(entries)) =
                (system.member(&name).map(|member| &member.shape), &mut value)
            {
                let stored = old.get(&name).and_then(Value::as_array);
                if stored.is_some_and(|stored| shown::is_as_shown(&name, members, entries, stored)) {
                    continue;
                }
                number(tx, &name, old.get(&name), entries, now).await?;
            }
            new.insert(name, value);
        }
        Ok(Changed { system, old, new })
    }
}

/// Returns a customer's documents with the changes to them. A value that the caller was shown otherwise than it is
/// stored, and that comes back as it was shown, stays as it is stored; what `take_shown` takes out is not looked at.
pub async fn read(
    tx: &mut Tx,
    customer: i64,
    patches: Vec<(System, Document)>,
    as_shown: Option<AsShown<'_>>,
    take_shown: impl Fn(System, &Document, &mut Document),
    home: &Home,
) -> Result<Vec<Patched>, Error> {
    let mut read = Vec::with_capacity(patches.len());
    for (system, mut patch) in patches {
        let old = profile::stored(tx.document(customer, system.name()).await?)?;
        take_shown(system, &old, &mut patch);
        if let Some(as_shown) = as_shown {
            let (shown, hidden) = as_shown(system, &old);
            restore(&mut patch, &shown, &old, &hidden)?;
        }
        read.push(Patched::check(system, old, patch, home)?);
    }
    Ok(read)
}

/// Returns what the documents become.
pub async fn merge(tx: &mut Tx, patched: Vec<Patched>, now: i64) -> Result<Vec<Changed>, Error> {
    let mut changed = Vec::with_capacity(patched.len());
    for patched in patched {
        changed.push(patched.apply(tx, now).await?);
    }
    Ok(changed)
}

/// Puts what is stored in the place of what was shown of it.
pub fn restore(given: &mut Document, shown: &Document, stored: &Document, hidden: &Hidden) -> Result<(), Error> {
    for (name, value) in given.iter_mut() {
        restore_value(value, shown.get(name), stored.get(name), hidden).map_err(|unclear| refusal(name, &unclear))?;
    }
    Ok(())
}

fn restore_value(
    given: &mut Value,
    shown: Option<&Value>,
    stored: Option<&Value>,
    hidden: &Hidden,
) -> Result<(), Unclear> {
    if let (Some(shown), Some(stored)) = (shown, stored)
        && given == shown
    {
        given.clone_from(stored);
        return Ok(());
    }
    match given {
        Value::Object(members) => members.iter_mut().try_for_each(|(name, value)| {
            let of = |object: Option<&Value>| object.and_then(|object| object.get(name)).cloned();
            restore_value(value, of(shown).as_ref(), of(stored).as_ref(), hidden)
        }),
        Value::Array(list) => {
            restore_texts(list, shown, stored)?;
            list.iter_mut().try_for_each(|entry| {
                let id = entry.get("id").cloned();
                let of = |list: Option<&Value>| Some(Value::Object(entry_of(list, id.as_ref()?)?.clone()));
                restore_value(entry, of(shown).as_ref(), of(stored).as_ref(), hidden)
            })
        }
        Value::String(_) => unmask::restore_value(stored, given, hidden),
        _ => Ok(()),
    }
}

/// Puts the texts of a list back that were shown otherwise than they are stored.
fn restore_texts(list: &mut [Value], shown: Option<&Value>, stored: Option<&Value>) -> Result<(), Unclear> {
    let (Some(Value::Array(shown)), Some(Value::Array(stored))) = (shown, stored) else { return Ok(()) };
    let texts = shown.iter().zip(stored).filter_map(|(shown, stored)| Some((shown.as_str()?.to_owned(), stored)));
    let texts: Vec<(String, &Value)> = texts.collect();
    let given: Vec<Option<String>> = list.iter().map(|entry| Some(entry.as_str()?.trim().to_owned())).collect();
    for (entry, meant) in list.iter_mut().zip(restore_alike(&texts, &given)?) {
        if let Some(stored) = meant {
            entry.clone_from(stored);
        }
    }
    Ok(())
}

/// The entry of a list that has this id.
pub fn entry_of<'a>(list: Option<&'a Value>, id: &Value) -> Option<&'a Map<String, Value>> {
    let id = json::integer(id)?;
    let entries = list?.as_array()?.iter().filter_map(Value::as_object);
    entries.into_iter().find(|entry| entry.get("id").and_then(Value::as_i64) == Some(id))
}

/// Gives new entries their ids, and all their times.
async fn number(tx: &mut Tx, name: &str, before: Option<&Value>, entries: &mut [Value], now: i64) -> Result<(), Error> {
    let seconds = now / SECOND;
    let new = entries.iter().filter(|entry| entry.get("id").is_none()).count();
    let added = i64::try_from(new).unwrap_or(i64::MAX);
    let mut last = tx.count(0, 0, 0, 0, 0, added, 0).await?.ok_or(Error::NotFound)?.last_feed - added;
    let mut seen = Vec::with_capacity(entries.len());
    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
        let given = entry.remove("created_at");
        let (created, updated) = match entry.get("id").cloned() {
            None => {
                last += 1;
                entry.insert("id".into(), last.into());
                (None, None)
            }
            Some(id) if seen.contains(&id) => {
                return Err(Error::parameter(format!("{name}: id {id} 出现两次 / stands twice")));
            }
            Some(id) => {
                let Some(stored) = entry_of(before, &id) else {
                    return Err(Error::parameter(format!("{name}: 没有 id {id} / there is no id {id}")));
                };
                let mut unchanged = stored.clone();
                let (created, updated) = (unchanged.remove("created_at"), unchanged.remove("updated_at"));
                let is_same = unchanged == *entry && given.as_ref().is_none_or(|given| created.as_ref() == Some(given));
                (created, updated.filter(|_| is_same))
            }
        };
        seen.extend(entry.get("id").cloned());
        entry.insert("created_at".into(), given.or(created).unwrap_or(seconds.into()));
        entry.insert("updated_at".into(), updated.unwrap_or(seconds.into()));
    }
    Ok(())
}

/// Stores the documents that have changed.
pub async fn store(tx: &mut Tx, customer: i64, documents: &[Changed], home: &Home) -> Result<(), Error> {
    for changed in documents.iter().filter(|changed| changed.old != changed.new) {
        let document = serde_json::to_string(&changed.new).map_err(|cause| Error::internal(&cause))?;
        tx.put_document(customer, changed.system.name(), &document).await?;
        contacts::store_phones(tx, customer, changed.system, &changed.old, &changed.new, home).await?;
    }
    Ok(())
}
