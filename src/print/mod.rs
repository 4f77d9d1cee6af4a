//! Pages for people, as PDF, HTML or workbooks: labelled fields, tables and bars, whatever they are about.
//!
//! A PDF is set with a font of the system (see [`Fonts`]); the other two need none. What is to be printed is
//! bounded by [`MOST_SHEETS`], [`MOST_ROWS`], [`MOST_COLUMNS`] and [`MOST_CHARACTERS`]: beyond, nothing is
//! printed and the error says so, because a page from which something is missing looks whole.

mod embed;
mod fonts;
mod html;
mod layout;
mod pdf;
mod sfnt;
mod wrap;
mod xlsx;

use std::fmt;
use std::path::PathBuf;

pub use fonts::Fonts;

/// The most sheets of one document.
pub const MOST_SHEETS: usize = 200;
/// The most fields, rows and bars of one document, together.
pub const MOST_ROWS: usize = 10_000;
/// The most columns of a table.
pub const MOST_COLUMNS: usize = 20;
/// The most characters of one document.
pub const MOST_CHARACTERS: usize = 1_000_000;

/// What is printed together: it begins on a page, or is a worksheet, of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub title: String,
    /// Whose it is, who printed it, when. The first of them heads every page.
    pub subtitle: Vec<String>,
    pub blocks: Vec<Block>,
}

/// A part of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title of what follows.
    Heading(String),
    Fields(Vec<Field>),
    Table(Table),
    /// A picture of numbers, as long as they are large.
    Bars(Vec<Bar>),
}

/// A value and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// Right-aligned on paper, and to be reckoned with in a workbook.
    Number(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    pub count: u32,
}

impl Sheet {
    /// Returns the sheet with each of its values replaced; what people call them stays.
    #[must_use]
    pub fn map(mut self, replace: impl Fn(&str) -> String) -> Self {
        self.title = replace(&self.title);
        for block in &mut self.blocks {
            match block {
                Block::Fields(fields) => fields.iter_mut().for_each(|field| field.value = replace(&field.value)),
                Block::Table(table) => {
                    for cell in table.rows.iter_mut().flatten() {
                        if let Cell::Text(text) = cell {
                            *text = replace(text);
                        }
                    }
                }
                Block::Heading(_) | Block::Bars(_) => {}
            }
        }
        self
    }
}

impl Field {
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

impl Table {
    /// Whether nothing but numbers stands in a column.
    fn has_numbers(&self, column: usize) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| matches!(row.get(column), Some(Cell::Number(_))))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// What a document is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Pdf,
    Html,
    Xlsx,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Html, Self::Xlsx];

    /// Returns the format of this name (PDF, HTML, EXCEL or XLSX, in any case).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "PDF" => Some(Self::Pdf),
            "HTML" => Some(Self::Html),
            "EXCEL" | "XLSX" => Some(Self::Xlsx),
            _ => None,
        }
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Html => "text/html; charset=utf-8",
            Self::Xlsx => crate::sheets::XLSX,
        }
    }

    /// How the names of such files end, without the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Why nothing was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintError {
    /// There is more of something than one document holds.
    TooMuch {
        zh: &'static str,
        en: &'static str,
        most: usize,
    },
    /// The system has no font with Chinese characters where one was looked for.
    NoFont,
    /// A font that was chosen cannot be used.
    Font {
        path: PathBuf,
        why: String,
    },
    Pdf(String),
    Workbook(String),
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMuch { zh, en, most } => {
                write!(f, "一次最多打印 {most} {zh}，请缩小范围 / at most {most} {en} are printed at a time, ask for less")
            }
            Self::NoFont => f.write_str(
                "没有可用的中文字体：请安装 fonts-noto-cjk 或 fonts-wqy-microhei，或在 [print] font 中指定字体文件；HTML 与 XLSX 不需要字体 / \
                 no font with Chinese characters: install fonts-noto-cjk or fonts-wqy-microhei, or name a file in [print] font; HTML and XLSX need none",
            ),
            Self::Font { path, why } => {
                let path = path.display();
                write!(f, "[print] font：字体 {path} 不可用（{why}） / the font {path} cannot be used: {why}")
            }
            Self::Pdf(why) => write!(f, "无法生成 PDF（{why}） / the PDF could not be made: {why}"),
            Self::Workbook(why) => write!(f, "无法生成工作簿（{why}） / the workbook could not be made: {why}"),
        }
    }
}

impl std::error::Error for PrintError {}

/// Returns the document. It takes a while: not for a thread that others wait for.
pub fn render(sheets: &[Sheet], format: Format, fonts: &Fonts) -> Result<Vec<u8>, PrintError> {
    check(sheets)?;
    match format {
        Format::Pdf => pdf::render(sheets, fonts.face()?),
        Format::Html => Ok(html::render(sheets).into_bytes()),
        Format::Xlsx => xlsx::render(sheets).map_err(|cause| PrintError::Workbook(cause.to_string())),
    }
}

/// Refuses what is too large.
fn check(sheets: &[Sheet]) -> Result<(), PrintError> {
    let mut size = Size::default();
    for sheet in sheets {
        size.read(&sheet.title);
        for line in &sheet.subtitle {
            size.read(line);
        }
        for block in &sheet.blocks {
            size.add(block);
        }
    }
    let limits = [
        (sheets.len(), MOST_SHEETS, "份", "sheets"),
        (size.rows, MOST_ROWS, "行", "rows"),
        (size.columns, MOST_COLUMNS, "列", "columns"),
        (size.characters, MOST_CHARACTERS, "个字符", "characters"),
    ];
    match limits.into_iter().find(|(count, most, ..)| count > most) {
        Some((_, most, zh, en)) => Err(PrintError::TooMuch { zh, en, most }),
        None => Ok(()),
    }
}

/// How much there is to be printed.
#[derive(Default)]
struct Size {
    rows: usize,
    columns: usize,
    characters: usize,
}

impl Size {
    fn read(&mut self, text: &str) {
        self.characters += text.chars().count();
    }

    fn add(&mut self, block: &Block) {
        match block {
            Block::Heading(title) => self.read(title),
            Block::Fields(fields) => {
                self.rows += fields.len();
                for Field { label, value } in fields {
                    self.read(label);
                    self.read(value);
                }
            }
            Block::Table(table) => {
                self.rows += table.rows.len();
                self.columns = self.columns.max(table.columns.len());
                for title in &table.columns {
                    self.read(title);
                }
                for row in &table.rows {
                    self.columns = self.columns.max(row.len());
                    for cell in row {
                        self.read(&cell.to_string());
                    }
                }
            }
            Block::Bars(bars) => {
                self.rows += bars.len();
                for bar in bars {
                    self.read(&bar.label);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
