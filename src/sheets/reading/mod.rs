//! Reading tables row by row, whatever program has made them: xlsx, ods and text with separators. A file comes from
//! outside: whatever is in it, what it takes in memory and on the disk is bounded, and one that is none is told what
//! it is. What it is, its content says and not its name.
//!
//! Own code on `zip`, `quick-xml` and `csv`: readers that load a workbook keep all of its texts in memory, believe the
//! sizes that it claims, and give a number without what its cell shows.

mod cells;
mod delimited;
mod formats;
mod opendocument;
mod parts;
mod rows;
mod strings;
mod styles;
mod walk;
mod workbook;

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;

use delimited::Delimited;
use opendocument::OpenDocument;
pub use rows::{Cell, Row};
pub use walk::Rows;
use walk::Walk;
use workbook::Workbook;

/// How much a table may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of each of a workbook's parts, unpacked; or of a text.
    pub unpacked: u64,
    /// Rows below the titles.
    pub rows: u32,
}

/// What of a file is meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// The name of the worksheet; the first visible one, when there is none.
    pub sheet: Option<&'a str>,
}

/// What whoever sent a table should know of how it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The worksheet that is read; none for a text.
    pub sheet: Option<String>,
    /// The other visible worksheets, which are not.
    pub other_sheets: Vec<String>,
    /// The encoding of a text.
    pub encoding: Option<&'static str>,
    /// Rows that were read although they are hidden or filtered out; so far, as the next.
    pub hidden_rows: u32,
    /// Merged cells: only the first of each holds something.
    pub merged_cells: u32,
}

impl Notes {
    /// Returns them as people read them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(sheet) = &self.sheet
            && !self.other_sheets.is_empty()
        {
            let (count, names) = (self.other_sheets.len(), listed(&self.other_sheets));
            lines.push(format!(
                "只读取工作表“{sheet}”，另有 {count} 个没有读取：{names} / only the worksheet {sheet:?} is read, {count} others \
                 are not: {names}"
            ));
        }
        if let Some(encoding) = self.encoding.filter(|encoding| *encoding != "UTF-8") {
            lines.push(format!("按 {encoding} 编码读取 / read as {encoding}"));
        }
        if self.hidden_rows > 0 {
            let count = self.hidden_rows;
            lines.push(format!("{count} 行被隐藏或筛选掉，同样读取 / {count} hidden or filtered rows are read, too"));
        }
        if self.merged_cells > 0 {
            let count = self.merged_cells;
            lines.push(format!(
                "{count} 处合并单元格，内容只在左上角的一格 / {count} merged cells: only the upper left one of each has \
                 the content"
            ));
        }
        lines
    }
}

fn listed(names: &[String]) -> String {
    const TOLD: usize = 20;
    let more = if names.len() > TOLD { "…" } else { "" };
    names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ") + more
}

/// The parts of an archive that are looked at, at most; a workbook of one worksheet has about ten.
const MOST_PARTS: u16 = 4096;
/// Worksheets of a workbook.
const MOST_SHEETS: usize = 1024;
/// The rows that a worksheet can hold, as in Excel.
const LAST_ROW: u32 = 1_048_576;
/// Columns of a row.
pub const MOST_COLUMNS: usize = 256;
/// UTF-16 units of a cell, as in Excel.
const LONGEST_CELL: usize = 32_767;
/// The most text of a row, bytes.
const LONGEST_ROW: usize = 1 << 20;

