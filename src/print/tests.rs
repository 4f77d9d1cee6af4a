use proptest::prelude::*;

use super::*;

/// A sheet with a bit of everything around these texts.
fn sheet(texts: &[String]) -> Sheet {
    let text = |number: usize| texts.get(number % texts.len().max(1)).cloned().unwrap_or_default();
    Sheet {
        title: text(0),
        subtitle: vec![text(1), text(2)],
        blocks: vec![
            Block::Heading(text(3)),
            Block::Fields(texts.iter().map(|text| Field::new(text.as_str(), text.as_str())).collect()),
            Block::Table(Table {
                columns: vec![text(4), text(5)],
                rows: texts.iter().map(|text| vec![text.as_str().into(), 7.into(), text.as_str().into()]).collect(),
            }),
            Block::Bars(texts.iter().map(|text| Bar { label: text.clone(), count: 3 }).collect()),
        ],
    }
}

fn rendered(sheets: &[Sheet], format: Format) -> Vec<u8> {
    render(sheets, format, &Fonts::default()).unwrap()
}

fn html(sheets: &[Sheet]) -> String {
    String::from_utf8(rendered(sheets, Format::Html)).unwrap()
}

#[test]
fn formats_have_the_names_that_clients_use() {
    for (name, format) in [
        ("PDF", Some(Format::Pdf)),
        ("Html", Some(Format::Html)),
        ("EXCEL", Some(Format::Xlsx)),
        ("xlsx", Some(Format::Xlsx)),
        ("WORD", None),
        ("", None),
    ] {
        assert_eq!(Format::parse(name), format, "{name}");
    }
}

#[test]
fn nothing_in_a_text_becomes_a_tag() {
    let page = html(&[sheet(&["<script>alert('1')</script>\u{0}\u{1b}&\"".to_owned()])]);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\u{fffd}\u{fffd}&amp;&quot;"), "{page}");
    assert!(!page.contains(['\0', '\u{1b}']));
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = html(&[sheet(&["客户".to_owned()])]);
    assert!(!page.contains("http") && !page.contains("src=") && !page.contains("url("), "{page}");
}

#[test]
fn the_longest_bar_is_the_largest_number() {
    let bar = |label: &str, count| Bar { label: label.to_owned(), count };
    let bars = Block::Bars(vec![bar("L1", 3), bar("L2", 4), bar("L3", 0)]);
    let page = html(&[Sheet { blocks: vec![bars], ..Sheet::default() }]);
    for share in ["75.0%", "100.0%", "0.0%"] {
        assert!(page.contains(&format!("style=\"width:{share}\"")), "{share}: {page}");
    }
    let nobody = html(&[Sheet { blocks: vec![Block::Bars(vec![bar("L1", 0)])], ..Sheet::default() }]);
    assert!(nobody.contains("style=\"width:0.0%\""), "{nobody}");
}

#[test]
fn what_is_too_much_is_refused_and_not_cut() {
    let fonts = Fonts::default();
    let refused = |sheets: &[Sheet]| match render(sheets, Format::Html, &fonts) {
        Err(PrintError::TooMuch { en, most, .. }) => (en, most),
        other => panic!("{:?}", other.map(|file| file.len())),
    };
    assert_eq!(refused(&vec![Sheet::default(); MOST_SHEETS + 1]), ("sheets", MOST_SHEETS));
    let with = |block| [Sheet { blocks: vec![block], ..Sheet::default() }];
    let fields = vec![Field::new("", ""); MOST_ROWS + 1];
    assert_eq!(refused(&with(Block::Fields(fields))), ("rows", MOST_ROWS));
    let row = vec![Cell::Number(1); MOST_COLUMNS + 1];
    assert_eq!(refused(&with(Block::Table(Table { columns: vec![], rows: vec![row] }))), ("columns", MOST_COLUMNS));
    let long = Field::new("", "字".repeat(MOST_CHARACTERS + 1));
    assert_eq!(refused(&with(Block::Fields(vec![long]))), ("characters", MOST_CHARACTERS));
    assert!(render(&vec![Sheet::default(); MOST_SHEETS], Format::Html, &fonts).is_ok());
}

#[test]
fn without_a_font_there_is_no_pdf_but_the_rest() {
    let fonts = Fonts::new("none.ttf".into());
    let sheets = [sheet(&["客户".to_owned()])];
    let refused = render(&sheets, Format::Pdf, &fonts).unwrap_err().to_string();
    assert!(refused.contains("[print] font") && refused.contains("none.ttf"), "{refused}");
    let refused = PrintError::NoFont.to_string();
    assert!(refused.contains("[print] font") && refused.contains("fonts-noto-cjk"), "{refused}");
    assert!(render(&sheets, Format::Html, &fonts).is_ok());
    assert!(render(&sheets, Format::Xlsx, &fonts).is_ok());
}

