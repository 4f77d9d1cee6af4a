//! Where everything stands on pages of A4. Lengths are points, from the upper left corner.

use super::wrap::{fit, wrap};
use super::{Bar, Block, Field, Sheet, Table};

pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 48.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
/// Where text begins and has to end, between the line above and the page number.
const TOP: f32 = MARGIN + 22.0;
const BOTTOM: f32 = HEIGHT - MARGIN - 14.0;
/// The air in table cells.
const PAD: f32 = 5.0;
/// How thick lines are.
const RULE: f32 = 0.6;
/// How high the title of a table can be: it is repeated on each page and must leave room.
const MOST_HEAD_LINES: usize = 3;

/// What something is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Text,
    Faint,
    Line,
    Shade,
    Accent,
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    pub ink: Ink,
    pub bold: bool,
}

impl Style {
    const BODY: Self = Self { size: 10.0, ink: Ink::Text, bold: false };
    const LABEL: Self = Self { ink: Ink::Faint, ..Self::BODY };
    const HEAD: Self = Self { bold: true, ..Self::BODY };
    const SMALL: Self = Self { size: 8.5, ..Self::LABEL };
    const TITLE: Self = Self { size: 19.0, ..Self::HEAD };
    const HEADING: Self = Self { size: 12.5, ..Self::HEAD };

    fn leading(self) -> f32 {
        self.size * 1.5
    }
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of text; `y` is where its letters stand.
    Text { x: f32, y: f32, style: Style, text: String },
    /// A filled rectangle.
    Area { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

pub type Page = Vec<Mark>;

/// Returns the pages; `advance` says how wide a character is in a font of the size 1.
pub fn layout(sheets: &[Sheet], advance: &dyn Fn(char) -> f32) -> Vec<Page> {
    let mut pages = Vec::new();
    for sheet in sheets {
        let mut setter = Setter { advance, sheet, head: None, pages: Vec::new(), y: 0.0 };
        setter.set();
        pages.append(&mut setter.pages);
    }
    let count = pages.len();
    for (number, page) in (1..).zip(&mut pages) {
        let text = format!("第 {number} 页，共 {count} 页");
        let style = Style::SMALL;
        let x = (WIDTH - width(&text, style, advance)) / 2.0;
        page.push(Mark::Text { x, y: HEIGHT - MARGIN, style, text });
    }
    pages
}

fn width(text: &str, style: Style, advance: &dyn Fn(char) -> f32) -> f32 {
    text.chars().map(advance).sum::<f32>() * style.size
}

/// Sets a sheet on pages.
struct Setter<'a> {
    advance: &'a dyn Fn(char) -> f32,
    sheet: &'a Sheet,
    /// The titles of the table at work, to be repeated on its next page.
    head: Option<Vec<Piece>>,
    pages: Vec<Page>,
    /// Where what comes next begins on the last page.
    y: f32,
}

/// Lines that stand below each other in a row.
#[derive(Clone)]
struct Piece {
    x: f32,
    width: f32,
    style: Style,
    right: bool,
    lines: Vec<String>,
}

impl Setter<'_> {
    fn set(&mut self) {
        self.new_page();
        self.paragraph(&self.sheet.title, Style::TITLE);
        self.paragraph(&self.sheet.subtitle.join(" · "), Style::SMALL);
        self.y += PAD;
        for block in &self.sheet.blocks {
            match block {
                Block::Heading(title) => self.heading(title),
                Block::Fields(fields) => self.fields(fields),
                Block::Table(table) => self.table(table),
                Block::Bars(bars) => self.bars(bars),
            }
        }
    }

    fn new_page(&mut self) {
        self.pages.push(Page::new());
        let style = Style::SMALL;
        let half = INNER / 2.0 - PAD;
        let whose = self.sheet.subtitle.first().map_or("", String::as_str);
        let [whose, title] =
            [whose, &self.sheet.title].map(|text| fit(text, half, |character| (self.advance)(character) * style.size));
        self.y = MARGIN - style.leading();
        self.line(&Piece { x: MARGIN, width: half, style, right: false, lines: Vec::new() }, &whose);
        self.line(&Piece { x: MARGIN + INNER - half, width: half, style, right: true, lines: Vec::new() }, &title);
        self.y = MARGIN;
        self.rule();
        self.y = TOP;
        if let Some(head) = self.head.take() {
            self.titles(&head);
            self.head = Some(head);
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn rule(&mut self) {
        self.mark(Mark::Area { x: MARGIN, y: self.y, width: INNER, height: RULE, ink: Ink::Line });
    }

    /// Draws one line of a piece here.
    fn line(&mut self, piece: &Piece, text: &str) {
        let style = piece.style;
        let indent = if piece.right { (piece.width - width(text, style, self.advance)).max(0.0) } else { 0.0 };
        let y = self.y + (style.leading() - style.size) / 2.0 + style.size * 0.86;
        self.mark(Mark::Text { x: piece.x + indent, y, style, text: text.to_owned() });
    }

    /// Goes on to the next page unless there is room for so much.
    fn make_room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.new_page();
        }
    }

    fn piece(&self, text: &str, x: f32, width: f32, style: Style) -> Piece {
        let lines = wrap(text, width, |character| (self.advance)(character) * style.size);
        Piece { x, width, style, right: false, lines: lines.into_iter().map(str::to_owned).collect() }
    }

