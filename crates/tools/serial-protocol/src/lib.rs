//! The lines by which the reference kernel reports to xtask.
//!
//! A line that begins with `@` is a [`Message`]. Any other line is for people. The kernel prints messages by
//! `Display`, and xtask reads them by [`Message::parse`]. Both programs come from one checkout. So xtask does not
//! skip a line that begins with `@` and is not exactly a message: it reports an error.
#![no_std]
#![forbid(unsafe_code)]

mod digest;
mod error;
mod numbers;

use core::fmt;

pub use digest::Digest;
pub use error::ProtocolError;

use numbers::{Numbers, numbers};

numbers! {
    /// The outcome of the demo, by the kernel's counts.
    pub struct Totals = "totals" {
        /// Crashes of the disk driver.
        crashes,
        /// Crashes after which the disk driver worked again.
        recovered,
        /// Requests that were never answered.
        lost,
        /// The difference between the numbers of shared objects after and before the demo.
        leaked_objects,
        /// The difference between the numbers of free pages after and before the demo.
        leaked_pages,
        /// Crashes by panics.
        panics,
        /// Crashes by faults of the processor.
        faults,
        /// Crashes by stack overflows.
        overflows,
        /// Crashes by endless loops.
        hangs,
        /// Crashes by a second panic while the first one unwound.
        double_panics,
    }
}

impl Totals {
    /// Returns the crashes of each kind: panics, faults, overflows, hangs, double panics.
    #[must_use]
    pub const fn by_kind(&self) -> [u64; 5] {
        [
            self.panics,
            self.faults,
            self.overflows,
            self.hangs,
            self.double_panics,
        ]
    }
}

numbers! {
    /// The outcome of the network's part, by the kernel's counts. The kernel prints it before [`Totals`].
    pub struct NetworkTotals = "network" {
        /// Requests that were answered.
        answered,
        /// Connections that were lost before their answer was complete.
        broken,
        /// Connections that the server accepted.
        accepted,
        /// Crashes of the network driver.
        crashes,
        /// Crashes after which the network driver worked again.
        recovered,
        /// TCP segments that were sent again.
        retransmitted,
    }
}

numbers! {
    /// A region of the disk to which the kernel has written the test pattern and which it has flushed.
    pub struct Written = "wrote" {
        /// The position of the region's first byte on the disk.
        offset,
        /// Its length.
        bytes,
    }
}

numbers! {
    /// The kernel takes connections from now on.
    pub struct Listening = "listening" {
        /// The TCP port.
        port,
    }
}

numbers! {
    /// The outcome of the kernel's own tests, by its counts.
    pub struct TestTotals = "tests" {
        /// Tests that passed.
        passed,
        /// Tests that failed.
        failed,
        /// Tests that were chosen to run.
        collected,
    }
}

/// A message of the kernel to xtask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message<'a> {
    /// The digest and the length of the data that was read from the disk.
    Sha256 {
        /// The digest.
        digest: Digest,
        /// The length in bytes.
        bytes: u64,
    },
    /// A region was written.
    Wrote(Written),
    /// The outcome of the demo.
    Totals(Totals),
    /// The server listens.
    Listening(Listening),
    /// The outcome of the network's part.
    Network(NetworkTotals),
    /// The outcome of one of the kernel's tests.
    Test {
        /// The test's name.
        name: &'a str,
        /// Whether it passed.
        passed: bool,
    },
    /// The outcome of all tests that the kernel ran.
    Tests(TestTotals),
}

impl<'a> Message<'a> {
    /// Reads a line. Returns `None` if the line is for people.
    ///
    /// # Errors
    /// If the line begins with `@` but is not exactly a message.
    pub fn parse(line: &'a str) -> Option<Result<Self, ProtocolError<'a>>> {
        let line = line.strip_prefix('@')?;
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match kind {
            "sha256" => sha256(rest),
            Written::KIND => Written::parse(rest).map(Message::Wrote),
            Totals::KIND => Totals::parse(rest).map(Message::Totals),
            Listening::KIND => Listening::parse(rest).map(Message::Listening),
            NetworkTotals::KIND => NetworkTotals::parse(rest).map(Message::Network),
            "test" => test(rest),
            TestTotals::KIND => TestTotals::parse(rest).map(Message::Tests),
            _ => Err(ProtocolError::Kind(kind)),
        })
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Sha256 { digest, bytes } => write!(f, "@sha256 {digest} bytes={bytes}"),
            Message::Wrote(numbers) => numbers.fmt(f),
            Message::Totals(numbers) => numbers.fmt(f),
            Message::Listening(numbers) => numbers.fmt(f),
            Message::Network(numbers) => numbers.fmt(f),
            Message::Test { name, passed } => {
                write!(f, "@test {name} {}", if *passed { "ok" } else { "FAILED" })
            }
            Message::Tests(numbers) => numbers.fmt(f),
        }
    }
}

fn sha256(text: &str) -> Result<Message<'_>, ProtocolError<'_>> {
    let (hex, rest) = text.split_once(' ').ok_or(ProtocolError::Form {
        kind: "sha256",
        keys: &["HEX bytes"],
    })?;
    let [bytes] = numbers::parse(rest, "sha256", &["bytes"])?;
    let digest = Digest::parse(hex).ok_or(ProtocolError::Value {
        key: "digest",
        found: hex,
    })?;
    Ok(Message::Sha256 { digest, bytes })
}

fn test(text: &str) -> Result<Message<'_>, ProtocolError<'_>> {
    let (name, outcome) = text.rsplit_once(' ').ok_or(ProtocolError::Form {
        kind: "test",
        keys: &["NAME ok|FAILED"],
    })?;
    let passed = match outcome {
        "ok" => true,
        "FAILED" => false,
        _ => {
            return Err(ProtocolError::Value {
                key: "outcome",
                found: outcome,
            });
        }
    };
    Ok(Message::Test { name, passed })
}

#[cfg(test)]
mod tests;
