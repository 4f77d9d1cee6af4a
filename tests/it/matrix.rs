//! Who may do what: every action and every route as everybody who may come.

mod claims;
pub mod table;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use laidian::dialects::{self, Route};
use laidian::domain::ids;
use serde_json::Value;
use tokio::net::TcpStream;

use self::table::{COLUMNS, ONLY_IN_1054, Row, table};
use crate::client::http;
use crate::signed::{ADMIN, AGENT, NOBODY, Who, server};
use crate::support::{DESK, Engine, MAIN, Raw, SHOP, TestServer};

both_engines! {
    every_action_is_answered_as_the_table_says,
    every_route_is_answered_as_the_table_says,
}

#[test]
fn the_table_has_every_action_and_no_other() {
    let served: BTreeSet<_> = dialects::rows().map(|row| row.action).collect();
    let expected: BTreeSet<_> = table().iter().map(|row| row.action).collect();
    let missing: Vec<_> = served.difference(&expected).collect();
    assert!(missing.is_empty(), "these actions are in no row of the matrix: {missing:?}");
    let unknown: Vec<_> = expected.difference(&served).collect();
    assert!(unknown.is_empty(), "the matrix has rows of actions that there are not: {unknown:?}");
}

/// The sample as a frame of this caller.
fn frame(row: &Row, who: Who) -> Value {
    if row.action == "login" {
        return who.login();
    }
    let mut frame = row.sample.clone();
    frame["action"] = row.action.into();
    frame
}

/// Looks at what is stored of all companies, and of 1054.
pub struct Look {
    raw: Raw,
    all: String,
    main: String,
}

impl Look {
    pub async fn at(server: &TestServer) -> Self {
        let mut raw = server.place().connect().await;
        let (all, main) = (raw.all_rows_of(&[MAIN, SHOP, DESK]).await, raw.all_rows_of(&[MAIN]).await);
        Self { raw, all, main }
    }

    /// Without the audit, in which refusals are written down.
    pub async fn all(&mut self) -> Vec<String> {
        let mut rows = self.raw.texts(&self.all).await;
        rows.retain(|row| !row.starts_with("audit: "));
        rows
    }

    async fn main(&mut self) -> Vec<String> {
        self.raw.texts(&self.main).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Socket,
    Http,
}

/// What a cell of the matrix is about, for the message of one that fails.
struct Cell<'a> {
    door: Door,
    row: &'a Row,
    who: Who,
    expected: i64,
}

impl Cell<'_> {
    fn check(&self, code: i64, answer: &str) {
        let Self { door, row: Row { action, sample, .. }, who, expected } = self;
        assert_eq!(
            code, *expected,
            "{action} {sample} of {who} by {door:?}: expected {expected}, got {code}: {answer}"
        );
        if who.company() == Some(MAIN) {
            return;
        }
        for secret in ONLY_IN_1054.iter().filter(|secret| !sample.to_string().contains(**secret)) {
            assert!(
                !answer.contains(secret),
                "{action} {sample} of {who} by {door:?} shows {secret} of 1054: {answer}"
            );
        }
    }
}

/// Asks for everything in the table as one caller, on a server of his own, and looks at what that has changed.
async fn walk(engine: Engine, column: usize, door: Door) {
    let (server, who) = (server(engine).await, COLUMNS[column]);
    let mut look = Look::at(&server).await;
    let before = look.main().await;
    let mut untouched = None;
    for row in table() {
        let routes = routes(row.action);
        if door == Door::Http && routes.is_empty() {
            continue;
        }
        let cell = Cell { door, row: &row, who, expected: row.codes[column] };
        if cell.expected != 1000 && untouched.is_none() {
            untouched = Some(look.all().await);
        }
        match door {
            Door::Socket => by_socket(&server, &cell).await,
            Door::Http => {
                // A sample that names a product is for the routes of products.
                let of_product = row.sample.get("pkey").is_some();
                let is_for_it = |route: &&Route| {
                    route.path.contains("{pkey}") == of_product
                        && route.path.contains("{key}") == row.sample.get("key").is_some()
                };
                for route in routes.iter().filter(is_for_it) {
                    by_http(&server, &cell, column, *route).await;
                }
            }
        }
        if cell.expected == 1000 {
            untouched = None;
        } else {
            let is_untouched = untouched == Some(look.all().await);
            assert!(is_untouched, "{} of {who} by {door:?} was refused, and changed something", row.action);
        }
    }
    if who.company() != Some(MAIN) {
        assert_eq!(before, look.main().await, "{who} by {door:?} has changed something of 1054");
    }
    drop(look);
    server.stop().await;
}

