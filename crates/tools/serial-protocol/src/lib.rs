//! The lines by which the reference kernel tells xtask what it did.
//!
//! A line that begins with `@` is a [`Message`], any other is for people. The kernel prints messages by `Display`, xtask reads them by
//! [`Message::parse`]. Both are of one checkout: a line that is not exactly as it should be is an error and is never skipped.
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
    /// The outcome of the demo as the kernel counted it.
    pub struct Totals = "totals" {
        /// Crashes of the driver.
        crashes,
        /// Crashes after which the driver worked again.
        recovered,
        /// Requests that were never answered.
        lost,
        /// Shared objects that nobody owns.
        leaked_objects,
        /// Pages that nobody owns.
        leaked_pages,
        /// Crashes by panics.
        panics,
        /// Crashes by faults of the processor.
        faults,
        /// Crashes by stacks that ran over.
        overflows,
        /// Crashes by loops without end.
        hangs,
        /// Crashes by panics while another panic unwound.
        double_panics,
    }
}

impl Totals {
    /// Crashes of each kind: panics, faults, overflows, hangs, double panics.
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
    /// The outcome of the network's part as the kernel counted it. It comes before [`Totals`].
    pub struct NetworkTotals = "network" {
        /// Requests that were answered.
        answered,
        /// Connections that were lost before their answer was complete.
        broken,
        /// Connections that were made.
        accepted,
        /// Crashes of the network driver.
        crashes,
        /// Crashes after which it worked again.
        recovered,
        /// TCP segments that were sent again.
        retransmitted,
    }
}

numbers! {
    /// A write of the test pattern, after it was flushed.
    pub struct Written = "wrote" {
        /// Its first byte on the disk.
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
    /// The kernel's own tests as it counted them.
    pub struct TestTotals = "tests" {
        /// Tests that passed.
        passed,
        /// Tests that failed.
        failed,
        /// Tests that were chosen to run.
        collected,
    }
}

/// What the kernel tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message<'a> {
    /// Digest and length of all that was read from the disk.
    Sha256 {
        /// The digest.
        digest: Digest,
        /// The length in bytes.
        bytes: u64,
    },
    /// A write.
    Wrote(Written),
    /// The outcome of the demo.
    Totals(Totals),
    /// Connections are taken.
    Listening(Listening),
    /// The outcome of the network's part.
    Network(NetworkTotals),
    /// One of the kernel's tests.
    Test {
        /// Its path.
        name: &'a str,
        /// How it ended.
        passed: bool,
    },
    /// All of the kernel's tests.
    Tests(TestTotals),
}

impl<'a> Message<'a> {
    /// Reads a line. `None` means that it is for people.
    ///
    /// # Errors
    /// If the line begins with `@` and is not exactly a message.
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
