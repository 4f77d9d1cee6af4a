//! What the READMEs print runs as it is printed. Replaced are only the program, by that of the tests, and the address, by
//! one that is free.

use std::path::Path;
use std::process::{Command, Stdio};

use laidian::store::Location;

use crate::commands::run;
use crate::process::Server;
use crate::support::{Engine, Place, is_installed};

pub const READMES: [&str; 2] = [include_str!("../../README.md"), include_str!("../../README.zh.md")];
/// Where the READMEs have their server.
pub const ADDRESS: &str = "127.0.0.1:7070";
/// The customer of whom they ask.
pub const CUSTOMER: &str = "测试用户";

/// The block of a README that has this in it.
pub fn block<'r>(readme: &'r str, holds: &str) -> &'r str {
    readme.split("```\n").skip(1).step_by(2).find(|block| block.contains(holds)).unwrap()
}

/// Pastes a block into a shell, in this folder; returns what is said.
fn paste(block: &str, folder: &Path) -> String {
    let done = shell(folder).arg("-c").arg(block).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{block}\n{said}");
    said
}

/// A shell that finds the program of the tests.
fn shell(folder: &Path) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_laidian")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.args(["-e", "-o", "pipefail"]).env("PATH", path).current_dir(folder);
    shell
}

fn address(server: &Server) -> &str {
    server.http.trim_start_matches("http://").trim_end_matches('/')
}

fn has_node() -> bool {
    let version = Command::new("node").arg("--version").output().map(|done| done.stdout).unwrap_or_default();
    let version = String::from_utf8(version).unwrap();
    version
        .trim_start_matches('v')
        .split('.')
        .next()
        .is_some_and(|major| major.parse().is_ok_and(|major: u32| major >= 20))
}

#[test]
fn the_first_frames_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (softphone, built) = ("cargo run --release --example softphone --", "examples/softphone --url");
    let programs = Path::new(env!("CARGO_BIN_EXE_laidian")).parent().unwrap();
    for readme in READMES {
        let printed = block(readme, softphone);
        assert_eq!(printed.lines().count(), 1);
        let command = printed.replace(softphone, &format!("{}/{built} {}", programs.display(), server.ws));
        let said = paste(&command, folder.path());
        // Both agents are shown who calls.
        assert_eq!((said.matches(CUSTOMER).count(), said.matches("弹屏 / pop").count()), (2, 2), "{said}");
        if is_installed(has_node(), "node 20", "the_first_frames_are_answered") {
            let command = block(readme, "node --experimental-websocket").replace(ADDRESS, address(&server));
            let said = paste(&command, folder.path());
            assert!(said.contains("code: 1000") && said.contains("callbackId: 1"), "{said}");
        }
    }
}

#[test]
fn the_signed_call_is_answered() {
    if !is_installed(Command::new("curl").arg("--version").output().is_ok(), "curl", "the_signed_call_is_answered") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for readme in READMES {
        let said = paste(&block(readme, "curl").replace(ADDRESS, address(&server)), folder.path());
        assert!(said.contains("\"code\":1000") && said.contains(CUSTOMER), "{said}");
    }
}

#[test]
fn a_company_can_be_set_up_by_pasting() {
    for readme in READMES {
        let folder = tempfile::tempdir().unwrap();
        let built = "PATH=\"$PWD/target/release:$PATH\"";
        let block = block(readme, "admin company 1");
        assert!(block.contains(built), "{block}");
        let block = block.replace(built, "");
        let (setting_up, serving) = block.split_once("laidian serve").expect("the last command serves");
        assert_eq!(serving.lines().count(), 1, "nothing may come behind a command that does not end");
        // As a terminal has it: what comes behind a command is there to be read by it.
        let mut process =
            shell(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut process.stdin.take().unwrap(), setting_up.as_bytes()).unwrap();
        let done = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        let shown = run(&["admin", "show", "--data", folder.path().join("data").to_str().unwrap()], "").out;
        for line in [
            "1 青禾通讯",
            "部门/group 10 客服一部",
            "工号/operator 1001 张三",
            "应用/app crm-1",
            "任务/task 99",
            "\"masked\"",
        ] {
            assert!(shown.contains(line), "{line}: {shown}\n{said}");
        }
    }
}

/// Each way to set something has its line, and starts a server. It serves until it is told to end.
#[test]
fn settings_can_be_given_in_all_three_ways() {
    for readme in READMES {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), include_str!("../../config.toml")).unwrap();
        let block = block(readme, "--config config.toml");
        assert_eq!(block.lines().count(), 3, "{block}");
        for line in block.lines() {
            let line = line.split('#').next().unwrap().replace(" --listen localhost:8080", "");
            let command = format!("{} --listen 127.0.0.1:0", line.trim());
            let command = command.replace("laidian serve", "exec laidian serve");
            drop(Server::of(shell(folder.path()).arg("-c").arg(command).stderr(Stdio::null())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_can_take_the_place_of_the_database_inside() {
    if !Engine::Postgres.is_there("postgresql_can_take_the_place_of_the_database_inside") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for readme in READMES {
        let place = Place::new(Engine::Postgres).await;
        let Location::Postgres(url) = place.location() else { panic!("{:?}", place.location()) };
        let printed = block(readme, "--database-url");
        assert_eq!(printed.trim(), "laidian serve --database-url postgres://laidian:secret@127.0.0.1/laidian");
        let given = printed.trim().replace("postgres://laidian:secret@127.0.0.1/laidian", url);
        let start = |command: &str, settings: &[(&str, &str)]| {
            let command = format!("exec {command} --listen 127.0.0.1:0");
            let mut shell = shell(folder.path());
            Server::of(shell.envs(settings.iter().copied()).arg("-c").arg(command).stderr(Stdio::null()))
        };
        drop(start(&given, &[]));
        // Its tables are there, and the environment is as good as the flag.
        assert_eq!(run(&["admin", "show", "--database-url", url], "").code, 0);
        assert!(readme.contains("`LAIDIAN_DATABASE_URL`"));
        drop(start("laidian serve", &[("LAIDIAN_DATABASE_URL", url)]));
        assert!(!folder.path().join("data").exists());
    }
}
