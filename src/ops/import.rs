//! Customers out of a workbook. It is read twice: first, whether all of it can be understood, and only then is
//! anything written; each row wholly or not at all.

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::customer::{self, Changes};
use super::outgoing::Book;
use super::{Backend, Caller, Cx, files, jobs};
use crate::error::Error;
use crate::sheets::reading::{self, Cell, Limits, ReadError, Row};

/// How a workbook's titles are understood.
pub trait Layout: Send + Sync {
    /// Returns what reads the rows below these titles; or what is wrong with the titles.
    fn columns(&self, titles: &Row) -> Result<Box<dyn Columns>, String>;
}

/// How a row becomes a customer.
pub trait Columns: Send + Sync {
    /// Returns what cannot be understood of a row, if there is something; then nothing is imported.
    fn fault(&self, cx: &Cx<'_>, row: &Row) -> Option<String>;

    /// Returns the customer of a row, if it is one by the rules.
    fn customer(&self, cx: &Cx<'_>, row: &Row) -> Result<Changes<'static>, Error>;

    /// Returns why a row could not be imported, in the words of its system.
    fn explain(&self, error: &Error) -> String;
}

/// What is to be imported.
pub struct Order {
    /// The id of the file.
    pub file: String,
    pub layout: Arc<dyn Layout>,
    /// Whether a workbook of the rows that failed is wanted, also when there are none.
    pub wants_book: bool,
}

/// What an import has come to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub total: u32,
    pub success: u32,
    pub failed: u32,
    /// Rows, from 1 below the titles, with why they failed: the first [`TOLD`].
    pub mistakes: Vec<(u32, String)>,
    /// Why nothing, or not all, was imported.
    pub message: Option<String>,
    /// The id of a workbook with the rows that failed.
    pub file: Option<String>,
}

/// The mistakes that are told one by one; a workbook holds them all.
pub const TOLD: usize = 10_000;
/// Rows that are handled at a time.
const BATCH: usize = 100;
/// The mistakes that one message tells.
const IN_MESSAGE: usize = 20;

/// What the workbook of failed rows is called.
pub const BOOK: &str = "导入错误.xlsx";
/// The column that tells why a row failed.
const WHY: &str = "错误信息";
/// Why a row without a fault of its own was not imported.
const NOT_TAKEN: &str = "未导入：其他行有错误 / not imported: there are faults in other rows";

/// Carries an import out and writes down what it has come to.
pub async fn run(backend: Arc<Backend>, caller: Caller, job: String, order: Order) {
    let outcome = match import(&backend, &caller, &job, &order).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome { message: Some(error.to_string()), ..Outcome::default() },
    };
    let state = if outcome.message.is_none() { jobs::DONE } else { jobs::FAILED };
    let result = serde_json::to_string(&outcome).unwrap_or_default();
    // The cause is in the log; whoever asks is told that nothing was heard of the job.
    let _ = jobs::end(&backend, caller.company, &job, state, &result).await;
}

async fn import(backend: &Arc<Backend>, caller: &Caller, job: &str, order: &Order) -> Result<Outcome, Error> {
    let cx = backend.context(caller).await?;
    let mut failed = Failed::default();
    let Some(_place) = jobs::place(&cx, job).await? else { return Ok(failed.stopped()) };
    let file = files::open(&cx, &order.file).await?;
    let checked = match check(&cx, &file, order.layout.as_ref()).await? {
        Ok(checked) => checked,
        Err(message) => return Ok(Outcome { message: Some(message), ..Outcome::default() }),
    };
    failed.outcome.total = checked.rows;
    jobs::begin(&cx, job, checked.rows).await?;
    if order.wants_book {
        failed.begin_book(&checked.titles);
    } else if !checked.faults.is_empty() {
        failed.outcome.failed = checked.rows;
        failed.outcome.message = Some(message(&checked.faults));
        failed.outcome.mistakes = checked.faults;
        return Ok(failed.outcome);
    }
    let columns = checked.columns.as_ref();
    let mut rows = read(&cx, &file)?;
    while let Some(mut batch) = rows.next().await? {
        batch.retain(|row| row.number != checked.titles.number);
        // The rights and lists are those of now.
        let cx = backend.context(caller).await?;
        if !checked.faults.is_empty() {
            for row in batch {
                let fault = columns.fault(&cx, &row).unwrap_or_else(|| NOT_TAKEN.to_owned());
                failed.add(&row, fault).await;
            }
        } else if backend.jobs.are_stopping() {
            return Ok(failed.stopped());
        } else {
            create(&cx, columns, batch, job, &mut failed).await?;
        }
    }
    if !checked.faults.is_empty() {
        failed.outcome.message = Some(message(&checked.faults));
    }
    failed.finish(backend, caller).await
}

/// What the first reading of a workbook has shown.
struct Checked {
    titles: Row,
    columns: Box<dyn Columns>,
    rows: u32,
    /// What cannot be understood: the first [`TOLD`].
    faults: Vec<(u32, String)>,
}

