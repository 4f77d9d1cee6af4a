//! Workbooks in ods. Its cells have what they show beside what they hold.

use std::fs::File;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::formats::{self, Epoch, Format};
use super::parts::{Xml, attribute, push_text};
use super::rows::{Cell, Gathered, Row};
use super::{
    LAST_ROW, LONGEST_CELL, Limits, MOST_COLUMNS, MOST_SHEETS, Notes, ReadError, Sheet, Source, choose, damaged,
};

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";

/// A workbook that was opened.
pub struct OpenDocument {
    archive: ZipArchive<File>,
    /// Which of the tables is read, from 0.
    table: usize,
}

impl OpenDocument {
    pub fn open(
        mut archive: ZipArchive<File>,
        source: Source<'_>,
        limits: Limits,
        notes: &mut Notes,
    ) -> Result<Self, ReadError> {
        if archive.index_for_name(MANIFEST).is_some() && is_encrypted(Xml::open(&mut archive, MANIFEST, limits)?)? {
            return Err(ReadError::Encrypted);
        }
        let sheets = sheets(Xml::open(&mut archive, CONTENT, limits)?)?;
        let table = choose(sheets, source, notes)?;
        Ok(Self { archive, table })
    }

    /// Begins with the first row.
    pub fn walk(&mut self, limits: Limits) -> Result<Table<'_>, ReadError> {
        let mut xml = Xml::open(&mut self.archive, CONTENT, limits)?;
        let mut before = self.table;
        loop {
            match xml.next()? {
                Event::Start(start) if is_table(&start) => match before.checked_sub(1) {
                    Some(fewer) => before = fewer,
                    None => break,
                },
                Event::Eof => return Err(damaged(CONTENT)),
                _ => {}
            }
        }
        Ok(Table { xml, last: 0, again: None })
    }
}

fn is_encrypted(mut manifest: Xml<'_>) -> Result<bool, ReadError> {
    loop {
        match manifest.next()? {
            Event::Start(start) if start.local_name().as_ref() == "encryption-data" => return Ok(true),
            Event::Eof => return Ok(false),
            _ => {}
        }
    }
}

fn is_table(start: &BytesStart<'_>) -> bool {
    start.name().as_ref() == "table:table"
}

/// Returns the tables by their order. Whether one is hidden, its style says.
fn sheets(mut xml: Xml<'_>) -> Result<Vec<Sheet<usize>>, ReadError> {
    let (mut sheets, mut hidden, mut style): (Vec<Sheet<usize>>, Vec<String>, _) = (Vec::new(), Vec::new(), None);
    loop {
        match xml.next()? {
            Event::Start(start) if is_table(&start) => {
                let name = attribute(&start, "name")?.unwrap_or_default();
                let style = attribute(&start, "style-name")?.unwrap_or_default();
                sheets.push(Sheet { name, is_visible: !hidden.contains(&style), place: sheets.len() });
            }
            Event::Start(start) => match start.local_name().as_ref() {
                "style" => style = attribute(&start, "name")?,
                "table-properties" if attribute(&start, "display")?.is_some_and(|display| display == "false") => {
                    hidden.extend(style.take());
                }
                _ => {}
            },
            Event::Eof => return Ok(sheets),
            _ => {}
        }
        if sheets.len() > MOST_SHEETS || hidden.len() > MOST_SHEETS {
            return Err(damaged("table:table"));
        }
    }
}

/// Walks over a table.
pub struct Table<'a> {
    xml: Xml<'a>,
    /// The number of the row before.
    last: u32,
    /// A row that stands there several times, and how often still.
    again: Option<(Row, u32)>,
}

/// What a cell says of itself before its text.
#[derive(Default)]
struct Head {
    kind: String,
    value: String,
    is_formula: bool,
    is_error: bool,
    is_merged: bool,
    /// How often it stands there.
    count: usize,
}

