//! Customers out of workbooks, at once or in the background.

use std::collections::BTreeMap;
use std::sync::Arc;

use md5::{Digest, Md5};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::columns::{Field, Meaning, Titles};
use super::input::Given;
use super::shapes::{
    AsyncAction, AsyncKey, ErrorFile, FileKey, ImportFile, ImportResult, ImportSchema, Mistake, SchemaShown, Uploaded,
};
use crate::dialects::Headers;
use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::Plan;
use crate::ops::customer::import::{self, BOOK, Order, Outcome, Right, Source};
use crate::ops::files::generated::Outgoing;
use crate::ops::files::jobs::{self, Job};
use crate::ops::files::uploads;
use crate::ops::systems::plm::{self, Grant};
use crate::store::rows::ActionRow;

/// The import that there is.
pub const TAG: &str = "import_customer";
/// The entity that is imported.
const ENTITY: &str = "CUSTOMER";
/// The mistakes that the result of a job tells.
const IN_RESULT: usize = 50;
/// Header definitions of a company, and columns of one.
const MOST_SCHEMAS: i64 = 1000;
const MOST_COLUMNS: usize = 100;

/// The rows that were not imported, by number, with why.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Mistakes {
    rows: BTreeMap<u32, String>,
    #[serde(skip)]
    headers: Headers,
}

impl Mistakes {
    /// What the headers tell.
    pub const HEADERS: &[(&str, &str)] = FIGURES;

    pub fn headers(&mut self) -> Headers {
        std::mem::take(&mut self.headers)
    }
}

pub async fn import(cx: &Cx<'_>, request: Given<ImportFile>) -> Result<Mistakes, Error> {
    let (job, outcome) = carry_out(cx, &request, false).await?;
    if let Some(message) = outcome.message {
        return Err(Error::parameter(message));
    }
    let headers = figures(&job, &outcome);
    Ok(Mistakes { rows: outcome.mistakes.into_iter().collect(), headers })
}

pub async fn import_with_book(cx: &Cx<'_>, request: Given<ImportFile>) -> Result<Arc<dyn Outgoing>, Error> {
    let (job, outcome) = carry_out(cx, &request, true).await?;
    let headers = figures(&job, &outcome);
    match (outcome.file, outcome.message) {
        (Some(id), _) => Ok(Arc::new(uploads::Kept { id, name: BOOK.to_owned(), headers })),
        (None, message) => Err(Error::parameter(message.unwrap_or_default())),
    }
}

/// Headers of imports, with what they tell.
const FIGURES: &[(&str, &str)] = &[
    ("x-import-total", "文件中的行数 / the rows of the file"),
    ("x-import-success", "已导入的行数 / those that were imported"),
    ("x-import-failed", "未导入的行数 / those that were not"),
];

fn figures(job: &str, outcome: &Outcome) -> Headers {
    let figures = [outcome.total, outcome.success, outcome.failed].map(|figure| figure.to_string());
    let mut headers: Headers = FIGURES.iter().map(|(name, _)| *name).zip(figures).collect();
    headers.push(("x-asyncaction-id", job.to_owned()));
    headers
}

/// Imports a file and waits for the end.
async fn carry_out(cx: &Cx<'_>, request: &Given<ImportFile>, wants_book: bool) -> Result<(String, Outcome), Error> {
    let job = start(cx, request, wants_book).await?;
    let ended = jobs::outcome(cx, &job).await?;
    let silent = || {
        let done = ended.succeeded;
        Error::parameter(format!("导入中断，已导入 {done} 行 / the import was interrupted, {done} rows were imported"))
    };
    let outcome = ended.result.as_deref().and_then(|result| serde_json::from_str(result).ok());
    Ok((job, outcome.ok_or_else(silent)?))
}