/// Returns the files of a workbook, one after the other.
fn unpacked(workbook: Vec<u8>) -> String {
    use std::io::Read;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    for index in 0..archive.len() {
        archive.by_index(index).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

#[test]
fn a_workbook_has_a_worksheet_for_each_sheet_and_draws_the_bars() {
    let sheets = [sheet(&["王芳".to_owned()]), sheet(&["=1+1".to_owned()])];
    let text = unpacked(rendered(&sheets, Format::Xlsx));
    assert!(text.contains("name=\"1 王芳\"") && text.contains("name=\"2 =1+1\""), "{text}");
    assert_eq!(text.matches("<c:barChart>").count(), 2);
    // A number is one, a text is no formula.
    assert!(text.contains("<v>7</v>") && !text.contains("<f>"), "{text}");
    assert!(unpacked(rendered(&[], Format::Xlsx)).contains("<sheet "));
}

/// Any text: all of Unicode, what has no width, what turns the direction round, what is much too long.
pub fn texts() -> impl Strategy<Value = Vec<String>> {
    let strange = prop::sample::select(vec![
        "\0",
        "\u{1b}",
        "\r",
        "\r\n",
        "\t",
        "\u{301}",
        "\u{200d}",
        "\u{202e}",
        "\u{feff}",
        "שלום",
        "مرحبا",
        "😀",
        "𠮷",
        "\u{fffe}",
        "\u{10ffff}",
        "\u{2028}",
        "]]>",
        "'",
        "客户",
    ]);
    let text = prop_oneof![
        4 => "\\PC{0,40}",
        2 => any::<String>(),
        2 => prop::collection::vec(strange, 0..20).prop_map(|parts| parts.concat()),
        1 => (any::<char>(), 1000usize..5000).prop_map(|(character, count)| character.to_string().repeat(count)),
    ];
    prop::collection::vec(text, 0..8)
}

/// How wide characters are without a font, the impossible among it.
fn advance(character: char) -> f32 {
    match character {
        '\u{301}' => 0.0,
        'W' => 1000.0,
        character if character >= '\u{2e80}' => 1.0,
        _ => 0.5,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_can_be_printed(texts in texts()) {
        let sheets = [sheet(&texts)];
        for format in [Format::Html, Format::Xlsx] {
            prop_assert!(!rendered(&sheets, format).is_empty());
        }
        for page in layout::layout(&sheets, &advance) {
            for mark in page {
                let (y, height) = match mark {
                    layout::Mark::Text { y, .. } => (y, 0.0),
                    layout::Mark::Area { y, height, .. } => (y, height),
                };
                prop_assert!(y > 0.0 && y + height < layout::HEIGHT);
            }
        }
    }
}

/// Returns the texts of a page, without its head and its number.
fn body(page: &layout::Page) -> Vec<&str> {
    let is_body = |y: f32| (60.0..layout::HEIGHT - 60.0).contains(&y);
    let text = |mark| match mark {
        &layout::Mark::Text { y, ref text, .. } if is_body(y) => Some(text.as_str()),
        _ => None,
    };
    page.iter().filter_map(text).collect()
}

#[test]
fn a_table_goes_on_over_pages_with_its_titles_and_nothing_is_lost() {
    let rows = (0..100).map(|number| vec![format!("客户{number}").as_str().into(), number.into()]).collect();
    let table = Table { columns: vec!["客户".into(), "工单".into()], rows };
    let pages = layout::layout(&[Sheet { blocks: vec![Block::Table(table)], ..Sheet::default() }], &advance);
    assert!(pages.len() > 2);
    for page in &pages {
        assert_eq!(body(page).get(..2), Some(&["客户", "工单"][..]));
        assert!(body(page).len() > 2, "a page with titles only");
    }
    let texts: Vec<_> = pages.iter().flat_map(body).collect();
    for number in 0..100 {
        assert_eq!(texts.iter().filter(|text| **text == format!("客户{number}")).count(), 1, "{number}");
    }
}

#[test]
fn a_row_higher_than_a_page_goes_on_over_the_next() {
    let long = (0..200).map(|number| format!("第{number}行")).collect::<Vec<_>>().join("\n");
    let fields = Block::Fields(vec![Field::new("描述", long)]);
    let pages = layout::layout(&[Sheet { blocks: vec![fields], ..Sheet::default() }], &advance);
    let texts: Vec<_> = pages.iter().flat_map(body).collect();
    for number in 0..200 {
        assert!(texts.contains(&format!("第{number}行").as_str()), "{number}");
    }
}

#[test]
fn pages_are_numbered_through() {
    let sheet = Sheet { title: "客户".into(), ..Sheet::default() };
    let pages = layout::layout(&[sheet.clone(), sheet], &advance);
    for (page, number) in pages.iter().zip(["第 1 页，共 2 页", "第 2 页，共 2 页"]) {
        assert!(page.iter().any(|mark| matches!(mark, layout::Mark::Text { text, .. } if text == number)));
    }
}
