//! Files that are sent: each is made when it is fetched, piece by piece, with the rights that its reader has then.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::ops::{Backend, Caller};
use crate::sheets::Xlsx;

/// Something that can be made into a file.
pub trait Outgoing: Send + Sync {
    /// What the file is called.
    fn name(&self) -> String;

    fn content_type(&self) -> &'static str;

    /// What an answer over HTTP tells beside the file.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Begins to make the file. A refusal is an answer; once the file has begun, it is too late for one.
    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>>;
}

/// Pieces of a file. An error ends it, so that a file that was cut short is not taken for a whole one.
pub type Pieces = mpsc::Receiver<Result<Bytes, Error>>;

/// Pieces that may wait for a slow reader.
const WAITING: usize = 4;
/// The size of a piece of a finished file, bytes.
pub const PIECE: usize = 64 * 1024;

/// Where the pieces go.
#[derive(Clone)]
pub struct Out(mpsc::Sender<Result<Bytes, Error>>);

impl Out {
    /// Sends a piece; `false` when nobody reads any more.
    pub async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    /// Sends a finished file.
    pub async fn send_file(&self, file: File) -> Result<(), Error> {
        let mut file = tokio::fs::File::from_std(file);
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await.map_err(|cause| Error::internal(&cause))?;
            piece.truncate(read);
            if read == 0 || !self.send(piece).await {
                return Ok(());
            }
        }
    }

    /// Whether nobody reads any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// Returns the pieces that this makes.
pub fn pieces<F>(make: impl FnOnce(Out) -> F) -> Pieces
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let making = make(Out(sender.clone()));
    // In a box: one kind of task for all kinds of files.
    tokio::spawn(carry_out(Box::pin(making), sender));
    receiver
}

async fn carry_out(making: BoxFuture<'static, Result<(), Error>>, sender: mpsc::Sender<Result<Bytes, Error>>) {
    if let Err(error) = making.await {
        // Nobody may be left to be told; the log has the cause.
        let _ = sender.send(Err(error)).await;
    }
}

/// Rows of a workbook on their way to the thread that writes it.
pub struct Book {
    rows: mpsc::Sender<Vec<Vec<String>>>,
    writer: tokio::task::JoinHandle<Result<File, Error>>,
}

impl Book {
    /// Begins a workbook with these column titles. It is a zip file: it is written into a temporary file, and can be
    /// sent when it is finished.
    #[must_use]
    pub fn begin(titles: Vec<String>) -> Self {
        let (rows, mut incoming) = mpsc::channel::<Vec<Vec<String>>>(1);
        let writer = tokio::task::spawn_blocking(move || {
            let mut workbook = Xlsx::new(&titles);
            while let Some(rows) = incoming.blocking_recv() {
                for row in rows {
                    workbook.row(row.iter().map(String::as_str)).map_err(|cause| Error::internal(&cause))?;
                }
            }
            workbook.finish().map_err(|cause| Error::internal(&cause))
        });
        Self { rows, writer }
    }

    /// Appends rows; `false` when the workbook cannot be written, which [`finish`](Self::finish) tells about.
    pub async fn rows(&self, rows: Vec<Vec<String>>) -> bool {
        self.rows.send(rows).await.is_ok()
    }

    /// Returns the finished workbook.
    pub async fn finish(self) -> Result<File, Error> {
        drop(self.rows);
        self.writer.await.map_err(|cause| Error::internal(&cause))?
    }
}
