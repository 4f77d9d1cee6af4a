//! Pages to be printed: customers, and a report of them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;

use super::edit::target;
use super::input::Given;
use super::shapes::{Printed, Reported};
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::files::generated::{self, Outgoing, Pieces};
use crate::ops::systems::plm::report;
use crate::ops::systems::plm::{self, Grant};
use crate::ops::{Backend, Caller, Cx};
use crate::print::{Format, MOST_SHEETS};

/// The tags of the print and of the report that there are.
const PRINT: &str = "print_customer";
const REPORT: &str = "report_customer";

/// What is printed.
enum What {
    Customers(Vec<String>),
    Report,
}

/// Pages, made when they are fetched.
struct Pages {
    what: What,
    product: Option<String>,
    format: Format,
}

impl Outgoing for Pages {
    fn name(&self) -> String {
        let name = match self.what {
            What::Customers(_) => "客户",
            What::Report => "客户报表",
        };
        format!("{name}.{}", self.format.ending())
    }

    fn content_type(&self) -> &'static str {
        self.format.content_type()
    }

    fn begin(self: Arc<Self>, backend: Arc<Backend>, caller: Caller) -> BoxFuture<'static, Result<Pieces, Error>> {
        Box::pin(async move {
            let cx = backend.context(&caller).await?;
            let product = self.product.as_deref();
            let sheets = match &self.what {
                What::Customers(keys) => {
                    allow(&cx, keys, self.format)?;
                    let mut entries = Vec::with_capacity(keys.len());
                    for key in keys {
                        entries.push(target(&cx, product, Some(Grant::Read), key).await?);
                    }
                    report::print(&cx, entries).await?
                }
                What::Report => {
                    plm::allow(&cx, product, Some(Grant::Read), None).await?;
                    vec![report::report(&cx, product).await?]
                }
            };
            let file = report::file(&cx, sheets, self.format).await?;
            Ok(generated::pieces(|out| async move {
                out.send(file).await;
                Ok(())
            }))
        })
    }
}

pub async fn print(cx: &Cx<'_>, request: Given<Printed>) -> Result<Arc<dyn Outgoing>, Error> {
    let product = request.product();
    let keys = request.keys()?;
    let format = format(request.text("srfcontenttype"))?;
    if keys.len() > MOST_SHEETS {
        return Err(Error::parameter(format!("key: 最多 {MOST_SHEETS} 个 / at most {MOST_SHEETS}")));
    }
    allow(cx, &keys, format)?;
    for key in &keys {
        target(cx, product.as_deref(), Some(Grant::Read), key).await?;
    }
    check_tag("打印", request.text("srfprinttag"), PRINT)?;
    audit::note(cx, audit::Kind::Export, &json!({ "format": format.ending(), "keys": keys.len() })).await?;
    Ok(Arc::new(Pages { what: What::Customers(keys), product, format }))
}

/// A page of one customer is for the desk; of more, or as a table, they leave the house like an export.
fn allow(cx: &Cx<'_>, keys: &[String], format: Format) -> Result<(), Error> {
    if keys.len() > 1 || format == Format::Xlsx { cx.require_export() } else { Ok(()) }
}

pub async fn report(cx: &Cx<'_>, request: Given<Reported>) -> Result<Arc<dyn Outgoing>, Error> {
    let product = request.product();
    plm::allow(cx, product.as_deref(), Some(Grant::Read), None).await?;
    check_tag("报表", request.text("srfreporttag"), REPORT)?;
    let format = format(request.text("srfcontenttype"))?;
    Ok(Arc::new(Pages { what: What::Report, product, format }))
}

fn check_tag(what: &str, given: Option<String>, known: &str) -> Result<(), Error> {
    match given.as_deref().map(str::trim) {
        None | Some("") => Ok(()),
        Some(tag) if tag.eq_ignore_ascii_case(known) => Ok(()),
        Some(tag) => Err(Error::parameter(format!(
            "无法获取实体{what}[{tag:.60}]运行时对象，只有 {known} / there is no such thing, only {known}"
        ))),
    }
}

fn format(given: Option<String>) -> Result<Format, Error> {
    match given.as_deref().map(str::trim) {
        None | Some("") => Ok(Format::Pdf),
        Some(name) => Format::parse(name)
            .ok_or_else(|| Error::parameter("srfcontenttype: 应为 PDF、HTML 或 EXCEL / expected PDF, HTML or EXCEL")),
    }
}
