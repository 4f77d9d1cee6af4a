use std::io::Write;

use encoding_rs::Encoding;
use proptest::prelude::*;

use super::*;
use crate::sheets::Csv;
use crate::sheets::reading::Book;

const LIMITS: Limits = Limits { unpacked: 1 << 22, rows: 1000 };

fn open(bytes: &[u8]) -> Result<Book, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Book::open(file, LIMITS)
}

/// The texts by row, each with its number.
fn read(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, ReadError> {
    let text = |cell: Option<Cell>| match cell {
        Some(Cell::Text(text)) => text,
        None => String::new(),
        other => panic!("{other:?}"),
    };
    let row = |row: Row| (row.number, row.cells.into_iter().map(text).collect());
    open(bytes)?.rows()?.map(|found| found.map(row)).collect()
}

fn owned(rows: &[(u32, &[&str])]) -> Vec<(u32, Vec<String>)> {
    rows.iter().map(|(number, cells)| (*number, cells.iter().map(ToString::to_string).collect())).collect()
}

/// As programs write it; the library writes no UTF-16.
fn encoded(text: &str, name: &str) -> Vec<u8> {
    match name {
        "UTF-16LE" => "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        "UTF-16BE" => "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
        "BOM" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        name => Encoding::for_label(name.as_bytes()).unwrap().encode(text).0.into_owned(),
    }
}

#[test]
fn every_encoding_and_separator_is_found_out() {
    let expected = owned(&[(1, &["姓名", "电话", "备注"]), (2, &["王芳", "13900000001", "a,b;c"])]);
    for separator in [",", ";", "\t"] {
        for end in ["\r\n", "\n", "\r"] {
            let text =
                format!("姓名{separator}电话{separator}备注{end}王芳{separator}13900000001{separator}\"a,b;c\"{end}");
            for (encoding, name) in [
                ("UTF-8", "UTF-8"),
                ("BOM", "UTF-8"),
                ("GB18030", "GB18030"),
                ("UTF-16LE", "UTF-16LE"),
                ("UTF-16BE", "UTF-16BE"),
            ] {
                let bytes = encoded(&text, encoding);
                assert_eq!(read(&bytes).unwrap(), expected, "{encoding} {separator:?} {end:?}");
                assert_eq!(open(&bytes).unwrap().notes().encoding, Some(name));
            }
        }
    }
}

#[test]
fn lines_are_rows_as_a_spreadsheet_counts_them() {
    let text = "sep=;\r\n姓名;备注\r\n\r\n\r\n甲;\"一\r\n二 \"\"三\"\"\"\r\n;\r\n乙;x";
    let expected = owned(&[(2, &["姓名", "备注"]), (5, &["甲", "一\r\n二 \"三\""]), (7, &["乙", "x"])]);
    assert_eq!(read(text.as_bytes()).unwrap(), expected);
    // A line above the titles.
    let text = "客户名单, 十月\n姓名;电话;备注\n甲;1;a,b";
    assert_eq!(read(text.as_bytes()).unwrap()[1], (2, ["姓名", "电话", "备注"].map(str::to_owned).to_vec()));
    // Several numbers in a cell, and titles of two lines.
    let text = "\"姓名\n（必填）\",电话\n甲,1;2;3\n";
    assert_eq!(read(text.as_bytes()).unwrap()[1], (2, ["甲", "1;2;3"].map(str::to_owned).to_vec()));
    assert_eq!(read(b"name\nx\n").unwrap(), owned(&[(1, &["name"]), (2, &["x"])]));
}

#[test]
fn what_keeps_a_spreadsheet_from_reckoning_is_taken_back() {
    let text = "'+85261234567,=\"0138\",\"=\"\"13900000001\"\"\",'=1+1,''@x,'tis,-1\n";
    let expected = ["+85261234567", "0138", "13900000001", "=1+1", "'@x", "'tis", "-1"];
    assert_eq!(read(text.as_bytes()).unwrap(), owned(&[(1, &expected)]));
}

#[test]
fn what_is_no_such_text_is_told_so() {
    assert!(matches!(read(b""), Err(ReadError::NotAText(_))));
    assert!(matches!(read(b"a,b\n\x00\x01"), Err(ReadError::NotAText(_))));
    assert!(matches!(read(b"a,b\n\xff\xff\xff"), Err(ReadError::NotAText(_))));
    assert!(matches!(read(b"\xff\xfea\x00,\x00b"), Err(ReadError::NotAText(_))));
    assert!(matches!(read("a,b\nc,\"d\ne,f\n".as_bytes()), Err(ReadError::NotAText(_))), "a quote that is open");
    assert!(read("a,b\nc,\"d\ne,f\"\n".as_bytes()).is_ok());
    let long = format!("a,b\n{}", "x".repeat(LONGEST_CELL + 1));
    assert!(matches!(read(long.as_bytes()), Err(ReadError::CellTooLong(Some(2)))));
    let open = format!("a,b\n\"{}", "x\n".repeat(1 << 20));
    assert!(matches!(read(open.as_bytes()), Err(ReadError::RowTooLong(2))));
    let wide = ",".repeat(300) + "x";
    assert!(matches!(read(wide.as_bytes()), Err(ReadError::TooManyColumns)));
    assert!(matches!(read("x\n".repeat(1002).as_bytes()), Err(ReadError::TooManyRows(1000))));
    assert!(matches!(read("x".repeat((1 << 22) + 1).as_bytes()), Err(ReadError::TooLarge(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn our_own_export_is_taken_back(rows in prop::collection::vec(prop::collection::vec("['=+@\t\r\n\",;a字-]{0,8}", 4), 1..20)) {
        let mut bytes = Csv::head(&["姓名", "电话", "备注", "其他"]).unwrap();
        bytes.extend(Csv::rows(rows.iter().map(|row| row.iter().map(String::as_str))).unwrap());
        let found = read(&bytes).unwrap();
        let kept = |cell: &String| if cell.trim().is_empty() { String::new() } else { cell.clone() };
        let expected = rows.iter().map(|row| row.iter().map(kept).collect::<Vec<_>>());
        let expected: Vec<Vec<String>> = expected.filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        let trimmed = |row: &[String]| row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        prop_assert_eq!(found.len(), expected.len() + 1);
        for ((_, found), expected) in found.iter().skip(1).zip(&expected) {
            prop_assert_eq!(&found[..], &expected[..trimmed(expected)]);
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
