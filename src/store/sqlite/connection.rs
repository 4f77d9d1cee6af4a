//! A connection to the file, and what runs on it: at once, on the thread that asks.

use std::path::Path;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags};

use crate::store::bind::Bind;
use crate::store::row::{Most, Row, Take};
use crate::store::sqlite_error::fault;

/// Statements kept prepared a connection; more than the number of fixed statements.
const PREPARED: usize = 512;

/// Opens the file as one that writes.
pub fn writing(file: &Path, busy: Duration) -> sqlx::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(file, flags, busy)?;
    // The log is moved into the file beside the commits, not within: see `checkpoint.rs`.
    let set =
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma wal_autocheckpoint = 0";
    conn.execute_batch(set).map_err(fault)?;
    Ok(conn)
}

/// Opens the file as one that only reads.
pub fn reading(file: &Path, busy: Duration) -> sqlx::Result<Connection> {
    open(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX, busy)
}

fn open(file: &Path, flags: OpenFlags, busy: Duration) -> sqlx::Result<Connection> {
    let conn = Connection::open_with_flags(file, flags).map_err(fault)?;
    conn.busy_timeout(busy).map_err(fault)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    Ok(conn)
}

/// Hands on the rows that a statement answers with.
pub fn fetch(conn: &mut Connection, sql: &str, binds: &[Bind<'_>], most: Most, take: Take<'_>) -> sqlx::Result<()> {
    let mut statement = prepared(conn, sql, binds)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(fault)? {
        take(&Row::Sqlite(row))?;
        if most == Most::One {
            break;
        }
    }
    Ok(())
}

/// Returns how many rows a statement has changed.
pub fn execute(conn: &mut Connection, sql: &str, binds: &[Bind<'_>]) -> sqlx::Result<u64> {
    let changed = prepared(conn, sql, binds)?.raw_execute().map_err(fault)?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

fn prepared<'c>(conn: &'c Connection, sql: &str, binds: &[Bind<'_>]) -> sqlx::Result<CachedStatement<'c>> {
    let mut statement = conn.prepare_cached(sql).map_err(fault)?;
    // SQLite numbers `$2` by where it stands: it is the second value by its name only.
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let bind = number.and_then(|number| binds.get(number.checked_sub(1)?));
        let bind = bind.ok_or_else(|| sqlx::Error::Protocol(format!("a value is missing: {sql}")))?;
        statement.raw_bind_parameter(place, bind).map_err(fault)?;
    }
    Ok(statement)
}
