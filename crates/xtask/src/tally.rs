//! Counting tests over all suites.

use std::fmt;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// How many passed.
    pub(crate) passed: u64,
    /// How many failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// All tests that were run.
    pub(crate) fn sum(self) -> u64 {
        self.passed + self.failed
    }

    /// Counts one test.
    pub(crate) fn count(&mut self, passed: bool) {
        if passed {
            self.passed += 1
        } else {
            self.failed += 1
        }
    }

    /// Counts one test and tells of it in the form of the standard test harness.
    pub(crate) fn report(&mut self, test: impl fmt::Display, passed: bool) {
        println!("{test} ... {}", if passed { "ok" } else { "FAILED" });
        self.count(passed);
    }

    /// Adds another suite.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// The counts in the line with which the standard test harness ends a suite, if `line` is one.
    pub(crate) fn from_harness(line: &str) -> Option<Self> {
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
}

/// The form that test reports end with: `N passed, N failed`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn harness_lines_are_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(
            Tally::from_harness(line),
            Some(Tally {
                passed: 12,
                failed: 0
            })
        );
        let line = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            Tally::from_harness(line),
            Some(Tally {
                passed: 3,
                failed: 2
            })
        );
        assert_eq!(Tally::from_harness("test foo ... ok"), None);
        assert_eq!(
            Tally::from_harness("test result: ok. x passed; 0 failed"),
            None
        );
    }

    #[test]
    fn sums_are_shown_in_the_closing_form() {
        let mut tally = Tally::default();
        tally.count(true);
        tally.count(false);
        tally.add(Tally {
            passed: 3,
            failed: 0,
        });
        assert_eq!(tally.to_string(), "4 passed, 1 failed");
    }
}
