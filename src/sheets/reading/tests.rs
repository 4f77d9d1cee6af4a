use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::sheets::Xlsx;

const LIMITS: Limits = Limits { unpacked: 1 << 20, rows: 1000 };

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A workbook of these parts, beside those that lead to them.
fn book(sheet: &str, strings: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let relations = |entries: &str| format!("<Relationships>{entries}</Relationships>");
    for (name, text) in [
        ("_rels/.rels", relations(r#"<Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.xml"/>"#)),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                r#"<Relationship Id="a" Type="x/worksheet" Target="/xl/worksheets/first.xml"/>
                   <Relationship Id="b" Type="x/sharedStrings" Target="sharedStrings.xml"/>"#,
            ),
        ),
        ("xl/workbook.xml", r#"<workbook><sheets><sheet name="客户" r:id="a"/></sheets></workbook>"#.to_owned()),
        ("xl/worksheets/first.xml", format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>")),
        ("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Row>, ReadError> {
    Book::open(file(bytes), limits)?.rows()?.collect()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn cells_of_every_kind_are_read_as_people_see_them() {
    let sheet = r#"
        <row r="1"><c r="A1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><r><t>两</t></r><r><t xml:space="preserve"> 段</t></r></is></c></row>
        <row r="2"><c r="A2"/><c r="B2" t="inlineStr"><is><t>  </t></is></c></row>
        <row r="4"><c r="A4"><v>1.3900000001E10</v></c><c r="B4"><v>2.5</v></c><c t="b"><v>1</v></c><c r="D4" t="e"><v>#N/A</v></c>
          <c r="E4"><f>1+1</f></c><c r="F4" t="str"><f>A4</f><v>x</v></c><c r="G4" t="s"><v>0</v></c></row>
        <row><c t="inlineStr"><is><t>A&amp;B&#10;&#x5b57;_x000D__x41_</t></is></c></row>"#;
    let strings = "<si><t>零</t><rPh><t>ling</t></rPh></si><si><r><t>一</t></r><r><t>号</t></r></si>";
    let rows = read(&book(sheet, strings), LIMITS).unwrap();
    assert_eq!(
        rows,
        [
            Row { number: 1, cells: vec![Some(text("一号")), None, Some(text("两 段"))] },
            Row {
                number: 4,
                cells: vec![
                    Some(text("13900000001")),
                    Some(text("2.5")),
                    Some(text("TRUE")),
                    Some(Cell::Fault("#N/A".to_owned())),
                    Some(Cell::Formula),
                    Some(Cell::Formula),
                    Some(text("零")),
                ],
            },
            Row { number: 5, cells: vec![Some(text("A&B\n字\r_x41_"))] },
        ]
    );
}

#[test]
fn what_is_too_large_is_stopped_whatever_it_says_of_itself() {
    let cell = |row: usize| format!("<row r=\"{row}\"><c t=\"inlineStr\"><is><t>x</t></is></c></row>");
    let rows: String = (1..=20).map(cell).collect();
    let limits = Limits { unpacked: 1 << 20, rows: 19 };
    assert_eq!(read(&book(&rows, ""), limits).unwrap().len(), 20, "the titles are not counted");
    assert!(matches!(read(&book(&rows, ""), Limits { rows: 18, ..limits }), Err(ReadError::TooManyRows(18))));
    assert!(matches!(read(&book(&rows, ""), Limits { unpacked: 900, ..limits }), Err(ReadError::TooLarge(900))));
    let empty = "<row></row>".repeat(1 << 20);
    assert!(matches!(read(&book(&empty, ""), LIMITS), Err(ReadError::TooLarge(_))));
    assert!(matches!(read(&book("", &"<si/>".repeat(1 << 20)), LIMITS), Err(ReadError::TooLarge(_))));
    let long = format!("<row><c t=\"inlineStr\"><is><t>{}</t></is></c></row>", "x".repeat(LONGEST_CELL + 1));
    assert!(matches!(read(&book(&long, ""), LIMITS), Err(ReadError::CellTooLong(Some(1)))));
    assert!(matches!(read(&book("<row><c r=\"ZZZ1\"><v>1</v></c></row>", ""), LIMITS), Err(ReadError::TooManyColumns)));
    // Cells that share one text; a few bytes each.
    let shared = format!("<row>{}</row>", r#"<c t="s"><v>0</v></c>"#.repeat(40));
    let strings = format!("<si><t>{}</t></si>", "x".repeat(LONGEST_CELL));
    let roomy = Limits { unpacked: 1 << 22, ..LIMITS };
    assert!(matches!(read(&book(&shared, &strings), roomy), Err(ReadError::RowTooLong(1))));
    let shared = format!("<row>{}</row>", r#"<c t="s"><v>0</v></c>"#.repeat(20)).repeat(2);
    assert!(matches!(read(&book(&shared, &strings), LIMITS), Err(ReadError::TooLarge(_))));
    let deep = "<a>".repeat(1000);
    assert!(matches!(read(&book(&deep, ""), LIMITS), Err(ReadError::NotAWorkbook(_))));
}

/// The same bytes, with another size of the texts' part in the directory.
#[test]
fn an_archive_that_lies_about_its_sizes_is_stopped_on_the_way() {
    let strings = format!("<si><t>{}</t></si>", "x".repeat(20_000)).repeat(100);
    let mut bytes = book("<row><c><v>1</v></c></row>", &strings);
    let name = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[name + 24..name + 28].copy_from_slice(&100u32.to_le_bytes());
    let error = read(&bytes, LIMITS).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge(_) | ReadError::NotAWorkbook(_)), "{error}");
}

#[test]
fn what_is_no_workbook_is_told_so() {
    for bytes in [&b""[..], b"PK", b"custname,phone\n", &book("<row><c></row>", ""), &book("<row r=\"x\"/>", "")] {
        assert!(matches!(read(bytes, LIMITS), Err(ReadError::NotAWorkbook(_))), "{bytes:?}");
    }
    // An empty cell is one, too.
    let rows =
        read(&book(r#"<row><c><v>1</v></c><c/><c><v>5</v></c><c r="F1"/><c><v>7</v></c></row>"#, ""), LIMITS).unwrap();
    let cells = [Some("1"), None, Some("5"), None, None, None, Some("7")];
    assert_eq!(rows[0].cells, cells.map(|cell| cell.map(text)));
    let descending = r#"<row r="2"><c><v>1</v></c></row><row r="1"><c><v>1</v></c></row>"#;
    assert!(matches!(read(&book(descending, ""), LIMITS), Err(ReadError::NotAWorkbook(_))));
    let unknown = r#"<row><c t="inlineStr"><is><t>&bomb;</t></is></c></row>"#;
    assert!(matches!(read(&book(unknown, ""), LIMITS), Err(ReadError::NotAWorkbook(_))));
    assert!(matches!(read(&book(r#"<row><c t="s"><v>7</v></c></row>"#, ""), LIMITS), Err(ReadError::NotAWorkbook(_))));
    let mut whole = book("<row><c><v>1</v></c></row>", "");
    whole.truncate(whole.len() / 2);
    assert!(matches!(read(&whole, LIMITS), Err(ReadError::NotAWorkbook(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read(rows in prop::collection::vec(prop::collection::vec("\\PC{0,12}", 1..5), 0..20)) {
        let mut workbook = Xlsx::new(&["一".to_owned()]);
        for row in &rows {
            workbook.row(row.iter().map(String::as_str)).unwrap();
        }
        let mut book = Book::open(workbook.finish().unwrap(), LIMITS).unwrap();
        let mut read = book.rows().unwrap();
        prop_assert_eq!(read.next().unwrap().unwrap().cells, vec![Some(text("一"))]);
        for (number, row) in (2u32..).zip(&rows).filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty())) {
            let found = read.next().unwrap().unwrap();
            prop_assert_eq!(found.number, number);
            for (column, cell) in row.iter().enumerate() {
                let expected = (!cell.trim().is_empty()).then(|| Cell::Text(cell.clone()));
                prop_assert_eq!(found.cell(column), expected.as_ref());
            }
        }
        prop_assert!(read.next().is_none());
    }

    #[test]
    fn damage_is_an_answer(at: prop::sample::Index, byte: u8, sheet in "[<>/rcvtsi =\"0-9A-Z&;]{0,60}") {
        let mut bytes = book(&sheet, "<si><t>x</t></si>");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes, LIMITS);
    }
}
