//! The rows of a table, whatever it is stored in.

use super::cells::Cells;
use super::delimited::Lines;
use super::formats::Unshown;
use super::opendocument::Table;
use super::{LONGEST_ROW, Limits, MOST_COLUMNS, Notes, ReadError};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// What it shows; a number without commas between its thousands, a date as `2017-05-03`.
    Text(String),
    /// Something that is only worked out when the workbook is opened: nothing is stored of it.
    Formula,
    /// A mark such as `#N/A`, or why what it shows cannot be told.
    Fault(String),
}

impl Cell {
    /// Returns a cell of this text; one that holds only blanks is empty.
    pub(super) fn text(text: String) -> Option<Self> {
        (!text.trim().is_empty()).then_some(Self::Text(text))
    }

    /// Returns a cell of what a number shows, or of why that cannot be told.
    pub(super) fn shown(stored: &str, shown: Result<String, Unshown>) -> Option<Self> {
        match shown {
            Ok(text) => Self::text(text),
            Err(unshown) => {
                let stored: String = stored.chars().take(40).collect();
                Some(Self::Fault(format!("{stored}：{}", unshown.why())))
            }
        }
    }
}

/// A row that has something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As the worksheet counts, from 1.
    pub number: u32,
    /// By column; shorter than others when the last ones are empty.
    pub cells: Vec<Option<Cell>>,
    /// Whether somebody has hidden it, by hand or by a filter.
    pub is_hidden: bool,
}

impl Row {
    /// How much text it holds, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells.iter().flatten().map(bytes).sum()
    }

    /// Returns what a column holds; none for an empty cell.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&Cell> {
        self.cells.get(column)?.as_ref()
    }
}

fn bytes(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) | Cell::Fault(text) => text.len(),
        Cell::Formula => 0,
    }
}

/// The cells of a row as they come.
pub(super) struct Gathered {
    row: u32,
    pub cells: Vec<Option<Cell>>,
    bytes: usize,
}

impl Gathered {
    pub fn new(row: u32) -> Self {
        Self { row, cells: Vec::new(), bytes: 0 }
    }

    /// Puts a cell into its column; an empty one takes no room.
    pub fn put(&mut self, column: usize, cell: Option<Cell>) -> Result<(), ReadError> {
        let Some(cell) = cell else { return Ok(()) };
        if column >= MOST_COLUMNS {
            return Err(ReadError::TooManyColumns);
        }
        self.bytes += bytes(&cell);
        if self.bytes > LONGEST_ROW {
            return Err(ReadError::RowTooLong(self.row));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, None);
        }
        if let Some(place) = self.cells.get_mut(column) {
            *place = Some(cell);
        }
        Ok(())
    }
}

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
