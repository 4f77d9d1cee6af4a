//! What became of the scripts: plain data, for reports and for tests that use the replayer as a library.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hdrhistogram::Histogram;

/// What became of every file, in the order they were given.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files.
    pub files: Vec<FileOutcome>,
    /// The time from the first start to the last end.
    pub took: Duration,
}

/// What became of one file.
#[derive(Debug)]
pub struct FileOutcome {
    /// The script.
    pub path: PathBuf,
    /// Its steps; of a script that cannot be read or whose server does not start, one failed step.
    pub steps: Vec<StepOutcome>,
    /// Why it was not run at all, if so.
    pub skipped: Option<String>,
    /// How long each reply took.
    pub latencies: Vec<Duration>,
    /// The time it took, its private server's start included.
    pub took: Duration,
}

/// What became of one step.
#[derive(Debug)]
pub struct StepOutcome {
    /// The line in the file, from 1.
    pub line: usize,
    /// What the step is called in reports.
    pub name: String,
    /// The time it took.
    pub took: Duration,
    /// How it ended.
    pub verdict: Verdict,
}

/// How a step ended.
#[derive(Debug)]
pub enum Verdict {
    /// As the script says.
    Passed,
    /// Otherwise.
    Failed(Failure),
    /// A step before it failed in a way that makes it meaningless.
    NotRun,
}

/// One step that did not go as the script says. Its `Display` is the whole report, without colours.
#[derive(Debug)]
pub struct Failure {
    /// The script.
    pub path: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
    /// What the step is called in reports.
    pub step: String,
    /// What is wrong, one line a place: where, what was expected, what came.
    pub problem: String,
    /// The unified difference of the expected (`-`) and the actual (`+`) reply, if both exist.
    pub diff: Option<String>,
}

/// The reply times of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The number of replies.
    pub count: u64,
    /// Half of them were at least this fast.
    pub p50: Duration,
    /// Nine in ten.
    pub p90: Duration,
    /// Ninety-nine in a hundred.
    pub p99: Duration,
    /// The slowest.
    pub max: Duration,
}

impl Outcome {
    /// Says whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Returns every failure, in the order of files and lines.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.files.iter().flat_map(FileOutcome::failures)
    }

    /// Returns the reply times of all files together; `None` without replies.
    #[must_use]
    pub fn latency(&self) -> Option<Latency> {
        let mut histogram = Histogram::<u64>::new(3).ok()?;
        for latency in self.files.iter().flat_map(|file| &file.latencies) {
            histogram.record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)).ok()?;
        }
        let at = |quantile: f64| Duration::from_micros(histogram.value_at_quantile(quantile));
        (!histogram.is_empty()).then(|| Latency {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: Duration::from_micros(histogram.max()),
        })
    }
}

impl FileOutcome {
    /// Returns the outcome of a file that was not run, and why.
    pub(super) fn skipped(path: &Path, why: &str) -> Self {
        Self { skipped: Some(why.to_owned()), ..Self::empty(path) }
    }

    /// Returns the outcome of a file that could not be run at all.
    pub(super) fn broken(path: &Path, line: usize, problem: String) -> Self {
        let step = "脚本 / script".to_owned();
        let failure = Failure { path: path.to_owned(), line, step: step.clone(), problem, diff: None };
        let verdict = Verdict::Failed(failure);
        Self { steps: vec![StepOutcome { line, name: step, took: Duration::ZERO, verdict }], ..Self::empty(path) }
    }

    pub(super) fn empty(path: &Path) -> Self {
        Self { path: path.to_owned(), steps: Vec::new(), skipped: None, latencies: Vec::new(), took: Duration::ZERO }
    }

    /// Says whether the file was run and nothing in it failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.skipped.is_none() && self.failures().next().is_none()
    }

    /// Returns the failures, in the order of lines.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.steps.iter().filter_map(|step| match &step.verdict {
            Verdict::Failed(failure) => Some(failure),
            Verdict::Passed | Verdict::NotRun => None,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}:{}: 不匹配 / mismatch: {}", self.path.display(), self.line, self.step)?;
        for line in self.problem.lines() {
            writeln!(out, "  {line}")?;
        }
        for line in self.diff.iter().flat_map(|diff| diff.lines()) {
            writeln!(out, "    {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_of_all_files_together() {
        let mut outcome = Outcome::default();
        assert_eq!(outcome.latency(), None);
        for range in [1..=50, 51..=100] {
            let latencies = range.map(Duration::from_micros).collect();
            outcome.files.push(FileOutcome { latencies, ..FileOutcome::empty(Path::new("a")) });
        }
        let latency = outcome.latency().unwrap();
        assert_eq!(
            (latency.count, latency.p50, latency.p90),
            (100, Duration::from_micros(50), Duration::from_micros(90))
        );
        assert_eq!((latency.p99, latency.max), (Duration::from_micros(99), Duration::from_micros(100)));
    }

    #[test]
    fn a_broken_file_is_a_failure_with_its_line() {
        let file = FileOutcome::broken(Path::new("x.jsonl"), 3, "bad".into());
        assert!(!file.passed());
        assert_eq!(file.failures().next().unwrap().to_string(), "x.jsonl:3: 不匹配 / mismatch: 脚本 / script\n  bad\n");
    }
}
