//! Imports that are ended at a random moment: what they tell is true, and they can be gone on with.

use std::process::{Command, Stdio};
use std::time::Duration;

use laidian::store::Location;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::client::{http, http_bytes};
use crate::invariants::check_invariants;
use crate::process::Server;
use crate::signed::token;
use crate::storage::Disk;
use crate::support::{Engine, MAIN, Place, Raw, server_in};

both_engines! {
    a_killed_import_has_counted_what_is_there,
    a_cancelled_import_ends_wherever_it_is_carried_out,
    an_import_that_waits_is_cancelled_at_once,
    an_interrupted_command_tells_what_is_there,
}

/// A number of the tests' environment.
fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |number| number.parse().unwrap())
}

/// How often each is interrupted; CI has little time.
fn rounds() -> usize {
    number("INTERRUPTED_ROUNDS", 2)
}

fn rows() -> usize {
    number("INTERRUPTED_ROWS", 600)
}

/// A moment of an import: how many rows it has looked at.
fn moment() -> usize {
    let moment = (Uuid::new_v4().as_u128() % rows() as u128) as usize;
    println!("interrupted at row {moment}");
    moment
}

fn is_good(row: usize) -> bool {
    row % 17 != 3
}

/// A table of so many rows, some of which fail.
fn table(rows: usize) -> Vec<u8> {
    let row = |row: usize| {
        let phone = if is_good(row) { format!("1371234{row:04}") } else { "电话".to_owned() };
        format!("打断{row:05},{phone},杭州\n")
    };
    format!("姓名,电话,地址\n{}", (0..rows).map(row).collect::<String>()).into_bytes()
}

/// The names of the rows that are good among the first ones.
fn names(rows: usize) -> Vec<String> {
    (0..rows).filter(|row| is_good(*row)).map(|row| format!("打断{row:05}")).collect()
}

/// The names that are there, in the order in which they came.
async fn there(raw: &mut Raw) -> Vec<String> {
    raw.texts(&format!("select name from customer where company_id = {MAIN} and name like '打断%' order by id")).await
}

fn serve(place: &Place) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laidian"));
    command.args(["serve", "--demo=5", "--listen", "127.0.0.1:0"]).stderr(Stdio::null());
    match place.location() {
        Location::Folder(folder) => command.arg("--data").arg(folder),
        Location::Postgres(url) => command.args(["--database-url", url]),
    };
    Server::of(&mut command)
}

/// A supervisor who imports.
struct Importer(String);

impl Importer {
    fn at(server: &Server) -> Self {
        Self(server.http["http://".len()..].trim_end_matches('/').to_owned())
    }

    async fn result(answer: String) -> Value {
        let shown: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(shown["code"], 1000, "{answer}");
        shown["result"].clone()
    }

    /// Begins an import and returns its id.
    async fn begin(&self, mode: &str, table: &[u8]) -> String {
        let form = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
        let body = [form, table, b"\r\n--x--\r\n"].concat();
        let head = format!(
            "POST /open_api/customers/import?mode={mode}\nAuthorization: Bearer {}\n\
             Content-Type: multipart/form-data; boundary=x\nContent-Length: {}",
            token(MAIN, "trcs009"),
            body.len()
        );
        let answer = http_bytes(TcpStream::connect(&self.0).await.unwrap(), &head, &body).await;
        Self::result(answer).await["id"].as_str().unwrap().to_owned()
    }

    async fn call(&self, method: &str, query: &str) -> Value {
        let bearer = token(MAIN, "trcs009");
        let request = format!("{method} /open_api/customers/import?{query}\nAuthorization: Bearer {bearer}");
        Self::result(http(TcpStream::connect(&self.0).await.unwrap(), &request).await).await
    }

    async fn get(&self, id: &str) -> Value {
        self.call("GET", &format!("id={id}")).await
    }

    async fn cancel(&self, id: &str) -> Value {
        self.call("DELETE", &format!("id={id}&requestId=cancel-{id}")).await
    }

