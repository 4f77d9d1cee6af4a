//! Customers out of a workbook. It is read twice: first, whether all of it can be understood, and only then is
//! anything written; each row wholly or not at all.

mod batches;
mod outcome;
mod progress;

use std::fs::File;
use std::sync::Arc;

use serde_json::json;

use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::customer::{self, Carried, Ended, Plan, Record, Results};
use crate::ops::files::jobs::{self, Job, SignsOfLife};
use crate::ops::files::uploads;
use crate::ops::systems::plm::{self, Grant};
use crate::ops::{Backend, Caller, Cx};
use crate::sheets::reading::{ReadError, Row};

use crate::ops::customer::import::batches::Batches;
use crate::ops::customer::import::progress::Progress;

pub use outcome::{Counts, Outcome, Run, TOLD};

/// How a workbook's titles are understood.
pub trait Layout: Send + Sync {
    /// Returns what reads the rows below these titles; or what is wrong with the titles.
    fn columns(&self, cx: &Cx<'_>, titles: &Row) -> Result<Box<dyn Columns>, String>;

    /// How many rows may stand above the titles, such as a heading of the whole.
    fn above(&self) -> usize {
        0
    }
}

/// How a row becomes a customer.
pub trait Columns: Send + Sync {
    /// Returns what cannot be understood of a row, if there is something; then nothing is imported.
    fn fault(&self, cx: &Cx<'_>, row: &Row) -> Option<String>;

    /// Returns the customer of a row, if it is one by the rules.
    fn record(&self, cx: &Cx<'_>, row: &Row) -> Result<Record, Error>;

    /// Returns why a row could not be imported, in the words of its system.
    fn explain(&self, error: &Error) -> String;

    /// The titles of columns that are ignored.
    fn ignored(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Where the rows come from.
pub enum Source {
    /// The id of a file that was uploaded.
    Uploaded(String),
    Local(File),
}

/// By which right it is imported. It is looked at again while the import is at work.
pub enum Right {
    /// To create customers in iBiz PLM, of a product if it is named.
    Plm(Option<String>),
    /// To import.
    Import,
}

/// The action whose right it is to import.
pub const ACTION: &str = "import_customers";

impl Right {
    async fn require(&self, cx: &Cx<'_>, plan: Plan) -> Result<(), Error> {
        match self {
            Self::Plm(product) => plm::allow(cx, product.as_deref(), Some(Grant::Create), None).await,
            Self::Import => {
                cx.require(ACTION, Role::Supervisor)?;
                if plan.mode.changes() { cx.require("update_customer", Role::Agent) } else { Ok(()) }
            }
        }
    }
}

/// What is to be imported.
pub struct Order {
    pub source: Source,
    /// The name of the worksheet; without one, the first.
    pub sheet: Option<String>,
    pub layout: Arc<dyn Layout>,
    pub right: Right,
    pub plan: Plan,
    /// Whether a workbook of the rows that failed is wanted, also when there are none.
    pub wants_book: bool,
}

/// The mistakes that one message tells.
const IN_MESSAGE: usize = 20;

/// What the workbook of failed rows is called.
pub const BOOK: &str = "导入错误.xlsx";
/// Why a row without a fault of its own was not imported.
const NOT_TAKEN: &str = "未导入：其他行有错误 / not imported: there are faults in other rows";

/// Begins an import and returns the id of its job, once it is written down who asks for it.
pub async fn begin(cx: &Cx<'_>, job: &Job<'_>, order: Order) -> Result<String, Error> {
    order.right.require(cx, order.plan).await?;
    if let Some(id) = jobs::entered(cx).await? {
        return Ok(id);
    }
    let Plan { mode, is_trial, .. } = order.plan;
    audit::note(cx, audit::Kind::Import, &json!({ "mode": mode.name(), "dryRun": is_trial })).await?;
    let (backend, caller) = (cx.backend.shared()?, cx.caller.clone());
    jobs::enter(cx, job, |id| run(backend, caller, id, order)).await
}

/// Asks an import to end. What it has imported stays.
pub async fn cancel(cx: &Cx<'_>, job: &str) -> Result<(), Error> {
    cx.require(ACTION, Role::Supervisor)?;
    let waits = Outcome { message: Some(cancelled(0)), ..Outcome::default() };
    let waits = serde_json::to_string(&waits).map_err(|cause| Error::internal(&cause))?;
    jobs::cancel(cx, job, &waits).await
}

/// How an import has ended.
enum End {
    Whole,
    /// Before all rows were looked at, and why.
    Early(String),
    /// Because somebody asked for that.
    Cancelled,
}

/// Carries an import out and writes down what it has come to.
pub async fn run(backend: Arc<Backend>, caller: Caller, job: String, order: Order) {
    let mut progress = Progress::default();
    // Reading alone can take its time.
    let signs = jobs::signs_of_life(&backend, caller.company, &job);
    // Whatever ends it, what was imported before is told.
    let ended = import(&backend, &caller, (&job, &signs), &order, &mut progress).await;
    let (state, message) = match ended {
        Ok(End::Whole) => (jobs::DONE, None),
        Ok(End::Early(message)) => (jobs::FAILED, Some(message)),
        Ok(End::Cancelled) => (jobs::CANCELLED, Some(cancelled(imported(&order, &progress)))),
        Err(error) => (jobs::FAILED, Some(error.to_string())),
    };
    progress.outcome.message = message;
    let outcome = progress.finish(&backend, &caller).await;
    drop(signs);
    let result = serde_json::to_string(&outcome).unwrap_or_default();
    // The cause is in the log; whoever asks is told that nothing was heard of the job.
    let _ = jobs::end(&backend, caller.company, &job, state, &result).await;
}

async fn import(
    backend: &Arc<Backend>,
    caller: &Caller,
    (job, signs): (&str, &SignsOfLife),
    order: &Order,
    progress: &mut Progress,
) -> Result<End, Error> {
    let Some(_place) = jobs::place(backend, caller.company, signs).await else {
        return Ok(End::Early(stopped(0)));
    };
    // The rights and lists are those of now: it may have waited.
    let cx = backend.context(caller).await?;
    if jobs::has_ended(&cx, job).await? {
        return Ok(End::Cancelled);
    }
    let file = match &order.source {
        Source::Uploaded(id) => uploads::open(&cx, id).await?,
        Source::Local(file) => file.try_clone().map_err(|cause| Error::internal(&cause))?,
    };
    let checked = match check(&cx, &file, order).await? {
        Ok(checked) => checked,
        Err(message) => return Ok(End::Early(message)),
    };
    progress.outcome.total = checked.rows;
    progress.outcome.titles = checked.titles.number;
    progress.outcome.ignored = checked.columns.ignored();
    progress.outcome.notes.clone_from(&checked.notes);
    if !jobs::begin(&cx, job, checked.rows).await? {
        return Ok(End::Cancelled);
    }
    if order.wants_book {
        progress.begin_book(&checked.titles, backend.import.file_bytes.saturating_mul(2));
    }
    if !checked.faults.is_empty() {
        return leave_out(&cx, &file, checked, order, progress).await;
    }
    let (mut batches, mut carried) = (Batches::read(&cx, &file, order.sheet.as_deref())?, Carried::default());
    while let Some(mut batch) = batches.next().await.map_err(|error| Error::internal(&error))? {
        if backend.jobs.are_stopping() {
            return Ok(End::Early(stopped(imported(order, progress))));
        }
        batch.retain(|row| row.number > checked.titles.number);
        // They may have changed since the batch before, too.
        let mut cx = backend.context(caller).await?;
        cx.action = "import";
        order.right.require(&cx, order.plan).await?;
        match write(&cx, &checked, batch, (order.plan, &mut carried), job, progress).await {
            None => {}
            Some(Ended::Cancelled) => return Ok(End::Cancelled),
            Some(Ended::Fault(error)) => return Err(error),
        }
    }
    Ok(End::Whole)
}

/// How many rows have come in.
fn imported(order: &Order, progress: &Progress) -> u32 {
    if order.plan.is_trial { 0 } else { progress.outcome.success }
}

fn stopped(imported: u32) -> String {
    format!("服务正在关闭，已导入 {imported} 行 / the server is shutting down, {imported} rows were imported")
}

fn cancelled(imported: u32) -> String {
    format!("已取消，已导入 {imported} 行 / cancelled, {imported} rows were imported")
}

/// Imports nothing, and tells why: of each row, where a workbook of them is wanted.
async fn leave_out(
    cx: &Cx<'_>,
    file: &File,
    checked: Checked,
    order: &Order,
    progress: &mut Progress,
) -> Result<End, Error> {
    let message = message(&checked.faults);
    if !order.wants_book {
        progress.outcome.failed = checked.rows;
        progress.outcome.mistakes = checked.faults;
        return Ok(End::Early(message));
    }
    let mut batches = Batches::read(cx, file, order.sheet.as_deref())?;
    while let Some(batch) = batches.next().await.map_err(|error| Error::internal(&error))? {
        for row in batch.iter().filter(|row| row.number > checked.titles.number) {
            let fault = checked.columns.fault(cx, row).unwrap_or_else(|| NOT_TAKEN.to_owned());
            progress.fail(below(&checked.titles, row), row, fault).await;
        }
        if cx.backend.jobs.are_stopping() {
            break;
        }
    }
    Ok(End::Early(message))
}

/// What the first reading of a workbook has shown.
struct Checked {
    titles: Row,
    columns: Box<dyn Columns>,
    rows: u32,
    /// What cannot be understood: the first, up to [`TOLD`].
    faults: Vec<(u32, String)>,
    /// How the table was read.
    notes: Vec<String>,
}

impl Checked {
    fn below(titles: Row, columns: Box<dyn Columns>) -> Self {
        Self { titles, columns, rows: 0, faults: Vec::new(), notes: Vec::new() }
    }
}

/// Returns what a workbook holds; or why it cannot be read at all.
async fn check(cx: &Cx<'_>, file: &File, order: &Order) -> Result<Result<Checked, String>, Error> {
    let mut checked: Option<Checked> = None;
    let (mut told, mut above, mut wrong) = (0, order.layout.above(), None);
    let mut batches = Batches::read(cx, file, order.sheet.as_deref())?;
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
        for mut row in batch {
            let Some(checked) = &mut checked else {
                progress::drop_reasons(&mut row);
                match order.layout.columns(cx, &row) {
                    Ok(columns) => checked = Some(Checked::below(row, columns)),
                    // What is wrong with the first row is told, if no other has the titles either.
                    Err(message) if above == 0 => return Ok(Err(wrong.unwrap_or(message))),
                    Err(message) => {
                        above -= 1;
                        wrong.get_or_insert(message);
                    }
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
    if let Some(checked) = &mut checked {
        checked.notes = batches.notes();
    }
    let nothing = || "没有传入导入数据 / there is nothing in the workbook".to_owned();
    Ok(checked.ok_or_else(|| wrong.unwrap_or_else(nothing)))
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

/// Writes the customers of these rows. Returns why not all of them, if that is so.
async fn write(
    cx: &Cx<'_>,
    checked: &Checked,
    batch: Vec<Row>,
    (plan, carried): (Plan, &mut Carried),
    job: &str,
    progress: &mut Progress,
) -> Option<Ended> {
    let records = batch.iter().map(|row| checked.columns.record(cx, row)).collect();
    let Results { of_records, ended } = customer::write_all(cx, records, plan, carried, job).await;
    for (row, result) in batch.iter().zip(of_records) {
        let number = below(&checked.titles, row);
        match result {
            Ok(done) => progress.count(number, done),
            Err(error) => {
                let error = if cx.rights().masks() { error.masked() } else { error };
                progress.fail(number, row, checked.columns.explain(&error)).await;
            }
        }
    }
    ended
}
