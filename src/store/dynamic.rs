//! Statements that are put together at run time: text and binds, for either engine.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::bind::Bind;
use super::fetch::{fetch_postgres, push};
use super::row::{FromRow, Most, Take};
use super::searching::Searcher;
use super::{Engine, Scope, sqlite};

/// A statement in the making. Values only ever enter as binds; the text is made of literals.
pub struct Sql {
    text: String,
    binds: Vec<Value>,
}

/// What can stand for a placeholder.
pub enum Value {
    Integer(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Sql {
    /// Begins a statement whose `$1` is the company.
    pub fn of_company(company: i64) -> Self {
        Self { text: String::with_capacity(256), binds: vec![Value::Integer(company)] }
    }

    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for this value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.binds.push(value.into());
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

    /// Looks up by an index.
    pub async fn fetch<R: FromRow>(self, scope: &Scope) -> sqlx::Result<Vec<R>> {
        let binds: Vec<Bind<'_>> = self.binds.iter().map(Value::as_bind).collect();
        scope.store.all_of(AssertSqlSafe(self.text).into_sql_str(), &binds).await
    }

    /// Searches: nobody knows how much is to be read for it. It has a bound of time, and connections of its own.
    pub async fn search<R: FromRow>(self, scope: &Scope) -> sqlx::Result<Vec<R>> {
        let searching = &scope.store.open.searching;
        let searched = async {
            let share = searching.share(scope.asker).await?;
            match &scope.store.open.engine {
                Engine::Sqlite(engine) => {
                    let search = move |conn: &mut rusqlite::Connection| {
                        let mut rows = Vec::new();
                        let binds: Vec<Bind<'_>> = self.binds.iter().map(Value::as_bind).collect();
                        let take: Take<'_> = &mut |row| push(&mut rows, row);
                        sqlite::fetch(conn, &self.text, &binds, Most::All, take)?;
                        Ok(rows)
                    };
                    engine.search(share, search).await
                }
                Engine::Postgres(engine) => {
                    let mut searcher = Searcher::new(engine.searcher().await?, engine.others(), share).await?;
                    let mut rows = Vec::new();
                    let binds: Vec<Bind<'_>> = self.binds.iter().map(Value::as_bind).collect();
                    let text = AssertSqlSafe(self.text).into_sql_str();
                    let take: Take<'_> = &mut |row| push(&mut rows, row);
                    let found = fetch_postgres(searcher.conn()?, text, &binds, Most::All, take).await;
                    searcher.ended();
                    found.map(|()| rows)
                }
            }
        };
        searching.bounded(searched).await
    }
}

impl Value {
    fn as_bind(&self) -> Bind<'_> {
        match self {
            Self::Integer(value) => Bind::from(*value),
            Self::Text(value) => Bind::from(value.as_str()),
        }
    }
}
