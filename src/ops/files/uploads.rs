//! Files that wait to be used: what was uploaded, and what was made for somebody. They are in the database, in
//! pieces, so that every server of an installation has them; who put one there is the only one who sees it.

use std::fs::File;
use std::io::SeekFrom;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use uuid::Uuid;

use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::files::generated::{self, Outgoing, Pieces};
use crate::ops::{Backend, Caller, Cx};
use crate::sheets::XLSX;
use crate::store::Scope;
use crate::store::rows::FileRow;

/// Bytes that are written at a time: the one writer of an embedded database is not held for long.
const PIECE: usize = 256 * 1024;
/// Pieces that are thrown away at a time.
const PORTION: i64 = 16;
/// How long a file is kept, seconds.
pub const KEPT: i64 = 60 * 60;
/// The longest name, characters.
const LONGEST_NAME: usize = 255;

/// A file on its way into the database.
pub struct Incoming {
    scope: Scope,
    id: String,
    buffer: Vec<u8>,
    number: i64,
    bytes: u64,
    most: u64,
    digest: Sha256,
}

impl Incoming {
    /// Begins the upload of a file.
    pub async fn upload(backend: &Backend, caller: &Caller, name: &str) -> Result<Self, Error> {
        let scope = backend.store.company(caller.company);
        let by = caller.login_no();
        if scope.files_by(by).await?.is_some_and(|files| files.value >= i64::from(backend.import.files)) {
            return Err(Error::RateLimited {
                retry_after_ms: 60_000,
                why: "[import] files",
                most: backend.import.files,
            });
        }
        Self::begin(backend, caller, name, backend.import.file_bytes).await
    }

    /// Begins a file of at most `most` bytes.
    async fn begin(backend: &Backend, caller: &Caller, name: &str, most: u64) -> Result<Self, Error> {
        let scope = backend.store.company(caller.company);
        let (now, by) = (backend.clock.now(), caller.login_no());
        let id = Uuid::new_v4().simple().to_string();
        let name: String = name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect();
        let mut tx = scope.write().await?;
        tx.insert_file(&id, &name, now, by).await?;
        tx.commit().await?;
        Ok(Self { scope, id, buffer: Vec::new(), number: 0, bytes: 0, most, digest: Sha256::new() })
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Appends what comes next.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.most {
            return Err(Error::FileTooLarge { limit: self.most });
        }
        self.digest.update(bytes);
        while let Some((now, later)) = bytes.split_at_checked(PIECE.saturating_sub(self.buffer.len())) {
            self.buffer.extend_from_slice(now);
            self.write().await?;
            bytes = later;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Error> {
        let mut tx = self.scope.write().await?;
        tx.insert_file_piece(&self.id, self.number, &self.buffer).await?;
        tx.commit().await?;
        self.number += 1;
        self.buffer.clear();
        Ok(())
    }

    /// Returns the digest of what has come so far, in hex.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    /// Returns the id under which the whole file is found.
    pub async fn finish(mut self) -> Result<String, Error> {
        if !self.buffer.is_empty() {
            self.write().await?;
        }
        let mut tx = self.scope.write().await?;
        tx.finish_file(&self.id, i64::try_from(self.bytes).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(self.id)
    }
}

/// Keeps a file that was made here and returns its id; it does not count as an upload.
pub async fn keep(backend: &Backend, caller: &Caller, name: &str, file: File) -> Result<String, Error> {
    let mut incoming = Incoming::begin(backend, caller, name, u64::MAX).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut piece = vec![0; generated::PIECE];
    loop {
        let read = file.read(&mut piece).await.map_err(|cause| Error::internal(&cause))?;
        match piece.get(..read) {
            Some(bytes) if !bytes.is_empty() => incoming.push(bytes).await?,
            _ => return incoming.finish().await,
        }
    }
}

/// Returns what is known of a file, if the caller put it there.
pub async fn find(cx: &Cx<'_>, id: &str) -> Result<Option<FileRow>, Error> {
    Ok(cx.scope.file(id, cx.caller.login_no()).await?)
}

/// Returns what is known of a file that a request names.
pub async fn named(cx: &Cx<'_>, id: &str) -> Result<FileRow, Error> {
    let missing = format!("无法下载指定OSS文件[{id:.64}]：不存在或已过期 / there is no such file, or its time is over");
    find(cx, id).await?.ok_or_else(|| Error::parameter(missing))
}

/// Returns a file, unpacked from its pieces into a temporary one.
pub async fn open(cx: &Cx<'_>, id: &str) -> Result<File, Error> {
    let row = named(cx, id).await?;
    let fault = |cause: std::io::Error| Error::internal(&cause);
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(fault)?);
    let mut bytes = 0;
    for number in 0.. {
        let Some(piece) = cx.scope.file_piece(&row.id, number).await? else { break };
        bytes += i64::try_from(piece.value.len()).unwrap_or_default();
        file.write_all(&piece.value).await.map_err(fault)?;
    }
    // It may be thrown away while it is read.
    if bytes != row.bytes {
        return Err(Error::internal(&format!("file {}: {bytes} of {} bytes", row.id, row.bytes)));
    }
    file.flush().await.map_err(fault)?;
    file.seek(SeekFrom::Start(0)).await.map_err(fault)?;
    Ok(file.into_std().await)
}

/// Throws a file away; there need not be one. It goes in portions, so that nobody waits long for the writer.
pub async fn remove(backend: &Backend, company: i64, id: &str) -> Result<(), Error> {
    let scope = backend.store.company(company);
    let mut pieces = scope.file_pieces(id).await?.map_or(0, |pieces| pieces.value);
    while pieces > 0 {
        pieces = (pieces - PORTION).max(0);
        let mut tx = scope.write().await?;
        tx.delete_file_pieces(id, pieces).await?;
        tx.commit().await?;
    }
    let mut tx = scope.write().await?;
    tx.delete_file(id).await?;
    Ok(tx.commit().await?)
}

/// Throws away, in all companies, what nobody has used in its time.
pub async fn forget(backend: &Backend) -> Result<(), Error> {
    let before = backend.clock.now().saturating_sub(KEPT * SECOND);
    for company in backend.store.companies().await? {
        for file in backend.store.company(company.id).files_before(before).await? {
            remove(backend, company.id, &file.value).await?;
        }
    }
    Ok(())
}

/// A file that is kept, to be sent.
pub struct Kept {
    pub id: String,
    pub name: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Outgoing for Kept {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn content_type(&self) -> &'static str {
        if self.name.to_ascii_lowercase().ends_with(".xlsx") { XLSX } else { "application/octet-stream" }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.headers.clone()
    }

    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>> {
        Box::pin(async move {
            let cx = backend.context(&caller).await?;
            let file = open(&cx, &self.id).await?;
            Ok(generated::pieces(|out| async move { out.send_file(file).await }))
        })
    }
}