    /// Waits until so many rows were looked at, or it has ended.
    async fn comes_to(&self, id: &str, rows: usize) -> Value {
        loop {
            let shown = self.get(id).await;
            if has_ended(&shown) || (rows > 0 && figure(&shown, "done") >= rows) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ends(&self, id: &str) -> Value {
        self.comes_to(id, usize::MAX).await
    }

    /// Imports the rest of the table, and then all once more.
    async fn go_on(&self, raw: &mut Raw, mode: &str) {
        let before = there(raw).await.len();
        let all = names(rows());
        for (created, known) in [(all.len() - before, before), (0, all.len())] {
            let shown = self.ends(&self.begin(mode, &table(rows())).await).await;
            assert_eq!(shown["state"], "done", "{shown}");
            let report = &shown["report"];
            let of_known = if mode == "skip" { "skipped" } else { "unchanged" };
            assert_eq!((figure(report, "created"), figure(report, of_known)), (created, known), "{shown}");
            assert_eq!(figure(&shown, "succeeded"), all.len(), "{shown}");
            assert_eq!(there(raw).await, all);
        }
    }
}

fn has_ended(shown: &Value) -> bool {
    !["waiting", "running", "cancelling"].contains(&shown["state"].as_str().unwrap())
}

fn figure(shown: &Value, name: &str) -> usize {
    usize::try_from(shown[name].as_i64().unwrap_or_else(|| panic!("{name}: {shown}"))).unwrap()
}

/// What is shown is what is there: the first rows, those of them that are good, and no others.
async fn is_true(shown: &Value, raw: &mut Raw) {
    let there = there(raw).await;
    assert_eq!(figure(shown, "succeeded"), there.len(), "{shown}");
    assert_eq!(there, names(figure(shown, "done")), "{shown}");
}

async fn check(place: &Place) {
    check_invariants(place, &place.open().await.company(MAIN)).await;
}

async fn a_killed_import_has_counted_what_is_there(engine: Engine) {
    for round in 0..rounds() {
        let place = Place::new(engine).await;
        let server = serve(&place);
        let importer = Importer::at(&server);
        let id = importer.begin("create", &table(rows())).await;
        let seen = importer.comes_to(&id, moment()).await;
        drop(server);
        let server = serve(&place);
        let importer = Importer::at(&server);
        let mut raw = place.connect().await;
        let shown = importer.get(&id).await;
        is_true(&shown, &mut raw).await;
        assert!(figure(&shown, "done") >= figure(&seen, "done"), "{shown}");
        if !has_ended(&shown) {
            // Nothing was heard of it for long.
            raw.execute("update async_action set updated_at = updated_at - 121000000").await;
            let silent = importer.get(&id).await;
            assert_eq!(silent["state"], "failed", "{silent}");
            is_true(&silent, &mut raw).await;
            // What has ended cannot be cancelled, and asking for that does no harm.
            assert_eq!(importer.cancel(&id).await, silent);
        }
        importer.go_on(&mut raw, ["skip", "upsert"][round % 2]).await;
        check(&place).await;
    }
}

/// On PostgreSQL, by another server than the one that is asked.
async fn a_cancelled_import_ends_wherever_it_is_carried_out(engine: Engine) {
    let place = Place::new(engine).await;
    let server = serve(&place);
    let other = (engine == Engine::Postgres).then(|| serve(&place));
    let (importer, canceller) = (Importer::at(&server), Importer::at(other.as_ref().unwrap_or(&server)));
    let mut raw = place.connect().await;
    for round in 0..rounds() {
        raw.execute("delete from request").await;
        let id = importer.begin("skip", &table(rows())).await;
        importer.comes_to(&id, moment() / 2 + 1).await;
        let asked = canceller.cancel(&id).await;
        assert!(["cancelling", "cancelled"].contains(&asked["state"].as_str().unwrap()), "{asked}");
        let shown = importer.ends(&id).await;
        let (done, succeeded) = (figure(&shown, "done"), figure(&shown, "succeeded"));
        assert_eq!(shown["state"], "cancelled", "{shown}");
        assert_eq!(shown["report"]["message"], cancelled(succeeded), "{shown}");
        let report = &shown["report"];
        assert_eq!(figure(report, "created") + figure(report, "skipped"), succeeded, "{shown}");
        assert_eq!(figure(report, "failed"), done - succeeded, "{shown}");
        assert!(done < rows(), "{shown}");
        if round == 0 {
            is_true(&shown, &mut raw).await;
        }
        assert_eq!(canceller.cancel(&id).await, shown);
    }
    importer.go_on(&mut raw, "upsert").await;
    drop((server, other));
    check(&place).await;
}

fn cancelled(rows: usize) -> String {
    format!("已取消，已导入 {rows} 行 / cancelled, {rows} rows were imported")
}

async fn an_import_that_waits_is_cancelled_at_once(engine: Engine) {
    let place = Place::new(engine).await;
    let server = serve(&place);
    let importer = Importer::at(&server);
    let first = importer.begin("create", &table(rows())).await;
    importer.comes_to(&first, 1).await;
    let second = importer.begin("create", "姓名\n后来\n".as_bytes()).await;
    let shown = importer.cancel(&second).await;
    let figures = ["done", "succeeded", "total"].map(|name| figure(&shown, name));
    assert_eq!((&shown["state"], figures), (&json!("cancelled"), [0, 0, 0]), "{shown}");
    assert_eq!(shown["report"]["message"], cancelled(0), "{shown}");
    assert_eq!(importer.ends(&first).await["state"], "done");
    // Those behind it have their turn, and it has not.
    let third = importer.begin("create", "姓名\n最后\n".as_bytes()).await;
    assert_eq!(importer.ends(&third).await["state"], "done");
    assert_eq!(importer.get(&second).await, shown);
    let mut raw = place.connect().await;
    let of_others = format!("select name from customer where company_id = {MAIN} and name in ('后来', '最后')");
    assert_eq!(raw.texts(&of_others).await, ["最后"]);
    is_true(&importer.get(&first).await, &mut raw).await;
}

async fn an_interrupted_command_tells_what_is_there(engine: Engine) {
    let place = Place::new(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, table(rows())).unwrap();
    drop(serve(&place));
    let mut raw = place.connect().await;
    for signal in ["-INT", "-TERM"] {
        raw.execute("delete from async_action").await;
        let before = there(&mut raw).await.len();
        let mut command = Command::new(env!("CARGO_BIN_EXE_laidian"));
        command.args(["import", file.to_str().unwrap(), "--company", &MAIN.to_string(), "--mode", "skip"]);
        match place.location() {
            Location::Folder(folder) => command.arg("--data").arg(folder),
            Location::Postgres(url) => command.args(["--database-url", url]),
        };
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while raw.texts("select id from async_action where done > 0").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        let ended = process.wait_with_output().unwrap();
        let [out, err] = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(ended.status.code(), Some(1), "{signal}: {out} {err}");
        let figures = "select cast(state as text) || ' ' || cast(done as text) || ' ' || cast(succeeded as text) from async_action";
        let figures = raw.texts(figures).await.remove(0);
        let figures: Vec<usize> = figures.split(' ').map(|figure| figure.parse().unwrap()).collect();
        let [state, done, succeeded] = figures[..] else { panic!("{figures:?}") };
        assert!(state == 41 && done < rows(), "{signal}: {figures:?}");
        assert!(err.contains(&cancelled(succeeded)), "{signal}: {err}");
        let there = there(&mut raw).await;
        assert_eq!(there.len(), before.max(succeeded), "{signal}: {out}");
        assert!(out.contains(&format!("新建 {}，", there.len() - before)), "{signal}: {out}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_says_that_the_disk_is_full_and_is_gone_on_with() {
    for _ in 0..10 {
        let test = "interrupted::an_import_says_that_the_disk_is_full_and_is_gone_on_with";
        let Some(disk) = Disk::new(test) else { return };
        if is_stopped_by(&disk).await {
            return;
        }
    }
    panic!("there was always room for the rest");
}

/// Fills the disk in the midst of an import; `false` if there was room for the rest all the same.
async fn is_stopped_by(disk: &Disk) -> bool {
    let server = server_in(Place::in_folder(disk.path()), |config| config.limits.request_seconds = 120).await;
    let importer = Importer(server.address().to_string());
    let id = importer.begin("create", &table(rows())).await;
    importer.comes_to(&id, moment() / 2 + 1).await;
    disk.fill(0);
    // It has stopped when nothing is counted any more.
    let (mut seen, mut same) = (importer.get(&id).await, 0);
    while same < 40 && !has_ended(&seen) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let shown = importer.get(&id).await;
        same = if shown == seen { same + 1 } else { 0 };
        seen = shown;
    }
    disk.clear();
    let shown = importer.ends(&id).await;
    let is_stopped = shown["state"] != "done";
    if is_stopped {
        assert_eq!(shown["state"], "failed", "{shown}");
        assert!(shown["report"]["message"].as_str().unwrap().contains("磁盘已满"), "{shown}");
        let mut raw = server.place().connect().await;
        is_true(&shown, &mut raw).await;
        assert_eq!(figure(&shown["report"], "created"), figure(&shown, "succeeded"), "{shown}");
        importer.go_on(&mut raw, "skip").await;
        check(server.place()).await;
    }
    assert!(server.stop().await);
    is_stopped
}
