//! Which databases are ours.

/// Says in the head of a SQLite file that it is ours.
pub const MARK: &str = "pragma application_id = 1279347012";
