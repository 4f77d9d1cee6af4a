//! Puts the font into a PDF (ISO 32000-1, 9.7 and 9.10.3): the glyphs that are used, how wide they are and
//! what they are copied as.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;

use super::PrintError;
use super::fonts::{Face, Glyph};
use super::sfnt::{self, Font};

/// Codes are the numbers of glyphs, of two bytes.
const ENCODING: &str = "Identity-H";
const SYSTEM: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// How many units the em has in PDFs.
const EM: f32 = 1000.0;
/// The names of fonts are no longer.
const LONGEST_NAME: usize = 63;

/// The glyphs that a document uses; their codes are where they stand.
pub struct Glyphs {
    remapper: GlyphRemapper,
    glyphs: Vec<Glyph>,
}

impl Glyphs {
    /// Begins with the glyph of what is missing, which each font has first.
    pub fn new() -> Self {
        Self { remapper: GlyphRemapper::new(), glyphs: vec![Glyph::default()] }
    }

    /// Returns the code of a glyph and the character that it is copied as, which is the first that used it.
    pub fn code(&mut self, glyph: Glyph) -> (u16, char) {
        let code = self.remapper.remap(glyph.number);
        if usize::from(code) == self.glyphs.len() {
            self.glyphs.push(glyph);
        }
        let known = self.glyphs.get(usize::from(code)).unwrap_or(&glyph);
        (code, known.character)
    }

    /// Writes the font as this object.
    pub fn write(&self, pdf: &mut Pdf, id: Ref, next: &mut Ref, face: &Face) -> Result<(), PrintError> {
        let fault = |why: &str| PrintError::Pdf(why.to_owned());
        let font = face.font().ok_or_else(|| fault("the font is gone"))?;
        let is_cff = font.is_cff();
        let name = self.name(&font);
        let [descendant, descriptor, characters, program] = [(); 4].map(|()| next.bump());

        let full_name = if is_cff { format!("{name}-{ENCODING}") } else { name.clone() };
        pdf.type0_font(id)
            .base_font(Name(full_name.as_bytes()))
            .encoding_predefined(Name(ENCODING.as_bytes()))
            .descendant_font(descendant)
            .to_unicode(characters);
        pdf.cmap(characters, &deflated(&self.characters())?).filter(Filter::FlateDecode);

        let mut cid_font = pdf.cid_font(descendant);
        cid_font.subtype(if is_cff { CidFontType::Type0 } else { CidFontType::Type2 });
        cid_font.base_font(Name(name.as_bytes())).system_info(SYSTEM).font_descriptor(descriptor);
        if !is_cff {
            cid_font.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = cid_font.default_width(EM).widths();
        let mut first = 0;
        for same in self.glyphs.chunk_by(|one, next| one.advance.total_cmp(&next.advance).is_eq()) {
            if let (Some(glyph), Ok(count @ 1..)) = (same.first(), u16::try_from(same.len())) {
                widths.same(first, first + (count - 1), glyph.advance * EM);
                first += count;
            }
        }
        drop(widths);
        drop(cid_font);

        describe(pdf, descriptor, &name, &font, program).ok_or_else(|| fault("the font is broken"))?;
        let outlines = font.cut(&self.remapper).map_err(|cause| PrintError::Pdf(cause.to_string()))?;
        let outlines = deflated(&outlines)?;
        let mut stream = pdf.stream(program, &outlines);
        stream.filter(Filter::FlateDecode);
        if is_cff {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        Ok(())
    }

    /// Returns what glyphs are copied as.
    fn characters(&self) -> Vec<u8> {
        let mut map = UnicodeCmap::new(Name(b"Custom"), SYSTEM);
        for (code, glyph) in (0u16..).zip(&self.glyphs).skip(1) {
            map.pair(code, glyph.character);
        }
        map.finish().into_vec()
    }

    /// Returns the font's name, with the six letters in front that say which part of it this is.
    fn name(&self, font: &Font<'_>) -> String {
        let mut hasher = DefaultHasher::new();
        self.remapper.hash(&mut hasher);
        let mut hash = hasher.finish();
        let tag = [(); 6].map(|()| {
            let letter = char::from(b'A' + (hash % 26) as u8);
            hash /= 26;
            letter
        });
        let names = font.names(sfnt::Name::PostScript);
        let name = names.first().map_or("Font", String::as_str);
        let name = name.chars().filter(char::is_ascii_graphic).take(LONGEST_NAME);
        tag.into_iter().chain(['+']).chain(name).collect()
    }
}

fn describe(pdf: &mut Pdf, id: Ref, name: &str, font: &Font<'_>, program: Ref) -> Option<()> {
    let em = font.em()?;
    let [left, bottom, right, top] = font.bounds()?.map(|length| length / em * EM);
    let [ascent, descent] = font.reach()?.map(|length| length / em * EM);
    let mut descriptor = pdf.font_descriptor(id);
    // Symbolic is what keeps to no standard table of letters. Slant and weight are for who has to replace the font.
    descriptor.name(Name(name.as_bytes())).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(80.0);
    descriptor.bbox(Rect::new(left, bottom, right, top)).ascent(ascent).descent(descent).cap_height(ascent);
    if font.is_cff() {
        descriptor.font_file3(program)
    } else {
        descriptor.font_file2(program)
    };
    Some(())
}

pub fn deflated(bytes: &[u8]) -> Result<Vec<u8>, PrintError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|cause| PrintError::Pdf(cause.to_string()))
}
