//! The texts that cells of a workbook share, kept in a temporary file: there may be millions.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;

use quick_xml::events::Event;

use super::parts::{Xml, push_text};
use super::{LONGEST_CELL, ReadError, damaged};

/// The texts by number: one file has the texts, the other where each begins and ends.
pub struct Strings {
    texts: File,
    places: File,
    count: u64,
}

/// Where a text begins and ends, bytes.
const PLACE: usize = 16;

impl Strings {
    /// Returns no texts at all.
    pub fn none() -> Result<Self, ReadError> {
        let file = || tempfile::tempfile().map_err(ReadError::Io);
        Ok(Self { texts: file()?, places: file()?, count: 0 })
    }

    /// Unpacks the texts of a part.
    pub fn read(mut xml: Xml<'_>) -> Result<Self, ReadError> {
        let Self { texts, places, mut count } = Self::none()?;
        let (mut texts, mut places) = (BufWriter::new(texts), BufWriter::new(places));
        let mut begin: u64 = 0;
        loop {
            match xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "si" => {}
                Event::Eof => break,
                _ => continue,
            }
            let text = rich_text(&mut xml, "si")?.ok_or(ReadError::CellTooLong(None))?;
            let end = begin + text.len() as u64;
            texts.write_all(text.as_bytes()).map_err(ReadError::Io)?;
            places.write_all(&begin.to_le_bytes()).map_err(ReadError::Io)?;
            places.write_all(&end.to_le_bytes()).map_err(ReadError::Io)?;
            begin = end;
            count += 1;
        }
        let file = |writer: BufWriter<File>| writer.into_inner().map_err(|cause| ReadError::Io(cause.into_error()));
        Ok(Self { texts: file(texts)?, places: file(places)?, count })
    }

    /// Returns the text of this number.
    pub fn get(&self, number: u64) -> Result<String, ReadError> {
        if number >= self.count {
            return Err(damaged(format!("没有文本 {number} / there is no text {number}")));
        }
        let mut place = [0; PLACE];
        self.places.read_exact_at(&mut place, number * PLACE as u64).map_err(ReadError::Io)?;
        let at = |range: std::ops::Range<usize>| {
            let bytes = place.get(range).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let (begin, end) = (at(0..8), at(8..PLACE));
        let mut text = vec![0; usize::try_from(end - begin).unwrap_or_default()];
        self.texts.read_exact_at(&mut text, begin).map_err(ReadError::Io)?;
        String::from_utf8(text).map_err(damaged)
    }
}

/// Returns the text of a cell or of a shared text, up to the end of the element: its runs joined, without the
/// phonetic hints beside them. `None` for what no cell can hold.
pub fn rich_text(xml: &mut Xml<'_>, element: &str) -> Result<Option<String>, ReadError> {
    let mut text = String::new();
    let (mut in_text, mut in_hint) = (false, false);
    loop {
        let event = xml.next()?;
        match &event {
            Event::Start(start) => match start.local_name().as_ref() {
                "t" => in_text = !in_hint,
                "rPh" => in_hint = true,
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "t" => in_text = false,
                "rPh" => in_hint = false,
                name if name == element => break,
                _ => {}
            },
            Event::Eof => return Err(damaged(element)),
            piece if in_text => push_text(&mut text, piece)?,
            _ => {}
        }
        // A character has at most four bytes, and its escape `_x000D_` seven.
        if text.len() > 7 * LONGEST_CELL {
            return Ok(None);
        }
    }
    let text = unescape(&text);
    Ok((text.encode_utf16().count() <= LONGEST_CELL).then_some(text))
}

/// Returns a text with what XML cannot hold, which workbooks write as `_x000D_`.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.find("_x").and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        let code = escape.get(2..6).filter(|_| escape.get(6..7) == Some("_"));
        let character = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let taken = if character.is_some() { 7 } else { 2 };
        match character {
            Some(character) => plain.push(character),
            None => plain.push_str("_x"),
        }
        rest = escape.get(taken..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}
