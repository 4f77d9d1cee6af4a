//! The rows of a worksheet in xlsx.

use quick_xml::events::{BytesStart, Event};

use super::formats::{Epoch, Format};
use super::parts::{Xml, attribute, push_text};
use super::rows::{Cell, Gathered, Row};
use super::strings::{Strings, rich_text, unescape};
use super::styles::Styles;
use super::{LAST_ROW, LONGEST_CELL, Notes, ReadError, damaged};

/// The columns that a worksheet can have, as in Excel.
const LAST_COLUMN: usize = 16_384;

/// What a workbook says of all of its cells.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub epoch: Epoch,
    /// Whether the results of formulas are worked out anew when it is opened: those that are stored may be none.
    pub is_recalculated: bool,
}

/// Walks over a worksheet.
pub struct Cells<'a> {
    xml: Xml<'a>,
    strings: &'a Strings,
    styles: &'a Styles,
    settings: Settings,
    /// The number of the row before.
    last: u32,
}

/// What a cell says of itself before what it holds.
struct Head {
    column: usize,
    kind: String,
    style: usize,
}

/// What stands in a cell.
#[derive(Default)]
struct Stored {
    value: String,
    is_formula: bool,
    /// Whether it has a value, be it an empty one.
    has_value: bool,
}

impl<'a> Cells<'a> {
    pub fn new(xml: Xml<'a>, strings: &'a Strings, styles: &'a Styles, settings: Settings) -> Self {
        Self { xml, strings, styles, settings, last: 0 }
    }

    /// Returns the next row, also an empty one.
    pub fn next_row(&mut self, notes: &mut Notes) -> Result<Option<Row>, ReadError> {
        loop {
            let (number, is_hidden) = match self.xml.next()? {
                Event::Start(start) => match start.local_name().as_ref() {
                    "row" => (attribute(&start, "r")?, attribute(&start, "hidden")?),
                    // They stand behind the rows.
                    "mergeCell" => {
                        notes.merged_cells = notes.merged_cells.saturating_add(1);
                        continue;
                    }
                    _ => continue,
                },
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
            let is_hidden = is_hidden.is_some_and(|hidden| hidden == "1" || hidden == "true");
            return Ok(Some(Row { number, cells, is_hidden }));
        }
    }

    fn cells(&mut self, row: u32) -> Result<Vec<Option<Cell>>, ReadError> {
        let (mut gathered, mut next) = (Gathered::new(row), 0);
        loop {
            let head = match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "c" => head(&start, next)?,
                Event::End(end) if end.local_name().as_ref() == "row" => return Ok(gathered.cells),
                Event::Eof => return Err(damaged("row")),
                _ => continue,
            };
            // The next cell follows this one, also when it is empty.
            next = head.column + 1;
            let stored = self.stored(row)?;
            gathered.put(head.column, self.cell(&head, stored)?)?;
        }
    }

    /// Reads up to the end of a cell.
    fn stored(&mut self, row: u32) -> Result<Stored, ReadError> {
        let (mut stored, mut in_value) = (Stored::default(), false);
        loop {
            if stored.value.len() > 7 * LONGEST_CELL {
                return Err(ReadError::CellTooLong(Some(row)));
            }
            let event = self.xml.next()?;
            match &event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "v" => (in_value, stored.has_value) = (true, true),
                    "f" => stored.is_formula = true,
                    "is" => {
                        drop(event);
                        stored.value = rich_text(&mut self.xml, "is")?.ok_or(ReadError::CellTooLong(Some(row)))?;
                    }
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "v" => in_value = false,
                    "c" => return Ok(stored),
                    _ => {}
                },
                Event::Eof => return Err(damaged("c")),
                piece if in_value => push_text(&mut stored.value, piece)?,
                _ => {}
            }
        }
    }

    /// Returns what a cell shows.
    fn cell(&self, head: &Head, stored: Stored) -> Result<Option<Cell>, ReadError> {
        let Stored { value, is_formula, has_value } = stored;
        if is_formula && !self.has_result(&head.kind, &value, has_value) {
            return Ok(Some(Cell::Formula));
        }
        match head.kind.as_str() {
            "inlineStr" => return Ok(Cell::text(value)),
            "str" => return Ok(Cell::text(unescape(&value))),
            _ => {}
        }
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        let format = self.styles.format(head.style);
        Ok(match head.kind.as_str() {
            "s" => {
                let number = value.parse().map_err(|_| damaged(format!("{value:.20}")))?;
                Cell::text(self.strings.get(number)?)
            }
            "e" => Some(Cell::Fault(value.chars().take(20).collect())),
            "b" => Cell::text(if value == "1" || value == "true" { "TRUE" } else { "FALSE" }.to_owned()),
            "d" => Cell::shown(value, format.unwrap_or(&Format::GENERAL).show_iso(value)),
            _ => Cell::shown(value, format.unwrap_or(&Format::GENERAL).show(value, self.settings.epoch)),
        })
    }

    /// Returns whether a formula has a result that is its own. Writers that cannot work it out store none or a zero, and
    /// have the program that opens the workbook do it.
    fn has_result(&self, kind: &str, value: &str, has_value: bool) -> bool {
        match kind {
            // An empty text is a result.
            "str" => has_value,
            "" | "n" if value.trim() == "0" => !self.settings.is_recalculated,
            _ => !value.trim().is_empty(),
        }
    }
}

/// Returns where a cell stands, from 0, and what it is; without a place it is the next one.
fn head(start: &BytesStart<'_>, next: usize) -> Result<Head, ReadError> {
    let column = match attribute(start, "r")? {
        Some(reference) => column(&reference)?,
        None => next,
    };
    let style = attribute(start, "s")?.map_or(Ok(0), |style| style.trim().parse());
    let kind = attribute(start, "t")?.unwrap_or_default();
    Ok(Head { column, kind, style: style.map_err(|_| damaged("c"))? })
}

fn column(reference: &str) -> Result<usize, ReadError> {
    let mut column: usize = 0;
    for letter in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > LAST_COLUMN {
            return Err(ReadError::TooManyColumns);
        }
    }
    column.checked_sub(1).ok_or_else(|| damaged(format!("{reference:.20}")))
}
