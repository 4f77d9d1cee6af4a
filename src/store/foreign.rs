//! Databases that are not ours, and are left as they are.
//!
//! Ours have the first of our migrations in their table of migrations. SQLite files say besides in their head what
//! they are; those of before that was written into them are known by the table.

use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sqlx::{PgConnection, Postgres};
use url::Url;

use super::blocking;
use super::migrate::{FIRST, OpenError};
use super::sqlite_error::fault;

/// Says in the head of a SQLite file that it is ours: `file` and whoever comes later can tell.
pub const APPLICATION: i64 = 1_279_347_012;
pub const MARK: &str = "pragma application_id = 1279347012";
/// The same as it stands in the file, and where (see "The Database Header" in SQLite's file format).
const MARKED: &[u8] = b"LAID";
const MARK_AT: usize = 68;
/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What stands where a database of ours is to be, unless it is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Ours,
}

/// Refuses a file that is something else than ours, or nothing yet. It is not written to.
pub async fn check_file(file: &Path) -> Result<Found, OpenError> {
    let foreign = |what: String| OpenError::Foreign { place: file.display().to_string(), what };
    let mut head = Vec::new();
    let opened = std::fs::File::open(file).and_then(|opened| opened.take(100).read_to_end(&mut head));
    opened.map_err(|error| OpenError::Connect(error.into()))?;
    if head.is_empty() {
        return Ok(Found::Nothing);
    }
    if !head.starts_with(MAGIC) {
        return Err(foreign("不是 SQLite 文件 / no SQLite file".to_owned()));
    }
    if head.get(MARK_AT..).is_some_and(|rest| rest.starts_with(MARKED)) {
        return Ok(Found::Ours);
    }
    // What is in a log is read, too; without one, not even the files that readers share are made.
    let log = file.with_extension("sqlite-wal");
    let has_log = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let file = std::path::absolute(file).map_err(|error| OpenError::Connect(error.into()))?;
    let mut url =
        Url::from_file_path(file).map_err(|()| foreign("路径无法使用 / the path cannot be used".to_owned()))?;
    url.set_query((!has_log).then_some("immutable=1"));
    let checked = blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(url.as_str(), flags).and_then(|conn| of_sqlite(&conn)).map_err(fault)
    });
    checked.await.map_err(OpenError::Connect)?.map_err(foreign)
}

/// What is found, or the tables of somebody else's database.
fn of_sqlite(conn: &Connection) -> rusqlite::Result<Result<Found, String>> {
    let mut named = conn.prepare(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name",
    )?;
    let tables = named.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    if tables.is_empty() {
        return Ok(Ok(Found::Nothing));
    }
    if tables.iter().any(|table| table == "_sqlx_migrations") {
        let first: Option<String> = conn.query_row(FIRST_APPLIED, [], |row| row.get(0)).optional()?;
        if first.as_deref() == Some(FIRST) {
            return Ok(Ok(Found::Ours));
        }
        // Its first migration was begun, and not ended.
        if first.is_none() && tables.len() == 1 {
            return Ok(Ok(Found::Nothing));
        }
    }
    Ok(Err(listed(&tables)))
}

const FIRST_APPLIED: &str = "select description from _sqlx_migrations order by version limit 1";

/// Refuses a schema of PostgreSQL in which there are tables of ours that we have not made. Others beside ours are
/// nobody's business: extensions have some.
pub async fn check_postgres(conn: &mut PgConnection) -> Result<Found, OpenError> {
    let found = of_postgres(conn).await.map_err(OpenError::Connect)?;
    found.map_err(|(place, what)| OpenError::Foreign { place, what })
}

/// What is found, or where somebody else's tables are and which.
async fn of_postgres(conn: &mut PgConnection) -> sqlx::Result<Result<Found, (String, String)>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = current_schema()
           and table_name in ('_sqlx_migrations', 'company', 'counter', 'customer', 'staff') order by table_name",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut first = None;
    if tables.iter().any(|table| table == "_sqlx_migrations") {
        first = sqlx::query_scalar::<Postgres, String>(FIRST_APPLIED).fetch_optional(&mut *conn).await?;
    }
    let has_ours = tables.iter().any(|table| table != "_sqlx_migrations");
    if first.as_deref() == Some(FIRST) {
        return Ok(Ok(Found::Ours));
    }
    if first.is_none() && !has_ours {
        return Ok(Ok(Found::Nothing));
    }
    let place: String =
        sqlx::query_scalar("select current_database() || '.' || current_schema()").fetch_one(&mut *conn).await?;
    Ok(Err((place, listed(&tables))))
}

/// Names some tables of a database.
fn listed(tables: &[String]) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = tables.iter().map(String::as_str).take(SHOWN).collect();
    let rest = if tables.len() > SHOWN { " …" } else { "" };
    format!("其中有表 / it has the tables {}{rest}", names.join(", "))
}
