//! A worksheet for each sheet, with charts that Excel draws.

use rust_xlsxwriter::{Chart, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{Block, Cell, Sheet};
use crate::sheets::fitting;

/// The longest name of a worksheet, UTF-16 units.
const NAME: usize = 31;
/// How wide the columns are, characters.
const WIDTH: f64 = 22.0;
/// How high a bar of a chart is, and what a chart has beside its bars, pixels.
const BAR: u32 = 28;
const AROUND_BARS: u32 = 80;
/// The height of a row, pixels: how many a chart covers follows from it.
const ROW: u32 = 20;
/// A chart shows so many bars; all of the numbers stand beside it.
const MOST_BARS: u32 = 50;

/// Returns the workbook.
pub fn render(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    if sheets.is_empty() {
        workbook.add_worksheet();
    }
    for (number, sheet) in (1..).zip(sheets) {
        let name = name(number, &sheet.title);
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(&name)?;
        Writer { worksheet, name, row: 0, styles: Styles::new() }.write(sheet)?;
    }
    workbook.save_to_buffer()
}

/// Returns the name of a worksheet: numbered, because two must not be called the same, nor one like Excel's own.
fn name(number: usize, title: &str) -> String {
    let mut name = format!("{number} ");
    for character in title.chars() {
        if name.encode_utf16().count() + character.len_utf16() > NAME {
            break;
        }
        let is_allowed = !character.is_control() && !"[]:*?/\\'".contains(character);
        name.push(if is_allowed { character } else { ' ' });
    }
    name.trim_end().to_owned()
}

struct Styles {
    title: Format,
    faint: Format,
    heading: Format,
    head: Format,
    label: Format,
    text: Format,
}

impl Styles {
    fn new() -> Self {
        let wrapped = || Format::new().set_text_wrap().set_align(FormatAlign::Top);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            faint: Format::new().set_font_color(0x6b_72_80),
            heading: Format::new().set_bold().set_font_size(12),
            head: wrapped().set_bold().set_background_color(0xf1_f4_f8),
            label: wrapped().set_font_color(0x6b_72_80),
            text: wrapped(),
        }
    }
}

/// Writes a sheet downwards.
struct Writer<'a> {
    worksheet: &'a mut Worksheet,
    name: String,
    row: u32,
    styles: Styles,
}

impl Writer<'_> {
    fn write(mut self, sheet: &Sheet) -> Result<(), XlsxError> {
        self.worksheet.set_column_range_width(0, 8, WIDTH)?.set_paper_size(9).set_print_fit_to_pages(1, 0);
        self.worksheet.write_string_with_format(0, 0, fitting(&sheet.title), &self.styles.title)?;
        self.row = 1;
        for line in &sheet.subtitle {
            self.worksheet.write_string_with_format(self.row, 0, fitting(line), &self.styles.faint)?;
            self.row += 1;
        }
        for block in &sheet.blocks {
            self.row += 1;
            self.block(block)?;
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), XlsxError> {
        match block {
            Block::Heading(title) => {
                self.worksheet.write_string_with_format(self.row, 0, fitting(title), &self.styles.heading)?;
                self.row += 1;
            }
            Block::Fields(fields) => {
                for field in fields {
                    self.worksheet.write_string_with_format(self.row, 0, fitting(&field.label), &self.styles.label)?;
                    self.worksheet.write_string_with_format(self.row, 1, fitting(&field.value), &self.styles.text)?;
                    self.row += 1;
                }
            }
            Block::Table(table) => {
                for (column, title) in (0..).zip(&table.columns) {
                    self.worksheet.write_string_with_format(self.row, column, fitting(title), &self.styles.head)?;
                }
                self.row += 1;
                for row in &table.rows {
                    self.cells(row)?;
                }
            }
            Block::Bars(bars) => {
                let first = self.row;
                for bar in bars {
                    self.cells(&[bar.label.as_str().into(), i64::from(bar.count).into()])?;
                }
                if let Some(last) = self.row.checked_sub(1).filter(|last| *last >= first) {
                    self.chart(first, last.min(first + MOST_BARS - 1))?;
                }
            }
        }
        Ok(())
    }

    fn cells(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    self.worksheet.write_string_with_format(self.row, column, fitting(text), &self.styles.text)?;
                }
                // A cell holds no more digits; what is counted here has fewer.
                #[expect(clippy::cast_precision_loss, reason = "numbers in workbooks are these")]
                Cell::Number(number) => {
                    self.worksheet.write_number(self.row, column, *number as f64)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    /// Draws the two columns of these rows beside them.
    fn chart(&mut self, first: u32, last: u32) -> Result<(), XlsxError> {
        let height = (last - first + 1) * BAR + AROUND_BARS;
        let mut chart = Chart::new_bar();
        chart.add_series().set_categories((self.name.as_str(), first, 0, last, 0)).set_values((
            self.name.as_str(),
            first,
            1,
            last,
            1,
        ));
        // From above, as in the columns.
        chart.y_axis().set_reverse();
        chart.legend().set_hidden();
        chart.set_height(height);
        self.worksheet.insert_chart(first, 3, &chart)?;
        self.row = self.row.max(first + height / ROW + 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worksheets_have_names_that_excel_takes() {
        for (title, expected) in [
            ("客户报表", "1 客户报表"),
            ("", "1"),
            ("[a]:*?/\\'", "1  a"),
            ("History", "1 History"),
            ("甲\n乙\0", "1 甲 乙"),
        ] {
            assert_eq!(name(1, title), expected);
        }
        assert_eq!(name(10, &"😀".repeat(40)).encode_utf16().count(), 31);
    }
}
