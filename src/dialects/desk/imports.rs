//! Customers out of tables: upload, import, and what it has come to.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::import::{self, BOOK, Order, Outcome, Right, Source};
use crate::ops::customer::table::Table;
use crate::ops::customer::{MatchBy, Mode, Plan};
use crate::ops::files::generated::Outgoing;
use crate::ops::files::jobs::{self, Job};
use crate::ops::files::uploads;
use crate::protocol::lenient::Scalar;
use crate::store::rows::ActionRow;

/// What such jobs are called.
const TAG: &str = "import_customers";
/// The rows that failed that are told one by one.
const TOLD: usize = 1000;

/// Over HTTP, the part `file` of a form; over the socket, the id of a file that was uploaded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadFile<'a> {
    /// The id of a file that was uploaded; the form's own file over HTTP.
    #[serde(borrow, default)]
    file: Option<Scalar<'a>>,
    /// Set by the server.
    #[serde(borrow, default)]
    #[expect(dead_code, reason = "makes requests with the same file the same")]
    file_digest: Option<Scalar<'a>>,
}

/// A file that is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileUploaded {
    /// Its id, for `import_customers`.
    file: String,
    name: String,
    /// Bytes.
    size: i64,
    /// Until when it is kept, `YYYY-MM-DD HH:mm:ss`.
    expires: String,
}

pub async fn upload_file(cx: &Cx<'_>, request: UploadFile<'_>) -> Result<FileUploaded, Error> {
    let file = uploads::named(cx, &file_id(request.file)?).await?;
    let until = file.created_at.saturating_add(uploads::KEPT * SECOND);
    let expires = times::to_second(until, &cx.catalogue.company.time_zone);
    Ok(FileUploaded { file: file.id, name: file.name, size: file.bytes, expires })
}

fn file_id(file: Option<Scalar<'_>>) -> Result<String, Error> {
    let id = file.as_ref().and_then(Scalar::text).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    id.ok_or_else(|| Error::parameter("file: 没有传入文件 / no file came along"))
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct ImportCustomers<'a>: again {
        /// The id that `upload_file` answers with; over HTTP, the file may come along as the part `file` of a form.
        #[serde(borrow, default)]
        file: Option<Scalar<'a>>,
        /// create (default: all are new, and a number that somebody has is refused), update (those that match are changed, the
        /// others refused), upsert (those that match are changed, the others created) or skip (those that match stay as they
        /// are, the others are created).
        #[serde(borrow, default)]
        mode: Option<Scalar<'a>>,
        /// By what a row matches a customer: idOrPhone (default: by the id or, where nobody has it, by a number), id or phone.
        #[serde(borrow, default)]
        match_by: Option<Scalar<'a>>,
        /// Whether nothing is written, and only told what would become of each row.
        #[serde(borrow, default)]
        dry_run: Option<Scalar<'a>>,
        /// The name of the worksheet; the first one by default.
        #[serde(borrow, default)]
        sheet: Option<Scalar<'a>>,
        /// Set by the server.
        #[serde(borrow, default)]
        #[expect(dead_code, reason = "makes requests with the same file the same")]
        file_digest: Option<Scalar<'a>>,
    }
}

