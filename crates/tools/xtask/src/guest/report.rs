//! All that the kernel told during one boot.

use super::protocol::{Message, NetworkTotals, Totals};
use crate::disk::{Region, Sha256Digest};
use crate::tally::Tally;

/// What was gathered from the kernel's lines.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Digest and number of the bytes read from the disk.
    pub(super) read: Option<(Sha256Digest, u64)>,
    /// The writes.
    pub(crate) written: Vec<Region>,
    /// The demo's outcome.
    pub(super) totals: Option<Totals>,
    /// The outcome of the network's part.
    pub(super) network: Option<NetworkTotals>,
    /// The tests whose own lines were seen.
    pub(super) tests: Tally,
    /// The tests as the kernel counted them, and how many it has.
    pub(super) tests_told: Option<(Tally, u64)>,
    /// Lines that were not as agreed.
    pub(super) problems: usize,
}

impl Report {
    /// Takes a message into account. An error means that it contradicts an earlier one.
    pub(super) fn accept(&mut self, message: Message) -> Result<(), &'static str> {
        match message {
            Message::Sha256 { digest, bytes } => once(&mut self.read, (digest, bytes)),
            Message::Totals(totals) => once(&mut self.totals, totals),
            Message::Tests {
                passed,
                failed,
                collected,
            } => once(&mut self.tests_told, (Tally::of(passed, failed), collected)),
            Message::Wrote(region) => {
                self.written.push(region);
                Ok(())
            }
            Message::Test { name, passed } => {
                self.tests.count(name, passed);
                Ok(())
            }
            Message::Network(totals) => once(&mut self.network, totals),
            Message::Listening { .. } => Ok(()),
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
        let Some((told, collected)) = &self.tests_told else {
            return Err(format!(
                "the kernel's totals are missing; it stopped after {} test(s)",
                self.tests.sum()
            ));
        };
        if (told.passed, told.failed) != (self.tests.passed, self.tests.failed) {
            return Err(format!(
                "the kernel counts {told}, but its lines say {}",
                self.tests
            ));
        }
        if told.sum() != *collected {
            return Err(format!(
                "the kernel has {collected} tests but ran {}",
                told.sum()
            ));
        }
        if *collected == 0 {
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
    use super::{Message, Report};

    fn test(name: &str, passed: bool) -> Message {
        Message::Test {
            name: name.into(),
            passed,
        }
    }

    fn report(messages: Vec<Message>) -> Report {
        let mut report = Report::default();
        for message in messages {
            report.accept(message).expect("each is said once");
        }
        report
    }

    #[test]
    fn all_tests_told_and_counted_is_complete() {
        let totals = Message::Tests {
            passed: 1,
            failed: 1,
            collected: 2,
        };
        let report = report(vec![test("a", true), test("b", false), totals]);
        assert_eq!(report.tests().to_string(), "1 passed, 1 failed");
        assert_eq!(report.tests_complete(), Ok(()));
    }

    #[test]
    fn missing_tests_are_noticed() {
        assert!(report(vec![test("a", true)]).tests_complete().is_err());
        for totals in [
            Message::Tests {
                passed: 2,
                failed: 0,
                collected: 2,
            },
            Message::Tests {
                passed: 1,
                failed: 0,
                collected: 5,
            },
        ] {
            assert!(
                report(vec![test("a", true), totals])
                    .tests_complete()
                    .is_err()
            );
        }
        let none = Message::Tests {
            passed: 0,
            failed: 0,
            collected: 0,
        };
        assert!(report(vec![none]).tests_complete().is_err());
    }

    #[test]
    fn totals_are_said_once() {
        let totals = || Message::Tests {
            passed: 0,
            failed: 0,
            collected: 0,
        };
        let mut report = report(vec![totals()]);
        assert!(report.accept(totals()).is_err());
    }
}