    /// Draws pieces beside each other, on one page if one can hold them, with so much air above and below.
    fn row(&mut self, pieces: &[Piece], air: f32) {
        let leading = pieces.iter().map(|piece| piece.style.leading()).fold(0.0, f32::max);
        let lines = pieces.iter().map(|piece| piece.lines.len()).max().unwrap_or(0);
        let height: f32 = 2.0 * air + (0..lines).map(|_| leading).sum::<f32>();
        if height <= BOTTOM - TOP {
            self.make_room(height);
        }
        self.y += air;
        for number in 0..lines {
            self.make_room(leading);
            for piece in pieces {
                if let Some(line) = piece.lines.get(number) {
                    self.line(piece, line);
                }
            }
            self.y += leading;
        }
        self.y += air;
    }

    fn paragraph(&mut self, text: &str, style: Style) {
        if !text.is_empty() {
            let piece = self.piece(text, MARGIN, INNER, style);
            self.row(&[piece], 0.0);
        }
    }

    fn heading(&mut self, title: &str) {
        // A heading at the foot of a page would stand alone.
        self.make_room(6.0 * Style::HEADING.leading());
        self.y += 2.0 * PAD;
        self.paragraph(title, Style::HEADING);
        self.y += PAD / 2.0;
    }

    /// Returns how wide the widest of these is, up to a third of the page.
    fn widest<'t>(&self, texts: impl Iterator<Item = &'t str>) -> f32 {
        texts.map(|text| width(text, Style::BODY, self.advance)).fold(0.0, f32::max).min(INNER / 3.0)
    }

    fn fields(&mut self, fields: &[Field]) {
        let labels = self.widest(fields.iter().map(|field| field.label.as_str()));
        let x = MARGIN + labels + 4.0 * PAD;
        for Field { label, value } in fields {
            let label = self.piece(label, MARGIN + PAD, labels, Style::LABEL);
            let value = self.piece(value, x, MARGIN + INNER - PAD - x, Style::BODY);
            self.row(&[label, value], PAD / 2.0);
            self.rule();
        }
    }

    fn table(&mut self, table: &Table) {
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let widths = self.columns(&table.columns, &rows);
        let pieces = |setter: &Self, texts: &[String], style: Style| -> Vec<Piece> {
            let mut x = MARGIN;
            let mut pieces = Vec::new();
            for (column, (text, width)) in texts.iter().zip(&widths).enumerate() {
                let piece = setter.piece(text, x + PAD, width - 2.0 * PAD, style);
                pieces.push(Piece { right: table.has_numbers(column), ..piece });
                x += width;
            }
            pieces
        };
        let mut head = pieces(self, &table.columns, Style::HEAD);
        for piece in &mut head {
            piece.lines.truncate(MOST_HEAD_LINES);
        }
        self.make_room(5.0 * Style::BODY.leading());
        self.titles(&head);
        self.head = Some(head);
        for row in &rows {
            let row = pieces(self, row, Style::BODY);
            self.row(&row, PAD / 2.0);
            self.rule();
        }
        self.head = None;
        self.y += PAD;
    }

    fn titles(&mut self, head: &[Piece]) {
        let lines = head.iter().map(|piece| piece.lines.len()).max().unwrap_or(0);
        let height = PAD + (0..lines).map(|_| Style::HEAD.leading()).sum::<f32>();
        self.mark(Mark::Area { x: MARGIN, y: self.y, width: INNER, height, ink: Ink::Shade });
        self.row(head, PAD / 2.0);
    }

    /// Returns how wide the columns of a table are: as wide as they need to be, where that fits; otherwise the
    /// wide ones share what the narrow ones leave.
    fn columns(&self, titles: &[String], rows: &[Vec<String>]) -> Vec<f32> {
        let count = rows.iter().map(Vec::len).fold(titles.len(), usize::max);
        let mut widths = vec![0.0f32; count];
        for texts in rows.iter().map(Vec::as_slice).chain([titles]) {
            for (widest, text) in widths.iter_mut().zip(texts) {
                *widest = widest.max(width(text, Style::BODY, self.advance) + 2.0 * PAD + 1.0);
            }
        }
        let total: f32 = widths.iter().sum();
        if total <= INNER {
            let stretch = INNER / total.max(1.0);
            return widths.iter().map(|width| width * stretch).collect();
        }
        let mut sorted = widths.clone();
        sorted.sort_by(f32::total_cmp);
        let (mut left, mut columns) = (INNER, widths.iter().map(|_| 1.0).sum::<f32>());
        for narrow in sorted {
            if narrow > left / columns {
                break;
            }
            left -= narrow;
            columns -= 1.0;
        }
        widths.iter().map(|width| width.min(left / columns)).collect()
    }

    fn bars(&mut self, bars: &[Bar]) {
        let labels = self.widest(bars.iter().map(|bar| bar.label.as_str()));
        let counts =
            self.widest(bars.iter().map(|bar| bar.count.to_string()).collect::<Vec<_>>().iter().map(String::as_str));
        let x = MARGIN + labels + 3.0 * PAD;
        let longest = MARGIN + INNER - x - counts - 2.0 * PAD;
        let largest = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
        for Bar { label, count } in bars {
            let length = longest * share(*count, largest);
            let label = self.piece(label, MARGIN + PAD, labels, Style::LABEL);
            let count = self.piece(&count.to_string(), x + length + PAD, counts + 1.0, Style::BODY);
            let leading = Style::BODY.leading();
            self.make_room(leading);
            self.row(&[label, count], 0.0);
            let y = self.y - leading + (leading - 9.0) / 2.0;
            self.mark(Mark::Area { x, y, width: length.max(RULE), height: 9.0, ink: Ink::Accent });
        }
        self.y += PAD;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share need not be exact")]
fn share(count: u32, largest: u32) -> f32 {
    (f64::from(count) / f64::from(largest)) as f32
}
