//! A reader of the standard test harness's output.

use crate::tally::Tally;

/// The largest number of lines that are kept of one report of failures. The last lines are kept, because they list
/// the failed tests.
const KEPT: usize = 200;

/// Counts the tests of all harnesses in one stream of output, and keeps their reports of failures.
#[derive(Debug, Default)]
pub(crate) struct Harness {
    tally: Tally,
    /// The lines of the report of failures that the harness is printing. `None` outside such a report.
    report: Option<Vec<String>>,
    /// The lines in which the current harness reported a failed test.
    failed: Vec<String>,
    /// The latest line of the current harness that is not empty. `None` if no harness is running.
    last: Option<String>,
    /// The last line of each harness that ended without a result line.
    torn: Vec<String>,
}

impl Harness {
    /// Processes one line of the output.
    pub(crate) fn take(&mut self, line: &str) {
        if let Some(counts) = counts(line) {
            self.tally.add(counts);
            self.end();
            self.last = None;
        } else if line.starts_with("running ") && line.trim_end_matches('s').ends_with(" test") {
            self.end();
            self.torn.extend(self.last.replace(line.into()));
        } else {
            self.look(line);
        }
    }

    /// Processes a line that neither begins nor ends a harness's output.
    fn look(&mut self, line: &str) {
        if let Some(report) = &mut self.report {
            report.push(line.into());
        } else if line == "failures:" {
            self.report = Some(Vec::new());
        } else if line.starts_with("test ") && line.ends_with(" ... FAILED") {
            self.failed.push(line.into());
        }
        if let Some(last) = self.last.as_mut().filter(|_| !line.is_empty()) {
            *last = line.into();
        }
    }

    /// Returns the counts and the reports of failures. A harness without a result line is reported only if the command
    /// failed: a test may start a harness as its child process and kill it on purpose.
    pub(crate) fn into_tally(mut self, has_failed: bool) -> Tally {
        self.end();
        self.torn.extend(self.last.take());
        if has_failed {
            for last in self.torn {
                let told = format!("a test program ended without a result; its last line: {last}");
                self.tally.keep(told);
            }
        }
        self.tally
    }

    /// Ends the current harness. Keeps the harness's report of failures. If it printed no report, keeps the lines of
    /// its failed tests.
    fn end(&mut self) {
        let names = std::mem::take(&mut self.failed);
        let told = self.report.take().unwrap_or(names);
        let end = &told[told.len().saturating_sub(KEPT)..];
        if !end.is_empty() {
            self.tally.keep(end.join("\n").trim().into());
        }
    }
}

/// Returns the counts in a harness's result line. `None` if `line` is another line.
fn counts(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for count in counts.split("; ") {
        match count.split_once(' ') {
            Some((number, "passed")) => tally.passed = number.parse().ok()?,
            Some((number, "failed")) => tally.failed = number.parse().ok()?,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::{Harness, KEPT, counts};
    use crate::tally::Tally;

    const PASSED: &str = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
    const FAILED: &str =
        "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";

    #[test]
    fn harness_lines_are_counted() {
        assert_eq!(counts(PASSED), Some(Tally::of(12, 0)));
        assert_eq!(counts(FAILED), Some(Tally::of(3, 2)));
        assert_eq!(counts("test foo ... ok"), None);
        assert_eq!(counts("test result: ok. x passed; 0 failed"), None);
    }

    #[test]
    fn each_harness_adds_its_counts_and_its_failures() {
        let mut harness = Harness::default();
        let output = [
            "test a ... ok",
            PASSED,
            "test b ... FAILED",
            "failures:",
            "",
            "---- b stdout ----",
            "panicked at b.rs:1:1",
            "",
            "failures:",
            "    b",
            "",
            FAILED,
            "test c ... ok",
        ];
        for line in output {
            harness.take(line);
        }
        let mut expected = Tally::of(15, 2);
        expected.keep("---- b stdout ----\npanicked at b.rs:1:1\n\nfailures:\n    b".into());
        assert_eq!(harness.into_tally(true), expected);
    }

    #[test]
    fn without_a_report_the_failed_names_are_kept() {
        let mut harness = Harness::default();
        let output = ["test a: 5 instructions ... FAILED", "test b ... ok", FAILED];
        for line in output {
            harness.take(line);
        }
        let mut expected = Tally::of(3, 2);
        expected.keep("test a: 5 instructions ... FAILED".into());
        assert_eq!(harness.into_tally(true), expected);
    }

    #[test]
    fn a_torn_harness_is_reported_if_the_command_failed() {
        let told = |has_failed| {
            let mut harness = Harness::default();
            for line in [
                "running 2 tests",
                "test a ... ok",
                "",
                "running 1 test",
                PASSED,
            ] {
                harness.take(line);
            }
            harness.into_tally(has_failed)
        };
        let mut expected = Tally::of(12, 0);
        assert_eq!(told(false), expected);
        let last = "test a ... ok";
        expected.keep(format!(
            "a test program ended without a result; its last line: {last}"
        ));
        assert_eq!(told(true), expected);
    }

    #[test]
    fn the_last_lines_of_an_unfinished_report_are_kept() {
        let mut harness = Harness::default();
        harness.take("failures:");
        for line in 0..KEPT + 5 {
            harness.take(&format!("line {line}"));
        }
        let mut expected = Tally::default();
        let lines: Vec<_> = (5..KEPT + 5).map(|line| format!("line {line}")).collect();
        expected.keep(lines.join("\n"));
        assert_eq!(harness.into_tally(true), expected);
    }
}