/// Returns what a workbook holds; or why it cannot be read at all.
async fn check(cx: &Cx<'_>, file: &File, layout: &dyn Layout) -> Result<Result<Checked, String>, Error> {
    let mut checked: Option<Checked> = None;
    let mut rows = read(cx, file)?;
    loop {
        let batch = match rows.read.recv().await {
            None => break,
            Some(Ok(batch)) => batch,
            Some(Err(ReadError::Io(cause))) => return Err(Error::internal(&cause)),
            Some(Err(error)) => return Ok(Err(error.to_string())),
        };
        for row in batch {
            let Some(checked) = &mut checked else {
                match layout.columns(&row) {
                    Ok(columns) => checked = Some(Checked { titles: row, columns, rows: 0, faults: Vec::new() }),
                    Err(message) => return Ok(Err(message)),
                }
                continue;
            };
            checked.rows += 1;
            if checked.faults.len() < TOLD
                && let Some(fault) = checked.columns.fault(cx, &row)
            {
                checked.faults.push((below(&checked.titles, &row), fault));
            }
        }
    }
    Ok(checked.ok_or_else(|| "没有传入导入数据 / there is nothing in the workbook".to_owned()))
}

/// Returns the number of a row, from 1 below the titles.
fn below(titles: &Row, row: &Row) -> u32 {
    row.number.saturating_sub(titles.number)
}

fn message(faults: &[(u32, String)]) -> String {
    let lines: Vec<&str> = faults.iter().take(IN_MESSAGE).map(|(_, fault)| fault.as_str()).collect();
    let more = faults.len().saturating_sub(IN_MESSAGE);
    let more = if more > 0 { format!("\r\n还有 {more} 处 / and {more} more") } else { String::new() };
    format!("{}{more}", lines.join("\r\n"))
}

/// Creates the customers of these rows.
async fn create(
    cx: &Cx<'_>,
    columns: &dyn Columns,
    batch: Vec<Row>,
    job: &str,
    failed: &mut Failed,
) -> Result<(), Error> {
    let explain = |error: Error| {
        let error = if cx.rights().masks() { error.masked() } else { error };
        columns.explain(&error)
    };
    let (mut rows, mut all, mut refused) = (Vec::new(), Vec::new(), 0);
    let mut mistakes = Vec::new();
    for row in batch {
        match columns.customer(cx, &row) {
            Ok(changes) => {
                rows.push(row);
                all.push(changes);
            }
            Err(error) => {
                refused += 1;
                mistakes.push((row, explain(error)));
            }
        }
    }
    let created = customer::create_all(cx, &all, job).await?;
    for (row, created) in rows.into_iter().zip(created) {
        match created {
            Ok(()) => failed.outcome.success += 1,
            Err(error) => mistakes.push((row, explain(error))),
        }
    }
    if refused > 0 {
        let mut tx = cx.scope.write().await?;
        jobs::advance(cx, &mut tx, job, refused, 0).await?;
        tx.commit().await?;
    }
    mistakes.sort_by_key(|(row, _)| row.number);
    for (row, mistake) in mistakes {
        failed.add(&row, mistake).await;
    }
    Ok(())
}

/// The rows that failed, with their mistakes.
#[derive(Default)]
struct Failed {
    book: Option<Book>,
    /// The number of the titles, and how many there are.
    titles: (u32, usize),
    outcome: Outcome,
}

impl Failed {
    fn begin_book(&mut self, titles: &Row) {
        self.titles = (titles.number, titles.cells.len());
        self.book = Some(Book::begin(texts(titles, titles.cells.len()).chain([WHY.to_owned()]).collect()));
    }

    async fn add(&mut self, row: &Row, mistake: String) {
        self.outcome.failed += 1;
        let (titles, width) = self.titles;
        if let Some(book) = &self.book {
            // One that cannot be written says so when it is finished.
            book.rows(vec![texts(row, width).chain([mistake.clone()]).collect()]).await;
        }
        if self.outcome.mistakes.len() < TOLD {
            self.outcome.mistakes.push((row.number.saturating_sub(titles.max(1)), mistake));
        }
    }

    fn stopped(mut self) -> Outcome {
        let success = self.outcome.success;
        self.outcome.message = Some(format!(
            "服务正在关闭，已导入 {success} 行 / the server is shutting down, {success} rows were imported"
        ));
        self.outcome
    }

    async fn finish(self, backend: &Backend, caller: &Caller) -> Result<Outcome, Error> {
        let Self { book, mut outcome, .. } = self;
        if let Some(book) = book {
            outcome.file = Some(files::keep(backend, caller, BOOK, book.finish().await?).await?);
        }
        Ok(outcome)
    }
}

fn texts(row: &Row, width: usize) -> impl Iterator<Item = String> {
    (0..width).map(|column| match row.cell(column) {
        Some(Cell::Text(text) | Cell::Fault(text)) => text.clone(),
        Some(Cell::Formula) | None => String::new(),
    })
}

/// Rows on their way from the thread that reads them.
struct Batches {
    read: mpsc::Receiver<Result<Vec<Row>, ReadError>>,
}

impl Batches {
    async fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        self.read.recv().await.transpose().map_err(|error| Error::internal(&error))
    }
}

/// Begins to read the first worksheet, in a thread of its own.
fn read(cx: &Cx<'_>, file: &File) -> Result<Batches, Error> {
    let import = &cx.backend.import;
    let limits = Limits { unpacked: import.unpacked_bytes, rows: import.rows };
    let file = file.try_clone().map_err(|cause| Error::internal(&cause))?;
    let (rows, read) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = send(file, limits, &rows) {
            let _ = rows.blocking_send(Err(error));
        }
    });
    Ok(Batches { read })
}

fn send(file: File, limits: Limits, out: &mpsc::Sender<Result<Vec<Row>, ReadError>>) -> Result<(), ReadError> {
    let mut book = reading::Book::open(file, limits)?;
    let mut rows = book.rows()?;
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(row) = rows.next()
        {
            batch.push(row?);
        }
        if batch.is_empty() || out.blocking_send(Ok(batch)).is_err() {
            return Ok(());
        }
    }
}
