//! Workbooks to be filled in by people: titles, and lists to choose from.

use std::fs::File;
use std::io::Seek;

use rust_xlsxwriter::{DataValidation, Format, Formula, Workbook};

use super::XlsxError;

/// A column to be filled in.
#[derive(Debug, Clone)]
pub struct Column {
    pub title: String,
    /// What can be chosen; anything, when there is no list.
    pub choices: Vec<&'static str>,
}

/// Rows in which something can be chosen.
const LAST_ROW: u32 = 200_000;
/// How wide a column is, characters.
const WIDTH: f64 = 18.0;

/// Returns a workbook with one worksheet of these columns. What can be chosen stands in hidden ones, as lists there may
/// be of any length.
pub fn template(sheet_name: &str, columns: &[Column]) -> Result<File, XlsxError> {
    let mut workbook = Workbook::new();
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let sheet = workbook.add_worksheet().set_name(sheet_name).map_err(XlsxError::Workbook)?;
    sheet.set_freeze_panes(1, 0).map_err(XlsxError::Workbook)?;
    for (index, column) in (0u16..).zip(columns) {
        sheet.set_column_format(index, &text).map_err(XlsxError::Workbook)?;
        sheet.set_column_width(index, WIDTH).map_err(XlsxError::Workbook)?;
        sheet.write_string_with_format(0, index, &column.title, &bold).map_err(XlsxError::Workbook)?;
        if !column.choices.is_empty() {
            let list = Formula::new(format!("'{}'!$A$1:$A${}", column.title, column.choices.len()));
            let validation = DataValidation::new().allow_list_formula(list);
            sheet.add_data_validation(1, index, LAST_ROW, index, &validation).map_err(XlsxError::Workbook)?;
        }
    }
    for column in columns.iter().filter(|column| !column.choices.is_empty()) {
        let list = workbook.add_worksheet().set_name(&column.title).map_err(XlsxError::Workbook)?;
        list.set_hidden(true);
        for (row, choice) in (0u32..).zip(&column.choices) {
            list.write_string(row, 0, *choice).map_err(XlsxError::Workbook)?;
        }
    }
    let mut file = tempfile::tempfile().map_err(XlsxError::File)?;
    workbook.save_to_writer(&mut file).map_err(XlsxError::Workbook)?;
    file.rewind().map_err(XlsxError::File)?;
    Ok(file)
}
