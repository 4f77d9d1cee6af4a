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

/// Returns the cell so that no spreadsheet runs it: one that begins like a formula gets an apostrophe in front.
fn harmless(cell: &str) -> Cow<'_, str> {
    if begins_like_a_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Returns a cell without the apostrophe that the writer has put in front.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| begins_like_a_formula(rest)).unwrap_or(cell)
}

/// Blanks and line breaks, too, can stand before the sign, and a tab or a return alone is one. An apostrophe of the text's own counts for nothing, so that the one that
/// is put in front of it can be told from it.
fn begins_like_a_formula(cell: &str) -> bool {
    let cell = cell.trim_start_matches('\'');
    cell.starts_with(['\t', '\r'])
        || cell.trim_start_matches(|c: char| c == '\'' || c.is_whitespace()).starts_with(['=', '+', '-', '@'])
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
    fn what_was_made_harmless_is_taken_back() {
        for cell in ["=1+1", "'=1+1", "''+86", "'x", "x", "", "'", "\t=1", "\n=\"\"", " '=1", "\n"] {
            assert_eq!(unguarded(&harmless(cell)), cell);
        }
        assert_eq!((harmless("'=1"), unguarded("'tis")), ("''=1".into(), "'tis"));
    }

    #[test]
    fn the_file_begins_with_the_mark() {
        assert!(Csv::head(&["姓名"]).unwrap().starts_with(&[0xef, 0xbb, 0xbf]));
    }
}
