//! The styles of a workbook, as far as they say how numbers are shown.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::formats::Format;
use super::parts::{Xml, attribute};
use super::{ReadError, damaged};

/// The number formats by style.
#[derive(Default)]
pub struct Styles {
    /// The number of the format that each style has.
    of_cells: Vec<u32>,
    formats: HashMap<u32, Format>,
}

/// More styles than a workbook can have, as in Excel.
const MOST: usize = 65_536;
/// More formats of its own than a workbook can have.
const MOST_FORMATS: usize = 4096;

impl Styles {
    /// Reads them out of their part.
    pub fn read(mut xml: Xml<'_>) -> Result<Self, ReadError> {
        let (mut styles, mut is_in_formats, mut is_in_cells) = (Self::default(), false, false);
        loop {
            match xml.next()? {
                Event::Start(start) => match start.local_name().as_ref() {
                    "numFmts" => is_in_formats = true,
                    "cellXfs" => is_in_cells = true,
                    // Those of conditional formats stand elsewhere.
                    "numFmt" if is_in_formats => {
                        let id = attribute(&start, "numFmtId")?.and_then(|id| id.trim().parse().ok());
                        let code = attribute(&start, "formatCode")?.unwrap_or_default();
                        styles.formats.insert(id.ok_or_else(|| damaged("numFmt"))?, Format::parse(&code));
                    }
                    "xf" if is_in_cells => {
                        let id = attribute(&start, "numFmtId")?.map_or(Ok(0), |id| id.trim().parse());
                        styles.of_cells.push(id.map_err(|_| damaged("xf"))?);
                    }
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "numFmts" => is_in_formats = false,
                    "cellXfs" => is_in_cells = false,
                    _ => {}
                },
                Event::Eof => break,
                _ => {}
            }
            if styles.of_cells.len() > MOST || styles.formats.len() > MOST_FORMATS {
                return Err(damaged("styles"));
            }
        }
        for id in &styles.of_cells {
            styles.formats.entry(*id).or_insert_with(|| Format::built_in(*id));
        }
        Ok(styles)
    }

    /// Returns how numbers are shown in a cell of this style; as they are, where it has none.
    pub fn format(&self, style: usize) -> Option<&Format> {
        self.formats.get(self.of_cells.get(style)?)
    }
}
