//! What tests stand on: a database of either engine that goes when the test does, demo data, a clock that
//! only the test moves, and a server on a port of its own.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use laidian::config::{AuthMode, Config};
use laidian::demo;
use laidian::domain::identifier::Identifier;
use laidian::error::Error;
use laidian::ops::access::identity::{self, Claim};
use laidian::ops::clock::Clock;
use laidian::ops::customer::{self, Changes, Expected, Written};
use laidian::ops::{Backend, Caller, Cx};
use laidian::server::Server;
use laidian::store::rows::CustomerRow;
use laidian::store::{Location, Store, database_file};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr};
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-01-01 08:00 in Shanghai, in microseconds: the time of every test until it moves its clock.
pub const NOW: i64 = 1_767_225_600_000_000;
pub const SECOND: i64 = 1_000_000;

/// Invented customers of a server's demo, as `laidian replay` has them.
const CUSTOMERS: u64 = 50;

/// A company of the demo: where the document lists and looks up customers.
pub const MAIN: i64 = 1054;
/// The second company of the demo, with a tenth of the customers.
pub const SHOP: i64 = 1001;
/// The demo's company without customers, which has custom fields.
pub const DESK: i64 = 8008;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Whether the test can run here. PostgreSQL may be missing on a developer's machine, and the test then
    /// says so; in CI that is a failure.
    pub fn is_there(self, test: &str) -> bool {
        if self == Self::Sqlite || postgres_url().is_some() {
            return true;
        }
        assert!(std::env::var_os("CI").is_none(), "TEST_POSTGRES_URL is not set: PostgreSQL is not optional in CI");
        skipped(test, "TEST_POSTGRES_URL is not set");
        false
    }
}

pub fn skipped(test: &str, why: &str) {
    // Not eprintln!, which is only shown of tests that fail.
    let _ = writeln!(std::io::stderr(), "跳过 / skipped: {test}, {why}");
}

/// Whether what a test needs of a package is there. It may be missing on a developer's machine, and the test
/// then says so; in CI that is a failure.
pub fn is_installed(is_there: bool, package: &str, test: &str) -> bool {
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "{package} is not installed: it is not optional in CI");
        skipped(test, &format!("{package} is not installed"));
    }
    is_there
}

fn postgres_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// Makes two tests, `<name>::sqlite` and `<name>::postgres`, of each `async fn <name>(engine: Engine)`.
macro_rules! both_engines {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            use crate::support::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if Engine::Postgres.is_there(concat!(module_path!(), "::postgres")) {
                    super::$name(Engine::Postgres).await;
                }
            }
        }
    )* };
}

/// An empty database of its own. It goes when this is dropped, also when the test fails.
pub struct Place {
    location: Location,
    _remains: Remains,
}

enum Remains {
    Nothing,
    Folder { _folder: TempDir },
    Database { admin: String, name: String },
}

impl Place {
    pub async fn new(engine: Engine) -> Self {
        // What the server logs of a fault is shown with the test that fails by it.
        let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer().try_init();
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::Builder::new().prefix("laidian-test-").tempdir().unwrap();
                Self {
                    location: Location::Folder(folder.path().to_owned()),
                    _remains: Remains::Folder { _folder: folder },
                }
            }
            Engine::Postgres => {
                let admin = postgres_url().unwrap();
                let name = format!("test_{}", Uuid::new_v4().simple());
                execute(&admin, format!("create database {name}")).await.unwrap();
                let (address, options) = admin.split_once('?').unwrap_or((&admin, ""));
                let (server, _) = address.rsplit_once('/').unwrap();
                let location = Location::Postgres(format!("{server}/{name}?{options}"));
                Self { location, _remains: Remains::Database { admin, name } }
            }
        }
    }

    /// A folder that somebody else looks after.
    pub fn in_folder(folder: &Path) -> Self {
        Self { location: Location::Folder(folder.to_owned()), _remains: Remains::Nothing }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Opens the database, as often as one likes: each is a laidian of its own.
    pub async fn open(&self) -> Store {
        Store::open(&self.location, &Config::default().connections()).await.unwrap()
    }
}

/// A connection behind the store's back: what is really in the tables, and how statements are carried out.
pub enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

