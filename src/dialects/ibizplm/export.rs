//! Workbooks out: the template of an import, and lists.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;

use super::columns::TEMPLATE;
use super::customer::CustomerBody;
use super::edit::target;
use super::fetch::{List, Window};
use super::import::tag;
use super::input::Given;
use super::shapes::{Exported, Filters, Tagged};
use crate::domain::masking::mask_text;
use crate::domain::plm::{GRADES, INDUSTRIES, label_of};
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::access::tries::Tried;
use crate::ops::customer::table;
use crate::ops::files::generated::{self, Book, Out, Outgoing, Pieces};
use crate::ops::systems::plm::{self, Grant};
use crate::ops::{Backend, Caller, Cx};
use crate::sheets::XLSX;
use crate::sheets::template::{Column, template};
use crate::store::plm::PlmSearch;

/// The workbook that an import takes.
struct Template;

impl Outgoing for Template {
    fn name(&self) -> String {
        "数据导入模板.xlsx".to_owned()
    }

    fn content_type(&self) -> &'static str {
        XLSX
    }

    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>> {
        Box::pin(async move {
            let column = |field: super::columns::Field| Column {
                title: field.caption().to_owned(),
                choices: field.list().map_or_else(Vec::new, |(_, list)| list.iter().map(|(_, label)| *label).collect()),
            };
            let mut columns = TEMPLATE.map(column).to_vec();
            let catalogue = backend.context(&caller).await?.catalogue;
            // Without them, no row would be a customer.
            let required = table::custom_columns(&catalogue).into_iter().filter(|(field, _)| field.required);
            columns.extend(required.map(|(_, title)| Column { title, choices: Vec::new() }));
            let made = tokio::task::spawn_blocking(move || template("客户", &columns)).await;
            let file = made.map_err(|cause| Error::internal(&cause))?.map_err(|cause| Error::internal(&cause))?;
            Ok(generated::pieces(|out| async move { out.send_file(file).await }))
        })
    }
}

pub async fn import_template(cx: &Cx<'_>, request: Given<Tagged>) -> Result<Arc<dyn Outgoing>, Error> {
    plm::allow(cx, request.product().as_deref(), Some(Grant::Create), None).await?;
    tag(request.text("srfimporttag"))?;
    Ok(Arc::new(Template))
}

/// The most customers of one file: what a worksheet holds.
const MOST: i64 = 1_000_000;
/// Customers that are read at a time.
const PAGE: usize = 500;
/// The tag of the export that there is.
const TAG: &str = "export_customer";

const TITLES: [&str; 8] = ["客户名称", "规模", "等级", "行业", "类别", "负责人", "已完成工单数", "工单总数"];

/// A list as a workbook.
struct Customers {
    search: PlmSearch,
    size: i64,
    offset: i64,
    tried: Tried,
}

impl Outgoing for Customers {
    fn name(&self) -> String {
        "数据导出.xlsx".to_owned()
    }

    fn content_type(&self) -> &'static str {
        XLSX
    }

    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>> {
        Box::pin(async move {
            backend.context(&caller).await?.require_export()?;
            Ok(generated::pieces(|out| async move { self.write(&backend, &caller, &out).await }))
        })
    }
}

impl Customers {
    async fn write(&self, backend: &Backend, caller: &Caller, out: &Out) -> Result<(), Error> {
        let cx = backend.context(caller).await?;
        let numbers = plm::numbers(&cx, self.search.clone(), self.size, self.offset, &self.tried).await?;
        let book = Book::begin(TITLES.map(str::to_owned).to_vec());
        for page in numbers.chunks(PAGE) {
            let entries = plm::entries_of(&cx, page).await?;
            let rows = entries.into_iter().map(|entry| cells(&cx, CustomerBody::of(&cx, entry))).collect();
            if out.is_closed() || !book.rows(rows).await {
                break;
            }
        }
        out.send_file(book.finish().await?).await
    }
}

/// The cells of a customer, in the order of the titles.
fn cells(cx: &Cx<'_>, body: CustomerBody) -> Vec<String> {
    let label = |list, value: Option<String>| {
        let value = value.unwrap_or_default();
        label_of(list, &value).map_or(value, str::to_owned)
    };
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells = [
        body.name.unwrap_or_default(),
        number(body.scale),
        label(&GRADES, body.grade_id),
        label(&INDUSTRIES, body.industry_id),
        body.categories_name.unwrap_or_default(),
        body.assignee_name.unwrap_or_default(),
        number(body.ticket_finish),
        number(body.ticket_total),
    ];
    let masks = cx.rights().masks();
    cells.into_iter().map(|cell| if masks { mask_text(&cell).into_owned() } else { cell }).collect()
}

pub async fn export(cx: &Cx<'_>, request: Given<Exported>) -> Result<Arc<dyn Outgoing>, Error> {
    cx.require_export()?;
    let name = request.text("srfexportdataset").or_else(|| request.text("param")).unwrap_or_default();
    let list = List::parse(&name).ok_or(Error::NotFound)?;
    let export_tag = request.text("srfexporttag").filter(|tag| !tag.trim().is_empty());
    if let Some(other) = export_tag.filter(|tag| !tag.trim().eq_ignore_ascii_case(TAG)) {
        return Err(Error::parameter(format!(
            "无法获取实体导出[{other:.60}]运行时对象 / there is no such export, only {TAG}"
        )));
    }
    let key = request.text("key");
    let filters: Given<Filters> = request.of();
    let mut search = list.search(cx, &filters).await?;
    if let Some(key) = key {
        let entry = target(cx, filters.product().as_deref(), Some(Grant::Read), &key).await?;
        search.among.push(vec![entry.customer.id]);
    }
    let Window { size, offset, .. } = Window::of(&filters, MOST, MOST)?;
    let tried = plm::may_ask(cx, &search)?;
    audit::note(cx, audit::Kind::Export, &json!({ "format": "xlsx", "list": name })).await?;
    Ok(Arc::new(Customers { search, size, offset, tried }))
}
