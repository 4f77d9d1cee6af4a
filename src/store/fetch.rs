//! Running a statement on either engine: each text has its rows read by one piece of code, whatever it asks for.
//!
//! The embedded engine answers at once. Who asks again and again lets other tasks go on now and then, as all do who wait.

use sqlx::{PgConnection, SqlSafeStr, SqlStr};
use tokio::task::coop::consume_budget;

use super::bind::{Bind, arguments};
use super::row::{FromRow, Most, Row, Take};
use super::tx::Work;
use super::{Engine, Store, Tx, sqlite};

/// The text of a statement for each engine: SQLite's, PostgreSQL's.
pub type Texts = [&'static str; 2];

/// Keeps a row.
pub(super) fn push<R: FromRow>(rows: &mut Vec<R>, row: &Row<'_>) -> sqlx::Result<()> {
    rows.push(R::from_row(row)?);
    Ok(())
}

impl Store {
    pub(super) async fn all<R: FromRow>(&self, texts: Texts, binds: &[Bind<'_>]) -> sqlx::Result<Vec<R>> {
        let mut rows = Vec::new();
        self.fetch(texts, binds, Most::All, &mut |row| push(&mut rows, row)).await?;
        Ok(rows)
    }

    pub(super) async fn first<R: FromRow>(&self, texts: Texts, binds: &[Bind<'_>]) -> sqlx::Result<Option<R>> {
        let mut first = None;
        self.fetch(texts, binds, Most::One, &mut |row| R::from_row(row).map(|row| first = Some(row))).await?;
        Ok(first)
    }

    /// Looks up, on a connection that reads.
    async fn fetch(&self, texts: Texts, binds: &[Bind<'_>], most: Most, take: Take<'_>) -> sqlx::Result<()> {
        let [of_sqlite, of_postgres] = texts;
        match &self.open.engine {
            Engine::Sqlite(engine) => {
                consume_budget().await;
                engine.look_up(|conn| sqlite::fetch(conn, of_sqlite, binds, most, take))
            }
            Engine::Postgres(engine) => {
                let mut conn = engine.reader().await?;
                fetch_postgres(&mut conn, of_postgres.into_sql_str(), binds, most, take).await
            }
        }
    }

    /// The same with a text of its own for this engine.
    pub(super) async fn all_of<R: FromRow>(&self, sql: SqlStr, binds: &[Bind<'_>]) -> sqlx::Result<Vec<R>> {
        let mut rows = Vec::new();
        let take: Take<'_> = &mut |row| push(&mut rows, row);
        match &self.open.engine {
            Engine::Sqlite(engine) => {
                consume_budget().await;
                engine.look_up(|conn| sqlite::fetch(conn, sql.as_str(), binds, Most::All, take))?;
            }
            Engine::Postgres(engine) => {
                let mut conn = engine.reader().await?;
                fetch_postgres(&mut conn, sql, binds, Most::All, take).await?;
            }
        }
        Ok(rows)
    }
}

impl Tx {
    pub(super) async fn all<R: FromRow>(&mut self, texts: Texts, binds: &[Bind<'_>]) -> sqlx::Result<Vec<R>> {
        let mut rows = Vec::new();
        self.fetch(texts, binds, Most::All, &mut |row| push(&mut rows, row)).await?;
        Ok(rows)
    }

    pub(super) async fn first<R: FromRow>(&mut self, texts: Texts, binds: &[Bind<'_>]) -> sqlx::Result<Option<R>> {
        let mut first = None;
        self.fetch(texts, binds, Most::One, &mut |row| R::from_row(row).map(|row| first = Some(row))).await?;
        Ok(first)
    }

    async fn fetch(&mut self, texts: Texts, binds: &[Bind<'_>], most: Most, take: Take<'_>) -> sqlx::Result<()> {
        let [of_sqlite, of_postgres] = texts;
        let done = match self.work() {
            Work::Sqlite(tx) => {
                consume_budget().await;
                sqlite::fetch(tx.conn(), of_sqlite, binds, most, take)
            }
            Work::Postgres(tx) => fetch_postgres(tx, of_postgres.into_sql_str(), binds, most, take).await,
        };
        self.note(done)
    }

    /// Returns how many rows were changed.
    pub(super) async fn execute(&mut self, texts: Texts, binds: &[Bind<'_>]) -> sqlx::Result<u64> {
        let [of_sqlite, of_postgres] = texts;
        let text = match self.work() {
            Work::Sqlite(_) => of_sqlite,
            Work::Postgres(_) => of_postgres,
        };
        self.execute_of(text.into_sql_str(), binds).await
    }

    /// The same with a text of its own for this engine.
    pub(super) async fn execute_of(&mut self, sql: SqlStr, binds: &[Bind<'_>]) -> sqlx::Result<u64> {
        let done = match self.work() {
            Work::Sqlite(tx) => {
                consume_budget().await;
                sqlite::execute(tx.conn(), sql.as_str(), binds)
            }
            Work::Postgres(tx) => execute_postgres(tx, sql, binds).await,
        };
        self.note(done)
    }
}

pub(super) async fn fetch_postgres(
    conn: &mut PgConnection,
    sql: SqlStr,
    binds: &[Bind<'_>],
    most: Most,
    take: Take<'_>,
) -> sqlx::Result<()> {
    let query = sqlx::query_with(sql, arguments(binds)?);
    match most {
        Most::One => query.fetch_optional(conn).await?.iter().try_for_each(|row| take(&Row::Postgres(row))),
        Most::All => query.fetch_all(conn).await?.iter().try_for_each(|row| take(&Row::Postgres(row))),
    }
}

async fn execute_postgres(conn: &mut PgConnection, sql: SqlStr, binds: &[Bind<'_>]) -> sqlx::Result<u64> {
    Ok(sqlx::query_with(sql, arguments(binds)?).execute(conn).await?.rows_affected())
}
