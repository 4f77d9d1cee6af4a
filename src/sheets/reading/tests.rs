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

/// A workbook of this sheet and these texts.
fn book(sheet: &str, strings: &str) -> Vec<u8> {
    let workbook = r#"<workbook><sheets><sheet name="客户" r:id="a"/></sheets></workbook>"#;
    whole_book(workbook, &format!("<sheetData>{sheet}</sheetData>"), strings, "")
}

/// An archive of these parts.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of these parts, beside those that lead to them; its second sheet is empty.
fn whole_book(workbook: &str, sheet: &str, strings: &str, styles: &str) -> Vec<u8> {
    let relations = |entries: &str| format!("<Relationships>{entries}</Relationships>");
    let of_workbook = r#"<Relationship Id="a" Type="x/worksheet" Target="/xl/worksheets/first.xml"/>
        <Relationship Id="z" Type="x/worksheet" Target="worksheets/second.xml"/>
        <Relationship Id="c" Type="x/chartsheet" Target="chartsheets/chart.xml"/>
        <Relationship Id="b" Type="x/sharedStrings" Target="sharedStrings.xml"/>
        <Relationship Id="s" Type="x/styles" Target="styles.xml"/>"#;
    archive(&[
        ("_rels/.rels", &relations(r#"<Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.xml"/>"#)),
        ("xl/_rels/workbook.xml.rels", &relations(of_workbook)),
        ("xl/workbook.xml", workbook),
        ("xl/worksheets/first.xml", &format!("<worksheet>{sheet}</worksheet>")),
        ("xl/worksheets/second.xml", "<worksheet><sheetData><row><c><v>2</v></c></row></sheetData></worksheet>"),
        ("xl/sharedStrings.xml", &format!("<sst>{strings}</sst>")),
        ("xl/styles.xml", &format!("<styleSheet>{styles}</styleSheet>")),
    ])
}

fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Row>, ReadError> {
    Book::open(file(bytes), limits)?.rows()?.collect()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn row(number: u32, cells: Vec<Option<Cell>>) -> Row {
    Row { number, cells, is_hidden: false }
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
            row(1, vec![Some(text("一号")), None, Some(text("两 段"))]),
            row(
                4,
                vec![
                    Some(text("13900000001")),
                    Some(text("2.5")),
                    Some(text("TRUE")),
                    Some(Cell::Fault("#N/A".to_owned())),
                    Some(Cell::Formula),
                    Some(text("x")),
                    Some(text("零")),
                ],
            ),
            row(5, vec![Some(text("A&B\n字\r_x41_"))]),
        ]
    );
}

const SHEETS: &str = r#"<sheets><sheet name="图" r:id="c"/><sheet name="说明" r:id="z" state="hidden"/><sheet name="客户" r:id="a"/></sheets>"#;

#[test]
fn cells_are_read_as_their_styles_show_them() {
    let styles = r##"<numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="00000000000"/>
        <numFmt numFmtId="166" formatCode="#,##0.000"/></numFmts>
        <cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/><xf numFmtId="10"/><xf numFmtId="166"/>
        <xf numFmtId="13"/></cellXfs>
        <dxfs><dxf><numFmt numFmtId="164" formatCode="0"/></dxf></dxfs>"##;
    let sheet = r#"<sheetData><row hidden="1"><c s="1"><v>42858.61388888889</v></c><c s="2"><v>138</v></c><c s="3"><v>42858.61388888889</v></c>
        <c s="4"><v>0.125</v></c><c s="5"><v>1234.5</v></c><c s="6"><v>2.5</v></c><c><v>440301199001011234</v></c>
        <c s="1" t="d"><v>2017-05-03T00:00:00</v></c><c s="99"><v>7</v></c></row></sheetData>
        <mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="A2:B2"/></mergeCells>"#;
    let read = |settings: &str| {
        let workbook = format!("<workbook>{settings}{SHEETS}</workbook>");
        let mut book = Book::open(file(&whole_book(&workbook, sheet, "", styles)), LIMITS).unwrap();
        let rows: Vec<Row> = book.rows().unwrap().map(Result::unwrap).collect();
        (rows, book.notes().clone())
    };
    let (rows, notes) = read("");
    assert!(rows[0].is_hidden);
    let cells: Vec<&Cell> = rows[0].cells.iter().flatten().collect();
    let fault = |cell: &Cell| matches!(cell, Cell::Fault(why) if why.contains('：'));
    assert_eq!(
        cells[..5],
        ["2017-05-03", "00000000138", "2017-05-03 14:44", "12.50%", "1234.500"].map(text).each_ref()
    );
    assert!(fault(cells[5]) && fault(cells[6]), "{cells:?}");
    assert_eq!(cells[7..], [&text("2017-05-03"), &text("7")]);
    assert_eq!((notes.hidden_rows, notes.merged_cells, notes.sheet.as_deref()), (1, 2, Some("客户")));
    assert_eq!(notes.lines().len(), 2);
    let (rows, _) = read(r#"<workbookPr date1904="1"/>"#);
    assert_eq!(rows[0].cell(0), Some(&text("2021-05-04")));
}

#[test]
fn the_first_visible_sheet_is_read_or_the_one_that_is_named() {
    let bytes = whole_book(
        &format!("<workbook>{SHEETS}</workbook>"),
        "<sheetData><row><c><v>1</v></c></row></sheetData>",
        "",
        "",
    );
    let read = |sheet: Option<&str>| {
        let mut book = Book::open_source(file(&bytes), Source { sheet }, LIMITS)?;
        let rows: Result<Vec<Row>, ReadError> = book.rows()?.collect();
        rows.map(|rows| rows[0].cells.clone())
    };
    assert_eq!(read(None).unwrap(), [Some(text("1"))]);
    assert_eq!(read(Some(" 说明")).unwrap(), [Some(text("2"))]);
    let error = read(Some("图")).unwrap_err();
    assert!(
        matches!(&error, ReadError::NoSuchSheet(name, sheets) if name == "图" && *sheets == ["说明", "客户"]),
        "{error}"
    );
    assert!(error.to_string().contains("现有：说明, 客户"), "{error}");
    let hidden = whole_book(
        r#"<workbook><sheets><sheet name="x" r:id="a" state="veryHidden"/></sheets></workbook>"#,
        "",
        "",
        "",
    );
    assert!(matches!(Book::open(file(&hidden), LIMITS), Err(ReadError::NotAWorkbook(_))));
}

#[test]
fn a_formula_is_its_result_where_it_has_one() {
    let sheet = r#"<sheetData><row><c><f>1+1</f><v>2</v></c><c><f>1+1</f></c><c><f>1-1</f><v>0</v></c><c t="str"><f>A1</f><v></v></c>
        <c t="str"><v> x_x000D_</v></c><c t="e"><f>A9</f><v>#N/A</v></c><c><f t="shared" si="0"/><v>3.5</v></c><c t="str"><f>B1</f></c></row></sheetData>"#;
    let read = |settings: &str| {
        let workbook = format!("<workbook>{SHEETS}{settings}</workbook>");
        read(&whole_book(&workbook, sheet, "", ""), LIMITS).unwrap()[0].cells.clone()
    };
    let fault = Cell::Fault("#N/A".to_owned());
    let cells = |zero: Cell| {
        let [two, string, half] = ["2", " x\r", "3.5"].map(|shown| Some(text(shown)));
        vec![two, Some(Cell::Formula), Some(zero), None, string, Some(fault.clone()), half, Some(Cell::Formula)]
    };
    assert_eq!(read(""), cells(text("0")));
    assert_eq!(read(r#"<calcPr fullCalcOnLoad="1"/>"#), cells(Cell::Formula), "a zero that stands for no result");
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    let compound = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"[..], &vec![0; 65_519], &name].concat()
    };
    let xlsb = archive(&[("xl/workbook.bin", "")]);
    for (bytes, name) in [
        (compound("Workbook"), "xls"),
        (xlsb, "xlsb"),
        (b"\xef\xbb\xbf <html><table>".to_vec(), "html"),
        (b"<?xml version=\"1.0\"?><Workbook/>".to_vec(), "xml"),
        (b"%PDF-1.7".to_vec(), "pdf"),
    ] {
        let error = read(&bytes, LIMITS).unwrap_err();
        assert!(matches!(error, ReadError::Kind(kind) if kind == name), "{name}: {error}");
        assert!(error.to_string().contains("xlsx"), "{error}");
    }
    assert!(matches!(read(&compound("EncryptedPackage"), LIMITS), Err(ReadError::Encrypted)));
}

#[test]
fn open_documents_are_read_as_they_show() {
    let content = r#"<office:document-content><office:automatic-styles>
        <style:style style:name="ta1"><style:table-properties table:display="true"/></style:style>
        <style:style style:name="ta2"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
        <office:body><office:spreadsheet>
        <table:table table:name="说明" table:style-name="ta2"><table:table-row><table:table-cell><text:p>no</text:p></table:table-cell></table:table-row></table:table>
        <table:table table:name="客户" table:style-name="ta1"><table:table-column/>
        <table:table-header-rows><table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="2"><text:p>一<text:s text:c="2"/><text:span>二</text:span></text:p><text:p>三</text:p></table:table-cell>
          <table:covered-table-cell/><table:table-cell table:number-columns-repeated="2"><office:annotation><text:p>note</text:p></office:annotation></table:table-cell>
          <table:table-cell office:value-type="string"><text:p><text:a>a@example.com</text:a></text:p></table:table-cell></table:table-row></table:table-header-rows>
        <table:table-row table:number-rows-repeated="5000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
        <table:table-row table:visibility="filter" table:number-rows-repeated="2">
          <table:table-cell office:value-type="float" office:value="1234.5"><text:p>1,234.50</text:p></table:table-cell>
          <table:table-cell office:value-type="float" office:value="13900000001"><text:p>1.39E+10</text:p></table:table-cell>
          <table:table-cell office:value-type="float" office:value="138"><text:p>00000000138</text:p></table:table-cell>
          <table:table-cell office:value-type="date" office:date-value="2017-05-03T14:44:00"><text:p>03/05/17 14:44</text:p></table:table-cell>
          <table:table-cell office:value-type="date" office:date-value="2017-05-03"><text:p>2017年5月3日</text:p></table:table-cell>
          <table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12.5%</text:p></table:table-cell>
          <table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>真</text:p></table:table-cell>
          <table:table-cell office:value-type="time" office:time-value="PT14H44M00S"><text:p>02:44 PM</text:p></table:table-cell>
          <table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>
          <table:table-cell table:formula="of:=1+1"/>
          <table:table-cell table:formula="of:=X" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#NAME?</text:p></table:table-cell>
        </table:table-row>
        <table:table-row table:number-rows-repeated="1040000"><table:table-cell/></table:table-row>
        </table:table></office:spreadsheet></office:body></office:document-content>"#;
    let mut book = Book::open(file(&archive(&[("content.xml", content)])), LIMITS).unwrap();
    let mut walk = book.rows().unwrap();
    let rows: Vec<Row> = walk.by_ref().map(Result::unwrap).collect();
    assert!(walk.next().is_none(), "the end is asked for twice by who takes several rows at a time");
    drop(walk);
    let shown =
        ["1234.50", "13900000001", "00000000138", "2017-05-03 14:44", "2017-05-03", "12.5%", "TRUE", "14:44", "2"]
            .map(text);
    let mut second: Vec<Option<Cell>> = shown.into_iter().map(Some).collect();
    second.extend([Some(Cell::Formula), Some(Cell::Fault("#NAME?".to_owned()))]);
    let hidden = |number: u32| Row { number, cells: second.clone(), is_hidden: true };
    assert_eq!(
        rows,
        [
            row(1, vec![Some(text("一  二\n三")), None, None, None, Some(text("a@example.com"))]),
            hidden(5002),
            hidden(5003)
        ]
    );
    assert_eq!((book.notes().hidden_rows, book.notes().merged_cells), (2, 1));
    let manifest = "<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>";
    let locked = archive(&[("META-INF/manifest.xml", manifest), ("content.xml", "x")]);
    assert!(matches!(read(&locked, LIMITS), Err(ReadError::Encrypted)));
    let again = content.replace(
        "\"5000\"><table:table-cell table:number-columns-repeated=\"16384\"/>",
        "\"5000\"><table:table-cell><text:p>x</text:p></table:table-cell>",
    );
    assert!(matches!(read(&archive(&[("content.xml", &again)]), LIMITS), Err(ReadError::TooManyRows(_))));
    let wide = content.replace("<table:table-cell/></table:table-row>", "<table:table-cell table:number-columns-repeated=\"999999999\"><text:p>x</text:p></table:table-cell></table:table-row>");
    assert!(matches!(read(&archive(&[("content.xml", &wide)]), LIMITS), Err(ReadError::TooManyColumns)));
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
    for bytes in [&b"PK\x03\x04"[..], &book("<row><c></row>", ""), &book("<row r=\"x\"/>", "")] {
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
    fn what_a_workbook_shows_is_read(
        rows in prop::collection::vec((-1_000_000_000_i32..1_000_000_000, 61_u32..2_958_466, 0_u32..1440, any::<bool>()), 1..20)
    ) {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        let format = |code: &str| rust_xlsxwriter::Format::new().set_num_format(code);
        let formats = ["#,##0.00", "yyyy/m/d", "m/d/yy h:mm", "0.0%"].map(format);
        let mut expected = Vec::new();
        for (at, (number, day, minute, flag)) in (0_u32..).zip(&rows) {
            // In hundredths, so that nothing is rounded.
            let decimal = f64::from(*number) / 100.0;
            let serial = f64::from(*day) + f64::from(*minute) / 1440.0;
            sheet.write(at, 0, *number).unwrap();
            sheet.write_with_format(at, 1, decimal, &formats[0]).unwrap();
            sheet.write_with_format(at, 2, serial, &formats[1]).unwrap();
            sheet.write_with_format(at, 3, serial, &formats[2]).unwrap();
            sheet.write_with_format(at, 4, f64::from(*number) / 1000.0, &formats[3]).unwrap();
            sheet.write(at, 5, *flag).unwrap();
            if *flag {
                sheet.set_row_hidden(at).unwrap();
            }
            let since = jiff::SignedDuration::from_hours((i64::from(*day) - 25_569) * 24);
            let date = jiff::civil::date(1970, 1, 1).checked_add(since).unwrap();
            let sign = if *number < 0 { "-" } else { "" };
            let parted = |unit: u32, width: usize| {
                format!("{sign}{}.{:0width$}", number.unsigned_abs() / unit, number.unsigned_abs() % unit)
            };
            let shown = [
                number.to_string(), parted(100, 2), date.to_string(), format!("{date} {:02}:{:02}", minute / 60, minute % 60),
                format!("{}%", parted(10, 1)), flag.to_string().to_uppercase(),
            ];
            let cells = shown.into_iter().map(|shown| Some(Cell::Text(shown))).collect();
            expected.push(Row { number: at + 1, cells, is_hidden: *flag });
        }
        let found = read(&workbook.save_to_buffer().unwrap(), LIMITS).unwrap();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn damage_is_an_answer(at: prop::sample::Index, byte: u8, sheet in "[<>/rcvtsi =\"0-9A-Z&;]{0,60}") {
        let mut bytes = book(&sheet, "<si><t>x</t></si>");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes, LIMITS);
    }
}
