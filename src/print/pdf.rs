//! Draws the pages. Their text can be searched and copied, and of the font goes in what is used.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Paint, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

use super::fonts::{Face, Metrics};
use super::layout::{HEIGHT, Ink, Mark, Style, WIDTH, layout};
use super::{PrintError, Sheet};

/// Returns the file.
pub fn render(sheets: &[Sheet], face: &Face) -> Result<Vec<u8>, PrintError> {
    let fault = |why: &str| PrintError::Pdf(why.to_owned());
    let metrics = face.metrics().ok_or_else(|| fault("the font is gone"))?;
    let mut document = Document::new();
    let title = sheets.first().map(|sheet| sheet.title.clone()).unwrap_or_default();
    document.set_metadata(Metadata::new().title(title).creator("laidian".to_owned()).language("zh-CN".to_owned()));
    for marks in layout(sheets, &|character| metrics.glyph(character).1) {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| fault("the page has no size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in &marks {
            draw(&mut surface, mark, face, &metrics);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|cause| PrintError::Pdf(cause.to_string()))
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, face: &Face, metrics: &Metrics<'_>) {
    match mark {
        Mark::Area { x, y, width, height, ink } => {
            let mut path = PathBuilder::new();
            if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(area);
            }
            if let Some(path) = path.finish() {
                surface.set_stroke(None);
                surface.set_fill(Some(Fill { paint: paint(*ink), ..Fill::default() }));
                surface.draw_path(&path);
            }
        }
        Mark::Text { x, y, style, text } => {
            let Style { size, ink, bold } = *style;
            // A system may have one weight only, so bold is the same with its outline.
            let outline = Stroke { paint: paint(ink), width: size * 0.035, ..Stroke::default() };
            surface.set_stroke(bold.then_some(outline));
            surface.set_fill(Some(Fill { paint: paint(ink), ..Fill::default() }));
            let glyphs = glyphs(text, metrics);
            surface.draw_glyphs(Point::from_xy(*x, *y), &glyphs, face.font.clone(), text, size, false);
        }
    }
}

/// Returns the glyphs of a line, one after the other as they are written, whatever the script.
fn glyphs(text: &str, metrics: &Metrics<'_>) -> Vec<KrillaGlyph> {
    text.char_indices()
        .map(|(at, character)| {
            let (glyph, x_advance) = metrics.glyph(character);
            KrillaGlyph {
                glyph_id: GlyphId::new(glyph),
                text_range: at..at + character.len_utf8(),
                x_advance,
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            }
        })
        .collect()
}

fn paint(ink: Ink) -> Paint {
    match ink {
        Ink::Text => rgb::Color::new(0x1f, 0x29, 0x33),
        Ink::Faint => rgb::Color::new(0x6b, 0x72, 0x80),
        Ink::Line => rgb::Color::new(0xd9, 0xde, 0xe5),
        Ink::Shade => rgb::Color::new(0xf1, 0xf4, 0xf8),
        Ink::Accent => rgb::Color::new(0x2b, 0x6c, 0xb0),
    }
    .into()
}
