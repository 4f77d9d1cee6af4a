//! What is on printed pages, read back as people's programs read it.

use std::process::Command;

use laidian::print::{Bar, Block, Field, Fonts, Format, PrintError, Sheet, Table, render};
use proptest::prelude::*;

use crate::support::is_installed;

/// Whether a font with Chinese characters is there, as those that `config.toml` names are.
fn has_font(test: &str) -> bool {
    let missing = render(&[], Format::Pdf, &Fonts::default()) == Err(PrintError::NoFont);
    is_installed(!missing, "fonts-wqy-microhei", test)
}

fn has_pdftotext(test: &str) -> bool {
    is_installed(Command::new("pdftotext").arg("-v").output().is_ok(), "poppler-utils", test)
}

fn sheet(value: &str) -> Sheet {
    let rows = (1..=60).map(|number| vec![format!("工单{number}").as_str().into(), number.into()]).collect();
    Sheet {
        title: "北京示例科技有限公司".into(),
        subtitle: vec!["演示公司".into(), "打印人：王芳".into()],
        blocks: vec![
            Block::Heading("基本信息".into()),
            Block::Fields(vec![Field::new("描述", value)]),
            Block::Table(Table { columns: vec!["标题".into(), "次数".into()], rows }),
            Block::Bars(vec![Bar { label: "互联网".into(), count: 12 }]),
        ],
    }
}

/// Returns the text of each page.
fn read(pdf: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&file).arg("-").output().unwrap();
    // It also tells here what is wrong with a file.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap().split_terminator('\u{c}').map(str::to_owned).collect()
}

#[test]
fn a_pdf_can_be_searched_and_goes_on_over_pages() {
    let test = "a_pdf_can_be_searched_and_goes_on_over_pages";
    if !has_font(test) || !has_pdftotext(test) {
        return;
    }
    let value = "重点客户，每季度回访一次 and a visit to their office each year. ".repeat(8);
    let sheets = [sheet(&value), sheet("😀 缺字")];
    let pdf = render(&sheets, Format::Pdf, &Fonts::default()).unwrap();
    let pages = read(&pdf);
    let count = pages.len();
    assert!(count >= 4, "{pages:?}");
    for (number, page) in (1..).zip(&pages) {
        assert!(page.contains(&format!("第 {number} 页，共 {count} 页")), "{page}");
        assert!(page.contains("演示公司"), "{page}");
    }
    // The table goes on, and its titles with it.
    assert!(pages[1].contains("标题") && !pages[1].contains("基本信息"), "{}", pages[1]);
    let text = pages.concat();
    for number in 1..=60 {
        assert_eq!(text.matches(&format!("工单{number} ")).count(), sheets.len(), "工单{number}");
    }
    // What is copied is what was written, also where the font has a box only.
    let one_line = |text: &str| text.split_whitespace().collect::<String>();
    assert!(one_line(&pages[0]).contains(&one_line(&value)), "{}", pages[0]);
    assert!(text.contains("互联网") && text.contains("😀 缺字"), "{text}");
    // The whole font is several megabytes.
    assert!(pdf.len() < 100_000, "{} bytes", pdf.len());
}

#[test]
fn a_pdf_says_what_it_is_and_by_what_it_was_made() {
    let test = "a_pdf_says_what_it_is_and_by_what_it_was_made";
    if !has_font(test) || !has_pdftotext(test) {
        return;
    }
    let pdf = render(&[sheet("甲"), sheet("乙")], Format::Pdf, &Fonts::default()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &pdf).unwrap();
    let told = |program: &str| {
        let output = Command::new(program).arg(file.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    let about = told("pdfinfo");
    for line in ["Title: 北京示例科技有限公司", "Creator: laidian", "Page size: 595.28 x 841.89 pts (A4)"] {
        let is_there = |told: &str| told.split_whitespace().eq(line.split_whitespace());
        assert!(about.lines().any(is_there), "{line}: {about}");
    }
    assert!(String::from_utf8_lossy(&pdf).contains("/Lang (zh-CN)"));
    // One font, which is in the file, in part, and can be copied from.
    let fonts = told("pdffonts");
    let font: Vec<_> = fonts.lines().skip(2).collect();
    assert!(font.len() == 1 && font.concat().contains("Identity-H       yes yes yes"), "{fonts}");
}

/// Returns what is to be seen of a document's first page.
fn seen(pdf: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut command = Command::new("pdftoppm");
    let output = command.args(["-r", "50", "-gray", "-f", "1", "-l", "1"]).arg(&file).output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty());
    output.stdout
}

#[test]
fn what_the_font_has_not_is_seen_as_a_box() {
    let test = "what_the_font_has_not_is_seen_as_a_box";
    if !has_font(test) || !has_pdftotext(test) {
        return;
    }
    let page = |value: &str| seen(&render(&[sheet(value)], Format::Pdf, &Fonts::default()).unwrap());
    let boxes = page("甲□□□乙");
    assert!(page("甲😀\0\u{1b}乙") == boxes);
    assert!(page("甲   乙") != boxes);
}

/// Returns a font, to be broken.
fn font() -> Option<Vec<u8>> {
    ["wqy-microhei.ttc", "wqy-zenhei.ttc"]
        .into_iter()
        .find_map(|name| std::fs::read(format!("/usr/share/fonts/truetype/wqy/{name}")).ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_font_is_refused_or_does_its_best(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..200),
        // Where what is in front of the file, or all of it, is changed; where it is cut.
        reach in prop_oneof![Just(2000), Just(usize::MAX)],
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let font = font();
        if is_installed(font.is_some(), "fonts-wqy-microhei", "a_broken_font_is_refused_or_does_its_best") {
            let mut font = font.unwrap_or_default();
            for (at, byte) in changes {
                let at = at.index(font.len().min(reach));
                font[at] = byte;
            }
            font.truncate(cut.map_or(font.len(), |cut| cut.index(font.len())));
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), font).unwrap();
            let printed = render(&[sheet("缺字")], Format::Pdf, &Fonts::new(file.path().to_owned()));
            let is_told = matches!(printed, Ok(_) | Err(PrintError::Font { .. } | PrintError::Pdf(_)));
            prop_assert!(is_told, "{printed:?}");
        }
    }

    #[test]
    fn every_text_can_be_set(texts in prop::collection::vec(prop_oneof![
        4 => any::<String>(),
        2 => "[\\x00-\\x1f\u{300}-\u{310}\u{590}-\u{5ff}\u{200b}-\u{202e}\u{fff0}-\u{ffff}\u{1f600}-\u{1f64f}客户]{0,60}",
        1 => (any::<char>(), 500usize..3000).prop_map(|(character, count)| character.to_string().repeat(count)),
    ], 1..6)) {
        if has_font("every_text_can_be_set") {
            let fields = texts.iter().map(|text| Field::new(text.as_str(), text.as_str())).collect();
            let rows = texts.iter().map(|text| vec![text.as_str().into(), 7.into(), text.as_str().into()]).collect();
            let sheet = Sheet {
                title: texts.concat(),
                subtitle: texts.clone(),
                blocks: vec![
                    Block::Fields(fields),
                    Block::Table(Table { columns: texts.clone(), rows }),
                    Block::Bars(texts.iter().map(|text| Bar { label: text.clone(), count: u32::MAX }).collect()),
                ],
            };
            let pdf = render(&[sheet], Format::Pdf, &Fonts::default()).unwrap();
            prop_assert!(pdf.starts_with(b"%PDF-"));
        }
    }
}
