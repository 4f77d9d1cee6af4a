//! Rows on their way from the thread that reads them.

use std::fs::File;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use crate::error::Error;
use crate::ops::Cx;
use crate::sheets::reading::{self, Limits, Notes, ReadError, Row, Source};

/// Rows that are handled at a time: a transaction of so many keeps other writers waiting for some milliseconds.
const ROWS: usize = 50;
/// The text of rows that are handled at a time, bytes.
const BYTES: usize = 1 << 20;

/// The rows of a worksheet, some at a time.
pub struct Batches {
    rows: mpsc::Receiver<Result<Vec<Row>, ReadError>>,
    /// Known when all rows are read.
    notes: Arc<OnceLock<Notes>>,
}

impl Batches {
    /// Begins to read, in a thread of its own.
    pub fn read(cx: &Cx<'_>, file: &File, sheet: Option<&str>) -> Result<Self, Error> {
        let sheet = sheet.map(str::to_owned);
        let import = &cx.backend.import;
        let limits = Limits { unpacked: import.unpacked_bytes, rows: import.rows };
        let file = file.try_clone().map_err(|cause| Error::internal(&cause))?;
        let (rows, read) = mpsc::channel(1);
        let notes = Arc::new(OnceLock::new());
        let of_reader = notes.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = send(file, limits, sheet.as_deref(), &rows, &of_reader) {
                let _ = rows.blocking_send(Err(error));
            }
        });
        Ok(Self { rows: read, notes })
    }

    /// Returns the next rows; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>, ReadError> {
        self.rows.recv().await.transpose()
    }

    /// Returns what whoever sent the table should know of how it was read, once all rows are.
    pub fn notes(&self) -> Vec<String> {
        self.notes.get().map(Notes::lines).unwrap_or_default()
    }
}

fn send(
    file: File,
    limits: Limits,
    sheet: Option<&str>,
    out: &mpsc::Sender<Result<Vec<Row>, ReadError>>,
    notes: &OnceLock<Notes>,
) -> Result<(), ReadError> {
    let mut book = reading::Book::open_source(file, Source { sheet }, limits)?;
    let mut rows = book.rows()?;
    loop {
        let (mut batch, mut bytes) = (Vec::with_capacity(ROWS), 0);
        while batch.len() < ROWS
            && bytes < BYTES
            && let Some(row) = rows.next()
        {
            let row = row?;
            bytes += row.bytes();
            batch.push(row);
        }
        if batch.is_empty() {
            drop(rows);
            notes.get_or_init(|| book.notes().clone());
            return Ok(());
        }
        if out.blocking_send(Ok(batch)).is_err() {
            return Ok(());
        }
    }
}
