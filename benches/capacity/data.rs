//! The data set: written once by the program's own code, and kept for later runs.
//!
//! Customers are stored as the program stores them, so that whatever it derives of them is there and true: terms, keys,
//! history, counters. Only the order is another: indexes that nothing reads meanwhile are made at the end, sorted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use laidian::demo;
use laidian::domain::role::Role;
use laidian::ops::company::{catalogue, setup};
use laidian::ops::customer::{Merged, Origin, insert};
use laidian::store::{Connections, Location, Scope, Store, database_file};
use rusqlite::Connection;

use crate::people::{Company, People};

/// Counts up when people are invented in another way.
const GENERATION: u32 = 1;
/// Customers a transaction.
const BATCH: u64 = 1_000;
/// Events that are kept a company: the others would be removed by the first server that starts.
const EVENTS: i64 = 1_000;
/// Tables whose indexes are made at the end.
const TABLES: &str =
    "'customer', 'phone', 'contact_phone', 'shared_phone', 'customer_label', 'change', 'plm_customer', 'work_count'";
/// Pages that the database keeps in memory meanwhile: 800 MB.
const PAGES: u32 = 200_000;

/// Where copies are that are written to, and how the name of a data set begins that is not complete.
const COPIES: &str = "copies";
const UNFINISHED: &str = "unfinished-";

/// The company that is asked for, as large as all others together several times over.
pub const MAIN: i64 = 1054;

const FLAGS: &[(&str, u64)] = &[("0", 52), ("1", 22), ("2", 12), ("10", 9), ("11", 5)];

/// All companies; their parts are of ten thousand.
pub fn companies() -> Vec<Company> {
    let names =
        |prefix: &str, count: usize| (1..=count).map(|number| format!("{prefix}{number:03}")).collect::<Vec<_>>();
    let mut companies = vec![
        Company {
            id: MAIN,
            part: 8_500,
            groups: [1_054_001].into_iter().chain(1_054_101..1_054_108).collect(),
            agents: ["trcs001".to_owned()].into_iter().chain(names("zx", 60)).collect(),
            types: &[("1", 62), ("2", 27), ("0", 11)],
            flags: FLAGS,
            sources: &[("0", 60), ("2", 28), ("1", 12)],
            task: Some(99),
        },
        Company {
            id: 1001,
            part: 1_000,
            groups: vec![1001, 1_001_002],
            agents: ["TRCS004".to_owned()].into_iter().chain(names("xs", 11)).collect(),
            types: &[("0", 60), ("1", 25), ("2", 10), ("3", 5)],
            flags: &[("0", 60), ("2", 20), ("8", 10), ("10", 7), ("11", 3)],
            sources: &[("0", 50), ("1", 30), ("2", 20)],
            task: Some(303),
        },
        Company {
            id: 8008,
            part: 300,
            groups: vec![1_001_002],
            agents: ["008".to_owned()].into_iter().chain(names("fw", 3)).collect(),
            types: &[("0", 80), ("1", 20)],
            flags: FLAGS,
            sources: &[("0", 50), ("5", 50)],
            task: Some(99),
        },
    ];
    companies.extend((1..=20).map(|number| Company {
        id: 9000 + number,
        part: 10,
        groups: vec![1],
        agents: names("kf", 2),
        types: &[("0", 1)],
        flags: &[("0", 1)],
        sources: &[("0", 1)],
        task: None,
    }));
    companies
}

/// Removes what an interrupted run has left. (Two at a time would measure each other.)
pub fn tidy() {
    let Ok(entries) = std::fs::read_dir(place()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name == COPIES || name.to_string_lossy().starts_with(UNFINISHED) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The folder of a data set with so many customers, which is made when it is missing.
pub async fn of(customers: u64) -> PathBuf {
    let place = place();
    let folder = place.join(format!("{customers}-{}-{GENERATION}", migration()));
    if folder.exists() {
        return folder;
    }
    let unfinished = place.join(format!("{UNFINISHED}{customers}"));
    std::fs::create_dir_all(&unfinished).expect("a folder");
    println!("  making the data set of {customers} customers; it is kept in {}", folder.display());
    let began = Instant::now();
    build(&unfinished, customers).await;
    std::fs::rename(&unfinished, &folder).expect("the data set is kept");
    println!("  made in {:.0} s", began.elapsed().as_secs_f64());
    folder
}

/// Where data sets and results are kept.
pub fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("capacity")
}

/// The name of the newest migration: a data set is of one schema.
fn migration() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/sqlite");
    let names = std::fs::read_dir(folder).expect("the migrations").map(|entry| entry.expect("a file").path());
    let newest = names.max().expect("a migration");
    newest.file_stem().expect("a name").to_string_lossy().into_owned()
}

async fn open(folder: &Path) -> Store {
    let wait = Duration::from_secs(30);
    let connections =
        Connections { look_ups: 1, searches: 1, search: wait, statement: wait, wait, records: 0, index: 0 };
    Store::open(&Location::Folder(folder.to_owned()), &connections).await.expect("the database opens")
}

