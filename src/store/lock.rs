//! One server on one folder: two that gather writes for one file would each wait for the other.
//!
//! The lock is the machine's own, on an open file: it ends with the process, however that ends. The file stays, and
//! says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::migrate::OpenError;
use super::{Location, make_folder};

const FILE: &str = "laidian.lock";

/// The right to serve what is in a folder, until this is dropped.
#[derive(Debug)]
pub struct ServerLock {
    file: File,
}

impl Location {
    /// Takes the folder for this server, unless another has it. On PostgreSQL there may be several.
    pub fn lock(&self) -> Result<Option<ServerLock>, OpenError> {
        match self {
            Self::Folder(folder) => ServerLock::take(folder).map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }
}

impl ServerLock {
    fn take(folder: &Path) -> Result<Self, OpenError> {
        let unusable = |cause| OpenError::Folder { folder: folder.to_owned(), cause };
        make_folder(folder).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(folder.join(FILE)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whoever holds it may not have written yet who he is.
                let _ = file.take(32).read_to_string(&mut holder);
                let process = holder.trim().parse().ok();
                return Err(OpenError::Served { folder: folder.to_owned(), process });
            }
            Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
        }
        // Who holds it is told to people only: a full disk must not keep the server away.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Folder(folder.path().join("data"));
        let held = location.lock().unwrap();
        let refused = location.lock().unwrap_err();
        assert!(
            matches!(refused, OpenError::Served { process: Some(process), .. } if process == std::process::id()),
            "{refused:?}"
        );
        drop(held);
        let _again = location.lock().unwrap();
    }

    #[test]
    fn what_a_dead_process_has_left_behind_keeps_nobody_away() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "4194304999\n").unwrap();
        let location = Location::Folder(folder.path().to_owned());
        let _held = location.lock().unwrap();
        let written = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(written, format!("{}\n", std::process::id()));
    }
}
