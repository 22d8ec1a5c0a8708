//! All that the kernel told during one boot.

use samara_serial_protocol::{Digest, Message, NetworkTotals, TestTotals, Totals, Written};

use crate::tally::Tally;

/// What was gathered from the kernel's lines.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Digest and number of the bytes read from the disk.
    pub(super) read: Option<(Digest, u64)>,
    /// The writes.
    pub(crate) written: Vec<Written>,
    /// The demo's outcome.
    pub(super) totals: Option<Totals>,
    /// The outcome of the network's part.
    pub(super) network: Option<NetworkTotals>,
    /// The tests whose own lines were seen.
    pub(super) tests: Tally,
    /// The tests as the kernel counted them, and how many it has.
    pub(super) tests_told: Option<TestTotals>,
    /// Lines that were not as agreed.
    pub(super) problems: usize,
}

impl Report {
    /// Takes a message into account. An error means that it contradicts an earlier one.
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

    /// Records a line that was not as agreed.
    pub(super) fn problem(&mut self) {
        self.problems += 1;
    }

    /// How many lines were not as agreed.
    pub(crate) fn problems(&self) -> usize {
        self.problems
    }

    /// The tests whose lines were seen, whether or not the kernel got to its end.
    pub(crate) fn tests(&self) -> &Tally {
        &self.tests
    }

    /// Checks that every test the kernel has was run and told of. The error says what is amiss.
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
                "the kernel has {collected} tests but ran {}",
                passed + failed
            ));
        }
        if collected == 0 {
            return Err("the kernel has no tests; were they lost at link time?".into());
        }
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err("said twice"),
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
            report.accept(message).expect("each is said once");
        }
        report
    }

    #[test]
    fn all_tests_told_and_counted_is_complete() {
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
    fn totals_are_said_once() {
        let mut report = report(vec![totals(0, 0, 0)]);
        assert!(report.accept(totals(0, 0, 0)).is_err());
    }
}
