//! The `JUnit` report: a suite a file, a case a step.

use std::time::Duration;

use super::outcome::{FileOutcome, Outcome, StepOutcome, Verdict};

/// Returns the report of a run as `JUnit` XML.
#[must_use]
pub fn xml(outcome: &Outcome) -> String {
    let suites: String = outcome.files.iter().map(suite).collect();
    let total = |count: fn(&FileOutcome) -> usize| outcome.files.iter().map(count).sum::<usize>();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"laidian replay\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">\n{suites}</testsuites>\n",
        total(tests),
        total(failed),
        total(skipped),
        seconds(outcome.took),
    )
}

fn suite(file: &FileOutcome) -> String {
    let name = escape(&file.path.display().to_string());
    let mut text = format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">\n",
        tests(file),
        failed(file),
        skipped(file),
        seconds(file.took),
    );
    if let Some(why) = &file.skipped {
        text.push_str(&case_start(&name, 1, "脚本 / script", Duration::ZERO));
        text.push_str(&skip(why));
    }
    for step in &file.steps {
        text.push_str(&case(&name, step));
    }
    text.push_str("  </testsuite>\n");
    text
}

fn case(file: &str, step: &StepOutcome) -> String {
    let start = case_start(file, step.line, &step.name, step.took);
    match &step.verdict {
        Verdict::Passed => format!("{start}/>\n"),
        Verdict::NotRun => start + &skip("前面的步骤失败 / an earlier step failed"),
        Verdict::Failed(failure) => format!(
            "{start}>\n      <failure type=\"mismatch\" message=\"{}\">{}</failure>\n    </testcase>\n",
            escape(failure.problem.lines().next().unwrap_or_default()),
            escape(&failure.to_string()),
        ),
    }
}

fn case_start(file: &str, line: usize, name: &str, took: Duration) -> String {
    let name = escape(name);
    let time = seconds(took);
    format!(
        "    <testcase classname=\"{file}\" name=\"{line}: {name}\" file=\"{file}\" line=\"{line}\" time=\"{time}\""
    )
}

fn skip(why: &str) -> String {
    format!("><skipped message=\"{}\"/></testcase>\n", escape(why))
}

fn tests(file: &FileOutcome) -> usize {
    file.steps.len() + usize::from(file.skipped.is_some())
}

fn failed(file: &FileOutcome) -> usize {
    file.failures().count()
}

fn skipped(file: &FileOutcome) -> usize {
    let not_run = file.steps.iter().filter(|step| matches!(step.verdict, Verdict::NotRun)).count();
    not_run + usize::from(file.skipped.is_some())
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

/// Escapes text for an element or an attribute. Characters that XML 1.0 cannot hold at all, even
/// escaped, become U+FFFD; line ends are written as references, or attributes would lose them.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c < ' ' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(
            escape("<a href=\"x\">&\u{0}\u{1b}[31m\n</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;\u{fffd}\u{fffd}[31m&#10;&lt;/a&gt;"
        );
    }

    #[test]
    fn a_suite_a_file_a_case_a_step() {
        let mut broken = FileOutcome::broken(Path::new("a&b.jsonl"), 3, "<bad>\nmore".into());
        broken.steps.push(StepOutcome { line: 4, name: "next".into(), took: Duration::ZERO, verdict: Verdict::NotRun });
        let skipped = FileOutcome::skipped(Path::new("c.jsonl"), "needs its own server");
        let text = xml(&Outcome { files: vec![broken, skipped], took: Duration::from_millis(1500) });
        assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"1.500000\""), "{text}");
        assert!(text.contains("<testsuite name=\"a&amp;b.jsonl\" tests=\"2\" failures=\"1\""), "{text}");
        assert!(text.contains("message=\"&lt;bad&gt;\""), "{text}");
        assert!(text.contains("<skipped message=\"needs its own server\"/>"), "{text}");
    }
}
