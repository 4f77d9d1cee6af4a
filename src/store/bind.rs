//! Values for the placeholders of statements, as either engine takes them.

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;

/// A value for a placeholder. PostgreSQL wants to know of a missing one, too, what it would be.
#[derive(Debug, Clone, Copy)]
pub enum Bind<'v> {
    Integer(Option<i64>),
    Text(Option<&'v str>),
    Bytes(&'v [u8]),
}

impl From<i64> for Bind<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Bind<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl<'v> From<&'v str> for Bind<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'v> From<Option<&'v str>> for Bind<'v> {
    fn from(value: Option<&'v str>) -> Self {
        Self::Text(value)
    }
}

impl<'v> From<&'v [u8]> for Bind<'v> {
    fn from(value: &'v [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl ToSql for Bind<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Integer(Some(value)) => ToSqlOutput::Owned(Value::Integer(value)),
            Self::Text(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Integer(None) | Self::Text(None) => ToSqlOutput::Owned(Value::Null),
        })
    }
}

/// Returns the values as PostgreSQL takes them.
pub fn arguments(binds: &[Bind<'_>]) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        let added = match *bind {
            Bind::Integer(value) => arguments.add(value),
            Bind::Text(value) => arguments.add(value),
            Bind::Bytes(value) => arguments.add(value),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
