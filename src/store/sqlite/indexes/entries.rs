//! Reading what an index knows of customers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::index::{Entry, Numbers, Values};
use crate::store::bind::Bind;
use crate::store::row::{Most, Row};
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
        let id = u32::try_from(row.get::<i64>("id")?).map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        entries.insert(id, entry(row)?);
        Ok(())
    })
}

fn entry(row: &Row<'_>) -> sqlx::Result<Entry<'static>> {
    let text = |name| row.get::<Option<String>>(name).map(|text| text.map(Cow::Owned));
    let number = |name| row.get::<Option<i64>>(name).map(|number| number.map(|number| Cow::Owned(number.to_string())));
    let values: Values<'static> = [
        number("task_id")?,
        text("owner_key")?,
        number("group_id")?,
        text("type_value")?,
        text("flag_value")?,
        text("source_value")?,
        number("star")?,
    ];
    let numbers = ["created_at", "updated_at", "assigned_at", "last_follow_at", "follow_count"];
    let mut entry = Entry {
        values,
        numbers: Numbers::default(),
        name: row.get::<String>("name_sort")?.into(),
        text: row.get::<String>("haystack")?.into(),
    };
    for (place, name) in entry.numbers.iter_mut().zip(numbers) {
        *place = row.get(name)?;
    }
    Ok(entry)
}
