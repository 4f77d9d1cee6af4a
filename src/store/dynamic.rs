//! Statements that are put together at run time: text and binds, for either engine.

use std::fmt::Write;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use super::{Conn, Scope};

/// A statement in the making. Values only ever enter as binds; the text is made of literals.
pub struct Sql {
    text: String,
    binds: Vec<Bind>,
}

enum Bind {
    Integer(i64),
    Text(String),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Sql {
    /// Begins a statement whose `$1` is the company.
    pub fn of_company(company: i64) -> Self {
        Self { text: String::with_capacity(256), binds: vec![Bind::Integer(company)] }
    }

    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for this value.
    pub fn bind(&mut self, value: impl Into<BindValue>) -> &mut Self {
        self.binds.push(value.into().0);
        let _ = write!(self.text, "${}", self.binds.len());
        self
    }

    /// Appends how many rows are wanted. A bare placeholder would have SQLite prepare the statement again at every use
    /// (since 3.47 it plans by the number); of a sum it knows nothing. The same stands in the fixed statements.
    pub fn limit(&mut self, rows: i64) -> &mut Self {
        self.push(" limit ").bind(rows).push(" + 0")
    }

    /// The text alone.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Looks up by an index, on a reader of this scope.
    pub async fn fetch<R>(self, scope: &Scope) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.run(scope.store.reader().await?.conn()).await
    }

    /// Searches: nobody knows how much is to be read for it. It has a bound of time, and connections of its own.
    pub async fn search<R>(self, scope: &Scope) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let searched = async {
            let mut searcher = scope.store.searcher(scope.asker).await?;
            let found = self.run(searcher.conn()?).await;
            searcher.ended();
            found
        };
        scope.store.open.searching.bounded(searched).await
    }

    async fn run<R>(self, conn: Conn<'_>) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        macro_rules! fetch {
            ($db:ty, $conn:expr) => {{
                let mut query = sqlx::query_as::<$db, R>(AssertSqlSafe(self.text));
                for bind in self.binds {
                    query = match bind {
                        Bind::Integer(value) => query.bind(value),
                        Bind::Text(value) => query.bind(value),
                    };
                }
                query.fetch_all($conn).await
            }};
        }
        match conn {
            Conn::Sqlite(conn) => fetch!(sqlx::Sqlite, conn),
            Conn::Postgres(conn) => fetch!(sqlx::Postgres, conn),
        }
    }
}

/// What can stand for a placeholder.
pub struct BindValue(Bind);

impl<T: Into<Bind>> From<T> for BindValue {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}
