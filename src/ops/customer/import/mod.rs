//! Customers out of a workbook. It is read twice: first, whether all of it can be understood, and only then is
//! anything written; each row wholly or not at all.

mod batches;
mod progress;

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ops::customer::{self, Changes};
use crate::ops::files::{jobs, uploads};
use crate::ops::systems::plm::{self, Grant};
use crate::ops::{Backend, Caller, Cx};
use crate::sheets::reading::{ReadError, Row};

use crate::ops::customer::import::batches::Batches;
use crate::ops::customer::import::progress::Progress;

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
    /// The product that customers are created in, if it is one's.
    pub product: Option<String>,
    /// Whether a workbook of the rows that failed is wanted, also when there are none.
    pub wants_book: bool,
}

/// What an import has come to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub total: u32,
    pub success: u32,
    pub failed: u32,
    /// Rows, from 1 below the titles, with why they failed: the first, up to [`TOLD`].
    pub mistakes: Vec<(u32, String)>,
    /// Why nothing, or not all, was imported.
    pub message: Option<String>,
    /// The id of a workbook with the rows that failed.
    pub file: Option<String>,
}

/// The mistakes that are told one by one, bytes: an answer can hold them. A workbook has them all.
pub const TOLD: usize = 1 << 20;
/// The mistakes that one message tells.
const IN_MESSAGE: usize = 20;

/// What the workbook of failed rows is called.
pub const BOOK: &str = "导入错误.xlsx";
/// Why a row without a fault of its own was not imported.
const NOT_TAKEN: &str = "未导入：其他行有错误 / not imported: there are faults in other rows";

/// Carries an import out and writes down what it has come to.
pub async fn run(backend: Arc<Backend>, caller: Caller, job: String, order: Order) {
    let mut progress = Progress::default();
    // Reading alone can take its time.
    let signs_of_life = jobs::signs_of_life(&backend, caller.company, &job);
    if let Err(error) = import(&backend, &caller, &job, &order, &mut progress).await {
        // What was imported before is told all the same.
        progress.outcome.message = Some(error.to_string());
    }
    let outcome = progress.finish(&backend, &caller).await;
    drop(signs_of_life);
    let state = if outcome.message.is_none() { jobs::DONE } else { jobs::FAILED };
    let result = serde_json::to_string(&outcome).unwrap_or_default();
    // The cause is in the log; whoever asks is told that nothing was heard of the job.
    let _ = jobs::end(&backend, caller.company, &job, state, &result).await;
}

async fn import(
    backend: &Arc<Backend>,
    caller: &Caller,
    job: &str,
    order: &Order,
    progress: &mut Progress,
) -> Result<(), Error> {
    let Some(_place) = jobs::place(backend, caller.company).await else {
        progress.outcome.message = Some(stopped(0));
        return Ok(());
    };
    // The rights and lists are those of now: it may have waited.
    let cx = backend.context(caller).await?;
    let file = uploads::open(&cx, &order.file).await?;
    let checked = match check(&cx, &file, order.layout.as_ref()).await? {
        Ok(checked) => checked,
        Err(message) => {
            progress.outcome.message = Some(message);
            return Ok(());
        }
    };
    progress.outcome.total = checked.rows;
    jobs::begin(&cx, job, checked.rows).await?;
    if order.wants_book {
        progress.begin_book(&checked.titles, backend.import.file_bytes.saturating_mul(2));
    }
    if !checked.faults.is_empty() {
        return leave_out(&cx, &file, checked, order.wants_book, progress).await;
    }
    let mut batches = Batches::read(&cx, &file)?;
    while let Some(mut batch) = batches.next().await.map_err(|error| Error::internal(&error))? {
        if backend.jobs.are_stopping() {
            progress.outcome.message = Some(stopped(progress.outcome.success));
            return Ok(());
        }
        batch.retain(|row| row.number != checked.titles.number);
        // They may have changed since the batch before, too.
        let mut cx = backend.context(caller).await?;
        cx.action = "import";
        plm::allow(&cx, order.product.as_deref(), Some(Grant::Create), None).await?;
        create(&cx, &checked, batch, job, progress).await?;
    }
    Ok(())
}

fn stopped(success: u32) -> String {
    format!("服务正在关闭，已导入 {success} 行 / the server is shutting down, {success} rows were imported")
}

/// Imports nothing, and tells why: of each row, where a workbook of them is wanted.
async fn leave_out(
    cx: &Cx<'_>,
    file: &File,
    checked: Checked,
    wants_book: bool,
    progress: &mut Progress,
) -> Result<(), Error> {
    progress.outcome.message = Some(message(&checked.faults));
    if !wants_book {
        progress.outcome.failed = checked.rows;
        progress.outcome.mistakes = checked.faults;
        return Ok(());
    }
    let mut batches = Batches::read(cx, file)?;
    while let Some(batch) = batches.next().await.map_err(|error| Error::internal(&error))? {
        for row in batch.iter().filter(|row| row.number != checked.titles.number) {
            let fault = checked.columns.fault(cx, row).unwrap_or_else(|| NOT_TAKEN.to_owned());
            progress.fail(below(&checked.titles, row), row, fault).await;
        }
        if cx.backend.jobs.are_stopping() {
            return Ok(());
        }
    }
    Ok(())
}

/// What the first reading of a workbook has shown.
struct Checked {
    titles: Row,
    columns: Box<dyn Columns>,
    rows: u32,
    /// What cannot be understood: the first, up to [`TOLD`].
    faults: Vec<(u32, String)>,
}

/// Returns what a workbook holds; or why it cannot be read at all.
async fn check(cx: &Cx<'_>, file: &File, layout: &dyn Layout) -> Result<Result<Checked, String>, Error> {
    let mut checked: Option<Checked> = None;
    let mut told = 0;
    let mut batches = Batches::read(cx, file)?;
    loop {
        let batch = match batches.next().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(ReadError::Io(cause)) => return Err(Error::internal(&cause)),
            Err(error) => return Ok(Err(error.to_string())),
        };
        if cx.backend.jobs.are_stopping() {
            return Ok(Err(stopped(0)));
        }
        for row in batch {
            let Some(checked) = &mut checked else {
                match layout.columns(&row) {
                    Ok(columns) => checked = Some(Checked { titles: row, columns, rows: 0, faults: Vec::new() }),
                    Err(message) => return Ok(Err(message)),
                }
                continue;
            };
            checked.rows += 1;
            if told <= TOLD
                && let Some(fault) = checked.columns.fault(cx, &row)
            {
                told += fault.len();
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
    checked: &Checked,
    batch: Vec<Row>,
    job: &str,
    progress: &mut Progress,
) -> Result<(), Error> {
    let explain = |error: Error| {
        let error = if cx.rights().masks() { error.masked() } else { error };
        checked.columns.explain(&error)
    };
    let (mut rows, mut all, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for row in batch {
        match checked.columns.customer(cx, &row) {
            Ok(changes) => {
                rows.push(row);
                all.push(changes);
            }
            Err(error) => mistakes.push((row, explain(error))),
        }
    }
    let created = customer::create_all(cx, &all, job, mistakes.len()).await?;
    for (row, created) in rows.into_iter().zip(created) {
        match created {
            Ok(()) => progress.outcome.success += 1,
            Err(error) => mistakes.push((row, explain(error))),
        }
    }
    mistakes.sort_by_key(|(row, _)| row.number);
    for (row, mistake) in mistakes {
        progress.fail(below(&checked.titles, &row), &row, mistake).await;
    }
    Ok(())
}
