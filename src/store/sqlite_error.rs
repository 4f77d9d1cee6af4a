//! What SQLite says, as an error of the store.

use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};

/// What SQLite says.
#[derive(Debug)]
pub struct SqliteError {
    /// The extended one.
    pub code: i32,
    message: String,
}

/// Returns an error of SQLite as one of the store.
pub fn fault(error: rusqlite::Error) -> sqlx::Error {
    let (code, message) = match error {
        rusqlite::Error::SqliteFailure(code, message) => (code, message),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(msg)),
        other => return sqlx::Error::Decode(other.into()),
    };
    let message = message.unwrap_or_else(|| code.to_string());
    sqlx::Error::Database(Box::new(SqliteError { code: code.extended_code, message }))
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(code: {}) {}", self.code, self.message)
    }
}

impl std::error::Error for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    /// See "Result and Error Codes" of SQLite's documentation.
    fn kind(&self) -> ErrorKind {
        match self.code {
            1555 | 2067 => ErrorKind::UniqueViolation,
            787 => ErrorKind::ForeignKeyViolation,
            1299 => ErrorKind::NotNullViolation,
            275 => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}