/// How far an import is, and what it has come to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportShown {
    result: ImportBody,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ImportBody {
    /// The id of the import, for `get_import`.
    id: String,
    /// waiting, running, cancelling, done, cancelled or failed (it ended before all rows were looked at; `message` says why).
    state: &'static str,
    /// Rows that were looked at so far, in their order.
    done: i64,
    /// Of these, rows that did not fail.
    succeeded: i64,
    /// Rows of the table, once it was read.
    total: i64,
    /// Once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

/// What an import has come to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Report {
    created: u32,
    updated: u32,
    /// As the table wants them already.
    unchanged: u32,
    skipped: u32,
    failed: u32,
    /// Why not all rows were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What became of each row, as the worksheet counts them: the first 10,000 runs of rows of which the same became.
    rows: Vec<Rows>,
    /// Why rows failed: the first 1,000.
    errors: Vec<RowError>,
    /// Titles of columns that were ignored, as nothing is called so.
    ignored_columns: Vec<String>,
    /// How the table was read, where that may surprise: worksheets that were not, hidden rows that were, merged cells.
    notes: Vec<String>,
    /// Whether there is a workbook of the rows that failed, for `get_import_errors`.
    has_error_file: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Rows {
    from: u32,
    to: u32,
    /// created, updated, unchanged, skipped or failed.
    result: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RowError {
    row: u32,
    message: String,
}

pub async fn import_customers(cx: &Cx<'_>, request: ImportCustomers<'_>) -> Result<ImportShown, Error> {
    let plan = Plan {
        mode: word("mode", request.mode.as_ref(), &Mode::ALL.map(Mode::name), Mode::parse)?,
        by: word("matchBy", request.match_by.as_ref(), &MatchBy::ALL.map(MatchBy::name), MatchBy::parse)?,
        is_trial: flag("dryRun", request.dry_run.as_ref())?,
    };
    let sheet = request.sheet.as_ref().filter(|sheet| !sheet.is_empty());
    let sheet =
        sheet.map(|sheet| sheet.text().ok_or_else(|| Error::expected("sheet", "文本", "a text"))).transpose()?;
    // What comes again is shown what it came to: its file may be gone.
    let id = if let Some(id) = jobs::entered(cx).await? {
        id
    } else {
        let file = file_id(request.file)?;
        let name = uploads::named(cx, &file).await?.name;
        let order = Order {
            source: Source::Uploaded(file),
            sheet: sheet.map(std::borrow::Cow::into_owned),
            layout: Arc::new(Table),
            right: Right::Import,
            plan,
            wants_book: true,
        };
        let job = Job { name: &name, kind: TAG, subject: "CUSTOMER", tag: TAG };
        import::begin(cx, &job, order).await?
    };
    Ok(ImportShown { result: show(jobs::find(cx, &id).await?) })
}

fn word<T: Default>(
    name: &str,
    given: Option<&Scalar<'_>>,
    words: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Error> {
    match given.filter(|given| !given.is_empty()) {
        None => Ok(T::default()),
        Some(given) => given.text().and_then(|text| parse(&text)).ok_or_else(|| Error::one_of(name, words)),
    }
}

fn flag(name: &str, given: Option<&Scalar<'_>>) -> Result<bool, Error> {
    match given {
        None => Ok(false),
        Some(Scalar::Bool(flag)) => Ok(*flag),
        Some(Scalar::Text(text)) if text.trim() == "true" => Ok(true),
        Some(Scalar::Text(text)) if matches!(text.trim(), "false" | "") => Ok(false),
        Some(_) => Err(Error::one_of(name, &["true", "false"])),
    }
}

/// Which import.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct OneImport<'a> {
    /// The `id` that `import_customers` answers with.
    #[serde(borrow)]
    #[schemars(required)]
    id: Option<Scalar<'a>>,
}

async fn find(cx: &Cx<'_>, id: Option<Scalar<'_>>) -> Result<ActionRow, Error> {
    let id = id.as_ref().and_then(Scalar::text).ok_or(Error::NotFound)?;
    let job = jobs::find(cx, &id).await?;
    // Those of other systems are shown there, in their words.
    if job.tag == TAG { Ok(job) } else { Err(Error::NotFound) }
}

pub async fn get_import(cx: &Cx<'_>, request: OneImport<'_>) -> Result<ImportShown, Error> {
    Ok(ImportShown { result: show(find(cx, request.id).await?) })
}

parameters! {
    /// Which import is to end.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct CancelImport<'a>: again {
        /// The `id` that `import_customers` answers with.
        #[serde(borrow)]
        #[schemars(required)]
        id: Option<Scalar<'a>>,
    }
}

pub async fn cancel_import(cx: &Cx<'_>, request: CancelImport<'_>) -> Result<ImportShown, Error> {
    let job = find(cx, request.id).await?;
    import::cancel(cx, &job.id).await?;
    Ok(ImportShown { result: show(jobs::find(cx, &job.id).await?) })
}

pub async fn get_import_errors(cx: &Cx<'_>, request: OneImport<'_>) -> Result<Arc<dyn Outgoing>, Error> {
    let outcome = outcome(&find(cx, request.id).await?);
    let id = outcome.and_then(|outcome| outcome.file).ok_or(Error::NotFound)?;
    uploads::find(cx, &id).await?.ok_or(Error::NotFound)?;
    Ok(Arc::new(uploads::Kept { id, name: BOOK.to_owned(), headers: Vec::new() }))
}

fn outcome(job: &ActionRow) -> Option<Outcome> {
    job.result.as_deref().and_then(|result| serde_json::from_str(result).ok())
}

fn show(job: ActionRow) -> ImportBody {
    let report = outcome(&job).map(Report::from);
    let state = match job.state {
        jobs::WAITING => "waiting",
        jobs::AT_WORK => "running",
        jobs::CANCELLING => "cancelling",
        jobs::DONE => "done",
        jobs::CANCELLED => "cancelled",
        _ => "failed",
    };
    ImportBody { id: job.id, state, done: job.done, succeeded: job.succeeded, total: job.total, report }
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        let Outcome { failed, mistakes, message, file, counts, runs, titles, ignored, notes, .. } = outcome;
        // As the worksheet counts: there people look for them.
        let row = |below: u32| below.saturating_add(titles);
        Self {
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            skipped: counts.skipped,
            failed,
            message,
            rows: runs
                .into_iter()
                .map(|run| Rows { from: row(run.from), to: row(run.to), result: run.result })
                .collect(),
            errors: mistakes
                .into_iter()
                .take(TOLD)
                .map(|(below, message)| RowError { row: row(below), message })
                .collect(),
            ignored_columns: ignored,
            notes,
            has_error_file: failed > 0 && file.is_some(),
        }
    }
}
