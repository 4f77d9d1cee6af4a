//! The way over the rows of a table, whatever it is stored in.

use super::cells::Cells;
use super::delimited::Lines;
use super::opendocument::Table;
use super::rows::Row;
use super::{Limits, Notes, ReadError};

/// What a table is stored in.
pub(super) enum Walk<'a> {
    Workbook(Cells<'a>),
    OpenDocument(Table<'a>),
    Delimited(Box<Lines>),
}

/// Walks over the rows.
pub struct Rows<'a> {
    walk: Walk<'a>,
    limits: Limits,
    notes: &'a mut Notes,
    found: u32,
    is_finished: bool,
    /// Bytes of text that may still be read: cells can share one text.
    left: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(walk: Walk<'a>, limits: Limits, notes: &'a mut Notes) -> Self {
        Self { walk, limits, notes, found: 0, is_finished: false, left: limits.unpacked }
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            let row = match &mut self.walk {
                Walk::Workbook(cells) => cells.next_row(self.notes)?,
                Walk::OpenDocument(table) => table.next_row(self.notes)?,
                Walk::Delimited(lines) => lines.next_row()?,
            };
            let Some(row) = row else { return Ok(None) };
            if row.cells.iter().all(Option::is_none) {
                continue;
            }
            self.left = self.left.checked_sub(row.bytes() as u64).ok_or(ReadError::TooLarge(self.limits.unpacked))?;
            self.found += 1;
            // The titles are one of them.
            if self.found > self.limits.rows.saturating_add(1) {
                return Err(ReadError::TooManyRows(self.limits.rows));
            }
            self.notes.hidden_rows += u32::from(row.is_hidden);
            return Ok(Some(row));
        }
    }
}

/// Ends with the first mistake; after its end, there is nothing more.
impl Iterator for Rows<'_> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_finished {
            return None;
        }
        let row = self.next_row().transpose();
        self.is_finished = !matches!(row, Some(Ok(_)));
        row
    }
}
