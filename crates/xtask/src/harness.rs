//! Reading what the standard test harness prints.

use crate::tally::Tally;

/// Lines kept of one report of failures: its end, where the names are.
const KEPT: usize = 200;

/// Counts the tests of all harnesses in one stream of output, and keeps what they tell of failures.
#[derive(Debug, Default)]
pub(crate) struct Harness {
    tally: Tally,
    /// The report of failures that the stream is in, if it is in one.
    report: Option<Vec<String>>,
}

impl Harness {
    /// Takes one line of the output.
    pub(crate) fn take(&mut self, line: &str) {
        if let Some(counts) = counts(line) {
            self.tally.add(counts);
            self.end();
        } else if let Some(report) = &mut self.report {
            report.push(line.into());
        } else if line == "failures:" {
            self.report = Some(Vec::new());
        }
    }

    /// What was counted.
    pub(crate) fn into_tally(mut self) -> Tally {
        self.end();
        self.tally
    }

    fn end(&mut self) {
        if let Some(report) = self.report.take() {
            let end = &report[report.len().saturating_sub(KEPT)..];
            self.tally.keep(end.join("\n").trim().into());
        }
    }
}

/// The counts in the line with which a harness ends, if `line` is one.
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
        assert_eq!(harness.into_tally(), expected);
    }

    #[test]
    fn a_long_report_keeps_its_end_and_a_torn_one_what_there_is() {
        let mut harness = Harness::default();
        harness.take("failures:");
        for line in 0..KEPT + 5 {
            harness.take(&format!("line {line}"));
        }
        let mut expected = Tally::default();
        let lines: Vec<_> = (5..KEPT + 5).map(|line| format!("line {line}")).collect();
        expected.keep(lines.join("\n"));
        assert_eq!(harness.into_tally(), expected);
    }
}
