//! Workbooks in xlsx: the worksheet that is meant, and what its cells share.

use std::fs::File;

use quick_xml::events::Event;
use zip::ZipArchive;

use super::cells::{Cells, Settings};
use super::formats::Epoch;
use super::parts::{self, Relation, Xml, attribute};
use super::strings::Strings;
use super::styles::Styles;
use super::{Limits, MOST_SHEETS, Notes, ReadError, Sheet, Source, choose, damaged};

/// A workbook that was opened.
pub struct Workbook {
    archive: ZipArchive<File>,
    /// The part of the worksheet.
    sheet: String,
    pub strings: Strings,
    pub styles: Styles,
    pub settings: Settings,
}

impl Workbook {
    /// Opens a workbook and unpacks its texts into a temporary file.
    pub fn open(
        mut archive: ZipArchive<File>,
        source: Source<'_>,
        limits: Limits,
        notes: &mut Notes,
    ) -> Result<Self, ReadError> {
        let of_package = parts::relations(&mut archive, "", "_rels/.rels", limits)?;
        let workbook = parts::target(&of_package, |relation| relation.kind == "officeDocument");
        let workbook = workbook.unwrap_or_else(|| "xl/workbook.xml".to_owned());
        let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let relations = parts::relations(&mut archive, folder, &format!("{folder}/_rels/{name}.rels"), limits)?;
        let (sheets, settings) = contents(&mut Xml::open(&mut archive, &workbook, limits)?, &relations)?;
        let sheet = choose(sheets, source, notes)?;
        let part = |kind: &str| parts::target(&relations, |relation| relation.kind == kind);
        let strings = match part("sharedStrings") {
            Some(name) => Strings::read(Xml::open(&mut archive, &name, limits)?)?,
            None => Strings::none()?,
        };
        let styles = match part("styles") {
            Some(name) => Styles::read(Xml::open(&mut archive, &name, limits)?)?,
            None => Styles::default(),
        };
        Ok(Self { archive, sheet, strings, styles, settings })
    }

    /// Begins with the first row.
    pub fn walk(&mut self, limits: Limits) -> Result<Cells<'_>, ReadError> {
        let xml = Xml::open(&mut self.archive, &self.sheet, limits)?;
        Ok(Cells::new(xml, &self.strings, &self.styles, self.settings))
    }
}

/// Returns the worksheets of a workbook, and what holds for all.
fn contents(workbook: &mut Xml<'_>, relations: &[Relation]) -> Result<(Vec<Sheet<String>>, Settings), ReadError> {
    let mut sheets = Vec::new();
    let mut settings = Settings { epoch: Epoch::Year1900, is_recalculated: false };
    let is_set = |value: Option<String>| value.is_some_and(|value| value == "1" || value == "true");
    loop {
        match workbook.next()? {
            Event::Start(start) => match start.local_name().as_ref() {
                "sheet" => {
                    let id = attribute(&start, "id")?.ok_or_else(|| damaged("sheet"))?;
                    // Charts have pages of their own.
                    let is_worksheet = |relation: &Relation| relation.id == id && relation.kind == "worksheet";
                    let Some(place) = parts::target(relations, is_worksheet) else { continue };
                    let name = attribute(&start, "name")?.unwrap_or_default();
                    let is_visible = attribute(&start, "state")?.is_none_or(|state| state == "visible");
                    sheets.push(Sheet { name, is_visible, place });
                    if sheets.len() > MOST_SHEETS {
                        return Err(damaged("sheets"));
                    }
                }
                "workbookPr" if is_set(attribute(&start, "date1904")?) => settings.epoch = Epoch::Year1904,
                "calcPr" => settings.is_recalculated = is_set(attribute(&start, "fullCalcOnLoad")?),
                _ => {}
            },
            Event::Eof => return Ok((sheets, settings)),
            _ => {}
        }
    }
}
