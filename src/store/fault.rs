//! Why the storage does not take what is written, told by the codes of the engines.

use std::fmt;

use sqlx::postgres::PgDatabaseError;

use super::sqlite_error::SqliteError;

/// A fault of the storage, which ends when somebody mends it: nothing is lost by it but what was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    DiskFull,
    ReadOnly,
    DiskError,
    /// The write was undone together with others of its group; it may be tried again at once.
    Undone,
}

/// SQLite's primary codes are the low byte of what it returns.
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_FULL: i32 = 13;
/// The file that processes share could not be made larger.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

impl StorageFault {
    /// The fault behind an error of the store, if it is one.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Io(error) => error.get_ref()?.downcast_ref().copied(),
            sqlx::Error::Database(error) => {
                if let Some(error) = error.try_downcast_ref::<SqliteError>() {
                    Self::of_sqlite(error.code)
                } else {
                    Self::of_postgres(error.try_downcast_ref::<PgDatabaseError>()?.code())
                }
            }
            _ => None,
        }
    }

    fn of_sqlite(code: i32) -> Option<Self> {
        match (code, code & 0xff) {
            (SQLITE_IOERR_SHMSIZE, _) | (_, SQLITE_FULL) => Some(Self::DiskFull),
            (_, SQLITE_READONLY) => Some(Self::ReadOnly),
            (_, SQLITE_IOERR) => Some(Self::DiskError),
            _ => None,
        }
    }

    /// See "PostgreSQL Error Codes", appendix A of its documentation.
    fn of_postgres(code: &str) -> Option<Self> {
        match code {
            "53100" => Some(Self::DiskFull),
            "25006" => Some(Self::ReadOnly),
            "58030" => Some(Self::DiskError),
            _ => None,
        }
    }

    /// What it is called, Chinese and English.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::DiskFull => "磁盘已满 / the disk is full",
            Self::ReadOnly => "数据库只读 / the database is read-only",
            Self::DiskError => "磁盘读写出错 / the disk fails",
            Self::Undone => "写入已撤销，请重试 / the write was undone, send it again",
        }
    }
}

impl fmt::Display for StorageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for StorageFault {}

impl From<StorageFault> for sqlx::Error {
    fn from(fault: StorageFault) -> Self {
        Self::Io(std::io::Error::other(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_engines_are_told_apart() {
        for (code, fault) in [
            (13, Some(StorageFault::DiskFull)),
            (4874, Some(StorageFault::DiskFull)),
            (8, Some(StorageFault::ReadOnly)),
            (1032, Some(StorageFault::ReadOnly)),
            (10, Some(StorageFault::DiskError)),
            (778, Some(StorageFault::DiskError)),
            (1034, Some(StorageFault::DiskError)),
            (5, None),
            (2067, None),
        ] {
            assert_eq!(StorageFault::of_sqlite(code), fault, "{code}");
        }
        assert_eq!(StorageFault::of_postgres("53100"), Some(StorageFault::DiskFull));
        assert_eq!(StorageFault::of_postgres("23505"), None);
        assert_eq!(StorageFault::of(&StorageFault::Undone.into()), Some(StorageFault::Undone));
        assert_eq!(StorageFault::of(&sqlx::Error::PoolClosed), None);
    }
}
