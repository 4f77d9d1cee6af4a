//! Walking over all customers that a search finds, page by page.

use serde_json::json;

use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::audit;
use crate::ops::access::rights::Shown;
use crate::ops::access::tries::{self, Tried};
use crate::sheets;
use crate::store::search::Search;

/// What a file of customers holds and how it is written.
#[derive(Debug, Clone)]
pub struct Export {
    search: Search,
    pub format: Format,
    tried: Tried,
}

/// Returns the file of what a search finds, once it is written down who asks for it.
pub async fn begin(cx: &Cx<'_>, search: Search, format: Format) -> Result<Export, Error> {
    cx.require_export()?;
    let tried = tries::search(cx, &search)?;
    audit::note(cx, audit::Kind::Export, &json!({ "format": format.name(), "all": search.is_for_all() })).await?;
    Ok(Export { search, format, tried })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
    Jsonl,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Xlsx, Self::Csv, Self::Jsonl];

    /// The name on the wire, which is the ending of the file, too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name.trim()))
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xlsx => sheets::XLSX,
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/jsonl; charset=utf-8",
        }
    }
}

/// Customers read at a time; what is in memory of an export.
const PAGE: i64 = 500;

/// A walk over the customers that a search finds, by id. It holds nothing open between two pages, so that
/// a slow reader keeps nobody waiting; a customer that is changed meanwhile is written as it is then.
pub struct Walk<'a> {
    cx: Cx<'a>,
    search: Search,
    last: i64,
    _tried: Tried,
}

impl<'a> Walk<'a> {
    /// Begins a walk with the rights that the caller has now, which need not be those of when it was asked for.
    pub fn new(cx: Cx<'a>, export: Export) -> Result<Self, Error> {
        cx.require_export()?;
        let Export { mut search, tried, .. } = export;
        search.within = cx.within();
        Ok(Self { cx, search, last: 0, _tried: tried })
    }

    /// Returns the next customers; none at the end.
    #[expect(clippy::disallowed_methods, reason = "counted when it was asked for")]
    pub async fn next(&mut self) -> Result<Vec<Shown>, Error> {
        let page = self.cx.scope.search_after(&self.search, self.last, PAGE).await?;
        if let Some(last) = page.last() {
            self.last = last.id;
        }
        self.cx.show_all(page)
    }
}
