//! Text with separators: csv, in whatever encoding and with whatever separator a program writes it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};

use super::rows::{Cell, Gathered, Row};
use super::{LAST_ROW, LONGEST_CELL, LONGEST_ROW, Limits, Notes, ReadError, Source};
use crate::sheets::csv::unguarded;

/// A text that was opened.
pub struct Delimited {
    file: File,
    encoding: &'static Encoding,
    /// Bytes of the mark in front of the text.
    mark: u64,
    separator: u8,
    /// Whether its first line says what the separator is.
    names_separator: bool,
}

impl Delimited {
    /// Finds out how a text is written.
    pub fn open(mut file: File, source: Source<'_>, limits: Limits, notes: &mut Notes) -> Result<Self, ReadError> {
        if let Some(name) = source.sheet {
            return Err(ReadError::NoSuchSheet(name.chars().take(100).collect(), Vec::new()));
        }
        let length = file.metadata().map_err(ReadError::Io)?.len();
        if length > limits.unpacked {
            return Err(ReadError::TooLarge(limits.unpacked));
        }
        if length == 0 {
            return Err(ReadError::NotAText("空文件 / it is empty".to_owned()));
        }
        let (encoding, mark) = encoding(&mut file)?;
        notes.encoding = Some(encoding.name()).map(|name| if name == "gb18030" { "GB18030" } else { name });
        let begin = beginning(Decoded::new(&file, encoding, mark)?)?;
        let first = begin.lines().next().unwrap_or_default().trim();
        let named = first.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).and_then(|_| first.get(4..));
        let named = named.and_then(|separator| match separator.as_bytes() {
            [] => Some(b'\t'),
            [separator] if separator.is_ascii() => Some(*separator),
            _ => None,
        });
        let separator = named.unwrap_or_else(|| separator(&begin));
        Ok(Self { file, encoding, mark, separator, names_separator: named.is_some() })
    }

    /// Begins with the first line.
    pub fn walk(&mut self) -> Result<Lines, ReadError> {
        let text = Decoded::new(&self.file, self.encoding, self.mark)?;
        let mut builder = ReaderBuilder::new();
        let csv = builder.has_headers(false).flexible(true).delimiter(self.separator).from_reader(text);
        let skips = self.names_separator;
        Ok(Lines { csv, record: StringRecord::new(), number: 0, skips, ends_in_lines: false })
    }
}

/// Returns the encoding of a text and the length of its byte order mark. A text that has none and is not UTF-8 is
/// taken for GB18030.
fn encoding(file: &mut File) -> Result<(&'static Encoding, u64), ReadError> {
    let mut head = Vec::new();
    file.rewind().map_err(ReadError::Io)?;
    file.by_ref().take(3).read_to_end(&mut head).map_err(ReadError::Io)?;
    if let Some((encoding, mark)) = Encoding::for_bom(&head) {
        return Ok((encoding, mark as u64));
    }
    let mut text = Decoded::new(file, UTF_8, 0)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match text.read(&mut piece) {
            Ok(0) => return Ok((UTF_8, 0)),
            Ok(_) => text.unbroken = 0,
            Err(cause) if fault_of(&cause).is_some() => return Ok((GB18030, 0)),
            Err(cause) => return Err(ReadError::Io(cause)),
        }
    }
}

/// Returns as much of a text as shows what its separator is.
fn beginning(text: Decoded) -> Result<String, ReadError> {
    const ENOUGH: u64 = 1 << 16;
    let mut bytes = Vec::new();
    text.take(ENOUGH).read_to_end(&mut bytes).map_err(|cause| fault(cause, 1))?;
    if bytes.contains(&0) {
        return Err(ReadError::NotAText("二进制内容 / it is binary".to_owned()));
    }
    // It may end within a character.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Returns what parts the titles: what the first parted line has most of. A line above the titles may have a comma; then
/// the next line has none.
fn separator(begin: &str) -> u8 {
    let mut is_quoted = false;
    let mut counts = begin.lines().map(|line| {
        let mut counts = [0_usize; SEPARATORS.len()];
        for byte in line.bytes() {
            is_quoted ^= byte == b'"';
            for (count, separator) in counts.iter_mut().zip(SEPARATORS) {
                *count += usize::from(byte == separator && !is_quoted);
            }
        }
        counts
    });
    // Of as many, the first.
    let most = |counts: [usize; SEPARATORS.len()]| {
        counts.into_iter().enumerate().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)
    };
    let (first, _) = counts.by_ref().find_map(most).unwrap_or_default();
    let next = counts.find(|counts| most(*counts).is_some()).unwrap_or_default();
    let chosen = match most(next) {
        Some((other, _)) if next.get(first) == Some(&0) => other,
        _ => first,
    };
    SEPARATORS.get(chosen).copied().unwrap_or(b',')
}

/// The bytes of a text in UTF-8.
struct Decoded {
    file: File,
    /// Where it goes on in the file: several may read it.
    place: u64,
    decoder: Decoder,
    /// What was decoded, and how much of it was given out.
    ready: String,
    given: usize,
    is_finished: bool,
    /// Bytes since a row began, which are in memory as one.
    unbroken: usize,
    /// The last byte that is no line break.
    last: u8,
}

