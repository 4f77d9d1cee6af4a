//! What a PDF has to know of a font file (OpenType, ISO/IEC 14496-22): which glyph a character has, how wide it
//! is, what the font is called. Outlines are left to `subsetter`.
//!
//! A file may be broken anywhere: what is not there is `None`.

use subsetter::{GlyphRemapper, subset};

/// No collection has as many; a broken one may say so.
const MOST_FONTS: u32 = 256;

/// One font of a file.
#[derive(Clone, Copy)]
pub struct Font<'a> {
    file: &'a [u8],
    /// From where its tables are listed on.
    directory: &'a [u8],
    /// Which of a collection it is.
    pub index: u32,
}

/// What the name of a font is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Family = 1,
    PostScript = 6,
}

/// Returns the fonts of a file.
pub fn fonts(file: &[u8]) -> impl Iterator<Item = Font<'_>> {
    let starts: Vec<u32> = match file.first_chunk() {
        Some(b"ttcf") => {
            let count = u32_at(file, 8).unwrap_or_default().min(MOST_FONTS);
            (0..count).map_while(|number| u32_at(file.get(12..)?, 4 * number as usize)).collect()
        }
        Some(b"\0\x01\0\0" | b"true" | b"OTTO") => vec![0],
        _ => Vec::new(),
    };
    (0..).zip(starts).filter_map(|(index, start)| Some(Font { file, directory: file.get(start as usize..)?, index }))
}

impl<'a> Font<'a> {
    pub fn table(&self, tag: [u8; 4]) -> Option<&'a [u8]> {
        let count = u16_at(self.directory, 4)?;
        let (records, _) = self.directory.get(12..)?.as_chunks::<16>();
        let record = records.iter().take(count.into()).find(|record| record.starts_with(&tag))?;
        self.file.get(u32_at(record, 8)? as usize..)?.get(..u32_at(record, 12)? as usize)
    }

    /// Whether its outlines are those of PostScript and not of TrueType.
    pub fn is_cff(&self) -> bool {
        self.table(*b"glyf").is_none()
    }

    /// Returns the font with these glyphs only, as a PDF holds it.
    pub fn cut(&self, glyphs: &GlyphRemapper) -> Result<Vec<u8>, subsetter::Error> {
        let part = subset(self.file, self.index, glyphs)?;
        // Of PostScript fonts nothing but the outlines.
        let outlines = fonts(&part).next().and_then(|font| font.table(*b"CFF ")).map(<[u8]>::to_vec);
        Ok(outlines.unwrap_or(part))
    }

    /// Returns the names of this kind, one a language.
    pub fn names(&self, name: Name) -> Vec<String> {
        let table = self.table(*b"name").unwrap_or_default();
        let count = u16_at(table, 2).unwrap_or_default();
        let (records, _) = table.get(6..).unwrap_or_default().as_chunks::<12>();
        let is_wanted = |record: &&[u8; 12]| u16_at(*record, 6) == Some(name as u16);
        let text = |record: &[u8; 12]| {
            let at = usize::from(u16_at(table, 4)?) + usize::from(u16_at(record, 10)?);
            let bytes = table.get(at..)?.get(..u16_at(record, 8)?.into())?;
            // Those of Unicode and Windows are UTF-16; those of the old Macintosh say nothing that these do not.
            let is_unicode = matches!(u16_at(record, 0)?, 0 | 3);
            let units = bytes.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit));
            is_unicode
                .then(|| char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        };
        records.iter().take(count.into()).filter(is_wanted).filter_map(text).collect()
    }

    /// Returns how many units the em has.
    pub fn em(&self) -> Option<f32> {
        // What the format allows; what is written into a PDF is divided by it.
        u16_at(self.table(*b"head")?, 18).filter(|em| (16..=16384).contains(em)).map(f32::from)
    }

    /// Returns the box around all glyphs, in units: left, bottom, right, top.
    pub fn bounds(&self) -> Option<[f32; 4]> {
        let head = self.table(*b"head")?;
        Some([i16_at(head, 36)?, i16_at(head, 38)?, i16_at(head, 40)?, i16_at(head, 42)?].map(f32::from))
    }

    /// Returns how far letters reach above the line they stand on and below it, in units.
    pub fn reach(&self) -> Option<[f32; 2]> {
        let hhea = self.table(*b"hhea")?;
        Some([i16_at(hhea, 4)?, i16_at(hhea, 6)?].map(f32::from))
    }

    pub fn characters(&self) -> Option<Characters<'a>> {
        let table = self.table(*b"cmap")?;
        let (records, _) = table.get(4..)?.as_chunks::<8>();
        let mut segments = None;
        for record in records.iter().take(u16_at(table, 2)?.into()) {
            let is_unicode = matches!((u16_at(record, 0)?, u16_at(record, 2)?), (0, _) | (3, 1 | 10));
            let Some(found) = table.get(u32_at(record, 4)? as usize..).filter(|_| is_unicode) else { continue };
            match u16_at(found, 0) {
                // It has what lies beyond U+FFFF, too.
                Some(12) => return Some(Characters::Groups(found)),
                Some(4) => segments = segments.or(Some(Characters::Segments(found))),
                _ => {}
            }
        }
        segments
    }

    pub fn advances(&self) -> Option<Advances<'a>> {
        let glyphs = u16_at(self.table(*b"maxp")?, 4)?;
        let last = u16_at(self.table(*b"hhea")?, 34)?.checked_sub(1)?;
        Some(Advances { glyphs, last, table: self.table(*b"hmtx")? })
    }
}