/// Why a table cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// No workbook, or one that is not whole.
    NotAWorkbook(String),
    /// No text with separators, or one that is not whole.
    NotAText(String),
    /// A file of a kind that is not read.
    Kind(&'static str),
    /// Only who has its password can open it.
    Encrypted,
    /// There is no such worksheet; those that there are.
    NoSuchSheet(String, Vec<String>),
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
            Self::NotAText(why) => {
                write!(f, "不是有效的 csv 文件（{why}）/ this is no csv file, or it is damaged ({why})")
            }
            Self::Kind(kind) => write!(
                f,
                "不支持 {kind} 文件，请用 Excel 或 WPS 打开后另存为 xlsx / {kind} files are not read: open it in Excel or WPS and \
                 save it as xlsx"
            ),
            Self::Encrypted => write!(
                f,
                "文件设有打开密码，请取消密码后另存为 xlsx / the file is protected by a password: save it as xlsx without \
                 one"
            ),
            Self::NoSuchSheet(name, sheets) if sheets.is_empty() => {
                write!(f, "没有工作表“{name}”：文件里没有工作表 / there is no worksheet {name:?}: the file has none")
            }
            Self::NoSuchSheet(name, sheets) => {
                let sheets = listed(sheets);
                write!(f, "没有工作表“{name}”，现有：{sheets} / there is no worksheet {name:?}; these are: {sheets}")
            }
            Self::TooLarge(most) => write!(
                f,
                "文件超过 {most} 字节，工作簿按解压后计（[import] unpacked_bytes）/ the file is larger than {most} bytes, a \
                 workbook when it is unpacked ([import] unpacked_bytes)"
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

/// A table that was opened.
pub struct Book {
    content: Content,
    notes: Notes,
    limits: Limits,
}

enum Content {
    Workbook(Box<Workbook>),
    OpenDocument(Box<OpenDocument>),
    Delimited(Delimited),
}

impl Book {
    /// Opens a file; of several worksheets, the first visible one is the one that is read.
    pub fn open(file: File, limits: Limits) -> Result<Self, ReadError> {
        Self::open_source(file, Source::default(), limits)
    }

    /// Opens what is meant of a file. The texts of a workbook are unpacked into a temporary file.
    pub fn open_source(mut file: File, source: Source<'_>, limits: Limits) -> Result<Self, ReadError> {
        let mut notes = Notes::default();
        let content = match Kind::of(&mut file)? {
            Kind::Archive => {
                check_directory(&mut file)?;
                let archive = ZipArchive::new(file).map_err(damaged)?;
                let has = |name: &str| archive.index_for_name(name).is_some();
                if has("xl/workbook.bin") {
                    return Err(ReadError::Kind("xlsb"));
                }
                if has("Index/Document.iwa") {
                    return Err(ReadError::Kind("numbers"));
                }
                if has("content.xml") {
                    let book = OpenDocument::open(archive, source, limits, &mut notes)?;
                    Content::OpenDocument(Box::new(book))
                } else {
                    Content::Workbook(Box::new(Workbook::open(archive, source, limits, &mut notes)?))
                }
            }
            Kind::Encrypted => return Err(ReadError::Encrypted),
            Kind::Other(name) => return Err(ReadError::Kind(name)),
            Kind::Text => Content::Delimited(Delimited::open(file, source, limits, &mut notes)?),
        };
        Ok(Self { content, notes, limits })
    }

    /// Returns the rows that have something in them, from the first on; it can be called again.
    pub fn rows(&mut self) -> Result<Rows<'_>, ReadError> {
        (self.notes.hidden_rows, self.notes.merged_cells) = (0, 0);
        let walk = match &mut self.content {
            Content::Workbook(book) => Walk::Workbook(book.walk(self.limits)?),
            Content::OpenDocument(book) => Walk::OpenDocument(book.walk(self.limits)?),
            Content::Delimited(text) => Walk::Delimited(Box::new(text.walk()?)),
        };
        Ok(Rows::new(walk, self.limits, &mut self.notes))
    }

    /// Returns what there is to say of it; of its rows, of those that were read last.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
}

/// What a file is by its beginning.
enum Kind {
    Archive,
    Encrypted,
    Text,
    /// Something that is not read.
    Other(&'static str),
}

impl Kind {
    fn of(file: &mut File) -> Result<Self, ReadError> {
        /// Enough for the beginning of a page.
        const HEAD: u64 = 1024;
        let mut head = Vec::new();
        file.rewind().map_err(ReadError::Io)?;
        file.by_ref().take(HEAD).read_to_end(&mut head).map_err(ReadError::Io)?;
        file.rewind().map_err(ReadError::Io)?;
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Ok(Self::Archive);
        }
        if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
            return Ok(if is_encrypted(file)? { Self::Encrypted } else { Self::Other("xls") });
        }
        if head.starts_with(b"%PDF") {
            return Ok(Self::Other("pdf"));
        }
        let text = String::from_utf8_lossy(&head);
        let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
        if text.starts_with("<?xml") || text.starts_with("<workbook") {
            return Ok(Self::Other("xml"));
        }
        let is_page = ["<html", "<!doctype", "<table", "<meta", "<style"].iter().any(|tag| text.starts_with(tag));
        Ok(if is_page { Self::Other("html") } else { Self::Text })
    }
}

/// Returns whether a compound file holds an encrypted workbook: a stream that is called so, in UTF-16.
fn is_encrypted(file: &mut File) -> Result<bool, ReadError> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0; 1 << 16];
    let mut kept = 0;
    loop {
        let read = file.read(bytes.get_mut(kept..).unwrap_or_default()).map_err(ReadError::Io)?;
        let filled = kept + read;
        if read == 0 {
            return Ok(false);
        }
        if bytes.get(..filled).is_some_and(|seen| seen.windows(name.len()).any(|window| window == name)) {
            return Ok(true);
        }
        // It may stand across two readings.
        kept = filled.min(name.len() - 1);
        bytes.copy_within(filled - kept..filled, 0);
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

/// A worksheet among others.
struct Sheet<T> {
    name: String,
    is_visible: bool,
    place: T,
}

/// Returns the worksheet that is meant, and writes down which it is.
fn choose<T>(sheets: Vec<Sheet<T>>, source: Source<'_>, notes: &mut Notes) -> Result<T, ReadError> {
    let key = |name: &str| name.trim().to_lowercase();
    let is_meant = |sheet: &Sheet<T>| match source.sheet {
        Some(name) => key(&sheet.name) == key(name),
        None => sheet.is_visible,
    };
    let Some(meant) = sheets.iter().position(is_meant) else {
        return Err(match source.sheet {
            Some(name) => {
                let names = sheets.into_iter().map(|sheet| sheet.name).collect();
                ReadError::NoSuchSheet(name.chars().take(100).collect(), names)
            }
            None => damaged("没有工作表 / there is no worksheet"),
        });
    };
    let mut chosen = None;
    for (at, sheet) in sheets.into_iter().enumerate() {
        if at == meant {
            notes.sheet = Some(sheet.name);
            chosen = Some(sheet.place);
        } else if sheet.is_visible {
            notes.other_sheets.push(sheet.name);
        }
    }
    chosen.ok_or_else(|| damaged("没有工作表 / there is no worksheet"))
}

#[cfg(test)]
mod tests;
