//! `export_customers`: all customers that a search finds, as a file.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;

use super::customer::CustomerBody;
use super::find::{FilterInput, query_text};
use crate::domain::catalogue::Catalogue;
use crate::domain::filter::ListFilter;
use crate::domain::masking::{mask_json, mask_text};
use crate::error::Error;
use crate::ops::access::rights::Shown;
use crate::ops::customer::export::{self, Export, Format, Walk};
use crate::ops::customer::{find, table};
use crate::ops::files::generated::{self, Book, Out, Outgoing, PIECE, Pieces};
use crate::ops::{Backend, Caller, Cx};
use crate::protocol::lenient::Scalar;
use crate::sheets::Csv;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ExportCustomers<'a> {
    /// As in `list_customers`.
    #[serde(borrow, default)]
    #[schemars(with = "Option<FilterInput>")]
    filters: Option<ListFilter<'a>>,
    /// As in `list_customers`.
    #[serde(borrow, default)]
    query: Option<Scalar<'a>>,
    /// xlsx (default), csv or jsonl.
    #[serde(borrow, default)]
    format: Option<Scalar<'a>>,
}

pub async fn export_customers(cx: &Cx<'_>, request: ExportCustomers<'_>) -> Result<Arc<dyn Outgoing>, Error> {
    cx.require_export()?;
    let format = match request.format.as_ref().filter(|format| !format.is_empty()) {
        None => Format::Xlsx,
        Some(format) => format
            .text()
            .and_then(|name| Format::parse(&name))
            .ok_or_else(|| Error::one_of("format", &["xlsx", "csv", "jsonl"]))?,
    };
    let search =
        find::search(cx, &request.filters.unwrap_or_default(), query_text(request.query.as_ref())?.as_deref())?;
    Ok(file(export::begin(cx, search, format).await?))
}

/// Returns the file of an export.
#[must_use]
pub fn file(export: Export) -> Arc<dyn Outgoing> {
    Arc::new(CustomersFile(export))
}

/// The file of an export.
struct CustomersFile(Export);

impl Outgoing for CustomersFile {
    fn name(&self) -> String {
        format!("customers.{}", self.0.format.name())
    }

    fn content_type(&self) -> &'static str {
        self.0.format.content_type()
    }

    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>> {
        Box::pin(async move {
            backend.context(&caller).await?.require_export()?;
            let export = self.0.clone();
            Ok(generated::pieces(|out| async move { write(&backend, &caller, export, &out).await }))
        })
    }
}

async fn write(backend: &Backend, caller: &Caller, export: Export, out: &Out) -> Result<(), Error> {
    let cx = backend.context(caller).await?;
    let printer = Printer { catalogue: cx.catalogue.clone(), masks: cx.rights().masks() };
    let format = export.format;
    let walk = Walk::new(cx, export)?;
    match format {
        Format::Csv => write_csv(walk, &printer, out).await,
        Format::Jsonl => write_jsonl(walk, &printer, out).await,
        Format::Xlsx => write_xlsx(walk, &printer, out).await,
    }
}

/// How customers become lines of a file.
struct Printer {
    catalogue: Arc<Catalogue>,
    /// Whether numbers are masked that stand in texts.
    masks: bool,
}

impl Printer {
    fn titles(&self) -> Vec<String> {
        let mut titles = table::cells::titles(&self.catalogue);
        if self.masks {
            // Fields of one's own may be called by a number.
            for title in &mut titles {
                *title = mask_text(title).into_owned();
            }
        }
        titles
    }

    /// The cells of a customer, in the order of the titles.
    fn cells(&self, row: &Shown) -> Result<Vec<String>, Error> {
        let mut cells = table::cells::cells(row, &self.catalogue).map_err(|cause| Error::internal(&cause))?;
        if self.masks {
            for cell in &mut cells {
                *cell = mask_text(cell).into_owned();
            }
        }
        Ok(cells)
    }

    /// Appends a customer as a line of JSON.
    fn line(&self, row: &Shown, out: &mut Vec<u8>) -> Result<(), Error> {
        let fault = |cause: serde_json::Error| Error::internal(&cause);
        let body = CustomerBody::new(row, &self.catalogue).map_err(fault)?;
        if self.masks {
            out.extend_from_slice(mask_json(&serde_json::to_string(&body).map_err(fault)?).as_bytes());
        } else {
            serde_json::to_writer(&mut *out, &body).map_err(fault)?;
        }
        out.push(b'\n');
        Ok(())
    }
}

async fn write_csv(mut walk: Walk<'_>, printer: &Printer, out: &Out) -> Result<(), Error> {
    let titles = printer.titles();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut piece = Csv::head(&titles).map_err(|cause| Error::internal(&cause))?;
    loop {
        if !out.send(piece).await {
            return Ok(());
        }
        let rows = walk.next().await?;
        if rows.is_empty() {
            return Ok(());
        }
        let rows = rows.iter().map(|row| printer.cells(row)).collect::<Result<Vec<_>, _>>()?;
        piece = Csv::rows(rows.iter().map(|row| row.iter().map(String::as_str)))
            .map_err(|cause| Error::internal(&cause))?;
    }
}

async fn write_jsonl(mut walk: Walk<'_>, printer: &Printer, out: &Out) -> Result<(), Error> {
    loop {
        let rows = walk.next().await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut piece = Vec::with_capacity(PIECE);
        for row in &rows {
            printer.line(row, &mut piece)?;
        }
        if !out.send(piece).await {
            return Ok(());
        }
    }
}

async fn write_xlsx(mut walk: Walk<'_>, printer: &Printer, out: &Out) -> Result<(), Error> {
    let book = Book::begin(printer.titles());
    loop {
        let rows = walk.next().await?;
        let rows = rows.iter().map(|row| printer.cells(row)).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() || out.is_closed() || !book.rows(rows).await {
            break;
        }
    }
    out.send_file(book.finish().await?).await
}
