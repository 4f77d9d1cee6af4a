//! Bringing the schema of the file up to date. What is applied is written down as sqlx does it for PostgreSQL.

use std::time::Instant;

use rusqlite::{Connection, params};
use sqlx::migrate::{MigrateError, Migration, Migrator};

use crate::store::sqlite_error::fault;

const APPLIED: &str = "create table if not exists _sqlx_migrations (
  version bigint primary key,
  description text not null,
  installed_on timestamp not null default current_timestamp,
  success boolean not null,
  checksum blob not null,
  execution_time bigint not null
)";

/// Applies what the file has not yet. A file that has others is of a newer version, or of another program.
pub fn migrate(conn: &mut Connection, migrator: &Migrator) -> Result<(), MigrateError> {
    let applied = applied(conn).map_err(failed)?;
    for (version, checksum) in &applied {
        let known = migrator.iter().find(|migration| migration.version == *version);
        match known {
            None => return Err(MigrateError::VersionMissing(*version)),
            Some(known) if known.checksum[..] != checksum[..] => return Err(MigrateError::VersionMismatch(*version)),
            Some(_) => {}
        }
    }
    let is_new = |migration: &&Migration| applied.iter().all(|(version, _)| *version != migration.version);
    for migration in migrator.iter().filter(is_new) {
        apply(conn, migration).map_err(|error| MigrateError::ExecuteMigration(fault(error), migration.version))?;
    }
    Ok(())
}

fn applied(conn: &Connection) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    conn.execute_batch(APPLIED)?;
    let mut statement = conn.prepare("select version, checksum from _sqlx_migrations order by version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Both the schema and the note of it, or neither.
fn apply(conn: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    let began = Instant::now();
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(migration.sql.as_str())?;
    let nanoseconds = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
    tx.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (?1, ?2, true, ?3, ?4)",
        params![migration.version, migration.description, &migration.checksum[..], nanoseconds],
    )?;
    tx.commit()
}

fn failed(error: rusqlite::Error) -> MigrateError {
    MigrateError::Execute(fault(error))
}