/// A connection of our own to a database that nobody serves.
pub fn connect(folder: &Path) -> Connection {
    let conn = Connection::open(database_file(folder)).expect("the database opens");
    conn.busy_timeout(Duration::from_mins(1)).expect("it waits");
    conn
}

pub fn execute(conn: &Connection, sql: &str) {
    conn.execute_batch(sql).expect("it is carried out");
}

async fn build(folder: &Path, customers: u64) {
    let companies = companies();
    let store = open(folder).await;
    demo::fill(&store, 0).await.expect("the demo's companies");
    for company in &companies {
        set_up(&store.company(company.id), company).await;
    }
    store.close().await.expect("the database is closed");
    drop(store);
    let conn = connect(folder);
    let indexes = take_indexes(&conn);
    execute(&conn, &format!("pragma default_cache_size = {PAGES}"));
    let store = open(folder).await;
    let mut done = 0;
    for company in &companies {
        let mut left = customers * company.part / 10_000;
        let scope = store.company(company.id);
        let catalogue = catalogue::load(&scope).await.expect("the company").expect("the company");
        let mut people = People::of(company);
        while left > 0 {
            let count = left.min(BATCH);
            let mut tx = scope.write().await.expect("a transaction");
            for person in people.by_ref().take(usize::try_from(count).expect("a number")) {
                let by = person.customer.owner_no.clone().unwrap_or_else(|| company.agents[0].clone());
                let origin = Origin { login_no: by.clone(), name: by, at: person.customer.created_at };
                let labels = (!person.labels.is_empty()).then_some(person.labels);
                let merged =
                    Merged { customer: person.customer, labels, documents: Vec::new(), plm: None, recorded: None };
                insert(&mut tx, &catalogue, merged, &origin).await.expect("a customer is stored");
            }
            // The server keeps no more of them either.
            let last = tx.event_span().await.expect("the events").expect("the company").last;
            tx.forget_events(last - EVENTS).await.expect("old events are forgotten");
            tx.commit().await.expect("committed");
            (left, done) = (left - count, done + count);
            if done / 100_000 > (done - count) / 100_000 {
                println!("    {done} customers");
            }
        }
    }
    store.company(companies[0].id).settle_terms().await.expect("all terms are in their place");
    store.close().await.expect("the database is closed");
    drop(store);
    for sql in indexes {
        execute(&conn, &sql);
    }
    execute(&conn, "pragma default_cache_size = 0; pragma wal_checkpoint(truncate)");
    conn.close().expect("the database is closed");
}

/// Adds the people who work for a company, and what a small one has of its own.
async fn set_up(scope: &Scope, company: &Company) {
    let mut tx = scope.write().await.expect("a transaction");
    if company.id > 9000 {
        setup::company(&mut tx, &format!("演示分公司{}", company.id), "Asia/Shanghai", "CN", "secret")
            .await
            .expect("a company");
        for kind in [setup::DictionaryKind::Type, setup::DictionaryKind::Flag, setup::DictionaryKind::Source] {
            setup::dictionary_item(&mut tx, kind, "0", Some("普通"), Some(0)).await.expect("an entry");
        }
    }
    let known = tx.groups().await.expect("the groups");
    for group in company.groups.iter().filter(|group| known.iter().all(|known| known.id != **group)) {
        setup::group(&mut tx, *group, &format!("客服{group}组")).await.expect("a group");
    }
    for (place, agent) in company.agents.iter().enumerate() {
        // The first is the demo's own, who is there.
        if place > 0 || company.id > 9000 {
            let group = company.groups[place % company.groups.len()];
            setup::operator(&mut tx, agent, &format!("坐席{agent}"), Role::Agent, &[group]).await.expect("an operator");
        }
    }
    tx.commit().await.expect("committed");
}

/// Drops the indexes that are made again at the end, and returns how.
fn take_indexes(conn: &Connection) -> Vec<String> {
    let sql = format!(
        "select name, sql from sqlite_master where type = 'index' and sql like 'create index%' and tbl_name in ({TABLES})"
    );
    let mut statement = conn.prepare(&sql).expect("the indexes");
    let named = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the indexes");
    let named: Vec<(String, String)> = named.collect::<rusqlite::Result<_>>().expect("the indexes");
    for (name, _) in &named {
        execute(conn, &format!("drop index {name}"));
    }
    named.into_iter().map(|(_, sql)| sql).collect()
}

/// A copy that is written to, which goes when this is dropped.
pub fn copy(of: &Path) -> tempfile::TempDir {
    let place = place().join(COPIES);
    std::fs::create_dir_all(&place).expect("a folder");
    let folder = tempfile::tempdir_in(place).expect("a folder");
    for name in ["laidian.sqlite", "laidian.sqlite-wal"] {
        if of.join(name).exists() {
            std::fs::copy(of.join(name), folder.path().join(name)).expect("a copy");
        }
    }
    folder
}
