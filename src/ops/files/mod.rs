//! Files that come in and go out, and the work on them that goes on behind.

pub mod downloads;
pub mod generated;
pub mod jobs;
pub mod uploads;
