//! A row of a table, whatever it is stored in.

use super::formats::Unshown;
use super::{LONGEST_ROW, MOST_COLUMNS, ReadError};

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
