//! The rows of a worksheet.

use quick_xml::events::{BytesStart, Event};

use super::parts::{Xml, attribute, push_text};
use super::strings::{Strings, rich_text, unescape};
use super::{LONGEST_CELL, Limits, MOST_COLUMNS, ReadError, damaged};

/// The rows that a worksheet can hold, as in Excel.
const LAST_ROW: u32 = 1_048_576;

/// The columns that a worksheet can have, as in Excel.
const LAST_COLUMN: usize = 16_384;
/// The most text of a row, bytes.
const LONGEST_ROW: usize = 1 << 20;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Also a number, as a person writes it.
    Text(String),
    /// Something that is only worked out when the workbook is opened: what is stored of it may be old, or nothing.
    Formula,
    /// A mark such as `#N/A`.
    Fault(String),
}

/// A row that has something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As the worksheet counts, from 1.
    pub number: u32,
    /// By column; shorter than others when the last ones are empty.
    pub cells: Vec<Option<Cell>>,
}

impl Row {
    /// How much text it holds, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |cell: &Option<Cell>| match cell {
            Some(Cell::Text(text) | Cell::Fault(text)) => text.len(),
            _ => 0,
        };
        self.cells.iter().map(of).sum()
    }

    /// Returns what a column holds; none for an empty cell.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&Cell> {
        self.cells.get(column)?.as_ref()
    }
}

/// Walks over the rows.
pub struct Rows<'a> {
    xml: Xml<'a>,
    strings: &'a Strings,
    limits: Limits,
    /// The number of the row before.
    last: u32,
    found: u32,
    /// Bytes of text that may still be read: cells can share one text.
    left: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(xml: Xml<'a>, strings: &'a Strings, limits: Limits) -> Self {
        Self { xml, strings, limits, last: 0, found: 0, left: limits.unpacked }
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            let number = match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "row" => attribute(&start, "r")?,
                Event::End(end) if end.local_name().as_ref() == "sheetData" => return Ok(None),
                Event::Eof => return Ok(None),
                _ => continue,
            };
            let number = match number {
                Some(text) => text.parse().map_err(|_| damaged(format!("row {text:.20}")))?,
                None => self.last + 1,
            };
            // In another order, a row could not be told by its number.
            if number <= self.last || number > LAST_ROW {
                return Err(damaged(format!("row {number}")));
            }
            self.last = number;
            let cells = self.cells(number)?;
            if cells.iter().all(Option::is_none) {
                continue;
            }
            self.found += 1;
            // The titles are one of them.
            if self.found > self.limits.rows.saturating_add(1) {
                return Err(ReadError::TooManyRows(self.limits.rows));
            }
            return Ok(Some(Row { number, cells }));
        }
    }

    fn cells(&mut self, row: u32) -> Result<Vec<Option<Cell>>, ReadError> {
        let mut cells: Vec<Option<Cell>> = Vec::new();
        let (mut next, mut bytes) = (0, 0);
        loop {
            let (column, kind) = match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "c" => {
                    (column(&start, next)?, attribute(&start, "t")?.unwrap_or_default())
                }
                Event::End(end) if end.local_name().as_ref() == "row" => return Ok(cells),
                Event::Eof => return Err(damaged("row")),
                _ => continue,
            };
            // The next cell follows this one, also when it is empty.
            next = column + 1;
            let cell = self.cell(&kind, row)?;
            if let Some(Cell::Text(text)) = &cell {
                bytes += text.len();
                self.left =
                    self.left.checked_sub(text.len() as u64).ok_or(ReadError::TooLarge(self.limits.unpacked))?;
            }
            if bytes > LONGEST_ROW {
                return Err(ReadError::RowTooLong(row));
            }
            if cell.is_some() && column >= MOST_COLUMNS {
                return Err(ReadError::TooManyColumns);
            }
            if cell.is_some() {
                if cells.len() <= column {
                    cells.resize(column + 1, None);
                }
                if let Some(place) = cells.get_mut(column) {
                    *place = cell;
                }
            }
        }
    }

    /// Reads up to the end of a cell. One that holds only blanks is empty.
    fn cell(&mut self, kind: &str, row: u32) -> Result<Option<Cell>, ReadError> {
        let (mut value, mut in_value, mut is_formula) = (String::new(), false, false);
        loop {
            if value.len() > 7 * LONGEST_CELL {
                return Err(ReadError::CellTooLong(Some(row)));
            }
            let event = self.xml.next()?;
            match &event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "v" => in_value = true,
                    "f" => is_formula = true,
                    "is" => {
                        drop(event);
                        value = rich_text(&mut self.xml, "is")?.ok_or(ReadError::CellTooLong(Some(row)))?;
                    }
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "v" => in_value = false,
                    "c" => break,
                    _ => {}
                },
                Event::Eof => return Err(damaged("c")),
                piece if in_value => push_text(&mut value, piece)?,
                _ => {}
            }
        }
        if is_formula {
            return Ok(Some(Cell::Formula));
        }
        if kind == "inlineStr" {
            return Ok(text(value));
        }
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        Ok(match kind {
            "s" => {
                let number = value.parse().map_err(|_| damaged(format!("{value:.20}")))?;
                text(self.strings.get(number)?)
            }
            "e" => Some(Cell::Fault(value.chars().take(20).collect())),
            "b" => text(if value == "1" { "TRUE" } else { "FALSE" }.to_owned()),
            "str" => text(unescape(value)),
            _ => text(number(value)),
        })
    }
}

fn text(text: String) -> Option<Cell> {
    (!text.trim().is_empty()).then_some(Cell::Text(text))
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

/// Returns the column of a cell, from 0; the next one where it does not say.
fn column(start: &BytesStart<'_>, next: usize) -> Result<usize, ReadError> {
    let Some(reference) = attribute(start, "r")? else {
        return Ok(next);
    };
    let mut column: usize = 0;
    for letter in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > LAST_COLUMN {
            return Err(ReadError::TooManyColumns);
        }
    }
    column.checked_sub(1).ok_or_else(|| damaged(format!("{reference:.20}")))
}

/// Returns a number as a person writes it: a telephone number is stored as 1.3900000001E10, too.
fn number(text: &str) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match text.parse::<f64>() {
        Ok(number) if text.contains(['E', 'e', '.']) && number.fract() == 0.0 && number.abs() < EXACT => {
            format!("{number:.0}")
        }
        _ => text.to_owned(),
    }
}
