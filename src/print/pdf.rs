//! Draws the pages. Their text can be searched and copied, and of the font goes in what is used.

use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Filter, Name, Pdf, Rect, Ref, Str, TextStr};

use super::embed::{Glyphs, deflated};
use super::fonts::{Face, Metrics};
use super::layout::{HEIGHT, Ink, Mark, Page, Style, WIDTH, layout};
use super::{PrintError, Sheet};

/// What the font is called on pages.
const FONT: Name<'_> = Name(b"F");

/// Returns the file.
pub fn render(sheets: &[Sheet], face: &Face) -> Result<Vec<u8>, PrintError> {
    let metrics = face.metrics().ok_or_else(|| PrintError::Pdf("the font is gone".to_owned()))?;
    let mut drawn = layout(sheets, &|character| metrics.glyph(character).advance);
    if drawn.is_empty() {
        // A file without pages is none.
        drawn.push(Page::new());
    }
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let [catalog, info, tree, font] = [(); 4].map(|()| next.bump());
    let mut glyphs = Glyphs::new();
    let mut pages = Vec::new();
    for marks in &drawn {
        let [page, content] = [(); 2].map(|()| next.bump());
        pdf.page(page).parent(tree).contents(content);
        pdf.stream(content, &deflated(&draw(marks, &metrics, &mut glyphs))?).filter(Filter::FlateDecode);
        pages.push(page);
    }
    glyphs.write(&mut pdf, font, &mut next, face)?;
    // The pages share what is said here.
    let mut shared = pdf.pages(tree);
    shared
        .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
        .count(i32::try_from(pages.len()).unwrap_or(i32::MAX))
        .kids(pages);
    shared.resources().fonts().pair(FONT, font);
    drop(shared);
    let title = sheets.first().map_or("", |sheet| &sheet.title);
    pdf.document_info(info).title(TextStr(title)).creator(TextStr("laidian"));
    pdf.catalog(catalog).pages(tree).lang(TextStr("zh-CN"));
    Ok(pdf.finish())
}

/// Returns what a page is drawn by. Lengths of PDFs begin at the lower left corner.
fn draw(marks: &[Mark], metrics: &Metrics<'_>, glyphs: &mut Glyphs) -> Vec<u8> {
    let mut content = Content::new();
    for mark in marks {
        match mark {
            Mark::Area { x, y, width, height, ink } => {
                let [red, green, blue] = colour(*ink);
                content.set_fill_rgb(red, green, blue);
                content.rect(*x, HEIGHT - y - height, *width, *height).fill_nonzero();
            }
            Mark::Text { x, y, style, text } => {
                let Style { size, ink, bold } = *style;
                let [red, green, blue] = colour(ink);
                content.begin_text().set_font(FONT, size).set_fill_rgb(red, green, blue);
                if bold {
                    // A system may have one weight only, so bold is the same with its outline.
                    content.set_text_rendering_mode(TextRenderingMode::FillStroke);
                    content.set_stroke_rgb(red, green, blue).set_line_width(size * 0.035);
                } else {
                    content.set_text_rendering_mode(TextRenderingMode::Fill);
                }
                content.next_line(*x, HEIGHT - y);
                write(&mut content, text, metrics, glyphs);
                content.end_text();
            }
        }
    }
    content.finish().into_vec()
}

/// Writes the glyphs of a line, one after the other as they are written, whatever the script.
fn write(content: &mut Content, text: &str, metrics: &Metrics<'_>, glyphs: &mut Glyphs) {
    let written: Vec<_> = text
        .chars()
        .map(|character| {
            let (code, copied) = glyphs.code(metrics.glyph(character));
            (code, character, character == copied)
        })
        .collect();
    for run in written.chunk_by(|(.., is_copied), (.., next)| is_copied == next) {
        let codes: Vec<u8> = run.iter().flat_map(|(code, ..)| code.to_be_bytes()).collect();
        if run.iter().all(|(.., is_copied)| *is_copied) {
            content.show(Str(&codes));
        } else {
            // A glyph is copied as one character, but several may look the same, and a box stands for any.
            let meant: String = run.iter().map(|(_, character, _)| character).collect();
            content.begin_marked_content_with_properties(Name(b"Span")).properties().actual_text(TextStr(&meant));
            content.show(Str(&codes)).end_marked_content();
        }
    }
}

fn colour(ink: Ink) -> [f32; 3] {
    match ink {
        Ink::Text => [0x1f, 0x29, 0x33],
        Ink::Faint => [0x6b, 0x72, 0x80],
        Ink::Line => [0xd9, 0xde, 0xe5],
        Ink::Shade => [0xf1, 0xf4, 0xf8],
        Ink::Accent => [0x2b, 0x6c, 0xb0],
    }
    .map(|part: u8| f32::from(part) / 255.0)
}