/// Which glyphs characters have: a subtable of `cmap`.
#[derive(Clone, Copy)]
pub enum Characters<'a> {
    /// Format 4, of two bytes a character.
    Segments(&'a [u8]),
    /// Format 12, of four.
    Groups(&'a [u8]),
}

impl Characters<'_> {
    /// Returns the number of a character's glyph, which is not that of the missing ones.
    pub fn glyph(&self, character: char) -> Option<u16> {
        let code = u32::from(character);
        match self {
            Self::Segments(table) => in_segments(table, code.try_into().ok()?),
            Self::Groups(table) => in_groups(table, code),
        }
        .filter(|glyph| *glyph != 0)
    }
}

fn in_segments(table: &[u8], code: u16) -> Option<u16> {
    // Four arrays, one after the other: where segments end, where they begin, what is added, where glyphs stand.
    let length = usize::from(u16_at(table, 6)?) & !1;
    let (ends, _) = table.get(14..)?.get(..length)?.as_chunks();
    let segment = ends.partition_point(|end| u16::from_be_bytes(*end) < code);
    ends.get(segment)?;
    let begin = 14 + length + 2 + 2 * segment;
    let nth = code.checked_sub(u16_at(table, begin)?)?;
    let added = u16_at(table, begin + length)?;
    let at = begin + 2 * length;
    match u16_at(table, at)? {
        0 => Some(code.wrapping_add(added)),
        distance => {
            let glyph = u16_at(table, at + usize::from(distance) + 2 * usize::from(nth))?;
            (glyph != 0).then(|| glyph.wrapping_add(added))
        }
    }
}

fn in_groups(table: &[u8], code: u32) -> Option<u16> {
    let (groups, _) = table.get(16..)?.as_chunks::<12>();
    let groups = groups.get(..u32_at(table, 12)? as usize)?;
    let group = groups.get(groups.partition_point(|group| u32_at(group, 4).is_some_and(|end| end < code)))?;
    let nth = code.checked_sub(u32_at(group, 0)?)?;
    u32_at(group, 8)?.checked_add(nth)?.try_into().ok()
}

/// How wide glyphs are: the table `hmtx`.
#[derive(Clone, Copy)]
pub struct Advances<'a> {
    glyphs: u16,
    /// The last with a width of its own; those behind it are as wide.
    last: u16,
    table: &'a [u8],
}

