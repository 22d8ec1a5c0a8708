//! Counting tests over all suites.

use std::fmt;

/// Tests that passed and failed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// How many passed.
    pub(crate) passed: u64,
    /// How many failed.
    pub(crate) failed: u64,
    /// What was told of those that failed: a name, or a harness's whole report of its failures.
    failures: Vec<String>,
}

impl Tally {
    /// Bare counts.
    #[cfg(test)]
    pub(crate) fn of(passed: u64, failed: u64) -> Self {
        Tally {
            passed,
            failed,
            failures: Vec::new(),
        }
    }

    /// All tests that were run.
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

    /// Counts one test and tells of it in the form of the standard test harness.
    pub(crate) fn report(&mut self, test: impl fmt::Display, passed: bool) {
        println!("{test} ... {}", if passed { "ok" } else { "FAILED" });
        self.count(test, passed);
    }

    /// Counts a suite that could not be run, or not to its end, as a failed test at least.
    pub(crate) fn fail(&mut self, why: impl fmt::Display) {
        self.failed = self.failed.max(1);
        self.failures.push(why.to_string());
    }

    /// Adds another suite.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }

    /// Keeps what a harness told of its failures.
    pub(crate) fn keep(&mut self, failures: String) {
        self.failures.push(failures);
    }

    /// Prints once more what was told of the tests that failed. In a long log this saves the search, and a
    /// log of which only the end was kept still names them.
    pub(crate) fn tell_failures(&self) {
        for failure in &self.failures {
            println!("failed: {failure}");
        }
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
