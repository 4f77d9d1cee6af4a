//! Reading workbooks row by row. A workbook comes from outside: whatever is in it, what it takes in memory and on
//! the disk is bounded, and a file that is none is told what it is.
//!
//! Own code on `zip` and `quick-xml`: readers that load a workbook keep all of its texts in memory, and believe
//! the sizes that it claims.

mod cells;
mod parts;
mod strings;

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;

pub use cells::{Cell, Row, Rows};
use parts::Xml;
use strings::Strings;

/// How much a workbook may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of each of its parts, unpacked.
    pub unpacked: u64,
    /// Rows below the titles.
    pub rows: u32,
}

/// The parts of an archive that are looked at, at most; a workbook of one worksheet has about ten.
const MOST_PARTS: u16 = 4096;
/// Columns of a row.
pub const MOST_COLUMNS: usize = 256;
/// UTF-16 units of a cell, as in Excel.
const LONGEST_CELL: usize = 32_767;

/// Why a workbook cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// No workbook, or one that is not whole.
    NotAWorkbook(String),
    /// It has no worksheet of this name.
    NoSheet(String),
    /// It unpacks to more bytes than this.
    TooLarge(u64),
    TooManyRows(u32),
    TooManyColumns,
    /// A cell holds more than a cell can; the row, where it is known.
    CellTooLong(Option<u32>),
    /// This row holds more text than a row may.
    RowTooLong(u32),
    /// What has gone wrong is here and not in the workbook.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAWorkbook(why) => {
                write!(f, "不是有效的 xlsx 文件（{why}）/ this is no xlsx workbook, or it is damaged ({why})")
            }
            Self::NoSheet(name) => write!(f, "没有名为“{name}”的工作表 / there is no worksheet called {name}"),
            Self::TooLarge(most) => write!(
                f,
                "工作簿解压后超过 {most} 字节（[import] unpacked_bytes）/ the workbook unpacks to more than {most} bytes \
                 ([import] unpacked_bytes)"
            ),
            Self::TooManyRows(most) => write!(
                f,
                "数据超过 {most} 行（[import] rows），请分成几个文件 / more than {most} rows ([import] rows): split the file"
            ),
            Self::TooManyColumns => {
                write!(f, "超过 {MOST_COLUMNS} 列 / there are more than {MOST_COLUMNS} columns")
            }
            Self::CellTooLong(row) => {
                let row = row.map(|row| format!("{row}: ")).unwrap_or_default();
                write!(f, "{row}单元格超过 {LONGEST_CELL} 个字符 / a cell has more than {LONGEST_CELL} characters")
            }
            Self::RowTooLong(row) => write!(f, "第 {row} 行超过 1 MB / row {row} has more than 1 MB of text"),
            Self::Io(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

fn damaged(why: impl fmt::Display) -> ReadError {
    ReadError::NotAWorkbook(why.to_string())
}

/// A workbook that was opened; its first worksheet is the one that is read.
pub struct Book {
    archive: ZipArchive<File>,
    sheet: String,
    strings: Strings,
    limits: Limits,
}

impl Book {
    /// Opens a workbook and unpacks its texts into a temporary file.
    pub fn open(file: File, limits: Limits) -> Result<Self, ReadError> {
        Self::open_wanted(file, limits, None)
    }

    /// The same for the worksheet of this name.
    pub fn open_sheet(file: File, limits: Limits, name: &str) -> Result<Self, ReadError> {
        Self::open_wanted(file, limits, Some(name))
    }

    fn open_wanted(mut file: File, limits: Limits, wanted: Option<&str>) -> Result<Self, ReadError> {
        check_directory(&mut file)?;
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        let (sheet, strings) = find_parts(&mut archive, limits, wanted)?;
        let strings = match strings {
            Some(name) => Strings::read(Xml::open(&mut archive, &name, limits)?)?,
            None => Strings::none()?,
        };
        Ok(Self { archive, sheet, strings, limits })
    }

    /// Returns the rows that have something in them, from the first on; it can be called again.
    pub fn rows(&mut self) -> Result<Rows<'_>, ReadError> {
        let xml = Xml::open(&mut self.archive, &self.sheet, self.limits)?;
        Ok(Rows::new(xml, &self.strings, self.limits))
    }
}

/// Refuses an archive that lists more parts than a workbook has, before the list is read.
fn check_directory(file: &mut File) -> Result<(), ReadError> {
    const END: &[u8] = b"PK\x05\x06";
    const END_64: &[u8] = b"PK\x06\x07";
    // The end of the directory and its comment are the last that stand in the file.
    let length = file.metadata().map_err(ReadError::Io)?.len();
    let tail = length.min(22 + 65_535 + 20);
    file.seek(SeekFrom::Start(length - tail)).map_err(ReadError::Io)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(ReadError::Io)?;
    file.rewind().map_err(ReadError::Io)?;
    let not_zip = || damaged("它不是 zip / it is no zip file");
    let end = bytes.windows(4).rposition(|window| window == END).ok_or_else(not_zip)?;
    // What is larger than 4 GB or has more than 65,535 parts is not taken anyway.
    if end.checked_sub(20).and_then(|at| bytes.get(at..at + 4)) == Some(END_64) {
        return Err(damaged("zip64"));
    }
    let count = bytes.get(end + 10..end + 12).and_then(|count| Some(u16::from_le_bytes(count.try_into().ok()?)));
    match count {
        Some(count) if count <= MOST_PARTS => Ok(()),
        Some(count) => Err(damaged(format!("{count} 个部分 / parts"))),
        None => Err(not_zip()),
    }
}

/// Returns the names of the wanted worksheet's part, or the first's, and of the part with the texts.
fn find_parts(
    archive: &mut ZipArchive<File>,
    limits: Limits,
    wanted: Option<&str>,
) -> Result<(String, Option<String>), ReadError> {
    let of_package = parts::relations(archive, "", "_rels/.rels", limits)?;
    let workbook = parts::target(&of_package, |relation| relation.kind == "officeDocument");
    let workbook = workbook.unwrap_or_else(|| "xl/workbook.xml".to_owned());
    let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let relations = parts::relations(archive, folder, &format!("{folder}/_rels/{name}.rels"), limits)?;
    let id = parts::sheet_id(&mut Xml::open(archive, &workbook, limits)?, wanted)?;
    let sheet = parts::target(&relations, |relation| relation.id == id)
        .ok_or_else(|| damaged("没有工作表 / there is no worksheet"))?;
    Ok((sheet, parts::target(&relations, |relation| relation.kind == "sharedStrings")))
}

#[cfg(test)]
mod tests;
