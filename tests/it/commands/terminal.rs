//! A password on a terminal: asked for twice, and not shown.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Engine, Place};

/// A program at a terminal.
struct Seen {
    process: Child,
    terminal: File,
    text: String,
}

impl Seen {
    fn start(words: &[&str]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let open = || OpenOptions::new().read(true).write(true).open(name).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_laidian"))
            .args(words)
            .stdin(Stdio::from(open()))
            .stdout(Stdio::from(open()))
            .stderr(Stdio::from(open()))
            .spawn()
            .unwrap();
        Self { process, terminal: File::from(terminal), text: String::new() }
    }

    /// Reads until this has been shown; at the end of the program, all that was.
    fn until(&mut self, shown: &str) {
        let mut piece = [0; 256];
        while !self.text.contains(shown) {
            match self.terminal.read(&mut piece) {
                Ok(read) if read > 0 => self.text.push_str(&String::from_utf8_lossy(&piece[..read])),
                // Nobody has the terminal open any more.
                _ => return,
            }
        }
    }

    fn type_line(&mut self, line: &str) {
        self.terminal.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// What was shown in the end, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        self.until("\0");
        (self.text, self.process.wait().unwrap().code())
    }
}

fn commands(place: &Place) -> Vec<String> {
    let ([flag, value], _) = super::named(place);
    ["admin", "password", "--company", "1", "1001"].map(str::to_owned).into_iter().chain([flag, value]).collect()
}

#[tokio::test]
async fn a_password_is_asked_for_twice_and_not_shown() {
    let place = Place::new(Engine::Sqlite).await;
    for line in ["company 1 x", "operator --company 1 1001 张三"] {
        assert_eq!(super::admin(&place, line, "").code, 0);
    }
    let command = commands(&place);
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let stored = async || {
        place.connect().await.texts("select coalesce(password, '') from staff where login_key = '1001'").await.remove(0)
    };
    for (once_more, is_set) in [("another password", false), ("correct horse", true)] {
        let before = stored().await;
        let mut seen = Seen::start(&words);
        seen.until("密码 / password: ");
        seen.type_line("correct horse");
        seen.until("once more: ");
        seen.type_line(once_more);
        let (text, code) = seen.end();
        assert_eq!(code, Some(if is_set { 0 } else { 2 }), "{text}");
        assert!(!text.contains("horse") && !text.contains("another"), "shown: {text}");
        assert_eq!(text.contains("the password of operator 1001 is set"), is_set, "{text}");
        assert_eq!(text.contains("两次输入的不一样"), !is_set, "{text}");
        assert_eq!(stored().await != before, is_set);
    }
    // Both at once, as they come from the clipboard.
    let mut seen = Seen::start(&words);
    seen.until("密码 / password: ");
    seen.terminal.write_all(b"correct horse\rcorrect horse\r").unwrap();
    let (text, code) = seen.end();
    assert_eq!(code, Some(0), "{text}");
    // What is too short is told before it is asked for again; Ctrl-C changes nothing.
    let before = stored().await;
    let mut seen = Seen::start(&words);
    seen.until("密码 / password: ");
    seen.type_line("short");
    let (text, code) = seen.end();
    assert!(code == Some(2) && text.contains("8 到 128 个字符") && !text.contains("once more"), "{text}");
    let mut seen = Seen::start(&words);
    seen.until("密码 / password: ");
    seen.terminal.write_all(b"half\x03").unwrap();
    let (text, code) = seen.end();
    assert!(code != Some(0) && !text.contains("half"), "{code:?} {text}");
    assert_eq!(stored().await, before);
}
