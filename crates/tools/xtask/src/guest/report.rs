//! All messages of the kernel during one boot.

use samara_serial_protocol::{Digest, Message, NetworkTotals, TestTotals, Totals, Written};

use crate::tally::Tally;

/// The contents of the kernel's messages.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The digest and the number of the bytes that the kernel read from the disk.
    pub(super) read: Option<(Digest, u64)>,
    /// The regions of the disk that the kernel wrote.
    pub(crate) written: Vec<Written>,
    /// The demo's outcome.
    pub(super) totals: Option<Totals>,
    /// The outcome of the network's part.
    pub(super) network: Option<NetworkTotals>,
    /// The tests, counted from the line that the kernel printed for each.
    pub(super) tests: Tally,
    /// The kernel's own counts of its tests.
    pub(super) tests_told: Option<TestTotals>,
    /// The number of lines that begin with `@` and are not messages, or that repeat a message that may occur once.
    pub(super) problems: usize,
}

impl Report {
    /// Records a message.
    ///
    /// # Errors
    /// If a message that may occur once per boot comes a second time.
    pub(super) fn accept(&mut self, message: Message<'_>) -> Result<(), &'static str> {
        match message {
            Message::Sha256 { digest, bytes } => once(&mut self.read, (digest, bytes)),
            Message::Totals(totals) => once(&mut self.totals, totals),
            Message::Tests(totals) => once(&mut self.tests_told, totals),
            Message::Wrote(region) => {
                self.written.push(region);
                Ok(())
            }
            Message::Test { name, passed } => {
                self.tests.count(name, passed);
                Ok(())
            }
            Message::Network(totals) => once(&mut self.network, totals),
            Message::Listening(_) => Ok(()),
        }
    }

    /// Counts a line that begins with `@` and is not a message, or that repeats a message that may occur once.
    pub(super) fn problem(&mut self) {
        self.problems += 1;
    }

    /// Returns the number of lines that [`problem`](Self::problem) counted.
    pub(crate) fn problems(&self) -> usize {
        self.problems
    }

    /// Returns the counts of the tests for which the kernel printed a line. They are valid even if the kernel stopped
    /// early.
    pub(crate) fn tests(&self) -> &Tally {
        &self.tests
    }

    /// Checks by the kernel's counts that every test that it chose has run, and that it printed a line for each. If
    /// not, the error names the difference.
    pub(crate) fn tests_complete(&self) -> Result<(), String> {
        let Some(TestTotals {
            passed,
            failed,
            collected,
        }) = self.tests_told
        else {
            return Err(format!(
                "the kernel's totals are missing; it stopped after {} test(s)",
                self.tests.sum()
            ));
        };
        if (passed, failed) != (self.tests.passed, self.tests.failed) {
            return Err(format!(
                "the kernel counts {passed} passed, {failed} failed, but its lines say {}",
                self.tests
            ));
        }
        if passed + failed != collected {
            return Err(format!(
                "the kernel chose {collected} tests but ran {}",
                passed + failed
            ));
        }
        if collected == 0 {
            return Err("the kernel ran no tests: either no name contains the text of --name, or the linker dropped them all (see kernel.ld)".into());
        }
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err("this message came before; it comes once in a boot"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, Report, TestTotals};

    fn test(name: &str, passed: bool) -> Message<'_> {
        Message::Test { name, passed }
    }

    fn totals(passed: u64, failed: u64, collected: u64) -> Message<'static> {
        Message::Tests(TestTotals {
            passed,
            failed,
            collected,
        })
    }

    fn report(messages: Vec<Message<'_>>) -> Report {
        let mut report = Report::default();
        for message in messages {
            report.accept(message).expect("no message comes twice");
        }
        report
    }

    #[test]
    fn a_report_with_every_test_is_complete() {
        let all = totals(1, 1, 2);
        let report = report(vec![test("a", true), test("b", false), all]);
        assert_eq!(report.tests().to_string(), "1 passed, 1 failed");
        assert_eq!(report.tests_complete(), Ok(()));
    }

    #[test]
    fn missing_tests_are_noticed() {
        assert!(report(vec![test("a", true)]).tests_complete().is_err());
        for all in [totals(2, 0, 2), totals(1, 0, 5)] {
            assert!(report(vec![test("a", true), all]).tests_complete().is_err());
        }
        let none = totals(0, 0, 0);
        assert!(report(vec![none]).tests_complete().is_err());
    }

    #[test]
    fn totals_may_come_only_once() {
        let mut report = report(vec![totals(0, 0, 0)]);
        assert!(report.accept(totals(0, 0, 0)).is_err());
    }
}