impl Place {
    pub async fn connect(&self) -> Raw {
        match &self.location {
            Location::Folder(folder) => Raw::Sqlite(rusqlite::Connection::open(database_file(folder)).unwrap()),
            Location::Postgres(url) => Raw::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }
}

impl Raw {
    /// The first column of all rows, which must be text.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.collect::<rusqlite::Result<_>>().unwrap()
            }
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Where the rows of a table are, those included that wait to be put into it.
    pub fn with_pending(&self, table: &str) -> String {
        match self {
            Self::Sqlite(_) if table == "customer_term" => "(select company_id, term, customer_id from customer_term
                  union select company_id, value, customer_id from pending_term, json_each(terms)) customer_term"
                .to_owned(),
            _ => table.to_owned(),
        }
    }

    /// The statement that reads all rows of these companies: a text each, which begins with the table's name.
    pub async fn all_rows_of(&mut self, companies: &[i64]) -> String {
        let with_company = match self {
            Self::Sqlite(_) => {
                "select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = 'company_id'
                 where m.type = 'table'"
            }
            Self::Postgres(_) => {
                "select table_name::text from information_schema.columns
                 where column_name = 'company_id' and table_schema = current_schema()"
            }
        };
        let mut tables: Vec<(String, &str)> =
            self.texts(with_company).await.into_iter().map(|table| (table, "company_id")).collect();
        assert!(tables.len() > 10, "the tables are found otherwise: {tables:?}");
        tables.push(("company".to_owned(), "id"));
        tables.retain(|(table, _)| table != "pending_term");
        let companies = companies.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let mut selects = Vec::new();
        for (table, column) in tables {
            let row = match self {
                Self::Sqlite(_) => {
                    let members = format!("select 'quote(\"' || name || '\")' from pragma_table_info('{table}')");
                    self.texts(&members).await.join(" || ',' || ")
                }
                Self::Postgres(_) => format!("cast({table} as text)"),
            };
            let source = self.with_pending(&table);
            selects.push(format!("select '{table}: ' || {row} from {source} where {column} in ({companies})"));
        }
        format!("{} order by 1", selects.join(" union all "))
    }

    pub async fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(connection) => {
                connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
            }
        }
    }

    pub async fn prepare(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Self::Sqlite(connection) => connection.prepare(sql).map(drop).map_err(|error| error.to_string()),
            Self::Postgres(connection) => {
                let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
                prepared.map(drop).map_err(|error| error.to_string())
            }
        }
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if let Self::Database { admin, name } = self {
            let (admin, sql) = (admin.clone(), format!("drop database if exists {name} with (force)"));
            // A thread, because this one may be inside a runtime, which cannot be waited for.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(execute(&admin, sql)).unwrap();
            });
            let _ = dropped.join();
        }
    }
}

async fn execute(url: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}

/// A clock that stands still until the test moves it.
#[derive(Clone)]
pub struct Time(Arc<AtomicI64>);

impl Default for Time {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }
}

impl Time {
    pub fn clock(&self) -> Clock {
        let time = self.0.clone();
        Clock::from_fn(move || time.load(Ordering::Relaxed))
    }

    /// Sets the clock, microseconds.
    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

/// A backend with the demo's data, its clock and its database.
pub struct Demo {
    pub backend: Arc<Backend>,
    pub time: Time,
    pub place: Place,
}

impl Deref for Demo {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}

impl Demo {
    /// The operator of this login number, or the company's system user without one.
    pub async fn caller(&self, company: i64, login_no: Option<&str>) -> Caller {
        let claim = Claim { company: Some(company), operator: login_no.map(str::to_owned), ..Claim::default() };
        identity::believe(&self.backend, &claim).await.unwrap()
    }
}

/// Opens a database with the demo's data and this many invented customers.
pub async fn backend(engine: Engine, customers: u64) -> Demo {
    backend_with(engine, customers, |_| {}).await
}

/// The same with other settings.
pub async fn backend_with(engine: Engine, customers: u64, change: impl FnOnce(&mut Config)) -> Demo {
    let time = Time::default();
    let place = Place::new(engine).await;
    let store = filled(&place, customers).await;
    let mut config = Config::default();
    change(&mut config);
    config.check().unwrap();
    Demo { backend: Backend::new(store, time.clock(), &config), time, place }
}

async fn filled(place: &Place, customers: u64) -> Store {
    let store = place.open().await;
    demo::fill(&store, customers).await.unwrap();
    store
}

/// A server with the demo's data, in this process.
pub struct TestServer {
    server: Server,
    place: Place,
}

impl TestServer {
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn backend(&self) -> &Backend {
        self.server.backend()
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns whether everything was answered in time.
    pub async fn stop(self) -> bool {
        self.server.stop().await
    }
}

/// Starts a server on a free port of the loopback address, in open mode unless `change` says otherwise. Its
/// clock is the machine's, as its clients' is.
pub async fn server(engine: Engine, change: impl FnOnce(&mut Config)) -> TestServer {
    server_in(Place::new(engine).await, change).await
}

/// The same in this place.
pub async fn server_in(place: Place, change: impl FnOnce(&mut Config)) -> TestServer {
    let store = filled(&place, CUSTOMERS).await;
    let mut config = Config::default();
    config.auth.mode = AuthMode::Open;
    config.unlimited_rates(|_| false);
    change(&mut config);
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.check().unwrap();
    let backend = Backend::new(store, Clock::system(), &config);
    backend.provider.load().await.unwrap();
    let server = Server::start(config, backend).await.unwrap();
    TestServer { server, place }
}

/// Changes the customer of this id, whatever its version.
pub async fn update(cx: &Cx<'_>, id: i64, changes: Changes<'_>) -> Result<CustomerRow, Error> {
    match customer::update(cx, &Identifier::Id(id), changes, Expected::default()).await? {
        Written::Done(row) => Ok(row.into()),
        Written::Conflict(conflict) => panic!("no version was expected: {conflict:?}"),
    }
}

/// Deletes the customer of this id, whatever its version.
pub async fn destroy(cx: &Cx<'_>, id: i64) -> Result<(), Error> {
    match customer::destroy(cx, &Identifier::Id(id), Expected::default()).await? {
        Written::Done(_) => Ok(()),
        Written::Conflict(conflict) => panic!("no version was expected: {conflict:?}"),
    }
}
