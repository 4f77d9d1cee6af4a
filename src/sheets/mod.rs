//! Tables as files: csv, xlsx. Rows go in one by one; what is in memory does not grow with their number.

mod csv;
mod xlsx;

pub use self::csv::Csv;
pub use self::xlsx::{Xlsx, XlsxError};
