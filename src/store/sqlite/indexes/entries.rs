//! Reading what an index knows of customers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::index::Entry;
use crate::store::bind::Bind;
use crate::store::row::{FromRow, Most};
use crate::store::rows::EntryRow;
use crate::store::sqlite::connection::fetch;

/// The fields in their order, the numbers likewise, and the texts.
macro_rules! columns {
    () => {
        "id, task_id, owner_key, group_id, type_value, flag_value, source_value, star, created_at, updated_at, assigned_at, \
         last_follow_at, follow_count, name_sort, haystack"
    };
}

/// The customer of this id.
const OF: &str = concat!("select ", columns!(), " from customer where company_id = $1 and id = $2");
/// The next customers after this id.
const AFTER: &str =
    concat!("select ", columns!(), " from customer where company_id = $1 and id > $2 order by id limit $3 + 0");

/// The statements: name, and the text twice.
pub const STATEMENTS: &[(&str, &str, &str)] = &[("entry_of", OF, OF), ("entries_after", AFTER, AFTER)];

/// Entries by id.
pub type Entries = BTreeMap<u32, Entry<'static>>;

/// Returns those of these customers who are there.
pub fn of(conn: &mut Connection, company: i64, customers: &[i64]) -> sqlx::Result<Entries> {
    let mut entries = Entries::new();
    for customer in customers {
        read(conn, OF, &[company.into(), (*customer).into()], &mut entries)?;
    }
    Ok(entries)
}

/// Returns the next customers after this id.
pub fn after(conn: &mut Connection, company: i64, id: u32, most: i64) -> sqlx::Result<Entries> {
    let mut entries = Entries::new();
    read(conn, AFTER, &[company.into(), i64::from(id).into(), most.into()], &mut entries)?;
    Ok(entries)
}

fn read(conn: &mut Connection, sql: &str, binds: &[Bind<'_>], entries: &mut Entries) -> sqlx::Result<()> {
    fetch(conn, sql, binds, Most::All, &mut |row| {
        let row = EntryRow::from_row(row)?;
        let id = u32::try_from(row.id).map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        entries.insert(id, entry(row));
        Ok(())
    })
}

fn entry(row: EntryRow) -> Entry<'static> {
    let text = |text: Option<String>| text.map(Cow::Owned);
    let number = |number: Option<i64>| number.map(|number| Cow::Owned(number.to_string()));
    Entry {
        values: [
            number(row.task_id),
            text(row.owner_key),
            number(row.group_id),
            text(row.type_value),
            text(row.flag_value),
            text(row.source_value),
            number(Some(row.star)),
        ],
        numbers: [
            Some(row.created_at),
            Some(row.updated_at),
            row.assigned_at,
            row.last_follow_at,
            Some(row.follow_count),
        ],
        name: row.name_sort.into(),
        text: row.haystack.into(),
    }
}
