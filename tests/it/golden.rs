//! The conversations of `tests/golden` and `examples/replay`, each against a server of its own, on both
//! engines.

use std::path::{Path, PathBuf};

use laidian::cli::private::Demo;
use laidian::cli::replay::{Options, Outcome, PrivateServers, Running, Servers, Target, run_files, script_files};
use laidian::config;
use laidian::domain::custom_field::FieldKind;
use laidian::ops::company::setup;
use serde_json::{Map, Value};

use crate::support::{DESK, Engine, TestServer, server};

fn scripts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    script_files(&["tests/golden", "examples/replay"].map(|folder| root.join(folder))).unwrap()
}

fn check(outcome: &Outcome) {
    let failures: Vec<String> = outcome.failures().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let skipped: Vec<_> = outcome.files.iter().filter(|file| file.skipped.is_some()).collect();
    assert!(skipped.is_empty(), "{skipped:?}");
}

#[tokio::test]
async fn conversations_go_as_written() {
    check(&run_files(&scripts(), &Servers::Private(&Demo), &Options::default(), |_| ()).await);
}

/// Plays a script of `tests/golden-prepared` against a server that is in the state it is written for.
async fn play_prepared(name: &str, server: &TestServer) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-prepared").join(name);
    let shared: Servers<'_, Demo> = Servers::Shared(Target::at(server.address()));
    check(&run_files(&[script], &shared, &Options::default(), |_| ()).await);
}

#[tokio::test]
async fn a_required_field_is_asked_for() {
    let server = server(Engine::Sqlite, |_| ()).await;
    let mut tx = server.backend().store.company(DESK).write().await.unwrap();
    setup::custom_field(&mut tx, 400, "证件号", FieldKind::Text, &[], true).await.unwrap();
    tx.commit().await.unwrap();
    server.backend().catalogues.forget(DESK);
    play_prepared("required-field.jsonl", &server).await;
    server.stop().await;
}

#[tokio::test]
async fn a_fault_is_told_by_its_id_only() {
    let server = server(Engine::Sqlite, |_| ()).await;
    server.backend().store.close().await.unwrap();
    play_prepared("fault.jsonl", &server).await;
}

/// Servers of this engine.
struct On(Engine);

impl PrivateServers for On {
    async fn start(&self, settings: Map<String, Value>) -> Result<Running, String> {
        let (wanted, set) = config::with_settings(&settings).map_err(|error| error.to_string())?;
        let server = server(self.0, |config| {
            let open = config.auth.mode;
            *config = wanted;
            if !set.iter().any(|name| name == "auth.mode") {
                config.auth.mode = open;
            }
        })
        .await;
        let target = Target::at(server.address());
        let stop = Box::pin(async move {
            server.stop().await;
        });
        Ok(Running { target, stop })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_go_the_same_way_on_postgres() {
    if Engine::Postgres.is_there("golden::conversations_go_the_same_way_on_postgres") {
        check(&run_files(&scripts(), &Servers::Private(&On(Engine::Postgres)), &Options::default(), |_| ()).await);
    }
}
