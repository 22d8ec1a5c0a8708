//! Counts of tests over all suites.

use std::fmt;

/// The numbers of tests that passed and failed, and reports of the failures.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// The number of tests that passed.
    pub(crate) passed: u64,
    /// The number of tests that failed.
    pub(crate) failed: u64,
    /// Reports of the failed tests. Each is the name of a test, a harness's report of its failures, or an error.
    failures: Vec<String>,
}

impl Tally {
    /// Makes a tally of these counts, without reports.
    #[cfg(test)]
    pub(crate) fn of(passed: u64, failed: u64) -> Self {
        Tally {
            passed,
            failed,
            failures: Vec::new(),
        }
    }

    /// Returns the number of tests that were run.
    pub(crate) fn sum(&self) -> u64 {
        self.passed + self.failed
    }

    /// Counts one test.
    pub(crate) fn count(&mut self, test: impl fmt::Display, passed: bool) {
        if passed {
            self.passed += 1
        } else {
            self.failed += 1;
            self.failures.push(test.to_string());
        }
    }

    /// Counts one test and prints its result in the form of the standard test harness.
    pub(crate) fn report(&mut self, test: impl fmt::Display, passed: bool) {
        println!("{test} ... {}", if passed { "ok" } else { "FAILED" });
        self.count(test, passed);
    }

    /// Records that a suite could not be run to its end. If no test of the suite has failed yet, counts one failed
    /// test.
    pub(crate) fn fail(&mut self, why: impl fmt::Display) {
        self.failed = self.failed.max(1);
        self.failures.push(why.to_string());
    }

    /// Adds the counts and reports of another suite.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }

    /// Keeps a harness's report of its failures. The counts do not change.
    pub(crate) fn keep(&mut self, failures: String) {
        self.failures.push(failures);
    }

    /// Prints the reports of all failed tests again. So they are at the end of a long log, and are there even if only
    /// the end of the log was kept.
    pub(crate) fn tell_failures(&self) {
        for failure in &self.failures {
            println!("failed: {failure}");
        }
    }
}

/// Shows the counts as `N passed, N failed`, the form of the last line of `cargo xtask test`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn sums_are_shown_in_the_closing_form() {
        let mut tally = Tally::default();
        tally.count("a", true);
        tally.count("b", false);
        tally.add(Tally::of(3, 0));
        assert_eq!(tally.to_string(), "4 passed, 1 failed");
    }

    #[test]
    fn failures_of_all_suites_are_kept() {
        let mut tally = Tally::default();
        tally.count("passes", true);
        tally.count("fails", false);
        let mut other = Tally::default();
        other.fail("the suite hung");
        tally.add(other);
        assert_eq!(tally.failures, ["fails", "the suite hung"]);
        assert_eq!(tally.to_string(), "1 passed, 2 failed");
    }
}
