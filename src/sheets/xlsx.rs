//! Workbooks, written row by row into temporary files.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Seek};

use rust_xlsxwriter::{Format, Workbook, XlsxError as Cause};

/// The rows that a worksheet can hold, the titles among them.
const ROWS: u32 = 1_048_576;
/// The longest text of a cell, UTF-16 units.
const CELL: usize = 32_767;
/// How wide a column is, characters.
const WIDTH: f64 = 18.0;

/// A workbook in the making. What does not fit into one worksheet goes on in the next.
pub struct Xlsx {
    workbook: Workbook,
    titles: Vec<String>,
    sheets: usize,
    next_row: u32,
}

/// Why a workbook could not be written.
#[derive(Debug)]
pub enum XlsxError {
    Workbook(Cause),
    File(io::Error),
}

impl std::fmt::Display for XlsxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Workbook(cause) => cause.fmt(f),
            Self::File(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for XlsxError {}

/// Returns what a cell can hold of a text, with a mark where something is missing: one long text must not
/// cost the whole file.
#[must_use]
pub fn fitting(cell: &str) -> Cow<'_, str> {
    const MARK: &str = "…（已截断 / cut）";
    // Excel counts UTF-16 units.
    if cell.encode_utf16().count() <= CELL {
        return Cow::Borrowed(cell);
    }
    let mut left = CELL - MARK.encode_utf16().count();
    let kept = cell.chars().take_while(|character| {
        let units = character.len_utf16();
        let fits = units <= left;
        left = left.saturating_sub(units);
        fits
    });
    Cow::Owned(kept.chain(MARK.chars()).collect())
}

impl Xlsx {
    /// Begins a workbook with these column titles.
    #[must_use]
    pub fn new<T: ToString>(titles: &[T]) -> Self {
        let titles = titles.iter().map(ToString::to_string).collect();
        Self { workbook: Workbook::new(), titles, sheets: 0, next_row: ROWS }
    }

    /// Appends a row of texts. A text is never taken for a formula, whatever it begins with.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), XlsxError> {
        if self.next_row >= ROWS {
            self.begin_sheet()?;
        }
        let row = self.next_row;
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1).map_err(XlsxError::Workbook)?;
        for (column, cell) in (0u16..).zip(cells) {
            sheet.write_string(row, column, fitting(cell)).map_err(XlsxError::Workbook)?;
        }
        self.next_row += 1;
        Ok(())
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet_with_constant_memory().map_err(XlsxError::Workbook)?;
        for (column, title) in (0u16..).zip(&self.titles) {
            sheet.set_column_width(column, WIDTH).map_err(XlsxError::Workbook)?;
            sheet.write_string_with_format(0, column, fitting(title), &bold).map_err(XlsxError::Workbook)?;
        }
        sheet.set_freeze_panes(1, 0).map_err(XlsxError::Workbook)?;
        self.sheets += 1;
        self.next_row = 1;
        Ok(())
    }

    /// Returns the finished workbook, ready to be read from its beginning; the file is gone when it is closed.
    pub fn finish(mut self) -> Result<File, XlsxError> {
        if self.sheets == 0 {
            self.begin_sheet()?;
        }
        let mut file = tempfile::tempfile().map_err(XlsxError::File)?;
        self.workbook.save_to_writer(&mut file).map_err(XlsxError::Workbook)?;
        file.rewind().map_err(XlsxError::File)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_no_cell_holds_is_cut_with_a_mark_and_the_file_is_whole() {
        let long = "字".repeat(40_000);
        assert_eq!(fitting(&long).encode_utf16().count(), CELL);
        assert!(fitting(&long).ends_with("cut）"));
        assert_eq!(fitting("短"), "短");
        let mut workbook = Xlsx::new(&["一", "二"]);
        workbook.row([long.as_str(), "=1+1"]).unwrap();
        assert!(workbook.finish().unwrap().metadata().unwrap().len() > 0);
    }
}