/// Why a text is not read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Encoding,
    RowTooLong,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Fault {}

fn fault_of(cause: &io::Error) -> Option<Fault> {
    cause.get_ref()?.downcast_ref().copied()
}

fn fault(cause: io::Error, row: u32) -> ReadError {
    match fault_of(&cause) {
        Some(Fault::Encoding) => ReadError::NotAText(
            "编码不是 UTF-8、GB18030 或 UTF-16 / its encoding is none of UTF-8, GB18030 and UTF-16".to_owned(),
        ),
        Some(Fault::RowTooLong) => ReadError::RowTooLong(row),
        None => ReadError::Io(cause),
    }
}

/// How much is read of the file at a time, bytes.
const PIECE: usize = 1 << 15;

impl Decoded {
    fn new(file: &File, encoding: &'static Encoding, mark: u64) -> Result<Self, ReadError> {
        let file = file.try_clone().map_err(ReadError::Io)?;
        let decoder = encoding.new_decoder_without_bom_handling();
        Ok(Self {
            file,
            place: mark,
            decoder,
            ready: String::new(),
            given: 0,
            is_finished: false,
            unbroken: 0,
            last: 0,
        })
    }

    /// Decodes the next piece.
    fn fill(&mut self) -> io::Result<()> {
        let mut piece = Vec::with_capacity(PIECE);
        self.file.seek(SeekFrom::Start(self.place))?;
        let read = self.file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        self.place += read as u64;
        self.is_finished = read == 0;
        self.ready.clear();
        self.given = 0;
        let room = self.decoder.max_utf8_buffer_length_without_replacement(read);
        self.ready.reserve(room.unwrap_or_default());
        match self.decoder.decode_to_string_without_replacement(&piece, &mut self.ready, self.is_finished).0 {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => Err(io::Error::other(Fault::Encoding)),
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.is_finished {
            self.fill()?;
        }
        let mut left = self.ready.as_bytes().get(self.given..).unwrap_or_default();
        let read = left.read(into)?;
        self.given += read;
        self.unbroken += read;
        if self.unbroken > LONGEST_ROW {
            return Err(io::Error::other(Fault::RowTooLong));
        }
        let bytes = into.get(..read).unwrap_or_default();
        self.last = *bytes.iter().rfind(|byte| !b"\r\n".contains(byte)).unwrap_or(&self.last);
        Ok(read)
    }
}

/// Walks over the lines of a text; one with a quoted break is one row.
pub struct Lines {
    csv: csv::Reader<Decoded>,
    record: StringRecord,
    /// Of the row before.
    number: u32,
    /// Whether the first line is none of the table.
    skips: bool,
    /// Whether the last field of the row before has more than one line.
    ends_in_lines: bool,
}

impl Lines {
    /// Returns the next row, also one without anything in it.
    pub fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            self.csv.get_mut().unbroken = 0;
            let line = self.csv.position().line();
            let is_there = self.csv.read_record(&mut self.record).map_err(|cause| {
                let row = self.number + 1;
                match cause.into_kind() {
                    csv::ErrorKind::Io(cause) => fault(cause, row),
                    other => ReadError::NotAText(format!("{row}: {other:?}")),
                }
            })?;
            if !is_there {
                return self.end().map(|()| None);
            }
            self.ends_in_lines = self.record.iter().next_back().is_some_and(|field| field.contains('\n'));
            // The reader passes over blank lines, which are rows all the same.
            let breaks = self.record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
            let blank = (self.csv.position().line() - line).saturating_sub(breaks + 1);
            let number = u64::from(self.number) + blank + 1;
            self.number = u32::try_from(number).ok().filter(|number| *number <= LAST_ROW).ok_or_else(|| {
                ReadError::NotAText(format!("超过 {LAST_ROW} 行 / there are more than {LAST_ROW} rows"))
            })?;
            if std::mem::take(&mut self.skips) {
                continue;
            }
            return self.row().map(Some);
        }
    }

    /// Refuses a text that ends within quotes: what follows the first of them was taken for one cell.
    fn end(&self) -> Result<(), ReadError> {
        if self.ends_in_lines && self.csv.get_ref().last != b'"' {
            let number = self.number;
            return Err(ReadError::NotAText(format!(
                "第 {number} 行的引号没有闭合 / a quote of row {number} is not closed"
            )));
        }
        Ok(())
    }

    fn row(&self) -> Result<Row, ReadError> {
        let number = self.number;
        let mut gathered = Gathered::new(number);
        for (column, field) in self.record.iter().enumerate() {
            if field.len() > LONGEST_CELL && field.encode_utf16().count() > LONGEST_CELL {
                return Err(ReadError::CellTooLong(Some(number)));
            }
            gathered.put(column, Cell::text(text(field).to_owned()))?;
        }
        Ok(Row { number, cells: gathered.cells, is_hidden: false })
    }
}

/// Returns the text of a field: without what programs put around it so that a spreadsheet takes it for no number or formula.
fn text(field: &str) -> &str {
    match field.trim().strip_prefix("=\"").and_then(|text| text.strip_suffix('"')) {
        Some(text) if !text.contains('"') => text,
        _ => unguarded(field),
    }
}

#[cfg(test)]
mod tests;
