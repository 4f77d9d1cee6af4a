//! Databases that are somebody else's: they are refused, and left as they are.

use std::fs;
use std::path::Path;

use laidian::config::Config;
use laidian::store::{Location, OpenError, Store, database_file};
use rusqlite::Connection;

use crate::support::{Engine, Place};

both_engines! {
    what_is_ours_is_opened_again,
}

const OTHERS: &str = "create table invoice (id integer primary key, sum integer); insert into invoice values (1, 200)";
/// Of another program that keeps its migrations in the same way.
const OTHER_MIGRATIONS: &str = "create table _sqlx_migrations (version bigint primary key, description text not null,
       installed_on timestamp not null default current_timestamp, success boolean not null,
       checksum bytea not null, execution_time bigint not null);
     insert into _sqlx_migrations values (1, 'invoices', current_timestamp, true, '', 0)";

fn connect(folder: &Path, mode: &str) -> Connection {
    let conn = Connection::open(database_file(folder)).unwrap();
    conn.execute_batch(&format!("pragma journal_mode = {mode}")).unwrap();
    conn
}

/// The names of all files of a folder, and what is in them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect();
    files.sort();
    files
}

async fn open(folder: &Path) -> Result<Store, OpenError> {
    Store::open(&Location::Folder(folder.to_owned()), &Config::default().connections()).await
}

fn says_what_it_is(error: &OpenError, place: &str, what: &str) {
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains(place) && told.contains(what), "{told}");
    assert!(told.contains("不是 laidian 的数据库") && told.contains("it was left as it is: set --data"), "{told}");
}

#[tokio::test]
async fn somebody_elses_file_is_left_as_it_is() {
    let mark = "pragma application_id = 252006675";
    for (mode, sql) in [
        ("delete", OTHERS),
        ("wal", OTHERS),
        ("delete", &format!("{OTHERS}; {mark}")),
        ("delete", OTHER_MIGRATIONS),
        ("delete", &format!("{OTHERS}; {OTHER_MIGRATIONS}")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let conn = connect(folder.path(), mode);
        conn.execute_batch(sql).unwrap();
        conn.close().unwrap();
        let before = files(folder.path());
        let error = open(folder.path()).await.err().unwrap_or_else(|| panic!("{sql} was taken"));
        let table = if sql.contains("invoice (") { "invoice" } else { "_sqlx_migrations" };
        says_what_it_is(&error, database_file(folder.path()).to_str().unwrap(), table);
        assert!(files(folder.path()) == before, "{sql}: something was changed");
    }
}

#[tokio::test]
async fn what_stands_in_the_log_alone_counts() {
    let folder = tempfile::tempdir().unwrap();
    let conn = connect(folder.path(), "wal");
    conn.execute_batch(OTHERS).unwrap();
    let before = fs::read(database_file(folder.path())).unwrap();
    let error = open(folder.path()).await.err().expect("it was taken");
    says_what_it_is(&error, "laidian.sqlite", "invoice");
    assert!(fs::read(database_file(folder.path())).unwrap() == before, "something was changed");
    let left: i64 = conn.query_row("select sum from invoice", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 200);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let texts: [&[u8]; 4] = ["客户名单".as_bytes(), b"x", b"SQLite format 2\0 and more", &[0; 4096]];
    for text in texts {
        let folder = tempfile::tempdir().unwrap();
        fs::write(database_file(folder.path()), text).unwrap();
        let error = open(folder.path()).await.err().expect("it was taken");
        says_what_it_is(&error, "laidian.sqlite", "no SQLite file");
        assert_eq!(files(folder.path()), [("laidian.sqlite".to_owned(), text.to_vec())]);
    }
    // One that only begins like one is refused, too.
    let folder = tempfile::tempdir().unwrap();
    let text = [b"SQLite format 3\0".as_slice(), &[0x5a; 5000]].concat();
    fs::write(database_file(folder.path()), &text).unwrap();
    assert!(open(folder.path()).await.is_err());
    assert_eq!(fs::read(database_file(folder.path())).unwrap(), text);
}

async fn what_is_ours_is_opened_again(engine: Engine) {
    let place = Place::new(engine).await;
    place.open().await.close().await.unwrap();
    place.open().await.close().await.unwrap();
}

#[tokio::test]
async fn what_is_nothing_yet_is_made_ours() {
    let folder = tempfile::tempdir().unwrap();
    connect(folder.path(), "delete").close().unwrap();
    fs::write(database_file(folder.path()), b"").unwrap();
    open(folder.path()).await.unwrap().close().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let conn = connect(folder.path(), "wal");
    conn.execute_batch("pragma user_version = 1").unwrap();
    conn.close().unwrap();
    open(folder.path()).await.unwrap().close().await.unwrap();
}

#[tokio::test]
async fn a_file_of_before_is_known_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await.unwrap().close().await.unwrap();
    let marked = || fs::read(database_file(folder.path())).unwrap()[68..72] == *b"LAID";
    assert!(marked());
    let conn = connect(folder.path(), "wal");
    conn.execute_batch("pragma application_id = 0").unwrap();
    conn.close().unwrap();
    assert!(!marked());
    open(folder.path()).await.unwrap().close().await.unwrap();
    assert!(marked());
}

#[tokio::test]
async fn ours_is_known_while_all_of_it_is_in_the_log() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = open(folder.path()).await.unwrap();
    for name in ["laidian.sqlite", "laidian.sqlite-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    // What a crash leaves, and what a command finds beside a running server.
    open(copy.path()).await.unwrap().close().await.unwrap();
    open(folder.path()).await.unwrap();
    running.close().await.unwrap();
}

#[tokio::test]
async fn somebody_elses_tables_in_postgresql_are_left_as_they_are() {
    if !Engine::Postgres.is_there("foreign::somebody_elses_tables_in_postgresql_are_left_as_they_are") {
        return;
    }
    let tables = "select table_name::text from information_schema.tables where table_schema = 'public' order by 1";
    for (sql, table) in [
        ("create table customer (id int); create table x (id int)", "customer"),
        (OTHER_MIGRATIONS, "_sqlx_migrations"),
    ] {
        let place = Place::new(Engine::Postgres).await;
        let mut raw = place.connect().await;
        raw.execute(sql).await;
        let before = raw.texts(tables).await;
        let error = Store::open(place.location(), &Config::default().connections())
            .await
            .err()
            .unwrap_or_else(|| panic!("{sql} was taken"));
        says_what_it_is(&error, ".public", table);
        assert_eq!(raw.texts(tables).await, before);
    }
    // Extensions have tables beside ours.
    let place = Place::new(Engine::Postgres).await;
    place.connect().await.execute("create table spatial_ref_sys (id int)").await;
    place.open().await.close().await.unwrap();
}
