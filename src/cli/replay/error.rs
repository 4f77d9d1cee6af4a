//! What can be wrong before a script is played, or after.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the replayer could not do its work.
#[derive(Debug)]
pub enum Error {
    /// A line of a script is wrong.
    Script { path: PathBuf, line: usize, message: String },
    /// A script or folder cannot be read.
    Unreadable { path: PathBuf, source: io::Error },
    /// A report cannot be written.
    Unwritable { path: PathBuf, source: io::Error },
    /// A folder holds no script.
    NoScripts(PathBuf),
}

impl Error {
    /// Returns the line of the script that is wrong; 1 when it is not a line's fault.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Script { line, .. } => *line,
            _ => 1,
        }
    }

    /// Returns what is wrong, without saying where.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Script { message, .. } => message.clone(),
            Self::Unreadable { source, .. } => format!("无法读取 / cannot read: {source}"),
            Self::Unwritable { source, .. } => format!("无法写入 / cannot write: {source}"),
            Self::NoScripts(_) => "文件夹里没有 *.jsonl / no *.jsonl in this folder".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail();
        match self {
            Self::Script { path, line, .. } => write!(out, "{}:{line}: {detail}", path.display()),
            Self::Unreadable { path, .. } | Self::Unwritable { path, .. } | Self::NoScripts(path) => {
                write!(out, "{}: {detail}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } | Self::Unwritable { source, .. } => Some(source),
            Self::Script { .. } | Self::NoScripts(_) => None,
        }
    }
}