/// Begins an import and returns the id of its job.
async fn start<S>(cx: &Cx<'_>, request: &Given<S>, wants_book: bool) -> Result<String, Error> {
    let product = request.product();
    plm::allow(cx, product.as_deref(), Some(Grant::Create), None).await?;
    // A request that comes again gets the answer of the first: its file may be gone.
    if let Some(id) = jobs::entered(cx).await? {
        return Ok(id);
    }
    let tag = tag(request.text("srfimporttag"))?;
    if let Some(product) = &product
        && plm::product_name(cx, product).await?.is_none()
    {
        return Err(Error::parameter(format!("没有产品 {product} / there is no such product")));
    }
    let file = request.text("srfossfileid").ok_or_else(|| Error::parameter("没有传入导入数据 / no file came along"))?;
    uploads::named(cx, &file).await?;
    let own = match request.text("srfimportschemaid") {
        Some(id) => Some(schema(cx, &id).await?),
        None => None,
    };
    let name = format!("[客户]数据导入作业[{tag}]");
    let job = Job { name: &name, kind: "DEIMPORTDATA2", subject: ENTITY, tag: &tag };
    let layout = Arc::new(Titles { product: product.clone(), own });
    let order = Order {
        source: Source::Uploaded(file),
        sheet: None,
        layout,
        right: Right::Plm(product),
        plan: Plan::default(),
        wants_book,
    };
    import::begin(cx, &job, order).await
}

/// Returns the tag of an import, if there is such a one.
pub fn tag(given: Option<String>) -> Result<String, Error> {
    match given.map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()) {
        None => Ok(TAG.to_owned()),
        Some(tag) if tag.eq_ignore_ascii_case(TAG) => Ok(TAG.to_owned()),
        Some(tag) => Err(Error::parameter(format!(
            "无法获取实体导入[{tag:.60}]运行时对象 / there is no such import, only {TAG}"
        ))),
    }
}

async fn schema(cx: &Cx<'_>, id: &str) -> Result<BTreeMap<String, Meaning>, Error> {
    let missing = || Error::parameter(format!("无法获取表头定义[{id:.64}] / there is no such header definition"));
    let found = cx.scope.import_schema(id).await?;
    let columns: BTreeMap<String, String> =
        serde_json::from_str(&found.ok_or_else(missing)?.value).map_err(|cause| Error::internal(&cause))?;
    columns.into_iter().map(|(title, name)| Ok((title, meaning(cx, &name)?))).collect()
}

fn meaning(cx: &Cx<'_>, name: &str) -> Result<Meaning, Error> {
    Meaning::named(name, &cx.catalogue).ok_or_else(|| {
        let known = Field::ALL.map(Field::name).join(", ");
        Error::parameter(format!(
            "columns: 没有字段 {name:.60}，可用：{known}，或自定义字段的名称 / there is no such field; these are: {known}, or \
             the name of a custom field"
        ))
    })
}

pub async fn put_schema(cx: &Cx<'_>, request: Given<ImportSchema>) -> Result<SchemaShown, Error> {
    plm::allow_to_prepare(cx).await?;
    let wrong = || {
        Error::parameter(format!(
            "columns: 应为对象，如 {{\"单位名称\":\"name\",\"3\":\"phone\"}}，最多 {MOST_COLUMNS} 列 / expected an object \
             of titles or numbers of columns with fields, at most {MOST_COLUMNS}"
        ))
    };
    let given = request.members.get("columns").and_then(Value::as_object).ok_or_else(wrong)?;
    if given.is_empty() || given.len() > MOST_COLUMNS {
        return Err(wrong());
    }
    let (mut columns, mut meanings) = (BTreeMap::new(), Vec::new());
    for (title, name) in given {
        if title.trim().is_empty() || title.chars().count() > 255 {
            return Err(wrong());
        }
        let name = name.as_str().ok_or_else(wrong)?.trim();
        let meaning = meaning(cx, name)?;
        if meanings.contains(&meaning) {
            return Err(Error::parameter(format!("columns: {name} 出现两次 / stands twice")));
        }
        meanings.push(meaning);
        columns.insert(title.clone(), name.to_owned());
    }
    if !meanings.contains(&Meaning::Field(Field::Name)) {
        return Err(Error::parameter("columns: 缺少 name / name is missing"));
    }
    let stored = serde_json::to_string(&columns).map_err(|cause| Error::internal(&cause))?;
    // The same definition has the same id, however often it is sent.
    let id = hex::encode(Md5::digest(&stored));
    let name: String = request.text("name").unwrap_or_default().chars().take(255).collect();
    let mut tx = cx.scope.write().await?;
    // Beyond the limit, those that were sent longest ago are forgotten.
    tx.forget_import_schemas(MOST_SCHEMAS - 1).await?;
    tx.put_import_schema(&id, &name, &stored, cx.now, cx.caller.login_no()).await?;
    tx.commit().await?;
    Ok(SchemaShown { id, name, columns })
}

