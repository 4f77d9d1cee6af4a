//! A row of either engine, read by the names of its columns.

use rusqlite::types::FromSql;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Type};

use super::sqlite_error::fault;

pub enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r PgRow),
}

/// What a column can be.
pub trait Column: Sized + FromSql + Type<Postgres> + for<'r> Decode<'r, Postgres> {}

impl Column for i64 {}
impl Column for Option<i64> {}
impl Column for String {}
impl Column for Option<String> {}
impl Column for Vec<u8> {}

impl Row<'_> {
    pub fn get<C: Column>(&self, name: &str) -> sqlx::Result<C> {
        match self {
            Self::Sqlite(row) => row.get(name).map_err(fault),
            Self::Postgres(row) => sqlx::Row::try_get(*row, name),
        }
    }
}

/// What a row is read as.
pub trait FromRow: Sized + Send + 'static {
    fn from_row(row: &Row<'_>) -> sqlx::Result<Self>;
}

/// How many rows of those that there are are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    One,
    All,
}

/// Who takes the rows.
pub type Take<'t> = &'t mut (dyn FnMut(&Row<'_>) -> sqlx::Result<()> + Send);
