//! The serial console: lines for people go to standard output, messages for xtask go into the report.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Report;
use samara_serial_protocol::Message;

/// A reader of the kernel's lines, one by one.
pub(crate) struct Console<W> {
    output: W,
    report: Report,
    listening: Option<Arc<AtomicBool>>,
}

impl<W: Write> Console<W> {
    /// Makes a console that writes lines for people to `output`. It sets `listening` when the kernel reports that its
    /// server listens.
    pub(crate) fn new(output: W, listening: Option<Arc<AtomicBool>>) -> Self {
        Console {
            output,
            report: Report::default(),
            listening,
        }
    }

    /// Takes one line, without its line end.
    pub(crate) fn line(&mut self, line: &str) {
        let message = match Message::parse(line) {
            None => return self.show(line),
            Some(Ok(message)) => message,
            Some(Err(problem)) => return self.problem(line, &problem.to_string()),
        };
        match &message {
            Message::Test { name, passed } => {
                self.show(&format!(
                    "test {name} ... {}",
                    if *passed { "ok" } else { "FAILED" }
                ));
            }
            Message::Listening(_) => {
                if let Some(listening) = &self.listening {
                    listening.store(true, Ordering::Release);
                }
            }
            _ => {}
        }
        if let Err(problem) = self.report.accept(message) {
            self.problem(line, problem);
        }
    }

    /// Returns the report of all messages so far.
    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    fn problem(&mut self, line: &str, problem: &str) {
        self.report.problem();
        self.show(&format!("{line}\n    not understood: {problem}"));
    }

    fn show(&mut self, line: &str) {
        // A write fails if the reader of the pipe has closed it (`| head`). This is ignored, so that the run goes on
        // to its verdict.
        let _ = writeln!(self.output, "{line}").and_then(|()| self.output.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::Console;

    #[test]
    fn a_session_is_shown_and_recorded() {
        let mut shown = Vec::new();
        let mut console = Console::new(&mut shown, None);
        for line in [
            "samara: booting",
            "@test heap::grows ok",
            "@test heap::shrinks FAILED",
            "@tests passed=1 failed=1 collected=2",
            "@wrote offset=0 bytes=512",
            "@nonsense",
            "@tests passed=1 failed=1 collected=2",
        ] {
            console.line(line);
        }
        let report = console.into_report();
        assert_eq!(report.tests().to_string(), "1 passed, 1 failed");
        assert_eq!(report.tests_complete(), Ok(()));
        assert_eq!(report.written.len(), 1);
        assert_eq!(
            report.problems(),
            2,
            "the unknown line and the second totals"
        );
        let shown = String::from_utf8(shown).expect("text");
        assert!(shown.starts_with(
            "samara: booting\ntest heap::grows ... ok\ntest heap::shrinks ... FAILED\n@nonsense\n"
        ));
    }
}