pub async fn put_file(cx: &Cx<'_>, request: Given<FileKey>) -> Result<Uploaded, Error> {
    plm::allow_to_prepare(cx).await?;
    let id = request.text("srfossfileid").ok_or_else(|| Error::parameter("没有传入文件 / no file came along"))?;
    let file = uploads::named(cx, &id).await?;
    let until = file.created_at.saturating_add(uploads::KEPT * SECOND);
    Ok(Uploaded {
        id: file.id,
        name: file.name,
        size: file.bytes,
        expires: times::to_second(until, &cx.catalogue.company.time_zone),
    })
}

pub async fn get_file(cx: &Cx<'_>, request: Given<FileKey>) -> Result<Arc<dyn Outgoing>, Error> {
    let id = request.text("srfossfileid").ok_or(Error::NotFound)?;
    let file = uploads::find(cx, &id).await?.ok_or(Error::NotFound)?;
    Ok(Arc::new(uploads::Kept { id: file.id, name: file.name, headers: Vec::new() }))
}

pub async fn import_in_background(cx: &Cx<'_>, request: Given<ImportFile>) -> Result<AsyncAction, Error> {
    let job = start(cx, &request, true).await?;
    Ok(show(cx, jobs::find(cx, &job).await?))
}

pub async fn async_action(cx: &Cx<'_>, request: Given<AsyncKey>) -> Result<AsyncAction, Error> {
    let id = request.text("asyncactionid").ok_or(Error::NotFound)?;
    Ok(show(cx, jobs::find(cx, &id).await?))
}

fn show(cx: &Cx<'_>, job: ActionRow) -> AsyncAction {
    let zone = &cx.catalogue.company.time_zone;
    let outcome: Option<Outcome> = job.result.as_deref().and_then(|result| serde_json::from_str(result).ok());
    let rate = match job.state {
        jobs::DONE => 100,
        _ if job.total > 0 => job.done.saturating_mul(100) / job.total,
        _ => 0,
    };
    AsyncAction {
        actiontype: job.kind,
        srfdcid: Some(cx.caller.company.to_string()),
        fulltopictag: None,
        // Those of being cancelled are parts of being at work and of having failed.
        actionstate: job.state / 10 * 10,
        dcsystemid: None,
        createdate: Some(times::to_second(job.created_at, zone)),
        createman: Some(job.created_by.clone()),
        updatedate: Some(times::to_second(job.updated_at, zone)),
        updateman: Some(job.created_by),
        asyncacitonid: job.id,
        asyncacitonname: job.name,
        actionparam: Some(job.subject),
        actionparam2: Some(job.tag),
        completionrate: rate,
        stepinfo: format!("{}/{} 行，成功 {} / rows done, {2} imported", job.done, job.total, job.succeeded),
        actionresult: outcome.map(ImportResult::from),
    }
}

impl From<Outcome> for ImportResult {
    fn from(outcome: Outcome) -> Self {
        let mistakes = outcome.mistakes.into_iter().take(IN_RESULT);
        Self {
            total: outcome.total,
            success: outcome.success,
            failed: outcome.failed,
            errorinfo: mistakes.map(|(row, message)| Mistake { row, message }).collect(),
            message: outcome.message,
            errorfile: outcome.file.filter(|_| outcome.failed > 0).map(|id| ErrorFile { id, name: BOOK.to_owned() }),
        }
    }
}
