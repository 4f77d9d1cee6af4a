//! Tickets: the words for their states and how urgent they are, as the documents show them.

/// The states of a ticket, from new to closed.
pub const STATES: [&str; 4] = ["正常工单", "处理中", "已完成", "已关闭"];
/// Those in which there is something to be done.
pub const OPEN: [&str; 2] = ["正常工单", "处理中"];
/// What stands for those where tickets are looked for.
pub const ANY_OPEN: &str = "未完成";
/// How urgent a ticket can be.
pub const URGENCIES: [&str; 3] = ["一般", "重要", "紧急"];

/// The state of a new ticket.
pub const NEW: &str = STATES[0];
/// How urgent a ticket is of which nobody says so.
pub const USUAL: &str = URGENCIES[0];

/// Returns the word that is meant.
#[must_use]
pub fn word(words: &[&'static str], given: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| *word == given.trim())
}
