//! Tables as files: csv and xlsx out; xlsx, ods and csv in. Rows go one by one; what is in memory does not grow with their number.

mod csv;
pub mod reading;
pub mod template;
mod xlsx;

/// The content type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub use self::csv::Csv;
pub use self::xlsx::{Xlsx, XlsxError, fitting};
