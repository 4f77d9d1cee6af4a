//! The conversations of `tests/golden` and `examples/replay`, each against a server of its own, on both
//! engines.

use std::path::{Path, PathBuf};

use laidian::cli::private::Demo;
use laidian::cli::replay::{Options, Outcome, PrivateServers, Running, Servers, Target, run_files, script_files};
use laidian::config;
use serde_json::{Map, Value};

use crate::support::{Engine, server};

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
