//! The store: one set of queries over two engines.
//!
//! [`Store`] is opened once. A [`Scope`] is the store seen by one company: everything in `ops` works
//! through one, so a query of one company cannot touch another's rows. [`Scope::write`] opens a [`Tx`]:
//! the only thing that can write. To add a query, add a row to `queries.rs`; a search with optional
//! conditions goes into `search.rs`.

#[macro_use]
mod macros;
mod bind;
pub mod calls;
pub mod conditions;
mod derived;
mod dynamic;
pub mod events;
pub mod fault;
mod feeds;
mod fetch;
mod files;
pub mod filter;
mod foreign;
mod gathered;
mod health;
pub mod indexed;
mod listing;
mod lock;
pub mod merging;
mod migrate;
mod phones;
pub mod plm;
mod pool;
mod postgres;
pub mod queries;
mod rarest;
pub mod records;
pub mod recycle;
pub mod reminders;
mod reports;
mod row;
pub mod rows;
pub mod search;
mod searching;
mod sqlite;
mod sqlite_error;
pub mod tickets;
mod tx;
mod views;
mod watching;
mod webhooks;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::catalogue::login_key;
use events::{Histories, History};
use fault::StorageFault;
use foreign::Found;
pub use gathered::Called;
use gathered::Gathered;
use health::Health;
pub use lock::ServerLock;
pub use migrate::OpenError;
use records::{Marks, Record, Records};
use searching::Searching;
pub use searching::{Asker, SearchTooLong, is_interrupted};
pub use tx::Tx;
use tx::Work;