fn routes(action: &str) -> &'static [Route] {
    dialects::rows().find(|row| row.action == action).map_or(&[], |row| row.routes)
}

async fn by_socket(server: &TestServer, cell: &Cell<'_>) {
    let mut client = cell.who.connect(server).await;
    let reply = client.ask(frame(cell.row, cell.who)).await;
    cell.check(reply["code"].as_i64().unwrap(), &reply.to_string());
    if let Some(address) = reply["url"].as_str() {
        let file = http(TcpStream::connect(server.address()).await.unwrap(), &format!("GET {address}")).await;
        assert!(file.starts_with("HTTP/1.1 200 "), "{file}");
        cell.check(1000, &file);
    }
}

async fn by_http(server: &TestServer, cell: &Cell<'_>, column: usize, route: Route) {
    let mut parameters = cell.row.sample.clone();
    if route.path.contains("{id}") {
        parameters["id"] = ids::to_hex24(MAIN, cell.row.sample["id"].as_i64().unwrap()).into();
    }
    let (code, answer) = cell.who.call(server, route, &parameters).await;
    let expected = match cell.row.http {
        Some(codes) => codes[column],
        // Who shows nothing is told that a signature is missing.
        None if cell.who == NOBODY => 20621,
        None => cell.expected,
    };
    Cell { expected, ..*cell }.check(code, &answer);
}

async fn every_action_is_answered_as_the_table_says(engine: Engine) {
    join_all((0..COLUMNS.len()).map(|column| walk(engine, column, Door::Socket))).await;
}

async fn every_route_is_answered_as_the_table_says(engine: Engine) {
    join_all((0..COLUMNS.len()).map(|column| walk(engine, column, Door::Http))).await;
}

/// The addresses that are no rows of a table. None of them shows anything to be signed in for.
#[tokio::test]
async fn the_other_addresses_are_answered_to_nobody_in_particular() {
    let server = server(Engine::Sqlite).await;
    for (request, status) in [
        ("GET /", 200),
        ("GET /ws", 426),
        ("GET /healthz", 200),
        ("GET /readyz", 200),
        ("GET /metrics", 200),
        ("GET /files/0192e0a0-0000-4000-8000-000000000000", 404),
        ("GET /files/x", 404),
        ("GET /open_api/companies", 404),
        ("POST /open_api/customers/destroy_customer", 405),
    ] {
        let answer = http(TcpStream::connect(server.address()).await.unwrap(), request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: expected {status}, got {answer}");
        for secret in ONLY_IN_1054 {
            assert!(!answer.contains(secret), "{request}: {answer}");
        }
    }
    server.stop().await;
}

/// What is stored of 1054 does change when its own admin and agents ask: otherwise the matrix would show nothing.
#[tokio::test]
async fn what_is_looked_at_shows_changes() {
    let server = server(Engine::Sqlite).await;
    let mut look = Look::at(&server).await;
    for (who, action) in [(AGENT, "update_customer"), (ADMIN, "put_task"), (ADMIN, "rotate_app")] {
        let (all, main) = (look.all().await, look.main().await);
        let row = table().into_iter().find(|row| row.action == action).unwrap();
        assert_eq!(who.connect(&server).await.ask(frame(&row, who)).await["code"], 1000);
        assert_ne!(all, look.all().await, "{action}");
        assert_ne!(main, look.main().await, "{action}");
    }
    drop(look);
    server.stop().await;
}
