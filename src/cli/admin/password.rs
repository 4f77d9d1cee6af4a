//! A password from whoever sets it: asked for on a terminal, otherwise a line of standard input.

use std::error::Error;
use std::io::{self, IsTerminal, Stdin};

use rpassword::ConfigBuilder;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use crate::ops::access::password;

/// Returns the hash of the password.
pub fn read() -> Result<String, Box<dyn Error>> {
    let password = if io::stdin().is_terminal() { ask()? } else { line()? };
    Ok(password::hash(&password)?)
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

/// Asks twice, and shows nothing of what is typed.
fn ask() -> Result<String, Box<dyn Error>> {
    // With it Ctrl-C ends the question, and the terminal is as it was before the process ends.
    let _interrupt = signal(SignalKind::interrupt())?;
    let _silence = Silence::of(io::stdin())?;
    let password = prompt("密码 / password: ")?;
    password::check_length(&password)?;
    if prompt("再输入一遍 / once more: ")? == password {
        Ok(password)
    } else {
        Err("两次输入的不一样，密码没有改变 / the two are not the same; the password is what it was".into())
    }
}

fn prompt(text: &str) -> io::Result<String> {
    // The terminal of standard input, also where it is not the one that controls the process.
    let terminal = ConfigBuilder::new().input_file_path("/dev/stdin").output_writer(io::stderr()).build();
    let typed = rpassword::prompt_password_with_config(text, terminal);
    eprintln!();
    typed
}

/// A terminal that shows nothing of what is typed and hands each key on, until this is dropped. It is so from before
/// the first question to behind the last: what is typed or pasted early is not shown, and not lost.
struct Silence {
    terminal: Stdin,
    before: Termios,
}

impl Silence {
    fn of(terminal: Stdin) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing either.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