/// Every fixed statement: name, SQLite text, PostgreSQL text.
pub fn statements() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    queries::STATEMENTS
        .iter()
        .chain(plm::STATEMENTS)
        .chain(files::STATEMENTS)
        .chain(rarest::STATEMENTS)
        .chain(derived::STATEMENTS)
        .chain(phones::STATEMENTS)
        .chain(recycle::STATEMENTS)
        .chain(reminders::STATEMENTS)
        .chain(reports::STATEMENTS)
        .chain(tickets::STATEMENTS)
        .chain(watching::STATEMENTS)
        .chain(pool::STATEMENTS)
        .chain(merging::STATEMENTS)
        .chain(views::STATEMENTS)
        .chain(events::STATEMENTS)
        .chain(calls::STATEMENTS)
        .chain(webhooks::STATEMENTS)
        .chain(sqlite::statements())
        .chain(indexed::STATEMENTS)
        .chain(recycle::KEEP)
        .chain(recycle::BRING_BACK)
        .chain(recycle::TAKE_OVER)
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Location {
    /// A SQLite file of this name in this folder.
    Folder(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

/// Where that is, for people: without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => std::path::absolute(folder).as_deref().unwrap_or(folder).display().fmt(f),
            Self::Postgres(url) => match postgres::options(url) {
                Ok(options) => postgres::place(&options).fmt(f),
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

/// How many connections there are, and for how long they work.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// Those that look up; on PostgreSQL as many again write.
    pub look_ups: u32,
    /// Those that search.
    pub searches: u32,
    /// How long a search may take.
    pub search: Duration,
    /// How long any other statement may take; PostgreSQL alone has some that could take longer.
    pub statement: Duration,
    /// How long PostgreSQL is waited for at the start.
    pub wait: Duration,
    /// What customers who were looked up lately may take of the memory, bytes.
    pub records: u64,
    /// What the indexes of all companies may take of it, bytes; the embedded database alone has them.
    pub index: usize,
}

/// Which database is to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// One that is made where there is none.
    Any,
    Existing,
}

/// The open database. Cheap to clone: each request does.
#[derive(Clone)]
pub struct Store {
    open: Arc<Open>,
}

struct Open {
    engine: Engine,
    searching: Searching,
    /// `None` where nothing is gained by gathering, and where the gathering itself asks.
    gathered: Option<Gathered>,
    /// `None` where others write, too.
    records: Option<Records>,
    health: Health,
    histories: Histories,
    /// Where the file is, if it is one.
    folder: Option<PathBuf>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

impl Store {
    /// Opens the database, which is made where there is none, and brings its schema up to date. A database that a newer
    /// laidian has migrated is refused.
    pub async fn open(location: &Location, connections: &Connections) -> Result<Self, OpenError> {
        Self::open_wanted(location, connections, Wanted::Any).await
    }

    /// The same for a database that is there.
    pub async fn open_existing(location: &Location, connections: &Connections) -> Result<Self, OpenError> {
        Self::open_wanted(location, connections, Wanted::Existing).await
    }

    async fn open_wanted(location: &Location, connections: &Connections, wanted: Wanted) -> Result<Self, OpenError> {
        let must_be_wanted = |found: Found| match (found, wanted) {
            (Found::Nothing, Wanted::Existing) => Err(OpenError::Missing { place: location.to_string() }),
            _ => Ok(()),
        };
        let marks = Arc::new(Marks::default());
        let engine = match location {
            Location::Folder(folder) => {
                let file = database_file(folder);
                let unusable = |cause| OpenError::Folder { folder: folder.clone(), cause };
                if !file.try_exists().map_err(unusable)? {
                    must_be_wanted(Found::Nothing)?;
                }
                make_private(folder, &file).map_err(unusable)?;
                must_be_wanted(foreign::check_file(&file).await?)?;
                let engine =
                    sqlite::Engine::open(&file, connections, marks.clone()).await.map_err(OpenError::Connect)?;
                engine.migrate(migrate::sqlite()).await.map_err(OpenError::from)?;
                engine.claim().await.map_err(OpenError::Connect)?;
                Engine::Sqlite(engine)
            }
            Location::Postgres(url) => {
                let engine = postgres::Engine::open(url, connections).await?;
                let mut reader = engine.reader().await.map_err(OpenError::Connect)?;
                must_be_wanted(foreign::check_postgres(&mut reader).await?)?;
                drop(reader);
                engine.migrate(&migrate::postgres()).await.map_err(OpenError::from)?;
                Engine::Postgres(engine)
            }
        };
        let searching = Searching::new(connections.searches, connections.search);
        let folder = match location {
            Location::Folder(folder) => Some(folder.clone()),
            Location::Postgres(_) => None,
        };
        let health = Health::default();
        let histories = match &engine {
            Engine::Sqlite(_) => Histories::default(),
            Engine::Postgres(engine) => Histories::over(engine.hinting()),
        };
        let records = match &engine {
            Engine::Sqlite(_) => Some(Records::new(connections.records, marks)),
            Engine::Postgres(_) => None,
        };
        let store = |gathered| {
            let (engine, searching, health) = (engine.clone(), searching.clone(), health.clone());
            let (histories, folder, records) = (histories.clone(), folder.clone(), records.clone());
            Self { open: Arc::new(Open { engine, searching, gathered, records, health, histories, folder }) }
        };
        // A statement of the embedded engine costs no trip that could be shared.
        let gathered = matches!(engine, Engine::Postgres(_)).then(|| Gathered::new(store(None)));
        Ok(store(gathered))
    }

    /// Waits until something has happened, in whichever company, as far as this server is told at once; one waits at a time.
    pub async fn has_happened(&self) {
        self.open.histories.hints.any().await;
    }

    /// Lets go of the histories that nobody follows any more.
    pub fn tidy(&self) {
        self.open.histories.tidy();
    }

    /// The store as this company sees it.
    #[must_use]
    pub fn company(&self, company: i64) -> Scope {
        Scope { store: self.clone(), company, asker: Asker::default() }
    }

    /// Answers once the database does.
    pub async fn ping(&self) -> sqlx::Result<()> {
        match &self.open.engine {
            Engine::Sqlite(engine) => {
                engine.look_up(|conn| conn.query_row("select 1", [], |_| Ok(())).map_err(sqlite_error::fault))
            }
            Engine::Postgres(engine) => sqlx::Connection::ping(&mut *engine.reader().await?).await,
        }
    }

    /// Answers whether what is written now would be kept, as far as can be told. An embedded database is written to
    /// for that; a server of PostgreSQL is judged by the last write.
    pub async fn ready(&self) -> sqlx::Result<Option<StorageFault>> {
        self.ping().await?;
        let fault = match (&self.open.engine, &self.open.folder) {
            (Engine::Sqlite(engine), Some(folder)) => self.open.health.of_file(engine, folder.clone()).await?,
            _ => None,
        };
        Ok(fault.or_else(|| self.open.health.lately()))
    }

    /// Ends all work: what is committed is in the database file (SQLite) or acknowledged (PostgreSQL).
    pub async fn close(&self) -> sqlx::Result<()> {
        match &self.open.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => {
                engine.close().await;
                Ok(())
            }
        }
    }
}

/// Makes the folder and the file, where they are missing, so that only this user reads them: they hold secrets.
fn make_private(folder: &Path, file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    make_folder(folder)?;
    std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    Ok(())
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Carries this out to its end, whether or not somebody still waits for it.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    tokio::spawn(work).await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// Carries out what takes its time on a thread for that, to its end.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> sqlx::Result<T> + Send + 'static) -> sqlx::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// The file that holds the data of an installation in `folder`.
#[must_use]
pub fn database_file(folder: &Path) -> PathBuf {
    folder.join("laidian.sqlite")
}

/// Which customers whoever asks sees; the default is all of the company's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// Those of this owner only.
    pub owner_key: Option<String>,
    /// Those of these groups only.
    pub groups: Option<Vec<i64>>,
}

impl Within {
    /// Whether a customer with this owner, in this group, is among them.
    #[must_use]
    pub fn holds(&self, owner_no: Option<&str>, group: Option<i64>) -> bool {
        let is_owner = |key: &String| owner_no.is_some_and(|owner| login_key(owner) == *key);
        let has_group = |groups: &Vec<i64>| group.is_some_and(|group| groups.contains(&group));
        self.owner_key.as_ref().is_none_or(is_owner) && self.groups.as_ref().is_none_or(has_group)
    }

    /// The groups as a JSON array.
    #[must_use]
    pub fn groups_json(&self) -> Option<String> {
        Some(self.groups.as_ref()?.iter().copied().collect::<serde_json::Value>().to_string())
    }
}

/// The store as one company sees it.
#[derive(Clone)]
pub struct Scope {
    pub(crate) store: Store,
    pub(crate) company: i64,
    asker: Asker,
}

impl Scope {
    /// The same for this asker, who shares the connections that search with others.
    #[must_use]
    pub fn asked_by(self, asker: Asker) -> Self {
        Self { asker, ..self }
    }

    #[must_use]
    pub fn company(&self) -> i64 {
        self.company
    }

    /// The one customer of a phone with this key, if he is in memory.
    #[must_use]
    pub fn record_of_phone(&self, phone_key: &str) -> Option<Arc<Record>> {
        let records = self.store.open.records.as_ref()?;
        self.look_for_others();
        records.get(self.company, phone_key)
    }

    /// Before something is answered from memory.
    fn look_for_others(&self) {
        if let Engine::Sqlite(engine) = &self.store.open.engine {
            engine.look_for_others();
        }
    }

    /// The customers whose phone, or whose contact's phone, has this key. Many of these at a time share statements.
    pub async fn customers_of_phone(&self, phone_key: String) -> sqlx::Result<Vec<Called>> {
        if let Some(gathered) = &self.store.open.gathered {
            return gathered.customers_by_phone(self.company, phone_key).await;
        }
        let records = self.store.open.records.as_ref();
        self.look_for_others();
        if let Some(record) = records.and_then(|records| records.get(self.company, &phone_key)) {
            return Ok(vec![Called { contact: None, customer: record.customer()? }]);
        }
        let began = records.map(Records::begin);
        let found = gathered::look_up(&self.store, &[(self.company, &phone_key)]).await?;
        let found = found.into_iter().next().unwrap_or_else(|| Ok(Vec::new()))?;
        if let (Some(records), Some(began)) = (records, began)
            && let [Called { contact: None, customer }] = found.as_slice()
        {
            records.keep(&began, self.company, &phone_key, customer);
        }
        Ok(found)
    }

    /// Opens a transaction. It waits for the writers before it; dropped without
    /// [`commit`](Tx::commit), it leaves nothing behind.
    pub async fn write(&self) -> sqlx::Result<Tx> {
        let begun = match &self.store.open.engine {
            Engine::Sqlite(engine) => engine.begin().await.map(Work::Sqlite),
            Engine::Postgres(engine) => engine.begin().await.map(Work::Postgres),
        };
        let health = self.store.open.health.clone();
        if let Err(error) = &begun {
            health.failed(error);
        }
        let hints = self.store.open.histories.hints.clone();
        Ok(Tx::new(begun?, self.company, health, hints))
    }

    /// What happens in the company, as those read it who follow it.
    pub async fn history(&self) -> sqlx::Result<Arc<History>> {
        self.store.open.histories.of(&self.store, self.company).await
    }
}
