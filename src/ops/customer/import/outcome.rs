//! What an import has come to.

use serde::{Deserialize, Serialize};

use crate::ops::customer::Done;

/// What an import has come to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub total: u32,
    /// Rows that did not fail.
    pub success: u32,
    pub failed: u32,
    /// Rows, from 1 below the titles, with why they failed: the first, up to [`TOLD`].
    pub mistakes: Vec<(u32, String)>,
    /// Why nothing, or not all, was imported.
    pub message: Option<String>,
    /// The id of a workbook with the rows that failed.
    pub file: Option<String>,
    /// Of those that did not fail, what became of them.
    #[serde(default)]
    pub counts: Counts,
    /// What became of each row, in their order.
    #[serde(default)]
    pub runs: Vec<Run>,
    /// The row of the titles, as the worksheet counts.
    #[serde(default)]
    pub titles: u32,
    /// The titles of columns that were ignored.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// How the table was read, where that may surprise: other worksheets, hidden rows, merged cells.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The mistakes that are told one by one, bytes: an answer can hold them. A workbook has them all.
pub const TOLD: usize = 1 << 20;
/// The most runs of rows that are told.
const MOST_RUNS: usize = 10_000;

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct Counts {
    pub created: u32,
    pub updated: u32,
    pub unchanged: u32,
    pub skipped: u32,
}

/// Rows that follow each other, of which the same became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// From 1 below the titles.
    pub from: u32,
    pub to: u32,
    pub result: String,
}

impl Outcome {
    /// Counts a row that did not fail.
    pub fn count(&mut self, number: u32, done: Done) {
        self.success += 1;
        let (count, result) = match done {
            Done::Created => (&mut self.counts.created, "created"),
            Done::Updated => (&mut self.counts.updated, "updated"),
            Done::Unchanged => (&mut self.counts.unchanged, "unchanged"),
            Done::Skipped => (&mut self.counts.skipped, "skipped"),
        };
        *count += 1;
        self.tell(number, result);
    }

    /// Counts a row that failed.
    pub fn fail(&mut self, number: u32) {
        self.failed += 1;
        self.tell(number, "failed");
    }

    fn tell(&mut self, number: u32, result: &str) {
        // Between two rows, there may be blank ones.
        if let Some(last) = self.runs.last_mut().filter(|last| last.result == result) {
            last.to = number;
        } else if self.runs.len() < MOST_RUNS {
            self.runs.push(Run { from: number, to: number, result: result.to_owned() });
        }
    }
}
