//! The parts of a workbook, which are XML, and how they lead to one another.

use std::fs::File;
use std::io::{self, BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{Limits, ReadError, damaged};

/// The largest piece of XML that is looked at as one, bytes: a cell's text in its longest spelling.
const LONGEST_PIECE: u64 = 1 << 20;
/// How deep elements may stand in one another.
const DEEPEST: usize = 64;

/// A part, read piece by piece.
pub struct Xml<'a> {
    reader: Reader<BufReader<Bounded<ZipFile<'a, File>>>>,
    buffer: Vec<u8>,
    depth: usize,
    most: u64,
}

/// Stops after so many bytes, in all and without a break.
struct Bounded<R> {
    inner: R,
    left: u64,
    piece: u64,
}

/// What ends the reading of a part that is too large.
#[derive(Debug)]
struct Exceeded;

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too large")
    }
}

impl std::error::Error for Exceeded {}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.piece = self.piece.saturating_add(bytes);
        match self.left.checked_sub(bytes) {
            Some(left) if self.piece <= LONGEST_PIECE => self.left = left,
            _ => return Err(io::Error::other(Exceeded)),
        }
        Ok(read)
    }
}

impl<'a> Xml<'a> {
    /// Opens a part by its name in the archive.
    pub fn open(archive: &'a mut ZipArchive<File>, name: &str, limits: Limits) -> Result<Self, ReadError> {
        let part = archive.by_name(name).map_err(|cause| match cause {
            ZipError::Io(cause) => ReadError::Io(cause),
            cause => damaged(format!("{name}: {cause}")),
        })?;
        // Told at once where the archive says so itself; one that says less is stopped on the way.
        if part.size() > limits.unpacked {
            return Err(ReadError::TooLarge(limits.unpacked));
        }
        let bounded = Bounded { inner: part, left: limits.unpacked, piece: 0 };
        let mut reader = Reader::from_reader(BufReader::new(bounded));
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { reader, buffer: Vec::new(), depth: 0, most: limits.unpacked })
    }

    /// Returns the next piece.
    pub fn next(&mut self) -> Result<Event<'_>, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().get_mut().piece = 0;
        let most = self.most;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|cause| fault(cause, most))?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEEPEST { Err(damaged("嵌套过深 / nested too deeply")) } else { Ok(event) }
    }
}

fn fault(cause: quick_xml::Error, most: u64) -> ReadError {
    let quick_xml::Error::Io(io) = &cause else { return damaged(cause) };
    if io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Exceeded>) {
        return ReadError::TooLarge(most);
    }
    // A checksum that is wrong, a stream that ends too early.
    damaged(cause)
}

/// Returns the value of an attribute, whatever its prefix.
pub fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, ReadError> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(damaged)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(damaged)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Appends what a piece says, if it is text.
pub fn push_text(text: &mut String, event: &Event<'_>) -> Result<(), ReadError> {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(damaged)? {
            Some(character) => text.push(character),
            None => text.push_str(
                quick_xml::escape::resolve_predefined_entity(reference)
                    .ok_or_else(|| damaged(format!("&{};", &**reference)))?,
            ),
        },
        _ => {}
    }
    Ok(())
}

/// That one part leads to another.
pub struct Relation {
    pub id: String,
    /// The last word of its type.
    pub kind: String,
    /// The name of the other part.
    target: String,
}

/// Returns where a part leads; `folder` is the part's own.
pub fn relations(
    archive: &mut ZipArchive<File>,
    folder: &str,
    name: &str,
    limits: Limits,
) -> Result<Vec<Relation>, ReadError> {
    const MOST: usize = 4096;
    let mut xml = Xml::open(archive, name, limits)?;
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(start) if start.local_name().as_ref() == "Relationship" => {
                let text = |name: &str| attribute(&start, name).map(Option::unwrap_or_default);
                let target = match text("Target")? {
                    absolute if absolute.starts_with('/') => absolute.trim_start_matches('/').to_owned(),
                    relative if folder.is_empty() => relative,
                    relative => format!("{folder}/{relative}"),
                };
                let kind = text("Type")?.rsplit('/').next().unwrap_or_default().to_owned();
                relations.push(Relation { id: text("Id")?, kind, target });
            }
            Event::Eof => return Ok(relations),
            _ if relations.len() > MOST => return Err(damaged(name)),
            _ => {}
        }
    }
}

/// Returns the name of the first part that is meant.
pub fn target(relations: &[Relation], is_meant: impl Fn(&Relation) -> bool) -> Option<String> {
    relations.iter().find(|relation| is_meant(relation)).map(|relation| relation.target.clone())
}
