//! The report for people.

use std::fmt::Display;
use std::time::Duration;

use console::Style;

use super::outcome::{Failure, FileOutcome, Latency, Outcome, Verdict};

/// Returns the report of a run: a line a file unless `quiet`, every failure, and the sums.
#[must_use]
pub fn text(outcome: &Outcome, quiet: bool, colours: bool) -> String {
    let paint = Paint { colours };
    let mut text = String::new();
    for file in &outcome.files {
        // What was not run must be seen even by those who only want failures.
        if !quiet || !file.passed() {
            text.push_str(&file_line(file, &paint));
        }
        for failure in file.failures() {
            text.push_str(&failure_text(failure, &paint));
        }
    }
    text.push_str(&sums(outcome, &paint));
    text + &outcome.latency().map(reply_times).unwrap_or_default()
}

fn file_line(file: &FileOutcome, paint: &Paint) -> String {
    let path = file.path.display();
    if let Some(why) = &file.skipped {
        return format!("{} {path}  {why}\n", paint.skipped("-"));
    }
    let mark = if file.passed() { paint.passed("✓") } else { paint.failed("✗") };
    format!("{mark} {path}  {} 步 / steps, {}\n", file.steps.len(), time(file.took))
}

fn failure_text(failure: &Failure, paint: &Paint) -> String {
    let plain = failure.to_string();
    let painted = plain.lines().enumerate().map(|(index, line)| match line.strip_prefix("    ") {
        _ if index == 0 => paint.failed(line),
        Some(diff) if diff.starts_with('-') => paint.wanted(line),
        Some(diff) if diff.starts_with('+') => paint.came(line),
        Some(diff) if diff.starts_with("@@") => paint.faint("    - 期望 / expected  + 实际 / actual"),
        _ => line.to_owned(),
    });
    painted.fold(String::new(), |text, line| text + "  " + &line + "\n")
}

fn sums(outcome: &Outcome, paint: &Paint) -> String {
    let count = |wanted: fn(&FileOutcome) -> bool| outcome.files.iter().filter(|file| wanted(file)).count();
    let steps: usize = outcome.files.iter().map(|file| file.steps.len()).sum();
    let not_run = outcome
        .files
        .iter()
        .flat_map(|file| &file.steps)
        .filter(|step| matches!(step.verdict, Verdict::NotRun))
        .count();
    let (passed, skipped) = (count(FileOutcome::passed), count(|file| file.skipped.is_some()));
    let failed = outcome.files.len() - passed - skipped;
    format!(
        "{} · {} · {} — {} 个文件 / files, {steps} 步 / steps ({not_run} 未执行 / not run), {}\n",
        paint.passed(format!("{passed} 通过 / passed")),
        paint.sum(failed, format!("{failed} 失败 / failed"), Paint::failed),
        paint.sum(skipped, format!("{skipped} 跳过 / skipped"), Paint::skipped),
        outcome.files.len(),
        time(outcome.took),
    )
}

fn reply_times(latency: Latency) -> String {
    let Latency { count, p50, p90, p99, max } = latency;
    let [p50, p90, p99, max] = [p50, p90, p99, max].map(time);
    format!("应答耗时 / reply latency: p50 {p50} · p90 {p90} · p99 {p99} · max {max} ({count} 个应答 / replies)\n")
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// Colours by meaning, or none at all.
struct Paint {
    colours: bool,
}

impl Paint {
    fn passed(&self, text: impl Display) -> String {
        self.with(&Style::new().green(), text)
    }

    fn failed(&self, text: impl Display) -> String {
        self.with(&Style::new().red().bold(), text)
    }

    fn skipped(&self, text: impl Display) -> String {
        self.with(&Style::new().yellow(), text)
    }

    fn wanted(&self, text: impl Display) -> String {
        self.with(&Style::new().red(), text)
    }

    fn came(&self, text: impl Display) -> String {
        self.with(&Style::new().green(), text)
    }

    fn faint(&self, text: impl Display) -> String {
        self.with(&Style::new().dim(), text)
    }

    /// A sum of nothing gets no colour.
    fn sum(&self, count: usize, text: String, colour: fn(&Self, String) -> String) -> String {
        if count == 0 { text } else { colour(self, text) }
    }

    fn with(&self, look: &Style, text: impl Display) -> String {
        look.clone().force_styling(self.colours).apply_to(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn outcome() -> Outcome {
        let broken = FileOutcome::broken(Path::new("b.jsonl"), 2, "bad".into());
        let skipped = FileOutcome::skipped(Path::new("c.jsonl"), "skipped: needs its own server");
        Outcome {
            files: vec![FileOutcome::empty(Path::new("a.jsonl")), broken, skipped],
            took: Duration::from_millis(3),
        }
    }

    #[test]
    fn quiet_leaves_out_only_what_passed() {
        let (all, quiet) = (text(&outcome(), false, false), text(&outcome(), true, false));
        assert!(all.contains("✓ a.jsonl") && !quiet.contains("✓ a.jsonl"), "{all}{quiet}");
        for text in [all, quiet] {
            assert!(text.contains("b.jsonl:2: 不匹配 / mismatch"), "{text}");
            assert!(text.contains("- c.jsonl  skipped: needs its own server"), "{text}");
            assert!(text.contains("1 通过 / passed · 1 失败 / failed · 1 跳过 / skipped — 3 个文件"), "{text}");
        }
    }

    #[test]
    fn colours_only_when_wanted() {
        assert!(!text(&outcome(), false, false).contains('\u{1b}'));
        assert!(text(&outcome(), false, true).contains('\u{1b}'));
    }

    #[test]
    fn times_are_readable() {
        let read = |micros| time(Duration::from_micros(micros));
        assert_eq!([read(7), read(1_234), read(2_500_000)], ["7 µs", "1.2 ms", "2.50 s"]);
    }
}