impl Table<'_> {
    /// Returns the next row, also an empty one.
    pub fn next_row(&mut self, notes: &mut Notes) -> Result<Option<Row>, ReadError> {
        if let Some((row, left)) = &mut self.again {
            row.number = row.number.saturating_add(1);
            let next = row.clone();
            *left -= 1;
            if *left == 0 {
                self.again = None;
            }
            return Ok(Some(next));
        }
        let (count, is_hidden) = loop {
            match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "table-row" => {
                    let count = attribute(&start, "number-rows-repeated")?.map_or(Ok(1), |count| count.parse::<u32>());
                    let visibility = attribute(&start, "visibility")?.unwrap_or_default();
                    let count = count.map_err(|_| damaged("table:table-row"))?;
                    break (count.max(1), visibility == "collapse" || visibility == "filter");
                }
                Event::End(end) if end.name().as_ref() == "table:table" => return Ok(None),
                Event::Eof => return Err(damaged(CONTENT)),
                _ => {}
            }
        };
        let number = self.last.saturating_add(1);
        self.last = self.last.saturating_add(count);
        let cells = self.cells(number, notes)?;
        let is_empty = cells.iter().all(Option::is_none);
        if !is_empty && self.last > LAST_ROW {
            return Err(damaged(format!("row {}", self.last)));
        }
        let row = Row { number, cells, is_hidden };
        if count > 1 && !is_empty {
            self.again = Some((row.clone(), count - 1));
        }
        Ok(Some(row))
    }

    fn cells(&mut self, row: u32, notes: &mut Notes) -> Result<Vec<Option<Cell>>, ReadError> {
        let (mut gathered, mut column) = (Gathered::new(row), 0_usize);
        loop {
            let (head, element) = match self.xml.next()? {
                Event::Start(start) => match start.local_name().as_ref() {
                    "table-cell" => (head(&start)?, "table-cell"),
                    // What a merged cell covers is not seen.
                    "covered-table-cell" => (head(&start)?, "covered-table-cell"),
                    _ => continue,
                },
                Event::End(end) if end.local_name().as_ref() == "table-row" => return Ok(gathered.cells),
                Event::Eof => return Err(damaged("table:table-row")),
                _ => continue,
            };
            let shown = self.text(element)?.ok_or(ReadError::CellTooLong(Some(row)))?;
            notes.merged_cells = notes.merged_cells.saturating_add(u32::from(head.is_merged));
            let cell = if element == "table-cell" { cell(&head, shown) } else { None };
            if cell.is_some() {
                for place in column..column.saturating_add(head.count).min(MOST_COLUMNS + 1) {
                    gathered.put(place, cell.clone())?;
                }
            }
            column = column.saturating_add(head.count);
        }
    }

    /// Returns the text of a cell, up to the element's end, without notes and drawings; none for what no cell can hold.
    fn text(&mut self, element: &str) -> Result<Option<String>, ReadError> {
        let (mut text, mut paragraphs, mut in_paragraph, mut beside) = (String::new(), 0, false, 0_usize);
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(_) if beside > 0 => beside += 1,
                Event::End(_) if beside > 0 => beside -= 1,
                Event::Start(start) => match start.local_name().as_ref() {
                    "annotation" => beside = 1,
                    _ if start.name().as_ref().starts_with("draw:") => beside = 1,
                    "p" | "h" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        (paragraphs, in_paragraph) = (paragraphs + 1, true);
                    }
                    "s" => {
                        let count = attribute(start, "c")?.map_or(1, |count| count.parse().unwrap_or(1));
                        text.extend(std::iter::repeat_n(' ', count.min(LONGEST_CELL)));
                    }
                    "tab" => text.push('\t'),
                    "line-break" => text.push('\n'),
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "p" | "h" => in_paragraph = false,
                    name if name == element => break,
                    _ => {}
                },
                Event::Eof => return Err(damaged(element)),
                piece if in_paragraph && beside == 0 => push_text(&mut text, piece)?,
                _ => {}
            }
            if text.len() > 4 * LONGEST_CELL {
                return Ok(None);
            }
        }
        Ok((text.encode_utf16().count() <= LONGEST_CELL).then_some(text))
    }
}

fn head(start: &BytesStart<'_>) -> Result<Head, ReadError> {
    let mut head = Head { count: 1, ..Head::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(damaged)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(damaged)?;
        match attribute.key.as_ref() {
            "office:value-type" => head.kind = value.into_owned(),
            "office:value"
            | "office:date-value"
            | "office:time-value"
            | "office:boolean-value"
            | "office:string-value" => {
                head.value = value.into_owned();
            }
            "table:formula" => head.is_formula = true,
            "calcext:value-type" => head.is_error = value == "error",
            "table:number-columns-spanned" | "table:number-rows-spanned" => head.is_merged |= value != "1",
            "table:number-columns-repeated" => {
                head.count = value.parse().map_err(|_| damaged("table:table-cell"))?;
            }
            _ => {}
        }
    }
    Ok(head)
}

/// Returns what a cell shows.
fn cell(head: &Head, shown: String) -> Option<Cell> {
    let Head { kind, value, .. } = head;
    if head.is_error || (head.is_formula && (shown.starts_with('#') || shown.starts_with("Err:"))) {
        return Some(Cell::Fault(shown.chars().take(20).collect()));
    }
    if head.is_formula && kind.is_empty() && shown.is_empty() {
        return Some(Cell::Formula);
    }
    match kind.as_str() {
        "float" | "currency" => number(value, shown),
        "percentage" => Cell::text(shown.replace(',', "")),
        "date" => Cell::shown(value, Format::parse(clock_of(&shown, "yyyy-mm-dd")).show_iso(value)),
        "time" => Cell::shown(value, formats::time(value, &shown)),
        "boolean" => Cell::text(if value == "true" { "TRUE" } else { "FALSE" }.to_owned()),
        _ if shown.is_empty() => Cell::text(value.clone()),
        _ => Cell::text(shown),
    }
}

/// Returns the format that shows as much of a time as was shown.
fn clock_of(shown: &str, date: &'static str) -> &'static str {
    match shown.matches(':').count() {
        0 if shown.is_empty() => "General",
        0 if shown.contains('秒') => "yyyy-mm-dd hh:mm:ss",
        0 if shown.contains(['时', '時', '点']) => "yyyy-mm-dd hh:mm",
        0 => date,
        1 => "yyyy-mm-dd hh:mm",
        _ => "yyyy-mm-dd hh:mm:ss",
    }
}

/// Returns a number without the commas between its thousands; one that is shown by an exponent, in full.
fn number(value: &str, shown: String) -> Option<Cell> {
    // Some write the number once more, as their language spells it.
    if shown.trim() == value {
        return exact(value);
    }
    let plain = shown.replace(',', "");
    let (Ok(number), Ok(seen)) = (value.parse::<f64>(), plain.trim().parse::<f64>()) else {
        // With a unit, or a currency.
        return if shown.trim().is_empty() { exact(value) } else { Cell::text(shown) };
    };
    let places = plain.trim().split_once('.').map_or(0, |(_, places)| places.len());
    let half = 0.51 * 10_f64.powi(-i32::try_from(places).unwrap_or(i32::MAX));
    if plain.contains(['e', 'E']) {
        return exact(value);
    }
    // A comma may be the point of another language.
    if (number - seen).abs() <= half { Cell::text(plain) } else { Cell::text(shown) }
}

fn exact(value: &str) -> Option<Cell> {
    Cell::shown(value, Format::GENERAL.show(value, Epoch::Year1900))
}
