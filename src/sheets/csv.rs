//! CSV that Excel opens right: UTF-8 with a byte order mark, and no cell that is taken for a formula.

use std::borrow::Cow;
use std::io;

/// Writes CSV, piece by piece.
#[derive(Debug, Clone, Copy)]
pub struct Csv;

impl Csv {
    /// Returns the beginning of a file: the mark and these column titles.
    pub fn head(titles: &[&str]) -> io::Result<Vec<u8>> {
        // Without the mark, Excel reads the file in the code page of the machine.
        let mut file = "\u{feff}".as_bytes().to_vec();
        file.extend(Self::rows([titles.iter().copied()])?);
        Ok(file)
    }

    /// Returns these rows as they go into the file.
    pub fn rows<'a, R: IntoIterator<Item = &'a str>>(rows: impl IntoIterator<Item = R>) -> io::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        for row in rows {
            for cell in row {
                writer.write_field(harmless(cell).as_bytes())?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

/// Returns the cell so that no spreadsheet runs it: one that begins like a formula gets an apostrophe in
/// front. Tab and return, too, can stand before the sign. So does one that begins as if it had got one: what
/// [`plain`] makes of it is the cell again.
fn harmless(cell: &str) -> Cow<'_, str> {
    if is_like_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn is_like_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Returns the cell without the apostrophe that a [file of ours](Csv) has in front of what begins like a formula.
#[must_use]
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_like_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_begin_like_a_formula_are_made_harmless() {
        let rows = Csv::rows([["=1+1", "+86", "-1", "@x", "a=b", "王,芳"]]).unwrap();
        assert_eq!(String::from_utf8(rows).unwrap(), "'=1+1,'+86,'-1,'@x,a=b,\"王,芳\"\r\n");
    }

    #[test]
    fn what_was_made_harmless_can_be_taken_back() {
        for cell in ["=1+1", "+86", "'=1", "''-2", "'x", "x", "", "'", "\t=1", "1-2"] {
            assert_eq!(plain(&harmless(cell)), cell);
        }
    }

    #[test]
    fn the_file_begins_with_the_mark() {
        assert!(Csv::head(&["姓名"]).unwrap().starts_with(&[0xef, 0xbb, 0xbf]));
    }
}