impl Advances<'_> {
    /// Returns how wide a glyph is, in units; a broken font may name glyphs that it has not.
    pub fn of(&self, glyph: u16) -> Option<f32> {
        let at = 4 * usize::from(glyph.min(self.last));
        u16_at(self.table, at).filter(|_| glyph < self.glyphs).map(f32::from)
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

fn i16_at(bytes: &[u8], at: usize) -> Option<i16> {
    array(bytes, at).map(i16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn bytes(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    #[test]
    fn segments_add_to_codes_or_list_glyphs() {
        let table = bytes(&[
            4, 0, 0, 6, 0, 0, 0, // three segments
            0x41, 0x4e02, 0xffff, 0, // where they end
            0x40, 0x4e00, 0xffff, // where they begin
            0xffc5, 1, 1, // what is added
            0, 4, 0, // where glyphs are listed
            10, 0, 12,
        ]);
        let characters = Characters::Segments(&table);
        for (character, glyph) in [
            ('?', None),
            ('@', Some(5)),
            ('A', Some(6)),
            ('B', None),
            ('\u{4e00}', Some(11)),
            ('\u{4e01}', None),
            ('\u{4e02}', Some(13)),
            ('\u{4e03}', None),
            ('\u{ffff}', None),
            ('\u{14e00}', None),
        ] {
            assert_eq!(characters.glyph(character), glyph, "{character:?}");
        }
        for cut in 0..table.len() {
            let _ = Characters::Segments(table.get(..cut).unwrap()).glyph('\u{4e02}');
        }
    }

    #[test]
    fn groups_reach_beyond_two_bytes() {
        let table = bytes(&[12, 0, 0, 0, 0, 0, 0, 2, 0, 0x41, 0, 0x43, 0, 7, 2, 0xb7, 2, 0xb8, 0, 0xffff]);
        let characters = Characters::Groups(&table);
        for (character, glyph) in [
            ('@', None),
            ('A', Some(7)),
            ('C', Some(9)),
            ('D', None),
            ('\u{200b7}', Some(0xffff)),
            ('\u{200b8}', None),
            ('\u{200b9}', None),
        ] {
            assert_eq!(characters.glyph(character), glyph, "{character:?}");
        }
        for cut in 0..table.len() {
            let _ = Characters::Groups(table.get(..cut).unwrap()).glyph('C');
        }
    }

    #[test]
    fn what_is_wide_as_the_last_is_not_listed() {
        let table = bytes(&[500, 0, 1000, 0, 0, 0]);
        let advances = Advances { glyphs: 3, last: 1, table: &table };
        assert_eq!([0, 1, 2, 3].map(|glyph| advances.of(glyph)), [Some(500.0), Some(1000.0), Some(1000.0), None]);
    }

    type Tables<'a> = [(&'a [u8; 4], Vec<u8>)];

    /// Returns a font of these tables, which begins so far from the begin of its file.
    fn font(tables: &Tables<'_>, before: usize) -> Vec<u8> {
        let mut at = before + 12 + 16 * tables.len();
        let mut directory = [b"OTTO", bytes(&[tables.len().try_into().unwrap(), 0, 0, 0]).as_slice()].concat();
        for (tag, table) in tables {
            directory.extend_from_slice(*tag);
            for number in [0, at, table.len()] {
                directory.extend(u32::try_from(number).unwrap().to_be_bytes());
            }
            at += table.len();
        }
        tables.iter().fold(directory, |file, (_, table)| [file, table.clone()].concat())
    }

    /// Returns a font with a glyph for each character of up to two bytes, all of the same width, and this table,
    /// which is the first of its alphabet.
    pub fn every_character(outlines: [u8; 4]) -> Vec<u8> {
        let tables = [
            (&outlines, vec![0; 4]),
            (b"cmap", bytes(&[0, 1, 0, 4, 0, 12, 12, 0, 0, 28, 0, 0, 0, 1, 0, 0x20, 0, 0xffee, 0, 1])),
            (b"head", bytes(&[[0; 9].as_slice(), &[1000], &[0; 17]].concat())),
            (b"hhea", bytes(&[[0; 17].as_slice(), &[1]].concat())),
            (b"hmtx", bytes(&[500, 0])),
            (b"maxp", bytes(&[0, 0, 0xffff])),
        ];
        font(&tables, 0)
    }

    /// Returns a collection of fonts of these families.
    pub fn collection(families: [&str; 2]) -> Vec<u8> {
        let [first, second] = families.map(|family| {
            let family: Vec<u16> = family.encode_utf16().collect();
            let length = u16::try_from(2 * family.len()).unwrap();
            vec![(b"name", bytes(&[[0, 1, 18, 3, 1, 0x409, 1, length, 0].as_slice(), &family].concat()))]
        });
        let first = font(&first, 20);
        let begin = 20 + first.len();
        let head = bytes(&[0x7474, 0x6366, 1, 0, 0, 2, 0, 20, 0, begin.try_into().unwrap()]);
        [head, first, font(&second, begin)].concat()
    }

    #[test]
    fn names_are_read_in_each_language() {
        let records = [[3, 1, 0x804, 1, 4, 0], [1, 0, 0, 1, 2, 0], [3, 1, 0x409, 6, 4, 4], [3, 1, 0x409, 1, 9, 4]];
        let texts = bytes(&[0x5b8b, 0x4f53, 0x41, 0x42]);
        let table = [bytes(&[0, 4, 54]), bytes(&records.concat()), texts].concat();
        let file = font(&[(b"name", table)], 0);
        let font = fonts(&file).next().unwrap();
        assert_eq!(font.names(Name::Family), ["宋体"]);
        assert_eq!(font.names(Name::PostScript), ["AB"]);
        assert_eq!(font.table(*b"glyf"), None);
    }

    #[test]
    fn a_collection_says_where_its_fonts_are() {
        let file = collection(["Example JP", "Example SC"]);
        let found: Vec<_> = fonts(&file).map(|font| (font.index, font.names(Name::Family).concat())).collect();
        assert_eq!(found, [(0, "Example JP".to_owned()), (1, "Example SC".to_owned())]);
        for cut in 0..file.len() {
            fonts(file.get(..cut).unwrap()).for_each(|font| drop(font.names(Name::Family)));
        }
    }
}
