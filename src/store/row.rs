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

/// The columns of a row, each by its name; those that are asked for in the order in which they come need not be looked for.
pub struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    pub fn of(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub fn get<C: Column>(&mut self, name: &str) -> sqlx::Result<C> {
        match self.row {
            Row::Sqlite(row) => {
                let statement: &rusqlite::Statement<'_> = row.as_ref();
                let is_next = statement.column_name(self.next).is_ok_and(|next| next == name);
                let place = if is_next { self.next } else { statement.column_index(name).map_err(fault)? };
                self.next = place + 1;
                row.get(place).map_err(fault)
            }
            Row::Postgres(row) => sqlx::Row::try_get(*row, name),
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
