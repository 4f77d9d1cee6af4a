//! What an import has come to so far, and the workbook of the rows that failed.

use crate::error::Error;
use crate::ops::customer::Done;
use crate::ops::customer::import::BOOK;
use crate::ops::customer::import::outcome::{Outcome, TOLD};
use crate::ops::files::generated::Book;
use crate::ops::files::uploads;
use crate::ops::{Backend, Caller};
use crate::sheets::reading::{Cell, Row};

/// The column that tells why a row failed.
const WHY: &str = "错误信息";
/// What is told where the workbook of these rows cannot be kept.
const LOST: &str = "未导入的行没能保存成文件 / the rows that failed could not be kept as a file";
/// The longest text of a cell that is sent back, characters.
const LONGEST_ECHO: usize = 2000;

/// Drops the column of reasons: the workbook of failed rows is imported again when it has been mended.
pub fn drop_reasons(titles: &mut Row) {
    let is_why = |cell: &Option<Cell>| matches!(cell, Some(Cell::Text(title)) if title.trim() == WHY);
    titles.cells.pop_if(|cell| is_why(cell));
}

/// How far an import is.
#[derive(Default)]
pub struct Progress {
    pub outcome: Outcome,
    book: Option<Echo>,
    /// Bytes of the mistakes so far.
    told: usize,
}

/// The rows that failed, as they came.
struct Echo {
    book: Book,
    width: usize,
    /// Bytes that may still be written: what was unpacked from a small file can be very much.
    left: u64,
    /// Rows for which there was no room.
    omitted: u32,
}

impl Progress {
    /// Begins the workbook of failed rows; it holds at most so many bytes of text.
    pub fn begin_book(&mut self, titles: &Row, most: u64) {
        let width = titles.cells.len();
        let titles = texts(titles, width).chain([WHY.to_owned()]).collect();
        self.book = Some(Echo { book: Book::begin(titles), width, left: most, omitted: 0 });
    }

    /// Counts a row that did not fail; `number` is its own, from 1 below the titles.
    pub fn count(&mut self, number: u32, done: Done) {
        self.outcome.count(number, done);
    }

    /// Counts a row that failed; `number` is its own, from 1 below the titles.
    pub async fn fail(&mut self, number: u32, row: &Row, mistake: String) {
        self.outcome.fail(number);
        if let Some(echo) = &mut self.book {
            let cells: Vec<String> = texts(row, echo.width).chain([mistake.clone()]).collect();
            let bytes = cells.iter().map(String::len).sum::<usize>() as u64;
            match echo.left.checked_sub(bytes) {
                Some(left) if echo.omitted == 0 => {
                    echo.left = left;
                    // One that cannot be written says so when it is finished.
                    echo.book.rows(vec![cells]).await;
                }
                _ => echo.omitted += 1,
            }
        }
        self.told += mistake.len();
        if self.told <= TOLD {
            self.outcome.mistakes.push((number, mistake));
        }
    }

    /// Returns the outcome, once the workbook is kept. One that cannot be does not undo what was imported.
    pub async fn finish(self, backend: &Backend, caller: &Caller) -> Outcome {
        let Self { mut outcome, book, .. } = self;
        if let Some(echo) = book {
            match keep(backend, caller, echo).await {
                Ok(id) => outcome.file = Some(id),
                Err(error) => {
                    tracing::warn!(%error, "the rows that failed could not be kept");
                    outcome.notes.extend((outcome.failed > 0).then(|| LOST.to_owned()));
                }
            }
        }
        outcome
    }
}

async fn keep(backend: &Backend, caller: &Caller, echo: Echo) -> Result<String, Error> {
    let Echo { book, width, omitted, .. } = echo;
    if omitted > 0 {
        let more = format!("还有 {omitted} 行未列出 / {omitted} more rows are not listed");
        book.rows(vec![(0..width).map(|_| String::new()).chain([more]).collect()]).await;
    }
    uploads::keep(backend, caller, BOOK, book.finish().await?).await
}

fn texts(row: &Row, width: usize) -> impl Iterator<Item = String> {
    (0..width).map(|column| match row.cell(column) {
        Some(Cell::Text(text) | Cell::Fault(text)) => text.chars().take(LONGEST_ECHO).collect(),
        Some(Cell::Formula) | None => String::new(),
    })
}
