//! The command line: what it says, where it looks, and what it keeps an admin from.

mod terminal;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use laidian::store::{Location, database_file};

use crate::process::Server;
use crate::support::{Engine, Place};

both_engines! {
    each_success_is_said_in_one_line,
    where_nothing_is_nothing_is_looked_for,
    an_admin_is_kept_from_hurting_himself,
}

/// What a command has said, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the program with these words and this on standard input.
pub fn run(words: &[&str], input: &str) -> Said {
    let mut process = Command::new(env!("CARGO_BIN_EXE_laidian"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever reads nothing may be gone.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let done = process.wait_with_output().unwrap();
    Said {
        code: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// The flag that names a place, and how the program calls it.
fn named(place: &Place) -> ([String; 2], String) {
    let words = match place.location() {
        Location::Folder(folder) => ["--data".to_owned(), folder.to_str().unwrap().to_owned()],
        Location::Postgres(url) => ["--database-url".to_owned(), url.clone()],
    };
    (words, place.location().to_string())
}

/// Runs `laidian admin` there with the words of a line; a word is quoted by `'`.
pub fn admin(place: &Place, line: &str, input: &str) -> Said {
    let ([flag, value], _) = named(place);
    let quoted = line.split('\'').enumerate().flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    let words: Vec<&str> = ["admin", &flag, &value].into_iter().chain(quoted).collect();
    run(&words, input)
}

async fn each_success_is_said_in_one_line(engine: Engine) {
    let place = Place::new(engine).await;
    let (_, called) = named(&place);
    for (line, says) in [
        ("company 1 青禾通讯", "公司 1 青禾通讯 已保存 / company 1 青禾通讯 is saved"),
        ("group --company 1 10 客服一部", "group 10 客服一部 is saved"),
        ("operator --company 1 admin 管理员 --role admin", "operator admin 管理员 is saved"),
        ("operator --company 1 1001 张三 --group 10", "operator 1001 张三 is saved"),
        ("password --company 1 admin", "工号 admin 的密码已设置 / the password of operator admin is set"),
        ("disable --company 1 1001", "operator 1001 is disabled"),
        ("enable --company 1 1001", "operator 1001 is enabled"),
        ("dictionary --company 1 type 0 企业客户", "dictionary entry type 0 企业客户 is saved"),
        ("task --company 1 99 默认任务", "task 99 默认任务 is saved"),
        ("field --company 1 392 消费情况 --kind option --option 高消费", "field 392 消费情况 is saved"),
        ("rights --company 1 agent --phones masked", "what the role agent may do is saved"),
        ("token-secret --company 1", "no token that company 1 has issued is good any more"),
        ("app --company 1 crm-2 CRM --token 0123456789abcdef", "app crm-2 is made"),
    ] {
        let said = admin(&place, line, "a password\n");
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}: {said:?}");
        assert!(said.out.contains(says) && said.out.contains(&called), "{line}: {said:?}");
        assert_eq!(said.out.lines().count(), 1, "{line}: {said:?}");
    }
    // A program reads the token, and nothing else, from standard output.
    for line in ["app --company 1 crm-1 CRM", "bearer --company 1 wallboard 大屏", "rotate --company 1 crm-1"] {
        let said = admin(&place, line, "");
        assert_eq!((said.code, said.out.trim().len(), said.out.lines().count()), (0, 64, 1), "{line}: {said:?}");
        assert!(said.err.contains(&called) && said.err.lines().count() == 1, "{line}: {said:?}");
    }
    let shown = admin(&place, "show", "");
    assert!(shown.out.contains("工号/operator 1001 张三 agent [10]") && shown.err.contains(&called), "{shown:?}");
    let audit = admin(&place, "audit --company 1 --limit 2", "");
    assert!(audit.out.lines().count() == 2 && audit.err.contains(&called), "{audit:?}");
    let ([flag, value], _) = named(&place);
    // Before the command and behind it.
    for words in [
        [flag.as_str(), &value, "token", "--company", "1", "--operator", "1001"],
        ["token", "--company", "1", "--operator", "1001", &flag, &value],
    ] {
        let token = run(&words, "");
        assert_eq!((token.code, token.out.matches('.').count(), token.out.lines().count()), (0, 2, 1), "{token:?}");
        assert!(token.err.contains(&called), "{token:?}");
    }
    // Where it was looked for is said with what is missing.
    let unknown = admin(&place, "group --company 2 1 x", "");
    assert!(
        unknown.code == 2 && unknown.err.contains("没有公司 2，已有：1 / there is no company 2; there are: 1"),
        "{unknown:?}"
    );
    assert!(unknown.err.contains(&called), "{unknown:?}");
    for secret in [value.split(['@', '?']).next().unwrap(), "a password"] {
        assert!(engine == Engine::Sqlite || !called.contains(secret), "{called}");
    }
}

async fn where_nothing_is_nothing_is_looked_for(engine: Engine) {
    let place = Place::new(engine).await;
    let ([flag, value], called) = named(&place);
    let value = if engine == Engine::Sqlite { format!("{value}/mistyped") } else { value };
    let commands = [
        "admin show",
        "admin audit --company 1",
        "admin group --company 1 1 x",
        "admin operator --company 1 1001 x",
        "admin password --company 1 1001",
        "admin app --company 1 crm x",
        "token --company 1 --operator 1001",
    ];
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain([flag.as_str(), &value]).collect();
        let said = run(&words, "a password\n");
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{command}: {said:?}");
        let told = said.err.contains("没有 laidian 的数据库") && said.err.contains("no database of laidian's");
        assert!(told && said.err.contains(&called), "{command}: {said:?}");
    }
    if engine == Engine::Sqlite {
        assert!(!Path::new(&value).exists(), "it was made");
    } else {
        let tables = "select table_name::text from information_schema.tables where table_schema = current_schema()";
        assert_eq!(place.connect().await.texts(tables).await, Vec::<String>::new());
    }
    // A company can be the first.
    let first = run(&["admin", "company", "1", "x", &flag, &value], "");
    assert_eq!(first.code, 0, "{first:?}");
}

async fn an_admin_is_kept_from_hurting_himself(engine: Engine) {
    let place = Place::new(engine).await;
    let refused = |line: &str, why: &str| {
        let said = admin(&place, line, "a password\n");
        assert!(said.code == 2 && said.out.is_empty(), "{line}: {said:?}");
        assert!(said.err.contains(why), "{line}: {said:?}");
    };
    let done = |line: &str| {
        let said = admin(&place, line, "a password\n");
        assert_eq!(said.code, 0, "{line}: {said:?}");
    };
    done("company 1 青禾通讯");
    done("operator --company 1 admin 管理员 --role admin");
    done("operator --company 1 1001 张三");
    // Somebody must be left who can undo it.
    done("disable --company 1 1001");
    for line in ["disable --company 1 admin", "operator --company 1 admin 管理员 --role supervisor"] {
        refused(line, "--force");
        done(&format!("{line} --force"));
        done("enable --company 1 admin");
        done("operator --company 1 admin 管理员 --role admin");
    }
    done("operator --company 1 second 第二 --role admin");
    done("disable --company 1 admin");
    refused("disable --company 1 second", "最后一个管理员");
    // Tokens that can be guessed.
    done("app --company 1 crm CRM");
    for line in [
        "app --company 1 crm CRM --token short",
        "app --company 1 new CRM --token 0123456789abcde",
        "app --company 1 new CRM --token '               x'",
    ] {
        refused(line, "至少 16 个字符");
    }
    // Two of one name could not be told apart.
    done("dictionary --company 1 type 0 企业客户");
    refused("dictionary --company 1 type 1 企业客户", "已有同名的 企业客户 / there is another 企业客户 already");
    refused("dictionary --company 1 type 1 ' 企业客户 '", "已有同名的");
    done("dictionary --company 1 flag 1 企业客户");
    done("dictionary --company 1 type 0 企业客户 --position 3");
    done("task --company 1 1 回访");
    refused("task --company 1 2 回访", "已有同名的");
    done("field --company 1 1 等级");
    refused("field --company 1 2 等级", "已有同名的");
    refused("password --company 1 nobody", "公司没有工号 nobody / the company has no operator nobody");
}

#[test]
fn a_folder_has_one_server_and_others_look_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let first = Server::start(folder.path(), &[]);
    let second = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"], "");
    let process = first.id().to_string();
    assert!(second.code == 2 && second.out.is_empty(), "{second:?}");
    for told in [data, &format!("kill {process}"), "--data", "另一个 laidian serve"] {
        assert!(second.err.contains(told), "{told}: {second:?}");
    }
    // Who sets something up is no server.
    assert_eq!(run(&["admin", "--data", data, "task", "--company", "1054", "77", "盘点"], "").code, 0);
    assert!(run(&["admin", "--data", data, "show"], "").out.contains("盘点"));
    // What is left behind keeps nobody away.
    first.signal("-KILL");
    drop(first);
    assert_eq!(std::fs::read_to_string(folder.path().join("laidian.lock")).unwrap().trim(), process);
    let third = Server::start(folder.path(), &[]);
    third.signal("-TERM");
    drop(third);
    drop(Server::start(folder.path(), &[]));
}

#[test]
fn a_file_of_nothing_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(database_file(folder.path()), "").unwrap();
    let said = run(&["admin", "show", "--data", folder.path().to_str().unwrap()], "");
    assert!(said.code == 2 && said.err.contains("no database of laidian's"), "{said:?}");
}

/// What the replay document shows of a mismatch is what is printed, but for the time.
#[test]
fn the_mismatch_that_is_documented_is_the_one_that_is_printed() {
    for document in [include_str!("../../docs/replay.md"), include_str!("../../docs/replay.zh.md")] {
        let folder = tempfile::tempdir().unwrap();
        let of = |begin: &str| document.split("```").find(|block| block.trim_start().starts_with(begin)).unwrap();
        let script = of("jsonl").trim_start().trim_start_matches("jsonl\n").replace("\"测试用户\"", "\"测试\"");
        let file = folder.path().join("my.jsonl");
        std::fs::write(&file, script).unwrap();
        let said = run(&["replay", file.to_str().unwrap()], "");
        assert_eq!(said.code, 1, "{said:?}");
        let untimed = |text: &str| -> Vec<String> {
            let lines = text.trim().lines().map(|line| line.split(" 步 / steps").next().unwrap().trim_end().to_owned());
            lines.collect()
        };
        let printed = untimed(&(said.out + &said.err).replace(&format!("{}/", folder.path().display()), ""));
        let shown = untimed(of("✗"));
        assert!(printed.windows(shown.len()).any(|lines| lines == shown), "{printed:#?}\n{shown:#?}");
    }
}
